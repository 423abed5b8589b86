use crate::error::check_length;
use crate::log_domain::{x_minus_ln_1p, xlogx, xlogy};
use crate::numeric::sum;
use crate::{Channel, Distribution, InfoError, Joint};

/// The entropy `H(X) = -sum_x p(x) ln p(x)`, in nats: between 0 and `ln n`.
#[must_use]
pub fn entropy(p: &Distribution) -> f64 {
    sum(p.iter().map(|probability| -xlogx(probability)))
}

/// The entropy of a pair, `H(X, Y) = -sum_{x,y} p(x, y) ln p(x, y)`, in nats.
#[must_use]
pub fn joint_entropy(joint: &Joint) -> f64 {
    sum(joint.table().iter().map(|probability| -xlogx(*probability)))
}

/// The entropy left in the output of a channel when its input is known,
/// `H(Z|X) = -sum_x p(x) sum_z p(z|x) ln p(z|x)`, in nats.
///
/// For a joint table, `H(Y|X)` is
/// `conditional_entropy(&joint.marginal_x(), &joint.conditional_y_given_x())`, and `H(X|Y)` the same of the
/// other two.
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when `source` has another number of outcomes than `channel` has inputs.
pub fn conditional_entropy(source: &Distribution, channel: &Channel) -> Result<f64, InfoError> {
    channel.check_source(source)?;
    let rows = source.iter().zip(channel.rows());
    Ok(sum(rows.map(|(probability, row)| probability * sum(row.iter().map(|entry| -xlogx(*entry))))))
}

/// The cross-entropy `-sum_x p(x) ln q(x)`, in nats: the mean code length when `p` is true and the code was made
/// for `q`. `+inf` where `q` is zero and `p` is not.
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the alphabets differ in size.
pub fn cross_entropy(p: &Distribution, q: &Distribution) -> Result<f64, InfoError> {
    check_length("outcomes of q against outcomes of p", p.n_outcomes(), q.n_outcomes())?;
    Ok(sum(p.iter().zip(q.iter()).map(|(p, q)| -xlogy(p, q))))
}

/// The relative entropy `KL(p || q) = sum_x p(x) ln(p(x) / q(x))`, in nats: how much longer a code made for the
/// second argument is when the first is true. Not negative, zero only for `p = q`, and `+inf` where `q` is zero
/// and `p` is not.
///
/// It is summed as `sum_x [ p ln(p/q) - p + q ]`, the same number for sums of one, whose terms are each not
/// negative: two almost equal distributions lose no digits to cancellation.
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the alphabets differ in size.
pub fn kl_divergence(p: &Distribution, q: &Distribution) -> Result<f64, InfoError> {
    check_length("outcomes of q against outcomes of p", p.n_outcomes(), q.n_outcomes())?;
    Ok(sum(p.iter().zip(q.iter()).map(|(p, q)| divergence_term(p, q))))
}

/// The mutual information `I(X;Y) = sum_{x,y} p(x, y) ln( p(x, y) / (p(x) p(y)) )`, in nats.
///
/// Not negative, and to full relative precision also when `x` and `y` are almost independent.
#[must_use]
pub fn mutual_information(joint: &Joint) -> f64 {
    mean_divergence(&joint.marginal_x(), &joint.conditional_y_given_x(), &joint.marginal_y())
}

/// The mutual information `I(X;Z)` of the input and the output of a channel, in nats.
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when `source` has another number of outcomes than `channel` has inputs.
pub fn channel_information(source: &Distribution, channel: &Channel) -> Result<f64, InfoError> {
    Ok(mean_divergence(source, channel, &channel.push(source)?))
}

/// `sum_x p(x) KL(channel(.|x) || reference)`, for arguments of matching sizes.
///
/// Summed over rows of conditional probabilities: a product `p(x) p(z)` may underflow where `p(x, z)` does not.
pub(crate) fn mean_divergence(source: &Distribution, channel: &Channel, reference: &Distribution) -> f64 {
    sum(source.iter().zip(channel.rows()).map(|(probability, row)| {
        sum(row.iter().zip(reference.iter()).map(|(&p, q)| weighted_divergence_term(probability, p, q)))
    }))
}

/// `weight * (p ln(p/q) - p + q)`, where a pair of probability `weight * p` that underflows carries no weight: an
/// aggregate computed from the same products is zero there, and no outcome of the sort is a lack of support.
pub(crate) fn weighted_divergence_term(weight: f64, p: f64, q: f64) -> f64 {
    if weight * p == 0.0 { weight * q } else { weight * divergence_term(p, q) }
}

/// `p ln(p/q) - p + q`, not negative for `p, q >= 0`; `q` at `p = 0`, and `+inf` at `q = 0 < p`.
pub(crate) fn divergence_term(p: f64, q: f64) -> f64 {
    if p == 0.0 {
        return q;
    }
    let excess = (q - p) / p;
    if excess.abs() <= 0.25 {
        return p * x_minus_ln_1p(excess);
    }
    let ratio = p / q;
    // The ratio of a subnormal number to one, or the inverse, leaves the range; its logarithm does not.
    let log_ratio = if ratio.is_normal() { ratio.ln() } else { p.ln() - q.ln() };
    p * log_ratio - p + q
}

#[cfg(test)]
mod tests {
    use super::divergence_term;
    use carnot_testkit::assert_close;

    #[test]
    fn a_divergence_term_keeps_its_digits_near_equality() {
        // (d^2/2 - d^3/6 + d^4/12) p for q = p (1 + ...): the Taylor series of p ln(p/q) - p + q in d = (q - p)/p
        // is p (d^2/2 - d^3/3 + d^4/4 - ...); d is a power of two so that q is exact.
        for exponent in [8, 12, 16, 20, 26] {
            let d = 0.5_f64.powi(exponent);
            let p = 0.25;
            let exact =
                p * (d * d / 2.0 - d.powi(3) / 3.0 + d.powi(4) / 4.0 - d.powi(5) / 5.0 + d.powi(6) / 6.0);
            // The first term left out is d^7/7, below 1e-12 of the sum at d = 2^-8.
            assert_close!(divergence_term(p, p * (1.0 + d)), exact, 1e-12, 0.0);
        }
    }

    #[test]
    fn a_divergence_term_is_continuous_where_its_formula_changes() {
        for edge in [0.75, 1.25] {
            let inside = divergence_term(1.0, edge);
            let outside = 1.0 * (1.0 / edge).ln() - 1.0 + edge;
            // The direct form subtracts numbers near 0.25 to get 0.03: a few roundings of the former.
            assert_close!(inside, outside, 1e-14, 0.0);
        }
    }

    #[test]
    fn a_divergence_term_survives_the_ends_of_the_range() {
        let least = f64::from_bits(1);
        assert_eq!(divergence_term(least, 1.0), 1.0);
        // 1 ln(1/least) - 1, with ln(least) = -1074 ln 2.
        assert_close!(divergence_term(1.0, least), 1074.0 * std::f64::consts::LN_2 - 1.0, 1e-15, 0.0);
        assert_eq!(divergence_term(0.5, 0.0), f64::INFINITY);
        assert_eq!(divergence_term(0.0, 0.5), 0.5);
        assert_eq!(divergence_term(0.0, 0.0), 0.0);
    }
}
