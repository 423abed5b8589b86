//! The curvature of the objective in what one letter says: small matrices, as large as the label alphabet.

use faer::{Mat, Side};

use super::curvature::{Indefinite, Kind, RIDGE};
use super::evaluation::Evaluation;
use super::problem::Problem;
use super::sums::dot_of_three;

/// The probability of a label below which a letter denies it, and below which it does if the curvature says that it goes
/// on to zero.
const GONE: f64 = 1e-60;
const GOING: f64 = 1e-6;

/// The least eigenvalue of a modified block.
const LEAST_EIGENVALUE: f64 = 0.05;

/// The lower triangle of `N_z = I - gamma (Q_z - u u')`, in units of `sqrt(q'_yz)` with `u = sqrt(q'_yz / m'_z)`: the curvature
/// of the objective in what letter `z` says; the identity where it says nothing.
pub(super) fn write(problem: &Problem, evaluation: &Evaluation, gamma: f64, z: usize, block: &mut [f64]) {
    let (n_x, n_y) = (problem.n_x, problem.n_y);
    let joint = &evaluation.joint[z * n_y..][..n_y];
    let weight = evaluation.marginal[z];
    let encoder = &evaluation.encoder[z * n_x..][..n_x];
    for i in 0..n_y {
        for j in 0..=i {
            let identity = if i == j { 1.0 } else { 0.0 };
            let scale = joint[i].sqrt() * joint[j].sqrt();
            block[i * n_y + j] = identity;
            if weight > 0.0 && scale > 0.0 {
                let (pi, tj) = (problem.row(&problem.pairs, i), problem.row(&problem.labels, j));
                let q = dot_of_three(encoder, pi, tj);
                block[i * n_y + j] = identity - gamma * (q / scale - scale / weight);
            }
        }
    }
}

/// [`write`] without the labels that the letter denies, which are marked: for gamma > 1 an entry of a classifier may be
/// at its boundary, zero, and stay there; the alternation takes it there, and neither a curvature nor a step belongs to it.
pub(super) fn write_local(
    problem: &Problem,
    evaluation: &Evaluation,
    gamma: f64,
    z: usize,
    block: &mut [f64],
    denied: &mut [bool],
) {
    write(problem, evaluation, gamma, z, block);
    let n_y = problem.n_y;
    for (y, denied) in denied.iter_mut().enumerate() {
        let c = evaluation.joint[z * n_y + y] / evaluation.marginal[z];
        *denied = c.is_nan() || c < GONE || (c < GOING && block[y * n_y + y] < 0.0);
    }
    for i in 0..n_y {
        for j in 0..=i {
            if denied[i] || denied[j] {
                block[i * n_y + j] = if i == j { 1.0 } else { 0.0 };
            }
        }
    }
}

/// Replaces the lower triangle of a symmetric block by `F` with `F S F'` its inverse, or the inverse of its absolute
/// value; returns how many signs S are negative.
pub(super) fn factor_inverse(
    block: &mut [f64],
    signs: &mut [f64],
    n_y: usize,
    kind: Kind,
) -> Result<usize, Indefinite> {
    let matrix = Mat::from_fn(n_y, n_y, |i, j| block[i.max(j) * n_y + i.min(j)]);
    let eigen = matrix.self_adjoint_eigen(Side::Lower).map_err(|_| Indefinite)?;
    let mut negative = 0;
    for (j, &value) in eigen.S().column_vector().iter().enumerate() {
        let size = match kind {
            Kind::Modified => value.abs().max(LEAST_EIGENVALUE),
            _ => value.abs(),
        };
        if size.is_nan() || size < RIDGE {
            return Err(Indefinite);
        }
        signs[j] = if value < 0.0 && kind == Kind::Exact { -1.0 } else { 1.0 };
        negative += usize::from(signs[j] < 0.0);
        for i in 0..n_y {
            block[i * n_y + j] = eigen.U()[(i, j)] / size.sqrt();
        }
    }
    Ok(negative)
}
