//! Processes on systems whose response is not known, or whose observables are noisy.

use carnot_process::{
    Adaptive, Broyden, Change, Coordinates, Drive, FromResponse, Guess, Hold, Measured, Newton, Observation,
    Options, Point, Process, Site, StopReason, Tangent, Tolerance,
};
use carnot_surface::{
    At, Certificate, Equilibrium, GaussianSystem, Multipliers, Observable, Observables, RdcEstimate,
    SampleKey, Still, System,
};
use carnot_testkit::assert_close;
use carnot_testkit::tier::cases;

use crate::{at, drift, two_dimensional, with_transitions};

/// A Gaussian system that is seen through samples: every observable of 400 samples is its value plus noise that is
/// common to all equilibria, or not, plus a scatter that is not, as of a model that is trained anew.
#[derive(Clone)]
struct Noisy {
    system: GaussianSystem,
    scatter: f64,
    /// Whether the noise is common to all equilibria.
    paired: bool,
    seed: u64,
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
        let set = if self.paired { 1 } else { 1 + visit };
        let sample = |i: u64| {
            let noise = 1.0 + 0.5 * hash(1_000 * set + i + (self.seed << 40));
            [exact.rate * noise, exact.distortion * noise, exact.classification * noise + scatter]
        };
        let rdc = RdcEstimate::from_samples((0..400).map(sample).collect(), SampleKey(set)).expect("finite");
        let certificate = Certificate::Stationary { residual: 0.0, starts: 1 };
        Ok(Equilibrium { multipliers: at, rdc, state: visit, certificate })
    }
}

fn guess(slopes: [f64; 3], uncertainty: f64, scatter: f64) -> Guess {
    Guess { slopes, uncertainty, scatter }
}

fn measured(guess: Guess) -> Measured {
    Measured::new(Observable::Classification, guess).expect("a guess")
}

/// An observation of C alone.
fn observation(step: [f64; 3], change: f64, std_err: Option<f64>) -> Observation {
    let nothing = Change { mean: 0.0, std_err };
    Observation { step, changes: [nothing, nothing, Change { mean: change, std_err }] }
}

fn observe(tangent: &mut Measured, observation: &Observation) {
    Tangent::<Still<GaussianSystem>>::observe(tangent, observation);
}

/// The slopes of C of a tangent.
fn slopes(tangent: &Measured) -> [f64; 3] {
    tangent.slopes().classification
}

fn std_errs(tangent: &Measured) -> [f64; 3] {
    tangent.std_errs(Observable::Classification).expect("a guess")
}

#[test]
fn slopes_are_learned_along_the_way_of_an_exact_system() {
    let system = two_dimensional();
    let start = system.equilibrium(at(4.0, 1.0), None).expect("an equilibrium");
    let first = start.rdc.classification;
    // A guess that is wrong in size, and knows it.
    let tangent = measured(guess([0.0, -1.0, 0.0], 1.0, 1e-12));
    let tolerance = Tolerance { rtol: 0.0, atol: 1e-9, standard_errors: 0.0 };
    let options = Options { tolerance, ..Options::default() };
    let process = Process::new(Hold::Classification, Drive::LambdaTo(0.4)).with_options(options);
    let mut trace = process.trace(&system, start, tangent).expect("a trace");
    let mut last = None;
    for waypoint in trace.by_ref() {
        let waypoint = waypoint.expect("a waypoint");
        assert_close!(waypoint.equilibrium.rdc.classification, first, rtol = 0.0, atol = 1e-9);
        last = Some(waypoint);
    }
    assert_eq!(trace.stop_reason(), Some(StopReason::ReachedEnd));
    let last = last.expect("a waypoint");
    let site =
        Site { system: &&system, equilibrium: &last.equilibrium, point: &last.point, axes: trace.axes() };
    let truth = FromResponse.slopes(&Still(&system), &site).expect("slopes").classification;
    // Along the curve the slopes still change by tens of percent from one waypoint to the next.
    let learned = slopes(trace.tangent());
    assert_close!(learned[0], truth[0], rtol = 0.3, atol = 0.0);
    assert_close!(learned[1], truth[1], rtol = 0.3, atol = 0.0);
}

#[test]
fn secants_hold_an_exact_system_as_precisely_as_its_response_does() {
    let system = with_transitions();
    let start = system.equilibrium(at(20.0, 5.0), None).expect("an equilibrium");
    for held in [Hold::Classification, Hold::FreeEnergy] {
        let process = Process::new(held, Drive::LambdaTo(2.0));
        let mut trace = process.trace(&system, start.clone(), Broyden::new()).expect("a trace");
        let curve = trace.collect_curve().expect("a curve");
        assert_eq!(curve.stop, StopReason::ReachedEnd);
        assert!(drift(&curve, held) <= 1e-10);
        let exact = process.run(&system, at(20.0, 5.0)).expect("a curve");
        let [a, b] = [&curve.waypoints, &exact.waypoints].map(|w| w[w.len() - 1].point.gamma);
        assert_close!(a, b, rtol = 1e-8, atol = 0.0);
        // Superlinear, not quadratic: a few more corrections.
        assert!(curve.counters.equilibria < 3 * exact.counters.equilibria, "{:?}", curve.counters);
    }
}

#[test]
fn one_exact_observation_after_another_gives_the_slopes() {
    let mut tangent = measured(guess([5.0, -1.0, 2.0], 10.0, 1e-9));
    let truth = [-0.3, -2.0, 0.7];
    let steps =
        [[0.01, 0.0, 0.0], [0.0, 0.01, 0.0], [0.01, 0.01, 0.01], [-0.01, 0.02, 0.0], [0.0, 0.01, -0.01]];
    for step in steps {
        let change = truth[0] * step[0] + truth[1] * step[1] + truth[2] * step[2];
        observe(&mut tangent, &observation(step, change, None));
    }
    // The filter trusts an observation up to its scatter over the distance moved, 1e-7, and what has been learned before
    // drifts by the guess's uncertainty times that distance over itself.
    for (learned, truth) in slopes(&tangent).into_iter().zip(truth) {
        assert_close!(learned, truth, rtol = 1e-3, atol = 0.0);
    }
    assert!(std_errs(&tangent)[1] < 1.0);
    // Standing still says nothing about slopes.
    let before = tangent;
    observe(&mut tangent, &observation([0.0; 3], 1.0, None));
    assert_eq!(tangent, before);
}

#[test]
fn one_observation_gives_the_posterior_of_the_kalman_filter() {
    // One slope only. Prior variance 4 (and 4 * 0.5^2 of drift over the distance), noise 0.3^2 + 0.4^2.
    let mut tangent = measured(guess([1.0, -1.0, 0.0], 2.0, 0.4));
    observe(&mut tangent, &observation([0.5, 0.0, 0.0], 1.1, Some(0.3)));
    let (prior, noise) = (4.0 + 1.0, 0.25);
    let variance = prior * 0.25 + noise;
    assert_close!(slopes(&tangent)[0], 1.0 + prior * 0.5 * (1.1 - 0.5) / variance, rtol = 1e-14, atol = 0.0);
    assert_close!(slopes(&tangent)[1], -1.0, rtol = 1e-14, atol = 0.0);
    assert_close!(std_errs(&tangent)[0], (prior * noise / variance).sqrt(), rtol = 1e-14, atol = 0.0);
    assert_close!(std_errs(&tangent)[1], 5f64.sqrt(), rtol = 1e-14, atol = 0.0);
    // An observation as noisy as this one says next to nothing.
    let before = slopes(&tangent)[0];
    observe(&mut tangent, &observation([0.01, 0.01, 0.0], 5.0, Some(1e3)));
    assert_close!(slopes(&tangent)[0], before, rtol = 1e-4, atol = 0.0);
}

#[test]
fn without_noise_the_errors_of_the_slopes_stay_numbers() {
    let mut tangent = measured(guess([1.0, -1.0, 0.0], 2.0, 0.0));
    for i in 0..200u32 {
        let angle = f64::from(i) * 2.4;
        let (x, y) = (1e-3 * angle.cos(), 1e-3 * angle.sin());
        observe(&mut tangent, &observation([x, y, 0.0], 0.5 * x - 2.0 * y, None));
        assert!(std_errs(&tangent).iter().all(|error| *error >= 0.0));
    }
    assert_close!(slopes(&tangent)[0], 0.5, rtol = 1e-6, atol = 0.0);
    assert_close!(slopes(&tangent)[1], -2.0, rtol = 1e-6, atol = 0.0);
}

#[test]
fn a_guess_that_is_none_is_refused_by_name() {
    let cases = [
        (guess([f64::NAN, -1.0, 0.0], 1.0, 0.0), "slope along lambda"),
        (guess([0.0, f64::INFINITY, 0.0], 1.0, 0.0), "slope along gamma"),
        (guess([0.0, -1.0, f64::NAN], 1.0, 0.0), "slope along t"),
        (guess([0.0, -1.0, 0.0], 0.0, 0.0), "uncertainty"),
        (guess([0.0, -1.0, 0.0], 1.0, -1.0), "scatter"),
    ];
    for (guess, name) in cases {
        assert_eq!(Measured::new(Observable::Rate, guess).expect_err(name).name, name);
    }
}

#[test]
fn a_noisy_classification_loss_is_held_within_its_tolerance() {
    let system = Noisy { system: two_dimensional(), scatter: 0.01, paired: true, seed: 0 };
    let start = system.equilibrium(at(4.0, 1.0), None).expect("an equilibrium");
    let first = start.rdc.classification().mean();
    let options = Options {
        tolerance: Tolerance { rtol: 0.02, atol: 0.0, standard_errors: 0.0 },
        ..Options::default()
    };
    let process = Process::new(Hold::Classification, Drive::LambdaTo(0.4))
        .with_options(options)
        .with_corrector(Newton { most_corrections: 8, ..Newton::default() })
        .with_control(Adaptive { wanted_corrections: 1, ..Adaptive::default() });
    let tangent = measured(guess([0.0, -first.abs(), 0.0], first.abs(), 0.01));
    let curve = process.trace(&system, start, tangent).expect("a trace").collect_curve().expect("a curve");
    let waypoints = curve.into_complete().expect("the end");
    let exact = |at| system.system.equilibrium(at, None).expect("an equilibrium").rdc.classification;
    let truth = exact(at(4.0, 1.0));
    for waypoint in &waypoints {
        // What is seen is within the tolerance, and what is true within the scatter of two equilibria of that. Seen
        // values are the true ones times a mean of (1 + noise) near one.
        assert!(waypoint.residual.abs() <= 0.02 * first.abs());
        let drift = exact(waypoint.equilibrium.multipliers) - truth;
        assert!(drift.abs() <= 1.1 * (0.02 * first.abs() + 0.02), "the true C drifted by {drift}");
        // Noise in common cancels in the paired difference.
        let alone = waypoint.equilibrium.rdc.classification().std_err();
        assert!(waypoint.std_err.expect("measured") < 0.1 * alone);
    }
}

#[test]
fn what_is_within_its_standard_errors_is_not_corrected() {
    let tolerance = Tolerance { rtol: 0.0, atol: 1e-12, standard_errors: 3.0 };
    // By the definition, and where nothing is measured.
    assert_eq!(tolerance.allowed(5.0, 5.0, Some(0.5)), 1.5);
    assert_eq!(tolerance.allowed(5.0, 1.0, None), 1e-12);
    assert_eq!(tolerance.allowed(5.0, 1e3, None), 1e3 * 512.0 * f64::EPSILON);
    // With nothing but the tolerance of the standard errors the process gets along, with few corrections.
    let system = Noisy { system: two_dimensional(), scatter: 0.0, paired: false, seed: 0 };
    let start = system.equilibrium(at(4.0, 1.0), None).expect("an equilibrium");
    let run = |standard_errors: f64| {
        let tolerance = Tolerance { rtol: 0.0, atol: 1e-9, standard_errors };
        let process = Process::new(Hold::Classification, Drive::LambdaTo(1.0))
            .with_options(Options { tolerance, ..Options::default() })
            .with_control(carnot_process::FixedStep(0.1));
        let first = start.rdc.classification().mean();
        let tangent = measured(guess([0.3 * first, -first.abs(), 0.0], first.abs(), 1e-9));
        process.trace(&system, start.clone(), tangent).expect("a trace").collect_curve().expect("a curve")
    };
    // Noise that is not common to two equilibria cannot be corrected away.
    let (strict, loose) = (run(0.0), run(3.0));
    assert_eq!(loose.stop, StopReason::ReachedEnd);
    assert!(strict.stop != StopReason::ReachedEnd, "{:?}", strict.counters);
    assert!(loose.counters.corrections < loose.waypoints.len(), "{:?}", loose.counters);
    for waypoint in &loose.waypoints {
        assert!(waypoint.residual.abs() <= (3.0 * waypoint.std_err.expect("measured")).max(1e-9));
    }
}

#[test]
fn the_error_of_a_function_of_several_observables_is_bounded() {
    // F of a measured system: R, D and C move together, so that the bound is not sharp but holds.
    let system = Noisy { system: two_dimensional(), scatter: 0.0, paired: true, seed: 0 };
    let start = system.equilibrium(at(4.0, 1.0), None).expect("an equilibrium");
    let tolerance = Tolerance { rtol: 0.01, atol: 0.0, standard_errors: 0.0 };
    let filter = guess([0.5, 0.5, 0.0], 2.0, 1e-3);
    let tangent = [Observable::Rate, Observable::Distortion]
        .into_iter()
        .try_fold(measured(filter), |tangent, observable| tangent.and(observable, filter))
        .expect("guesses");
    let process = Process::new(Hold::FreeEnergy, Drive::LambdaTo(3.5))
        .with_options(Options { tolerance, ..Options::default() });
    let curve =
        process.trace(&system, start.clone(), tangent).expect("a trace").collect_curve().expect("a curve");
    assert_eq!(curve.stop, StopReason::ReachedEnd);
    for waypoint in &curve.waypoints[1..] {
        let change = waypoint.equilibrium.rdc.change_since(&start.rdc);
        let joint = change.objective(waypoint.equilibrium.multipliers).std_err();
        assert!(waypoint.std_err.expect("measured") >= joint * (1.0 - 1e-9));
    }
    let axes = Coordinates::at(&Point::of::<Noisy>(&start, 0.0));
    assert_eq!(curve.axes, axes);
}

#[test]
fn the_true_residual_is_as_close_as_the_acceptance_promises() {
    let allowed = 2.0;
    let exact = two_dimensional();
    let truth = |at| exact.equilibrium(at, None).expect("an equilibrium").rdc.classification;
    let runs = cases(300, 4_000);
    let (mut noise, mut residuals) = (Vec::new(), Vec::new());
    for seed in 1..=u64::from(runs) {
        // Noise that is not common to two equilibria: measured again it is another one.
        let system = Noisy { system: exact.clone(), scatter: 0.0, paired: false, seed };
        let start = system.equilibrium(at(4.0, 1.0), None).expect("an equilibrium");
        let first = start.rdc.classification().mean();
        let tolerance = Tolerance { rtol: 0.0, atol: 1e-9, standard_errors: allowed };
        let process = Process::new(Hold::Classification, Drive::LambdaTo(2.0))
            .with_options(Options { tolerance, ..Options::default() })
            .with_control(carnot_process::FixedStep(0.3));
        let tangent = measured(guess([0.3 * first, -first.abs(), 0.0], first.abs(), 1e-9));
        let curve =
            process.trace(&system, start, tangent).expect("a trace").collect_curve().expect("a curve");
        // One waypoint of each run: they share the noise of their start.
        let last = curve.last().expect("a waypoint");
        let std_err = last.std_err.expect("measured");
        assert!(last.residual.abs() <= allowed * std_err);
        let residual = truth(last.equilibrium.multipliers) - truth(at(4.0, 1.0));
        noise.push((last.residual - residual) / std_err);
        residuals.push(residual / std_err);
    }
    let within =
        |of: &[f64], z: f64| of.iter().filter(|value| value.abs() <= z).count() as f64 / f64::from(runs);
    for (z, probability) in [(1.0, 0.682_689), (2.0, 0.954_500), (3.0, 0.997_300)] {
        // Four standard deviations of a count.
        let margin = 4.0 * (probability * (1.0 - probability) / f64::from(runs)).sqrt();
        let (of_noise, of_residual) = (within(&noise, z), within(&residuals, allowed + z));
        // The standard error is that of a normal variable, whether or not the place was corrected for it, and so what is
        // within two standard errors as measured is in truth within 2 + z at least as often.
        assert!((of_noise - probability).abs() <= margin, "{z}: {of_noise}");
        assert!(of_residual >= probability - margin, "{z}: {of_residual}");
    }
    // Not because everything is within everything: the true residuals are of the size of their errors.
    assert!(within(&residuals, 0.5) < 0.9, "{}", within(&residuals, 0.5));
}
