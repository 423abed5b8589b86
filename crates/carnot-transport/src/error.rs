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
}
