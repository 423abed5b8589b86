//! What a letter could add: the bound behind the certificate, and the test of whether a letter enters.

use super::elementary::vectorised;
use super::evaluation::{DIVISIBLE, Evaluation};
use super::letters::{LEAST_LOG, Letters, normalise_log};
use super::problem::{Problem, Task};
use super::small;
use super::sums::{dot, dot_of_three, dot_within};

/// A letter as the optimality conditions see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Promise {
    /// `w = sum_x p(x) G(x, z)` with the letter's classifier: the letter enters where it is above one.
    pub(super) weight: f64,
    /// `max_y (1 - gamma) w + gamma sum_x p(x) G(x, z) p(y|x) / c(y|z)`: for a convex problem no classifier of this letter
    /// has a weight above this.
    pub(super) bound: f64,
}

/// A bound above the weight by this part of it is as good as the weight.
const ENOUGH: f64 = 4.0 * f64::EPSILON;

/// Tolerance of the logarithm of a letter's share: what follows corrects it.
const SHARE_TOLERANCE: f64 = 0.01;

/// Buffers of the letters' tests.
#[derive(Debug)]
pub(super) struct Bounds {
    /// `p(x) G(x, z)` of one letter.
    ratio: Vec<f64>,
    /// `sum_x p(x) G(x, z) p(y|x)`.
    sums: Vec<f64>,
    /// `I - gamma Q + gamma u u'` of [`Bounds::improve`].
    curvature: Vec<f64>,
    row: Vec<f64>,
    trial: Vec<f64>,
    candidate: Vec<f64>,
    /// The promise of every letter, as of the last [`Bounds::gap`].
    pub(super) promises: Vec<Promise>,
}

impl Bounds {
    pub(super) fn new(problem: &Problem) -> Self {
        let n_y = problem.n_y;
        Self {
            ratio: vec![0.0; problem.n_x],
            sums: vec![0.0; n_y],
            curvature: vec![0.0; n_y * n_y],
            row: vec![0.0; n_y],
            trial: vec![0.0; n_y],
            candidate: vec![0.0; n_y],
            promises: vec![Promise { weight: 0.0, bound: 0.0 }; problem.n_z],
        }
    }

    /// The promise of letter `z` with the classifier `log_classifier`.
    fn promise(
        &mut self,
        task: Task<'_>,
        evaluation: &Evaluation,
        z: usize,
        log_classifier: &[f64],
    ) -> Promise {
        evaluation.write_ratio(task, z, log_classifier, &mut self.ratio);
        self.promise_of_ratio(task, log_classifier)
    }

    /// The promise of letter `z` with its own classifier.
    fn own_promise(
        &mut self,
        task: Task<'_>,
        evaluation: &Evaluation,
        letters: &Letters,
        z: usize,
    ) -> Promise {
        let row = &letters.log_classifier[z * task.problem.n_y..][..task.problem.n_y];
        if letters.marginal[z] == 0.0 {
            return self.promise(task, evaluation, z, row);
        }
        evaluation.write_ratio_in_use(task, letters, z, &mut self.ratio);
        self.promise_of_ratio(task, row)
    }

    fn promise_of_ratio(&mut self, task: Task<'_>, log_classifier: &[f64]) -> Promise {
        let source = &task.problem.source;
        let weight = vectorised(
            #[inline(always)]
            || {
                let weight = dot_within(&self.ratio, source);
                for (g, p) in self.ratio.iter_mut().zip(source) {
                    *g *= p;
                }
                weight
            },
        );
        Promise { weight, bound: self.bound(task, weight, log_classifier) }
    }

    /// `max_y (1 - gamma) weight + gamma sum_x ratio(x) p(y|x) / c(y)`; leaves the sums in `self.sums`.
    fn bound(&mut self, task: Task<'_>, weight: f64, log_classifier: &[f64]) -> f64 {
        if !task.classifier_matters() {
            return weight;
        }
        let Task { problem, at } = task;
        let mut steepest = 0.0_f64;
        for (y, log_c) in log_classifier.iter().enumerate() {
            let labels = problem.row(&problem.labels, y);
            self.sums[y] = dot(&self.ratio, labels);
            steepest = steepest.max(self.sums[y] * (-log_c).exp());
        }
        (1.0 - at.gamma()) * weight + at.gamma() * steepest
    }

    /// One step towards the classifier with which letter `z`, not in use, would have the largest weight: Newton's where
    /// that raises the weight or lowers the bound, else the alternation's, which never lowers the weight. Takes the promise
    /// of the classifier, with the buffers as [`promise`](Self::promise) left them, and returns that after the step.
    fn improve(
        &mut self,
        task: Task<'_>,
        evaluation: &Evaluation,
        z: usize,
        log_classifier: &mut [f64],
        before: Promise,
    ) -> Promise {
        let Task { problem, at } = task;
        let (n_y, gamma) = (problem.n_y, at.gamma());
        let weight = before.weight;
        if weight <= 0.0 {
            return before;
        }
        // With c' = sums / weight the alternation's step is x = ln c' - ln c, and Newton's is N^-1 x, where in units of
        // sqrt(c') N = I - gamma (Q - u u'), u = sqrt(c') and Q = sum_x p G t t' / (weight sqrt(c' c')).
        for y in 0..n_y {
            self.candidate[y] = (self.sums[y] / weight).ln().max(LEAST_LOG);
        }
        normalise_log(&mut self.candidate);
        if gamma <= 1.0 {
            for (i, log_c) in log_classifier.iter().enumerate() {
                for j in 0..=i {
                    let (ti, tj) = (problem.row(&problem.labels, i), problem.row(&problem.labels, j));
                    let q = dot_of_three(&self.ratio, ti, tj);
                    let scale = (0.5 * (self.candidate[i] + self.candidate[j])).exp();
                    let identity = if i == j { 1.0 + 1e-12 } else { 0.0 };
                    self.curvature[i * n_y + j] = identity - gamma * (q / weight / scale - scale);
                }
                self.trial[i] = (self.candidate[i] - log_c) * (0.5 * self.candidate[i]).exp();
            }
            if small::cholesky(&mut self.curvature, n_y) {
                small::solve_lower(&self.curvature, n_y, &mut self.trial);
                small::solve_lower_transposed(&self.curvature, n_y, &mut self.trial);
                for (y, log_c) in log_classifier.iter().enumerate() {
                    let step = self.trial[y] * (-0.5 * self.candidate[y]).exp();
                    self.trial[y] = (log_c + step).clamp(LEAST_LOG, -LEAST_LOG);
                }
                normalise_log(&mut self.trial);
                let trial = std::mem::take(&mut self.trial);
                let after = self.promise(task, evaluation, z, &trial);
                let better = after.weight > weight || after.bound < before.bound;
                if better {
                    log_classifier.copy_from_slice(&trial);
                }
                self.trial = trial;
                if better {
                    return after;
                }
            }
        }
        log_classifier.copy_from_slice(&self.candidate);
        self.promise(task, evaluation, z, log_classifier)
    }

    /// The weight that letter `z` would take of itself: the root m of `sum_x p(x) G(x, z) / (1 + m G(x, z)) = 1`, where its
    /// promise would be one if the other letters stayed as they are. For promises above one.
    pub(super) fn share(
        &mut self,
        task: Task<'_>,
        evaluation: &Evaluation,
        z: usize,
        log_classifier: &[f64],
    ) -> f64 {
        let source = &task.problem.source;
        evaluation.write_ratio(task, z, log_classifier, &mut self.ratio);
        let excess = |m: f64| -> f64 {
            source.iter().zip(&self.ratio).map(|(p, g)| p * g / (1.0 + m * g)).sum::<f64>() - 1.0
        };
        // In ln m, since it may be as small as the probability of an input.
        let (mut low, mut high) = (f64::MIN_POSITIVE.ln(), 0.0);
        while high - low > SHARE_TOLERANCE {
            let middle: f64 = 0.5 * (low + high);
            if excess(middle.exp()) > 0.0 { low = middle } else { high = middle }
        }
        low.exp()
    }

    /// Raises the weight of letter `z`, not in use, from the classifier in `row`, by at most `rounds` steps, fewer where it
    /// would have to more than double to reach `worth`. Returns the weight reached.
    pub(super) fn raise(
        &mut self,
        task: Task<'_>,
        evaluation: &Evaluation,
        z: usize,
        row: &mut [f64],
        rounds: usize,
        worth: f64,
    ) -> f64 {
        let mut promise = self.promise(task, evaluation, z, row);
        for _ in 0..rounds {
            let weight = promise.weight;
            if weight < 0.5 * worth {
                break;
            }
            promise = self.improve(task, evaluation, z, row, promise);
            if promise.weight <= weight * (1.0 + 1e-12) {
                break;
            }
        }
        promise.weight
    }

    /// Raises the classifiers of the letters not in use by at most `rounds` steps each, and fills the promises of all
    /// letters. Returns `ln` of the largest bound: where the problem is convex, `F* >= Phi - gap` (theory, section 3.2).
    ///
    /// With a given marginal no letter enters; by the concavity of each letter's term in its classifier
    /// `F* >= Phi - ln(1 + gamma (sum_z m_z max_y q'_yz / q_yz - 1))`, which vanishes at the optimum.
    pub(super) fn gap(
        &mut self,
        task: Task<'_>,
        evaluation: &Evaluation,
        letters: &mut Letters,
        rounds: usize,
    ) -> f64 {
        let problem = task.problem;
        let n_y = problem.n_y;
        let free_marginal = problem.marginal.is_none();
        for z in 0..problem.n_z {
            let mut promise = if letters.marginal[z] >= DIVISIBLE {
                evaluation.promise_in_use(task, letters, z)
            } else {
                self.own_promise(task, evaluation, letters, z)
            };
            let row = &mut letters.log_classifier[z * n_y..][..n_y];
            if letters.marginal[z] == 0.0 && free_marginal && task.classifier_matters() {
                for _ in 0..rounds {
                    // Far from entering, whatever its classifier, or as good as it can be.
                    if promise.bound < 1.0 || promise.bound <= promise.weight * (1.0 + ENOUGH) {
                        break;
                    }
                    promise = self.improve(task, evaluation, z, row, promise);
                }
            }
            self.promises[z] = promise;
        }
        self.gap_of_promises(problem, letters)
    }

    /// The gap after [`gap`](Self::gap) with the bounds of the letters in use tightened, by at most `rounds` steps each towards
    /// the classifier with which the letter would have the largest weight. A label so improbable that the objective hardly
    /// shows what letters say of it makes a bound at the letter's own classifier as loose as that is wrong about the label.
    pub(super) fn tightened_gap(
        &mut self,
        task: Task<'_>,
        evaluation: &Evaluation,
        letters: &Letters,
        rounds: usize,
    ) -> f64 {
        let problem = task.problem;
        let mut row = std::mem::take(&mut self.row);
        for z in letters.in_use() {
            row.copy_from_slice(&letters.log_classifier[z * problem.n_y..][..problem.n_y]);
            let mut promise = self.own_promise(task, evaluation, letters, z);
            for _ in 0..rounds {
                if promise.bound <= promise.weight * (1.0 + ENOUGH) {
                    break;
                }
                promise = self.improve(task, evaluation, z, &mut row, promise);
                self.promises[z].bound = promise.bound.min(self.promises[z].bound);
            }
        }
        self.row = row;
        self.gap_of_promises(problem, letters)
    }

    fn gap_of_promises(&self, problem: &Problem, letters: &Letters) -> f64 {
        if problem.marginal.is_none() {
            return self.promises.iter().fold(f64::NEG_INFINITY, |largest, p| largest.max(p.bound)).ln();
        }
        // The weights sum to one, so what is left of the bounds is their excess.
        let excess = self.promises.iter().zip(&letters.marginal).map(|(p, m)| m * (p.bound - p.weight));
        excess.sum::<f64>().ln_1p()
    }
}
