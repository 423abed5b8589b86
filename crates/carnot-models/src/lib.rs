#![doc = include_str!("../README.md")]

mod architecture;
#[cfg(test)]
mod candle;
pub mod engine;
mod error;
mod evaluation;
#[cfg(test)]
mod likelihood;
mod optimiser;
mod parameters;
mod random;
mod relaxation;
mod schedule;
mod system;
mod training;

pub use architecture::{Architecture, Layer, Likelihood, Prior};
pub use error::ModelError;
pub use evaluation::Evaluation;
pub use optimiser::{Method, Optimiser, OptimiserState};
pub use parameters::Parameters;
pub use relaxation::Relaxation;
pub use schedule::{Phase, Schedule, Shape};
pub use system::{LearnedState, LearnedSystem};
