use thiserror::Error;

/// What was wrong with an argument, where, and the offending numbers.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum TransportError {
    /// A measure without atoms.
    #[error("the measure has no atoms")]
    NoAtoms,
    /// As many weights as atoms are needed.
    #[error("{atoms} atoms but {weights} weights")]
    LengthMismatch {
        /// The number of atoms.
        atoms: usize,
        /// The number of weights.
        weights: usize,
    },
    /// An atom that is NaN or infinite.
    #[error("atom {index} is {value}; it must be finite")]
    InvalidAtom {
        /// Its position.
        index: usize,
        /// The atom found.
        value: f64,
    },
    /// A weight that is NaN, infinite or negative.
    #[error("weight {index} is {value}; it must be finite and not negative")]
    InvalidWeight {
        /// Its position.
        index: usize,
        /// The weight found.
        value: f64,
    },
    /// Weights that are all zero.
    #[error("every weight is zero")]
    ZeroMass,
    /// An order of a Wasserstein distance that is NaN, infinite or below one.
    #[error("the order p = {order}; it must be finite and at least one")]
    InvalidOrder {
        /// The order found.
        order: f64,
    },
    /// A time of an interpolation outside its interval, or NaN.
    #[error("time {time} is outside [0, 1]")]
    InvalidTime {
        /// The time found.
        time: f64,
    },
    /// A covariance without rows.
    #[error("the covariance is empty")]
    EmptyCovariance,
    /// A covariance that is not square or does not fit its mean.
    #[error("the covariance has shape {found:?}, expected {expected} rows and columns")]
    CovarianceShape {
        /// Its rows and columns.
        found: (usize, usize),
        /// How many of each there should be.
        expected: usize,
    },
    /// An entry of a mean that is NaN or infinite.
    #[error("entry {index} of the mean is {value}; it must be finite")]
    InvalidMean {
        /// Its position.
        index: usize,
        /// The entry found.
        value: f64,
    },
    /// An entry of a covariance that is NaN or infinite.
    #[error("entry ({row}, {column}) of the covariance is {value}; it must be finite")]
    InvalidCovariance {
        /// The entry's row.
        row: usize,
        /// The entry's column.
        column: usize,
        /// The entry found.
        value: f64,
    },
    /// A covariance that is not symmetric.
    #[error(
        "the covariance is not symmetric: entries ({row}, {column}) and ({column}, {row}) are {above} and {below}"
    )]
    NotSymmetric {
        /// The first entry's row.
        row: usize,
        /// The first entry's column.
        column: usize,
        /// The first entry.
        above: f64,
        /// Its mirror image.
        below: f64,
    },
    /// A covariance that is not positive semidefinite.
    #[error("the covariance has the eigenvalue {value}; none may be negative")]
    NegativeEigenvalue {
        /// The least eigenvalue.
        value: f64,
    },
    /// A decomposition that failed, as happens when entries overflow.
    #[error("the covariances could not be decomposed: their entries leave the range of f64")]
    Decomposition,
    /// Measures, or a map and a point, of different dimensions.
    #[error("dimension {found} where {expected} is needed")]
    DimensionMismatch {
        /// The dimension of the target, or of the point.
        found: usize,
        /// The dimension of the source, or of the map.
        expected: usize,
    },
    /// No map takes a measure to one of higher rank.
    #[error("no map takes a covariance of rank {source_rank} to one of rank {target_rank}")]
    NoMap {
        /// The rank of the source's covariance.
        source_rank: usize,
        /// The rank of the target's covariance.
        target_rank: usize,
    },
}
