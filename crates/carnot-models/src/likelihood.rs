//! Rate, distortion and classification loss of one sample, in `f64` and nats: what the engine is compared with.

use carnot_info::{kl_from_gaussian_prior, log_sum_exp};

use crate::Likelihood;

/// `KL(N(mean, diag exp(log_variance)) || N(prior_mean, diag exp(prior_log_variance)))`.
pub(crate) fn rate(
    mean: &[f64],
    log_variance: &[f64],
    prior_mean: &[f64],
    prior_log_variance: &[f64],
) -> f64 {
    kl_from_gaussian_prior(mean, log_variance, prior_mean, prior_log_variance).expect("finite numbers")
}

/// `-ln d(x|z)` of pixels x in [0, 1], constant included.
pub(crate) fn distortion(likelihood: Likelihood, pixels: &[f64], decoded: &[f64]) -> f64 {
    let pairs = pixels.iter().zip(decoded);
    let sum: f64 = match likelihood {
        Likelihood::Gaussian { variance } => {
            pairs.map(|(x, y)| (x - y) * (x - y)).sum::<f64>() / (2.0 * variance)
        }
        Likelihood::Bernoulli => pairs.map(|(x, l)| l.max(0.0) + (-l.abs()).exp().ln_1p() - x * l).sum(),
    };
    sum + likelihood.constant(pixels.len())
}

/// `-ln c(y|z) = ln sum exp(logits) - logits[label]`; infinite for a label that has no logit.
pub(crate) fn classification(logits: &[f64], label: u8) -> f64 {
    logits.get(usize::from(label)).map_or(f64::INFINITY, |logit| log_sum_exp(logits) - logit)
}
