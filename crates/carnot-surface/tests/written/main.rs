//! Equilibria that are written and read again: nothing changes, and what is none is refused.

use std::fmt::Debug;

use carnot_info::{Channel, Distribution, Estimate, Joint};
use carnot_surface::{
    At, Certificate, DiscreteOptions, DiscreteState, DiscreteSystem, Equilibrium, FreeDecoderState,
    FreeDecoderSystem, GaussianBottleneck, GaussianSystem, GibbsSystem, Modes, Multipliers, Observables,
    RdcEstimate, SampleKey, System,
};
use carnot_testkit::strategies::{discrete_problem, log_uniform};
use carnot_testkit::tier::cases;
use ndarray::{Array2, array};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("valid multipliers")
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn again<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let text = serde_json::to_string(value).expect("text");
    read(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Read back, an equilibrium is the same, and what starts from it too, to the last bit.
fn survives<S: System>(system: &S, here: &At<S>, next: Multipliers)
where
    S::Rdc: Serialize + DeserializeOwned + PartialEq + Debug,
    S::State: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let read = again(here);
    assert_eq!((read.multipliers, read.certificate), (here.multipliers, here.certificate));
    assert_eq!((&read.rdc, &read.state), (&here.rdc, &here.state));
    let [from, again] = [here, &read].map(|at| system.equilibrium(next, Some(&at.state)));
    assert_eq!(from.map(|at| (at.rdc, at.state)).ok(), again.map(|at| (at.rdc, at.state)).ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(32, 400)))]

    #[test]
    fn discrete_equilibria_survive(
        problem in discrete_problem(2..=6, 2..=3, 2..=6),
        lambda in log_uniform(1e-1, 1e1),
        gamma in prop_oneof![0.0..0.95f64, 1.1..4.0f64],
    ) {
        let table = |rows: usize, entries: &[f64]| {
            Array2::from_shape_vec((rows, entries.len() / rows), entries.to_vec()).expect("a shape")
        };
        let joint = Joint::new(table(problem.n_x, &problem.joint)).expect("a joint table");
        let rho = table(problem.n_x, &problem.distortion);
        let options = DiscreteOptions::default().with_starts(2, 0);
        let system = DiscreteSystem::new(&joint, rho.view()).expect("a system").with_options(options);
        // The second one remembers the first.
        if let Ok(first) = system.equilibrium(at(lambda, gamma), None)
            && let Ok(second) = system.equilibrium(at(1.05 * lambda, gamma), Some(&first.state))
        {
            survives(&system, &second, at(1.1 * lambda, gamma));
        }
        let free = FreeDecoderSystem::new(&joint, 3).expect("a system").with_options(options);
        for lambda in [0.5, 1.5] {
            if let Ok(first) = free.equilibrium(at(lambda, gamma), None) {
                survives(&free, &first, at(0.4, gamma));
            }
        }
    }
}

/// A classifier that denies a label, a label that does not occur, and a letter that says nothing else.
#[test]
fn equilibria_with_a_given_classifier_survive() {
    let joint = Joint::new(array![[0.3, 0.0, 0.2], [0.2, 0.0, 0.3]]).expect("a joint table");
    let classifier = Channel::new(array![[0.5, 0.2, 0.3], [0.1, 0.4, 0.5], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
        .expect("a channel");
    let rho = array![[0.0, 1.0, 0.5, 0.3], [1.0, 0.0, 0.5, 0.4]];
    let marginal = Distribution::uniform(4).expect("a distribution");
    let gibbs = GibbsSystem::new(&joint, &marginal, rho.view(), &classifier).expect("a system");
    let here = gibbs.equilibrium(at(1.0, 0.5), None).expect("an equilibrium");
    survives(&gibbs, &here, at(1.2, 0.5));
    let given = DiscreteSystem::new(&joint, rho.view())
        .and_then(|system| system.with_classifier(&classifier))
        .expect("a system");
    let here = given.equilibrium(at(1.0, 2.5), None).expect("an equilibrium");
    survives(&given, &here, at(1.2, 2.5));
}

fn covariance() -> Array2<f64> {
    array![[2.0, 0.6, 0.1], [0.6, 1.0, 0.0], [0.1, 0.0, 0.5]]
}

fn bottleneck() -> GaussianBottleneck {
    let readout = array![[0.1, 1.0, 0.3]];
    GaussianBottleneck::new(covariance().view(), readout.view(), array![[0.1]].view(), 0.5).expect("a system")
}

#[test]
fn gaussian_equilibria_survive() {
    let readout = array![[0.1, 1.0, 0.3]];
    let system = GaussianSystem::new(covariance().view(), readout.view(), array![[0.1]].view(), 0.5, 0.1)
        .expect("a system");
    let here = system.equilibrium(at(1.3, 0.7), None).expect("an equilibrium");
    survives(&system, &here, at(1.4, 0.7));
    let here = bottleneck().equilibrium(at(1.3, 3.7), None).expect("an equilibrium");
    survives(&bottleneck(), &here, at(1.4, 3.7));
}

#[test]
fn estimates_survive() {
    let samples = |shift: f64| vec![[0.1 + shift, 2.0, 0.3], [0.7, 1.0 / 3.0, 0.2], [0.3, 0.5, 0.9 - shift]];
    let estimate = |shift, key| RdcEstimate::from_samples(samples(shift), SampleKey(key)).expect("samples");
    let (one, other, far) = (estimate(0.0, 1), estimate(0.1, 1), estimate(0.1, 2));
    assert_eq!(again(&one), one);
    // Still paired with what has the same key.
    assert_eq!(other.change_since(&again(&one)), other.change_since(&one));
    let unpaired = far.change_since(&one);
    assert_eq!(again(&unpaired), unpaired);
    let relaxed = Equilibrium {
        multipliers: at(1.0, 2.0),
        rdc: one,
        state: (),
        certificate: Certificate::Relaxed { steps: 7, plateau: Estimate::exact(0.1).with_std_err(0.2) },
    };
    let back = again(&relaxed);
    assert_eq!((back.rdc, back.certificate), (relaxed.rdc, relaxed.certificate));

    let message = |text: &str| read_error::<RdcEstimate>(text);
    assert!(message(r#"{"Samples": {"key": 1, "samples": [[0.0, 0.0, 0.0]]}}"#).contains("at least two"));
    let covariance = |a: f64, b: f64, c: f64| {
        let covariance = [[a, b, 0.0], [c, 1.0, 0.0], [0.0, 0.0, 1.0]];
        json!({"Unpaired": {"means": [0.0, 0.0, 0.0], "covariance": covariance}}).to_string()
    };
    assert!(read::<RdcEstimate>(&covariance(1.0, 0.5, 0.5)).is_ok());
    for text in [covariance(-1.0, 0.0, 0.0), covariance(1.0, 0.5, 0.4), covariance(1.0, 1.5, 1.5)] {
        assert!(message(&text).contains("not finite means with a covariance"), "{text}");
    }
}

fn read_error<T: DeserializeOwned>(text: &str) -> String {
    read::<T>(text).map(|_| ()).expect_err("not one")
}

/// The error of reading what was written and then changed.
fn tampered<T: Serialize + DeserializeOwned>(value: &T, tamper: impl Fn(&mut Value)) -> String {
    let mut json = serde_json::to_value(value).expect("a value");
    assert!(serde_json::from_value::<T>(json.clone()).is_ok());
    tamper(&mut json);
    read_error::<T>(&json.to_string())
}

#[test]
fn what_is_no_discrete_state_is_refused() {
    let joint = Joint::new(array![[0.20, 0.05], [0.10, 0.15], [0.05, 0.20], [0.15, 0.10]]).expect("a table");
    let rho = array![[0.0, 1.0, 2.0], [0.8, 0.0, 1.0], [2.1, 0.9, 0.0], [0.5, 1.2, 0.8]];
    let system = DiscreteSystem::new(&joint, rho.view()).expect("a system");
    let first = system.equilibrium(at(4.0, 0.5), None).expect("an equilibrium");
    let second = system.equilibrium(at(4.1, 0.5), Some(&first.state)).expect("an equilibrium");
    let state: &DiscreteState = &second.state;
    let said = |tamper: Tamper| tampered(state, tamper);

    let negative = said(|json| json["letters"]["marginal"][0] = json!(-0.1));
    assert!(negative.contains("entry 0 is -0.1"), "{negative}");
    let sum = said(|json| json["letters"]["marginal"][0] = json!(1.5));
    assert!(sum.contains("the entries sum to"), "{sum}");
    let row = said(|json| json["letters"]["log_classifier"][1] = json!(0.0));
    assert!(row.contains("row 0 sums to"), "{row}");
    let short = said(|json| {
        json["letters"]["log_classifier"].as_array_mut().expect("a list").pop();
    });
    assert!(short.contains("entries of the letters' classifiers"), "{short}");
    let infinite = said(|json| json["letters"]["log_classifier"][0] = Value::Null);
    assert!(infinite.contains("null"), "{infinite}");
    let normal = said(|json| json["classifier"][0][0] = json!(0.01));
    assert!(normal.contains("row 0 sums to"), "{normal}");
    let swapped = said(|json| json["classifier"].as_array_mut().expect("rows").swap(0, 1));
    assert!(swapped.contains("not that of its letters"), "{swapped}");
    let fewer = said(|json| {
        json["classifier"].as_array_mut().expect("rows").pop();
    });
    assert!(fewer.contains("not that of its letters"), "{fewer}");
    let before =
        said(|json| json["line"][0][1] = json!({"marginal": [1.0], "log_classifier": [0.0, -600.0]}));
    assert!(before.contains("letters of the state before: expected 3, found 1"), "{before}");
    let labels = said(|json| {
        json["line"][0][1] = json!({"marginal": [1.0, 0.0, 0.0], "log_classifier": [0.0, 0.0, 0.0]})
    });
    assert!(labels.contains("labels of the state before: expected 2, found 1"), "{labels}");
    let multiplier = said(|json| json["at"]["gamma"] = json!(-0.5));
    assert!(multiplier.contains("the multiplier gamma must be"), "{multiplier}");

    let free = FreeDecoderSystem::new(&joint, 3).expect("a system");
    let found = free.equilibrium(at(1.5, 0.5), None).expect("an equilibrium");
    let encoder = tampered::<FreeDecoderState>(&found.state, |json| json["encoder"][1][0] = json!(0.5));
    assert!(encoder.contains("row 1 sums to"), "{encoder}");
}

type Tamper = fn(&mut Value);

#[test]
fn what_are_no_modes_is_refused() {
    let found = bottleneck().equilibrium(at(1.3, 3.7), None).expect("an equilibrium");
    let said = |tamper: Tamper| tampered::<Modes>(&found.state, tamper);
    let tampers: [(Tamper, &str); 5] = [
        (|json| json["strengths"][0] = json!(-0.1), "ascending strengths"),
        (|json| json["strengths"][2] = json!(1e-3), "ascending strengths"),
        (|json| json["strengths"] = json!([]), "ascending strengths"),
        (|json| json["directions"][1] = json!([1.0, 0.0]), "a direction of their dimension each"),
        (|json| json["directions"][1][0] = json!(0.99), "orthonormal directions"),
    ];
    for (tamper, expected) in tampers {
        let error = said(tamper);
        assert!(error.contains(expected), "{error}");
    }
}
