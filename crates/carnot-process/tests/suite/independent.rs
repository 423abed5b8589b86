//! The ends of processes against a direct solution of their two equations, constraint and drive, by argmin.
//!
//! The simplex method of Nelder and Mead minimises the sum of the squares of both residuals over both multipliers, from where
//! the process began: without derivatives, from cold equilibria alone, and knowing nothing of where the process ended.

use argmin::core::{CostFunction, Error, Executor, State};
use argmin::solver::neldermead::NelderMead;
use carnot_process::{
    Constraint, Coordinate, Curve, Drive, FromResponse, Hold, Point, Process, StopReason, Waypoint,
};
use carnot_surface::{GaussianSystem, Multipliers, Rdc, Responsive, System};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::{discrete_problem, log_uniform, positive_definite, signed};
use carnot_testkit::tier::cases;
use ndarray::Array2;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::discrete::{square, system_of};
use crate::{at, two_dimensional, with_transitions};

/// Both equations, as a function of `(ln lambda, ln gamma)`.
struct Equations<'a, S> {
    system: &'a S,
    held: Hold,
    value: f64,
    driving: Coordinate,
    end: f64,
}

impl<S: System<Rdc = Rdc>> Equations<'_, S> {
    fn point(&self, logarithms: &[f64]) -> Result<Point, Error> {
        let multipliers = Multipliers::new(logarithms[0].exp(), logarithms[1].exp())?;
        Ok(Point::of::<S>(&self.system.equilibrium(multipliers, None)?, 0.0))
    }

    /// The point that meets both. A simplex can collapse before: it is started again, smaller, where the last one ended.
    fn solved(&self, from: [f64; 2]) -> Point {
        let mut best = from.to_vec();
        for size in [0.3, 0.1, 0.03, 1e-2, 1e-3, 1e-4, 1e-6] {
            let [x, y] = [best[0], best[1]];
            let simplex = vec![vec![x, y], vec![x + size, y], vec![x, y + size]];
            let solver = NelderMead::new(simplex).with_sd_tolerance(1e-30).expect("a tolerance");
            let run = Executor::new(self.clone(), solver).configure(|state| state.max_iters(600)).run();
            best = run.expect("a minimum").state().get_best_param().expect("a best").clone();
        }
        self.point(&best).expect("an equilibrium")
    }
}

// By hand: a derive would ask for `S: Clone`.
impl<S> Clone for Equations<'_, S> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<S: System<Rdc = Rdc>> CostFunction for Equations<'_, S> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, logarithms: &Vec<f64>) -> Result<f64, Error> {
        let point = self.point(logarithms)?;
        let constraint = self.held.value(&point) - self.value;
        let drive = (point.coordinate(self.driving) / self.end).ln();
        Ok(constraint * constraint + drive * drive)
    }
}

/// Compares the end of a process with the solution of its two equations.
fn compare<S: Responsive<Rdc = Rdc>>(system: &S, held: Hold, drive: Drive, from: Multipliers) {
    assert!(compared(system, held, drive, from), "{held:?} {drive:?}");
}

/// The same, where the process reaches its end at all.
fn compared<S: Responsive<Rdc = Rdc>>(system: &S, held: Hold, drive: Drive, from: Multipliers) -> bool {
    let start = system.equilibrium(from, None).expect("an equilibrium");
    let value = held.value(&Point::of::<S>(&start, 0.0));
    let mut trace = Process::new(held, drive).trace(system, start, FromResponse).expect("a trace");
    let Ok(curve) = trace.collect_curve() else { return false };
    if curve.stop != StopReason::ReachedEnd {
        return false;
    }
    let ours = curve.last().expect("a waypoint").point;
    let (driving, end) = drive.target().expect("a coordinate");
    // The multipliers are known as well as the constraint depends on the one that is steered; on a plateau, and at its edge,
    // every value meets it.
    let steered = if driving == Coordinate::Lambda { Coordinate::Gamma } else { Coordinate::Lambda };
    let sharpness = |point: &Point| {
        let there = system.equilibrium(at(point.lambda, point.gamma), None).expect("an equilibrium");
        let response = system.response(&there).expect("a response");
        match steered {
            Coordinate::Gamma => response.classification_gamma.abs(),
            _ => response.distortion_lambda.abs(),
        }
    };
    let is_flat = |point: &Point| sharpness(point) * point.coordinate(steered).powi(2) < 1e-6;
    if is_flat(&ours) {
        return false;
    }
    let equations = Equations { system, held, value, driving, end };
    let theirs = equations.solved([from.lambda().ln(), from.gamma().ln()]);
    if is_flat(&theirs) {
        return false;
    }
    assert_close!(theirs.coordinate(driving), end, rtol = 1e-8, atol = 0.0);
    assert_close!(held.value(&ours), held.value(&theirs), rtol = 0.0, atol = 1e-8);
    assert_close!(ours.free_energy(), theirs.free_energy(), rtol = 1e-8, atol = 1e-8);
    // The multipliers are known as well as the constraint depends on the one that is steered.
    let known = 1e-8 * (1.0 + 1.0 / sharpness(&theirs));
    assert_close!(ours.coordinate(steered), theirs.coordinate(steered), rtol = 0.0, atol = known);
    true
}

/// What is monotone in the multiplier that is steered, so that there is one solution: C in gamma, D in lambda, F in both.
fn monotone() -> impl Strategy<Value = (Hold, bool)> {
    let either = [
        (Hold::Classification, true),
        (Hold::Distortion, false),
        (Hold::FreeEnergy, true),
        (Hold::FreeEnergy, false),
    ];
    prop::sample::select(either.to_vec())
}

/// How many draws of a strategy are compared.
fn count<T: std::fmt::Debug>(
    draws: u32,
    of: impl Strategy<Value = T>,
    is_compared: impl Fn(T) -> bool,
) -> u32 {
    let mut runner = TestRunner::deterministic();
    let draw = |_| of.new_tree(&mut runner).expect("no draw is refused").current();
    (0..draws).map(draw).map(|drawn| u32::from(is_compared(drawn))).sum()
}

#[test]
fn the_ends_of_random_gaussian_processes_are_those_of_a_direct_solution() {
    let system = prop_oneof![1..6usize, Just(12), Just(32)]
        .prop_flat_map(|n| (Just(n), positive_definite(n, (1e-1, 1e1)), signed(2 * n)));
    let from = (log_uniform(0.3, 3.0), log_uniform(0.3, 3.0));
    let draws = cases(24, 150);
    let compared = count(draws, (system, from, log_uniform(1e-2, 1e2), monotone()), |drawn| {
        let ((n, sx, b), (lambda, gamma), factor, (held, by_lambda)) = drawn;
        let sx = Array2::from_shape_vec((n, n), sx).expect("a shape");
        let b = Array2::from_shape_vec((2, n), b).expect("a shape");
        let system = GaussianSystem::new(sx.view(), b.view(), Array2::eye(2).view(), 0.5, 1.0);
        let drive = if by_lambda { Drive::LambdaTo(lambda * factor) } else { Drive::GammaTo(gamma * factor) };
        compared(&system.expect("a valid system"), held, drive, at(lambda, gamma))
    });
    assert!(4 * compared > draws, "{compared} of {draws}");
}

#[test]
fn the_ends_of_random_discrete_processes_are_those_of_a_direct_solution() {
    let problem = discrete_problem(2..=6, 2..=3, 2..=5);
    let draws = cases(48, 300);
    let from = (log_uniform(0.3, 10.0), 0.05..0.6f64);
    let compared = count(draws, (problem, from, log_uniform(1e-1, 1e1), monotone()), |drawn| {
        let (problem, (lambda, gamma), factor, (held, by_lambda)) = drawn;
        let scale = problem.distortion.iter().copied().filter(|rho| rho.is_finite()).fold(0.0, f64::max);
        let lambda = lambda / if scale > 0.0 { scale } else { 1.0 };
        let (of_lambda, of_gamma) = (lambda * factor, (gamma * factor).min(0.95));
        let drive = if by_lambda { Drive::LambdaTo(of_lambda) } else { Drive::GammaTo(of_gamma) };
        // Where the problem is convex.
        let is_convex = |curve: &Curve<_>| curve.waypoints.iter().all(|w: &Waypoint<_>| w.point.gamma < 0.95);
        let process = Process::new(held, drive).run(system_of(&problem), at(lambda, gamma));
        process.is_ok_and(|curve| is_convex(&curve))
            && compared(&system_of(&problem), held, drive, at(lambda, gamma))
    });
    assert!(8 * compared > draws, "{compared} of {draws}");
}

#[test]
fn the_ends_of_gaussian_processes_are_those_of_a_direct_solution() {
    let gaussian = two_dimensional();
    compare(&gaussian, Hold::Classification, Drive::LambdaTo(0.03), at(3.0, 3.0));
    compare(&gaussian, Hold::Distortion, Drive::GammaTo(0.5), at(3.0, 3.0));
    compare(&gaussian, Hold::Rate, Drive::LambdaTo(1.0), at(3.0, 3.0));
    compare(&gaussian, Hold::FreeEnergy, Drive::GammaTo(2.0), at(3.0, 3.0));
    let crossing = with_transitions();
    compare(&crossing, Hold::Classification, Drive::LambdaTo(0.02), at(20.0, 5.0));
    compare(&crossing, Hold::Distortion, Drive::GammaTo(2.0), at(2.0, 0.05));
    compare(&crossing, Hold::Rate, Drive::GammaTo(2.0), at(2.0, 1.0));
}

#[test]
fn the_ends_of_discrete_processes_are_those_of_a_direct_solution() {
    let system = square(10, 8);
    for held in [Hold::Classification, Hold::Distortion, Hold::Rate, Hold::FreeEnergy] {
        compare(&system, held, Drive::GammaTo(0.01), at(3.0, 0.6));
        compare(&system, held, Drive::GammaTo(0.1), at(40.0, 0.8));
    }
}
