//! A training as a file, and a model's parameters as one.
//!
//! A checkpoint is one safetensors file. Its tensors are the parameters by their names, what the optimiser keeps of each
//! under `optimiser.first.` and `optimiser.second.`, and their average under `average.`; a reader of safetensors finds the
//! model in it as it is. The entry `carnot` of its header is JSON: the plan, the digest of the data, the place in them, the
//! history, and the SHA-256 of all of it with the tensors.

mod error;
mod tensors;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use carnot_data::BatchPosition;
use sha2::{Digest, Sha256};

pub use error::CheckpointError;
use tensors::{Remaining, Tensors, replace};

use crate::engine::Scalar;
use crate::optimiser::OptimiserState;
use crate::{Architecture, ModelError, Parameters, Plan, Record, hexadecimal};

/// The entry of the header, and the version of what it says.
const KEY: &str = "carnot";
const VERSION: u64 = 1;

/// Prefixes of the names of what is kept for each parameter.
const FIRST: &str = "optimiser.first.";
const SECOND: &str = "optimiser.second.";
const AVERAGE: &str = "average.";

/// Everything that the rest of a training depends on, but for the data themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint<T = f32> {
    pub(crate) plan: Plan,
    /// The digest of the training set.
    pub(crate) data: String,
    pub(crate) parameters: Parameters<T>,
    pub(crate) optimiser: OptimiserState<T>,
    pub(crate) average: Option<Parameters<T>>,
    pub(crate) position: BatchPosition,
    pub(crate) history: Vec<Record>,
}

/// What the header says.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    version: u64,
    /// SHA-256 of this with an empty digest, and of the tensors in the order in which they are written.
    digest: String,
    plan: Plan,
    data: String,
    steps: u64,
    is_averaged: bool,
    position: Position,
    history: Vec<Record>,
}

/// Where the stream of batches stands.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    seed: u64,
    epoch: u64,
    offset: usize,
}

/// Only the version, of whatever else.
#[derive(serde::Deserialize)]
struct Versioned {
    version: u64,
}

impl<T: Scalar> Checkpoint<T> {
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.optimiser.steps()
    }

    /// The average of the parameters, as far as there is one; else those of the last step.
    pub fn averaged(&self) -> &Parameters<T> {
        self.average.as_ref().unwrap_or(&self.parameters)
    }

    /// What was recorded.
    pub fn history(&self) -> &[Record] {
        &self.history
    }

    /// Writes the file: under a temporary name beside `path`, and then in the place of what was there.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Write`]; what was there before still is.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), CheckpointError> {
        let architecture = &self.plan.architecture;
        let [first, second] = self.optimiser.moments();
        let mut tensors = Tensors::default();
        tensors.push("", architecture, self.parameters.values());
        tensors.push(FIRST, architecture, first);
        if !second.is_empty() {
            tensors.push(SECOND, architecture, second);
        }
        if let Some(average) = &self.average {
            tensors.push(AVERAGE, architecture, average.values());
        }
        let BatchPosition { seed, epoch, offset } = self.position;
        let mut description = Description {
            version: VERSION,
            digest: String::new(),
            plan: self.plan.clone(),
            data: self.data.clone(),
            steps: self.steps(),
            is_averaged: self.average.is_some(),
            position: Position { seed, epoch, offset },
            history: self.history.clone(),
        };
        let mut hasher = Sha256::new_with_prefix(serde_json::to_vec(&description)?);
        tensors.bytes().for_each(|bytes| hasher.update(bytes));
        description.digest = hexadecimal::encode(&hasher.finalize());
        let header = HashMap::from([(KEY.to_owned(), serde_json::to_string(&description)?)]);
        replace(path.as_ref(), &tensors.serialised::<T>(Some(header))?)
    }

    /// Reads a file that [`write`](Self::write) wrote.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] of whatever kind for a file that is missing, truncated, corrupt, of another version, type or model,
    /// or none of a training; whatever else of [`ModelError`] for a plan that is none.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ModelError> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|source| CheckpointError::read(path, source))?;
        Self::from_bytes(&bytes)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let (mut tensors, header) = Remaining::of(bytes)?;
        let text = header.metadata().as_ref().and_then(|header| header.get(KEY));
        let text = text.ok_or(CheckpointError::NotATraining { key: KEY })?;
        let Versioned { version: found } = serde_json::from_str(text).map_err(CheckpointError::from)?;
        if found != VERSION {
            return Err(CheckpointError::Version { found, expected: VERSION }.into());
        }
        let mut description: Description = serde_json::from_str(text).map_err(CheckpointError::from)?;
        let expected = std::mem::take(&mut description.digest);
        let described = serde_json::to_vec(&description).map_err(CheckpointError::from)?;
        let mut hasher = Sha256::new_with_prefix(described);
        let Description { plan, data, steps, is_averaged, position, history, .. } = description;
        plan.check()?;
        if is_averaged != plan.is_averaged(steps) {
            let from = plan.averaged_from;
            return Err(CheckpointError::Average { steps, is_averaged, from }.into());
        }
        let mut take = |prefix: &str| tensors.take(prefix, &plan.architecture, |bytes| hasher.update(bytes));
        let parameters = take("")?;
        let first = take(FIRST)?;
        let second = if plan.optimiser.has_second_moments() { take(SECOND)? } else { Vec::new() };
        let average = if is_averaged { Some(take(AVERAGE)?) } else { None };
        tensors.finish()?;
        let found = hexadecimal::encode(&hasher.finalize());
        if found != expected {
            return Err(CheckpointError::Digest { expected, found }.into());
        }
        let limit = plan.schedule.steps();
        if steps > limit {
            return Err(CheckpointError::Place { what: "the number of steps", found: steps, limit }.into());
        }
        let Position { seed, epoch, offset } = position;
        Ok(Self {
            optimiser: OptimiserState::resume(plan.optimiser, [first, second], steps)?,
            parameters: Parameters::from_values(parameters),
            average: average.map(Parameters::from_values),
            position: BatchPosition { seed, epoch, offset },
            plan,
            data,
            history,
        })
    }
}

impl<T: Scalar> Parameters<T> {
    /// Writes the parameters of a model as a safetensors file of their names: `encoder.0.weight` of shape (outputs,
    /// inputs), `encoder.0.bias`, and so on, layers counted as in the lists of the architecture. Replaces what is at `path`
    /// when all of it is on the disk.
    ///
    /// # Errors
    ///
    /// [`ModelError::State`] if they are not as many as the model has; [`CheckpointError::Write`].
    pub fn export(&self, architecture: &Architecture, path: impl AsRef<Path>) -> Result<(), ModelError> {
        let (found, expected) = (self.len(), crate::parameters::count(architecture));
        if found != expected {
            return Err(ModelError::State { what: "parameters", found, expected });
        }
        let mut tensors = Tensors::default();
        tensors.push("", architecture, self.values());
        replace(path.as_ref(), &tensors.serialised::<T>(None)?)?;
        Ok(())
    }

    /// Reads parameters that were [exported](Self::export), or written by anything else under the same names.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] where the file cannot be read, or a tensor is missing, unknown, or of another shape or type.
    pub fn import(architecture: &Architecture, path: impl AsRef<Path>) -> Result<Self, ModelError> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|source| CheckpointError::read(path, source))?;
        let (mut tensors, _) = Remaining::of(&bytes)?;
        let values = tensors.take("", architecture, |_| ())?;
        tensors.finish()?;
        Ok(Self::from_values(values))
    }
}

#[cfg(test)]
mod tests {
    use carnot_data::synthetic;
    use carnot_surface::Multipliers;

    use super::*;
    use crate::{Likelihood, Phase, Schedule, Trainer};

    #[test]
    fn a_checkpoint_that_stands_elsewhere_in_the_data_is_refused() {
        let data = synthetic::digits(10, 1).expect("digits");
        let model = Architecture::fully_connected(784, &[], 1, 10, Likelihood::Bernoulli).expect("it fits");
        let schedule = Schedule::new(vec![Phase::constant(9, 1e-3)]).expect("a schedule");
        let plan = Plan::new(model, Multipliers::new(1.0, 1.0).expect("valid"), schedule);
        let mut trainer = Trainer::<f32>::new(Plan { batch_size: 4, ..plan }, &data).expect("a training");
        for _ in 0..3 {
            trainer.step().expect("a step");
        }
        let whole = trainer.checkpoint();
        assert_eq!((whole.position.epoch, whole.position.offset), (1, 2));
        assert!(Trainer::resume(whole.clone(), &data).is_ok());
        let BatchPosition { seed, epoch, offset } = whole.position;
        let elsewhere = [
            BatchPosition { seed: seed + 1, ..whole.position },
            BatchPosition { epoch: epoch + 1, ..whole.position },
            BatchPosition { offset: offset + 4, ..whole.position },
            BatchPosition { offset: usize::MAX, ..whole.position },
        ];
        for position in elsewhere {
            let error =
                Trainer::resume(Checkpoint { position, ..whole.clone() }, &data).expect_err("elsewhere");
            let ModelError::Checkpoint(CheckpointError::Position { steps: 3, .. }) = error else {
                panic!("{error}")
            };
        }
    }
}
