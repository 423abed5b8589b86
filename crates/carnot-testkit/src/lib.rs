#![doc = include_str!("../README.md")]

mod alternation;
pub mod close;
pub mod closed_forms;
mod discrete;
pub mod finite_difference;
pub mod numeric;
mod random;
pub mod strategies;
pub mod tier;

pub use alternation::{PlainSolution, Stop, plain_alternation};
pub use discrete::DiscreteProblem;
