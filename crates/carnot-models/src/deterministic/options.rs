//! When a deterministic network counts as equilibrated.

use crate::ModelError;

/// How the minimum of a deterministic objective is looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Equilibration {
    /// `epsilon` of the ridge `(epsilon / 2) |theta|^2`. Default 1e-4.
    ///
    /// With the noise held fixed R + lambda D + gamma C need not have a minimum: a classifier that separates the samples
    /// gains by growing for ever. A ridge gives it one, and second derivatives that can be inverted. Without it, at zero,
    /// directions along which nothing changes must be kept out, and there may be no equilibrium.
    pub ridge: f64,
    /// Samples of z for each input, drawn once. Default 1.
    pub samples: usize,
    /// The norm of the gradient that is wanted, relative to that of a new model at the same multipliers. Newton's method goes
    /// on below it as long as it gains. Default 1e-8.
    pub tolerance: f64,
    /// Steps of L-BFGS before those of Newton's method, from a new model. Default 200.
    pub first_steps: u64,
    /// Steps of Newton's method at most. Default 500.
    pub most_steps: usize,
}

impl Equilibration {
    /// The defaults.
    pub const DEFAULT: Self =
        Self { ridge: 1e-4, samples: 1, tolerance: 1e-8, first_steps: 200, most_steps: 500 };

    pub(super) fn check(&self) -> Result<(), ModelError> {
        let invalid = |option, requirement, value| Err(ModelError::Option { option, requirement, value });
        if !(self.ridge.is_finite() && self.ridge >= 0.0) {
            return invalid("ridge", "finite and not negative", self.ridge);
        }
        if !(self.tolerance.is_finite() && self.tolerance > 0.0) {
            return invalid("tolerance", "finite and positive", self.tolerance);
        }
        if self.samples == 0 {
            return invalid("samples", "at least 1", 0.0);
        }
        Ok(())
    }
}

impl Default for Equilibration {
    /// [`Equilibration::DEFAULT`].
    fn default() -> Self {
        Self::DEFAULT
    }
}
