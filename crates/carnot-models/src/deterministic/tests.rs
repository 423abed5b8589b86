//! A small network obeys the theory to the digits of its solver.

use carnot_data::{ImageDataset, synthetic};
use carnot_process::{Drive, FromResponse, Hold, Process};
use carnot_surface::geometry::{SurfacePoint, Tolerance, concavity_of_free_energy, measure_response};
use carnot_surface::{At, Driven, Multipliers, Observables, Responsive, System};
use carnot_testkit::strategies::log_uniform;
use carnot_testkit::{assert_close, tier};
use proptest::prelude::*;

use super::*;
use crate::{Layer, Likelihood};

/// Digits of 7 x 7 pixels.
fn digits(count: usize, seed: u64) -> ImageDataset {
    synthetic::digits(count, seed).and_then(|digits| digits.coarsened(4)).expect("digits")
}

/// 49 - 4 - 2 with smooth activations.
fn architecture(likelihood: Likelihood) -> Architecture {
    let linear = |inputs, outputs| Layer::Linear { inputs, outputs };
    let encoder = vec![linear(49, 4), Layer::Tanh, linear(4, 4)];
    let decoder = vec![linear(2, 4), Layer::Tanh, linear(4, 49)];
    Architecture::new(encoder, decoder, vec![linear(2, 10)], likelihood).expect("an architecture")
}

fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("multipliers")
}

/// On 40 digits.
fn system(likelihood: Likelihood, ridge: f64, seed: u64) -> DeterministicSystem {
    let options = Equilibration { ridge, ..Equilibration::DEFAULT };
    DeterministicSystem::new(architecture(likelihood), digits(40, 1), options, seed).expect("a system")
}

const GAUSSIAN: Likelihood = Likelihood::Gaussian { variance: 0.1 };

fn solve(system: &DeterministicSystem, at: Multipliers) -> At<DeterministicSystem> {
    system.equilibrium(at, None).expect("an equilibrium")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: tier::cases(2, 60), ..ProptestConfig::default() })]

    #[test]
    fn a_network_responds_as_its_second_derivatives_say(
        seed in 0..1000_u64,
        lambda in log_uniform(0.3, 3.0),
        gamma in log_uniform(1.0, 6.0),
        ridge in log_uniform(3e-3, 3e-2),
        bernoulli in any::<bool>(),
    ) {
        let likelihood = if bernoulli { Likelihood::Bernoulli } else { GAUSSIAN };
        let system = system(likelihood, ridge, seed);
        let here = solve(&system, at(lambda, gamma));
        prop_assert!(here.state.relative_gradient() <= 1e-8);
        let lowest = system.lowest_eigenvalues(&here, 1).expect("an eigenvalue");
        let response = system.response(&here).expect("a response");
        prop_assert!(lowest.values[0] > 0.0);
        prop_assert!(response.distortion_lambda <= 0.0 && response.classification_gamma <= 0.0);
        let determinant =
            response.distortion_lambda * response.classification_gamma - response.cross * response.cross;
        prop_assert!(determinant >= 0.0);
        let scale = (response.distortion_lambda * response.classification_gamma).sqrt();
        let measured = measure_response(&system, &here, 1e-3).expect("a measured response");
        // The parameters move by the step over the lowest eigenvalue; where that is small the stencil leaves its range.
        for off in measured.off(&response) {
            let largest = response.distortion_lambda.abs().max(response.classification_gamma.abs());
            prop_assert!(off.value.abs() <= 1e-5 * largest + 2.0 * off.error, "{off:?} of {response:?}");
        }
        let maxwell = measured.distortion_gamma.value - measured.classification_lambda.value;
        let error = measured.distortion_gamma.error + measured.classification_lambda.error;
        prop_assert!(maxwell.abs() <= 1e-3 * scale && maxwell.abs() <= 1e-5 * scale + 2.0 * error);
    }
}

/// A grid of equilibria, each from its neighbour of lower gamma, and those from their neighbours of lower lambda.
fn grid(system: &DeterministicSystem, lambdas: &[f64], gammas: &[f64]) -> Vec<At<DeterministicSystem>> {
    let mut found = Vec::new();
    let mut row = solve(system, at(lambdas[0], gammas[0]));
    for &lambda in lambdas {
        row = system.equilibrium(at(lambda, gammas[0]), Some(&row.state)).expect("an equilibrium");
        let mut here = row.clone();
        for &gamma in gammas {
            here = system.equilibrium(at(lambda, gamma), Some(&here.state)).expect("an equilibrium");
            found.push(here.clone());
        }
    }
    found
}

#[test]
fn the_free_energy_is_concave_along_a_branch() {
    let system = system(GAUSSIAN, 1e-2, 5);
    let found = grid(&system, &[0.9, 1.0, 1.1], &[3.0, 3.4, 3.8]);
    assert!(found.iter().all(|point| point.state.branch() == Branch::default()));
    let points: Vec<_> = found.iter().map(SurfacePoint::of).collect();
    let report = concavity_of_free_energy(&points, Tolerance::default()).expect("a report");
    assert!(report.holds(), "{report:?}");
}

#[test]
fn where_a_branch_ends_another_one_goes_on() {
    // At lambda 0.9 the branch of this seed folds back between gamma 2.8 and 3: its softest mode goes to zero like the root
    // of what is left, and what is found beyond is a different network.
    let system = system(GAUSSIAN, 1e-2, 5);
    let here = solve(&system, at(0.9, 2.6));
    let near = system.equilibrium(at(0.9, 2.87), Some(&here.state)).expect("an equilibrium");
    assert_eq!(near.state.branch(), here.state.branch());
    let beyond = system.equilibrium(at(0.9, 3.0), Some(&near.state)).expect("an equilibrium");
    assert_ne!(beyond.state.branch(), near.state.branch());
    let softest = |at| system.lowest_eigenvalues(at, 1).expect("an eigenvalue").values[0];
    let [first, last] = [&here, &near].map(softest);
    assert!(0.0 < last && last < 0.6 * first, "{first:e} {last:e}");
    // It was lower there already, where the first branch was still one of minima.
    let back = system.equilibrium(at(0.9, 2.87), Some(&beyond.state)).expect("an equilibrium");
    assert_eq!(back.state.branch(), beyond.state.branch());
    assert!(back.free_energy() < near.free_energy() - 1e-3);
}

#[test]
fn the_iso_classification_process_holds_c() {
    let system = system(GAUSSIAN, 1e-2, 5);
    let start = solve(&system, at(1.0, 3.0));
    let wanted = start.rdc.classification;
    let process = Process::new(Hold::Classification, Drive::LambdaTo(1.4));
    let mut trace = process.trace(&system, start, FromResponse).expect("a trace");
    let curve = trace.collect_curve().expect("a curve");
    let last = curve.waypoints.last().expect("a waypoint");
    assert_close!(last.point.lambda, 1.4, rtol = 1e-12, atol = 0.0);
    assert!(last.point.gamma > 3.02, "{}", last.point.gamma);
    for waypoint in &curve.waypoints {
        assert_close!(waypoint.point.classification, wanted, rtol = 0.0, atol = 1e-10);
    }
}

#[test]
fn a_start_along_the_motion_misses_by_the_square_of_the_step() {
    let system = system(GAUSSIAN, 1e-2, 5);
    let here = solve(&system, at(1.0, 3.0));
    let known = system.known(&here.state).expect("a response");
    let missed = |h: f64| {
        let there = at(1.0 + h, 3.0 + 2.0 * h);
        let start = here.state.start(there, known);
        let found = system.equilibrium(there, Some(&here.state)).expect("an equilibrium");
        let squares = start.iter().zip(found.state.parameters().values()).map(|(a, b)| (a - b) * (a - b));
        squares.sum::<f64>().sqrt()
    };
    let order = (missed(0.01) / missed(0.005)).log2();
    assert_close!(order, 2.0, rtol = 0.0, atol = 0.1);
}

#[test]
fn moving_data_push_with_the_force_that_theory_says() {
    let digits = digits(80, 2);
    let (source, target) =
        (digits.select(&(0..40).collect::<Vec<_>>()), digits.select(&(50..80).collect::<Vec<_>>()));
    let (source, target) = (source.expect("a source"), target.expect("a target"));
    let options = Equilibration { ridge: 1e-2, ..Equilibration::DEFAULT };
    let moving =
        MovingDeterministic::new(architecture(GAUSSIAN), &source, &target, options, 3).expect("moving data");
    let time = 0.4;
    let place = at(1.0, 3.0);
    let here = moving.at(time).expect("a system").equilibrium(place, None).expect("an equilibrium");
    let force = moving.force(time, &here).expect("a force");
    let side = |time: f64| {
        moving.at(time).expect("a system").equilibrium(place, Some(&here.state)).expect("an equilibrium")
    };
    let slopes = |h: f64| {
        let change = side(time + h).rdc.change_since(&side(time - h).rdc);
        [change.objective(place), change.distortion, change.classification].map(|c| c / (2.0 * h))
    };
    // Central differences, the error in h^2 taken out; what is left is of order h^4.
    let (coarse, fine) = (slopes(2e-3), slopes(1e-3));
    let slope = |k: usize| fine[k] + (fine[k] - coarse[k]) / 3.0;
    assert_close!(force.free_energy, slope(0), rtol = 1e-6, atol = 0.0);
    assert_close!(force.distortion, slope(1), rtol = 1e-5, atol = 0.0);
    assert_close!(force.classification, slope(2), rtol = 1e-5, atol = 0.0);
    let (before, after) = (side(time - 0.01), side(time + 0.01));
    // F is concave in the time at fixed multipliers.
    assert!(before.free_energy() + after.free_energy() < 2.0 * here.free_energy());
    for outside in [-0.1, 1.1, f64::NAN] {
        assert!(matches!(moving.at(outside), Err(ModelError::Option { option: "time", .. })));
    }
}

#[test]
fn the_ridge_is_part_of_the_rate_and_of_nothing_else() {
    let system = system(Likelihood::Bernoulli, 1e-2, 9);
    let here = solve(&system, at(1.0, 2.0));
    let parameters = here.state.parameters().values();
    let squares: f64 = parameters.iter().map(|p| p * p).sum();
    assert_close!(here.state.ridge(), 0.5e-2 * squares, rtol = 1e-13, atol = 0.0);
    let mut engine = crate::engine::Engine::new(system.architecture(), 40, 1).expect("an engine");
    let batch = crate::engine::Batch::of_images(&system.data, &system.rows, &system.noise);
    let rdc = engine.forward(parameters, &batch).expect("a pass");
    assert_close!(here.rdc.rate - here.state.ridge(), rdc.rate, rtol = 1e-12, atol = 0.0);
    assert_eq!([here.rdc.distortion, here.rdc.classification], [rdc.distortion, rdc.classification]);
}

#[test]
fn what_does_not_fit_is_named() {
    let options = Equilibration::DEFAULT;
    let new = |options, data| DeterministicSystem::new(architecture(GAUSSIAN), data, options, 0).map(|_| ());
    let whole = synthetic::digits(10, 0).expect("digits");
    assert!(matches!(new(options, whole), Err(ModelError::Data { what: "pixels", .. })));
    let invalid = [
        Equilibration { ridge: -1.0, ..options },
        Equilibration { ridge: f64::NAN, ..options },
        Equilibration { tolerance: 0.0, ..options },
        Equilibration { samples: 0, ..options },
    ];
    for options in invalid {
        assert!(matches!(new(options, digits(10, 0)), Err(ModelError::Option { .. })), "{options:?}");
    }
    let hurried = Equilibration { first_steps: 3, most_steps: 2, ..options };
    let hurried =
        DeterministicSystem::new(architecture(GAUSSIAN), digits(10, 0), hurried, 0).expect("a system");
    let error = hurried.equilibrium(at(1.0, 1.0), None).expect_err("too few steps");
    assert!(matches!(error, ModelError::Unequilibrated { steps: 2, .. }), "{error}");

    let small = system(GAUSSIAN, 1e-2, 1);
    let here = solve(&small, at(1.0, 1.0));
    let linear = |inputs, outputs| Layer::Linear { inputs, outputs };
    let other = Architecture::new(vec![linear(49, 2)], vec![linear(1, 49)], vec![linear(1, 10)], GAUSSIAN)
        .expect("fits");
    let other = DeterministicSystem::new(other, digits(10, 0), options, 0).expect("a system");
    assert!(matches!(other.response(&here), Err(ModelError::State { what: "parameters", .. })));
    assert!(matches!(other.lowest_eigenvalues(&here, 1), Err(ModelError::State { .. })));
    assert!(matches!(small.lowest_eigenvalues(&here, 0), Err(ModelError::Curvature(_))));
    // A foreign state is no help for a start, and no hindrance.
    assert!(other.equilibrium(at(1.0, 1.0), Some(&here.state)).is_ok());
}

#[test]
fn training_dissipates_what_is_above_the_free_energy() {
    let system = system(GAUSSIAN, 1e-2, 3);
    let place = at(1.0, 3.0);
    let mut seen = Vec::new();
    let trained = system
        .train(place, crate::Optimiser::ADAM, 1e-2, 400, |step, rdc| seen.push((step, rdc.objective(place))))
        .expect("a training");
    let there = system.equilibrium_near(&trained, place).expect("an equilibrium");
    assert_eq!(seen.iter().map(|(step, _)| *step).collect::<Vec<_>>(), (0..=400).collect::<Vec<_>>());
    let excess = |k: usize| seen[k].1 - there.free_energy();
    assert!(seen.iter().all(|(_, objective)| *objective > there.free_energy()));
    assert!(excess(400) < 0.1 * excess(0), "{} {}", excess(0), excess(400));
    let other = Parameters::from_values(vec![0.0; 3]);
    assert!(matches!(system.equilibrium_near(&other, place), Err(ModelError::State { found: 3, .. })));
}

#[test]
fn a_saddle_is_left_for_a_minimum() {
    // At zero, weights and all, nothing is encoded and every direction of the encoder is level with its mirror image: the
    // gradient of what the biases do takes Newton's method to a saddle, from where it has to break the symmetry.
    let system = system(GAUSSIAN, 1e-2, 4);
    let zero = Parameters::from_values(vec![0.0; system.new_parameters().len()]);
    let place = at(1.0, 3.0);
    let found = system.equilibrium_near(&zero, place).expect("an equilibrium");
    assert!(system.lowest_eigenvalues(&found, 1).expect("an eigenvalue").values[0] > 0.0);
    assert!(found.rdc.rate - found.state.ridge() > 0.5, "{:?}", found.rdc);
}

#[test]
fn a_state_that_was_read_goes_on_as_the_one_that_was_written() {
    let system = system(GAUSSIAN, 1e-2, 6);
    let here = solve(&system, at(1.0, 3.0));
    let text = serde_json::to_string(&here.state).expect("text");
    let read: DeterministicState = serde_json::from_str(&text).expect("a state");
    let next = |state: &DeterministicState| {
        let there = system.equilibrium(at(1.05, 3.1), Some(state)).expect("an equilibrium");
        let bits = |numbers: &[f64]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
        (bits(there.state.parameters().values()), there.state.branch(), there.state.work())
    };
    assert_eq!(next(&read), next(&here.state));
    for (from, to) in [
        ("\"ridge\":", "\"ridge\":null,\"old\":"),
        ("\"branch\":", "\"twig\":"),
        ("\"parameters\":[", "\"parameters\":[1e999,"),
    ] {
        assert!(
            text.contains(from)
                && serde_json::from_str::<DeterministicState>(&text.replacen(from, to, 1)).is_err()
        );
    }
    let written = text.replacen("\"weights\":null", "\"weights\":[0.5,-0.5]", 1);
    let error = serde_json::from_str::<DeterministicState>(&written).expect_err("a negative weight");
    assert!(error.to_string().contains("weight of input 1"), "{error}");
}
