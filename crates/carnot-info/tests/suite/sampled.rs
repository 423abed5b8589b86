//! Monte-Carlo functionals and the sandwich of the information, against exact values and over replicates.

use crate::draws::letter;
use carnot_info::samples::{InformationSandwich, SampledFunctionals};
use carnot_info::{
    Channel, Distribution, Estimate, InfoError, InformationBounds, Joint, optimal_classifier,
    optimal_decoder, optimal_marginal,
};
use carnot_testkit::assert_close;
use ndarray::{Array2, array};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::f64::consts::LN_2;

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
    // Means of 2/3 are rounded, so that deviations of R times values of D near 1e9 would not cancel.
    let samples = vec![[0.0, 1e9, 0.0], [1.0, 1e9 + 1.0, 1.0], [1.0, 1e9 + 1.0, 1.0]];
    let found = SampledFunctionals::from_per_sample(samples).unwrap();
    // Variance 1/3 over 3; the mean of D is off by 1e-7 at most, which enters squared.
    for row in found.covariance() {
        for entry in row {
            assert_close!(entry, 1.0 / 9.0, 1e-13, 0.0);
        }
    }
    assert_close!(found.distortion().std_err(), 1.0 / 3.0, 1e-13, 0.0);
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
