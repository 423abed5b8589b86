//! What a process holds.

use std::fmt;

use carnot_surface::Observable;

use crate::{Coordinate, Point, PointGradient};

/// A smooth function of the multipliers, the time and the observables, whose value a process holds.
///
/// With the six partial derivatives and the response of the system the process has its total derivative along the surface:
/// `dD = S11 dlambda + S12 dgamma + D_t dt`, `dC = S12 dlambda + S22 dgamma + C_t dt` and, by the first law with moving
/// data, `dR = -lambda dD - gamma dC + tau dt`.
///
/// ```
/// use carnot_process::{Constraint, Point, PointGradient};
///
/// /// D and C together, C counted twice.
/// #[derive(Debug)]
/// struct Loss;
///
/// impl Constraint for Loss {
///     fn value(&self, point: &Point) -> f64 {
///         point.distortion + 2.0 * point.classification
///     }
///     fn gradient(&self, _point: &Point) -> PointGradient {
///         PointGradient { distortion: 1.0, classification: 2.0, ..PointGradient::default() }
///     }
/// }
/// ```
pub trait Constraint: fmt::Debug + Send + Sync {
    /// The function's value.
    fn value(&self, point: &Point) -> f64;
    /// Its partial derivatives.
    fn gradient(&self, point: &Point) -> PointGradient;
}

/// The ready constraints: what is held is the value of one quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hold {
    /// Iso-rate: R.
    Rate,
    /// Iso-distortion: D.
    Distortion,
    /// Iso-classification: C.
    Classification,
    /// Iso-free-energy: `F = R + lambda D + gamma C`, with `dF = D dlambda + C dgamma + tau dt`.
    FreeEnergy,
    /// Lambda: with two free multipliers the process that moves gamma alone.
    Lambda,
    /// Gamma: with two free multipliers the process that moves lambda alone.
    Gamma,
    /// The data time: the process on data that stay as they are.
    Time,
}

impl From<Observable> for Hold {
    fn from(observable: Observable) -> Self {
        match observable {
            Observable::Rate => Self::Rate,
            Observable::Distortion => Self::Distortion,
            Observable::Classification => Self::Classification,
        }
    }
}

impl From<Coordinate> for Hold {
    fn from(coordinate: Coordinate) -> Self {
        match coordinate {
            Coordinate::Lambda => Self::Lambda,
            Coordinate::Gamma => Self::Gamma,
            Coordinate::Time => Self::Time,
        }
    }
}

impl Constraint for Hold {
    fn value(&self, point: &Point) -> f64 {
        match self {
            Self::Rate => point.rate,
            Self::Distortion => point.distortion,
            Self::Classification => point.classification,
            Self::FreeEnergy => point.free_energy(),
            Self::Lambda => point.lambda,
            Self::Gamma => point.gamma,
            Self::Time => point.time,
        }
    }

    fn gradient(&self, point: &Point) -> PointGradient {
        let none = PointGradient::default();
        match self {
            Self::Rate => PointGradient { rate: 1.0, ..none },
            Self::Distortion => PointGradient { distortion: 1.0, ..none },
            Self::Classification => PointGradient { classification: 1.0, ..none },
            Self::FreeEnergy => PointGradient {
                lambda: point.distortion,
                gamma: point.classification,
                time: 0.0,
                rate: 1.0,
                distortion: point.lambda,
                classification: point.gamma,
            },
            Self::Lambda => PointGradient { lambda: 1.0, ..none },
            Self::Gamma => PointGradient { gamma: 1.0, ..none },
            Self::Time => PointGradient { time: 1.0, ..none },
        }
    }
}
