//! The second derivatives of the objective at a set of letters, with the classifiers eliminated.

mod products;

use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, Par, Side};

use super::blocks;
use super::dense::{self, Scratch};
use super::elementary::vectorised;
use super::evaluation::Evaluation;
use super::letters::Letters;
use super::problem::{Problem, Task};
use super::small;

/// Hess of the Lagrangian over the letters' weights `m` and the logarithms of their classifiers.
///
/// With `G(x, z) = e(z|x) / m(z)`, `t = p(.|x)` and classifiers that move so that they stay normalised, the Hessian is
///
/// ```text
/// J' P J + W,    J = [ G(x, z) | gamma e(z|x) t_y ],    P = diag p(x),
/// W = 0 on the weights,    gamma (diag q'_z - gamma sum_x p(x) e(z|x) t t') on the classifier of letter z.
/// ```
///
/// In units of `sqrt(q'_yz)` the block of a letter is `gamma N_z` with `N_z = I - gamma Q_z`, and the eigenvalues of `Q_z`
/// lie in `[0, 1]`: for gamma < 1 the blocks are well conditioned and the classifiers are eliminated letter by letter.
/// What is left is `M = I + C C'` over the inputs and `H = G' P^(1/2) M^-1 P^(1/2) G` over the weights, whose sizes do
/// not grow with the number of labels.
#[derive(Debug)]
pub(super) struct Curvature {
    /// `P^(1/2) G`, shape `(n_x, letters)`.
    weights: Mat<f64>,
    /// `M^-1 P^(1/2) G`.
    solved: Mat<f64>,
    /// `C`, shape `(n_x, letters * n_y)`.
    classifiers: Mat<f64>,
    /// `M`, then its Cholesky factor.
    inputs: Mat<f64>,
    /// `M^-1` where M may be indefinite.
    inverse: Mat<f64>,
    /// `H`, lower triangle.
    hessian: Mat<f64>,
    /// `F_z` with `F S F' = N_z^-1`, shape `(letters, n_y, n_y)`, and the signs S of its columns.
    blocks: Vec<f64>,
    signs: Vec<f64>,
    root_source: Vec<f64>,
    letters: usize,
    n_y: usize,
    gamma: f64,
    kind: Kind,
    eliminates: bool,
    scratch: Scratch,
}

/// How the blocks of the classifiers are inverted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// They are positive semidefinite, as they are for gamma <= 1.
    Convex,
    /// As they are, whatever their signs: the true second derivatives.
    Exact,
    /// With their eigenvalues made positive, so that what follows from them is a descent direction.
    Modified,
}

/// The curvature is not that of a minimum, or not finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Indefinite;

/// Added to unit diagonals, where minimisers that are not unique make matrices singular.
pub(super) const RIDGE: f64 = 1e-11;

impl Curvature {
    pub(super) fn new(problem: &Problem) -> Self {
        Self {
            weights: Mat::new(),
            solved: Mat::new(),
            classifiers: Mat::new(),
            inputs: Mat::new(),
            inverse: Mat::new(),
            hessian: Mat::new(),
            blocks: Vec::new(),
            signs: Vec::new(),
            root_source: problem.source.iter().map(|p| p.sqrt()).collect(),
            letters: 0,
            n_y: problem.n_y,
            gamma: 0.0,
            kind: Kind::Convex,
            eliminates: false,
            scratch: Scratch::new(problem.n_x),
        }
    }

    /// Room for so many letters. There is none at first: what is started close to its end needs little, or nothing.
    fn reserve(&mut self, problem: &Problem, letters: usize) {
        if letters <= self.hessian.nrows() {
            return;
        }
        let (n_x, n_y) = (problem.n_x, problem.n_y);
        let eliminated = if problem.log_classifier.is_none() && n_y > 1 { n_y } else { 0 };
        let inputs = if eliminated > 0 { n_x } else { 0 };
        self.weights = Mat::zeros(n_x, letters);
        self.solved = Mat::zeros(n_x, if eliminated > 0 { letters } else { 0 });
        self.classifiers = Mat::zeros(n_x, letters * eliminated);
        self.inputs = Mat::zeros(inputs, inputs);
        self.hessian = Mat::zeros(letters, letters);
        self.blocks = vec![0.0; letters * eliminated * eliminated];
        self.signs = vec![1.0; letters * eliminated];
    }

    /// Assembles the curvature over the letters `working`, after an update of `evaluation` at `letters`.
    pub(super) fn assemble(
        &mut self,
        task: Task<'_>,
        evaluation: &Evaluation,
        letters: &Letters,
        working: &[usize],
        kind: Kind,
    ) -> Result<(), Indefinite> {
        let Task { problem, at } = task;
        (self.letters, self.gamma, self.kind) = (working.len(), at.gamma(), kind);
        self.eliminates = task.classifier_matters();
        self.reserve(problem, working.len());
        for (k, &z) in working.iter().enumerate() {
            let column = self.weights.col_as_slice_mut(k);
            evaluation.write_ratio_in_use(task, letters, z, column);
            for (g, root) in column.iter_mut().zip(&self.root_source) {
                *g *= root;
            }
        }
        if self.eliminates {
            let mut negative = 0;
            for (k, &z) in working.iter().enumerate() {
                negative += self.block(problem, evaluation, k, z)?;
            }
            self.factor_inputs(negative)?;
        }
        let weights = self.weights.as_ref().subcols(0, working.len());
        let solved = if self.eliminates { self.solved.as_ref().subcols(0, working.len()) } else { weights };
        triangular::matmul(
            self.hessian.as_mut().submatrix_mut(0, 0, working.len(), working.len()),
            BlockStructure::TriangularLower,
            Accum::Replace,
            weights.transpose(),
            BlockStructure::Rectangular,
            solved,
            BlockStructure::Rectangular,
            1.0,
            Par::Seq,
        );
        Ok(())
    }

    /// Factors `N` of the `k`-th letter, `z`, and writes its columns of `C`. Returns how many eigenvalues are negative.
    fn block(
        &mut self,
        problem: &Problem,
        evaluation: &Evaluation,
        k: usize,
        z: usize,
    ) -> Result<usize, Indefinite> {
        let (n_x, n_y, gamma) = (problem.n_x, problem.n_y, self.gamma);
        let joint = &evaluation.joint[z * n_y..][..n_y];
        let weight = evaluation.marginal[z];
        let encoder = &evaluation.encoder[z * n_x..][..n_x];
        let block = &mut self.blocks[k * n_y * n_y..][..n_y * n_y];
        let used = weight > 0.0;
        blocks::write(problem, evaluation, gamma, z, block);
        let signs = &mut self.signs[k * n_y..][..n_y];
        let negative = match self.kind {
            Kind::Convex => {
                signs.fill(1.0);
                for y in 0..n_y {
                    block[y * n_y + y] += RIDGE;
                }
                if !small::cholesky(block, n_y) {
                    return Err(Indefinite);
                }
                small::invert_lower_transposed(block, n_y);
                0
            }
            Kind::Exact | Kind::Modified => blocks::factor_inverse(block, signs, n_y, self.kind)?,
        };
        let root_gamma = gamma.sqrt();
        vectorised(
            #[inline(always)]
            || {
                for y in 0..n_y {
                    let column = self.classifiers.col_as_slice_mut(k * n_y + y);
                    column.fill(0.0);
                    for (i, q) in joint.iter().enumerate().filter(|(_, q)| used && **q > 0.0) {
                        let (factor, mean) = (block[i * n_y + y] / q.sqrt(), q / weight);
                        // A triangular factor is zero below its diagonal.
                        if factor == 0.0 {
                            continue;
                        }
                        for (entry, t) in column.iter_mut().zip(problem.row(&problem.labels, i)) {
                            *entry += factor * (t - mean);
                        }
                    }
                    for (entry, (e, root)) in column.iter_mut().zip(encoder.iter().zip(&self.root_source)) {
                        *entry *= root_gamma * root * e;
                    }
                }
            },
        );
        Ok(negative)
    }

    /// `M = I + C S C'`, its factor or inverse, and `M^-1 P^(1/2) G`.
    fn factor_inputs(&mut self, negative_blocks: usize) -> Result<(), Indefinite> {
        let n_x = self.root_source.len();
        let columns = self.classifiers.as_ref().subcols(0, self.letters * self.n_y);
        self.inputs.fill(0.0);
        self.inputs.diagonal_mut().column_vector_mut().fill(1.0);
        triangular::matmul(
            self.inputs.as_mut(),
            BlockStructure::TriangularLower,
            Accum::Add,
            columns,
            BlockStructure::Rectangular,
            columns.transpose(),
            BlockStructure::Rectangular,
            1.0,
            Par::Seq,
        );
        let negative = (0..self.letters * self.n_y).filter(|&column| self.signs[column] < 0.0);
        for column in negative {
            for j in 0..n_x {
                let factor = 2.0 * columns[(j, column)];
                for i in j..n_x {
                    self.inputs[(i, j)] -= factor * columns[(i, column)];
                }
            }
        }
        if self.kind == Kind::Exact {
            return self.invert_inputs(negative_blocks);
        }
        if !self.scratch.factor(self.inputs.as_mut()) {
            return Err(Indefinite);
        }
        let mut solved = self.solved.as_mut().subcols_mut(0, self.letters);
        solved.copy_from(self.weights.as_ref().subcols(0, self.letters));
        dense::solve(self.inputs.as_ref(), solved);
        Ok(())
    }

    /// The inverse of an M that may be indefinite. By the additivity of inertia the Hessian over the classifiers is
    /// positive definite only where M has as many negative eigenvalues as the blocks have.
    fn invert_inputs(&mut self, negative_blocks: usize) -> Result<(), Indefinite> {
        let eigen = self.inputs.self_adjoint_eigen(Side::Lower).map_err(|_| Indefinite)?;
        let (frame, values) = (eigen.U(), eigen.S().column_vector());
        let negative = values.iter().filter(|&&value| value < 0.0).count();
        if negative != negative_blocks || values.iter().any(|value| value.abs() < RIDGE || !value.is_finite())
        {
            return Err(Indefinite);
        }
        let scaled = Mat::from_fn(frame.nrows(), frame.ncols(), |i, j| frame[(i, j)] / values[j]);
        self.inverse = &scaled * frame.transpose();
        let solved = self.solved.as_mut().subcols_mut(0, self.letters);
        let weights = self.weights.as_ref().subcols(0, self.letters);
        matmul(solved, Accum::Replace, self.inverse.as_ref(), weights, 1.0, Par::Seq);
        Ok(())
    }
}
