//! The network and what is computed of it.

use carnot_data::synthetic;
use carnot_models::{Architecture, DeterministicSystem, Equilibration, Layer, Likelihood, Optimiser};
use carnot_process::{Drive, FromResponse, Hold, Process};
use carnot_surface::geometry::{MeasuredResponse, measure_response};
use carnot_surface::{At, Multipliers, Observables, Rdc, Response, Responsive, System};

use crate::figure::{FigureError, Progress};
use crate::figures::exact::geometric;

/// The multipliers: a part of the plane that one branch covers.
pub(super) const LAMBDAS: (f64, f64) = (0.7, 1.4);
pub(super) const GAMMAS: (f64, f64) = (5.0, 8.0);

/// Hidden units and latent dimensions.
const HIDDEN: usize = 4;
const LATENT: usize = 1;
/// By how much digits of 28 x 28 pixels are made coarser.
const COARSER: usize = 4;
const SIDE: usize = 28 / COARSER;

/// Variance of the decoder.
const VARIANCE: f64 = 0.1;
pub(super) const RIDGE: f64 = 0.05;
/// Of the digits, and of the network.
const DIGITS_SEED: u64 = 5;
pub(super) const SEED: u64 = 3;

/// The half-width of the stencils, relative to the multipliers.
const STENCIL: f64 = 2e-3;

/// The learning rate of the training.
const RATE: f64 = 1e-2;

/// How much of it is computed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) digits: usize,
    /// Points of the grid along each multiplier.
    pub(super) grid: usize,
    /// The response is measured at every so-many-th point of it, along each.
    pub(super) every: usize,
    /// Steps of the training.
    pub(super) training: u64,
}

pub(super) const SIZE: Size = Size { digits: 60, grid: 7, every: 3, training: 3000 };

/// An equilibrium with its response, and the response measured where it was.
pub(super) struct Point {
    pub(super) at: At<DeterministicSystem>,
    pub(super) response: Response,
    pub(super) lowest_eigenvalue: f64,
    pub(super) measured: Option<MeasuredResponse>,
}

impl Point {
    /// `sqrt(S11 S22)`, the scale of the response's off-diagonal entry.
    pub(super) fn scale(&self) -> f64 {
        (self.response.distortion_lambda * self.response.classification_gamma).sqrt()
    }
}

/// A waypoint of the process.
pub(super) struct Held {
    pub(super) multipliers: Multipliers,
    pub(super) rdc: Rdc,
    /// The part of the rate that is the ridge's.
    pub(super) ridge: f64,
}

/// What is shown.
pub(super) struct Shown {
    pub(super) parameters: usize,
    pub(super) digest: String,
    pub(super) lambdas: Vec<f64>,
    pub(super) gammas: Vec<f64>,
    /// Row by row: gamma from row to row, lambda within a row.
    pub(super) points: Vec<Point>,
    /// The iso-classification process across the grid.
    pub(super) held: Vec<Held>,
    /// Steps of the optimiser, and how far the objective is then above the minimum that the training leads to, in nats.
    pub(super) excess: Vec<(u64, f64)>,
}

impl Shown {
    pub(super) fn compute(size: &Size, progress: &Progress) -> Result<Self, FigureError> {
        let digits = synthetic::digits(size.digits, DIGITS_SEED).map_err(FigureError::unfinished)?;
        let digits = digits.coarsened(COARSER).map_err(FigureError::unfinished)?;
        let digest = format!("synthetic digits {}", digits.digest());
        let options = Equilibration { ridge: RIDGE, ..Equilibration::DEFAULT };
        let system = DeterministicSystem::new(architecture()?, digits, options, SEED);
        let system = system.map_err(FigureError::unfinished)?;
        let lambdas = geometric(LAMBDAS.0, LAMBDAS.1, size.grid);
        let gammas = geometric(GAMMAS.0, GAMMAS.1, size.grid);
        let points = grid(&system, &lambdas, &gammas, size.every, progress)?;
        // From the middle of the first column to the other side.
        let start = &points[size.grid / 2 * size.grid].at;
        let held = hold(&system, start)?;
        Ok(Self {
            parameters: start.state.parameters().len(),
            digest,
            excess: train(&system, start.multipliers, size.training)?,
            lambdas,
            gammas,
            points,
            held,
        })
    }
}

fn architecture() -> Result<Architecture, FigureError> {
    let linear = |inputs, outputs| Layer::Linear { inputs, outputs };
    let pixels = SIDE * SIDE;
    Architecture::new(
        vec![linear(pixels, HIDDEN), Layer::Tanh, linear(HIDDEN, 2 * LATENT)],
        vec![linear(LATENT, HIDDEN), Layer::Tanh, linear(HIDDEN, pixels)],
        vec![linear(LATENT, 10)],
        Likelihood::Gaussian { variance: VARIANCE },
    )
    .map_err(FigureError::unfinished)
}

/// Each equilibrium is followed from its neighbour of lower lambda, those of the first column from their neighbours of higher
/// gamma: what is learned at the strongest classifier is the branch.
fn grid(
    system: &DeterministicSystem,
    lambdas: &[f64],
    gammas: &[f64],
    every: usize,
    progress: &Progress,
) -> Result<Vec<Point>, FigureError> {
    let stage = progress.stage("equilibria", (lambdas.len() * gammas.len()) as u64);
    let mut rows = Vec::new();
    let mut first: Option<At<DeterministicSystem>> = None;
    for (row, &gamma) in gammas.iter().enumerate().rev() {
        let mut points: Vec<Point> = Vec::new();
        for (column, &lambda) in lambdas.iter().enumerate() {
            let place = Multipliers::new(lambda, gamma).map_err(FigureError::unfinished)?;
            let from = points.last().map(|point| &point.at).or(first.as_ref());
            let at =
                system.equilibrium(place, from.map(|from| &from.state)).map_err(FigureError::unfinished)?;
            if column == 0 {
                first = Some(at.clone());
            }
            let measures = row.is_multiple_of(every) && column.is_multiple_of(every);
            points.push(point(system, at, measures)?);
            stage.inc(1);
        }
        rows.push(points);
    }
    Ok(rows.into_iter().rev().flatten().collect())
}

fn point(
    system: &DeterministicSystem,
    at: At<DeterministicSystem>,
    measures: bool,
) -> Result<Point, FigureError> {
    let response = system.response(&at).map_err(FigureError::unfinished)?;
    let lowest = system.lowest_eigenvalues(&at, 1).map_err(FigureError::unfinished)?;
    let measured = if measures {
        Some(measure_response(system, &at, STENCIL).map_err(FigureError::unfinished)?)
    } else {
        None
    };
    Ok(Point { at, response, lowest_eigenvalue: lowest.values[0], measured })
}

/// The iso-classification process over the range of lambda.
fn hold(system: &DeterministicSystem, start: &At<DeterministicSystem>) -> Result<Vec<Held>, FigureError> {
    let process = Process::new(Hold::Classification, Drive::LambdaTo(LAMBDAS.1));
    let mut trace = process.trace(system, start.clone(), FromResponse).map_err(FigureError::unfinished)?;
    let curve = trace.collect_curve().map_err(FigureError::unfinished)?;
    let held = curve.waypoints.into_iter().map(|waypoint| {
        let At::<DeterministicSystem> { multipliers, rdc, state, .. } = waypoint.equilibrium;
        Held { multipliers, rdc, ridge: state.ridge() }
    });
    Ok(held.collect())
}

/// How far a training is above the minimum that it leads to.
fn train(system: &DeterministicSystem, at: Multipliers, steps: u64) -> Result<Vec<(u64, f64)>, FigureError> {
    let mut seen = Vec::new();
    let observe = |step, rdc: Rdc| seen.push((step, rdc.objective(at)));
    let trained = system.train(at, Optimiser::ADAM, RATE, steps, observe).map_err(FigureError::unfinished)?;
    let there = system.equilibrium_near(&trained, at).map_err(FigureError::unfinished)?;
    let least = there.free_energy();
    Ok(seen.into_iter().map(|(step, objective)| (step, objective - least)).collect())
}
