//! Processes on systems whose response is not known, whose observables are noisy, or which fail.

use std::cell::Cell;

use carnot_process::{
    Drive, FromResponse, Measured, Observation, Options, Process, ProcessError, Slopes, StopReason, Tangent,
    Tolerance,
};
use carnot_surface::{
    At, Certificate, Equilibrium, GaussianSystem, Multipliers, Observable, Observables, Rdc, RdcEstimate,
    Response, Responsive, SampleKey, Sidedness, System,
};
use carnot_testkit::assert_close;

use crate::{at, two_dimensional};

/// A Gaussian system that is seen through samples: every observable of 400 samples is its value plus noise that is
/// common to all equilibria, plus a scatter that is not, as of a model that is trained anew.
struct Noisy {
    system: GaussianSystem,
    scatter: f64,
}

/// Numbers that look random enough, between -1 and 1.
fn hash(seed: u64) -> f64 {
    let mut x = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for _ in 0..3 {
        x = (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    (x >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

impl System for Noisy {
    type Rdc = RdcEstimate;
    type State = u64;
    type Error = carnot_surface::GaussianError;

    fn equilibrium(&self, at: Multipliers, from: Option<&u64>) -> Result<At<Self>, Self::Error> {
        let visit = from.copied().unwrap_or(0) + 1;
        let exact = self.system.equilibrium(at, None)?.rdc;
        let scatter = self.scatter * hash(visit);
        let sample = |i: u64| {
            let noise = 1.0 + 0.5 * hash(1_000 + i);
            [exact.rate * noise, exact.distortion * noise, exact.classification * noise + scatter]
        };
        let rdc = RdcEstimate::from_samples((0..400).map(sample).collect(), SampleKey(1)).expect("finite");
        let certificate = Certificate::Stationary { residual: 0.0, starts: 1 };
        Ok(Equilibrium { multipliers: at, rdc, state: visit, certificate })
    }
}

#[test]
fn slopes_are_learned_along_the_way_of_an_exact_system() {
    let system = two_dimensional();
    let start = system.equilibrium(at(4.0, 1.0), None).expect("an equilibrium");
    let first = start.rdc.classification;
    // A guess that is wrong in size, and knows it.
    let tangent = Measured::new(Slopes { driving: 0.0, steered: -1.0 }, 1.0, 1e-12).expect("a guess");
    let options = Options { tolerance: Tolerance { rtol: 0.0, atol: 1e-9 }, ..Options::default() };
    let process = Process::new(Observable::Classification, Drive::LambdaTo(0.4)).with_options(options);
    let mut trace = process.trace(&system, start, tangent).expect("a trace");
    let mut last = None;
    for waypoint in trace.by_ref() {
        let waypoint = waypoint.expect("a waypoint");
        assert_close!(waypoint.equilibrium.rdc.classification, first, rtol = 0.0, atol = 1e-9);
        last = Some(waypoint);
    }
    assert_eq!(trace.stop_reason(), Some(StopReason::ReachedEnd));
    let last = last.expect("a waypoint");
    let mut exact = FromResponse;
    let truth = exact
        .slopes(&&system, &last.equilibrium, Observable::Classification, Drive::LambdaTo(0.4))
        .expect("slopes");
    // Along the curve the slopes still change by tens of percent from one waypoint to the next.
    let learned = trace.tangent().slopes();
    assert_close!(learned.steered, truth.steered, rtol = 0.3, atol = 0.0);
    assert_close!(learned.driving, truth.driving, rtol = 0.3, atol = 0.0);
}

#[test]
fn one_exact_observation_after_another_gives_the_slopes() {
    let mut tangent = Measured::new(Slopes { driving: 5.0, steered: -1.0 }, 10.0, 1e-9).expect("a guess");
    let truth = Slopes { driving: -0.3, steered: -2.0 };
    for (x, y) in [(0.01, 0.0), (0.0, 0.01), (0.01, 0.01), (-0.01, 0.02)] {
        let change = truth.driving * x + truth.steered * y;
        let observation = Observation { step: Slopes { driving: x, steered: y }, change, std_err: None };
        Tangent::<GaussianSystem>::observe(&mut tangent, observation);
    }
    // The filter trusts an observation up to its scatter over the distance moved, 1e-7.
    assert_close!(tangent.slopes().driving, truth.driving, rtol = 1e-4, atol = 0.0);
    assert_close!(tangent.slopes().steered, truth.steered, rtol = 1e-4, atol = 0.0);
    assert!(tangent.std_errs().steered < 1.0);
    // Standing still says nothing about slopes.
    let before = tangent;
    let still = Observation { step: Slopes { driving: 0.0, steered: 0.0 }, change: 1.0, std_err: None };
    Tangent::<GaussianSystem>::observe(&mut tangent, still);
    assert_eq!(tangent, before);
}

#[test]
fn a_noisy_classification_loss_is_held_within_its_tolerance() {
    let system = Noisy { system: two_dimensional(), scatter: 0.01 };
    let start = system.equilibrium(at(4.0, 1.0), None).expect("an equilibrium");
    let first = start.rdc.classification().mean();
    let tangent =
        Measured::new(Slopes { driving: 0.0, steered: -first.abs() }, first.abs(), 0.01).expect("a guess");
    let options = Options {
        tolerance: Tolerance { rtol: 0.02, atol: 0.0 },
        wanted_corrections: 1,
        most_corrections: 8,
        ..Options::default()
    };
    let process = Process::new(Observable::Classification, Drive::LambdaTo(0.4)).with_options(options);
    let curve = process.trace(&system, start, tangent).expect("a trace").collect_curve().expect("a curve");
    let waypoints = curve.into_complete().expect("the end");
    let exact = |at| system.system.equilibrium(at, None).expect("an equilibrium").rdc.classification;
    let truth = exact(at(4.0, 1.0));
    for waypoint in &waypoints {
        // What is seen is within the tolerance, and what is true within the scatter of two equilibria of that. Seen
        // values are the true ones times a mean of (1 + noise) near one.
        assert!(waypoint.residual.mean().abs() <= 0.02 * first.abs());
        let drift = exact(waypoint.equilibrium.multipliers) - truth;
        assert!(drift.abs() <= 1.1 * (0.02 * first.abs() + 0.02), "the true C drifted by {drift}");
        // Noise in common cancels in the paired difference.
        let alone = waypoint.equilibrium.rdc.classification().std_err();
        assert!(waypoint.residual.std_err() < 0.1 * alone);
    }
}

#[test]
fn one_observation_gives_the_posterior_of_the_kalman_filter() {
    // One slope only: y = 0. Prior variance 4 (and 4 * 0.5^2 of drift over the distance), noise 0.3^2 + 0.4^2.
    let mut tangent = Measured::new(Slopes { driving: 1.0, steered: -1.0 }, 2.0, 0.4).expect("a guess");
    let observation =
        Observation { step: Slopes { driving: 0.5, steered: 0.0 }, change: 1.1, std_err: Some(0.3) };
    Tangent::<GaussianSystem>::observe(&mut tangent, observation);
    let (prior, noise) = (4.0 + 1.0, 0.25);
    let variance = prior * 0.25 + noise;
    assert_close!(
        tangent.slopes().driving,
        1.0 + prior * 0.5 * (1.1 - 0.5) / variance,
        rtol = 1e-14,
        atol = 0.0
    );
    assert_close!(tangent.slopes().steered, -1.0, rtol = 1e-14, atol = 0.0);
    assert_close!(tangent.std_errs().driving, (prior * noise / variance).sqrt(), rtol = 1e-14, atol = 0.0);
    assert_close!(tangent.std_errs().steered, 5f64.sqrt(), rtol = 1e-14, atol = 0.0);
    // An observation as noisy as this one says next to nothing.
    let before = tangent.slopes();
    let step = Slopes { driving: 0.01, steered: 0.01 };
    Tangent::<GaussianSystem>::observe(&mut tangent, Observation { step, change: 5.0, std_err: Some(1e3) });
    assert_close!(tangent.slopes().driving, before.driving, rtol = 1e-4, atol = 0.0);
}

#[test]
fn without_noise_the_errors_of_the_slopes_stay_numbers() {
    let mut tangent = Measured::new(Slopes { driving: 1.0, steered: -1.0 }, 2.0, 0.0).expect("a guess");
    for i in 0..200u32 {
        let angle = f64::from(i) * 2.4;
        let (x, y) = (1e-3 * angle.cos(), 1e-3 * angle.sin());
        let observation =
            Observation { step: Slopes { driving: x, steered: y }, change: 0.5 * x - 2.0 * y, std_err: None };
        Tangent::<GaussianSystem>::observe(&mut tangent, observation);
        assert!(tangent.std_errs().driving >= 0.0 && tangent.std_errs().steered >= 0.0);
    }
    assert_close!(tangent.slopes().driving, 0.5, rtol = 1e-6, atol = 0.0);
    assert_close!(tangent.slopes().steered, -2.0, rtol = 1e-6, atol = 0.0);
}

#[test]
fn a_guess_that_is_none_is_refused_by_name() {
    let slopes = |driving, steered| Slopes { driving, steered };
    let cases = [
        (slopes(f64::NAN, -1.0), 1.0, 0.0, "slope of the driving multiplier"),
        (slopes(0.0, f64::INFINITY), 1.0, 0.0, "slope of the steered multiplier"),
        (slopes(0.0, -1.0), 0.0, 0.0, "uncertainty"),
        (slopes(0.0, -1.0), 1.0, -1.0, "scatter"),
    ];
    for (guess, uncertainty, scatter, name) in cases {
        assert_eq!(Measured::new(guess, uncertainty, scatter).expect_err(name).name, name);
    }
}

/// A system whose C is `steep ln gamma - ln lambda`, and a tangent that believes `believed ln gamma - ln lambda`.
struct Straight {
    steep: f64,
}

impl System for Straight {
    type Rdc = Rdc;
    type State = ();
    type Error = Broken;

    fn equilibrium(&self, at: Multipliers, _from: Option<&()>) -> Result<At<Self>, Broken> {
        let classification = self.steep * at.gamma().ln() - at.lambda().ln();
        let rdc = Rdc { rate: 0.0, distortion: 0.0, classification };
        Ok(Equilibrium { multipliers: at, rdc, state: (), certificate: Certificate::ClosedForm })
    }
}

/// Slopes that are believed, and counted: how often each was asked for.
struct Believed {
    slopes: Slopes,
    learned: Option<Slopes>,
    observations: usize,
}

impl Tangent<Straight> for Believed {
    fn slopes(&mut self, _: &Straight, _: &At<Straight>, _: Observable, _: Drive) -> Result<Slopes, Broken> {
        Ok(self.slopes)
    }

    fn observe(&mut self, _: Observation) {
        self.observations += 1;
        // After the fourth observation the truth is known.
        if let (4, Some(learned)) = (self.observations, self.learned) {
            self.slopes = learned;
        }
    }
}

#[test]
fn a_rejected_step_is_halved_and_tried_again_with_what_was_learned() {
    let system = Straight { steep: -1.0 };
    let start = system.equilibrium(at(1.0, 1.0), None).expect("a start");
    let truth = Slopes { driving: -1.0, steered: -1.0 };
    // A slope believed four times too small makes every correction overshoot.
    let tangent =
        Believed { slopes: Slopes { driving: 0.0, steered: -0.25 }, learned: Some(truth), observations: 0 };
    let options = Options { first_step: 0.4, most_corrections: 3, ..Options::default() };
    let process = Process::new(Observable::Classification, Drive::LambdaTo(0.5)).with_options(options);
    let mut trace = process.trace(system, start, tangent).expect("a trace");
    let waypoints: Vec<_> = trace.by_ref().collect::<Result<_, _>>().expect("waypoints");
    // The remaining 0.69 is taken in two steps of 0.35, the first of which fails and is halved. Four equilibria are lost
    // on it; afterwards every prediction is right at once.
    assert_eq!(trace.counters().rejected_steps, 1);
    let half_step = 0.25 * 2f64.ln();
    assert_close!(waypoints[1].step, -half_step, rtol = 1e-14, atol = 0.0);
    assert!(waypoints.iter().all(|waypoint| waypoint.corrections == 0));
    assert_eq!(trace.counters().equilibria, 4 + waypoints.len() - 1);
    assert_eq!(trace.counters().corrections, 3);
    let end = &waypoints[waypoints.len() - 1];
    assert_close!(end.equilibrium.multipliers.gamma(), 2.0, rtol = 1e-12, atol = 0.0);
}

#[test]
fn predictions_and_corrections_are_limited_and_make_good_what_the_start_left_over() {
    // The truth is ln gamma = -10 ln lambda: a step of 0.2 wants gamma to move by 2, and may move it by 0.5.
    let system = Straight { steep: -0.1 };
    let start = system.equilibrium(at(1.0, 1.0), None).expect("a start");
    let believed = Slopes { driving: -1.0, steered: -0.1 };
    let tangent = Believed { slopes: believed, learned: None, observations: 0 };
    let options =
        Options { first_step: 0.2, largest_step: 0.2, largest_correction: 0.5, ..Options::default() };
    let process = Process::new(Observable::Classification, Drive::LambdaTo(0.82)).with_options(options);
    let curve = process.trace(system, start, tangent).expect("a trace").collect_curve().expect("a curve");
    let waypoints = curve.into_complete().expect("the end");
    // ln 0.82 = -0.198 in one step: the prediction and three corrections of at most 0.5 each, 1.98 in all.
    assert_eq!((waypoints.len(), waypoints[1].corrections), (2, 3));

    // A loose tolerance leaves a residual at the first waypoint, which the next prediction takes along.
    let system = Straight { steep: -1.0 };
    let start = system.equilibrium(at(1.0, 1.0), None).expect("a start");
    let tangent = Believed {
        slopes: Slopes { driving: -0.9, steered: -1.0 },
        learned: Some(Slopes { driving: -1.0, steered: -1.0 }),
        observations: 3,
    };
    let tolerance = Tolerance { rtol: 0.0, atol: 0.1 };
    let options = Options { tolerance, first_step: 0.2, largest_step: 0.2, ..Options::default() };
    let process = Process::new(Observable::Classification, Drive::LambdaTo(0.5)).with_options(options);
    let curve = process.trace(system, start, tangent).expect("a trace").collect_curve().expect("a curve");
    let waypoints = curve.into_complete().expect("the end");
    assert_close!(waypoints[1].residual, 0.02, rtol = 1e-10, atol = 0.0);
    for waypoint in &waypoints[2..] {
        assert_close!(waypoint.residual, 0.0, rtol = 0.0, atol = 1e-14);
    }
}

/// A system that fails, or is not a number, at its third equilibrium.
struct Failing {
    calls: Cell<u32>,
    fails: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("it broke")]
struct Broken;

impl System for Failing {
    type Rdc = Rdc;
    type State = ();
    type Error = Broken;

    fn equilibrium(&self, at: Multipliers, _from: Option<&()>) -> Result<At<Self>, Broken> {
        self.calls.set(self.calls.get() + 1);
        let third = self.calls.get() == 3;
        if third && self.fails {
            return Err(Broken);
        }
        let classification = if third { f64::NAN } else { at.lambda() - at.gamma() };
        let rdc = Rdc { rate: 0.0, distortion: 0.0, classification };
        Ok(Equilibrium { multipliers: at, rdc, state: (), certificate: Certificate::ClosedForm })
    }
}

impl Responsive for Failing {
    fn response(&self, _at: &At<Self>) -> Result<Response<f64>, Broken> {
        let sidedness = Sidedness::TwoSided;
        Ok(Response { distortion_lambda: -1.0, cross: 1.0, classification_gamma: -1.0, sidedness })
    }
}

#[test]
fn a_system_that_fails_ends_the_trace_with_an_error_that_names_the_waypoint() {
    for fails in [true, false] {
        let system = Failing { calls: Cell::new(0), fails };
        let start = system.equilibrium(at(1.0, 1.0), None).expect("the first equilibrium");
        let process = Process::new(Observable::Classification, Drive::LambdaTo(5.0));
        let mut trace = process.trace(&system, start, FromResponse).expect("a trace");
        assert!(trace.next().is_some_and(|start| start.is_ok()));
        let error = trace.find_map(Result::err).expect("an error");
        match error {
            ProcessError::System { waypoint, source, .. } => assert_eq!((waypoint, source), (2, Broken)),
            ProcessError::NotFinite { waypoint, quantity, value, .. } => {
                assert!(!fails && value.is_nan());
                assert_eq!((waypoint, quantity), (2, "change of the held observable"));
            }
            other => panic!("not expected: {other}"),
        }
        assert!(trace.next().is_none() && trace.stop_reason().is_none());
        // What is collected from a trace that failed does not pass for a whole process.
        let rest = trace.collect_curve().expect("no second error");
        assert_eq!(rest.stop, StopReason::Failed);
        assert!(rest.into_complete().is_err());
    }
}
