use ndarray::ArrayView2;
use thiserror::Error;

/// What was wrong with an argument, where, and the offending numbers.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum InfoError {
    /// A distribution or table with no outcomes along one of its axes.
    #[error("the alphabet is empty: {rows} rows by {columns} columns")]
    EmptyAlphabet {
        /// Rows of the table (1 for a distribution).
        rows: usize,
        /// Columns of the table (the number of outcomes for a distribution).
        columns: usize,
    },
    /// An entry of a probability vector (or its weights) that is NaN, infinite or negative.
    #[error("entry {index} is {value}; it must be finite and not negative")]
    InvalidProbability {
        /// Position in the vector.
        index: usize,
        /// The entry found.
        value: f64,
    },
    /// An entry of a probability table (or its weights) that is NaN, infinite or negative.
    #[error("the entry at row {row}, column {column} is {value}; it must be finite and not negative")]
    InvalidEntry {
        /// Row of the entry.
        row: usize,
        /// Column of the entry.
        column: usize,
        /// The entry found.
        value: f64,
    },
    /// A log-weight that is NaN or +inf (-inf is a weight of zero and is allowed).
    #[error("the log-weight at row {row}, column {column} is {value}; it must be below +inf and not NaN")]
    InvalidLogWeight {
        /// Row of the entry (0 for a vector).
        row: usize,
        /// Column of the entry (the position, for a vector).
        column: usize,
        /// The entry found.
        value: f64,
    },
    /// A probability vector or joint table whose total is not one.
    #[error("the entries sum to {sum}, further than {tolerance} from one")]
    NotNormalised {
        /// The sum found.
        sum: f64,
        /// The tolerance it was held to.
        tolerance: f64,
    },
    /// A row of a channel whose total is not one.
    #[error("row {row} sums to {sum}, further than {tolerance} from one")]
    RowNotNormalised {
        /// The row.
        row: usize,
        /// The sum found.
        sum: f64,
        /// The tolerance it was held to.
        tolerance: f64,
    },
    /// Weights that are all zero, which no factor turns into probabilities.
    #[error("every weight in row {row} is zero")]
    ZeroWeights {
        /// The row (0 for a vector; 0 for a joint table, whose weights are then all zero).
        row: usize,
    },
    /// A symbol outside the alphabet it should belong to.
    #[error("input {input} is sent to output {output}, but there are only {outputs} outputs")]
    OutputOutOfRange {
        /// The input symbol.
        input: usize,
        /// The output it was given.
        output: usize,
        /// The size of the output alphabet.
        outputs: usize,
    },
    /// Two arguments that should speak of the same alphabet, or vectors of the same length, do not.
    #[error("{what}: expected {expected}, found {found}")]
    LengthMismatch {
        /// Which length.
        what: &'static str,
        /// The length required by the other arguments.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// An entry of a cost table that is NaN or -inf (+inf forbids the pair and is allowed).
    #[error("the cost at row {row}, column {column} is {value}; it must be a number or +inf")]
    InvalidCost {
        /// Row of the entry.
        row: usize,
        /// Column of the entry.
        column: usize,
        /// The entry found.
        value: f64,
    },
    /// An element of a vector of numbers that is NaN or infinite.
    #[error("{what}[{index}] is {value}; it must be finite")]
    NonFinite {
        /// Which argument.
        what: &'static str,
        /// Position in it.
        index: usize,
        /// The element found.
        value: f64,
    },
    /// Too few samples for a standard error, which needs two.
    #[error("{found} samples given; a standard error needs at least two")]
    TooFewSamples {
        /// How many there were.
        found: usize,
    },
    /// A mean and standard error that no estimate can have, given or overflowed.
    #[error("mean {mean} with standard error {std_err}: both must be finite, the second not negative")]
    InvalidEstimate {
        /// The mean.
        mean: f64,
        /// The standard error.
        std_err: f64,
    },
    /// The order of a Rényi or Tsallis quantity that is NaN or negative.
    #[error("the order is {value}; it must be at least 0 (+inf is allowed)")]
    InvalidOrder {
        /// The order found.
        value: f64,
    },
    /// A three-way table with no outcomes along one of its axes.
    #[error("the alphabet of a three-way table is empty: its shape is {shape:?}")]
    EmptyThreeWay {
        /// The shape of the table.
        shape: [usize; 3],
    },
    /// An entry of a three-way table (or its weights) that is NaN, infinite or negative.
    #[error("the entry at {index:?} is {value}; it must be finite and not negative")]
    InvalidCell {
        /// Place of the entry along the three axes.
        index: [usize; 3],
        /// The entry found.
        value: f64,
    },
    /// An entry of a matrix of numbers that is NaN or infinite.
    #[error("the entry at row {row}, column {column} of the {what} is {value}; it must be finite")]
    NonFiniteEntry {
        /// Which matrix.
        what: &'static str,
        /// Row of the entry.
        row: usize,
        /// Column of the entry.
        column: usize,
        /// The entry found.
        value: f64,
    },
    /// A covariance that is not symmetric.
    #[error("the covariance is not symmetric: ({row}, {column}) is {above}, ({column}, {row}) is {below}")]
    NotSymmetric {
        /// Row of the first entry.
        row: usize,
        /// Column of the first entry.
        column: usize,
        /// The first entry.
        above: f64,
        /// Its mirror image.
        below: f64,
    },
    /// A covariance with an eigenvalue that is not positive, or not to working precision.
    #[error(
        "the covariance is not positive definite: variable {index} has no variance of its own beside those before it"
    )]
    NotPositiveDefinite {
        /// The first variable without a variance of its own, given those before it.
        index: usize,
    },
    /// A block of variables that names one twice, or one that does not exist.
    #[error("variable {index} is out of range or named twice; there are {dimension} variables")]
    InvalidBlock {
        /// The variable.
        index: usize,
        /// How many variables there are.
        dimension: usize,
    },
    /// A result, or an entry of it, beyond the range of `f64`, or a total beyond that of `u64`.
    #[error("the {what} leaves the range of its numbers")]
    OutOfRange {
        /// What was being computed.
        what: &'static str,
    },
    /// A decomposition that did not converge.
    #[error("the {what} could not be computed")]
    NoConvergence {
        /// What was being computed.
        what: &'static str,
    },
    /// Counts without a single observation.
    #[error("there is no observation in the counts of {letters} letters")]
    NoObservations {
        /// How many letters the counts have.
        letters: usize,
    },
    /// No two samples agree, so that a collision probability has no logarithm.
    #[error("no two of {samples} observations agree")]
    NoCollision {
        /// How many observations there were.
        samples: u64,
    },
    /// Fewer samples than an estimator needs.
    #[error("{found} samples given; the {estimator} needs at least {required}")]
    SamplesRequired {
        /// Which estimator.
        estimator: &'static str,
        /// How many it needs.
        required: usize,
        /// How many there were.
        found: usize,
    },
    /// An array of samples, of draws or of dimensions with none along one axis, or a table of scores that is not square.
    #[error("the {what} have shape {shape:?}")]
    InvalidShape {
        /// Which array.
        what: &'static str,
        /// The shape found.
        shape: Vec<usize>,
    },
    /// A neighbour that no point of a sample has.
    #[error("there is no neighbour number {neighbour} among {points} points; it must be from 1 to one less")]
    InvalidNeighbour {
        /// Which neighbour.
        neighbour: usize,
        /// How many points there were.
        points: usize,
    },
    /// Two points of a sample at the same place, where a distance between neighbours must be positive.
    #[error("the distance from point {index} to its neighbour number {neighbour} is zero")]
    CoincidentPoints {
        /// The point.
        index: usize,
        /// Which neighbour.
        neighbour: usize,
    },
}

impl InfoError {
    /// The same error of a vector, said of row `row` of a table.
    pub(crate) fn in_row(self, row: usize) -> Self {
        match self {
            Self::InvalidLogWeight { column, value, .. } => Self::InvalidLogWeight { row, column, value },
            Self::ZeroWeights { .. } => Self::ZeroWeights { row },
            other => other,
        }
    }
}

/// `Ok` when `found` is the length that the other arguments require.
pub(crate) fn check_length(what: &'static str, expected: usize, found: usize) -> Result<(), InfoError> {
    if expected == found { Ok(()) } else { Err(InfoError::LengthMismatch { what, expected, found }) }
}

/// `Ok` when every element is finite.
pub(crate) fn check_finite(
    what: &'static str,
    values: impl IntoIterator<Item = f64>,
) -> Result<(), InfoError> {
    match values.into_iter().enumerate().find(|(_, value)| !value.is_finite()) {
        Some((index, value)) => Err(InfoError::NonFinite { what, index, value }),
        None => Ok(()),
    }
}

/// `Ok` when every entry is finite.
pub(crate) fn check_entries(what: &'static str, matrix: ArrayView2<'_, f64>) -> Result<(), InfoError> {
    match matrix.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((row, column), &value)) => Err(InfoError::NonFiniteEntry { what, row, column, value }),
        None => Ok(()),
    }
}
