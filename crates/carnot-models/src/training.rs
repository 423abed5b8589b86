//! Steps of training: a batch, a step of the optimiser, and what is averaged.

use carnot_data::{Batches, ImageDataset};
use carnot_info::Estimate;
use carnot_surface::{Certificate, Multipliers, Observables, Rdc};
use rayon::prelude::*;

use crate::engine::{Batch, Engine, Scalar};
use crate::optimiser::OptimiserState;
use crate::random::{Purpose, generator, normals_into, seed_for};
use crate::{Architecture, ModelError, Parameters, Relaxation};

/// Everything that a step of training changes, beside the parameters.
#[derive(Debug, Clone)]
pub(crate) struct Progress<T = f32> {
    pub(crate) optimiser: OptimiserState<T>,
    pub(crate) batches: Batches,
}

impl Progress {
    /// Before the first step.
    pub(crate) fn new(
        relaxation: &Relaxation,
        parameters: usize,
        data: &ImageDataset,
        seed: u64,
    ) -> Result<Self, ModelError> {
        let optimiser = OptimiserState::new(relaxation.optimiser, parameters)?;
        let batches = Batches::new(data.len(), relaxation.batch_size, seed_for(seed, Purpose::Batches))?;
        Ok(Self { optimiser, batches })
    }
}

/// Whatever can make steps of training.
pub(crate) trait Steps<T = f32> {
    /// One step of the optimiser on the next batch; R, D and C of it before the step, in nats per sample. One that fails
    /// changes nothing: the batches drawn are as many as the optimiser's steps.
    fn step(
        &mut self,
        parameters: &mut Parameters<T>,
        progress: &mut Progress<T>,
        at: Multipliers,
        learning_rate: f64,
    ) -> Result<Rdc, ModelError>;
}

/// The means to train a model: none of it changes what a step does.
pub(crate) struct Training<'a, T = f32> {
    data: &'a ImageDataset,
    seed: u64,
    engine: Engine<T>,
    rows: Vec<usize>,
    noise: Vec<T>,
}

impl<'a, T: Scalar> Training<'a, T> {
    pub(crate) fn new(
        architecture: &Architecture,
        data: &'a ImageDataset,
        seed: u64,
        (inputs, samples): (usize, usize),
    ) -> Result<Self, ModelError> {
        Ok(Self {
            data,
            seed,
            engine: Engine::new(architecture, inputs, samples)?,
            rows: Vec::with_capacity(inputs),
            noise: vec![T::ZERO; inputs * samples * architecture.latent()],
        })
    }
}

impl<T: Scalar> Steps<T> for Training<'_, T> {
    fn step(
        &mut self,
        parameters: &mut Parameters<T>,
        progress: &mut Progress<T>,
        at: Multipliers,
        learning_rate: f64,
    ) -> Result<Rdc, ModelError> {
        let Progress { optimiser, batches } = progress;
        // A step that fails leaves its batch to be drawn again.
        let mut ahead = batches.clone();
        ahead.next_into(&mut self.rows);
        normals_into(&mut self.noise, generator(self.seed, Purpose::TrainingNoise, optimiser.steps()));
        let batch = Batch::of_images(self.data, &self.rows, &self.noise);
        let rdc = self.engine.descend(parameters.values_mut(), optimiser, &batch, at, learning_rate)?;
        *batches = ahead;
        Ok(rdc)
    }
}

/// What a relaxation comes to.
pub(crate) struct Relaxed {
    /// The average of the parameters over the second half.
    pub(crate) average: Parameters,
    pub(crate) progress: Progress,
    steps: u64,
    /// The objectives of the batches of the second half.
    objectives: Vec<f64>,
}

impl Relaxed {
    pub(crate) fn certificate(&self) -> Result<Certificate, ModelError> {
        Ok(Certificate::Relaxed { steps: self.steps, plateau: plateau(&self.objectives)? })
    }
}

/// Relaxes a model from where it is, a new one after its initial steps.
pub(crate) fn relaxed(
    steps: &mut impl Steps,
    relaxation: &Relaxation,
    at: Multipliers,
    (mut parameters, mut progress): (Parameters, Progress),
    is_new: bool,
    stepped: impl Fn(u64),
) -> Result<Relaxed, ModelError> {
    let rates = relaxation.schedule()?;
    let steps_before = progress.optimiser.steps();
    for _ in 0..if is_new { relaxation.initial_steps } else { 0 } {
        steps.step(&mut parameters, &mut progress, at, relaxation.learning_rate)?;
        stepped(progress.optimiser.steps());
    }
    let mut average = parameters.clone();
    let mut objectives = Vec::new();
    for step in 0..relaxation.steps {
        let rdc = steps.step(&mut parameters, &mut progress, at, rates.rate(step))?;
        if step >= relaxation.averaged_from() {
            objectives.push(rdc.objective(at));
            average_into(&mut average, &parameters, objectives.len() as u64);
        }
        stepped(progress.optimiser.steps());
    }
    let steps = progress.optimiser.steps() - steps_before;
    Ok(Relaxed { average, progress, steps, objectives })
}

/// Makes the running average of `count` parameters that of one more; of the first it makes that one.
pub(crate) fn average_into<T: Scalar>(average: &mut Parameters<T>, parameters: &Parameters<T>, count: u64) {
    let weight = T::from_f64(1.0 / count as f64);
    let values = average.values_mut().par_iter_mut().with_min_len(1 << 14).zip(parameters.values());
    values.for_each(|(average, &value)| *average += weight * (value - *average));
}

/// The change of the objective from the first half of `objectives` to the second, with the standard error of a
/// difference of means.
fn plateau(objectives: &[f64]) -> Result<Estimate, ModelError> {
    let (first, second) = objectives.split_at(objectives.len() / 2);
    Ok(Estimate::from_samples(second)?.minus_independent(Estimate::from_samples(first)?))
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;
    use crate::Likelihood;

    #[test]
    fn the_average_is_that_of_all_its_terms() {
        let architecture =
            Architecture::fully_connected(4, &[], 1, 2, Likelihood::Bernoulli).expect("it fits");
        let terms: Vec<Parameters> = (0..3).map(|seed| Parameters::initial(&architecture, seed)).collect();
        let mut average = Parameters::initial(&architecture, 99);
        for (count, term) in (1..).zip(&terms) {
            average_into(&mut average, term, count);
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
