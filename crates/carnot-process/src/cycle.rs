//! Several processes one after the other.

use carnot_surface::{Driven, Multipliers, Responsive, Still, System};

use crate::coordinates::Position;
use crate::linear::norm;
use crate::process::equilibrium;
use crate::trace::Traced;
use crate::{
    Coordinates, Curve, FromResponse, Incomplete, Point, Process, ProcessError, StopReason, Trace, Work,
};

/// A journey in several legs, each a process that starts where the one before ended: a Carnot cycle, for instance, alternates
/// processes of constant C with processes of constant gamma.
#[derive(Debug, Clone)]
pub struct Cycle {
    legs: Vec<Process>,
}

/// A trace that steps along one leg of a cycle.
pub type Leg<D> = Trace<D, FromResponse>;

impl Cycle {
    /// The cycle of these legs.
    pub fn new(legs: impl IntoIterator<Item = Process>) -> Self {
        Self { legs: legs.into_iter().collect() }
    }

    /// Runs all legs on a system that knows its response, from the equilibrium of `from`. A leg that does not reach its end
    /// is the last.
    ///
    /// # Errors
    ///
    /// As of [`Process::run`].
    pub fn run<S: Responsive + Clone>(
        &self,
        system: S,
        from: Multipliers,
    ) -> Result<Journey<S>, ProcessError<S::Error>> {
        self.run_driven(&Still(system), from, 0.0, |leg| leg)
    }

    /// The same on moving data, from `time` on. `prepare` is given each leg's trace before it starts, to add events.
    ///
    /// # Errors
    ///
    /// As of [`Process::run_driven`].
    pub fn run_driven<'a, D: Driven>(
        &self,
        driven: &'a D,
        from: Multipliers,
        time: f64,
        prepare: impl Fn(Leg<&'a D>) -> Leg<&'a D>,
    ) -> Traced<D, Journey<D::System>>
    where
        D::System: Responsive,
    {
        let mut start = equilibrium(driven, from, time)?;
        let mut now = time;
        let mut legs = Vec::new();
        for leg in &self.legs {
            let mut trace = prepare(leg.trace_driven(driven, start.clone(), now, FromResponse)?);
            let curve = trace.collect_curve()?;
            if let Some(last) = curve.last() {
                start = last.equilibrium.clone();
                now = last.point.time;
            }
            let is_last = curve.stop != StopReason::ReachedEnd;
            legs.push(curve);
            if is_last {
                break;
            }
        }
        Ok(Journey { legs, planned: self.legs.len() })
    }
}

/// What a cycle leaves behind.
#[must_use = "whether the cycle closed is in the journey"]
#[derive(Debug, Clone)]
pub struct Journey<S: System> {
    /// The curve of each leg.
    pub legs: Vec<Curve<S>>,
    planned: usize,
}

/// How a journey ended with respect to where it began.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Closure {
    /// At the same point, to within the tolerance.
    Closed,
    /// At other multipliers, or at another time.
    Open {
        /// The distance in the coordinates of the first leg.
        distance: f64,
    },
    /// At the same multipliers and time on another branch of equilibria: the system has not returned. The loop integral is the
    /// free energy that separates the branches, less what was dissipated in jumps.
    Hysteresis {
        /// The change of the free energy, in nats.
        free_energy: f64,
    },
}

impl<S: System> Journey<S> {
    /// The work of each leg.
    pub fn works(&self) -> Vec<Work> {
        self.legs.iter().filter_map(|leg| leg.last().map(|last| last.work)).collect()
    }

    /// The work of all of them.
    pub fn work(&self) -> Work {
        self.works().iter().fold(Work::default(), |sum, work| sum.plus(work))
    }

    /// The points at which it began and ended.
    pub fn ends(&self) -> Option<[Point; 2]> {
        let first = self.legs.first()?.waypoints.first()?;
        let last = self.legs.last()?.last()?;
        Some([first.point, last.point])
    }

    /// Whether it returned to where it began: the coordinates, R, D and C to within `tolerance`, relative to their size where
    /// that is above one.
    pub fn closure(&self, tolerance: f64) -> Closure {
        let (Some([first, last]), Some(leg)) = (self.ends(), self.legs.first()) else {
            return Closure::Open { distance: f64::INFINITY };
        };
        let distance = distance(&leg.axes, &first, &last);
        let has_returned = distance <= tolerance;
        if !has_returned {
            return Closure::Open { distance };
        }
        let returned =
            |of: fn(&Point) -> f64| (of(&last) - of(&first)).abs() <= tolerance * of(&first).abs().max(1.0);
        if returned(|p| p.rate) && returned(|p| p.distortion) && returned(|p| p.classification) {
            Closure::Closed
        } else {
            Closure::Hysteresis { free_energy: last.free_energy() - first.free_energy() }
        }
    }

    /// The same, if every leg reached its end.
    ///
    /// # Errors
    ///
    /// [`Incomplete`] with the reason why the last leg did not, and how many waypoints there are in all.
    pub fn into_complete(self) -> Result<Self, Incomplete> {
        let waypoints = self.legs.iter().map(|leg| leg.waypoints.len()).sum();
        match self.legs.iter().find(|leg| leg.stop != StopReason::ReachedEnd) {
            Some(leg) => Err(Incomplete { waypoints, stop: leg.stop }),
            None => Ok(self),
        }
    }

    /// How many legs were planned; there are fewer [`legs`](Self::legs) where one did not reach its end.
    pub fn planned(&self) -> usize {
        self.planned
    }
}

fn distance(axes: &Coordinates, from: &Point, to: &Point) -> f64 {
    norm(axes.between(Position::of(from), Position::of(to)))
}
