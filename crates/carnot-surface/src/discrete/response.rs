//! The response of a discrete equilibrium, by implicit differentiation on the letters in use.

use faer::{Mat, MatMut};

use super::DiscreteError;
use super::bounds::Bounds;
use super::costs::Costs;
use super::curvature::{Curvature, Kind};
use super::dense::{self, Scratch};
use super::evaluation::Evaluation;
use super::letters::Letters;
use super::local_response;
use super::problem::{Problem, Task};
use super::solution::Solution;
use super::solver::{LAST_ROUNDS, NEARLY, Solver};
use super::state::{Follow, Follows};
use super::sums::dot;
use super::tendency::Tendency;
use crate::{Response, Sidedness};

/// How close to its transition a letter counts as critical: its weight, or how far its promise is from one.
const CRITICAL: f64 = 1e-9;

/// Added to the unit diagonal of the scaled Hessian: minimisers that are not unique leave it singular, with the right-hand
/// sides in its range, where this changes nothing.
const RIDGE: f64 = 1e-13;

/// The Hessian of the objective at the letters is not that of a minimum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct NotAMinimum;

/// `S_ab = Phi_ab - b_a' H^-1 b_b` with `Phi_ab = -E_x Cov_e(l_a, l_b)` the response of the encoder alone, `b_a` the
/// derivative of the objective's gradient over the letters with respect to a multiplier, and `H` its Hessian (theory,
/// section 3.2). Whether a letter is at its transition may be known already.
pub(super) fn response(
    task: Task<'_>,
    letters: &Letters,
    is_critical: Option<bool>,
) -> Result<(Response<f64>, Option<Follows>), DiscreteError> {
    let problem = task.problem;
    let (lambda, gamma) = (task.at.lambda(), task.at.gamma());
    let mut evaluation = Evaluation::new(problem);
    evaluation.objective(task, letters);
    evaluation.update(problem, letters);
    let costs = Costs::new(problem, letters, &evaluation);
    let mut s = [[0.0; 2]; 2];
    for (a, row) in s.iter_mut().enumerate() {
        for (b, entry) in row.iter_mut().enumerate() {
            // Not -0.
            *entry = 0.0 - costs.covariance(problem, letters, &evaluation, a, b);
        }
    }
    let tendencies = Tendency::of_multipliers(problem, letters, &evaluation, &costs);
    let Reaction { products, follows } = reaction(task, letters, &evaluation, &tendencies)
        .map_err(|NotAMinimum| DiscreteError::NotAMinimum { lambda, gamma })?;
    for (row, reaction) in s.iter_mut().zip(products) {
        for (entry, reaction) in row.iter_mut().zip(reaction) {
            *entry -= reaction;
        }
    }
    if s.iter().flatten().any(|entry| !entry.is_finite()) {
        return Err(DiscreteError::NotFinite { lambda, gamma });
    }
    let sidedness = sidedness(task, letters, &evaluation, is_critical);
    let response = Response {
        distortion_lambda: s[0][0],
        cross: 0.5 * (s[0][1] + s[1][0]),
        classification_gamma: s[1][1],
        sidedness,
    };
    Ok((response, follows.map(Box::new)))
}

/// How the letters of an equilibrium follow parameters of the problem.
pub(super) struct Reaction<const N: usize> {
    /// `b_a' H^-1 b_b`.
    pub(super) products: [[f64; N]; N],
    /// `-H^-1 b_a`, where it comes with that.
    pub(super) follows: Option<[Follow; N]>,
}

/// `b_a' H^-1 b_b` of the parameters with these tendencies: zero where no table is free.
pub(super) fn reaction<const N: usize>(
    task: Task<'_>,
    letters: &Letters,
    evaluation: &Evaluation,
    tendencies: &[Tendency; N],
) -> Result<Reaction<N>, NotAMinimum> {
    if task.problem.marginal.is_some() && !task.classifier_matters() {
        return Ok(Reaction { products: [[0.0; N]; N], follows: None });
    }
    // At gamma = 1 the blocks of the classifiers can be singular, with directions along which nothing changes.
    let regular = task.is_convex() && !(task.classifier_matters() && task.at.gamma() == 1.0);
    if regular {
        eliminated_reaction(task, letters, evaluation, tendencies)
    } else {
        let products = local_response::reaction(task, letters, evaluation, tendencies)?;
        Ok(Reaction { products, follows: None })
    }
}

/// `b_a' H^-1 b_b` of a convex problem, with the classifiers eliminated letter by letter.
fn eliminated_reaction<const N: usize>(
    task: Task<'_>,
    letters: &Letters,
    evaluation: &Evaluation,
    tendencies: &[Tendency; N],
) -> Result<Reaction<N>, NotAMinimum> {
    let free_marginal = task.problem.marginal.is_none();
    let mut elimination = Elimination::new(task, letters, evaluation)?;
    let sides = tendencies.each_ref().map(|tendency| elimination.side(task, letters, evaluation, tendency));
    let solved = sides.each_ref().map(|side| {
        let mut weights = side.weights.clone();
        if free_marginal {
            elimination.solve_weights(&mut weights);
        } else {
            weights.fill(0.0);
        }
        weights
    });
    let mut reaction = [[0.0; N]; N];
    for (a, row) in reaction.iter_mut().enumerate() {
        for (b, entry) in row.iter_mut().enumerate() {
            if free_marginal {
                *entry += dot(&sides[a].weights, &solved[b]);
            }
            *entry += dot(&sides[a].classifiers, &sides[b].classifiers);
            *entry -= dot(&sides[a].direct, &sides[b].coupled);
        }
    }
    let follows = std::array::from_fn(|a| elimination.follow(task, evaluation, &sides[a], &solved[a]));
    Ok(Reaction { products: reaction, follows: Some(follows) })
}

/// One right-hand side, with the classifiers eliminated.
struct RightHandSide {
    /// `b_m - G' P^(1/2) M^-1 C S e`, in units of the scaled Hessian.
    weights: Vec<f64>,
    /// `e`: the part of the classifiers in the coordinates of their blocks.
    classifiers: Vec<f64>,
    /// `C S e` and `M^-1 C S e`.
    direct: Vec<f64>,
    coupled: Vec<f64>,
}

/// The Hessian over the letters in use, factored.
struct Elimination {
    curvature: Curvature,
    working: Vec<usize>,
    factor: Mat<f64>,
    scale: Vec<f64>,
}

impl Elimination {
    fn new(task: Task<'_>, letters: &Letters, evaluation: &Evaluation) -> Result<Self, NotAMinimum> {
        let problem = task.problem;
        let working: Vec<usize> = letters.in_use().collect();
        let mut curvature = Curvature::new(problem);
        curvature.assemble(task, evaluation, letters, &working, Kind::Convex).map_err(|_| NotAMinimum)?;
        let hessian = curvature.hessian();
        let scale: Vec<f64> = (0..working.len()).map(|k| hessian[(k, k)].abs().sqrt().recip()).collect();
        let mut factor = Mat::from_fn(working.len(), working.len(), |i, j| {
            let diagonal = if i == j { RIDGE } else { 0.0 };
            hessian[(i.max(j), i.min(j))] * scale[i] * scale[j] + diagonal
        });
        if problem.marginal.is_none() && !Scratch::new(working.len()).factor(factor.as_mut()) {
            return Err(NotAMinimum);
        }
        Ok(Self { curvature, working, factor, scale })
    }

    fn side(
        &mut self,
        task: Task<'_>,
        letters: &Letters,
        evaluation: &Evaluation,
        tendency: &Tendency,
    ) -> RightHandSide {
        let Task { problem, at } = task;
        let (n_x, n_y) = (problem.n_x, problem.n_y);
        let mut weights: Vec<f64> =
            self.working.iter().map(|&z| tendency.marginal[z] / letters.marginal[z]).collect();
        let (mut classifiers, mut direct, mut coupled) = (Vec::new(), Vec::new(), Vec::new());
        if self.curvature.eliminates() {
            classifiers = vec![0.0; self.working.len() * n_y];
            let mut scratch = vec![0.0; n_y];
            for (k, &z) in self.working.iter().enumerate() {
                let row = &mut classifiers[k * n_y..][..n_y];
                let mean = tendency.marginal[z] / evaluation.marginal[z];
                for (y, entry) in row.iter_mut().enumerate() {
                    let joint = evaluation.joint[z * n_y + y];
                    if joint > 0.0 {
                        let slope = tendency.joint[z * n_y + y];
                        // Less the part along sqrt(q'), which normalisation holds.
                        *entry = at.gamma() * (slope - mean * joint) / joint.sqrt();
                    }
                }
                self.curvature.gradient_in_block(k, row, &mut scratch);
            }
            direct = vec![0.0; n_x];
            coupled = vec![0.0; n_x];
            self.curvature.couple(&classifiers, &mut direct, &mut coupled);
            let mut reduction = vec![0.0; self.working.len()];
            self.curvature.weights_transposed(&coupled, &mut reduction);
            for (weight, reduced) in weights.iter_mut().zip(&reduction) {
                *weight -= reduced;
            }
        }
        for (weight, scale) in weights.iter_mut().zip(&self.scale) {
            *weight *= scale;
        }
        RightHandSide { weights, classifiers, direct, coupled }
    }

    /// `-H^-1 b` of a right-hand side and its solution for the weights, in units of the scaled Hessian.
    fn follow(
        &self,
        task: Task<'_>,
        evaluation: &Evaluation,
        side: &RightHandSide,
        solved: &[f64],
    ) -> Follow {
        let (n_z, n_y) = (task.problem.n_z, task.problem.n_y);
        let mut follow = Follow { marginal: vec![0.0; n_z], log_classifier: vec![0.0; n_z * n_y] };
        let steps: Vec<f64> = solved.iter().zip(&self.scale).map(|(step, scale)| -step * scale).collect();
        for (&z, step) in self.working.iter().zip(&steps) {
            follow.marginal[z] = *step;
        }
        if self.curvature.eliminates() {
            let mut inputs: Vec<f64> = side.coupled.iter().map(|entry| -entry).collect();
            self.curvature.add_solved(&steps, &mut inputs);
            let mut classifiers = vec![0.0; self.working.len() * n_y];
            self.curvature.classifiers_transposed(&inputs, &mut classifiers);
            let mut scratch = vec![0.0; n_y];
            for (k, &z) in self.working.iter().enumerate() {
                let step = &mut classifiers[k * n_y..][..n_y];
                for (entry, gradient) in step.iter_mut().zip(&side.classifiers[k * n_y..]) {
                    *entry = -(*entry + gradient);
                }
                self.curvature.step_from_block(k, step, &mut scratch);
                let places = z * n_y..(z + 1) * n_y;
                let followed = follow.log_classifier[places.clone()].iter_mut();
                for ((followed, step), joint) in followed.zip(step).zip(&evaluation.joint[places]) {
                    *followed = if *joint > 0.0 { *step / joint.sqrt() } else { 0.0 };
                }
            }
        }
        follow
    }

    /// The weights' part of `H^-1 b`, in place.
    fn solve_weights(&self, rhs: &mut [f64]) {
        let n = rhs.len();
        dense::solve(self.factor.as_ref(), MatMut::from_column_major_slice_mut(rhs, n, 1));
    }
}

/// One-sided at the ends of the multipliers' range, at the end of the convex range, and where a letter enters or leaves.
fn sidedness(
    task: Task<'_>,
    letters: &Letters,
    evaluation: &Evaluation,
    is_critical: Option<bool>,
) -> Sidedness {
    let Task { problem, at } = task;
    let at_an_end = at.lambda() == 0.0
        || (at.gamma() == 0.0 && problem.n_y > 1)
        || (at.gamma() == 1.0 && task.classifier_matters());
    if at_an_end {
        return Sidedness::OneSided;
    }
    if problem.marginal.is_some() {
        return Sidedness::TwoSided;
    }
    let is_critical = is_critical.unwrap_or_else(|| {
        let (mut letters, mut bounds) = (letters.clone(), Bounds::new(problem));
        bounds.gap(task, evaluation, &mut letters, LAST_ROUNDS);
        has_critical(problem, &letters, &bounds)
    });
    if is_critical { Sidedness::OneSided } else { Sidedness::TwoSided }
}

/// Whether a letter is at its transition: in use with next to no weight, or not with a promise of one. The promises are those
/// of `letters`, after [`LAST_ROUNDS`] of every absent letter's classifier.
fn has_critical(problem: &Problem, letters: &Letters, bounds: &Bounds) -> bool {
    // A copy of a letter in use promises as much as that letter, and changes nothing.
    let is_copy = |z: usize| letters.in_use().any(|used| problem.kinds[z] == problem.kinds[used]);
    letters.marginal.iter().zip(&bounds.promises).enumerate().any(|(z, (&weight, promise))| {
        if weight > 0.0 { weight < CRITICAL } else { (promise.weight - 1.0).abs() < CRITICAL && !is_copy(z) }
    })
}

impl Solver {
    /// Whether a letter is at its transition; `None` where the bounds are not those of the solution, or are rough.
    pub(super) fn is_critical(&self, task: Task<'_>, solution: &Solution) -> Option<bool> {
        let is_known = task.is_convex() && solution.is_evaluated && solution.residual < NEARLY;
        is_known.then(|| has_critical(task.problem, &solution.letters, &self.bounds))
    }
}
