//! Tolerances, limits and the work done.

use super::InversionError;

/// The options of [`solve_for`](super::solve_for).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InversionOptions {
    /// An observable is met when it is within `atol + rtol |target|` of its target. Default 1e-11.
    ///
    /// This must be above the noise of the system's own rounding or convergence: noise beyond it looks like a jump, and
    /// is returned as a coexistence of phases that hardly differ.
    ///
    /// The target is taken with whatever additive constant it has. A distortion in nats often has a large one, as
    /// `(n/2) ln(2 pi s^2)` for n pixels.
    pub rtol: f64,
    /// See `rtol`; in nats, positive, so that a target of zero can be met. Default 1e-12.
    pub atol: f64,
    /// The scale below which a multiplier is looked for in the multiplier itself, down to zero, rather than in its
    /// logarithm; and where a scan begins, after zero. Default 1e-8.
    pub smallest_multiplier: f64,
    /// The largest multiplier tried: what would need a larger one is unattainable. Where two are searched for, one of
    /// them may be as large as this times the other. Default 1e8.
    pub largest_multiplier: f64,
    /// How many multipliers a decade a scan tries first, where a target may be met more than once. Default 4.
    pub scan_per_decade: usize,
    /// Equilibria after which the search is given up. Default 20,000: a smooth target takes about ten, a scan some 150, a
    /// coexistence of two wanted observables some hundreds.
    pub most_equilibria: usize,
}

impl Default for InversionOptions {
    fn default() -> Self {
        Self {
            rtol: 1e-11,
            atol: 1e-12,
            smallest_multiplier: 1e-8,
            largest_multiplier: 1e8,
            scan_per_decade: 4,
            most_equilibria: 20_000,
        }
    }
}

impl InversionOptions {
    /// How far from `target` an observable may be, in nats.
    pub fn allowed(&self, target: f64) -> f64 {
        self.atol + self.rtol * target.abs()
    }

    pub(super) fn check<E: std::error::Error>(&self) -> Result<(), InversionError<E>> {
        if !(self.rtol.is_finite() && self.rtol >= 0.0) {
            let (option, requirement) = ("rtol", "finite and not negative");
            return Err(InversionError::Option { option, requirement, value: self.rtol });
        }
        let (smallest, largest) = (self.smallest_multiplier, self.largest_multiplier);
        let positive =
            [("atol", self.atol), ("smallest_multiplier", smallest), ("largest_multiplier", largest)];
        for (option, value) in positive {
            if !(value.is_normal() && value > 0.0) {
                return Err(InversionError::Option { option, requirement: "finite and positive", value });
            }
        }
        if smallest >= largest {
            let (option, requirement) = ("largest_multiplier", "above smallest_multiplier");
            return Err(InversionError::Option { option, requirement, value: largest });
        }
        if self.scan_per_decade == 0 {
            let (option, requirement) = ("scan_per_decade", "at least one");
            return Err(InversionError::Option { option, requirement, value: 0.0 });
        }
        Ok(())
    }
}

/// What an inversion has cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InversionCounters {
    /// Equilibria solved for.
    pub equilibria: usize,
    /// Response matrices computed.
    pub responses: usize,
}
