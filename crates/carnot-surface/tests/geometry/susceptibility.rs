//! Susceptibilities along a line.

use carnot_surface::geometry::{GeometryError, Segment, susceptibilities};
use carnot_testkit::assert_close;
use carnot_testkit::finite_difference::central;

use crate::systems::{Limited, Pairs, Refused, at, solve};

#[test]
fn they_are_the_response_in_units_of_the_multipliers() {
    let line = Segment { from: at(0.5, 1.0), to: at(1.5, 3.0) };
    let found = susceptibilities(&Pairs::example(), &line, 11).expect("samples");
    assert_eq!((found.len(), found[0].position, found[10].position), (11, 0.0, 1.0));
    let middle = &found[5];
    assert_close!(middle.multipliers.gamma(), 2.0, rtol = 1e-15, atol = 0.0);
    // The Hessian of F at (1, 2), to eight digits.
    assert_close!(middle.distortion, 0.578_184_39, rtol = 1e-8, atol = 0.0);
    assert_close!(middle.cross, 2.0 * 0.107_556_23, rtol = 1e-7, atol = 0.0);
    assert_close!(middle.classification, 4.0 * 0.245_795_34, rtol = 3e-8, atol = 0.0);
    for sample in &found {
        assert!(sample.distortion >= 0.0 && sample.classification >= 0.0);
        assert!(sample.cross * sample.cross <= sample.distortion * sample.classification);
    }
}

#[test]
fn along_the_ray_it_is_the_heat_capacity() {
    let system = Pairs::example();
    let (lambda, gamma) = (1.0, 2.0);
    let energy = |temperature: f64| {
        let rdc = solve(&system, at(lambda / temperature, gamma / temperature)).rdc;
        lambda * rdc.distortion + gamma * rdc.classification
    };
    let line = Segment { from: at(lambda, gamma), to: at(2.0, 2.0) };
    let here = susceptibilities(&system, &line, 2).expect("samples")[0];
    let capacity = central(energy, 1.0, 0.02);
    assert_close!(here.along([1.0, 1.0]), capacity.value, rtol = 1e-10, atol = 10.0 * capacity.error);
    assert_close!(here.along([1.0, 0.0]), here.distortion, rtol = 1e-15, atol = 0.0);
    let mixed = 4.0 * here.distortion - 4.0 * here.cross + here.classification;
    assert_close!(here.along([2.0, -1.0]), mixed, rtol = 1e-14, atol = 0.0);
}

#[test]
fn what_cannot_be_sampled_is_refused() {
    let line = Segment { from: at(0.5, 1.0), to: at(1.5, 3.0) };
    let error = susceptibilities(&Pairs::example(), &line, 1).expect_err("one sample");
    assert!(matches!(error, GeometryError::Option { name: "samples", .. }), "{error:?}");
    let error = susceptibilities(&Limited(Pairs::example(), 1.2), &line, 5).expect_err("beyond the limit");
    assert!(matches!(error, GeometryError::System { lambda: 1.25, source: Refused, .. }), "{error:?}");
}
