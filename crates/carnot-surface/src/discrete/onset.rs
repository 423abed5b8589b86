//! Where the bottleneck begins to learn, exactly.

use carnot_info::{Distribution, Joint};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::DiscreteError;
use super::posterior::{Posteriors, distance};

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

/// The number of random starts, besides those of single inputs, of single labels and of the direction of the threshold.
const RANDOM_STARTS: usize = 32;

/// Rounds of the outer iteration, which converges faster than linearly.
const MOST_ROUNDS: usize = 100;

/// Rounding of a ratio of divergences, relative to it: they are sums of terms of one sign.
const ROUNDING: f64 = 1e-13;

/// A letter that differs from the prior by a factor of more than this is another one, at a ratio that is the threshold's to
/// rounding; all that come closer to the prior come to that ratio.
const ANOTHER: f64 = 1e-3;

/// The onset of learning of the information bottleneck of `joint`, at `lambda = 0`.
///
/// A letter with posterior `r(x)` pays for itself from `gamma = KL(r || p_X) / KL(r_Y || p_Y)` on, with
/// `r_Y(y) = sum_x r(x) p(y|x)`; the smallest such ratio is found by Dinkelbach's iteration, whose inner problem, the best
/// `r` at a given gamma, alternates `r(x) ~ p(x) exp(gamma sum_y p(y|x) ln r_Y(y) / p_Y(y))` between steps of Newton. At
/// `r -> p_X` the ratio tends to the local threshold; an onset that is reached there only is continuous.
///
/// Along the direction of the threshold, `r = p_X (1 + e f)` with `E f = 0` and `E f^2 = 1`, the labels' posterior is
/// `p_Y (1 + e sigma_2 g)`, and the ratio is `(1 - e (E f^3 - sigma_2 E g^3) / 3 + ...) / sigma_2^2`: the onset is continuous
/// where the bracket vanishes, as symmetry makes it, and of first order, if by little, elsewhere. Posteriors that differ
/// from the prior by less than one part in a million count as the prior.
///
/// The minimisation is global over the starts that are tried: one for each input, one for each label, one on either side of
/// the prior along the direction of the threshold, and 32 at random.
///
/// # Errors
///
/// [`DiscreteError::Probabilities`] where a table derived from the joint is none, which rounding alone could cause.
pub fn bottleneck_onset(joint: &Joint) -> Result<Onset, DiscreteError> {
    let posteriors = Posteriors::new(joint);
    let (local_threshold, direction) = posteriors.local_threshold();
    if !local_threshold.is_finite() {
        return Ok(Onset { gamma: f64::INFINITY, local_threshold, posterior: None, starts: 0 });
    }
    let mut gamma = local_threshold;
    let mut best = None;
    let starts = starts(&posteriors, &direction);
    let tried = starts.len();
    for start in starts {
        let mut letter = posteriors.letter(&start);
        for _ in 0..MOST_ROUNDS {
            letter = posteriors.best(gamma, letter);
            let Some(ratio) = posteriors.ratio(&letter) else { break };
            // A ratio that is the threshold's, to rounding, is as good away from the prior as at it.
            let room = if distance(&letter) > ANOTHER { ROUNDING } else { -ROUNDING };
            if best.is_none() && ratio > gamma * (1.0 + room) {
                break;
            }
            if best.is_none() || ratio < gamma {
                best = Some(letter.clone());
            }
            if ratio >= gamma * (1.0 - 1e-15) {
                break;
            }
            gamma = ratio;
        }
    }
    let posterior = best.map(|letter| posteriors.spread(joint.n_x(), &letter)).transpose()?;
    Ok(Onset { gamma, local_threshold, posterior, starts: tried })
}

/// Posteriors to start from: each input alone, each label's, both ends of the direction of the threshold and random ones;
/// none of them on the boundary.
fn starts(posteriors: &Posteriors, direction: &[f64]) -> Vec<Vec<f64>> {
    let source = posteriors.source();
    let mixed = |weight: &dyn Fn(usize) -> f64| -> Vec<f64> {
        let raw: Vec<f64> = (0..source.len()).map(weight).collect();
        let total: f64 = raw.iter().sum();
        raw.iter().zip(source).map(|(r, p)| 0.95 * r / total + 0.05 * p).collect()
    };
    let inputs = (0..source.len()).map(|x| mixed(&|other| f64::from(u8::from(x == other))));
    let labels = (0..posteriors.n_labels()).map(|y| mixed(&|x| source[x] * posteriors.label(x, y)));
    let ends = [1.0, -1.0].map(|sign| {
        // As far along it as keeps every input: `p (1 + e f)` with a least factor of one tenth.
        let least = direction.iter().map(|f| sign * f).fold(0.0, f64::min);
        let far = if least < 0.0 { -0.9 / least } else { 0.0 };
        source.iter().zip(direction).map(|(p, f)| p * (1.0 + far * sign * f)).collect()
    });
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let random = (0..RANDOM_STARTS).map(|_| {
        let noise: Vec<f64> = source.iter().map(|_| -f64::ln(rng.random_range(1e-12..1.0))).collect();
        mixed(&|x| noise[x])
    });
    inputs.chain(labels).chain(ends).chain(random).collect()
}
