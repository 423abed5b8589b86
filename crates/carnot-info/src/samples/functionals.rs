use crate::error::check_length;
use crate::numeric::sum;
use crate::{Estimate, InfoError};
use ndarray::ArrayView2;

/// Monte-Carlo estimates of R, D and C, in nats per sample, from the log-densities of a model at samples of its own
/// encoder:
///
/// ```text
/// R = E[ ln e(z|x) - ln m(z) ]        D = E[ -ln d(x|z) ]        C = E[ -ln c(y|z) ]
/// ```
///
/// **Without bias**, for independent `(x, y)` from the data and any number of draws `z ~ e(z|x)` for each. Draws for
/// one x are averaged first, since they share it; means, standard errors and the joint covariance are then those of
/// independent samples.
///
/// ```
/// # use carnot_info::samples::SampledFunctionals;
/// # use ndarray::array;
/// # fn main() -> Result<(), carnot_info::InfoError> {
/// // Three samples, two draws each.
/// let encoder = array![[-1.0, -1.5], [-1.25, -0.75], [-1.0, -1.0]];
/// let marginal = array![[-2.0, -2.5], [-3.0, -1.5], [-1.5, -2.0]];
/// let decoder = array![[-0.5, -0.25], [-1.0, -0.5], [-0.75, -0.25]];
/// let classifier = array![[-0.1, -0.1], [-0.3, -0.1], [-0.2, -0.2]];
/// let found =
///     SampledFunctionals::new(encoder.view(), marginal.view(), decoder.view(), classifier.view())?;
/// assert!((found.rate().mean() - 1.0).abs() < 1e-15);
/// assert!((found.objective(2.0, 1.0).mean() - 2.25).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SampledFunctionals {
    per_sample: Vec<[f64; 3]>,
    means: [f64; 3],
    covariance: [[f64; 3]; 3],
}

const NAMES: [&str; 3] = ["rate", "distortion", "classification loss"];

/// What the rows and the columns of `ln m`, `ln d` and `ln c` are compared with.
const SHAPES: [[&str; 2]; 3] = [
    ["samples (rows) of ln m(z) against ln e(z|x)", "draws (columns) of ln m(z) against ln e(z|x)"],
    ["samples (rows) of ln d(x|z) against ln e(z|x)", "draws (columns) of ln d(x|z) against ln e(z|x)"],
    ["samples (rows) of ln c(y|z) against ln e(z|x)", "draws (columns) of ln c(y|z) against ln e(z|x)"],
];

impl SampledFunctionals {
    /// The estimates from `ln e(z|x)`, `ln m(z)`, `ln d(x|z)` and `ln c(y|z)`, each of shape `(n_samples, n_draws)`.
    ///
    /// # Errors
    ///
    /// [`InfoError::LengthMismatch`] when the shapes differ, [`InfoError::InvalidShape`] for no draws, and those of
    /// [`from_per_sample`](Self::from_per_sample).
    pub fn new(
        log_encoder: ArrayView2<'_, f64>,
        log_marginal: ArrayView2<'_, f64>,
        log_decoder: ArrayView2<'_, f64>,
        log_classifier: ArrayView2<'_, f64>,
    ) -> Result<Self, InfoError> {
        let (n_samples, n_draws) = log_encoder.dim();
        for (other, [rows, columns]) in [log_marginal, log_decoder, log_classifier].into_iter().zip(SHAPES) {
            check_length(rows, n_samples, other.nrows())?;
            check_length(columns, n_draws, other.ncols())?;
        }
        if n_draws == 0 {
            return Err(InfoError::InvalidShape { what: "log-densities", shape: vec![n_samples, n_draws] });
        }
        let mean = |values: &mut dyn Iterator<Item = f64>| sum(values) / n_draws as f64;
        let values = |sample: usize| {
            let log_ratios = log_encoder.row(sample).into_iter().zip(log_marginal.row(sample));
            [
                mean(&mut log_ratios.map(|(e, m)| e - m)),
                mean(&mut log_decoder.row(sample).iter().map(|d| -d)),
                mean(&mut log_classifier.row(sample).iter().map(|c| -c)),
            ]
        };
        Self::from_per_sample((0..n_samples).map(values).collect())
    }

    /// The estimates from `[rate, distortion, classification loss]` of each sample, in nats: from draws, or with a part
    /// known in closed form, such as the rate of a Gaussian encoder, for a smaller standard error.
    ///
    /// # Errors
    ///
    /// [`InfoError::TooFewSamples`] for fewer than two samples, [`InfoError::NonFinite`] for a value that is not finite:
    /// a model that gives density zero to what happened has no finite loss, and no estimate of it.
    pub fn from_per_sample(per_sample: Vec<[f64; 3]>) -> Result<Self, InfoError> {
        if per_sample.len() < 2 {
            return Err(InfoError::TooFewSamples { found: per_sample.len() });
        }
        for (index, values) in per_sample.iter().enumerate() {
            for (&value, what) in values.iter().zip(NAMES) {
                if !value.is_finite() {
                    return Err(InfoError::NonFinite { what, index, value });
                }
            }
        }
        let n = per_sample.len() as f64;
        let means = [0, 1, 2].map(|a| sum(per_sample.iter().map(|values| values[a])) / n);
        // The second pass is around the means, so that a large constant (of D) costs no digits.
        let entry = |a: usize, b: usize| {
            let products = per_sample.iter().map(|values| (values[a] - means[a]) * (values[b] - means[b]));
            sum(products) / (n - 1.0) / n
        };
        let covariance = [0, 1, 2].map(|a| [0, 1, 2].map(|b| entry(a, b)));
        Ok(Self { per_sample, means, covariance })
    }

    /// The estimate of R, biased neither way; R itself bounds `I(X;Z)` from above.
    #[must_use]
    pub fn rate(&self) -> Estimate {
        self.combination([1.0, 0.0, 0.0])
    }

    /// The estimate of D, biased neither way.
    #[must_use]
    pub fn distortion(&self) -> Estimate {
        self.combination([0.0, 1.0, 0.0])
    }

    /// The estimate of C, biased neither way.
    #[must_use]
    pub fn classification_loss(&self) -> Estimate {
        self.combination([0.0, 0.0, 1.0])
    }

    /// The estimate of the free energy functional `R + lambda D + gamma C`, with the covariances counted.
    #[must_use]
    pub fn objective(&self, lambda: f64, gamma: f64) -> Estimate {
        self.combination([1.0, lambda, gamma])
    }

    /// The covariance of the three means, in the order R, D, C.
    #[must_use]
    pub fn covariance(&self) -> [[f64; 3]; 3] {
        self.covariance
    }

    /// `[rate, distortion, classification loss]` of each sample.
    #[must_use]
    pub fn per_sample(&self) -> &[[f64; 3]] {
        &self.per_sample
    }

    /// Mean and standard error of `weights . (R, D, C)`.
    pub(super) fn combination(&self, weights: [f64; 3]) -> Estimate {
        let mean = sum(weights.iter().zip(self.means).map(|(weight, mean)| weight * mean));
        let terms = self
            .covariance
            .iter()
            .zip(weights)
            .flat_map(|(row, a)| row.iter().zip(weights).map(move |(entry, b)| a * entry * b));
        // Rounding can take the variance of an almost constant combination below zero.
        Estimate::exact(mean).with_std_err(sum(terms).max(0.0).sqrt())
    }
}
