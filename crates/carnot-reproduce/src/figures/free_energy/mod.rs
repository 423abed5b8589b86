//! The free energy of exact systems over the plane of multipliers, and what follows from its being a minimum.

mod charts;
mod identities;
mod report;
mod words;

use carnot_surface::geometry::Phased;
use carnot_surface::{At, Multipliers, Observables, Rdc, Responsive};

use super::exact::{self, Boundary, Example, Plane, boundaries, geometric};
use crate::figure::{Context, Figure, FigureError, Outcome};
use identities::Identities;

pub(super) const NAME: &str = "free-energy";
pub(super) const SHOWS: &str =
    "F, its gradient and response over (lambda, gamma); concavity, Maxwell relations, loops";

/// The figure `free-energy`.
#[derive(Debug, Clone, Copy)]
pub(super) struct FreeEnergy;

/// Both multipliers run over this range: from where no mode of the Gaussian system is encoded to where all are.
const RANGE: (f64, f64) = (0.05, 20.0);

/// Points of the grid along each multiplier.
const GRID: usize = 49;

/// What is plotted at a point of the grid. F, D and C are without the constants that no encoder can change.
struct Point {
    multipliers: Multipliers,
    free_energy: f64,
    rdc: Rdc,
    /// The response in units of the multipliers, `-lambda^2 S11`, `-lambda gamma S12` and `-gamma^2 S22`, in nats.
    response: [f64; 3],
}

/// What is shown of one system.
struct Shown {
    name: &'static str,
    words: &'static str,
    constants: [f64; 2],
    lambdas: Vec<f64>,
    gammas: Vec<f64>,
    /// Row by row: gamma from row to row, lambda within a row.
    points: Vec<Point>,
    /// Where modes or letters enter.
    boundaries: Vec<Boundary>,
    identities: Identities,
}

impl Shown {
    /// The free energy of an exact system of any kind.
    fn of<S: Phased<Rdc = Rdc> + Responsive>(example: &Example<S>) -> Result<Self, FigureError> {
        let Example { name, words, system, constants } = example;
        let axis = || geometric(RANGE.0, RANGE.1, GRID);
        let plane = Plane::tabulate(system, axis(), axis())?;
        let point = |at: &At<S>| -> Result<Point, FigureError> {
            let rdc = Rdc {
                distortion: at.rdc.distortion - constants[0],
                classification: at.rdc.classification - constants[1],
                ..at.rdc
            };
            let s = system.response(at).map_err(FigureError::unfinished)?;
            let (lambda, gamma) = (at.multipliers.lambda(), at.multipliers.gamma());
            Ok(Point {
                multipliers: at.multipliers,
                free_energy: rdc.objective(at.multipliers),
                rdc,
                response: [
                    -lambda * lambda * s.distortion_lambda,
                    -lambda * gamma * s.cross,
                    -gamma * gamma * s.classification_gamma,
                ],
            })
        };
        Ok(Shown {
            name,
            words,
            constants: *constants,
            points: plane.points().iter().map(point).collect::<Result<_, _>>()?,
            boundaries: boundaries(system, RANGE)?,
            identities: Identities::of(system, &plane)?,
            lambdas: plane.lambdas,
            gammas: plane.gammas,
        })
    }
}

impl Figure for FreeEnergy {
    fn name(&self) -> &'static str {
        NAME
    }

    fn shows(&self) -> &'static str {
        SHOWS
    }

    fn run(&self, _context: &Context<'_>) -> Result<Outcome, FigureError> {
        // One plane for each exact system: another one is another line here.
        let shown = [Shown::of(&exact::gaussian()?)?];
        Ok(report::outcome(&shown))
    }
}
