//! Plain matrix algebra to compare with: Gauss and Jordan's elimination with pivoting.

use carnot_info::gaussian::{Covariance, Gaussian, LinearChannel};
use carnot_testkit::strategies::{log_uniform, positive_definite, signed};
use ndarray::{Array1, Array2};
use proptest::prelude::*;

/// The inverse and the determinant.
pub(crate) fn inverse(matrix: &Array2<f64>) -> (Array2<f64>, f64) {
    let n = matrix.nrows();
    let (mut left, mut right, mut determinant) = (matrix.clone(), Array2::eye(n), 1.0);
    for k in 0..n {
        let pivot = (k..n).max_by(|a, b| left[[*a, k]].abs().total_cmp(&left[[*b, k]].abs())).unwrap();
        if pivot != k {
            for j in 0..n {
                left.swap([k, j], [pivot, j]);
                right.swap([k, j], [pivot, j]);
            }
            determinant = -determinant;
        }
        let scale = left[[k, k]];
        determinant *= scale;
        for j in 0..n {
            left[[k, j]] /= scale;
            right[[k, j]] /= scale;
        }
        for i in (0..n).filter(|i| *i != k) {
            let factor = left[[i, k]];
            for j in 0..n {
                left[[i, j]] -= factor * left[[k, j]];
                right[[i, j]] -= factor * right[[k, j]];
            }
        }
    }
    (right, determinant)
}

pub(crate) fn trace(matrix: &Array2<f64>) -> f64 {
    matrix.diag().sum()
}

pub(crate) fn block(matrix: &Array2<f64>, rows: &[usize], columns: &[usize]) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), columns.len()), |(i, j)| matrix[[rows[i], columns[j]]])
}

/// A positive definite matrix of size n, of condition up to 1e4, at scales from 1e-3 to 1e3.
pub(crate) fn covariance(n: usize) -> impl Strategy<Value = Array2<f64>> {
    (positive_definite(n, (1e-2, 1e2)), log_uniform(1e-3, 1e3))
        .prop_map(move |(entries, scale)| Array2::from_shape_vec((n, n), entries).unwrap() * scale)
}

pub(crate) fn gaussian(n: usize) -> impl Strategy<Value = Gaussian> {
    (covariance(n), signed(n), log_uniform(1e-2, 1e2)).prop_map(|(matrix, mean, scale)| {
        let mean = Array1::from(mean) * scale;
        Gaussian::new(mean, Covariance::new(matrix.view()).unwrap()).unwrap()
    })
}

/// A channel from n inputs to m outputs with weights and offsets from 1e-2 to 1e2.
pub(crate) fn channel(n: usize, m: usize) -> impl Strategy<Value = LinearChannel> {
    (signed(n * m), log_uniform(1e-2, 1e2), gaussian(m)).prop_map(move |(weights, scale, noise)| {
        let weights = Array2::from_shape_vec((m, n), weights).unwrap() * scale;
        LinearChannel::new(weights.view(), noise.mean(), noise.covariance().clone()).unwrap()
    })
}
