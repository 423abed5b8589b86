//! The ends of processes against a direct solution of their two equations by argmin.
//!
//! Of each pair (multiplier, constraint) one unknown is left once the drive is at its end; argmin's Brent method finds it
//! without derivatives, from equilibria alone.

use argmin::core::{CostFunction, Error, Executor, State};
use argmin::solver::brent::BrentRoot;
use carnot_process::{Constraint, Coordinate, Drive, FromResponse, Hold, Point, Process, StopReason};
use carnot_surface::{Multipliers, Rdc, Responsive, System};
use carnot_testkit::assert_close;

use crate::discrete::square;
use crate::{at, two_dimensional, with_transitions};

/// The residual of a constraint as a function of the multiplier that does not drive, in its logarithm.
struct Residual<'a, S> {
    system: &'a S,
    held: Hold,
    value: f64,
    driving: Coordinate,
    end: f64,
}

impl<S: System<Rdc = Rdc>> Residual<'_, S> {
    fn multipliers(&self, logarithm: f64) -> Result<Multipliers, Error> {
        let (lambda, gamma) = match self.driving {
            Coordinate::Lambda => (self.end, logarithm.exp()),
            _ => (logarithm.exp(), self.end),
        };
        Ok(Multipliers::new(lambda, gamma)?)
    }
}

impl<S: System<Rdc = Rdc>> CostFunction for Residual<'_, S> {
    type Param = f64;
    type Output = f64;

    fn cost(&self, logarithm: &f64) -> Result<f64, Error> {
        let found = self.system.equilibrium(self.multipliers(*logarithm)?, None)?;
        Ok(self.held.value(&Point::of::<S>(&found, 0.0)) - self.value)
    }
}

/// Compares the end of a process with the root that Brent's method finds within a factor of two of it.
fn compare<S: Responsive<Rdc = Rdc>>(system: &S, held: Hold, drive: Drive, from: Multipliers) {
    let start = system.equilibrium(from, None).expect("an equilibrium");
    let value = held.value(&Point::of::<S>(&start, 0.0));
    let mut trace = Process::new(held, drive).trace(system, start, FromResponse).expect("a trace");
    let curve = trace.collect_curve().expect("a curve");
    assert_eq!(curve.stop, StopReason::ReachedEnd, "{held:?} {drive:?}");
    let ours = curve.last().expect("a waypoint");
    let (driving, end) = drive.target().expect("a coordinate");
    let steered = if driving == Coordinate::Lambda { ours.point.gamma } else { ours.point.lambda };
    let residual = Residual { system, held, value, driving, end };
    let solver = BrentRoot::new((0.5 * steered).ln(), (2.0 * steered).ln(), 1e-13);
    let run =
        Executor::new(residual, solver).configure(|state| state.param(steered.ln()).max_iters(200)).run();
    let run = run.expect("a root between the two");
    let theirs = run.state().get_best_param().expect("a best").exp();
    let (lambda, gamma) = if driving == Coordinate::Lambda { (end, theirs) } else { (theirs, end) };
    let there = system.equilibrium(at(lambda, gamma), None).expect("an equilibrium");
    let point = Point::of::<S>(&there, 0.0);
    assert_close!(held.value(&ours.point), held.value(&point), rtol = 1e-8, atol = 1e-8);
    assert_close!(ours.point.free_energy(), point.free_energy(), rtol = 1e-8, atol = 1e-8);
    // The multipliers are known as well as the constraint depends on them.
    let response = system.response(&there).expect("a response");
    let sharpness = match driving {
        Coordinate::Lambda => response.classification_gamma,
        _ => response.distortion_lambda,
    };
    let known = 1e-8 * (1.0 + 1.0 / sharpness.abs());
    assert_close!(steered, theirs, rtol = 0.0, atol = known);
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
