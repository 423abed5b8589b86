//! R, D and C of letters and the encoder that belongs to them.

use super::evaluation::Evaluation;
use super::letters::Letters;
use super::problem::Task;
use crate::Rdc;

/// `R = E_x KL(e(z|x) || m(z))`, `D = E rho(x, z)`, `C = E[-ln c(y|z)]` of the encoder that is best for `letters`, nats; after an update of
/// `evaluation` at them.
pub(super) fn observe(task: Task<'_>, letters: &Letters, evaluation: &Evaluation) -> Rdc {
    let problem = task.problem;
    let (n_x, n_y) = (problem.n_x, problem.n_y);
    let mut rdc = Rdc { rate: 0.0, distortion: problem.least_distortion, classification: 0.0 };
    for z in letters.in_use() {
        for x in 0..n_x {
            let place = z * n_x + x;
            let weight = problem.source[x] * evaluation.encoder[place];
            if weight > 0.0 {
                // Not as the fitness less the logarithm of the partition, two numbers as large as the multipliers.
                rdc.rate += weight * (evaluation.encoder[place] / letters.marginal[z]).ln();
                rdc.distortion += weight * problem.costs[place];
            }
        }
        for y in 0..n_y {
            let joint = evaluation.joint[z * n_y + y];
            if joint > 0.0 {
                rdc.classification -= joint * letters.log_classifier[z * n_y + y];
            }
        }
    }
    // A rate is a divergence and a loss an entropy; rounding can take one of zero below it.
    rdc.rate = rdc.rate.max(0.0);
    rdc.classification = rdc.classification.max(0.0);
    rdc
}
