//! Processes on exact systems: how far they drift, where they lead, around cycles and along moving data.

mod charts;
mod curves;
mod cycle;
mod drift;
mod moving;
mod report;
mod systems;
mod trace;
mod words;

use super::exact::{self, Boundary};
use crate::figure::{Context, Figure, FigureError, Outcome};
use curves::IsoCurve;
use drift::{Drifts, Segment};

pub(super) const NAME: &str = "exact-processes";
pub(super) const SHOWS: &str =
    "processes on exact systems: drift and order against plain Runge-Kutta, cycles, moving data";

/// The figure `exact-processes`.
#[derive(Debug, Clone, Copy)]
pub(super) struct ExactProcesses;

/// All modes stay encoded.
const SMOOTH: Segment = Segment { start: (8.0, 2.0), end: 2.0, runs: 1 };
/// Two of four modes are given up.
const ACROSS: Segment = Segment { start: (2.0, 2.0), end: 0.1, runs: 4 };

/// Everything that is shown.
struct Shown {
    words: &'static str,
    /// The parts of D and C of the system whose data stay that no encoder can change, in nats.
    constants: [f64; 2],
    smooth: Drifts,
    across: Drifts,
    curves: Vec<IsoCurve>,
    /// Where modes enter, in the range of the curves and some way beyond.
    boundaries: Vec<Boundary>,
    cycle: cycle::Run,
    /// A Gaussian system, which is drawn, and a discrete one.
    moving: [moving::Run; 2],
}

impl Shown {
    fn compute() -> Result<Self, FigureError> {
        let example = exact::sharp_gaussian()?;
        let (low, high) = curves::RANGE;
        Ok(Shown {
            words: example.words,
            constants: example.constants,
            smooth: Drifts::along(&example.system, SMOOTH)?,
            across: Drifts::along(&example.system, ACROSS)?,
            curves: curves::all(&example.system)?,
            boundaries: exact::boundaries(&example.system, (0.25 * low, 4.0 * high))?,
            cycle: cycle::Run::of(&example)?,
            moving: [moving::Run::of(&systems::gaussian()?)?, moving::Run::of(&systems::discrete()?)?],
        })
    }
}

impl Figure for ExactProcesses {
    fn name(&self) -> &'static str {
        NAME
    }

    fn shows(&self) -> &'static str {
        SHOWS
    }

    fn run(&self, _context: &Context<'_>) -> Result<Outcome, FigureError> {
        Ok(report::outcome(&Shown::compute()?))
    }
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;
    use crate::figure::Cell;
    use drift::Method;

    #[test]
    fn the_figure_keeps_its_bounds_and_shows_what_it_says() {
        let shown = Shown::compute().expect("a run");
        let outcome = report::outcome(&shown);
        for metric in &outcome.metrics {
            assert_ne!(metric.pass(), Some(false), "{metric:?}");
        }
        assert_eq!((shown.smooth.encoded, shown.across.encoded), ([4, 4], [4, 2]));
        // Runge and Kutta's method has no use for its order where modes are given up.
        let [smooth, across] = [&shown.smooth, &shown.across].map(|drifts| drifts.quoted[0]);
        assert!(smooth < 1e-12 && across > 1e-6, "{smooth:e} against {across:e}");
        // Order 1 over two decades, order 4 over one: that many points are above the floor.
        for (method, count) in [(Method::Euler, 15), (Method::Heun, 15), (Method::RungeKutta, 7)] {
            let above = shown.smooth.of(method).iter().filter(|point| point.drift > drift::FLOOR).count();
            assert!(above >= count, "{method:?}: {above}");
        }
        for curve in &shown.curves {
            assert!(!curve.transitions.is_empty(), "{:?}", curve.held);
        }
        assert!(shown.cycle.legs.len() == 4 && shown.cycle.transitions().count() == 4);
        // The work is that of F at every point, with the same constants taken from both.
        for point in shown.cycle.legs.iter().flat_map(|leg| &leg.points) {
            // Order twelve in steps of a tenth; rounding of a few nats.
            assert_close!(point.work[0] + point.work[1], point.free_energy, rtol = 0.0, atol = 1e-10);
        }
        for run in &shown.moving {
            assert!(run.transitions().count() > 1 && run.maxwell_measured() > 20, "{}", run.name);
            assert!(run.points.last().is_some_and(|point| point.time == 1.0));
        }
        // Every column of the table is used, and no name in a row is another one.
        let trace = &outcome.trace;
        for (k, column) in trace.columns.iter().enumerate() {
            assert!(trace.rows.iter().any(|row| row[k] != Cell::Empty), "{column}");
        }
    }
}
