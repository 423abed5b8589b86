//! Step control: how far the next step goes.

use std::fmt;

use crate::ProcessError;

/// What an accepted step has shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// The step's length.
    pub step: f64,
    /// How many corrections it took.
    pub corrections: usize,
    /// How far the corrections moved the coordinates in all.
    pub prediction_error: f64,
    /// The predictor's order.
    pub order: usize,
}

/// A rule for the length of steps, which is measured along the tangent, in the coordinates. A trace whose control wants a step
/// that is not positive ends with [`ProcessError::StepControl`].
pub trait StepControl: fmt::Debug + Send + Sync {
    /// The first step.
    fn first(&self) -> f64;
    /// The step after an accepted one.
    fn next(&self, outcome: &Outcome) -> f64;
    /// The step to try after one that was given up, which must be shorter; `None` where that is not worth it. Two thousand
    /// steps are tried from one waypoint.
    fn after_rejection(&self, step: f64) -> Option<f64>;
    /// Steps smaller than this are not taken; what is left of an arc length below it is not gone.
    fn smallest(&self) -> f64;

    /// The first number that is out of its range: its name, what it must be, and what it is.
    fn fault(&self) -> Option<(&'static str, &'static str, f64)> {
        None
    }
}

/// Steps that adapt to the work of the corrector and to the error of the predictor.
///
/// The next step is the last times `min((1 + wanted) / (1 + corrections), (wanted_error / error)^(1 / (order + 1)))`, between
/// a half and two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adaptive {
    /// The first step. Default 0.1: a change by ten percent.
    pub first_step: f64,
    /// The smallest step; a process that would need a smaller one stops. Default 1e-5.
    pub smallest_step: f64,
    /// The largest step. Default 0.5.
    pub largest_step: f64,
    /// Corrections that a step should cost. Default 3.
    pub wanted_corrections: usize,
    /// How far a prediction should miss, in coordinates. Default 0.1.
    pub wanted_error: f64,
}

impl Default for Adaptive {
    fn default() -> Self {
        Self {
            first_step: 0.1,
            smallest_step: 1e-5,
            largest_step: 0.5,
            wanted_corrections: 3,
            wanted_error: 0.1,
        }
    }
}

impl StepControl for Adaptive {
    fn first(&self) -> f64 {
        self.first_step.min(self.largest_step)
    }

    fn next(&self, outcome: &Outcome) -> f64 {
        let by_work = (1.0 + self.wanted_corrections as f64) / (1.0 + outcome.corrections as f64);
        let by_error = if outcome.prediction_error > 0.0 {
            (self.wanted_error / outcome.prediction_error).powf(1.0 / (1.0 + outcome.order as f64))
        } else {
            f64::INFINITY
        };
        let factor = by_work.min(by_error).clamp(0.5, 2.0);
        (outcome.step * factor).clamp(self.smallest_step, self.largest_step)
    }

    fn after_rejection(&self, step: f64) -> Option<f64> {
        let half = 0.5 * step;
        (half >= self.smallest_step).then_some(half)
    }

    fn smallest(&self) -> f64 {
        self.smallest_step
    }

    fn fault(&self) -> Option<(&'static str, &'static str, f64)> {
        let positive = [
            ("smallest_step", self.smallest_step),
            ("first_step", self.first_step),
            ("largest_step", self.largest_step),
            ("wanted_error", self.wanted_error),
        ];
        let bad = positive.into_iter().find(|(_, value)| !(value.is_finite() && *value > 0.0));
        if let Some((name, value)) = bad {
            return Some((name, "finite and positive", value));
        }
        let ordered = self.smallest_step <= self.largest_step;
        (!ordered).then_some(("largest_step", "at least smallest_step", self.largest_step))
    }
}

/// Steps of one length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FixedStep(pub f64);

impl StepControl for FixedStep {
    fn first(&self) -> f64 {
        self.0
    }

    fn next(&self, _outcome: &Outcome) -> f64 {
        self.0
    }

    fn after_rejection(&self, _step: f64) -> Option<f64> {
        None
    }

    fn smallest(&self) -> f64 {
        1e-9 * self.0
    }

    fn fault(&self) -> Option<(&'static str, &'static str, f64)> {
        (!(self.0.is_finite() && self.0 > 0.0)).then_some(("step", "finite and positive", self.0))
    }
}

pub(crate) fn check<E: std::error::Error>(control: &dyn StepControl) -> Result<(), ProcessError<E>> {
    match control.fault() {
        Some((option, requirement, value)) => Err(ProcessError::Option { option, requirement, value }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;

    #[test]
    fn the_next_step_follows_the_work_and_the_error_to_the_order() {
        let after = |corrections, prediction_error, order| {
            let outcome = Outcome { step: 0.1, corrections, prediction_error, order };
            Adaptive::default().next(&outcome)
        };
        // By the definition; a rounding or two.
        assert_close!(after(3, 0.2, 1), 0.1 * 0.5f64.sqrt(), rtol = 1e-15, atol = 0.0);
        assert_close!(after(3, 0.2, 4), 0.1 * 0.5f64.powf(0.2), rtol = 1e-15, atol = 0.0);
        assert_close!(after(4, 0.0, 1), 0.1 * 4.0 / 5.0, rtol = 1e-15, atol = 0.0);
        // Between a half and two.
        assert_close!(after(0, 0.0, 1), 0.2, rtol = 1e-15, atol = 0.0);
        assert_close!(after(3, 1e3, 1), 0.05, rtol = 1e-15, atol = 0.0);
    }
}
