//! Estimators from counts, against their exact expectations over all samples.

use crate::draws::{counts, exactly};
use carnot_info::samples::{
    Counts, chao_shen_entropy, collision_entropy, collision_probability, grassberger_entropy, jackknife,
    miller_madow_entropy, plug_in_entropy,
};
use carnot_info::{Distribution, Estimate, InfoError, entropy};
use carnot_testkit::assert_close;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::f64::consts::LN_2;

/// Probabilities of two and three letters, from even to uneven.
const SOURCES: [&[f64]; 6] =
    [&[0.5, 0.5], &[0.2, 0.8], &[0.03, 0.97], &[0.25, 0.25, 0.5], &[0.1, 0.3, 0.6], &[0.02, 0.08, 0.9]];

fn of(counts: &[u64]) -> Counts {
    Counts::new(counts).unwrap()
}

fn entropy_of(probabilities: &[f64]) -> f64 {
    entropy(&Distribution::new(probabilities.to_vec()).unwrap())
}

/// `int_0^c u^(n-1) / (1 - u) du` by Simpson's rule; c below one, of either sign.
fn tail(c: f64, n: u64) -> f64 {
    let steps = 20_000;
    let f = |u: f64| u.powi(n as i32 - 1) / (1.0 - u);
    let h = c / f64::from(steps);
    let inner = (1..steps).map(|i| f(f64::from(i) * h) * if i % 2 == 0 { 2.0 } else { 4.0 });
    (f(0.0) + f(c) + inner.sum::<f64>()) * h / 3.0
}

#[test]
fn counts_are_checked() {
    assert_eq!(Counts::new(vec![]), Err(InfoError::NoObservations { letters: 0 }));
    assert_eq!(Counts::new(vec![0, 0]), Err(InfoError::NoObservations { letters: 2 }));
    assert!(matches!(Counts::new(vec![u64::MAX, 1]), Err(InfoError::OutOfRange { .. })));
    assert_eq!(Counts::of([0; 0]), Err(InfoError::NoObservations { letters: 0 }));
    let counts = Counts::of([usize::MAX, 1, usize::MAX, usize::MAX]).unwrap();
    assert_eq!(counts, of(&[1, 3]));
    assert_eq!(Counts::of("abracadabra".chars()).unwrap().counts(), [5, 2, 1, 1, 2]);
    assert_eq!((counts.total(), counts.observed(), counts.singletons()), (4, 2, 1));
}

#[test]
fn by_hand() {
    // Shares 1/2, 1/4, 1/4 of eight.
    let eight = of(&[4, 2, 0, 2]);
    let h = 1.5 * LN_2;
    assert_close!(plug_in_entropy(&eight).mean(), h, 1e-15, 0.0);
    // Var(-ln p) = ln^2 2 / 4 over 8, and (3 - 1) / (2 64).
    let std_err = (LN_2 * LN_2 / 32.0 + 1.0 / 64.0).sqrt();
    assert_close!(plug_in_entropy(&eight).std_err(), std_err, 1e-15, 0.0);
    assert_close!(miller_madow_entropy(&eight).mean(), h + 2.0 / 16.0, 1e-15, 0.0);
    assert_close!(miller_madow_entropy(&eight).std_err(), std_err, 1e-15, 0.0);
    // With G(2) = 2 - c and G(4) = 2 + 2/3 - c, c = gamma + ln 2: psi(8) - (G(4) + G(2)) / 2 and
    // psi(8) = 363/140 - gamma.
    let expected = 363.0 / 140.0 - (2.0 + 1.0 / 3.0) + LN_2;
    assert_close!(grassberger_entropy(&eight).mean(), expected, 1e-15, 0.0);
    // Coverage one: sum -p ln p / (1 - (1 - p)^8).
    let expected = 0.5 * LN_2 / (1.0 - 0.5_f64.powi(8)) + LN_2 / (1.0 - 0.75_f64.powi(8));
    assert_close!(chao_shen_entropy(&eight), expected, 1e-15, 0.0);
    // Two singletons of two: coverage 1/2, q = 1/4 each.
    let expected = 0.5 * 4.0_f64.ln() / (1.0 - 0.75 * 0.75);
    assert_close!(chao_shen_entropy(&of(&[1, 1])), expected, 1e-15, 0.0);
    // Pairs that agree: 12 + 2 + 2 of 56.
    assert_close!(collision_probability(&eight).unwrap().mean(), 16.0 / 56.0, 1e-15, 0.0);
    assert_close!(collision_entropy(&eight).unwrap().mean(), 3.5_f64.ln(), 1e-15, 0.0);
}

#[test]
fn one_letter_alone() {
    for n in [1, 2, 7, 1_000_000] {
        let alone = of(&[0, n]);
        for zero in [plug_in_entropy(&alone), miller_madow_entropy(&alone)] {
            assert_eq!((zero.mean(), zero.std_err()), (0.0, 0.0), "{n}");
        }
        assert_eq!(chao_shen_entropy(&alone), 0.0, "{n}");
        // Its documented bias, p = 1: -int_0^-1 u^(n-1) / (1 - u) du.
        if n < 10 {
            assert_close!(grassberger_entropy(&alone).mean(), -tail(-1.0, n), 0.0, 1e-12, "{n}");
        }
        assert!(grassberger_entropy(&alone).mean().abs() <= 1.0 / n as f64);
    }
    let alone = of(&[5]);
    assert_eq!(collision_probability(&alone), Ok(Estimate::exact(1.0)));
    assert_eq!(collision_entropy(&alone), Ok(Estimate::exact(0.0)));
    assert!(matches!(
        collision_probability(&of(&[1])),
        Err(InfoError::SamplesRequired { required: 2, found: 1, .. })
    ));
    assert_eq!(collision_entropy(&of(&[1, 1, 1])), Err(InfoError::NoCollision { samples: 3 }));
    assert!(matches!(jackknife(&of(&[1]), |_| 0.0), Err(InfoError::SamplesRequired { .. })));
    assert!(matches!(jackknife(&of(&[2]), |_| f64::NAN), Err(InfoError::InvalidEstimate { .. })));
}

#[test]
fn the_bias_of_grassbergers_entropy_is_the_integral() {
    for probabilities in SOURCES {
        for n in [1, 2, 5, 12] {
            let (mean, _) = exactly(probabilities, n, |counts| grassberger_entropy(counts).mean());
            let bias: f64 = probabilities.iter().map(|p| -p * tail(1.0 - 2.0 * p, n)).sum();
            // Simpson's rule at 20,000 steps, where 1 - u is at least 0.04: (c / 20,000)^4 times derivatives of 1e7.
            assert_close!(mean - entropy_of(probabilities), bias, 0.0, 1e-10, "{probabilities:?} {n}");
        }
    }
}

#[test]
fn the_plug_in_falls_short_and_the_corrections_less_so() {
    for probabilities in SOURCES {
        let truth = entropy_of(probabilities);
        for n in [2, 4, 8, 16, 32] {
            let bias = |estimator: &dyn Fn(&Counts) -> f64| exactly(probabilities, n, estimator).0 - truth;
            let plug_in = bias(&|counts| plug_in_entropy(counts).mean());
            assert!(plug_in < 0.0, "{probabilities:?} {n} {plug_in}");
            for (name, corrected) in [
                ("Miller-Madow", bias(&|counts| miller_madow_entropy(counts).mean())),
                (
                    "jackknife",
                    bias(&|counts| jackknife(counts, |c| plug_in_entropy(c).mean()).unwrap().mean()),
                ),
            ] {
                assert!(
                    corrected.abs() < plug_in.abs(),
                    "{name}: {probabilities:?} {n} {corrected} {plug_in}"
                );
            }
        }
    }
}

#[test]
fn orders_of_the_biases() {
    // Halving n: a bias of order 1/n doubles, one of order 1/n^2 quadruples. The next order is 1/(n p_min) of it.
    let probabilities = [0.3, 0.3, 0.4];
    let ratio = |estimator: &dyn Fn(&Counts) -> f64| {
        let bias = |n| exactly(&probabilities, n, estimator).0 - entropy_of(&probabilities);
        bias(40) / bias(80)
    };
    assert_close!(ratio(&|counts| plug_in_entropy(counts).mean()), 2.0, 0.05, 0.0);
    assert_close!(ratio(&|counts| miller_madow_entropy(counts).mean()), 4.0, 0.1, 0.0);
    let jackknifed = |counts: &Counts| jackknife(counts, |c| plug_in_entropy(c).mean()).unwrap().mean();
    assert_close!(ratio(&jackknifed), 4.0, 0.15, 0.0);
}

#[test]
fn the_collision_probability_has_no_bias_and_its_variance_is_hoeffdings() {
    for (shares, n) in
        [(vec![5, 5], 10), (vec![3, 9], 12), (vec![1, 19], 20), (vec![2, 4, 6], 12), (vec![8], 8)]
    {
        let probabilities: Vec<f64> = shares.iter().map(|count| *count as f64 / n as f64).collect();
        let probability = |counts: &Counts| collision_probability(counts).unwrap().mean();
        let (mean, variance) = exactly(&probabilities, n, probability);
        assert_close!(mean, probabilities.iter().map(|p| p * p).sum(), 1e-13, 0.0, "{shares:?}");
        // At counts whose shares are the probabilities the formula holds exactly.
        let std_err = collision_probability(&of(&shares)).unwrap().std_err();
        assert_close!(std_err, variance.sqrt(), 1e-11, 1e-15, "{shares:?}");
    }
}

#[test]
fn the_standard_error_of_the_plug_in_to_second_order() {
    // The even sources have no first order. What is left out is of relative order 1/(n p).
    for (shares, rtol) in [([50, 50], 0.02), ([30, 70], 0.01), ([10, 90], 0.05)] {
        let probabilities = shares.map(|count| count as f64 / 100.0);
        let (_, variance) = exactly(&probabilities, 100, |counts| plug_in_entropy(counts).mean());
        assert_close!(plug_in_entropy(&of(&shares)).std_err(), variance.sqrt(), rtol, 0.0, "{shares:?}");
    }
}

#[test]
fn estimates_from_many_letters() {
    // 1/k for 200 letters, seen 150 times: most of the alphabet is unseen or seen once.
    let weights: Vec<f64> = (1..=200).map(|k| 1.0 / f64::from(k)).collect();
    let total: f64 = weights.iter().sum();
    let probabilities: Vec<f64> = weights.iter().map(|w| w / total).collect();
    let truth = entropy_of(&probabilities);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let samples: Vec<Counts> = (0..400).map(|_| counts(&probabilities, 150, &mut rng)).collect();
    let bias = |estimator: &dyn Fn(&Counts) -> f64| {
        let values: Vec<f64> = samples.iter().map(|counts| estimator(counts) - truth).collect();
        Estimate::from_samples(&values).unwrap()
    };
    let plug_in = bias(&|counts| plug_in_entropy(counts).mean());
    let corrected = bias(&|counts| miller_madow_entropy(counts).mean());
    // Two thirds of the letters are unseen: Miller and Madow, who count those seen, mend less than half of the bias; of what
    // they leave, the others leave less than half.
    assert!(plug_in.mean() < -0.5 && corrected.mean() < 0.5 * plug_in.mean(), "{plug_in} {corrected}");
    for estimator in
        [&chao_shen_entropy as &dyn Fn(&Counts) -> f64, &|counts| grassberger_entropy(counts).mean()]
    {
        let found = bias(estimator);
        assert!(found.mean().abs() + 2.0 * found.std_err() < -0.5 * corrected.mean(), "{found} {corrected}");
    }
}

#[test]
fn standard_errors_are_the_spread_over_replicates() {
    let probabilities = [0.4, 0.25, 0.2, 0.1, 0.05];
    let truth = entropy_of(&probabilities);
    let collision: f64 = probabilities.iter().map(|p| p * p).sum();
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let samples: Vec<Counts> = (0..2000).map(|_| counts(&probabilities, 500, &mut rng)).collect();
    let mean_square_score = |truth: f64, estimate: &dyn Fn(&Counts) -> Estimate| {
        samples.iter().map(|counts| estimate(counts).z_score(truth).powi(2)).sum::<f64>()
            / samples.len() as f64
    };
    // The mean square of 2000 standard normal scores is 1 with standard error sqrt(2 / 2000) = 0.032; 0.02 more for the
    // estimators' own second order at n = 500.
    for (name, found) in [
        ("Miller-Madow", mean_square_score(truth, &miller_madow_entropy)),
        ("Grassberger", mean_square_score(truth, &grassberger_entropy)),
        (
            "Chao-Shen",
            mean_square_score(truth, &|counts| {
                let std_err = jackknife(counts, chao_shen_entropy).unwrap().std_err();
                Estimate::exact(chao_shen_entropy(counts)).with_std_err(std_err)
            }),
        ),
        (
            "jackknife",
            mean_square_score(truth, &|counts| jackknife(counts, |c| plug_in_entropy(c).mean()).unwrap()),
        ),
        ("collisions", mean_square_score(collision, &|counts| collision_probability(counts).unwrap())),
        (
            "collision entropy",
            mean_square_score(-collision.ln(), &|counts| collision_entropy(counts).unwrap()),
        ),
    ] {
        assert_close!(found, 1.0, 0.0, 4.0 * 0.032 + 0.02, "{name}");
    }
}

proptest! {
    #[test]
    fn order_and_unseen_letters_do_not_matter(mut seen in prop::collection::vec(0..40u64, 1..12), at in 0..12usize) {
        seen[0] += 2;
        let before = of(&seen);
        seen.reverse();
        seen.insert(at.min(seen.len()), 0);
        let after = of(&seen);
        for estimator in [plug_in_entropy, miller_madow_entropy, grassberger_entropy] {
            assert_close!(estimator(&before).mean(), estimator(&after).mean(), 1e-14, 1e-14);
            assert_close!(estimator(&before).std_err(), estimator(&after).std_err(), 1e-14, 0.0);
        }
        assert_close!(chao_shen_entropy(&before), chao_shen_entropy(&after), 1e-14, 0.0);
        // Chao and Shen's estimate is between zero and the logarithm of what is likely there; never below the plug-in
        // of a covered sample.
        if before.singletons() == 0 {
            prop_assert!(chao_shen_entropy(&before) >= plug_in_entropy(&before).mean());
        }
        let h = plug_in_entropy(&before).mean();
        prop_assert!(h >= 0.0 && h <= (before.observed() as f64).ln() + 1e-14);
    }

    #[test]
    fn the_jackknife_leaves_an_estimate_without_bias_alone(mut seen in prop::collection::vec(0..40u64, 1..12)) {
        seen[0] += 3;
        let counts = of(&seen);
        let probability = |counts: &Counts| collision_probability(counts).unwrap().mean();
        let found = jackknife(&counts, probability).unwrap();
        // Differences of order 1/n are multiplied by n.
        assert_close!(found.mean(), probability(&counts), 1e-11, 1e-12);
    }
}
