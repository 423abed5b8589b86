//! Where no multipliers meet the constraint because an observable jumps.

use carnot_surface::{Driven, Rdc};

use super::engine::{Engine, Evaluated, Near, Plane, Settled};
use super::{Trace, Traced};
use crate::coordinates::Position;
use crate::dense::midpoint;
use crate::linear::{Vector, dot, norm, plus, scale};
use crate::{Point, Tangent, Waypoint};

/// Two equilibria at the same multipliers, to rounding, on whose sides the residual of the constraint has different signs.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Coexistence {
    /// Where: lambda.
    pub lambda: f64,
    /// Where: gamma.
    pub gamma: f64,
    /// When.
    pub time: f64,
    /// The observables of the one whose residual is below zero, and of the one whose is above.
    #[serde(with = "rates_distortions_and_losses")]
    pub sides: [Rdc; 2],
    /// Their residuals.
    pub residuals: [f64; 2],
}

/// `[R, D, C]` of either side.
mod rates_distortions_and_losses {
    use carnot_surface::Rdc;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<Z: Serializer>(sides: &[Rdc; 2], to: Z) -> Result<Z::Ok, Z::Error> {
        sides.map(|rdc| [rdc.rate, rdc.distortion, rdc.classification]).serialize(to)
    }

    pub(super) fn deserialize<'de, Z: Deserializer<'de>>(from: Z) -> Result<[Rdc; 2], Z::Error> {
        let sides = <[[f64; 3]; 2]>::deserialize(from)?;
        Ok(sides.map(|[rate, distortion, classification]| Rdc { rate, distortion, classification }))
    }
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

/// The share of a step that may be left unexplained by the tangents at its ends. Smaller jumps are not seen.
const UNSUSPICIOUS: f64 = 0.1;
/// Places closer than this, in coordinates, are the same to rounding: how one leads to the other is not known.
const SAME_PLACE: f64 = 1e-13;
/// Halvings after which what has not become short is a jump.
const HALVINGS: usize = 8;
/// A bracket this narrow, in coordinates, is a point.
const NARROW: f64 = 1e-11;
/// A residual that still changes by more than this many times what is allowed has jumped.
const CLEAR: f64 = 100.0;

impl<D: Driven, T: Tangent<D>> Trace<D, T> {
    /// Halves the way between two places of either sign. `None` if the residual is continuous between them after all.
    pub(super) fn jump(
        &mut self,
        [mut below, mut above]: [Evaluated<D::System>; 2],
        waypoint: usize,
    ) -> Traced<D, Option<Coexistence>> {
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
        let clear = CLEAR * below.allowed[0].max(above.allowed[0]);
        let has_jumped = above.residuals[0] - below.residuals[0] > clear;
        let rdc =
            |Point { rate, distortion, classification, .. }: Point| Rdc { rate, distortion, classification };
        let Point { lambda, gamma, time, .. } = below.point;
        Ok(has_jumped.then(|| Coexistence {
            lambda,
            gamma,
            time,
            sides: sides.map(|side| rdc(side.point)),
            residuals: sides.map(|side| side.residuals[0]),
        }))
    }

    /// The jump between two places on a curve that is torn between them. Half way the residual is not zero; towards either place
    /// it comes to zero steadily, or by a jump across it.
    pub(super) fn tear(
        &mut self,
        from: &Waypoint<D::System>,
        to: &Waypoint<D::System>,
    ) -> Traced<D, Option<Coexistence>> {
        let ends = [from, to].map(|end| Position::of(&end.point));
        let middle = midpoint(&self.engine.axes, ends[0], ends[1]);
        for (end, place) in [from, to].into_iter().zip(ends) {
            let near = Near { equilibrium: &end.equilibrium, point: &end.point };
            let on_curve = self.engine.evaluate(place, &near, to.index)?;
            let off_curve = self.engine.evaluate(middle, &near, to.index)?;
            let (Some(on_curve), Some(off_curve)) = (on_curve, off_curve) else { return Ok(None) };
            let is_above = off_curve.residuals[0] > 0.0;
            let sides = if is_above { [on_curve, off_curve] } else { [off_curve, on_curve] };
            if let Some(jump) = self.jump(sides, to.index)? {
                return Ok(Some(jump));
            }
        }
        Ok(None)
    }

    /// Whether the curve of an exact system is torn between two waypoints: whether it goes on elsewhere, beyond a gap where no
    /// multipliers meet the constraint.
    ///
    /// What the tangents at both ends do not explain of a step, by the trapezoidal rule, raises the suspicion. It can be a
    /// bend, or the kink of a transition of second order: then halving the way, on the constraint, soon leaves a part that is
    /// shorter than that. Between the sides of a jump it does not.
    pub(super) fn is_torn(
        &mut self,
        from: &Waypoint<D::System>,
        to: &Waypoint<D::System>,
    ) -> Traced<D, bool> {
        let starts_off = from.index == 0 && self.engine.process.level.is_some();
        let unexplained = self.unexplained(from, to);
        let chord = |from: &Waypoint<D::System>, to: &Waypoint<D::System>, engine: &Engine<D, T>| {
            norm(engine.axes.between(Position::of(&from.point), Position::of(&to.point)))
        };
        let whole = chord(from, to, &self.engine);
        let explained = unexplained <= UNSUSPICIOUS * whole || whole <= SAME_PLACE;
        if starts_off || to.std_err.is_some() || explained {
            return Ok(false);
        }
        let (mut one, mut other) = (from.clone(), to.clone());
        for _ in 0..HALVINGS {
            let normal = self.engine.normal(&one, &other);
            let ends = [&one, &other].map(|end| Position::of(&end.point));
            let through = midpoint(&self.engine.axes, ends[0], ends[1]);
            let near = Near { equilibrium: &one.equilibrium, point: &one.point };
            let settled = self.engine.settle(&Plane::new(normal, through), &near, to.index)?;
            let Settled::Reached { found, .. } = settled else { return Ok(true) };
            let middle = Engine::<D, T>::waypoint(*found, to.index, normal);
            let parts = [chord(&one, &middle, &self.engine), chord(&middle, &other, &self.engine)];
            if parts[0] > parts[1] {
                other = middle
            } else {
                one = middle
            }
            if parts[0].max(parts[1]) < 0.5 * unexplained {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How far the end of a step is from where the tangents at both ends lead.
    fn unexplained(&self, from: &Waypoint<D::System>, to: &Waypoint<D::System>) -> f64 {
        let chord = self.engine.axes.between(Position::of(&from.point), Position::of(&to.point));
        let normal = self.engine.normal(from, to);
        let reach = dot(chord, normal);
        let led = |direction: Option<Vector>| {
            direction
                .filter(|unit| dot(*unit, normal) > 0.0)
                .map(|unit| scale(unit, reach / dot(unit, normal)))
        };
        match (led(from.direction), led(to.direction)) {
            (Some(one), Some(other)) => norm(plus(chord, scale(plus(one, other), -0.5))),
            _ => 0.0,
        }
    }
}
