//! What is foretold against deterministic networks, against differences and against what was measured.

use carnot_data::synthetic;
use carnot_surface::{At, Observables, Responsive, System};
use carnot_testkit::assert_close;

use super::*;
use crate::evaluation::{evaluate, sample_key};
use crate::{DeterministicSystem, Equilibration, Layer, LearnedSystem, Likelihood, Relaxation};

/// Digits of 4 x 4 pixels.
fn digits(count: usize, seed: u64) -> ImageDataset {
    synthetic::digits(count, seed).and_then(|digits| digits.coarsened(7)).expect("digits")
}

/// 16 - 3 - 1 with smooth activations.
fn architecture() -> Architecture {
    let linear = |inputs, outputs| Layer::Linear { inputs, outputs };
    let encoder = vec![linear(16, 3), Layer::Tanh, linear(3, 2)];
    let decoder = vec![linear(1, 3), Layer::Tanh, linear(3, 16)];
    let likelihood = Likelihood::Gaussian { variance: 0.1 };
    Architecture::new(encoder, decoder, vec![linear(1, 10)], likelihood).expect("an architecture")
}

fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("multipliers")
}

fn deterministic(ridge: f64, samples: usize, seed: u64) -> (DeterministicSystem, At<DeterministicSystem>) {
    let options = Equilibration { ridge, samples, ..Equilibration::DEFAULT };
    let system = DeterministicSystem::new(architecture(), digits(40, 1), options, seed).expect("a system");
    // Lambda is large enough for z to be of use.
    let here = system.equilibrium(at(5.0, 3.0), None).expect("an equilibrium");
    (system, here)
}

fn entries(response: Response) -> [f64; 3] {
    [response.distortion_lambda, response.cross, response.classification_gamma]
}

#[test]
fn at_one_noise_it_is_the_deterministic_response() {
    let (system, here) = deterministic(1e-2, 1, 5);
    let parameters = here.state.parameters().values();
    let mut objective = Objective::new(&system).expect("an objective");
    let gradients = objective.gradients_of_losses(parameters).expect("gradients");
    let curved = objective.linearise(parameters, here.multipliers).expect("second derivatives");
    // The ridge is in the products.
    let prediction = Prediction { damping: 0.0, rtol: 1e-10, most_products: 5_000, ..Prediction::DEFAULT };
    let drawn = prediction.drawn(curved, here.multipliers, &gradients, &gradients).expect("a prediction");
    let exact = entries(system.response(&here).expect("a response"));
    for (found, exact) in drawn.response.iter().zip(exact) {
        assert_close!(*found, exact, rtol = 1e-8, atol = 0.0);
    }
    let [[by_lambda, cross], [other, by_gamma]] = drawn.evaluation;
    for (found, exact) in [by_lambda, cross, by_gamma].iter().zip(exact) {
        assert_close!(*found, exact, rtol = 1e-6, atol = 0.0);
    }
    assert_close!(cross, other, rtol = 1e-6, atol = 0.0);
    assert!(drawn.residuals.iter().all(|&residual| residual <= 1e-10));
}

/// Added to the ridge: the minimum for one noise curves down a little for another.
const DAMPING: f64 = 0.5;

#[test]
fn of_many_samples_it_is_near_that_of_a_deterministic_network() {
    let (ridge, samples, draws) = (1e-2, 128, 8);
    let (system, here) = deterministic(ridge, samples, 5);
    let prediction = Prediction {
        samples,
        draws,
        damping: ridge + DAMPING,
        rtol: 1e-8,
        most_products: 5_000,
        ..Prediction::DEFAULT
    };
    let rounded: Vec<f32> = here.state.parameters().values().iter().map(|&value| value as f32).collect();
    let (architecture, parameters, at) = (architecture(), Parameters::from_values(rounded), here.multipliers);
    let model = Model { architecture: &architecture, parameters: &parameters, at, seed: 8 };
    let data = digits(40, 1);
    let found = prediction.predict(&model, &data, &data).expect("a prediction");

    let parameters = here.state.parameters().values();
    let mut objective = Objective::new(&system).expect("an objective");
    let gradients = objective.gradients_of_losses(parameters).expect("gradients");
    let curved = objective.linearise(parameters, at).expect("second derivatives");
    let prediction = Prediction { damping: DAMPING, ..prediction };
    let drawn = prediction.drawn(curved, at, &gradients, &gradients).expect("a prediction");

    let Response { distortion_lambda, cross, classification_gamma, .. } = found.response;
    let estimates = [distortion_lambda, cross, classification_gamma];
    for (found, one) in estimates.into_iter().zip(drawn.response) {
        // The deterministic one is a draw too: sqrt(n + 1) standard errors of the mean of n others.
        let errors = found.z_score(one) / (draws as f64 + 1.0).sqrt();
        assert!(errors.abs() <= 4.0, "{found} is {errors:.2} standard errors of a draw from {one}");
        assert!(found.std_err() <= 0.03 * one.abs(), "{found} of {one}");
    }
}

#[test]
fn on_the_evaluation_set_gradients_are_those_of_what_is_measured() {
    // More than one chunk.
    let data = digits(600, 2);
    let architecture = architecture();
    let parameters = Parameters::<f64>::initial(&architecture, 3);
    let gradients =
        mean_gradients(&architecture, parameters.values(), &data, of_evaluation(4)).expect("gradients");
    let direction = Parameters::<f64>::initial(&architecture, 5);
    let (h, key) = (1e-5, sample_key(&data, 4));
    let losses = |h: f64| {
        let moved = parameters.values().iter().zip(direction.values()).map(|(x, v)| x + h * v).collect();
        let seen =
            evaluate(&architecture, &Parameters::from_values(moved), &data, key, 4).expect("an evaluation");
        [seen.rdc.distortion().mean(), seen.rdc.classification().mean()]
    };
    for ((gradient, above), below) in gradients.iter().zip(losses(h)).zip(losses(-h)) {
        let slope = dot(gradient, direction.values());
        assert_close!(slope, (above - below) / (2.0 * h), rtol = 1e-7, atol = 0.0);
    }
}

#[test]
fn what_is_foretold_of_a_trained_network_happens() {
    let linear = |inputs, outputs| Layer::Linear { inputs, outputs };
    let model = Architecture::new(
        vec![linear(49, 4)],
        vec![linear(2, 49)],
        vec![linear(2, 10)],
        Likelihood::Gaussian { variance: 0.1 },
    )
    .expect("an architecture");
    let relaxation = Relaxation {
        initial_steps: 4_000,
        steps: 2_000,
        learning_rate: 5e-3,
        final_learning_rate: 1e-4,
        batch_size: 100,
        samples: 4,
        ..Relaxation::default()
    };
    let digits =
        |count, seed| synthetic::digits(count, seed).and_then(|digits| digits.coarsened(4)).expect("digits");
    let system = LearnedSystem::new(model, digits(100, 1), digits(600, 2), relaxation, 7).expect("a system");
    let here = system.equilibrium(at(1.0, 2.0), None).expect("an equilibrium");
    let solve =
        |lambda, gamma| system.equilibrium(at(lambda, gamma), Some(&here.state)).expect("an equilibrium");
    // A relaxation goes on where there is no change of the multipliers too.
    let same = solve(1.0, 2.0);
    // A tenth or more of damping leaves directions out that these relaxations do go along: C then falls with gamma.
    let prediction = Prediction { samples: 16, damping: 1e-3, most_products: 1_000, ..Prediction::DEFAULT };
    let found = system.predicted_response(&here, &prediction).expect("a prediction");
    assert!(found.residuals.iter().all(|&residual| residual <= prediction.rtol), "{:?}", found.residuals);
    let mut surest = [0.0f64; 2];
    for (by_lambda, by_gamma) in [(0.1, 0.0), (0.0, 0.3)] {
        let there = solve(1.0 + by_lambda, 2.0 + by_gamma);
        let change = there.rdc.change_since(&same.rdc);
        let foretold = found.change(by_lambda, by_gamma).expect("a change");
        for (measured, foretold) in [change.distortion(), change.classification()].into_iter().zip(foretold) {
            let errors = measured.minus_independent(foretold).z_score(0.0);
            assert!(errors.abs() <= 4.0, "{measured} was foretold as {foretold}");
        }
        let [distortion, classification] = foretold;
        surest[0] = surest[0].max(distortion.z_score(0.0).abs());
        surest[1] = surest[1].max(classification.z_score(0.0).abs());
    }
    // Neither is in agreement for want of knowing anything.
    assert!(surest.iter().all(|&errors| errors > 8.0), "{surest:?}");
}

/// An untrained network, digits and multipliers.
fn untrained() -> (Architecture, Parameters, ImageDataset) {
    let architecture = architecture();
    let parameters = Parameters::initial(&architecture, 3);
    (architecture, parameters, digits(30, 1))
}

#[test]
fn where_the_objective_curves_down_only_the_gauss_newton_matrix_says_anything() {
    let (architecture, parameters, data) = untrained();
    let model = Model { architecture: &architecture, parameters: &parameters, at: at(1.0, 3.0), seed: 1 };
    let prediction = Prediction { damping: 1e-3, ..Prediction::DEFAULT };
    let error = prediction.predict(&model, &data, &data).expect_err("no minimum");
    assert!(matches!(error, ModelError::Saddle { curvature, .. } if curvature < 0.0), "{error}");
    let prediction = Prediction { curvature: Curvature::GaussNewton, ..prediction };
    let found = prediction.predict(&model, &data, &data).expect("a prediction");
    assert!(
        found.response.distortion_lambda.mean() < 0.0 && found.response.classification_gamma.mean() < 0.0
    );
    // The same from the same seed.
    assert_eq!(found, prediction.predict(&model, &data, &data).expect("a prediction"));
    // Too few products: the residual says so, and less of the response is there.
    let short =
        Prediction { most_products: 2, ..prediction }.predict(&model, &data, &data).expect("a prediction");
    assert!(short.residuals.iter().all(|&residual| residual > prediction.rtol), "{:?}", short.residuals);
    assert!(short.response.distortion_lambda.mean() > found.response.distortion_lambda.mean());
}

#[test]
fn a_change_is_linear_in_the_steps() {
    let (architecture, parameters, data) = untrained();
    let model = Model { architecture: &architecture, parameters: &parameters, at: at(1.0, 3.0), seed: 1 };
    let prediction = Prediction { curvature: Curvature::GaussNewton, damping: 0.1, ..Prediction::DEFAULT };
    // Gradients of the evaluation set are those of other images.
    let found = prediction.predict(&model, &data, &digits(50, 9)).expect("a prediction");
    let change = |lambda, gamma| found.change(lambda, gamma).expect("a change").map(Estimate::mean);
    let (by_lambda, by_gamma, both) = (change(1.0, 0.0), change(0.0, 1.0), change(0.2, -0.3));
    for loss in 0..2 {
        let expected = 0.2 * by_lambda[loss] - 0.3 * by_gamma[loss];
        assert_close!(both[loss], expected, rtol = 1e-12, atol = 1e-15);
    }
    assert!(found.change(f64::NAN, 0.0).is_err());
}

#[test]
fn every_draw_has_inputs_of_its_own() {
    let prediction = Prediction { inputs: 20, ..Prediction::DEFAULT };
    let mut draws = [0, 1].map(|draw| prediction.rows(60, 4, draw));
    draws.iter_mut().for_each(|rows| rows.sort_unstable());
    assert!(draws.iter().all(|rows| rows.len() == 20 && rows.windows(2).all(|pair| pair[0] < pair[1])));
    assert!(draws.iter().all(|rows| rows[19] < 60) && draws[0] != draws[1]);
    assert_eq!(prediction.rows(15, 4, 0), (0..15).collect::<Vec<_>>());
}

#[test]
fn options_outside_their_ranges_are_refused() {
    let (architecture, parameters, data) = untrained();
    let model = Model { architecture: &architecture, parameters: &parameters, at: at(1.0, 3.0), seed: 1 };
    let of = Prediction::DEFAULT;
    for (wrong, prediction) in [
        ("inputs", Prediction { inputs: 0, ..of }),
        ("samples", Prediction { samples: 0, ..of }),
        ("draws", Prediction { draws: 1, ..of }),
        ("most_products", Prediction { most_products: 0, ..of }),
        ("damping", Prediction { damping: -1.0, ..of }),
        ("damping", Prediction { damping: f64::NAN, ..of }),
        ("rtol", Prediction { rtol: 0.0, ..of }),
        ("rtol", Prediction { rtol: f64::INFINITY, ..of }),
    ] {
        let error = prediction.predict(&model, &data, &data).expect_err("refused");
        assert!(matches!(error, ModelError::Option { option, .. } if option == wrong), "{wrong}: {error}");
    }
}
