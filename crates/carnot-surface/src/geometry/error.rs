//! What can stand in the way of measuring a surface.

use crate::{Degenerate, InvalidMultiplier};

/// Why a quantity of a system's surface could not be had. `E` is the system's own error.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GeometryError<E: std::error::Error + 'static> {
    /// The system has no equilibrium or no response where one was needed.
    #[error("the system failed at lambda {lambda:?}, gamma {gamma:?}")]
    System {
        /// The multiplier of the distortion.
        lambda: f64,
        /// The multiplier of the classification loss.
        gamma: f64,
        /// What the system said.
        source: E,
    },
    /// A place that is not one of the multiplier plane.
    #[error(transparent)]
    Multiplier(#[from] InvalidMultiplier),
    /// The response cannot be inverted, so that what was asked for does not exist here.
    #[error(transparent)]
    Degenerate(#[from] Degenerate),
    /// The multipliers at a wanted distortion or classification loss were not found.
    #[error(
        "no multipliers found for the wanted {wanted:?}: the last of {steps} steps was {step:e}, relative"
    )]
    NotConverged {
        /// The wanted distortion and classification loss; `None` where the multiplier was given instead.
        wanted: [Option<f64>; 2],
        /// How many steps were taken.
        steps: usize,
        /// The last one, relative to the multipliers.
        step: f64,
    },
    /// A search for transitions has used up its budget.
    #[error("{budget} equilibria did not suffice to search beyond position {position:?}")]
    Budget {
        /// How many equilibria it was allowed to solve for.
        budget: usize,
        /// How far along the line the search had come.
        position: f64,
    },
    /// An option or argument is out of range.
    #[error("{name} must be {expected}, not {value:?}")]
    Option {
        /// Which one.
        name: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What it was.
        value: f64,
    },
    /// An observable is NaN or infinite.
    #[error("the {what} at lambda {lambda:?}, gamma {gamma:?} is {value:?}")]
    NotFinite {
        /// Which observable.
        what: &'static str,
        /// The multiplier of the distortion.
        lambda: f64,
        /// The multiplier of the classification loss.
        gamma: f64,
        /// The value.
        value: f64,
    },
}
