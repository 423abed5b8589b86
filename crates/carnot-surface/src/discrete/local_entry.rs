//! Letters that enter where the problem is not convex: what each promises has several local maxima.

use super::letters::{Letters, normalise_log};
use super::problem::Task;
use super::solver::{ENTRY, Solver};

/// Classifiers of two letters that enter together differ by this in an entry.
const DIFFERENT: f64 = 0.02;

/// Steps of a candidate classifier before its promise is believed.
const CLASSIFIER_ROUNDS: usize = 60;

/// The same where the promise itself is asked for.
const PATIENT_ROUNDS: usize = 5_000;

/// A letter that promises this much more than one enters.
const CLEAR_ENTRY: f64 = 1e-12;

/// A share from which an entry need not show in the objective.
const HIDDEN: f64 = 1e-6;

impl Solver {
    /// Takes letters into use that promise to lower the objective, each with the classifier with which it promises most,
    /// and as many of them at once as say different things; `false` where none promises anything.
    pub(super) fn enter(&mut self, task: Task<'_>, letters: &mut Letters) -> bool {
        let problem = task.problem;
        if problem.marginal.is_some() {
            return false;
        }
        let before = self.evaluation.objective(task, letters);
        let n_y = problem.n_y;
        let mut entering: Vec<usize> = Vec::new();
        for (_, kind, row) in self.promising(task, letters, CLASSIFIER_ROUNDS, 1.0 + CLEAR_ENTRY) {
            let different = |other: usize| {
                let said = &letters.log_classifier[other * n_y..][..n_y];
                said.iter().zip(&row).any(|(a, b)| (a.exp() - b.exp()).abs() > DIFFERENT)
            };
            let alike = entering.iter().copied().filter(|&other| problem.kinds[other] == kind);
            let free = (0..problem.n_z)
                .find(|z| problem.kinds[*z] == kind && letters.marginal[*z] == 0.0 && !entering.contains(z));
            if alike.into_iter().all(different)
                && let Some(z) = free
            {
                letters.log_classifier[z * n_y..][..n_y].copy_from_slice(&row);
                entering.push(z);
            }
        }
        if entering.is_empty() {
            return false;
        }
        // The largest share that lowers the objective.
        let mut share = 0.5;
        let kept = letters.marginal.clone();
        while share > ENTRY {
            for (weight, kept) in letters.marginal.iter_mut().zip(&kept) {
                *weight = (1.0 - share) * kept;
            }
            for &z in &entering {
                letters.marginal[z] = share / entering.len() as f64;
            }
            let after = self.evaluation.objective(task, letters);
            // A letter that has just begun to pay for itself lowers the objective by the square of what it promises, which
            // rounding hides. Newton's method sees it in the gradient, and takes it to its weight or back to none.
            if after < before
                || (share < HIDDEN && after <= before + 4.0 * f64::EPSILON * before.abs().max(1.0))
            {
                return true;
            }
            share *= 0.25;
        }
        letters.marginal.copy_from_slice(&kept);
        false
    }

    /// What each letter promises: one if it is in use, else the most that its kind does with a classifier that no letter of
    /// the kind in use has; zero where there is none.
    pub(super) fn local_promises(&mut self, task: Task<'_>, letters: &Letters) -> Vec<f64> {
        let problem = task.problem;
        let n_y = problem.n_y;
        self.evaluation.objective(task, letters);
        let found = self.promising(task, letters, PATIENT_ROUNDS, 0.0);
        let is_new = |kind: usize, row: &[f64]| {
            letters.in_use().filter(|&used| problem.kinds[used] == kind).all(|used| {
                let said = &letters.log_classifier[used * n_y..][..n_y];
                said.iter().zip(row).any(|(a, b)| (a.exp() - b.exp()).abs() > DIFFERENT)
            })
        };
        let most = |kind: usize| {
            let new = found.iter().filter(|(_, of, row)| *of == kind && is_new(kind, row));
            new.map(|(weight, _, _)| *weight).fold(0.0, f64::max)
        };
        let promise = |z: usize| if letters.marginal[z] > 0.0 { 1.0 } else { most(problem.kinds[z]) };
        (0..problem.n_z).map(promise).collect()
    }

    /// What each kind of letter with a member to spare promises, if more than `least`, with the best classifiers reached in
    /// `rounds` steps from what each input alone would say, and those classifiers' logarithms, the most promising first.
    fn promising(
        &mut self,
        task: Task<'_>,
        letters: &Letters,
        rounds: usize,
        least: f64,
    ) -> Vec<(f64, usize, Vec<f64>)> {
        let problem = task.problem;
        let n_y = problem.n_y;
        let mut found = Vec::new();
        let mut row = vec![0.0; n_y];
        for kind in (0..problem.n_z).filter(|&z| problem.kinds[z] == z) {
            let spare = (0..problem.n_z).find(|&z| problem.kinds[z] == kind && letters.marginal[z] == 0.0);
            let Some(z) = spare else { continue };
            for x in 0..problem.n_x {
                for (y, log_c) in row.iter_mut().enumerate() {
                    // Smoothed, so that no label is excluded.
                    let t = problem.labels[y * problem.n_x + x];
                    *log_c = (0.9 * t + 0.1 / n_y as f64).ln();
                }
                normalise_log(&mut row);
                let weight = self.bounds.raise(task, &self.evaluation, z, &mut row, rounds, least);
                if weight > least {
                    found.push((weight, kind, row.clone()));
                }
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        found
    }
}
