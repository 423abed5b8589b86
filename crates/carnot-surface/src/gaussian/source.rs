//! What the two linear-Gaussian systems share: a Gaussian source with a linear decoder, and a linear target.

use faer::{Mat, MatRef, Side};
use ndarray::{Array2, ArrayView2};

use super::{GaussianError, Modes, error};

/// A source `X ~ N(0, Sx)` of dimension n and a linear decoder of fixed noise variance `s_d^2`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Source {
    /// The Cholesky factor L of `Sx = L L'`.
    factor: Mat<f64>,
    /// `(n/2) ln(2 pi s_d^2)`.
    distortion_constant: f64,
}

impl Source {
    pub(super) fn new(covariance: ArrayView2<'_, f64>, decoder_variance: f64) -> Result<Self, GaussianError> {
        let factor = cholesky("source covariance", covariance)?;
        error::check_variance("decoder", decoder_variance)?;
        let distortion_constant = factor.nrows() as f64 * log_normaliser(decoder_variance);
        Ok(Self { factor, distortion_constant })
    }

    pub(super) fn dimension(&self) -> usize {
        self.factor.nrows()
    }

    pub(super) fn factor(&self) -> &Mat<f64> {
        &self.factor
    }

    pub(super) fn distortion_constant(&self) -> f64 {
        self.distortion_constant
    }

    /// `B L`, the readout in whitened coordinates, of a readout B of shape (k, n).
    pub(super) fn whitened(&self, readout: ArrayView2<'_, f64>) -> Result<Mat<f64>, GaussianError> {
        error::check_shape("readout", &readout, (readout.nrows(), self.dimension()))?;
        Ok(Mat::from_fn(readout.nrows(), readout.ncols(), |i, j| readout[(i, j)]) * &self.factor)
    }

    /// `T = L V diag(min(1 / mu_i, 1)) V' L'`, shape (n, n).
    pub(super) fn posterior_covariance(&self, modes: &Modes) -> Result<Array2<f64>, GaussianError> {
        modes.check_dimension(self.dimension())?;
        let factor = &self.factor * modes.root();
        let t = gram(factor.transpose(), 1.0);
        Ok(Array2::from_shape_fn(t.shape(), |place| t[place]))
    }
}

/// The Cholesky factor of a covariance, which is checked on the way.
pub(super) fn cholesky(
    matrix: &'static str,
    covariance: ArrayView2<'_, f64>,
) -> Result<Mat<f64>, GaussianError> {
    let n = covariance.nrows();
    error::check_shape(matrix, &covariance, (n, n))?;
    error::check_symmetric(matrix, &covariance)?;
    let factor = Mat::from_fn(n, n, |i, j| covariance[(i, j)]).llt(Side::Lower);
    Ok(factor.map_err(|_| GaussianError::NotPositiveDefinite { matrix })?.L().to_owned())
}

/// `1/2 ln(2 pi variance)`.
pub(super) fn log_normaliser(variance: f64) -> f64 {
    0.5 * (std::f64::consts::TAU * variance).ln()
}

/// `matrix' matrix / variance`, exactly symmetric.
pub(super) fn gram(matrix: MatRef<'_, f64>, variance: f64) -> Mat<f64> {
    let product = matrix.transpose() * matrix;
    Mat::from_fn(product.nrows(), product.ncols(), |i, j| product[(i.max(j), i.min(j))] / variance)
}
