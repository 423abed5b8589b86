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

/// Where the curves begin: lambda = gamma = each of these.
const STARTS: [f64; 4] = [0.35, 0.8, 1.8, 4.5];

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
    /// The surface of an exact system of any kind, and the curves on it.
    fn of<S: Responsive<Rdc = Rdc>>(example: &Example<S>) -> Result<Self, FigureError> {
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
            curves: curves::all(system, &sample)?,
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
        // One surface for each exact system: another one is another line here.
        let shown = [Shown::of(&exact::gaussian()?)?];
        Ok(report::outcome(&shown))
    }
}
