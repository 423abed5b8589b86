//! What a phase transition is: its place, the values on both sides and its order.

use super::GeometryError;
use super::one_sided::entries;
use crate::{Multipliers, Observables, Rdc, Response};

/// How to search a line for transitions. Lengths are fractions of the line's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Search {
    /// The number of panels that the line is cut into first. Two transitions that undo each other within one panel,
    /// without a jump, are not seen.
    pub resolution: usize,
    /// Brackets are halved until they are this narrow.
    pub tolerance: f64,
    /// A change of D or C that the responses at both ends of a panel do not explain is followed down if it is larger
    /// than this, relative to the variation of D or C along the line. Smaller jumps are not seen.
    pub jump: f64,
    /// The largest distance from which one-sided limits are extrapolated: less where that is more accurate, near the ends
    /// and between close transitions.
    pub probe: f64,
    /// How many equilibria the search may solve for. It runs out where phases change back and forth, or where what the
    /// solver leaves in D and C looks like a jump.
    pub budget: usize,
}

impl Default for Search {
    /// 64 panels, located to `1e-10`, jumps above `1e-6` of the variation, limits from `1e-4` at most, 20,000
    /// equilibria.
    fn default() -> Self {
        Self { resolution: 64, tolerance: 1e-10, jump: 1e-6, probe: 1e-4, budget: 20_000 }
    }
}

/// The order of a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// (D, C) jumps: F has a kink, and the values on both sides coexist.
    First,
    /// (D, C) is continuous and the response jumps or diverges.
    Second,
    /// Neither jumps by more than the extrapolation leaves uncertain: a change of phase without a trace in the
    /// observables, or one too weak to be told.
    Unresolved,
}

/// A phase transition on a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition<P> {
    /// Its position on the line, extrapolated from either side: where F is continuous if it is of first order; if of
    /// second, where what enters reaches its threshold ([`Phased::entry`](super::Phased::entry)) or, of a system that
    /// does not say, where the slope of F is continuous.
    pub position: f64,
    /// How far the transition may be from `position`: half the width of the bracket, or more where the position is not
    /// known as well. A phase that is not the minimum of F is above it by the square of the distance to a transition of
    /// second order, so that the bracket, in which phases change their names, can be off by the root of what the solver
    /// leaves in F; the extrapolated position is as good as D, C and the entry are.
    pub half_width: f64,
    /// The multipliers there.
    pub multipliers: Multipliers,
    /// The phases before and after, in the line's direction; the same where only the jump tells them apart.
    pub phases: [P; 2],
    /// (R, D, C) before and after, extrapolated to the transition: at one of first order, the coexisting values.
    pub values: [Rdc; 2],
    /// The one-sided responses before and after, extrapolated to the transition.
    pub responses: [Response; 2],
    /// What the extrapolation and the bracket leave uncertain of [`jump`](Self::jump).
    pub jump_error: Rdc,
    /// First or second order.
    pub order: Order,
}

impl<P> Transition<P> {
    /// The jump of (R, D, C), after minus before. At a transition of first order the rate's is the latent heat,
    /// `dR = -lambda dD - gamma dC` at the fixed multipliers, F being continuous.
    pub fn jump(&self) -> Rdc {
        self.values[1].change_since(&self.values[0])
    }

    /// The jumps `[S11, S12, S22]` of the response, after minus before.
    pub fn response_jump(&self) -> [f64; 3] {
        entries(&self.responses[1], &self.responses[0])
    }

    /// The jump of F, which is zero but for the extrapolation's error and that of the position.
    pub fn free_energy_jump(&self) -> f64 {
        self.jump().objective(self.multipliers)
    }
}

impl Search {
    pub(super) fn check<E: std::error::Error + 'static>(&self) -> Result<(), GeometryError<E>> {
        if self.resolution == 0 {
            return Err(GeometryError::Option { name: "resolution", expected: "at least 1", value: 0.0 });
        }
        for (name, value) in [("tolerance", self.tolerance), ("jump", self.jump), ("probe", self.probe)] {
            if !(value > 0.0 && value < 1.0) {
                return Err(GeometryError::Option { name, expected: "between 0 and 1", value });
            }
        }
        Ok(())
    }
}
