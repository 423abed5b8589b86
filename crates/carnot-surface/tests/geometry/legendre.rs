//! The Legendre transform between F and R.

use carnot_surface::System;
use carnot_surface::geometry::{
    Attainment, PointError, SurfacePoint, free_energy_from_rate, free_energy_from_rate_grid,
    rate_from_free_energy, rate_from_free_energy_grid,
};
use carnot_testkit::assert_close;
use ndarray::Array2;
use proptest::prelude::*;

use crate::systems::{Pairs, at, gaussians, multipliers, solve};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn points_give_back_their_own_values_and_bound_all_others(
        system in gaussians(), places in prop::collection::vec(multipliers(), 1..10), other in multipliers(),
    ) {
        let points: Vec<_> = places.iter().map(|&place| SurfacePoint::of(&solve(&system, place))).collect();
        let scale = |rdc: &carnot_surface::Rdc, m: carnot_surface::Multipliers| {
            rdc.rate + m.lambda() * rdc.distortion.abs() + m.gamma() * rdc.classification.abs()
        };
        // Rounding of the terms at hand, relative.
        for point in &points {
            let slack = 1e-13 * points.iter().map(|p| scale(&point.rdc, p.multipliers)).fold(1.0, f64::max);
            let rate = rate_from_free_energy(&points, point.rdc.distortion, point.rdc.classification).expect("points");
            assert_close!(rate.value, point.rdc.rate, 0.0, slack);
            let free = free_energy_from_rate(&points, point.multipliers).expect("points");
            assert_close!(free.value, point.free_energy(), 0.0, slack);
        }
        let elsewhere = solve(&system, other);
        let slack = 1e-13 * points.iter().map(|p| scale(&elsewhere.rdc, p.multipliers)).fold(1.0, f64::max);
        let rate = rate_from_free_energy(&points, elsewhere.rdc.distortion, elsewhere.rdc.classification)
            .expect("points");
        let free = free_energy_from_rate(&points, other).expect("points");
        prop_assert!(rate.value <= elsewhere.rdc.rate + slack);
        prop_assert!(free.value >= elsewhere.free_energy() - slack);
    }
}

#[test]
fn the_maximiser_is_the_nearest_in_slope_and_the_bound_is_tight_to_second_order() {
    let system = Pairs::example();
    let wanted = solve(&system, at(1.0, 2.0));
    let gap = |step: f64| {
        let places =
            [-0.5, 0.5].into_iter().flat_map(|i| [-0.5, 0.5].map(|j| at(1.0 + step * i, 2.0 + step * j)));
        let points: Vec<_> = places.map(|place| SurfacePoint::of(&solve(&system, place))).collect();
        let rate =
            rate_from_free_energy(&points, wanted.rdc.distortion, wanted.rdc.classification).expect("points");
        let free = free_energy_from_rate(&points, wanted.multipliers).expect("points");
        assert_eq!((rate.attainment, free.attainment), (Attainment::Interior, Attainment::Interior));
        let gaps = [wanted.rdc.rate - rate.value, free.value - wanted.free_energy()];
        assert!(gaps[0] > 0.0 && gaps[1] > 0.0, "{gaps:?}");
        gaps
    };
    let (coarse, fine) = (gap(0.02), gap(0.01));
    for k in 0..2 {
        assert_close!((coarse[k] / fine[k]).log2(), 2.0, rtol = 0.0, atol = 0.1);
    }
}

#[test]
fn what_the_points_do_not_reach_is_said() {
    let system = Pairs::example();
    let places = (0..16).map(|k| at(1.0 + 0.1 * f64::from(k / 4), 2.0 + 0.1 * f64::from(k % 4)));
    let points: Vec<_> = places.map(|place| SurfacePoint::of(&solve(&system, place))).collect();
    for (lambda, gamma, expected) in [
        (1.15, 2.15, Attainment::Interior),
        (0.5, 2.1, Attainment::OutOfRange),
        (1.1, 4.0, Attainment::OutOfRange),
        (5.0, 5.0, Attainment::OutOfRange),
    ] {
        let wanted = solve(&system, at(lambda, gamma));
        let rate = rate_from_free_energy(&points, wanted.rdc.distortion, wanted.rdc.classification);
        assert_eq!(rate.expect("points").attainment, expected, "R at {lambda}, {gamma}");
        let free = free_energy_from_rate(&points, wanted.multipliers).expect("points");
        assert_eq!(free.attainment, expected, "F at {lambda}, {gamma}");
    }
    let none: [SurfacePoint; 0] = [];
    assert_eq!(free_energy_from_rate(&none, at(1.0, 1.0)), Err(PointError::TooFew { needed: 1, found: 0 }));
    let target = rate_from_free_energy(&points, 1.0, f64::INFINITY);
    assert_eq!(target, Err(PointError::Target { what: "classification loss", value: f64::INFINITY }));
}

#[test]
fn grids_transform_into_each_other_for_a_gaussian_source() {
    // One variance s2 = 3, D the squared error: F = 1/2 (1 + ln 2 lambda s2) above lambda = 1 / (2 s2), lambda s2 below;
    // R = 1/2 ln(s2 / D).
    let s2: f64 = 3.0;
    let free_energy = |lambda: f64| {
        let mu = 2.0 * lambda * s2;
        if mu > 1.0 { 0.5 * (1.0 + mu.ln()) } else { lambda * s2 }
    };
    let rate = |distortion: f64| (0.5 * (s2 / distortion).ln()).max(0.0);
    let ratio = 1.01f64;
    let axis = |from: f64, n: i32| (0..n).map(|k| from * ratio.powi(k)).collect::<Vec<f64>>();
    let (lambdas, distortions) = (axis(0.05, 800), axis(0.003, 800));
    let column = |values: Vec<f64>| Array2::from_shape_vec((values.len(), 1), values).expect("a column");
    let free = column(lambdas.iter().map(|&lambda| free_energy(lambda)).collect());
    let wanted = [0.02, 0.5, 1.0, 2.9];
    let rates = rate_from_free_energy_grid(&lambdas, &[0.0], free.view(), &wanted, &[0.0]).expect("samples");
    for (k, &distortion) in wanted.iter().enumerate() {
        // At most half a step in ln lambda from 1 / (2 D), where the curvature in ln lambda is 1/2: ln(1.01)^2 / 16.
        let below = rate(distortion) - rates.values[(k, 0)];
        assert!((-1e-14..=ratio.ln().powi(2) / 15.0).contains(&below), "{below} at D = {distortion}");
        let lambda = lambdas[rates.maximisers[(k, 0)].0];
        assert_close!(lambda, 0.5 / distortion, rtol = 0.006, atol = 0.0);
        assert_eq!(rates.attainment[(k, 0)][0], Attainment::Interior);
    }
    // At D = 0.001 the multiplier would be 500, beyond the samples' 142; only there.
    let reached = rate_from_free_energy_grid(&lambdas, &[0.0], free.view(), &[0.001, 0.5], &[0.0]);
    let reached = reached.expect("samples").attainment.column(0).mapv(|attained| attained[0]);
    assert_eq!(reached.to_vec(), [Attainment::OutOfRange, Attainment::Interior]);
    let column = column(distortions.iter().map(|&distortion| rate(distortion)).collect());
    let wanted = [0.1, 0.5, 2.0, 20.0];
    let free =
        free_energy_from_rate_grid(&distortions, &[0.0], column.view(), &wanted, &[0.0]).expect("samples");
    for (k, &lambda) in wanted.iter().enumerate() {
        // As above; at lambda = 0.1, below the transition, the minimiser is s2 itself, at most a step away.
        let above = free.values[(k, 0)] - free_energy(lambda);
        let allowed = if lambda > 1.0 / 6.0 { ratio.ln().powi(2) / 15.0 } else { 0.1 * s2 * 0.01 };
        assert!((-1e-14..=allowed).contains(&above), "{above} at lambda = {lambda}");
    }
}

#[test]
fn both_axes_of_the_grids_have_their_signs() {
    let system = Pairs::example();
    let axis = |from: f64, step: f64| (0..60).map(|k| from + step * f64::from(k)).collect::<Vec<f64>>();
    let (lambdas, gammas) = (axis(0.5, 0.02), axis(1.0, 0.04));
    let free =
        Array2::from_shape_fn((60, 60), |(i, j)| solve(&system, at(lambdas[i], gammas[j])).free_energy());
    // Places within, in an order in which D and C both ascend.
    let wanted =
        [at(1.4, 2.6), at(1.0, 2.0), at(0.8, 1.5)].map(|m| system.equilibrium(m, None).expect("one").rdc);
    let (distortions, classifications) =
        (wanted.map(|rdc| rdc.distortion), wanted.map(|rdc| rdc.classification));
    let rates = rate_from_free_energy_grid(&lambdas, &gammas, free.view(), &distortions, &classifications);
    let rates = rates.expect("samples");
    for (k, rdc) in wanted.iter().enumerate() {
        // Half a step away, (0.01, 0.02), at curvatures below 1.5 and 0.6: less than 4e-4.
        let below = rdc.rate - rates.values[(k, k)];
        assert!((-1e-13..4e-4).contains(&below), "{below}");
    }
    // And back at multipliers of the middle.
    let points: Vec<_> =
        (0..3600).map(|k| SurfacePoint::of(&solve(&system, at(lambdas[k / 60], gammas[k % 60])))).collect();
    let range = |of: fn(&SurfacePoint) -> f64| {
        let (low, high) = points.iter().map(of).fold((f64::MAX, f64::MIN), |(l, h), x| (l.min(x), h.max(x)));
        (0..100).map(|k| low + (high - low) * f64::from(k) / 99.0).collect::<Vec<f64>>()
    };
    let (d_axis, c_axis) = (range(|p| p.rdc.distortion), range(|p| p.rdc.classification));
    let surface =
        rate_from_free_energy_grid(&lambdas, &gammas, free.view(), &d_axis, &c_axis).expect("samples");
    let back =
        free_energy_from_rate_grid(&d_axis, &c_axis, surface.values.view(), &[1.0], &[2.0]).expect("samples");
    // The sampled R is a lower bound, and its grid of (D, C) an upper: steps of 0.02 in D and 0.006 in C.
    assert_close!(back.values[(0, 0)], 9.720_380_577_8, rtol = 0.0, atol = 1e-3);
}
