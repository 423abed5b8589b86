//! The evidence by importance weights, for a linear-Gaussian model whose evidence is known.

use crate::draws::normal;
use carnot_info::gaussian::{self, Covariance, Gaussian, LinearChannel};
use carnot_info::samples::{effective_sample_size, importance_log_evidence, log_evidences};
use carnot_info::{Estimate, InfoError};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::{log_uniform, signed};
use ndarray::{Array2, array};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::f64::consts::{LN_2, TAU};

fn log_normal(x: f64, mean: f64, variance: f64) -> f64 {
    -0.5 * ((x - mean).powi(2) / variance + (TAU * variance).ln())
}

/// Log-weights of the model z ~ N(0, 1), x|z ~ N(z, 1/2) at data x ~ N(0, 3/2), from an encoder N(a x, v).
fn gaussian_log_weights(a: f64, v: f64, n: usize, k: usize, rng: &mut ChaCha8Rng) -> (Vec<f64>, Array2<f64>) {
    let data: Vec<f64> = (0..n).map(|_| 1.5_f64.sqrt() * normal(rng)).collect();
    let weights = Array2::from_shape_fn((n, k), |(i, _)| {
        let (x, mean) = (data[i], a * data[i]);
        let z = mean + v.sqrt() * normal(rng);
        log_normal(z, 0.0, 1.0) + log_normal(x, z, 0.5) - log_normal(z, mean, v)
    });
    (data, weights)
}

#[test]
fn the_posterior_gives_the_evidence_from_one_draw() {
    // x|z of variance 1/2 and z of variance 1: the posterior is N(2/3 x, 1/3), and every weight is p(x).
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    for k in [1, 5] {
        let (data, weights) = gaussian_log_weights(2.0 / 3.0, 1.0 / 3.0, 50, k, &mut rng);
        for ((x, found), row) in data.iter().zip(log_evidences(weights.view()).unwrap()).zip(weights.rows()) {
            // Squares of numbers up to 5 over 1/3, each rounded.
            assert_close!(found, log_normal(*x, 0.0, 1.5), 0.0, 1e-13);
            assert_close!(effective_sample_size(&row.to_vec()).unwrap(), k as f64, 1e-12, 0.0);
        }
    }
}

#[test]
fn importance_weights_bound_the_evidence_from_below() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (a, v) = (0.4, 0.6);
    // E ln p(x) under the data is minus their entropy.
    let truth = -0.5 * (TAU * 1.5).ln() - 0.5;
    // At k = 1 the bound is -(R + D), which the closed forms give.
    let unit = Gaussian::centred(Covariance::isotropic(1, 1.0).unwrap());
    let source = Gaussian::centred(Covariance::isotropic(1, 1.5).unwrap());
    let line = |weight: f64, noise: f64| {
        LinearChannel::new(array![[weight]].view(), vec![0.0], Covariance::isotropic(1, noise).unwrap())
            .unwrap()
    };
    let encoder = line(a, v);
    let rate = gaussian::rate(&source, &encoder, &unit).unwrap();
    let distortion = gaussian::distortion(&source, &encoder, &line(1.0, 0.5)).unwrap();
    let mut last = f64::NEG_INFINITY;
    for (k, n) in [(1, 40_000), (4, 20_000), (32, 5000), (500, 2000)] {
        let (_, weights) = gaussian_log_weights(a, v, n, k, &mut rng);
        let found = importance_log_evidence(weights.view()).unwrap();
        if k == 1 {
            assert!(found.z_score(-rate - distortion).abs() < 4.0, "{found} {rate} {distortion}");
        }
        // Below the truth but for four standard errors, and above the bound with fewer draws but for them.
        assert!(
            found.z_score(truth) < 4.0 && found.mean() > last - 4.0 * found.std_err(),
            "{k} {found} {last}"
        );
        last = found.mean();
        if k == 500 {
            // Var(w) / 2k is below 0.005.
            assert!((found.mean() - truth).abs() < 0.005 + 4.0 * found.std_err(), "{found} {truth}");
        }
    }
}

#[test]
fn evidences_have_no_bias_before_the_logarithm() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let (data, weights) = gaussian_log_weights(0.5, 0.5, 4000, 3, &mut rng);
    let logs = log_evidences(weights.view()).unwrap();
    let ratios: Vec<f64> =
        data.iter().zip(logs).map(|(x, log)| (log - log_normal(*x, 0.0, 1.5)).exp()).collect();
    let found = Estimate::from_samples(&ratios).unwrap();
    assert!(found.z_score(1.0).abs() < 4.0 && found.std_err() < 0.02, "{found}");
}

#[test]
fn log_weights_at_their_limits() {
    let minus = f64::NEG_INFINITY;
    assert_eq!(log_evidences(array![[-1e4, -1e4], [1e4, minus]].view()), Ok(vec![-1e4, 1e4 - LN_2]));
    assert_eq!(log_evidences(array![[0.0], [minus]].view()), Err(InfoError::ZeroWeights { row: 1 }));
    for bad in [f64::NAN, f64::INFINITY] {
        let refused = log_evidences(array![[0.0, 0.0], [0.0, bad]].view());
        assert!(matches!(refused, Err(InfoError::InvalidLogWeight { row: 1, column: 1, .. })));
        assert!(matches!(effective_sample_size(&[0.0, bad]), Err(InfoError::InvalidLogWeight { .. })));
    }
    assert!(matches!(log_evidences(Array2::zeros((2, 0)).view()), Err(InfoError::InvalidShape { .. })));
    assert!(matches!(effective_sample_size(&[]), Err(InfoError::InvalidShape { .. })));
    assert!(matches!(effective_sample_size(&[minus]), Err(InfoError::ZeroWeights { .. })));
    let one = importance_log_evidence(array![[0.0, 0.0]].view());
    assert_eq!(one, Err(InfoError::TooFewSamples { found: 1 }));
    assert_eq!(effective_sample_size(&[1e4, 1e4, 1e4, minus]), Ok(3.0));
    assert_eq!(effective_sample_size(&[1e4, -1e4]), Ok(1.0));
    // Weights 1 and 2: 9/5.
    assert_close!(effective_sample_size(&[-1e4, -1e4 + LN_2]).unwrap(), 1.8, 1e-11, 0.0);
}

proptest! {
    #[test]
    fn effective_sample_sizes_are_between_one_and_the_number(
        logs in (1..20usize).prop_flat_map(signed),
        scale in log_uniform(1e-12, 1e4),
        shift in -1e4..1e4_f64,
    ) {
        let logs: Vec<f64> = logs.iter().map(|log| scale * log).collect();
        let found = effective_sample_size(&logs).unwrap();
        prop_assert!((1.0..=logs.len() as f64).contains(&found));
        let (total, squares) = logs.iter().fold((0.0, 0.0), |(t, s), log| (t + log.exp(), s + (2.0 * log).exp()));
        if scale < 100.0 {
            assert_close!(found, total * total / squares, 1e-12, 0.0);
        }
        let shifted: Vec<f64> = logs.iter().map(|log| log + shift).collect();
        // Differences of numbers up to 2e4 are rounded by 4e-12.
        assert_close!(effective_sample_size(&shifted).unwrap(), found, 1e-10, 0.0);
    }

    #[test]
    fn more_weights_are_the_log_of_their_mean(logs in (1..20usize).prop_flat_map(signed), scale in log_uniform(1e-3, 1e2)) {
        let row = Array2::from_shape_vec((1, logs.len()), logs.iter().map(|log| scale * log).collect()).unwrap();
        let plain = (row.mapv(f64::exp).sum() / logs.len() as f64).ln();
        assert_close!(log_evidences(row.view()).unwrap()[0], plain, 1e-14, 1e-14);
    }
}
