//! What makes a process impossible, as opposed to what ends it.

use carnot_surface::Multipliers;

/// Why a process could not go on: misuse, or a system or a constraint that failed. That a curve ends is not an error but a
/// [`StopReason`](crate::StopReason).
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError<E: std::error::Error + 'static> {
    /// The system failed.
    #[error("the system failed on the way to waypoint {waypoint}, at lambda {}, gamma {}, t {time}", at.lambda(), at.gamma())]
    System {
        /// The number of the waypoint that was wanted.
        waypoint: usize,
        /// Where.
        at: Multipliers,
        /// When.
        time: f64,
        /// What the system said.
        #[source]
        source: E,
    },
    /// An observable, a slope or the held function is NaN or infinite.
    #[error("the {quantity} is {value} on the way to waypoint {waypoint}, at lambda {}, gamma {}, t {time}", at.lambda(), at.gamma())]
    NotFinite {
        /// Which quantity.
        quantity: &'static str,
        /// Its value.
        value: f64,
        /// The number of the waypoint that was wanted.
        waypoint: usize,
        /// Where.
        at: Multipliers,
        /// When.
        time: f64,
    },
    /// A step control whose step is none: not positive, or not shorter after a step that was given up.
    #[error(
        "the step control wants a step of {wanted} after one of {step} on the way to waypoint {waypoint}; it must be {requirement}"
    )]
    StepControl {
        /// What is asked of it.
        requirement: &'static str,
        /// The step it wants.
        wanted: f64,
        /// The step before.
        step: f64,
        /// The number of the waypoint that was wanted.
        waypoint: usize,
    },
    /// A corrector that neither accepts nor gives up.
    #[error("the corrector had moved {corrections} times on the way to waypoint {waypoint}, at lambda {}, gamma {}, t {time}, and had not come to an end", at.lambda(), at.gamma())]
    Corrector {
        /// How often it moved.
        corrections: usize,
        /// The number of the waypoint that was wanted.
        waypoint: usize,
        /// Where.
        at: Multipliers,
        /// When.
        time: f64,
    },
    /// A drive that leads nowhere.
    #[error("the drive's {what} must be {requirement}, not {value}")]
    Drive {
        /// `end` or `length`.
        what: &'static str,
        /// Its range.
        requirement: &'static str,
        /// What was given.
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
