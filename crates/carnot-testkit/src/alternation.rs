//! Plain alternation, the reference that discrete solvers are held against: slow, and hard to get wrong.

use crate::DiscreteProblem;

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stop {
    /// Stop as soon as `F - F*` is certainly no larger, in nats.
    pub gap: f64,
    /// Stop after so many updates in any case.
    pub updates: usize,
}

impl Default for Stop {
    /// A gap of 1e-9, or 100,000 updates.
    fn default() -> Self {
        Self { gap: 1e-9, updates: 100_000 }
    }
}

/// What [`plain_alternation`] came to. All in nats.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainSolution {
    /// `F = R + lambda D + gamma C`.
    pub free_energy: f64,
    /// `R = I(X;Z)` of the encoder.
    pub rate: f64,
    /// `D = E rho(x, z)`.
    pub distortion: f64,
    /// `C = H(Y|Z)`.
    pub classification: f64,
    /// `e(z|x)`, `n_x` rows of `n_z`.
    pub encoder: Vec<f64>,
    /// `m(z) = sum_x p(x) e(z|x)`.
    pub marginal: Vec<f64>,
    /// `c(y|z) = sum_x p(x, y) e(z|x) / m(z)`, `n_z` rows of `n_y`; the label distribution where `m(z) = 0`.
    pub classifier: Vec<f64>,
    /// A number that `F*` is not below, up to rounding. `-inf` for `gamma > 1`, where none is known.
    pub lower_bound: f64,
    /// Updates done.
    pub updates: usize,
}

impl PlainSolution {
    /// `F` minus its lower bound, at least zero up to rounding; infinite for `gamma > 1`.
    pub fn gap(&self) -> f64 {
        self.free_energy - self.lower_bound
    }
}

/// Minimises `R + lambda D + gamma C` over encoder, marginal and classifier by plain alternation (Blahut and Arimoto;
/// Tishby, Pereira and Bialek), from the marginal and classifier of a start `e(z|x)`.
///
/// One update is the Gibbs encoder of the present m and c, then the m and c of that encoder:
///
/// ```text
/// e(z|x) = m(z) exp( -lambda rho(x, z) + gamma sum_y p(y|x) ln c(y|z) ) / Z_x
/// m(z) = sum_x p(x) e(z|x)      c(y|z) = sum_x p(x, y) e(z|x) / m(z)
/// ```
///
/// Each half is an exact minimisation, so F never rises. With `Phi = -sum_x p(x) ln Z_x`, `q(y, z) = m(z) c(y|z)` and a
/// prime for what the update makes of it, a bound for `gamma <= 1` is
///
/// ```text
/// F* >= Phi(q) - ln max over (y, z) of [ (1 - gamma) m'(z) / m(z) + gamma q'(y, z) / q(y, z) ]
/// ```
///
/// for `Z_x` is concave in q and homogeneous of degree one, hence below its tangent at any positive q. A forbidden pair
/// (`rho = +inf`) stays forbidden at `lambda = 0`. For `gamma > 1` the result depends on the start, and only
/// `stop.updates` ends the run.
pub fn plain_alternation(
    problem: &DiscreteProblem,
    lambda: f64,
    gamma: f64,
    start: &[f64],
    stop: Stop,
) -> PlainSolution {
    let mut state = Alternation::new(problem, lambda, gamma, start);
    let mut updates = 0;
    loop {
        state.update();
        updates += 1;
        if updates >= stop.updates || state.log_excess <= stop.gap {
            return state.finish(updates);
        }
    }
}

/// The least probability that a letter, or a label given a letter, is held at: from zero it could never grow again, and
/// the bound needs positive tables. What is gained or lost by it is far below rounding.
const FLOOR: f64 = 1e-150;

/// The tables of an alternation. Nothing is allocated in an update.
struct Alternation<'a> {
    problem: &'a DiscreteProblem,
    lambda: f64,
    gamma: f64,
    source: Vec<f64>,
    /// `gamma p(y|x)`.
    weighted_labels: Vec<f64>,
    /// `lambda rho(x, z)`.
    cost: Vec<f64>,
    encoder: Vec<f64>,
    /// `m(z)` and `c(y|z)`, the latter with `n_y` rows of `n_z`, and their logarithms.
    marginal: Vec<f64>,
    classifier: Vec<f64>,
    log_marginal: Vec<f64>,
    log_classifier: Vec<f64>,
    /// `m'(z)` and `q'(y, z)`: the tables of the encoder.
    next_marginal: Vec<f64>,
    next_joint: Vec<f64>,
    /// `Phi` of the tables that the encoder was made from.
    potential: f64,
    /// The logarithm in the bound; infinite for `gamma > 1`.
    log_excess: f64,
}

impl<'a> Alternation<'a> {
    fn new(problem: &'a DiscreteProblem, lambda: f64, gamma: f64, start: &[f64]) -> Self {
        let (n_y, n_z) = (problem.n_y, problem.n_z);
        let cost = |&rho: &f64| if rho == f64::INFINITY { rho } else { lambda * rho };
        let mut state = Self {
            problem,
            lambda,
            gamma,
            source: problem.source(),
            weighted_labels: problem.labels().iter().map(|p| gamma * p).collect(),
            cost: problem.distortion.iter().map(cost).collect(),
            encoder: start.to_vec(),
            marginal: vec![0.0; n_z],
            classifier: vec![1.0 / n_y as f64; n_y * n_z],
            log_marginal: vec![0.0; n_z],
            log_classifier: vec![0.0; n_y * n_z],
            next_marginal: vec![0.0; n_z],
            next_joint: vec![0.0; n_y * n_z],
            potential: f64::NAN,
            log_excess: f64::INFINITY,
        };
        state.aggregate();
        state.adopt();
        state
    }

    /// One update: encoder, bound, marginal and classifier.
    fn update(&mut self) {
        self.respond();
        self.aggregate();
        self.log_excess = self.excess();
        self.adopt();
    }

    /// The Gibbs encoder of m and c, and `Phi = -sum_x p(x) ln Z_x`.
    fn respond(&mut self) {
        let (n_y, n_z) = (self.problem.n_y, self.problem.n_z);
        self.potential = 0.0;
        for (x, row) in self.encoder.chunks_mut(n_z).enumerate() {
            let cost = &self.cost[x * n_z..][..n_z];
            for ((entry, log_m), cost) in row.iter_mut().zip(&self.log_marginal).zip(cost) {
                *entry = log_m - cost;
            }
            for (y, log_c) in self.log_classifier.chunks(n_z).enumerate() {
                let weight = self.weighted_labels[x * n_y + y];
                if weight > 0.0 {
                    row.iter_mut().zip(log_c).for_each(|(entry, log_c)| *entry += weight * log_c);
                }
            }
            let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mut total = 0.0;
            for entry in row.iter_mut() {
                *entry = (*entry - largest).exp();
                total += *entry;
            }
            row.iter_mut().for_each(|entry| *entry /= total);
            self.potential -= self.source[x] * (largest + total.ln());
        }
    }

    /// `m'` and `q'` of the encoder.
    fn aggregate(&mut self) {
        let (n_y, n_z) = (self.problem.n_y, self.problem.n_z);
        self.next_marginal.fill(0.0);
        self.next_joint.fill(0.0);
        for (x, row) in self.encoder.chunks(n_z).enumerate() {
            accumulate(&mut self.next_marginal, self.source[x], row);
            for (y, sums) in self.next_joint.chunks_mut(n_z).enumerate() {
                accumulate(sums, self.problem.joint[x * n_y + y], row);
            }
        }
    }

    /// `ln max over (y, z) of [ (1 - gamma) m' / m + gamma q' / q ]`.
    fn excess(&self) -> f64 {
        if self.gamma > 1.0 {
            return f64::INFINITY;
        }
        let mut largest: f64 = 0.0;
        for (z, (next, m)) in self.next_marginal.iter().zip(&self.marginal).enumerate() {
            let grown = |y: usize| {
                let at = y * self.problem.n_z + z;
                self.next_joint[at] / (m * self.classifier[at])
            };
            let label = (0..self.problem.n_y).map(grown).fold(0.0, f64::max);
            largest = largest.max((1.0 - self.gamma) * next / m + self.gamma * label);
        }
        largest.ln()
    }

    /// Makes m' and q' the tables, held at the floor.
    fn adopt(&mut self) {
        for (z, &next) in self.next_marginal.iter().enumerate() {
            self.marginal[z] = next.max(FLOOR);
            self.log_marginal[z] = self.marginal[z].ln();
            for y in 0..self.problem.n_y {
                let at = y * self.problem.n_z + z;
                // Of a letter that nothing uses, c says nothing: it stays what it was.
                if next > 0.0 {
                    self.classifier[at] = (self.next_joint[at] / next).max(FLOOR);
                }
                self.log_classifier[at] = self.classifier[at].ln();
            }
        }
    }

    /// R, D and C of the last encoder with its own marginal and classifier.
    fn finish(self, updates: usize) -> PlainSolution {
        let (n_y, n_z) = (self.problem.n_y, self.problem.n_z);
        let (mut rate, mut distortion, mut classification) = (0.0, 0.0, 0.0);
        for (x, row) in self.encoder.chunks(n_z).enumerate() {
            for (z, &e) in row.iter().enumerate().filter(|(_, e)| **e > 0.0) {
                let weight = self.source[x] * e;
                if weight > 0.0 {
                    rate += weight * (e / self.next_marginal[z]).ln();
                    distortion += weight * self.problem.distortion[x * n_z + z];
                }
            }
        }
        let prior = self.problem.label_distribution();
        let mut classifier = vec![0.0; n_z * n_y];
        for (z, &m) in self.next_marginal.iter().enumerate() {
            for y in 0..n_y {
                let joint = self.next_joint[y * n_z + z];
                classifier[z * n_y + y] = if m > 0.0 { joint / m } else { prior[y] };
                if joint > 0.0 {
                    classification -= joint * (joint / m).ln();
                }
            }
        }
        PlainSolution {
            free_energy: rate + self.lambda * distortion + self.gamma * classification,
            rate,
            distortion,
            classification,
            encoder: self.encoder,
            marginal: self.next_marginal,
            classifier,
            lower_bound: self.potential - self.log_excess,
            updates,
        }
    }
}

/// `sums += weight * row`.
fn accumulate(sums: &mut [f64], weight: f64, row: &[f64]) {
    if weight > 0.0 {
        sums.iter_mut().zip(row).for_each(|(sum, entry)| *sum += weight * entry);
    }
}
