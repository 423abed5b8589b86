//! What a step of the engine looks at.

use carnot_data::ImageDataset;

use super::columns::Columns;
use super::gather::{gather, into_panels};
use super::scalar::Scalar;
use crate::ModelError;

/// Inputs with their labels, the noise that z is drawn with, and what each input counts.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a, T> {
    source: Source<'a, T>,
    noise: &'a [T],
    weights: Option<&'a [f64]>,
}

#[derive(Debug, Clone, Copy)]
enum Source<'a, T> {
    Rows { inputs: &'a [T], labels: &'a [u8] },
    Images { data: &'a ImageDataset, rows: &'a [usize] },
}

impl<'a, T: Scalar> Batch<'a, T> {
    /// Inputs of shape (n_inputs, pixels) with one label each, and standard normal noise of shape (n_samples, n_inputs,
    /// latent), all flat and row-major: sample s of input i is `z = mean_i + exp(log_variance_i / 2) noise_si`.
    pub fn new(inputs: &'a [T], labels: &'a [u8], noise: &'a [T]) -> Self {
        Self { source: Source::Rows { inputs, labels }, noise, weights: None }
    }

    /// The images `rows` of a data set, their bytes divided by 255, with noise as in [`Batch::new`].
    pub fn of_images(data: &'a ImageDataset, rows: &'a [usize], noise: &'a [T]) -> Self {
        Self { source: Source::Images { data, rows }, noise, weights: None }
    }

    /// Weighs the inputs: R, D and C are `sum_i w_i (.)_i / sum_i w_i` instead of the plain mean. So a batch drawn from
    /// two data sets stands for any mixture of them.
    #[must_use]
    pub fn with_weights(self, weights: &'a [f64]) -> Self {
        Self { weights: Some(weights), ..self }
    }

    /// Copies the batch into the engine's buffers, checked to fit.
    pub(super) fn load(&self, sizes: &Sizes, to: &mut Loaded<T>) -> Result<(), ModelError> {
        let &Sizes { columns, pixels, latent, classes } = sizes;
        let (what, found, expected, n_labels) = match self.source {
            Source::Rows { inputs, labels } => {
                ("numbers of the inputs", inputs.len(), columns.inputs * pixels, labels.len())
            }
            Source::Images { data, rows } => {
                ("pixels of an image", data.shape().n_pixels(), pixels, rows.len())
            }
        };
        let lengths = [
            (what, found, expected),
            ("inputs", n_labels, columns.inputs),
            ("numbers of the noise", self.noise.len(), columns.len() * latent),
            ("weights", self.weights.map_or(columns.inputs, <[f64]>::len), columns.inputs),
        ];
        if let Some((what, found, expected)) =
            lengths.into_iter().find(|(_, found, expected)| found != expected)
        {
            return Err(ModelError::Batch { what, found, expected });
        }
        self.load_weights(to)?;
        self.load_labels(classes, to)?;
        into_panels(columns, latent, self.noise, &mut to.noise);
        match self.source {
            Source::Rows { inputs, .. } => into_panels(columns.of_inputs(), pixels, inputs, &mut to.inputs),
            Source::Images { data, rows } => gather(columns.of_inputs(), data, rows, &mut to.inputs),
        }
        Ok(())
    }

    fn load_weights(&self, to: &mut Loaded<T>) -> Result<(), ModelError> {
        let Some(weights) = self.weights else {
            let weight = 1.0 / to.weights.len() as f64;
            to.weights.fill(weight);
            return Ok(());
        };
        if let Some((index, &value)) =
            weights.iter().enumerate().find(|(_, w)| !(w.is_finite() && **w >= 0.0))
        {
            return Err(ModelError::Weight { index, value });
        }
        let total: f64 = weights.iter().sum();
        if !(total > 0.0 && total.is_finite()) {
            return Err(ModelError::Option {
                option: "sum of the weights",
                requirement: "finite and positive",
                value: total,
            });
        }
        for (weight, &given) in to.weights.iter_mut().zip(weights) {
            *weight = given / total;
        }
        Ok(())
    }

    fn load_labels(&self, classes: usize, to: &mut Loaded<T>) -> Result<(), ModelError> {
        for (index, slot) in to.labels.iter_mut().enumerate() {
            let label = match self.source {
                Source::Rows { labels, .. } => labels[index],
                Source::Images { data, rows } => *data.labels().get(rows[index]).ok_or(ModelError::Row {
                    index,
                    row: rows[index],
                    n_samples: data.len(),
                })?,
            };
            if usize::from(label) >= classes {
                return Err(ModelError::Label { index, label, classes });
            }
            *slot = label;
        }
        Ok(())
    }
}

/// The sizes that a batch must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) columns: Columns,
    pub(super) pixels: usize,
    pub(super) latent: usize,
    pub(super) classes: usize,
}

/// A batch as the engine keeps it.
#[derive(Debug)]
pub(super) struct Loaded<T> {
    /// Pixels in panels, one column an input.
    pub(super) inputs: Vec<T>,
    /// Noise in panels.
    pub(super) noise: Vec<T>,
    pub(super) labels: Vec<u8>,
    /// What each input counts; they sum to one.
    pub(super) weights: Vec<f64>,
}

impl<T: Scalar> Loaded<T> {
    pub(super) fn new(sizes: &Sizes) -> Self {
        let &Sizes { columns, pixels, latent, .. } = sizes;
        Self {
            inputs: vec![T::ZERO; columns.inputs * pixels],
            noise: vec![T::ZERO; columns.len() * latent],
            labels: vec![0; columns.inputs],
            weights: vec![0.0; columns.inputs],
        }
    }
}
