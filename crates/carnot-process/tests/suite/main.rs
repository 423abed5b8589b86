//! The tests of carnot-process, in one binary.

mod exact;
mod measured;

use carnot_surface::{GaussianSystem, Multipliers};
use ndarray::array;

fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("valid multipliers")
}

/// Two correlated dimensions of which the target sees the second; both modes are encoded over all of the ranges used.
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
