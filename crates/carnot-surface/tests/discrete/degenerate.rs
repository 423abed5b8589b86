//! Degenerate problems: a free decoder, certain labels, one letter, nothing to tell, forbidden pairs, what never occurs.

use carnot_info::{Channel, Distribution};
use carnot_surface::{Certificate, Degenerate, DiscreteSystem, FreeDecoderSystem, Responsive, Sidedness};
use carnot_testkit::closed_forms::{binary_hamming, binary_pair, degenerate, uniform_hamming};
use carnot_testkit::{DiscreteProblem, Stop, assert_close, plain_alternation};
use ndarray::{Array2, array};

use crate::{at, bottleneck_of, joint, rate_distortion, solve, system_of, table};

/// What a closed form is to be met to.
const CLOSED: f64 = 1e-10;

fn entropy(p: &[f64]) -> f64 {
    p.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum()
}

#[test]
fn a_free_decoder_keeps_all_or_nothing() {
    let p = [0.5, 0.3, 0.15, 0.05];
    let source = joint(4, &p);
    for n_letters in [1, 2, 3, 4, 6] {
        let system = FreeDecoderSystem::new(&source, n_letters).expect("a system");
        let most = degenerate::largest_information(&p, n_letters.min(4));
        for lambda in [0.0, 0.5, 0.999, 1.0, 1.001, 2.0, 30.0] {
            let found = solve(&system, at(lambda, 0.0));
            let exact = if n_letters >= 4 {
                degenerate::free_decoder(entropy(&p), lambda)
            } else {
                degenerate::small_free_decoder(entropy(&p), most, lambda)
            };
            let context = format!("{n_letters} letters, lambda {lambda}");
            assert_close!(found.free_energy(), exact, 0.0, CLOSED, "{context}");
            let sum = found.rdc.rate + found.rdc.distortion;
            assert_close!(sum, entropy(&p), 0.0, 1e-14, "{context}");
            if lambda != 1.0 {
                let rate = if lambda < 1.0 { 0.0 } else { most };
                assert_close!(found.rdc.rate, rate, 0.0, CLOSED, "{context}");
            }
            let response = system.response(&found).expect("a response");
            let degenerate: Result<_, Degenerate> = response.regular(found.multipliers);
            assert!(degenerate.is_err(), "{context}");
            assert_eq!(response.distortion_lambda, 0.0, "{context}");
        }
    }
}

#[test]
fn a_free_decoder_below_one_is_a_bottleneck_by_another_multiplier() {
    // F(lambda, gamma) = lambda ln 2 + (1 - lambda) F(0, gamma / (1 - lambda)), in closed form for the binary pair.
    let alpha = 0.1;
    let system = FreeDecoderSystem::new(&joint(2, &[0.9, 0.1, 0.1, 0.9]), 2).expect("a system");
    for (lambda, gamma) in [(0.2, 0.3), (0.5, 1.0), (0.3, 2.0), (0.9, 0.5)] {
        let (room, found) = (1.0 - lambda, solve(&system, at(lambda, gamma)));
        let exact = binary_pair::point(alpha, 0.0, gamma / room);
        assert_close!(found.rdc.rate, exact.rate, 0.0, CLOSED, "({lambda}, {gamma})");
        assert_close!(found.rdc.distortion, 2f64.ln() - exact.rate, 0.0, CLOSED, "({lambda}, {gamma})");
        assert_close!(found.rdc.classification, exact.classification, 0.0, CLOSED, "({lambda}, {gamma})");
        let [[_, _], [_, second]] = binary_pair::response(alpha, 0.0, gamma / room);
        let response = system.response(&found).expect("a response");
        let g = gamma / room;
        for (entry, factor) in
            [(response.distortion_lambda, g * g), (response.cross, g), (response.classification_gamma, 1.0)]
        {
            assert_close!(entry, second * factor / room, 1e-9, CLOSED, "({lambda}, {gamma})");
        }
    }
    // From lambda = 1 on every letter is kept: F = H(X) + gamma H(Y|X).
    let found = solve(&system, at(1.5, 0.7));
    let noise = entropy(&[alpha, 1.0 - alpha]);
    assert_close!(found.free_energy(), 2f64.ln() + 0.7 * noise, rtol = 0.0, atol = CLOSED);
    assert_close!(found.rdc.rate, 2f64.ln(), rtol = 0.0, atol = CLOSED);
    // The convex range is lambda + gamma <= 1: elsewhere several starts, and no bound.
    let bound = |lambda: f64, gamma: f64| {
        matches!(solve(&system, at(lambda, gamma)).certificate, Certificate::Bound { .. })
    };
    assert_eq!((bound(0.3, 0.6), bound(0.3, 0.8)), (true, false));
}

#[test]
fn certain_labels_are_learnt_at_gamma_one() {
    // Four inputs in two classes, and five in three with one input that never occurs.
    let cases: [(usize, &[f64], &[f64]); 2] = [
        (4, &[0.1, 0.0, 0.2, 0.0, 0.0, 0.3, 0.0, 0.4], &[0.3, 0.7]),
        (4, &[0.5, 0.0, 0.0, 0.0, 0.2, 0.0, 0.0, 0.0, 0.2, 0.0, 0.1, 0.0], &[0.5, 0.3, 0.2]),
    ];
    for (n_x, entries, classes) in cases {
        let system = bottleneck_of(n_x, entries, 4);
        let h = entropy(classes);
        for gamma in [0.0, 0.3, 0.999, 1.0, 1.001, 2.0, 10.0] {
            let found = solve(&system, at(0.0, gamma));
            let exact = degenerate::deterministic_labels(h, gamma);
            assert_close!(found.free_energy(), exact, 0.0, CLOSED, "gamma {gamma}");
            // On the kink itself every point of the curve is optimal.
            if gamma != 1.0 {
                let learnt = if gamma > 1.0 { h } else { 0.0 };
                assert_close!(found.rdc.rate, learnt, 0.0, CLOSED, "gamma {gamma}");
                assert_close!(found.rdc.classification, h - learnt, 0.0, CLOSED, "gamma {gamma}");
                let response = system.response(&found).expect("a response");
                assert_close!(response.classification_gamma, 0.0, 0.0, CLOSED, "gamma {gamma}");
            }
        }
    }
}

#[test]
fn one_letter_says_nothing() {
    let source = joint(3, &[0.2, 0.1, 0.1, 0.3, 0.25, 0.05]);
    let distortion = array![[0.5], [2.0], [7.0]];
    let system = DiscreteSystem::new(&source, distortion.view()).expect("a system");
    let mean = 0.3 * 0.5 + 0.4 * 2.0 + 0.3 * 7.0;
    let labels = entropy(&[0.55, 0.45]);
    for (lambda, gamma) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (3.0, 0.7), (1e3, 1e3)] {
        let found = solve(&system, at(lambda, gamma));
        assert_eq!(found.rdc.rate, 0.0);
        assert_close!(found.rdc.distortion, mean, rtol = 1e-14, atol = 0.0);
        // At gamma = 0 the classifier is Bayes' all the same.
        assert_close!(found.rdc.classification, labels, rtol = 1e-14, atol = 0.0);
        let response = system.response(&found).expect("a response");
        for entry in [response.distortion_lambda, response.cross, response.classification_gamma] {
            assert_close!(entry, 0.0, rtol = 0.0, atol = 1e-15);
        }
        let encoder = system.encoder(&found).expect("an encoder");
        assert!(encoder.table().iter().all(|e| *e == 1.0));
    }
}

#[test]
fn labels_that_depend_on_nothing_change_nothing() {
    let (p, labels) = ([0.6, 0.4], [0.1, 0.7, 0.2]);
    let entries: Vec<f64> = p.iter().flat_map(|p| labels.map(|label| p * label)).collect();
    let hamming = table(2, &uniform_hamming::table(2));
    let system = DiscreteSystem::new(&joint(2, &entries), hamming.view()).expect("a system");
    for (lambda, gamma) in [(0.1, 0.5), (1.0, 0.0), (2.0, 1.0), (3.0, 20.0)] {
        let found = solve(&system, at(lambda, gamma)).rdc;
        let distortion = binary_hamming::distortion(0.4, lambda);
        assert_close!(found.distortion, distortion, 0.0, CLOSED, "({lambda}, {gamma})");
        assert_close!(found.rate, binary_hamming::rate(0.4, distortion), 0.0, CLOSED, "({lambda}, {gamma})");
        assert_close!(found.classification, entropy(&labels), 0.0, CLOSED, "({lambda}, {gamma})");
    }
}

#[test]
fn a_label_that_is_the_input_is_a_distortion_of_its_own() {
    // Y = X with Hamming distortion and lambda large: everything is kept, R = H, D = C = 0.
    let p = [0.5, 0.3, 0.2];
    let diagonal = Array2::from_diag(&ndarray::Array1::from(p.to_vec()));
    let source = carnot_info::Joint::from_weights(diagonal).expect("a joint distribution");
    let system = DiscreteSystem::new(&source, table(3, &uniform_hamming::table(3)).view()).expect("a system");
    for (lambda, gamma) in [(60.0, 0.9), (0.5, 3.0), (0.01, 1.5)] {
        let found = solve(&system, at(lambda, gamma)).rdc;
        assert_close!(found.rate, entropy(&p), 0.0, CLOSED, "({lambda}, {gamma})");
        assert_close!(found.distortion, 0.0, 0.0, CLOSED, "({lambda}, {gamma})");
        assert_close!(found.classification, 0.0, 0.0, CLOSED, "({lambda}, {gamma})");
    }
}

#[test]
fn what_never_occurs_changes_nothing() {
    // The binary pair, with an input and two labels that have no probability among the others, and a forbidden letter.
    let entries = [[0.45, 0.0, 0.05, 0.0], [0.0, 0.0, 0.0, 0.0], [0.05, 0.0, 0.45, 0.0]];
    let forbidden = f64::INFINITY;
    let distortion = array![[0.0, forbidden, 1.0], [5.0, 0.0, 3.0], [1.0, forbidden, 0.0]];
    let system = DiscreteSystem::new(&joint(3, entries.as_flattened()), distortion.view()).expect("a system");
    let found = solve(&system, at(1.0, 1.0));
    let exact = binary_pair::point(0.1, 1.0, 1.0);
    assert_close!(found.rdc.rate, exact.rate, rtol = 0.0, atol = CLOSED);
    assert_close!(found.rdc.distortion, exact.distortion, rtol = 0.0, atol = CLOSED);
    assert_close!(found.rdc.classification, exact.classification, rtol = 0.0, atol = CLOSED);
    assert_eq!(found.state.support(), [0, 2]);
    let classifier = found.state.classifier().table();
    assert_eq!((classifier.dim(), classifier[(0, 1)], classifier[(2, 3)]), ((3, 4), 0.0, 0.0));
    // The input that does not occur is encoded by the marginal.
    let encoder = system.encoder(&found).expect("an encoder");
    assert_eq!(encoder.table().dim(), (3, 3));
    for (e, m) in encoder.table().row(1).iter().zip(found.state.marginal().probabilities()) {
        assert_close!(*e, *m, rtol = 1e-15, atol = 0.0);
    }
}

#[test]
fn forbidden_pairs_stay_forbidden_at_lambda_zero() {
    // Each input is allowed letters of its own only: everything is told, R = H.
    let inf = f64::INFINITY;
    let p = [0.6, 0.3, 0.1];
    let system = rate_distortion(&p, &[0.0, inf, inf, inf, 2.0, inf, inf, inf, 1.0]);
    for lambda in [0.0, 1e-3, 1.0, 1e3] {
        let found = solve(&system, at(lambda, 0.0)).rdc;
        assert_close!(found.rate, entropy(&p), 0.0, CLOSED, "lambda {lambda}");
        assert_close!(found.distortion, 0.3 * 2.0 + 0.1, 0.0, CLOSED, "lambda {lambda}");
    }
}

#[test]
fn zero_cells_agree_with_plain_alternation() {
    let inf = f64::INFINITY;
    let problem = DiscreteProblem {
        n_x: 4,
        n_y: 3,
        n_z: 3,
        joint: vec![0.1, 0.0, 0.2, 0.0, 0.0, 0.3, 0.15, 0.05, 0.0, 0.0, 0.2, 0.0],
        distortion: vec![0.0, 1.0, inf, 2.0, 0.0, 0.5, inf, 1.0, 0.0, 0.3, inf, 2.0],
    };
    for (lambda, gamma) in [(0.3, 0.5), (1.0, 0.9), (4.0, 0.2)] {
        let found = solve(&system_of(&problem), at(lambda, gamma));
        let stop = Stop { gap: 1e-13, updates: 200_000 };
        let plain = plain_alternation(&problem, lambda, gamma, &problem.diagonal_encoder(), stop);
        assert_close!(found.free_energy(), plain.free_energy, 0.0, 2e-13, "({lambda}, {gamma})");
        // Where plain alternation stops its tables are off by the square root of its gap.
        assert_close!(found.rdc.distortion, plain.distortion, 0.0, 1e-6, "({lambda}, {gamma})");
        assert_close!(found.rdc.classification, plain.classification, 0.0, 1e-6, "({lambda}, {gamma})");
    }
}

#[test]
fn a_given_classifier_that_denies_a_label_forbids_the_letter() {
    // Letter 0 denies label 1: input 1, which has it, is left with letter 1.
    let source = joint(2, &[0.5, 0.0, 0.25, 0.25]);
    let classifier = Channel::new(array![[1.0, 0.0], [0.5, 0.5]]).expect("a channel");
    let hamming = table(2, &uniform_hamming::table(2));
    let system = DiscreteSystem::new(&source, hamming.view())
        .and_then(|system| system.with_classifier(&classifier))
        .and_then(|system| system.with_marginal(&Distribution::new(vec![0.5, 0.5]).expect("a distribution")))
        .expect("a system");
    let found = solve(&system, at(1.0, 0.5));
    let encoder = system.encoder(&found).expect("an encoder");
    assert_eq!(encoder.table()[(1, 0)], 0.0);
    // By hand: input 0 weighs letter 0 by 1 and letter 1 by exp(-1) 2^-0.5.
    let other = (-1f64).exp() * 0.5f64.sqrt();
    assert_close!(encoder.table()[(0, 1)], other / (1.0 + other), rtol = 1e-14, atol = 0.0);
    let free_energy = -0.5 * (0.5 * (1.0 + other)).ln() - 0.5 * (0.5 * 0.5f64.sqrt()).ln();
    assert_close!(found.free_energy(), free_energy, rtol = 1e-14, atol = 0.0);
    assert_eq!(system.response(&found).expect("a response").sidedness, Sidedness::TwoSided);
}
