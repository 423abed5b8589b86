//! What the engine saw of each input.

use carnot_surface::Rdc;

use super::batch::Sizes;
use super::marginal::Marginal;
use super::{Engine, Scalar, columns, latent, losses};

/// What the engine saw of one input, in nats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// R, D (constant included) and C, the latter two averaged over the samples of z.
    pub rdc: Rdc,
    /// The fraction of the samples of z at which the label's logit is the largest.
    pub accuracy: f64,
}

/// What the engine saw at one z, in nats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Draw {
    /// `ln m(z) - ln e(z|x)`, whose mean over z is -R.
    pub(crate) log_ratio: f64,
    /// `-ln d(x|z)`, constant included.
    pub(crate) distortion: f64,
    /// `-ln c(y|z)`.
    pub(crate) classification: f64,
}

impl<T: Scalar> Engine<T> {
    /// What the last [`Engine::forward`], which had these parameters, saw at every z: sample s of input i is number
    /// `s * n_inputs + i`.
    pub(crate) fn draws(&self, parameters: &[T]) -> impl Iterator<Item = Draw> + '_ {
        let Sizes { columns, pixels, latent, .. } = self.sizes;
        // The length was checked by the forward pass.
        let marginal = Marginal::new(&parameters[self.classifier.end()..]);
        let drawn = (self.encoder.output(), self.batch.noise.as_slice(), self.z.as_slice());
        let mut log_ratios = vec![0.0; columns.len()];
        latent::log_ratios(columns, latent, drawn, marginal, &mut log_ratios);
        let constant = self.likelihood.constant(pixels);
        let losses = self.distortions.iter().zip(&self.classifications);
        log_ratios.into_iter().zip(losses).map(move |(log_ratio, (distortion, &classification))| Draw {
            log_ratio,
            distortion: distortion + constant,
            classification,
        })
    }

    /// What the last [`Engine::forward`], [`Engine::gradient`] or [`Engine::descend`] saw of each input, in order.
    pub fn observations(&self) -> impl Iterator<Item = Observation> + '_ {
        let Sizes { columns, pixels, classes, .. } = self.sizes;
        let constant = self.likelihood.constant(pixels);
        (0..columns.inputs).map(move |input| {
            let average = |values: &[f64]| {
                let of_input = values.iter().skip(input).step_by(columns.inputs);
                of_input.sum::<f64>() / columns.samples as f64
            };
            let correct = (0..columns.samples).filter(|&sample| {
                let panel = columns.panel(sample, input / columns::WIDTH);
                let logits = &self.classifier.output()[panel.range(classes)];
                losses::is_correct(panel, input - panel.input, self.batch.labels[input], logits)
            });
            let rdc = Rdc {
                rate: self.rates[input],
                distortion: average(&self.distortions) + constant,
                classification: average(&self.classifications),
            };
            Observation { rdc, accuracy: correct.count() as f64 / columns.samples as f64 }
        })
    }
}
