#![doc = include_str!("../README.md")]

mod curve;
mod error;
mod options;
mod path;
mod sweep;
mod tangent;
mod trace;

pub use curve::{Counters, Curve, Incomplete, StopReason, Waypoint};
pub use error::ProcessError;
pub use options::{Options, Tolerance};
pub use path::{Drive, Process};
pub use sweep::{Sweep, sweep};
pub use tangent::{FromResponse, InvalidGuess, Measured, Observation, Slopes, Tangent};
pub use trace::Trace;
