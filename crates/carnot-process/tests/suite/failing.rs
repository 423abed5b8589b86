//! Systems and constraints that fail, and curves that end at transitions of first order.

use std::cell::Cell;
use std::convert::Infallible;

use carnot_process::{
    Constraint, Coordinate, Correction, Corrector, Drive, Equations, FromResponse, Heading, Hold, Outcome,
    Point, PointGradient, Process, ProcessError, StepControl, StopReason,
};
use carnot_surface::{
    At, Certificate, Driven, Equilibrium, Force, Inversion, InversionOptions, Multipliers, Observable,
    Observables, Rdc, Response, Responsive, Sidedness, Solution, System, Target, solve_for,
};
use carnot_testkit::assert_close;

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

/// `C = ln gamma + 2 ln lambda`, and three more where gamma is small: `ln gamma < -1.25 + ln lambda / 2`.
#[derive(Debug, Clone)]
struct Torn;

impl System for Torn {
    type Rdc = Rdc;
    type State = ();
    type Error = Infallible;

    fn equilibrium(&self, at: Multipliers, _from: Option<&()>) -> Result<At<Self>, Infallible> {
        let (u, v) = (at.lambda().ln(), at.gamma().ln());
        let more = if v < -1.25 + 0.5 * u { 3.0 } else { 0.0 };
        let rdc = Rdc { rate: 0.0, distortion: 0.0, classification: v + 2.0 * u + more };
        Ok(Equilibrium { multipliers: at, rdc, state: (), certificate: Certificate::ClosedForm })
    }
}

impl Responsive for Torn {
    fn response(&self, at: &At<Self>) -> Result<Response<f64>, Infallible> {
        let (lambda, gamma) = (at.multipliers.lambda(), at.multipliers.gamma());
        let sidedness = Sidedness::TwoSided;
        Ok(Response {
            distortion_lambda: 0.0,
            cross: 2.0 / lambda,
            classification_gamma: 1.0 / gamma,
            sidedness,
        })
    }
}

#[test]
fn a_curve_that_goes_on_far_from_where_it_was_torn_ends_at_the_jump() {
    // C = 0 down to (ln lambda, ln gamma) = (0.5, -1); from there on only three below.
    let start = at((-1f64).exp(), 2f64.exp());
    let curve =
        Process::new(Hold::Classification, Drive::LambdaTo(1.5f64.exp())).run(Torn, start).expect("a curve");
    let StopReason::Jump(jump) = curve.stop else { panic!("{}", curve.stop) };
    let [below, above] = jump.residuals;
    assert_close!(above - below, 3.0, rtol = 1e-9, atol = 0.0);
    assert!(below <= 0.0 && below > -1e-3, "{below}");
    assert_close!(jump.shares()[0], 1.0, rtol = 1e-3, atol = 0.0);
    let last = curve.last().expect("a waypoint").point;
    // To a few of the smallest steps.
    assert_close!(last.lambda.ln(), 0.5, rtol = 0.0, atol = 1e-4);
    assert_close!(jump.gamma.ln(), -1.0, rtol = 0.0, atol = 1e-3);
}

/// `C = t + 2 |ln gamma|` on data that end: with C held t rises to where gamma is one, and falls behind.
#[derive(Debug, Clone)]
struct Corner(f64);

#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("no data at this time")]
struct NoData;

impl System for Corner {
    type Rdc = Rdc;
    type State = ();
    type Error = NoData;

    fn equilibrium(&self, at: Multipliers, _from: Option<&()>) -> Result<At<Self>, NoData> {
        let rdc = Rdc { rate: 0.0, distortion: 0.0, classification: self.0 + 2.0 * at.gamma().ln().abs() };
        Ok(Equilibrium { multipliers: at, rdc, state: (), certificate: Certificate::ClosedForm })
    }
}

impl Responsive for Corner {
    fn response(&self, at: &At<Self>) -> Result<Response<f64>, NoData> {
        let gamma = at.multipliers.gamma();
        let classification_gamma = 2.0 * gamma.ln().signum() / gamma;
        let sidedness = Sidedness::TwoSided;
        Ok(Response { distortion_lambda: -1.0, cross: 0.0, classification_gamma, sidedness })
    }
}

/// The data up to their end.
#[derive(Debug, Clone, Copy)]
struct ToCorner(f64);

impl Driven for ToCorner {
    type System = Corner;

    fn at(&self, time: f64) -> Result<Corner, NoData> {
        if (0.0..=self.0).contains(&time) { Ok(Corner(time)) } else { Err(NoData) }
    }

    fn force(&self, _time: f64, _at: &At<Corner>) -> Result<Force<f64>, NoData> {
        Ok(Force { free_energy: 0.0, distortion: 0.0, classification: 1.0 })
    }
}

#[test]
fn a_corner_beyond_a_right_angle_is_a_turn_and_arc_length_goes_around_it() {
    // At t = 0 and C = 0.999; the corner is at t = 0.999, where what is ahead is soon beyond the data.
    let start = at(1.0, (-0.4995f64).exp());
    let by = |drive| Process::new(Hold::Classification, drive).with_rule(Hold::Lambda);
    let turned = by(Drive::TimeTo(1.0)).run_driven(ToCorner(1.0), start, 0.0).expect("a curve");
    assert_eq!(turned.stop, StopReason::Turned { coordinate: Coordinate::Time });
    assert_close!(turned.last().expect("a waypoint").point.time, 0.999, rtol = 0.0, atol = 1e-4);
    let arc = Drive::ArcLength { length: 2.0, heading: Heading::Raise(Coordinate::Time) };
    let around = by(arc).run_driven(ToCorner(2.0), start, 0.0).expect("a curve");
    assert_eq!(around.stop, StopReason::ReachedEnd);
    let last = around.last().expect("a waypoint").point;
    // As long behind the corner as is left of the length.
    let before = 0.999 * 1.25f64.sqrt();
    assert_close!(last.time, 0.999 - (2.0 - before) / 1.25f64.sqrt(), rtol = 0.0, atol = 1e-3);
    assert!(last.gamma > 1.0);
    assert!(around.waypoints.iter().all(|waypoint| waypoint.residual.abs() <= 4e-12));
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
