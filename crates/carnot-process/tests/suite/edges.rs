//! Drives that have hardly anywhere to go, levels and headings.

use carnot_process::{Coordinate, Drive, FromResponse, Heading, Hold, Process, ProcessError, StopReason};
use carnot_surface::System;
use carnot_testkit::assert_close;

use crate::{at, two_dimensional, with_transitions};

#[test]
fn a_drive_to_the_next_numbers_ends_there() {
    // Neighbouring multipliers have coordinates that differ by less than those are known to.
    for system in [two_dimensional(), with_transitions()] {
        for held in [Hold::Classification, Hold::Distortion, Hold::Rate, Hold::FreeEnergy] {
            for lambda in [0.3f64, 0.7, 1.9, 7.7] {
                let near =
                    [lambda.next_up(), lambda.next_down(), lambda * (1.0 + 1e-15), lambda * (1.0 - 2e-15)];
                for end in near {
                    let process = Process::new(held, Drive::LambdaTo(end));
                    let curve = process.run(&system, at(lambda, 0.8)).expect("a curve");
                    assert_eq!(curve.stop, StopReason::ReachedEnd, "{held:?}, {lambda} to {end}");
                    let last = curve.last().expect("a waypoint");
                    assert_eq!(last.point.lambda, end);
                    assert!(last.residual.abs() <= 2e-12);
                    // The way is rounding, and what is known of its length too.
                    assert!(last.arc_length < 1e-13);
                }
            }
        }
    }
}

#[test]
fn a_level_is_gone_to_where_the_process_is_driven_no_further() {
    let system = two_dimensional();
    let start = system.equilibrium(at(3.0, 3.0), None).expect("an equilibrium");
    let level = start.rdc.classification + 0.01;
    let nowhere = [
        Drive::LambdaTo(3.0),
        Drive::GammaTo(3.0),
        Drive::ArcLength { length: 0.0, heading: Heading::Lower(Coordinate::Lambda) },
    ];
    for drive in nowhere {
        let process = Process::new(Hold::Classification, drive);
        let curve = process.clone().with_level(level).run(&system, at(3.0, 3.0)).expect("a curve");
        let [_, there] = &curve.into_complete().expect("the end")[..] else { panic!("one step: {drive:?}") };
        // The default tolerance.
        assert_close!(there.point.classification, level, rtol = 1e-13, atol = 1e-12);
        match drive {
            Drive::LambdaTo(_) => assert_eq!(there.point.lambda, 3.0),
            Drive::GammaTo(_) => assert_eq!(there.point.gamma, 3.0),
            _ => {}
        }
        // The level of the start is where it is; one that no multipliers have is not passed off as reached.
        let here = process.clone().with_level(start.rdc.classification);
        assert_eq!(here.run(&system, at(3.0, 3.0)).expect("a curve").waypoints.len(), 1);
        let never = process.with_level(-1e3).run(&system, at(3.0, 3.0)).expect("a curve");
        assert!(matches!(never.stop, StopReason::StepTooSmall { .. }), "{drive:?}: {}", never.stop);
        assert_eq!(never.waypoints.len(), 1);
    }
}

#[test]
fn a_level_that_is_no_number_is_refused() {
    let system = two_dimensional();
    for level in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let process = Process::new(Hold::Classification, Drive::LambdaTo(1.0)).with_level(level);
        let error = process.run(&system, at(3.0, 3.0)).expect_err("no level");
        assert!(matches!(error, ProcessError::Option { option: "level", .. }), "{error}");
    }
}

#[test]
fn an_arc_length_does_not_begin_in_a_direction_that_was_not_asked_for() {
    let system = two_dimensional();
    let along = |heading| Drive::ArcLength { length: 0.5, heading };
    let forbidden = [
        (Hold::Classification, Coordinate::Time),
        (Hold::Gamma, Coordinate::Gamma),
        (Hold::Lambda, Coordinate::Lambda),
    ];
    for (held, coordinate) in forbidden {
        for heading in [Heading::Raise(coordinate), Heading::Lower(coordinate)] {
            let curve = Process::new(held, along(heading)).run(&system, at(3.0, 3.0)).expect("a curve");
            assert_eq!((curve.stop, curve.waypoints.len()), (StopReason::NotSteerable, 1), "{heading:?}");
        }
    }
    // Nor does one to which a trace is steered.
    let start = system.equilibrium(at(3.0, 3.0), None).expect("an equilibrium");
    let process = Process::new(Hold::Gamma, Drive::LambdaTo(2.0));
    let mut trace = process.trace(&system, start, FromResponse).expect("a trace");
    trace.by_ref().for_each(drop);
    let gone = trace.checkpoint().waypoint().arc_length;
    let drive = Drive::ArcLength { length: gone + 0.5, heading: Heading::Raise(Coordinate::Gamma) };
    trace.steer(|process| process.with_drive(drive)).expect("a valid process");
    assert!(trace.next().is_none());
    assert_eq!(trace.stop_reason(), Some(StopReason::NotSteerable));
    let drive = Drive::ArcLength { length: gone + 0.5, heading: Heading::Raise(Coordinate::Lambda) };
    trace.steer(|process| process.with_drive(drive)).expect("a valid process");
    let back = trace.collect_curve().expect("a curve").into_complete().expect("the end");
    // What was gone before counts.
    assert_close!(back[back.len() - 1].arc_length, gone + 0.5, rtol = 1e-9, atol = 0.0);
    assert!(back[back.len() - 1].point.lambda > 3.0);
}
