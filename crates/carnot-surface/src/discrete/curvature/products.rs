//! What solvers take from the curvature: products with its parts.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};

use super::{Curvature, Kind};
use crate::discrete::dense;
use crate::discrete::elementary::vectorised;
use crate::discrete::sums::dot;

impl Curvature {
    /// `H`, lower triangle, shape `(letters, letters)`.
    pub(in crate::discrete) fn hessian(&self) -> MatRef<'_, f64> {
        self.hessian.as_ref().submatrix(0, 0, self.letters, self.letters)
    }

    /// Whether classifiers were eliminated.
    pub(in crate::discrete) fn eliminates(&self) -> bool {
        self.eliminates
    }

    /// `F' gradient / sqrt(gamma)` of the `k`-th letter, in place: a gradient with respect to its classifier's logarithms,
    /// given in units of `sqrt(q'_yz)`, in the coordinates in which its block is the sign matrix.
    pub(in crate::discrete) fn gradient_in_block(&self, k: usize, gradient: &mut [f64], scratch: &mut [f64]) {
        let n_y = self.n_y;
        let block = &self.blocks[k * n_y * n_y..][..n_y * n_y];
        scratch.copy_from_slice(gradient);
        for (y, entry) in gradient.iter_mut().enumerate() {
            *entry = (0..n_y).map(|i| block[i * n_y + y] * scratch[i]).sum::<f64>() / self.gamma.sqrt();
        }
    }

    /// `F coordinates / sqrt(gamma)`, in place: a step of the `k`-th letter's classifier in units of `1 / sqrt(q'_yz)`.
    pub(in crate::discrete) fn step_from_block(
        &self,
        k: usize,
        coordinates: &mut [f64],
        scratch: &mut [f64],
    ) {
        let n_y = self.n_y;
        let block = &self.blocks[k * n_y * n_y..][..n_y * n_y];
        scratch.copy_from_slice(coordinates);
        for (y, entry) in coordinates.iter_mut().enumerate() {
            *entry = (0..n_y).map(|i| block[y * n_y + i] * scratch[i]).sum::<f64>() / self.gamma.sqrt();
        }
    }

    /// The signs of the blocks' coordinates, all of them.
    pub(in crate::discrete) fn signs(&self) -> &[f64] {
        &self.signs[..self.letters * self.n_y]
    }

    /// `C S e` into `direct` and `M^-1 C S e` into `coupled`, shapes `(n_x)`.
    pub(in crate::discrete) fn couple(&self, e: &[f64], direct: &mut [f64], coupled: &mut [f64]) {
        direct.fill(0.0);
        let factors = e.iter().zip(&self.signs).map(|(value, sign)| value * sign);
        add_columns(&self.classifiers, factors, direct);
        let n_x = direct.len();
        if self.kind == Kind::Exact {
            let rhs = MatRef::from_column_major_slice(direct, n_x, 1);
            let solution = MatMut::from_column_major_slice_mut(coupled, n_x, 1);
            matmul(solution, Accum::Replace, self.inverse.as_ref(), rhs, 1.0, Par::Seq);
        } else {
            coupled.copy_from_slice(direct);
            dense::solve(self.inputs.as_ref(), MatMut::from_column_major_slice_mut(coupled, n_x, 1));
        }
    }

    /// `(P^(1/2) G)' v` into `out`, shape `(letters)`.
    pub(in crate::discrete) fn weights_transposed(&self, v: &[f64], out: &mut [f64]) {
        for (k, entry) in out.iter_mut().enumerate() {
            *entry = dot(v, self.weights.col_as_slice(k));
        }
    }

    /// Adds `M^-1 P^(1/2) G delta` to `out`, shape `(n_x)`.
    pub(in crate::discrete) fn add_solved(&self, delta: &[f64], out: &mut [f64]) {
        add_columns(&self.solved, delta.iter().copied(), out);
    }

    /// `C' v` into `out`, shape `(letters * n_y)`.
    pub(in crate::discrete) fn classifiers_transposed(&self, v: &[f64], out: &mut [f64]) {
        for (column, entry) in out.iter_mut().enumerate() {
            *entry = dot(v, self.classifiers.col_as_slice(column));
        }
    }
}

/// Adds the columns of a matrix, times their factors, to `out`.
fn add_columns(matrix: &Mat<f64>, factors: impl Iterator<Item = f64>, out: &mut [f64]) {
    let columns = factors.enumerate().filter(|(_, factor)| *factor != 0.0);
    vectorised(
        #[inline(always)]
        || {
            for (column, factor) in columns {
                for (entry, value) in out.iter_mut().zip(matrix.col_as_slice(column)) {
                    *entry += factor * value;
                }
            }
        },
    );
}
