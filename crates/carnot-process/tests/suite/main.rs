//! The tests of carnot-process, in one binary.

mod branch;
mod cycle;
mod discrete;
mod edges;
mod ends;
mod event;
mod failing;
mod independent;
mod jumps;
mod killed;
mod measured;
mod moving;
mod order;
mod random_moving;
mod saved;
mod still;

use carnot_process::{Constraint, Curve, Hold};
use carnot_surface::{GaussianSystem, Multipliers, System};
use ndarray::{Array2, array};

fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("valid multipliers")
}

/// Two correlated dimensions of which the target sees the second. Both modes are encoded while lambda is above one half.
fn two_dimensional() -> GaussianSystem {
    GaussianSystem::new(
        array![[2.0, 0.6], [0.6, 1.0]].view(),
        array![[0.1, 1.0]].view(),
        array![[0.1]].view(),
        0.5,
        0.1,
    )
    .expect("a valid system")
}

/// Independent dimensions: the first three carry the target, and one by one they stop or begin to be encoded as lambda falls by
/// three decades at constant C.
fn with_transitions() -> GaussianSystem {
    GaussianSystem::new(
        Array2::from_diag(&array![4.0, 1.0, 0.3, 0.05]).view(),
        array![[1.0, 0.2, 0.1, 0.0], [0.0, 0.5, 0.4, 0.1]].view(),
        Array2::from_diag(&array![0.1, 0.1]).view(),
        0.5,
        0.2,
    )
    .expect("a valid system")
}

/// The largest change of a quantity along a curve, in nats.
fn drift<S: System>(curve: &Curve<S>, held: Hold) -> f64 {
    let first = held.value(&curve.waypoints[0].point);
    curve.waypoints.iter().map(|waypoint| (held.value(&waypoint.point) - first).abs()).fold(0.0, f64::max)
}
