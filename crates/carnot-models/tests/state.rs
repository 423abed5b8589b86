//! States of learned systems that are written down, read and relaxed on.

use carnot_data::{ImageDataset, synthetic};
use carnot_models::{
    Architecture, Layer, LearnedState, LearnedSystem, Likelihood, Method, ModelError, Optimiser, Prior,
    Relaxation,
};
use carnot_process::{
    Adaptive, Checkpoint, Drive, Guess, Hold, Measured, Options, Process, Tolerance, Waypoint,
};
use carnot_surface::{At, Multipliers, Observable, Observables, Still, System};
use serde_json::{Value, json};

fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("valid multipliers")
}

fn digits() -> ImageDataset {
    synthetic::digits(64, 2).expect("digits")
}

/// Batches that do not divide the data.
fn system(prior: Prior, method: Method) -> LearnedSystem {
    let half = Likelihood::Gaussian { variance: 0.5 };
    let architecture = Architecture::fully_connected(784, &[8], 2, 10, half).expect("an architecture");
    let optimiser = Optimiser { method, clip_norm: Some(10.0) };
    let relaxation =
        Relaxation { initial_steps: 30, steps: 8, batch_size: 10, optimiser, ..Relaxation::DEFAULT };
    LearnedSystem::new(architecture.with_prior(prior), digits(), digits(), relaxation, 3).expect("a system")
}

fn adam() -> LearnedSystem {
    system(Prior::StandardNormal, Optimiser::ADAM.method)
}

/// Everything that an equilibrium says, its state included, to the last bit.
fn bits(equilibrium: &At<LearnedSystem>) -> String {
    let numbers = equilibrium.state.parameters().values();
    assert!(numbers.iter().all(|number| number.is_finite()));
    serde_json::to_string(equilibrium).expect("text")
}

#[test]
fn a_relaxation_from_a_state_that_was_read_gives_the_same_bytes() {
    let decayed = Method::Adam { decay: [0.8, 0.99], epsilon: 1e-7, weight_decay: 0.1 };
    for (prior, method) in [
        (Prior::StandardNormal, Optimiser::ADAM.method),
        (Prior::LearnedDiagonal, decayed),
        (Prior::StandardNormal, Method::Sgd { momentum: 0.9 }),
    ] {
        let system = system(prior, method);
        let start = system.equilibrium(at(0.2, 2.0), None).expect("a start");
        let text = serde_json::to_string(&start.state).expect("text");
        let read: LearnedState = serde_json::from_str(&text).expect("a state");
        assert_eq!(read, start.state);
        assert_eq!((read.steps(), read.accuracy()), (38, start.state.accuracy()));
        let [kept, resumed] = [&start.state, &read]
            .map(|state| bits(&system.equilibrium(at(0.1, 2.0), Some(state)).expect("an equilibrium")));
        assert!(kept == resumed, "{method:?}");
        assert!(kept != bits(&start));
    }
}

/// A process on a network that is written down in the middle, read and resumed goes on to the last bit.
#[test]
fn a_process_on_a_network_goes_on_after_being_read() {
    let system = adam();
    let start = system.equilibrium(at(0.2, 2.0), None).expect("a start");
    let loss = start.rdc.classification().mean();
    let guess =
        Guess { slopes: [-0.1 * loss, -0.35 * loss, 0.0], uncertainty: 0.15 * loss, scatter: 0.02 * loss };
    let tangent = Measured::new(Observable::Classification, guess).expect("a guess");
    let tolerance = Tolerance { rtol: 0.05, atol: 0.0, standard_errors: 0.0 };
    let control = Adaptive { first_step: 0.1, smallest_step: 1e-3, largest_step: 0.2, ..Adaptive::default() };
    let process = Process::new(Hold::Classification, Drive::LambdaTo(0.02))
        .with_options(Options { tolerance, ..Options::default() })
        .with_control(control);
    let mut trace = process.trace(&system, start, tangent).expect("a trace");
    let next = |waypoint: Option<Result<Waypoint<_>, _>>| waypoint.expect("one more").expect("a waypoint");
    for _ in 0..3 {
        next(trace.next());
    }
    let text = serde_json::to_string(&trace.checkpoint()).expect("text");
    let read: Checkpoint<&LearnedSystem, Measured> = serde_json::from_str(&text).expect("a checkpoint");
    assert_eq!(read.waypoint().equilibrium.state, trace.checkpoint().waypoint().equilibrium.state);
    let mut again = process.resume(Still(&system), read).expect("a trace");
    for _ in 0..2 {
        let [kept, resumed] = [next(trace.next()), next(again.next())].map(|waypoint| {
            let point = waypoint.point;
            let numbers = [point.lambda, point.gamma, point.rate, point.distortion, point.classification];
            (waypoint.index, numbers.map(f64::to_bits), bits(&waypoint.equilibrium))
        });
        assert!(kept == resumed, "waypoint {}", kept.0);
    }
    assert_eq!(trace.counters(), again.counters());
}

#[test]
fn what_is_no_state_is_refused_by_name() {
    type Change<'a> = &'a dyn Fn(&mut Value);
    let start = adam().equilibrium(at(0.2, 2.0), None).expect("a start");
    let whole = serde_json::to_value(&start.state).expect("a value");
    let text = |said: &Value, part: &str| said[part].as_str().expect("text").to_owned();
    let changed = |change: Change<'_>| {
        let mut said = whole.clone();
        change(&mut said);
        serde_json::from_str::<LearnedState>(&said.to_string())
    };
    assert_eq!(changed(&|_| ()).expect("a state"), start.state);
    let shorter = |part: &'static str, digits: usize| {
        move |said: &mut Value| {
            let kept = text(said, part);
            said[part] = json!(kept[..kept.len() - digits]);
        }
    };
    let changes: [(Change<'_>, &str); 13] = [
        (&|said| said["version"] = json!(2), "the state is of version 2, not 1"),
        (&|said| said["colour"] = json!("blue"), "unknown field `colour`"),
        (&|said| said["steps"] = json!(37), "bytes have changed"),
        (&|said| said["seed"] = json!(37), "bytes have changed"),
        (&|said| said["n_samples"] = json!(u64::MAX), "bytes have changed"),
        (
            &|said| said["parameters"] = json!("00zz"),
            "the parameters of the state are not the bytes of numbers",
        ),
        (&shorter("parameters", 1), "the parameters of the state are not the bytes of numbers"),
        (&shorter("first_moments", 2), "the first moments of the state are not the bytes of numbers"),
        (&shorter("second_moments", 8), "bytes have changed"),
        (
            &|said| {
                let numbers = text(said, "parameters");
                let flipped = if numbers.starts_with('0') { "1" } else { "0" };
                said["parameters"] = json!(format!("{flipped}{}", &numbers[1..]));
            },
            "bytes have changed",
        ),
        (&|said| said["optimiser"]["method"]["Adam"]["epsilon"] = json!(1e-7), "bytes have changed"),
        (&|said| said["accuracy"]["mean"] = json!(0.987), "bytes have changed"),
        (&|said| said["accuracy"]["std_err"] = json!(-1.0), "-1"),
    ];
    for (change, expected) in changes {
        let error = changed(change).expect_err(expected).to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn the_state_of_another_training_is_refused_when_it_is_read() {
    let start = adam().equilibrium(at(0.2, 2.0), None).expect("a start");
    let text = serde_json::to_string(&start.state).expect("text");
    let read: LearnedState = serde_json::from_str(&text).expect("a state");
    let learned = system(Prior::LearnedDiagonal, Optimiser::ADAM.method);
    let error = learned.equilibrium(at(0.1, 2.0), Some(&read)).expect_err("of another model");
    assert!(matches!(error, ModelError::State { what: "parameters", .. }), "{error}");
    // As many parameters, but bent by another function.
    let architecture = adam().architecture().clone();
    let mut encoder = architecture.encoder().to_vec();
    assert_eq!(std::mem::replace(&mut encoder[1], Layer::Tanh), Layer::Relu);
    let other = |encoder: Vec<Layer>, variance| {
        let [decoder, classifier] =
            [architecture.decoder(), architecture.classifier()].map(<[Layer]>::to_vec);
        let architecture = Architecture::new(encoder, decoder, classifier, Likelihood::Gaussian { variance });
        let relaxation = adam().relaxation();
        LearnedSystem::new(architecture.expect("it fits"), digits(), digits(), relaxation, 3)
            .expect("a system")
    };
    let bent = other(encoder, 0.5);
    let error = bent.equilibrium(at(0.1, 2.0), Some(&read)).expect_err("of another model");
    assert!(matches!(error, ModelError::OtherLayers { .. }), "{error}");
    assert!(matches!(bent.evaluate(&read, &digits()), Err(ModelError::OtherLayers { .. })));
    // Another likelihood leaves the layers what they are.
    let sharper = other(architecture.encoder().to_vec(), 0.3);
    assert!(sharper.equilibrium(at(0.1, 2.0), Some(&read)).is_ok());
}
