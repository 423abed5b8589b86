//! A letter that would rather be two: the instability at which nothing encoded stops being a minimum.

use faer::{Mat, Side};

use super::blocks;
use super::letters::Letters;
use super::problem::Task;
use super::solver::Solver;

/// A curvature below minus this makes a letter part.
const UNSTABLE: f64 = 1e-9;

/// How far the logarithms of the classifiers of the parts are moved in the direction of least curvature: at most, and how
/// often half of that is tried. Close to a continuous onset they part like a square root of the distance to it; where the
/// objective is lowest among these it is curved upwards again, and Newton's method goes on from there.
const FARTHEST: f64 = 0.4;
const MOST_HALVINGS: i32 = 14;

/// Two letters whose classifiers differ by less than this in every entry say the same.
const SAME: f64 = 1e-6;

impl Solver {
    /// Parts letters along a direction in which the objective is curved downwards, where there is a second letter of the kind
    /// that says the same or is not in use. `false`, with the letters as they were, where that lowers nothing.
    ///
    /// With both parts moving in opposite directions the encoder's other letters feel nothing, so that the curvature is
    /// that of the letter's own block, `gamma N_z`.
    pub(super) fn part(&mut self, task: Task<'_>, letters: &mut Letters) -> bool {
        let problem = task.problem;
        if problem.marginal.is_some() || !task.classifier_matters() {
            return false;
        }
        let n_y = problem.n_y;
        let before = self.evaluation.objective(task, letters);
        let rounding = 4.0 * f64::EPSILON * before.abs().max(1.0);
        self.evaluation.update(problem, letters);
        let in_use: Vec<usize> = letters.in_use().collect();
        for z in in_use {
            let Some(direction) = self.softest(task, z) else { continue };
            let same = |other: usize| {
                let entry = |letter: usize, y: usize| letters.log_classifier[letter * n_y + y].exp();
                letters.marginal[other] == 0.0
                    || (0..n_y).all(|y| (entry(z, y) - entry(other, y)).abs() < SAME)
            };
            let twin = (0..problem.n_z)
                .find(|&other| other != z && problem.kinds[other] == problem.kinds[z] && same(other));
            let Some(twin) = twin else { continue };
            let kept = letters.clone();
            let half = 0.5 * (letters.marginal[z] + letters.marginal[twin]);
            (letters.marginal[z], letters.marginal[twin]) = (half, half);
            let part = |letters: &mut Letters, parting: f64| {
                for (y, step) in direction.iter().enumerate() {
                    let log_c = kept.log_classifier[z * n_y + y];
                    letters.log_classifier[z * n_y + y] = log_c + parting * step;
                    letters.log_classifier[twin * n_y + y] = log_c - parting * step;
                }
                letters.normalise_classifier(z, n_y);
                letters.normalise_classifier(twin, n_y);
            };
            let mut lowest = (before - rounding, 0.0);
            for halvings in 0..=MOST_HALVINGS {
                let parting = FARTHEST * 0.5_f64.powi(halvings);
                part(letters, parting);
                let objective = self.evaluation.objective(task, letters);
                if objective < lowest.0 {
                    lowest = (objective, parting);
                }
            }
            if lowest.1 > 0.0 {
                part(letters, lowest.1);
                return true;
            }
            *letters = kept;
        }
        false
    }

    /// The direction of least curvature of a letter's classifier, in its logarithms, where that curvature is negative.
    fn softest(&self, task: Task<'_>, z: usize) -> Option<Vec<f64>> {
        let n_y = task.problem.n_y;
        let (mut block, mut denied) = (vec![0.0; n_y * n_y], vec![false; n_y]);
        let gamma = task.at.gamma();
        blocks::write_local(task.problem, &self.evaluation, gamma, z, &mut block, &mut denied);
        let matrix = Mat::from_fn(n_y, n_y, |i, j| block[i.max(j) * n_y + i.min(j)]);
        let eigen = matrix.self_adjoint_eigen(Side::Lower).ok()?;
        let least = eigen.S().column_vector()[0];
        let step = |y: usize| {
            let (joint, weight) = (self.evaluation.joint[z * n_y + y], self.evaluation.marginal[z]);
            if denied[y] { 0.0 } else { eigen.U()[(y, 0)] / (joint / weight).sqrt() }
        };
        (least < -UNSTABLE).then(|| (0..n_y).map(step).collect())
    }
}
