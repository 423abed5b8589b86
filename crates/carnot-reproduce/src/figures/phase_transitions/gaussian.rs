//! The modes of the Gaussian system: mode i is encoded where its strength is above one.

use carnot_surface::{GaussianSystem, System};

use super::line::{Located, Ray, Sample, sample, transitions};
use crate::figure::FigureError;
use crate::figures::exact::{Example, Plane, geometric};

/// The part of each ray that is looked at: from where no mode is encoded to where all are.
const RANGE: (f64, f64) = (0.02, 40.0);
/// The rays: `(lambda_0, gamma_0) = (r^-1/2, r^1/2)` for ratios r between these.
const RATIOS: (f64, f64) = (1.0 / 30.0, 30.0);
const RAYS: usize = 25;
/// Points along the ray that is shown in full, and along each multiplier of the map.
const SAMPLES: usize = 241;
const GRID: usize = 41;
/// How close to a transition the system is looked at from either side, relative to t: a thousand times as far as it may
/// be from where it was located.
const SIDE: f64 = 1e-6;

/// A transition by theory and as found.
pub(super) struct Transition {
    /// The number of its ray.
    pub(super) ray: usize,
    /// `gamma / lambda` of its ray.
    pub(super) ratio: f64,
    /// The mode, counted from the one that enters first.
    pub(super) mode: usize,
    /// `t = 1 / mu_i`, mu being the strengths at t = 1: on a ray they are proportional to t.
    pub(super) predicted: f64,
    pub(super) located: Located,
}

impl Transition {
    pub(super) fn relative_error(&self) -> f64 {
        (self.located.t / self.predicted - 1.0).abs()
    }
}

/// A point of the ray that is shown in full.
pub(super) struct Point {
    pub(super) sample: Sample,
    /// The strengths of the modes, ascending.
    pub(super) strengths: Vec<f64>,
    /// How many are above one.
    pub(super) encoded: usize,
}

/// What is shown of the Gaussian system.
pub(super) struct GaussianRun {
    pub(super) words: &'static str,
    pub(super) constants: [f64; 2],
    /// Along the ray lambda = gamma.
    pub(super) points: Vec<Point>,
    /// On all rays, by ray and then by mode.
    pub(super) transitions: Vec<Transition>,
    /// Those on the ray lambda = gamma.
    pub(super) shown: Vec<Located>,
    /// Transitions by theory that were not found, and ones found where theory has none.
    pub(super) unmatched: usize,
    /// The grid of the map and its rates, row by row.
    pub(super) lambdas: Vec<f64>,
    pub(super) gammas: Vec<f64>,
    pub(super) rates: Vec<f64>,
}

impl GaussianRun {
    pub(super) fn of(example: &Example<GaussianSystem>) -> Result<Self, FigureError> {
        let system = &example.system;
        let diagonal = Ray { direction: [1.0, 1.0], range: RANGE };
        let shown = transitions(system, &diagonal)?;
        let mut points = Vec::new();
        for t in samples(&shown) {
            let at = system.equilibrium(diagonal.at(t)?, None).map_err(FigureError::unfinished)?;
            points.push(Point {
                sample: sample(system, t, &at)?,
                strengths: at.state.strengths().to_vec(),
                encoded: at.state.active(),
            });
        }
        let mut found = Vec::new();
        let mut unmatched = 0;
        for (number, ratio) in geometric(RATIOS.0, RATIOS.1, RAYS).into_iter().enumerate() {
            let ray = Ray { direction: [ratio.powf(-0.5), ratio.sqrt()], range: RANGE };
            let predicted = predicted(system, &ray)?;
            let located = transitions(system, &ray)?;
            unmatched += predicted.len().abs_diff(located.len());
            for (mode, (predicted, located)) in predicted.into_iter().zip(located).enumerate() {
                found.push(Transition { ray: number, ratio, mode, predicted, located });
            }
        }
        let map = geometric(RANGE.0, RANGE.1, GRID);
        let plane = Plane::tabulate(system, map.clone(), map)?;
        Ok(GaussianRun {
            words: example.words,
            constants: example.constants,
            points,
            transitions: found,
            shown,
            unmatched,
            rates: plane.points().iter().map(|at| at.rdc.rate).collect(),
            lambdas: plane.lambdas,
            gammas: plane.gammas,
        })
    }
}

/// The t that are shown: in equal ratios, and close to either side of each transition, so that a step is seen as one.
fn samples(transitions: &[Located]) -> Vec<f64> {
    let sides = transitions.iter().flat_map(|located| [1.0 - SIDE, 1.0 + SIDE].map(|side| side * located.t));
    let mut samples: Vec<f64> = geometric(RANGE.0, RANGE.1, SAMPLES).into_iter().chain(sides).collect();
    samples.sort_by(f64::total_cmp);
    samples
}

/// Where theory puts the transitions of a ray, in order.
fn predicted(system: &GaussianSystem, ray: &Ray) -> Result<Vec<f64>, FigureError> {
    let at = system.equilibrium(ray.at(1.0)?, None).map_err(FigureError::unfinished)?;
    let (low, high) = ray.range;
    // The strongest enters first.
    let entries = at.state.strengths().iter().rev().map(|mu| 1.0 / mu);
    Ok(entries.filter(|t| (low..=high).contains(t)).collect())
}
