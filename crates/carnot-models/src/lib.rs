#![doc = include_str!("../README.md")]

mod architecture;
#[cfg(any(test, feature = "candle"))]
pub mod candle;
mod checkpoint;
pub mod engine;
mod error;
mod evaluation;
#[cfg(test)]
mod likelihood;
pub mod objective;
mod optimiser;
mod parameters;
mod plan;
mod random;
mod relaxation;
mod schedule;
mod system;
mod trainer;
mod training;

pub use architecture::{Architecture, Layer, Likelihood, Prior};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use error::ModelError;
pub use evaluation::Evaluation;
pub use optimiser::{Method, Optimiser, OptimiserState};
pub use parameters::Parameters;
pub use plan::Plan;
pub use relaxation::Relaxation;
pub use schedule::{Phase, Schedule, Shape};
pub use system::{LearnedState, LearnedSystem};
pub use trainer::{Record, Trainer};
