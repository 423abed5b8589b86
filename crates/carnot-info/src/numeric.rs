use ndarray::{ArrayViewMut, Dimension, Ix1};

/// How far from one the sum of a distribution, of a row of a channel or of a joint table may be
/// (absolutely) before it is refused.
///
/// Wide enough for tables that went through a text file with ten digits, or through a few million
/// additions; narrow enough that a forgotten or doubled outcome never passes unless its own probability is
/// below it. What is accepted is divided by its sum.
pub const NORMALISATION_TOLERANCE: f64 = 1e-9;

/// Compensated (Neumaier) sum: the error is one rounding of the result plus a term of order
/// `n * eps^2 * sum |terms|`.
pub(crate) fn sum(terms: impl IntoIterator<Item = f64>) -> f64 {
    let mut total = 0.0_f64;
    let mut correction = 0.0;
    for term in terms {
        let next = total + term;
        correction += if total.abs() >= term.abs() { (total - next) + term } else { (term - next) + total };
        total = next;
    }
    // After an infinite term the correction is inf - inf; the total alone is then the answer.
    if total.is_finite() { total + correction } else { total }
}

/// Whether `value` may stand in a table of probabilities or weights.
pub(crate) fn is_weight(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

/// Divides weights (finite, not negative) by their sum; `false`, and nothing changed, when all are zero.
///
/// A positive weight stays positive: what would underflow is held at the least positive `f64`. Otherwise a
/// decoder computed from an encoder could lack support where that encoder has it, and its distortion would be
/// infinite instead of minimal.
pub(crate) fn normalise<D: Dimension>(mut weights: ArrayViewMut<'_, f64, D>) -> bool {
    let mut total = sum(weights.iter().copied());
    if !total.is_normal() {
        // The sum overflowed, or is too small for its reciprocal: bring the largest weight to one first.
        let largest = weights.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 {
            return false;
        }
        weights.mapv_inplace(|weight| divide(weight, largest));
        total = sum(weights.iter().copied());
    }
    weights.mapv_inplace(|weight| divide(weight, total));
    true
}

/// Normalises weights that were normalised before they were written, and may have been changed since. What still sums to one
/// within rounding keeps every bit: the quotients, their divisor and the sum here are rounded once each.
pub(crate) fn normalise_again(mut weights: ArrayViewMut<'_, f64, Ix1>) -> bool {
    if (sum(weights.iter().copied()) - 1.0).abs() > 2.0 * f64::EPSILON {
        return normalise(weights);
    }
    // -0.0 to 0.0.
    weights.mapv_inplace(|weight| weight + 0.0);
    true
}

fn divide(weight: f64, by: f64) -> f64 {
    // The comparison also turns -0.0 into 0.0.
    if weight > 0.0 { (weight / by).max(LEAST_POSITIVE) } else { 0.0 }
}

/// The least positive (subnormal) `f64`.
const LEAST_POSITIVE: f64 = f64::from_bits(1);

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn sum_keeps_what_plain_addition_loses() {
        assert_eq!(sum([1e16, 1.0, -1e16]), 1.0);
        assert_eq!(sum([1.0, f64::INFINITY, 2.0]), f64::INFINITY);
        assert_eq!(sum([]), 0.0);
    }

    #[test]
    fn normalise_survives_the_ends_of_the_range() {
        for scale in [f64::MAX, 1.0, f64::MIN_POSITIVE, LEAST_POSITIVE] {
            let mut weights = array![scale, scale, 0.0, -0.0, scale];
            assert!(normalise(weights.view_mut()));
            assert_eq!(weights, array![1.0 / 3.0, 1.0 / 3.0, 0.0, 0.0, 1.0 / 3.0], "{scale}");
            assert!(weights[3].is_sign_positive());
        }
        let mut zero = array![0.0, 0.0];
        assert!(!normalise(zero.view_mut()));
    }

    #[test]
    fn normalise_keeps_the_support() {
        let mut weights = array![LEAST_POSITIVE, 1.0, 1.0, 1.0];
        assert!(normalise(weights.view_mut()));
        assert_eq!(weights[0], LEAST_POSITIVE);
    }
}
