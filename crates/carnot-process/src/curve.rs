//! What a process leaves behind.

use std::fmt;

use carnot_surface::{At, Scalar, System};

use crate::Slopes;

/// An accepted point of a process.
pub struct Waypoint<S: System> {
    /// Its number; the start is number 0.
    pub index: usize,
    /// The equilibrium.
    pub equilibrium: At<S>,
    /// The change of the held observable since the start, in nats: paired where the system's random numbers are
    /// common.
    pub residual: Scalar<S>,
    /// The step in the logarithm of the driving multiplier that led here; zero at the start.
    pub step: f64,
    /// The corrections of the steered multiplier that the step took.
    pub corrections: usize,
    /// The slopes of the held observable here.
    pub slopes: Slopes,
}

// By hand: a derive would ask for `S: Clone` and `S: Debug`.
impl<S: System> Clone for Waypoint<S> {
    fn clone(&self) -> Self {
        Self { equilibrium: self.equilibrium.clone(), ..*self }
    }
}

impl<S: System> fmt::Debug for Waypoint<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waypoint")
            .field("index", &self.index)
            .field("multipliers", &self.equilibrium.multipliers)
            .field("residual", &self.residual)
            .field("step", &self.step)
            .field("corrections", &self.corrections)
            .finish_non_exhaustive()
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum StopReason {
    /// The driving multiplier reached its end.
    ReachedEnd,
    /// The next step would have had to be smaller than the smallest: the corrector could not meet the constraint, as
    /// happens where no multipliers meet it.
    StepTooSmall {
        /// The last step tried.
        step: f64,
        /// The change of the held observable that was left after the last correction, in nats.
        residual: f64,
    },
    /// The driving multiplier moves the held observable and the steered one has no effect on it.
    NotSteerable {
        /// The slope with respect to the logarithm of the driving multiplier, in nats.
        driving: f64,
    },
    /// The number of waypoints allowed was reached.
    MostWaypoints,
    /// The trace had failed before; its error has been handed out.
    Failed,
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReachedEnd => f.write_str("the end of the drive was reached"),
            Self::StepTooSmall { step, residual } => write!(
                f,
                "a step of {step:.1e} in the driving multiplier's logarithm was still too long: {residual:.1e} nats were \
                 left after its last correction"
            ),
            Self::NotSteerable { .. } => f.write_str(
                "the steered multiplier has no effect on what is to be held, and the driving one has",
            ),
            Self::MostWaypoints => f.write_str("the number of waypoints allowed was reached"),
            Self::Failed => f.write_str("the system failed"),
        }
    }
}

/// The work that a process took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Equilibria computed, the start excluded.
    pub equilibria: usize,
    /// Steps given up and halved.
    pub rejected_steps: usize,
    /// Corrections of the steered multiplier.
    pub corrections: usize,
}

/// A whole process: its waypoints, how it ended and what it cost.
#[must_use = "how the process ended is in the curve"]
#[derive(Debug, Clone)]
pub struct Curve<S: System> {
    /// The accepted points, the start first unless it was taken from the trace before.
    pub waypoints: Vec<Waypoint<S>>,
    /// How the process ended.
    pub stop: StopReason,
    /// The work that it took.
    pub counters: Counters,
}

/// A process that ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("the process ended after {waypoints} waypoints: {stop}")]
pub struct Incomplete {
    /// How many waypoints there are.
    pub waypoints: usize,
    /// How it ended.
    pub stop: StopReason,
}

impl<S: System> Curve<S> {
    /// The waypoints of a process that reached its end.
    ///
    /// # Errors
    ///
    /// [`Incomplete`] with the reason, if it did not.
    pub fn into_complete(self) -> Result<Vec<Waypoint<S>>, Incomplete> {
        match self.stop {
            StopReason::ReachedEnd => Ok(self.waypoints),
            stop => Err(Incomplete { waypoints: self.waypoints.len(), stop }),
        }
    }
}
