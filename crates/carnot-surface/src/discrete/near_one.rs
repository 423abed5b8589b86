//! Starts at the end of the convex range, gamma = 1, and near it, where what letters say costs little or nothing.

use super::letters::{LEAST_LOG, Letters};
use super::problem::{Problem, Task};
use super::solution::{Solution, Target};
use super::solver::{FIRST_CYCLES, Solver};

/// An input has a label, as far as the groups are concerned, where `p(y|x)` is above this. What is left out shows in what
/// follows: the groups' solution is only where the whole problem's starts.
const HAS: f64 = 1e-10;

/// The distance from gamma = 1 within which there are these starts.
const NEAR_ONE: f64 = 0.01;

/// The factor by which that distance shrinks from one stage to the next, and where the stages end.
const SHRINKAGE: f64 = 1.0 / 3.0;
const NEAREST: f64 = 1e-12;

/// Labels that inputs have in common, and the inputs that have them.
struct Component {
    labels: Vec<usize>,
    inputs: Vec<usize>,
}

/// Whether the problem is at gamma = 1 or just below, and its solution depends on that.
pub(super) fn is_near_one(task: Task<'_>) -> bool {
    let distance = 1.0 - task.at.gamma();
    task.classifier_matters() && task.problem.marginal.is_none() && (0.0..=NEAR_ONE).contains(&distance)
}

impl Solver {
    /// The start of a problem at gamma = 1 whose labels fall into several groups: its solution, or nearly.
    pub(super) fn at_one(&mut self, task: Task<'_>, target: Target) -> Option<Letters> {
        if task.at.gamma() == 1.0 && is_near_one(task) { self.by_components(task, target) } else { None }
    }

    /// Takes a better solution of a problem near gamma = 1 for `solution`: from the letters that gamma takes from a little
    /// below, in stages, or from those at gamma = 1.
    pub(super) fn solve_near_one(&mut self, task: Task<'_>, target: Target, solution: &mut Solution) {
        let end = (1.0 - task.at.gamma()).max(NEAREST);
        let mut letters = Letters::uniform(task.problem);
        let (mut distance, mut cycles) = (NEAR_ONE, FIRST_CYCLES);
        while distance > end {
            let stage = self.solve(task.with_gamma(1.0 - distance), letters, cycles, target);
            (letters, solution.work) = (stage.letters, solution.work.plus(stage.work));
            (distance, cycles) = (SHRINKAGE * distance, 0);
        }
        self.solve_better(task, letters, 0, target, solution);
        if !target.is_met(solution)
            && let Some(letters) = self.by_components(task, target)
        {
            self.solve_better(task, letters, 0, target, solution);
        }
    }

    /// The letters at gamma = 1 of a problem whose labels fall into several groups; `None` for other problems.
    ///
    /// At gamma = 1 the rate less `I(Z;Y)` is `I(X;Z|Y)`: what a letter says about the group of its input's labels costs
    /// nothing. So every group has the letters to itself, `F = H(group) + sum_k p(k) F_k`, and the classifier's zeros, which
    /// Newton's method on its logarithms would approach for ever, are known.
    fn by_components(&mut self, task: Task<'_>, target: Target) -> Option<Letters> {
        let problem = task.problem;
        let components = components(problem);
        if components.len() < 2 {
            return None;
        }
        let n_y = problem.n_y;
        let mut joint = vec![0.0; problem.n_z * n_y];
        for Component { labels, inputs } in &components {
            let part = problem.part(inputs, labels);
            let share: f64 = inputs.iter().map(|&x| problem.source[x]).sum();
            let task = Task { problem: &part, at: task.at.with_gamma(1.0) };
            let solution = Self::new(&part).solve_from(task, None, target);
            for z in solution.letters.in_use() {
                for (k, &y) in labels.iter().enumerate() {
                    let c = solution.letters.log_classifier[z * labels.len() + k].exp();
                    joint[z * n_y + y] += share * solution.letters.marginal[z] * c;
                }
            }
        }
        let mut letters = Letters::uniform(problem);
        for z in 0..problem.n_z {
            let row = &joint[z * n_y..][..n_y];
            letters.marginal[z] = row.iter().sum();
            if letters.marginal[z] > 0.0 {
                for (log_c, q) in letters.log_classifier[z * n_y..].iter_mut().zip(row) {
                    *log_c = (q / letters.marginal[z]).ln().max(LEAST_LOG);
                }
            }
        }
        letters.normalise_marginal();
        Some(letters)
    }
}

/// The labels of a problem in groups, of which no input has two, each with its inputs.
fn components(problem: &Problem) -> Vec<Component> {
    let (n_x, n_y) = (problem.n_x, problem.n_y);
    let has = |x: usize, y: usize| problem.labels[y * n_x + x] > HAS;
    let mut group: Vec<usize> = (0..n_y).collect();
    for x in 0..n_x {
        let mut labels = (0..n_y).filter(|&y| has(x, y));
        let Some(first) = labels.next() else { continue };
        for y in labels {
            let (kept, joined) = (group[first], group[y]);
            group.iter_mut().filter(|group| **group == joined).for_each(|group| *group = kept);
        }
    }
    let with_labels = |number: usize| -> Vec<usize> { (0..n_y).filter(|&y| group[y] == number).collect() };
    (0..n_y)
        .map(with_labels)
        .filter(|labels| !labels.is_empty())
        .map(|labels| {
            let inputs = (0..n_x).filter(|&x| labels.iter().any(|&y| has(x, y))).collect();
            Component { labels, inputs }
        })
        .collect()
}
