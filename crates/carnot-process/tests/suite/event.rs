//! Events: transitions, folds and the user's own.

use carnot_process::{
    Adaptive, Coordinate, Crossing, Drive, FromResponse, Heading, Hold, PhaseChange, Process, StopReason,
    Turn,
};
use carnot_surface::System;
use carnot_testkit::assert_close;

use crate::{at, two_dimensional, with_transitions};

#[test]
fn transitions_are_located_where_the_modes_turn_on() {
    let system = with_transitions();
    let start = system.equilibrium(at(20.0, 5.0), None).expect("an equilibrium");
    let process = Process::new(Hold::Classification, Drive::LambdaTo(0.02));
    let mut trace = process.trace(&system, start, FromResponse).expect("a trace").with_event(PhaseChange);
    let curve = trace.collect_curve().expect("a curve");
    assert_eq!(curve.stop, StopReason::ReachedEnd);
    let found: Vec<_> = curve.waypoints.iter().filter(|waypoint| waypoint.event.is_some()).collect();
    assert!(found.len() >= 2, "{} transitions", found.len());
    for waypoint in &found {
        let mark = waypoint.event.expect("an event");
        assert!(mark.name == "phase change" && mark.width <= 1e-9);
        assert!(waypoint.residual.abs() <= 2e-12);
        // Independently: on the ray from the origin through the place the critical mode turns on at 1, by the eigenvalues of
        // the direction. The strengths are proportional to the length, so that 1e-8 is relative.
        let on = system.transitions(at(0.0, 0.0), waypoint.equilibrium.multipliers).expect("eigenvalues");
        let nearest = on.iter().map(|t| (t - 1.0).abs()).fold(f64::INFINITY, f64::min);
        assert!(nearest <= 1e-8, "{nearest:e}");
    }
    // Every change of the number of modes has its waypoint.
    for pair in curve.waypoints.windows(2) {
        let modes = [0, 1].map(|k: usize| pair[k].equilibrium.state.active());
        assert!(modes[0] == modes[1] || pair[1].event.is_some());
    }
    // The tangent breaks there, and no step is lost.
    assert!(found.iter().all(|waypoint| waypoint.arriving != waypoint.direction));
    assert_eq!(curve.counters.rejected_steps, 0);
    // Without the event it is 76 equilibria: 28 for each transition, with the steps that it adds. A change here is a change of
    // cost.
    assert_eq!(found.len(), 2);
    assert_eq!(curve.counters.equilibria, 132);
}

#[test]
fn a_users_function_is_located_and_may_end_the_process() {
    let system = two_dimensional();
    let start = system.equilibrium(at(3.0, 3.0), None).expect("an equilibrium");
    let process = Process::new(Hold::Classification, Drive::LambdaTo(0.1));
    let rate = start.rdc.rate - 0.5;
    let mut trace = process
        .trace(&system, start, FromResponse)
        .expect("a trace")
        .with_event(Crossing::new("lambda is one", |point| point.lambda - 1.0))
        .with_event(Crossing::new("half a nat less", move |point| point.rate - rate).that_ends());
    let curve = trace.collect_curve().expect("a curve");
    assert_eq!(curve.stop, StopReason::Event { name: "half a nat less" });
    let last = curve.last().expect("a waypoint");
    // The bracket of 1e-9 in the coordinates, times slopes of R of order one.
    assert_close!(last.point.rate, rate, rtol = 0.0, atol = 1e-8);
    assert_eq!(last.event.map(|event| event.name), Some("half a nat less"));
    let one = curve.waypoints.iter().find(|w| w.event.is_some_and(|e| e.name == "lambda is one"));
    if last.point.lambda < 1.0 {
        assert_close!(one.expect("an event").point.lambda, 1.0, rtol = 2e-9, atol = 0.0);
    }
    assert!(curve.into_complete().is_err());
}

#[test]
fn events_at_one_place_share_it_and_the_end_is_not_lost() {
    let system = two_dimensional();
    let ending = || Crossing::new("end", |point| point.lambda - 0.5).that_ends();
    // The mode leaves at lambda = 1/2 too.
    let run = |ending_first: bool| {
        let start = system.equilibrium(at(3.0, 3.0), None).expect("an equilibrium");
        let process = Process::new(Hold::Classification, Drive::LambdaTo(0.2));
        let trace = process.trace(&system, start, FromResponse).expect("a trace");
        let same = Crossing::new("same", |point| 2.0 * point.lambda - 1.0);
        let mut trace = if ending_first {
            trace.with_event(ending()).with_event(same).with_event(PhaseChange)
        } else {
            trace.with_event(PhaseChange).with_event(same).with_event(ending())
        };
        trace.collect_curve().expect("a curve")
    };
    for ending_first in [true, false] {
        let curve = run(ending_first);
        assert_eq!(curve.stop, StopReason::Event { name: "end" });
        let last = curve.last().expect("a waypoint");
        assert_eq!(last.event.map(|event| event.name), Some("end"));
        assert_close!(last.point.lambda, 0.5, rtol = 0.0, atol = 1e-8);
    }
}

#[test]
fn of_two_events_in_one_step_the_first_is_found_first() {
    let system = two_dimensional();
    for order in [[2.2, 2.25, 2.3], [2.3, 2.25, 2.2], [2.25, 2.3, 2.2]] {
        let start = system.equilibrium(at(3.0, 3.0), None).expect("an equilibrium");
        let process = Process::new(Hold::Classification, Drive::LambdaTo(2.0))
            .with_control(carnot_process::FixedStep(1.0));
        let mut trace = process.trace(&system, start, FromResponse).expect("a trace");
        for lambda in order {
            trace = trace.with_event(Crossing::new("crossing", move |point| point.lambda - lambda));
        }
        let curve = trace.collect_curve().expect("a curve");
        let found: Vec<_> =
            curve.waypoints.iter().filter(|w| w.event.is_some()).map(|w| w.point.lambda).collect();
        assert_eq!(found.len(), 3);
        for (found, expected) in found.into_iter().zip([2.3, 2.25, 2.2]) {
            assert_close!(found, expected, rtol = 0.0, atol = 1e-8);
        }
    }
}

#[test]
fn a_curve_that_turns_in_its_drive_is_followed_by_arc_length() {
    // C held while gamma rises: lambda falls, until less of the one mode that lambda buys no longer costs any C.
    let system = carnot_surface::GaussianSystem::new(
        ndarray::array![[1.0, 0.05], [0.05, 0.12]].view(),
        ndarray::array![[0.25, 0.6], [0.37, 0.9]].view(),
        ndarray::Array2::eye(2).view(),
        0.5,
        0.18,
    )
    .expect("a valid system");
    let by_gamma = Process::new(Hold::Classification, Drive::GammaTo(100.0))
        .run(&system, at(3.5, 1.3))
        .expect("a curve");
    assert_eq!(by_gamma.stop, StopReason::Turned { coordinate: Coordinate::Gamma });
    let turned = by_gamma.last().expect("a waypoint").point;
    let start = system.equilibrium(at(3.5, 1.3), None).expect("an equilibrium");
    let around = Drive::ArcLength { length: 12.0, heading: Heading::Raise(Coordinate::Gamma) };
    // Behind its kink the curve soon turns once more: two turns in one step would go unseen.
    let short = Adaptive { largest_step: 0.05, ..Adaptive::default() };
    let mut trace = Process::new(Hold::Classification, around)
        .with_control(short)
        .trace(&system, start, FromResponse)
        .expect("a trace")
        .with_event(Turn(Coordinate::Gamma));
    let curve = trace.collect_curve().expect("a curve");
    assert_eq!(curve.stop, StopReason::ReachedZero { multiplier: Coordinate::Lambda });
    for waypoint in &curve.waypoints {
        assert!(waypoint.residual.abs() <= 4e-12);
    }
    let turn = curve.waypoints.iter().find(|w| w.event.is_some()).expect("a turn");
    assert_eq!(turn.event.map(|event| event.name), Some("turn in gamma"));
    // Here the turn is a kink, where the weaker mode leaves: both ways of finding it agree to the smallest step.
    assert_close!(turn.point.gamma, turned.gamma, rtol = 1e-4, atol = 0.0);
    assert_close!(turn.point.lambda, turned.lambda, rtol = 1e-4, atol = 0.0);
    assert_close!(turn.equilibrium.state.strengths()[0], 1.0, rtol = 1e-8, atol = 0.0);
    // Gamma is largest at the turn, as far as waypoints go, and arc length only grows.
    let reversed = curve.waypoints.iter().position(|w| w.event.is_some()).expect("a turn") + 1;
    assert!(curve.waypoints[reversed].point.gamma < turn.point.gamma);
    assert!(curve.waypoints.windows(2).all(|pair| pair[1].arc_length > pair[0].arc_length));
}

#[test]
fn an_event_is_as_close_as_its_width_says() {
    let system = two_dimensional();
    for tolerance in [1e-3, 1e-6, 1e-9] {
        let start = system.equilibrium(at(3.0, 3.0), None).expect("an equilibrium");
        let options = carnot_process::Options { event_tolerance: tolerance, ..Default::default() };
        let process = Process::new(Hold::Classification, Drive::LambdaTo(0.2)).with_options(options);
        let mut trace = process
            .trace(&system, start, FromResponse)
            .expect("a trace")
            .with_event(Crossing::new("one", |point| point.lambda - 1.0));
        let curve = trace.collect_curve().expect("a curve");
        let found = curve.waypoints.iter().find(|w| w.event.is_some()).expect("an event");
        let width = found.event.map(|event| event.width).expect("a width");
        // Behind the place, by no more than the width; the way in lambda alone is a part of it.
        let behind = -found.point.lambda.ln();
        assert!(behind >= 0.0 && behind <= width && width <= tolerance, "{behind:e} {width:e}");
    }
}

#[test]
fn the_gap_of_an_event_is_part_of_the_way_and_of_the_work() {
    let system = two_dimensional();
    // Gaps of up to a hundredth.
    let options = carnot_process::Options { event_tolerance: 1e-2, ..Default::default() };
    let process = Process::new(Hold::Classification, Drive::LambdaTo(0.6))
        .with_control(carnot_process::FixedStep(0.05))
        .with_options(options);
    let without = process.run(&system, at(3.0, 3.0)).expect("a curve");
    let start = system.equilibrium(at(3.0, 3.0), None).expect("an equilibrium");
    let mut trace = process.trace(&system, start, FromResponse).expect("a trace");
    for lambda in [2.5, 2.0, 1.5, 1.0] {
        trace = trace.with_event(Crossing::new("crossing", move |point| point.lambda - lambda));
    }
    let with = trace.collect_curve().expect("a curve");
    let gaps: f64 = with.waypoints.iter().filter_map(|w| w.event).map(|event| event.width).sum();
    assert!(gaps > 1e-3, "{gaps}");
    let [one, other] = [&without, &with].map(|curve| curve.last().expect("a waypoint"));
    // Order four in steps of a twentieth.
    assert_close!(other.arc_length, one.arc_length, rtol = 0.0, atol = 1e-6);
    let change = other.point.free_energy() - with.waypoints[0].point.free_energy();
    assert_close!(other.work.total(), change, rtol = 0.0, atol = 1e-6);
}
