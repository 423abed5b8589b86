//! The linear-Gaussian system with free head noise against closed forms and numbers worked out by other means.

use std::f64::consts::{PI, TAU};

use carnot_surface::{
    At, Certificate, GaussianBottleneck, GaussianError, GaussianSystem, Multipliers, Rdc, Responsive,
    Sidedness, System,
};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::log_uniform;
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;

/// Half a unit in the last place of a number printed to ten decimal places.
const PRINTED: f64 = 0.5e-10;

fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("valid multipliers")
}

fn solve(system: &GaussianBottleneck, lambda: f64, gamma: f64) -> At<GaussianBottleneck> {
    let equilibrium = system.equilibrium(at(lambda, gamma), None).expect("an equilibrium");
    let Certificate::Bound { gap, residual } = equilibrium.certificate else { panic!("not a bound") };
    assert!(residual <= 1e-12 && (0.0..=1e-11).contains(&gap), "residual {residual:e}, gap {gap:e}");
    equilibrium
}

/// Independent pairs of these variances and squared correlations, the targets of variance one, D the squared error
/// plus a constant.
fn pairs(variances: &[f64], squared_correlations: &[f64]) -> GaussianBottleneck {
    let correlations = Array1::from(squared_correlations.to_vec());
    let variances = Array1::from(variances.to_vec());
    GaussianBottleneck::new(
        Array2::from_diag(&variances).view(),
        Array2::from_diag(&(&correlations / &variances).sqrt()).view(),
        Array2::from_diag(&(1.0 - &correlations)).view(),
        0.5,
    )
    .expect("a valid system")
}

/// D without its constant, the squared error.
fn squared_error(system: &GaussianBottleneck, rdc: &Rdc) -> f64 {
    rdc.distortion - system.distortion_constant()
}

/// `F` with the squared error in the place of D.
fn free_energy(system: &GaussianBottleneck, equilibrium: &At<GaussianBottleneck>) -> f64 {
    equilibrium.free_energy() - equilibrium.multipliers.lambda() * system.distortion_constant()
}

/// Squared canonical correlations .9, .6 and .3, X and Y each mixed by an invertible matrix.
fn mixed_bottleneck() -> (GaussianBottleneck, f64) {
    let correlations = array![0.9, 0.6, 0.3];
    let mix_x = array![[1.0, 0.4, -0.3], [0.0, 0.5, 1.1], [0.7, 0.0, 2.0]];
    let mix_y = array![[0.5, -1.0, 0.2], [0.3, 0.3, 0.0], [0.0, 1.5, 1.0]];
    // X = mix_x x and Y = mix_y y with y = rho x + noise, so that E[Y|X] = mix_y rho mix_x^-1 X. The inverse by the
    // adjugate, its determinant .5 * 2 - .4 * (-.77) - .3 * (-.35).
    let determinant = 0.5 * 2.0 - 0.4 * (0.0 * 2.0 - 1.1 * 0.7) + -0.3 * (0.0 * 0.0 - 0.5 * 0.7);
    let adjugate = array![
        [0.5 * 2.0, -(0.4 * 2.0), 0.4 * 1.1 + 0.3 * 0.5],
        [1.1 * 0.7, 2.0 + 0.3 * 0.7, -1.1],
        [-(0.5 * 0.7), 0.4 * 0.7, 0.5],
    ];
    let readout = mix_y.dot(&Array2::from_diag(&correlations.sqrt())).dot(&(adjugate / determinant));
    let symmetric = |m: Array2<f64>| Array2::from_shape_fn(m.dim(), |(i, j)| m[(i.max(j), i.min(j))]);
    let residual = symmetric(mix_y.dot(&Array2::from_diag(&(1.0 - &correlations))).dot(&mix_y.t()));
    let system = GaussianBottleneck::new(
        symmetric(mix_x.dot(&mix_x.t())).view(),
        readout.view(),
        residual.view(),
        0.5,
    )
    .expect("a valid system");
    // h(Y) = (k/2) ln(2 pi e) + ln |det mix_y|: the variances of y are one.
    let determinant: f64 = 0.5 * 0.3 + 1.0 * 0.3 + 0.2 * (0.3 * 1.5);
    (system, 1.5 * (1.0 + TAU.ln()) + determinant.abs().ln())
}

#[test]
fn the_gaussian_information_bottleneck_of_three_correlations() {
    // beta, I(T;X), I(T;Y), rounded to ten places from the closed form in forty-digit arithmetic.
    let table = [
        (1.2, 0.293_893_332_5, 0.255_412_811_9),
        (2.0, 1.301_344_842_7, 0.916_290_731_9),
        (4.0, 2.525_614_345_5, 1.356_252_275_7),
        (10.0, 4.173_532_778_5, 1.629_734_610_9),
    ];
    let straight = (pairs(&[1.0, 1.0, 1.0], &[0.9, 0.6, 0.3]), 1.5 * (1.0 + TAU.ln()));
    for (system, entropy) in [straight, mixed_bottleneck()] {
        for (beta, x, y) in table {
            let rdc = solve(&system, 0.0, beta).rdc;
            assert_close!(rdc.rate, x, rtol = 0.0, atol = PRINTED);
            assert_close!(entropy - rdc.classification, y, rtol = 0.0, atol = PRINTED);
        }
        let critical = system.critical_gammas().expect("singular values");
        for (found, printed) in critical.iter().zip([1.111_111_111_1, 1.666_666_666_7, 3.333_333_333_3]) {
            assert_close!(*found, printed, rtol = 0.0, atol = PRINTED);
        }
        assert_eq!(critical.len(), 3);
    }
}

#[test]
fn the_information_curve_and_its_critical_betas_in_closed_form() {
    let (system, entropy) = mixed_bottleneck();
    let eigenvalues = [0.1, 0.4, 0.7];
    for step in 0..=120 {
        let beta = 0.5 * 1.05f64.powi(step);
        let equilibrium = solve(&system, 0.0, beta);
        let active = eigenvalues.iter().filter(|&&l| beta > 1.0 / (1.0 - l));
        let (mut x, mut y) = (0.0, 0.0);
        for l in active.clone() {
            x += 0.5 * ((beta - 1.0) * (1.0 - l) / l).ln();
            y -= 0.5 * (beta * (1.0 - l)).ln();
        }
        y += x;
        assert_eq!(equilibrium.state.active(), active.count(), "at beta {beta}");
        assert_close!(equilibrium.rdc.rate, x, rtol = 0.0, atol = 1e-10, "at beta {beta}");
        assert_close!(
            entropy - equilibrium.rdc.classification,
            y,
            rtol = 0.0,
            atol = 1e-10,
            "at beta {beta}"
        );
        // Each curve I(T;Y) over I(T;X) has the slope 1 / beta, so S22 = dC/dgamma = -dI(T;Y)/dbeta: of each active
        // mode 1 / (2 (beta - 1)) - 1 / (2 beta).
        let response = system.response(&equilibrium).expect("a response");
        let expected = -(equilibrium.state.active() as f64) * 0.5 * (1.0 / (beta - 1.0) - 1.0 / beta);
        assert_close!(response.classification_gamma, expected, rtol = 1e-10, atol = 0.0, "at beta {beta}");
    }
}

#[test]
fn at_a_critical_beta_the_response_is_one_sided() {
    let system = pairs(&[1.0, 1.0, 1.0], &[0.9, 0.6, 0.3]);
    for (encoded, critical) in system.critical_gammas().expect("singular values").into_iter().enumerate() {
        let response = |gamma: f64| system.response(&solve(&system, 0.0, gamma)).expect("a response");
        let there = response(critical);
        assert_eq!(there.sidedness, Sidedness::OneSided);
        // Of the phase in which the critical mode is not encoded.
        let expected = -(encoded as f64) * 0.5 * (1.0 / (critical - 1.0) - 1.0 / critical);
        assert_close!(there.classification_gamma, expected, rtol = 1e-10, atol = 0.0);
        for beside in [critical * (1.0 - 1e-6), critical * (1.0 + 1e-6)] {
            assert_eq!(response(beside).sidedness, Sidedness::TwoSided);
        }
        // It jumps there: the transition is of second order.
        let above = response(critical * (1.0 + 1e-6)).classification_gamma;
        assert!(above < there.classification_gamma - 0.1 * (1.0 / (critical - 1.0) - 1.0 / critical));
    }
}

#[test]
fn the_scalar_gaussian_of_correlation_point_eight() {
    let system = pairs(&[1.0], &[0.8]);
    // lambda, gamma, and R, D, C, F where they are known.
    let one = solve(&system, 1.0, 2.0);
    assert_close!(one.rdc.rate, 0.981_671_906_8, rtol = 0.0, atol = PRINTED);
    assert_close!(squared_error(&system, &one.rdc), 0.140_388_203_2, rtol = 0.0, atol = PRINTED);
    assert_close!(one.rdc.classification, 0.837_059_936_5, rtol = 0.0, atol = PRINTED);
    assert_close!(free_energy(&system, &one), 2.796_179_983_0, rtol = 0.0, atol = PRINTED);
    let two = solve(&system, 0.5, 1.0);
    assert_close!(two.rdc.rate, 0.470_306_821_1, rtol = 0.0, atol = PRINTED);
    assert_close!(squared_error(&system, &two.rdc), 0.390_388_203_2, rtol = 0.0, atol = PRINTED);
    assert_close!(two.rdc.classification, 1.084_526_398_0, rtol = 0.0, atol = PRINTED);
    assert_close!(free_energy(&system, &two), 1.750_027_320_7, rtol = 0.0, atol = PRINTED);
    let three = solve(&system, 0.0, 2.0); // u = 1/4 and R = ln 2
    let posterior = system.posterior_covariance(&three.state).expect("its own state");
    assert_close!(posterior[(0, 0)], 0.25, rtol = 1e-12, atol = 0.0);
    assert_close!(three.rdc.rate, std::f64::consts::LN_2, rtol = 1e-12, atol = 0.0);
    assert_close!(three.rdc.classification, 0.960_793_167_3, rtol = 0.0, atol = PRINTED);
    let response = system.response(&one).expect("a response");
    // -rho^2 u / sqrt(2.72) in forty-digit arithmetic.
    assert_close!(response.cross, -0.068_098_281_222_750_27, rtol = 1e-14, atol = 0.0);
    // With the head's noise frozen at what it is here the response is another one, printed to four digits.
    let noise = 0.2 + 0.8 * 0.140_388_203_2;
    let frozen = GaussianSystem::new(
        array![[1.0]].view(),
        array![[0.8f64.sqrt()]].view(),
        array![[0.2]].view(),
        0.5,
        noise,
    )
    .expect("a valid system");
    let there = frozen.equilibrium(at(1.0, 2.0), None).expect("an equilibrium");
    assert_close!(there.rdc.rate, one.rdc.rate, rtol = 0.0, atol = 1e-9);
    assert_close!(frozen.response(&there).expect("a response").cross, -0.0505, rtol = 0.0, atol = 0.5e-4);
}

#[test]
fn one_dimension_is_a_curve_and_says_so() {
    let system = pairs(&[1.0], &[0.8]);
    let multipliers = at(1.0, 2.0);
    let response = system.response(&solve(&system, 1.0, 2.0)).expect("a response");
    let degenerate = response.regular(multipliers).expect_err("a rank-one response");
    assert!(degenerate.condition >= 1e8);
}

#[test]
fn three_independent_pairs_and_their_hessian() {
    let system = pairs(&[4.0, 1.0, 0.25], &[0.2, 0.6, 0.9]);
    let table = [
        (0.5, 0.5, [0.859_974_168_4, 1.958_786_588_1, 4.088_989_010_3, 3.883_861_967_6]),
        (1.0, 2.0, [2.937_079_871_3, 0.733_906_755_4, 3.024_696_975_6, 9.720_380_577_9]),
    ];
    for (lambda, gamma, [rate, distortion, classification, free]) in table {
        let equilibrium = solve(&system, lambda, gamma);
        assert_close!(equilibrium.rdc.rate, rate, rtol = 0.0, atol = PRINTED);
        assert_close!(squared_error(&system, &equilibrium.rdc), distortion, rtol = 0.0, atol = PRINTED);
        assert_close!(equilibrium.rdc.classification, classification, rtol = 0.0, atol = PRINTED);
        assert_close!(free_energy(&system, &equilibrium), free, rtol = 0.0, atol = PRINTED);
    }
    let response = system.response(&solve(&system, 1.0, 2.0)).expect("a response");
    // Printed to eight decimal places.
    assert_close!(response.distortion_lambda, -0.578_184_39, rtol = 0.0, atol = 0.5e-8);
    assert_close!(response.cross, -0.107_556_23, rtol = 0.0, atol = 0.5e-8);
    assert_close!(response.classification_gamma, -0.245_795_34, rtol = 0.0, atol = 0.5e-8);
    let regular = response.regular(at(1.0, 2.0)).expect("a true surface");
    assert_close!(regular.iso_classification_slope(), -0.437_584_51, rtol = 0.0, atol = 0.5e-8);
}

#[test]
fn without_a_price_on_classification_it_is_reverse_water_filling() {
    let source = array![[4.0, 0.5, 0.0], [0.5, 2.0, 0.3], [0.0, 0.3, 0.1]];
    let readout = array![[1.0, -2.0, 0.5], [0.0, 1.0, 1.0]];
    let residual = array![[0.5, 0.1], [0.1, 0.2]];
    let free =
        GaussianBottleneck::new(source.view(), readout.view(), residual.view(), 0.5).expect("a system");
    let fixed =
        GaussianSystem::new(source.view(), readout.view(), residual.view(), 0.5, 0.3).expect("a system");
    for lambda in [0.0, 0.1, 0.2, 1.0, 30.0] {
        let (one, other) =
            (solve(&free, lambda, 0.0), fixed.equilibrium(at(lambda, 0.0), None).expect("closed"));
        assert_eq!(one.state.active(), other.state.active());
        assert_close!(one.rdc.rate, other.rdc.rate, rtol = 1e-13, atol = 1e-14);
        assert_close!(one.rdc.distortion, other.rdc.distortion, rtol = 1e-13, atol = 0.0);
        let (one, other) =
            (free.response(&one).expect("a response"), fixed.response(&other).expect("a response"));
        assert_close!(one.distortion_lambda, other.distortion_lambda, rtol = 1e-12, atol = 0.0);
    }
    // And up to the first critical gamma there is nothing to gain at lambda = 0: no encoder earns more than it costs.
    let first = free.critical_gammas().expect("singular values")[0];
    assert!(first > 1.0);
    for gamma in [0.0, 0.5, 1.0, first * (1.0 - 1e-9)] {
        let equilibrium = solve(&free, 0.0, gamma);
        assert_eq!((equilibrium.rdc.rate, equilibrium.state.active()), (0.0, 0), "at gamma {gamma}");
        let response = free.response(&equilibrium).expect("a response");
        let entries = [response.distortion_lambda, response.cross, response.classification_gamma];
        assert!(entries.iter().all(|entry| *entry == 0.0), "{response:?}");
    }
}

#[test]
fn bad_systems_and_foreign_states_are_refused_by_name() {
    let new = |sx: Array2<f64>, b: Array2<f64>, sn: Array2<f64>, sd: f64| {
        GaussianBottleneck::new(sx.view(), b.view(), sn.view(), sd)
    };
    let (one, two) = (array![[1.0]], Array2::eye(2));
    let residual = "residual covariance";
    // A covariance of rank one, a variance of zero, one below zero.
    for (sn, b) in [
        (array![[1.0, 1.0], [1.0, 1.0]], array![[1.0], [2.0]]),
        (array![[0.0]], one.clone()),
        (array![[-1.0]], one.clone()),
    ] {
        let refused = new(one.clone(), b, sn, 1.0).expect_err("a singular residual covariance");
        assert_eq!(refused, GaussianError::NotPositiveDefinite { matrix: residual });
        assert!(refused.to_string().contains(residual));
    }
    let refused = new(one.clone(), one.clone(), two.clone(), 1.0).expect_err("a shape");
    assert!(matches!(refused, GaussianError::Shape { matrix: "residual covariance", found: (2, 2), .. }));
    let refused = new(one.clone(), array![[1.0, 2.0]], one.clone(), 1.0).expect_err("a shape");
    assert!(matches!(refused, GaussianError::Shape { matrix: "readout", found: (1, 2), .. }));
    let refused = new(one.clone(), array![[f64::INFINITY]], one.clone(), 1.0).expect_err("an infinity");
    assert!(matches!(refused, GaussianError::NotFinite { matrix: "readout", .. }));
    let refused = new(one.clone(), one.clone(), one.clone(), 0.0).expect_err("no decoder");
    assert!(matches!(refused, GaussianError::NoiseVariance { name: "decoder", .. }));
    // Entries that overflow are an error at the equilibrium, not a NaN in its result.
    let huge = new(array![[1e300]], one.clone(), array![[1e-300]], 1.0).expect("a system");
    let refused = huge.equilibrium(at(1e300, 1.0), None).expect_err("an overflow");
    assert!(matches!(refused, GaussianError::Eigenvalues { .. }));
    // A state of another dimension is no help to start from, and no state of this system.
    let (plane, line) = (new(two.clone(), two.clone(), two, 1.0), new(one.clone(), one.clone(), one, 1.0));
    let (plane, line) = (plane.expect("a system"), line.expect("a system"));
    let foreign = solve(&line, 1.0, 2.0);
    let expected = GaussianError::StateDimension { found: 1, expected: 2 };
    let warm = plane.equilibrium(at(1.0, 2.0), Some(&foreign.state)).expect("an equilibrium");
    assert_eq!(warm.rdc, solve(&plane, 1.0, 2.0).rdc);
    assert_eq!(plane.response(&foreign), Err(expected));
    assert_eq!(plane.posterior_covariance(&foreign.state), Err(expected));
}

proptest! {
    #[test]
    fn the_scalar_gaussian_in_closed_form(
        variance in log_uniform(1e-2, 1e2), target in log_uniform(1e-2, 1e2), unexplained in log_uniform(1e-4, 0.99),
        lambda in log_uniform(1e-3, 1e3), gamma in log_uniform(1e-2, 1e2), only_one in 0..4u8,
    ) {
        // Some draws on the axes.
        let (lambda, gamma) = (if only_one == 1 { 0.0 } else { lambda }, if only_one == 2 { 0.0 } else { gamma });
        let rho2 = 1.0 - unexplained;
        let system = GaussianBottleneck::new(
            array![[variance]].view(),
            array![[(rho2 * target / variance).sqrt()]].view(),
            array![[target * unexplained]].view(),
            0.5,
        ).expect("a valid system");
        // The positive root of a u^2 + b u - c, in the form in which nothing cancels.
        let a = 2.0 * lambda * variance * rho2;
        let b = 2.0 * lambda * variance * unexplained + (gamma - 1.0) * rho2;
        let discriminant = (b * b + 4.0 * a * unexplained).sqrt();
        let root = if b > 0.0 { 2.0 * unexplained / (b + discriminant) } else { (discriminant - b) / (2.0 * a) };
        // On the axis lambda = 0 there is no positive root where gamma <= 1.
        let u = if a == 0.0 && b <= 0.0 { 1.0 } else { root.min(1.0) };
        let equilibrium = solve(&system, lambda, gamma);
        let rdc = equilibrium.rdc;
        prop_assert_eq!(equilibrium.state.active() == 1, 2.0 * lambda * variance + gamma * rho2 > 1.0);
        assert_close!(rdc.rate, -0.5 * u.ln(), rtol = 1e-10, atol = 1e-12);
        assert_close!(rdc.distortion, variance * u + 0.5 * PI.ln(), rtol = 1e-10, atol = 1e-12);
        let classification = 0.5 * (1.0 + TAU.ln() + target.ln() + (unexplained + rho2 * u).ln());
        assert_close!(rdc.classification, classification, rtol = 1e-10, atol = 1e-10);
        // The collapse line: 2 lambda s^2 + gamma rho^2 = 1.
        let onset = system.onset(equilibrium.multipliers).expect("an onset");
        assert_close!(onset, 1.0 / (2.0 * lambda * variance + gamma * rho2), rtol = 1e-12, atol = 0.0);
    }
}
