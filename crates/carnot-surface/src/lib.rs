#![doc = include_str!("../README.md")]

mod driven;
mod estimated;
pub mod gaussian;
pub mod geometry;
mod multipliers;
mod observables;
mod response;
mod system;

pub use driven::{Driven, Force, Still};
pub use estimated::{EstimateError, RdcEstimate, SampleKey};
pub use gaussian::{GaussianError, GaussianSystem, Modes};
pub use multipliers::{InvalidMultiplier, Multipliers};
pub use observables::{Observable, Observables, Quantity, Rdc};
pub use response::{DEGENERATE_CONDITION, Degenerate, RegularResponse, Response, Sidedness};
pub use system::{At, Certificate, Equilibrium, Responsive, Scalar, System};
