//! What is to be trained, and how.

use carnot_surface::Multipliers;

use crate::{Architecture, ModelError, Optimiser, Schedule};

/// A training as data: everything but the data set that the parameters depend on, at every step.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The model.
    pub architecture: Architecture,
    /// The prices lambda and gamma at which R + lambda D + gamma C is minimised.
    pub at: Multipliers,
    /// The learning rate of every step, and how many there are.
    pub schedule: Schedule,
    /// Inputs in a batch, at least 1. Default 128.
    pub batch_size: usize,
    /// Samples of z for each input, at least 1. Default 1.
    pub samples: usize,
    /// What moves the parameters. Default Adam.
    pub optimiser: Optimiser,
    /// The first step, counted from zero, after which the parameters are averaged: a step of the schedule. `None`, the
    /// default, for no average.
    pub averaged_from: Option<u64>,
    /// Every how many steps R, D and C of the batch are recorded, at least 1, and so many that there are at most 2^18
    /// records: they have to fit in the header of a checkpoint. Default 100.
    pub record_every: u64,
    /// What initial parameters, batches and noise are drawn from. Default 0.
    pub seed: u64,
}

/// The header of a safetensors file has at most 10^8 bytes; a record takes about 200 of them.
const MOST_RECORDS: u64 = 1 << 18;

impl Plan {
    /// A training with every default.
    pub fn new(architecture: Architecture, at: Multipliers, schedule: Schedule) -> Self {
        Self {
            architecture,
            at,
            schedule,
            batch_size: 128,
            samples: 1,
            optimiser: Optimiser::ADAM,
            averaged_from: None,
            record_every: 100,
            seed: 0,
        }
    }

    /// # Errors
    ///
    /// [`ModelError::Option`] for what is outside its range, [`ModelError::Average`] for an average of no step.
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        let counts = [
            ("batch_size", self.batch_size as u64),
            ("samples", self.samples as u64),
            ("record_every", self.record_every),
        ];
        if let Some((option, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
            return Err(ModelError::Option { option, requirement: "at least 1", value: 0.0 });
        }
        let steps = self.schedule.steps();
        if steps.div_ceil(self.record_every) > MOST_RECORDS {
            let (option, requirement) =
                ("record_every", "so many steps that there are at most 262144 records");
            return Err(ModelError::Option { option, requirement, value: self.record_every as f64 });
        }
        // What is called an average would be the parameters of the last step.
        if let Some(from) = self.averaged_from.filter(|from| *from >= steps) {
            return Err(ModelError::Average { from, steps });
        }
        self.optimiser.check()
    }

    /// Whether there is an average after so many steps.
    pub(crate) fn is_averaged(&self, steps: u64) -> bool {
        self.averaged_from.is_some_and(|from| steps > from)
    }

    /// The first part in which another plan differs.
    pub(crate) fn difference(&self, other: &Self) -> Option<&'static str> {
        let parts = [
            ("architecture", self.architecture == other.architecture),
            ("multipliers", self.at == other.at),
            ("schedule", self.schedule == other.schedule),
            ("batch_size", self.batch_size == other.batch_size),
            ("samples", self.samples == other.samples),
            ("optimiser", self.optimiser == other.optimiser),
            ("averaged_from", self.averaged_from == other.averaged_from),
            ("record_every", self.record_every == other.record_every),
            ("seed", self.seed == other.seed),
        ];
        parts.into_iter().find(|(_, same)| !same).map(|(part, _)| part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Likelihood, Phase};

    fn plan() -> Plan {
        let architecture =
            Architecture::fully_connected(4, &[3], 1, 2, Likelihood::Bernoulli).expect("it fits");
        let schedule = Schedule::new(vec![Phase::constant(6, 1e-3), Phase::constant(4, 1e-4)]);
        Plan::new(architecture, Multipliers::new(1.0, 1.0).expect("valid"), schedule.expect("a schedule"))
    }

    #[test]
    fn records_are_no_more_than_a_file_has_room_for() {
        let long = |steps, record_every| {
            let schedule = Schedule::new(vec![Phase::constant(steps, 1e-3)]).expect("a schedule");
            Plan { schedule, record_every, ..plan() }.check()
        };
        assert!(long(MOST_RECORDS, 1).is_ok() && long(100 * MOST_RECORDS, 100).is_ok());
        for (steps, record_every) in
            [(MOST_RECORDS + 1, 1), (100 * MOST_RECORDS + 1, 100), (u64::MAX, 1 << 40)]
        {
            let error = long(steps, record_every).expect_err("too many");
            assert!(matches!(error, ModelError::Option { option: "record_every", .. }), "{error}");
        }
    }

    #[test]
    fn an_average_of_no_step_is_refused() {
        for from in [0, 9] {
            assert!(Plan { averaged_from: Some(from), ..plan() }.check().is_ok());
        }
        for from in [10, 11, u64::MAX] {
            let error =
                Plan { averaged_from: Some(from), ..plan() }.check().expect_err("no step is averaged");
            let expected = format!("averaged_from must be a step of the schedule, which has 10, not {from}");
            assert_eq!(error.to_string(), expected);
        }
    }
}
