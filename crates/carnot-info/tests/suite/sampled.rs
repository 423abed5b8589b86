//! Monte-Carlo functionals and bounds, against exact values and over replicates.

use crate::draws::{letter, normal};
use carnot_info::gaussian::{self, Covariance, Gaussian, LinearChannel};
use carnot_info::samples::{
    InformationSandwich, SampledFunctionals, effective_sample_size, importance_log_evidence, info_nce,
    info_nce_of_batches, log_evidences,
};
use carnot_info::{
    Channel, Distribution, Estimate, InfoError, InformationBounds, Joint, optimal_classifier,
    optimal_decoder, optimal_marginal,
};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::{log_uniform, signed};
use ndarray::{Array2, Array3, array};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::f64::consts::{LN_2, TAU};

/// Data, encoder, marginal, decoder and classifier, none of the last three optimal.
struct Model {
    joint: Joint,
    encoder: Channel,
    marginal: Distribution,
    decoder: Channel,
    classifier: Channel,
}

impl Model {
    fn new() -> Self {
        Self {
            joint: Joint::from_weights(array![[6.0, 1.0], [2.0, 2.0], [1.0, 8.0]]).unwrap(),
            encoder: Channel::new(array![[0.8, 0.2], [0.5, 0.5], [0.1, 0.9]]).unwrap(),
            marginal: Distribution::new(vec![0.6, 0.4]).unwrap(),
            decoder: Channel::new(array![[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]]).unwrap(),
            classifier: Channel::new(array![[0.55, 0.45], [0.5, 0.5]]).unwrap(),
        }
    }

    fn bounds(&self) -> InformationBounds {
        let Self { joint, encoder, marginal, decoder, classifier } = self;
        InformationBounds::new(joint, encoder, marginal, decoder, classifier).unwrap()
    }

    /// The functionals from n samples with this many draws of the letter each.
    fn sample(&self, n: usize, draws: usize, rng: &mut ChaCha8Rng) -> SampledFunctionals {
        let mut logs = [(); 4].map(|()| Array2::zeros((n, draws)));
        for i in 0..n {
            let pair = letter(self.joint.table(), rng);
            let (x, y) = (pair / self.joint.n_y(), pair % self.joint.n_y());
            for j in 0..draws {
                let z = letter(self.encoder.table().row(x), rng);
                logs[0][[i, j]] = self.encoder.table()[[x, z]].ln();
                logs[1][[i, j]] = self.marginal.probabilities()[z].ln();
                logs[2][[i, j]] = self.decoder.table()[[z, x]].ln();
                logs[3][[i, j]] = self.classifier.table()[[z, y]].ln();
            }
        }
        let [e, m, d, c] = logs;
        SampledFunctionals::new(e.view(), m.view(), d.view(), c.view()).unwrap()
    }
}

/// Mean and mean square of standard scores, with the standard errors they should have.
fn assert_scores(name: &str, scores: &[f64]) {
    let n = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / n;
    let square = scores.iter().map(|score| score * score).sum::<f64>() / n;
    // Four standard errors of a standard normal variable's mean and mean square, and the skewness of some hundred
    // samples.
    assert_close!(mean, 0.0, 0.0, 4.0 / n.sqrt() + 0.02, "{name}");
    assert_close!(square, 1.0, 0.0, 4.0 * (2.0 / n).sqrt() + 0.02, "{name}");
}

#[test]
fn sampled_functionals_have_no_bias_and_the_stated_errors() {
    let model = Model::new();
    let exact = model.bounds();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for draws in [1, 4] {
        let samples: Vec<_> = (0..1000).map(|_| model.sample(400, draws, &mut rng)).collect();
        let scores = |estimate: &dyn Fn(&SampledFunctionals) -> Estimate, truth: f64| -> Vec<f64> {
            samples.iter().map(|sample| estimate(sample).z_score(truth)).collect()
        };
        assert_scores("rate", &scores(&SampledFunctionals::rate, exact.rate()));
        assert_scores("distortion", &scores(&SampledFunctionals::distortion, exact.distortion()));
        let loss = &SampledFunctionals::classification_loss;
        assert_scores("classification loss", &scores(loss, exact.classification_loss()));
        let objective = exact.rate() + 2.0 * exact.distortion() + 3.0 * exact.classification_loss();
        assert_scores("objective", &scores(&|sample| sample.objective(2.0, 3.0), objective));
        let width = exact.rate() + exact.distortion() - exact.source_entropy();
        let entropy = Estimate::exact(exact.source_entropy());
        assert_scores("width", &scores(&|s| InformationSandwich::of_data(entropy, s).width(), width));
    }
}

#[test]
fn sampled_functionals_by_hand() {
    // R: 1, 3; D: 2, 1 after averaging the draws; C: 0.5, 1.5.
    let encoder = array![[0.0, -1.0], [-1.0, 0.0]];
    let marginal = array![[-1.5, -1.5], [-3.0, -4.0]];
    let decoder = array![[-1.0, -3.0], [-1.0, -1.0]];
    let classifier = array![[-0.5, -0.5], [-2.0, -1.0]];
    let found =
        SampledFunctionals::new(encoder.view(), marginal.view(), decoder.view(), classifier.view()).unwrap();
    assert_eq!(found.per_sample(), [[1.0, 2.0, 0.5], [3.0, 1.0, 1.5]]);
    assert_eq!(found.rate(), Estimate::from_mean_and_std_err(2.0, 1.0).unwrap());
    assert_eq!(found.distortion(), Estimate::from_mean_and_std_err(1.5, 0.5).unwrap());
    assert_eq!(found.classification_loss(), Estimate::from_mean_and_std_err(1.0, 0.5).unwrap());
    assert_eq!(found.covariance(), [[1.0, -0.5, 0.5], [-0.5, 0.25, -0.25], [0.5, -0.25, 0.25]]);
    // 1 + 4 + 0.5 and 3 + 2 + 1.5.
    assert_eq!(found.objective(2.0, 1.0), Estimate::from_mean_and_std_err(6.0, 0.5).unwrap());
    let entropy = Estimate::from_mean_and_std_err(3.0, 0.375).unwrap();
    let data = InformationSandwich::of_data(entropy, &found);
    assert_eq!(data.lower(), Estimate::from_mean_and_std_err(1.5, 0.625).unwrap());
    assert_eq!(data.upper(), found.rate());
    // R + D is 3 and 4: half a unit apart from its mean.
    assert_eq!(data.width(), Estimate::from_mean_and_std_err(0.5, 0.625).unwrap());
    let labels = InformationSandwich::of_labels(Estimate::exact(LN_2), &found);
    assert_eq!(labels.lower(), Estimate::from_mean_and_std_err(LN_2 - 1.0, 0.5).unwrap());
    assert_eq!(labels.width(), Estimate::from_mean_and_std_err(3.0 - LN_2, 1.5).unwrap());
}

#[test]
fn a_large_constant_costs_the_covariance_no_digits() {
    let samples = vec![[0.0, 1e9, 0.0], [1.0, 1e9 + 1.0, 1.0]];
    let found = SampledFunctionals::from_per_sample(samples).unwrap();
    assert_eq!(found.distortion().std_err(), 0.5);
    assert_eq!(found.covariance()[0][1], 0.25);
}

#[test]
fn what_no_functional_can_be_sampled_from() {
    let good = array![[-1.0], [-2.0]];
    let new = |e: &Array2<f64>, d: &Array2<f64>| {
        SampledFunctionals::new(e.view(), good.view(), d.view(), good.view())
    };
    assert!(new(&good, &good).is_ok());
    assert!(matches!(
        new(&good, &array![[1.0]]),
        Err(InfoError::LengthMismatch { expected: 2, found: 1, .. })
    ));
    assert!(matches!(new(&good, &Array2::zeros((2, 2))), Err(InfoError::LengthMismatch { expected: 1, .. })));
    let none = Array2::zeros((2, 0));
    let refused = SampledFunctionals::new(none.view(), none.view(), none.view(), none.view());
    assert!(matches!(refused, Err(InfoError::InvalidShape { .. })));
    let one = array![[0.0]];
    let refused = SampledFunctionals::new(one.view(), one.view(), one.view(), one.view());
    assert_eq!(refused, Err(InfoError::TooFewSamples { found: 1 }));
    let impossible = array![[-1.0], [f64::NEG_INFINITY]];
    let refused = new(&good, &impossible);
    assert!(matches!(
        refused,
        Err(InfoError::NonFinite { what: "distortion", index: 1, value: f64::INFINITY })
    ));
    assert!(matches!(new(&impossible, &good), Err(InfoError::NonFinite { what: "rate", index: 1, .. })));
}

#[test]
fn the_sandwich_holds_the_information_and_the_best_partners_close_it() {
    let mut model = Model::new();
    let exact = model.bounds();
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let sample = model.sample(20_000, 1, &mut rng);
    let data = InformationSandwich::of_data(Estimate::exact(exact.source_entropy()), &sample);
    let labels = InformationSandwich::of_labels(Estimate::exact(exact.label_entropy()), &sample);
    for (sandwich, information) in [(data, exact.information()), (labels, exact.label_information())] {
        // The gaps are above 0.02, the standard errors below 0.005.
        assert!(sandwich.lower().z_score(information) < -3.0, "{} {information}", sandwich.lower());
        assert!(sandwich.upper().z_score(information) > 3.0, "{} {information}", sandwich.upper());
        assert_close!(
            sandwich.width().mean(),
            sandwich.upper().mean() - sandwich.lower().mean(),
            1e-13,
            1e-14
        );
    }
    let source = model.joint.marginal_x();
    model.marginal = optimal_marginal(&source, &model.encoder).unwrap();
    model.decoder = optimal_decoder(&source, &model.encoder).unwrap();
    model.classifier = optimal_classifier(&model.joint, &model.encoder).unwrap();
    let sample = model.sample(20_000, 1, &mut rng);
    let data = InformationSandwich::of_data(Estimate::exact(exact.source_entropy()), &sample);
    // Per sample R + D is now -ln p(x): the noise of the letter cancels between the bounds.
    assert!(data.width().z_score(0.0).abs() < 4.0, "{}", data.width());
    assert!(data.lower().z_score(exact.information()).abs() < 4.0);
    assert!(data.upper().z_score(exact.information()).abs() < 4.0);
}

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
