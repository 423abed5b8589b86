//! Where the bottleneck begins to learn, exactly.

use carnot_info::{Distribution, Joint, kl_divergence};
use faer::Mat;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::DiscreteError;

/// The onset of learning of an information bottleneck: the least gamma at which `min I(X;Z) + gamma H(Y|Z)` is below
/// `gamma H(Y)`, with letters to spare.
#[derive(Debug, Clone, PartialEq)]
pub struct Onset {
    /// `gamma* = min over r of KL(r || p_X) / KL(r_Y || p_Y)`, the least over the starts that are tried and so an upper bound;
    /// infinite where labels do not depend on inputs.
    pub gamma: f64,
    /// `1 / sigma_2^2` with `sigma_2` the second singular value of `p(x, y) / sqrt(p(x) p(y))`, the maximal correlation:
    /// where nothing encoded stops being a local minimum (Wu and Fischer 2019).
    pub local_threshold: f64,
    /// The posterior `r(x)` of the letter with which learning begins, of those with the least ratio the first that was
    /// found; `None` where the onset is continuous, and this letter's posterior is that of no letter, `p(x)`, and where
    /// there is none.
    pub posterior: Option<Distribution>,
    /// How many starts were tried: the minimum over r is not convex, and another start could find a smaller ratio. Zero
    /// where labels do not depend on inputs.
    pub starts: usize,
}

impl Onset {
    /// Whether the onset is of first order: a letter that differs from the one that was there pays for itself before the
    /// local threshold, or just there. The second happens where labels tell groups of inputs apart for certain, as labels
    /// that are functions of the input do: then onset and threshold are both one, and at `gamma = 1` everything up to the
    /// entropy of the groups is learnt at once, `F(0, gamma) = min(1, gamma) H(Y)` for certain labels.
    pub fn is_first_order(&self) -> bool {
        self.posterior.is_some()
    }
}

/// The number of random starts, besides those of single inputs and single labels.
const RANDOM_STARTS: usize = 32;

/// Steps of the inner maximisation and of the outer iteration.
const MOST_STEPS: usize = 200_000;
const MOST_ROUNDS: usize = 100;

/// A posterior within this of the prior is on its way back to it, ever more slowly the closer gamma is to the threshold.
const PRIOR: f64 = 1e-5;

/// Rounding of a sum of terms of order one.
const ROUNDING: f64 = 1e-14;

/// A posterior this close to the prior, by its divergence in nats, is on its way back to it: where the onset is continuous,
/// the steps end before it has come this close.
const AWAY: f64 = 1e-6;

/// The onset of learning of the information bottleneck of `joint`, at `lambda = 0`.
///
/// A letter with posterior `r(x)` pays for itself from `gamma = KL(r || p_X) / KL(r_Y || p_Y)` on, with
/// `r_Y(y) = sum_x r(x) p(y|x)`; the smallest such ratio is found by Dinkelbach's iteration, whose inner problem, the best
/// `r` at a given gamma, alternates `r(x) ~ p(x) exp(gamma sum_y p(y|x) ln r_Y(y) / p_Y(y))`. At `r -> p_X` the ratio tends
/// to the local threshold; an onset that is reached there only is continuous. The minimisation is global over the starts that
/// are tried: one for each input, one for each label, and 32 at random.
///
/// # Errors
///
/// [`DiscreteError::Probabilities`] where a table derived from the joint is none, which rounding alone could cause.
pub fn bottleneck_onset(joint: &Joint) -> Result<Onset, DiscreteError> {
    let problem = Ratio::new(joint);
    let local_threshold = problem.local_threshold();
    if !local_threshold.is_finite() {
        return Ok(Onset { gamma: f64::INFINITY, local_threshold, posterior: None, starts: 0 });
    }
    let mut gamma = local_threshold;
    let mut best = None;
    let starts = problem.starts();
    let tried = starts.len();
    for start in starts {
        let mut posterior = start;
        for _ in 0..MOST_ROUNDS {
            posterior = problem.best_posterior(gamma, posterior);
            let Some(ratio) = problem.ratio(&posterior)? else { break };
            // A ratio that is the threshold's, to rounding, is as good away from the prior as at it.
            let as_good = ratio.value <= gamma * (1.0 + ratio.doubt);
            if ratio.value < gamma || (as_good && best.is_none()) {
                best = Some(posterior.clone());
            }
            if ratio.value >= gamma * (1.0 - 1e-15) {
                break;
            }
            gamma = ratio.value;
        }
    }
    let posterior = best.map(|posterior| problem.spread(joint.n_x(), &posterior)).transpose()?;
    Ok(Onset { gamma, local_threshold, posterior, starts: tried })
}

/// A ratio of divergences, and how far rounding may have taken it from its value, relative to that.
struct Known {
    value: f64,
    doubt: f64,
}

/// The ratio of divergences over posteriors on the inputs that occur.
struct Ratio {
    inputs: Vec<usize>,
    source: Vec<f64>,
    label_prior: Vec<f64>,
    /// `p(y|x)`, shape `(n_x, n_y)`.
    labels: Vec<Vec<f64>>,
}

impl Ratio {
    fn new(joint: &Joint) -> Self {
        let (source, prior) = (joint.marginal_x(), joint.marginal_y());
        let occurring = |p: &Distribution| -> Vec<usize> {
            (0..p.n_outcomes()).filter(|&i| p.probabilities()[i] > 0.0).collect()
        };
        let (inputs, labels) = (occurring(&source), occurring(&prior));
        let conditional = joint.conditional_y_given_x();
        let row = |x: &usize| labels.iter().map(|&y| conditional.table()[(*x, y)]).collect();
        Self {
            source: inputs.iter().map(|&x| source.probabilities()[x]).collect(),
            label_prior: labels.iter().map(|&y| prior.probabilities()[y]).collect(),
            labels: inputs.iter().map(row).collect(),
            inputs,
        }
    }

    /// `1 / sigma_2^2`; infinite where the second singular value vanishes.
    fn local_threshold(&self) -> f64 {
        let table = Mat::from_fn(self.source.len(), self.label_prior.len(), |x, y| {
            (self.source[x] / self.label_prior[y]).sqrt() * self.labels[x][y]
        });
        let second = table.singular_values().ok().and_then(|values| values.get(1).copied()).unwrap_or(0.0);
        // The first is one; what is below its rounding is zero.
        if second > 1e-14 { (second * second).recip() } else { f64::INFINITY }
    }

    fn push(&self, posterior: &[f64]) -> Vec<f64> {
        let label = |y: usize| posterior.iter().zip(&self.labels).map(|(r, t)| r * t[y]).sum();
        (0..self.label_prior.len()).map(label).collect()
    }

    /// `KL(r || p_X) / KL(r_Y || p_Y)`; `None` where the posterior has come back to the prior: both divergences vanish.
    fn ratio(&self, posterior: &[f64]) -> Result<Option<Known>, DiscreteError> {
        let divergence = |r: Vec<f64>, p: &[f64]| {
            kl_divergence(&Distribution::from_weights(r)?, &Distribution::from_weights(p.to_vec())?)
        };
        let (of_inputs, of_labels) = (
            divergence(posterior.to_vec(), &self.source)?,
            divergence(self.push(posterior), &self.label_prior)?,
        );
        // Each divergence is a sum of terms of order one, which cancel; that of labels is the smaller one.
        let doubt = ROUNDING * (1.0 + of_labels.recip());
        let known = Known { value: of_inputs / of_labels, doubt };
        Ok((of_inputs > AWAY && of_labels > 0.0).then_some(known))
    }

    /// The posterior that maximises `gamma KL(r_Y || p_Y) - KL(r || p_X)` from `posterior`, by alternation.
    fn best_posterior(&self, gamma: f64, mut posterior: Vec<f64>) -> Vec<f64> {
        for _ in 0..MOST_STEPS {
            let log_ratio: Vec<f64> = self
                .push(&posterior)
                .iter()
                .zip(&self.label_prior)
                .map(|(r, p)| (r / p).ln().max(-1e3))
                .collect();
            // In logarithms, for gamma is large where labels hardly depend on inputs.
            let log_next: Vec<f64> = self
                .labels
                .iter()
                .zip(&self.source)
                .map(|(t, p)| p.ln() + gamma * t.iter().zip(&log_ratio).map(|(t, l)| t * l).sum::<f64>())
                .collect();
            let largest = log_next.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mut next: Vec<f64> = log_next.iter().map(|value| (value - largest).exp()).collect();
            let total: f64 = next.iter().sum();
            next.iter_mut().for_each(|r| *r /= total);
            let moved: f64 = next.iter().zip(&posterior).map(|(a, b)| (a - b).abs()).sum();
            posterior = next;
            let away: f64 = posterior.iter().zip(&self.source).map(|(r, p)| (r - p).abs()).sum();
            if moved < 1e-14 || away < PRIOR {
                break;
            }
        }
        posterior
    }

    /// Each input alone, each label's posterior, and random ones; none of them exactly on the boundary.
    fn starts(&self) -> Vec<Vec<f64>> {
        let mixed = |weight: &dyn Fn(usize) -> f64| -> Vec<f64> {
            let raw: Vec<f64> = (0..self.source.len()).map(weight).collect();
            let total: f64 = raw.iter().sum();
            raw.iter().zip(&self.source).map(|(r, p)| 0.95 * r / total + 0.05 * p).collect()
        };
        let inputs = (0..self.source.len()).map(|x| mixed(&|other| f64::from(u8::from(x == other))));
        let labels = (0..self.label_prior.len()).map(|y| mixed(&|x| self.source[x] * self.labels[x][y]));
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let random = (0..RANDOM_STARTS).map(|_| {
            let noise: Vec<f64> =
                self.source.iter().map(|_| -f64::ln(rng.random_range(1e-12..1.0))).collect();
            mixed(&|x| noise[x])
        });
        inputs.chain(labels).chain(random).collect()
    }

    fn spread(&self, n_x: usize, posterior: &[f64]) -> Result<Distribution, DiscreteError> {
        let mut weights = vec![0.0; n_x];
        for (&x, r) in self.inputs.iter().zip(posterior) {
            weights[x] = *r;
        }
        Ok(Distribution::from_weights(weights)?)
    }
}
