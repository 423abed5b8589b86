//! Cholesky factors in buffers that are allocated once.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor;
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{MatMut, MatRef, Par};

/// Scratch memory of [`factor`](Scratch::factor) for matrices up to a size.
pub(super) struct Scratch(MemBuffer);

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scratch")
    }
}

impl Scratch {
    pub(super) fn new(largest: usize) -> Self {
        Self(MemBuffer::new(factor::cholesky_in_place_scratch::<f64>(largest, Par::Seq, Default::default())))
    }

    /// Replaces the lower triangle of a symmetric matrix by its Cholesky factor; `false` where it has none.
    pub(super) fn factor(&mut self, matrix: MatMut<'_, f64>) -> bool {
        let stack = MemStack::new(&mut self.0);
        factor::cholesky_in_place(matrix, Default::default(), Par::Seq, stack, Default::default()).is_ok()
    }
}

/// Solves `L L' X = B` in place, L the lower triangle of `factor`.
pub(super) fn solve(factor: MatRef<'_, f64>, mut rhs: MatMut<'_, f64>) {
    solve_lower_triangular_in_place(factor, rhs.as_mut(), Par::Seq);
    solve_upper_triangular_in_place(factor.transpose(), rhs, Par::Seq);
}
