//! A trace at rest.

use std::fmt;

use carnot_surface::System;

use crate::{Coordinates, Counters, Point, StopReason, Waypoint};

/// Everything that the rest of a process depends on, but for the process, its events and the system: made by
/// [`Trace::checkpoint`](crate::Trace::checkpoint), taken up by [`Process::resume`](crate::Process::resume). That the trace
/// had stopped, and why, or failed, is part of it.
pub struct Checkpoint<S: System, T> {
    pub(crate) first: S::Rdc,
    pub(crate) start: Point,
    pub(crate) axes: Coordinates,
    pub(crate) level: f64,
    pub(crate) current: Waypoint<S>,
    pub(crate) started: bool,
    pub(crate) before: Option<[f64; 3]>,
    pub(crate) next_step: f64,
    pub(crate) counters: Counters,
    pub(crate) stop: Option<StopReason>,
    pub(crate) failed: bool,
    pub(crate) tangent: T,
}

// By hand: a derive would ask for `S: Clone` and `S: Debug`.
impl<S: System, T: Clone> Clone for Checkpoint<S, T> {
    fn clone(&self) -> Self {
        Self {
            first: self.first.clone(),
            current: self.current.clone(),
            tangent: self.tangent.clone(),
            ..*self
        }
    }
}

impl<S: System, T> fmt::Debug for Checkpoint<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint").field("current", &self.current).finish_non_exhaustive()
    }
}

impl<S: System, T> Checkpoint<S, T> {
    /// The last waypoint.
    pub fn waypoint(&self) -> &Waypoint<S> {
        &self.current
    }

    /// How the trace had ended, [`StopReason::Failed`] after an error; `None` of one that goes on.
    pub fn stop_reason(&self) -> Option<StopReason> {
        self.stop.or(self.failed.then_some(StopReason::Failed))
    }
}
