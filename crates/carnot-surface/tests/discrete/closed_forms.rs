//! Rate-distortion functions, and the joint surface of the binary pair, in closed form.

use carnot_surface::geometry::{Order, Search, Segment, locate};
use carnot_surface::{Responsive, Sidedness};
use carnot_testkit::assert_close;
use carnot_testkit::closed_forms::{binary_hamming, binary_pair, erasure, uniform_hamming};

use crate::{at, joint, rate_distortion, solve, table};
use carnot_surface::DiscreteSystem;

/// Half a unit in the last of ten printed digits.
const TEN_DIGITS: f64 = 0.5e-10;

/// What a closed form is to be met to.
const CLOSED: f64 = 1e-10;

#[test]
fn the_printed_rates_of_binary_sources() {
    let printed = [
        (0.5, 0.01, 0.637_145_646_2),
        (0.5, 0.05, 0.494_631_937_2),
        (0.5, 0.10, 0.368_064_207_2),
        (0.5, 0.15, 0.270_438_092_8),
        (0.2, 0.01, 0.444_400_889_2),
        (0.2, 0.05, 0.301_887_180_2),
        (0.2, 0.10, 0.175_319_450_1),
        (0.2, 0.15, 0.077_693_335_7),
    ];
    for (p, distortion, rate) in printed {
        let system = rate_distortion(&[1.0 - p, p], &uniform_hamming::table(2));
        let found = solve(&system, at(binary_hamming::multiplier(distortion), 0.0)).rdc;
        assert_close!(found.rate, rate, 0.0, TEN_DIGITS, "p {p}");
        assert_close!(found.distortion, distortion, 0.0, CLOSED, "p {p}");
        assert_eq!(found.classification, 0.0);
    }
}

#[test]
fn the_printed_free_energies_of_the_uniform_binary_source() {
    let system = rate_distortion(&[0.5, 0.5], &uniform_hamming::table(2));
    let printed =
        [(0.5, 0.219_070_196_4), (1.0, 0.379_885_493_0), (2.0, 0.566_219_169_5), (4.0, 0.674_997_252_6)];
    for (lambda, free_energy) in printed {
        let found = solve(&system, at(lambda, 0.0));
        assert_close!(found.free_energy(), free_energy, rtol = 0.0, atol = TEN_DIGITS);
    }
}

#[test]
fn binary_sources_at_every_multiplier() {
    for p in [0.5, 0.4, 0.2, 1e-3, 1e-9] {
        let system = rate_distortion(&[p, 1.0 - p], &uniform_hamming::table(2));
        // The rarer symbol enters at lambda = ln((1 - p) / p).
        for lambda in [1e-3, 0.1, 1.0, 2.0, 5.0, 20.0, 100.0, 1e3] {
            let found = solve(&system, at(lambda, 0.0));
            let distortion = binary_hamming::distortion(p, lambda);
            let context = format!("p {p} lambda {lambda}");
            let free_energy = binary_hamming::free_energy(p, lambda);
            assert_close!(found.free_energy(), free_energy, 0.0, CLOSED, "{context}");
            assert_close!(found.rdc.distortion, distortion, 0.0, CLOSED, "{context}");
            assert_close!(found.rdc.rate, binary_hamming::rate(p, distortion), 0.0, CLOSED, "{context}");
            let response = system.response(&found).expect("a response");
            let learnt = distortion < p;
            let slope = if learnt { -distortion * (1.0 - distortion) } else { 0.0 };
            assert_close!(response.distortion_lambda, slope, 0.0, CLOSED, "{context}");
            assert_eq!((response.cross, response.classification_gamma), (0.0, 0.0));
        }
    }
}

#[test]
fn uniform_sources_of_many_letters() {
    for letters in [2, 3, 10, 64] {
        let uniform = vec![1.0; letters];
        let system = rate_distortion(&uniform, &uniform_hamming::table(letters));
        for lambda in [1e-3, 0.1, 1.0, 5.0, 20.0, 100.0] {
            let found = solve(&system, at(lambda, 0.0));
            let distortion = uniform_hamming::distortion(letters, lambda);
            let context = format!("{letters} letters, lambda {lambda}");
            let free_energy = uniform_hamming::free_energy(letters, lambda);
            assert_close!(found.free_energy(), free_energy, 0.0, CLOSED, "{context}");
            assert_close!(found.rdc.distortion, distortion, 0.0, CLOSED, "{context}");
            let rate = uniform_hamming::rate(letters, distortion);
            assert_close!(found.rdc.rate, rate, 0.0, CLOSED, "{context}");
            let response = system.response(&found).expect("a response");
            let slope = -distortion * (1.0 - distortion);
            assert_close!(response.distortion_lambda, slope, 0.0, CLOSED, "{context}");
            // Without labels nothing depends on gamma, to either side.
            assert_eq!(response.sidedness, Sidedness::TwoSided, "gamma = 0 of {context}");
        }
    }
}

#[test]
fn erasure_at_every_multiplier() {
    let sources: [&[f64]; 5] =
        [&[0.5, 0.5], &[0.8, 0.2], &[0.5, 0.3, 0.2], &[0.97, 0.01, 0.01, 0.01], &[0.1; 10]];
    for p in sources {
        let system = rate_distortion(p, &erasure::table(p.len()));
        for lambda in [1e-2, 0.1, 0.3, 0.5, 0.68, 0.7, 1.0, 1.2, 2.0, 2.4, 10.0, 1e3] {
            let found = solve(&system, at(lambda, 0.0));
            let distortion = erasure::distortion(p, lambda);
            assert_close!(
                found.free_energy(),
                erasure::free_energy(p, lambda),
                0.0,
                CLOSED,
                "{p:?} at {lambda}"
            );
            assert_close!(found.rdc.distortion, distortion, 0.0, CLOSED, "{p:?} at {lambda}");
            assert_close!(found.rdc.rate, erasure::rate(p, distortion), 0.0, CLOSED, "{p:?} at {lambda}");
        }
    }
}

#[test]
fn erasure_of_a_biased_bit_jumps_at_ln_two() {
    let p = [0.8, 0.2];
    let system = rate_distortion(&p, &erasure::table(2));
    // lambda = ln(D / c) on the curved piece, where c = D - .2 for D > .4; below it R = h(.2) - D ln 2 by time sharing.
    let bit = 0.2 * -(0.2f64.ln()) + 0.8 * -(0.8f64.ln());
    assert_close!(erasure::rate(&p, 0.3), bit - 0.3 * 2f64.ln(), rtol = 0.0, atol = 1e-14);
    let line = Segment { from: at(0.1, 0.0), to: at(1.1, 0.0) };
    let found = locate(&system, &line, &Search::default()).expect("located");
    let orders: Vec<Order> = found.iter().map(|transition| transition.order).collect();
    assert_eq!(orders, [Order::Second, Order::First], "{found:?}");
    // The commoner symbol enters at -ln max p.
    assert_close!(found[0].multipliers.lambda(), -(0.8f64.ln()), rtol = 0.0, atol = 1e-6);
    let jump = &found[1];
    assert_close!(jump.multipliers.lambda(), 2f64.ln(), rtol = 0.0, atol = 1e-10);
    assert_close!(jump.values[0].distortion, 0.4, rtol = 0.0, atol = 1e-8);
    assert_close!(jump.values[1].distortion, 0.0, rtol = 0.0, atol = 1e-8);
    assert_close!(jump.jump().rate, 0.4 * 2f64.ln(), rtol = 0.0, atol = 1e-8);
}

/// The binary pair with Hamming distortion by the first `n_letters` of 0, 1, 0, 1, ...
fn pair(alpha: f64, n_letters: usize) -> DiscreteSystem {
    let source = joint(2, &[1.0 - alpha, alpha, alpha, 1.0 - alpha]);
    let entry = |place: usize| f64::from(u8::from(place / n_letters != place % n_letters % 2));
    let distortion: Vec<f64> = (0..2 * n_letters).map(entry).collect();
    DiscreteSystem::new(&source, table(2, &distortion).view()).expect("a system")
}

#[test]
fn the_printed_points_of_the_binary_pair() {
    let system = pair(0.1, 2);
    let found = solve(&system, at(1.0, 1.0));
    assert_close!(found.rdc.rate, 0.373_161_9, rtol = 0.0, atol = 0.5e-7);
    assert_close!(found.rdc.distortion, 0.097_693_479_8, rtol = 0.0, atol = TEN_DIGITS);
    assert_close!(found.rdc.classification, 0.468_583_933_1, rtol = 0.0, atol = TEN_DIGITS);
    assert_close!(found.free_energy(), 0.939_439_323_0, rtol = 0.0, atol = TEN_DIGITS);
    let response = system.response(&found).expect("a response");
    assert_close!(response.cross, -0.175_401_61, rtol = 0.0, atol = 0.5e-8);
    let found = solve(&system, at(2.0, 0.5));
    assert_close!(found.rdc.rate, 0.456_698_532_5, rtol = 0.0, atol = TEN_DIGITS);
    assert_close!(found.rdc.distortion, 0.063_484_182_1, rtol = 0.0, atol = TEN_DIGITS);
    assert_close!(found.rdc.classification, 0.424_072_391_0, rtol = 0.0, atol = TEN_DIGITS);
    assert_close!(found.free_energy(), 0.795_703_092_3, rtol = 0.0, atol = TEN_DIGITS);
    let found = solve(&system, at(0.0, 2.0));
    assert_close!(found.free_energy(), 1.304_478_776_5, rtol = 0.0, atol = TEN_DIGITS);
    // At lambda = 0 the letters' names are arbitrary; that the channel flips by q is not.
    let encoder = system.encoder(&found).expect("an encoder");
    let flip = encoder.table()[(0, 0)].min(encoder.table()[(0, 1)]);
    assert_close!(flip, 0.054_100_664_0, rtol = 0.0, atol = TEN_DIGITS);
}

#[test]
fn the_binary_pair_at_every_multiplier_and_number_of_letters() {
    for alpha in [0.01, 0.1, 0.3, 0.49] {
        for n_letters in [2, 3, 4] {
            let system = pair(alpha, n_letters);
            for (lambda, gamma) in [
                (0.01, 0.3),
                (0.1, 0.9),
                (1.0, 1.0),
                (2.0, 0.5),
                (5.0, 0.99),
                (0.5, 1.5),
                (1.0, 3.0),
                (20.0, 10.0),
            ] {
                let found = solve(&system, at(lambda, gamma));
                let exact = binary_pair::point(alpha, lambda, gamma);
                let context = format!("alpha {alpha}, {n_letters} letters at ({lambda}, {gamma})");
                let free_energy = exact.objective(lambda, gamma);
                assert_close!(found.free_energy(), free_energy, 0.0, CLOSED, "{context}");
                assert_close!(found.rdc.rate, exact.rate, 0.0, CLOSED, "{context}");
                assert_close!(found.rdc.distortion, exact.distortion, 0.0, CLOSED, "{context}");
                assert_close!(found.rdc.classification, exact.classification, 0.0, CLOSED, "{context}");
                let response = system.response(&found).expect("a response");
                let [[s11, s12], [_, s22]] = binary_pair::response(alpha, lambda, gamma);
                for (entry, expected) in [
                    (response.distortion_lambda, s11),
                    (response.cross, s12),
                    (response.classification_gamma, s22),
                ] {
                    assert_close!(entry, expected, 1e-9, CLOSED, "{context}");
                }
                // The surface is a curve.
                assert!(response.regular(at(lambda, gamma)).is_err(), "{context}: {response:?}");
            }
        }
    }
}
