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
    /// The first step, counted from zero, after which the parameters are averaged; `None`, the default, for no average.
    pub averaged_from: Option<u64>,
    /// Every how many steps R, D and C of the batch are recorded, at least 1. Default 100.
    pub record_every: u64,
    /// What initial parameters, batches and noise are drawn from. Default 0.
    pub seed: u64,
}

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
    /// [`ModelError::Option`] for what is outside its range.
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        let counts = [
            ("batch_size", self.batch_size as u64),
            ("samples", self.samples as u64),
            ("record_every", self.record_every),
        ];
        if let Some((option, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
            return Err(ModelError::Option { option, requirement: "at least 1", value: 0.0 });
        }
        self.optimiser.check()
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
