//! Phases: what changes abruptly at a transition.

use crate::{
    At, Certificate, GaussianBottleneck, GaussianSystem, Modes, Response, Responsive, Scalar, System,
};

/// How close the next thing is to entering a phase, in a measure whose threshold is one: a mode's strength, what a letter
/// promises.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// The measure of what is closest to its threshold, less one: negative.
    pub excess: f64,
    /// How far `excess` may be off: rounding, and what a solver leaves.
    pub uncertainty: f64,
}

/// A system that can say in which phase an equilibrium is: which modes are encoded, which letters are used. The free
/// energy is smooth within a phase. The phase is a property of the equilibrium, not of the way it was found: where
/// several states are optimal, all must have the same.
pub trait Phased: System {
    /// The name of a phase.
    type Phase: PartialEq + Clone + std::fmt::Debug;

    /// The phase of an equilibrium.
    fn phase(&self, at: &At<Self>) -> Self::Phase;

    /// What is closest to entering, if the system knows. Its excess is smooth within the phase and zero at the transition at
    /// which it enters: [`locate`](super::locate) extrapolates it to its root, since what has only just entered hardly shows
    /// in the free energy, and a solver can take a while to use it. `None` by default, and where nothing is left to enter.
    fn entry(&self, _at: &At<Self>) -> Option<Entry> {
        None
    }
}

/// The number of encoded modes. The strengths of all modes grow with either multiplier, so that modes enter one after
/// the other, each at `mu_i = 1` and with a transition of second order.
impl Phased for GaussianSystem {
    type Phase = usize;

    fn phase(&self, at: &At<Self>) -> usize {
        at.state.active()
    }

    /// The strongest mode that is not encoded, `mu_i - 1`. Eigenvalues are known to about n units in the last place of
    /// the largest.
    fn entry(&self, at: &At<Self>) -> Option<Entry> {
        next_mode(&at.state, |strongest| strongest, 0.0)
    }
}

/// The number of encoded modes, as of the system whose head is given.
impl Phased for GaussianBottleneck {
    type Phase = usize;

    fn phase(&self, at: &At<Self>) -> usize {
        at.state.active()
    }

    /// As of the system whose head is given. A weak mode keeps its digits beside a strong one; what the solver leaves in
    /// it is of the order of its residual.
    fn entry(&self, at: &At<Self>) -> Option<Entry> {
        let residual = match at.certificate {
            Certificate::Bound { residual, .. } => residual,
            _ => 0.0,
        };
        next_mode(&at.state, f64::sqrt, RESIDUALS * residual)
    }
}

/// How many residuals the error of a relaxed mode's strength may be.
const RESIDUALS: f64 = 10.0;

/// The entry of the strongest mode with `mu_i <= 1`, whose rounding is n units in the last place of `scale(mu_max)`.
fn next_mode(modes: &Modes, scale: impl Fn(f64) -> f64, left: f64) -> Option<Entry> {
    let strengths = modes.strengths();
    let next = strengths.iter().rev().find(|&&mu| mu <= 1.0)?;
    let strongest = strengths.last().map_or(1.0, |mu| mu.max(1.0));
    let rounding = f64::EPSILON * strengths.len() as f64 * scale(strongest);
    Some(Entry { excess: next - 1.0, uncertainty: rounding + left })
}

impl<S: Phased> Phased for &S {
    type Phase = S::Phase;

    fn phase(&self, at: &At<Self>) -> S::Phase {
        (**self).phase(at)
    }

    fn entry(&self, at: &At<Self>) -> Option<Entry> {
        (**self).entry(at)
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
