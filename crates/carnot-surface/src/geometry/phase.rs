//! Phases: what changes abruptly at a transition.

use crate::{At, GaussianBottleneck, GaussianSystem, Response, Responsive, Scalar, System};

/// A system that can say in which phase an equilibrium is: which modes are encoded, which letters are used. The free
/// energy is smooth within a phase. The phase is a property of the equilibrium, not of the way it was found: where
/// several states are optimal, all must have the same.
pub trait Phased: System {
    /// The name of a phase.
    type Phase: PartialEq + Clone + std::fmt::Debug;

    /// The phase of an equilibrium.
    fn phase(&self, at: &At<Self>) -> Self::Phase;
}

/// The number of encoded modes. The strengths of all modes grow with either multiplier, so that modes enter one after
/// the other, each at `mu_i = 1` and with a transition of second order.
impl Phased for GaussianSystem {
    type Phase = usize;

    fn phase(&self, at: &At<Self>) -> usize {
        at.state.active()
    }
}

/// The number of encoded modes, as of the system whose head is given.
impl Phased for GaussianBottleneck {
    type Phase = usize;

    fn phase(&self, at: &At<Self>) -> usize {
        at.state.active()
    }
}

impl<S: Phased> Phased for &S {
    type Phase = S::Phase;

    fn phase(&self, at: &At<Self>) -> S::Phase {
        (**self).phase(at)
    }
}

/// A system whose phases have no names: transitions of first order are still found, by their jump.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SinglePhase<S>(pub S);

impl<S: System> System for SinglePhase<S> {
    type Rdc = S::Rdc;
    type State = S::State;
    type Error = S::Error;

    fn equilibrium(&self, at: crate::Multipliers, from: Option<&S::State>) -> Result<At<S>, S::Error> {
        self.0.equilibrium(at, from)
    }
}

impl<S: Responsive> Responsive for SinglePhase<S> {
    fn response(&self, at: &At<S>) -> Result<Response<Scalar<S>>, S::Error> {
        self.0.response(at)
    }
}

impl<S: System> Phased for SinglePhase<S> {
    type Phase = ();

    fn phase(&self, _at: &At<Self>) {}
}
