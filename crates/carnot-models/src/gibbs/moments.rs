//! Means and covariances under self-normalised weights, without their bias of first order.

use carnot_info::{InfoError, log_softmax};

/// Means and covariances of the losses of one input under `w_k / sum w`, jackknifed over the draws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moments {
    pub(super) distortion: f64,
    pub(super) classification: f64,
    pub(super) distortion_variance: f64,
    pub(super) covariance: f64,
    pub(super) classification_variance: f64,
}

impl Moments {
    /// Those of the draws whose log-weights and losses these are, of which there are at least two.
    ///
    /// # Errors
    ///
    /// [`InfoError`] for log-weights that have no softmax.
    pub(super) fn new(
        log_weights: &[f64],
        distortions: &[f64],
        classifications: &[f64],
    ) -> Result<Self, InfoError> {
        let mut shares = log_softmax(log_weights)?;
        shares.iter_mut().for_each(|share| *share = share.exp());
        let others = others(&shares);
        let [d, c] = [distortions, classifications].map(|losses| Centred::new(&shares, losses));
        let mean = |losses: &Centred| losses.mean + losses.correction(&shares, &others);
        let covariance = |a: &Centred, b: &Centred| covariance(&shares, &others, a, b);
        Ok(Self {
            distortion: mean(&d),
            classification: mean(&c),
            distortion_variance: covariance(&d, &d),
            covariance: covariance(&d, &c),
            classification_variance: covariance(&c, &c),
        })
    }
}

/// `(n - 1) / n`, the factor of a jackknife's correction.
fn factor(shares: &[f64]) -> f64 {
    (shares.len() - 1) as f64 / shares.len() as f64
}

/// What all but one of the shares add up to.
fn others(shares: &[f64]) -> Vec<f64> {
    let all_but = |k: usize| shares[..k].iter().chain(&shares[k + 1..]).sum::<f64>();
    // At most one share is above one half; one less that has few digits.
    let rest = |(k, &share): (usize, &f64)| if share > 0.5 { all_but(k) } else { 1.0 - share };
    shares.iter().enumerate().map(rest).collect()
}

/// Losses around their weighted mean.
struct Centred {
    mean: f64,
    deviations: Vec<f64>,
}

impl Centred {
    fn new(shares: &[f64], losses: &[f64]) -> Self {
        let mean = shares.iter().zip(losses).map(|(share, loss)| share * loss).sum::<f64>();
        Self { mean, deviations: losses.iter().map(|loss| loss - mean).collect() }
    }

    /// What the jackknife adds to the mean: without draw k the mean is less by `p_k d_k / (1 - p_k)`.
    fn correction(&self, shares: &[f64], others: &[f64]) -> f64 {
        let terms = shares.iter().zip(others).zip(&self.deviations);
        // Where the others have no weight at all nothing is known of a mean without the one.
        let known = terms.filter(|((_, rest), _)| **rest > 0.0);
        factor(shares) * known.map(|((share, rest), deviation)| share * deviation / rest).sum::<f64>()
    }
}

/// The covariance, jackknifed: without draw k it is less by `p_k / (1 - p_k) (d_k c_k / (1 - p_k) - cov)`.
fn covariance(shares: &[f64], others: &[f64], a: &Centred, b: &Centred) -> f64 {
    let products = || a.deviations.iter().zip(&b.deviations).map(|(a, b)| a * b);
    let plain = shares.iter().zip(products()).map(|(share, product)| share * product).sum::<f64>();
    let terms = shares.iter().zip(others).zip(products()).filter(|((_, rest), _)| **rest > 0.0);
    let less = terms.map(|((share, rest), product)| share / rest * (product / rest - plain));
    plain + factor(shares) * less.sum::<f64>()
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;

    const LOG_WEIGHTS: [f64; 5] = [0.3, -1.0, 0.9, -400.0, 0.1];
    const DISTORTIONS: [f64; 5] = [3.0, 1.5, 4.0, 1.0, 2.0];
    const CLASSIFICATIONS: [f64; 5] = [0.2, 0.9, 0.1, 0.4, 1.6];

    /// Mean and covariance by their definition, of all draws but one.
    fn plain(without: Option<usize>, a: &[f64], b: &[f64]) -> (f64, f64) {
        let draws = || (0..a.len()).filter(move |k| Some(*k) != without);
        let total: f64 = draws().map(|k| LOG_WEIGHTS[k].exp()).sum();
        let mean =
            |f: &dyn Fn(usize) -> f64| draws().map(|k| LOG_WEIGHTS[k].exp() * f(k)).sum::<f64>() / total;
        let (of_a, of_b) = (mean(&|k| a[k]), mean(&|k| b[k]));
        (of_a, mean(&|k| (a[k] - of_a) * (b[k] - of_b)))
    }

    #[test]
    fn the_short_form_is_the_jackknife() {
        let found = Moments::new(&LOG_WEIGHTS, &DISTORTIONS, &CLASSIFICATIONS).expect("weights");
        let jackknifed = |a: &[f64], b: &[f64]| {
            let n = a.len() as f64;
            let whole = plain(None, a, b);
            let parts: Vec<_> = (0..a.len()).map(|k| plain(Some(k), a, b)).collect();
            let mean = |f: fn(&(f64, f64)) -> f64| parts.iter().map(f).sum::<f64>() / n;
            (n * whole.0 - (n - 1.0) * mean(|p| p.0), n * whole.1 - (n - 1.0) * mean(|p| p.1))
        };
        let (distortion, distortion_variance) = jackknifed(&DISTORTIONS, &DISTORTIONS);
        let (classification, classification_variance) = jackknifed(&CLASSIFICATIONS, &CLASSIFICATIONS);
        let (_, covariance) = jackknifed(&DISTORTIONS, &CLASSIFICATIONS);
        assert_close!(found.distortion, distortion, rtol = 1e-12, atol = 0.0);
        assert_close!(found.classification, classification, rtol = 1e-12, atol = 0.0);
        assert_close!(found.distortion_variance, distortion_variance, rtol = 1e-12, atol = 0.0);
        assert_close!(found.classification_variance, classification_variance, rtol = 1e-12, atol = 0.0);
        assert_close!(found.covariance, covariance, rtol = 1e-12, atol = 0.0);
    }

    #[test]
    fn equal_weights_have_the_unbiased_covariance_and_a_single_one_has_none() {
        let equal = Moments::new(&[-7.0; 5], &DISTORTIONS, &CLASSIFICATIONS).expect("weights");
        let mean = DISTORTIONS.iter().sum::<f64>() / 5.0;
        let variance = DISTORTIONS.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / 4.0;
        assert_close!(equal.distortion, mean, rtol = 1e-14, atol = 0.0);
        assert_close!(equal.distortion_variance, variance, rtol = 1e-14, atol = 0.0);
        let one = [0.0, f64::NEG_INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        let single = Moments::new(&one, &DISTORTIONS, &CLASSIFICATIONS).expect("weights");
        assert_eq!((single.distortion, single.distortion_variance, single.covariance), (3.0, 0.0, 0.0));
    }
}
