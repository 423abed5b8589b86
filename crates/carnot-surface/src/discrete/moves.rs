//! Moves of single inputs, each whole to another letter: over barriers that updates of all inputs at once do not cross.

use carnot_info::xlogx;

use super::evaluation::Evaluation;
use super::exchange::is_first_spare;
use super::letters::Letters;
use super::problem::{Problem, Task};

/// A move must lower the objective by this, relative to `max(1, |F|)`: more than rounding does.
const DECREASE: f64 = 1e-12;

/// The objective of an encoder, letter by letter, in buffers that are allocated once.
///
/// With `m(z)` and `q(y, z)` the encoder's own weights and joint distribution the objective is a sum over letters,
///
/// ```text
/// F = sum_xz p(x) e(z|x) (ln e(z|x) + lambda rho(x, z)) + sum_z h(m_z, q_z)
/// h(m, q) = -m ln m + gamma (m ln m - sum_y q_y ln q_y)
/// ```
///
/// with the logarithm of the given marginal in place of the first `ln m` where there is one. An input that moves changes the
/// terms of two letters if it is encoded for certain, and its own influence on their classifiers is taken into account:
/// what a letter looks like to an input that it has already is flattering.
#[derive(Debug)]
pub(super) struct Moves {
    /// `m(z)`, shape `(n_z)`.
    weights: Vec<f64>,
    /// `q(y, z)`, shape `(n_z, n_y)`.
    joint: Vec<f64>,
    /// `h(m_z, q_z)`.
    values: Vec<f64>,
    /// The letters as they were with the input that is being moved.
    kept: Vec<(usize, f64, f64)>,
    kept_joint: Vec<f64>,
    /// The letters to which inputs may move.
    open: Vec<usize>,
}

impl Moves {
    pub(super) fn new(problem: &Problem) -> Self {
        Self {
            weights: vec![0.0; problem.n_z],
            joint: vec![0.0; problem.n_z * problem.n_y],
            values: vec![0.0; problem.n_z],
            kept: Vec::with_capacity(problem.n_z),
            kept_joint: Vec::with_capacity(problem.n_z * problem.n_y),
            open: Vec::with_capacity(problem.n_z),
        }
    }

    /// Offers each input every letter and moves it where that lowers the objective. Returns whether one was moved; the
    /// letters are then those of the new encoder.
    pub(super) fn make(
        &mut self,
        task: Task<'_>,
        evaluation: &mut Evaluation,
        letters: &mut Letters,
    ) -> bool {
        let problem = task.problem;
        let objective = evaluation.objective(task, letters);
        evaluation.update(problem, letters);
        self.load(task, evaluation, letters);
        if !self.sweep(task, &mut evaluation.encoder, DECREASE * objective.abs().max(1.0)) {
            return false;
        }
        if problem.marginal.is_none() {
            // Counted anew: what is left of a letter that most of its inputs have left is rounding.
            for &z in &self.open {
                let row = problem.row(&evaluation.encoder, z);
                letters.marginal[z] = row.iter().zip(&problem.source).map(|(e, p)| e * p).sum();
            }
        }
        evaluation.update_from_encoder(problem, letters);
        evaluation.write_update(problem, letters);
        true
    }

    /// Takes the weights of an evaluation's encoder of the letters in use; opens these and one further letter of each kind.
    fn load(&mut self, task: Task<'_>, evaluation: &mut Evaluation, letters: &Letters) {
        let problem = task.problem;
        let n_x = problem.n_x;
        self.open.clear();
        for z in 0..problem.n_z {
            let used = letters.marginal[z] > 0.0;
            if !used {
                evaluation.encoder[z * n_x..][..n_x].fill(0.0);
            }
            if used || is_first_spare(problem, letters, z) {
                self.open.push(z);
            }
        }
        let (n_y, encoder) = (problem.n_y, &evaluation.encoder);
        for &z in &self.open {
            let row = &encoder[z * n_x..][..n_x];
            self.weights[z] = row.iter().zip(&problem.source).map(|(e, p)| e * p).sum();
            for y in 0..n_y {
                let labels = problem.row(&problem.labels, y).iter().zip(&problem.source);
                self.joint[z * n_y + y] = row.iter().zip(labels).map(|(e, (t, p))| e * t * p).sum();
            }
            self.values[z] = value(task, z, self.weights[z], &self.joint[z * n_y..][..n_y]);
        }
    }

    /// Moves the inputs that lower the objective by more than `least`. Returns whether there was one.
    fn sweep(&mut self, task: Task<'_>, encoder: &mut [f64], least: f64) -> bool {
        let mut moved = false;
        for x in 0..task.problem.n_x {
            let present = self.remove(task, encoder, x);
            let (best, cost) = self.cheapest(task, x);
            if cost < present - least {
                self.insert(task, encoder, x, best);
                moved = true;
            } else {
                self.restore(task.problem);
            }
        }
        moved
    }

    /// Removes an input from all letters, not yet from the encoder. Returns what it costs where it is.
    fn remove(&mut self, task: Task<'_>, encoder: &[f64], x: usize) -> f64 {
        let problem = task.problem;
        let (n_x, n_y) = (problem.n_x, problem.n_y);
        let p = problem.source[x];
        let mut present = 0.0;
        self.kept.clear();
        self.kept_joint.clear();
        for &z in &self.open {
            let e = encoder[z * n_x + x];
            if e <= 0.0 {
                continue;
            }
            self.kept.push((z, self.weights[z], self.values[z]));
            let joint = &mut self.joint[z * n_y..][..n_y];
            self.kept_joint.extend_from_slice(joint);
            self.weights[z] = (self.weights[z] - p * e).max(0.0);
            for (y, q) in joint.iter_mut().enumerate() {
                *q = (*q - p * e * problem.labels[y * n_x + x]).max(0.0);
            }
            let without = value(task, z, self.weights[z], joint);
            present += self.values[z] - without + p * (xlogx(e) + e * price(task, x, z));
            self.values[z] = without;
        }
        present
    }

    /// Undoes [`remove`](Self::remove).
    fn restore(&mut self, problem: &Problem) {
        let n_y = problem.n_y;
        for (&(z, weight, value), joint) in self.kept.iter().zip(self.kept_joint.chunks(n_y)) {
            (self.weights[z], self.values[z]) = (weight, value);
            self.joint[z * n_y..][..n_y].copy_from_slice(joint);
        }
    }

    /// The letter that takes a removed input at the least cost, and that cost.
    fn cheapest(&self, task: Task<'_>, x: usize) -> (usize, f64) {
        let costs = self.open.iter().map(|&z| (z, self.cost(task, x, z)));
        costs.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, f64::INFINITY))
    }

    /// What an input that is in no letter costs in this one.
    fn cost(&self, task: Task<'_>, x: usize, z: usize) -> f64 {
        let problem = task.problem;
        let (n_x, n_y) = (problem.n_x, problem.n_y);
        let p = problem.source[x];
        let grown = self.joint[z * n_y..][..n_y].iter().enumerate();
        let grown = grown.map(|(y, q)| q + p * problem.labels[y * n_x + x]);
        let (weight, gamma) = (self.weights[z] + p, task.at.gamma());
        p * price(task, x, z) + letter_value(task, z, weight, gamma, grown) - self.values[z]
    }

    /// Puts a removed input whole into a letter.
    fn insert(&mut self, task: Task<'_>, encoder: &mut [f64], x: usize, z: usize) {
        let problem = task.problem;
        let (n_x, n_y) = (problem.n_x, problem.n_y);
        for &other in &self.open {
            encoder[other * n_x + x] = 0.0;
        }
        encoder[z * n_x + x] = 1.0;
        let p = problem.source[x];
        self.weights[z] += p;
        let joint = &mut self.joint[z * n_y..][..n_y];
        for (y, q) in joint.iter_mut().enumerate() {
            *q += p * problem.labels[y * n_x + x];
        }
        self.values[z] = value(task, z, self.weights[z], joint);
    }
}

/// `lambda rho(x, z)`, infinite for a forbidden pair whatever lambda is.
fn price(task: Task<'_>, x: usize, z: usize) -> f64 {
    let rho = task.problem.costs[z * task.problem.n_x + x];
    if rho == f64::INFINITY { rho } else { task.at.lambda() * rho }
}

fn value(task: Task<'_>, z: usize, weight: f64, joint: &[f64]) -> f64 {
    letter_value(task, z, weight, task.at.gamma(), joint.iter().copied())
}

/// `h(m, q)`.
fn letter_value(task: Task<'_>, z: usize, weight: f64, gamma: f64, joint: impl Iterator<Item = f64>) -> f64 {
    let labels: f64 = joint.map(xlogx).sum();
    let own = xlogx(weight);
    let rate = match &task.problem.marginal {
        None => own,
        Some(marginal) if weight > 0.0 => weight * marginal[z].ln(),
        Some(_) => 0.0,
    };
    gamma * (own - labels) - rate
}

#[cfg(test)]
mod tests;
