use super::Covariance;
use super::linalg::{
    from_vector, half_log_det_identity_plus_square, in_range, pivots, solve_lower, squared_norm, to_vector,
};
use crate::InfoError;
use crate::error::{check_finite, check_length};
use crate::log_domain::x_minus_ln_1p;
use crate::numeric::sum;
use faer::{Mat, Side};
use ndarray::Array1;
use std::f64::consts::{E, TAU};

/// A multivariate Gaussian `N(mean, covariance)` of dimension n.
#[derive(Debug, Clone, PartialEq)]
pub struct Gaussian {
    mean: Mat<f64>,
    covariance: Covariance,
}

impl Gaussian {
    /// `N(mean, covariance)`; `mean` has shape `(n,)`.
    ///
    /// # Errors
    ///
    /// [`InfoError::LengthMismatch`] or [`InfoError::NonFinite`].
    pub fn new(mean: impl Into<Array1<f64>>, covariance: Covariance) -> Result<Self, InfoError> {
        let mean = mean.into();
        check_length("length of the mean against the covariance", covariance.dimension(), mean.len())?;
        check_finite("mean", mean.iter().copied())?;
        Ok(Self { mean: from_vector(&mean), covariance })
    }

    /// `N(0, covariance)`.
    #[must_use]
    pub fn centred(covariance: Covariance) -> Self {
        Self { mean: Mat::zeros(covariance.dimension(), 1), covariance }
    }

    pub(super) fn from_checked(mean: Mat<f64>, covariance: Covariance) -> Self {
        Self { mean, covariance }
    }

    /// The dimension n, at least one.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.covariance.dimension()
    }

    /// The mean, shape `(n,)`.
    #[must_use]
    pub fn mean(&self) -> Array1<f64> {
        to_vector(&self.mean)
    }

    /// The covariance.
    #[must_use]
    pub fn covariance(&self) -> &Covariance {
        &self.covariance
    }

    pub(super) fn mean_column(&self) -> &Mat<f64> {
        &self.mean
    }

    pub(super) fn factor(&self) -> &Mat<f64> {
        self.covariance.factor()
    }
}

/// The differential entropy of a Gaussian with this covariance, `1/2 ln det(2 pi e S)`, in nats.
///
/// The entropy left in a block when another is known is that of its [conditional](Covariance::conditional)
/// covariance.
#[must_use]
pub fn differential_entropy(covariance: &Covariance) -> f64 {
    0.5 * (covariance.dimension() as f64 * (TAU * E).ln() + covariance.log_determinant())
}

/// The cross-entropy `-int p(x) ln q(x) dx` of two Gaussians of dimension n, in nats:
///
/// ```text
/// 1/2 [ ln det(2 pi Sq) + tr(Sq^-1 Sp) + (mp - mq)' Sq^-1 (mp - mq) ]
/// ```
///
/// The [`differential_entropy`] of `p` and its [`kl_divergence`] from `q`.
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the dimensions differ, [`InfoError::OutOfRange`] when a number overflows on the
/// way, where the result is not plainly `+inf`.
pub fn cross_entropy(p: &Gaussian, q: &Gaussian) -> Result<f64, InfoError> {
    check_length("dimension of q against p", p.dimension(), q.dimension())?;
    let shift = solve_lower(q.factor(), &p.mean - &q.mean);
    let spread = solve_lower(q.factor(), p.factor().to_owned());
    let log_volume = p.dimension() as f64 * TAU.ln() + q.covariance.log_determinant();
    in_range("cross-entropy", 0.5 * (log_volume + squared_norm(&spread) + squared_norm(&shift)))
}

/// `KL(p || q)` of two Gaussians of dimension n, in nats:
///
/// ```text
/// 1/2 [ tr(Sq^-1 Sp) - n - ln det(Sq^-1 Sp) + (mp - mq)' Sq^-1 (mp - mq) ]
/// ```
///
/// Not negative. Where the covariances are close the first three terms are summed over the eigenvalues of
/// `Sq^-1 (Sp - Sq)`, so that nearly equal Gaussians keep the digits of their divergence.
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the dimensions differ, [`InfoError::OutOfRange`] when a number overflows on the
/// way, where the result is not plainly `+inf`, [`InfoError::NoConvergence`] when no eigenvalues are found.
pub fn kl_divergence(p: &Gaussian, q: &Gaussian) -> Result<f64, InfoError> {
    check_length("dimension of q against p", p.dimension(), q.dimension())?;
    let shift = solve_lower(q.factor(), &p.mean - &q.mean);
    in_range("divergence", covariance_divergence(&p.covariance, &q.covariance)? + 0.5 * squared_norm(&shift))
}

/// `KL( N(0, p) || N(0, q) )`, for covariances of one dimension.
pub(super) fn covariance_divergence(p: &Covariance, q: &Covariance) -> Result<f64, InfoError> {
    // Sp - Sq = (Lp - Lq) Lp' + Lq (Lp - Lq)': close factors give it digits that the matrices have lost.
    let step = p.factor() - q.factor();
    let left = solve_lower(q.factor(), step);
    let right = solve_lower(q.factor(), p.factor().to_owned());
    let mut excess = &left * right.transpose() + left.transpose();
    symmetrise(&mut excess);
    if excess.is_all_finite() {
        let eigenvalues = excess
            .self_adjoint_eigenvalues(Side::Lower)
            .map_err(|_| InfoError::NoConvergence { what: "eigenvalues" })?;
        if eigenvalues.iter().all(|value| value.abs() <= 0.5) {
            return Ok(0.5 * sum(eigenvalues.into_iter().map(x_minus_ln_1p)));
        }
    }
    // A small eigenvalue of Sq^-1 Sp is not accurate; the ratios of the pivots, whose product is the determinant, are.
    let log_ratios = pivots(p.factor()).zip(pivots(q.factor())).map(|(p, q)| 2.0 * (p.ln() - q.ln()));
    Ok((0.5 * (squared_norm(&right) - p.dimension() as f64 - sum(log_ratios))).max(0.0))
}

fn symmetrise(matrix: &mut Mat<f64>) {
    for i in 0..matrix.nrows() {
        for j in 0..i {
            matrix[(i, j)] = 0.5 * (matrix[(i, j)] + matrix[(j, i)]);
        }
    }
}

/// The mutual information `1/2 ln( det S_xx det S_yy / det S )` of two blocks of jointly Gaussian variables, in nats.
///
/// `x` and `y` are the indices of the blocks in `covariance`; other variables are summed out. Not negative, and to full
/// relative precision when the blocks are almost independent.
///
/// # Errors
///
/// [`InfoError::InvalidBlock`] for an index that is out of range or given twice, also across the blocks,
/// [`InfoError::EmptyAlphabet`] for an empty block, [`InfoError::NoConvergence`] when no singular values are found.
pub fn mutual_information(covariance: &Covariance, x: &[usize], y: &[usize]) -> Result<f64, InfoError> {
    conditional_mutual_information(covariance, x, y, &[])
}

/// The mutual information `I(X;Y|W)` of two blocks of jointly Gaussian variables when a third is known, in nats: that of
/// their conditional covariance.
///
/// `x`, `y` and `given` are the indices of the blocks in `covariance`; `given` may be empty.
///
/// # Errors
///
/// Those of [`mutual_information`], for the three blocks.
pub fn conditional_mutual_information(
    covariance: &Covariance,
    x: &[usize],
    y: &[usize],
    given: &[usize],
) -> Result<f64, InfoError> {
    covariance.check_blocks(&[x, y, given])?;
    covariance.check_blocks(&[y])?;
    let pair = covariance.conditional(&[x, y].concat(), given)?;
    // In the factor of (x, y) the rows of y are [ K Lx, L ]: y is K x plus noise of factor L, and
    // I = 1/2 ln det(I + (L^-1 K Lx) (L^-1 K Lx)').
    let (at, size) = (x.len(), y.len());
    let signal = pair.factor().submatrix(at, 0, size, at).to_owned();
    let noise = pair.factor().submatrix(at, at, size, size).to_owned();
    half_log_det_identity_plus_square(&solve_lower(&noise, signal))
}
