//! Systems and constraints that fail, and curves that end at transitions of first order.

use std::cell::Cell;
use std::convert::Infallible;

use carnot_process::{
    Constraint, Drive, FromResponse, Hold, Point, PointGradient, Process, ProcessError, StopReason,
};
use carnot_surface::{
    At, Certificate, Equilibrium, Inversion, InversionOptions, Multipliers, Observable, Observables, Rdc,
    Response, Responsive, Sidedness, Solution, System, Target, solve_for,
};
use carnot_testkit::assert_close;

use crate::{at, two_dimensional};

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

/// The lower of `F_i = a ln lambda + b_i ln(gamma + k_i lambda) + c_i`: where they cross, D and C jump.
#[derive(Debug, Clone)]
struct Crossing;

const BRANCHES: [[f64; 3]; 2] = [[1.0, 0.5, 0.0], [0.4, 0.2, 0.9]];

impl Crossing {
    fn branch(at: Multipliers, [b, k, c]: [f64; 3]) -> Rdc {
        let (lambda, gamma) = (at.lambda(), at.gamma());
        let classification = b / (gamma + k * lambda);
        Rdc {
            rate: lambda.ln() + b * (gamma + k * lambda).ln() + c - 1.0 - b,
            distortion: 1.0 / lambda + k * classification,
            classification,
        }
    }
}

impl System for Crossing {
    type Rdc = Rdc;
    type State = usize;
    type Error = Infallible;

    fn equilibrium(&self, at: Multipliers, _from: Option<&usize>) -> Result<At<Self>, Infallible> {
        let both = BRANCHES.map(|branch| Self::branch(at, branch));
        let free = both.map(|rdc| rdc.rate + at.lambda() * rdc.distortion + at.gamma() * rdc.classification);
        let state = usize::from(free[1] < free[0]);
        let certificate = Certificate::ClosedForm;
        Ok(Equilibrium { multipliers: at, rdc: both[state], state, certificate })
    }
}

impl Responsive for Crossing {
    fn response(&self, at: &At<Self>) -> Result<Response<f64>, Infallible> {
        let [b, k, _] = BRANCHES[at.state];
        let (lambda, gamma) = (at.multipliers.lambda(), at.multipliers.gamma());
        let second = -b / (gamma + k * lambda).powi(2);
        Ok(Response {
            distortion_lambda: -1.0 / (lambda * lambda) + k * k * second,
            cross: k * second,
            classification_gamma: second,
            sidedness: Sidedness::TwoSided,
        })
    }
}

#[test]
fn at_a_transition_of_first_order_the_phases_that_coexist_are_named() {
    let start = at(1.0, 1.0);
    let c = Crossing.equilibrium(start, None).expect("an equilibrium").rdc.classification;
    let curve =
        Process::new(Hold::Classification, Drive::LambdaTo(30.0)).run(Crossing, start).expect("a curve");
    // On the first branch C_0 = b / (gamma + k lambda), and the second branch is lower where that sum is large: never on this
    // curve. Driven by D instead the sum rises.
    assert!(matches!(curve.stop, StopReason::ReachedZero { .. }), "{:?}", curve.stop);
    assert_close!(curve.last().expect("a waypoint").point.classification, c, rtol = 0.0, atol = 2e-12);

    // Constant D and rising gamma.
    let start = at(2.0, 1.0);
    let curve = Process::new(Hold::Distortion, Drive::GammaTo(30.0)).run(Crossing, start).expect("a curve");
    let StopReason::Jump(jump) = curve.stop else { panic!("{:?} after {:?}", curve.stop, curve.last()) };
    let held = curve.waypoints[0].point.distortion;
    let last = curve.last().expect("a waypoint").point;
    // The sides have the same free energy, the held D is between theirs, and the shares give it.
    let [below, above] = jump.sides;
    let place = at(jump.lambda, jump.gamma);
    assert_close!(below.objective(place), above.objective(place), rtol = 1e-9, atol = 0.0);
    assert!(below.distortion < held && held < above.distortion);
    let [share, other] = jump.shares();
    assert_close!(share * below.distortion + other * above.distortion, held, rtol = 1e-12, atol = 0.0);
    assert!(share > 0.0 && other > 0.0);
    // The same coexistence by inversion, at the gamma of the jump.
    let target = Target::AtGamma { gamma: jump.gamma, observable: Observable::Distortion, value: held };
    let solved = solve_for(&Crossing, target, None, &InversionOptions::default()).expect("an inversion");
    let Inversion::Unique(Solution::Coexistence { multipliers, .. }) = solved.inversion else {
        panic!("{:?}", solved.inversion)
    };
    assert_close!(multipliers.lambda(), jump.lambda, rtol = 1e-8, atol = 0.0);
    // The curve came as close to the transition as the smallest step.
    assert!((last.gamma / jump.gamma - 1.0).abs() < 1e-3);
    assert!(curve.counters.rejected_steps < 40);
}
