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

/// The multipliers at which peers are run.
pub const PEER_LAMBDAS: [f64; 3] = [1.0, 5.0, 20.0];
/// The multipliers of the classification loss at which peers are run.
pub const PEER_GAMMAS: [f64; 3] = [0.0, 0.5, 0.9];

/// The problem at these multipliers as `peers/peers.py` reads it.
#[must_use]
pub fn problem_file(problem: &DiscreteProblem, lambdas: &[f64], gammas: &[f64]) -> String {
    let rows = |table: &[f64], columns: usize| -> Vec<Vec<f64>> {
        table.chunks(columns).map(<[f64]>::to_vec).collect()
    };
    let content = serde_json::json!({
        "name": format!("random, {} inputs, {} labels, {} letters", problem.n_x, problem.n_y, problem.n_z),
        "p_x": problem.source(),
        "p_y_given_x": rows(&problem.labels(), problem.n_y),
        "rho": rows(&problem.distortion, problem.n_z),
        "lambdas": lambdas,
        "gammas": gammas,
    });
    content.to_string()
}

/// What a peer came to, as `peers/peers.py` prints it.
#[derive(Debug, Clone, PartialEq)]
pub struct Peer {
    /// The peer.
    pub name: String,
    /// The multiplier of the distortion.
    pub lambda: f64,
    /// The multiplier of the classification loss.
    pub gamma: f64,
    /// The median time, in seconds.
    pub seconds: f64,
    /// The objective of its encoder, nats.
    pub free_energy: f64,
}

/// The points that the peers solved, from JSON lines; those that they skipped are left out.
///
/// # Errors
///
/// [`serde_json::Error`] where a line is not JSON.
pub fn peers(lines: &str) -> Result<Vec<Peer>, serde_json::Error> {
    let mut points = Vec::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let value: serde_json::Value = serde_json::from_str(line)?;
        let number = |key: &str| value[key].as_f64();
        let name = value["peer"].as_str().unwrap_or("?").to_owned();
        if let (Some(lambda), Some(gamma), Some(seconds), Some(free_energy)) =
            (number("lambda"), number("gamma"), number("seconds"), number("free_energy"))
        {
            points.push(Peer { name, lambda, gamma, seconds, free_energy });
        }
    }
    Ok(points)
}
