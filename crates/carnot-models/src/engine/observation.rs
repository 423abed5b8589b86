//! What the engine saw of each input.

use carnot_surface::Rdc;

use super::batch::Sizes;
use super::{Engine, Scalar, columns, losses};

/// What the engine saw of one input, in nats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// R, D (constant included) and C, the latter two averaged over the samples of z.
    pub rdc: Rdc,
    /// The fraction of the samples of z at which the label's logit is the largest.
    pub accuracy: f64,
}

impl<T: Scalar> Engine<T> {
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
