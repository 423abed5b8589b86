//! What an inversion can find, by type.

use super::InversionCounters;
use crate::{Equilibrium, Multipliers, Observable, Observables, Rdc};

/// The answer to a target, and what it cost. `X` is the system's state.
#[derive(Debug, Clone)]
#[must_use]
pub struct Solved<X> {
    /// What was found.
    pub inversion: Inversion<X>,
    /// What it cost.
    pub counters: InversionCounters,
}

/// Whether and how a target is met.
#[derive(Debug, Clone)]
pub enum Inversion<X> {
    /// The target is met, and by theory at one point of the surface only.
    Unique(Solution<X>),
    /// The target is met at these points, ordered by the multiplier that was searched for. They are what a scan found:
    /// theory allows more than one, and the scan can miss two that lie closer together than its steps.
    Scanned(Vec<Solution<X>>),
    /// A constraint does not bind: the loss is below its target though its multiplier is zero, and the best model under
    /// the constraints is `solution`. Where the surface is a curve (a scalar Gaussian), every pair of losses off the
    /// curve is of this kind.
    Slack {
        /// The best model.
        solution: Solution<X>,
        /// The losses whose constraints do not bind: one, or D and C both.
        slack: Vec<Observable>,
    },
    /// No multipliers that the options allow meet the target.
    Unattainable(Unattainable),
}

impl<X> Inversion<X> {
    /// The one equilibrium at the target; `None` where it is met in another way, or not.
    pub fn into_point(self) -> Option<Equilibrium<Rdc, X>> {
        match self {
            Self::Unique(Solution::Point(equilibrium)) => Some(equilibrium),
            _ => None,
        }
    }
}

/// A point of the equilibrium surface.
#[derive(Debug, Clone)]
pub enum Solution<X> {
    /// One equilibrium.
    Point(Equilibrium<Rdc, X>),
    /// A point inside a first-order jump: no equilibrium has these R, D and C, but the phases that coexist at
    /// `multipliers` have them in the mean, each used for its share of the samples (the lever rule).
    Coexistence {
        /// Where the phases have the same free energy. One such place, where the phases coexist along a line of
        /// multipliers without changing.
        multipliers: Multipliers,
        /// The phases: two along a line of coexistence, three at a triple point. Their weights sum to one.
        phases: Vec<Phase<X>>,
    },
    /// Equilibria that do not differ, to within the tolerance, on the whole segment of multipliers between `ends`: the
    /// surface has a corner or is a curve, and the multipliers are not identified. An end that is
    /// `largest_multiplier` is where the search ended.
    Plateau {
        /// The equilibria at the segment's ends.
        ends: [Equilibrium<Rdc, X>; 2],
    },
}

/// A phase of a coexistence.
#[derive(Debug, Clone)]
pub struct Phase<X> {
    /// An equilibrium next to the place of coexistence, on the phase's own side: a few units in the last place from it, or, where
    /// the system finds mixtures there, as far as that takes, a millionth at most.
    pub equilibrium: Equilibrium<Rdc, X>,
    /// The phase's share, in [0, 1].
    pub weight: f64,
}

impl<X> Solution<X> {
    /// R, D and C, in nats: those of the equilibrium, the mean over coexisting phases, or those of a plateau's first
    /// end.
    pub fn rdc(&self) -> Rdc {
        match self {
            Self::Point(equilibrium) => equilibrium.rdc,
            Self::Plateau { ends: [first, _] } => first.rdc,
            Self::Coexistence { phases, .. } => {
                let mean = |observable| -> f64 {
                    phases.iter().map(|phase| phase.weight * phase.equilibrium.rdc.get(observable)).sum()
                };
                Rdc {
                    rate: mean(Observable::Rate),
                    distortion: mean(Observable::Distortion),
                    classification: mean(Observable::Classification),
                }
            }
        }
    }

    /// The multipliers; of a plateau, those of its first end.
    pub fn multipliers(&self) -> Multipliers {
        match self {
            Self::Point(equilibrium) | Self::Plateau { ends: [equilibrium, _] } => equilibrium.multipliers,
            Self::Coexistence { multipliers, .. } => *multipliers,
        }
    }

    /// `first` and `second`, both at `multipliers` to rounding, in the shares `weight` and `1 - weight`. Phases that
    /// `same` cannot tell apart are one, and one phase is no coexistence.
    pub(super) fn mix(
        multipliers: Multipliers,
        first: Self,
        second: Self,
        weight: f64,
        same: impl Fn(&Rdc, &Rdc) -> bool,
    ) -> Self {
        let mut phases: Vec<Phase<X>> = Vec::new();
        let shares = first.into_phases().into_iter().map(|phase| (phase, weight));
        let shares = shares.chain(second.into_phases().into_iter().map(|phase| (phase, 1.0 - weight)));
        for (Phase { equilibrium, weight }, share) in shares {
            let weight = weight * share;
            if weight == 0.0 {
                continue;
            }
            match phases.iter_mut().find(|known| same(&known.equilibrium.rdc, &equilibrium.rdc)) {
                Some(known) => known.weight += weight,
                None => phases.push(Phase { equilibrium, weight }),
            }
        }
        match phases.pop() {
            // No jump, but the system's own noise.
            Some(only) if phases.is_empty() => Self::Point(only.equilibrium),
            last => {
                phases.extend(last);
                Self::Coexistence { multipliers, phases }
            }
        }
    }

    fn into_phases(self) -> Vec<Phase<X>> {
        match self {
            Self::Point(equilibrium) | Self::Plateau { ends: [equilibrium, _] } => {
                vec![Phase { equilibrium, weight: 1.0 }]
            }
            Self::Coexistence { phases, .. } => phases,
        }
    }
}

/// An observable whose target cannot be met, and the range in which it could be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unattainable {
    /// Which observable.
    pub observable: Observable,
    /// Its target, in nats.
    pub target: f64,
    /// The smallest value found, and where.
    pub lowest: Extreme,
    /// The largest value found, and where.
    pub highest: Extreme,
}

/// An end of an attainable range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extreme {
    /// The value of the observable, in nats.
    pub value: f64,
    /// Where it is attained.
    pub multipliers: Multipliers,
}
