//! What is observed at an equilibrium: the rate, the distortion and the classification loss.

use std::fmt;

use carnot_info::Estimate;

use crate::Multipliers;

/// A number that may carry a standard error: `f64` where it is exact, [`Estimate`] where it is measured.
pub trait Quantity: Copy + fmt::Debug {
    /// The value, or the mean of its estimate.
    fn mean(self) -> f64;
    /// The standard error of an estimate; `None` of an exact number.
    fn std_err(self) -> Option<f64>;
    /// A number known exactly: of standard error zero where it is an estimate.
    fn exact(value: f64) -> Self;
}

impl Quantity for f64 {
    fn mean(self) -> f64 {
        self
    }

    fn std_err(self) -> Option<f64> {
        None
    }

    fn exact(value: f64) -> Self {
        value
    }
}

impl Quantity for Estimate {
    fn mean(self) -> f64 {
        Estimate::mean(self)
    }

    fn std_err(self) -> Option<f64> {
        Some(Estimate::std_err(self))
    }

    fn exact(value: f64) -> Self {
        Estimate::exact(value)
    }
}

/// One of the three functionals, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Observable {
    /// The rate `R = E KL(e(z|x) || m(z))`.
    Rate,
    /// The distortion `D = E[-ln d(x|z)]`.
    Distortion,
    /// The classification loss `C = E[-ln c(y|z)]`.
    Classification,
}

impl fmt::Display for Observable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rate => "rate",
            Self::Distortion => "distortion",
            Self::Classification => "classification loss",
        })
    }
}

/// The rate, distortion and classification loss of one model, in nats per sample.
pub trait Observables: Clone {
    /// `f64` or [`Estimate`].
    type Scalar: Quantity;

    /// The rate R.
    fn rate(&self) -> Self::Scalar;
    /// The distortion D.
    fn distortion(&self) -> Self::Scalar;
    /// The classification loss C.
    fn classification(&self) -> Self::Scalar;
    /// `R + lambda D + gamma C` of this model; at an equilibrium of `multipliers` it is the free energy F.
    fn objective(&self, multipliers: Multipliers) -> Self::Scalar;
    /// The change of R, D and C from `earlier` to `self`. Estimates made with common random numbers are differenced
    /// sample by sample, so that the standard errors are those of the paired differences.
    fn change_since(&self, earlier: &Self) -> Self;

    /// The functional that `observable` names.
    fn get(&self, observable: Observable) -> Self::Scalar {
        match observable {
            Observable::Rate => self.rate(),
            Observable::Distortion => self.distortion(),
            Observable::Classification => self.classification(),
        }
    }
}

/// Exact rate, distortion and classification loss, in nats.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Rdc {
    /// The rate R.
    pub rate: f64,
    /// The distortion D.
    pub distortion: f64,
    /// The classification loss C.
    pub classification: f64,
}

impl Observables for Rdc {
    type Scalar = f64;

    fn rate(&self) -> f64 {
        self.rate
    }

    fn distortion(&self) -> f64 {
        self.distortion
    }

    fn classification(&self) -> f64 {
        self.classification
    }

    fn objective(&self, multipliers: Multipliers) -> f64 {
        self.rate + multipliers.lambda() * self.distortion + multipliers.gamma() * self.classification
    }

    fn change_since(&self, earlier: &Self) -> Self {
        Self {
            rate: self.rate - earlier.rate,
            distortion: self.distortion - earlier.distortion,
            classification: self.classification - earlier.classification,
        }
    }
}
