//! What a system is: something with an equilibrium at every pair of multipliers.

use carnot_info::Estimate;

use crate::{Multipliers, Observables, Response};

/// How an equilibrium is known to be one.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Certificate {
    /// Evaluated from a closed form of the global minimum: exact to rounding.
    ClosedForm,
    /// A proven bound on a global minimum.
    Bound {
        /// `F - F* <= gap`, in nats.
        gap: f64,
        /// Residual of the optimality conditions: errors of D, C and the response are of its order.
        residual: f64,
    },
    /// A stationary point, the best of several starts; nothing is claimed about the global minimum.
    Stationary {
        /// Residual of the optimality conditions.
        residual: f64,
        /// How many starts were tried.
        starts: usize,
    },
    /// A model relaxed by a stochastic optimiser: its objective is above the free energy by an unknown amount.
    Relaxed {
        /// Steps of the optimiser since this relaxation began, the training of a new model included.
        steps: u64,
        /// How much the training objective changed from the first half of the averaged steps to the second, in nats.
        /// Where the learning rate falls over these steps, so does the objective: this is a measure of what the
        /// relaxation still did, not a test of equilibrium.
        plateau: Estimate,
    },
}

/// A state at equilibrium and what is observed there.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Equilibrium<V, X> {
    /// Where on the surface.
    pub multipliers: Multipliers,
    /// Rate, distortion and classification loss, in nats.
    pub rdc: V,
    /// The system's own description of the state, a warm start for its neighbours.
    pub state: X,
    /// How the equilibrium is known to be one.
    pub certificate: Certificate,
}

impl<V: Observables, X> Equilibrium<V, X> {
    /// `F = R + lambda D + gamma C`, in nats.
    ///
    /// Of a model that is trained on one set of samples and observed on another it is the objective on the second: above
    /// the free energy by what training left over, and not the minimum of anything on that set.
    pub fn free_energy(&self) -> V::Scalar {
        self.rdc.objective(self.multipliers)
    }
}

/// The equilibrium of a system `S`.
pub type At<S> = Equilibrium<<S as System>::Rdc, <S as System>::State>;

/// The scalar a system's observables are made of.
pub type Scalar<S> = <<S as System>::Rdc as Observables>::Scalar;

/// A system that minimises `R + lambda D + gamma C`.
pub trait System {
    /// [`Rdc`](crate::Rdc) if it is exact, [`RdcEstimate`](crate::RdcEstimate) if it is measured.
    type Rdc: Observables;
    /// Whatever describes an equilibrium. All that a warm start needs is in it, random states included, so that
    /// `equilibrium` is a pure function.
    type State: Clone;
    /// What can go wrong.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The equilibrium at the multipliers, started from `from` where that helps. A state that does not fit, as of a system
    /// of another size, is no help and is passed over, as it is by a system that needs no start: what is asked for does
    /// not depend on it. (A system for which to begin anew is hours of work may refuse it instead.) What is asked *about*
    /// a state or an equilibrium, such as its response, does, and one that does not fit is an error there.
    ///
    /// # Errors
    ///
    /// The system's own, for instance a solver that did not converge.
    fn equilibrium(&self, at: Multipliers, from: Option<&Self::State>) -> Result<At<Self>, Self::Error>;
}

/// A system that knows the second derivatives of its free energy.
pub trait Responsive: System {
    /// The response matrix at an equilibrium.
    ///
    /// # Errors
    ///
    /// The system's own.
    fn response(&self, at: &At<Self>) -> Result<Response<Scalar<Self>>, Self::Error>;
}

impl<S: System> System for &S {
    type Rdc = S::Rdc;
    type State = S::State;
    type Error = S::Error;

    fn equilibrium(&self, at: Multipliers, from: Option<&S::State>) -> Result<At<S>, S::Error> {
        (**self).equilibrium(at, from)
    }
}

impl<S: Responsive> Responsive for &S {
    fn response(&self, at: &At<S>) -> Result<Response<Scalar<S>>, S::Error> {
        (**self).response(at)
    }
}
