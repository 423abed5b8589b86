//! The few matrix operations that everything here is made of.

use crate::InfoError;
use crate::log_domain::half_log_1_plus_square;
use crate::numeric::sum;
use faer::{Mat, MatRef};
use ndarray::{Array1, Array2, ArrayView2};

pub(super) fn from_array(array: ArrayView2<'_, f64>) -> Mat<f64> {
    Mat::from_fn(array.nrows(), array.ncols(), |i, j| array[(i, j)])
}

pub(super) fn to_array(matrix: MatRef<'_, f64>) -> Array2<f64> {
    Array2::from_shape_fn((matrix.nrows(), matrix.ncols()), |(i, j)| matrix[(i, j)])
}

pub(super) fn from_vector(vector: &Array1<f64>) -> Mat<f64> {
    Mat::from_fn(vector.len(), 1, |i, _| vector[i])
}

pub(super) fn to_vector(column: &Mat<f64>) -> Array1<f64> {
    Array1::from_shape_fn(column.nrows(), |i| column[(i, 0)])
}

/// `lower^-1 rhs`, for a lower triangular matrix.
pub(super) fn solve_lower(lower: &Mat<f64>, mut rhs: Mat<f64>) -> Mat<f64> {
    lower.solve_lower_triangular_in_place(&mut rhs);
    rhs
}

/// `lower'^-1 rhs`, for a lower triangular matrix.
pub(super) fn solve_lower_transposed(lower: &Mat<f64>, mut rhs: Mat<f64>) -> Mat<f64> {
    lower.transpose().solve_upper_triangular_in_place(&mut rhs);
    rhs
}

/// The diagonal of a square matrix.
pub(super) fn pivots(matrix: &Mat<f64>) -> impl Iterator<Item = f64> + '_ {
    (0..matrix.nrows()).map(|i| matrix[(i, i)])
}

/// The sum of the squares of the entries.
pub(super) fn squared_norm(matrix: &Mat<f64>) -> f64 {
    sum(matrix.col_iter().flat_map(|column| column.iter()).map(|entry| entry * entry))
}

/// The matrices side by side; they have as many rows as the first.
pub(super) fn beside(parts: &[&Mat<f64>]) -> Mat<f64> {
    let rows = parts.first().map_or(0, |part| part.nrows());
    let mut whole = Mat::zeros(rows, parts.iter().map(|part| part.ncols()).sum());
    let mut column = 0;
    for part in parts {
        whole.submatrix_mut(0, column, rows, part.ncols()).copy_from(part);
        column += part.ncols();
    }
    whole
}

/// The lower triangular factor, of non-negative diagonal, of `root root'`, by an orthogonal decomposition of `root'`.
/// The root has at least as many columns as rows.
pub(super) fn triangular(root: &Mat<f64>) -> Mat<f64> {
    let order = largest_first(root);
    let decomposition = Mat::from_fn(root.ncols(), root.nrows(), |i, j| root[(j, order[i])]).qr();
    let upper = decomposition.thin_R();
    Mat::from_fn(root.nrows(), root.nrows(), |i, j| {
        if i < j {
            0.0
        } else if upper[(j, j)] < 0.0 {
            -upper[(j, i)]
        } else {
            upper[(j, i)]
        }
    })
}

/// The numbers of the columns, from the largest to the smallest. An orthogonal decomposition of the transpose in this order
/// does not round a small row at the size of a large one. (Cox and Higham, *Stability of Householder QR factorization for
/// weighted least squares problems*, 1998.)
fn largest_first(matrix: &Mat<f64>) -> Vec<usize> {
    let size = |column: usize| matrix.col(column).norm_max();
    let mut order: Vec<usize> = (0..matrix.ncols()).collect();
    order.sort_by(|&a, &b| size(b).total_cmp(&size(a)));
    order
}

/// `(L V, U V)` for a root V of `(I + U'U)^-1 = V V'`, `factor` L and `whitened` U, which have equally many columns.
///
/// From the orthogonal decomposition `Q R` of `[I; U]`, so that `R'R = I + U'U`: V is `R^-1`, and `U V` the lower block of
/// Q. The columns are pivoted, so that what a precise measurement leaves open keeps its digits.
pub(super) fn posterior_roots(factor: &Mat<f64>, whitened: &Mat<f64>) -> (Mat<f64>, Mat<f64>) {
    let (m, n) = (whitened.nrows(), whitened.ncols());
    let stacked = beside(&[&Mat::identity(n, n), &whitened.transpose().to_owned()]);
    let order = largest_first(&stacked);
    let decomposition = Mat::from_fn(n + m, n, |i, j| stacked[(j, order[i])]).col_piv_qr();
    let (pivot, _) = decomposition.P().arrays();
    let permuted = Mat::from_fn(n, factor.nrows(), |i, j| factor[(j, pivot[i])]);
    let root = solve_lower(&decomposition.thin_R().transpose().to_owned(), permuted);
    let orthogonal = decomposition.compute_thin_Q();
    let mut signal = Mat::zeros(m, n);
    for (row, &from) in order.iter().enumerate().filter(|(_, from)| **from >= n) {
        signal.row_mut(from - n).copy_from(orthogonal.row(row));
    }
    (root.transpose().to_owned(), signal)
}

/// `1/2 ln det(I + M M')`, from the singular values: not negative, and to full relative precision when M is small.
pub(super) fn half_log_det_identity_plus_square(matrix: &Mat<f64>) -> Result<f64, InfoError> {
    let values =
        matrix.singular_values().map_err(|_| InfoError::NoConvergence { what: "singular values" })?;
    Ok(sum(values.into_iter().map(half_log_1_plus_square)))
}

/// Refuses a matrix or column, computed from valid ones, that left the range of `f64`.
pub(super) fn check_range(what: &'static str, matrix: &Mat<f64>) -> Result<(), InfoError> {
    if matrix.is_all_finite() { Ok(()) } else { Err(InfoError::OutOfRange { what }) }
}

/// `+inf` is a loss or divergence that `f64` cannot hold; a NaN comes from numbers on the way to it, and is refused.
pub(super) fn in_range(what: &'static str, value: f64) -> Result<f64, InfoError> {
    if value.is_nan() { Err(InfoError::OutOfRange { what }) } else { Ok(value) }
}
