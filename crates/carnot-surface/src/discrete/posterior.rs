//! Posteriors of one letter of a bottleneck, by how they differ from the prior.

use carnot_info::{Distribution, Joint};
use faer::Mat;
use faer::linalg::solvers::Solve;

use super::DiscreteError;

/// A letter all of whose log-ratios are below this is the prior: its ratio is the local threshold to one part in 1e12.
const PRIOR: f64 = 1e-6;

/// Steps of the inner maximisation, and how many alternations come before each of Newton's.
const MOST_STEPS: usize = 20_000;
const ALTERNATIONS: usize = 8;

/// A step that moves less of the posterior than this, relative to how much of it is not the prior's, is the last.
const STILL: f64 = 1e-13;

/// A letter's posterior `r` as `ln r(x) / p(x)` for each input that occurs: of a letter close to the prior no digits are
/// lost, and one that an input never uses has `-inf` there.
pub(super) type Letter = Vec<f64>;

/// The posteriors on the inputs that occur, and what their labels have in common with the prior.
pub(super) struct Posteriors {
    inputs: Vec<usize>,
    source: Vec<f64>,
    label_prior: Vec<f64>,
    /// `p(y|x) - p(y)`, row by row.
    excess: Vec<Vec<f64>>,
}

impl Posteriors {
    pub(super) fn new(joint: &Joint) -> Self {
        let (source, prior) = (joint.marginal_x(), joint.marginal_y());
        let occurring = |p: &Distribution| -> Vec<usize> {
            (0..p.n_outcomes()).filter(|&i| p.probabilities()[i] > 0.0).collect()
        };
        let (inputs, labels) = (occurring(&source), occurring(&prior));
        let conditional = joint.conditional_y_given_x();
        let row = |x: &usize| {
            labels.iter().map(|&y| conditional.table()[(*x, y)] - prior.probabilities()[y]).collect()
        };
        Self {
            source: inputs.iter().map(|&x| source.probabilities()[x]).collect(),
            label_prior: labels.iter().map(|&y| prior.probabilities()[y]).collect(),
            excess: inputs.iter().map(row).collect(),
            inputs,
        }
    }

    /// `p(x)` of the inputs that occur.
    pub(super) fn source(&self) -> &[f64] {
        &self.source
    }

    /// How many labels occur.
    pub(super) fn n_labels(&self) -> usize {
        self.label_prior.len()
    }

    /// `p(y|x)`.
    pub(super) fn label(&self, x: usize, y: usize) -> f64 {
        (self.excess[x][y] + self.label_prior[y]).max(0.0)
    }

    /// `1 / sigma_2^2` and the function `f` of the inputs, of mean zero and mean square one, that goes with it; infinite
    /// where the second singular value vanishes.
    pub(super) fn local_threshold(&self) -> (f64, Vec<f64>) {
        let table = Mat::from_fn(self.source.len(), self.label_prior.len(), |x, y| {
            (self.source[x] / self.label_prior[y]).sqrt() * self.excess[x][y]
        });
        let Ok(parts) = table.thin_svd() else { return (f64::INFINITY, Vec::new()) };
        // Without the prior's part the second singular value is the first.
        let second = parts.S().column_vector().iter().copied().next().unwrap_or(0.0);
        // What is below the rounding of the table, whose own norm is one, is zero.
        if second <= 1e-14 {
            return (f64::INFINITY, Vec::new());
        }
        let direction = self.source.iter().enumerate().map(|(x, p)| parts.U()[(x, 0)] / p.sqrt()).collect();
        ((second * second).recip(), direction)
    }

    /// A letter from its posterior.
    pub(super) fn letter(&self, posterior: &[f64]) -> Letter {
        let letter = posterior.iter().zip(&self.source).map(|(r, p)| (r / p).ln()).collect();
        self.normalised(letter)
    }

    /// The posterior of a letter on all the inputs.
    pub(super) fn spread(&self, n_x: usize, letter: &Letter) -> Result<Distribution, DiscreteError> {
        let mut weights = vec![0.0; n_x];
        for ((&x, p), ratio) in self.inputs.iter().zip(&self.source).zip(letter) {
            weights[x] = p * ratio.exp();
        }
        Ok(Distribution::from_weights(weights)?)
    }

    /// `KL(r || p_X) / KL(r_Y || p_Y)`; `None` where the letter is the prior or says nothing of the labels.
    pub(super) fn ratio(&self, letter: &Letter) -> Option<f64> {
        let of_labels = self.of_labels(letter);
        (distance(letter) >= PRIOR && of_labels > 0.0).then(|| self.of_inputs(letter) / of_labels)
    }

    /// The letter that maximises `gamma KL(r_Y || p_Y) - KL(r || p_X)`, from `letter` on: alternations, none of which lowers
    /// it, and steps of Newton where they raise it further.
    pub(super) fn best(&self, gamma: f64, mut letter: Letter) -> Letter {
        let gain = |letter: &Letter| gamma * self.of_labels(letter) - self.of_inputs(letter);
        for step in 1..=MOST_STEPS {
            let mut next = self.alternated(gamma, &letter);
            if step % ALTERNATIONS == 0
                && let Some(further) = self.newton(gamma, &letter, &next)
                && gain(&further) > gain(&next)
            {
                next = further;
            }
            let moved = self.mean(|x| (next[x].exp_m1() - letter[x].exp_m1()).abs());
            letter = next;
            if moved <= STILL * self.mean(|x| letter[x].exp_m1().abs()) || distance(&letter) < PRIOR {
                break;
            }
        }
        letter
    }

    /// `r(x) ~ p(x) exp(gamma sum_y p(y|x) ln r_Y(y) / p_Y(y))`, where `p(y)` in place of `p(y|x)` changes the constant alone.
    fn alternated(&self, gamma: f64, letter: &Letter) -> Letter {
        let logs: Vec<f64> = self.label_ratios(letter).iter().map(|u| u.ln_1p().max(-1e3)).collect();
        let said = self.excess.iter().map(|row| gamma * dot(row, &logs));
        self.normalised(said.collect())
    }

    /// Newton's step for the letter whose alternation is `next`; `None` where no maximum is near.
    ///
    /// With `g = ln next / r` and `a(x, y) = sqrt(r(x)) (p(y|x) - r_Y(y)) / sqrt(r_Y(y))`, it multiplies `r` by
    /// `exp((1 - gamma a a^T)^-1 g)` in the coordinates `sqrt(r) g`: an inverse of the size of the labels.
    fn newton(&self, gamma: f64, letter: &Letter, next: &Letter) -> Option<Letter> {
        let said: Vec<f64> =
            self.label_ratios(letter).iter().zip(&self.label_prior).map(|(u, p)| p * (1.0 + u)).collect();
        if said.iter().any(|&r| r <= 0.0) {
            return None;
        }
        let posterior: Vec<f64> = letter.iter().zip(&self.source).map(|(ratio, p)| p * ratio.exp()).collect();
        let column =
            |x: usize, y: usize| (self.excess[x][y] + self.label_prior[y] - said[y]) / said[y].sqrt();
        let inputs: Vec<usize> = (0..letter.len()).filter(|&x| letter[x].is_finite()).collect();
        let step = |x: usize| next[x] - letter[x];
        let curvature = Mat::from_fn(said.len(), said.len(), |y, other| {
            let sum: f64 = inputs.iter().map(|&x| posterior[x] * column(x, y) * column(x, other)).sum();
            f64::from(u8::from(y == other)) - gamma * sum
        });
        let force = Mat::from_fn(said.len(), 1, |y, _| {
            inputs.iter().map(|&x| posterior[x] * column(x, y) * step(x)).sum()
        });
        let solution = curvature.llt(faer::Side::Lower).ok()?.solve(&force);
        let further = (0..letter.len()).map(|x| {
            let correction: f64 = (0..said.len()).map(|y| column(x, y) * solution[(y, 0)]).sum();
            next[x] + gamma * correction
        });
        let further = self.normalised(further.collect());
        further.iter().all(|ratio| !ratio.is_nan()).then_some(further)
    }

    /// `r_Y(y) / p_Y(y) - 1`: of a letter near the prior from what they differ by, of another, which may leave labels out,
    /// from all of it.
    fn label_ratios(&self, letter: &Letter) -> Vec<f64> {
        let near = distance(letter) < 0.5;
        let mut sums = vec![0.0; self.label_prior.len()];
        for (x, (ratio, p)) in letter.iter().zip(&self.source).enumerate() {
            let weight = p * if near { ratio.exp_m1() } else { ratio.exp() };
            for (y, sum) in sums.iter_mut().enumerate() {
                *sum += weight * if near { self.excess[x][y] } else { self.label(x, y) };
            }
        }
        sums.iter()
            .zip(&self.label_prior)
            .map(|(sum, p)| if near { sum / p } else { sum / p - 1.0 })
            .collect()
    }

    /// The mean of a function of the input.
    fn mean(&self, of: impl Fn(usize) -> f64) -> f64 {
        self.source.iter().enumerate().map(|(x, p)| p * of(x)).sum()
    }

    fn of_inputs(&self, letter: &Letter) -> f64 {
        self.mean(|x| divergence_term(letter[x].exp_m1()))
    }

    fn of_labels(&self, letter: &Letter) -> f64 {
        self.label_ratios(letter).iter().zip(&self.label_prior).map(|(u, p)| p * divergence_term(*u)).sum()
    }

    /// Log-ratios less the constant that makes `r` sum to one.
    fn normalised(&self, mut letter: Letter) -> Letter {
        let largest = letter.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        letter.iter_mut().for_each(|ratio| *ratio -= largest);
        let excess = self.mean(|x| letter[x].exp_m1());
        // Either is without cancellation where it is taken.
        let constant = if excess > -0.5 { excess.ln_1p() } else { self.mean(|x| letter[x].exp()).ln() };
        letter.iter_mut().for_each(|ratio| *ratio -= constant);
        letter
    }
}

/// The largest log-ratio: how far a letter is from the prior.
pub(super) fn distance(letter: &Letter) -> f64 {
    letter.iter().fold(0.0, |max, ratio| max.max(ratio.abs()))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `(1 + u) ln(1 + u) - u`, of which `KL(p (1 + u) || p)` is the mean where u has mean zero: never negative, and without
/// cancellation where u is small.
fn divergence_term(u: f64) -> f64 {
    if u <= -1.0 {
        return 1.0;
    }
    if u.abs() > 0.02 {
        return (1.0 + u) * u.ln_1p() - u;
    }
    // sum over k >= 2 of (-u)^k / (k (k - 1)): the tenth term is below rounding.
    let mut sum = 0.0;
    for k in (2..12).rev() {
        sum = f64::from(k * (k - 1)).recip() - u * sum;
    }
    u * u * sum
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;

    #[test]
    fn the_terms_of_a_divergence_lose_no_digits() {
        assert_eq!(divergence_term(-1.0), 1.0);
        assert_close!(divergence_term(1.0), 2.0 * 2f64.ln() - 1.0, rtol = 1e-15, atol = 0.0);
        // u^2 / 2 - u^3 / 6 + u^4 / 12, the rest below rounding.
        for u in [1e-3, -1e-3, 1e-8, -1e-8f64] {
            let series = u * u * (0.5 - u * (1.0 / 6.0 - u * (1.0 / 12.0 - u * (0.05 - u / 30.0))));
            assert_close!(divergence_term(u), series, rtol = 1e-15, atol = 0.0);
        }
        // Both ways meet: the product loses two digits there.
        for u in [0.02f64, -0.02] {
            let product = (1.0 + u) * u.ln_1p() - u;
            assert_close!(divergence_term(u), product, rtol = 1e-13, atol = 0.0);
        }
    }
}
