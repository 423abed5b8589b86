//! A source with erasure distortion: reproduce a letter at no cost, never a wrong one, or erase it at cost one.
//!
//! With `w(x) = p(x) e(erased|x)` and `D = sum_x w(x)`, `R = H(p) - D H(w / D)`. At given D the entropy is largest for
//! `w(x) = min(p(x), c)`, water filled to the level c. So `R(D) = H(p) - D H(w / D)`, which is `(1 - D) H(p)` for a
//! uniform source only, and `lambda = -dR/dD = ln(D / c)`. The slope is the same `ln K` from `D = 0` until the rarest of
//! the K letters is always erased: there D jumps.

use crate::numeric::{entropy, water_level};

/// The distortion table, row after row: one row a source letter, its columns the letters and last the erasure. Zero on
/// the diagonal, one for an erasure, otherwise infinite.
pub fn table(letters: usize) -> Vec<f64> {
    let entry = |x: usize, z: usize| match z {
        _ if z == x => 0.0,
        _ if z == letters => 1.0,
        _ => f64::INFINITY,
    };
    (0..letters).flat_map(|x| (0..=letters).map(move |z| entry(x, z))).collect()
}

/// `w(x) = min(p(x), c)` for a level c.
fn erased(p: &[f64], level: f64) -> Vec<f64> {
    p.iter().map(|p| p.min(level)).collect()
}

/// `R(D) = H(p) - D H(w / D)`, `w = min(p, c)`, `sum w = D`; zero from `D = 1` on.
pub fn rate(p: &[f64], distortion: f64) -> f64 {
    if distortion >= 1.0 {
        return 0.0;
    }
    let erased = erased(p, water_level(p, distortion));
    let total: f64 = erased.iter().sum();
    // D H(w / D) = D ln D - sum w ln w.
    entropy(p) - (entropy(&erased) - entropy(&[total]))
}

/// `lambda(D) = ln(D / c)` for `0 < D < 1`.
pub fn multiplier(p: &[f64], distortion: f64) -> f64 {
    (distortion / water_level(p, distortion)).ln()
}

/// `D(lambda)`: zero from `lambda = ln K` on (K letters of positive probability), one up to `-ln max p`, between them
/// the D for which `D / c = e^lambda`. At `ln K` itself, where D jumps, the lower end.
pub fn distortion(p: &[f64], lambda: f64) -> f64 {
    erased(p, level_at(p, lambda)).iter().sum()
}

/// `F(lambda) = R + lambda D`; that is `H(p)` from `lambda = ln K` on and lambda up to `-ln max p`.
pub fn free_energy(p: &[f64], lambda: f64) -> f64 {
    let distortion = distortion(p, lambda);
    rate(p, distortion) + lambda * distortion
}

/// The level c with `sum_x min(p(x), c) = c e^lambda`.
fn level_at(p: &[f64], lambda: f64) -> f64 {
    let mut sorted: Vec<f64> = p.iter().copied().filter(|&p| p > 0.0).collect();
    sorted.sort_by(f64::total_cmp);
    let ratio = lambda.exp();
    let mut full = 0.0;
    for (k, &p) in sorted.iter().enumerate() {
        let rising = (sorted.len() - k) as f64;
        // D / c falls as the level rises; this is its value when the level comes to p.
        if ratio >= full / p + rising {
            return if k == 0 { 0.0 } else { full / (ratio - rising) };
        }
        full += p;
    }
    sorted.last().copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::checks::{RateDistortion, check_by_alternation};
    use super::*;
    use crate::strategies::log_uniform;
    use crate::{DiscreteProblem, Stop, assert_close, plain_alternation};

    #[test]
    fn the_printed_numbers() {
        // Up to D = 0.4 both letters are erased alike: h(0.2) - D ln 2, by hand to ten digits.
        assert_close!(rate(&[0.2, 0.8], 0.3), 0.2924582694, rtol = 0.0, atol = 0.5e-10);
        // A bound from below that needs none of the formulas: F(ln 2) - D ln 2 with a certified F.
        let problem = DiscreteProblem::rate_distortion(&[0.2, 0.8], table(2));
        let found = plain_alternation(&problem, 2f64.ln(), 0.0, &problem.random_encoder(1), Stop::default());
        let bound = found.lower_bound - 0.3 * 2f64.ln();
        assert!(found.gap() < 1e-9 && bound > 0.2924582, "R(0.3) >= {bound}");
        // D jumps from 0.4 to 0 at lambda = ln 2.
        let jump = 2f64.ln();
        assert_close!(distortion(&[0.2, 0.8], jump - 1e-12), 0.4, rtol = 0.0, atol = 1e-11);
        assert_eq!(distortion(&[0.2, 0.8], jump + 1e-12), 0.0);
        assert_eq!(distortion(&[0.2, 0.8], 0.999 * -0.8f64.ln()), 1.0);
    }

    #[test]
    fn a_uniform_source_erases_every_letter_alike() {
        for d in [0.1, 0.5, 0.9] {
            assert_close!(rate(&[0.25; 4], d), (1.0 - d) * 4f64.ln(), rtol = 1e-14, atol = 0.0);
        }
    }

    proptest! {
        #[test]
        fn rate_multiplier_distortion_and_free_energy_agree(
            mut weights in prop::collection::vec(0.05..1.0f64, 2..6), place in 0.05..0.95f64,
        ) {
            // Apart, so that there is room between the least and the greatest multiplier.
            weights[0] += 1.0;
            let total: f64 = weights.iter().sum();
            let p: Vec<f64> = weights.iter().map(|w| w / total).collect();
            let (low, high) = (-p[0].ln(), (p.len() as f64).ln());
            let lambda = low + place * (high - low);
            // A stencil that straddles the entry of another letter is no stencil: the slope has a corner there.
            let full = |level: f64| p.iter().filter(|&&p| p < level).count();
            let d = distortion(&p, lambda);
            prop_assume!(full(level_at(&p, 0.99 * lambda)) == full(level_at(&p, 1.01 * lambda)));
            prop_assume!(full(water_level(&p, 0.99 * d)) == full(water_level(&p, (1.01 * d).min(1.0))));
            let curve = RateDistortion {
                rate: |d| rate(&p, d),
                multiplier: |d| multiplier(&p, d),
                distortion: |l| distortion(&p, l),
                free_energy: |l| free_energy(&p, l),
            };
            curve.check_at(lambda, 1.0);
        }

        #[test]
        fn plain_alternation_reaches_it(
            others in prop::collection::vec(prop_oneof![Just(0.0), 0.02..1.0, 0.02..1.0], 1..5),
            lambda in log_uniform(0.1, 10.0),
        ) {
            // Rare letters make alternation slow, absent ones do not.
            let total = 1.0 + others.iter().sum::<f64>();
            let p: Vec<f64> = [1.0].iter().chain(&others).map(|weight| weight / total).collect();
            let problem = DiscreteProblem::rate_distortion(&p, table(p.len()));
            check_by_alternation(&problem, lambda, 0.0, free_energy(&p, lambda));
        }
    }
}
