//! The ends of processes against a direct solution of their two equations, constraint and drive, by argmin.
//!
//! The simplex method of Nelder and Mead minimises the sum of the squares of both residuals over both multipliers, from where
//! the process began: without derivatives, from cold equilibria alone, and knowing nothing of where the process ended.

use argmin::core::{CostFunction, Error, Executor, State};
use argmin::solver::neldermead::NelderMead;
use carnot_process::{Constraint, Coordinate, Drive, FromResponse, Hold, Point, Process, StopReason};
use carnot_surface::{Multipliers, Rdc, Responsive, System};
use carnot_testkit::assert_close;

use crate::discrete::square;
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
    let start = system.equilibrium(from, None).expect("an equilibrium");
    let value = held.value(&Point::of::<S>(&start, 0.0));
    let mut trace = Process::new(held, drive).trace(system, start, FromResponse).expect("a trace");
    let curve = trace.collect_curve().expect("a curve");
    assert_eq!(curve.stop, StopReason::ReachedEnd, "{held:?} {drive:?}");
    let ours = curve.last().expect("a waypoint").point;
    let (driving, end) = drive.target().expect("a coordinate");
    let equations = Equations { system, held, value, driving, end };
    let theirs = equations.solved([from.lambda().ln(), from.gamma().ln()]);
    assert_close!(theirs.coordinate(driving), end, rtol = 1e-8, atol = 0.0);
    assert_close!(held.value(&ours), held.value(&theirs), rtol = 0.0, atol = 1e-8);
    assert_close!(ours.free_energy(), theirs.free_energy(), rtol = 1e-8, atol = 1e-8);
    // The multipliers are known as well as the constraint depends on the one that is steered.
    let there = system.equilibrium(at(theirs.lambda, theirs.gamma), None).expect("an equilibrium");
    let response = system.response(&there).expect("a response");
    let (steered, sharpness) = match driving {
        Coordinate::Lambda => (Coordinate::Gamma, response.classification_gamma),
        _ => (Coordinate::Lambda, response.distortion_lambda),
    };
    let known = 1e-8 * (1.0 + 1.0 / sharpness.abs());
    assert_close!(ours.coordinate(steered), theirs.coordinate(steered), rtol = 0.0, atol = known);
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
