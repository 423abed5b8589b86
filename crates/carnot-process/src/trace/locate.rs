//! Where an event happened.

use carnot_surface::{Driven, System};

use super::engine::{Engine, Near, Plane, Settled};
use super::narrowing::Narrowing;
use super::{Trace, Traced};
use crate::coordinates::Position;
use crate::linear::{dot, norm, scale};
use crate::{Event, EventMark, Tangent, Waypoint};

/// Places after which a bracket is as narrow as numbers allow.
const MOST_PLACES: usize = 80;

/// The end of a step, or the first place found behind an event.
pub(super) struct Found<S: System> {
    pub(super) place: Waypoint<S>,
    /// The last place found before the event; `None` without one, and where that is the step's beginning.
    pub(super) before: Option<Waypoint<S>>,
    /// Whether the event ends the process.
    pub(super) ends: bool,
}

impl<D: Driven, T: Tangent<D>> Trace<D, T> {
    /// The first event between two waypoints; without one, the second.
    pub(super) fn first_event(
        &mut self,
        from: &Waypoint<D::System>,
        to: Waypoint<D::System>,
    ) -> Traced<D, Found<D::System>> {
        let events = std::mem::take(&mut self.events);
        let mut found = Ok(Found { place: to, before: None, ends: false });
        for event in &events {
            found = match found {
                Ok(first) if event.happened(&self.engine.system, from, &first.place) => {
                    self.earlier(from, first, &**event)
                }
                other => other,
            };
        }
        self.events = events;
        found
    }

    /// The earlier of the first event so far and another that happened before the place behind it. Of two at one place, as
    /// narrowly as it is known, the first keeps its mark unless the other ends the process.
    fn earlier(
        &mut self,
        from: &Waypoint<D::System>,
        mut first: Found<D::System>,
        event: &dyn Event<D::System>,
    ) -> Traced<D, Found<D::System>> {
        let Some(mark) = &mut first.place.event else { return self.bracket(from, first.place, event) };
        match first.before {
            Some(before) if event.happened(&self.engine.system, from, &before) => {
                self.bracket(from, before, event)
            }
            _ => {
                if event.ends() && !first.ends {
                    (mark.name, first.ends) = (event.name(), true);
                }
                Ok(first)
            }
        }
    }

    /// Narrows the way down to the last place where the event had not happened, if it is not `from`, and the first where it had.
    fn bracket(
        &mut self,
        from: &Waypoint<D::System>,
        to: Waypoint<D::System>,
        event: &dyn Event<D::System>,
    ) -> Traced<D, Found<D::System>> {
        let axes = self.engine.axes;
        let between = |one: &Waypoint<_>, other: &Waypoint<_>| {
            axes.between(Position::of(&one.point), Position::of(&other.point))
        };
        let (tolerance, normal) =
            (self.engine.process.options.event_tolerance, self.engine.normal(from, &to));
        let (whole, reach) = (norm(between(from, &to)), dot(between(from, &to), normal));
        let values = [from, &to].map(|place| event.value(&self.engine.system, place));
        let mut narrowing = Narrowing::new([0.0, reach], values, tolerance * reach / whole);
        let (mut last, mut first) = (None::<Waypoint<D::System>>, to);
        for _ in 0..MOST_PLACES {
            let before = last.as_ref().unwrap_or(from);
            let way = between(before, &first);
            if norm(way) <= tolerance {
                break;
            }
            let fraction = narrowing.fraction();
            let through = axes.moved(Position::of(&before.point), scale(way, fraction));
            let near = Near { equilibrium: &before.equilibrium, point: &before.point };
            let settled = self.engine.settle(&Plane::new(normal, through), &near, from.index + 1)?;
            let Settled::Reached { found, corrections, error } = settled else { break };
            let preferred = self.engine.preferred(&from.point, from.direction);
            let mut middle = Engine::<D, T>::waypoint(*found, from.index + 1, preferred);
            (middle.step, middle.corrections, middle.prediction_error) = (first.step, corrections, error);
            let happened = event.happened(&self.engine.system, from, &middle);
            narrowing.look(fraction, event.value(&self.engine.system, &middle), happened);
            if happened {
                first = middle;
            } else {
                last = Some(middle);
            }
        }
        let gap = between(last.as_ref().unwrap_or(from), &first);
        first.event = Some(EventMark { name: event.name(), width: norm(gap) });
        Ok(Found { place: first, before: last, ends: event.ends() })
    }
}
