//! Processes on data that stay as they are, on systems whose equilibria are exact.

use carnot_process::{
    Adaptive, Constraint, Coordinate, Counters, Drive, FromResponse, Hold, Options, Point, PointGradient,
    Process, ProcessError, StopReason, Tolerance, sweep,
};
use carnot_surface::{GaussianSystem, System};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::{log_uniform, positive_definite, signed};
use carnot_testkit::tier::cases;
use ndarray::{Array2, array};
use proptest::prelude::*;

use crate::{at, drift, two_dimensional, with_transitions};

const HELD: [Hold; 4] = [Hold::Rate, Hold::Distortion, Hold::Classification, Hold::FreeEnergy];

#[test]
fn every_quantity_is_held_to_rounding_while_either_multiplier_drives() {
    let system = two_dimensional();
    // Where the constraint can be met; at the other end of these ranges the steered multiplier would be negative.
    let feasible = [
        (Hold::Rate, [Drive::LambdaTo(1.0), Drive::GammaTo(1.0), Drive::GammaTo(8.0)]),
        (Hold::Distortion, [Drive::LambdaTo(4.0), Drive::GammaTo(0.5), Drive::GammaTo(8.0)]),
        (Hold::Classification, [Drive::LambdaTo(0.03), Drive::LambdaTo(8.0), Drive::GammaTo(2.7)]),
        (Hold::FreeEnergy, [Drive::LambdaTo(2.0), Drive::LambdaTo(3.5), Drive::GammaTo(2.0)]),
    ];
    for (held, drives) in feasible {
        for drive in drives {
            let curve = Process::new(held, drive).run(&system, at(3.0, 3.0)).expect("a curve");
            assert_eq!(curve.stop, StopReason::ReachedEnd, "{held:?} {drive:?}");
            let scale = curve.waypoints[0].point.free_energy().abs();
            // The process's own tolerance: rtol 1e-13 of the terms, atol 1e-12.
            assert!(
                drift(&curve, held) <= 1e-12 + 1e-12 * scale,
                "{held:?} {drive:?}: {}",
                drift(&curve, held)
            );
            let end = curve.waypoints[curve.waypoints.len() - 1].point;
            let (driving, last) = drive.target().expect("a coordinate");
            assert_eq!(end.coordinate(driving), last);
            let steered = if driving == Coordinate::Lambda { end.gamma } else { end.lambda };
            assert!((steered - 3.0).abs() > 1e-3);
        }
    }
}

#[test]
fn the_end_is_where_bisection_finds_it() {
    let system = two_dimensional();
    let start = at(3.0, 3.0);
    let wanted = system.equilibrium(start, None).expect("an equilibrium").rdc.classification;
    let curve =
        Process::new(Hold::Classification, Drive::LambdaTo(0.5)).run(&system, start).expect("a curve");
    let waypoints = curve.into_complete().expect("the end");
    let found = waypoints[waypoints.len() - 1].point.gamma;
    // C falls with gamma at fixed lambda, so bisection needs no derivative.
    let (mut low, mut high) = (1e-3, 1e3);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        let loss = system.equilibrium(at(0.5, middle), None).expect("an equilibrium").rdc.classification;
        if loss > wanted { low = middle } else { high = middle }
    }
    // C is met to 1e-12, and its slope here is above 0.01.
    assert_close!(found, low, rtol = 1e-9, atol = 0.0);
}

#[test]
fn a_process_run_backwards_retraces_its_curve() {
    let system = two_dimensional();
    let to = |end| Process::new(Hold::Distortion, Drive::GammaTo(end));
    let forth = to(30.0).run(&system, at(2.0, 1.0)).expect("forth");
    let turn = forth.last().expect("a waypoint").equilibrium.multipliers;
    let mut back = to(1.0)
        .trace(&system, system.equilibrium(turn, None).expect("an equilibrium"), FromResponse)
        .expect("back");
    let retraced = back.collect_curve().expect("a curve");
    let end = retraced.last().expect("a waypoint").point;
    // D is held to 1e-12 twice, and its slope in lambda is above 0.01.
    assert_close!(end.lambda, 2.0, rtol = 1e-9, atol = 0.0);
    for waypoint in &forth.waypoints {
        // The same curve in between: at each gamma of the way forth the same lambda.
        let gamma = waypoint.point.gamma;
        let after = retraced.waypoints.iter().position(|w| w.point.gamma <= gamma).expect("within");
        let after = after.max(1);
        let pair = [&retraced.waypoints[after - 1], &retraced.waypoints[after]];
        let axis = retraced.axes.gamma;
        let fraction =
            axis.between(pair[0].point.gamma, gamma) / axis.between(pair[0].point.gamma, pair[1].point.gamma);
        let there = back.between(pair[0], pair[1], fraction).expect("an equilibrium").expect("on the curve");
        // Dense output lies on the curve, at a gamma that is off by the error of its polynomial: compare along the tangent.
        let [du_lambda, du_gamma, _] = waypoint.direction.expect("a tangent");
        let off = retraced.axes.gamma.between(gamma, there.point.gamma);
        let along = retraced.axes.lambda.between(waypoint.point.lambda, there.point.lambda);
        assert_close!(along, off * du_lambda / du_gamma, rtol = 0.0, atol = 1e-6 + off * off);
    }
}

#[test]
fn transitions_are_crossed_without_a_collapse_of_the_step() {
    let curve = Process::new(Hold::Classification, Drive::LambdaTo(0.02))
        .run(with_transitions(), at(20.0, 5.0))
        .expect("a curve");
    assert_eq!(curve.stop, StopReason::ReachedEnd);
    let active: Vec<usize> = curve.waypoints.iter().map(|w| w.equilibrium.state.active()).collect();
    assert!(active.iter().max() > active.iter().min(), "no transition was crossed: {active:?}");
    assert!(drift(&curve, Hold::Classification) <= 2e-12);
    // Three decades in steps of at most a half take 14.
    assert!(curve.waypoints.len() < 60, "{} waypoints", curve.waypoints.len());
    assert!(curve.counters.equilibria < 5 * curve.waypoints.len(), "{:?}", curve.counters);
}

#[test]
fn the_work_of_a_process_is_pinned() {
    let curve = Process::new(Hold::Classification, Drive::LambdaTo(0.5))
        .run(two_dimensional(), at(3.0, 3.0))
        .expect("a curve");
    // A change here is a change of cost: look at it before accepting it.
    assert_eq!(curve.waypoints.len(), 9);
    assert_eq!(curve.counters, Counters { equilibria: 26, rejected_steps: 0, corrections: 18 });
}

#[test]
fn a_multiplier_reaches_zero_and_the_curve_ends_there() {
    // Raising lambda alone takes C below its start: at some lambda not even gamma = 0 keeps it up.
    let system = two_dimensional();
    let curve =
        Process::new(Hold::Classification, Drive::LambdaTo(1e4)).run(&system, at(1.0, 1.0)).expect("a curve");
    assert_eq!(curve.stop, StopReason::ReachedZero { multiplier: Coordinate::Gamma });
    assert!(drift(&curve, Hold::Classification) <= 2e-12);
    let last = curve.last().expect("a waypoint");
    assert_eq!(last.point.gamma, 0.0);
    // Independently: lambda at gamma = 0 by bisection, where C falls with lambda.
    let wanted = curve.waypoints[0].point.classification;
    let (mut low, mut high) = (1.0, 1e4);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        let loss = system.equilibrium(at(middle, 0.0), None).expect("an equilibrium").rdc.classification;
        if loss > wanted { low = middle } else { high = middle }
    }
    assert_close!(last.point.lambda, low, rtol = 1e-9, atol = 0.0);
    let error = curve.into_complete().expect_err("it stopped early").to_string();
    assert!(error.contains("gamma reached zero"), "{error}");
    // And a drive to zero ends at its end, from where the process can return.
    let away =
        Process::new(Hold::Distortion, Drive::GammaTo(0.0)).run(&system, at(2.0, 1.0)).expect("a curve");
    let zero = away.into_complete().expect("the end").pop().expect("a waypoint").equilibrium.multipliers;
    assert_eq!(zero.gamma(), 0.0);
    let back = Process::new(Hold::Distortion, Drive::GammaTo(1.0)).run(&system, zero).expect("a curve");
    assert_close!(back.last().expect("a waypoint").point.lambda, 2.0, rtol = 1e-9, atol = 0.0);
    // A multiplier that is zero and would have to fall stops at once.
    let stuck = Process::new(Hold::Distortion, Drive::LambdaTo(4.0 * zero.lambda()))
        .run(&system, zero)
        .expect("a curve");
    assert_eq!(stuck.stop, StopReason::ReachedZero { multiplier: Coordinate::Gamma });
    assert_eq!(stuck.waypoints.len(), 1);
}

#[test]
fn what_cannot_be_steered_or_attained_stops_with_a_reason_and_the_curve_so_far() {
    // A target that does not depend on the source: gamma has no effect on D, and lambda has.
    let blind =
        GaussianSystem::new(array![[1.0]].view(), array![[0.0]].view(), array![[1.0]].view(), 0.5, 1.0)
            .expect("a valid system");
    let curve =
        Process::new(Hold::Distortion, Drive::LambdaTo(4.0)).run(&blind, at(2.0, 1.0)).expect("a curve");
    assert_eq!(curve.stop, StopReason::NotSteerable);
    assert_eq!(curve.waypoints.len(), 1);
    // S22 = 0 everywhere: every C is the start's, and gamma stays.
    let curve =
        Process::new(Hold::Classification, Drive::LambdaTo(4.0)).run(&blind, at(2.0, 1.0)).expect("a curve");
    assert_eq!(curve.last().expect("a waypoint").point.gamma, 1.0);
    // Of two independent dimensions the target reads the second. Held D and falling lambda need more and more gamma, until
    // what gamma can do is exhausted: the first dimension alone has a distortion of 1 / (2 lambda), in the squared error.
    let system = GaussianSystem::new(
        array![[2.0, 0.0], [0.0, 1.0]].view(),
        array![[0.0, 1.0]].view(),
        array![[0.1]].view(),
        0.5,
        0.1,
    )
    .expect("a valid system");
    let curve =
        Process::new(Hold::Distortion, Drive::LambdaTo(0.01)).run(&system, at(3.0, 3.0)).expect("a curve");
    assert!(
        matches!(curve.stop, StopReason::LeftRange { multiplier: Coordinate::Gamma, .. }),
        "{:?}",
        curve.stop
    );
    assert!(curve.waypoints.len() < 200 && drift(&curve, Hold::Distortion) <= 2e-12);
    // The second dimension still has some 1 / gamma of it.
    let held = curve.waypoints[0].point.distortion - system.distortion_constant();
    assert_close!(curve.last().expect("a waypoint").point.lambda, 0.5 / held, rtol = 1e-5, atol = 0.0);
}

#[test]
fn on_a_plateau_everything_is_held_by_doing_nothing() {
    // At these multipliers nothing is encoded: R, D and C do not depend on them.
    let system = two_dimensional();
    for held in [Hold::Classification, Hold::Distortion, Hold::Rate] {
        let curve = Process::new(held, Drive::LambdaTo(0.01)).run(&system, at(0.05, 0.01)).expect("a curve");
        let waypoints = curve.into_complete().expect("the end");
        for waypoint in &waypoints {
            assert_eq!(waypoint.point.gamma, 0.01);
        }
        assert!(waypoints.iter().all(|waypoint| waypoint.equilibrium.state.active() == 0));
    }
}

/// `ln(D - D_min) + C / 2 - 0.1 lambda gamma`, nonlinear in everything.
#[derive(Debug)]
struct Curious {
    constant: f64,
}

impl Constraint for Curious {
    fn value(&self, point: &Point) -> f64 {
        (point.distortion - self.constant).ln() + 0.5 * point.classification
            - 0.1 * point.lambda * point.gamma
    }

    fn gradient(&self, point: &Point) -> PointGradient {
        PointGradient {
            distortion: 1.0 / (point.distortion - self.constant),
            classification: 0.5,
            lambda: -0.1 * point.gamma,
            gamma: -0.1 * point.lambda,
            ..PointGradient::default()
        }
    }
}

#[test]
fn a_constraint_of_the_users_is_held_and_can_be_given_a_level() {
    let system = two_dimensional();
    let constraint = || Curious { constant: system.distortion_constant() };
    let process = Process::new(constraint(), Drive::LambdaTo(1.0));
    let curve = process.run(&system, at(2.0, 1.5)).expect("a curve");
    let first = constraint().value(&curve.waypoints[0].point);
    for waypoint in &curve.waypoints {
        assert_close!(constraint().value(&waypoint.point), first, rtol = 0.0, atol = 3e-12);
    }
    // Newton's method on a wrong gradient converges slowly or not at all.
    assert!(curve.counters.corrections < 4 * curve.waypoints.len(), "{:?}", curve.counters);
    assert_eq!(curve.stop, StopReason::ReachedEnd);
    let level = first + 0.05;
    let waypoints = process.with_level(level).run(&system, at(2.0, 1.5)).expect("a curve").into_complete();
    let waypoints = waypoints.expect("the end");
    assert_close!(waypoints[0].residual, -0.05, rtol = 1e-12, atol = 0.0);
    for waypoint in &waypoints[1..] {
        assert_close!(constraint().value(&waypoint.point), level, rtol = 0.0, atol = 3e-12);
    }
}

#[test]
fn waypoints_can_be_limited_and_a_caller_may_stop_or_steer() {
    let system = two_dimensional();
    let options = Options { most_waypoints: 3, ..Options::default() };
    let process = Process::new(Hold::Classification, Drive::LambdaTo(0.5)).with_options(options);
    let curve = process.run(&system, at(3.0, 3.0)).expect("a curve");
    assert_eq!((curve.waypoints.len(), curve.stop), (3, StopReason::MostWaypoints));
    let start = system.equilibrium(at(3.0, 3.0), None).expect("an equilibrium");
    let mut trace = process.trace(&system, start, FromResponse).expect("a trace");
    assert_eq!(trace.by_ref().take(1).count(), 1);
    // The start costs nothing, and nothing was computed ahead.
    assert_eq!((trace.counters().equilibria, trace.stop_reason()), (0, None));
    trace.by_ref().for_each(drop);
    assert_eq!(trace.stop_reason(), Some(StopReason::MostWaypoints));
    // Steered back to where it began, at the value of C with which it began.
    trace
        .steer(|process| process.with_options(Options::default()).with_drive(Drive::GammaTo(3.0)))
        .expect("a valid process");
    let back = trace.collect_curve().expect("a curve").into_complete().expect("the end");
    assert_close!(back[back.len() - 1].point.lambda, 3.0, rtol = 1e-9, atol = 0.0);
    let error = trace.steer(|process| process.with_drive(Drive::LambdaTo(-1.0))).expect_err("no multiplier");
    assert!(matches!(error, ProcessError::Drive { what: "end", .. }));
}

#[test]
fn misuse_is_an_error_that_names_it() {
    let system = two_dimensional();
    let to = |end| Process::new(Hold::Classification, Drive::LambdaTo(end));
    for end in [-1.0, f64::NAN, f64::INFINITY] {
        let error = to(end).run(&system, at(3.0, 1.0)).expect_err("no end");
        assert!(matches!(error, ProcessError::Drive { what: "end", .. }), "{error}");
    }
    let steps = [
        ("first_step", Adaptive { first_step: 0.0, ..Adaptive::default() }),
        ("largest_step", Adaptive { largest_step: 1e-9, ..Adaptive::default() }),
        ("smallest_step", Adaptive { smallest_step: f64::NAN, ..Adaptive::default() }),
    ];
    for (name, control) in steps {
        let error = to(1.0).with_control(control).run(&system, at(3.0, 1.0)).expect_err(name);
        assert!(matches!(error, ProcessError::Option { option, .. } if option == name), "{error}");
    }
    let options = [
        (
            "rtol",
            Options { tolerance: Tolerance { rtol: -1.0, ..Tolerance::default() }, ..Options::default() },
        ),
        ("event_tolerance", Options { event_tolerance: 0.0, ..Options::default() }),
    ];
    for (name, options) in options {
        let error = to(1.0).with_options(options).run(&system, at(3.0, 1.0)).expect_err(name);
        assert!(matches!(error, ProcessError::Option { option, .. } if option == name), "{error}");
    }
}

#[test]
fn a_sweep_visits_every_point_of_its_path() {
    let system = two_dimensional();
    let start = system.equilibrium(at(3.0, 3.0), None).expect("an equilibrium");
    let path = [at(2.0, 3.0), at(1.0, 3.0)];
    let swept: Vec<_> =
        sweep(&system, start.state.clone(), path).collect::<Result<_, _>>().expect("equilibria");
    assert_eq!(swept.iter().map(|e| e.multipliers).collect::<Vec<_>>(), path);
    // Without a constraint C rises as lambda falls here.
    assert!(swept[1].rdc.classification > swept[0].rdc.classification);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(48, 1000)))]

    #[test]
    fn random_systems_hold_what_they_are_told_to(
        (n, sx, b) in prop_oneof![Just(1usize), 2..6usize, Just(12), Just(32)]
            .prop_flat_map(|n| (Just(n), positive_definite(n, (1e-1, 1e1)), signed(2 * n))),
        head in log_uniform(0.1, 10.0),
        start in (log_uniform(1e-1, 1e1), log_uniform(1e-1, 1e1)),
        factor in prop_oneof![log_uniform(1e-3, 1e-2), log_uniform(1e2, 1e3), log_uniform(0.1, 10.0)],
        held in prop::sample::select(&HELD[..]),
        drive_lambda in any::<bool>(),
    ) {
        let system = GaussianSystem::new(
            Array2::from_shape_vec((n, n), sx).expect("a shape").view(),
            Array2::from_shape_vec((2, n), b).expect("a shape").view(),
            Array2::eye(2).view(),
            0.5,
            head,
        ).expect("a valid system");
        let drive = if drive_lambda { Drive::LambdaTo(start.0 * factor) } else { Drive::GammaTo(start.1 * factor) };
        // Beyond, rounding leaves more in D and C than is to be promised here.
        let options = Options { largest_multiplier: 3e3, ..Options::default() };
        let process = Process::new(held, drive).with_options(options);
        let curve = process.run(&system, at(start.0, start.1)).expect("a curve");
        let first = curve.waypoints[0].point;
        for waypoint in &curve.waypoints {
            // What is promised of every waypoint.
            prop_assert!((held.value(&waypoint.point) - held.value(&first)).abs() <= 1e-10);
        }
        let (driving, end) = drive.target().expect("a coordinate");
        // It goes monotonically towards its end, and ends with a reason that is one.
        let driven: Vec<f64> = curve.waypoints.iter().map(|w| w.point.coordinate(driving)).collect();
        prop_assert!(driven.windows(2).all(|w| (w[1] > w[0]) == (factor > 1.0) && w[0] != w[1]));
        let last = curve.waypoints[curve.waypoints.len() - 1].point;
        // In each of these systems both multipliers steer, and no step is ever too small.
        let expected = matches!(
            curve.stop,
            StopReason::ReachedEnd | StopReason::ReachedZero { .. } | StopReason::LeftRange { .. } | StopReason::Turned { .. }
        );
        prop_assert!(expected, "{:?} after {} waypoints, {:?}, n {}, {:?} {:?}", curve.stop, curve.waypoints.len(), curve.counters, n, held, drive);
        prop_assert!(curve.waypoints.len() < 400, "{:?}", curve.counters);
        if let StopReason::Turned { coordinate } = curve.stop {
            // A little farther no steered multiplier nearby meets the constraint; and none is about to leave at zero.
            let steered = if coordinate == Coordinate::Lambda { last.gamma } else { last.lambda };
            prop_assert!(steered > 0.0);
            let beyond = last.coordinate(coordinate) * (1e-3 * factor.ln().signum()).exp();
            let is_above = |k: i32| {
                let steered = steered * 2f64.powf(f64::from(k) / 20.0);
                let (lambda, gamma) = if coordinate == Coordinate::Lambda { (beyond, steered) } else { (steered, beyond) };
                let found = system.equilibrium(at(lambda, gamma), None).expect("an equilibrium");
                held.value(&Point::of::<GaussianSystem>(&found, 0.0)) > held.value(&first)
            };
            prop_assert!((-20..=20).all(|k| is_above(k) == is_above(0)), "{:?} {:?} {:?}", held, drive, last);
        }
        // D falls with lambda and C with gamma, so that steering them can be decided at the ends of the range: if the
        // first value lies between what the steered multiplier can do at the drive's end, the process gets there, and
        // if it does not, the process cannot.
        let monotone = matches!((held, drive), (Hold::Classification, Drive::LambdaTo(_)) | (Hold::Distortion, Drive::GammaTo(_)));
        if monotone {
            let reach = |steered: f64| {
                let (lambda, gamma) = if drive_lambda { (end, steered) } else { (steered, end) };
                held.value(&Point::of::<GaussianSystem>(&system.equilibrium(at(lambda, gamma), None).expect("an equilibrium"), 0.0))
            };
            let wanted = held.value(&first);
            let margin = 1e-6 * (1.0 + wanted.abs());
            if end < 3e3 && reach(0.0) > wanted + margin && reach(1e3) < wanted - margin {
                prop_assert_eq!(curve.stop, StopReason::ReachedEnd);
                prop_assert_eq!(driven[driven.len() - 1], end);
            } else if reach(0.0) < wanted - margin {
                prop_assert!(curve.stop != StopReason::ReachedEnd);
            }
        }
    }
}
