//! What makes an inversion impossible, as opposed to what it finds.

use crate::{InvalidMultiplier, Multipliers, Observable};

/// Why no answer was found: misuse, or a system that failed. That a target cannot be met is not an error but an
/// [`Inversion`](super::Inversion).
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InversionError<E: std::error::Error + 'static> {
    /// A wanted observable is NaN or infinite.
    #[error("the wanted {observable} must be finite, not {value:?}")]
    Target {
        /// Which.
        observable: Observable,
        /// What was given.
        value: f64,
    },
    /// The given multiplier of a target is not one.
    #[error(transparent)]
    Multiplier(#[from] InvalidMultiplier),
    /// An option outside its range.
    #[error("{option} must be {requirement}, not {value:?}")]
    Option {
        /// Which option.
        option: &'static str,
        /// Its range.
        requirement: &'static str,
        /// What was given.
        value: f64,
    },
    /// The system failed.
    #[error("the system failed at lambda {:?}, gamma {:?}", at.lambda(), at.gamma())]
    System {
        /// Where.
        at: Multipliers,
        /// What the system said.
        #[source]
        source: E,
    },
    /// An observable of an equilibrium is NaN.
    #[error("the {observable} is not a number at lambda {:?}, gamma {:?}", at.lambda(), at.gamma())]
    NotANumber {
        /// Which.
        observable: Observable,
        /// Where.
        at: Multipliers,
    },
    /// The search was given up.
    #[error("not solved after {equilibria} equilibria; the next would be at lambda {:?}, gamma {:?}", at.lambda(), at.gamma())]
    GivenUp {
        /// The option `most_equilibria`.
        equilibria: usize,
        /// The multipliers that were to be tried next.
        at: Multipliers,
    },
}
