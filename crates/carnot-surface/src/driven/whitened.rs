//! A source and its target in coordinates in which the source is white, and how they move in these.

use faer::{Mat, MatRef, Side};
use ndarray::Array2;

use crate::{GaussianError, GaussianPath};

/// What is known of `(x, y)` at one time: with `Sx = L L'` the source is `x = L u`, u white, and the target
/// `y = K u + noise`.
pub(super) struct Whitened {
    /// L, shape `(n, n)`.
    pub(super) factor: Mat<f64>,
    /// `K = B L = Syx L^-T`, shape `(k, n)`.
    pub(super) readout: Mat<f64>,
    /// `Sn = Sy - K K'`, shape `(k, k)`.
    pub(super) residual: Mat<f64>,
}

impl Whitened {
    pub(super) fn at(path: &GaussianPath, time: f64) -> Result<Self, GaussianError> {
        let [source, cross, target] = blocks(&path.covariance(time)?, path.source_dimension());
        let factor = source.llt(Side::Lower);
        let refused = |_| GaussianError::NotPositiveDefinite { matrix: "source covariance" };
        let factor = factor.map_err(refused)?.L().to_owned();
        let readout = divided(&factor, cross.transpose()).transpose().to_owned();
        let residual = target - &readout * readout.transpose();
        Ok(Self { factor, readout, residual })
    }

    /// `Sx`, `B` and `Sn` as a system is given them.
    pub(super) fn regression(&self) -> [Array2<f64>; 3] {
        let source = &self.factor * self.factor.transpose();
        let mut regression = self.readout.transpose().to_owned();
        self.factor.transpose().solve_upper_triangular_in_place(&mut regression);
        [symmetric(&source, 0.5).as_ref(), regression.transpose(), symmetric(&self.residual, 0.5).as_ref()]
            .map(|matrix| Array2::from_shape_fn(matrix.shape(), |place| matrix[place]))
    }
}

/// The velocities of these, d for d/dt. The coordinates u are free to turn; they do not, `dL = L X / 2` with X symmetric.
pub(super) struct Motion {
    /// `X = L^-1 dSx L^-T`, shape `(n, n)`.
    pub(super) stretch: Mat<f64>,
    /// `dK = dSyx L^-T - K X / 2`, shape `(k, n)`.
    pub(super) readout: Mat<f64>,
    /// `dSn = dSy - dK K' - K dK'`, shape `(k, k)`.
    pub(super) residual: Mat<f64>,
}

impl Motion {
    pub(super) fn at(path: &GaussianPath, time: f64, of: &Whitened) -> Result<Self, GaussianError> {
        let [source, cross, target] = blocks(&path.covariance_velocity(time)?, path.source_dimension());
        let stretch = stretch(&of.factor, &source);
        let readout =
            divided(&of.factor, cross.transpose()).transpose() - faer::Scale(0.5) * (&of.readout * &stretch);
        let residual = target - symmetric(&(&readout * of.readout.transpose()), 1.0);
        Ok(Self { stretch, readout, residual })
    }
}

/// `L^-1 velocity L^-T`, symmetric: how fast `L L'` grows, relative to itself.
pub(super) fn stretch(factor: &Mat<f64>, velocity: &Mat<f64>) -> Mat<f64> {
    let half = divided(factor, velocity.as_ref());
    symmetric(&divided(factor, half.transpose()), 0.5)
}

/// `factor^-1 matrix`, of a lower triangular factor.
pub(super) fn divided(factor: &Mat<f64>, matrix: MatRef<'_, f64>) -> Mat<f64> {
    let mut solution = matrix.to_owned();
    factor.solve_lower_triangular_in_place(&mut solution);
    solution
}

/// `scale (matrix + matrix')`, exactly symmetric.
pub(super) fn symmetric(matrix: &Mat<f64>, scale: f64) -> Mat<f64> {
    Mat::from_fn(matrix.nrows(), matrix.ncols(), |i, j| scale * (matrix[(i, j)] + matrix[(j, i)]))
}

/// The trace of a square matrix.
pub(super) fn trace(matrix: &Mat<f64>) -> f64 {
    matrix.diagonal().column_vector().sum()
}

/// The blocks `Sx`, `Syx` and `Sy` of a matrix over `(x, y)`.
fn blocks(matrix: &Array2<f64>, n: usize) -> [Mat<f64>; 3] {
    let block = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
        Mat::from_fn(rows.len(), columns.len(), |i, j| matrix[(rows.start + i, columns.start + j)])
    };
    let joint = matrix.nrows();
    [block(0..n, 0..n), block(n..joint, 0..n), block(n..joint, n..joint)]
}
