//! The schedule by which a model is brought to equilibrium.

use crate::{ModelError, Optimiser, Phase, Schedule, Shape};

/// The schedule of a relaxation by stochastic gradient descent.
///
/// A new model is trained for `initial_steps` at `learning_rate`. That, and every later change of the multipliers, is
/// followed by a relaxation of `steps`: the first half at `learning_rate`, so that the model gets to where it belongs;
/// over the second half the rate falls geometrically to `final_learning_rate` and the parameters are averaged, so that
/// little of the optimiser's own noise is left in the equilibrium.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Relaxation {
    /// Steps of a new model before its first relaxation.
    pub initial_steps: u64,
    /// Steps of every relaxation, at least 8.
    pub steps: u64,
    /// Learning rate of a new model and of the first half of every relaxation.
    pub learning_rate: f64,
    /// Learning rate at the end of every relaxation.
    pub final_learning_rate: f64,
    /// Inputs in a batch, at least 1.
    pub batch_size: usize,
    /// Samples of z for each input, at least 1.
    pub samples: usize,
    /// What moves the parameters.
    pub optimiser: Optimiser,
}

impl Relaxation {
    /// 3,000 steps, then 300 a relaxation at 1e-3 falling to 1e-4; 128 inputs in a batch, one z for each; Adam.
    pub const DEFAULT: Self = Self {
        initial_steps: 3_000,
        steps: 300,
        learning_rate: 1e-3,
        final_learning_rate: 1e-4,
        batch_size: 128,
        samples: 1,
        optimiser: Optimiser::ADAM,
    };
}

impl Default for Relaxation {
    /// [`Relaxation::DEFAULT`].
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The least number of steps of a relaxation.
const LEAST_STEPS: u64 = 8;

impl Relaxation {
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        let invalid = |option, requirement, value| Err(ModelError::Option { option, requirement, value });
        // The last half of the steps is halved again to measure the plateau, and a mean's error needs two values.
        if self.steps < LEAST_STEPS {
            return invalid("steps", "at least 8", self.steps as f64);
        }
        for (option, value) in [("batch_size", self.batch_size), ("samples", self.samples)] {
            if value == 0 {
                return invalid(option, "at least 1", 0.0);
            }
        }
        for (option, value) in
            [("learning_rate", self.learning_rate), ("final_learning_rate", self.final_learning_rate)]
        {
            if !(value.is_finite() && value > 0.0) {
                return invalid(option, "finite and positive", value);
            }
        }
        self.optimiser.check_in::<f32>()
    }

    /// The number of the first step whose parameters are averaged.
    pub(crate) fn averaged_from(&self) -> u64 {
        self.steps / 2
    }

    /// The learning rates of a relaxation.
    pub(crate) fn schedule(&self) -> Result<Schedule, ModelError> {
        let (from, rate) = (self.averaged_from(), self.learning_rate);
        let fall = Phase {
            steps: self.steps - from,
            first: rate,
            last: self.final_learning_rate,
            shape: Shape::Geometric,
        };
        Schedule::new(vec![Phase::constant(from, rate), fall])
    }
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;

    #[test]
    fn the_learning_rate_falls_over_the_second_half() {
        let schedule = Relaxation { steps: 10, ..Relaxation::default() };
        let schedule = schedule.schedule().expect("a schedule");
        let rates: Vec<f64> = (0..10).map(|step| schedule.rate(step)).collect();
        assert!(rates[..=5].iter().all(|&rate| rate == 1e-3), "{rates:?}");
        assert_close!(rates[7], 1e-3 * 0.1f64.sqrt(), rtol = 1e-14, atol = 0.0);
        assert_close!(rates[9], 1e-4, rtol = 1e-14, atol = 0.0);
    }
}
