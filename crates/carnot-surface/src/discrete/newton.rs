//! Newton's method on the letters: weights by a quadratic programme, classifiers eliminated, step length by descent.

use super::curvature::{Curvature, Kind};
use super::elementary::take_logarithms;
use super::evaluation::{Evaluation, LEAST_WEIGHT};
use super::letters::{LEAST_LOG, Letters};
use super::problem::{Problem, Task};
use super::quadratic::QuadraticProgramme;

/// Halvings of the step before Newton's direction is given up.
const MOST_HALVINGS: usize = 12;

/// The part of its weight that a letter keeps where it cannot be spared.
const KEPT: f64 = 1e-2;

/// The part of the predicted decrease that a step must achieve.
const SUFFICIENT: f64 = 1e-4;

/// Buffers of Newton's method.
#[derive(Debug)]
pub(super) struct Newton {
    pub(super) curvature: Curvature,
    programme: QuadraticProgramme,
    /// The letters in use and those about to enter.
    pub(super) working: Vec<usize>,
    /// The letters over which the curvature was assembled.
    assembled: Vec<usize>,
    gradient: Vec<f64>,
    weights: Vec<f64>,
    step: Vec<f64>,
    /// Gradients of the classifiers in the coordinates of their blocks, then the steps.
    classifier_gradient: Vec<f64>,
    classifier_step: Vec<f64>,
    direct: Vec<f64>,
    inputs: Vec<f64>,
    row: Vec<f64>,
    trial: Letters,
}

impl Newton {
    pub(super) fn new(problem: &Problem) -> Self {
        let (n_x, n_y, n_z) = (problem.n_x, problem.n_y, problem.n_z);
        Self {
            curvature: Curvature::new(problem),
            programme: QuadraticProgramme::new(n_z),
            working: Vec::with_capacity(n_z),
            assembled: Vec::with_capacity(n_z),
            gradient: vec![0.0; n_z],
            weights: vec![0.0; n_z],
            step: vec![0.0; n_z],
            classifier_gradient: vec![0.0; n_z * n_y],
            classifier_step: vec![0.0; n_z * n_y],
            direct: vec![0.0; n_x],
            inputs: vec![0.0; n_x],
            row: vec![0.0; n_y],
            trial: Letters::zeros(problem),
        }
    }

    /// One step from `letters`, at which `evaluation` holds the objective `before` and its update, over `self.working`,
    /// whose gradients of the weights are `1 - promised`. Returns the new objective with `letters` and `evaluation`
    /// moved (the update not yet made), or `None` with `letters` as they were where there is no descent.
    pub(super) fn step(
        &mut self,
        task: Task<'_>,
        evaluation: &mut Evaluation,
        letters: &mut Letters,
        before: f64,
        promised: impl Fn(usize) -> f64,
        kind: Kind,
    ) -> Option<f64> {
        self.assembled.clear();
        self.curvature.assemble(task, evaluation, letters, &self.working, kind).ok()?;
        self.assembled.extend_from_slice(&self.working);
        self.chord_step(task, evaluation, letters, before, promised)
    }

    /// Whether the curvature of the last step is that of the letters that are at work now.
    pub(super) fn can_repeat(&self) -> bool {
        !self.working.is_empty() && self.working == self.assembled
    }

    /// A [`step`](Self::step) with the curvature of the last one, over the same letters.
    pub(super) fn chord_step(
        &mut self,
        task: Task<'_>,
        evaluation: &mut Evaluation,
        letters: &mut Letters,
        before: f64,
        promised: impl Fn(usize) -> f64,
    ) -> Option<f64> {
        let working = std::mem::take(&mut self.working);
        let found = self.direction(task, evaluation, letters, &working, promised);
        let result = found.and_then(|slope| self.descend(task, evaluation, letters, &working, before, slope));
        self.working = working;
        result
    }

    /// Newton's direction into `self.step` and `self.classifier_step`; its slope, negative, or zero at the optimum.
    fn direction(
        &mut self,
        task: Task<'_>,
        evaluation: &Evaluation,
        letters: &Letters,
        working: &[usize],
        promised: impl Fn(usize) -> f64,
    ) -> Option<f64> {
        let problem = task.problem;
        let n_y = problem.n_y;
        let count = working.len();
        let (eliminates, gamma) = (self.curvature.eliminates(), task.at.gamma());
        for (k, &z) in working.iter().enumerate() {
            self.gradient[k] = 1.0 - promised(z);
            self.weights[k] = letters.marginal[z];
        }
        if eliminates {
            self.write_classifier_gradient(evaluation, letters, gamma, working);
            let gradient = &self.classifier_gradient[..count * n_y];
            self.curvature.couple(gradient, &mut self.direct, &mut self.inputs);
        }
        let mut slope = 0.0;
        if problem.marginal.is_some() {
            self.step[..count].fill(0.0);
        } else {
            if eliminates {
                self.curvature.weights_transposed(&self.inputs, &mut self.step[..count]);
                for (gradient, coupled) in self.gradient.iter_mut().zip(&self.step[..count]) {
                    *gradient -= coupled;
                }
            }
            let (hessian, weights) = (self.curvature.hessian(), &self.weights[..count]);
            if !self.programme.step(hessian, &self.gradient[..count], weights, &mut self.step[..count]) {
                return None;
            }
            for (k, &z) in working.iter().enumerate() {
                slope += (1.0 - promised(z)) * self.step[k];
            }
        }
        if eliminates {
            // v = M^-1 (J d - C S e), and the classifiers follow.
            for entry in &mut self.inputs {
                *entry = -*entry;
            }
            self.curvature.add_solved(&self.step[..count], &mut self.inputs);
            self.curvature.classifiers_transposed(&self.inputs, &mut self.classifier_step[..count * n_y]);
            let signs = self.curvature.signs();
            for ((step, gradient), sign) in
                self.classifier_step.iter_mut().zip(&self.classifier_gradient).zip(signs)
            {
                *step = -sign * (*step + gradient);
            }
            for (k, &z) in working.iter().enumerate() {
                let step = &mut self.classifier_step[k * n_y..][..n_y];
                self.curvature.step_from_block(k, step, &mut self.row);
                for (y, entry) in step.iter_mut().enumerate() {
                    let place = z * n_y + y;
                    let root = evaluation.joint[place].sqrt();
                    slope += classifier_slope(evaluation, letters, gamma, place, z) * *entry;
                    // A label that no input of this letter has.
                    *entry = if root > 0.0 { *entry / root } else { LEAST_LOG };
                }
            }
        }
        (slope <= 0.0).then_some(slope)
    }

    /// The derivatives of the objective with respect to the logarithms of the classifiers, in the coordinates of their blocks:
    /// as [`classifier_slope`], with `ln c - ln c'` in place of `(c - c') / c'`. They are equal at the optimum to first order,
    /// and this one is right by orders of magnitude for entries that are far too small or too large, where Newton's method
    /// for the logarithm of a fixed point still converges.
    fn write_classifier_gradient(
        &mut self,
        evaluation: &Evaluation,
        letters: &Letters,
        gamma: f64,
        working: &[usize],
    ) {
        let n_y = letters.n_y();
        let gradient = &mut self.classifier_gradient[..working.len() * n_y];
        for (row, &z) in gradient.chunks_exact_mut(n_y).zip(working) {
            for (entry, joint) in row.iter_mut().zip(&evaluation.joint[z * n_y..]) {
                *entry = joint / evaluation.marginal[z];
            }
        }
        take_logarithms(gradient);
        for (k, (row, &z)) in gradient.chunks_exact_mut(n_y).zip(working).enumerate() {
            let (joint, log_classifier) = (&evaluation.joint[z * n_y..], &letters.log_classifier[z * n_y..]);
            for (entry, (joint, log_c)) in row.iter_mut().zip(joint.iter().zip(log_classifier)) {
                let is_said = *joint > 0.0 && letters.marginal[z] > 0.0;
                *entry = if is_said { gamma * (log_c - *entry) * joint.sqrt() } else { 0.0 };
            }
            self.curvature.gradient_in_block(k, row, &mut self.row);
        }
    }

    /// Halves the step until the objective falls as predicted, or the prediction is below what rounding shows.
    fn descend(
        &mut self,
        task: Task<'_>,
        evaluation: &mut Evaluation,
        letters: &mut Letters,
        working: &[usize],
        before: f64,
        slope: f64,
    ) -> Option<f64> {
        let problem = task.problem;
        let n_y = problem.n_y;
        let eliminates = self.curvature.eliminates();
        let rounding = 4.0 * f64::EPSILON * before.abs().max(1.0);
        let mut length = 1.0;
        for attempt in 0..MOST_HALVINGS {
            // A letter that only improbable inputs need is taken to zero by a quadratic model of their logarithms. Where
            // that raises the objective the second attempt, and every one after it, leaves it a part of its weight.
            let kept = if attempt == 0 { 0.0 } else { KEPT };
            self.trial.copy_from(letters);
            for (k, &z) in working.iter().enumerate() {
                let weight = letters.marginal[z] + length * self.step[k];
                // A full step to the boundary ends on it, not within rounding of it.
                let least = letters.marginal[z] * kept;
                self.trial.marginal[z] =
                    if weight <= f64::EPSILON * letters.marginal[z] { least } else { weight.max(least) };
                if self.trial.marginal[z] < LEAST_WEIGHT {
                    self.trial.marginal[z] = 0.0;
                }
                if eliminates && letters.marginal[z] > 0.0 {
                    let row = &mut self.trial.log_classifier[z * n_y..][..n_y];
                    for (log_c, step) in row.iter_mut().zip(&self.classifier_step[k * n_y..]) {
                        *log_c += length * step;
                    }
                    self.trial.normalise_classifier(z, n_y);
                }
            }
            if problem.marginal.is_none() {
                self.trial.normalise_marginal();
            }
            let after = evaluation.objective(task, &self.trial);
            if after <= before + SUFFICIENT * length * slope + rounding {
                letters.copy_from(&self.trial);
                return Some(after);
            }
            if attempt > 0 {
                length *= 0.5;
            }
        }
        None
    }
}

/// The derivative of the objective with respect to the logarithm of an entry of a letter's classifier, tangent to the
/// simplex and in units of `sqrt(q'_yz)`: `gamma m'_z (c_yz - c'_yz) / sqrt(q'_yz)`.
fn classifier_slope(evaluation: &Evaluation, letters: &Letters, gamma: f64, place: usize, z: usize) -> f64 {
    let joint = evaluation.joint[place];
    if joint <= 0.0 || letters.marginal[z] == 0.0 {
        return 0.0;
    }
    let c = letters.log_classifier[place].exp();
    gamma * (evaluation.marginal[z] * c - joint) / joint.sqrt()
}
