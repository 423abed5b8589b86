use faer::{Mat, Side};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use crate::TransportError;

/// Two mirror images may differ by this much, relative to the largest of them and the variances of their row and column:
/// more than the rounding of a product of matrices, less than any asymmetry that means something.
const ASYMMETRY: f64 = 1e-12;

/// The Gaussian measure `N(mean, covariance)` on n dimensions, `n >= 1`. The covariance may be singular: directions without
/// variance are points.
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianMeasure {
    mean: Array1<f64>,
    covariance: Array2<f64>,
    /// A root with a column for every eigenvalue that is not zero: its product with its transpose is the covariance.
    root: Mat<f64>,
}

impl GaussianMeasure {
    /// The measure with this mean, shape `(n)`, and this covariance, shape `(n, n)`, symmetric and positive semidefinite.
    ///
    /// Eigenvalues within `8 n eps` of the largest count as zero: the rounding of the entries alone can make one so large.
    ///
    /// # Errors
    ///
    /// [`TransportError::EmptyCovariance`], [`TransportError::CovarianceShape`], [`TransportError::InvalidMean`],
    /// [`TransportError::InvalidCovariance`], [`TransportError::NotSymmetric`], [`TransportError::NegativeEigenvalue`], or
    /// [`TransportError::Decomposition`] where the entries leave the range of `f64` on the way.
    pub fn new(mean: ArrayView1<'_, f64>, covariance: ArrayView2<'_, f64>) -> Result<Self, TransportError> {
        if let Some((index, &value)) = mean.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            return Err(TransportError::InvalidMean { index, value });
        }
        check_covariance(mean.len(), &covariance)?;
        let n = mean.len();
        let eigen = Mat::from_fn(n, n, |i, j| covariance[(i.max(j), i.min(j))])
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| TransportError::Decomposition)?;
        let values = eigen.S().column_vector();
        if !values.iter().all(|value| value.is_finite()) {
            return Err(TransportError::Decomposition);
        }
        // In ascending order, each known to about n units in the last place of the largest.
        let largest = values[n - 1].max(-values[0]);
        let known = 8.0 * n as f64 * f64::EPSILON * largest;
        if values[0] < -known {
            return Err(TransportError::NegativeEigenvalue { value: values[0] });
        }
        let rank = values.iter().filter(|value| **value > known).count();
        let root =
            Mat::from_fn(n, rank, |i, mode| eigen.U()[(i, n - 1 - mode)] * values[n - 1 - mode].sqrt());
        Ok(Self { mean: mean.to_owned(), covariance: covariance.to_owned(), root })
    }

    /// The measure with this covariance and mean zero.
    ///
    /// # Errors
    ///
    /// As [`GaussianMeasure::new`].
    pub fn centred(covariance: ArrayView2<'_, f64>) -> Result<Self, TransportError> {
        Self::new(Array1::zeros(covariance.nrows()).view(), covariance)
    }

    /// The dimension n.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.mean.len()
    }

    /// The mean, shape `(n)`.
    #[must_use]
    pub fn mean(&self) -> ArrayView1<'_, f64> {
        self.mean.view()
    }

    /// The covariance, shape `(n, n)`.
    #[must_use]
    pub fn covariance(&self) -> ArrayView2<'_, f64> {
        self.covariance.view()
    }

    /// How many eigenvalues of the covariance are not zero.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.root.ncols()
    }

    pub(super) fn root(&self) -> &Mat<f64> {
        &self.root
    }
}

fn check_covariance(n: usize, covariance: &ArrayView2<'_, f64>) -> Result<(), TransportError> {
    if n == 0 {
        return Err(TransportError::EmptyCovariance);
    }
    if covariance.dim() != (n, n) {
        return Err(TransportError::CovarianceShape { found: covariance.dim(), expected: n });
    }
    for ((row, column), &value) in covariance.indexed_iter() {
        if !value.is_finite() {
            return Err(TransportError::InvalidCovariance { row, column, value });
        }
    }
    for ((row, column), &above) in covariance.indexed_iter() {
        let below = covariance[(column, row)];
        let scale = covariance[(row, row)].abs().max(covariance[(column, column)].abs());
        if (above - below).abs() > ASYMMETRY * scale.max(above.abs().max(below.abs())) {
            return Err(TransportError::NotSymmetric { row, column, above, below });
        }
    }
    Ok(())
}
