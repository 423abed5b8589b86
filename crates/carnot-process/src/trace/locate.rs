//! Where an event happened.

use carnot_surface::Driven;

use super::engine::{Engine, Near, Plane, Settled};
use super::{ErrorOf, Trace};
use crate::coordinates::Position;
use crate::dense;
use crate::linear::norm;
use crate::{Event, EventMark, ProcessError, Tangent, Waypoint};

/// Halvings after which a bracket is as narrow as numbers allow.
const MOST_HALVINGS: usize = 80;

/// A waypoint, the last place found before its event, and whether that ends the process.
type Found<S> = (Waypoint<S>, Option<Waypoint<S>>, bool);

impl<D: Driven, T: Tangent<D>> Trace<D, T> {
    /// The first event between two waypoints; without one, the second.
    pub(super) fn first_event(
        &mut self,
        from: &Waypoint<D::System>,
        mut to: Waypoint<D::System>,
    ) -> Result<Found<D::System>, ProcessError<ErrorOf<D>>> {
        let events = std::mem::take(&mut self.events);
        let mut before = None;
        let mut ends = false;
        let mut outcome = Ok(());
        for event in &events {
            if !event.happened(&self.engine.system, from, &to) {
                continue;
            }
            match self.bracket(from, to.clone(), &**event) {
                Ok((last, mut first)) => {
                    let base = last.as_ref().unwrap_or(from);
                    let gap = self.engine.axes.between(Position::of(&base.point), Position::of(&first.point));
                    first.event = Some(EventMark { name: event.name(), width: norm(gap) });
                    (to, before, ends) = (first, last, event.ends());
                }
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        self.events = events;
        outcome.map(|()| (to, before, ends))
    }

    /// Halves the way to the last place where the event had not happened, if it is not `from`, and the first where it had.
    fn bracket(
        &mut self,
        from: &Waypoint<D::System>,
        to: Waypoint<D::System>,
        event: &dyn Event<D::System>,
    ) -> Result<(Option<Waypoint<D::System>>, Waypoint<D::System>), ProcessError<ErrorOf<D>>> {
        let (mut last, mut first) = (None::<Waypoint<D::System>>, to);
        let tolerance = self.engine.process.options.event_tolerance;
        for _ in 0..MOST_HALVINGS {
            let before = last.as_ref().unwrap_or(from);
            let ends = [Position::of(&before.point), Position::of(&first.point)];
            if norm(self.engine.axes.between(ends[0], ends[1])) <= tolerance {
                break;
            }
            let normal = self.engine.normal(before, &first);
            let through = dense::midpoint(&self.engine.axes, ends[0], ends[1]);
            let near = Near { equilibrium: &before.equilibrium, point: &before.point };
            let settled = self.engine.settle(&Plane { normal, through }, &near, from.index + 1)?;
            let Settled::Reached { found, corrections, error } = settled else { break };
            let preferred = self.engine.preferred(&from.point, from.direction);
            let mut middle = Engine::<D, T>::waypoint(found, from.index + 1, preferred);
            (middle.step, middle.corrections, middle.prediction_error) = (first.step, corrections, error);
            if event.happened(&self.engine.system, from, &middle) {
                first = middle;
            } else {
                last = Some(middle);
            }
        }
        Ok((last, first))
    }
}
