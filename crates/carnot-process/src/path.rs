//! What is held, what drives, and the coordinates of the plane of multipliers.

use carnot_surface::{At, Multipliers, Observable, System};

use crate::{Curve, FromResponse, Options, ProcessError, Tangent, Trace};

/// The multiplier that drives a process, and where it goes. The other multiplier is steered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Drive {
    /// lambda goes from its start to this value, gamma is steered.
    LambdaTo(f64),
    /// gamma goes from its start to this value, lambda is steered.
    GammaTo(f64),
}

impl Drive {
    /// The driving multiplier's last value.
    pub fn end(self) -> f64 {
        match self {
            Self::LambdaTo(end) | Self::GammaTo(end) => end,
        }
    }

    /// The driving multiplier of a pair.
    pub fn driving(self, at: Multipliers) -> f64 {
        match self {
            Self::LambdaTo(_) => at.lambda(),
            Self::GammaTo(_) => at.gamma(),
        }
    }

    /// The steered multiplier of a pair.
    pub fn steered(self, at: Multipliers) -> f64 {
        match self {
            Self::LambdaTo(_) => at.gamma(),
            Self::GammaTo(_) => at.lambda(),
        }
    }

    /// The pair `(driving, steered)` in the order (lambda, gamma).
    pub(crate) fn order<T>(self, driving: T, steered: T) -> (T, T) {
        match self {
            Self::LambdaTo(_) => (driving, steered),
            Self::GammaTo(_) => (steered, driving),
        }
    }

    /// `(ln driving, ln steered)`: the coordinates in which a process steps, since both multipliers are scales. C goes
    /// roughly as an inverse power of gamma, and D of lambda, which makes their logarithms nearly straight.
    pub(crate) fn coordinates(self, at: Multipliers) -> (f64, f64) {
        (self.driving(at).ln(), self.steered(at).ln())
    }
}

/// A quasi-static process: one observable is held while one multiplier is driven, and the other is steered.
///
/// `Process::new(Observable::Classification, Drive::LambdaTo(0.25))` is the paper's iso-classification process: lambda
/// is swept, gamma steered so that C stays put (Gao and Chaudhari 2020, section 4).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Process {
    pub(crate) held: Observable,
    pub(crate) drive: Drive,
    pub(crate) options: Options,
}

impl Process {
    /// A process with the default [`Options`], which suit an exact system.
    pub fn new(held: Observable, drive: Drive) -> Self {
        Self { held, drive, options: Options::default() }
    }

    /// The same with other options.
    #[must_use]
    pub fn with_options(self, options: Options) -> Self {
        Self { options, ..self }
    }

    /// The process on `system` from the equilibrium `start`, as an iterator of waypoints whose first is the start.
    ///
    /// # Errors
    ///
    /// [`ProcessError::Option`] for an option outside its range and [`ProcessError::Start`] where a multiplier of the
    /// start is zero (a process steps in their logarithms).
    pub fn trace<S: System, T: Tangent<S>>(
        self,
        system: S,
        start: At<S>,
        tangent: T,
    ) -> Result<Trace<S, T>, ProcessError<S::Error>> {
        Trace::new(self, system, start, tangent)
    }

    /// The whole process on a system that knows its response: starts at the equilibrium of `from` and collects every
    /// waypoint.
    ///
    /// # Errors
    ///
    /// As [`Process::trace`], and the first error of the trace. How the process ended, and where, is in the curve.
    pub fn run<S: carnot_surface::Responsive>(
        self,
        system: S,
        from: Multipliers,
    ) -> Result<Curve<S>, ProcessError<S::Error>> {
        let start = system.equilibrium(from, None).map_err(|source| ProcessError::System {
            waypoint: 0,
            at: from,
            source,
        })?;
        self.trace(system, start, FromResponse)?.collect_curve()
    }
}
