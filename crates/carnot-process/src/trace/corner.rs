//! Whether a curve turns back, and where it goes on behind a corner.

use carnot_surface::Driven;

use super::Trace;
use super::advance::Step;
use super::engine::{Engine, Near, Plane, Settled};
use crate::coordinates::Position;
use crate::linear::{Vector, dot, scale};
use crate::{Tangent, Waypoint};

/// How far, in arc length, a curve is followed to see whether it turns.
const LONGEST_PROBE: f64 = 0.02;
/// How far, for the place behind a corner: what is farther away may be beyond a jump.
const LONGEST_CORNER: f64 = 1e-3;
/// Unit tangents whose products differ by less than this may be the same.
const SAME: f64 = 1e-3;

impl<D: Driven, T: Tangent<D>> Trace<D, T> {
    /// Whether the curve, followed by arc length, soon leads against the drive: smoothly, or at the kink of a transition. The
    /// process was not told to go there: that a system fails there, as beyond the end of its data, is no failure of the process.
    pub(super) fn turns(&mut self, from: &Waypoint<D::System>, step: &Step, drive: Vector) -> bool {
        let mut length = step.length;
        while length < LONGEST_PROBE {
            length *= 4.0;
            let moved = scale(step.direction, length);
            let through = self.engine.axes.moved(Position::of(&from.point), moved);
            let near = Near { equilibrium: &from.equilibrium, point: &from.point };
            let plane = Plane::new(step.direction, through);
            if let Ok(Settled::Reached { found, .. }) = self.engine.settle(&plane, &near, from.index + 1) {
                let direction = Engine::<D, T>::direction(&found, step.direction);
                if direction.is_some_and(|direction| dot(direction, drive) < 0.0) {
                    return true;
                }
            }
        }
        let corner = self.around_corner(from, step).and_then(|to| to.direction);
        corner.is_some_and(|direction| dot(direction, drive) < 0.0)
    }

    /// A place behind a kink at which the curve turns by more than a right angle, where no plane ahead meets it again. Beyond
    /// the kink another tangent holds, and the curve leaves along it or against it: on that side places are found on its planes
    /// whose tangent is this one rather than the old.
    pub(super) fn around_corner(
        &mut self,
        from: &Waypoint<D::System>,
        step: &Step,
    ) -> Option<Waypoint<D::System>> {
        let near = Near { equilibrium: &from.equilibrium, point: &from.point };
        let (start, axes, waypoint) = (Position::of(&from.point), self.engine.axes, from.index + 1);
        let mut length = step.length;
        while length < LONGEST_CORNER {
            length *= 4.0;
            let ahead = axes.moved(start, scale(step.direction, length));
            let probe = self.engine.evaluate(ahead, &near, waypoint).ok().flatten();
            let along = probe.and_then(|probe| Engine::<D, T>::direction(&probe, step.direction));
            for new in along.into_iter().flat_map(|along| [scale(along, -1.0), along]) {
                let plane = Plane::new(new, axes.moved(ahead, scale(new, length)));
                let settled = self.engine.settle(&plane, &near, waypoint);
                let Ok(Settled::Reached { found, corrections, error }) = settled else { continue };
                let mut to = Engine::<D, T>::waypoint(*found, waypoint, new);
                (to.corrections, to.prediction_error) = (corrections, error);
                let is_new = |unit: Vector| dot(unit, new) > dot(unit, step.direction).abs() + SAME;
                if error <= 4.0 * length && to.direction.is_some_and(is_new) {
                    return Some(to);
                }
            }
        }
        None
    }
}
