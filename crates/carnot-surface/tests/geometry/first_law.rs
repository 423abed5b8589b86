//! The first law along paths.

use carnot_surface::Multipliers;
use carnot_surface::geometry::{
    PointError, Quadrature, Segment, SurfacePoint, first_law, locate, rate_change,
};
use carnot_testkit::assert_close;
use proptest::prelude::*;

use crate::systems::{Pairs, Planes, at, draws, gaussians, multipliers, plane, solve};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_step_brackets_the_change_of_the_rate(
        system in gaussians(), places in prop::collection::vec(multipliers(), 2..10),
    ) {
        let path: Vec<_> = places.iter().map(|&place| SurfacePoint::of(&solve(&system, place))).collect();
        let law = first_law(&path).expect("a path");
        prop_assert!(law.holds(1e-12), "{law:?}");
        let change = path[path.len() - 1].rdc.rate - path[0].rdc.rate;
        assert_close!(law.rate_change, change, 0.0, 1e-13 * law.scale);
        prop_assert!(law.at_starts <= law.rate_change + 1e-12 * law.scale);
        prop_assert!(law.at_ends >= law.rate_change - 1e-12 * law.scale);
    }
}

#[test]
fn the_sums_are_the_written_ones() {
    let path = [
        SurfacePoint { multipliers: at(1.0, 2.0), rdc: plane(0.5, 3.0, 1.0) },
        SurfacePoint { multipliers: at(1.5, 4.0), rdc: plane(1.9, 2.0, 0.75) },
        SurfacePoint { multipliers: at(2.0, 4.0), rdc: plane(1.5, 2.25, 0.5) },
    ];
    let law = first_law(&path).expect("a path");
    assert_close!(law.rate_change, 1.0, rtol = 1e-15, atol = 0.0);
    assert_close!(law.at_starts, (1.0 + 0.5) + (-1.5 * 0.25 + 4.0 * 0.25), rtol = 1e-15, atol = 0.0);
    assert_close!(law.at_ends, (1.5 + 1.0) + (-2.0 * 0.25 + 4.0 * 0.25), rtol = 1e-15, atol = 0.0);
    assert_close!(law.trapezoid(), 0.5 * (2.125 + 3.0), rtol = 1e-15, atol = 0.0);
    assert_close!(law.residual(), 1.0 - 2.5625, rtol = 1e-15, atol = 0.0);
    assert_close!(law.bound(), 0.4375, rtol = 1e-15, atol = 0.0);
    // The first step's rate rises by 1.4, below its 1.5; the second falls by 0.4, far below its 0.5 of increase.
    assert_eq!((law.worst_step, law.holds(1e-9)), (1, false));
    assert_close!(law.outside, 0.625 + 0.4, rtol = 1e-15, atol = 0.0);
}

#[test]
fn the_trapezoidal_sum_is_of_second_order() {
    let system = Pairs::example();
    let residual = |steps: i32| {
        let place = |k: i32| 0.5 + f64::from(k) / f64::from(steps);
        let path: Vec<_> =
            (0..=steps).map(|k| SurfacePoint::of(&solve(&system, at(place(k), 3.0 * place(k))))).collect();
        let law = first_law(&path).expect("a path");
        assert!(law.residual().abs() <= law.bound());
        law.residual()
    };
    // All three pairs are encoded on the way, so that it is smooth.
    assert_close!((residual(40) / residual(80)).log2(), 2.0, rtol = 0.0, atol = 0.05);
}

#[test]
fn a_jump_at_coexistence_costs_its_latent_heat_exactly() {
    // Two planes meet at lambda = 2: across the jump at fixed multipliers the bracket has no width.
    let planes = Planes(vec![plane(0.0, 1.0, 0.3), plane(1.4, 0.2, 0.5)]);
    let here = at(2.0, 1.0);
    let path = [0, 1].map(|k| SurfacePoint { multipliers: here, rdc: planes.0[k] });
    let law = first_law(&path).expect("a path");
    assert_close!(law.at_starts, 1.4, rtol = 1e-14, atol = 0.0);
    assert_close!(law.at_ends, 1.4, rtol = 1e-14, atol = 0.0);
    assert!(law.holds(1e-14));
}

#[test]
fn the_rate_is_the_integral_of_the_responses() {
    let mut crossed = 0;
    for (system, from, to) in draws((gaussians(), multipliers(), multipliers()), 20) {
        let segment = Segment { from, to };
        let transitions = locate(&system, &segment, &Default::default()).expect("located");
        let breaks: Vec<f64> = transitions.iter().map(|transition| transition.position).collect();
        crossed += breaks.len();
        let integral = rate_change(&system, &segment, &breaks, &Quadrature::default()).expect("integrated");
        let rate = |place: Multipliers| solve(&system, place).rdc.rate;
        // Its own error, and what a transition half a bracket from its place leaves: 1e-9 of the jump of the slope.
        let allowed = 10.0 * integral.error + 1e-8 * integral.size;
        assert_close!(integral.value, rate(to) - rate(from), 0.0, allowed, "{integral:?}");
        assert!(integral.error <= 1e-9 * integral.size, "{integral:?}");
    }
    assert!(crossed >= 10, "only {crossed} transitions crossed");
}

#[test]
fn a_path_needs_two_points() {
    let point = SurfacePoint { multipliers: at(1.0, 1.0), rdc: plane(1.0, 1.0, 1.0) };
    assert_eq!(first_law(&[point]), Err(PointError::TooFew { needed: 2, found: 1 }));
}
