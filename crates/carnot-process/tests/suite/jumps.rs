//! Curves that come to transitions of first order, and to corners.

use std::convert::Infallible;

use carnot_process::{Coordinate, Drive, Heading, Hold, Process, StopReason};
use carnot_surface::{
    At, Certificate, Driven, Equilibrium, Force, Inversion, InversionOptions, Multipliers, Observable,
    Observables, Rdc, Response, Responsive, Sidedness, Solution, System, Target, solve_for,
};
use carnot_testkit::assert_close;

use crate::at;

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
