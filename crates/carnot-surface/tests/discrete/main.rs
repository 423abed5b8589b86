//! Discrete systems against closed forms, plain alternation, finite differences and the theory.

mod certificates;
mod response;
mod search;
mod zz_debug;

use carnot_info::Joint;
use carnot_surface::{At, DiscreteSystem, Multipliers, System};
use carnot_testkit::DiscreteProblem;
use ndarray::Array2;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("valid multipliers")
}

fn solve(system: &DiscreteSystem, multipliers: Multipliers) -> At<DiscreteSystem> {
    system.equilibrium(multipliers, None).expect("an equilibrium")
}

fn joint_of(problem: &DiscreteProblem) -> Joint {
    let table = Array2::from_shape_vec((problem.n_x, problem.n_y), problem.joint.clone()).expect("a shape");
    Joint::from_weights(table).expect("a joint distribution")
}

fn distortion_of(problem: &DiscreteProblem) -> Array2<f64> {
    Array2::from_shape_vec((problem.n_x, problem.n_z), problem.distortion.clone()).expect("a shape")
}

fn system_of(problem: &DiscreteProblem) -> DiscreteSystem {
    DiscreteSystem::new(&joint_of(problem), distortion_of(problem).view()).expect("a system")
}

/// Draws from a strategy, the same in every run, and hands them to `check` with their number.
fn for_draws<S: Strategy>(count: u32, strategy: &S, mut check: impl FnMut(u32, S::Value)) {
    let mut runner = TestRunner::deterministic();
    for draw in 0..count {
        check(draw, strategy.new_tree(&mut runner).expect("a draw without rejections").current());
    }
}
