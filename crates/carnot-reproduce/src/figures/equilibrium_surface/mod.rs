//! The equilibrium surface R(D, C) of exact systems, with curves on it along which one observable is held.

mod charts;
mod curves;
mod report;

use carnot_surface::geometry::{ShapeReport, Tolerance, convexity_of_rate};
use carnot_surface::{Multipliers, Rdc, Responsive};

use super::exact::{self, Example, Plane, geometric};
use crate::figure::{Context, Figure, FigureError, Outcome};
use curves::IsoCurve;

pub(super) const NAME: &str = "equilibrium-surface";
pub(super) const SHOWS: &str =
    "R(D, C) of exact systems in three dimensions, with curves of constant C, D and R on it";

/// The figure `equilibrium-surface`.
#[derive(Debug, Clone, Copy)]
pub(super) struct EquilibriumSurface;

/// Both multipliers run over this range: from where no mode of the Gaussian system is encoded to where all are.
const RANGE: (f64, f64) = (0.02, 16.0);

/// Points of the grid along each multiplier.
const GRID: usize = 33;

/// Where the curves begin: lambda = gamma = each of these, well apart on the surface.
const STARTS: [f64; 4] = [0.35, 0.8, 1.8, 4.5];
/// Those of the discrete system, away from the places where it answers to one multiplier only: there a curve ends, since
/// the other one cannot steer.
const DISCRETE_STARTS: [f64; 4] = [0.7, 1.2, 2.5, 5.0];

/// How far the surface may lie below one of its tangent planes, in nats. The terms compared are at most about a hundred
/// nats, known to some ten units in the last place through the eigenvalues beneath them: 1e-13, with a factor of ten.
const CONVEXITY_BOUND: f64 = 1e-12;

/// How far a held observable may be from its start, in nats: the tolerance of the process, 1e-13 (1 + |value|), for
/// values of at most nine nats.
const HELD_BOUND: f64 = 1e-12;

/// A point of a surface, as it is plotted and written.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sample {
    multipliers: Multipliers,
    /// D and C without the constants that no encoder can change.
    rdc: Rdc,
}

/// What is shown of one system.
struct Shown {
    name: &'static str,
    words: &'static str,
    constants: [f64; 2],
    /// The grid, row by row: gamma from row to row, lambda within a row.
    rows: Vec<Vec<Sample>>,
    curves: Vec<IsoCurve>,
    convexity: ShapeReport,
}

impl Shown {
    fn all() -> Result<[Self; 2], FigureError> {
        Ok([Shown::of(&exact::gaussian()?, STARTS)?, Shown::of(&exact::classified()?, DISCRETE_STARTS)?])
    }

    /// The surface of an exact system of any kind, and the curves on it.
    fn of<S: Responsive<Rdc = Rdc>>(example: &Example<S>, starts: [f64; 4]) -> Result<Self, FigureError> {
        let Example { name, words, system, constants } = example;
        let axis = || geometric(RANGE.0, RANGE.1, GRID);
        let plane = Plane::tabulate(system, axis(), axis())?;
        let convexity = convexity_of_rate(&plane.surface_points(), Tolerance::default())
            .map_err(FigureError::unfinished)?;
        let sample = |multipliers: Multipliers, rdc: Rdc| Sample {
            multipliers,
            rdc: Rdc {
                distortion: rdc.distortion - constants[0],
                classification: rdc.classification - constants[1],
                ..rdc
            },
        };
        let rows = plane.rows().map(|row| row.iter().map(|at| sample(at.multipliers, at.rdc)).collect());
        Ok(Shown {
            name,
            words,
            constants: *constants,
            rows: rows.collect(),
            curves: curves::all(system, starts, &sample)?,
            convexity,
        })
    }
}

impl Figure for EquilibriumSurface {
    fn name(&self) -> &'static str {
        NAME
    }

    fn shows(&self) -> &'static str {
        SHOWS
    }

    fn run(&self, _context: &Context<'_>) -> Result<Outcome, FigureError> {
        Ok(report::outcome(&Shown::all()?))
    }
}

#[cfg(test)]
mod tests {
    use carnot_surface::Observable;

    use super::*;

    #[test]
    fn the_figure_keeps_its_bounds_and_writes_every_point() {
        let shown = Shown::all().expect("surfaces");
        let curves = shown.iter().flat_map(|shown| &shown.curves);
        let curve_points: usize = curves.map(|curve| curve.points.len()).sum();
        let outcome = report::outcome(&shown);
        for metric in &outcome.metrics {
            assert_ne!(metric.pass(), Some(false), "{metric:?}");
        }
        assert_eq!(outcome.trace.rows.len(), 2 * GRID * GRID + curve_points);
        assert!(outcome.charts.has_surface());
    }

    #[test]
    fn the_curves_go_somewhere_and_only_what_is_held_stays() {
        let shown = Shown::all().expect("surfaces");
        for curve in shown.iter().flat_map(|shown| &shown.curves) {
            let spread = |of: fn(&Rdc) -> f64| {
                let values = || curve.points.iter().map(|point| of(&point.sample.rdc));
                values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min)
            };
            let spreads = [
                (Observable::Rate, spread(|rdc| rdc.rate)),
                (Observable::Distortion, spread(|rdc| rdc.distortion)),
                (Observable::Classification, spread(|rdc| rdc.classification)),
            ];
            assert!(curve.points.len() > 20);
            for (observable, spread) in spreads {
                assert_eq!(
                    observable == curve.held,
                    spread < 2.0 * HELD_BOUND,
                    "{observable} along {}",
                    curve.held
                );
                assert!(observable == curve.held || spread > 0.01, "{observable} moves by {spread} only");
            }
        }
    }

    #[test]
    fn a_surface_with_a_dent_is_found_out() {
        // One tangent plane of a convex surface, tilted by exchanging its slopes, cuts it.
        let example = exact::gaussian().expect("a system");
        let axis = || geometric(RANGE.0, RANGE.1, 9);
        let plane = Plane::tabulate(&example.system, axis(), axis()).expect("a plane");
        let mut points = plane.surface_points();
        let at = points[13].multipliers;
        points[13].multipliers = Multipliers::new(at.gamma(), at.lambda()).expect("multipliers");
        let report = convexity_of_rate(&points, Tolerance::default()).expect("a report");
        assert!(report.worst.violation > 1e6 * CONVEXITY_BOUND, "{report:?}");
    }
}
