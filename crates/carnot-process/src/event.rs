//! Events: what happens along a curve.

use std::fmt;

use carnot_surface::System;
use carnot_surface::geometry::Phased;

use crate::{Coordinate, Point, Waypoint};

/// Something that can happen between two waypoints. Where it does, the trace halves the step down to
/// [`Options::event_tolerance`](crate::Options::event_tolerance), re-equilibrating on the constraint each time, and makes the
/// first place found behind the event a waypoint.
pub trait Event<S: System> {
    /// Its name.
    fn name(&self) -> &'static str;
    /// Whether it happened between the two; `system` is that of the time of one of them.
    fn happened(&self, system: &S, before: &Waypoint<S>, after: &Waypoint<S>) -> bool;
    /// Whether the process ends there.
    fn ends(&self) -> bool {
        false
    }
}

/// A change of phase: a mode or a letter enters or leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseChange;

impl<S: Phased> Event<S> for PhaseChange {
    fn name(&self) -> &'static str {
        "phase change"
    }

    fn happened(&self, system: &S, before: &Waypoint<S>, after: &Waypoint<S>) -> bool {
        system.phase(&before.equilibrium) != system.phase(&after.equilibrium)
    }
}

/// A change of sign of a function of the point.
pub struct Crossing<F> {
    name: &'static str,
    function: F,
    ends: bool,
}

impl<F: Fn(&Point) -> f64> Crossing<F> {
    /// The changes of sign of a function.
    pub fn new(name: &'static str, function: F) -> Self {
        Self { name, function, ends: false }
    }

    /// The same as the end of the process.
    #[must_use]
    pub fn that_ends(self) -> Self {
        Self { ends: true, ..self }
    }
}

impl<F> fmt::Debug for Crossing<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crossing").field("name", &self.name).field("ends", &self.ends).finish_non_exhaustive()
    }
}

/// From one side to the other, or onto the border.
fn crosses(before: f64, after: f64) -> bool {
    before != 0.0 && (after == 0.0 || (before > 0.0) != (after > 0.0))
}

impl<S: System, F: Fn(&Point) -> f64> Event<S> for Crossing<F> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn happened(&self, _system: &S, before: &Waypoint<S>, after: &Waypoint<S>) -> bool {
        crosses((self.function)(&before.point), (self.function)(&after.point))
    }

    fn ends(&self) -> bool {
        self.ends
    }
}

/// A fold: the curve turns back in a coordinate. A drive by arc length goes around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn(pub Coordinate);

impl<S: System> Event<S> for Turn {
    fn name(&self) -> &'static str {
        match self.0 {
            Coordinate::Lambda => "turn in lambda",
            Coordinate::Gamma => "turn in gamma",
            Coordinate::Time => "turn in t",
        }
    }

    fn happened(&self, _system: &S, before: &Waypoint<S>, after: &Waypoint<S>) -> bool {
        let along = |direction: Option<[f64; 3]>| direction.map_or(0.0, |unit| unit[self.0.index()]);
        crosses(along(before.direction), along(after.direction))
    }
}
