//! Tolerances and step control.

use crate::ProcessError;

/// How close to its first value the held observable must be: `|change| <= atol + rtol |first value|`.
///
/// The first value is taken with whatever additive constant it has. A distortion in nats often has a large one, as
/// `(n/2) ln(2 pi s^2)` for n pixels; hold it with `atol` alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Relative to the first value of the held observable.
    pub rtol: f64,
    /// Absolute, in nats.
    pub atol: f64,
}

impl Tolerance {
    /// The largest change allowed from `first`, in nats.
    pub fn allowed(self, first: f64) -> f64 {
        self.atol + self.rtol * first.abs()
    }
}

/// The options of a [`Process`](crate::Process). Steps are in the logarithm of the driving multiplier: a step of 0.1
/// changes it by about ten percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// When a waypoint is accepted. Default: rtol 1e-13, atol 1e-13, a few hundred units in the last place.
    pub tolerance: Tolerance,
    /// The first step. Default 0.1.
    pub first_step: f64,
    /// The smallest step; a process that would need a smaller one stops. Default 1e-6.
    pub smallest_step: f64,
    /// The largest step. Default 0.5.
    pub largest_step: f64,
    /// The most the steered multiplier's logarithm moves in one prediction or correction. Default 1.
    pub largest_correction: f64,
    /// Corrections that a step should cost: the next step is longer after fewer and shorter after more. Default 3.
    pub wanted_corrections: usize,
    /// Corrections after which a step is given up and halved. Default 12.
    pub most_corrections: usize,
    /// Waypoints after which the process stops. Default 10,000.
    pub most_waypoints: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tolerance: Tolerance { rtol: 1e-13, atol: 1e-13 },
            first_step: 0.1,
            smallest_step: 1e-6,
            largest_step: 0.5,
            largest_correction: 1.0,
            wanted_corrections: 3,
            most_corrections: 12,
            most_waypoints: 10_000,
        }
    }
}

impl Options {
    pub(crate) fn check<E: std::error::Error>(&self) -> Result<(), ProcessError<E>> {
        let positive = [
            ("smallest_step", self.smallest_step),
            ("first_step", self.first_step),
            ("largest_step", self.largest_step),
            ("largest_correction", self.largest_correction),
        ];
        for (option, value) in positive {
            if !(value.is_finite() && value > 0.0) {
                return Err(ProcessError::Option { option, requirement: "finite and positive", value });
            }
        }
        for (option, value) in [("rtol", self.tolerance.rtol), ("atol", self.tolerance.atol)] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(ProcessError::Option { option, requirement: "finite and not negative", value });
            }
        }
        if self.smallest_step > self.largest_step {
            let (requirement, value) = ("at least smallest_step", self.largest_step);
            return Err(ProcessError::Option { option: "largest_step", requirement, value });
        }
        Ok(())
    }

    /// The next step after one of length `step` that took `corrections`: aims at the wanted number, changing the step
    /// by at most a factor of two.
    pub(crate) fn next_step(&self, step: f64, corrections: usize) -> f64 {
        let factor = (1.0 + self.wanted_corrections as f64) / (1.0 + corrections as f64);
        (step * factor.clamp(0.5, 2.0)).clamp(self.smallest_step, self.largest_step)
    }
}
