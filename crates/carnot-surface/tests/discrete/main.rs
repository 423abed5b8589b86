//! Discrete systems against closed forms, plain alternation, finite differences and the theory.

mod bottleneck;
mod certificates;
mod closed_forms;
mod degenerate;
mod edges;
mod extremes;
mod foreign;
mod given;
mod inversion;
mod places;
mod response;
mod search;
mod sides;
mod theory;
mod unpriced;

use carnot_info::{Distribution, Joint};
use carnot_surface::{At, DiscreteSystem, Multipliers, System};
use carnot_testkit::DiscreteProblem;
use ndarray::Array2;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("valid multipliers")
}

fn solve<S: System>(system: &S, multipliers: Multipliers) -> At<S> {
    system.equilibrium(multipliers, None).expect("an equilibrium")
}

/// A table of `n_rows` rows, row after row.
fn table(n_rows: usize, entries: &[f64]) -> Array2<f64> {
    Array2::from_shape_vec((n_rows, entries.len() / n_rows), entries.to_vec()).expect("a shape")
}

/// `p(x, y)` with `n_x` rows.
fn joint(n_x: usize, entries: &[f64]) -> Joint {
    Joint::from_weights(table(n_x, entries)).expect("a joint distribution")
}

fn joint_of(problem: &DiscreteProblem) -> Joint {
    joint(problem.n_x, &problem.joint)
}

fn system_of(problem: &DiscreteProblem) -> DiscreteSystem {
    let distortion = table(problem.n_x, &problem.distortion);
    DiscreteSystem::new(&joint_of(problem), distortion.view()).expect("a system")
}

/// Which labels occur: in pairs of a probability that is not negligible.
fn occurring_labels(problem: &DiscreteProblem) -> Vec<bool> {
    let pairs = |y: usize| problem.joint.iter().skip(y).step_by(problem.n_y);
    (0..problem.n_y).map(|y| pairs(y).any(|p| *p >= 1e-22)).collect()
}

/// A source without labels and a distortion, row after row.
fn rate_distortion(source: &[f64], distortion: &[f64]) -> DiscreteSystem {
    let source = Distribution::from_weights(source.to_vec()).expect("a distribution");
    DiscreteSystem::rate_distortion(&source, table(source.n_outcomes(), distortion).view()).expect("a system")
}

/// The bottleneck of `p(x, y)` with `n_x` rows.
fn bottleneck_of(n_x: usize, entries: &[f64], n_letters: usize) -> DiscreteSystem {
    DiscreteSystem::bottleneck(&joint(n_x, entries), n_letters).expect("a system")
}

/// Draws from a strategy, the same in every run, and hands them to `check` with their number.
fn for_draws<S: Strategy>(count: u32, strategy: &S, mut check: impl FnMut(u32, S::Value)) {
    let mut runner = TestRunner::deterministic();
    for draw in 0..count {
        check(draw, strategy.new_tree(&mut runner).expect("a draw without rejections").current());
    }
}
