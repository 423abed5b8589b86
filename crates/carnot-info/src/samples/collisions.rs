use super::Counts;
use crate::numeric::sum;
use crate::{Estimate, InfoError};

/// The collision probability `sum_x p(x)^2`, that two independent draws agree: the share of the pairs of observations
/// that do, `sum_i n_i (n_i - 1) / (n (n - 1))`.
///
/// **Without bias**, so that `1 -` it is the Tsallis entropy of order 2 without bias. With `P_k = sum_x p(x)^k` its
/// variance is exactly
///
/// ```text
/// [ 4 (n - 2) (P_3 - P_2^2) + 2 (P_2 - P_2^2) ] / (n (n - 1))
/// ```
///
/// (Hoeffding, *A class of statistics with asymptotically normal distribution*, 1948, section 5); the standard error
/// is the root of that at the observed shares: near the uniform distribution, where `P_3 - P_2^2` vanishes and that of nearly
/// even shares does not, too large by up to `sqrt 3` at any n.
///
/// # Errors
///
/// [`InfoError::SamplesRequired`] for a single observation.
pub fn collision_probability(counts: &Counts) -> Result<Estimate, InfoError> {
    counts.check_total("collision probability", 2)?;
    let n = counts.total() as f64;
    let mean = sum(counts.positive().map(|count| count as f64 / n * ((count - 1) as f64 / (n - 1.0))));
    let (two, three) = (sum(counts.shares().map(|p| p * p)), sum(counts.shares().map(|p| p * p * p)));
    let first = (three - two * two).max(0.0) / n * (4.0 * (n - 2.0) / (n - 1.0));
    let second = 2.0 * (two - two * two).max(0.0) / (n * (n - 1.0));
    Ok(Estimate::exact(mean).with_std_err((first + second).sqrt()))
}

/// The collision entropy (Rényi's of order 2), `-ln sum_x p(x)^2`, in nats: minus the logarithm of the
/// [`collision_probability`], with the standard error of the latter relative to it.
///
/// **Bias: upwards**, by about half the square of the standard error, as the logarithm is concave.
///
/// # Errors
///
/// [`InfoError::SamplesRequired`] for a single observation, and [`InfoError::NoCollision`] when no letter was seen
/// twice: there is then no upper limit to the entropy.
pub fn collision_entropy(counts: &Counts) -> Result<Estimate, InfoError> {
    let probability = collision_probability(counts)?;
    if probability.mean() == 0.0 {
        return Err(InfoError::NoCollision { samples: counts.total() });
    }
    Ok(Estimate::exact(0.0 - probability.mean().ln())
        .with_std_err(probability.std_err() / probability.mean()))
}
