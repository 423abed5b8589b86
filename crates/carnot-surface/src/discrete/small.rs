//! Cholesky factors of small matrices, as large as the label alphabet, in place and without allocation.

/// Replaces the lower triangle of the symmetric matrix `a` (shape `(n, n)`, row after row) by its Cholesky factor;
/// `false` where a pivot is not positive.
pub(super) fn cholesky(a: &mut [f64], n: usize) -> bool {
    for j in 0..n {
        let mut pivot = a[j * n + j];
        for k in 0..j {
            pivot -= a[j * n + k] * a[j * n + k];
        }
        if pivot.is_nan() || pivot <= 0.0 {
            return false;
        }
        let pivot = pivot.sqrt();
        a[j * n + j] = pivot;
        for i in j + 1..n {
            let mut entry = a[i * n + j];
            for k in 0..j {
                entry -= a[i * n + k] * a[j * n + k];
            }
            a[i * n + j] = entry / pivot;
        }
    }
    true
}

/// Solves `L x = b` in place.
pub(super) fn solve_lower(l: &[f64], n: usize, b: &mut [f64]) {
    for i in 0..n {
        let mut value = b[i];
        for k in 0..i {
            value -= l[i * n + k] * b[k];
        }
        b[i] = value / l[i * n + i];
    }
}

/// Solves `L' x = b` in place.
pub(super) fn solve_lower_transposed(l: &[f64], n: usize, b: &mut [f64]) {
    for i in (0..n).rev() {
        let mut value = b[i];
        for k in i + 1..n {
            value -= l[k * n + i] * b[k];
        }
        b[i] = value / l[i * n + i];
    }
}

/// Replaces the factor `L` by `L'^-1`, upper triangular, with zeros below.
pub(super) fn invert_lower_transposed(l: &mut [f64], n: usize) {
    // Column by column of L^-1, written as rows of its transpose above the diagonal, which L does not use.
    for j in 0..n {
        let diagonal = 1.0 / l[j * n + j];
        for i in j + 1..n {
            let mut value = l[i * n + j] * diagonal;
            for k in j + 1..i {
                value += l[i * n + k] * l[j * n + k];
            }
            l[j * n + i] = -value / l[i * n + i];
        }
    }
    for i in 0..n {
        l[i * n + i] = 1.0 / l[i * n + i];
        for j in 0..i {
            l[i * n + j] = 0.0;
        }
    }
}
