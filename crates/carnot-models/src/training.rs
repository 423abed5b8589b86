//! Steps of training: a batch, its gradient in shards, and what is averaged.

use candle_core::backprop::GradStore;
use carnot_data::{Batches, ImageDataset};
use carnot_info::Estimate;
use carnot_surface::Multipliers;
use rayon::prelude::*;

use crate::candle::{Network, matrix, objective};
use crate::optimiser::Moments;
use crate::random::{Purpose, generator, normals};
use crate::{Architecture, ModelError, Parameters};

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

/// A batch as flat rows: pixels, noise and one-hot labels.
struct Batch<'b> {
    inputs: &'b [f32],
    noise: &'b [f32],
    one_hot: &'b [f32],
    samples: usize,
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
        let batch = Batch { inputs: &self.pixels, noise: &noise, one_hot: &self.one_hot, samples };
        let (loss, gradients) = self.gradients(&batch, at, SHARD)?;
        let value = loss + at.lambda() * likelihood.constant(pixels);
        if !value.is_finite() {
            return Err(ModelError::Diverged { step: progress.steps, objective: value, at });
        }
        self.network.descend(&gradients, &mut progress.moments, learning_rate)?;
        progress.steps += 1;
        Ok(value)
    }

    /// The mean objective of a batch without the constant of D, and its gradient in parts that sum to it: one for each
    /// shard of `rows` inputs.
    fn gradients(
        &self,
        batch: &Batch<'_>,
        at: Multipliers,
        rows: usize,
    ) -> Result<(f64, Vec<GradStore>), ModelError> {
        let (pixels, latent, classes) =
            (self.architecture.inputs(), self.architecture.latent(), self.architecture.classes());
        let likelihood = self.architecture.likelihood();
        let inputs = batch.inputs.par_chunks(rows * pixels).zip(batch.noise.par_chunks(rows * latent));
        let shards =
            inputs.zip(batch.one_hot.par_chunks(rows * classes)).map(|((inputs, noise), one_hot)| {
                let rows = inputs.len() / pixels;
                let inputs = matrix(inputs, rows, pixels)?;
                let outputs = self.network.forward(&inputs, &matrix(noise, rows, latent)?)?;
                let one_hot = matrix(one_hot, rows, classes)?;
                let loss = (objective(&outputs, &inputs, &one_hot, likelihood, at)? / batch.samples as f64)?;
                Ok((f64::from(loss.to_scalar::<f32>()?), loss.backward()?))
            });
        let shards = shards.collect::<Result<Vec<_>, ModelError>>()?;
        let (losses, gradients): (Vec<f64>, Vec<GradStore>) = shards.into_iter().unzip();
        Ok((losses.iter().sum(), gradients))
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

#[cfg(test)]
mod tests {
    use carnot_data::synthetic;
    use carnot_testkit::assert_close;

    use super::*;
    use crate::Likelihood;

    const PIXELS: usize = 28 * 28;

    #[test]
    fn shards_of_any_size_give_the_gradient_of_the_whole_batch() {
        let architecture =
            Architecture::fully_connected(PIXELS, &[16], 3, 10, Likelihood::Bernoulli).expect("it fits");
        let data = synthetic::digits(200, 1).expect("digits");
        let parameters = Parameters::initial(&architecture, 1);
        let training = Training::new(&architecture, &data, 1, &parameters).expect("a training");
        let at = Multipliers::new(0.5, 2.0).expect("valid");
        for samples in [1, 63, 64, 65, 150] {
            let rows: Vec<usize> = (0..samples).collect();
            let mut inputs = vec![0.0; samples * PIXELS];
            data.pixels_f32_into(&rows, &mut inputs).expect("pixels");
            // Noise and labels that differ from row to row, so that a shard that took another's would show.
            let noise = normals(samples * 3, generator(1, Purpose::TrainingNoise, 0));
            let mut one_hot = vec![0.0; samples * 10];
            for (row, &sample) in one_hot.chunks_mut(10).zip(&rows) {
                row[usize::from(data.labels()[sample])] = 1.0;
            }
            let batch = Batch { inputs: &inputs, noise: &noise, one_hot: &one_hot, samples };
            let sum = |rows: usize| {
                let (loss, shards) = training.gradients(&batch, at, rows).expect("gradients");
                let mut sum = vec![0.0; parameters.len()];
                training.network.sum_gradients(&shards, &mut sum).expect("values");
                (loss, shards.len(), sum)
            };
            let (whole_loss, one, whole) = sum(samples);
            let (loss, shards, parts) = sum(SHARD);
            assert_eq!((one, shards), (1, samples.div_ceil(SHARD)));
            // Sums of f32 in another order: a few units in the last place of the largest terms.
            assert_close!(loss, whole_loss, rtol = 1e-5, atol = 0.0);
            let scale = whole.iter().fold(0.0f64, |max, g| max.max(g.abs()));
            for (part, whole) in parts.iter().zip(&whole) {
                assert_close!(*part, *whole, rtol = 1e-4, atol = 1e-5 * scale, "{samples} samples");
            }
        }
    }

    #[test]
    fn the_average_is_that_of_all_its_terms() {
        let architecture =
            Architecture::fully_connected(4, &[], 1, 2, Likelihood::Bernoulli).expect("it fits");
        let data = synthetic::digits(10, 1).expect("digits");
        let terms: Vec<Parameters> = (0..3).map(|seed| Parameters::initial(&architecture, seed)).collect();
        let mut average = Parameters::initial(&architecture, 99);
        for (count, term) in (1..).zip(&terms) {
            let training = Training::new(&architecture, &data, 0, term).expect("a training");
            training.average_into(&mut average, count).expect("an average");
        }
        for (index, &found) in average.values().iter().enumerate() {
            let mean = terms.iter().map(|term| f64::from(term.values()[index])).sum::<f64>() / 3.0;
            // Three updates in f32 of numbers below one.
            assert_close!(f64::from(found), mean, rtol = 0.0, atol = 3e-7);
        }
    }

    #[test]
    fn a_plateau_is_the_second_half_less_the_first() {
        let estimate = plateau(&[5.0, 7.0, 1.0, 3.0]).expect("an estimate");
        assert_close!(estimate.mean(), -4.0, rtol = 1e-15, atol = 0.0);
        // Two values a distance 2 apart have a mean of standard error 1; two such add in squares.
        assert_close!(estimate.std_err(), 2f64.sqrt(), rtol = 1e-15, atol = 0.0);
    }
}
