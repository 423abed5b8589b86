//! The search for the lowest minimum of a problem that is not convex.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::change::{Change, Said};
use super::exchange::Exchanges;
use super::letters::{Letters, normalise_log};
use super::moves::Moves;
use super::pool::{Candidate, Pool, merge};
use super::problem::Task;
use super::solution::{Solution, Target, Work};
use super::solver::Solver;
use super::starts;

/// The most cycles of the alternation between two looks at exchanges and moves, and the decrease of the objective, relative
/// to it, below which another is not worth while.
const CYCLES: usize = 3;
const SLOW: f64 = 1e-6;

/// The most rounds of exchanges and moves from one start.
const MOST_ROUNDS_OF_EXCHANGES: usize = 30;

/// A decrease of the objective, relative to it, that is worth a further round.
const DECREASE: f64 = 1e-9;

/// A start is given up where the lowest objective so far is further away than this many times its last decrease.
const HOPE: f64 = 3.0;

/// The part of each classifier that is given to all labels after a change, so that an entry that was zero can grow.
const SMOOTHING: f64 = 1e-4;

/// Differences of objectives, relative to them, that are no reason to prefer a solution with more letters: one that satisfies
/// the optimality conditions as well, and one that does not.
const SETTLED: f64 = 1e-13;
const UNSETTLED: f64 = 1e-9;

/// How often the lowest minimum is changed at random and left to descend again, for each random start, and how many changes
/// are made at once: enough that it does not fall back.
const CHANGED_PER_START: usize = 2;
const CHANGES: usize = 6;

/// Steps of gamma in a sweep from the convex range up, or from far above down, and cycles at each of them.
const SWEEP_STEPS: usize = 4;
const SWEEP_CYCLES: usize = 8;

/// How far above the wanted gamma the sweep down begins.
const SWEEP_FROM: f64 = 8.0;

/// The accuracy with which the problem at gamma = 1 is solved for the sweep up.
const ROUGH: Target = Target { gap: 1e-3, residual: 1e-3 };

/// Cycles of the alternation before that.
const FIRST_CYCLES: usize = 2;

impl Solver {
    /// The lowest minimum found from `warm`, a sweep of gamma up, a sweep down, `starts` random encoders, and random
    /// changes of the lowest one.
    pub(super) fn search(
        &mut self,
        task: Task<'_>,
        warm: Option<Letters>,
        starts: usize,
        seed: u64,
        target: Target,
    ) -> Solution {
        let problem = task.problem;
        let mut search = Search {
            task,
            exchanges: Exchanges::new(problem),
            moves: Moves::new(problem),
            prior: problem.label_distribution(),
            work: Work::default(),
            solver: self,
        };
        let mut pool = Pool::default();
        for candidate in [search.sweep_up(), search.sweep_down()] {
            search.compete(&mut pool, candidate);
        }
        if let Some(letters) = &warm {
            search.compete(&mut pool, Candidate::new(letters.clone()));
        }
        for index in 0..starts {
            let evaluation = &mut search.solver.evaluation;
            let letters = starts::random(problem, evaluation, task.at.lambda(), seed, index);
            search.compete(&mut pool, Candidate::new(letters));
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(starts as u64);
        for _ in 0..CHANGED_PER_START * starts {
            if let Some(changed) = search.changed(&pool, &mut rng) {
                search.compete(&mut pool, changed);
            }
        }
        let mut work = search.work;
        let mut finish = |solution: Solution| {
            work = work.plus(solution.work);
            solution
        };
        let finished: Vec<Solution> =
            pool.candidates.into_iter().map(|it| finish(self.descend_merged(task, it, target))).collect();
        let neighbour = warm.map(|letters| finish(self.descend_and_part(task, letters, target)));
        let lower = |best: Solution, next: Solution| if next.is_better_than(&best) { next } else { best };
        let lowest = finished.into_iter().chain(neighbour).reduce(lower);
        let letters = lowest.map_or_else(|| Letters::uniform(problem), |solution| solution.letters);
        let solution = finish(self.descend_and_enter(task, letters, target));
        Solution { work, ..solution }
    }

    /// Descends to the end from a candidate with those letters made one that are alike and, if that comes to nothing, with all
    /// of them, which may have been about to part.
    fn descend_merged(&mut self, task: Task<'_>, candidate: Candidate, target: Target) -> Solution {
        let mut merged = candidate.letters.clone();
        merge(task.problem, &mut merged);
        let is_merged = merged != candidate.letters;
        let solution = self.descend_and_part(task, merged, target);
        let rounding = SETTLED * solution.objective.abs().max(1.0);
        if !is_merged || solution.objective < candidate.objective - rounding {
            return solution;
        }
        let parted = self.descend_and_part(task, candidate.letters, target);
        let work = solution.work.plus(parted.work);
        let settled = parted.residual <= solution.residual.max(target.residual);
        let margin = if settled { rounding } else { UNSETTLED * solution.objective.abs().max(1.0) };
        let lower = parted.objective < solution.objective - margin;
        Solution { work, ..if lower { parted } else { solution } }
    }
}

/// A search under way.
struct Search<'p, 's> {
    task: Task<'p>,
    solver: &'s mut Solver,
    exchanges: Exchanges,
    moves: Moves,
    /// `p(y)`.
    prior: Vec<f64>,
    work: Work,
}

impl Search<'_, '_> {
    /// Lets a candidate climb down, and into the pool if it is low enough.
    fn compete(&mut self, pool: &mut Pool, mut candidate: Candidate) {
        self.climb(&mut candidate, pool.lowest());
        candidate.objective = self.solver.evaluation.objective(self.task, &candidate.letters);
        candidate.log_partition.clone_from(&self.solver.evaluation.log_partition);
        pool.insert(&self.task.problem.source, candidate);
    }

    /// Cycles of the alternation, exchanges of what letters say and moves of single inputs until none of these lowers the
    /// objective, or there is no hope of reaching `bar`.
    fn climb(&mut self, candidate: &mut Candidate, bar: f64) {
        self.relax(candidate);
        let mut decrease = f64::INFINITY;
        for _ in 0..MOST_ROUNDS_OF_EXCHANGES {
            if candidate.objective - bar > HOPE * decrease {
                break;
            }
            let before = candidate.objective;
            self.change(candidate, |search, letters| {
                search.exchanges.make(search.task, &mut search.solver.evaluation, letters)
            });
            let least = DECREASE * before.abs().max(1.0);
            if before - candidate.objective < least {
                self.change(candidate, |search, letters| {
                    search.moves.make(search.task, &mut search.solver.evaluation, letters)
                });
            }
            decrease = before - candidate.objective;
            if decrease < least {
                break;
            }
        }
    }

    /// Makes changes, if there are any, and relaxes; takes back what did not lower the objective.
    fn change(&mut self, candidate: &mut Candidate, make: impl FnOnce(&mut Self, &mut Letters) -> bool) {
        let mut next = candidate.clone();
        if make(self, &mut next.letters) {
            self.smooth(&mut next.letters);
            self.relax(&mut next);
            if next.objective < candidate.objective {
                *candidate = next;
            }
        }
    }

    /// The lowest candidate with random changes: letters that say what an input's labels are, and letters exchanged.
    fn changed(&mut self, pool: &Pool, rng: &mut ChaCha8Rng) -> Option<Candidate> {
        let problem = self.task.problem;
        let mut letters = pool.candidates.first()?.letters.clone();
        merge(problem, &mut letters);
        let in_use: Vec<usize> = letters.in_use().collect();
        for _ in 0..CHANGES {
            let z = in_use[rng.random_range(0..in_use.len())];
            let change = if rng.random_bool(0.5) {
                Change::Say(z, Said::Input(rng.random_range(0..problem.n_x)))
            } else {
                Change::Swap(z, rng.random_range(0..problem.n_z))
            };
            change.apply(problem, &mut letters);
        }
        self.smooth(&mut letters);
        Some(Candidate::new(letters))
    }

    /// Mixes the distribution of the labels into what each letter says.
    fn smooth(&self, letters: &mut Letters) {
        for row in letters.log_classifier.chunks_mut(self.prior.len()) {
            for (log_c, p) in row.iter_mut().zip(&self.prior) {
                *log_c = ((1.0 - SMOOTHING) * log_c.exp() + SMOOTHING * p).ln();
            }
            normalise_log(row);
        }
    }

    /// A few cycles of the alternation, fewer where they hardly lower the objective.
    fn relax(&mut self, candidate: &mut Candidate) {
        for _ in 0..CYCLES {
            let before = candidate.objective;
            self.cycle(self.task, candidate);
            if before - candidate.objective < SLOW * candidate.objective.abs().max(1.0) {
                break;
            }
        }
    }

    fn cycle(&mut self, task: Task<'_>, candidate: &mut Candidate) {
        let Solver { alternation, evaluation, .. } = &mut *self.solver;
        candidate.objective = alternation.cycle(task, evaluation, &mut candidate.letters);
        self.work.cycles += 1;
    }

    /// The branch that begins at gamma = 1, where the problem is convex, and goes up.
    fn sweep_up(&mut self) -> Candidate {
        let convex = self.task.with_gamma(1.0);
        let cold = Letters::uniform(convex.problem);
        let solution = self.solver.solve(convex, cold, FIRST_CYCLES, ROUGH);
        self.work = self.work.plus(solution.work);
        let mut candidate = Candidate::new(solution.letters);
        self.sweep(&mut candidate, 1.0);
        candidate
    }

    /// The branch that begins with a letter for each input, far above, and goes down.
    fn sweep_down(&mut self) -> Candidate {
        let letters = starts::one_letter_per_input(self.task.problem, &mut self.solver.evaluation);
        let mut candidate = Candidate::new(letters);
        self.sweep(&mut candidate, SWEEP_FROM * self.task.at.gamma());
        candidate
    }

    fn sweep(&mut self, candidate: &mut Candidate, from: f64) {
        for step in 1..=SWEEP_STEPS {
            let share = step as f64 / SWEEP_STEPS as f64;
            let there = self.task.with_gamma(from * (self.task.at.gamma() / from).powf(share));
            let evaluation = &mut self.solver.evaluation;
            if self.exchanges.make(there, evaluation, &mut candidate.letters) {
                self.smooth(&mut candidate.letters);
            }
            for _ in 0..SWEEP_CYCLES {
                self.cycle(there, candidate);
            }
            merge(there.problem, &mut candidate.letters);
        }
    }
}
