//! What the exchanges promise, against the objective of the changed letters.

use carnot_info::{Distribution, Joint};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::{discrete_problem, log_uniform, probabilities};
use ndarray::Array2;
use proptest::prelude::*;

use super::*;
use crate::Multipliers;
use crate::discrete::letters::normalise_log;

/// A problem, with or without a given marginal, and letters of which some are not in use.
pub(in crate::discrete) fn letters_of_problems() -> impl Strategy<Value = (Problem, Letters)> {
    discrete_problem(2..=7, 2..=4, 2..=6).prop_flat_map(|problem| {
        let (n_x, n_y, n_z) = (problem.n_x, problem.n_y, problem.n_z);
        let joint = Array2::from_shape_vec((n_x, n_y), problem.joint).expect("a shape");
        let distortion = Array2::from_shape_vec((n_x, n_z), problem.distortion).expect("a shape");
        let joint = Joint::from_weights(joint).expect("a joint distribution");
        let problem = Problem::new(&joint, &distortion.view()).expect("a problem");
        let rows = prop::collection::vec(probabilities(problem.n_y), n_z);
        (probabilities(n_z), rows, any::<bool>()).prop_map(move |(marginal, rows, given)| {
            let mut problem = problem.clone();
            if given {
                let given = Distribution::from_weights(marginal.clone()).expect("a distribution");
                // Not with a marginal that leaves an input without a letter.
                problem = problem.clone().with_marginal(&given).unwrap_or(problem);
            }
            let mut letters = Letters::uniform(&problem);
            letters.marginal.copy_from_slice(&marginal);
            for (row, weights) in letters.log_classifier.chunks_mut(problem.n_y).zip(&rows) {
                for (log_c, p) in row.iter_mut().zip(weights) {
                    *log_c = (0.99 * p + 0.01 / problem.n_y as f64).ln();
                }
                normalise_log(row);
            }
            (problem, letters)
        })
    })
}

/// The least part of `s(x)` whose rounding is small.
const LEAST_RESOLVED: f64 = 1e-5;

/// Every change that the list may hold.
fn possible(exchanges: &Exchanges, problem: &Problem, letters: &Letters) -> Vec<Change> {
    let free = problem.marginal.is_none();
    let used = |z: usize| letters.marginal[z] > 0.0;
    let mut changes = Vec::new();
    for z in 0..problem.n_z {
        if used(z) || is_first_spare(problem, letters, z) {
            changes.extend(exchanges.offers.iter().map(|offer| Change::Say(z, *offer)));
        }
        let others = (0..problem.n_z).filter(|&b| b != z && used(z) && (used(b) || free));
        changes.extend(others.map(|b| Change::Swap(z, b)));
    }
    changes
}

proptest! {
    #[test]
    fn the_rise_is_that_of_the_objective_and_what_is_left_out_does_not_lower_it(
        (problem, letters) in letters_of_problems(),
        lambda in log_uniform(1e-2, 10.0),
        gamma in log_uniform(1.05, 20.0),
    ) {
        let task = Task { problem: &problem, at: Multipliers::new(lambda, gamma).expect("multipliers") };
        let mut evaluation = Evaluation::new(&problem);
        let before = evaluation.objective(task, &letters);
        // An input without a letter costs 1e306: no rise is seen beside that.
        prop_assume!(before < 1e6);
        evaluation.update(&problem, &letters);
        let mut exchanges = Exchanges::new(&problem);
        exchanges.list(task, &evaluation, &letters, f64::INFINITY);
        let scale = before.abs().max(1.0);
        let mut other = Evaluation::new(&problem);
        for change in possible(&exchanges, &problem, &letters) {
            let mut changed = letters.clone();
            change.apply(&problem, &mut changed);
            let rise = other.objective(task, &changed) - before;
            let listed = exchanges.found.iter().find(|(_, found)| match (*found, change) {
                (Change::Swap(a, b), Change::Swap(c, d)) => (a, b) == (c, d) || (a, b) == (d, c),
                (found, change) => found == change,
            });
            // What two letters leave to an input is a difference, with the rounding of one: no digits are known where next to
            // nothing is left.
            let mut factors = other.log_partition.iter().zip(&evaluation.log_partition).map(|(a, b)| a - b);
            let is_resolved = factors.all(|log_factor| log_factor > LEAST_RESOLVED.ln());
            match listed {
                Some((listed, _)) if is_resolved => {
                    let rounding = f64::EPSILON / LEAST_RESOLVED;
                    assert_close!(*listed, rise, 1e-11, 1e-12 * scale + rounding, "{change:?}");
                }
                // The objective is evaluated again before such a change is made.
                Some(_) => {}
                None => prop_assert!(rise >= -1e-13 * scale, "{change:?} lowers by {rise:e}"),
            }
        }
    }

    #[test]
    fn exchanges_never_raise_the_objective(
        (problem, mut letters) in letters_of_problems(),
        lambda in log_uniform(1e-2, 10.0),
        gamma in log_uniform(1.05, 20.0),
    ) {
        let task = Task { problem: &problem, at: Multipliers::new(lambda, gamma).expect("multipliers") };
        let mut evaluation = Evaluation::new(&problem);
        let before = evaluation.objective(task, &letters);
        let made = Exchanges::new(&problem).make(task, &mut evaluation, &mut letters);
        let after = evaluation.objective(task, &letters);
        prop_assert_eq!(made, after < before);
        prop_assert!(after <= before);
        prop_assert!((letters.marginal.iter().sum::<f64>() - 1.0).abs() < 1e-13);
    }
}
