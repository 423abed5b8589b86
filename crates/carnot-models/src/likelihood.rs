//! Rate, distortion and classification loss of one sample, in `f64` and nats, apart from candle.

use carnot_info::{kl_from_standard_normal, log_sum_exp};

use crate::Likelihood;

/// `KL(N(mean, diag exp(log_variance)) || N(0, I))`; NaN where the encoder's output is not finite.
pub(crate) fn rate(mean: &[f64], log_variance: &[f64]) -> f64 {
    kl_from_standard_normal(mean, log_variance).unwrap_or(f64::NAN)
}

/// `-ln d(x|z)` of pixels x in [0, 1], constant included.
pub(crate) fn distortion(likelihood: Likelihood, pixels: &[f32], decoded: &[f64]) -> f64 {
    let pairs = pixels.iter().map(|&x| f64::from(x)).zip(decoded);
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

/// Whether the label's logit is the largest.
pub(crate) fn is_correct(logits: &[f64], label: u8) -> bool {
    let best = logits.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    best.is_some_and(|(class, _)| class == usize::from(label))
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;

    #[test]
    fn closed_forms_of_one_sample() {
        // A standard normal encoder has no rate; a shifted one of unit variance half its squared mean.
        assert_eq!(rate(&[0.0, 0.0], &[0.0, 0.0]), 0.0);
        assert_close!(rate(&[3.0], &[0.0]), 4.5, rtol = 1e-15, atol = 0.0);
        // KL(N(0, s^2) || N(0, 1)) near s = 1 is delta^2 / 4 in delta = ln s^2, and does not cancel to zero.
        assert_close!(rate(&[0.0], &[1e-6]), 0.25e-12 + 1e-18 / 12.0, rtol = 1e-12, atol = 0.0);
        assert!(rate(&[f64::NAN], &[0.0]).is_nan() && rate(&[0.0], &[f64::INFINITY]).is_nan());
        let half = Likelihood::Gaussian { variance: 0.5 };
        // The squared error plus (n/2) ln pi.
        let expected = 0.25 + 1.0 + std::f64::consts::PI.ln();
        assert_close!(distortion(half, &[0.5, 1.0], &[0.0, 0.0]), expected, rtol = 1e-15, atol = 0.0);
    }

    #[test]
    fn logits_of_any_size_give_finite_losses() {
        assert_eq!(classification(&[1e4, 0.0], 0), 0.0);
        assert_eq!(classification(&[1e4, 0.0], 1), 1e4);
        assert_close!(classification(&[5.0; 10], 3), 10f64.ln(), rtol = 1e-15, atol = 0.0);
        assert_eq!(classification(&[0.0; 2], 2), f64::INFINITY);
        assert_eq!(distortion(Likelihood::Bernoulli, &[0.0, 1.0], &[1e4, -1e4]), 2e4);
        assert!(is_correct(&[0.0, 2.0, 1.0], 1) && !is_correct(&[0.0, 2.0, 1.0], 2));
    }
}
