//! Processes on discrete systems: certified equilibria, warm starts and the cost of a waypoint.

use std::cell::{Cell, RefCell};

use carnot_info::Joint;
use carnot_process::{
    Constraint, Coordinate, Counters, Crossing, Drive, FromResponse, Hold, Options, PhaseChange, Process,
    ProcessError, Secant, StopReason,
};
use carnot_surface::{
    At, DiscreteError, DiscreteState, DiscreteSystem, Multipliers, Rdc, Response, Responsive, System, Work,
};
use carnot_testkit::strategies::{discrete_problem, log_uniform};
use carnot_testkit::tier::cases;
use carnot_testkit::{DiscreteProblem, assert_close};
use ndarray::{Array2, array};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::at;

pub(crate) fn system_of(problem: &DiscreteProblem) -> DiscreteSystem {
    let joint = Array2::from_shape_vec((problem.n_x, problem.n_y), problem.joint.clone()).expect("a shape");
    let rho =
        Array2::from_shape_vec((problem.n_x, problem.n_z), problem.distortion.clone()).expect("a shape");
    DiscreteSystem::new(&Joint::new(joint).expect("a joint table"), rho.view()).expect("a system")
}

/// Numbers that look random enough, in (0, 1).
fn hash(seed: u64) -> f64 {
    let mut x = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for _ in 0..3 {
        x = (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    ((x >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

/// Points of a square and as many letters, squared distances, three labels that depend on the place.
pub(crate) fn square(n_x: usize, n_z: usize) -> DiscreteSystem {
    let place = |i: usize, salt: u64| [hash(2 * i as u64 + salt), hash(2 * i as u64 + 1 + salt)];
    let mut joint = Vec::new();
    for x in 0..n_x {
        let [a, b] = place(x, 0);
        let weights = [(3.0 * a).exp(), (3.0 * b).exp(), 4.0];
        let total: f64 = weights.iter().sum();
        joint.extend(weights.map(|w| w / total / n_x as f64));
    }
    let distance = |x: usize, z: usize| {
        let ([a, b], [c, d]) = (place(x, 0), place(z, 1_000));
        10.0 * ((a - c).powi(2) + (b - d).powi(2))
    };
    let distortion = (0..n_x).flat_map(|x| (0..n_z).map(move |z| distance(x, z))).collect();
    system_of(&DiscreteProblem { n_x, n_y: 3, n_z, joint, distortion })
}

/// A discrete system that records what each of its equilibria cost.
pub(crate) struct Counted<S> {
    pub(crate) system: S,
    pub(crate) costs: RefCell<Vec<Work>>,
}

impl<S> Counted<S> {
    pub(crate) fn new(system: S) -> Self {
        Self { system, costs: RefCell::default() }
    }
}

impl<S: System<Rdc = Rdc, State = DiscreteState, Error = DiscreteError>> System for Counted<S> {
    type Rdc = Rdc;
    type State = DiscreteState;
    type Error = DiscreteError;

    fn equilibrium(&self, at: Multipliers, from: Option<&DiscreteState>) -> Result<At<Self>, DiscreteError> {
        let found = self.system.equilibrium(at, from)?;
        self.costs.borrow_mut().push(found.state.work());
        Ok(found)
    }
}

impl<S: Responsive<Rdc = Rdc, State = DiscreteState, Error = DiscreteError>> Responsive for Counted<S> {
    fn response(&self, at: &At<Self>) -> Result<Response<f64>, DiscreteError> {
        self.system.response(at)
    }
}

#[test]
fn all_constraints_are_held_over_three_decades() {
    let system = square(12, 8);
    let first = at(3.0, 0.6);
    for held in [Hold::Classification, Hold::Distortion, Hold::Rate, Hold::FreeEnergy] {
        for drive in [Drive::LambdaTo(0.1), Drive::LambdaTo(100.0), Drive::GammaTo(0.01)] {
            let start = system.equilibrium(first, None).expect("an equilibrium");
            let mut trace = Process::new(held, drive)
                .trace(&system, start, FromResponse)
                .expect("a trace")
                .with_event(Crossing::new("no longer convex", |point| point.gamma - 0.99).that_ends())
                .with_event(PhaseChange);
            let curve = trace.collect_curve().unwrap_or_else(|error| panic!("{held:?} {drive:?}: {error}"));
            for waypoint in &curve.waypoints {
                let now = held.value(&waypoint.point) - held.value(&curve.waypoints[0].point);
                assert!(now.abs() <= 1e-10, "{held:?} {drive:?}: {now:e}");
            }
            let ended = matches!(
                curve.stop,
                StopReason::ReachedEnd
                    | StopReason::ReachedZero { .. }
                    | StopReason::Event { .. }
                    | StopReason::Turned { .. }
            );
            assert!(ended, "{held:?} {drive:?}: {}", curve.stop);
            // No collapse of the step at the letters that enter and leave.
            let located = curve.waypoints.iter().filter(|waypoint| waypoint.event.is_some()).count();
            assert!(
                curve.waypoints.len() < 60 + 3 * located,
                "{} waypoints, {located} transitions",
                curve.waypoints.len()
            );
        }
    }
}

#[test]
fn letters_enter_and_leave_where_their_promises_say() {
    let system = square(12, 8);
    let start = system.equilibrium(at(30.0, 0.9), None).expect("an equilibrium");
    let mut trace = Process::new(Hold::Gamma, Drive::LambdaTo(0.3))
        .trace(&system, start, FromResponse)
        .expect("a trace")
        .with_event(PhaseChange);
    let curve = trace.collect_curve().expect("a curve");
    let mut found = 0;
    for waypoint in curve.waypoints.iter().filter(|waypoint| waypoint.event.is_some()) {
        found += 1;
        assert!(waypoint.event.expect("an event").width <= 1e-9);
        // A letter that has just entered is hardly used, and one that has just left promises almost one. Both change with
        // ln lambda by numbers of order one.
        let used = waypoint.equilibrium.state.marginal().probabilities();
        let least = used.iter().copied().filter(|m| *m > 0.0).fold(1.0, f64::min);
        let promises = system.promises(&waypoint.equilibrium).expect("promises");
        let absent = used.iter().zip(&promises).filter(|(m, _)| **m == 0.0).map(|(_, promise)| *promise);
        let nearest = absent.fold(0.0, f64::max);
        assert!(least < 1e-8 || 1.0 - nearest < 1e-8, "{least:e} {nearest}");
    }
    // Without the event it is 11 equilibria: 22 for each transition, with the steps that it adds, where halving takes 30.
    assert_eq!((found, curve.counters.equilibria), (5, 120));
}

/// The first of `lambda`, `4 lambda`, ... at which something is encoded; `lambda` where nothing is at any of ten. There R is at
/// its least, and holding it is not transversal.
pub(crate) fn above_onset(system: &DiscreteSystem, lambda: f64, gamma: f64) -> f64 {
    let encodes =
        |lambda| system.equilibrium(at(lambda, gamma), None).expect("an equilibrium").rdc.rate > 1e-6;
    let exponent = (0..10).find(|k| encodes(lambda * 4f64.powi(*k))).unwrap_or(0);
    lambda * 4f64.powi(exponent)
}

#[test]
fn a_curve_along_which_the_drive_moves_less_than_rounding_goes_on() {
    // Where labels are all but the same R hardly depends on gamma: from gamma 0.8 to 0 lambda changes by 1e-8 of itself, in the
    // end by less in a step than what is allowed of R amounts to.
    let forbidden = f64::INFINITY;
    let joint = array![[0.16, 5e-5], [0.378, 1.2e-4], [0.4617, 1.3e-4]];
    let distortion = array![
        [0.32, 0.765, forbidden, forbidden, forbidden, 0.025, 0.843],
        [forbidden, forbidden, 0.277, 0.106, 0.354, 0.916, forbidden],
        [0.867, forbidden, forbidden, 0.806, forbidden, 0.964, forbidden],
    ];
    let joint = Joint::from_weights(joint).expect("a joint table");
    let system = DiscreteSystem::new(&joint, distortion.view()).expect("a system");
    let start = system.equilibrium(at(1.9, 0.8), None).expect("an equilibrium");
    let process = Process::new(Hold::Rate, Drive::LambdaTo(50.0));
    let mut trace = process.trace(&system, start, FromResponse).expect("a trace");
    let curve = trace.collect_curve().expect("a curve");
    assert_eq!(curve.stop, StopReason::ReachedZero { multiplier: Coordinate::Gamma });
    assert!(curve.waypoints.len() < 30, "{}", curve.waypoints.len());
    let first = curve.waypoints[0].point;
    for waypoint in &curve.waypoints {
        // The tolerance of the process, rtol 1e-13 and atol 1e-12.
        assert_close!(waypoint.point.rate, first.rate, rtol = 1e-13, atol = 2e-12);
        assert_close!(waypoint.point.lambda, first.lambda, rtol = 1e-7, atol = 0.0);
    }
}

#[test]
fn random_problems_are_held() {
    // How far a multiplier is driven: three decades, or something like one or two.
    let factor = prop_oneof![
        4 => prop::sample::select(&[1e-3, 1e3][..]),
        1 => log_uniform(1e-3, 1e-1),
        1 => log_uniform(1e1, 1e3),
    ];
    let held = &[Hold::Rate, Hold::Distortion, Hold::Classification, Hold::FreeEnergy][..];
    let draws = (
        discrete_problem(2..=10, 2..=3, 2..=8),
        log_uniform(1e-1, 1e1),
        0.05..0.9f64,
        factor,
        // Most curves that are driven by lambda are soon led to gamma = 0 or gamma = 1.
        (prop::sample::select(held), prop::bool::weighted(0.25)),
    );
    let [all, encoded, wide, stuck] = [(); 4].map(|()| Cell::new(0u32));
    let run = |(problem, lambda, gamma, factor, (held, drives_lambda)): (
        DiscreteProblem,
        f64,
        f64,
        f64,
        (Hold, bool),
    )| {
        let system = system_of(&problem);
        // In units of the distortion, which has a scale of its own.
        let scale = problem.distortion.iter().copied().filter(|rho| rho.is_finite()).fold(0.0, f64::max);
        let lambda = above_onset(&system, lambda / if scale > 0.0 { scale } else { 1.0 }, gamma);
        let start = system.equilibrium(at(lambda, gamma), None).expect("an equilibrium");
        all.set(all.get() + 1);
        encoded.set(encoded.get() + u32::from(start.rdc.rate > 1e-6));
        // Gamma only falls: above one nothing is certified.
        let drive = if drives_lambda {
            Drive::LambdaTo(lambda * factor)
        } else {
            Drive::GammaTo(gamma * factor.min(1.0 / factor))
        };
        // Lambda has a scale of its own too.
        let largest_multiplier = 1e3 * lambda.max(1.0);
        let mut trace = Process::new(held, drive)
            .with_options(Options { largest_multiplier, ..Options::default() })
            .trace(&system, start, FromResponse)
            .expect("a trace")
            .with_event(Crossing::new("no longer convex", |point| point.gamma - 0.99).that_ends());
        let mut waypoints = Vec::new();
        for waypoint in trace.by_ref() {
            match waypoint {
                Ok(waypoint) => waypoints.push(waypoint),
                // A trial beyond gamma = 1, where nothing is certified, may fail.
                Err(ProcessError::System { at, .. }) if at.gamma() > 1.0 => break,
                Err(error) => prop_assert!(false, "{error}"),
            }
        }
        let first = held.value(&waypoints[0].point);
        for waypoint in &waypoints {
            // F can be so large that its rounding is more.
            let allowed = (512.0 * f64::EPSILON * first.abs()).max(1e-10);
            prop_assert!((held.value(&waypoint.point) - first).abs() <= allowed);
        }
        prop_assert!(trace.stop_reason() != Some(StopReason::MostWaypoints));
        stuck.set(
            stuck.get() + u32::from(matches!(trace.stop_reason(), Some(StopReason::StepTooSmall { .. }))),
        );
        let last = waypoints[waypoints.len() - 1].point;
        let driven = if drives_lambda { last.lambda / lambda } else { last.gamma / gamma };
        // The end is the start times the factor, to rounding.
        wide.set(wide.get() + u32::from(!(1.001e-3..=0.999e3).contains(&driven)));
        Ok(())
    };
    let config = ProptestConfig { source_file: Some(file!()), ..ProptestConfig::with_cases(cases(24, 400)) };
    TestRunner::new(config).run(&draws, run).unwrap_or_else(|error| panic!("{error}"));
    let [all, encoded, wide, stuck] = [all, encoded, wide, stuck].map(|count| count.get());
    // Most of the problems have something to encode, and about half of the curves go on for three decades. A step
    // is too small where what is held hardly depends on anything, and rounding covers it: rarely.
    assert!(4 * encoded > 3 * all && 4 * wide > all, "{encoded} and {wide} of {all}");
    assert!(stuck <= 1 + all / 100, "{stuck} of {all}");
}

#[test]
fn the_work_of_a_waypoint_is_pinned() {
    let counted = Counted::new(square(32, 32));
    let start = counted.equilibrium(at(40.0, 0.9), None).expect("an equilibrium");
    counted.costs.take();
    let process = Process::new(Hold::Classification, Drive::GammaTo(0.02)).with_predictor(Secant);
    let curve =
        process.trace(&counted, start, FromResponse).expect("a trace").collect_curve().expect("a curve");
    let warm = counted.costs.take();
    assert_eq!(curve.stop, StopReason::ReachedEnd);
    for waypoint in &curve.waypoints {
        counted.equilibrium(waypoint.equilibrium.multipliers, None).expect("an equilibrium");
    }
    let cold = counted.costs.take();
    let newton_steps = |costs: &[Work]| costs.iter().map(|work| work.newton_steps).sum::<usize>();
    let cycles = |costs: &[Work]| costs.iter().map(|work| work.cycles).sum::<usize>();
    // Warm starts need no alternation and about two of Newton's steps; a cold solve has both. A change here is a change of
    // cost: look at it before accepting it.
    assert_eq!(cycles(&warm), 0);
    assert!(newton_steps(&warm) <= 2 * warm.len(), "{} in {}", newton_steps(&warm), warm.len());
    assert!(cycles(&cold) >= cold.len() && newton_steps(&cold) >= 3 * cold.len());
    assert_eq!(curve.counters, Counters { equilibria: 27, rejected_steps: 0, corrections: 17 });
    assert_eq!(curve.waypoints.len(), 11);
}
