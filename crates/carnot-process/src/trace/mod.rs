//! The predictor-corrector, as an iterator.

mod advance;
mod attempt;
mod border;
mod corner;
mod driving;
mod engine;
mod jump;
mod locate;
mod narrowing;
mod segment;

use std::fmt;
use std::sync::Arc;

use carnot_surface::{At, Driven, Scalar, System};

use crate::coordinates::Position;
use crate::linear::Vector;
use crate::{
    Checkpoint, Coordinates, Counters, Curve, Event, Point, Process, ProcessError, StopReason, Tangent,
    Waypoint,
};
use engine::{Engine, Near, Settled};

pub use jump::Coexistence;

pub(crate) type ErrorOf<D> = <<D as Driven>::System as System>::Error;
pub(crate) type RdcOf<D> = <<D as Driven>::System as System>::Rdc;
/// What may fail on the way.
pub(crate) type Traced<D, X> = Result<X, ProcessError<ErrorOf<D>>>;
pub(crate) type ScalarOf<D> = Scalar<<D as Driven>::System>;

/// A process under way: an iterator of waypoints that its caller may stop, inspect, steer, save, or ask how it ended.
///
/// A step is predicted along the tangent of the curve, the system re-equilibrated there, and the coordinates corrected, on
/// the plane on which the step is to end, until what is held is within the tolerance. A step that does not get there is
/// shortened and tried again from the last waypoint.
pub struct Trace<D: Driven, T> {
    engine: Engine<D, T>,
    events: Vec<Box<dyn Event<D::System>>>,
    current: Waypoint<D::System>,
    /// Whether the start has been handed out.
    started: bool,
    /// The waypoint before, for the predictor; none where the curve may have a kink between.
    before: Option<Position>,
    next_step: f64,
    stop: Option<StopReason>,
    failed: bool,
}

impl<D: Driven, T> fmt::Debug for Trace<D, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace")
            .field("process", &self.engine.process)
            .field("current", &self.current)
            .field("next_step", &self.next_step)
            .field("stop", &self.stop)
            .field("counters", &self.engine.counters)
            .finish_non_exhaustive()
    }
}

impl<D: Driven, T: Tangent<D>> Trace<D, T> {
    pub(crate) fn new(
        process: Process,
        driven: D,
        start: At<D::System>,
        time: f64,
        tangent: T,
    ) -> Traced<D, Self> {
        let point = Point::of::<D::System>(&start, time);
        let mut engine = Engine {
            axes: process.options.coordinates.unwrap_or_else(|| Coordinates::at(&point)),
            first: start.rdc.clone(),
            system: system_at(&driven, time, &start, 0)?,
            system_time: time,
            level: process.level.unwrap_or_else(|| process.constraint.value(&point)),
            process,
            driven,
            tangent,
            start: point,
            counters: Counters::default(),
        };
        engine.check()?;
        let found = engine.describe(start, time, 0)?;
        let preferred = engine.preferred(&point, None);
        let direction = engine.departure(&found);
        let current = Waypoint { direction, ..Engine::<D, T>::waypoint(found, 0, preferred) };
        let next_step = engine.process.control.first();
        Ok(Self {
            engine,
            events: Vec::new(),
            current,
            started: false,
            before: None,
            next_step,
            stop: None,
            failed: false,
        })
    }

    pub(crate) fn resume(
        process: Process,
        driven: D,
        checkpoint: Checkpoint<D::System, T>,
    ) -> Traced<D, Self> {
        let Checkpoint { first, start, axes, level, current, started, before, next_step, counters, .. } =
            checkpoint;
        let Checkpoint { stop, failed, tangent, .. } = checkpoint;
        let time = current.point.time;
        let system = system_at(&driven, time, &current.equilibrium, current.index)?;
        let engine = Engine {
            process,
            driven,
            tangent,
            axes,
            start,
            first,
            level,
            counters,
            system,
            system_time: time,
        };
        engine.check()?;
        let before = before.map(Position);
        Ok(Self { engine, events: Vec::new(), current, started, before, next_step, stop, failed })
    }

    /// Everything that the rest of the process depends on, but for the process, its events and the system.
    pub fn checkpoint(&self) -> Checkpoint<D::System, T>
    where
        T: Clone,
    {
        Checkpoint {
            first: self.engine.first.clone(),
            start: self.engine.start,
            axes: self.engine.axes,
            level: self.engine.level,
            current: self.current.clone(),
            started: self.started,
            before: self.before.map(|Position(place)| place),
            next_step: self.next_step,
            counters: self.engine.counters,
            stop: self.stop,
            failed: self.failed,
            tangent: self.engine.tangent.clone(),
        }
    }

    /// The same with an event that is looked for. Of several in one step the first makes its waypoint; those that happen at one
    /// place, to within [`Options::event_tolerance`](crate::Options::event_tolerance), share it, and it has the mark of the one
    /// that ends the process or else of the one that was added first.
    #[must_use]
    pub fn with_event(mut self, event: impl Event<D::System> + 'static) -> Self {
        self.events.push(Box::new(event));
        self
    }

    /// Goes on, from the current waypoint, as another process: with another drive, other options, another rule or other
    /// parts. What is held, and at which value, and the coordinates stay as they are; a rule given by
    /// [`Process::with_rule`] holds what it finds here. A trace that had stopped goes on too, and so does one that had failed:
    /// with a shorter step, for instance.
    ///
    /// # Errors
    ///
    /// [`ProcessError::Option`] and [`ProcessError::Drive`] for what the new process asks, and what its rule has to say here;
    /// then the trace is what it was.
    pub fn steer(&mut self, change: impl FnOnce(Process) -> Process) -> Traced<D, ()> {
        let (old, start) = (self.engine.process.clone(), self.engine.start);
        let mut new = change(old.clone());
        new.constraint = Arc::clone(&old.constraint);
        if !Arc::ptr_eq(&new.rule, &old.rule) {
            self.engine.start = self.current.point;
        }
        self.engine.process = new;
        match self.way_from_here() {
            Ok(direction) => self.current.direction = direction,
            Err(error) => {
                (self.engine.process, self.engine.start) = (old, start);
                return Err(error);
            }
        }
        self.next_step = self.engine.process.control.first();
        self.before = None;
        (self.stop, self.failed) = (None, false);
        Ok(())
    }

    /// The direction in which the process of this moment leaves the current waypoint.
    fn way_from_here(&mut self) -> Traced<D, Option<Vector>> {
        self.engine.check()?;
        let Point { time, .. } = self.current.point;
        if time != self.engine.system_time {
            let Waypoint { equilibrium, index, .. } = &self.current;
            self.engine.system = system_at(&self.engine.driven, time, equilibrium, *index)?;
            self.engine.system_time = time;
        }
        let found = self.engine.describe(self.current.equilibrium.clone(), time, self.current.index)?;
        Ok(self.engine.departure(&found))
    }

    /// How the process ended; `None` while it goes on and after an error.
    pub fn stop_reason(&self) -> Option<StopReason> {
        self.stop
    }

    /// The work so far.
    pub fn counters(&self) -> Counters {
        self.engine.counters
    }

    /// The tangent, with what it has learned.
    pub fn tangent(&self) -> &T {
        &self.engine.tangent
    }

    /// The coordinates of the steps.
    pub fn axes(&self) -> &Coordinates {
        &self.engine.axes
    }

    /// The rest of the process, collected.
    ///
    /// # Errors
    ///
    /// The first error of the trace.
    pub fn collect_curve(&mut self) -> Traced<D, Curve<D::System>> {
        let waypoints = self.by_ref().collect::<Result<Vec<_>, _>>()?;
        // Only a trace whose error was taken before has no reason.
        let stop = self.stop.unwrap_or(StopReason::Failed);
        Ok(Curve { waypoints, stop, counters: self.engine.counters, axes: self.engine.axes })
    }

    /// The waypoint at a fraction of the way between two of this curve's: interpolated, re-equilibrated and corrected. `None`
    /// where the corrector gave up. The curve goes on as it would have, except that a tangent that learns, as
    /// [`Broyden`](crate::Broyden), has learned from this place too.
    ///
    /// # Errors
    ///
    /// As of the trace.
    pub fn between(
        &mut self,
        from: &Waypoint<D::System>,
        to: &Waypoint<D::System>,
        fraction: f64,
    ) -> Traced<D, Option<Waypoint<D::System>>> {
        let normal = self.engine.normal(from, to);
        let through = crate::dense::interpolate(&self.engine.axes, from, to, fraction);
        let near = Near { equilibrium: &from.equilibrium, point: &from.point };
        let settled = self.engine.settle(&engine::Plane::new(normal, through), &near, to.index)?;
        Ok(match settled {
            Settled::Reached { found, corrections, error } => {
                let mut waypoint = Engine::<D, T>::waypoint(*found, to.index, normal);
                (waypoint.corrections, waypoint.prediction_error) = (corrections, error);
                waypoint.arc_length = from.arc_length + fraction * (to.arc_length - from.arc_length);
                waypoint.step = fraction * to.step;
                waypoint.work = from.work.plus(&self.work(from, &waypoint)?);
                Some(waypoint)
            }
            Settled::Outside(_) | Settled::GivenUp { .. } => None,
        })
    }
}

fn system_at<D: Driven>(driven: &D, time: f64, at: &At<D::System>, waypoint: usize) -> Traced<D, D::System> {
    let at = at.multipliers;
    driven.at(time).map_err(|source| ProcessError::System { waypoint, at, time, source })
}

impl<D: Driven, T: Tangent<D>> Iterator for Trace<D, T> {
    type Item = Traced<D, Waypoint<D::System>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.stop.is_some() || self.failed {
            return None;
        }
        if !self.started {
            self.started = true;
            return Some(Ok(self.current.clone()));
        }
        match self.advance() {
            Ok(Some(waypoint)) => Some(Ok(waypoint)),
            Ok(None) => None,
            Err(error) => {
                self.failed = true;
                Some(Err(error))
            }
        }
    }
}
