use crate::log_domain::{check_log_weights, log_sum_exp};
use crate::{Estimate, InfoError};
use ndarray::ArrayView2;

/// `ln( 1/k sum_j exp w_ij )` for each sample i, shape `(n_samples,)`, in nats: the log-evidence of x_i by importance
/// weights.
///
/// `log_weights` is `w_ij = ln m(z_ij) + ln d(x_i|z_ij) - ln e(z_ij|x_i)` with `z_ij ~ e(z|x_i)`, shape
/// `(n_samples, k)`. **Bias: downwards** as an estimate of `ln p(x_i)`, `p(x) = int m(z) d(x|z) dz`, by about
/// `Var(w) / 2k` in weights relative to their mean; each evidence itself, before the logarithm, is without bias.
///
/// # Errors
///
/// [`InfoError::InvalidShape`] for no draws, [`InfoError::InvalidLogWeight`] for a NaN or `+inf`,
/// [`InfoError::ZeroWeights`] for a sample with only `-inf`, whose evidence was not found.
pub fn log_evidences(log_weights: ArrayView2<'_, f64>) -> Result<Vec<f64>, InfoError> {
    let (n_samples, n_draws) = log_weights.dim();
    if n_draws == 0 {
        return Err(InfoError::InvalidShape { what: "log-weights", shape: vec![n_samples, n_draws] });
    }
    let rows = log_weights.rows().into_iter().enumerate();
    rows.map(|(index, row)| {
        check_log_weights(index, row.iter().copied())?;
        Ok(log_sum_exp(&row.to_vec()) - (n_draws as f64).ln())
    })
    .collect()
}

/// The importance-weighted bound on the mean log-evidence `E ln p(x)`, in nats per sample: the mean of
/// [`log_evidences`], with its standard error over the samples.
///
/// **Bias: downwards**, less with every draw: in expectation it does not fall with k, from `-(R + D)` at `k = 1` towards
/// `E ln p(x)`. So `-` it bounds the cross-entropy of data and model from above. The standard error does not know of
/// this bias. (Burda et al., *Importance Weighted Autoencoders*, 2016, equation 8 and theorem 1.)
///
/// # Errors
///
/// Those of [`log_evidences`], and [`InfoError::TooFewSamples`] for fewer than two samples.
pub fn importance_log_evidence(log_weights: ArrayView2<'_, f64>) -> Result<Estimate, InfoError> {
    Estimate::from_samples(&log_evidences(log_weights)?)
}

/// The effective sample size `(sum_j w_j)^2 / sum_j w_j^2` of weights given by their logarithms, between 1 and their
/// number: how many equal weights would have the same variance of a weighted mean. (Kong, *A note on importance sampling
/// using standardized weights*, 1992.)
///
/// # Errors
///
/// [`InfoError::InvalidShape`] for no weights, [`InfoError::InvalidLogWeight`] for a NaN or `+inf`,
/// [`InfoError::ZeroWeights`] for only `-inf`.
pub fn effective_sample_size(log_weights: &[f64]) -> Result<f64, InfoError> {
    if log_weights.is_empty() {
        return Err(InfoError::InvalidShape { what: "log-weights", shape: vec![0] });
    }
    check_log_weights(0, log_weights.iter().copied())?;
    // Relative to the largest: the sums are then between 1 and the number of weights.
    let largest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut total, mut squares) = (0.0, 0.0);
    for weight in log_weights.iter().map(|log_weight| (log_weight - largest).exp()) {
        total += weight;
        squares += weight * weight;
    }
    // Rounding could take the ratio of almost equal weights beyond their number.
    Ok((total * total / squares).clamp(1.0, log_weights.len() as f64))
}
