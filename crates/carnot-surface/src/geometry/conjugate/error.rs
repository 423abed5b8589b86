//! What can be wrong with samples of a function.

/// Why samples have no Legendre transform.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConjugateError {
    /// There are no samples, or no slopes.
    #[error("there are no {what}")]
    Empty {
        /// `arguments` or `slopes`, of which axis in two dimensions.
        what: &'static str,
    },
    /// Arguments and values do not match.
    #[error("the values have shape {found:?}, the arguments {expected:?}")]
    Shape {
        /// The shape of the values.
        found: (usize, usize),
        /// The numbers of arguments, one per axis.
        expected: (usize, usize),
    },
    /// Arguments must strictly ascend, slopes may repeat; both must be finite.
    #[error("the {what} do not ascend at entry {index}: {value:?}")]
    NotAscending {
        /// `arguments` or `slopes`, of which axis in two dimensions.
        what: &'static str,
        /// The first entry that is out of order or not finite.
        index: usize,
        /// The entry.
        value: f64,
    },
    /// A value is NaN or minus infinity. Plus infinity is allowed: the argument is outside the function's domain.
    #[error("the value at {index:?} is {value:?}")]
    Value {
        /// Where, (0, i) in one dimension.
        index: (usize, usize),
        /// The value.
        value: f64,
    },
    /// Every value is plus infinity: the function has no domain and its transform is minus infinity everywhere.
    #[error("every value is infinite")]
    NoDomain,
}

/// Checks that numbers are there, finite and ascending, strictly if `strict`.
pub(super) fn check_axis(what: &'static str, axis: &[f64], strict: bool) -> Result<(), ConjugateError> {
    if axis.is_empty() {
        return Err(ConjugateError::Empty { what });
    }
    for (index, &value) in axis.iter().enumerate() {
        let ascends = index == 0 || axis[index - 1] < value || (!strict && axis[index - 1] == value);
        if !(value.is_finite() && ascends) {
            return Err(ConjugateError::NotAscending { what, index, value });
        }
    }
    Ok(())
}

/// Checks that a value is a number or plus infinity.
pub(super) fn check_value(index: (usize, usize), value: f64) -> Result<(), ConjugateError> {
    if value.is_nan() || value == f64::NEG_INFINITY {
        return Err(ConjugateError::Value { index, value });
    }
    Ok(())
}
