use super::linalg::{beside, check_range, from_array, pivots, to_array, triangular};
use crate::InfoError;
use crate::error::{check_entries, check_length};
use crate::numeric::sum;
use faer::linalg::cholesky::llt::factor::LltError;
use faer::{Mat, Side};
use ndarray::{Array2, ArrayView2};

/// A covariance: a symmetric positive definite matrix S, shape `(n, n)`, `n >= 1`, with its Cholesky factor
/// (`S = L L'`, L lower triangular), computed once.
///
/// ```
/// # use carnot_info::gaussian::Covariance;
/// # use ndarray::array;
/// # fn main() -> Result<(), carnot_info::InfoError> {
/// let covariance = Covariance::new(array![[4.0, 2.0], [2.0, 3.0]].view())?;
/// assert!((covariance.log_determinant() - 8.0_f64.ln()).abs() < 1e-15);
/// assert!(Covariance::new(array![[1.0, 2.0], [2.0, 1.0]].view()).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Covariance {
    factor: Mat<f64>,
}

/// Two mirror images may differ by this much, relative to the standard deviations of their row and column: more than
/// the rounding of a product of matrices, less than any asymmetry that means something.
const ASYMMETRY: f64 = 1e-12;

impl Covariance {
    /// The covariance with this matrix, shape `(n, n)`. Of two mirror images the lower one is taken; they may differ
    /// by 1e-12 of the standard deviations of their row and column.
    ///
    /// # Errors
    ///
    /// [`InfoError::EmptyAlphabet`] for `n = 0`, [`InfoError::LengthMismatch`] for a matrix that is not square,
    /// [`InfoError::NonFiniteEntry`], [`InfoError::NotSymmetric`], or [`InfoError::NotPositiveDefinite`].
    pub fn new(matrix: ArrayView2<'_, f64>) -> Result<Self, InfoError> {
        let (rows, columns) = matrix.dim();
        check_length("columns of the covariance against its rows", rows, columns)?;
        if rows == 0 {
            return Err(InfoError::EmptyAlphabet { rows, columns });
        }
        check_entries("covariance", matrix)?;
        for ((row, column), &above) in matrix.indexed_iter().filter(|((row, column), _)| row < column) {
            let below = matrix[(column, row)];
            let scale = matrix[(row, row)].abs().sqrt() * matrix[(column, column)].abs().sqrt();
            if (above - below).abs() > ASYMMETRY * scale.max(above.abs()) {
                return Err(InfoError::NotSymmetric { row, column, above, below });
            }
        }
        let decomposition = from_array(matrix)
            .llt(Side::Lower)
            .map_err(|LltError::NonPositivePivot { index }| InfoError::NotPositiveDefinite { index })?;
        Ok(Self { factor: decomposition.L().to_owned() })
    }

    /// The diagonal covariance with these variances, shape `(n,)`.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn diagonal(variances: &[f64]) -> Result<Self, InfoError> {
        Self::new(Array2::from_diag(&ndarray::aview1(variances)).view())
    }

    /// The covariance `variance I` of `n` independent variables.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn isotropic(n: usize, variance: f64) -> Result<Self, InfoError> {
        Self::diagonal(&vec![variance; n])
    }

    /// `sum_i roots_i roots_i'`, for roots with as many rows as the first, one of them a factor.
    pub(super) fn from_roots(what: &'static str, roots: &[&Mat<f64>]) -> Result<Self, InfoError> {
        let root = beside(roots);
        check_range(what, &root)?;
        Self::from_factor(triangular(&root))
    }

    /// The covariance with this lower triangular factor of non-negative diagonal.
    pub(super) fn from_factor(factor: Mat<f64>) -> Result<Self, InfoError> {
        check_range("Cholesky factor", &factor)?;
        let singular = pivots(&factor).position(|pivot| pivot <= 0.0);
        match singular {
            Some(index) => Err(InfoError::NotPositiveDefinite { index }),
            None => Ok(Self { factor }),
        }
    }

    pub(super) fn factor(&self) -> &Mat<f64> {
        &self.factor
    }

    /// The dimension n, at least one.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.factor.nrows()
    }

    /// The matrix `S = L L'`, shape `(n, n)`, symmetric. What a standard deviation of more than 1e154 makes of an entry
    /// is infinite.
    #[must_use]
    pub fn matrix(&self) -> Array2<f64> {
        let product = &self.factor * self.factor.transpose();
        Array2::from_shape_fn((self.dimension(), self.dimension()), |(i, j)| product[(i.max(j), i.min(j))])
    }

    /// The Cholesky factor L, shape `(n, n)`, lower triangular with a positive diagonal.
    #[must_use]
    pub fn cholesky(&self) -> Array2<f64> {
        to_array(self.factor.as_ref())
    }

    /// `ln det S = 2 sum_i ln L_ii`.
    #[must_use]
    pub fn log_determinant(&self) -> f64 {
        2.0 * sum(pivots(&self.factor).map(f64::ln))
    }

    /// The covariance of the variables `of`, in that order.
    ///
    /// # Errors
    ///
    /// [`InfoError::InvalidBlock`] for an index that is out of range or given twice, [`InfoError::EmptyAlphabet`]
    /// for none.
    pub fn marginal(&self, of: &[usize]) -> Result<Self, InfoError> {
        self.check_blocks(&[of])?;
        let rows = Mat::from_fn(of.len(), self.dimension(), |i, j| self.factor[(of[i], j)]);
        // Cholesky's decomposition of the entries keeps the digits of small correlations, which an orthogonal one of the
        // rows does not; only the latter works on what is singular to working precision, or has a square beyond the range.
        match (&rows * rows.transpose()).llt(Side::Lower) {
            Ok(found) if found.L().is_all_finite() => Self::from_factor(found.L().to_owned()),
            _ => Self::from_factor(triangular(&rows)),
        }
    }

    /// The covariance of the variables `of` when the variables `given` are known,
    /// `S_oo - S_og S_gg^-1 S_go`, whatever their values.
    ///
    /// It is a block of the Cholesky factor of the variables in the order `given`, `of`. `given` may be empty.
    ///
    /// # Errors
    ///
    /// [`InfoError::InvalidBlock`] for an index that is out of range or given twice, also across the two blocks,
    /// [`InfoError::EmptyAlphabet`] for an empty `of`.
    pub fn conditional(&self, of: &[usize], given: &[usize]) -> Result<Self, InfoError> {
        self.check_blocks(&[of, given])?;
        let joint = self.marginal(&[given, of].concat())?;
        let at = given.len();
        Self::from_factor(joint.factor.submatrix(at, at, of.len(), of.len()).to_owned())
    }

    /// Refuses an empty first block, and blocks that overlap or reach beyond the matrix.
    pub(super) fn check_blocks(&self, blocks: &[&[usize]]) -> Result<(), InfoError> {
        if blocks.first().is_none_or(|block| block.is_empty()) {
            return Err(InfoError::EmptyAlphabet { rows: 0, columns: 0 });
        }
        let mut seen = vec![false; self.dimension()];
        for &index in blocks.iter().copied().flatten() {
            match seen.get_mut(index) {
                Some(seen) if !*seen => *seen = true,
                _ => return Err(InfoError::InvalidBlock { index, dimension: self.dimension() }),
            }
        }
        Ok(())
    }
}
