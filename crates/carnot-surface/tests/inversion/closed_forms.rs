//! Inversions whose answers are known in closed form.

use carnot_surface::{GaussianSystem, Inversion, InversionOptions, Observables, Rdc, solve_for};
use carnot_testkit::assert_close;
use ndarray::array;

use crate::systems::{plane, uniform_binary, water};
use crate::{Classification, Distortion, Rate, at_gamma, at_lambda, forward, pairs, point, solve};

/// The tolerance of an observable, twice over for the rounding of the comparison.
const RTOL: f64 = 2e-11;

#[test]
fn the_uniform_binary_source_has_lambda_ln_one_minus_d_over_d() {
    let system = uniform_binary();
    // Over all scales; the multiplier is as uncertain as D: d lambda = dD / (D (1 - D)).
    for distortion in [0.499_999_9, 0.49, 0.3, 0.1, 0.01, 1e-3, 1e-6] {
        let found = point(&system, at_gamma(0.0, Distortion, distortion));
        let lambda = ((1.0 - distortion) / distortion).ln();
        let uncertainty = (1e-11 * distortion + 1e-12) / (distortion * (1.0 - distortion));
        assert_close!(found.multipliers.lambda(), lambda, rtol = 0.0, atol = uncertainty);
        assert_close!(found.rdc.distortion, distortion, rtol = RTOL, atol = 1e-12);
        assert_eq!(found.multipliers.gamma(), 0.0);
    }
    // Printed to ten decimals in the literature's tables: half a unit in the last place.
    let found = point(&system, at_gamma(0.0, Distortion, 0.1));
    assert_close!(found.multipliers.lambda(), 2.197_224_577_3, rtol = 0.0, atol = 0.5e-10);
    assert_close!(found.rdc.rate, 0.368_064_207_2, rtol = 0.0, atol = 0.5e-10);
}

#[test]
fn a_wanted_rate_has_the_distortion_of_the_rate_distortion_function() {
    let system = uniform_binary();
    for distortion in [0.4_f64, 0.1, 0.01, 1e-4] {
        let entropy = -distortion * distortion.ln() - (1.0 - distortion) * (-distortion).ln_1p();
        let rate = std::f64::consts::LN_2 - entropy;
        let found = point(&system, at_gamma(0.0, Rate, rate));
        assert_close!(found.rdc.rate, rate, rtol = RTOL, atol = 0.0);
        // dD = dR / lambda.
        let uncertainty = RTOL * rate / found.multipliers.lambda();
        assert_close!(found.rdc.distortion, distortion, rtol = 0.0, atol = uncertainty + 1e-15);
    }
}

#[test]
fn reverse_water_filling_is_inverted() {
    let variances = [4.0, 2.0, 1.0, 0.5, 0.1];
    let system = water(&variances);
    // (squared error, water level, rate) as printed to ten decimals; at 0.5 a mode is at its transition.
    let cases = [
        (0.5, 0.1, 5.298_317_366_5),
        (1.0, 0.225, 3.676_456_934_1),
        (2.0, 0.475, 2.182_028_130_5),
        (4.0, 1.2, 0.857_399_214_0),
    ];
    for (squared_error, theta, printed_rate) in cases {
        let distortion = squared_error + system.distortion_constant();
        let found = point(&system, at_gamma(0.0, Distortion, distortion));
        assert_close!(found.multipliers.lambda(), 0.5 / theta, rtol = 1e-10, atol = 0.0);
        let rate: f64 = variances.iter().map(|v| 0.5 * (v / theta).max(1.0).ln()).sum();
        assert_close!(found.rdc.rate, rate, rtol = 1e-10, atol = 0.0);
        assert_close!(found.rdc.rate, printed_rate, rtol = 0.0, atol = 0.5e-10);
        // And back from the rate.
        let from_rate = point(&system, at_gamma(0.0, Rate, rate));
        assert_close!(from_rate.rdc.distortion, distortion, rtol = 1e-10, atol = 0.0);
        assert_close!(from_rate.multipliers.lambda(), 0.5 / theta, rtol = 1e-10, atol = 0.0);
    }
}

#[test]
fn multipliers_far_from_one_are_found() {
    // A source of variance v has D = v u with u = 1 / (2 lambda v): scaling the variance scales lambda.
    for scale in [1e-5, 1e-3, 1e3, 1e6] {
        let system = water(&[2.0 * scale, scale]);
        let squared_error = 0.5 * scale;
        let target = at_gamma(0.0, Distortion, squared_error + system.distortion_constant());
        let found = point(&system, target);
        // The constant of D, about one, is part of what the tolerance is relative to.
        let uncertainty = (1e-12 + 1e-11 * found.rdc.distortion.abs()) / squared_error;
        assert_close!(found.multipliers.lambda(), 2.0 / scale, rtol = uncertainty + 1e-14, atol = 0.0);
    }
}

#[test]
fn a_multiplier_next_to_zero_is_found_in_itself() {
    // D = 1/2 - lambda / 4 + lambda^3 / 48: below the smallest multiplier of a logarithmic search.
    let system = uniform_binary();
    let found = point(&system, at_gamma(0.0, Distortion, 0.5 - 1e-9));
    // The tolerance of D, 6e-12, over the slope of a quarter.
    assert_close!(found.multipliers.lambda(), 4e-9, rtol = 0.0, atol = 2.4e-11);
}

#[test]
fn a_smooth_target_takes_few_equilibria() {
    let system = plane();
    let there = forward(&system, 7.0, 0.3);
    for target in pairs(there.rdc) {
        let solved = solve(&system, target);
        assert!(solved.counters.equilibria <= 12, "{target:?}: {:?}", solved.counters);
    }
    let solved = solve(&system, at_lambda(7.0, Classification, there.rdc.classification));
    assert!(solved.counters.equilibria <= 12, "{:?}", solved.counters);
    // A start at the solution is the solution.
    let [target, ..] = pairs(there.rdc);
    let warm = solve_for(&system, target, Some(&there), &InversionOptions::default()).expect("an inversion");
    assert_eq!(warm.counters.equilibria, 1);
    assert!(matches!(warm.inversion, Inversion::Unique(_)));
}

#[test]
fn the_work_of_the_longer_ways_is_bounded() {
    let system = plane();
    // A constraint that does not bind leads along the constrained curve, where the slopes of D and of R are known.
    let alone = forward(&system, 3.0, 0.0).rdc;
    let [by_distortion, by_rate, _] = pairs(Rdc { classification: alone.classification + 0.3, ..alone });
    for (target, most) in [(by_distortion, 60), (by_rate, 27)] {
        let solved = solve(&system, target);
        assert!(solved.counters.equilibria <= most, "{target:?}: {:?}", solved.counters);
    }
    // A scan tries 65 multipliers and one between each two, and more only where a cubic does not foretell it.
    let there = forward(&system, 7.0, 0.3).rdc;
    for target in [at_lambda(7.0, Rate, there.rate), at_gamma(0.3, Classification, there.classification)] {
        let solved = solve(&system, target);
        assert!(solved.counters.equilibria <= 150, "{target:?}: {:?}", solved.counters);
    }
}

#[test]
fn without_a_response_the_same_is_found() {
    let mut system = uniform_binary();
    system.phases[0].letters.extend([[0.3, 0.2, 1.0], [0.1, 0.7, 0.4]]);
    let there = forward(&system, 1.3, 0.8);
    let mut blind = system.clone();
    blind.blind = true;
    for target in pairs(there.rdc) {
        let (seeing, groping) = (point(&system, target), solve(&blind, target));
        let equilibria = groping.counters.equilibria;
        let groping = groping.inversion.into_point().expect("a point");
        for found in [&seeing, &groping] {
            // d ln lambda = dD / (lambda S11), with lambda S11 about 0.1 here.
            assert_close!(found.multipliers.lambda(), 1.3, rtol = 1e-9, atol = 0.0);
            assert_close!(found.multipliers.gamma(), 0.8, rtol = 1e-9, atol = 0.0);
        }
        assert!(equilibria < 400, "{equilibria} equilibria");
    }
}

#[test]
fn a_loss_that_the_other_multiplier_hardly_moves_is_met() {
    // The target sees a thousandth of the second dimension: at lambda = 1 the classification loss of lambda = 6,000 is
    // out of reach of every gamma allowed, and the solution is on the other side of that.
    let system = GaussianSystem::new(
        array![[1.0, 0.0], [0.0, 1.0]].view(),
        array![[0.0, 1e-3]].view(),
        array![[1.0]].view(),
        1.0,
        1.0,
    )
    .expect("a valid system");
    let there = forward(&system, 6_000.0, 1.0);
    for target in pairs(there.rdc) {
        let solution = match solve(&system, target).inversion {
            Inversion::Unique(solution) | Inversion::Slack { solution, .. } => solution,
            other => panic!("{target:?}: {other:?}"),
        };
        for observable in [Rate, Distortion, Classification] {
            let (found, wanted) = (solution.rdc().get(observable), there.rdc.get(observable));
            // The rate by dR = -lambda dD, of the tolerance of D.
            assert_close!(found, wanted, rtol = 0.0, atol = 6_000.0 * 2e-11, "{target:?} {observable}");
        }
    }
}
