//! What an equilibrium of a network leaves behind.

mod written;

use std::sync::Arc;

use carnot_data::{BatchError, BatchPosition, Batches, ImageDataset};
use carnot_info::Estimate;
use sha2::{Digest, Sha256};

use crate::optimiser::OptimiserState;
use crate::training::Progress;
use crate::{CheckpointError, ModelError, Parameters, Relaxation, hexadecimal};

/// A trained model and all that its next relaxation needs: cheap to clone.
///
/// It is written and read with serde, and so are a `Checkpoint` of `carnot-process` and an
/// [`Equilibrium`](carnot_surface::Equilibrium) of it: a relaxation from what was read gives the same bytes as one from what
/// was written. The numbers of the model, three for each parameter where the optimiser is Adam, are written as the
/// hexadecimal digits of their bytes, 8 a number, which every format keeps; the SHA-256 of all that is written is beside them.
/// What cannot be the state of a training is refused when it is read: another version, anything else than was written,
/// lengths that do not fit, numbers that are not finite. A system refuses that of other layers, another optimiser, or a
/// training set or batches of another size.
///
/// ```
/// use carnot_data::synthetic;
/// use carnot_models::{Architecture, LearnedState, LearnedSystem, Likelihood, Relaxation};
/// use carnot_surface::{Multipliers, System};
///
/// let digits = synthetic::digits(40, 1)?;
/// let model = Architecture::fully_connected(784, &[8], 2, 10, Likelihood::Bernoulli)?;
/// let relaxation = Relaxation { initial_steps: 5, steps: 8, batch_size: 10, ..Relaxation::default() };
/// let system = LearnedSystem::new(model, digits.clone(), digits, relaxation, 7)?;
/// let start = system.equilibrium(Multipliers::new(2.0, 0.5)?, None)?;
///
/// let text = serde_json::to_string(&start.state)?;
/// let read: LearnedState = serde_json::from_str(&text)?;
/// assert_eq!(read, start.state);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(try_from = "written::Written")]
pub struct LearnedState {
    /// The digest of the layers whose parameters these are.
    layers: Arc<str>,
    parameters: Arc<Parameters>,
    optimiser: Arc<OptimiserState<f32>>,
    stream: Stream,
    accuracy: Estimate,
}

/// Which batches are drawn: with the number of those that were, all that there is to know of where they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stream {
    pub(crate) seed: u64,
    /// Both at least 1.
    pub(crate) n_samples: usize,
    pub(crate) batch_size: usize,
}

impl Stream {
    fn of(batches: &Batches) -> Self {
        let seed = batches.position().seed;
        Self { seed, n_samples: batches.n_samples(), batch_size: batches.batch_size() }
    }

    /// The batches that come after so many; an error where there are no samples.
    pub(crate) fn after(self, drawn: u64) -> Result<Batches, BatchError> {
        let Self { seed, n_samples, batch_size } = self;
        let (indices, of_an_epoch) = (u128::from(drawn) * batch_size as u128, n_samples as u128);
        // Epochs are counted modulo 2^64 there.
        let epoch = (indices / of_an_epoch) as u64;
        let offset = (indices % of_an_epoch) as usize;
        Batches::resume(n_samples, batch_size, BatchPosition { seed, epoch, offset })
    }
}

/// SHA-256 of a description of layers.
pub(crate) fn digest_of_layers(description: &impl serde::Serialize) -> Result<Arc<str>, CheckpointError> {
    Ok(hexadecimal::encode(&Sha256::digest(serde_json::to_vec(description)?)).into())
}

impl LearnedState {
    pub(crate) fn new(
        layers: Arc<str>,
        parameters: Parameters,
        progress: Progress,
        accuracy: Estimate,
    ) -> Self {
        let Progress { optimiser, batches } = progress;
        let stream = Stream::of(&batches);
        Self { layers, parameters: Arc::new(parameters), optimiser: Arc::new(optimiser), stream, accuracy }
    }

    /// What a further relaxation starts from. Every step of the optimiser has drawn one batch.
    pub(crate) fn start(&self) -> Result<(Parameters, Progress), ModelError> {
        let batches = self.stream.after(self.steps())?;
        let optimiser = (*self.optimiser).clone();
        Ok(((*self.parameters).clone(), Progress { optimiser, batches }))
    }

    /// Checks that the parameters are as many as a model has, and of the same layers: all that an evaluation asks for.
    pub(crate) fn check_model(&self, layers: &str, parameters: usize) -> Result<(), ModelError> {
        check_count("parameters", self.parameters.len(), parameters)?;
        if *self.layers != *layers {
            let [found, expected] = [&*self.layers, layers].map(str::to_owned);
            return Err(ModelError::OtherLayers { found, expected });
        }
        Ok(())
    }

    /// Checks that the place in the data and the optimiser are of the training set and the schedule, for a relaxation.
    pub(crate) fn check_training(
        &self,
        training: &ImageDataset,
        relaxation: &Relaxation,
    ) -> Result<(), ModelError> {
        check_count("training samples", self.stream.n_samples, training.len())?;
        check_count("samples in a batch", self.stream.batch_size, relaxation.batch_size)?;
        let (found, expected) = (self.optimiser.optimiser(), relaxation.optimiser);
        if found == expected { Ok(()) } else { Err(ModelError::Optimiser { found, expected }) }
    }

    /// The parameters at equilibrium, averaged over the end of the relaxation.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The accuracy on the system's evaluation set.
    pub fn accuracy(&self) -> Estimate {
        self.accuracy
    }

    /// Steps of the optimiser since the model was new.
    pub fn steps(&self) -> u64 {
        self.optimiser.steps()
    }
}

fn check_count(what: &'static str, found: usize, expected: usize) -> Result<(), ModelError> {
    if found == expected { Ok(()) } else { Err(ModelError::State { what, found, expected }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_batches_says_where_they_stand() {
        for (n_samples, batch_size) in [(10, 4), (7, 7), (3, 8), (5, 1), (1, 1)] {
            let mut batches = Batches::new(n_samples, batch_size, 9).expect("batches");
            let (mut next, mut found) = (Vec::new(), Vec::new());
            for drawn in 0..30 {
                let mut again = Stream::of(&batches).after(drawn).expect("batches");
                assert_eq!(again.position(), batches.position());
                batches.next_into(&mut next);
                again.next_into(&mut found);
                assert_eq!(found, next, "{n_samples} {batch_size} {drawn}");
            }
        }
    }
}
