//! What a process leaves behind.

use std::fmt;

use carnot_surface::{At, System};

use crate::coordinates::Position;
use crate::names::Name;
use crate::{Coexistence, Coordinate, Coordinates, Point, Slopes, Work};

/// An accepted point of a process.
pub struct Waypoint<S: System> {
    /// Its number; the start is number 0.
    pub index: usize,
    /// The equilibrium.
    pub equilibrium: At<S>,
    /// The same as numbers, with the time.
    pub point: Point,
    /// The length of the curve from the start to here, in the coordinates of the process.
    pub arc_length: f64,
    /// The held function's value less what it is held at.
    pub residual: f64,
    /// The standard error of that change since the start, where it is measured: see [`Tolerance`](crate::Tolerance).
    pub std_err: Option<f64>,
    /// How far the closing rule is from being fulfilled.
    pub closing_residual: f64,
    /// The step that led here, along the tangent where it began; zero at the start.
    pub step: f64,
    /// The corrections that it took.
    pub corrections: usize,
    /// How far they moved the coordinates.
    pub prediction_error: f64,
    /// The slopes of the observables here.
    pub slopes: Slopes,
    /// The unit tangent with which the curve goes on from here; `None` where there is no way on.
    pub direction: Option<[f64; 3]>,
    /// The unit tangent with which it arrived: another one only at a transition.
    pub arriving: Option<[f64; 3]>,
    /// The work done since the start.
    pub work: Work,
    /// What happened here.
    pub event: Option<EventMark>,
}

/// An event at a waypoint.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct EventMark {
    /// Its name.
    #[serde(deserialize_with = "crate::names::read")]
    pub name: Name,
    /// The distance, in coordinates, from the waypoint back to the last place where it had not happened yet.
    pub width: f64,
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
            .field("point", &self.point)
            .field("arc_length", &self.arc_length)
            .field("residual", &self.residual)
            .field("corrections", &self.corrections)
            .field("event", &self.event)
            .finish_non_exhaustive()
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum StopReason {
    /// The drive reached its end.
    ReachedEnd,
    /// A multiplier reached zero, and the curve leads below.
    ReachedZero {
        /// Which.
        multiplier: Coordinate,
    },
    /// A multiplier went beyond the largest one allowed: the constraint can be met at infinity only.
    LeftRange {
        /// Which.
        multiplier: Coordinate,
        /// Its last value.
        value: f64,
    },
    /// A steered multiplier has risen to where it, and whatever else may move, no longer moves what is held, up to rounding:
    /// beyond, the constraint can be met at infinity only.
    Saturated {
        /// Which.
        multiplier: Coordinate,
        /// Its last value.
        value: f64,
    },
    /// The curve leads on to times at which there are no data, beyond 0 or 1. A drive by time is not ended so: to drive to a
    /// time at which there are no data is an error.
    DataEnded {
        /// The last time: the end of the path, or as close to it as the smallest step where there is no force at the end.
        time: f64,
    },
    /// An event that ends the process happened; it is on the last waypoint.
    Event {
        /// Its name.
        #[serde(deserialize_with = "crate::names::read")]
        name: Name,
    },
    /// The curve turns back in the driving coordinate at the last waypoint. A drive by arc length goes around.
    Turned {
        /// The driving coordinate.
        coordinate: Coordinate,
    },
    /// The drive moves what is held and nothing else does, or the rule forbids the drive: no way leads on. Of an arc length,
    /// also: the coordinate of its heading does not move along the curve.
    NotSteerable,
    /// No multipliers meet the constraint: beside the last waypoint its residual jumps across zero at fixed multipliers, as
    /// it does where a curve meets a transition of first order. Phases that coexist there meet it in the mean.
    Jump(Coexistence),
    /// The next step would have had to be smaller than the smallest.
    StepTooSmall {
        /// The last step tried.
        step: f64,
        /// The residual that was left after its last correction; infinite of a step that could not be looked at.
        #[serde(with = "crate::record::maybe_infinite")]
        residual: f64,
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
            Self::ReachedZero { multiplier } => write!(f, "{multiplier} reached zero"),
            Self::LeftRange { multiplier, value } => {
                write!(f, "{multiplier} left the range allowed: it is {value:.3e}")
            }
            Self::Saturated { multiplier, value } => write!(
                f,
                "{multiplier} has risen to {value:.3e}, where nothing moves what is to be held any more: \
                 it can be met at infinity only"
            ),
            Self::DataEnded { time } => write!(f, "the curve leads beyond the data, which end at t {time}"),
            Self::Event { name } => write!(f, "the event {name} happened"),
            Self::Turned { coordinate } => write!(f, "the curve turns back in {coordinate}"),
            Self::NotSteerable => {
                f.write_str("nothing but the drive moves what is to be held, or the rule forbids the drive")
            }
            Self::Jump(jump) => write!(
                f,
                "what is to be held jumps by {:.3e} at lambda {}, gamma {}: no multipliers meet the constraint",
                jump.residuals[1] - jump.residuals[0],
                jump.lambda,
                jump.gamma
            ),
            Self::StepTooSmall { step, residual } => write!(
                f,
                "a step of {step:.1e} was still too long: a residual of {residual:.1e} was left after its last correction"
            ),
            Self::MostWaypoints => f.write_str("the number of waypoints allowed was reached"),
            Self::Failed => f.write_str("the system failed"),
        }
    }
}

/// The work that a process took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Counters {
    /// Equilibria computed, the start excluded.
    pub equilibria: usize,
    /// Steps given up.
    pub rejected_steps: usize,
    /// Corrections of the coordinates.
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
    /// The coordinates of its steps.
    pub axes: Coordinates,
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

    /// The last waypoint.
    pub fn last(&self) -> Option<&Waypoint<S>> {
        self.waypoints.last()
    }

    /// Dense output: the number of the waypoint before `arc_length`, the fraction of the way to the next one, and
    /// `[lambda, gamma, t]` there, by cubic Hermite polynomials in the coordinates. The error is of order four in the step;
    /// [`Trace::between`](crate::Trace::between) re-equilibrates and corrects. `None` outside the curve.
    pub fn interpolate(&self, arc_length: f64) -> Option<(usize, f64, [f64; 3])> {
        // The first that is not before it; of the start, the one behind.
        let next = self.waypoints.partition_point(|waypoint| waypoint.arc_length < arc_length).max(1);
        let (from, to) = (&self.waypoints[next - 1], self.waypoints.get(next)?);
        if !(from.arc_length..=to.arc_length).contains(&arc_length) {
            return None;
        }
        let length = to.arc_length - from.arc_length;
        let fraction = if length > 0.0 { (arc_length - from.arc_length) / length } else { 0.0 };
        let Position(place) = crate::dense::interpolate(&self.axes, from, to, fraction);
        Some((from.index, fraction, place))
    }
}
