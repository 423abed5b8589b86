//! Systems, constraints and parts that fail.

use std::cell::Cell;

use carnot_process::{
    Constraint, Correction, Corrector, Drive, Equations, FromResponse, Hold, Outcome, Point, PointGradient,
    Process, ProcessError, StepControl, StopReason,
};
use carnot_surface::{
    At, Certificate, Equilibrium, Multipliers, Rdc, Response, Responsive, Sidedness, System,
};

use crate::{at, two_dimensional};

/// A system that fails, or is not a number, at its third equilibrium.
pub(crate) struct Failing {
    calls: Cell<u32>,
    fails: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("it broke")]
pub(crate) struct Broken;

impl Failing {
    pub(crate) fn new(fails: bool) -> Self {
        Self { calls: Cell::new(0), fails }
    }
}

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
        let system = Failing::new(fails);
        let start = system.equilibrium(at(1.0, 1.0), None).expect("the first equilibrium");
        let process = Process::new(Hold::Classification, Drive::LambdaTo(5.0));
        let mut trace = process.trace(&system, start, FromResponse).expect("a trace");
        assert!(trace.next().is_some_and(|start| start.is_ok()));
        let error = trace.find_map(Result::err).expect("an error");
        match error {
            ProcessError::System { waypoint, source, .. } => {
                assert!(fails && (1..=2).contains(&waypoint) && source == Broken);
            }
            ProcessError::NotFinite { waypoint, quantity, value, .. } => {
                assert!(!fails && value.is_nan() && (1..=2).contains(&waypoint));
                assert_eq!(quantity, "classification loss");
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

/// C, until lambda is below one: then not a number, or without a gradient.
#[derive(Debug)]
struct Partial {
    value: f64,
    gradient: f64,
}

impl Constraint for Partial {
    fn value(&self, point: &Point) -> f64 {
        if point.lambda < 1.0 { self.value * point.classification } else { point.classification }
    }

    fn gradient(&self, point: &Point) -> PointGradient {
        let classification = if point.lambda < 1.0 { self.gradient } else { 1.0 };
        PointGradient { classification, ..PointGradient::default() }
    }
}

#[test]
fn a_constraint_that_is_not_a_number_ends_the_trace_with_an_error_that_names_the_waypoint() {
    let system = two_dimensional();
    let cases = [
        (f64::NAN, 1.0, "held function"),
        (f64::INFINITY, 1.0, "held function"),
        (1.0, f64::NAN, "slope of the held function"),
        (1.0, f64::NEG_INFINITY, "slope of the held function"),
    ];
    for (value, gradient, name) in cases {
        let start = system.equilibrium(at(3.0, 3.0), None).expect("an equilibrium");
        let process = Process::new(Partial { value, gradient }, Drive::LambdaTo(0.2));
        let mut trace = process.trace(&system, start, FromResponse).expect("a trace");
        let mut waypoints = 0;
        let error = loop {
            match trace.next().expect("an error before the end") {
                Ok(_) => waypoints += 1,
                Err(error) => break error,
            }
        };
        let ProcessError::NotFinite { quantity, waypoint, at, .. } = error else { panic!("{error}") };
        assert_eq!((quantity, waypoint), (name, waypoints));
        assert!(waypoints > 1 && at.lambda() < 1.0);
        assert!(trace.next().is_none());
        // At the start already.
        let start = system.equilibrium(self::at(0.5, 3.0), None).expect("an equilibrium");
        let process = Process::new(Partial { value, gradient }, Drive::LambdaTo(0.2));
        let error = process.trace(&system, start, FromResponse).expect_err("no number");
        assert!(matches!(error, ProcessError::NotFinite { waypoint: 0, .. }));
    }
}

/// A step control that answers what it is told to.
#[derive(Debug)]
struct Stubborn {
    first: f64,
    next: f64,
    /// After a step that was given up, times that step.
    rejected: f64,
}

impl StepControl for Stubborn {
    fn first(&self) -> f64 {
        self.first
    }
    fn next(&self, _outcome: &Outcome) -> f64 {
        self.next
    }
    fn after_rejection(&self, step: f64) -> Option<f64> {
        Some(self.rejected * step)
    }
    fn smallest(&self) -> f64 {
        1e-9
    }
}

/// A corrector that has never had enough.
#[derive(Debug)]
struct Restless;

impl Corrector for Restless {
    fn correct(&self, _equations: &Equations) -> Correction {
        Correction::Move([0.0, 1e-9, 0.0])
    }
}

/// A corrector that gives up at once.
#[derive(Debug)]
struct Faint;

impl Corrector for Faint {
    fn correct(&self, _equations: &Equations) -> Correction {
        Correction::GiveUp
    }
}

#[test]
fn parts_that_would_go_on_for_ever_end_in_an_error_that_names_the_waypoint() {
    let process = Process::new(Hold::Classification, Drive::LambdaTo(0.5));
    let run = |process: Process| process.run(two_dimensional(), at(3.0, 3.0));
    // Of steps: the first, one after an accepted one, one after one that was given up.
    let stubborn = |first, next, rejected| Stubborn { first, next, rejected };
    for step in [0.0, -1.0, f64::NAN] {
        for (control, expected) in [(stubborn(step, 0.1, 0.5), 1), (stubborn(0.1, step, 0.5), 2)] {
            let error = run(process.clone().with_control(control)).expect_err("no step");
            let ProcessError::StepControl { waypoint, wanted, .. } = error else { panic!("{error}") };
            assert!(waypoint == expected && wanted.to_bits() == step.to_bits(), "{waypoint} {wanted}");
        }
    }
    let faint = process.clone().with_corrector(Faint);
    for factor in [1.0, 2.0, 0.0, f64::NAN] {
        let error = run(faint.clone().with_control(stubborn(0.1, 0.1, factor))).expect_err("not shorter");
        assert!(
            matches!(error, ProcessError::StepControl { waypoint: 1, step, .. } if step == 0.1),
            "{error}"
        );
    }
    // What shortens by a little only is not asked for ever, and what halves may go on as long as there are numbers.
    for factor in [1.0 - 1e-12, 0.5] {
        let curve = run(faint.clone().with_control(stubborn(0.1, 0.1, factor)));
        match curve {
            Ok(curve) => {
                assert!(matches!(curve.stop, StopReason::StepTooSmall { .. }), "{}", curve.stop);
                assert!((1_000..3_000).contains(&curve.counters.rejected_steps), "{:?}", curve.counters);
            }
            Err(error) => {
                assert!(
                    matches!(error, ProcessError::StepControl { wanted: 0.0, .. }) && factor == 0.5,
                    "{error}"
                );
            }
        }
    }
    let error = run(process.with_corrector(Restless)).expect_err("no end of corrections");
    let ProcessError::Corrector { waypoint, corrections, .. } = error else { panic!("{error}") };
    assert_eq!((waypoint, corrections), (1, 1_000));
}
