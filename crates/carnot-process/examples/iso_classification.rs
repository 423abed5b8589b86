//! The iso-classification process on a Gaussian source: lambda falls by two and a half decades and gamma is steered so that the
//! classification loss stays where it is. Beside it the same sweep with gamma fixed.

use std::error::Error;
use std::io::Write;

use carnot_process::{Drive, FromResponse, Hold, PhaseChange, Process, sweep};
use carnot_surface::{GaussianSystem, Multipliers, System};
use ndarray::{Array1, Array2};

/// Eight dimensions whose variances halve from one to the next, and three targets that read all of them.
fn system() -> Result<GaussianSystem, Box<dyn Error>> {
    let variances = Array1::from_shape_fn(8, |i| 4.0 / f64::from(1u32 << i));
    let readout = Array2::from_shape_fn((3, 8), |(k, i)| {
        let phase = (k + 1) as f64 * (i as f64 + 0.5) * std::f64::consts::PI / 8.0;
        phase.cos() * (1.0 + 0.25 * i as f64)
    });
    let residual = Array2::eye(3) * 0.1;
    Ok(GaussianSystem::new(Array2::from_diag(&variances).view(), readout.view(), residual.view(), 0.5, 1.0)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let system = system()?;
    let start = system.equilibrium(Multipliers::new(10.0, 6.0)?, None)?;
    let process = Process::new(Hold::Classification, Drive::LambdaTo(0.03));
    let mut trace = process.trace(&system, start.clone(), FromResponse)?.with_event(PhaseChange);
    let curve = trace.collect_curve()?;

    // The same lambdas at the first gamma.
    let mut path = Vec::new();
    for waypoint in &curve.waypoints {
        path.push(Multipliers::new(waypoint.point.lambda, 6.0)?);
    }
    let free = sweep(&system, start.state.clone(), path).collect::<Result<Vec<_>, _>>()?;

    let mut out = std::io::stdout().lock();
    writeln!(out, "C is held while lambda falls; all losses in nats, without their constants.")?;
    writeln!(out)?;
    writeln!(
        out,
        "{:>9} {:>9} {:>8} {:>8} {:>9} {:>9} {:>6} {:>11}  at gamma = 6",
        "lambda", "gamma", "R", "D", "C", "C - C_0", "modes", "corrections"
    )?;
    let (distortion, classification) = (system.distortion_constant(), system.classification_constant());
    for (waypoint, free) in curve.waypoints.iter().zip(&free) {
        let point = waypoint.point;
        writeln!(
            out,
            "{:>9.4} {:>9.4} {:>8.4} {:>8.4} {:>9.6} {:>9.0e} {:>6} {:>11}  C = {:.4}{}",
            point.lambda,
            point.gamma,
            point.rate,
            point.distortion - distortion,
            point.classification - classification,
            waypoint.residual,
            waypoint.equilibrium.state.active(),
            waypoint.corrections,
            free.rdc.classification - classification,
            waypoint.event.map_or(String::new(), |event| format!("  <- {}", event.name)),
        )?;
    }
    let work = curve.last().map(|last| last.work).unwrap_or_default();
    writeln!(out)?;
    writeln!(out, "How it ended: {}, after {} equilibria.", curve.stop, curve.counters.equilibria)?;
    writeln!(
        out,
        "Work: int D dlambda = {:.4}, int C dgamma = {:.4}; heat: int lambda dD = {:.4}, int gamma dC = {:.4}.",
        work.lambda, work.gamma, work.distortion, work.classification
    )?;
    Ok(())
}
