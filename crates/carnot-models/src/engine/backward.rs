//! The backward pass: derivatives by what every activation is applied to, and the gradient by every parameter.

use carnot_surface::Multipliers;

use super::batch::{Loaded, Sizes};
use super::marginal::Marginal;
use super::network::Network;
use super::{Engine, Scalar, descent, latent, losses};

/// What a gradient needs beyond a forward pass. The buffers are empty until the first one is asked for.
#[derive(Debug, Default)]
pub(super) struct Backward<T> {
    /// Derivatives by z, through the decoder and through the classifier.
    pub(super) z_deltas: [Vec<T>; 2],
    pub(super) weights: Weights<T>,
    pub(super) gradient: Vec<T>,
}

/// What each input's R, D and C count in the objective, a sample of the latter two.
#[derive(Debug, Default)]
pub(super) struct Weights<T> {
    pub(super) rate: Vec<T>,
    pub(super) distortion: Vec<T>,
    pub(super) classification: Vec<T>,
}

impl<T: Scalar> Weights<T> {
    fn fill(&mut self, weights: &[f64], samples: usize, at: Multipliers) {
        let share = 1.0 / samples as f64;
        for (counts, multiplier, share) in [
            (&mut self.rate, 1.0, 1.0),
            (&mut self.distortion, at.lambda(), share),
            (&mut self.classification, at.gamma(), share),
        ] {
            counts.clear();
            counts.extend(weights.iter().map(|weight| T::from_f64(multiplier * weight * share)));
        }
    }
}

/// The network of a layer counted over all three, encoder, decoder and classifier; the layer's number in it; and what is
/// paired with the network.
pub(super) fn network_of<T: Scalar, G>(
    [encoder, decoder, classifier]: [(&Network<T>, G); 3],
    index: usize,
) -> (&Network<T>, usize, G) {
    let lengths = (encoder.0.layers().len(), decoder.0.layers().len());
    let ((network, given), index) = match index.checked_sub(lengths.0) {
        None => (encoder, index),
        Some(index) if index < lengths.1 => (decoder, index),
        Some(index) => (classifier, index - lengths.1),
    };
    (network, index, given)
}

impl<T: Scalar> Engine<T> {
    /// The derivatives by what every layer's activation is applied to, and the gradient, after a forward pass.
    pub(super) fn backward(&mut self, parameters: &[T], at: Multipliers) {
        let Sizes { columns, pixels, latent, classes } = self.sizes;
        let Loaded { inputs, labels, weights, .. } = &self.batch;
        let Backward { z_deltas, weights: counts, gradient } = &mut self.backward;
        z_deltas.iter_mut().for_each(|delta| delta.resize(self.z.len(), T::ZERO));
        gradient.resize(self.parameters, T::ZERO);
        counts.fill(weights, columns.samples, at);
        let [by_decoder, by_classifier] = z_deltas;

        let kinds = (self.likelihood, self.decoder.activation());
        let (decoded, delta) = self.decoder.output_delta();
        losses::distortion_backward(columns, pixels, kinds, (inputs, decoded), &counts.distortion, delta);
        self.decoder.backward(parameters, Some(by_decoder));

        let activation = self.classifier.activation();
        let (logits, delta) = self.classifier.output_delta();
        let (labels, weights_of_labels) = ((labels.as_slice(), logits), &counts.classification);
        losses::classification_backward(columns, classes, activation, labels, weights_of_labels, delta);
        self.classifier.backward(parameters, Some(by_classifier));

        let (of_layers, of_marginal) = gradient.split_at_mut(self.classifier.end());
        let marginal = Marginal::new(&parameters[of_layers.len()..]);
        let activation = self.encoder.activation();
        let (encoded, delta) = self.encoder.output_delta();
        let z_deltas = [by_decoder.as_slice(), by_classifier.as_slice()];
        latent::backward(columns, latent, (encoded, &self.z), marginal, &counts.rate, z_deltas, delta);
        activation.multiply_by_slope(encoded, delta);
        latent::marginal_gradient(columns, latent, encoded, marginal, weights, of_marginal);
        self.encoder.backward(parameters, None);

        let z = self.z.as_slice();
        let given = [(&self.encoder, inputs.as_slice()), (&self.decoder, z), (&self.classifier, z)];
        descent::each_tile(&self.layers, 0, of_layers, &|index, tile| {
            let (network, index, x) = network_of(given, index);
            network.layers()[index].gradient(network.columns(), &[network.of_layer(index, x)], tile);
        });
    }
}
