use super::Counts;
use crate::numeric::sum;
use crate::{Estimate, InfoError};

/// The jackknife of an estimator that is a function of counts: with `t` its value on all n observations and `t_j` that
/// without observation j,
///
/// ```text
/// mean = n t - (n - 1) avg_j t_j          std_err^2 = (n - 1)/n sum_j (t_j - avg t)^2
/// ```
///
/// The mean has no bias of order `1/n`: **of the plug-in entropy it leaves a bias of order `1/n^2`** (Zahl, *Jackknifing
/// an index of diversity*, 1977), and downwards while letters are unseen. The standard error is also that of the
/// estimator itself, to first order. It is of no use where there is no first order: of entropies near the uniform
/// distribution (exactly even counts give next to none), and of [`grassberger_entropy`](super::grassberger_entropy), whose
/// terms tell even counts from odd ones, so that it is too large, many times so for even shares. (Efron and Stein, *The jackknife estimate of variance*, 1981: upwards biased.)
///
/// The estimator is called once for each letter that was seen.
///
/// ```
/// # use carnot_info::samples::{Counts, chao_shen_entropy, jackknife};
/// # fn main() -> Result<(), carnot_info::InfoError> {
/// let counts = Counts::new(vec![40, 30, 20, 10])?;
/// // Chao and Shen's estimate, with a standard error.
/// let std_err = jackknife(&counts, chao_shen_entropy)?.std_err();
/// assert!((0.02..0.06).contains(&std_err));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`InfoError::SamplesRequired`] for a single observation, [`InfoError::InvalidEstimate`] when the estimator's values
/// are not finite.
pub fn jackknife(counts: &Counts, estimator: impl Fn(&Counts) -> f64) -> Result<Estimate, InfoError> {
    counts.check_total("jackknife", 2)?;
    let n = counts.total() as f64;
    let whole = estimator(counts);
    // Observations of one letter leave the same counts behind: one term, as often as the letter was seen.
    let mut without = Vec::with_capacity(counts.observed());
    let mut left = counts.counts().to_vec();
    for (letter, &count) in counts.counts().iter().enumerate().filter(|(_, count)| **count > 0) {
        left[letter] = count - 1;
        without.push((count as f64, estimator(&Counts::new(left.as_slice())?)));
        left[letter] = count;
    }
    // Differences from the whole: n times it is not subtracted from as much.
    let shift = sum(without.iter().map(|(weight, value)| weight * (value - whole))) / n;
    let squares = sum(without.iter().map(|(weight, value)| weight * (value - whole - shift).powi(2)));
    Estimate::from_mean_and_std_err(whole - (n - 1.0) * shift, ((n - 1.0) / n * squares).sqrt())
}
