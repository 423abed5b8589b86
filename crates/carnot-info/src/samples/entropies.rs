use super::Counts;
use crate::Estimate;
use crate::digamma::digamma;
use crate::log_domain::xlogx;
use crate::numeric::sum;
use std::f64::consts::LN_2;

/// The plug-in (maximum-likelihood) entropy `H = -sum_i (n_i/n) ln(n_i/n)`, in nats.
///
/// **Bias: downwards, always**, by about `(K - 1) / (2 n)` for K letters of positive probability. With `p_i = n_i/n`
/// the squared standard error is
///
/// ```text
/// ( sum_i p_i ln^2 p_i - H^2 ) / n + (K - 1) / (2 n^2)
/// ```
///
/// with K the number of letters seen. At the uniform distribution the second term is all there is; the first, at shares
/// that are only nearly even, adds twice as much, and so near it the standard error is too large by up to `sqrt 3` at any
/// n. It knows nothing of the bias, which is the larger of the two while letters are rare. (Paninski,
/// *Estimation of entropy and mutual information*, 2003; Harris, *The statistical estimation of entropy in the
/// non-parametric case*, 1975.)
#[must_use]
pub fn plug_in_entropy(counts: &Counts) -> Estimate {
    Estimate::exact(plug_in(counts)).with_std_err(std_err(counts))
}

/// The Miller-Madow entropy `H_plug-in + (K - 1) / (2 n)`, with K the number of letters seen, in nats.
///
/// **Bias: of order `1/n^2`** once every letter has been seen; before that downwards, as K falls short. The standard
/// error is that of [`plug_in_entropy`]. (Miller, *Note on the bias of information estimates*, 1955.)
#[must_use]
pub fn miller_madow_entropy(counts: &Counts) -> Estimate {
    let correction = (counts.observed() - 1) as f64 / (2.0 * counts.total() as f64);
    Estimate::exact(plug_in(counts) + correction).with_std_err(std_err(counts))
}

/// The Grassberger entropy `psi(n) - sum_i (n_i/n) G(n_i)`, in nats, with
///
/// ```text
/// G(k) = psi(k) + (-1)^k int_0^1 t^(k-1) / (1 + t) dt = psi(floor(k/2) + 1/2) + ln 2
/// ```
///
/// **Bias: exactly `-sum_i p_i int_0^(1 - 2 p_i) u^(n-1) / (1 - u) du`**: downwards for letters rarer than 1/2 and
/// negligible for those seen a few times; from a letter above 1/2, at most `1/n` in magnitude, of the sign of
/// `(-1)^(n-1)`. A sample of one letter alone therefore does not give exactly zero. The standard error is that of
/// [`plug_in_entropy`], too small by up to a half while most letters were seen once or twice. (Grassberger, *Entropy estimates from insufficient samplings*, 2003, with `psi(n)` for
/// his `ln n`, which is larger by `1/(2n)`: Schürmann, *Bias analysis in entropy estimation*, 2004, at `xi = 1/2`.)
#[must_use]
pub fn grassberger_entropy(counts: &Counts) -> Estimate {
    let total = counts.total() as f64;
    let mean = sum(counts.positive().map(|count| {
        let term = digamma((count / 2) as f64 + 0.5) + LN_2;
        count as f64 / total * term
    }));
    Estimate::exact(digamma(total) - mean).with_std_err(std_err(counts))
}

/// The Chao-Shen entropy, in nats: with `C = 1 - f_1 / n` the estimated coverage of the sample (`f_1` letters were seen
/// once) and `q_i = C n_i / n`,
///
/// ```text
/// H = - sum_i q_i ln q_i / (1 - (1 - q_i)^n)
/// ```
///
/// Each letter is weighted by the inverse of its probability of being seen (Horvitz and Thompson). **Bias: of either
/// sign, mostly downwards** while much of the alphabet is unseen, and far smaller then than that of the plug-in. When
/// every letter was seen once, `f_1 = n - 1` is taken, since no coverage is zero. For a standard error see
/// [`jackknife`](super::jackknife()). (Chao and Shen, *Nonparametric estimation of Shannon's index of diversity when
/// there are unseen species in sample*, 2003.)
#[must_use]
pub fn chao_shen_entropy(counts: &Counts) -> f64 {
    let total = counts.total() as f64;
    let singletons = (counts.singletons() as f64).min(total - 1.0);
    let coverage = 1.0 - singletons / total;
    sum(counts.shares().map(|share| {
        let q = coverage * share;
        // 1 - (1 - q)^n, for q = 1 too, where ln(1 - q) is -inf.
        let seen = -(total * (-q).ln_1p()).exp_m1();
        -xlogx(q) / seen
    }))
}

fn plug_in(counts: &Counts) -> f64 {
    sum(counts.shares().map(|share| -xlogx(share)))
}

/// The standard error that [`plug_in_entropy`] states.
fn std_err(counts: &Counts) -> f64 {
    let (total, entropy) = (counts.total() as f64, plug_in(counts));
    let variance = sum(counts.shares().map(|share| share * (share.ln() + entropy).powi(2)));
    let second_order = (counts.observed() - 1) as f64 / (2.0 * total * total);
    (variance / total + second_order).sqrt()
}
