#![doc = include_str!("../README.md")]

mod architecture;
#[cfg(any(test, feature = "candle"))]
pub mod candle;
mod checkpoint;
mod deterministic;
pub mod engine;
mod error;
mod evaluation;
mod gibbs;
mod hexadecimal;
pub mod krylov;
#[cfg(test)]
mod likelihood;
mod limits;
pub mod objective;
mod optimiser;
mod parameters;
mod plan;
mod prediction;
mod random;
mod relaxation;
mod schedule;
mod state;
mod system;
mod trainer;
mod training;

pub use architecture::{Architecture, Layer, Likelihood, Prior};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use deterministic::{
    Branch, DeterministicState, DeterministicSystem, DeterministicWork, Equilibration, MovingDeterministic,
};
pub use error::ModelError;
pub use evaluation::Evaluation;
pub use gibbs::{EffectiveSampleSize, GibbsEstimate, GibbsSampling};
pub use optimiser::{Method, Optimiser, OptimiserState};
pub use parameters::Parameters;
pub use plan::Plan;
pub use prediction::{Curvature, PredictedResponse, Prediction};
pub use relaxation::Relaxation;
pub use schedule::{Phase, Schedule, Shape};
pub use state::LearnedState;
pub use system::LearnedSystem;
pub use trainer::{Record, Trainer};
