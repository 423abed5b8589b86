//! How often the truth lies within one standard error and within the interval of 95 %, and the exact expectations of bounds.

use crate::draws::{counts, normal};
use carnot_info::gaussian::{Covariance, Gaussian, LinearChannel};
use carnot_info::samples::{
    Counts, SampledFunctionals, chao_shen_entropy, collision_entropy, collision_probability,
    grassberger_entropy, info_nce, jackknife, log_evidences, miller_madow_entropy, plug_in_entropy,
};
use carnot_info::{Channel, Distribution, Estimate, InformationBounds, Joint, channel_information, entropy};
use carnot_testkit::assert_close;
use ndarray::{Array2, array};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::f64::consts::TAU;

/// The shares of the estimates that lie within one and within 1.96 of their standard errors of the truth.
fn coverage(estimates: &[Estimate], truth: f64) -> [f64; 2] {
    [1.0, 1.959_964].map(|width| {
        estimates.iter().filter(|estimate| estimate.z_score(truth).abs() < width).count() as f64
            / estimates.len() as f64
    })
}

/// Coverage of 68.3 and 95 %, to four binomial standard errors and what the skewness of a few hundred samples costs.
fn assert_covered(name: &str, estimates: &[Estimate], truth: f64) {
    for (found, nominal) in coverage(estimates, truth).into_iter().zip([0.6827, 0.95]) {
        let binomial = (nominal * (1.0_f64 - nominal) / estimates.len() as f64).sqrt();
        assert_close!(found, nominal, 0.0, 4.0 * binomial + 0.01, "{name}");
    }
}

fn plug_in_jackknife(counts: &Counts) -> Estimate {
    jackknife(counts, |counts| plug_in_entropy(counts).mean()).unwrap()
}

fn chao_shen(counts: &Counts) -> Estimate {
    let std_err = jackknife(counts, chao_shen_entropy).unwrap().std_err();
    Estimate::exact(chao_shen_entropy(counts)).with_std_err(std_err)
}

/// An estimator by name.
type Named = (&'static str, fn(&Counts) -> Estimate);

const OF_ENTROPY: [Named; 4] = [
    ("Miller-Madow", miller_madow_entropy),
    ("Grassberger", grassberger_entropy),
    ("jackknife", plug_in_jackknife),
    ("Chao-Shen", chao_shen),
];

#[test]
fn intervals_from_counts() {
    let probabilities = [0.4, 0.25, 0.2, 0.1, 0.05];
    let truth = entropy(&Distribution::new(probabilities.to_vec()).unwrap());
    let collision: f64 = probabilities.iter().map(|p| p * p).sum();
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let samples: Vec<Counts> = (0..3000).map(|_| counts(&probabilities, 500, &mut rng)).collect();
    let of = |estimator: &dyn Fn(&Counts) -> Estimate| samples.iter().map(estimator).collect::<Vec<_>>();
    for (name, estimator) in OF_ENTROPY {
        assert_covered(name, &of(&estimator), truth);
    }
    assert_covered("collisions", &of(&|counts| collision_probability(counts).unwrap()), collision);
    assert_covered("collision entropy", &of(&|counts| collision_entropy(counts).unwrap()), -collision.ln());
}

#[test]
fn intervals_near_even_shares_are_too_wide_by_the_root_of_three() {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    for (letters, n) in [(4, 200), (10, 2000)] {
        let samples: Vec<Counts> = (0..2000)
            .map(|_| counts(&vec![1.0 / f64::from(letters); letters as usize], n, &mut rng))
            .collect();
        let truth = f64::from(letters).ln();
        for (name, estimator, truth) in [
            ("Miller-Madow", miller_madow_entropy as fn(&Counts) -> Estimate, truth),
            ("collisions", |counts| collision_probability(counts).unwrap(), 1.0 / f64::from(letters)),
            ("collision entropy", |counts| collision_entropy(counts).unwrap(), truth),
        ] {
            let estimates: Vec<Estimate> = samples.iter().map(estimator).collect();
            assert!(coverage(&estimates, truth)[1] > 0.95, "{name}");
            let mean_square = |value: &dyn Fn(&Estimate) -> f64| {
                estimates.iter().map(|e| value(e).powi(2)).sum::<f64>() / estimates.len() as f64
            };
            // The spread of a chi-squared variable of 3 or 9 degrees of freedom, from 2000 of them: to 5 %.
            let ratio = mean_square(&|e| e.std_err()) / mean_square(&|e| e.mean() - truth);
            assert_close!(ratio, 3.0, 0.2, 0.0, "{name} {letters}");
        }
    }
}

#[test]
fn the_jackknife_says_nothing_of_even_shares() {
    // The plug-in does not change to first order, and the true standard error is 1 / (sqrt 2 n).
    let even = Counts::new(vec![500, 500]).unwrap();
    assert!(plug_in_jackknife(&even).std_err() < 1e-5);
    assert_close!(plug_in_entropy(&even).std_err(), 0.5_f64.sqrt() / 1000.0, 1e-12, 0.0);
    // Grassberger's terms of even counts are not those of odd ones.
    let mixed = Counts::new(vec![100, 101, 100, 101]).unwrap();
    let found = jackknife(&mixed, |counts| grassberger_entropy(counts).mean()).unwrap();
    assert!(found.std_err() > 5.0 * grassberger_entropy(&mixed).std_err(), "{found}");
}

#[test]
fn intervals_of_gaussian_functionals() {
    let line = |weight: f64, offset: f64, noise: f64| {
        let noise = Covariance::isotropic(1, noise).unwrap();
        LinearChannel::new(array![[weight]].view(), vec![offset], noise).unwrap()
    };
    let point =
        |mean: f64, variance: f64| Gaussian::new(vec![mean], Covariance::isotropic(1, variance).unwrap());
    // x ~ N(1/2, 2), y = x - 1 + noise of 1/2, z = 0.7 x + 0.2 + noise of 0.3; no partner is the best one.
    let (source, marginal) = (point(0.5, 2.0).unwrap(), point(0.4, 1.5).unwrap());
    let exact = InformationBounds::of_gaussians(
        &source,
        &line(1.0, -1.0, 0.5),
        &line(0.7, 0.2, 0.3),
        &marginal,
        &line(0.9, 0.1, 0.6),
        &line(0.8, -0.9, 1.2),
    )
    .unwrap();
    let log_normal =
        |x: f64, mean: f64, variance: f64| -0.5 * ((x - mean).powi(2) / variance + (TAU * variance).ln());
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    for draws in [1, 3] {
        let samples: Vec<SampledFunctionals> = (0..1500)
            .map(|_| {
                let mut logs = [(); 4].map(|()| Array2::zeros((200, draws)));
                for i in 0..200 {
                    let x = 0.5 + 2.0_f64.sqrt() * normal(&mut rng);
                    let y = x - 1.0 + 0.5_f64.sqrt() * normal(&mut rng);
                    for j in 0..draws {
                        let z = 0.7 * x + 0.2 + 0.3_f64.sqrt() * normal(&mut rng);
                        logs[0][[i, j]] = log_normal(z, 0.7 * x + 0.2, 0.3);
                        logs[1][[i, j]] = log_normal(z, 0.4, 1.5);
                        logs[2][[i, j]] = log_normal(x, 0.9 * z + 0.1, 0.6);
                        logs[3][[i, j]] = log_normal(y, 0.8 * z - 0.9, 1.2);
                    }
                }
                let [e, m, d, c] = logs;
                SampledFunctionals::new(e.view(), m.view(), d.view(), c.view()).unwrap()
            })
            .collect();
        let covered = |name: &str, value: &dyn Fn(&SampledFunctionals) -> Estimate, truth: f64| {
            assert_covered(name, &samples.iter().map(value).collect::<Vec<_>>(), truth);
        };
        covered("rate", &SampledFunctionals::rate, exact.rate());
        covered("distortion", &SampledFunctionals::distortion, exact.distortion());
        covered("classification", &SampledFunctionals::classification_loss, exact.classification_loss());
        let objective = exact.rate() + 0.5 * exact.distortion() + 2.0 * exact.classification_loss();
        covered("objective", &|sample| sample.objective(0.5, 2.0), objective);
    }
}

/// Calls `visit` with every sequence of k letters and its probability.
fn sequences(probabilities: &[f64], k: usize, visit: &mut impl FnMut(f64, &[usize])) {
    let mut letters = vec![0; k];
    for number in 0..probabilities.len().pow(k as u32) {
        let mut rest = number;
        for letter in &mut letters {
            *letter = rest % probabilities.len();
            rest /= probabilities.len();
        }
        visit(letters.iter().map(|letter| probabilities[*letter]).product(), &letters);
    }
}

#[test]
fn the_exact_mean_of_importance_weights_rises_to_the_evidence() {
    let (prior, encoder, decoder) = ([0.2, 0.5, 0.3], [0.6, 0.3, 0.1], [0.7, 0.1, 0.4]);
    let weights: Vec<f64> = (0..3).map(|z| prior[z] * decoder[z] / encoder[z]).collect();
    let evidence: f64 = (0..3).map(|z| prior[z] * decoder[z]).sum();
    let mut last = f64::NEG_INFINITY;
    for k in 1..=10 {
        let (mut mean, mut linear) = (0.0, 0.0);
        sequences(&encoder, k, &mut |probability, letters| {
            let logs: Vec<f64> = letters.iter().map(|z| weights[*z].ln()).collect();
            let found = log_evidences(ndarray::aview1(&logs).insert_axis(ndarray::Axis(0))).unwrap()[0];
            mean += probability * found;
            linear += probability * found.exp();
        });
        assert!(mean > last && mean < evidence.ln(), "{k} {mean}");
        assert_close!(linear, evidence, 1e-12, 0.0, "{k}");
        if k == 1 {
            // -(R + D) of this x.
            let rate: f64 = (0..3).map(|z| encoder[z] * (encoder[z] / prior[z]).ln()).sum();
            let distortion: f64 = (0..3).map(|z| -encoder[z] * f64::ln(decoder[z])).sum();
            assert_close!(mean, -rate - distortion, 1e-14, 0.0);
        }
        if k == 10 {
            // Var(w) / 2k relative to the evidence; the next order is 1/k of it.
            let second: f64 = (0..3).map(|z| encoder[z] * (weights[z] / evidence).powi(2)).sum();
            assert_close!(evidence.ln() - mean, (second - 1.0) / 20.0, 0.15, 0.0);
        }
        last = mean;
    }
}

#[test]
fn the_exact_mean_of_info_nce_is_below_the_information_and_the_ceiling() {
    for rows in [array![[0.9, 0.1], [0.2, 0.8]], array![[1.0, 0.0], [0.0, 1.0]]] {
        let source = Distribution::new(vec![0.4, 0.6]).unwrap();
        let channel = Channel::new(rows).unwrap();
        let joint = Joint::from_parts(&source, &channel).unwrap();
        let pairs: Vec<f64> = joint.table().iter().copied().collect();
        let information = channel_information(&source, &channel).unwrap();
        let mut last = f64::NEG_INFINITY;
        for n in 1..=6 {
            let mut mean = 0.0;
            sequences(&pairs, n, &mut |probability, drawn| {
                if probability > 0.0 {
                    // The best critic, ln p(z|x).
                    let scores = Array2::from_shape_fn((n, n), |(i, j)| {
                        channel.table()[[drawn[i] / 2, drawn[j] % 2]].ln()
                    });
                    mean += probability * info_nce(scores.view()).unwrap();
                }
            });
            assert!(
                mean > last && mean <= information.min((n as f64).ln()) + 1e-14,
                "{n} {mean} {information}"
            );
            last = mean;
        }
        assert!(last > 0.75 * information, "{last} {information}");
    }
}
