//! The solver of convex problems: alternation to start, Newton's method to finish, a bound to know.

use super::alternation::Alternation;
use super::bounds::Bounds;
use super::convergence::Convergence;
use super::curvature::Kind;
use super::evaluation::Evaluation;
use super::letters::Letters;
use super::near_one::is_near_one;
use super::newton::Newton;
use super::problem::{Problem, Task};
use super::solution::{Solution, Target, Work};

/// The buffers of a solve, allocated once.
#[derive(Debug)]
pub(super) struct Solver {
    pub(super) evaluation: Evaluation,
    pub(super) bounds: Bounds,
    pub(super) newton: Newton,
    pub(super) alternation: Alternation,
}

/// Cycles of the alternation before Newton's method is tried on a cold start.
pub(super) const FIRST_CYCLES: usize = 2;

/// Cycles before further tries, and the part of the weights that is given back to all letters.
const MORE_CYCLES: [usize; 3] = [20, 100, 500];
const RETURNED: f64 = 0.1;

/// Cycles after a Newton step that did not descend.
const RESCUE_CYCLES: usize = 8;

/// Steps without progress after which what was reached is all that rounding allows.
const PATIENCE: usize = 20;

/// Steps of Newton's method with a residual that is small enough before a bound that is not is tightened.
const PROBATION: usize = 3;

/// Steps of Newton's method between two looks at the letters that are not in use.
const UNSEEN: usize = 3;

/// The relative change of an entry of a classifier after which a step is needed that has its own second derivatives: others
/// take entries that are small, and that neither the residual nor the bound shows, to their places too slowly.
const ROUGH: f64 = 1e-9;

/// A decrease of the objective, relative to it, that counts as progress.
const DECREASE: f64 = 1e-11;

/// The residual up to which a neighbour's letters are a start that Newton's method goes on from.
const WARM: f64 = 0.5;

/// More steps than any problem has needed.
const MOST_STEPS: usize = 300;

/// Steps of each absent letter's classifier between two steps of Newton's method, and close to the end.
const FIRST_ROUNDS: usize = 2;
pub(super) const LAST_ROUNDS: usize = 100;

/// The residual below which the end is close.
pub(super) const NEARLY: f64 = 1e-6;

/// A letter enters where its weight exceeds one by this: rounding of a sum of positive terms stays below.
pub(super) const ENTRY: f64 = 1e-13;

impl Solver {
    pub(super) fn new(problem: &Problem) -> Self {
        Self {
            evaluation: Evaluation::new(problem),
            bounds: Bounds::new(problem),
            newton: Newton::new(problem),
            alternation: Alternation::new(problem),
        }
    }

    /// Solves a convex problem, from the letters of a neighbour where they are close to a solution.
    pub(super) fn solve_from(&mut self, task: Task<'_>, warm: Option<Letters>, target: Target) -> Solution {
        let first = self.solve_once(task, warm, target);
        let mut solution = self.solve_again(task, first, target);
        self.settle(task, &mut solution, target);
        self.tidy(task, &mut solution, target);
        solution
    }

    fn solve_once(&mut self, task: Task<'_>, warm: Option<Letters>, target: Target) -> Solution {
        let problem = task.problem;
        if let Some(letters) = self.at_one(task, target) {
            return self.solve(task, letters, 0, target);
        }
        let cold = Letters::uniform(problem);
        let Some(mut letters) = warm else { return self.solve(task, cold, FIRST_CYCLES, target) };
        if let Some(marginal) = &problem.marginal {
            letters.marginal.copy_from_slice(marginal);
        }
        if let Some(log_classifier) = &problem.log_classifier {
            letters.log_classifier.copy_from_slice(log_classifier);
        }
        let objective = self.evaluation.objective(task, &letters);
        self.evaluation.update(problem, &letters);
        if self.evaluation.residual(task, &letters) < WARM {
            return self.refine(task, letters, objective, (Work::default(), UNSEEN), target);
        }
        // Too far: every letter is given some weight again.
        for (weight, share) in letters.marginal.iter_mut().zip(&cold.marginal) {
            *weight = 0.5 * (*weight + share);
        }
        self.solve(task, letters, FIRST_CYCLES, target)
    }

    /// Where Newton's method has lost its way, solves again from what was found with every letter given back some weight,
    /// after more and more cycles of the alternation.
    fn solve_again(&mut self, task: Task<'_>, mut solution: Solution, target: Target) -> Solution {
        if !target.is_met(&solution) && is_near_one(task) {
            self.solve_near_one(task, target, &mut solution);
        }
        for cycles in MORE_CYCLES {
            if target.is_met(&solution) {
                break;
            }
            let cold = Letters::uniform(task.problem);
            let mut letters = solution.letters.clone();
            for (weight, share) in letters.marginal.iter_mut().zip(&cold.marginal) {
                *weight = (1.0 - RETURNED) * *weight + RETURNED * share;
            }
            if task.classifier_matters() {
                letters.log_classifier.copy_from_slice(&cold.log_classifier);
            }
            self.solve_better(task, letters, cycles, target, &mut solution);
        }
        solution
    }

    /// Solves from `letters`, and takes the result for `solution` if it is better; the work adds up.
    pub(super) fn solve_better(
        &mut self,
        task: Task<'_>,
        letters: Letters,
        cycles: usize,
        target: Target,
        solution: &mut Solution,
    ) {
        let next = self.solve(task, letters, cycles, target);
        let work = solution.work.plus(next.work);
        if next.gap.max(next.residual) < solution.gap.max(solution.residual) {
            *solution = next;
        } else {
            solution.is_evaluated = false;
        }
        solution.work = work;
    }

    /// Solves a convex problem from `letters`, after cycles of the alternation.
    pub(super) fn solve(
        &mut self,
        task: Task<'_>,
        mut letters: Letters,
        cycles: usize,
        target: Target,
    ) -> Solution {
        for _ in 0..cycles {
            self.alternation.cycle(task, &mut self.evaluation, &mut letters);
        }
        let objective = self.evaluation.objective(task, &letters);
        self.evaluation.update(task.problem, &letters);
        self.refine(task, letters, objective, (Work { cycles, ..Work::default() }, 0), target)
    }

    /// Newton's method from `letters`, at which the evaluation holds the objective and its update, and the promises are
    /// those of the gap where it is known.
    fn refine(
        &mut self,
        task: Task<'_>,
        mut letters: Letters,
        mut objective: f64,
        (mut work, mut unseen): (Work, usize),
        target: Target,
    ) -> Solution {
        let problem = task.problem;
        let unknown = f64::INFINITY;
        let mut best = Solution {
            letters: letters.clone(),
            objective,
            gap: unknown,
            residual: unknown,
            work,
            is_evaluated: false,
        };
        let (mut patience, mut converged) = (PATIENCE, 0);
        // From afar the last step has its own second derivatives, and leaves less than the steps that are cheap.
        let may_repeat = unseen > 0 && is_worth_repeating(task);
        let (mut convergence, mut repeated) = (Convergence::default(), false);
        for _ in 0..MOST_STEPS {
            let residual = self.evaluation.residual(task, &letters);
            convergence.reached(residual);
            best.is_evaluated = false;
            let repeats = may_repeat && convergence.favours_chord(target.residual);
            let seen_gap = self.evaluation.gap_in_use(task, &letters);
            let is_loose = seen_gap > target.gap * objective.abs().max(1.0);
            let is_rough = repeated && self.evaluation.largest_change(problem, &letters) > ROUGH;
            if unseen > 0 && (residual > target.residual || (repeats && is_loose) || is_rough) {
                if repeats && let Some(lower) = self.chord_step(task, &mut letters, objective, false) {
                    (objective, work.chord_steps) = (lower, work.chord_steps + 1);
                    repeated = true;
                    continue;
                }
                repeated = false;
                convergence.restart();
                // Newton's method converges on the letters in use; the others are looked at again when it has.
                unseen -= 1;
                let (stepped, steps) = self.step(task, &mut letters, objective, false);
                (objective, work) = (stepped, work.plus(steps));
                continue;
            }
            unseen = UNSEEN;
            let rounds = if residual < NEARLY { LAST_ROUNDS } else { FIRST_ROUNDS };
            // What the residual does not show of a classifier Newton's method still finds, or what is left of it is rounding.
            converged += usize::from(residual <= target.residual);
            let gap = if converged > PROBATION {
                self.gap(task, &mut letters, (objective, residual), target, rounds)
            } else {
                self.bounds.gap(task, &self.evaluation, &mut letters, rounds)
            };
            let gap = gap.max(0.0);
            let scale = objective.abs().max(1.0);
            let progress = objective < best.objective - DECREASE * scale
                || gap.max(residual) < 0.5 * best.gap.max(best.residual);
            patience = if progress { PATIENCE } else { patience - 1 };
            if gap.max(residual) < best.gap.max(best.residual) {
                best.letters.copy_from(&letters);
                (best.objective, best.gap, best.residual) = (objective, gap, residual);
                best.is_evaluated = true;
            }
            if target.is_met(&best) || patience == 0 {
                break;
            }
            if let Some(lower) = self.grow(task, &mut letters, objective) {
                unseen = 0;
                objective = lower;
                convergence = Convergence::default();
                continue;
            }
            if repeats && let Some(lower) = self.chord_step(task, &mut letters, objective, true) {
                (objective, work.chord_steps) = (lower, work.chord_steps + 1);
                repeated = true;
                continue;
            }
            repeated = false;
            convergence.restart();
            let (stepped, steps) = self.step(task, &mut letters, objective, true);
            (objective, work) = (stepped, work.plus(steps));
        }
        best.work = work;
        if !task.classifier_matters() {
            // Nothing moved the classifiers, for nothing depends on them. They are what they would be at gamma -> 0.
            self.evaluate(task, &mut best);
            self.evaluation.write_classifier(problem, &mut best.letters);
        }
        best
    }

    /// Brings the evaluation, updated, to the letters of `solution`.
    pub(super) fn evaluate(&mut self, task: Task<'_>, solution: &mut Solution) {
        if !solution.is_evaluated {
            self.evaluation.objective(task, &solution.letters);
            self.evaluation.update(task.problem, &solution.letters);
            solution.is_evaluated = true;
        }
    }

    /// A proven bound on `objective - F*`, after an update at `letters`: the cheap one and, where what is left of the
    /// residual would do and the bound would not, a tighter one.
    pub(super) fn gap(
        &mut self,
        task: Task<'_>,
        letters: &mut Letters,
        (objective, residual): (f64, f64),
        target: Target,
        rounds: usize,
    ) -> f64 {
        let gap = self.bounds.gap(task, &self.evaluation, letters, rounds);
        let is_enough = gap <= target.gap * objective.abs().max(1.0);
        let tightens = !is_enough && residual <= target.residual && task.classifier_matters();
        let gap =
            if tightens { self.bounds.tightened_gap(task, &self.evaluation, letters, rounds) } else { gap };
        gap.max(0.0)
    }

    /// A step of Newton's method with the curvature of the last one; `None`, with everything as it was, where that was over
    /// other letters or the step does not descend.
    fn chord_step(
        &mut self,
        task: Task<'_>,
        letters: &mut Letters,
        before: f64,
        entering: bool,
    ) -> Option<f64> {
        self.set_working(task.problem, letters, entering);
        if !self.newton.can_repeat() {
            return None;
        }
        let promised = |z: usize| self.bounds.promises[z].weight;
        let stepped = self.newton.chord_step(task, &mut self.evaluation, letters, before, promised);
        if stepped.is_none() {
            self.evaluation.objective(task, letters);
        }
        self.evaluation.update(task.problem, letters);
        stepped
    }

    /// A step of Newton's method over the letters in use and, with `entering`, those that promise to enter; where it does not
    /// descend, cycles of the alternation. Updates the evaluation, and returns the objective and the work.
    pub(super) fn step(
        &mut self,
        task: Task<'_>,
        letters: &mut Letters,
        before: f64,
        entering: bool,
    ) -> (f64, Work) {
        self.set_working(task.problem, letters, entering);
        let mut work = Work { newton_steps: 1, ..Work::default() };
        let stepped = self.newton.step(
            task,
            &mut self.evaluation,
            letters,
            before,
            |z| self.bounds.promises[z].weight,
            Kind::Convex,
        );
        let objective = stepped.unwrap_or_else(|| {
            let mut objective = before;
            for _ in 0..RESCUE_CYCLES {
                objective = self.alternation.cycle(task, &mut self.evaluation, letters);
                work.cycles += 1;
            }
            objective
        });
        self.evaluation.update(task.problem, letters);
        (objective, work)
    }
}

/// Whether a step is less work with second derivatives that are there: without classifiers to eliminate they are no more work
/// than the rest of it, and at gamma = 1 the blocks of the classifiers can be singular.
fn is_worth_repeating(task: Task<'_>) -> bool {
    task.classifier_matters() && task.at.gamma() < 1.0
}
