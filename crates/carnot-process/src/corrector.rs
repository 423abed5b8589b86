//! Correctors: back to the constraint.

use std::fmt;

use crate::linear::{Vector, norm, scale, solve};

/// The three equations of a step at the place that is being corrected: what is held, the rule that closes the system, and
/// the plane on which the step ends, on which corrections stay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Equations {
    /// How far the held function and the rule are from what is wanted.
    pub residuals: [f64; 2],
    /// What is allowed.
    pub allowed: [f64; 2],
    /// The derivatives of both with respect to the coordinates; of the size of rounding errors, they are zero.
    pub rows: [[f64; 3]; 2],
    /// The normal of the plane.
    pub plane: [f64; 3],
    /// The residuals before the last correction; `None` at the first place.
    pub before: Option<[f64; 2]>,
    /// How many corrections the step has had.
    pub corrections: usize,
}

impl Equations {
    /// Whether both residuals are within what is allowed.
    pub fn are_met(&self) -> bool {
        self.excess(self.residuals) <= 1.0
    }

    /// The larger of residuals in units of what is allowed.
    fn excess(&self, residuals: [f64; 2]) -> f64 {
        let share = |k: usize| if residuals[k] == 0.0 { 0.0 } else { residuals[k].abs() / self.allowed[k] };
        share(0).max(share(1))
    }
}

/// A corrector's verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Correction {
    /// The place is a waypoint.
    Accept,
    /// The coordinates are to move by this much, and the system to be equilibrated again.
    Move([f64; 3]),
    /// The step is too long.
    GiveUp,
}

/// A method of correcting. One that has moved a thousand times is not asked again: the trace ends with
/// [`ProcessError::Corrector`](crate::ProcessError::Corrector).
pub trait Corrector: fmt::Debug + Send + Sync {
    /// What is to be done at a place.
    fn correct(&self, equations: &Equations) -> Correction;
}

/// Newton's method on the constraint, re-equilibrating after every correction. With slopes that are learned on the way
/// ([`Broyden`](crate::Broyden) or [`Measured`](crate::Measured)) this is Broyden's method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Newton {
    /// Corrections after which a step is given up. Default 12.
    pub most_corrections: usize,
    /// The most a correction moves the coordinates. Default 1: a factor of e in a multiplier.
    pub largest_correction: f64,
    /// Residuals that a correction no longer halves are what the system's own rounding leaves: they are accepted up to this.
    /// Default 8e-11.
    pub stalled: f64,
}

impl Default for Newton {
    fn default() -> Self {
        Self { most_corrections: 12, largest_correction: 1.0, stalled: 8e-11 }
    }
}

impl Corrector for Newton {
    fn correct(&self, equations: &Equations) -> Correction {
        let has_stalled = || {
            let excess = equations.excess(equations.residuals);
            equations.corrections > 1
                && equations.before.is_some_and(|before| excess > 0.5 * equations.excess(before))
                && equations.residuals.iter().all(|residual| residual.abs() <= self.stalled)
        };
        if equations.are_met() || has_stalled() {
            return Correction::Accept;
        }
        if equations.corrections >= self.most_corrections {
            return Correction::GiveUp;
        }
        let [held, rule] = equations.rows;
        let right = [-equations.residuals[0], -equations.residuals[1], 0.0];
        match solve([held, rule, equations.plane], right) {
            Some(correction) => Correction::Move(limited(correction, self.largest_correction)),
            None => Correction::GiveUp,
        }
    }
}

/// No corrections: every prediction is a waypoint, and the process drifts as its predictor does. For the measurement of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PredictorOnly;

impl Corrector for PredictorOnly {
    fn correct(&self, _equations: &Equations) -> Correction {
        Correction::Accept
    }
}

pub(crate) fn limited(correction: Vector, largest: f64) -> Vector {
    let length = norm(correction);
    if length > largest { scale(correction, largest / length) } else { correction }
}
