//! The objective as a function of the parameters alone.

use carnot_data::ImageDataset;
use carnot_surface::{Multipliers, Rdc};

use super::DeterministicSystem;
use crate::engine::{Batch, Engine, Linearised};
use crate::krylov::{add_scaled, dot};
use crate::{Architecture, ModelError};

/// `R + lambda D + gamma C + (epsilon / 2) |theta|^2` on one batch, the noise held fixed.
pub(crate) struct Objective<'a> {
    engine: Engine<f64>,
    batch: Batch<'a, f64>,
    ridge: f64,
}

/// The objective at some parameters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value {
    pub(super) rdc: Rdc,
    /// `(epsilon / 2) |theta|^2`.
    pub(super) ridge: f64,
    /// `R + lambda D + gamma C` and the ridge.
    pub(super) total: f64,
}

impl<'a> Objective<'a> {
    pub(crate) fn new(system: &'a DeterministicSystem) -> Result<Self, ModelError> {
        let of_batch = Self::of(&system.architecture, &system.data, &system.rows, &system.noise)?;
        let objective = Self { ridge: system.options.ridge, ..of_batch };
        Ok(match &system.weights {
            Some(weights) => objective.weighted(weights),
            None => objective,
        })
    }

    /// That of some rows of a data set, without a ridge, with as many samples of z for each as there is noise for.
    pub(crate) fn of(
        architecture: &Architecture,
        data: &'a ImageDataset,
        rows: &'a [usize],
        noise: &'a [f64],
    ) -> Result<Self, ModelError> {
        let samples = noise.len() / (rows.len() * architecture.latent()).max(1);
        let engine = Engine::new(architecture, rows.len(), samples)?;
        Ok(Self { engine, batch: Batch::of_images(data, rows, noise), ridge: 0.0 })
    }

    /// The same of other weights of the inputs.
    pub(super) fn weighted(self, weights: &'a [f64]) -> Self {
        Self { batch: self.batch.with_weights(weights), ..self }
    }

    fn value(&self, rdc: Rdc, parameters: &[f64], at: Multipliers) -> Value {
        use carnot_surface::Observables;
        let ridge = 0.5 * self.ridge * dot(parameters, parameters);
        Value { rdc, ridge, total: rdc.objective(at) + ridge }
    }

    /// The value, with its gradient.
    pub(super) fn gradient(
        &mut self,
        parameters: &[f64],
        at: Multipliers,
        gradient: &mut [f64],
    ) -> Result<Value, ModelError> {
        let (rdc, of_losses) = self.engine.gradient(parameters, &self.batch, at)?;
        gradient.copy_from_slice(of_losses);
        add_scaled(self.ridge, parameters, gradient);
        Ok(self.value(rdc, parameters, at))
    }

    /// The gradients of D and of C, without the ridge: they are linear in the multipliers.
    pub(crate) fn gradients_of_losses(&mut self, parameters: &[f64]) -> Result<[Vec<f64>; 2], ModelError> {
        let [none, distortion, classification] = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)];
        let mut of = |(lambda, gamma)| -> Result<Vec<f64>, ModelError> {
            let at = Multipliers::new(lambda, gamma)?;
            Ok(self.engine.gradient(parameters, &self.batch, at)?.1.to_vec())
        };
        let rate = of(none)?;
        let mut gradients = [of(distortion)?, of(classification)?];
        gradients.iter_mut().for_each(|gradient| add_scaled(-1.0, &rate, gradient));
        Ok(gradients)
    }

    /// The second derivatives at some parameters, by their products.
    pub(crate) fn linearise<'b>(
        &'b mut self,
        parameters: &'b [f64],
        at: Multipliers,
    ) -> Result<Curved<'b>, ModelError> {
        let (ridge, batch) = (self.ridge, self.batch);
        Ok(Curved { linearised: self.engine.linearise(parameters, &batch, at)?, ridge })
    }
}

/// The objective's second derivatives at some parameters.
pub(crate) struct Curved<'a> {
    linearised: Linearised<'a, f64>,
    ridge: f64,
}

impl Curved<'_> {
    /// `(H + epsilon) v` into `out`.
    pub(crate) fn multiply(&mut self, v: &[f64], out: &mut [f64]) -> Result<(), ModelError> {
        out.copy_from_slice(self.linearised.hessian_product(v)?);
        add_scaled(self.ridge, v, out);
        Ok(())
    }

    /// `(G + epsilon) v` into `out`, with G the Gauss-Newton matrix.
    pub(crate) fn multiply_gauss_newton(&mut self, v: &[f64], out: &mut [f64]) -> Result<(), ModelError> {
        out.copy_from_slice(self.linearised.gauss_newton_product(v)?);
        add_scaled(self.ridge, v, out);
        Ok(())
    }
}
