//! What a parameter does to the update of the letters.

use super::costs::Costs;
use super::evaluation::Evaluation;
use super::letters::Letters;
use super::problem::Problem;
use super::sums::dot;

/// Minus the derivatives of the updated letters `m'(z)` and `q'(y, z)` with respect to a parameter of the problem, at fixed
/// letters. They make the mixed derivatives of the objective: its gradient with respect to `ln m(z)` is `-m'(z)`, with
/// respect to `ln c(y|z)` `-gamma q'(y, z)`.
pub(super) struct Tendency {
    /// Shape `(n_z)`.
    pub(super) marginal: Vec<f64>,
    /// Shape `(n_z, n_y)`.
    pub(super) joint: Vec<f64>,
}

impl Tendency {
    pub(super) fn zeros(problem: &Problem) -> Self {
        Self { marginal: vec![0.0; problem.n_z], joint: vec![0.0; problem.n_z * problem.n_y] }
    }

    /// Of the two multipliers: the encoder turns away from what they price.
    pub(super) fn of_multipliers(
        problem: &Problem,
        letters: &Letters,
        evaluation: &Evaluation,
        costs: &Costs,
    ) -> [Self; 2] {
        let mut weighted = vec![0.0; problem.n_x];
        [0, 1].map(|a| {
            let mut tendency = Self::zeros(problem);
            for z in letters.in_use() {
                costs.weigh(problem, evaluation, a, z, &mut weighted);
                tendency.marginal[z] = weighted.iter().sum();
                for y in 0..problem.n_y {
                    tendency.joint[z * problem.n_y + y] = dot(&weighted, problem.row(&problem.labels, y));
                }
            }
            tendency
        })
    }
}
