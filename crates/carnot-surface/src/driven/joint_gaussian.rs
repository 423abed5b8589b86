//! The moments of a source and its target.

use carnot_transport::{GaussianMeasure, TransportError};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use crate::GaussianError;

/// Mean and covariance of a source x of dimension n and its target y of dimension k together: the Gaussian that has these
/// moments, whatever the distribution they were taken from.
///
/// Systems with linear-Gaussian encoders, decoders and heads see no more of their data: R, D and C are expectations of
/// quadratic functions of `(x, y)`.
#[derive(Debug, Clone, PartialEq)]
pub struct JointGaussian {
    measure: GaussianMeasure,
    source_dimension: usize,
}

impl JointGaussian {
    /// The moments of `(x, y)`: the mean, shape `(n + k)`, and the covariance, shape `(n + k, n + k)`, symmetric and positive
    /// semidefinite, of which the first `source_dimension` = n coordinates are x.
    ///
    /// # Errors
    ///
    /// [`GaussianError`] names the shape, the entry, the eigenvalue or the dimension that is wrong.
    pub fn new(
        mean: ArrayView1<'_, f64>,
        covariance: ArrayView2<'_, f64>,
        source_dimension: usize,
    ) -> Result<Self, GaussianError> {
        let measure = GaussianMeasure::new(mean, covariance).map_err(gaussian_error)?;
        let joint = measure.dimension();
        if source_dimension == 0 || source_dimension >= joint {
            return Err(GaussianError::SourceDimension { found: source_dimension, joint });
        }
        Ok(Self { measure, source_dimension })
    }

    /// The moments of a source with mean `source_mean`, shape `(n)`, and covariance `Sx`, shape `(n, n)`, and a target with
    /// mean `target_mean`, shape `(k)`, the regression `E[y|x] - E y = B (x - E x)`, B of shape `(k, n)`, and the residual
    /// covariance `Sn`, shape `(k, k)`: the covariance is `[[Sx, Sx B'], [B Sx, B Sx B' + Sn]]`.
    ///
    /// # Errors
    ///
    /// As [`JointGaussian::new`].
    pub fn from_regression(
        source_mean: ArrayView1<'_, f64>,
        source_covariance: ArrayView2<'_, f64>,
        target_mean: ArrayView1<'_, f64>,
        readout: ArrayView2<'_, f64>,
        residual_covariance: ArrayView2<'_, f64>,
    ) -> Result<Self, GaussianError> {
        let (n, k) = (source_mean.len(), target_mean.len());
        let shapes = [
            ("source covariance", source_covariance.dim(), (n, n)),
            ("readout", readout.dim(), (k, n)),
            ("residual covariance", residual_covariance.dim(), (k, k)),
        ];
        for (matrix, found, expected) in shapes {
            if found != expected {
                return Err(GaussianError::Shape { matrix, found, expected });
            }
        }
        let cross = readout.dot(&source_covariance);
        let target = cross.dot(&readout.t()) + residual_covariance;
        let covariance = Array2::from_shape_fn((n + k, n + k), |(i, j)| match (i < n, j < n) {
            (true, true) => source_covariance[(i, j)],
            (false, true) => cross[(i - n, j)],
            (true, false) => cross[(j - n, i)],
            (false, false) => 0.5 * (target[(i - n, j - n)] + target[(j - n, i - n)]),
        });
        let mean: Array1<f64> = source_mean.iter().chain(target_mean).copied().collect();
        Self::new(mean.view(), covariance.view(), n)
    }

    /// The mean of x and y, shape `(n + k)`.
    pub fn mean(&self) -> ArrayView1<'_, f64> {
        self.measure.mean()
    }

    /// The covariance of x and y, shape `(n + k, n + k)`.
    pub fn covariance(&self) -> ArrayView2<'_, f64> {
        self.measure.covariance()
    }

    /// The dimension n of x.
    pub fn source_dimension(&self) -> usize {
        self.source_dimension
    }

    /// The dimension k of y.
    pub fn target_dimension(&self) -> usize {
        self.measure.dimension() - self.source_dimension
    }

    pub(super) fn measure(&self) -> &GaussianMeasure {
        &self.measure
    }
}

/// What is wrong with a joint distribution, or a pair of them.
pub(super) fn gaussian_error(error: TransportError) -> GaussianError {
    const COVARIANCE: &str = "joint covariance";
    match error {
        TransportError::EmptyCovariance => GaussianError::Empty { matrix: COVARIANCE },
        TransportError::CovarianceShape { found, expected } => {
            GaussianError::Shape { matrix: COVARIANCE, found, expected: (expected, expected) }
        }
        TransportError::InvalidMean { index, value } => {
            GaussianError::NotFinite { matrix: "joint mean", row: index, column: 0, value }
        }
        TransportError::InvalidCovariance { row, column, value } => {
            GaussianError::NotFinite { matrix: COVARIANCE, row, column, value }
        }
        TransportError::NotSymmetric { row, column, above, below } => {
            GaussianError::NotSymmetric { matrix: COVARIANCE, row, column, above, below }
        }
        TransportError::NegativeEigenvalue { value } => {
            GaussianError::NotPositiveSemidefinite { matrix: COVARIANCE, value }
        }
        _ => GaussianError::Decomposition { matrix: COVARIANCE },
    }
}
