//! Where distortion has no price: letters that are allowed the same inputs are alike, and which of them says what is chosen last.

use super::evaluation::Evaluation;
use super::letters::Letters;
use super::phase::joined;
use super::problem::{Problem, Task};
use crate::Multipliers;

/// Prices up to this are next to none.
const LITTLE: f64 = 1e-7;

impl Problem {
    /// The problem as it is at `lambda = 0`, without the costs that have no price there; `None` where lambda gives them one,
    /// where there are no such costs, and where the marginal is given, which tells the letters apart.
    pub(super) fn unpriced(&self, at: Multipliers) -> Option<Self> {
        let is_priceless = |cost: &f64| cost.is_finite() && *cost != 0.0;
        let prices = self.costs.iter().copied().filter(is_priceless).map(|cost| at.lambda() * cost);
        let dearest = prices.reduce(f64::max).unwrap_or(f64::INFINITY);
        if dearest > LITTLE || self.marginal.is_some() {
            return None;
        }
        let mut unpriced = self.clone();
        for cost in unpriced.costs.iter_mut().filter(|cost| cost.is_finite()) {
            *cost = 0.0;
        }
        unpriced.set_kinds();
        Some(unpriced)
    }
}

/// Of the letters that are alike in the task, an unpriced one, gives what each says to the one that says it with the least
/// distortion of `problem` in all: the limit of lambda to zero from above.
pub(super) fn place(problem: &Problem, task: Task<'_>, evaluation: &mut Evaluation, letters: &mut Letters) {
    let (n_x, n_y) = (problem.n_x, problem.n_y);
    let found = joined(task.problem, letters);
    letters.copy_from(&found);
    evaluation.objective(task, &found);
    evaluation.update(task.problem, &found);
    let distortion = |said: usize, by: usize| -> f64 {
        let pairs = evaluation.encoder[said * n_x..][..n_x].iter().zip(problem.row(&problem.costs, by));
        let used = pairs.zip(&problem.source).filter(|((e, _), _)| **e > 0.0);
        used.map(|((e, cost), p)| p * e * cost).sum()
    };
    for kind in (0..problem.n_z).filter(|&z| task.problem.kinds[z] == z) {
        let alike: Vec<usize> = (0..problem.n_z).filter(|&z| task.problem.kinds[z] == kind).collect();
        let (said, unsaid): (Vec<usize>, Vec<usize>) =
            alike.iter().copied().partition(|&z| found.marginal[z] > 0.0);
        let costs: Vec<Vec<f64>> =
            said.iter().map(|&said| alike.iter().map(|&by| distortion(said, by)).collect()).collect();
        let chosen = cheapest(&costs, alike.len());
        let rest = (0..alike.len()).filter(|place| !chosen.contains(place));
        let places = chosen.iter().copied().chain(rest).map(|place| alike[place]);
        for (by, from) in places.zip(said.into_iter().chain(unsaid)) {
            letters.marginal[by] = found.marginal[from];
            letters.log_classifier[by * n_y..][..n_y]
                .copy_from_slice(&found.log_classifier[from * n_y..][..n_y]);
        }
    }
}

/// A column for each row, all different, so that the sum of their costs is the least; there are at least as many columns as
/// rows. By shortest augmenting paths (Jonker and Volgenant, *A shortest augmenting path algorithm for dense and sparse linear
/// assignment problems*, 1987).
fn cheapest(costs: &[Vec<f64>], n_columns: usize) -> Vec<usize> {
    let (mut of_rows, mut of_columns) = (vec![0.0; costs.len()], vec![0.0; n_columns]);
    let mut taken_by: Vec<Option<usize>> = vec![None; n_columns];
    for start in 0..costs.len() {
        // The columns in the order of their distance from the row, each with the one before on the way, up to one that is free.
        let mut distance = vec![f64::INFINITY; n_columns];
        let mut before = vec![None; n_columns];
        let mut passed: Vec<usize> = Vec::new();
        let (mut row, mut length) = (start, 0.0);
        let free = loop {
            let last = passed.last().copied();
            let open = (0..n_columns).filter(|column| !passed.contains(column));
            let mut nearest: Option<usize> = None;
            for column in open {
                let through = length + costs[row][column] - of_rows[row] - of_columns[column];
                if through < distance[column] {
                    (distance[column], before[column]) = (through, last);
                }
                if nearest.is_none_or(|nearest| distance[column] < distance[nearest]) {
                    nearest = Some(column);
                }
            }
            let Some(column) = nearest else { break None };
            length = distance[column];
            match taken_by[column] {
                None => break Some(column),
                Some(other) => row = other,
            }
            passed.push(column);
        };
        for &column in &passed {
            let gain = length - distance[column];
            of_columns[column] -= gain;
            if let Some(row) = taken_by[column] {
                of_rows[row] += gain;
            }
        }
        of_rows[start] += length;
        let mut next = free;
        while let Some(column) = next {
            next = before[column];
            taken_by[column] = next.map_or(Some(start), |column| taken_by[column]);
        }
    }
    let mut chosen = vec![0; costs.len()];
    for (column, row) in taken_by.iter().enumerate() {
        if let Some(row) = row {
            chosen[*row] = column;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;
    use proptest::prelude::*;

    use super::cheapest;

    /// The least sum of costs over all ways to give each row from `row` on a column of its own.
    fn least(costs: &[Vec<f64>], row: usize, taken: &mut Vec<usize>) -> f64 {
        if row == costs.len() {
            return 0.0;
        }
        let mut best = f64::INFINITY;
        for column in 0..costs[row].len() {
            if !taken.contains(&column) {
                taken.push(column);
                best = best.min(costs[row][column] + least(costs, row + 1, taken));
                taken.pop();
            }
        }
        best
    }

    proptest! {
        #[test]
        fn the_cheapest_assignment_is_that_of_all(
            costs in (1..6_usize, 0..3_usize).prop_flat_map(|(n, more)| {
                prop::collection::vec(prop::collection::vec(0.0..1.0_f64, n + more), n)
            }),
        ) {
            let chosen = cheapest(&costs, costs[0].len());
            let mut columns = chosen.clone();
            columns.sort_unstable();
            columns.dedup();
            prop_assert_eq!(columns.len(), costs.len());
            let sum: f64 = chosen.iter().zip(&costs).map(|(column, row)| row[*column]).sum();
            assert_close!(sum, least(&costs, 0, &mut Vec::new()), rtol = 1e-14, atol = 1e-14);
        }
    }
}
