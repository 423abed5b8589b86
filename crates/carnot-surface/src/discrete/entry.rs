//! Which letters are in use: the test of whether one enters, and weights that Newton's method cannot find.

use super::letters::{LEAST_LOG, Letters};
use super::problem::{Problem, Task};
use super::solution::{Solution, Target};
use super::solver::{ENTRY, LAST_ROUNDS, Solver};

/// A promise from which a letter is given a weight at once.
const GROWTH: f64 = 2.0;

impl Solver {
    /// Gives the letter that promises most, if that is far more than one, the weight that it would take: Newton's method
    /// would only double a weight that is too small by orders of magnitude. `None`, with the letters and the evaluation as they were, where there is none
    /// or the objective rises.
    pub(super) fn grow(&mut self, task: Task<'_>, letters: &mut Letters, objective: f64) -> Option<f64> {
        let problem = task.problem;
        let promises = &self.bounds.promises;
        let most = (0..problem.n_z).max_by(|&a, &b| promises[a].weight.total_cmp(&promises[b].weight))?;
        if problem.marginal.is_some() || promises[most].weight < GROWTH {
            return None;
        }
        let kept = letters.clone();
        let row = &letters.log_classifier[most * problem.n_y..][..problem.n_y];
        letters.marginal[most] += self.bounds.share(task, &self.evaluation, most, row);
        letters.normalise_marginal();
        let lower = self.evaluation.objective(task, letters);
        if lower <= objective + 4.0 * f64::EPSILON * objective.abs().max(1.0) {
            self.evaluation.update(problem, letters);
            return Some(lower);
        }
        *letters = kept;
        self.evaluation.objective(task, letters);
        self.evaluation.update(problem, letters);
        None
    }

    /// Joins letters of one kind, where the solution stays one: how copies of a letter share its weight is arbitrary, and
    /// what depends on the solution should not see it.
    pub(super) fn tidy(&mut self, task: Task<'_>, solution: &mut Solution, target: Target) {
        let problem = task.problem;
        let is_alone = |(z, kind): (usize, &usize)| z == *kind;
        let alone = problem.kinds.iter().enumerate().all(is_alone);
        if alone || problem.marginal.is_some() || problem.log_classifier.is_some() {
            return;
        }
        let mut letters = solution.letters.clone();
        join(problem, &mut letters);
        if letters.marginal == solution.letters.marginal {
            return;
        }
        let objective = self.evaluation.objective(task, &letters);
        self.evaluation.update(problem, &letters);
        let residual = self.evaluation.residual(task, &letters);
        let gap = self.gap(task, &mut letters, (objective, residual), target, LAST_ROUNDS);
        let tidied = Solution { letters, objective, gap, residual, work: solution.work, is_evaluated: true };
        if target.is_met(&tidied) {
            *solution = tidied;
        } else {
            solution.is_evaluated = false;
        }
    }

    /// The promises of all letters, those of the absent ones with the best classifiers found.
    pub(super) fn weigh(&mut self, task: Task<'_>, letters: &mut Letters) {
        self.evaluation.objective(task, letters);
        self.evaluation.update(task.problem, letters);
        self.bounds.gap(task, &self.evaluation, letters, LAST_ROUNDS);
    }

    /// The letters in use, with their promises brought up to date, and with `entering` those whose promise says that they
    /// enter.
    pub(super) fn set_working(&mut self, problem: &Problem, letters: &Letters, entering: bool) {
        let enters = entering && problem.marginal.is_none();
        let promises = &mut self.bounds.promises;
        self.newton.working.clear();
        for (z, (promise, weight)) in promises.iter_mut().zip(&letters.marginal).enumerate() {
            if *weight > 0.0 {
                promise.weight = self.evaluation.marginal[z] / weight;
            }
            if *weight > 0.0 || (enters && promise.weight > 1.0 + ENTRY) {
                self.newton.working.push(z);
            }
        }
    }
}

/// Joins the letters in use of each kind into the first of them: `q` adds up. Each letter's term in the partition sum is
/// concave and homogeneous in `q` where the problem is convex, so that the objective does not rise.
fn join(problem: &Problem, letters: &mut Letters) {
    let n_y = problem.n_y;
    for kind in 0..problem.n_z {
        let members: Vec<usize> = letters.in_use().filter(|&z| problem.kinds[z] == kind).collect();
        let [first, others @ ..] = members.as_slice() else { continue };
        if others.is_empty() {
            continue;
        }
        let weight: f64 = members.iter().map(|&z| letters.marginal[z]).sum();
        for y in 0..n_y {
            let joint = |z: usize| letters.marginal[z] * letters.log_classifier[z * n_y + y].exp();
            let sum: f64 = members.iter().map(|&z| joint(z)).sum();
            letters.log_classifier[first * n_y + y] = (sum / weight).ln().max(LEAST_LOG);
        }
        letters.marginal[*first] = weight;
        for &z in others {
            letters.marginal[z] = 0.0;
        }
    }
}
