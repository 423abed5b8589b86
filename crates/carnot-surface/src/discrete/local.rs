//! Descent to a minimum of a problem that is not convex.

use super::blocks;
use super::curvature::Kind;
use super::letters::{LEAST_LOG, Letters, normalise_log};
use super::problem::Task;
use super::solution::{Solution, Target, Work};
use super::solver::Solver;

/// Cycles of the alternation between two looks at a descent.
const CYCLES: usize = 5;

/// The residual from which Newton's method is tried.
const NEARLY: f64 = 1e-3;

/// Rounds of cycles or steps of one descent.
const MOST_ROUNDS: usize = 400;

/// The residual below which rounding may be all that is left, the factor by which it falls where it is not, and the rounds
/// that are waited for this.
const ROUNDED: f64 = 1e-11;
const PROGRESS: f64 = 0.95;
const PATIENCE: usize = 8;

/// The rounds in which the residual is not halved after which Newton's method and the alternation take turns.
const SLOW: usize = 3;

/// How often entries are taken to zero in one descent: one on the verge can grow again, and must not be taken there for ever.
const MOST_DENIALS: usize = 16;

/// The probability of a label below which a letter may deny it.
const GOING: f64 = 1e-3;

/// How much a small entry that is taken to zero may resist: where it stays as it is to rounding, zero is as good.
const MARGINAL: f64 = 1e-9;

/// The logarithm of an entry of a classifier below which it is zero already.
const DENIED: f64 = 0.9 * LEAST_LOG;

impl Solver {
    /// Descends, and while a letter that is not in use would lower the objective, takes it in and descends again.
    pub(super) fn descend_and_enter(&mut self, task: Task<'_>, letters: Letters, target: Target) -> Solution {
        let problem = task.problem;
        let mut solution = self.descend_and_part(task, letters, target);
        for _ in 0..problem.n_z {
            let mut letters = solution.letters.clone();
            if !self.enter(task, &mut letters) {
                break;
            }
            let mut next = self.descend(task, letters, target);
            next.work = next.work.plus(solution.work);
            let rounding = 4.0 * f64::EPSILON * solution.objective.abs().max(1.0);
            let kept = next.letters.in_use().count() > solution.letters.in_use().count();
            if next.objective >= solution.objective
                && !(kept && next.objective <= solution.objective + rounding)
            {
                solution.work = next.work;
                break;
            }
            solution = next;
        }
        solution
    }

    /// Descends to a stationary point, and on from there while a letter would rather be two: to a minimum.
    pub(super) fn descend_and_part(&mut self, task: Task<'_>, letters: Letters, target: Target) -> Solution {
        let mut solution = self.descend(task, letters, target);
        for _ in 0..task.problem.n_z {
            let mut letters = solution.letters.clone();
            if !self.part(task, &mut letters) {
                break;
            }
            let next = self.descend(task, letters, target);
            let work = solution.work.plus(next.work);
            if next.objective < solution.objective {
                solution = next;
            }
            solution.work = work;
        }
        solution
    }

    /// Descends from `letters` to a stationary point: cycles of the alternation, which never raise the objective, and
    /// Newton's method near the end, with the true curvature where it is that of a minimum.
    fn descend(&mut self, task: Task<'_>, mut letters: Letters, target: Target) -> Solution {
        let problem = task.problem;
        let mut work = Work::default();
        let mut objective = self.evaluation.objective(task, &letters);
        let mut residual = f64::INFINITY;
        let (mut stalled, mut least, mut idle, mut denials) = (0, f64::INFINITY, 0, 0);
        for round in 0..MOST_ROUNDS {
            self.evaluation.update(problem, &letters);
            let before = residual;
            residual = self.evaluation.residual(task, &letters);
            stalled = if residual < 0.5 * before { 0 } else { stalled + 1 };
            idle = if residual < PROGRESS * least { 0 } else { idle + 1 };
            least = least.min(residual);
            // Once in any case: what vanishes slowly enough is stationary to the tolerance wherever it is.
            if residual < NEARLY && (denials == 0 || (stalled > 0 && denials < MOST_DENIALS)) {
                denials = denials.max(1);
                if let Some(lower) = self.deny(task, &mut letters, objective) {
                    (objective, denials) = (lower, denials + 1);
                    continue;
                }
            }
            if residual <= target.residual || (residual < ROUNDED && idle > PATIENCE) {
                break;
            }
            // Away from a saddle Newton's method goes slowly, and the extrapolated alternation faster and faster.
            let turn = if residual < NEARLY { stalled <= SLOW || stalled % 2 == 0 } else { round % 8 == 7 };
            let stepped = if turn {
                work.newton_steps += 1;
                self.newton_step(task, &mut letters, objective)
            } else {
                None
            };
            objective = stepped.unwrap_or_else(|| {
                let mut objective = objective;
                for _ in 0..CYCLES {
                    objective = self.alternation.cycle(task, &mut self.evaluation, &mut letters);
                    work.cycles += 1;
                }
                objective
            });
        }
        Solution { letters, objective, gap: f64::INFINITY, residual, work, is_evaluated: false }
    }

    /// Takes entries of classifiers to zero that are on their way there, slowly where `gamma p(y|x)` of the inputs that have the
    /// label is close to one: above it a small entry is taken to a smaller one, faster and faster. `None`, with the letters
    /// and the evaluation as they were, where there is none or the objective rises by more than rounding.
    fn deny(&mut self, task: Task<'_>, letters: &mut Letters, objective: f64) -> Option<f64> {
        let Task { problem, at } = task;
        if !task.classifier_matters() {
            return None;
        }
        let n_y = problem.n_y;
        let mut block = vec![0.0; n_y * n_y];
        let mut trial = letters.clone();
        let mut any = false;
        for z in letters.in_use() {
            blocks::write(problem, &self.evaluation, at.gamma(), z, &mut block);
            let row = &mut trial.log_classifier[z * n_y..][..n_y];
            for (y, log_c) in row.iter_mut().enumerate() {
                let share = self.evaluation.joint[z * n_y + y] / self.evaluation.marginal[z];
                // One less gamma times the mean of p(y|x) over the inputs of the letter that have the label.
                let resists = block[y * n_y + y] - at.gamma() * share;
                if *log_c > DENIED && share < GOING && resists < MARGINAL {
                    *log_c = LEAST_LOG;
                    any = true;
                }
            }
            normalise_log(row);
        }
        if !any {
            return None;
        }
        // What is left of the letters adapts before the objectives are compared.
        let mut lower = f64::INFINITY;
        for _ in 0..CYCLES {
            lower = self.alternation.cycle(task, &mut self.evaluation, &mut trial);
        }
        if lower <= objective + 4.0 * f64::EPSILON * objective.abs().max(1.0) {
            *letters = trial;
            return Some(lower);
        }
        self.evaluation.objective(task, letters);
        self.evaluation.update(problem, letters);
        None
    }

    pub(super) fn newton_step(
        &mut self,
        task: Task<'_>,
        letters: &mut Letters,
        objective: f64,
    ) -> Option<f64> {
        let problem = task.problem;
        [Kind::Exact, Kind::Modified].into_iter().find_map(|kind| {
            self.newton.working.clear();
            self.newton.working.extend(letters.in_use());
            // A step that was tried and given up has moved the evaluation.
            if kind == Kind::Modified {
                self.evaluation.objective(task, letters);
                self.evaluation.update(problem, letters);
            }
            let marginal = self.evaluation.marginal.clone();
            let weights = letters.marginal.clone();
            let promised = |z: usize| marginal[z] / weights[z];
            self.newton.step(task, &mut self.evaluation, letters, objective, promised, kind)
        })
    }
}
