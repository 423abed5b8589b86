//! Where curves on moving data end, and how a trace goes on when it is steered.

use carnot_info::Joint;
use carnot_process::{
    Constraint, Coordinate, Coordinates, Drive, FromResponse, Heading, Heun, Hold, Options, Point, Process,
    RungeKutta, Secant, StopReason,
};
use carnot_surface::{GaussianPath, GaussianSystem, JointGaussian, MovingDiscrete, MovingGaussian, System};
use carnot_testkit::assert_close;
use ndarray::{Array2, array};

use crate::moving::Moving;
use crate::{at, with_transitions};

fn rotating() -> MovingGaussian {
    let joint = |first: f64, second: f64| {
        let source = array![[first, 0.3], [0.3, second]];
        let (readout, residual) = (array![[1.0, 0.9]], array![[0.1]]);
        let (none, one) = (array![0.0, 0.0], array![0.0]);
        JointGaussian::from_regression(
            none.view(),
            source.view(),
            one.view(),
            readout.view(),
            residual.view(),
        )
        .expect("moments")
    };
    let path = GaussianPath::mixture(&joint(2.0, 1.0), &joint(1.0, 2.5)).expect("a path");
    MovingGaussian::new(path, 0.5, 0.2).expect("a moving system")
}

#[test]
fn a_drive_by_arc_length_ends_where_the_data_end() {
    let moving = rotating();
    let by = |drive| Process::new(Hold::Classification, drive).with_rule(Hold::Lambda);
    let along = |heading| by(Drive::ArcLength { length: 50.0, heading });
    for (heading, end) in [(Heading::Raise(Coordinate::Time), 1.0), (Heading::Lower(Coordinate::Time), 0.0)] {
        // The stages of a predictor look ahead as well.
        let processes =
            [along(heading), along(heading).with_predictor(Heun), along(heading).with_predictor(RungeKutta)];
        let driven = by(Drive::TimeTo(end)).run_driven(&moving, at(5.0, 2.0), 0.4).expect("a curve");
        let expected = driven.last().expect("a waypoint").point;
        for process in processes {
            let curve = process.run_driven(&moving, at(5.0, 2.0), 0.4).expect("a curve");
            assert_eq!(curve.stop, StopReason::DataEnded { time: end });
            let last = curve.last().expect("a waypoint");
            assert_eq!(last.point.time, end);
            assert!(last.residual.abs() <= 2e-12 && curve.waypoints.len() > 2);
            // The same place as by a drive that was told where the data end.
            assert_close!(last.point.gamma, expected.gamma, rtol = 1e-9, atol = 0.0);
        }
        // From there it does not go on, and looks at no further place.
        let again = along(heading).run_driven(&moving, at(5.0, 2.0), end).expect("a curve");
        assert_eq!((again.stop, again.counters.rejected_steps), (StopReason::DataEnded { time: end }, 0));
    }
    // Data that follow a multiplier come to their end too; the other way R is least in the midst of the path, and the curve turns.
    let followed = [
        (Hold::Rate, Drive::LambdaTo(50.0), Hold::Gamma),
        (Hold::Rate, Drive::GammaTo(50.0), Hold::Lambda),
        (Hold::FreeEnergy, Drive::LambdaTo(50.0), Hold::Gamma),
    ];
    let follow = |held, drive, rule| {
        let process = Process::new(held, drive).with_rule(rule);
        process.run_driven(&moving, at(5.0, 2.0), 0.4).expect("a curve")
    };
    for (held, drive, rule) in followed {
        let curve = follow(held, drive, rule);
        assert_eq!(curve.stop, StopReason::DataEnded { time: 0.0 });
        assert_eq!(curve.last().map(|last| last.point.time), Some(0.0));
    }
    let turned = follow(Hold::Rate, Drive::LambdaTo(0.5), Hold::Gamma);
    assert_eq!(turned.stop, StopReason::Turned { coordinate: Coordinate::Lambda });
}

fn without_labels_in_common() -> MovingDiscrete {
    let source =
        Joint::from_weights(array![[9.0, 1.0, 0.0, 0.0], [1.0, 9.0, 0.0, 0.0], [4.0, 6.0, 0.0, 0.0]]);
    let target =
        Joint::from_weights(array![[0.0, 0.0, 2.0, 1.0], [0.0, 0.0, 1.0, 8.0], [0.0, 0.0, 7.0, 2.0]]);
    let distance = Array2::from_shape_fn((3, 3), |(x, z)| (x as f64 - z as f64).powi(2));
    let (source, target) = (source.expect("a table"), target.expect("a table"));
    MovingDiscrete::mixture(&source, &target, distance.view()).expect("a path")
}

#[test]
fn where_there_is_no_force_at_the_end_of_the_data_it_is_approached() {
    // Labels leave at t = 1.
    let moving = without_labels_in_common();
    let arc = Drive::ArcLength { length: 50.0, heading: Heading::Raise(Coordinate::Time) };
    let process = Process::new(Hold::Distortion, arc).with_rule(Hold::Gamma);
    let curve = process.run_driven(&moving, at(2.0, 0.4), 0.5).expect("a curve");
    let StopReason::DataEnded { time } = curve.stop else { panic!("{}", curve.stop) };
    assert_eq!(curve.last().expect("a waypoint").point.time, time);
    // As close as a few of the smallest steps.
    assert!(time < 1.0 && 1.0 - time < 1e-4, "{time}");
}

#[test]
fn a_loss_that_no_multiplier_attains_ends_where_the_multiplier_has_done_what_it_can() {
    // Mixing in other labels raises C above what any encoder gets to.
    let moving = without_labels_in_common();
    for (rule, multiplier) in [(Hold::Lambda, Coordinate::Gamma), (Hold::Gamma, Coordinate::Lambda)] {
        let process = Process::new(Hold::Classification, Drive::TimeTo(1.0 - 1e-3)).with_rule(rule);
        let curve = process.run_driven(&moving, at(2.0, 0.4), 1e-2).expect("a curve");
        let StopReason::Saturated { multiplier: risen, value } = curve.stop else { panic!("{}", curve.stop) };
        let last = curve.last().expect("a waypoint");
        assert!(risen == multiplier && value == last.point.coordinate(multiplier) && value > 20.0, "{value}");
        assert!(curve.stop.to_string().contains("at infinity only"), "{}", curve.stop);
        // A little later a much larger multiplier does not attain it either.
        let system = carnot_surface::Driven::at(&moving, last.point.time + 1e-2).expect("data");
        let (lambda, gamma) = match multiplier {
            Coordinate::Lambda => (1e3 * value, 0.4),
            _ => (2.0, 1e3 * value),
        };
        let most = system.equilibrium(at(lambda, gamma), None).expect("an equilibrium").rdc.classification;
        assert!(most > curve.waypoints[0].point.classification + 1e-3, "{most}");
    }
}

#[test]
fn a_rule_that_a_trace_is_steered_to_holds_what_it_finds() {
    let process = Process::new(Hold::Classification, Drive::TimeTo(0.3)).with_rule(Hold::Lambda);
    let start =
        carnot_surface::Driven::at(&Moving, 0.0).and_then(|system| system.equilibrium(at(1.2, 0.8), None));
    let mut trace =
        process.trace_driven(Moving, start.expect("an equilibrium"), 0.0, FromResponse).expect("a trace");
    let head = trace.collect_curve().expect("a curve").into_complete().expect("the end");
    let (first, here) = (head[0].point, head[head.len() - 1].point);
    // The same rule, farther: lambda is what it was.
    trace.steer(|process| process.with_drive(Drive::TimeTo(0.4))).expect("a valid process");
    let more = trace.collect_curve().expect("a curve").into_complete().expect("the end");
    assert!(more.iter().all(|waypoint| waypoint.point.lambda == first.lambda));
    let there = more[more.len() - 1].point;
    assert!((there.distortion - first.distortion).abs() > 1e-3 && there.time > here.time);
    // Another rule: from here on D, at what it is here.
    trace
        .steer(|process| process.with_rule(Hold::Distortion).with_drive(Drive::TimeTo(0.6)))
        .expect("a valid process");
    // It is saved with the rest.
    let checkpoint = trace.checkpoint();
    let rest = trace.collect_curve().expect("a curve").into_complete().expect("the end");
    for waypoint in &rest {
        // The tolerance of the process, rtol 1e-13 and atol 1e-12.
        assert_close!(waypoint.point.distortion, there.distortion, rtol = 1e-12, atol = 2e-12);
        assert_close!(waypoint.residual, 0.0, rtol = 0.0, atol = 2e-12);
    }
    let resumed = process
        .with_rule(Hold::Distortion)
        .with_drive(Drive::TimeTo(0.6))
        .resume(Moving, checkpoint)
        .expect("a trace")
        .collect_curve()
        .expect("a curve");
    assert_eq!(
        resumed.last().map(|waypoint| waypoint.point.lambda.to_bits()),
        rest.last().map(|waypoint| waypoint.point.lambda.to_bits())
    );
}

#[test]
fn a_steered_trace_steps_as_one_that_starts_there() {
    let system = with_transitions();
    let start = system.equilibrium(at(20.0, 5.0), None).expect("an equilibrium");
    let axes = Coordinates::at(&Point::of::<GaussianSystem>(&start, 0.0));
    let options = Options { coordinates: Some(axes), ..Options::default() };
    let level = start.rdc.classification;
    let process =
        Process::new(Hold::Classification, Drive::LambdaTo(0.5)).with_predictor(Secant).with_options(options);
    let mut trace = process.trace(system.clone(), start, FromResponse).expect("a trace");
    assert_eq!(trace.by_ref().take(5).filter(Result::is_ok).count(), 5);
    let turn = trace.checkpoint().waypoint().equilibrium.clone();
    let change = |process: Process| process.with_drive(Drive::LambdaTo(20.0));
    trace.steer(change).expect("a valid process");
    let steered = trace.collect_curve().expect("a curve");
    // The waypoint before the turn says nothing of the way after it: the first step is along the tangent.
    let fresh =
        change(process).with_level(level).trace(system, turn, FromResponse).expect("a trace").collect_curve();
    let fresh = fresh.expect("a curve");
    let places = |waypoints: &[carnot_process::Waypoint<GaussianSystem>]| -> Vec<[u64; 2]> {
        waypoints.iter().map(|w| [w.point.lambda.to_bits(), w.point.gamma.to_bits()]).collect()
    };
    assert_eq!(places(&steered.waypoints), places(&fresh.waypoints[1..]));
    assert_close!(Hold::Classification.value(&fresh.waypoints[1].point), level, rtol = 0.0, atol = 2e-12);
}
