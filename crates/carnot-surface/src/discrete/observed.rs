//! R, D and C of letters and the encoder that belongs to them.

use super::elementary::{ln, vectorised};
use super::evaluation::Evaluation;
use super::letters::Letters;
use super::problem::Task;
use super::sums::dot_of_three_within;
use crate::Rdc;

/// `R = E_x KL(e(z|x) || m(z))`, `D = E rho(x, z)`, `C = E[-ln c(y|z)]` of the encoder that is best for `letters`, nats;
/// after an update of `evaluation` at them.
pub(super) fn observe(task: Task<'_>, letters: &Letters, evaluation: &Evaluation) -> Rdc {
    let problem = task.problem;
    let (source, n_y) = (&problem.source, problem.n_y);
    let mut rdc = Rdc { rate: 0.0, distortion: problem.least_distortion(), classification: 0.0 };
    let mut terms = vec![0.0; problem.n_x];
    for z in letters.in_use() {
        let (encoder, costs) = (problem.row(&evaluation.encoder, z), problem.row(&problem.costs, z));
        // A weight below the least normal number is given: over it a quotient would overflow.
        let weight = letters.marginal[z].max(f64::MIN_POSITIVE);
        let rest = weight.ln() - letters.marginal[z].ln();
        vectorised(
            #[inline(always)]
            || {
                // Not as the fitness less the logarithm of the partition, two numbers as large as the multipliers. What is
                // too small for a logarithm is times a probability that is as good as zero.
                for (term, e) in terms.iter_mut().zip(encoder) {
                    *term = ln((e / weight).max(f64::MIN_POSITIVE)) + rest;
                }
                rdc.rate += dot_of_three_within(source, encoder, &terms);
                // A forbidden pair costs infinitely much, and never occurs.
                for (term, (e, cost)) in terms.iter_mut().zip(encoder.iter().zip(costs)) {
                    *term = if *e > 0.0 { *cost } else { 0.0 };
                }
                rdc.distortion += dot_of_three_within(source, encoder, &terms);
            },
        );
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
