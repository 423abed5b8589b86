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
}

/// `Ok` when `found` is the length that the other arguments require.
pub(crate) fn check_length(what: &'static str, expected: usize, found: usize) -> Result<(), InfoError> {
    if expected == found { Ok(()) } else { Err(InfoError::LengthMismatch { what, expected, found }) }
}
