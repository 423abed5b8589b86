//! A Carnot cycle: C is held, then gamma, then C, then gamma, until the multipliers are what they were.

use carnot_process::{Adaptive, Cycle, Drive, Hold, Journey, Options, PhaseChange, Process};
use carnot_surface::{GaussianSystem, Multipliers, Still};

use crate::figure::FigureError;
use crate::figures::exact::{Example, nan_or_max};

/// lambda and gamma where it begins and ends; the gamma of the second leg, and the lambda at the end of it.
const START: (f64, f64) = (0.25, 0.14);
const OTHER_GAMMA: f64 = 0.08;
const FAR_LAMBDA: f64 = 5.0;

/// Steps short enough for a smooth picture; each is integrated by six nodes, to order twelve.
const LARGEST_STEP: f64 = 0.1;
const NODES: usize = 6;
/// Transitions are bracketed to this, in logarithms: the work of the rest of their step is that of a kink.
const BRACKET: f64 = 1e-12;

/// A point of the cycle. D and C are without the constants that no encoder can change, and so is the work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) arc_length: f64,
    pub(super) lambda: f64,
    pub(super) gamma: f64,
    pub(super) rate: f64,
    pub(super) distortion: f64,
    pub(super) classification: f64,
    /// `int D dlambda` and `int C dgamma` since the start, in nats.
    pub(super) work: [f64; 2],
    /// `F - F_0` without the constants.
    pub(super) free_energy: f64,
    /// Whether a mode enters or leaves here.
    pub(super) is_transition: bool,
}

/// One of the four processes.
pub(super) struct Leg {
    pub(super) held: Hold,
    pub(super) points: Vec<Point>,
    /// `int D dlambda` and `int C dgamma` of the leg, without the constants, in nats.
    pub(super) work: [f64; 2],
    /// Their sum less the change of F, relative to the integral of their absolute values.
    pub(super) imbalance: f64,
}

/// What is shown of the cycle.
pub(super) struct Run {
    pub(super) legs: Vec<Leg>,
    /// The larger difference between the end and the start, in lambda, gamma, R, D and C; relative where they are above one.
    pub(super) gap: f64,
    /// The same of the reversed cycle, whose last leg does not drive lambda to the start, but holds C and steers it there.
    pub(super) gap_reversed: f64,
    /// `int D dlambda + C dgamma` around the cycle, relative to the integral of its absolute value.
    pub(super) loop_integral: f64,
    /// `int C dgamma` around the cycle less the rectangle of the two gammas and the two C, relative to it.
    pub(super) rectangle: f64,
}

impl Run {
    pub(super) fn of(example: &Example<GaussianSystem>) -> Result<Self, FigureError> {
        let start = Multipliers::new(START.0, START.1).map_err(FigureError::unfinished)?;
        let plan = [
            (Hold::Classification, Drive::GammaTo(OTHER_GAMMA)),
            (Hold::Gamma, Drive::LambdaTo(FAR_LAMBDA)),
            (Hold::Classification, Drive::GammaTo(START.1)),
            (Hold::Gamma, Drive::LambdaTo(START.0)),
        ];
        let journey = run(&example.system, start, plan)?;
        let corners: Vec<_> =
            journey.legs.iter().filter_map(|leg| leg.waypoints.first()).map(|corner| corner.point).collect();
        let [first, second, third, fourth] = corners[..] else {
            return Err(FigureError::unfinished("the cycle does not have four legs"));
        };
        let reversed = [
            (Hold::Gamma, Drive::LambdaTo(fourth.lambda)),
            (Hold::Classification, Drive::GammaTo(third.gamma)),
            (Hold::Gamma, Drive::LambdaTo(second.lambda)),
            (Hold::Classification, Drive::GammaTo(first.gamma)),
        ];
        let back = run(&example.system, start, reversed)?;
        let work = journey.work();
        let rectangle = (second.gamma - first.gamma) * (first.classification - third.classification);
        Ok(Run {
            gap: gap(&journey),
            gap_reversed: gap(&back),
            loop_integral: (work.total() / work.size).abs(),
            rectangle: (work.gamma / rectangle - 1.0).abs(),
            legs: legs(&journey, plan.map(|(held, _)| held), example.constants),
        })
    }

    /// The larger imbalance of a leg.
    pub(super) fn worst_imbalance(&self) -> f64 {
        self.legs.iter().map(|leg| leg.imbalance).fold(0.0, nan_or_max)
    }

    pub(super) fn transitions(&self) -> impl Iterator<Item = &Point> {
        self.legs.iter().flat_map(|leg| &leg.points).filter(|point| point.is_transition)
    }
}

/// The legs of what is held and what drives, one after the other.
fn run(
    system: &GaussianSystem,
    start: Multipliers,
    plan: [(Hold, Drive); 4],
) -> Result<Journey<GaussianSystem>, FigureError> {
    let options = Options { work_nodes: NODES, event_tolerance: BRACKET, ..Options::default() };
    let control = Adaptive { largest_step: LARGEST_STEP, ..Adaptive::default() };
    let process = |(held, drive)| Process::new(held, drive).with_options(options).with_control(control);
    let journey = Cycle::new(plan.map(process))
        .run_driven(&Still(system.clone()), start, 0.0, |leg| leg.with_event(PhaseChange))
        .map_err(FigureError::unfinished)?;
    journey.into_complete().map_err(FigureError::unfinished)
}

fn gap(journey: &Journey<GaussianSystem>) -> f64 {
    let Some([first, last]) = journey.ends() else { return f64::NAN };
    let numbers = |p: carnot_process::Point| [p.lambda, p.gamma, p.rate, p.distortion, p.classification];
    let pairs = numbers(first).into_iter().zip(numbers(last));
    pairs.map(|(first, last)| (last - first).abs() / first.abs().max(1.0)).fold(0.0, nan_or_max)
}

fn legs(
    journey: &Journey<GaussianSystem>,
    held: [Hold; 4],
    [distortion, classification]: [f64; 2],
) -> Vec<Leg> {
    let Some([start, _]) = journey.ends() else { return Vec::new() };
    let (mut arc_length, mut before) = (0.0, [0.0; 2]);
    let mut legs = Vec::new();
    for (curve, held) in journey.legs.iter().zip(held) {
        let (Some(first), Some(last)) = (curve.waypoints.first(), curve.last()) else { continue };
        // The constants' share of the work, since the beginning of the leg.
        let work = |waypoint: &carnot_process::Waypoint<GaussianSystem>| {
            let (from, to) = (first.point, waypoint.point);
            [
                waypoint.work.lambda - distortion * (to.lambda - from.lambda),
                waypoint.work.gamma - classification * (to.gamma - from.gamma),
            ]
        };
        let free_energy = |point: carnot_process::Point| {
            let constants =
                distortion * (point.lambda - start.lambda) + classification * (point.gamma - start.gamma);
            point.free_energy() - start.free_energy() - constants
        };
        let points = curve.waypoints.iter().map(|waypoint| {
            let [lambda, gamma] = work(waypoint);
            let point = waypoint.point;
            Point {
                arc_length: arc_length + waypoint.arc_length,
                lambda: point.lambda,
                gamma: point.gamma,
                rate: point.rate,
                distortion: point.distortion - distortion,
                classification: point.classification - classification,
                work: [before[0] + lambda, before[1] + gamma],
                free_energy: free_energy(point),
                is_transition: waypoint.event.is_some(),
            }
        });
        let points = points.collect();
        let own = work(last);
        let change = last.point.free_energy() - first.point.free_energy();
        let imbalance = (last.work.total() - change).abs() / last.work.size;
        legs.push(Leg { held, points, work: own, imbalance });
        arc_length += last.arc_length;
        before = [before[0] + own[0], before[1] + own[1]];
    }
    legs
}
