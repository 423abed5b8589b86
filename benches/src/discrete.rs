//! The discrete problems of the side-by-side runs, and how a time is taken.

use std::time::Instant;

use carnot_info::Joint;
use carnot_surface::{DiscreteError, DiscreteSystem};
use carnot_testkit::DiscreteProblem;
use ndarray::Array2;

/// A random problem with `n` inputs, `n` letters and `n_y` labels: weights of the joint distribution exponentially
/// distributed, distortions uniform in (0, 1). The same for the same sizes.
#[must_use]
pub fn random_problem(n: usize, n_y: usize) -> DiscreteProblem {
    // Knuth's linear congruential generator: enough for a problem, and the same everywhere.
    let mut state = 2020_u64.wrapping_add(n as u64);
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    };
    let weights: Vec<f64> = (0..n * n_y).map(|_| -uniform().ln()).collect();
    let total: f64 = weights.iter().sum();
    DiscreteProblem {
        n_x: n,
        n_y,
        n_z: n,
        joint: weights.iter().map(|weight| weight / total).collect(),
        distortion: (0..n * n).map(|_| uniform()).collect(),
    }
}

/// The system of a problem.
///
/// # Errors
///
/// [`DiscreteError`] where the tables are not those of a problem.
pub fn system(problem: &DiscreteProblem) -> Result<DiscreteSystem, DiscreteError> {
    // The shapes are those of the problem; an empty table would be refused by the system.
    let shaped = |rows, columns, values: &[f64]| {
        Array2::from_shape_vec((rows, columns), values.to_vec()).unwrap_or_default()
    };
    let joint = Joint::from_weights(shaped(problem.n_x, problem.n_y, &problem.joint))?;
    DiscreteSystem::new(&joint, shaped(problem.n_x, problem.n_z, &problem.distortion).view())
}

/// The median wall time of `repetitions` runs, in seconds.
pub fn median_seconds(repetitions: usize, mut run: impl FnMut()) -> f64 {
    let mut seconds: Vec<f64> = (0..repetitions.max(1))
        .map(|_| {
            let started = Instant::now();
            run();
            started.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
