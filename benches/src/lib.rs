#![doc = include_str!("../README.md")]

pub mod discrete;

use carnot_surface::{GaussianError, GaussianSystem};
use ndarray::{Array1, Array2};

/// A linear-Gaussian system of `n` dimensions with a decaying spectrum and two targets, most of whose modes are encoded
/// at multipliers of order one.
///
/// # Errors
///
/// [`GaussianError`] for zero dimensions.
pub fn gaussian_system(n: usize) -> Result<GaussianSystem, GaussianError> {
    let variances = Array1::from_shape_fn(n, |i| 8.0 / (1.0 + i as f64));
    let readout = Array2::from_shape_fn((2, n), |(k, i)| ((k + 1) as f64 * (i as f64 + 0.5)).cos());
    let residual = Array2::eye(2) * 0.1;
    GaussianSystem::new(Array2::from_diag(&variances).view(), readout.view(), residual.view(), 0.5, 0.5)
}
