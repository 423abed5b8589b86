//! What can be wrong with a linear-Gaussian system, and the checks that find it.

use ndarray::ArrayView2;

/// Why a linear-Gaussian system or its equilibrium does not exist.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GaussianError {
    /// A matrix has no entries.
    #[error("the {matrix} is empty")]
    Empty {
        /// Which matrix.
        matrix: &'static str,
    },
    /// A matrix has the wrong shape.
    #[error("the {matrix} has shape {found:?}, expected {expected:?}")]
    Shape {
        /// Which matrix.
        matrix: &'static str,
        /// Its rows and columns.
        found: (usize, usize),
        /// The rows and columns that it should have.
        expected: (usize, usize),
    },
    /// What was read as the modes of a state is none.
    #[error("modes must have {requirement}")]
    NotModes {
        /// What they lack.
        requirement: &'static str,
    },
    /// An entry is NaN or infinite.
    #[error("entry ({row}, {column}) of the {matrix} is {value:?}")]
    NotFinite {
        /// Which matrix.
        matrix: &'static str,
        /// The entry's row.
        row: usize,
        /// The entry's column.
        column: usize,
        /// The entry.
        value: f64,
    },
    /// A covariance is not symmetric.
    #[error(
        "the {matrix} is not symmetric: entries ({row}, {column}) and ({column}, {row}) are {above:?} and {below:?}"
    )]
    NotSymmetric {
        /// Which matrix.
        matrix: &'static str,
        /// The first entry's row.
        row: usize,
        /// The first entry's column.
        column: usize,
        /// The first entry.
        above: f64,
        /// Its mirror image.
        below: f64,
    },
    /// A diagonal entry of a covariance is negative.
    #[error("variance {index} of the {matrix} is {value:?}")]
    NegativeVariance {
        /// Which matrix.
        matrix: &'static str,
        /// The place on the diagonal.
        index: usize,
        /// The entry.
        value: f64,
    },
    /// A covariance has an eigenvalue that is not positive.
    #[error("the {matrix} is not positive definite")]
    NotPositiveDefinite {
        /// Which matrix.
        matrix: &'static str,
    },
    /// A covariance has an eigenvalue that is negative.
    #[error("the {matrix} is not positive semidefinite: it has the eigenvalue {value}")]
    NotPositiveSemidefinite {
        /// Which matrix.
        matrix: &'static str,
        /// The least eigenvalue.
        value: f64,
    },
    /// A joint distribution has no room for both a source and a target.
    #[error(
        "a source of {found} of the {joint} dimensions of a joint distribution leaves nothing of one or the other"
    )]
    SourceDimension {
        /// The dimension of the source.
        found: usize,
        /// The dimension of source and target together.
        joint: usize,
    },
    /// Two joint distributions differ in the dimensions of source and target.
    #[error("the target has dimensions {found:?} of x and y, the source {expected:?}")]
    JointDimensions {
        /// The dimensions of x and y at the end of the path.
        found: (usize, usize),
        /// The dimensions of x and y at its beginning.
        expected: (usize, usize),
    },
    /// A time outside the path of the moving data, or NaN.
    #[error("time {time} is outside [0, 1]")]
    Time {
        /// The time.
        time: f64,
    },
    /// A matrix could not be decomposed, as happens when its entries overflow.
    #[error("the {matrix} could not be decomposed")]
    Decomposition {
        /// Which matrix.
        matrix: &'static str,
    },
    /// A noise variance is not a positive number.
    #[error("the {name} variance must be finite and positive, not {value:?}")]
    NoiseVariance {
        /// `decoder` or `head`.
        name: &'static str,
        /// What was given.
        value: f64,
    },
    /// The eigenvalues could not be computed, as happens when the entries overflow.
    #[error("the eigenvalues at lambda {lambda:?}, gamma {gamma:?} could not be computed")]
    Eigenvalues {
        /// The multiplier of the distortion.
        lambda: f64,
        /// The multiplier of the classification loss.
        gamma: f64,
    },
    /// A derivative of an equilibrium is larger than any number, as of a cost of 1e300.
    #[error("the response at lambda {lambda:?}, gamma {gamma:?} is not finite")]
    ResponseNotFinite {
        /// The multiplier of the distortion.
        lambda: f64,
        /// The multiplier of the classification loss.
        gamma: f64,
    },
    /// The modes belong to a system of another dimension.
    #[error("the state has {found} modes, the source has dimension {expected}")]
    StateDimension {
        /// How many modes there are.
        found: usize,
        /// The dimension of the source.
        expected: usize,
    },
}

/// Two mirror images may differ by this much, relative to the largest of them and the diagonal entries of their row and
/// column: more than the rounding of a product of matrices, less than any asymmetry that means something.
const ASYMMETRY: f64 = 1e-12;

pub(super) fn check_shape(
    matrix: &'static str,
    entries: &ArrayView2<'_, f64>,
    expected: (usize, usize),
) -> Result<(), GaussianError> {
    let found = entries.dim();
    if found != expected {
        return Err(GaussianError::Shape { matrix, found, expected });
    }
    if entries.is_empty() {
        return Err(GaussianError::Empty { matrix });
    }
    match entries.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((row, column), &value)) => Err(GaussianError::NotFinite { matrix, row, column, value }),
        None => Ok(()),
    }
}

pub(super) fn check_variance(name: &'static str, value: f64) -> Result<(), GaussianError> {
    if value.is_finite() && value > 0.0 { Ok(()) } else { Err(GaussianError::NoiseVariance { name, value }) }
}

pub(super) fn check_symmetric(
    matrix: &'static str,
    entries: &ArrayView2<'_, f64>,
) -> Result<(), GaussianError> {
    for ((row, column), &above) in entries.indexed_iter() {
        let below = entries[(column, row)];
        let scale = entries[(row, row)].abs().max(entries[(column, column)].abs());
        if (above - below).abs() > ASYMMETRY * scale.max(above.abs().max(below.abs())) {
            return Err(GaussianError::NotSymmetric { matrix, row, column, above, below });
        }
    }
    Ok(())
}
