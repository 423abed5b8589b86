//! Linear-Gaussian systems: with a head of fixed noise in closed form, and with a head whose noise is free.

mod bottleneck;
mod error;
mod fixed_head;
mod modes;
mod source;
mod transitions;

pub use bottleneck::GaussianBottleneck;
pub use error::GaussianError;
pub use fixed_head::GaussianSystem;
pub use modes::Modes;
