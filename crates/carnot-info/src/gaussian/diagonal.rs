use crate::InfoError;
use crate::error::{check_finite, check_length};
use crate::log_domain::exp_minus_1_minus_x;
use crate::numeric::sum;

/// `KL( N(mean, diag exp(log_variance)) || N(0, I) )`, in nats, summed over the dimensions:
///
/// ```text
/// 1/2 sum_i [ mean_i^2 + exp(v_i) - 1 - v_i ],    v = log_variance
/// ```
///
/// `mean` and `log_variance` have one entry per latent dimension; none gives zero. `exp(v) - 1 - v` is evaluated
/// without cancellation, so an encoder close to the prior keeps the digits of its small rate. A rate beyond the
/// range of `f64` (`v_i` above 709) is `+inf`. (Kingma and Welling, *Auto-Encoding Variational Bayes*, 2014,
/// appendix B.)
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the two lengths differ, [`InfoError::NonFinite`] for a NaN or infinity.
pub fn kl_from_standard_normal(mean: &[f64], log_variance: &[f64]) -> Result<f64, InfoError> {
    check_length("length of log_variance against mean", mean.len(), log_variance.len())?;
    check_finite("mean", mean.iter().copied())?;
    check_finite("log_variance", log_variance.iter().copied())?;
    let terms = mean.iter().zip(log_variance).map(|(&mean, &v)| mean * mean + exp_minus_1_minus_x(v));
    Ok(0.5 * sum(terms))
}

/// `KL( N(mean, diag exp(log_variance)) || N(prior_mean, diag exp(prior_log_variance)) )`, in nats, summed over
/// the dimensions:
///
/// ```text
/// 1/2 sum_i [ (mean_i - prior_mean_i)^2 exp(-w_i) + exp(v_i - w_i) - 1 - (v_i - w_i) ]
/// ```
///
/// with `v = log_variance` and `w = prior_log_variance`. All four have one entry per latent dimension. Precision
/// and range are those of [`kl_from_standard_normal`].
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the lengths differ, [`InfoError::NonFinite`] for a NaN or infinity.
pub fn kl_from_gaussian_prior(
    mean: &[f64],
    log_variance: &[f64],
    prior_mean: &[f64],
    prior_log_variance: &[f64],
) -> Result<f64, InfoError> {
    check_length("length of log_variance against mean", mean.len(), log_variance.len())?;
    check_length("length of prior_mean against mean", mean.len(), prior_mean.len())?;
    check_length("length of prior_log_variance against mean", mean.len(), prior_log_variance.len())?;
    check_finite("mean", mean.iter().copied())?;
    check_finite("log_variance", log_variance.iter().copied())?;
    check_finite("prior_mean", prior_mean.iter().copied())?;
    check_finite("prior_log_variance", prior_log_variance.iter().copied())?;
    let means = mean.iter().zip(prior_mean);
    let log_variances = log_variance.iter().zip(prior_log_variance);
    Ok(0.5
        * sum(means.zip(log_variances).map(|((&mean, &prior_mean), (&v, &w))| {
            squared_distance(mean, prior_mean, w) + exp_minus_1_minus_x(v - w)
        })))
}

/// `(a - b)^2 exp(-log_variance)`.
fn squared_distance(a: f64, b: f64, log_variance: f64) -> f64 {
    // Halves, so that a finite a and b cannot differ by infinity, which a vanishing precision would turn into NaN;
    // and the root of the precision in two factors, so that it overflows only where the square does.
    let half = 0.5 * a - 0.5 * b;
    if half == 0.0 {
        return 0.0;
    }
    let quarter = (-0.25 * log_variance).exp();
    let root = 2.0 * (half * quarter * quarter);
    root * root
}
