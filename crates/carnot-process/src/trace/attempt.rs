//! A trial of one step: predict, settle.

use carnot_surface::Driven;

use super::advance::{Failure, Step, Trial};
use super::border::Border;
use super::engine::{Engine, Evaluated, Near, Plane, Settled};
use super::{ErrorOf, Trace, Traced};
use crate::coordinates::Position;
use crate::drive::axis;
use crate::linear::{Vector, dot, norm, scale};
use crate::{Coordinate, Field, Launch, ProcessError, Tangent, Waypoint};

impl<D: Driven, T: Tangent<D>> Trace<D, T> {
    /// Predicts and settles one step.
    pub(super) fn attempt(&mut self, from: &Waypoint<D::System>, step: &Step) -> Traced<D, Trial<D>> {
        let start = Position::of(&from.point);
        let moved = self.predict(from, step)?;
        let mut through = self.engine.axes.moved(start, moved);
        let normal = match step.driving {
            Some((k, sign, end)) => {
                // The end is met exactly, not up to the rounding of a prediction.
                let along = sign * step.length * step.direction[k.index()].abs();
                let value = end.unwrap_or_else(|| self.engine.axes.axis(k).moved(start.get(k), along));
                through = through.with(k, value);
                axis(k, sign)
            }
            None => step.direction,
        };
        let near = Near { equilibrium: &from.equilibrium, point: &from.point };
        let within = match (step.driving, self.engine.process.drive.target()) {
            (None, Some((k, end))) => Some((k, [self.behind(from, step, k, end), end])),
            _ => None,
        };
        let settled = self.engine.settle(&Plane { normal, through, within }, &near, from.index + 1)?;
        match settled {
            Settled::Reached { found, corrections, error } => {
                Ok(Trial::Accepted(Box::new(self.arrived(from, *found, corrections, error))))
            }
            Settled::Outside(border) => self.land_on_border(from, step, moved, border),
            Settled::GivenUp { residual, sides, is_singular } => {
                Ok(Trial::GivenUp(Failure { residual, sides, is_singular, ..Failure::default() }))
            }
        }
    }

    /// How far back corrections of a step along a steep curve may go in the driving coordinate: it hardly moves, by less, perhaps,
    /// than what is allowed of the residual, and on the way to the curve it may move the other way.
    fn behind(&self, from: &Waypoint<D::System>, step: &Step, k: Coordinate, end: f64) -> f64 {
        let axis = self.engine.axes.axis(k);
        let [start, here] = [&self.engine.start, &from.point].map(|point| point.coordinate(k));
        let has_come = (start - here) * (end - here) < 0.0;
        axis.moved(if has_come { start } else { here }, -step.length * (end - here).signum())
    }

    /// The predicted move. Where the predictor has no tangent to go by, it is Euler's.
    fn predict(&mut self, from: &Waypoint<D::System>, step: &Step) -> Traced<D, Vector> {
        let start = Position::of(&from.point);
        let along = |direction: Vector| step.driving.map_or(1.0, |(k, ..)| direction[k.index()].abs());
        let speed = along(step.direction);
        let launch = Launch {
            step: step.length * speed,
            tangent: scale(step.direction, 1.0 / speed),
            before: self.before.and_then(|before| {
                let back = self.engine.axes.between(start, before);
                let length = step.driving.map_or(norm(back), |(k, ..)| back[k.index()].abs());
                (length > 0.0).then_some((back, length))
            }),
        };
        let predictor = std::sync::Arc::clone(&self.engine.process.predictor);
        let mut field = TangentField { engine: &mut self.engine, from, driving: step.driving, error: None };
        let predicted = predictor.predict(&launch, &mut field);
        match field.error {
            Some(error) => Err(error),
            None => Ok(predicted
                .filter(|moved| moved.iter().all(|entry| entry.is_finite()))
                .unwrap_or_else(|| scale(step.direction, step.length))),
        }
    }

    /// A step that leads beyond a border ends on it instead.
    fn land_on_border(
        &mut self,
        from: &Waypoint<D::System>,
        step: &Step,
        moved: Vector,
        border: Border,
    ) -> Traced<D, Trial<D>> {
        let failure = Failure { residual: from.residual, border: Some(border), ..Failure::default() };
        let given_up = Ok(Trial::GivenUp(failure));
        let (start, axes) = (Position::of(&from.point), self.engine.axes);
        let Border { coordinate, value } = border;
        let way = axes.axis(coordinate).between(start.get(coordinate), value);
        if way == 0.0 {
            return given_up;
        }
        let share = (way / moved[coordinate.index()]).clamp(0.0, 1.0);
        let share = if share > 0.0 { share } else { 1.0 };
        let through = axes.moved(start, scale(moved, share)).with(coordinate, value);
        let near = Near { equilibrium: &from.equilibrium, point: &from.point };
        let plane = Plane::new(axis(coordinate, way.signum()), through);
        let settled = match self.engine.settle(&plane, &near, from.index + 1) {
            // The last data may be missing, or their force infinite: then they are approached only.
            Err(_) if coordinate == Coordinate::Time => return given_up,
            settled => settled?,
        };
        let Settled::Reached { found, corrections, error } = settled else { return given_up };
        let gone = axes.between(start, Position::of(&found.point));
        // Not much farther than the step was to go: in the driving coordinate, or in length.
        let (progress, planned) = match step.driving {
            Some((k, sign, _)) => (sign * gone[k.index()], step.length * step.direction[k.index()].abs()),
            None => (norm(gone), step.length),
        };
        let forward = dot(gone, step.direction) > 0.0 && progress > 0.0 && progress <= 2.0 * planned;
        let within = self.engine.process.drive.target().is_none_or(|(k, end)| {
            let left = axes.axis(k).between(found.point.coordinate(k), end);
            let whole = axes.axis(k).between(start.get(k), end);
            left * whole >= 0.0 && left.abs() <= whole.abs()
        });
        if !(forward && within) {
            return given_up;
        }
        Ok(Trial::Accepted(Box::new(self.arrived(from, *found, corrections, error))))
    }

    fn arrived(
        &self,
        from: &Waypoint<D::System>,
        found: Evaluated<D::System>,
        corrections: usize,
        error: f64,
    ) -> Waypoint<D::System> {
        let preferred = self.engine.preferred(&from.point, from.direction);
        let mut to = Engine::<D, T>::waypoint(found, from.index + 1, preferred);
        (to.corrections, to.prediction_error) = (corrections, error);
        to
    }
}

/// The tangent field for predictors with stages.
struct TangentField<'a, D: Driven, T> {
    engine: &'a mut Engine<D, T>,
    from: &'a Waypoint<D::System>,
    driving: Option<(Coordinate, f64, Option<f64>)>,
    error: Option<ProcessError<ErrorOf<D>>>,
}

impl<D: Driven, T: Tangent<D>> Field for TangentField<'_, D, T> {
    fn tangent(&mut self, moved: [f64; 3]) -> Option<[f64; 3]> {
        let position = self.engine.axes.moved(Position::of(&self.from.point), moved);
        if self.engine.outside(position, self.from.point.time).is_some() {
            return None;
        }
        let near = Near { equilibrium: &self.from.equilibrium, point: &self.from.point };
        let found = match self.engine.evaluate(position, &near, self.from.index + 1) {
            Ok(found) => found?,
            Err(error) => {
                self.error = Some(error);
                return None;
            }
        };
        let preferred = self.engine.preferred(&self.from.point, self.from.direction);
        let direction = Engine::<D, T>::direction(&found, preferred)?;
        let speed = self.driving.map_or(1.0, |(k, ..)| direction[k.index()].abs());
        (speed > 0.0).then(|| scale(direction, 1.0 / speed))
    }
}
