#![doc = include_str!("../README.md")]

mod bures;
mod coupling;
mod double;
mod error;
mod measure;
mod quantile;

pub use bures::{AffineMap, GaussianCoupling, GaussianMeasure, bures_distance, gaussian_coupling};
pub use coupling::{Coupling, Entry};
pub use error::TransportError;
pub use measure::Measure;
pub use quantile::{quantile_coupling, wasserstein_distance};
