//! One update of the alternation: the encoder that belongs to the letters, and the letters that belong to the encoder.

use super::bounds::Promise;
use super::elementary::{exp, ln, vectorised};
use super::letters::{LEAST_LOG, Letters};
use super::problem::{LOG_ZERO, Problem, Task};
use super::sums::{dot, dot_within};

/// What an evaluation of the objective computes, in buffers that are allocated once.
///
/// With `m(z)` and `c(y|z)` the letters' weight and classifier, and the fitness of a letter for an input
///
/// ```text
/// a(x, z) = gamma sum_y p(y|x) ln c(y|z) - lambda rho(x, z),
/// ```
///
/// the best encoder is `e(z|x) = m(z) exp(a(x, z)) / s(x)` and the objective `Phi = -sum_x p(x) ln s(x)`.
#[derive(Debug)]
pub(super) struct Evaluation {
    /// `a(x, z)`, shape `(n_z, n_x)`.
    pub(super) fitness: Vec<f64>,
    /// `e(z|x)` of the letters in use, shape `(n_z, n_x)`.
    pub(super) encoder: Vec<f64>,
    /// `ln s(x)`.
    pub(super) log_partition: Vec<f64>,
    /// `m'(z) = sum_x p(x) e(z|x)`.
    pub(super) marginal: Vec<f64>,
    /// `q'(y, z) = sum_x p(x) p(y|x) e(z|x)`, shape `(n_z, n_y)`.
    pub(super) joint: Vec<f64>,
    /// `ln m(z)` of the letters in use.
    log_weights: Vec<f64>,
    /// The largest `ln m(z) + a(x, z)` over z.
    largest: Vec<f64>,
    /// `sum_z exp(ln m(z) + a(x, z) - largest)`, then its reciprocal.
    sums: Vec<f64>,
}

impl Evaluation {
    pub(super) fn new(problem: &Problem) -> Self {
        let pairs = problem.n_x * problem.n_z;
        Self {
            fitness: vec![0.0; pairs],
            encoder: vec![0.0; pairs],
            log_partition: vec![0.0; problem.n_x],
            marginal: vec![0.0; problem.n_z],
            joint: vec![0.0; problem.n_z * problem.n_y],
            log_weights: vec![0.0; problem.n_z],
            largest: vec![0.0; problem.n_x],
            sums: vec![0.0; problem.n_x],
        }
    }

    /// The objective `Phi` of the letters, nats, without the least distortion; fills everything but the updates.
    pub(super) fn objective(&mut self, task: Task<'_>, letters: &Letters) -> f64 {
        vectorised(
            #[inline(always)]
            || self.write_encoder(task, letters),
        );
        -dot(&task.problem.source, &self.log_partition)
    }

    /// Fitness, encoder, as yet not normalised, and partition.
    #[inline(always)]
    fn write_encoder(&mut self, task: Task<'_>, letters: &Letters) {
        let problem = task.problem;
        let n_x = problem.n_x;
        for (log_weight, weight) in self.log_weights.iter_mut().zip(&letters.marginal) {
            *log_weight = weight.ln();
        }
        self.largest.fill(f64::NEG_INFINITY);
        for z in letters.in_use() {
            let fitness = &mut self.fitness[z * n_x..][..n_x];
            write_fitness(task, z, &letters.log_classifier[z * problem.n_y..][..problem.n_y], fitness);
            let log_weight = self.log_weights[z];
            for (largest, a) in self.largest.iter_mut().zip(fitness) {
                *largest = largest.max(log_weight + *a);
            }
        }
        self.sums.fill(0.0);
        for z in letters.in_use() {
            let log_weight = self.log_weights[z];
            let fitness = &self.fitness[z * n_x..][..n_x];
            let encoder = &mut self.encoder[z * n_x..][..n_x];
            let per_input = self.largest.iter().zip(&mut self.sums);
            for ((e, a), (largest, sum)) in encoder.iter_mut().zip(fitness).zip(per_input) {
                *e = exp(log_weight + a - largest);
                *sum += *e;
            }
        }
        for (log_partition, (largest, sum)) in
            self.log_partition.iter_mut().zip(self.largest.iter().zip(&self.sums))
        {
            *log_partition = largest + ln(*sum);
        }
    }

    /// After [`objective`](Self::objective): the encoder and the letters that belong to it.
    pub(super) fn update(&mut self, problem: &Problem, letters: &Letters) {
        let n_x = problem.n_x;
        vectorised(
            #[inline(always)]
            || {
                for sum in &mut self.sums {
                    *sum = sum.recip();
                }
                for z in letters.in_use() {
                    let encoder = &mut self.encoder[z * n_x..][..n_x];
                    for (e, reciprocal) in encoder.iter_mut().zip(&self.sums) {
                        *e *= reciprocal;
                    }
                }
            },
        );
        self.update_from_encoder(problem, letters);
    }

    /// The letters that belong to the encoder of the letters in use.
    pub(super) fn update_from_encoder(&mut self, problem: &Problem, letters: &Letters) {
        let (n_x, n_y) = (problem.n_x, problem.n_y);
        self.marginal.fill(0.0);
        self.joint.fill(0.0);
        vectorised(
            #[inline(always)]
            || {
                for z in letters.in_use() {
                    let encoder = &self.encoder[z * n_x..][..n_x];
                    self.marginal[z] = dot_within(encoder, &problem.source);
                    for y in 0..n_y {
                        self.joint[z * n_y + y] = dot_within(encoder, problem.row(&problem.pairs, y));
                    }
                }
            },
        );
    }

    /// Writes the updated letters into `letters`: an exact minimisation over each table that is free.
    pub(super) fn write_update(&self, problem: &Problem, letters: &mut Letters) {
        self.write_classifier(problem, letters);
        if problem.marginal.is_none() {
            for (weight, updated) in letters.marginal.iter_mut().zip(&self.marginal) {
                *weight = if *updated < LEAST_WEIGHT { 0.0 } else { *updated };
            }
        }
    }

    /// Writes the updated classifiers of the letters in use, where they are free.
    pub(super) fn write_classifier(&self, problem: &Problem, letters: &mut Letters) {
        if problem.log_classifier.is_some() {
            return;
        }
        for (place, log_c) in letters.log_classifier.iter_mut().enumerate() {
            let z = place / problem.n_y;
            let share = self.joint[place] / self.marginal[z];
            // A letter that is not in use, or whose weight vanishes in rounding, keeps what it said.
            if letters.marginal[z] > 0.0 && share.is_finite() {
                *log_c = share.ln().max(LEAST_LOG);
            }
        }
    }

    /// `sum_yz |q'(y, z) - q(y, z)|`: how far one more update moves the joint distribution of labels and letters, over
    /// the tables that are free.
    pub(super) fn residual(&self, task: Task<'_>, letters: &Letters) -> f64 {
        let problem = task.problem;
        let n_y = problem.n_y;
        let free_classifier = task.classifier_matters();
        letters
            .in_use()
            .map(|z| {
                let (old, new) = (letters.marginal[z], self.marginal[z]);
                // With a given marginal the weights are not stationary; what must be is the classifier.
                let weight = if problem.marginal.is_some() { new } else { old };
                if !free_classifier {
                    return (new - weight).abs();
                }
                (0..n_y)
                    .map(|y| {
                        let c = letters.log_classifier[z * n_y + y].exp();
                        (self.joint[z * n_y + y] - weight * c).abs()
                    })
                    .sum()
            })
            .sum()
    }

    /// The largest `|q'_yz / q_yz - 1|` of the letters in use: what a residual does not show of entries that are small.
    pub(super) fn largest_change(&self, problem: &Problem, letters: &Letters) -> f64 {
        let n_y = problem.n_y;
        let change = |place: usize| {
            let q = letters.marginal[place / n_y] * letters.log_classifier[place].exp();
            if q > 0.0 { (self.joint[place] / q - 1.0).abs() } else { 0.0 }
        };
        letters.in_use().flat_map(|z| z * n_y..(z + 1) * n_y).map(change).fold(0.0, f64::max)
    }

    /// The bound on `F - F*` as far as the letters in use make it, with a free marginal: the logarithm of the largest bound of
    /// their promises.
    pub(super) fn gap_in_use(&self, task: Task<'_>, letters: &Letters) -> f64 {
        if task.problem.marginal.is_some() {
            return 0.0;
        }
        let bounds = letters.in_use().map(|z| self.promise_in_use(task, letters, z).bound);
        bounds.fold(0.0, f64::max).ln()
    }

    /// After an [`update`](Self::update): the promise of letter `z`, in use, with its own classifier: its weight is
    /// `m'_z / m_z` and its bound `max_y (1 - gamma) m'_z / m_z + gamma q'_yz / q_yz`.
    pub(super) fn promise_in_use(&self, task: Task<'_>, letters: &Letters, z: usize) -> Promise {
        let (n_y, gamma) = (task.problem.n_y, task.at.gamma());
        let weight = self.marginal[z] / letters.marginal[z];
        if !task.classifier_matters() {
            return Promise { weight, bound: weight };
        }
        let steepest = (z * n_y..(z + 1) * n_y)
            .map(|place| self.joint[place] * (-letters.log_classifier[place]).exp())
            .fold(0.0, f64::max);
        Promise { weight, bound: (1.0 - gamma) * weight + gamma * steepest / letters.marginal[z] }
    }

    /// After an [`update`](Self::update): `G(x, z)` of a letter in use, from its encoder where that is not too small.
    pub(super) fn write_ratio_in_use(&self, task: Task<'_>, letters: &Letters, z: usize, ratio: &mut [f64]) {
        let (n_x, n_y, weight) = (task.problem.n_x, task.problem.n_y, letters.marginal[z]);
        if weight < DIVISIBLE {
            return self.write_ratio(task, z, &letters.log_classifier[z * n_y..][..n_y], ratio);
        }
        for (g, e) in ratio.iter_mut().zip(&self.encoder[z * n_x..]) {
            *g = e / weight;
        }
    }

    /// `G(x, z) = exp(a(x, z)) / s(x)`, the factor by which the posterior of a letter exceeds its weight, into `ratio`;
    /// from the fitness of a letter with the classifier `log_classifier`, in use or not.
    pub(super) fn write_ratio(&self, task: Task<'_>, z: usize, log_classifier: &[f64], ratio: &mut [f64]) {
        vectorised(
            #[inline(always)]
            || {
                write_fitness(task, z, log_classifier, ratio);
                for (g, log_partition) in ratio.iter_mut().zip(&self.log_partition) {
                    // A letter that would be better than all in use by more than this is taken into use anyway.
                    *g = exp((*g - log_partition).min(LARGEST_LOG_RATIO));
                }
            },
        );
    }
}

/// A weight above which what is divided by it is not lost in underflow.
pub(super) const DIVISIBLE: f64 = 1e-100;

/// A weight below this is zero: its reciprocal, the largest ratio, would not be a number.
pub(super) const LEAST_WEIGHT: f64 = 1e-290;

/// The largest logarithm of a ratio: its square, times probabilities, is still a number.
const LARGEST_LOG_RATIO: f64 = 300.0;

/// `a(x, z)` for every x.
#[inline(always)]
fn write_fitness(task: Task<'_>, z: usize, log_classifier: &[f64], fitness: &mut [f64]) {
    let Task { problem, at } = task;
    let costs = problem.row(&problem.costs, z);
    let lambda = at.lambda();
    for (a, cost) in fitness.iter_mut().zip(costs) {
        *a = if *cost == f64::INFINITY { LOG_ZERO } else { (-lambda * cost).max(LOG_ZERO) };
    }
    if at.gamma() > 0.0 {
        for (y, log_c) in log_classifier.iter().enumerate() {
            // Held finite, so that it vanishes where the label does.
            let slope = (at.gamma() * log_c).max(LOG_ZERO);
            for (a, t) in fitness.iter_mut().zip(problem.row(&problem.labels, y)) {
                *a += slope * t;
            }
        }
    }
}
