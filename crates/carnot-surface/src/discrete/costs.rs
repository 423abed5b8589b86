//! What the multipliers price, seen from each input.

use super::evaluation::Evaluation;
use super::letters::Letters;
use super::problem::Problem;
use super::sums::dot;

/// `l_d = rho` and `l_c = -sum_y p(y|x) ln c(y|z)`, less their means over the encoder of each input.
pub(super) struct Costs {
    /// Shape `(n_z, n_x)`; zero where the encoder is.
    pub(super) centred: [Vec<f64>; 2],
}

impl Costs {
    pub(super) fn new(problem: &Problem, letters: &Letters, evaluation: &Evaluation) -> Self {
        let (n_x, n_y) = (problem.n_x, problem.n_y);
        let mut centred = [vec![0.0; n_x * problem.n_z], vec![0.0; n_x * problem.n_z]];
        let mut means = [vec![0.0; n_x], vec![0.0; n_x]];
        for z in letters.in_use() {
            let row = z * n_x..(z + 1) * n_x;
            let encoder = &evaluation.encoder[row.clone()];
            let [distortion, classification] = centred.each_mut().map(|table| &mut table[row.clone()]);
            for (y, log_c) in letters.log_classifier[z * n_y..][..n_y].iter().enumerate() {
                for (cost, t) in classification.iter_mut().zip(problem.row(&problem.labels, y)) {
                    *cost -= t * log_c;
                }
            }
            distortion.copy_from_slice(problem.row(&problem.costs, z));
            for (costs, mean) in [distortion, classification].into_iter().zip(&mut means) {
                for ((cost, e), mean) in costs.iter_mut().zip(encoder).zip(mean) {
                    // Where the encoder is zero the cost may be infinite.
                    *cost = if *e > 0.0 { *cost } else { 0.0 };
                    *mean += e * *cost;
                }
            }
        }
        for (table, means) in centred.iter_mut().zip(&means) {
            for z in letters.in_use() {
                let row = z * n_x..(z + 1) * n_x;
                let pairs = table[row.clone()].iter_mut().zip(&evaluation.encoder[row]).zip(means);
                for ((cost, e), mean) in pairs {
                    *cost = if *e > 0.0 { *cost - mean } else { 0.0 };
                }
            }
        }
        Self { centred }
    }

    /// `E_x Cov_e(l_a, l_b)`.
    pub(super) fn covariance(
        &self,
        problem: &Problem,
        letters: &Letters,
        evaluation: &Evaluation,
        a: usize,
        b: usize,
    ) -> f64 {
        let of_letter = |z: usize| -> f64 {
            let mut weighted = vec![0.0; problem.n_x];
            self.weigh(problem, evaluation, a, z, &mut weighted);
            dot(&weighted, problem.row(&self.centred[b], z))
        };
        letters.in_use().map(of_letter).sum()
    }

    /// `p(x) e(z|x) (l_a(x, z) - mean)` of one letter into `weighted`, shape `(n_x)`.
    pub(super) fn weigh(
        &self,
        problem: &Problem,
        evaluation: &Evaluation,
        a: usize,
        z: usize,
        weighted: &mut [f64],
    ) {
        let encoder = problem.row(&evaluation.encoder, z);
        let factors = encoder.iter().zip(problem.row(&self.centred[a], z)).zip(&problem.source);
        for (entry, ((e, cost), p)) in weighted.iter_mut().zip(factors) {
            *entry = p * e * cost;
        }
    }
}
