//! The linear-Gaussian system against closed forms and numbers worked out by other means.

use carnot_surface::{
    Driven, Force, GaussianError, GaussianSystem, Multipliers, Observable, Responsive, Sidedness, Still,
    System,
};
use carnot_testkit::assert_close;
use ndarray::{Array2, array};

/// Independent dimensions of these variances, nothing to classify, D the squared error plus `(n/2) ln pi`.
fn rate_distortion_system(variances: &[f64]) -> GaussianSystem {
    let n = variances.len();
    GaussianSystem::new(
        Array2::from_diag(&ndarray::Array1::from(variances.to_vec())).view(),
        Array2::zeros((1, n)).view(),
        array![[1.0]].view(),
        0.5,
        1.0,
    )
    .expect("a valid system")
}

fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("valid multipliers")
}

#[test]
fn reverse_water_filling_of_five_variances() {
    // (total distortion, water level theta, rate, active modes); lambda = 1 / (2 theta). Rates are printed to ten
    // digits: half a unit in the last place.
    let cases =
        [(1.0, 0.225, 3.676_456_934_1, 4), (2.0, 0.475, 2.182_028_130_5, 4), (4.0, 1.2, 0.857_399_214_0, 2)];
    let system = rate_distortion_system(&[4.0, 2.0, 1.0, 0.5, 0.1]);
    for (distortion, theta, rate, active) in cases {
        let equilibrium = system.equilibrium(at(0.5 / theta, 0.0), None).expect("an equilibrium");
        assert_close!(equilibrium.rdc.rate, rate, rtol = 0.0, atol = 0.5e-10);
        let squared_error = equilibrium.rdc.distortion - system.distortion_constant();
        assert_close!(squared_error, distortion, rtol = 1e-14, atol = 0.0);
        // At the boundary rounding decides on which side of its transition a mode is.
        let found = equilibrium.state.active();
        assert!(found == active || (theta == 0.1 && found + 1 == active), "{found} modes at {theta}");
    }
}

#[test]
fn one_dimension_is_a_curve_and_says_so() {
    let system =
        GaussianSystem::new(array![[2.0]].view(), array![[0.7]].view(), array![[0.3]].view(), 0.5, 0.4)
            .expect("a valid system");
    let multipliers = at(1.5, 2.5);
    let equilibrium = system.equilibrium(multipliers, None).expect("an equilibrium");
    // mu = lambda s^2 / s_d^2 + gamma b^2 s^2 / s_c^2 by hand.
    let mu = 1.5 * 2.0 / 0.5 + 2.5 * 0.49 * 2.0 / 0.4;
    assert_close!(equilibrium.state.strengths()[0], mu, rtol = 1e-15, atol = 0.0);
    assert_close!(equilibrium.rdc.rate, 0.5 * f64::ln(mu), rtol = 1e-15, atol = 0.0);
    assert_close!(
        system.posterior_covariance(&equilibrium.state).expect("its own state")[(0, 0)],
        2.0 / mu,
        rtol = 1e-15,
        atol = 0.0
    );
    // D and C whole, constants and residual variance included.
    let (decoder_normaliser, head_normaliser) =
        (0.5 * std::f64::consts::PI.ln(), 0.5 * (std::f64::consts::TAU * 0.4).ln());
    assert_close!(equilibrium.rdc.distortion, 2.0 / mu + decoder_normaliser, rtol = 1e-15, atol = 0.0);
    let classification = (0.49 * 2.0 / mu + 0.3) / 0.8 + head_normaliser;
    assert_close!(equilibrium.rdc.classification, classification, rtol = 1e-15, atol = 0.0);
    let response = system.response(&equilibrium).expect("a response");
    let degenerate = response.regular(multipliers).expect_err("a rank-one response");
    assert!(degenerate.condition >= 1e8);
    assert!(degenerate.to_string().contains("degenerate"));
}

#[test]
fn independent_dimensions_are_scalar_systems_side_by_side() {
    // Each dimension has its own target, so that R, D and C are sums of the scalar formulas, worked out by hand.
    let (variances, readouts) = ([3.0, 0.5, 0.02], [0.5, 2.0, 1.0]);
    let system = GaussianSystem::new(
        Array2::from_diag(&array![3.0, 0.5, 0.02]).view(),
        Array2::from_diag(&array![0.5, 2.0, 1.0]).view(),
        Array2::from_diag(&array![0.1, 0.2, 0.3]).view(),
        0.8,
        0.6,
    )
    .expect("a valid system");
    let (lambda, gamma) = (0.7, 1.9);
    let equilibrium = system.equilibrium(at(lambda, gamma), None).expect("an equilibrium");
    let (mut rate, mut distortion, mut classification) = (0.0, 0.0, 0.6 / 1.2);
    for (variance, readout) in variances.into_iter().zip(readouts) {
        let mu: f64 = lambda * variance / 0.8 + gamma * readout * readout * variance / 0.6;
        let posterior = variance * (1.0 / mu).min(1.0);
        rate += 0.5 * mu.max(1.0).ln();
        distortion += posterior / 1.6 + 0.5 * (std::f64::consts::TAU * 0.8).ln();
        classification += readout * readout * posterior / 1.2 + 0.5 * (std::f64::consts::TAU * 0.6).ln();
    }
    assert_eq!(equilibrium.state.active(), 2);
    assert_close!(equilibrium.rdc.rate, rate, rtol = 1e-14, atol = 0.0);
    assert_close!(equilibrium.rdc.distortion, distortion, rtol = 1e-14, atol = 0.0);
    assert_close!(equilibrium.rdc.classification, classification, rtol = 1e-14, atol = 0.0);
}

#[test]
fn a_mode_at_its_transition_is_marked_one_sided() {
    // With variance 1 and D the squared error, mu = 2 lambda.
    let system = rate_distortion_system(&[1.0]);
    for (lambda, sidedness) in
        [(0.5, Sidedness::OneSided), (0.49, Sidedness::TwoSided), (0.51, Sidedness::TwoSided)]
    {
        let equilibrium = system.equilibrium(at(lambda, 0.0), None).expect("an equilibrium");
        let response = system.response(&equilibrium).expect("a response");
        assert_eq!(response.sidedness, sidedness, "lambda {lambda}");
        // The jump of the response is that of a second-order transition: 0 below, -1/(2 lambda^2) above.
        let expected = if lambda > 0.5 { -0.5 / (lambda * lambda) } else { 0.0 };
        let found = response.gradient(Observable::Distortion, at(lambda, 0.0))[0];
        assert_close!(found, expected, rtol = 1e-14, atol = 0.0);
    }
}

#[test]
fn without_multipliers_nothing_is_encoded() {
    let system = rate_distortion_system(&[3.0, 1.0]);
    let equilibrium = system.equilibrium(at(0.0, 0.0), None).expect("an equilibrium");
    assert_eq!(equilibrium.rdc.rate, 0.0);
    let squared_error = equilibrium.rdc.distortion - system.distortion_constant();
    assert_close!(squared_error, 4.0, rtol = 1e-15, atol = 0.0);
    assert_eq!(equilibrium.state.active(), 0);
}

#[test]
fn data_that_do_not_move_exert_no_force() {
    let still = Still(rate_distortion_system(&[3.0, 1.0]));
    let multipliers = at(1.0, 0.0);
    let early = still.at(0.0).expect("a system").equilibrium(multipliers, None).expect("an equilibrium");
    let late = still.at(1.0).expect("a system").equilibrium(multipliers, None).expect("an equilibrium");
    assert_eq!(early.rdc, late.rdc);
    let zero = Force { free_energy: 0.0, distortion: 0.0, classification: 0.0 };
    assert_eq!(still.force(0.5, &early), Ok(zero));
}

#[test]
fn bad_systems_are_refused_by_name() {
    let one = array![[1.0]];
    let new = |sx: &Array2<f64>, b: &Array2<f64>, sn: &Array2<f64>, sd: f64, sc: f64| {
        GaussianSystem::new(sx.view(), b.view(), sn.view(), sd, sc).expect_err("not a system")
    };
    let shape = new(&array![[1.0, 0.0]], &one, &one, 1.0, 1.0);
    assert!(matches!(shape, GaussianError::Shape { matrix: "source covariance", found: (1, 2), .. }));
    let shape = new(&one, &array![[1.0, 1.0]], &one, 1.0, 1.0);
    assert!(matches!(shape, GaussianError::Shape { matrix: "readout", expected: (1, 1), .. }));
    let nan = new(&one, &array![[f64::NAN]], &one, 1.0, 1.0);
    assert!(matches!(nan, GaussianError::NotFinite { matrix: "readout", row: 0, column: 0, .. }));
    let skew = new(&array![[1.0, 0.5], [0.1, 1.0]], &array![[1.0, 0.0]], &one, 1.0, 1.0);
    assert!(matches!(skew, GaussianError::NotSymmetric { row: 0, column: 1, .. }));
    let indefinite = new(&array![[1.0, 2.0], [2.0, 1.0]], &array![[1.0, 0.0]], &one, 1.0, 1.0);
    assert_eq!(indefinite, GaussianError::NotPositiveDefinite { matrix: "source covariance" });
    let negative = new(&one, &one, &array![[-1.0]], 1.0, 1.0);
    assert!(matches!(negative, GaussianError::NegativeVariance { index: 0, .. }));
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            new(&one, &one, &one, bad, 1.0),
            GaussianError::NoiseVariance { name: "decoder", .. }
        ));
        assert!(matches!(new(&one, &one, &one, 1.0, bad), GaussianError::NoiseVariance { name: "head", .. }));
    }
    let none = new(&Array2::zeros((0, 0)), &Array2::zeros((0, 0)), &Array2::zeros((0, 0)), 1.0, 1.0);
    assert!(matches!(none, GaussianError::Empty { .. }));
    // Entries that overflow are an error at the equilibrium, not a NaN in its result.
    let huge = rate_distortion_system(&[1e300]);
    assert!(matches!(huge.equilibrium(at(1e300, 0.0), None), Err(GaussianError::Eigenvalues { .. })));
    // So are second derivatives: C changes by 1e300 where gamma does by 1e-300.
    let dear =
        GaussianSystem::new((1e300 * &one).view(), one.view(), one.view(), 5e299, 1.0).expect("a system");
    let (lambda, gamma) = (1.0, 0.0);
    let response = dear.response(&dear.equilibrium(at(lambda, gamma), None).expect("an equilibrium"));
    assert_eq!(response, Err(GaussianError::ResponseNotFinite { lambda, gamma }));
}
