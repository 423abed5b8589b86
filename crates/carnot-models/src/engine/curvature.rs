//! Second derivatives: products of the objective's Hessian, of its Gauss-Newton matrix and of the Fisher information.
//!
//! The product `H v` is the tangent of the gradient along v: forward and backward pass at some parameters, then the tangents
//! of both (Pearlmutter, *Fast exact multiplication by the Hessian*, Neural Computation 6, 147 (1994)). Every tangent is that
//! of the product that made the value, so it costs two products where a value costs one.

use std::ops::Range;

use carnot_surface::{Multipliers, Rdc};

use super::activation::Activation;
use super::backward::network_of;
use super::batch::{Batch, Loaded, Sizes};
use super::latent::{self, Encoded};
use super::marginal::Marginal;
use super::{Engine, Scalar, descent, losses};
use crate::ModelError;

/// Which matrix of second derivatives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// All of them.
    Hessian,
    /// Those of the losses by what the networks give, and no second derivatives of the networks.
    GaussNewton,
    /// As that, with the information of the encoder's distribution in place of the second derivatives of R.
    Fisher,
}

impl Kind {
    /// The terms that there are: the second one of a product's tangent multiplies a derivative of the losses with a second
    /// derivative of a network.
    pub(super) fn terms<X>(self, terms: &[X; 2]) -> &[X] {
        match self {
            Self::Hessian => terms,
            Self::GaussNewton | Self::Fisher => &terms[..1],
        }
    }
}

/// A quantity and its tangent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moving<'a, T> {
    pub(super) values: &'a [T],
    pub(super) tangents: &'a [T],
}

impl<'a, T: Scalar> Moving<'a, T> {
    pub(super) fn part(self, range: Range<usize>) -> Self {
        Self { values: &self.values[range.clone()], tangents: &self.tangents[range] }
    }

    pub(super) fn pairs(self) -> impl Iterator<Item = (T, T)> + use<'a, T> {
        self.values.iter().copied().zip(self.tangents.iter().copied())
    }
}

/// What derivatives by the output of an activation pass on their way back to those by what it is applied to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passage<'a, T> {
    pub(super) kind: Kind,
    pub(super) activation: Activation,
    pub(super) output: Moving<'a, T>,
    /// Derivatives by what the activation is applied to.
    pub(super) deltas: &'a [T],
}

impl<T: Scalar> Passage<'_, T> {
    /// Takes a tile of tangents, which is at `place` in the output, through the activation.
    pub(super) fn carry(&self, place: Range<usize>, tile: &mut [T]) {
        let output = self.output.part(place.clone());
        match self.kind {
            Kind::Hessian => {
                self.activation.multiply_by_moving_slope(output, &self.deltas[place], tile);
            }
            Kind::GaussNewton | Kind::Fisher => self.activation.multiply_by_slope(output.values, tile),
        }
    }
}

/// What only products need. The buffers are empty until the first one is asked for.
#[derive(Debug, Default)]
pub(super) struct Curvature<T> {
    /// Tangents of the derivatives by z, through the decoder and through the classifier.
    z_delta_tangents: [Vec<T>; 2],
    product: Vec<T>,
}

/// The objective `R + lambda D + gamma C` of one batch around some parameters: its gradient there, and products with its
/// second derivatives, which come without another forward or backward pass.
///
/// Counted in multiplications of matrices, a product with the Hessian costs at most two gradients, one with either of the
/// others at most four thirds.
#[derive(Debug)]
pub struct Linearised<'a, T> {
    engine: &'a mut Engine<T>,
    parameters: &'a [T],
    rdc: Rdc,
}

impl<T: Scalar> Engine<T> {
    /// The objective `R + lambda D + gamma C` of a batch around some parameters, at its fixed noise.
    ///
    /// ```
    /// use carnot_models::engine::{Batch, Engine};
    /// use carnot_models::{Architecture, Likelihood, Parameters};
    /// use carnot_surface::Multipliers;
    ///
    /// let model = Architecture::fully_connected(3, &[4], 1, 2, Likelihood::Bernoulli)?;
    /// let parameters = Parameters::<f64>::initial(&model, 1);
    /// let mut engine = Engine::new(&model, 2, 1)?;
    /// let batch = Batch::new(&[0.0, 1.0, 1.0, 1.0, 0.0, 0.0], &[0, 1], &[0.3, -0.2]);
    /// let at = Multipliers::new(1.0, 2.0)?;
    /// let mut linearised = engine.linearise(parameters.values(), &batch, at)?;
    /// let downhill: Vec<f64> = linearised.gradient().iter().map(|slope| -slope).collect();
    /// let product = linearised.hessian_product(&downhill)?;
    /// let curvature: f64 = downhill.iter().zip(product).map(|(v, h)| v * h).sum();
    /// assert!(curvature.is_finite());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Engine::forward`].
    pub fn linearise<'a>(
        &'a mut self,
        parameters: &'a [T],
        batch: &Batch<'_, T>,
        at: Multipliers,
    ) -> Result<Linearised<'a, T>, ModelError> {
        let rdc = self.forward(parameters, batch)?;
        self.backward(parameters, at);
        Ok(Linearised { engine: self, parameters, rdc })
    }

    /// The product with a direction, after a forward and a backward pass.
    fn product(&mut self, kind: Kind, parameters: &[T], direction: &[T]) -> Result<&[T], ModelError> {
        self.check(direction.len())?;
        self.move_along(parameters, direction);
        let Sizes { columns, pixels, latent, classes } = self.sizes;
        let (backward, weights) = (&self.backward, &self.backward.weights);
        let Curvature { z_delta_tangents, product } = &mut self.curvature;
        z_delta_tangents.iter_mut().for_each(|tangent| tangent.resize(self.z.len(), T::ZERO));
        product.resize(self.parameters, T::ZERO);
        let [by_decoder, by_classifier] = z_delta_tangents;
        let along = [parameters, direction];

        let (decoded, tangent) = self.decoder.output_delta_tangent(kind);
        let counts = &weights.distortion;
        losses::distortion_backward_tangent(columns, pixels, self.likelihood, decoded, counts, tangent);
        self.decoder.backward_tangent(kind, along, Some(by_decoder));

        let (logits, tangent) = self.classifier.output_delta_tangent(kind);
        losses::classification_backward_tangent(columns, classes, logits, &weights.classification, tangent);
        self.classifier.backward_tangent(kind, along, Some(by_classifier));

        let (of_layers, of_marginal) = product.split_at_mut(self.classifier.end());
        let [marginal, marginal_direction] = along.map(|values| Marginal::new(&values[of_layers.len()..]));
        let (passage, tangent) = self.encoder.output_delta_tangent(kind);
        let marginals = (marginal, marginal_direction);
        let encoded = Encoded { output: passage.output, z: &self.z, marginals };
        let [of_decoder, of_classifier] = &backward.z_deltas;
        let z_deltas = [
            Moving { values: of_decoder, tangents: by_decoder },
            Moving { values: of_classifier, tangents: by_classifier },
        ];
        latent::backward_tangent(columns, latent, kind, encoded, &weights.rate, z_deltas, tangent);
        passage.carry(0..tangent.len(), tangent);
        let Loaded { inputs, weights, .. } = &self.batch;
        latent::marginal_gradient_tangent(columns, latent, kind, encoded, weights, of_marginal);
        self.encoder.backward_tangent(kind, along, None);

        // What the networks are given and how that moves: the pixels do not.
        let z = (self.z.as_slice(), Some(self.z_tangent.as_slice()));
        let given = [(&self.encoder, (inputs.as_slice(), None)), (&self.decoder, z), (&self.classifier, z)];
        descent::each_tile(&self.layers, 0, of_layers, &|index, tile| {
            let (network, index, (x, x_tangent)) = network_of(given, index);
            let (x, delta) = network.of_layer(index, x);
            let (x_tangent, delta_tangent) = network.tangents_of_layer(index, x_tangent);
            let (layer, columns) = (&network.layers()[index], network.columns());
            match x_tangent {
                Some(x_tangent) => {
                    let terms = [(x, delta_tangent), (x_tangent, delta)];
                    layer.gradient(columns, kind.terms(&terms), tile);
                }
                None => layer.gradient(columns, &[(x, delta_tangent)], tile),
            }
        });
        Ok(&self.curvature.product)
    }
}

impl<T: Scalar> Linearised<'_, T> {
    /// R, D (constant included) and C in nats, as of [`Engine::forward`].
    pub fn rdc(&self) -> Rdc {
        self.rdc
    }

    /// The gradient by every parameter, as of [`Engine::gradient`].
    pub fn gradient(&self) -> &[T] {
        &self.engine.backward.gradient
    }

    /// `H v`, with H the second derivatives of the objective by the parameters and v the `direction`, exactly; a ReLU has
    /// no second derivative at its kink, and that is left out.
    ///
    /// # Errors
    ///
    /// [`ModelError::State`] for a direction that has another length than the parameters.
    pub fn hessian_product(&mut self, direction: &[T]) -> Result<&[T], ModelError> {
        self.engine.product(Kind::Hessian, self.parameters, direction)
    }

    /// `G v`, with G the Gauss-Newton matrix `sum J' K J` and v the `direction`. J are the derivatives by the parameters of
    /// what the networks give for an input and a sample of z, and K are the second derivatives, weighted, of the losses by
    /// that, all positive semidefinite:
    ///
    /// - the decoder's output, of D, with K `1/variance` (Gaussian) or `p (1 - p)` (Bernoulli) on the diagonal,
    /// - the classifier's logits, of C, with K `diag p - p p'`,
    /// - `d = (mean - m) exp(-w/2)` and `u = v - w` from the encoder's mean and log-variance v and the marginal's m and w, of
    ///   `R = 1/2 (d^2 + exp(u) - 1 - u)`, with K `(1, exp(u)/2)` on the diagonal. With the standard normal marginal they are
    ///   what the encoder gives.
    ///
    /// # Errors
    ///
    /// As [`Linearised::hessian_product`].
    pub fn gauss_newton_product(&mut self, direction: &[T]) -> Result<&[T], ModelError> {
        self.engine.product(Kind::GaussNewton, self.parameters, direction)
    }

    /// `F v`, with F the Fisher information matrix by the parameters and v the `direction`: the sum of those of `e(z|x)`,
    /// lambda times `d(x|z)` and gamma times `c(y|z)`, averaged over the batch with its weights. Of `d(x|z)` and `c(y|z)`, at z
    /// that are drawn with the batch's noise and move with the encoder, it is the Gauss-Newton matrix of D and C; of
    /// `e(z|x) = N(mean, diag exp(v))` it has `exp(-v)` by the mean and `1/2` by v on the diagonal, whatever the marginal.
    ///
    /// So at lambda = gamma = 0 a small step s of the parameters changes the encoder by `KL = s' F s / 2` on average.
    ///
    /// # Errors
    ///
    /// As [`Linearised::hessian_product`].
    pub fn fisher_product(&mut self, direction: &[T]) -> Result<&[T], ModelError> {
        self.engine.product(Kind::Fisher, self.parameters, direction)
    }
}
