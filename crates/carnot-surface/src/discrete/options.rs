//! Tolerances of the solver and the breadth of its search.

use super::DiscreteError;
use super::solution::Target;

/// When an equilibrium of a [`DiscreteSystem`](crate::DiscreteSystem) is good enough, and how widely a minimum is searched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DiscreteOptions {
    pub(super) gap: f64,
    pub(super) residual: f64,
    pub(super) starts: usize,
    pub(super) seed: u64,
}

/// The solver aims this much below what is asked of it, so that what is asked is met.
const AIM: f64 = 0.1;

impl DiscreteOptions {
    /// The certified gap that must be reached where the problem is convex, relative to `max(1, |F|)`, default 1e-12; and the
    /// residual of the optimality conditions, the L1 distance by which one more update moves `q(y, z)`, default 1e-12.
    ///
    /// # Errors
    ///
    /// [`DiscreteError::Option`] unless both are positive.
    pub fn with_tolerances(self, gap: f64, residual: f64) -> Result<Self, DiscreteError> {
        for (option, value) in [("gap", gap), ("residual", residual)] {
            if value.is_nan() || value <= 0.0 {
                return Err(DiscreteError::Option { option, requirement: "positive", value });
            }
        }
        Ok(Self { gap, residual, ..self })
    }

    /// The number of random starts where the problem is not convex, default 24, besides the branches from gamma = 1 up and
    /// from far above down and the warm start; and the seed of their encoders, default 0. For each random start the lowest
    /// minimum so far is also changed at random, twice, and left to descend again.
    #[must_use]
    pub fn with_starts(self, starts: usize, seed: u64) -> Self {
        Self { starts, seed, ..self }
    }

    pub(super) fn aim(&self) -> Target {
        Target { gap: AIM * self.gap, residual: AIM * self.residual }
    }
}

impl Default for DiscreteOptions {
    fn default() -> Self {
        Self { gap: 1e-12, residual: 1e-12, starts: 24, seed: 0 }
    }
}
