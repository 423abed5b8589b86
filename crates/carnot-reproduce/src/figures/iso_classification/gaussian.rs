//! The process on a linear-Gaussian system, where everything is known.

use carnot_process::{Drive, Hold, Process, sweep};
use carnot_surface::{At, GaussianSystem, Multipliers};
use ndarray::{Array1, Array2};

use super::{LAMBDA_END, Pair, Sample, Value};
use crate::figure::FigureError;

/// Dimensions of the source, and of the target that is read from it.
const SOURCE: usize = 8;
const TARGET: usize = 3;

/// A source whose variances fall by a factor of two from each dimension to the next, as the spectrum of images does,
/// and a target of three combinations of its dimensions. Over the sweep several modes leave: the process crosses
/// second-order transitions.
fn system() -> Result<GaussianSystem, FigureError> {
    let variances = Array1::from_shape_fn(SOURCE, |i| 4.0 / f64::from(1u32 << i));
    // Cosines of rising frequency: every target reads every dimension a little, the weak ones more.
    let readout = Array2::from_shape_fn((TARGET, SOURCE), |(k, i)| {
        let phase = (k + 1) as f64 * (i as f64 + 0.5) * std::f64::consts::PI / SOURCE as f64;
        phase.cos() * (1.0 + 0.25 * i as f64)
    });
    GaussianSystem::new(
        Array2::from_diag(&variances).view(),
        readout.view(),
        (Array2::eye(TARGET) * 0.1).view(),
        0.5,
        1.0,
    )
    .map_err(FigureError::unfinished)
}

/// What the Gaussian side of the figure shows.
pub(super) struct GaussianRun {
    pub(super) pair: Pair,
    /// The constants of D and C that no encoder can change, in nats.
    pub(super) constants: (f64, f64),
    /// Second-order transitions crossed: changes of the number of encoded modes.
    pub(super) transitions: usize,
}

pub(super) fn run(start: Multipliers) -> Result<GaussianRun, FigureError> {
    let system = system()?;
    let process = Process::new(Hold::Classification, Drive::LambdaTo(LAMBDA_END));
    let curve = process.run(&system, start).map_err(FigureError::unfinished)?;
    let waypoints = curve.into_complete().map_err(FigureError::unfinished)?;
    let first = &waypoints[0].equilibrium;
    let path = waypoints.iter().skip(1).map(|waypoint| waypoint.equilibrium.multipliers.lambda());
    let path: Vec<_> = path
        .map(|lambda| Multipliers::new(lambda, start.gamma()))
        .collect::<Result<_, _>>()
        .map_err(FigureError::unfinished)?;
    let free = sweep(&system, first.state.clone(), path)
        .collect::<Result<Vec<At<GaussianSystem>>, _>>()
        .map_err(FigureError::unfinished)?;
    let first_loss = first.rdc.classification - system.classification_constant();
    let sample = |at: &At<GaussianSystem>, corrections| Sample {
        multipliers: at.multipliers,
        rate: Value::exact(at.rdc.rate),
        distortion: Value::exact(at.rdc.distortion - system.distortion_constant()),
        classification: Value::exact(at.rdc.classification - system.classification_constant()),
        change: at.rdc.classification - first.rdc.classification,
        drift: Value::exact((at.rdc.classification - first.rdc.classification) / first_loss),
        network: None,
        corrections,
    };
    let modes: Vec<usize> = waypoints.iter().map(|waypoint| waypoint.equilibrium.state.active()).collect();
    Ok(GaussianRun {
        pair: Pair {
            held: waypoints.iter().map(|w| sample(&w.equilibrium, w.corrections)).collect(),
            free: std::iter::once(first).chain(&free).map(|at| sample(at, 0)).collect(),
        },
        constants: (system.distortion_constant(), system.classification_constant()),
        transitions: modes.windows(2).map(|pair| pair[0].abs_diff(pair[1])).sum(),
    })
}
