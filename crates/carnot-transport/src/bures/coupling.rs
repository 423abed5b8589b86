use faer::{Mat, MatRef};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use super::GaussianMeasure;
use crate::TransportError;

/// The Bures distance of two covariances, shape `(n, n)` each, symmetric and positive semidefinite: the Wasserstein
/// distance of order two of Gaussians with the same mean,
///
/// ```text
/// W_2^2 = tr A + tr B - 2 tr (A^(1/2) B A^(1/2))^(1/2)
/// ```
///
/// in the unit of a standard deviation. Its absolute error is about `eps (tr A + tr B)^(1/2)`, times the root of the
/// condition number: that is what the rounding of the entries does to a small deviation.
///
/// # Errors
///
/// As [`GaussianMeasure::new`] and [`gaussian_coupling`].
pub fn bures_distance(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Result<f64, TransportError> {
    let (a, b) = (GaussianMeasure::centred(a)?, GaussianMeasure::centred(b)?);
    Ok(gaussian_coupling(&a, &b)?.bures())
}

/// The optimal coupling of two Gaussian measures of the same dimension for the cost `|x - y|^2`.
///
/// It is Gaussian, and unique unless directions of the one are orthogonal to the whole of the other; then it is one of
/// several.
///
/// ```
/// # use carnot_transport::{GaussianMeasure, gaussian_coupling};
/// # use ndarray::array;
/// # fn main() -> Result<(), carnot_transport::TransportError> {
/// let source = GaussianMeasure::centred(array![[4.0, 0.0], [0.0, 1.0]].view())?;
/// let target = GaussianMeasure::new(array![2.0, 0.0].view(), array![[1.0, 0.0], [0.0, 9.0]].view())?;
/// let coupling = gaussian_coupling(&source, &target)?;
/// // Deviations of 2 and 1 become 1 and 3, and the mean moves by 2: 1 + 4 + 4 squared.
/// assert!((coupling.wasserstein() - 3.0).abs() < 1e-14);
/// assert!((coupling.map()?.apply(array![2.0, 1.0].view())? - array![3.0, 3.0]).iter().all(|d| d.abs() < 1e-14));
/// assert!((coupling.interpolate(0.5)?.covariance()[(1, 1)] - 4.0).abs() < 1e-14);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`TransportError::DimensionMismatch`], or [`TransportError::Decomposition`] where the entries leave the range of `f64`
/// on the way.
pub fn gaussian_coupling(
    source: &GaussianMeasure,
    target: &GaussianMeasure,
) -> Result<GaussianCoupling, TransportError> {
    let (expected, found) = (source.dimension(), target.dimension());
    if found != expected {
        return Err(TransportError::DimensionMismatch { found, expected });
    }
    let overlap = source.root().transpose() * target.root();
    if !overlap.is_all_finite() {
        return Err(TransportError::Decomposition);
    }
    let svd = overlap.svd().map_err(|_| TransportError::Decomposition)?;
    let columns = source.rank().max(target.rank());
    Ok(GaussianCoupling {
        means: [source.mean().to_owned(), target.mean().to_owned()],
        roots: [widened(&(source.root() * svd.U()), columns), widened(&(target.root() * svd.V()), columns)],
        frame: svd.U().to_owned(),
        source: source.clone(),
        target_rank: target.rank(),
    })
}

/// The optimal coupling of two Gaussian measures, made by [`gaussian_coupling`]: with `u` standard normal,
/// `x = m_a + R_a u` is coupled to `y = m_b + R_b u`.
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianCoupling {
    source: GaussianMeasure,
    target_rank: usize,
    means: [Array1<f64>; 2],
    /// `R_a` and `R_b`, aligned and with as many columns as the larger rank.
    roots: [Mat<f64>; 2],
    /// U, which aligned the root of the source.
    frame: Mat<f64>,
}

/// The map `x -> matrix (x - from) + to`.
#[derive(Debug, Clone, PartialEq)]
pub struct AffineMap {
    matrix: Array2<f64>,
    from: Array1<f64>,
    to: Array1<f64>,
}

impl AffineMap {
    /// The linear part, shape `(n, n)`.
    #[must_use]
    pub fn matrix(&self) -> ArrayView2<'_, f64> {
        self.matrix.view()
    }

    /// The image of a point, shape `(n)`.
    ///
    /// # Errors
    ///
    /// [`TransportError::DimensionMismatch`] for a point of another dimension.
    pub fn apply(&self, point: ArrayView1<'_, f64>) -> Result<Array1<f64>, TransportError> {
        if point.len() != self.from.len() {
            return Err(TransportError::DimensionMismatch { found: point.len(), expected: self.from.len() });
        }
        Ok(self.matrix.dot(&(&point - &self.from)) + &self.to)
    }
}

impl GaussianCoupling {
    /// The distance of the covariances: `|R_a - R_b|`, Frobenius norm.
    #[must_use]
    pub fn bures(&self) -> f64 {
        (&self.roots[1] - &self.roots[0]).norm_l2()
    }

    /// The Wasserstein distance of order two: that of the covariances and that of the means, as the legs of a right angle.
    #[must_use]
    pub fn wasserstein(&self) -> f64 {
        let [from, to] = &self.means;
        (to - from).iter().fold(self.bures(), |leg, difference| leg.hypot(*difference))
    }

    /// `E[(x - m_a)(y - m_b)'] = R_a R_b'`, shape `(n, n)`.
    #[must_use]
    pub fn cross_covariance(&self) -> Array2<f64> {
        to_array((&self.roots[0] * self.roots[1].transpose()).as_ref())
    }

    /// The optimal map of the source onto the target, `x -> m_b + R_b R_a^+ (x - m_a)`.
    ///
    /// For a regular source it is the only one, symmetric and positive semidefinite. A singular source has a map if its
    /// rank is at least that of the target; it takes to zero what the source does not reach.
    ///
    /// # Errors
    ///
    /// [`TransportError::NoMap`] where the source has the lower rank: a point would have to split.
    pub fn map(&self) -> Result<AffineMap, TransportError> {
        let ranks = [self.source.rank(), self.target_rank];
        if ranks[0] < ranks[1] {
            return Err(TransportError::NoMap { source_rank: ranks[0], target_rank: ranks[1] });
        }
        // `R_a^+ = U' diag(1 / variance) L_a'` with the eigenvectors that L_a is made of.
        let root = self.source.root();
        let variances: Vec<f64> = root.col_iter().map(|column| column.squared_norm_l2()).collect();
        let inverse = Mat::from_fn(root.ncols(), root.nrows(), |mode, i| root[(i, mode)] / variances[mode]);
        let matrix = &self.roots[1] * (self.frame.transpose() * inverse);
        let regular = ranks[0] == self.source.dimension();
        let matrix = if regular { symmetrised(matrix.as_ref()) } else { to_array(matrix.as_ref()) };
        let [from, to] = self.means.clone();
        Ok(AffineMap { matrix, from, to })
    }

    /// McCann's displacement interpolation at `time` = `t`, the constant-speed geodesic from the source (`t = 0`) to the
    /// target (`t = 1`): the Gaussian measure of `(1 - t) x + t y`, with covariance `R_t R_t'`, `R_t = (1 - t) R_a + t R_b`.
    ///
    /// # Errors
    ///
    /// [`TransportError::InvalidTime`] unless `0 <= t <= 1`.
    pub fn interpolate(&self, time: f64) -> Result<GaussianMeasure, TransportError> {
        let root = self.root_at(time)?;
        let [from, to] = &self.means;
        let mean = (1.0 - time) * from + time * to;
        GaussianMeasure::new(mean.view(), symmetrised((&root * root.transpose()).as_ref()).view())
    }

    /// `d/dt` of the covariance of [`interpolate`](Self::interpolate), shape `(n, n)`:
    /// `(R_b - R_a) R_t' + R_t (R_b - R_a)'`.
    ///
    /// # Errors
    ///
    /// [`TransportError::InvalidTime`] unless `0 <= t <= 1`.
    pub fn covariance_velocity(&self, time: f64) -> Result<Array2<f64>, TransportError> {
        let velocity = &self.roots[1] - &self.roots[0];
        Ok(2.0 * symmetrised((velocity * self.root_at(time)?.transpose()).as_ref()))
    }

    fn root_at(&self, time: f64) -> Result<Mat<f64>, TransportError> {
        if !(0.0..=1.0).contains(&time) {
            return Err(TransportError::InvalidTime { time });
        }
        Ok(faer::Scale(1.0 - time) * &self.roots[0] + faer::Scale(time) * &self.roots[1])
    }
}

/// The matrix with columns of zeros added.
fn widened(matrix: &Mat<f64>, columns: usize) -> Mat<f64> {
    Mat::from_fn(matrix.nrows(), columns, |i, j| if j < matrix.ncols() { matrix[(i, j)] } else { 0.0 })
}

/// The mean of a square matrix and its transpose, exactly symmetric.
fn symmetrised(matrix: MatRef<'_, f64>) -> Array2<f64> {
    Array2::from_shape_fn(matrix.shape(), |(i, j)| 0.5 * (matrix[(i, j)] + matrix[(j, i)]))
}

fn to_array(matrix: MatRef<'_, f64>) -> Array2<f64> {
    Array2::from_shape_fn(matrix.shape(), |place| matrix[place])
}
