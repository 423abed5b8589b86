//! A discrete system that stays on the branch of equilibria on which it is.

use super::{DiscreteError, DiscreteState, DiscreteSystem};
use crate::geometry::{Entry, Phased};
use crate::{At, Multipliers, Rdc, Response, Responsive, System};

/// A [`DiscreteSystem`] whose equilibrium from a state is the minimum that is reached from there, by
/// [`DiscreteSystem::branch`], and not the lowest that a search finds: where the problem is not convex it follows a metastable
/// branch until that ends, as matter does, and a step along it costs one descent.
///
/// Without a state to start from it is the lowest minimum of the whole search. Up to `gamma = 1` there is one branch, the
/// global one, and its certificate; beyond, [`Certificate::Stationary`](crate::Certificate::Stationary) with one start.
///
/// ```
/// use carnot_info::Joint;
/// use carnot_surface::{DiscreteSystem, Multipliers, System};
/// use ndarray::array;
///
/// // Three classes, a tenth of the labels wrong: learning begins at gamma = 1.3755 with a jump.
/// let joint = Joint::from_weights(array![[18.0, 1.0, 1.0], [1.0, 18.0, 1.0], [1.0, 1.0, 18.0]])?;
/// let system = DiscreteSystem::bottleneck(&joint, 3)?;
/// let branch = system.clone().following();
/// let (below, above) = (Multipliers::new(0.0, 1.375)?, Multipliers::new(0.0, 1.38)?);
///
/// // What is learnt is not forgotten at once, though to know nothing is better.
/// let learnt = branch.equilibrium(above, None)?;
/// let kept = branch.equilibrium(below, Some(&learnt.state))?;
/// let best = system.equilibrium(below, None)?;
/// assert!(kept.rdc.rate > 0.04 && best.rdc.rate < 1e-9);
/// assert!(kept.free_energy() > best.free_energy());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DiscreteBranch(DiscreteSystem);

impl DiscreteSystem {
    /// The same system followed along its branches.
    pub fn following(self) -> DiscreteBranch {
        DiscreteBranch(self)
    }
}

impl DiscreteBranch {
    /// The system that is followed.
    pub fn system(&self) -> &DiscreteSystem {
        &self.0
    }
}

impl System for DiscreteBranch {
    type Rdc = Rdc;
    type State = DiscreteState;
    type Error = DiscreteError;

    /// # Errors
    ///
    /// [`DiscreteError::NotConverged`] where the tolerances of the options were not met.
    fn equilibrium(&self, at: Multipliers, from: Option<&DiscreteState>) -> Result<At<Self>, DiscreteError> {
        match from.filter(|state| state.check(&self.0.problem).is_ok()) {
            Some(state) => self.0.branch(at, state),
            None => self.0.equilibrium(at, None),
        }
    }
}

impl Responsive for DiscreteBranch {
    fn response(&self, at: &At<Self>) -> Result<Response<f64>, DiscreteError> {
        self.0.response(at)
    }
}

impl Phased for DiscreteBranch {
    type Phase = <DiscreteSystem as Phased>::Phase;

    fn phase(&self, at: &At<Self>) -> Self::Phase {
        self.0.phase(at)
    }

    fn entry(&self, at: &At<Self>) -> Option<Entry> {
        self.0.entry(at)
    }
}
