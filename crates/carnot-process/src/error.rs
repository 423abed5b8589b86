//! What makes a process impossible, as opposed to what ends it.

use carnot_surface::Multipliers;

/// Why a process could not go on: misuse, or a system that failed. That a curve ends is not an error but a
/// [`StopReason`](crate::StopReason).
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError<E: std::error::Error + 'static> {
    /// The system failed.
    #[error("the system failed on the way to waypoint {waypoint}, at lambda {}, gamma {}", at.lambda(), at.gamma())]
    System {
        /// The number of the waypoint that was wanted.
        waypoint: usize,
        /// Where.
        at: Multipliers,
        /// What the system said.
        #[source]
        source: E,
    },
    /// The held observable, its change or its slope is NaN or infinite.
    #[error("the {quantity} is {value} on the way to waypoint {waypoint}, at lambda {}, gamma {}", at.lambda(), at.gamma())]
    NotFinite {
        /// Which quantity.
        quantity: &'static str,
        /// Its value.
        value: f64,
        /// The number of the waypoint that was wanted.
        waypoint: usize,
        /// Where.
        at: Multipliers,
    },
    /// A process steps in the logarithms of the multipliers, so both must be positive at its start and end.
    #[error(
        "a process steps in ln lambda and ln gamma, so {multiplier} must be positive and finite, not {value}"
    )]
    Start {
        /// `lambda`, `gamma` or `the end of the drive`.
        multiplier: &'static str,
        /// Its value.
        value: f64,
    },
    /// An option outside its range.
    #[error("{option} must be {requirement}, not {value}")]
    Option {
        /// Which option.
        option: &'static str,
        /// Its range.
        requirement: &'static str,
        /// What was given.
        value: f64,
    },
}
