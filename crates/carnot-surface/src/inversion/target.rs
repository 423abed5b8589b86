//! What is wanted of the equilibrium surface.

use super::InversionError;
use crate::{Multipliers, Observable};

/// A point of the equilibrium surface, named by two of lambda, gamma, R, D and C. All values are in nats per sample,
/// additive constants included.
///
/// Two observables stand for a minimisation under constraints, the one that the surface is made of: the smallest rate
/// with `D <= D*` and `C <= C*`, the smallest distortion with `R <= R*` and `C <= C*`, the smallest classification loss
/// with `R <= R*` and `D <= D*`. One observable at a given multiplier of the other loss is the same in one dimension.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// Wanted D and C.
    DistortionClassification {
        /// The wanted D.
        distortion: f64,
        /// The wanted C.
        classification: f64,
    },
    /// Wanted R and C.
    RateClassification {
        /// The wanted R.
        rate: f64,
        /// The wanted C.
        classification: f64,
    },
    /// Wanted R and D.
    RateDistortion {
        /// The wanted R.
        rate: f64,
        /// The wanted D.
        distortion: f64,
    },
    /// One wanted observable at a given lambda, to be met by gamma. `lambda = 0` is the information bottleneck.
    AtLambda {
        /// The given lambda.
        lambda: f64,
        /// Which observable is wanted.
        observable: Observable,
        /// Its wanted value.
        value: f64,
    },
    /// One wanted observable at a given gamma, to be met by lambda. `gamma = 0` is the rate-distortion function.
    AtGamma {
        /// The given gamma.
        gamma: f64,
        /// Which observable is wanted.
        observable: Observable,
        /// Its wanted value.
        value: f64,
    },
}

impl Target {
    /// Refuses what is not a number, by name.
    pub(super) fn check<E: std::error::Error>(self) -> Result<(), InversionError<E>> {
        let wanted = match self {
            Self::DistortionClassification { distortion, classification } => {
                vec![(Observable::Distortion, distortion), (Observable::Classification, classification)]
            }
            Self::RateClassification { rate, classification } => {
                vec![(Observable::Rate, rate), (Observable::Classification, classification)]
            }
            Self::RateDistortion { rate, distortion } => {
                vec![(Observable::Rate, rate), (Observable::Distortion, distortion)]
            }
            Self::AtLambda { lambda, observable, value } => {
                Multipliers::new(lambda, 0.0)?;
                vec![(observable, value)]
            }
            Self::AtGamma { gamma, observable, value } => {
                Multipliers::new(0.0, gamma)?;
                vec![(observable, value)]
            }
        };
        match wanted.into_iter().find(|(_, value)| !value.is_finite()) {
            Some((observable, value)) => Err(InversionError::Target { observable, value }),
            None => Ok(()),
        }
    }
}

/// The multiplier that is searched for, and the loss whose price it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Lambda,
    Gamma,
}

impl Axis {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Lambda => Self::Gamma,
            Self::Gamma => Self::Lambda,
        }
    }

    /// The derivative of F along the axis: the observable that falls when the multiplier rises.
    pub(super) fn conjugate(self) -> Observable {
        match self {
            Self::Lambda => Observable::Distortion,
            Self::Gamma => Observable::Classification,
        }
    }

    /// The place in a pair `(lambda, gamma)`.
    pub(super) fn index(self) -> usize {
        match self {
            Self::Lambda => 0,
            Self::Gamma => 1,
        }
    }

    /// `[lambda, gamma]` from this axis' multiplier and the other's.
    pub(super) fn pair(self, own: f64, other: f64) -> [f64; 2] {
        match self {
            Self::Lambda => [own, other],
            Self::Gamma => [other, own],
        }
    }

    pub(super) fn of(self, multipliers: Multipliers) -> f64 {
        match self {
            Self::Lambda => multipliers.lambda(),
            Self::Gamma => multipliers.gamma(),
        }
    }
}
