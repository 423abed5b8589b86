//! Exchanges of what letters say: between minima that differ in which letter stands for what.

use carnot_info::xlogx;

use super::change::{Change, Said, entering_share, log_of_input};
use super::elementary::{exp, ln, vectorised};
use super::evaluation::Evaluation;
use super::letters::Letters;
use super::problem::{Problem, Task};
use super::sums::{dot, dot_within};

/// How many inputs, those that lose most, are offered as something to say.
const INPUTS: usize = 16;

/// The largest logarithm of what a letter could do for an input, as a factor of what all do.
const LARGEST_LOG_FACTOR: f64 = 300.0;

/// Added to what is left to an input that a change leaves without a letter.
const NOTHING: f64 = 1e-300;

/// The changes that lower the objective at once, in buffers that are allocated once.
///
/// Updates of the encoder and the letters in turn do not change which letter stands for what: to say something else a letter
/// would have to lose its inputs before others come. Here that is done at one stroke, and the objective, in which the
/// encoder is eliminated, says what is gained. With `G(x, z, c) = exp(a(x, z)) / s(x)` of letter z with classifier c, a
/// letter that is given other words changes `s(x)` by the factor
///
/// ```text
/// 1 + m_z G(x, z, c) - m_z G(x, z, c_z)
/// ```
///
/// and as `ln(1 + d) <= d` the objective falls only if `E_x m_z G(x, z, c) > m'_z`: of all pairs, only those whose promise
/// exceeds this are looked at. The promises of all letters with all classifiers are one product of two matrices.
#[derive(Debug)]
pub(super) struct Exchanges {
    /// What can be said, and `exp(gamma sum_y p(y|x) ln c(y) - largest)` of it, shape `(said, n_x)`.
    offers: Vec<Said>,
    said: Vec<f64>,
    /// The same times `p(x)`.
    weighted: Vec<f64>,
    /// `exp(largest - lambda rho(x, z)) / s(x)`, shape `(n_z, n_x)`.
    priced: Vec<f64>,
    /// What is left of `s(x)`, as a factor, without the letter, shape `(n_z, n_x)`.
    others: Vec<f64>,
    /// `E_x G(x, z, c)`, shape `(n_z, said)`.
    promises: Vec<f64>,
    largest: Vec<f64>,
    /// Of what a change multiplies `s(x)` by.
    logs: Vec<f64>,
    losses: Vec<(f64, usize)>,
    /// The changes found, by how much the objective rises.
    found: Vec<(f64, Change)>,
    touched: Vec<bool>,
    trial: Letters,
}

impl Exchanges {
    pub(super) fn new(problem: &Problem) -> Self {
        let (n_x, n_z) = (problem.n_x, problem.n_z);
        let offers = n_z + INPUTS.min(n_x);
        Self {
            offers: Vec::with_capacity(offers),
            said: vec![0.0; offers * n_x],
            weighted: vec![0.0; offers * n_x],
            priced: vec![0.0; n_z * n_x],
            others: vec![0.0; n_z * n_x],
            promises: vec![0.0; n_z * offers],
            largest: vec![0.0; n_x],
            logs: vec![0.0; n_x],
            losses: Vec::with_capacity(n_x),
            found: Vec::new(),
            touched: vec![false; n_z],
            trial: Letters::zeros(problem),
        }
    }

    /// Makes those changes, the best first and each to other letters, that lower the objective. Returns whether there was
    /// one.
    pub(super) fn make(
        &mut self,
        task: Task<'_>,
        evaluation: &mut Evaluation,
        letters: &mut Letters,
    ) -> bool {
        let mut objective = evaluation.objective(task, letters);
        evaluation.update(task.problem, letters);
        let rounding = 1e-9 * objective.abs().max(1.0);
        self.list(task, evaluation, letters, -rounding);
        self.touched.fill(false);
        let mut made = false;
        for (_, change) in &self.found {
            if change.letters().iter().any(|z| self.touched[*z]) {
                continue;
            }
            self.trial.copy_from(letters);
            change.apply(task.problem, &mut self.trial);
            let after = evaluation.objective(task, &self.trial);
            if after < objective {
                objective = after;
                letters.copy_from(&self.trial);
                made = true;
                for z in change.letters() {
                    self.touched[z] = true;
                }
            }
        }
        made
    }

    /// Lists the changes by which the objective rises by less than `most`, the best first.
    fn list(&mut self, task: Task<'_>, evaluation: &Evaluation, letters: &Letters, most: f64) {
        let problem = task.problem;
        self.offer(task, evaluation, letters);
        self.price(task, evaluation);
        self.promise(problem);
        self.leave_to_others(problem, evaluation, letters);
        let (mut found, mut logs) = (std::mem::take(&mut self.found), std::mem::take(&mut self.logs));
        found.clear();
        self.list_words(problem, evaluation, letters, (&mut logs, &mut found));
        self.list_swaps(problem, evaluation, letters, (&mut logs, &mut found));
        found.retain(|(rise, _)| *rise < most);
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        (self.found, self.logs) = (found, logs);
    }

    /// What the letters in use say, and the labels of the inputs that lose most against a letter of their own.
    fn offer(&mut self, task: Task<'_>, evaluation: &Evaluation, letters: &Letters) {
        let Task { problem, at } = task;
        let (n_x, n_y, gamma) = (problem.n_x, problem.n_y, at.gamma());
        self.losses.clear();
        self.losses.extend((0..n_x).map(|x| {
            let entropy: f64 = (0..n_y).map(|y| -xlogx(problem.labels[y * n_x + x])).sum();
            (problem.source[x] * (-evaluation.log_partition[x] - gamma * entropy), x)
        }));
        self.losses.sort_by(|a, b| b.0.total_cmp(&a.0));
        self.offers.clear();
        self.offers.extend(letters.in_use().map(Said::Letter));
        self.offers.extend(self.losses.iter().take(INPUTS).map(|(_, x)| Said::Input(*x)));
        self.largest.fill(f64::NEG_INFINITY);
        for (&offer, row) in self.offers.iter().zip(self.said.chunks_mut(n_x)) {
            row.fill(0.0);
            for y in 0..n_y {
                let log_c = match offer {
                    Said::Letter(z) => letters.log_classifier[z * n_y + y],
                    Said::Input(x) => log_of_input(problem, x, y),
                };
                for (fitness, t) in row.iter_mut().zip(problem.row(&problem.labels, y)) {
                    *fitness += gamma * log_c * t;
                }
            }
            for (largest, fitness) in self.largest.iter_mut().zip(row) {
                *largest = largest.max(*fitness);
            }
        }
        let rows = self.said.chunks_mut(n_x).zip(self.weighted.chunks_mut(n_x)).take(self.offers.len());
        vectorised(
            #[inline(always)]
            || {
                for (row, weighted) in rows {
                    let per_input = self.largest.iter().zip(&problem.source);
                    for ((said, weighted), (largest, p)) in row.iter_mut().zip(weighted).zip(per_input) {
                        *said = exp(*said - largest);
                        *weighted = p * *said;
                    }
                }
            },
        );
    }

    fn price(&mut self, task: Task<'_>, evaluation: &Evaluation) {
        let Task { problem, at } = task;
        let rows = self.priced.chunks_exact_mut(problem.n_x).zip(problem.costs.chunks_exact(problem.n_x));
        vectorised(
            #[inline(always)]
            || {
                for (prices, costs) in rows {
                    let per_input = self.largest.iter().zip(&evaluation.log_partition);
                    for ((price, cost), (largest, log_partition)) in
                        prices.iter_mut().zip(costs).zip(per_input)
                    {
                        let log_factor =
                            (largest - log_partition - at.lambda() * cost).min(LARGEST_LOG_FACTOR);
                        *price = if *cost == f64::INFINITY { 0.0 } else { exp(log_factor) };
                    }
                }
            },
        );
    }

    fn promise(&mut self, problem: &Problem) {
        let offers = self.offers.len();
        for (z, promises) in self.promises.chunks_mut(offers).take(problem.n_z).enumerate() {
            let priced = problem.row(&self.priced, z);
            for (promise, weighted) in promises.iter_mut().zip(self.weighted.chunks(problem.n_x)) {
                *promise = dot(priced, weighted);
            }
        }
    }

    /// For a letter in use the sum of the others' parts, not one less its own, which would be rounding where it has all.
    fn leave_to_others(&mut self, problem: &Problem, evaluation: &Evaluation, letters: &Letters) {
        let share = entering_share(letters.in_use().count());
        for (z, others) in self.others.chunks_mut(problem.n_x).enumerate() {
            if letters.marginal[z] == 0.0 {
                others.fill(1.0 - share);
                continue;
            }
            others.fill(0.0);
            for other in letters.in_use().filter(|&other| other != z) {
                for (sum, e) in others.iter_mut().zip(problem.row(&evaluation.encoder, other)) {
                    *sum += e;
                }
            }
        }
    }

    /// Letters, in use or about to be, that say something else.
    fn list_words(
        &self,
        problem: &Problem,
        evaluation: &Evaluation,
        letters: &Letters,
        (logs, found): (&mut [f64], &mut Vec<(f64, Change)>),
    ) {
        let share = entering_share(letters.in_use().count());
        for z in 0..problem.n_z {
            let (weight, mass) = match letters.marginal[z] {
                0.0 if !is_first_spare(problem, letters, z) => continue,
                0.0 => (share, share),
                weight => (weight, evaluation.marginal[z]),
            };
            let (others, priced) = (problem.row(&self.others, z), problem.row(&self.priced, z));
            for (k, &offer) in self.offers.iter().enumerate() {
                if offer == Said::Letter(z) || weight * self.promises[z * self.offers.len() + k] <= mass {
                    continue;
                }
                let said = problem.row(&self.said, k);
                let factors = others.iter().zip(priced).zip(said);
                let factors = factors.map(|((other, priced), said)| other + weight * priced * said);
                let rise = rise(problem, logs, factors);
                found.push((rise, Change::Say(z, offer)));
            }
        }
    }

    /// Letters in use that exchange what they say, with each other or, where weights are free, with letters that are not in
    /// use, which take their place. Those of one kind and free weights are not told apart.
    fn list_swaps(
        &self,
        problem: &Problem,
        evaluation: &Evaluation,
        letters: &Letters,
        (logs, found): (&mut [f64], &mut Vec<(f64, Change)>),
    ) {
        let free = problem.marginal.is_none();
        let offers = self.offers.len();
        for (k, a) in letters.in_use().enumerate() {
            let mut place = 0;
            for b in 0..problem.n_z {
                let used = letters.marginal[b] > 0.0;
                let l = place;
                place += usize::from(used);
                let alike = free && problem.kinds[a] == problem.kinds[b];
                // Each pair once.
                if a == b || alike || (used && l < k) || !(used || free) {
                    continue;
                }
                // The weights that go with what a says and with what b says.
                let [of_a, of_b] = if free {
                    [letters.marginal[a], letters.marginal[b]]
                } else {
                    [letters.marginal[b], letters.marginal[a]]
                };
                let promised = of_a * self.promises[b * offers + k]
                    + if used { of_b * self.promises[a * offers + l] } else { 0.0 };
                if promised <= evaluation.marginal[a] + evaluation.marginal[b] {
                    continue;
                }
                let (others, said) = (problem.row(&self.others, a), problem.row(&self.said, k));
                let (at_a, at_b) = (problem.row(&self.priced, a), problem.row(&self.priced, b));
                let rise = if used {
                    let (encoder, its) = (problem.row(&evaluation.encoder, b), problem.row(&self.said, l));
                    let left = others.iter().zip(encoder).map(|(other, e)| (other - e).max(0.0));
                    let said = at_b.iter().zip(said).zip(at_a.iter().zip(its));
                    let said = said.map(|((at_b, said), (at_a, its))| of_a * at_b * said + of_b * at_a * its);
                    rise(problem, logs, left.zip(said).map(|(left, said)| left + said))
                } else {
                    let factors = others.iter().zip(at_b).zip(said);
                    rise(problem, logs, factors.map(|((other, at_b), said)| other + of_a * at_b * said))
                };
                found.push((rise, Change::Swap(a, b)));
            }
        }
    }
}

/// By how much the objective rises where `s(x)` is multiplied by these factors, whose logarithms go to `logs`.
#[inline(always)]
fn rise(problem: &Problem, logs: &mut [f64], factors: impl Iterator<Item = f64>) -> f64 {
    vectorised(
        #[inline(always)]
        || {
            for (log, factor) in logs.iter_mut().zip(factors) {
                *log = ln(factor + NOTHING);
            }
            -dot_within(&problem.source, logs)
        },
    )
}

/// Whether a letter may be taken into use and is the first of its kind that is not.
pub(super) fn is_first_spare(problem: &Problem, letters: &Letters, z: usize) -> bool {
    let taken = |other: usize| problem.kinds[other] != problem.kinds[z] || letters.marginal[other] > 0.0;
    problem.marginal.is_none() && letters.marginal[z] == 0.0 && (0..z).all(taken)
}

#[cfg(test)]
pub(super) mod tests;
