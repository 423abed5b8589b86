//! Plain alternation on problems without a closed form: what it must satisfy whatever the problem.

use carnot_testkit::closed_forms::uniform_hamming;
use carnot_testkit::strategies::{convex_multipliers, discrete_problem, multipliers};
use carnot_testkit::{DiscreteProblem, PlainSolution, Stop, assert_close, plain_alternation, tier};
use proptest::prelude::*;

/// So many updates, whatever the gap, which can be zero or a rounding below.
fn updates(updates: usize) -> Stop {
    Stop { gap: f64::NEG_INFINITY, updates }
}

/// R, D and C of an encoder with its own marginal and classifier, each from its definition.
fn functionals(problem: &DiscreteProblem, encoder: &[f64]) -> [f64; 3] {
    let DiscreteProblem { n_x, n_y, n_z, .. } = *problem;
    let p = problem.source();
    let cells = || {
        (0..n_x)
            .flat_map(|x| (0..n_z).map(move |z| (x, z)))
            .filter(|&(x, z)| p[x] * encoder[x * n_z + z] > 0.0)
    };
    let marginal = |z: usize| (0..n_x).map(|x| p[x] * encoder[x * n_z + z]).sum::<f64>();
    let joint =
        |y: usize, z: usize| (0..n_x).map(|x| problem.joint[x * n_y + y] * encoder[x * n_z + z]).sum::<f64>();
    let rate =
        cells().map(|(x, z)| p[x] * encoder[x * n_z + z] * (encoder[x * n_z + z] / marginal(z)).ln()).sum();
    let distortion =
        cells().map(|(x, z)| p[x] * encoder[x * n_z + z] * problem.distortion[x * n_z + z]).sum();
    let labels = (0..n_y).flat_map(|y| (0..n_z).map(move |z| (y, z))).filter(|&(y, z)| joint(y, z) > 0.0);
    let classification = labels.map(|(y, z)| -joint(y, z) * (joint(y, z) / marginal(z)).ln()).sum();
    [rate, distortion, classification]
}

/// The size of what is added up in F, for rounding: the logarithm of a c(y|z) near one is known to a unit in the last
/// place of one, however small C is.
fn scale(found: &PlainSolution, lambda: f64, gamma: f64) -> f64 {
    1.0 + found.rate + lambda * found.distortion + gamma * (1.0 + found.classification)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(tier::cases(64, 1000)))]

    #[test]
    fn the_free_energy_never_rises(
        problem in discrete_problem(1..=8, 1..=4, 1..=8), (lambda, gamma) in multipliers(), seed in any::<u64>(),
    ) {
        // Seen one update after another, at every gamma.
        let start = problem.random_encoder(seed);
        let mut before = f64::INFINITY;
        for count in [1, 2, 3, 5, 10, 30, 100] {
            let found = plain_alternation(&problem, lambda, gamma, &start, updates(count));
            prop_assert!(found.updates == count && found.free_energy.is_finite());
            // The rounding of a sum of at most 64 terms of this size.
            prop_assert!(found.free_energy <= before + 1e-14 * scale(&found, lambda, gamma));
            before = found.free_energy;
        }
    }

    #[test]
    fn no_encoder_lies_below_the_lower_bound(
        problem in discrete_problem(1..=64, 1..=10, 1..=64), (lambda, gamma) in convex_multipliers(),
        seed in any::<u64>(),
    ) {
        let start = problem.diagonal_encoder();
        let best = plain_alternation(&problem, lambda, gamma, &start, Stop { gap: 1e-9, updates: 300 });
        let rounding = 1e-13 * scale(&best, lambda, gamma);
        // Of few updates, of one, and of many: the bound of each is below the best of all.
        for count in [1, 2, 10, 100] {
            let found = plain_alternation(&problem, lambda, gamma, &problem.random_encoder(seed), updates(count));
            let bounds = [(found.lower_bound, best.free_energy), (best.lower_bound, found.free_energy)];
            prop_assert!(bounds.iter().all(|(low, high)| *low <= high + rounding), "{bounds:?}");
        }
    }

    #[test]
    fn what_is_returned_fits_together(
        problem in discrete_problem(1..=8, 1..=4, 1..=8), (lambda, gamma) in multipliers(), seed in any::<u64>(),
    ) {
        let found = plain_alternation(&problem, lambda, gamma, &problem.random_encoder(seed), updates(20));
        let (p, n_z) = (problem.source(), problem.n_z);
        for (row, rho) in found.encoder.chunks(n_z).zip(problem.distortion.chunks(n_z)) {
            assert_close!(row.iter().sum(), 1.0, rtol = 1e-14, atol = 0.0);
            prop_assert!(row.iter().zip(rho).all(|(e, rho)| rho.is_finite() || *e == 0.0));
        }
        // Rounding of sums of at most 64 terms of order one, times the size of the distortions.
        let [rate, distortion, classification] = functionals(&problem, &found.encoder);
        assert_close!(found.rate, rate, rtol = 1e-12, atol = 1e-14);
        assert_close!(found.distortion, distortion, rtol = 1e-12, atol = 0.0);
        assert_close!(found.classification, classification, rtol = 1e-12, atol = 1e-14);
        assert_close!(found.free_energy, rate + lambda * distortion + gamma * classification, rtol = 1e-12, atol = 1e-13);
        for (z, (m, c)) in found.marginal.iter().zip(found.classifier.chunks(problem.n_y)).enumerate() {
            let expected = (0..problem.n_x).map(|x| p[x] * found.encoder[x * n_z + z]).sum();
            assert_close!(*m, expected, rtol = 1e-13, atol = 0.0);
            prop_assert!(*m < 1e-290 || (c.iter().sum::<f64>() - 1.0).abs() < 1e-13);
        }
        prop_assert_eq!(found.gap() == f64::INFINITY, gamma > 1.0);
    }
}

#[test]
fn the_gap_closes() {
    // Far from a transition plain alternation converges linearly; a Hamming source of eight letters, unequal.
    let p = [0.3, 0.2, 0.15, 0.12, 0.1, 0.06, 0.04, 0.03];
    let problem = DiscreteProblem::rate_distortion(&p, uniform_hamming::table(8));
    let gap =
        |count| plain_alternation(&problem, 4.0, 0.0, &problem.diagonal_encoder(), updates(count)).gap();
    let (first, second, third) = (gap(20), gap(40), gap(60));
    assert!(second < 0.1 * first && third < 0.1 * second, "{first:e}, {second:e}, {third:e}");
    let found = plain_alternation(&problem, 4.0, 0.0, &problem.diagonal_encoder(), Stop::default());
    assert!(found.gap() <= 1e-9 && found.updates < 1000, "{} updates", found.updates);
}

#[test]
fn a_letter_that_nothing_uses_is_no_trouble() {
    // exp(-1e5) is zero in the number range: the second letter is gone after one update, and F is that of the first.
    let problem = DiscreteProblem {
        n_x: 2,
        n_y: 2,
        n_z: 2,
        joint: vec![0.5, 0.0, 0.0, 0.5],
        distortion: vec![0.0, 1e5, 0.0, 1e5],
    };
    let found = plain_alternation(&problem, 1.0, 0.5, &problem.random_encoder(1), Stop::default());
    assert_close!(found.free_energy, 0.5 * 2f64.ln(), rtol = 1e-14, atol = 0.0);
    assert!(found.gap().abs() < 1e-9, "{found:?}");
    assert_eq!(found.marginal[1], 0.0);
}

#[test]
fn a_forbidden_pair_stays_forbidden_without_a_multiplier() {
    let infinite = f64::INFINITY;
    let problem = DiscreteProblem::rate_distortion(&[0.5, 0.5], vec![1.0, infinite, infinite, 1.0]);
    let found = plain_alternation(&problem, 0.0, 0.0, &problem.random_encoder(1), Stop::default());
    assert_close!(found.free_energy, 2f64.ln(), rtol = 1e-14, atol = 0.0);
    assert_eq!(found.distortion, 1.0);
}
