//! The search for the lowest minimum of a problem that is not convex.

use super::blocks;
use super::curvature::Kind;
use super::letters::{LEAST_LOG, Letters, normalise_log};
use super::problem::{Problem, Task};
use super::solution::{Solution, Target, Work};
use super::solver::Solver;
use super::starts;

/// Cycles of the alternation between two looks at a descent.
const CYCLES: usize = 5;

/// The residual from which Newton's method is tried.
const NEARLY: f64 = 1e-3;

/// Rounds of cycles or steps of one descent.
const MOST_ROUNDS: usize = 400;

/// Rounds of a first, rough descent from each start.
const ROUGH_ROUNDS: usize = 12;

/// How many of the roughly descended starts are followed to the end.
const FOLLOWED: usize = 8;

/// How many of these are given further letters.
const ENTERED: usize = 3;

/// Steps of gamma in a sweep from the convex range up, or from far above down.
const SWEEP_STEPS: usize = 4;

/// Rounds at each of them.
const SWEEP_ROUNDS: usize = 4;

/// How far above the wanted gamma the sweep down begins.
const SWEEP_FROM: f64 = 8.0;

impl Solver {
    /// The lowest minimum found from `warm`, a sweep of gamma up, a sweep down, and `starts` random encoders.
    pub(super) fn search(
        &mut self,
        task: Task<'_>,
        warm: Option<Letters>,
        starts: usize,
        seed: u64,
        target: Target,
    ) -> Solution {
        let Task { problem, at } = task;
        let mut candidates: Vec<Solution> = Vec::new();
        let mut work = Work::default();
        let mut consider = |solution: Solution| {
            work = work.plus(solution.work);
            candidates.push(solution);
        };
        consider(self.sweep(task, target, true));
        consider(self.sweep(task, target, false));
        if let Some(letters) = warm {
            consider(self.descend(task, letters, MOST_ROUNDS, target));
        }
        for index in 0..starts {
            let letters = starts::random(problem, &mut self.evaluation, at.lambda(), seed, index);
            consider(self.descend(task, letters, ROUGH_ROUNDS, target));
        }
        let by_objective = |a: &Solution, b: &Solution| a.objective.total_cmp(&b.objective);
        candidates.sort_by(by_objective);
        candidates.truncate(FOLLOWED);
        // All of them to their minima, and the lowest of these again with letters taken in.
        for candidate in &mut candidates {
            *candidate = self.descend(task, candidate.letters.clone(), MOST_ROUNDS, target);
            work = work.plus(candidate.work);
        }
        candidates.sort_by(by_objective);
        for candidate in candidates.iter_mut().take(ENTERED) {
            let entered = self.descend_and_enter(task, candidate.letters.clone(), target);
            work = work.plus(entered.work);
            if entered.is_better_than(candidate) {
                *candidate = entered;
            }
        }
        let best =
            candidates.into_iter().reduce(|best, next| if next.is_better_than(&best) { next } else { best });
        let best = best.unwrap_or_else(|| {
            let letters = Letters::uniform(problem);
            self.descend(task, letters, MOST_ROUNDS, target)
        });
        Solution { work, ..best }
    }

    /// The branch that begins at gamma = 1, where the problem is convex, and goes up; or the one that begins with a letter
    /// for each input, far above, and goes down.
    fn sweep(&mut self, task: Task<'_>, target: Target, up: bool) -> Solution {
        let Task { problem, at } = task;
        let (from, mut letters) = if up {
            let convex = task.with_gamma(1.0);
            let mut letters = self.solve_from(convex, None, target).letters;
            spread(problem, &mut letters);
            (1.0, letters)
        } else {
            (SWEEP_FROM * at.gamma(), starts::one_letter_per_input(problem, &mut self.evaluation))
        };
        for step in 1..SWEEP_STEPS {
            let share = step as f64 / SWEEP_STEPS as f64;
            let gamma = from * (at.gamma() / from).powf(share);
            let there = task.with_gamma(gamma);
            if up {
                self.enter(there, &mut letters);
            }
            letters = self.descend(there, letters, SWEEP_ROUNDS, target).letters;
        }
        if up {
            self.enter(task, &mut letters);
        }
        self.descend(task, letters, MOST_ROUNDS, target)
    }

    /// Descends, and while a letter that is not in use would lower the objective, takes it in and descends again.
    fn descend_and_enter(&mut self, task: Task<'_>, letters: Letters, target: Target) -> Solution {
        let problem = task.problem;
        let mut solution = self.descend_and_part(task, letters, target);
        for _ in 0..problem.n_z {
            let mut letters = solution.letters.clone();
            if !self.enter(task, &mut letters) {
                break;
            }
            let mut next = self.descend(task, letters, MOST_ROUNDS, target);
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
        let mut solution = self.descend(task, letters, MOST_ROUNDS, target);
        for _ in 0..task.problem.n_z {
            let mut letters = solution.letters.clone();
            if !self.part(task, &mut letters) {
                break;
            }
            let next = self.descend(task, letters, MOST_ROUNDS, target);
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
    pub(super) fn descend(
        &mut self,
        task: Task<'_>,
        mut letters: Letters,
        rounds: usize,
        target: Target,
    ) -> Solution {
        let problem = task.problem;
        let mut work = Work::default();
        let mut objective = self.evaluation.objective(task, &letters);
        let mut residual = f64::INFINITY;
        let mut stalled = 0;
        for round in 0..rounds {
            self.evaluation.update(problem, &letters);
            let before = residual;
            residual = self.evaluation.residual(task, &letters);
            stalled = if residual < 0.5 * before { 0 } else { stalled + 1 };
            if residual <= target.residual || (residual < 1e-11 && stalled > 8) {
                break;
            }
            if stalled > 0
                && residual < NEARLY
                && let Some(lower) = self.deny(task, &mut letters, objective)
            {
                objective = lower;
                continue;
            }
            let stepped = if residual < NEARLY || round % 8 == 7 {
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

    /// Takes entries of classifiers to zero that are on their way there, slowly where gamma is close to one: those that are
    /// small and along which the objective is curved downwards. `None`, with the letters and the evaluation as they were,
    /// where there is none or the objective rises.
    fn deny(&mut self, task: Task<'_>, letters: &mut Letters, objective: f64) -> Option<f64> {
        let problem = task.problem;
        if !task.classifier_matters() {
            return None;
        }
        let n_y = problem.n_y;
        let (mut block, mut denied) = (vec![0.0; n_y * n_y], vec![false; n_y]);
        let mut trial = letters.clone();
        for z in letters.in_use() {
            let gamma = task.at.gamma();
            blocks::write_local(problem, &self.evaluation, gamma, z, &mut block, &mut denied);
            let row = &mut trial.log_classifier[z * n_y..][..n_y];
            for (log_c, _) in row.iter_mut().zip(&denied).filter(|(_, denied)| **denied) {
                *log_c = LEAST_LOG;
            }
            normalise_log(row);
        }
        if trial == *letters {
            return None;
        }
        let lower = self.evaluation.objective(task, &trial);
        if lower <= objective {
            *letters = trial;
            return Some(lower);
        }
        self.evaluation.objective(task, letters);
        self.evaluation.update(problem, letters);
        None
    }

    fn newton_step(&mut self, task: Task<'_>, letters: &mut Letters, objective: f64) -> Option<f64> {
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

/// Shares the weight of a letter among all of its kind, which then say the same and can part.
fn spread(problem: &Problem, letters: &mut Letters) {
    let n_y = problem.n_y;
    let in_use: Vec<usize> = letters.in_use().collect();
    for z in in_use {
        let row = letters.log_classifier[z * n_y..][..n_y].to_vec();
        let members: Vec<usize> = (0..problem.n_z)
            .filter(|&other| {
                problem.kinds[other] == problem.kinds[z] && (other == z || letters.marginal[other] == 0.0)
            })
            .collect();
        let share = letters.marginal[z] / members.len() as f64;
        for member in members {
            letters.marginal[member] = share;
            letters.log_classifier[member * n_y..][..n_y].copy_from_slice(&row);
        }
    }
}
