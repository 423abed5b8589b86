//! Where no multipliers meet the constraint because an observable jumps.

use carnot_surface::Driven;

use super::engine::{Engine, Evaluated, Near};
use super::{ErrorOf, Trace};
use crate::coordinates::Position;
use crate::dense::midpoint;
use crate::linear::norm;
use crate::{Point, ProcessError, Tangent};

/// Two equilibria at the same multipliers, to rounding, on whose sides the residual of the constraint has different signs.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Coexistence {
    /// The one whose residual is below zero, and the one whose is above.
    pub sides: [Point; 2],
    /// Their residuals.
    pub residuals: [f64; 2],
}

impl Coexistence {
    /// The lever rule: the shares of the two in the mixture that meets the constraint in the mean, if the held function is
    /// linear in R, D and C.
    pub fn shares(&self) -> [f64; 2] {
        let [below, above] = self.residuals;
        let first = above / (above - below);
        [first, 1.0 - first]
    }
}

/// A bracket this narrow, in coordinates, is a point.
const NARROW: f64 = 1e-11;
/// A residual that has not fallen below this many times what is allowed has jumped.
const CLEAR: f64 = 100.0;

impl<D: Driven, T: Tangent<D>> Trace<D, T> {
    /// Halves the way between two places of either sign. `None` if the residual is continuous between them after all.
    pub(super) fn jump(
        &mut self,
        [mut below, mut above]: [Evaluated<D::System>; 2],
        waypoint: usize,
    ) -> Result<Option<Coexistence>, ProcessError<ErrorOf<D>>> {
        let engine: &mut Engine<D, T> = &mut self.engine;
        for _ in 0..80 {
            let ends = [Position::of(&below.point), Position::of(&above.point)];
            if norm(engine.axes.between(ends[0], ends[1])) <= NARROW {
                break;
            }
            let middle = midpoint(&engine.axes, ends[0], ends[1]);
            let near = Near { equilibrium: &below.equilibrium, point: &below.point };
            let Some(found) = engine.evaluate(middle, &near, waypoint)? else { return Ok(None) };
            if found.residuals[0] > 0.0 { above = found } else { below = found }
        }
        let sides = [&below, &above];
        let clear = |side: &Evaluated<D::System>| side.residuals[0].abs() > CLEAR * side.allowed[0];
        Ok(sides.into_iter().all(clear).then(|| Coexistence {
            sides: sides.map(|side| side.point),
            residuals: sides.map(|side| side.residuals[0]),
        }))
    }
}
