/// An unevaluated sum `high + low` of two `f64` that do not overlap, about 32 digits.
///
/// What is left of an atom is kept in it, so that a large weight reached by many small steps is used up when the steps
/// are, however many there are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Double {
    high: f64,
    low: f64,
}

impl Double {
    /// `self + term`, by Knuth's error-free sum of the high parts.
    pub(crate) fn plus(self, term: f64) -> Self {
        let high = self.high + term;
        let shadow = high - self.high;
        let error = (self.high - (high - shadow)) + (term - shadow);
        let low = self.low + error;
        let sum = high + low;
        Self { high: sum, low: (high - sum) + low }
    }

    /// `self - other`.
    pub(crate) fn minus(self, other: Self) -> Self {
        self.plus(-other.high).plus(-other.low)
    }

    /// The nearest `f64`.
    pub(crate) fn value(self) -> f64 {
        self.high
    }
}

/// The sum of finite terms, rounded once.
pub(crate) fn sum(terms: impl IntoIterator<Item = f64>) -> f64 {
    terms.into_iter().fold(Double::default(), Double::plus).value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_number_loses_is_kept() {
        assert_eq!(sum([1.0, 1e-30, -1.0]), 1e-30);
        let third = (0..3000).fold(Double::default(), |total, _| total.plus(1.0 / 3000.0));
        // 3000 times the rounding error of 1/3000, known exactly: 1/3000 = quotient (1 + d), |d| <= eps / 2.
        assert!(third.plus(-1.0).value().abs() <= 0.5 * f64::EPSILON);
    }
}
