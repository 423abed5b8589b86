//! The surface of a small network that is equilibrated to the digits of a solver, and what training is above it.

mod charts;
mod network;
mod report;
mod words;

use crate::figure::{Context, Figure, FigureError, Outcome};
use network::Shown;

pub(super) const NAME: &str = "learned-surface";
pub(super) const SHOWS: &str = "a network at equilibrium over (lambda, gamma): its surface, Maxwell's relation, what training dissipates";

/// The figure `learned-surface`.
#[derive(Debug, Clone, Copy)]
pub(super) struct LearnedSurface;

impl Figure for LearnedSurface {
    fn name(&self) -> &'static str {
        NAME
    }

    fn shows(&self) -> &'static str {
        SHOWS
    }

    fn run(&self, context: &Context<'_>) -> Result<Outcome, FigureError> {
        Ok(report::outcome(&Shown::compute(&network::SIZE, context.progress)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Progress;
    use network::Size;

    #[test]
    fn a_coarse_grid_keeps_the_bounds() {
        let size = Size { grid: 3, every: 2, training: 300, ..network::SIZE };
        let outcome = report::outcome(&Shown::compute(&size, &Progress::silent()).expect("a surface"));
        for metric in &outcome.metrics {
            assert_ne!(metric.pass(), Some(false), "{metric:?}");
        }
        assert!(outcome.trace.rows.iter().all(|row| row.len() == outcome.trace.columns.len()));
    }
}
