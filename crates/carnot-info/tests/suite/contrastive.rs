//! InfoNCE, against closed forms and for correlated Gaussians.

use crate::draws::normal;
use carnot_info::samples::{info_nce, info_nce_of_batches};
use carnot_info::{Estimate, InfoError};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::{log_uniform, signed};
use ndarray::{Array2, Array3, array};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::f64::consts::LN_2;

#[test]
fn info_nce_at_its_limits() {
    assert_close!(info_nce(Array2::zeros((5, 5)).view()).unwrap(), 0.0, 0.0, 1e-15);
    assert_eq!(info_nce(array![[-3.0]].view()), Ok(0.0));
    let minus = f64::NEG_INFINITY;
    assert_eq!(info_nce(array![[0.0, minus], [minus, 0.0]].view()), Ok(LN_2));
    assert_eq!(info_nce(array![[1e4, -1e4], [-1e4, 1e4]].view()), Ok(LN_2));
    assert_eq!(info_nce(array![[-1e4, 1e4], [1e4, -1e4]].view()), Ok(LN_2 - 2e4));
    assert_eq!(info_nce(array![[minus, 0.0], [0.0, 0.0]].view()), Ok(minus));
    // Rows (ln 3, 0) and (0, ln 3): ln 2 + ln(3/4).
    let log = 3.0_f64.ln();
    let found = info_nce(array![[log, 0.0], [0.0, log]].view()).unwrap();
    assert_close!(found, 1.5_f64.ln(), 1e-15, 0.0);
    let batches =
        Array3::from_shape_vec((2, 2, 2), vec![0.0, minus, minus, 0.0, 0.0, 0.0, 0.0, 0.0]).unwrap();
    let found = info_nce_of_batches(batches.view()).unwrap();
    assert_close!(found.mean(), 0.5 * LN_2, 1e-15, 0.0);
    assert_close!(found.std_err(), 0.5 * LN_2, 1e-15, 0.0);
}

#[test]
fn scores_are_checked() {
    assert!(matches!(info_nce(Array2::zeros((0, 0)).view()), Err(InfoError::InvalidShape { .. })));
    assert!(matches!(info_nce(Array2::zeros((2, 3)).view()), Err(InfoError::InvalidShape { .. })));
    for bad in [f64::NAN, f64::INFINITY] {
        let refused = info_nce(array![[0.0, 0.0], [bad, 0.0]].view());
        assert!(matches!(refused, Err(InfoError::InvalidLogWeight { row: 1, column: 0, .. })));
    }
    let empty = array![[0.0, 0.0], [f64::NEG_INFINITY, f64::NEG_INFINITY]];
    assert_eq!(info_nce(empty.view()), Err(InfoError::ZeroWeights { row: 1 }));
    let one = Array3::zeros((1, 2, 2));
    assert_eq!(info_nce_of_batches(one.view()), Err(InfoError::TooFewSamples { found: 1 }));
}

/// InfoNCE with the best critic for a correlated pair of Gaussians, from batches of n pairs.
fn info_nce_of_correlated_pairs(rho: f64, n: usize, batches: usize, rng: &mut ChaCha8Rng) -> Estimate {
    let noise = (1.0 - rho * rho).sqrt();
    let mut scores = Array3::zeros((batches, n, n));
    for mut batch in scores.outer_iter_mut() {
        let x: Vec<f64> = (0..n).map(|_| normal(rng)).collect();
        let z: Vec<f64> = x.iter().map(|x| rho * x + noise * normal(rng)).collect();
        for ((i, j), score) in batch.indexed_iter_mut() {
            // ln p(z|x) - ln p(z), up to a constant.
            *score = 0.5 * z[j] * z[j] - 0.5 * ((z[j] - rho * x[i]) / noise).powi(2);
        }
    }
    info_nce_of_batches(scores.view()).unwrap()
}

#[test]
fn info_nce_of_gaussians() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let rho: f64 = 0.8;
    let information = -0.5 * (1.0 - rho * rho).ln();
    // With more negatives the bound rises towards I; the loss is about Var(p(z|x)/p(z)) / 2n.
    let few = info_nce_of_correlated_pairs(rho, 4, 2000, &mut rng);
    let many = info_nce_of_correlated_pairs(rho, 200, 100, &mut rng);
    assert!(few.z_score(information) < -4.0 && few.mean() < many.mean(), "{few} {many} {information}");
    assert!(many.z_score(information) < 3.0, "{many} {information}");
    assert_close!(many.mean(), information, 0.0, 0.03);
    // An information of 5 nats does not fit under a ceiling of ln 8.
    let capped = info_nce_of_correlated_pairs((1.0 - (-10.0_f64).exp()).sqrt(), 8, 50, &mut rng);
    assert!(capped.mean() <= 8.0_f64.ln() && capped.mean() > 0.9 * 8.0_f64.ln());
}

proptest! {
    #[test]
    fn info_nce_does_not_see_what_depends_on_the_row_alone(
        scores in signed(36),
        shifts in signed(6),
        scale in log_uniform(1e-2, 1e3),
    ) {
        let scores = Array2::from_shape_vec((6, 6), scores).unwrap() * scale;
        let found = info_nce(scores.view()).unwrap();
        let shifted = Array2::from_shape_fn((6, 6), |(i, j)| scores[[i, j]] + scale * shifts[i]);
        assert_close!(info_nce(shifted.view()).unwrap(), found, 1e-14, 1e-14 * (1.0 + scale));
        prop_assert!(found <= 6.0_f64.ln());
        // The plain formula, where it does not overflow.
        if scale < 100.0 {
            let plain: f64 = (0..6).map(|i| {
                let total: f64 = (0..6).map(|j| scores[[i, j]].exp()).sum();
                (6.0 * scores[[i, i]].exp() / total).ln() / 6.0
            }).sum();
            assert_close!(found, plain, 1e-13, 1e-13);
        }
    }
}
