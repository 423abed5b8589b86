//! How a model is brought to equilibrium, and that it stays there.

use candle_core::backprop::GradStore;
use carnot_data::{Batches, ImageDataset};
use carnot_info::Estimate;
use carnot_surface::Multipliers;
use rayon::prelude::*;

use crate::candle::{Network, matrix, objective};
use crate::optimiser::Moments;
use crate::random::{Purpose, generator, normals};
use crate::{Architecture, ModelError, Parameters};

/// The schedule of a relaxation by stochastic gradient descent (Adam).
///
/// A new model is trained for `initial_steps` while the learning rate falls geometrically from
/// `initial_learning_rate` to `learning_rate`. That, and every later change of the multipliers, is followed by
/// `steps` at `learning_rate`; the equilibrium's parameters are the average over the last half of them, which takes
/// out most of the optimiser's own noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Relaxation {
    /// Steps of a new model before its first relaxation.
    pub initial_steps: u64,
    /// Learning rate of a new model's first step.
    pub initial_learning_rate: f64,
    /// Steps of every relaxation, at least 4.
    pub steps: u64,
    /// Learning rate of every relaxation.
    pub learning_rate: f64,
    /// Inputs in a batch, at least 1.
    pub batch_size: usize,
}

impl Default for Relaxation {
    /// 3,000 steps from 1e-3 down to 3e-4, then 300 steps a relaxation; 128 inputs in a batch.
    fn default() -> Self {
        Self {
            initial_steps: 3_000,
            initial_learning_rate: 1e-3,
            steps: 300,
            learning_rate: 3e-4,
            batch_size: 128,
        }
    }
}

impl Relaxation {
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        let invalid = |option, requirement, value| Err(ModelError::Option { option, requirement, value });
        if self.steps < 4 {
            return invalid("steps", "at least 4", self.steps as f64);
        }
        if self.batch_size == 0 {
            return invalid("batch_size", "at least 1", 0.0);
        }
        for (option, value) in
            [("learning_rate", self.learning_rate), ("initial_learning_rate", self.initial_learning_rate)]
        {
            if !(value.is_finite() && value > 0.0) {
                return invalid(option, "finite and positive", value);
            }
        }
        Ok(())
    }

    /// The learning rate of step `step` of a new model's first training.
    pub(crate) fn initial_rate(&self, step: u64) -> f64 {
        let progress = step as f64 / self.initial_steps as f64;
        self.initial_learning_rate * (self.learning_rate / self.initial_learning_rate).powf(progress)
    }
}

/// Inputs of a batch that one task interprets: enough to keep its matrix products efficient. Threads choose who takes
/// which shard, and the shards' gradients are summed in order, so that the result does not depend on their number.
const SHARD: usize = 64;

/// Everything that a step of training changes.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    pub(crate) moments: Moments,
    pub(crate) batches: Batches,
    pub(crate) steps: u64,
}

/// A model in training.
pub(crate) struct Training<'a> {
    architecture: &'a Architecture,
    data: &'a ImageDataset,
    seed: u64,
    network: Network<'a>,
    batch: Vec<usize>,
    pixels: Vec<f32>,
    one_hot: Vec<f32>,
}

impl<'a> Training<'a> {
    pub(crate) fn new(
        architecture: &'a Architecture,
        data: &'a ImageDataset,
        seed: u64,
        parameters: &Parameters,
    ) -> Result<Self, ModelError> {
        let network = Network::new(architecture, parameters)?;
        Ok(Self {
            architecture,
            data,
            seed,
            network,
            batch: Vec::new(),
            pixels: Vec::new(),
            one_hot: Vec::new(),
        })
    }

    /// One step of Adam on the next batch; the objective before it, in nats per sample.
    pub(crate) fn step(
        &mut self,
        progress: &mut Progress,
        at: Multipliers,
        learning_rate: f64,
    ) -> Result<f64, ModelError> {
        let (pixels, latent, classes) =
            (self.architecture.inputs(), self.architecture.latent(), self.architecture.classes());
        progress.batches.next_into(&mut self.batch);
        let samples = self.batch.len();
        self.pixels.resize(samples * pixels, 0.0);
        self.data.pixels_f32_into(&self.batch, &mut self.pixels)?;
        self.one_hot.clear();
        self.one_hot.resize(samples * classes, 0.0);
        for (row, &sample) in self.one_hot.chunks_mut(classes).zip(&self.batch) {
            // The data set has no more classes than the model: `LearnedSystem::new` has seen to it.
            row[usize::from(self.data.labels()[sample])] = 1.0;
        }
        let noise = normals(samples * latent, generator(self.seed, Purpose::TrainingNoise, progress.steps));
        let likelihood = self.architecture.likelihood();
        let rows = self.pixels.par_chunks(SHARD * pixels).zip(noise.par_chunks(SHARD * latent));
        let shards = rows.zip(self.one_hot.par_chunks(SHARD * classes)).map(|((inputs, noise), one_hot)| {
            let rows = inputs.len() / pixels;
            let inputs = matrix(inputs, rows, pixels)?;
            let outputs = self.network.forward(&inputs, &matrix(noise, rows, latent)?)?;
            let one_hot = matrix(one_hot, rows, classes)?;
            let loss = (objective(&outputs, &inputs, &one_hot, likelihood, at)? / samples as f64)?;
            Ok((f64::from(loss.to_scalar::<f32>()?), loss.backward()?))
        });
        let shards = shards.collect::<Result<Vec<_>, ModelError>>()?;
        let (losses, gradients): (Vec<f64>, Vec<GradStore>) = shards.into_iter().unzip();
        let value = losses.iter().sum::<f64>() + at.lambda() * likelihood.constant(pixels);
        if !value.is_finite() {
            return Err(ModelError::Diverged { step: progress.steps, objective: value, at });
        }
        self.network.descend(&gradients, &mut progress.moments, learning_rate)?;
        progress.steps += 1;
        Ok(value)
    }

    /// Adds the current parameters to the running average of `count` of them.
    pub(crate) fn average_into(&self, average: &mut Parameters, count: u64) -> Result<(), ModelError> {
        let weight = 1.0 / count as f32;
        self.network.visit(|place, values| {
            for (average, value) in average.values_mut()[place.range()].iter_mut().zip(values) {
                *average += weight * (value - *average);
            }
        })
    }
}

/// The change of the objective from the first half of `objectives` to the second, with the standard error of a
/// difference of means.
pub(crate) fn plateau(objectives: &[f64]) -> Result<Estimate, ModelError> {
    let (first, second) = objectives.split_at(objectives.len() / 2);
    Ok(Estimate::from_samples(second)?.minus_independent(Estimate::from_samples(first)?))
}
