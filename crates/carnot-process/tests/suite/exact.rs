//! Processes on linear-Gaussian systems, whose equilibria are exact.

use carnot_process::{Counters, Drive, Options, Process, ProcessError, StopReason, Tolerance, sweep};
use carnot_surface::{GaussianSystem, Observable, Observables, System};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::{log_uniform, positive_definite, signed};
use ndarray::{Array2, array};
use proptest::prelude::*;

use crate::{at, two_dimensional};

const OBSERVABLES: [Observable; 3] = [Observable::Rate, Observable::Distortion, Observable::Classification];

#[test]
fn every_observable_is_held_to_rounding_while_either_multiplier_drives() {
    let system = two_dimensional();
    // Where the constraint can be met; at the other end of these ranges the steered multiplier would be negative.
    let feasible = [
        (Observable::Rate, [Drive::LambdaTo(1.0), Drive::GammaTo(1.0), Drive::GammaTo(8.0)]),
        (Observable::Distortion, [Drive::LambdaTo(4.0), Drive::GammaTo(0.5), Drive::GammaTo(8.0)]),
        (Observable::Classification, [Drive::LambdaTo(0.03), Drive::LambdaTo(8.0), Drive::GammaTo(2.7)]),
    ];
    for (held, drives) in feasible {
        for drive in drives {
            let curve = Process::new(held, drive).run(&system, at(3.0, 3.0)).expect("a curve");
            let waypoints = curve.into_complete().unwrap_or_else(|stop| panic!("{held} {drive:?}: {stop}"));
            let first = waypoints[0].equilibrium.rdc.get(held);
            for waypoint in &waypoints {
                let now = waypoint.equilibrium.rdc.get(held);
                // The process's own tolerance: rtol and atol of 1e-13.
                assert_close!(now, first, rtol = 1e-13, atol = 1e-13, "{held} along {drive:?}");
            }
            let end = waypoints[waypoints.len() - 1].equilibrium.multipliers;
            assert_eq!(drive.driving(end), drive.end());
            assert!(drive.steered(end) != 3.0);
        }
    }
}

#[test]
fn the_end_is_where_bisection_finds_it() {
    let system = two_dimensional();
    let start = at(3.0, 3.0);
    let wanted = system.equilibrium(start, None).expect("an equilibrium").rdc.classification;
    let curve =
        Process::new(Observable::Classification, Drive::LambdaTo(0.5)).run(&system, start).expect("a curve");
    let waypoints = curve.into_complete().expect("the end");
    let found = waypoints[waypoints.len() - 1].equilibrium.multipliers.gamma();
    // C falls with gamma at fixed lambda, so bisection needs no derivative.
    let (mut low, mut high) = (1e-3, 1e3);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        let loss = system.equilibrium(at(0.5, middle), None).expect("an equilibrium").rdc.classification;
        if loss > wanted { low = middle } else { high = middle }
    }
    // C is met to 1e-13, and its slope here is above 0.01.
    assert_close!(found, low, rtol = 1e-10, atol = 0.0);
}

#[test]
fn a_process_run_backwards_returns_to_its_start() {
    let system = two_dimensional();
    let forth =
        Process::new(Observable::Distortion, Drive::GammaTo(30.0)).run(&system, at(2.0, 1.0)).expect("forth");
    let forth = forth.into_complete().expect("the end");
    let turn = forth[forth.len() - 1].equilibrium.multipliers;
    let back = Process::new(Observable::Distortion, Drive::GammaTo(1.0)).run(&system, turn).expect("back");
    let back = back.into_complete().expect("the end");
    let end = back[back.len() - 1].equilibrium.multipliers;
    assert_close!(end.lambda(), 2.0, rtol = 1e-10, atol = 0.0);
}

#[test]
fn transitions_are_crossed_without_a_collapse_of_the_step() {
    // Independent dimensions: the first three carry the target, and one by one stop or begin to be encoded as lambda
    // falls by three decades.
    let system = GaussianSystem::new(
        Array2::from_diag(&array![4.0, 1.0, 0.3, 0.05]).view(),
        array![[1.0, 0.2, 0.1, 0.0], [0.0, 0.5, 0.4, 0.1]].view(),
        Array2::from_diag(&array![0.1, 0.1]).view(),
        0.5,
        0.2,
    )
    .expect("a valid system");
    let curve = Process::new(Observable::Classification, Drive::LambdaTo(0.02))
        .run(&system, at(20.0, 5.0))
        .expect("a curve");
    let counters = curve.counters;
    let waypoints = curve.into_complete().expect("the end");
    let active: Vec<usize> = waypoints.iter().map(|waypoint| waypoint.equilibrium.state.active()).collect();
    assert!(active.iter().max() > active.iter().min(), "no transition was crossed: {active:?}");
    let first = waypoints[0].equilibrium.rdc.classification;
    let drift =
        waypoints.iter().map(|w| (w.equilibrium.rdc.classification - first).abs()).fold(0.0, f64::max);
    assert!(drift <= 1e-12, "drift {drift:e}");
    // Three decades in steps of at most a half take 14.
    assert!(waypoints.len() < 60, "{} waypoints", waypoints.len());
    assert!(counters.equilibria < 5 * waypoints.len(), "{counters:?}");
}

#[test]
fn the_work_of_a_process_is_pinned() {
    let curve = Process::new(Observable::Classification, Drive::LambdaTo(0.5))
        .run(two_dimensional(), at(3.0, 3.0))
        .expect("a curve");
    // A change here is a change of cost: look at it before accepting it.
    assert_eq!(curve.waypoints.len(), 10);
    assert_eq!(curve.counters, Counters { equilibria: 31, rejected_steps: 0, corrections: 22 });
}

#[test]
fn what_cannot_be_held_stops_with_a_reason_and_the_curve_so_far() {
    // Raising lambda alone takes C below its start: at some lambda not even gamma = 0 keeps it up.
    let curve = Process::new(Observable::Classification, Drive::LambdaTo(1e4))
        .run(two_dimensional(), at(1.0, 1.0))
        .expect("a curve");
    assert!(matches!(curve.stop, StopReason::StepTooSmall { .. }), "{:?}", curve.stop);
    assert!(curve.waypoints.len() > 3);
    let first = curve.waypoints[0].equilibrium.rdc.classification;
    for waypoint in &curve.waypoints {
        assert_close!(waypoint.equilibrium.rdc.classification, first, rtol = 1e-13, atol = 1e-13);
    }
    let error = curve.into_complete().expect_err("it stopped early").to_string();
    assert!(error.contains("was still too long"), "{error}");
    // A target that does not depend on the source: gamma has no effect on D, and lambda has.
    let blind =
        GaussianSystem::new(array![[1.0]].view(), array![[0.0]].view(), array![[1.0]].view(), 0.5, 1.0)
            .expect("a valid system");
    let curve = Process::new(Observable::Distortion, Drive::LambdaTo(4.0))
        .run(&blind, at(2.0, 1.0))
        .expect("a curve");
    assert!(matches!(curve.stop, StopReason::NotSteerable { .. }), "{:?}", curve.stop);
    assert_eq!(curve.waypoints.len(), 1);
}

#[test]
fn on_a_plateau_everything_is_held_by_doing_nothing() {
    // At these multipliers nothing is encoded: R, D and C do not depend on them.
    let system = two_dimensional();
    let curve = Process::new(Observable::Classification, Drive::LambdaTo(0.01))
        .run(&system, at(0.05, 0.01))
        .expect("a curve");
    let waypoints = curve.into_complete().expect("the end");
    for waypoint in &waypoints {
        assert_close!(waypoint.equilibrium.multipliers.gamma(), 0.01, rtol = 1e-13, atol = 0.0);
    }
    assert!(waypoints.iter().all(|waypoint| waypoint.equilibrium.state.active() == 0));
}

#[test]
fn waypoints_can_be_limited_and_a_caller_may_stop() {
    let system = two_dimensional();
    let options = Options { most_waypoints: 3, ..Options::default() };
    let process = Process::new(Observable::Classification, Drive::LambdaTo(0.5)).with_options(options);
    let curve = process.run(&system, at(3.0, 3.0)).expect("a curve");
    assert_eq!((curve.waypoints.len(), curve.stop), (3, StopReason::MostWaypoints));
    let start = system.equilibrium(at(3.0, 3.0), None).expect("an equilibrium");
    let mut trace = process.trace(&system, start, carnot_process::FromResponse).expect("a trace");
    assert_eq!(trace.by_ref().take(1).count(), 1);
    // The start costs nothing, and nothing was computed ahead.
    assert_eq!((trace.counters().equilibria, trace.stop_reason()), (0, None));
}

#[test]
fn misuse_is_an_error_that_names_it() {
    let system = two_dimensional();
    let to = |end| Process::new(Observable::Classification, Drive::LambdaTo(end));
    let error = to(1.0).run(&system, at(3.0, 0.0)).expect_err("gamma is zero");
    assert!(matches!(error, ProcessError::Start { multiplier: "gamma", value: 0.0 }));
    let error = to(0.0).run(&system, at(3.0, 1.0)).expect_err("the end is zero");
    assert!(matches!(error, ProcessError::Start { multiplier: "the end of the drive", .. }));
    let bad = [
        ("first_step", Options { first_step: 0.0, ..Options::default() }),
        ("largest_step", Options { largest_step: 1e-9, ..Options::default() }),
        ("smallest_step", Options { smallest_step: f64::NAN, ..Options::default() }),
        ("rtol", Options { tolerance: Tolerance { rtol: -1.0, atol: 0.0 }, ..Options::default() }),
    ];
    for (name, options) in bad {
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
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_systems_hold_what_they_are_told_to(
        (n, sx, b) in (1..6usize).prop_flat_map(|n| (Just(n), positive_definite(n, (1e-1, 1e1)), signed(2 * n))),
        head in log_uniform(0.1, 10.0),
        start in (log_uniform(1e-1, 1e1), log_uniform(1e-1, 1e1)),
        factor in log_uniform(1e-2, 1e2),
        held in prop::sample::select(&OBSERVABLES[..]),
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
        let curve = Process::new(held, drive).run(&system, at(start.0, start.1)).expect("a curve");
        let first = curve.waypoints[0].equilibrium.rdc.get(held);
        for waypoint in &curve.waypoints {
            assert_close!(waypoint.equilibrium.rdc.get(held), first, rtol = 1e-13, atol = 1e-13);
            prop_assert!(waypoint.equilibrium.multipliers.lambda() > 0.0);
        }
        // It goes monotonically towards its end.
        let driven: Vec<f64> = curve.waypoints.iter().map(|w| drive.driving(w.equilibrium.multipliers)).collect();
        prop_assert!(driven.windows(2).all(|w| (w[1] > w[0]) == (factor > 1.0) && w[0] != w[1]));
        // D falls with lambda and C with gamma, so that steering them can be decided at the ends of the range: if the
        // first value lies between what the steered multiplier can do at the drive's end, the process gets there, and
        // if it does not, the process cannot.
        let monotone = matches!((held, drive), (Observable::Classification, Drive::LambdaTo(_)) | (Observable::Distortion, Drive::GammaTo(_)));
        if monotone {
            let reach = |steered: f64| {
                let (lambda, gamma) = if drive_lambda { (drive.end(), steered) } else { (steered, drive.end()) };
                system.equilibrium(at(lambda, gamma), None).expect("an equilibrium").rdc.get(held)
            };
            let margin = 1e-6 * (1.0 + first.abs());
            if reach(0.0) > first + margin && reach(1e9) < first - margin {
                prop_assert_eq!(curve.stop, StopReason::ReachedEnd);
                prop_assert_eq!(driven[driven.len() - 1], drive.end());
            } else if reach(0.0) < first - margin {
                prop_assert!(curve.stop != StopReason::ReachedEnd);
            }
        }
    }
}
