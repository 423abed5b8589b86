//! The four Maxwell relations and Le Chatelier's principle, predicted and measured.

use carnot_surface::geometry::{
    GeometryError, Potential, is_one_phase, le_chatelier, maxwell_sides, measure_le_chatelier,
    measure_maxwell, measure_response,
};
use carnot_surface::{At, Multipliers, Observable, Rdc, Response, Responsive, System};
use carnot_testkit::assert_close;

use crate::systems::{Limited, Pairs, Refused, at, draws, gaussians, multipliers, solve};

const STEP: f64 = 1e-2;

#[test]
fn the_relations_of_three_pairs_at_one_place() {
    // The Hessian of F at (1, 2) and the iso-classification slope, to the eight digits they were worked out to.
    let (system, place) = (Pairs::example(), at(1.0, 2.0));
    let equilibrium = solve(&system, place);
    let (s11, s12, s22) = (-0.578_184_39, -0.107_556_23, -0.245_795_34);
    let determinant = s11 * s22 - s12 * s12;
    let expected = [
        (Potential::FreeEnergy, s12),
        (Potential::Rate, -s12 / determinant),
        (Potential::AtClassification, 0.437_584_51),
        (Potential::AtDistortion, s12 / s11),
    ];
    for (potential, expected) in expected {
        let found = measure_maxwell(&system, &equilibrium, potential, STEP).expect("measured");
        for side in [found.predicted.left, found.predicted.right] {
            // Half a unit in the eighth digit of the inputs, a few times over where they are combined.
            assert_close!(side, expected, rtol = 2e-7, atol = 0.0, "{potential:?}");
        }
        for side in [found.measured.left, found.measured.right] {
            assert_close!(side.value, expected, rtol = 2e-7, atol = 10.0 * side.error, "{potential:?}");
            // At a step of a hundredth the differences are good for ten digits.
            assert!(side.error <= 1e-9, "{potential:?}: {side:?}");
        }
    }
}

#[test]
fn all_four_relations_hold_as_measured_on_random_systems() {
    let (mut kept, drawn) = (0, 120);
    for (system, place) in draws((gaussians(), multipliers()), drawn) {
        let equilibrium = solve(&system, place);
        let response = system.response(&equilibrium).expect("a response");
        // Held observables move the multipliers by the step to first order: a little room. And differences of a nearly
        // singular response measure little.
        if !is_one_phase(&system, &equilibrium, 1.2 * STEP).expect("solved")
            || response.condition(place) > 1e4
        {
            continue;
        }
        kept += 1;
        for potential in Potential::ALL {
            let found = measure_maxwell(&system, &equilibrium, potential, STEP).expect("measured");
            let (left, right) = (found.measured.left, found.measured.right);
            // What the differences say of themselves, with a factor of ten for luck, and that it is little: relative to
            // the sides themselves or to what they would be without cancellation.
            let scale = natural_scale(&response, place, potential);
            let rounding = 1e-10 * scale;
            assert_close!(
                left.value,
                right.value,
                0.0,
                10.0 * found.error() + rounding,
                "{found:?} at {place:?}"
            );
            assert_close!(found.off_prediction(), 0.0, 0.0, 10.0 * found.error() + rounding, "{found:?}");
            assert_eq!(found.residual(), left.value - right.value);
            assert!(found.error() <= 1e-4 * scale, "{found:?} at {place:?}, scale {scale}");
        }
        let measured = measure_response(&system, &equilibrium, STEP).expect("measured");
        let largest = response.distortion_lambda.abs().max(response.classification_gamma.abs());
        for off in measured.off(&response) {
            assert_close!(
                off.value,
                0.0,
                0.0,
                10.0 * off.error + 1e-12 * largest,
                "{measured:?} at {place:?}"
            );
            assert!(off.error <= 1e-6 * largest, "{measured:?} at {place:?}");
        }
        let regular = response.regular(place).expect("regular");
        let predicted = le_chatelier(&response, &regular);
        let measured = measure_le_chatelier(&system, &equilibrium, STEP).expect("measured");
        for (predicted, measured) in predicted.into_iter().zip(measured) {
            assert!(predicted.holds(1e-12) && measured.holds(), "{predicted:?} {measured:?}");
            let rounding = 1e-10 * predicted.free.abs();
            let allowed = |error: f64| 10.0 * error + rounding;
            assert_close!(measured.free.value, predicted.free, 0.0, allowed(measured.free.error));
            let error = allowed(measured.constrained.error);
            assert_close!(measured.constrained.value, predicted.constrained, 0.0, error);
        }
    }
    println!("{kept} of {drawn} draws kept");
    assert!(2 * kept >= drawn, "only {kept} of {drawn} draws were regular");
}

/// The size of a side before its numbers cancel.
fn natural_scale(s: &Response, m: Multipliers, potential: Potential) -> f64 {
    let (s11, s22) = (s.distortion_lambda.abs(), s.classification_gamma.abs());
    match potential {
        Potential::FreeEnergy => (s11 * s22).sqrt(),
        Potential::Rate => s.condition(m) / (s11 * s22).sqrt(),
        Potential::AtClassification => (s11 / s22).sqrt(),
        Potential::AtDistortion => (s22 / s11).sqrt(),
    }
}

/// A system whose C is off by `skew lambda`: `(D, C)` is no gradient any more.
struct Skewed<S>(S, f64);

impl<S: System<Rdc = Rdc>> System for Skewed<S> {
    type Rdc = Rdc;
    type State = S::State;
    type Error = S::Error;

    fn equilibrium(&self, at: Multipliers, from: Option<&S::State>) -> Result<At<S>, S::Error> {
        let mut found = self.0.equilibrium(at, from)?;
        found.rdc.classification += self.1 * at.lambda();
        Ok(found)
    }
}

impl<S: Responsive<Rdc = Rdc>> Responsive for Skewed<S> {
    fn response(&self, at: &At<S>) -> Result<Response, S::Error> {
        self.0.response(at)
    }
}

#[test]
fn what_is_no_gradient_fails_every_relation() {
    let (skew, place) = (0.05, at(1.0, 2.0));
    let system = Skewed(Pairs::example(), skew);
    let equilibrium = solve(&system, place);
    let s = system.response(&equilibrium).expect("a response");
    // The Jacobian of (D, C) has C_lambda = S12 + skew beside D_gamma = S12.
    let (d_lambda, d_gamma) = (s.distortion_lambda, s.cross);
    let (c_lambda, c_gamma) = (s.cross + skew, s.classification_gamma);
    let determinant = d_lambda * c_gamma - d_gamma * c_lambda;
    let expected = [
        (Potential::FreeEnergy, d_gamma - c_lambda),
        (Potential::Rate, (c_lambda - d_gamma) / determinant),
        (Potential::AtClassification, d_gamma / c_gamma - c_lambda / c_gamma),
        (Potential::AtDistortion, c_lambda / d_lambda - d_gamma / d_lambda),
    ];
    for (potential, residual) in expected {
        let found = measure_maxwell(&system, &equilibrium, potential, STEP).expect("measured");
        assert_close!(found.residual(), residual, 1e-6, 10.0 * found.error(), "{potential:?}");
        assert!(found.residual().abs() > 100.0 * found.error(), "{found:?}");
    }
}

#[test]
fn a_curve_has_one_relation_and_says_so_of_the_others() {
    // One pair: the surface is a curve. At (1, 2) the quadratic of u is 1.6 u^2 + 1.2 u = 0.2, D_gamma = C_lambda =
    // -0.8 u / (3.2 u + 1.2).
    let system = Pairs(vec![(1.0, 0.8)]);
    let equilibrium = solve(&system, at(1.0, 2.0));
    let found = measure_maxwell(&system, &equilibrium, Potential::FreeEnergy, STEP).expect("measured");
    for side in [found.measured.left, found.measured.right] {
        assert_close!(side.value, found.predicted.left, rtol = 0.0, atol = 10.0 * side.error);
        assert!(side.error < 1e-9);
    }
    let u = (2.72f64.sqrt() - 1.2) / 3.2;
    assert_close!(found.predicted.left, -0.8 * u / 2.72f64.sqrt(), rtol = 1e-14, atol = 0.0);
    let response = system.response(&equilibrium).expect("a response");
    for potential in [Potential::Rate, Potential::AtClassification, Potential::AtDistortion] {
        assert!(maxwell_sides(&response, at(1.0, 2.0), potential).expect_err("a curve").condition >= 1e8);
        let error = measure_maxwell(&system, &equilibrium, potential, STEP).expect_err("a curve");
        assert!(matches!(error, GeometryError::Degenerate(_)), "{error:?}");
    }
    let error = measure_le_chatelier(&system, &equilibrium, STEP).expect_err("a curve");
    assert!(matches!(error, GeometryError::Degenerate(_)), "{error:?}");
}

#[test]
fn le_chatelier_fails_with_the_wrong_sign_and_the_wrong_order() {
    let (system, place) = (Pairs::example(), at(1.0, 2.0));
    let equilibrium = solve(&system, place);
    let response = system.response(&equilibrium).expect("a response");
    let [distortion, classification] = le_chatelier(&response, &response.regular(place).expect("regular"));
    assert_eq!(
        (distortion.observable, classification.observable),
        (Observable::Distortion, Observable::Classification)
    );
    assert_close!(distortion.constrained, -0.578_184_39 + 0.107_556_23f64.powi(2) / 0.245_795_34, 2e-8, 0.0);
    assert_close!(
        classification.constrained,
        -0.245_795_34 + 0.107_556_23f64.powi(2) / 0.578_184_39,
        2e-8,
        0.0
    );
    for wrong in [2.0 * distortion.free, -distortion.constrained] {
        let mut changed = distortion;
        changed.constrained = wrong;
        assert!(!changed.holds(1e-9));
    }
}

#[test]
fn the_measured_response_keeps_its_entries_apart() {
    let system = Skewed(Pairs::example(), 0.05);
    let equilibrium = solve(&system, at(1.0, 2.0));
    let response = system.response(&equilibrium).expect("a response");
    let measured = measure_response(&system, &equilibrium, STEP).expect("measured");
    // Only dC/dlambda is off, by the skew.
    for (off, expected) in measured.off(&response).into_iter().zip([0.0, 0.0, 0.05, 0.0]) {
        assert_close!(off.value, expected, rtol = 0.0, atol = 1e-10);
    }
    assert_eq!(measured.distortion_lambda.value < -0.5, measured.classification_gamma.value > -0.3);
}

#[test]
fn a_box_across_a_line_of_transitions_is_not_one_phase() {
    // The second pair enters where 2 lambda + 0.6 gamma = 1: at (0.4, 1/3) and within ten per cent of (0.38, 0.33).
    let system = Pairs::example();
    let equilibrium = solve(&system, at(0.38, 0.33));
    for (step, expected) in [(0.02, true), (0.1, false)] {
        assert_eq!(is_one_phase(&system, &equilibrium, step), Ok(expected));
    }
    let error = is_one_phase(&system, &equilibrium, 1.0).expect_err("no step");
    assert!(matches!(error, GeometryError::Option { name: "step", .. }), "{error:?}");
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let system = Pairs::example();
    let inside = solve(&system, at(1.0, 2.0));
    for step in [0.0, 0.5, f64::NAN] {
        let error = measure_maxwell(&system, &inside, Potential::FreeEnergy, step).expect_err("no step");
        assert!(matches!(error, GeometryError::Option { name: "step", .. }), "{error:?}");
    }
    let edge = solve(&system, at(1.0, 0.0));
    let error = measure_maxwell(&system, &edge, Potential::FreeEnergy, STEP).expect_err("an edge");
    assert!(matches!(error, GeometryError::Option { name: "gamma", .. }), "{error:?}");
    // The system's own error comes through, with the place.
    let limited = Limited(Pairs::example(), 1.0);
    let error =
        measure_maxwell(&limited, &inside, Potential::FreeEnergy, STEP).expect_err("beyond its limit");
    assert!(
        matches!(error, GeometryError::System { lambda, source: Refused, .. } if lambda > 1.0),
        "{error:?}"
    );
}
