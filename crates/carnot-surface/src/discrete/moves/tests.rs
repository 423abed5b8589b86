//! What a move promises, against the objective of the moved encoder.

use carnot_testkit::assert_close;
use carnot_testkit::strategies::log_uniform;
use proptest::prelude::*;

use super::*;
use crate::Multipliers;
use crate::discrete::exchange::tests::letters_of_problems;

/// `R + lambda D + gamma C` of an encoder, letter-major, by the definitions.
fn objective(task: Task<'_>, encoder: &[f64]) -> f64 {
    let Task { problem, at } = task;
    let (n_x, n_y) = (problem.n_x, problem.n_y);
    let mut total = 0.0;
    for z in 0..problem.n_z {
        let row = &encoder[z * n_x..][..n_x];
        let own: f64 = row.iter().zip(&problem.source).map(|(e, p)| e * p).sum();
        let marginal = problem.marginal.as_ref().map_or(own, |marginal| marginal[z]);
        for x in (0..n_x).filter(|&x| row[x] > 0.0) {
            let weight = problem.source[x] * row[x];
            let label = |y: usize| problem.labels[y * n_x + x];
            total += weight * ((row[x] / marginal).ln() + price(task, x, z));
            for y in (0..n_y).filter(|&y| label(y) > 0.0) {
                let shared: f64 =
                    (0..n_x).map(|i| problem.source[i] * row[i] * problem.labels[y * n_x + i]).sum();
                total -= at.gamma() * weight * label(y) * (shared / own).ln();
            }
        }
    }
    total
}

proptest! {
    #[test]
    fn a_move_changes_the_objective_by_what_it_costs(
        (problem, letters) in letters_of_problems(),
        lambda in log_uniform(1e-2, 10.0),
        gamma in log_uniform(1.05, 20.0),
    ) {
        let task = Task { problem: &problem, at: Multipliers::new(lambda, gamma).expect("multipliers") };
        let mut evaluation = Evaluation::new(&problem);
        // An input without a letter has no encoder.
        prop_assume!(evaluation.objective(task, &letters) < 1e6);
        evaluation.update(&problem, &letters);
        let mut moves = Moves::new(&problem);
        moves.load(task, &mut evaluation, &letters);
        let before = objective(task, &evaluation.encoder);
        for x in 0..problem.n_x {
            for z in moves.open.clone() {
                let mut encoder = evaluation.encoder.clone();
                let present = moves.remove(task, &encoder, x);
                let cost = moves.cost(task, x, z);
                moves.insert(task, &mut encoder, x, z);
                let after = objective(task, &encoder);
                // Differences of sums of tens of terms as large as the objective.
                let rounding = 1e-13 * (1.0 + before.abs() + gamma);
                if cost < f64::INFINITY {
                    assert_close!(cost - present, after - before, 1e-11, rounding, "{x} to {z}");
                } else {
                    prop_assert_eq!(after, f64::INFINITY);
                }
                moves.load(task, &mut evaluation, &letters);
            }
        }
    }

    #[test]
    fn moves_never_raise_the_objective(
        (problem, mut letters) in letters_of_problems(),
        lambda in log_uniform(1e-2, 10.0),
        gamma in log_uniform(1.05, 20.0),
    ) {
        let task = Task { problem: &problem, at: Multipliers::new(lambda, gamma).expect("multipliers") };
        let mut evaluation = Evaluation::new(&problem);
        let before = evaluation.objective(task, &letters);
        let mut moves = Moves::new(&problem);
        if moves.make(task, &mut evaluation, &mut letters) {
            let after = evaluation.objective(task, &letters);
            prop_assert!(after < before, "{before} to {after}");
        }
    }
}
