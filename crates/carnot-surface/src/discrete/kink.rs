//! Kinks of the free energy that are known from the tables alone.

use super::problem::{Problem, Task};

/// Whether F has a kink at these multipliers because labels tell groups of inputs apart for certain.
///
/// Let V be the group. At `lambda = 0` and below `gamma = 1` nothing is encoded, `C = H(Y)`. At `gamma = 1` telling the
/// group, `R = I(X;Z) = H(V)` and `C = H(Y) - H(V)`, is as good: F is concave and its right derivative at most that. Labels
/// that are functions of the input have `V = Y` and `F(0, gamma) = min(1, gamma) H(Y)`.
pub(super) fn has_kink(task: Task<'_>) -> bool {
    let Task { problem, at } = task;
    let free = problem.marginal.is_none() && task.classifier_matters() && problem.n_z > 1;
    let corner = at.lambda() == 0.0 && at.gamma() == 1.0;
    corner && free && problem.costs.iter().all(|cost| cost.is_finite()) && labels_tell_groups(problem)
}

/// Whether some inputs share no label with the others, directly or through further inputs.
fn labels_tell_groups(problem: &Problem) -> bool {
    let (n_x, n_y) = (problem.n_x, problem.n_y);
    let mut reached = vec![false; n_x];
    let mut next = vec![0];
    while let Some(x) = next.pop() {
        if std::mem::replace(&mut reached[x], true) {
            continue;
        }
        let shares = |other: usize| {
            (0..n_y).any(|y| problem.labels[y * n_x + x] > 0.0 && problem.labels[y * n_x + other] > 0.0)
        };
        next.extend((0..n_x).filter(|&other| !reached[other] && shares(other)));
    }
    reached.contains(&false)
}
