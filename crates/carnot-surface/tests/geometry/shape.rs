//! Concavity of F and convexity of R.

use carnot_info::Estimate;
use carnot_surface::geometry::{
    IndependentRdc, PointError, SurfacePoint, Tolerance, concavity_of_free_energy, concavity_of_grid,
    convexity_of_rate,
};
use carnot_surface::{Multipliers, Rdc, RdcEstimate, SampleKey};
use carnot_testkit::assert_close;
use ndarray::Array2;
use proptest::prelude::*;

use crate::systems::{Pairs, at, gaussian, gaussians, multipliers, plane, solve};

fn point(multipliers: Multipliers, rdc: Rdc) -> SurfacePoint {
    SurfacePoint { multipliers, rdc }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn gaussian_surfaces_have_both_shapes(
        system in gaussians(), places in prop::collection::vec(multipliers(), 2..12),
    ) {
        let points: Vec<_> = places.iter().map(|&place| SurfacePoint::of(&solve(&system, place))).collect();
        let n = points.len();
        let concave = concavity_of_free_energy(&points, Tolerance::default()).expect("points");
        let convex = convexity_of_rate(&points, Tolerance::default()).expect("points");
        prop_assert!(concave.holds() && convex.holds(), "{concave:?} {convex:?}");
        prop_assert_eq!((concave.compared, convex.compared), (n * (n - 1), n * (n - 1)));
        // One property, seen from either side.
        prop_assert_eq!(concave.worst.violation, convex.worst.violation);
    }
}

#[test]
fn the_violation_is_that_of_the_written_inequalities() {
    // Numbers without a system, so that every term counts: by hand,
    // F(b) - F(a) - D(a) dlambda - C(a) dgamma and R(a) - R(b) - lambda_a dD - gamma_a dC.
    let a = point(at(1.0, 2.0), plane(0.5, 3.0, 1.0));
    let b = point(at(1.5, 4.0), plane(0.9, 2.0, 1.25));
    let (f_a, f_b) = (0.5 + 3.0 + 2.0, 0.9 + 3.0 + 5.0);
    assert_eq!(a.free_energy(), f_a);
    assert_eq!(a.tangent_plane(b.multipliers), 0.5 + 4.5 + 4.0);
    let concave_from_a = f_b - f_a - 3.0 * 0.5 - 1.0 * 2.0;
    let concave_from_b = f_a - f_b - 2.0 * -0.5 - 1.25 * -2.0;
    let convex_from_a = 0.5 - 0.9 - 1.0 * (2.0 - 3.0) - 2.0 * 0.25;
    let convex_from_b = 0.9 - 0.5 - 1.5 * (3.0 - 2.0) - 4.0 * -0.25;
    assert_close!(concave_from_a, convex_from_b, rtol = 0.0, atol = 1e-15);
    let points = [a, b];
    let exact = Tolerance { relative: 0.0, absolute: 0.0, standard_errors: 0.0 };
    let concave = concavity_of_free_energy(&points, exact).expect("points");
    let convex = convexity_of_rate(&points, exact).expect("points");
    // One of the two is violated, and it is the worst.
    assert!(concave_from_b > 0.0 && concave_from_a < 0.0 && convex_from_a > 0.0);
    assert_close!(concave.worst.violation, concave_from_b, rtol = 0.0, atol = 1e-15);
    assert_close!(convex.worst.violation, convex_from_a, rtol = 0.0, atol = 1e-15);
    assert_eq!((concave.worst.points, convex.worst.points), ((1, 0), (0, 1)));
    assert_eq!((concave.violations, concave.compared, concave.holds()), (1, 2, false));
    // What is allowed is what the tolerance says: the terms of a at its multipliers are 0.5 + 3 + 2.
    let loose = Tolerance { relative: 0.01, absolute: 0.05, standard_errors: 0.0 };
    let concave = concavity_of_free_energy(&points, loose).expect("points");
    let terms: f64 = 0.5 + 3.0 + 2.0;
    assert_close!(concave.worst.allowed, 0.05 + 0.01 * terms, rtol = 1e-15, atol = 0.0);
    assert_eq!((concave.holds(), concave.worst.std_err), (true, None));
}

#[test]
fn a_model_above_its_equilibrium_is_named() {
    let places = (0..25).map(|k| at(0.5 + 0.5 * f64::from(k / 5), 0.5 + 0.5 * f64::from(k % 5)));
    let mut points: Vec<_> = places.map(|place| SurfacePoint::of(&solve(&gaussian(), place))).collect();
    assert!(concavity_of_free_energy(&points, Tolerance::default()).expect("points").holds());
    points[7].rdc.rate += 0.3;
    let concave = concavity_of_free_energy(&points, Tolerance::default()).expect("points");
    let convex = convexity_of_rate(&points, Tolerance::default()).expect("points");
    assert_eq!((concave.worst.points.1, convex.worst.points.0), (7, 7));
    assert!(concave.worst.violation > 0.1 && concave.worst.violation <= 0.3, "{concave:?}");
}

#[test]
fn estimates_are_judged_by_their_standard_errors() {
    // The model of b is worse than that of a at b's multipliers, by 0.01 for every sample: unmistakable when paired,
    // nothing when not, for the samples scatter by more than that.
    let scatter = [0.0, 0.3, -0.4, 0.1, 0.2, -0.3, 0.05, 0.02];
    let estimate = |rate: f64, distortion: f64, key: u64| {
        let samples = scatter.iter().enumerate();
        let wobble = |k: usize| 1e-4 * if k.is_multiple_of(2) { key as f64 } else { -(key as f64) };
        let samples = samples.map(|(k, s)| [rate + s + wobble(k), distortion, 0.0]).collect();
        move |common: bool| {
            RdcEstimate::from_samples(samples, SampleKey(if common { 0 } else { key })).expect("samples")
        }
    };
    let points = |common: bool| {
        [
            SurfacePoint { multipliers: at(1.0, 0.0), rdc: estimate(1.0, 2.0, 1)(common) },
            SurfacePoint { multipliers: at(1.0, 0.0), rdc: estimate(1.01, 2.0, 2)(common) },
        ]
    };
    let paired = concavity_of_free_energy(&points(true), Tolerance::default()).expect("points");
    let unpaired = concavity_of_free_energy(&points(false), Tolerance::default()).expect("points");
    assert_eq!((paired.worst.points, paired.violations, unpaired.violations), ((0, 1), 1, 0));
    assert_close!(paired.worst.violation, 0.01, rtol = 1e-12, atol = 0.0);
    // The paired differences are 0.01 +- 1e-4 in turn: a standard error of 1e-4 / sqrt(7).
    let expected = 0.01 / (1e-4 / 7f64.sqrt());
    assert_close!(paired.worst.in_standard_errors().expect("measured"), expected, rtol = 1e-9, atol = 0.0);
    assert!(unpaired.worst.in_standard_errors().expect("measured") < 1.0);
}

#[test]
fn standard_errors_alone_add_in_squares() {
    let rdc = |rate: f64| IndependentRdc {
        rate: Estimate::exact(rate).with_std_err(0.3),
        distortion: Estimate::exact(1.0).with_std_err(0.2),
        classification: Estimate::exact(1.0).with_std_err(0.1),
    };
    let points = [0.0, 1.0].map(|rate| SurfacePoint { multipliers: at(2.0, 3.0), rdc: rdc(rate) });
    let report = concavity_of_free_energy(&points, Tolerance::default()).expect("points");
    let variance: f64 = 2.0 * (0.09 + 4.0 * 0.04 + 9.0 * 0.01);
    assert_close!(report.worst.std_err.expect("measured"), variance.sqrt(), rtol = 1e-15, atol = 0.0);
    assert_close!(report.worst.violation, 1.0, rtol = 1e-15, atol = 0.0);
    assert!(report.holds());
}

#[test]
fn points_that_say_nothing_are_refused() {
    let good = point(at(1.0, 1.0), plane(1.0, 1.0, 1.0));
    let tolerance = Tolerance::default();
    let few = concavity_of_free_energy(std::slice::from_ref(&good), tolerance).expect_err("one point");
    assert_eq!(few, PointError::TooFew { needed: 2, found: 1 });
    let bad = point(at(1.0, 1.0), plane(1.0, f64::INFINITY, 1.0));
    let error = convexity_of_rate(&[good, bad], tolerance).expect_err("an infinite distortion");
    assert_eq!(error, PointError::NotFinite { what: "distortion", point: 1, value: f64::INFINITY });
}

#[test]
fn concavity_shows_in_the_values_alone() {
    let axis: Vec<f64> = (1..=12).map(|k| 0.25 * f64::from(k)).collect();
    let geometric: Vec<f64> = (0..12).map(|k| 0.1 * 1.5f64.powi(k)).collect();
    for (lambdas, diagonals) in [(&axis, true), (&geometric, false)] {
        let grid = Array2::from_shape_fn((12, 12), |(i, j)| {
            solve(&Pairs::example(), at(lambdas[i], axis[j])).free_energy()
        });
        let report = concavity_of_grid(lambdas, &axis, grid.view(), Tolerance::default()).expect("a grid");
        assert!(report.holds(), "{report:?}");
        // Rows and columns have 10 middles each, and both diagonals 100 where the steps are in proportion.
        assert_eq!(report.compared, 2 * 120 + if diagonals { 200 } else { 0 });
    }
}

#[test]
fn a_saddle_is_seen_on_the_diagonal() {
    // lambda gamma is straight along both axes, convex on one diagonal: the chord is above the middle by 1/4.
    let (lambdas, gammas) = ([1.0, 1.5, 2.0], [3.0, 3.5, 4.0]);
    let saddle = Array2::from_shape_fn((3, 3), |(i, j)| lambdas[i] * gammas[j]);
    let report = concavity_of_grid(&lambdas, &gammas, saddle.view(), Tolerance::default()).expect("a grid");
    assert_eq!((report.compared, report.violations), (8, 1));
    assert_eq!(report.worst.points, [(0, 0), (1, 1), (2, 2)]);
    assert_close!(report.worst.violation, 0.25, rtol = 1e-14, atol = 0.0);
    // Unequal steps: x^2 at 0, 1, 4 has the chord 4 at 1, three above.
    let line = Array2::from_shape_vec((3, 1), vec![0.0, 1.0, 16.0]).expect("a shape");
    let report =
        concavity_of_grid(&[0.0, 1.0, 4.0], &[0.0], line.view(), Tolerance::default()).expect("a line");
    assert_close!(report.worst.violation, 3.0, rtol = 1e-15, atol = 0.0);
}

#[test]
fn grids_that_say_nothing_are_refused() {
    let tolerance = Tolerance::default();
    let grid = |lambdas: &[f64], gammas: &[f64], values: Array2<f64>| {
        concavity_of_grid(lambdas, gammas, values.view(), tolerance).expect_err("no grid")
    };
    let shape = grid(&[0.0, 1.0], &[0.0], Array2::zeros((1, 2)));
    assert_eq!(shape, PointError::Shape { found: (1, 2), expected: (2, 1) });
    let order = grid(&[0.0], &[0.0, 2.0, 1.0], Array2::zeros((1, 3)));
    assert_eq!(order, PointError::Axis { axis: "gamma", index: 2, value: 1.0 });
    let few = grid(&[0.0, 1.0], &[0.0, 1.0], Array2::zeros((2, 2)));
    assert_eq!(few, PointError::TooFew { needed: 3, found: 4 });
    let nan = grid(&[0.0, 1.0, 2.0], &[0.0], Array2::from_elem((3, 1), f64::NAN));
    assert!(matches!(nan, PointError::NotFinite { what: "free energy", point: 0, .. }));
}
