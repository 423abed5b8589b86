//! Phase transitions along rays of the plane of multipliers: where theory puts them, and where they are found.

mod charts;
mod discrete_charts;
mod gaussian;
mod letters;
mod line;
mod onset;
mod report;
mod trace;
mod words;

use super::exact;
use crate::figure::{Context, Figure, FigureError, Outcome};
use gaussian::GaussianRun;
use letters::Letters;
use onset::Onset;

pub(super) const NAME: &str = "phase-transitions";
pub(super) const SHOWS: &str =
    "transitions of exact systems, predicted against located; first order against second";

/// The figure `phase-transitions`.
#[derive(Debug, Clone, Copy)]
pub(super) struct PhaseTransitions;

/// Everything that is shown.
struct Shown {
    gaussian: GaussianRun,
    onsets: Vec<Onset>,
    letters: Letters,
}

impl Shown {
    fn compute() -> Result<Self, FigureError> {
        Ok(Shown {
            gaussian: GaussianRun::of(&exact::gaussian()?)?,
            onsets: onset::all()?,
            letters: Letters::of(&exact::discrete()?)?,
        })
    }
}

impl Figure for PhaseTransitions {
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
    use carnot_surface::geometry::Order;
    use carnot_testkit::assert_close;
    use line::{Ray, transitions};

    use super::*;

    #[test]
    fn the_figure_keeps_its_bounds() {
        let shown = Shown::compute().expect("a run");
        let outcome = report::outcome(&shown);
        let run = &shown.gaussian;
        for metric in &outcome.metrics {
            assert_ne!(metric.pass(), Some(false), "{metric:?}");
        }
        // Four modes on each of 25 rays; those that enter outside of the range are not predicted either.
        assert!(run.transitions.len() > 80 && run.shown.len() == 4);
        assert!(outcome.trace.rows.iter().all(|row| row.len() <= outcome.trace.columns.len()));
    }

    #[test]
    fn without_a_target_the_modes_enter_where_water_filling_says() {
        // Variances 2, 1, 1/2, 1/4 and a decoder of variance 1/2: mode i enters at lambda = 1 / (2 variance_i), Cover and
        // Thomas, Elements of Information Theory, ch. 10, with a water level of 1 / (2 lambda).
        let example = exact::gaussian().expect("a system");
        let ray = Ray { direction: [1.0, 0.0], range: (0.01, 10.0) };
        let found = transitions(&example.system, &ray).expect("transitions");
        assert_eq!(found.len(), 4);
        for (located, expected) in found.iter().zip([0.25, 0.5, 1.0, 2.0]) {
            // The bracket: 1e-12 of a line of length ten.
            assert_close!(located.t, expected, rtol = 0.0, atol = 1e-11);
            assert_eq!(located.order, Order::Second);
            assert_close!(located.heat_capacity_jump, 0.5, rtol = 0.0, atol = report::STEP_BOUND);
        }
    }
}
