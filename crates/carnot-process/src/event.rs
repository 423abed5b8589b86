//! Events: what happens along a curve.

use std::fmt;

use carnot_surface::System;
use carnot_surface::geometry::Phased;

use crate::{Coordinate, Point, Waypoint};

/// Something that can happen between two waypoints. Where it does, the trace narrows the step down to
/// [`Options::event_tolerance`](crate::Options::event_tolerance), re-equilibrating on the constraint each time, and makes the
/// first place found behind the event a waypoint. With a [`value`](Self::value) that takes a few places; without, or where
/// that is no guide, as many as halving takes.
pub trait Event<S: System> {
    /// Its name.
    fn name(&self) -> &'static str;
    /// Whether it happened between the two; `system` is that of the time of one of them.
    fn happened(&self, system: &S, before: &Waypoint<S>, after: &Waypoint<S>) -> bool;
    /// A number that comes to zero where it happens: with a change of sign, or smooth on one of the sides. A guide to the place;
    /// what has happened is for [`happened`](Self::happened) alone to say.
    fn value(&self, system: &S, waypoint: &Waypoint<S>) -> Option<f64> {
        let _ = (system, waypoint);
        None
    }
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

    /// How far what is closest to entering is from that: it comes to zero on the side on which what enters is absent.
    fn value(&self, system: &S, waypoint: &Waypoint<S>) -> Option<f64> {
        system.entry(&waypoint.equilibrium).map(|entry| entry.excess)
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

/// From one side to the other, or onto the border; what is not a number is on no side.
fn crosses(before: f64, after: f64) -> bool {
    !before.is_nan() && !after.is_nan() && before != 0.0 && (after == 0.0 || (before > 0.0) != (after > 0.0))
}

impl<S: System, F: Fn(&Point) -> f64> Event<S> for Crossing<F> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn happened(&self, _system: &S, before: &Waypoint<S>, after: &Waypoint<S>) -> bool {
        crosses((self.function)(&before.point), (self.function)(&after.point))
    }

    fn value(&self, _system: &S, waypoint: &Waypoint<S>) -> Option<f64> {
        Some((self.function)(&waypoint.point))
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

    fn happened(&self, system: &S, before: &Waypoint<S>, after: &Waypoint<S>) -> bool {
        let along = |waypoint: &Waypoint<S>| self.value(system, waypoint).unwrap_or_default();
        crosses(along(before), along(after))
    }

    fn value(&self, _system: &S, waypoint: &Waypoint<S>) -> Option<f64> {
        waypoint.direction.map(|unit| unit[self.0.index()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_changes_between_numbers() {
        assert!(crosses(-1.0, 1.0) && crosses(1.0, -1.0) && crosses(1.0, 0.0));
        assert!(!crosses(0.0, 1.0) && !crosses(1.0, 2.0));
        assert!(!crosses(f64::NAN, 1.0) && !crosses(1.0, f64::NAN));
    }
}
