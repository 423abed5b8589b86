#![doc = include_str!("../README.md")]

mod architecture;
mod candle;
mod error;
mod evaluation;
mod likelihood;
mod optimiser;
mod parameters;
mod random;
mod relaxation;
mod system;
mod training;

pub use architecture::{Architecture, Layer, Likelihood};
pub use error::ModelError;
pub use evaluation::Evaluation;
pub use parameters::Parameters;
pub use relaxation::Relaxation;
pub use system::{LearnedState, LearnedSystem};
