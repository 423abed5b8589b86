//! Tolerances and limits.

use crate::{Coordinates, ProcessError};

/// How close to its value what is held must be: `|residual| <= max(atol + rtol |value|, k standard errors)`, or to within 512
/// units in the last place of the terms that the held function is made of ([`PointGradient::scale`](crate::PointGradient::scale))
/// where that is more: nobody can ask for better.
///
/// The value is taken with whatever additive constant it has. A distortion in nats often has a large one, as
/// `(n/2) ln(2 pi s^2)` for n pixels; hold it with `atol` alone.
///
/// What is accepted is within k standard errors as measured; what is true, then, within `k + z` with the probability that a
/// normal variable is within z: two more for 95 %.
///
/// The standard error is that of the change since the start, paired where random numbers are common. Of a function of several
/// observables it is bounded by the sum of theirs, each times the size of its derivative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Relative to the value that is held. Default 1e-13, a few hundred units in the last place.
    pub rtol: f64,
    /// Absolute. Default 1e-12.
    pub atol: f64,
    /// How many standard errors of a measured residual are within tolerance: what is not known is not corrected. Default 0.
    pub standard_errors: f64,
}

/// 512 units in the last place: what the terms of a function are known to.
pub(crate) const ROUNDING: f64 = 512.0 * f64::EPSILON;

impl Default for Tolerance {
    fn default() -> Self {
        Self { rtol: 1e-13, atol: 1e-12, standard_errors: 0.0 }
    }
}

impl Tolerance {
    /// The largest residual allowed of a function held at `value`, whose terms have this `scale`.
    pub fn allowed(self, value: f64, scale: f64, std_err: Option<f64>) -> f64 {
        let asked = self.atol + self.rtol * value.abs();
        asked.max(self.standard_errors * std_err.unwrap_or(0.0)).max(ROUNDING * scale)
    }
}

/// The options of a [`Process`](crate::Process).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// When a waypoint is accepted.
    pub tolerance: Tolerance,
    /// Waypoints after which the process stops. Default 10,000.
    pub most_waypoints: usize,
    /// The largest multiplier; a process that goes beyond stops. Default 1e5: the observables of a system with a mode of
    /// strength `mu` are known to about `mu` units in the last place.
    pub largest_multiplier: f64,
    /// How closely an event is bracketed, in coordinates. Default 1e-9.
    pub event_tolerance: f64,
    /// The nodes of the Gauss-Legendre rule that integrates the work of each step: an equilibrium each, and order `2 n`.
    /// Zero, the default, integrates cubic Hermite polynomials through the waypoints instead: order four in D and C, two in
    /// the force of the data, and no further equilibrium. Where labels or inputs enter or leave, that force is infinite like a
    /// logarithm, and steps that are long compared with the distance from there misjudge its work, by 10 to 19 percent of
    /// [`Work::size`](crate::Work::size) in processes from `t = 1e-3` on: use nodes, or shorter steps.
    ///
    /// These are the orders of a curve that two equations fix. Under a rule of direction, such as
    /// [`LeastChange`](crate::LeastChange), the way between two waypoints is known to the order of the predictor only, and so is
    /// the work, with as many nodes as one likes: by [`Euler`](crate::Euler) in long steps it has been off by 6 percent.
    /// [`RungeKutta`](crate::RungeKutta) or shorter steps help there.
    pub work_nodes: usize,
    /// The coordinates; by default [`Coordinates::at`] the start.
    pub coordinates: Option<Coordinates>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tolerance: Tolerance::default(),
            most_waypoints: 10_000,
            largest_multiplier: 1e5,
            event_tolerance: 1e-9,
            work_nodes: 0,
            coordinates: None,
        }
    }
}

impl Options {
    pub(crate) fn check<E: std::error::Error>(&self) -> Result<(), ProcessError<E>> {
        let Tolerance { rtol, atol, standard_errors } = self.tolerance;
        let mut numbers = vec![
            ("rtol", rtol, true),
            ("atol", atol, true),
            ("standard_errors", standard_errors, true),
            ("largest_multiplier", self.largest_multiplier, false),
            ("event_tolerance", self.event_tolerance, false),
        ];
        if let Some(axes) = self.coordinates {
            let scales =
                [("scale of lambda", axes.lambda), ("scale of gamma", axes.gamma), ("scale of t", axes.time)];
            numbers.extend(scales.map(|(name, axis)| (name, axis.scale(), false)));
        }
        for (option, value, may_be_zero) in numbers {
            let requirement = if may_be_zero { "finite and not negative" } else { "finite and positive" };
            if !(value.is_finite() && (value > 0.0 || (may_be_zero && value == 0.0))) {
                return Err(ProcessError::Option { option, requirement, value });
            }
        }
        Ok(())
    }
}
