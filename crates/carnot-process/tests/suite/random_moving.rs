//! Random moving data: every constraint under every rule.

use std::cell::RefCell;
use std::collections::BTreeMap;

use carnot_info::Joint;
use carnot_process::{
    Constraint, Crossing, Drive, FromResponse, Hold, LeastChange, Options, Process, ProcessError, StopReason,
    Waypoint,
};
use carnot_surface::{
    DiscreteError, Driven, GaussianPath, JointGaussian, MovingDiscrete, MovingGaussian, Multipliers,
    Responsive, System,
};
use carnot_testkit::DiscreteProblem;
use carnot_testkit::strategies::{discrete_problem, log_uniform, positive_definite, probabilities, signed};
use carnot_testkit::tier::cases;
use ndarray::{Array1, Array2};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

use crate::at;

/// What is held, and the second quantity that is; none for the least change.
fn equations() -> impl Strategy<Value = (Hold, Option<Hold>)> {
    let held = [Hold::Rate, Hold::Distortion, Hold::Classification, Hold::FreeEnergy];
    let pairs: Vec<_> = held
        .into_iter()
        .flat_map(|held| {
            let other = if held == Hold::Distortion { Hold::Classification } else { Hold::Distortion };
            let third = if held == Hold::Rate { Hold::FreeEnergy } else { Hold::Rate };
            let rules = [Some(Hold::Lambda), Some(Hold::Gamma), Some(other), Some(third), None];
            rules.map(|rule| (held, rule))
        })
        .collect();
    prop::sample::select(pairs)
}

/// How often a process ended in which way.
type Stops = RefCell<BTreeMap<String, u32>>;

fn count(stops: &Stops, name: &str) {
    *stops.borrow_mut().entry(name.to_owned()).or_default() += 1;
}

fn named(stop: StopReason) -> String {
    format!("{stop:?}").split([' ', '(']).next().unwrap_or_default().to_owned()
}

/// Drives the data to a time, while gamma is below what is convex, and looks at what is left.
fn is_held<D: Driven<System: Responsive>>(
    moving: D,
    (held, rule): (Hold, Option<Hold>),
    start: Multipliers,
    [from, to]: [f64; 2],
    convex: f64,
    stops: &Stops,
) -> Result<(), TestCaseError> {
    let options = Options { most_waypoints: 1_000, ..Options::default() };
    let process = Process::new(held, Drive::TimeTo(to)).with_options(options);
    let process = match rule {
        Some(rule) => process.with_rule(rule),
        None => process.with_rule(LeastChange),
    };
    let first = moving.at(from).and_then(|system| system.equilibrium(start, None)).expect("an equilibrium");
    let mut trace = process
        .trace_driven(moving, first, from, FromResponse)
        .expect("a trace")
        .with_event(Crossing::new("no longer convex", move |point| point.gamma - convex).that_ends());
    let mut waypoints: Vec<Waypoint<D::System>> = Vec::new();
    for waypoint in trace.by_ref() {
        match waypoint {
            Ok(waypoint) => waypoints.push(waypoint),
            // A trial beyond gamma = 1, where a discrete equilibrium need not be a minimum, may fail.
            Err(ProcessError::System { at, .. }) if at.gamma() > 1.0 => break,
            Err(error) => prop_assert!(false, "{held:?} {rule:?}: {error}"),
        }
    }
    let begin = waypoints[0].point;
    for waypoint in &waypoints {
        for quantity in [Some(held), rule].into_iter().flatten() {
            let level = quantity.value(&begin);
            let off = quantity.value(&waypoint.point) - level;
            // F can be so large that its rounding is more.
            let allowed = (512.0 * f64::EPSILON * level.abs()).max(1e-10);
            prop_assert!(off.abs() <= allowed, "{held:?} {rule:?}: {quantity:?} is off by {off:e}");
        }
    }
    for pair in waypoints.windows(2) {
        let [from, to] = [&pair[0], &pair[1]];
        // Where the curve is steep, the drive moves by less in a step than what is allowed of what is held, rtol 1e-13 and
        // atol 1e-12 at either end, amounts to.
        let slopes = to.slopes.row(&held.gradient(&to.point), &to.point, trace.axes());
        let steep = from.direction.is_some_and(|unit| unit[2].abs() < 1e-3);
        let allowed = 1e-13 * held.value(&begin).abs() + 1e-12;
        let back = if steep { 4.0 * allowed / slopes[2].abs() } else { 0.0 };
        prop_assert!(from.point.time < to.point.time + back, "{:?} {:?}", from.point, to.point);
    }
    let last = &waypoints[waypoints.len() - 1];
    match trace.stop_reason() {
        None => count(stops, "failed beyond gamma = 1"),
        Some(StopReason::ReachedEnd) => {
            prop_assert_eq!(last.point.time, to);
            count(stops, "ReachedEnd");
        }
        Some(StopReason::NotSteerable) => {
            // Beside a plateau where nothing is encoded, or where the data cannot be moved.
            let speed = last.direction.map_or(0.0, |unit| unit[2].abs());
            let accounted = last.point.rate < 1e-4 || speed < 1e-3;
            prop_assert!(accounted, "{held:?} {rule:?}: {:?} {:?}", last.point, last.direction);
            count(stops, "NotSteerable");
        }
        Some(stop) => {
            // The least change may be to and fro across a transition.
            let fro = stop == StopReason::MostWaypoints && rule.is_none();
            prop_assert!(fro || stop != StopReason::MostWaypoints, "{held:?} {rule:?}: {stop}");
            prop_assert!(stop != StopReason::Failed);
            count(stops, &named(stop));
        }
    }
    Ok(())
}

/// Few may end without a place to show for it. Many reach their end: the others are led to gamma = 0 or beyond what is convex,
/// or there is nothing by which to hold.
fn are_accounted_for(stops: Stops) {
    let stops = stops.into_inner();
    let of = |name: &str| stops.get(name).copied().unwrap_or(0);
    let all: u32 = stops.values().sum();
    assert!(50 * of("StepTooSmall") <= all + 50, "{stops:?}");
    assert!(50 * of("Jump") <= all + 50, "{stops:?}");
    assert!(100 * of("MostWaypoints") <= all + 100, "{stops:?}");
    assert!(8 * of("ReachedEnd") + 40 >= all, "{stops:?}");
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(ProptestConfig { source_file: Some(file!()), ..ProptestConfig::with_cases(cases) })
}

#[test]
fn gaussian_data_are_held() {
    let stops = Stops::default();
    let moments = prop_oneof![1..6usize, Just(12)].prop_flat_map(|n| {
        let covariance = || positive_definite(n + 2, (1e-1, 1e1));
        (Just(n), covariance(), covariance(), signed(n + 2))
    });
    let start = (log_uniform(1e-1, 1e1), log_uniform(1e-1, 1e1));
    // A Gaussian system is convex at every gamma.
    let draws = (moments, log_uniform(0.1, 10.0), start, equations(), any::<bool>());
    let run = |((n, one, other, shift), head, (lambda, gamma), equations, geodesic)| {
        let joint = |covariance: Vec<f64>, mean: Vec<f64>| {
            let covariance = Array2::from_shape_vec((n + 2, n + 2), covariance).expect("a shape");
            JointGaussian::new(Array1::from(mean).view(), covariance.view(), n).expect("moments")
        };
        let (from, to) = (joint(one, vec![0.0; n + 2]), joint(other, shift));
        let path =
            if geodesic { GaussianPath::geodesic(&from, &to) } else { GaussianPath::mixture(&from, &to) };
        let moving = MovingGaussian::new(path.expect("a path"), 0.5, head).expect("a moving system");
        is_held(&moving, equations, at(lambda, gamma), [0.0, 1.0], f64::MAX, &stops)
    };
    runner(cases(48, 1000)).run(&draws, run).unwrap_or_else(|error| panic!("{error}"));
    are_accounted_for(stops);
}

#[test]
fn discrete_data_are_held() {
    let stops = Stops::default();
    let problem = discrete_problem(2..=6, 2..=3, 2..=5).prop_flat_map(|problem| {
        let cells = problem.joint.len();
        (Just(problem), probabilities(cells))
    });
    let draws = (problem, log_uniform(1.0, 1e2), 0.05..0.9f64, equations());
    let run = |((problem, target), lambda, gamma, equations): ((DiscreteProblem, Vec<f64>), f64, f64, _)| {
        let joint = |cells: &[f64]| {
            let table = Array2::from_shape_vec((problem.n_x, problem.n_y), cells.to_vec()).expect("a shape");
            Joint::new(table).expect("a joint table")
        };
        let rho = Array2::from_shape_vec((problem.n_x, problem.n_z), problem.distortion.clone());
        let moving =
            MovingDiscrete::mixture(&joint(&problem.joint), &joint(&target), rho.expect("a shape").view());
        // In units of the distortion, which has a scale of its own.
        let scale = problem.distortion.iter().copied().filter(|rho| rho.is_finite()).fold(0.0, f64::max);
        let lambda = lambda / if scale > 0.0 { scale } else { 1.0 };
        let moving = moving.expect("a path");
        // A label may be so rare in the target that it is not there yet.
        let system = match moving.at(1e-3) {
            Err(DiscreteError::Entering { .. }) => {
                count(&stops, "Entering");
                return Ok(());
            }
            system => system.expect("data"),
        };
        let lambda = crate::discrete::above_onset(&system, lambda, gamma);
        // Inside, where every input and label occurs.
        is_held(&moving, equations, at(lambda, gamma), [1e-3, 1.0 - 1e-3], 0.99, &stops)
    };
    runner(cases(48, 1000)).run(&draws, run).unwrap_or_else(|error| panic!("{error}"));
    are_accounted_for(stops);
}
