//! Directional derivatives by a forward pass.

use carnot_surface::Rdc;

use super::batch::{Batch, Loaded, Sizes};
use super::marginal::Marginal;
use super::{Engine, Scalar, latent, losses};
use crate::ModelError;

impl<T: Scalar> Engine<T> {
    /// R, D and C of a batch, and how fast they change when the parameters move along `direction`: the directional
    /// derivatives, exactly.
    ///
    /// # Errors
    ///
    /// As [`Engine::forward`].
    pub fn tangent(
        &mut self,
        parameters: &[T],
        direction: &[T],
        batch: &Batch<'_, T>,
    ) -> Result<(Rdc, Rdc), ModelError> {
        self.check(direction.len())?;
        let rdc = self.forward(parameters, batch)?;
        self.move_along(parameters, direction);
        let Sizes { columns, pixels, latent, classes } = self.sizes;
        let Loaded { inputs, labels, weights, .. } = &self.batch;
        let encoded = (self.encoder.output(), self.encoder.output_tangent());
        let end = self.classifier.end();
        let marginals = (Marginal::new(&parameters[end..]), Marginal::new(&direction[end..]));
        let rate = latent::rate_tangent(columns, latent, encoded, marginals, weights);
        let decoded = (inputs.as_slice(), self.decoder.output(), self.decoder.output_tangent());
        let (partial, sums) = (&mut self.partial, &mut self.distortions);
        losses::distortion_tangents(columns, pixels, self.likelihood, decoded, partial, sums);
        let logits = (labels.as_slice(), self.classifier.output(), self.classifier.output_tangent());
        losses::classification_tangents(columns, classes, logits, &mut self.classifications);
        let [distortion, classification] = [&self.distortions, &self.classifications];
        let (distortion, classification) = (self.mean(distortion), self.mean(classification));
        Ok((rdc, Rdc { rate, distortion, classification }))
    }

    /// The tangents of what every layer gives when the parameters move along `direction`, after a forward pass.
    pub(super) fn move_along(&mut self, parameters: &[T], direction: &[T]) {
        let Sizes { columns, latent, .. } = self.sizes;
        self.z_tangent.resize(self.z.len(), T::ZERO);
        self.encoder.tangent(parameters, direction, (&self.batch.inputs, None));
        let z = (self.encoder.output(), self.z.as_slice());
        latent::sample_tangent(columns, latent, z, self.encoder.output_tangent(), &mut self.z_tangent);
        self.decoder.tangent(parameters, direction, (&self.z, Some(&self.z_tangent)));
        self.classifier.tangent(parameters, direction, (&self.z, Some(&self.z_tangent)));
    }
}
