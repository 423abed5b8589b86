//! The few numerical tools that closed forms and their checks share: entropies, a water level, a root and a minimum.
//!
//! They are slow and plain on purpose. What they check must not be computed by what they check.

/// The Shannon entropy `-sum_i p_i ln p_i` in nats; a zero cell contributes nothing.
pub fn entropy(probabilities: &[f64]) -> f64 {
    -probabilities.iter().filter(|&&p| p > 0.0).map(|p| p * p.ln()).sum::<f64>()
}

/// The binary entropy `h(p) = -p ln p - (1 - p) ln(1 - p)` in nats.
pub fn binary_entropy(p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 { 0.0 } else { -p * p.ln() - (1.0 - p) * (-p).ln_1p() }
}

/// The binary convolution `a * b = a (1 - b) + b (1 - a)`: the flip probability of two binary symmetric channels in a
/// row.
pub fn binary_convolution(a: f64, b: f64) -> f64 {
    a * (1.0 - b) + b * (1.0 - a)
}

/// The level `c` at which `sum_i min(v_i, c) = total`, for values `v_i >= 0` and a total in `[0, sum_i v_i]`; the
/// largest value for a total beyond.
pub fn water_level(values: &[f64], total: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut full = 0.0;
    for (k, &value) in sorted.iter().enumerate() {
        let level = (total - full) / (sorted.len() - k) as f64;
        if level <= value {
            return level;
        }
        full += value;
    }
    sorted.last().copied().unwrap_or(0.0)
}

/// A root of `f` between `low` and `high`, where its signs differ, by bisection until no number lies between.
pub fn bisect(f: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    let (mut low, mut high) = (low, high);
    let sign = f(low).is_sign_negative();
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if f(middle).is_sign_negative() == sign {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// A place where `f` is least.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Minimum {
    /// The argument, known to about the square root of the rounding of `f`.
    pub at: f64,
    /// The value, the least of all that were seen.
    pub value: f64,
}

/// The minimum of a unimodal `f` on `[low, high]` by golden-section search, the ends included.
pub fn golden_section(f: impl Fn(f64) -> f64, low: f64, high: f64) -> Minimum {
    let ratio = 0.5 * (5f64.sqrt() - 1.0);
    let (mut a, mut b) = (low, high);
    let mut best = Minimum { at: low, value: f(low) };
    let mut look = |at: f64| {
        let value = f(at);
        if value < best.value {
            best = Minimum { at, value };
        }
        value
    };
    look(high);
    let (mut left, mut right) = (b - ratio * (b - a), a + ratio * (b - a));
    let (mut f_left, mut f_right) = (look(left), look(right));
    // The interval shrinks to 1e-17 of itself: below what rounding can tell.
    for _ in 0..80 {
        if f_left <= f_right {
            b = right;
            (right, f_right) = (left, f_left);
            left = b - ratio * (b - a);
            f_left = look(left);
        } else {
            a = left;
            (left, f_left) = (right, f_right);
            right = a + ratio * (b - a);
            f_right = look(right);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assert_close;

    #[test]
    fn entropies_have_their_textbook_values() {
        assert_close!(entropy(&[0.5, 0.25, 0.25, 0.0]), 1.5 * 2f64.ln(), rtol = 1e-15, atol = 0.0);
        assert_close!(binary_entropy(0.25), entropy(&[0.25, 0.75]), rtol = 1e-15, atol = 0.0);
        assert_eq!((binary_entropy(0.0), binary_entropy(1.0)), (0.0, 0.0));
        assert_close!(binary_convolution(0.1, 0.2), 0.26, rtol = 1e-15, atol = 0.0);
    }

    #[test]
    fn the_water_level_fills_to_the_total() {
        let values = [4.0, 0.1, 1.0, 2.0, 0.5];
        for total in [0.0, 0.5, 1.0, 4.0, 7.0, 7.6] {
            let level = water_level(&values, total);
            // A sum of five.
            assert_close!(values.iter().map(|v| v.min(level)).sum(), total, rtol = 1e-15, atol = 1e-15);
        }
        assert_eq!(water_level(&values, 100.0), 4.0);
    }

    #[test]
    fn roots_and_minima_are_found() {
        assert_close!(bisect(|x| x * x - 2.0, 0.0, 2.0), 2f64.sqrt(), rtol = 1e-15, atol = 0.0);
        assert_close!(bisect(|x| 2.0 - x * x, 0.0, 2.0), 2f64.sqrt(), rtol = 1e-15, atol = 0.0);
        let minimum = golden_section(|x| (x - 1.25).powi(2) - 3.0, -10.0, 40.0);
        assert_close!(minimum.value, -3.0, rtol = 1e-15, atol = 0.0);
        // The square root of the rounding of the value.
        assert_close!(minimum.at, 1.25, rtol = 0.0, atol = 1e-7);
        assert_eq!(golden_section(|x| x, 2.0, 3.0).at, 2.0);
        assert_eq!(golden_section(|x| -x, 2.0, 3.0).at, 3.0);
    }
}
