//! Letters of little weight: what neither the objective nor the residual shows of them, but the support and the response do.

use super::letters::Letters;
use super::problem::Task;
use super::solution::{Solution, Target};
use super::solver::{LAST_ROUNDS, Solver};

/// How far one more update may change a letter's weight, relative to the weight itself.
const SETTLED: f64 = 1e-9;

/// The same below which it is rounding.
const AT_REST: f64 = 1e-14;

/// Further steps of Newton's method towards that.
const MOST_STEPS: usize = 24;

/// The largest weight that a letter may have been left with where a problem is not convex, and how far below one the
/// promise of a letter must be that is on its way out. A letter whose promise is one to rounding is in use, however little.
const LEFT_OVER: f64 = 1e-6;
const LEAVING: f64 = 1e-9;

impl Solver {
    /// Goes on from the solution of a convex problem while an update would change a letter's weight by more than a tiny part
    /// of it, and takes what is as good a solution.
    pub(super) fn settle(&mut self, task: Task<'_>, solution: &mut Solution, target: Target) {
        if task.problem.marginal.is_some() || !target.is_met(solution) {
            return;
        }
        self.evaluate(task, solution);
        if self.is_settled(&solution.letters) {
            return;
        }
        let (mut letters, mut objective) = (solution.letters.clone(), solution.objective);
        self.bounds.gap(task, &self.evaluation, &mut letters, LAST_ROUNDS);
        solution.is_evaluated = false;
        for _ in 0..MOST_STEPS {
            let (stepped, steps) = self.step(task, &mut letters, objective, true);
            objective = stepped;
            let residual = self.evaluation.residual(task, &letters);
            let gap = self.gap(task, &mut letters, (objective, residual), target, LAST_ROUNDS);
            let work = solution.work.plus(steps);
            let settled =
                Solution { letters: letters.clone(), objective, gap, residual, work, is_evaluated: false };
            if target.is_met(&settled) {
                *solution = settled;
                if self.is_settled(&letters) {
                    solution.is_evaluated = true;
                    break;
                }
            }
        }
    }

    /// Whether the weights of the letters in use are, each in proportion to itself, what an update makes of them.
    fn is_settled(&self, letters: &Letters) -> bool {
        self.unsettled(letters) <= SETTLED
    }

    /// The solution of a problem that is not convex without the letters that the optimality conditions have no use for:
    /// where a letter's promise is below one its weight is zero, and what an iteration that stops has left of it would be
    /// told as part of the support. The solution as it is where it has none, or is not as good without.
    pub(super) fn without_leaving(&mut self, task: Task<'_>, solution: Solution, target: Target) -> Solution {
        let problem = task.problem;
        if problem.marginal.is_some() {
            return solution;
        }
        self.evaluation.objective(task, &solution.letters);
        self.evaluation.update(problem, &solution.letters);
        let mut letters = solution.letters.clone();
        for (weight, updated) in letters.marginal.iter_mut().zip(&self.evaluation.marginal) {
            if *weight < LEFT_OVER && *updated < (1.0 - LEAVING) * *weight {
                *weight = 0.0;
            }
        }
        if letters.marginal == solution.letters.marginal {
            return solution;
        }
        letters.normalise_marginal();
        let objective = self.evaluation.objective(task, &letters);
        self.evaluation.update(problem, &letters);
        let residual = self.evaluation.residual(task, &letters);
        let rounding = 4.0 * f64::EPSILON * objective.abs().max(1.0);
        let as_good =
            objective <= solution.objective + rounding && residual <= solution.residual.max(target.residual);
        if as_good {
            Solution { letters, objective, residual, is_evaluated: false, ..solution }
        } else {
            solution
        }
    }

    /// Goes on with Newton's method from the solution of a problem that is not convex while that takes the weights of letters
    /// nearer to what an update makes of them, each in proportion to itself: a letter that has just entered hardly shows in
    /// the residual, and its weight is still anything.
    pub(super) fn settle_locally(&mut self, task: Task<'_>, solution: Solution, target: Target) -> Solution {
        if task.problem.marginal.is_some() {
            return solution;
        }
        let mut settled = solution;
        self.evaluation.objective(task, &settled.letters);
        self.evaluation.update(task.problem, &settled.letters);
        let mut unsettled = self.unsettled(&settled.letters);
        let rounding = 4.0 * f64::EPSILON * settled.objective.abs().max(1.0);
        for _ in 0..MOST_STEPS {
            if unsettled < AT_REST {
                break;
            }
            let mut letters = settled.letters.clone();
            settled.work.newton_steps += 1;
            let Some(objective) = self.newton_step(task, &mut letters, settled.objective) else { break };
            self.evaluation.update(task.problem, &letters);
            let residual = self.evaluation.residual(task, &letters);
            let before = std::mem::replace(&mut unsettled, self.unsettled(&letters));
            let as_good = objective <= settled.objective + rounding
                && residual <= settled.residual.max(target.residual);
            if !as_good || unsettled > 0.5 * before {
                break;
            }
            settled = Solution { letters, objective, residual, ..settled };
        }
        Solution { is_evaluated: false, ..settled }
    }

    /// The largest change of a letter's weight by one more update, relative to the weight itself.
    fn unsettled(&self, letters: &Letters) -> f64 {
        let change = |z: usize| (self.evaluation.marginal[z] / letters.marginal[z] - 1.0).abs();
        letters.in_use().map(change).fold(0.0, f64::max)
    }
}
