use crate::error::check_length;
use crate::{Channel, Distribution, InfoError, channel_information};
use ndarray::Array2;

/// The Jensen-Shannon divergence `1/2 KL(p || m) + 1/2 KL(q || m)` with `m = (p + q) / 2`, in nats: between 0 for
/// `p = q` and `ln 2` for disjoint supports, finite always, and symmetric; its square root is a metric.
///
/// No digits are lost when the two are almost equal. (Lin, *Divergence measures based on the Shannon entropy*, 1991.)
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the alphabets differ in size.
pub fn jensen_shannon_divergence(p: &Distribution, q: &Distribution) -> Result<f64, InfoError> {
    jensen_shannon_divergence_of(&Distribution::uniform(2)?, &[p, q])
}

/// The Jensen-Shannon divergence of several distributions, `H( sum_i w_i p_i ) - sum_i w_i H(p_i)`, in nats: between 0
/// and `H(w)`, the latter for disjoint supports.
///
/// `weights` is `w`, one entry for each of the `components` `p_i`. It is the mutual information of the outcome and the
/// number of the component that it was drawn from, and is computed as such, a mean of relative entropies.
/// (Lin, *Divergence measures based on the Shannon entropy*, 1991.)
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when there are more or fewer components than weights, or their alphabets differ in
/// size.
pub fn jensen_shannon_divergence_of(
    weights: &Distribution,
    components: &[&Distribution],
) -> Result<f64, InfoError> {
    check_length("components against weights", weights.n_outcomes(), components.len())?;
    let n_outcomes = components.first().map_or(0, |first| first.n_outcomes());
    let mut table = Array2::zeros((components.len(), n_outcomes));
    for (mut row, component) in table.rows_mut().into_iter().zip(components) {
        check_length("outcomes of a component against the first", n_outcomes, component.n_outcomes())?;
        row.assign(&component.probabilities());
    }
    channel_information(weights, &Channel::from_checked(table)?)
}
