//! One step: try it, shorten it where that fails, and say why where even that does.

use carnot_surface::{Driven, System};

use super::border::Border;
use super::driving::STEEP;
use super::engine::{Evaluated, LEVEL};
use super::{Trace, Traced};
use crate::coordinates::Position;
use crate::drive::{axis, sign};
use crate::linear::{Vector, unit};
use crate::{Coordinate, Drive, Outcome, ProcessError, StopReason, Tangent, Waypoint};

/// A unit tangent with more than this along a coordinate is hardly along another.
const MOSTLY: f64 = 0.9;

/// Steps that are tried from one waypoint: as many as it takes to halve the longest number down to the shortest.
const MOST_STEPS: usize = 2_100;

/// A step to be tried.
pub(super) struct Step {
    /// The unit tangent at its beginning.
    pub(super) direction: Vector,
    /// The length of the step along the tangent.
    pub(super) length: f64,
    /// The coordinate that drives, its direction and, in the last step, its end. `None` of a step in arc length: of a process
    /// that is driven so, and where the curve is too steep for its drive.
    pub(super) driving: Option<(Coordinate, f64, Option<f64>)>,
}

/// A trial of one step.
pub(super) enum Trial<D: Driven> {
    Accepted(Box<Waypoint<D::System>>),
    GivenUp(Failure<D::System>),
}

/// Why a step was given up.
pub(super) struct Failure<S: System> {
    /// The residual that was left.
    pub(super) residual: f64,
    /// Places on the plane of the step where the residual has different signs.
    pub(super) sides: Option<Box<[Evaluated<S>; 2]>>,
    /// Where the curve goes on, beyond a gap.
    pub(super) beyond: Option<Box<Waypoint<S>>>,
    /// The border that was in the way.
    pub(super) border: Option<Border>,
    /// Whether no correction was possible: nothing that may move moves what is held.
    pub(super) is_singular: bool,
}

impl<S: System> Default for Failure<S> {
    fn default() -> Self {
        Self { residual: 0.0, sides: None, beyond: None, border: None, is_singular: false }
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
                        && step.length > 0.0
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
        match failure.border {
            Some(Border { coordinate: Coordinate::Time, .. }) => {
                return Ok(StopReason::DataEnded { time: from.point.time });
            }
            Some(Border { coordinate: multiplier, .. }) if from.point.coordinate(multiplier) == 0.0 => {
                return Ok(StopReason::ReachedZero { multiplier });
            }
            _ => {}
        }
        if let Some((coordinate, end)) = self.engine.process.drive.target()
            && step.length > 0.0
        {
            let ahead = axis(coordinate, sign(from.point.coordinate(coordinate), end));
            if self.turns(from, step, ahead) {
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
            return Ok(self.not_steerable(from));
        }
        Ok(StopReason::StepTooSmall { step: step.length, residual: failure.residual })
    }

    /// Whether a step in arc length has left the way of its drive: behind a turn, or beyond the end.
    fn strays(&self, from: &Waypoint<D::System>, to: &Waypoint<D::System>) -> bool {
        self.engine.process.drive.target().is_some_and(|(k, end)| {
            let ahead = sign(from.point.coordinate(k), end);
            let turned = to.direction.is_some_and(|unit| unit[k.index()] * ahead < -LEVEL);
            turned || ahead * (end - to.point.coordinate(k)) < 0.0
        })
    }

    /// The direction in which a waypoint is left, or why it is not.
    fn way_on(&self, from: &Waypoint<D::System>) -> Result<Vector, StopReason> {
        let process = &self.engine.process;
        let multipliers = [(Coordinate::Lambda, from.point.lambda), (Coordinate::Gamma, from.point.gamma)];
        let at_end = match process.drive {
            Drive::ArcLength { length, .. } => length - from.arc_length < process.control.smallest(),
            drive => drive.target().is_some_and(|(k, end)| from.point.coordinate(k) == end),
        };
        if at_end && !self.is_to_be_taken_to_level(from) {
            return Err(StopReason::ReachedEnd);
        }
        if from.index + 1 >= process.options.most_waypoints {
            return Err(StopReason::MostWaypoints);
        }
        let direction = from.direction.ok_or_else(|| self.not_steerable(from))?;
        for (multiplier, value) in multipliers {
            if value == 0.0 && direction[multiplier.index()] < 0.0 {
                return Err(StopReason::ReachedZero { multiplier });
            }
            if value > process.options.largest_multiplier && direction[multiplier.index()] > 0.0 {
                return Err(StopReason::LeftRange { multiplier, value });
            }
        }
        if self.engine.leaves_data(Position::of(&from.point), direction, process.control.smallest()) {
            return Err(StopReason::DataEnded { time: from.point.time });
        }
        match process.drive.target() {
            Some((k, _)) if direction[k.index()].abs() <= LEVEL => Err(self.not_steerable(from)),
            _ => Ok(direction),
        }
    }

    /// Whether a waypoint is the start of a process that holds another value than the start's: the first step goes to it, even
    /// where the drive has nothing left to do.
    fn is_to_be_taken_to_level(&self, from: &Waypoint<D::System>) -> bool {
        let process = &self.engine.process;
        let scale = || process.constraint.gradient(&from.point).scale(&from.point);
        let allowed = || process.options.tolerance.allowed(self.engine.level, scale(), from.std_err);
        from.index == 0 && process.level.is_some() && from.residual.abs() > allowed()
    }

    /// Why nothing moves what is held: because a multiplier has risen to where it no longer does, or else.
    fn not_steerable(&self, from: &Waypoint<D::System>) -> StopReason {
        let driving = self.engine.process.drive.target().map(|(k, _)| k);
        let back = self.before.map(|before| self.engine.axes.between(before, Position::of(&from.point)));
        let way = from.arriving.filter(|_| from.index > 0).or_else(|| unit(back?));
        let risen = |k: &Coordinate| Some(*k) != driving && way.is_some_and(|unit| unit[k.index()] > MOSTLY);
        match [Coordinate::Lambda, Coordinate::Gamma].into_iter().find(risen) {
            Some(multiplier) => {
                StopReason::Saturated { multiplier, value: from.point.coordinate(multiplier) }
            }
            None => StopReason::NotSteerable,
        }
    }

    /// The step of about the wanted length: what is less than two steps from the end is taken in one or two equal ones, so
    /// that the end is not reached by a tiny one.
    fn step(&self, from: &Waypoint<D::System>, direction: Vector, wanted: f64) -> Step {
        let engine = &self.engine;
        let (remaining, driving) = match engine.process.drive {
            Drive::ArcLength { length, .. } => (length - from.arc_length, None),
            drive => drive.target().map_or((0.0, None), |(k, end)| {
                let value = from.point.coordinate(k);
                let way = engine.axes.axis(k).between(value, end);
                (way.abs() / direction[k.index()].abs(), Some((k, sign(value, end), end)))
            }),
        };
        let last = remaining <= wanted;
        let length = if last { remaining } else { wanted.min(0.5 * remaining) };
        let steep = |k: Coordinate| !last && direction[k.index()].abs() < STEEP;
        let driving =
            driving.filter(|(k, ..)| !steep(*k)).map(|(k, sign, end)| (k, sign, last.then_some(end)));
        Step { direction, length, driving }
    }
}
