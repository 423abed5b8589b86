//! Surfaces with flat pieces and kinks, where a multiplier is not identified.

use crate::numeric::entropy;

/// A free decoder table: `D = H(X|Z)`, so that `R + D = H` exactly, and with `|Z| >= |X|` at `gamma = 0`
/// `F(lambda) = min(1, lambda) H`. A first-order transition at `lambda = 1`.
pub fn free_decoder(source_entropy: f64, lambda: f64) -> f64 {
    lambda.min(1.0) * source_entropy
}

/// A free decoder table with fewer letters than the source: `F(lambda) = lambda H - max(lambda - 1, 0) I_max`, `I_max`
/// from [`largest_information`].
pub fn small_free_decoder(source_entropy: f64, largest_information: f64, lambda: f64) -> f64 {
    lambda * source_entropy - (lambda - 1.0).max(0.0) * largest_information
}

/// `I_max`, the largest `I(X;Z)` with `n_z` letters: `I` is convex in the encoder, so some map of X attains it, and of a
/// map it is the entropy of the group probabilities. All `n_z^|X|` maps are looked at.
pub fn largest_information(p: &[f64], n_z: usize) -> f64 {
    let maps = n_z.pow(p.len() as u32);
    let information = |map: usize| {
        let mut groups = vec![0.0; n_z];
        let mut rest = map;
        for p in p {
            groups[rest % n_z] += p;
            rest /= n_z;
        }
        entropy(&groups)
    };
    (0..maps).map(information).fold(0.0, f64::max)
}

/// Labels that are a function of X, and `|Z|` at least the number of classes: the bottleneck curve is
/// `I(Z;Y) = min(I(X;Z), H(Y))`, so `F(0, gamma) = min(1, gamma) H(Y)` and the curve has one multiplier all along.
///
/// Source: Kolchinsky, Tracey and Van Kuyk, *Caveats for information bottleneck in deterministic scenarios*, ICLR 2019.
pub fn deterministic_labels(label_entropy: f64, gamma: f64) -> f64 {
    gamma.min(1.0) * label_entropy
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::strategies::log_uniform;
    use crate::{DiscreteProblem, Stop, assert_close, plain_alternation};

    /// `min I(X;Z) + lambda H(X|Z)` by alternation from one start: encoder, then marginal and decoder.
    fn alternate(p: &[f64], n_z: usize, lambda: f64, start: &[f64]) -> f64 {
        let n_x = p.len();
        let mut encoder = start.to_vec();
        let mut free_energy = f64::INFINITY;
        for _ in 0..2000 {
            let marginal: Vec<f64> =
                (0..n_z).map(|z| (0..n_x).map(|x| p[x] * encoder[x * n_z + z]).sum()).collect();
            // The decoder of the previous encoder, p(x) e(z|x) / m(z), taken to the power lambda.
            let weight = |x: usize, z: usize| {
                let m: f64 = marginal[z];
                if m > 0.0 { m * (p[x] * encoder[x * n_z + z] / m).powf(lambda) } else { 0.0 }
            };
            let table: Vec<f64> = (0..n_x * n_z).map(|i| weight(i / n_z, i % n_z)).collect();
            let totals: Vec<f64> = table.chunks(n_z).map(|row| row.iter().sum()).collect();
            encoder = table.iter().enumerate().map(|(i, weight)| weight / totals[i / n_z]).collect();
            free_energy = -p.iter().zip(&totals).map(|(p, total)| p * total.ln()).sum::<f64>();
        }
        free_energy
    }

    #[test]
    fn alternation_from_many_starts_does_not_beat_a_free_decoder() {
        let p = [0.5, 0.3, 0.15, 0.05];
        let problem = |n_z| DiscreteProblem::rate_distortion(&p, vec![0.0; 4 * n_z]);
        for (n_z, lambda) in [(4, 0.7), (4, 1.5), (2, 0.7), (2, 1.5), (3, 2.0)] {
            let source_entropy = entropy(&p);
            let exact = if n_z == 4 {
                free_decoder(source_entropy, lambda)
            } else {
                small_free_decoder(source_entropy, largest_information(&p, n_z), lambda)
            };
            let best = (0..40)
                .map(|seed| alternate(&p, n_z, lambda, &problem(n_z).random_encoder(seed)))
                .fold(f64::INFINITY, f64::min);
            // Alternation converges linearly here, and the best of forty starts is the global minimum.
            assert_close!(best, exact, rtol = 1e-12, atol = 0.0, "|Z| = {n_z}, lambda {lambda}");
        }
        assert_close!(largest_information(&p, 4), entropy(&p), rtol = 1e-15, atol = 0.0);
        assert_close!(largest_information(&p, 2), 2f64.ln(), rtol = 1e-15, atol = 0.0);
    }

    proptest! {
        #[test]
        fn plain_alternation_agrees_on_deterministic_labels(
            weights in prop::collection::vec(0.1..1.0f64, 2..6), gamma in log_uniform(0.1, 10.0),
        ) {
            let total: f64 = weights.iter().sum();
            let p: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
            // Y is X modulo 2.
            let joint = p.iter().enumerate().flat_map(|(x, &p)| if x % 2 == 0 { [p, 0.0] } else { [0.0, p] }).collect();
            let problem = DiscreteProblem { n_x: p.len(), n_y: 2, n_z: 2, joint, distortion: vec![0.0; 2 * p.len()] };
            let even: f64 = p.iter().step_by(2).sum();
            // Converges like gamma^updates, or its inverse: leave out the neighbourhood of the kink.
            prop_assume!((gamma - 1.0).abs() > 0.05);
            let start = problem.diagonal_encoder();
            let found = plain_alternation(&problem, 0.0, gamma, &start, Stop { gap: 1e-12, updates: 3000 });
            let exact = deterministic_labels(entropy(&[even, 1.0 - even]), gamma);
            assert_close!(found.free_energy, exact, rtol = 0.0, atol = 1e-11);
        }
    }
}
