//! Systems whose data move.

mod discrete;
mod gaussian;
mod gaussian_path;
mod joint_gaussian;
mod mixture;
mod whitened;

pub use discrete::{MovingDiscrete, MovingDiscreteBranch, MovingGibbs};
pub use gaussian::{MovingGaussian, MovingGaussianBottleneck};
pub use gaussian_path::GaussianPath;
pub use joint_gaussian::JointGaussian;

use crate::{At, Quantity, Scalar, System};

/// The generalised force of the moving data and the data's direct effect on D and C, in nats per unit of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Force<Q> {
    /// `tau = dF/dt` at fixed multipliers.
    pub free_energy: Q,
    /// `dD/dt` at fixed multipliers, equal to `dtau/dlambda`.
    pub distortion: Q,
    /// `dC/dt` at fixed multipliers, equal to `dtau/dgamma`.
    pub classification: Q,
}

/// A family of systems over data time t that share one kind of state.
pub trait Driven {
    /// The system at a fixed time.
    type System: System;

    /// The system at time `time`.
    ///
    /// # Errors
    ///
    /// The system's own, for instance a time outside its path.
    fn at(&self, time: f64) -> Result<Self::System, <Self::System as System>::Error>;

    /// The force of the moving data on the equilibrium `at` of time `time`.
    ///
    /// # Errors
    ///
    /// The system's own.
    fn force(
        &self,
        time: f64,
        at: &At<Self::System>,
    ) -> Result<Force<Scalar<Self::System>>, <Self::System as System>::Error>;
}

impl<D: Driven> Driven for &D {
    type System = D::System;

    fn at(&self, time: f64) -> Result<D::System, <D::System as System>::Error> {
        (**self).at(time)
    }

    fn force(
        &self,
        time: f64,
        at: &At<D::System>,
    ) -> Result<Force<Scalar<D::System>>, <D::System as System>::Error> {
        (**self).force(time, at)
    }
}

/// A system whose data do not move: the same at every time, with zero force.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Still<S>(pub S);

impl<S: System + Clone> Driven for Still<S> {
    type System = S;

    fn at(&self, _time: f64) -> Result<S, S::Error> {
        Ok(self.0.clone())
    }

    fn force(&self, _time: f64, _at: &At<S>) -> Result<Force<Scalar<S>>, S::Error> {
        let zero = Scalar::<S>::exact(0.0);
        Ok(Force { free_energy: zero, distortion: zero, classification: zero })
    }
}
