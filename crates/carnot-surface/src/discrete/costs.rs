//! What the multipliers price, seen from each input.

use super::evaluation::Evaluation;
use super::letters::Letters;
use super::problem::Problem;

/// `l_d = rho` and `l_c = -sum_y p(y|x) ln c(y|z)`, less their means over the encoder of each input.
pub(super) struct Costs {
    /// Shape `(n_z, n_x)`; zero where the encoder is.
    pub(super) centred: [Vec<f64>; 2],
}

impl Costs {
    pub(super) fn new(problem: &Problem, letters: &Letters, evaluation: &Evaluation) -> Self {
        let (n_x, n_y) = (problem.n_x, problem.n_y);
        let mut centred = [vec![0.0; n_x * problem.n_z], vec![0.0; n_x * problem.n_z]];
        for z in letters.in_use() {
            for x in 0..n_x {
                let place = z * n_x + x;
                if evaluation.encoder[place] > 0.0 {
                    centred[0][place] = problem.costs[place];
                    centred[1][place] = (0..n_y)
                        .map(|y| -problem.labels[y * n_x + x] * letters.log_classifier[z * n_y + y])
                        .sum();
                }
            }
        }
        for table in &mut centred {
            for x in 0..n_x {
                let mean: f64 =
                    letters.in_use().map(|z| evaluation.encoder[z * n_x + x] * table[z * n_x + x]).sum();
                for z in letters.in_use() {
                    let place = z * n_x + x;
                    if evaluation.encoder[place] > 0.0 {
                        table[place] -= mean;
                    }
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
        let n_x = problem.n_x;
        letters
            .in_use()
            .map(|z| {
                (0..n_x)
                    .map(|x| {
                        let place = z * n_x + x;
                        let weight = problem.source[x] * evaluation.encoder[place];
                        weight * self.centred[a][place] * self.centred[b][place]
                    })
                    .sum::<f64>()
            })
            .sum()
    }

    /// `sum_x p(x) e(z|x) (l_a(x, z) - mean) of(x)`.
    pub(super) fn weighted(
        &self,
        problem: &Problem,
        evaluation: &Evaluation,
        a: usize,
        z: usize,
        of: impl Fn(usize) -> f64,
    ) -> f64 {
        let row = z * problem.n_x..(z + 1) * problem.n_x;
        let encoder = &evaluation.encoder[row.clone()];
        let pairs = encoder.iter().zip(&self.centred[a][row]).zip(&problem.source).enumerate();
        pairs.map(|(x, ((e, l), p))| p * e * l * of(x)).sum()
    }
}
