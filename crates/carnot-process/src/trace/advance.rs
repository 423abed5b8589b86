//! One step: predict, settle, shorten where that fails.

use carnot_surface::{Driven, System};

use super::engine::{Engine, Evaluated, Near, Plane, Settled};
use super::{ErrorOf, STEEP, Trace, Traced};
use crate::coordinates::Position;
use crate::drive::axis;
use crate::linear::{Vector, dot, norm, scale};
use crate::{Coordinate, Drive, Field, Launch, Outcome, ProcessError, StopReason, Tangent, Waypoint};

/// A tangent component below this is rounding: no turn is seen by its sign.
const LEVEL: f64 = 1e-12;
/// How far, in arc length, a curve is followed to see whether it turns.
const LONGEST_PROBE: f64 = 0.02;
/// How far, for the place behind a corner: what is farther away may be beyond a jump.
const LONGEST_CORNER: f64 = 1e-3;
/// Unit tangents whose products differ by less than this may be the same.
const SAME: f64 = 1e-3;

/// Steps that are tried from one waypoint: as many as it takes to halve the longest number down to the shortest.
const MOST_STEPS: usize = 2_100;

/// A step to be tried.
struct Step {
    /// The unit tangent at its beginning.
    direction: Vector,
    /// The length of the step along the tangent.
    length: f64,
    /// The coordinate that drives, its direction and, in the last step, its end. `None` of a step in arc length: of a process
    /// that is driven so, and where the curve is too steep for its drive.
    driving: Option<(Coordinate, f64, Option<f64>)>,
}

/// A trial of one step.
enum Trial<D: Driven> {
    Accepted(Box<Waypoint<D::System>>),
    GivenUp(Failure<D::System>),
}

/// Why a step was given up.
struct Failure<S: System> {
    /// The residual that was left.
    residual: f64,
    /// Places on the plane of the step where the residual has different signs.
    sides: Option<Box<[Evaluated<S>; 2]>>,
    /// Where the curve goes on, beyond a gap.
    beyond: Option<Box<Waypoint<S>>>,
    /// The multiplier that would have had to be negative.
    below_zero: Option<Coordinate>,
    /// Whether no correction was possible: nothing that may move moves what is held.
    is_singular: bool,
}

impl<S: System> Default for Failure<S> {
    fn default() -> Self {
        Self { residual: 0.0, sides: None, beyond: None, below_zero: None, is_singular: false }
    }
}

/// A step control's step, if it is one.
fn positive<E: std::error::Error>(wanted: f64, step: f64, waypoint: usize) -> Result<f64, ProcessError<E>> {
    let requirement = "positive";
    if wanted > 0.0 {
        Ok(wanted)
    } else {
        Err(ProcessError::StepControl { requirement, wanted, step, waypoint })
    }
}

/// A step control's step after one that was given up, if it is a shorter one.
fn shorter<E: std::error::Error>(wanted: f64, step: f64, waypoint: usize) -> Result<f64, ProcessError<E>> {
    let requirement = "positive, and shorter than a step that was given up";
    let is_shorter = wanted > 0.0 && wanted < step;
    if is_shorter {
        Ok(wanted)
    } else {
        Err(ProcessError::StepControl { requirement, wanted, step, waypoint })
    }
}

impl<D: Driven, T: Tangent<D>> Trace<D, T> {
    /// The waypoint after the current one; `None` with a reason to stop.
    pub(super) fn advance(&mut self) -> Traced<D, Option<Waypoint<D::System>>> {
        let from = self.current.clone();
        let direction = match self.way_on(&from) {
            Ok(direction) => direction,
            Err(stop) => {
                self.stop = Some(stop);
                return Ok(None);
            }
        };
        let control = std::sync::Arc::clone(&self.engine.process.control);
        let waypoint = from.index + 1;
        let mut wanted = positive(self.next_step, from.step, waypoint)?;
        let mut tried = 0;
        loop {
            let step = self.step(&from, direction, wanted);
            let trial = match self.attempt(&from, &step)? {
                Trial::Accepted(to) if self.strays(&from, &to) => {
                    Trial::GivenUp(Failure { residual: to.residual, ..Failure::default() })
                }
                Trial::Accepted(to) if self.is_torn(&from, &to)? => {
                    let residual = to.residual;
                    Trial::GivenUp(Failure { residual, beyond: Some(to), ..Failure::default() })
                }
                trial => trial,
            };
            match trial {
                Trial::Accepted(to) => return self.accept(&from, *to, step.length).map(Some),
                Trial::GivenUp(failure) => {
                    self.engine.counters.rejected_steps += 1;
                    tried += 1;
                    if let Some(next) = control.after_rejection(step.length).filter(|_| tried < MOST_STEPS) {
                        wanted = shorter(next, step.length, waypoint)?;
                        continue;
                    }
                    if self.engine.process.drive.target().is_none()
                        && let Some(to) = self.around_corner(&from, &step)
                    {
                        return self.accept(&from, to, step.length).map(Some);
                    }
                    self.stop = Some(self.why_stuck(&from, &step, failure)?);
                    return Ok(None);
                }
            }
        }
    }

    /// Goes on to a waypoint: looks for events on the way there, and says how long the next step is to be.
    fn accept(
        &mut self,
        from: &Waypoint<D::System>,
        mut to: Waypoint<D::System>,
        step: f64,
    ) -> Traced<D, Waypoint<D::System>> {
        to.step = step;
        let process = &self.engine.process;
        self.next_step = process.control.next(&Outcome {
            step,
            corrections: to.corrections,
            prediction_error: to.prediction_error,
            order: process.predictor.order(),
        });
        let (to, end) = self.finish(from, to)?;
        self.before = to.event.is_none().then(|| Position::of(&from.point));
        self.stop = end;
        self.current = to.clone();
        Ok(to)
    }

    /// Why even the smallest step was too long.
    fn why_stuck(
        &mut self,
        from: &Waypoint<D::System>,
        step: &Step,
        failure: Failure<D::System>,
    ) -> Traced<D, StopReason> {
        if let Some(multiplier) = failure.below_zero
            && from.point.coordinate(multiplier) == 0.0
        {
            return Ok(StopReason::ReachedZero { multiplier });
        }
        if let Some((coordinate, end)) = self.engine.process.drive.target() {
            let way = self.engine.axes.axis(coordinate).between(from.point.coordinate(coordinate), end);
            if self.turns(from, step, axis(coordinate, way.signum())) {
                return Ok(StopReason::Turned { coordinate });
            }
        }
        if let Some(sides) = failure.sides
            && let Some(jump) = self.jump(*sides, from.index + 1)?
        {
            return Ok(StopReason::Jump(jump));
        }
        if let Some(to) = failure.beyond
            && let Some(jump) = self.tear(from, &to)?
        {
            return Ok(StopReason::Jump(jump));
        }
        if failure.is_singular {
            return Ok(StopReason::NotSteerable);
        }
        Ok(StopReason::StepTooSmall { step: step.length, residual: failure.residual })
    }

    /// Whether a step in arc length has left the way of its drive: behind a turn, or beyond the end.
    fn strays(&self, from: &Waypoint<D::System>, to: &Waypoint<D::System>) -> bool {
        self.engine.process.drive.target().is_some_and(|(k, end)| {
            let axis = self.engine.axes.axis(k);
            let whole = axis.between(from.point.coordinate(k), end);
            let left = axis.between(to.point.coordinate(k), end);
            let turned = to.direction.is_some_and(|unit| unit[k.index()] * whole.signum() < -LEVEL);
            turned || left * whole < 0.0
        })
    }

    /// Whether the curve, followed by arc length, soon leads against the drive: smoothly, or at the kink of a transition. The
    /// process was not told to go there: that a system fails there, as beyond the end of its data, is no failure of the process.
    fn turns(&mut self, from: &Waypoint<D::System>, step: &Step, drive: Vector) -> bool {
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
    fn around_corner(&mut self, from: &Waypoint<D::System>, step: &Step) -> Option<Waypoint<D::System>> {
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

    /// The direction in which a waypoint is left, or why it is not.
    fn way_on(&self, from: &Waypoint<D::System>) -> Result<Vector, StopReason> {
        let process = &self.engine.process;
        let multipliers = [(Coordinate::Lambda, from.point.lambda), (Coordinate::Gamma, from.point.gamma)];
        let reached = match process.drive {
            Drive::ArcLength { length, .. } => length - from.arc_length < process.control.smallest(),
            drive => drive.target().is_some_and(|(k, end)| from.point.coordinate(k) == end),
        };
        if reached {
            return Err(StopReason::ReachedEnd);
        }
        if from.index + 1 >= process.options.most_waypoints {
            return Err(StopReason::MostWaypoints);
        }
        let direction = from.direction.ok_or(StopReason::NotSteerable)?;
        for (multiplier, value) in multipliers {
            if value == 0.0 && direction[multiplier.index()] < 0.0 {
                return Err(StopReason::ReachedZero { multiplier });
            }
            if value > process.options.largest_multiplier && direction[multiplier.index()] > 0.0 {
                return Err(StopReason::LeftRange { multiplier, value });
            }
        }
        match process.drive.target() {
            Some((k, _)) if direction[k.index()].abs() <= LEVEL => Err(StopReason::NotSteerable),
            _ => Ok(direction),
        }
    }

    /// The step of about the wanted length: what is less than two steps from the end is taken in one or two equal ones, so
    /// that the end is not reached by a tiny one.
    fn step(&self, from: &Waypoint<D::System>, direction: Vector, wanted: f64) -> Step {
        let engine = &self.engine;
        let (remaining, driving) = match engine.process.drive {
            Drive::ArcLength { length, .. } => (length - from.arc_length, None),
            drive => drive.target().map_or((0.0, None), |(k, end)| {
                let way = engine.axes.axis(k).between(from.point.coordinate(k), end);
                (way.abs() / direction[k.index()].abs(), Some((k, way.signum(), end)))
            }),
        };
        let last = remaining <= wanted;
        let length = if last { remaining } else { wanted.min(0.5 * remaining) };
        let steep = |k: Coordinate| !last && direction[k.index()].abs() < STEEP;
        let driving =
            driving.filter(|(k, ..)| !steep(*k)).map(|(k, sign, end)| (k, sign, last.then_some(end)));
        Step { direction, length, driving }
    }

    /// Predicts and settles one step.
    fn attempt(&mut self, from: &Waypoint<D::System>, step: &Step) -> Traced<D, Trial<D>> {
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
            (None, Some((k, end))) => Some((k, [from.point.coordinate(k), end])),
            _ => None,
        };
        let settled = self.engine.settle(&Plane { normal, through, within }, &near, from.index + 1)?;
        match settled {
            Settled::Reached { found, corrections, error } => {
                Ok(Trial::Accepted(Box::new(self.arrived(from, *found, corrections, error))))
            }
            Settled::BelowZero(multiplier) => self.land_on_zero(from, step, moved, multiplier),
            Settled::GivenUp { residual, sides, is_singular } => {
                Ok(Trial::GivenUp(Failure { residual, sides, is_singular, ..Failure::default() }))
            }
        }
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

    /// A step that leads below zero ends on zero instead.
    fn land_on_zero(
        &mut self,
        from: &Waypoint<D::System>,
        step: &Step,
        moved: Vector,
        multiplier: Coordinate,
    ) -> Traced<D, Trial<D>> {
        let failure = Failure { residual: from.residual, below_zero: Some(multiplier), ..Failure::default() };
        let given_up = Ok(Trial::GivenUp(failure));
        let (start, axes) = (Position::of(&from.point), self.engine.axes);
        let way = axes.axis(multiplier).between(start.get(multiplier), 0.0);
        if way == 0.0 {
            return given_up;
        }
        let share = (way / moved[multiplier.index()]).clamp(0.0, 1.0);
        let share = if share > 0.0 { share } else { 1.0 };
        let through = axes.moved(start, scale(moved, share)).with(multiplier, 0.0);
        let near = Near { equilibrium: &from.equilibrium, point: &from.point };
        let plane = Plane::new(axis(multiplier, -1.0), through);
        let settled = self.engine.settle(&plane, &near, from.index + 1)?;
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
        if position.negative().is_some() {
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
