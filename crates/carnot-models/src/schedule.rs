//! Learning rates over the steps of a training.

use crate::ModelError;

/// How a rate goes from one value to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Shape {
    /// By equal differences.
    Linear,
    /// By equal ratios.
    Geometric,
    /// Along half a period of a cosine: flat at both ends.
    Cosine,
}

/// Some steps over which the rate goes from `first`, at the first of them, to `last`, at the last.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Steps of the phase; at least 1.
    pub steps: u64,
    /// The rate of its first step.
    pub first: f64,
    /// The rate of its last step.
    pub last: f64,
    /// What is between.
    pub shape: Shape,
}

impl Phase {
    /// Steps at one rate.
    pub const fn constant(steps: u64, rate: f64) -> Self {
        Self { steps, first: rate, last: rate, shape: Shape::Linear }
    }

    /// The rate of step `step` of the phase.
    fn rate(&self, step: u64) -> f64 {
        let Self { steps, first, last, shape } = *self;
        let progress = step as f64 / steps.saturating_sub(1).max(1) as f64;
        match shape {
            Shape::Linear => first + (last - first) * progress,
            Shape::Geometric => first * (last / first).powf(progress),
            Shape::Cosine => last + (first - last) * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
        }
    }
}

/// Phases one after another: a warm-up, a plateau, a decay. After the last one its last rate stays.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Vec<Phase>", into = "Vec<Phase>")]
pub struct Schedule {
    phases: Vec<Phase>,
}

impl TryFrom<Vec<Phase>> for Schedule {
    type Error = ModelError;

    fn try_from(phases: Vec<Phase>) -> Result<Self, ModelError> {
        Self::new(phases)
    }
}

impl From<Schedule> for Vec<Phase> {
    fn from(schedule: Schedule) -> Self {
        schedule.phases
    }
}

impl Schedule {
    /// A schedule of some phases.
    ///
    /// # Errors
    ///
    /// [`ModelError::Option`] where there is no phase, a phase has no steps, all together have more than a `u64` counts, a
    /// rate is not finite and positive (of a phase that is not geometric it may be zero), or the ratio of the rates of a
    /// geometric one is not.
    pub fn new(phases: Vec<Phase>) -> Result<Self, ModelError> {
        let invalid = |option, requirement, value| Err(ModelError::Option { option, requirement, value });
        if phases.is_empty() {
            return invalid("phases of a schedule", "at least 1", 0.0);
        }
        for phase in &phases {
            if phase.steps == 0 {
                return invalid("steps of a phase", "at least 1", 0.0);
            }
            for rate in [phase.first, phase.last] {
                if !(rate.is_finite() && rate >= 0.0 && (rate > 0.0 || phase.shape != Shape::Geometric)) {
                    return invalid("learning rate of a phase", "finite and positive", rate);
                }
            }
        }
        let ratio = |phase: &Phase| phase.last / phase.first;
        let geometric = phases.iter().filter(|phase| phase.shape == Shape::Geometric);
        if let Some(value) = geometric.map(ratio).find(|ratio| !(ratio.is_finite() && *ratio > 0.0)) {
            return invalid("ratio of the learning rates of a phase", "finite and positive", value);
        }
        let steps = phases.iter().try_fold(0u64, |steps, phase| steps.checked_add(phase.steps));
        if steps.is_none() {
            let value = phases.iter().map(|phase| phase.steps as f64).sum();
            return invalid("steps of all phases", "at most 2^64 - 1", value);
        }
        Ok(Self { phases })
    }

    /// The rate of step `step`, counted from zero.
    pub fn rate(&self, mut step: u64) -> f64 {
        for phase in &self.phases {
            if step < phase.steps {
                return phase.rate(step);
            }
            step -= phase.steps;
        }
        self.phases.last().map_or(0.0, |phase| phase.last)
    }

    /// Steps of all phases.
    pub fn steps(&self) -> u64 {
        self.phases.iter().map(|phase| phase.steps).sum()
    }
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;

    #[test]
    fn phases_follow_one_another_and_the_last_rate_stays() {
        let schedule = Schedule::new(vec![
            Phase { steps: 5, first: 0.0, last: 1.0, shape: Shape::Linear },
            Phase::constant(3, 1.0),
            Phase { steps: 3, first: 1.0, last: 0.01, shape: Shape::Geometric },
            Phase { steps: 3, first: 0.01, last: 0.0, shape: Shape::Cosine },
        ]);
        let schedule = schedule.expect("a schedule");
        assert_eq!(schedule.steps(), 14);
        let expected = [0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0, 0.1, 0.01, 0.01, 0.005, 0.0, 0.0];
        for (step, expected) in expected.into_iter().enumerate() {
            assert_close!(schedule.rate(step as u64), expected, rtol = 1e-14, atol = 1e-17, "step {step}");
        }
    }

    #[test]
    fn a_phase_of_one_step_has_its_first_rate() {
        let one = Phase { steps: 1, first: 0.5, last: 0.1, shape: Shape::Geometric };
        assert_eq!(Schedule::new(vec![one]).expect("a schedule").rate(0), 0.5);
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        let refused = |phases| Schedule::new(phases).is_err();
        assert!(refused(vec![]));
        assert!(refused(vec![Phase::constant(0, 1.0)]));
        assert!(refused(vec![Phase::constant(1, f64::NAN)]) && refused(vec![Phase::constant(1, -1.0)]));
        assert!(refused(vec![Phase { steps: 2, first: 1.0, last: 0.0, shape: Shape::Geometric }]));
        // All that is between would be infinite, or zero.
        for [first, last] in [[1e-200, 1e200], [1e200, 1e-200]] {
            assert!(refused(vec![Phase { steps: 3, first, last, shape: Shape::Geometric }]));
            assert!(!refused(vec![Phase { steps: 3, first, last, shape: Shape::Linear }]));
        }
        // Together they are more than can be counted.
        assert!(refused(vec![Phase::constant(u64::MAX, 1.0), Phase::constant(1, 1.0)]));
        assert!(!refused(vec![Phase::constant(u64::MAX, 1.0)]));
    }
}
