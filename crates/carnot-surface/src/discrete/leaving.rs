//! Letters that a solution has not quite left.

use super::problem::Task;
use super::solver::{LAST_ROUNDS, Solution, Solver};

/// The largest weight that a letter may have been left with, and how far below one the promise of a letter must be that is
/// on its way out. A letter whose promise is one to rounding is in use, however little.
const LEFT_OVER: f64 = 1e-6;
const LEAVING: f64 = 1e-9;

impl Solver {
    /// The solution without the letters that the optimality conditions have no use for: where a letter's promise is below
    /// one its weight is zero, and what an iteration that stops has left of it would be told as part of the support. The
    /// solution as it is where it has none, or is not as good without.
    pub(super) fn without_leaving(&mut self, task: Task<'_>, solution: Solution) -> Solution {
        let problem = task.problem;
        if problem.marginal.is_some() {
            return solution;
        }
        self.evaluation.objective(task, &solution.letters);
        self.evaluation.update(problem, &solution.letters);
        let updated = &self.evaluation.marginal;
        let is_leaving = |(z, &weight): (usize, &f64)| {
            weight > 0.0 && weight < LEFT_OVER && updated[z] < (1.0 - LEAVING) * weight
        };
        let weights = solution.letters.marginal.iter().enumerate();
        let leaving: Vec<usize> = weights.filter(|&place| is_leaving(place)).map(|(z, _)| z).collect();
        if leaving.is_empty() {
            return solution;
        }
        let mut letters = solution.letters.clone();
        for z in leaving {
            letters.marginal[z] = 0.0;
        }
        letters.normalise_marginal();
        let objective = self.evaluation.objective(task, &letters);
        self.evaluation.update(problem, &letters);
        let residual = self.evaluation.residual(task, &letters);
        let gap = if task.is_convex() {
            self.bounds.gap(task, &self.evaluation, &mut letters, LAST_ROUNDS).max(0.0)
        } else {
            f64::INFINITY
        };
        let rounding = 4.0 * f64::EPSILON * objective.abs().max(1.0);
        let as_good = objective <= solution.objective + rounding
            && residual <= solution.residual.max(rounding)
            && gap <= solution.gap.max(rounding);
        if as_good { Solution { letters, objective, gap, residual, ..solution } } else { solution }
    }
}
