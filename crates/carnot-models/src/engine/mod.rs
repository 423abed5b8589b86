//! The engine: a model's forward, backward and tangent passes on the CPU, products with its second derivatives, and the step
//! of the optimiser, over buffers that are allocated once.
//!
//! An [`Engine`] belongs to one [`Architecture`] and one shape of batch. Parameters are a flat slice in the order of
//! [`Parameters`](crate::Parameters); random numbers are given, never drawn. For the same arguments the results have the
//! same bytes whatever the number of threads: work is cut into tiles by its sizes alone, and no sum is divided between
//! threads. The threads are those of the rayon pool that the caller is in.
//!
//! ```
//! use carnot_models::engine::{Batch, Engine};
//! use carnot_models::{Architecture, Likelihood, Parameters};
//! use carnot_surface::{Multipliers, Observables};
//!
//! // Two inputs of three pixels, a latent dimension, two classes; one z for each input.
//! let model = Architecture::fully_connected(3, &[4], 1, 2, Likelihood::Bernoulli)?;
//! let parameters = Parameters::<f64>::initial(&model, 1);
//! let mut engine = Engine::new(&model, 2, 1)?;
//! let batch = Batch::new(&[0.0, 1.0, 1.0, 1.0, 0.0, 0.0], &[0, 1], &[0.3, -0.2]);
//! let at = Multipliers::new(1.0, 2.0)?;
//! let (rdc, gradient) = engine.gradient(parameters.values(), &batch, at)?;
//! assert!(rdc.objective(at) > 0.0);
//! assert_eq!(gradient.len(), parameters.len());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod activation;
mod backward;
mod batch;
mod columns;
mod curvature;
mod dense;
mod descent;
mod gather;
mod latent;
mod losses;
mod marginal;
mod network;
mod observation;
mod scalar;
mod tangent;
#[cfg(test)]
mod tests;

use carnot_surface::{Multipliers, Observables, Rdc};

use backward::Backward;
pub use batch::Batch;
use batch::{Loaded, Sizes};
use columns::Columns;
use curvature::Curvature;
pub use curvature::Linearised;
use marginal::Marginal;
use network::Network;
pub(crate) use observation::Draw;
pub use observation::Observation;
pub use scalar::Scalar;

use crate::optimiser::OptimiserState;
use crate::{Architecture, Likelihood, ModelError};

/// Refuses an objective, or the norm of a gradient, at a step that is not finite.
pub(crate) fn check_finite(step: u64, objective: f64, at: Multipliers) -> Result<(), ModelError> {
    if objective.is_finite() { Ok(()) } else { Err(ModelError::Diverged { step, objective, at }) }
}

/// One step of the optimiser along a gradient, clipped as the optimiser says.
pub(crate) fn move_down<T: Scalar>(
    parameters: &mut [T],
    optimiser: &mut OptimiserState<T>,
    gradient: &[T],
    at: Multipliers,
    rate: f64,
) -> Result<(), ModelError> {
    let mut scale = 1.0;
    if let Some(largest) = optimiser.optimiser().clip_norm {
        let norm = descent::norm(gradient);
        check_finite(optimiser.steps(), norm, at)?;
        scale = (largest / norm).min(1.0);
    }
    let (rule, first, second) = optimiser.begin_step(rate, scale);
    descent::step(&rule, parameters, gradient, first, second);
    Ok(())
}

/// A model on the CPU, for batches of one shape.
#[derive(Debug)]
pub struct Engine<T> {
    likelihood: Likelihood,
    sizes: Sizes,
    parameters: usize,
    encoder: Network<T>,
    decoder: Network<T>,
    classifier: Network<T>,
    layers: Vec<dense::Dense>,
    batch: Loaded<T>,
    z: Vec<T>,
    /// R of every input; D and C of every column, D without its constant.
    rates: Vec<f64>,
    distortions: Vec<f64>,
    classifications: Vec<f64>,
    partial: Vec<f64>,
    backward: Backward<T>,
    z_tangent: Vec<T>,
    curvature: Curvature<T>,
}

impl<T: Scalar> Engine<T> {
    /// An engine for batches of `n_inputs`, with `n_samples` of z for each.
    ///
    /// # Errors
    ///
    /// [`ModelError::Option`] if either is zero, [`ModelError::Memory`] for a batch that does not fit in memory,
    /// [`ModelError::Variance`] for a decoder's variance that `T` has no number for.
    pub fn new(architecture: &Architecture, n_inputs: usize, n_samples: usize) -> Result<Self, ModelError> {
        for (option, value) in [("inputs of a batch", n_inputs), ("samples of z", n_samples)] {
            if value == 0 {
                return Err(ModelError::Option { option, requirement: "at least 1", value: 0.0 });
            }
        }
        architecture.likelihood().check::<T>()?;
        crate::limits::check_batch::<T>(architecture, n_inputs, n_samples)?;
        let columns = Columns { inputs: n_inputs, samples: n_samples };
        let (pixels, latent, classes) =
            (architecture.inputs(), architecture.latent(), architecture.classes());
        let sizes = Sizes { columns, pixels, latent, classes };
        let encoder = Network::new(architecture.encoder(), 0, columns.of_inputs());
        let decoder = Network::new(architecture.decoder(), encoder.end(), columns);
        let classifier = Network::new(architecture.classifier(), decoder.end(), columns);
        let layers = [&encoder, &decoder, &classifier].into_iter().flat_map(|n| n.layers().to_vec());
        Ok(Self {
            likelihood: architecture.likelihood(),
            sizes,
            parameters: crate::parameters::count(architecture),
            layers: layers.collect(),
            encoder,
            decoder,
            classifier,
            batch: Loaded::new(&sizes),
            z: vec![T::ZERO; latent * columns.len()],
            rates: vec![0.0; columns.inputs],
            distortions: vec![0.0; columns.len()],
            classifications: vec![0.0; columns.len()],
            partial: vec![0.0; columns.len() * losses::partial_sums(columns, pixels)],
            backward: Backward::default(),
            z_tangent: Vec::new(),
            curvature: Curvature::default(),
        })
    }

    /// Inputs of a batch.
    pub fn n_inputs(&self) -> usize {
        self.sizes.columns.inputs
    }

    /// Samples of z for each input.
    pub fn n_samples(&self) -> usize {
        self.sizes.columns.samples
    }

    /// R, D (constant included) and C of a batch in nats: means over the inputs, weighted if the batch is.
    ///
    /// # Errors
    ///
    /// [`ModelError::Batch`], [`ModelError::Label`], [`ModelError::Row`], [`ModelError::Weight`] or [`ModelError::Option`] for
    /// a batch that does not fit, [`ModelError::State`] for parameters that do not.
    pub fn forward(&mut self, parameters: &[T], batch: &Batch<'_, T>) -> Result<Rdc, ModelError> {
        self.check(parameters.len())?;
        batch.load(&self.sizes, &mut self.batch)?;
        let Sizes { columns, pixels, latent, classes } = self.sizes;
        let (inputs, labels) = (&self.batch.inputs, &self.batch.labels);
        let marginal = Marginal::new(&parameters[self.classifier.end()..]);
        self.encoder.forward(parameters, inputs);
        let encoded = self.encoder.output();
        latent::sample(columns, latent, encoded, &self.batch.noise, &mut self.z);
        latent::rates(columns, latent, encoded, marginal, &mut self.rates);
        self.decoder.forward(parameters, &self.z);
        self.classifier.forward(parameters, &self.z);
        let decoded = (inputs.as_slice(), self.decoder.output());
        let (partial, sums) = (&mut self.partial, &mut self.distortions);
        losses::distortions(columns, pixels, self.likelihood, decoded, partial, sums);
        let logits = (labels.as_slice(), self.classifier.output());
        losses::classifications(columns, classes, logits, &mut self.classifications);
        Ok(self.means())
    }

    /// As [`Engine::forward`], with the gradient of `R + lambda D + gamma C` by every parameter, in their order.
    ///
    /// # Errors
    ///
    /// As [`Engine::forward`].
    pub fn gradient(
        &mut self,
        parameters: &[T],
        batch: &Batch<'_, T>,
        at: Multipliers,
    ) -> Result<(Rdc, &[T]), ModelError> {
        let rdc = self.forward(parameters, batch)?;
        self.backward(parameters, at);
        Ok((rdc, &self.backward.gradient))
    }

    /// One step of the optimiser down the gradient of `R + lambda D + gamma C`, at the learning rate given; what was seen
    /// before it.
    ///
    /// # Errors
    ///
    /// As [`Engine::forward`], and [`ModelError::Diverged`] where the objective, or the norm of a gradient that is to be
    /// clipped, is not finite: parameters and optimiser are then as they were.
    pub fn descend(
        &mut self,
        parameters: &mut [T],
        optimiser: &mut OptimiserState<T>,
        batch: &Batch<'_, T>,
        at: Multipliers,
        rate: f64,
    ) -> Result<Rdc, ModelError> {
        if optimiser.len() != self.parameters {
            let (found, expected) = (optimiser.len(), self.parameters);
            return Err(ModelError::State { what: "parameters", found, expected });
        }
        let rdc = self.forward(parameters, batch)?;
        check_finite(optimiser.steps(), rdc.objective(at), at)?;
        self.backward(parameters, at);
        move_down(parameters, optimiser, &self.backward.gradient, at, rate)?;
        Ok(rdc)
    }

    fn check(&self, found: usize) -> Result<(), ModelError> {
        let expected = self.parameters;
        if found == expected {
            Ok(())
        } else {
            Err(ModelError::State { what: "parameters", found, expected })
        }
    }

    /// The weighted mean over the inputs of the mean over their samples.
    fn mean(&self, values: &[f64]) -> f64 {
        let weights = &self.batch.weights;
        let of_sample = |values: &[f64]| values.iter().zip(weights).map(|(v, w)| v * w).sum::<f64>();
        let sum: f64 = values.chunks_exact(weights.len()).map(of_sample).sum();
        sum / (values.len() / weights.len()) as f64
    }

    fn means(&self) -> Rdc {
        Rdc {
            rate: self.mean(&self.rates),
            distortion: self.mean(&self.distortions) + self.likelihood.constant(self.sizes.pixels),
            classification: self.mean(&self.classifications),
        }
    }
}
