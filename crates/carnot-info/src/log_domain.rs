use crate::InfoError;
use crate::numeric::sum;

/// `x ln x`, with its limit 0 at `x = 0`. NaN for negative `x`.
#[must_use]
pub fn xlogx(x: f64) -> f64 {
    xlogy(x, x)
}

/// `x ln y`, with 0 where `x = 0` whatever `y` is, NaN excepted: an event that does not happen costs nothing,
/// even if it was given probability zero.
#[must_use]
pub fn xlogy(x: f64, y: f64) -> f64 {
    if x == 0.0 && !y.is_nan() { 0.0 } else { x * y.ln() }
}

/// Converts a quantity of information from nats, the unit of everything in this crate, to bits.
#[must_use]
pub fn nats_to_bits(nats: f64) -> f64 {
    nats / std::f64::consts::LN_2
}

/// `ln sum_i exp(values_i)`, without overflow or underflow.
///
/// `-inf` entries contribute nothing; the value for no entries, or for only `-inf`, is `-inf`. A NaN gives NaN,
/// and otherwise a `+inf` gives `+inf`.
///
/// ```
/// # use carnot_info::log_sum_exp;
/// assert_eq!(log_sum_exp(&[-1e4, -1e4]), -1e4 + 2.0_f64.ln());
/// assert_eq!(log_sum_exp(&[]), f64::NEG_INFINITY);
/// ```
#[must_use]
pub fn log_sum_exp(values: &[f64]) -> f64 {
    if values.iter().any(|value| value.is_nan()) {
        return f64::NAN;
    }
    let Some((at, largest)) = values.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return f64::NEG_INFINITY;
    };
    if largest.is_infinite() {
        return largest;
    }
    // The largest term is exactly 1; leaving it to ln_1p keeps the digits of a sum of tiny others.
    let others = values.iter().enumerate().filter(|(index, _)| *index != at);
    largest + sum(others.map(|(_, value)| (value - largest).exp())).ln_1p()
}

/// `values_i - ln sum_j exp(values_j)` for every `i`: the logarithms of the softmax of logits.
///
/// `-inf` entries stay `-inf`; no entries give no entries.
///
/// # Errors
///
/// [`InfoError::InvalidLogWeight`] for a NaN or `+inf`, and [`InfoError::ZeroWeights`] when every entry is
/// `-inf`: no softmax exists there.
pub fn log_softmax(values: &[f64]) -> Result<Vec<f64>, InfoError> {
    check_log_weights(0, values.iter().copied())?;
    let Some(largest) = values.iter().copied().max_by(f64::total_cmp) else {
        return Ok(Vec::new());
    };
    // Subtracting the largest first is exact for values near it; ln(sum) is then at most ln(n), not added to 1e4.
    let shifted: Vec<f64> = values.iter().map(|value| value - largest).collect();
    let log_total = log_sum_exp(&shifted);
    Ok(shifted.into_iter().map(|value| value - log_total).collect())
}

/// Refuses log-weights without a softmax. An empty row passes.
pub(crate) fn check_log_weights(row: usize, values: impl Iterator<Item = f64>) -> Result<(), InfoError> {
    let mut largest = None;
    for (column, value) in values.enumerate() {
        if value.is_nan() || value == f64::INFINITY {
            return Err(InfoError::InvalidLogWeight { row, column, value });
        }
        largest = Some(largest.map_or(value, |largest: f64| largest.max(value)));
    }
    if largest == Some(f64::NEG_INFINITY) { Err(InfoError::ZeroWeights { row }) } else { Ok(()) }
}

/// `r - ln(1 + r)` for `r > -1`: not negative, to full relative precision near its double zero at `r = 0`.
pub(crate) fn x_minus_ln_1p(r: f64) -> f64 {
    if r.abs() > 0.25 {
        return r - r.ln_1p();
    }
    // With s = r / (2 + r), ln(1 + r) = 2 (s + s^3/3 + s^5/5 + ...) and r - 2 s = r s, so that no two terms of
    // like size are subtracted. |s| <= 1/7: the twelve terms kept leave out less than 1e-21 of the first.
    let s = r / (2.0 + r);
    let square = s * s;
    let series = (0..12).rev().fold(0.0, |tail, k| 1.0 / f64::from(2 * k + 3) + square * tail);
    s * (r - 2.0 * square * series)
}

/// `exp(v) - 1 - v`: not negative, to full relative precision near its double zero at `v = 0`.
pub(crate) fn exp_minus_1_minus_x(v: f64) -> f64 {
    if v.abs() > 0.2 {
        // At +inf the difference would be inf - inf.
        return if v == f64::INFINITY { v } else { v.exp_m1() - v };
    }
    x_minus_ln_1p(v.exp_m1())
}

/// `1/2 ln(1 + s^2)` for `s >= 0`, to full relative precision when s is small and without overflow when it is large.
pub(crate) fn half_log_1_plus_square(s: f64) -> f64 {
    if s <= 1.0 { 0.5 * (s * s).ln_1p() } else { s.ln() + 0.5 * (1.0 / (s * s)).ln_1p() }
}
