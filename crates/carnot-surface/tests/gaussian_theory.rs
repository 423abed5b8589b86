//! The theory on random linear-Gaussian systems: envelope theorem, concavity, Maxwell's relations, Le Chatelier's
//! principle and optimality, against finite differences of the re-solved (D, C).

use carnot_surface::{At, GaussianSystem, Multipliers, Observables, Rdc, Responsive, Sidedness, System};
use carnot_testkit::assert_close;
use carnot_testkit::finite_difference::{Derivative, central};
use carnot_testkit::strategies::{log_uniform, positive_definite, signed};
use ndarray::{Array2, array};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("valid multipliers")
}

fn solve(system: &GaussianSystem, multipliers: Multipliers) -> At<GaussianSystem> {
    system.equilibrium(multipliers, None).expect("an equilibrium")
}

/// Systems of dimension 1 to 5 with 1 to 3 targets, condition numbers up to 1e4 and noise over two decades.
fn systems() -> impl Strategy<Value = GaussianSystem> {
    (1..6usize, 1..4usize).prop_flat_map(|(n, k)| {
        let parts = (
            positive_definite(n, (1e-2, 1e2)),
            signed(n * k),
            positive_definite(k, (1e-2, 1e1)),
            log_uniform(0.1, 10.0),
            log_uniform(0.1, 10.0),
        );
        parts.prop_map(move |(sx, b, sn, decoder, head)| {
            let matrix =
                |rows, columns, values| Array2::from_shape_vec((rows, columns), values).expect("a shape");
            GaussianSystem::new(
                matrix(n, n, sx).view(),
                matrix(k, n, b).view(),
                matrix(k, k, sn).view(),
                decoder,
                head,
            )
            .expect("a valid system")
        })
    })
}

fn multipliers() -> impl Strategy<Value = Multipliers> {
    (log_uniform(1e-2, 1e2), log_uniform(1e-2, 1e2)).prop_map(|(lambda, gamma)| at(lambda, gamma))
}

/// Half the width of the stencils, relative to the multiplier.
const STEP: f64 = 1e-2;

/// Whether a transition lies within the stencil around `centre`: F is not smooth there and differences mean nothing.
fn straddles(system: &GaussianSystem, centre: f64, place: impl Fn(f64) -> Multipliers) -> bool {
    // The strengths grow with either multiplier, so that the ends of the stencil tell for all of it.
    let active = |x: f64| solve(system, place(x)).state.active();
    active(centre * (1.0 - STEP)) != active(centre * (1.0 + STEP))
}

/// The derivatives of D and C with respect to one multiplier by differences of re-solved equilibria, or `None` where
/// the stencil straddles a transition.
fn differences(
    system: &GaussianSystem,
    centre: f64,
    place: impl Fn(f64) -> Multipliers,
) -> Option<[Derivative; 2]> {
    let of =
        |observe: fn(&Rdc) -> f64| central(|x| observe(&solve(system, place(x)).rdc), centre, STEP * centre);
    (!straddles(system, centre, &place)).then(|| [of(|rdc| rdc.distortion), of(|rdc| rdc.classification)])
}

/// A central difference is of second order: four times the error at twice the step. A few of the orders that are not
/// drowned in rounding still feel it.
fn assert_second_order(orders: &[f64]) {
    let second = orders.iter().filter(|order| (*order - 2.0).abs() < 0.2).count();
    assert!(
        orders.len() > 200 && second * 20 >= orders.len() * 19,
        "{second} of {} orders near 2",
        orders.len()
    );
}

/// How many draws were kept and left out. The draws are the same in every run: some stencils, a hundredth of a
/// multiplier wide to either side, must straddle a transition, or the test for it does nothing; and most must not.
fn left_out(kept: u32, drawn: u32) -> String {
    let left_out = drawn - kept;
    assert!(left_out > 0 && left_out < kept, "{left_out} of {drawn} draws left out");
    format!("{kept} draws kept, {left_out} left out")
}

/// Runs `check` on random systems and multipliers until `wanted` of them were not left out, and says how many were.
fn for_regular_draws(wanted: u32, mut check: impl FnMut(&GaussianSystem, Multipliers) -> bool) -> (u32, u32) {
    let mut runner = TestRunner::deterministic();
    let strategy = (systems(), multipliers());
    let (mut kept, mut drawn) = (0, 0);
    while kept < wanted {
        let (system, multipliers) =
            strategy.new_tree(&mut runner).expect("a draw without rejections").current();
        drawn += 1;
        kept += u32::from(check(&system, multipliers));
        assert!(drawn < 20 * wanted, "only {kept} of {drawn} draws were kept");
    }
    (kept, drawn)
}

#[test]
fn the_gradient_of_the_free_energy_is_distortion_and_classification_loss() {
    let mut orders = Vec::new();
    let (kept, drawn) = for_regular_draws(200, |system, multipliers| {
        let (lambda, gamma) = (multipliers.lambda(), multipliers.gamma());
        let equilibrium = solve(system, multipliers);
        let along = |centre: f64, place: &dyn Fn(f64) -> Multipliers| {
            (!straddles(system, centre, place))
                .then(|| central(|x| solve(system, place(x)).free_energy(), centre, STEP * centre))
        };
        let by_lambda = along(lambda, &|x| at(x, gamma));
        let by_gamma = along(gamma, &|x| at(lambda, x));
        let (Some(by_lambda), Some(by_gamma)) = (by_lambda, by_gamma) else { return false };
        // What the differences are worth, with a factor of ten for luck.
        let Rdc { distortion, classification, .. } = equilibrium.rdc;
        assert_close!(by_lambda.value, distortion, 1e-12, 10.0 * by_lambda.error, "{multipliers:?}");
        assert_close!(by_gamma.value, classification, 1e-12, 10.0 * by_gamma.error, "{multipliers:?}");
        orders.extend(by_lambda.order.into_iter().chain(by_gamma.order));
        true
    });
    assert_second_order(&orders);
    println!("{}", left_out(kept, drawn));
}

#[test]
fn the_response_is_the_derivative_of_distortion_and_classification_loss() {
    let mut orders = Vec::new();
    let (kept, drawn) = for_regular_draws(200, |system, multipliers| {
        let (lambda, gamma) = (multipliers.lambda(), multipliers.gamma());
        let by_lambda = differences(system, lambda, |x| at(x, gamma));
        let by_gamma = differences(system, gamma, |x| at(lambda, x));
        let (Some([d_lambda, c_lambda]), Some([d_gamma, c_gamma])) = (by_lambda, by_gamma) else {
            return false;
        };
        let s = system.response(&solve(system, multipliers)).expect("a response");
        assert_eq!(s.sidedness, Sidedness::TwoSided);
        // What the differences themselves are worth, with a factor of ten for luck, and the rounding of the formula: a
        // condition of up to 1e4 of the source, relative to the diagonal since an off-diagonal entry may cancel.
        let scale = |by: f64| 1e-9 * by.abs();
        let s11 = s.distortion_lambda;
        let s22 = s.classification_gamma;
        let mixed = (s11 * s22).sqrt();
        let cases = [
            (s11, d_lambda, scale(s11)),
            (s.cross, d_gamma, scale(mixed)),
            (s.cross, c_lambda, scale(mixed)),
            (s22, c_gamma, scale(s22)),
        ];
        for (formula, difference, atol) in cases {
            assert_close!(formula, difference.value, 0.0, atol + 10.0 * difference.error, "{multipliers:?}");
            orders.extend(difference.order);
        }
        // Maxwell's relation between the differences alone, without the formula.
        let error = 10.0 * (d_gamma.error + c_lambda.error);
        assert_close!(d_gamma.value, c_lambda.value, 0.0, scale(mixed) + error, "{multipliers:?}");
        true
    });
    assert_second_order(&orders);
    println!("{}", left_out(kept, drawn));
}

#[test]
fn all_four_maxwell_relations_and_le_chatelier_hold_where_the_response_is_regular() {
    let (kept, drawn) = for_regular_draws(200, |system, multipliers| {
        let (lambda, gamma) = (multipliers.lambda(), multipliers.gamma());
        let Ok(regular) =
            system.response(&solve(system, multipliers)).expect("a response").regular(multipliers)
        else {
            return false;
        };
        // The Jacobian of (D, C) by differences alone, condition times their error.
        let by_lambda = differences(system, lambda, |x| at(x, gamma));
        let by_gamma = differences(system, gamma, |x| at(lambda, x));
        let (Some([d_lambda, c_lambda]), Some([d_gamma, c_gamma])) = (by_lambda, by_gamma) else {
            return false;
        };
        // In units of the multipliers the entries are comparable, and their error is that of the largest.
        let unit = [[lambda * lambda, lambda * gamma], [gamma * lambda, gamma * gamma]];
        let [a, b] = [d_lambda.value * unit[0][0], d_gamma.value * unit[0][1]];
        let [c, d] = [c_lambda.value * unit[1][0], c_gamma.value * unit[1][1]];
        let largest = a.abs().max(d.abs());
        let errors = [d_lambda.error * unit[0][0], d_gamma.error * unit[0][1], c_lambda.error * unit[1][0]];
        let error = errors.iter().fold(c_gamma.error * unit[1][1], |max, e| max.max(*e)) / largest;
        // An entry of the inverse is off by the condition times the relative error of the entries, four of which meet in
        // the determinant; a factor of ten for luck as above.
        let rtol = 40.0 * regular.condition() * (error + 1e-12);
        if rtol > 1e-2 {
            return false; // The differences are too coarse for a response this close to singular.
        }
        let determinant = a * d - b * c;
        // From F: (dD/dgamma)_lambda = (dC/dlambda)_gamma.
        assert_close!(b, c, 0.0, rtol * largest, "F at {multipliers:?}");
        // From R(D, C): (dlambda/dC)_D = (dgamma/dD)_C, from the inverse of the Jacobian.
        let (lambda_by_c, gamma_by_d) = (-b / determinant, -c / determinant);
        let formula = regular.d_lambda_d_classification_at_distortion() / (lambda * gamma);
        let atol = rtol * (a.abs() * d.abs()).sqrt() / determinant.abs();
        assert_close!(lambda_by_c, gamma_by_d, rtol, atol, "R at {multipliers:?}");
        assert_close!(formula, lambda_by_c, rtol, atol, "R at {multipliers:?}");
        // From F - gamma C: (dD/dC)_lambda = -(dgamma/dlambda)_C.
        let ratio = regular.d_distortion_d_classification_at_lambda() * lambda / gamma;
        assert_close!(ratio, b / d, rtol, rtol * (a / d).abs().sqrt(), "F - gamma C at {multipliers:?}");
        let slope = regular.iso_classification_slope() * lambda / gamma;
        assert_close!(slope, -c / d, rtol, rtol * (a / d).abs().sqrt(), "F - gamma C at {multipliers:?}");
        // From F - lambda D: (dC/dD)_gamma = -(dlambda/dgamma)_D.
        let ratio = regular.d_classification_d_distortion_at_gamma() * gamma / lambda;
        assert_close!(ratio, c / a, rtol, rtol * (d / a).abs().sqrt(), "F - lambda D at {multipliers:?}");
        // Along an iso-distortion curve D stays: dgamma/dlambda = -D_lambda / D_gamma, here as its inverse, since D_gamma
        // may be next to nothing.
        let inverse = gamma / lambda / regular.iso_distortion_slope();
        assert_close!(
            inverse,
            -b / a,
            rtol,
            rtol * (d / a).abs().sqrt(),
            "iso-distortion at {multipliers:?}"
        );
        // Le Chatelier: a constraint makes the response weaker, and leaves its sign.
        for (constrained, difference, free) in [
            (regular.d_distortion_d_lambda_at_classification() * unit[0][0], determinant / d, a),
            (regular.d_classification_d_gamma_at_distortion() * unit[1][1], determinant / a, d),
        ] {
            assert_close!(constrained, difference, rtol, rtol * free.abs(), "{multipliers:?}");
            assert!(constrained <= 0.0 && constrained.abs() <= free.abs() * (1.0 + rtol), "{multipliers:?}");
        }
        true
    });
    println!("{kept} draws kept, {} left out as degenerate, at a transition or too coarse", drawn - kept);
    assert!(2 * kept >= drawn, "only {kept} of {drawn} draws were regular");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_envelope_theorem_holds_across_transitions(system in systems(), multipliers in multipliers()) {
        let (lambda, gamma) = (multipliers.lambda(), multipliers.gamma());
        let equilibrium = solve(&system, multipliers);
        // F has a continuous gradient even at a transition, where its second derivative jumps. Whatever the stencil
        // straddles, a secant of a concave function lies between its gradients at either end.
        for (axis, centre) in [lambda, gamma].into_iter().enumerate() {
            let place = |x: f64| if axis == 0 { at(x, gamma) } else { at(lambda, x) };
            let gradient = |rdc: Rdc| if axis == 0 { rdc.distortion } else { rdc.classification };
            let h = 1e-4 * centre;
            let (above, below) = (solve(&system, place(centre + h)), solve(&system, place(centre - h)));
            let difference = (above.free_energy() - below.free_energy()) / (2.0 * h);
            let (steep, flat) = (gradient(below.rdc), gradient(above.rdc));
            // Concavity of F: its gradient falls, and the secant lies between the gradients at its ends.
            let rounding = 1e-15 * above.free_energy().abs().max(below.free_energy().abs()) / h
                + 1e-12 * steep.abs();
            prop_assert!(flat <= steep + rounding, "the gradient rose from {steep} to {flat}");
            prop_assert!(difference <= steep + 8.0 * rounding && difference >= flat - 8.0 * rounding,
                "{flat} <= {difference} <= {steep}");
            prop_assert!(gradient(equilibrium.rdc) <= steep + rounding && gradient(equilibrium.rdc) >= flat - rounding);
        }
    }

    #[test]
    fn the_free_energy_is_concave(
        system in systems(), one in multipliers(), other in multipliers(), t in 0.0..1.0f64,
    ) {
        let mix = |a: f64, b: f64| (1.0 - t) * a + t * b;
        let between = at(mix(one.lambda(), other.lambda()), mix(one.gamma(), other.gamma()));
        let chord = mix(solve(&system, one).free_energy(), solve(&system, other).free_energy());
        let scale = solve(&system, one).free_energy().abs().max(solve(&system, other).free_energy().abs());
        prop_assert!(solve(&system, between).free_energy() >= chord - 1e-13 * (1.0 + scale));
        // The tangent plane lies above: the model of one equilibrium is a candidate at every other multiplier.
        let tangent = solve(&system, one).rdc.objective(other);
        prop_assert!(tangent >= solve(&system, other).free_energy() - 1e-13 * (1.0 + tangent.abs()));
    }

    #[test]
    fn the_response_is_negative_semidefinite(system in systems(), multipliers in multipliers()) {
        let s = system.response(&solve(&system, multipliers)).expect("a response");
        prop_assert!(s.distortion_lambda <= 0.0 && s.classification_gamma <= 0.0);
        let product = s.distortion_lambda * s.classification_gamma;
        prop_assert!(s.cross * s.cross <= product * (1.0 + 1e-10));
    }

    #[test]
    fn no_other_encoder_does_better(
        variance in log_uniform(0.1, 10.0), covariance in -0.9..0.9f64, shrink in (0.01..1.0f64, 0.01..1.0f64),
        angle in 0.0..std::f64::consts::TAU, multipliers in multipliers(),
    ) {
        // Any T = Sx^(1/2) O diag(shrink) O' Sx^(1/2) is the posterior covariance of some encoder.
        let source = array![[variance, covariance * variance.sqrt()], [covariance * variance.sqrt(), 1.0]];
        let readout = array![[0.3, -0.8]];
        let system = GaussianSystem::new(source.view(), readout.view(), array![[0.2]].view(), 0.7, 0.4)
            .expect("a valid system");
        let l11 = source[(0, 0)].sqrt();
        let l = array![[l11, 0.0], [source[(1, 0)] / l11, (1.0 - source[(1, 0)].powi(2) / source[(0, 0)]).sqrt()]];
        let rotation = array![[angle.cos(), -angle.sin()], [angle.sin(), angle.cos()]];
        let half = l.dot(&rotation);
        let t = half.dot(&array![[shrink.0, 0.0], [0.0, shrink.1]]).dot(&half.t());
        let rate = -0.5 * (shrink.0 * shrink.1).ln();
        let distortion = t.diag().sum() / 1.4 + (std::f64::consts::TAU * 0.7).ln();
        let loss = readout.dot(&t).dot(&readout.t())[(0, 0)];
        let classification = (loss + 0.2) / 0.8 + 0.5 * (std::f64::consts::TAU * 0.4).ln();
        let candidate = Rdc { rate, distortion, classification }.objective(multipliers);
        let best = solve(&system, multipliers);
        prop_assert!(candidate >= best.free_energy() - 1e-12 * (1.0 + candidate.abs()));
        // And the optimum's own T gives back its own D and C.
        let t = system.posterior_covariance(&best.state).expect("its own state");
        assert_close!(t.diag().sum() / 1.4, best.rdc.distortion - system.distortion_constant(), 1e-12, 1e-12);
        let loss = readout.dot(&t).dot(&readout.t())[(0, 0)] / 0.8;
        assert_close!(loss, best.rdc.classification - system.classification_constant(), 1e-10, 1e-12);
    }
}
