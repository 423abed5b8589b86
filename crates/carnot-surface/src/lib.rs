#![doc = include_str!("../README.md")]

mod discrete;
mod driven;
mod estimated;
pub mod gaussian;
pub mod geometry;
pub mod inversion;
mod multipliers;
mod observables;
mod response;
mod system;

pub use discrete::{
    DiscreteBranch, DiscreteError, DiscreteOptions, DiscreteState, DiscreteSystem, FreeDecoderState,
    FreeDecoderSystem, GibbsSystem, Onset, Work, bottleneck_onset,
};
pub use driven::{
    Driven, Force, GaussianPath, JointGaussian, MovingDiscrete, MovingDiscreteBranch, MovingGaussian,
    MovingGaussianBottleneck, MovingGibbs, Still,
};
pub use estimated::{EstimateError, RdcEstimate, SampleKey};
pub use gaussian::{GaussianBottleneck, GaussianError, GaussianSystem, Modes};
pub use inversion::{
    Extreme, Inversion, InversionCounters, InversionError, InversionOptions, Phase, Solution, Solved, Target,
    Unattainable, solve_for,
};
pub use multipliers::{InvalidMultiplier, Multipliers};
pub use observables::{Observable, Observables, Quantity, Rdc};
pub use response::{DEGENERATE_CONDITION, Degenerate, RegularResponse, Response, Sidedness};
pub use system::{At, Certificate, Equilibrium, Responsive, Scalar, System};
