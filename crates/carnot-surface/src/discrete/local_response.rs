//! The response at a local minimum, from the whole Hessian: where a problem is not convex its blocks need not be positive.

use faer::{Mat, Side};

use super::blocks;
use super::evaluation::Evaluation;
use super::letters::Letters;
use super::problem::Task;
use super::response::NotAMinimum;
use super::sums::dot;
use super::tendency::Tendency;

/// An eigenvalue of the scaled Hessian, at most of order gamma, that is no larger than this is zero: letters that say the
/// same can share their weight in any way, which changes nothing.
const ZERO: f64 = 1e-10;

/// An eigenvalue above minus this is that of a critical mode: the objective falls along it by the square of this at most,
/// which rounding hides. The response is that of the phase in which the mode is not used.
const CRITICAL: f64 = 1e-6;

/// `b_a' H^+ b_b` over the letters in use, in units of `sqrt(m_z)` and `sqrt(q'_yz)`.
pub(super) fn reaction<const N: usize>(
    task: Task<'_>,
    letters: &Letters,
    evaluation: &Evaluation,
    tendencies: &[Tendency; N],
) -> Result<[[f64; N]; N], NotAMinimum> {
    let problem = task.problem;
    let (n_x, n_y, gamma) = (problem.n_x, problem.n_y, task.at.gamma());
    let working: Vec<usize> = letters.in_use().collect();
    let n_weights = if problem.marginal.is_none() { working.len() } else { 0 };
    let per_letter = if task.classifier_matters() { n_y } else { 0 };
    let size = n_weights + working.len() * per_letter;
    let place = |k: usize, y: usize| n_weights + k * per_letter + y;
    let mut block = vec![0.0; n_y * n_y];
    let mut denied = vec![false; n_y];
    let mut effects = Mat::<f64>::zeros(n_x, size);
    let mut sides = [(); N].map(|()| vec![0.0; size]);
    for (k, &z) in working.iter().enumerate() {
        blocks::write_local(problem, evaluation, gamma, z, &mut block, &mut denied);
        let weight = evaluation.marginal[z];
        let encoder = &evaluation.encoder[z * n_x..][..n_x];
        for x in 0..n_x {
            let root = problem.source[x].sqrt() * encoder[x];
            if n_weights > 0 {
                effects[(x, k)] = root / weight.sqrt();
            }
            for y in 0..per_letter {
                let joint = evaluation.joint[z * n_y + y];
                if !denied[y] {
                    let deviation = problem.labels[y * n_x + x] - joint / weight;
                    effects[(x, place(k, y))] = gamma * root * deviation / joint.sqrt();
                }
            }
        }
        for (side, tendency) in sides.iter_mut().zip(tendencies) {
            let whole = tendency.marginal[z];
            if n_weights > 0 {
                side[k] = whole / weight.sqrt();
            }
            for y in 0..per_letter {
                let joint = evaluation.joint[z * n_y + y];
                if !denied[y] {
                    let slope = tendency.joint[z * n_y + y];
                    // Not over the product, which underflows where the weight is small and given.
                    side[place(k, y)] = gamma * (slope - whole * (joint / weight)) / joint.sqrt();
                }
            }
        }
    }
    let mut hessian = effects.transpose() * &effects;
    for (k, &z) in working.iter().enumerate().filter(|_| per_letter > 0) {
        blocks::write_local(problem, evaluation, gamma, z, &mut block, &mut denied);
        for i in 0..n_y {
            for j in 0..=i {
                hessian[(place(k, i), place(k, j))] += gamma * block[i * n_y + j];
            }
        }
    }
    let eigen = hessian.self_adjoint_eigen(Side::Lower).map_err(|_| NotAMinimum)?;
    let mut reaction = [[0.0; N]; N];
    for (mode, &value) in eigen.S().column_vector().iter().enumerate() {
        let zero = ZERO * gamma.max(1.0);
        if value.is_nan() || value < -CRITICAL * gamma.max(1.0) {
            return Err(NotAMinimum);
        }
        if value > zero {
            let direction = eigen.U().col(mode);
            let direction: Vec<f64> = direction.iter().copied().collect();
            let components = sides.each_ref().map(|side| dot(&direction, side));
            for (row, a) in reaction.iter_mut().zip(components) {
                for (entry, b) in row.iter_mut().zip(components) {
                    *entry += a * b / value;
                }
            }
        }
    }
    Ok(reaction)
}
