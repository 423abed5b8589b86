//! The alternation of Blahut and Arimoto, and its extrapolation.

use super::evaluation::Evaluation;
use super::letters::{LEAST_LOG, Letters, normalise_log};
use super::problem::{Problem, Task};

/// The largest factor by which a cycle extrapolates.
const LARGEST_EXTRAPOLATION: f64 = 256.0;

/// Buffers of the extrapolation.
#[derive(Debug)]
pub(super) struct Alternation {
    first: Letters,
    second: Letters,
    trial: Letters,
}

impl Alternation {
    pub(super) fn new(problem: &Problem) -> Self {
        let zeros = Letters::zeros(problem);
        Self { first: zeros.clone(), second: zeros.clone(), trial: zeros }
    }

    /// Two updates and, where it lowers the objective, an extrapolation of them in the logarithms of the letters'
    /// weights and classifiers (squared extrapolation: Varadhan and Roland 2008). Returns the objective; `evaluation`
    /// belongs to `letters` but for its update.
    pub(super) fn cycle(
        &mut self,
        task: Task<'_>,
        evaluation: &mut Evaluation,
        letters: &mut Letters,
    ) -> f64 {
        let problem = task.problem;
        evaluation.objective(task, letters);
        evaluation.update(problem, letters);
        self.first.copy_from(letters);
        evaluation.write_update(problem, &mut self.first);
        evaluation.objective(task, &self.first);
        evaluation.update(problem, &self.first);
        self.second.copy_from(&self.first);
        evaluation.write_update(problem, &mut self.second);
        let extrapolates = self.extrapolate(problem, letters);
        let plain = evaluation.objective(task, &self.second);
        if extrapolates {
            let trial = evaluation.objective(task, &self.trial);
            if trial < plain {
                letters.copy_from(&self.trial);
                return trial;
            }
        }
        letters.copy_from(&self.second);
        if extrapolates { evaluation.objective(task, letters) } else { plain }
    }

    /// `theta - 2 s r + s^2 v` with `r` the first difference, `v` the second and `s = -|r| / |v|`; `false` where that is
    /// no more than the two updates.
    fn extrapolate(&mut self, problem: &Problem, letters: &Letters) -> bool {
        let n_y = problem.n_y;
        let (mut first_square, mut second_square) = (0.0, 0.0);
        for z in letters.in_use() {
            let mut count = |a: f64, b: f64, c: f64| {
                // Weighted like the letters, so that those that vanish do not decide.
                first_square += letters.marginal[z] * (b - a) * (b - a);
                second_square += letters.marginal[z] * (c - 2.0 * b + a) * (c - 2.0 * b + a);
            };
            if self.second.marginal[z] > 0.0 {
                let [a, b, c] =
                    [letters.marginal[z], self.first.marginal[z], self.second.marginal[z]].map(f64::ln);
                count(a, b, c);
                for i in z * n_y..(z + 1) * n_y {
                    count(
                        letters.log_classifier[i],
                        self.first.log_classifier[i],
                        self.second.log_classifier[i],
                    );
                }
            }
        }
        if second_square <= 0.0 {
            return false;
        }
        let s = (first_square / second_square).sqrt().min(LARGEST_EXTRAPOLATION);
        if s <= 1.0 || !s.is_finite() {
            return false;
        }
        let along = |a: f64, b: f64, c: f64| a + 2.0 * s * (b - a) + s * s * (c - 2.0 * b + a);
        self.trial.copy_from(&self.second);
        let mut largest = f64::NEG_INFINITY;
        for z in letters.in_use() {
            if self.second.marginal[z] > 0.0 {
                let [a, b, c] =
                    [letters.marginal[z], self.first.marginal[z], self.second.marginal[z]].map(f64::ln);
                self.trial.marginal[z] = along(a, b, c);
                largest = largest.max(self.trial.marginal[z]);
                let row = &mut self.trial.log_classifier[z * n_y..][..n_y];
                if problem.log_classifier.is_none() {
                    for (y, entry) in row.iter_mut().enumerate() {
                        let i = z * n_y + y;
                        *entry = along(
                            letters.log_classifier[i],
                            self.first.log_classifier[i],
                            self.second.log_classifier[i],
                        )
                        .clamp(LEAST_LOG, -LEAST_LOG);
                    }
                    normalise_log(row);
                }
            }
        }
        for z in letters.in_use() {
            if self.second.marginal[z] > 0.0 {
                self.trial.marginal[z] = (self.trial.marginal[z] - largest).max(LEAST_LOG).exp();
            }
        }
        if let Some(marginal) = &problem.marginal {
            self.trial.marginal.copy_from_slice(marginal);
        } else {
            self.trial.normalise_marginal();
        }
        true
    }
}
