#![doc = include_str!("../README.md")]

mod coupling;
mod double;
mod error;
mod measure;
mod quantile;

pub use coupling::{Coupling, Entry};
pub use error::TransportError;
pub use measure::Measure;
pub use quantile::{quantile_coupling, wasserstein_distance};
