//! Proptest strategies that sample parameters across scales.

mod discrete;

use proptest::prelude::*;

pub use discrete::{
    DistortionKind, LabelKind, convex_multipliers, discrete_problem, distortions, labels, multipliers,
};

/// Numbers between `low` and `high` (both positive), uniform in their logarithm: every decade is as likely.
pub fn log_uniform(low: f64, high: f64) -> impl Strategy<Value = f64> + Clone {
    (low.ln()..high.ln()).prop_map(f64::exp)
}

/// `n` numbers between -1 and 1.
pub fn signed(n: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-1.0..1.0, n)
}

/// A probability vector of length `n`, from nearly uniform to nearly deterministic, in a third of the draws with some
/// cells exactly zero (never all of them). The entries sum to one to rounding.
pub fn probabilities(n: usize) -> impl Strategy<Value = Vec<f64>> {
    let exponents = prop::collection::vec(0.0..1.0f64, n);
    let kept = prop::collection::vec(any::<bool>(), n);
    (exponents, kept, log_uniform(1e-2, 1e2), 0..3u8, 0..n).prop_map(
        move |(exponents, kept, sharpness, mode, certain)| {
            let weight = |i: usize| {
                let present = mode != 0 || kept[i] || i == certain;
                if present { (-sharpness * exponents[i]).exp() } else { 0.0 }
            };
            let weights: Vec<f64> = (0..n).map(weight).collect();
            let total: f64 = weights.iter().sum();
            weights.into_iter().map(|weight| weight / total).collect()
        },
    )
}

/// A symmetric positive definite matrix of size `n`, row after row, with eigenvalues log-uniform over `scale` and a
/// random orthogonal frame (a product of Givens rotations): condition numbers up to the ratio of the scale's ends.
pub fn positive_definite(n: usize, scale: (f64, f64)) -> impl Strategy<Value = Vec<f64>> {
    let eigenvalues = prop::collection::vec(log_uniform(scale.0, scale.1), n);
    let angles = prop::collection::vec(0.0..std::f64::consts::TAU, n * n.saturating_sub(1) / 2);
    (eigenvalues, angles).prop_map(move |(eigenvalues, angles)| {
        let mut frame = vec![0.0; n * n];
        for i in 0..n {
            frame[i * n + i] = 1.0;
        }
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        for ((i, j), angle) in pairs.zip(angles) {
            let (sine, cosine) = angle.sin_cos();
            for row in 0..n {
                let (a, b) = (frame[row * n + i], frame[row * n + j]);
                frame[row * n + i] = cosine * a - sine * b;
                frame[row * n + j] = sine * a + cosine * b;
            }
        }
        let entry = |row: usize, column: usize| -> f64 {
            (0..n).map(|k| frame[row * n + k] * eigenvalues[k] * frame[column * n + k]).sum()
        };
        // Filled by symmetric pairs, so that rounding cannot make it asymmetric.
        let mut matrix = vec![0.0; n * n];
        for row in 0..n {
            for column in 0..=row {
                let value = entry(row, column);
                matrix[row * n + column] = value;
                matrix[column * n + row] = value;
            }
        }
        matrix
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest! {
        #[test]
        fn probabilities_are_probabilities(p in (1..9usize).prop_flat_map(probabilities)) {
            prop_assert!(p.iter().all(|&p| (0.0..=1.0).contains(&p)));
            // Rounding of a sum of at most eight terms.
            prop_assert!((p.iter().sum::<f64>() - 1.0).abs() <= 1e-15 * 8.0);
        }

        #[test]
        fn log_uniform_stays_in_range(x in log_uniform(1e-3, 1e3)) {
            prop_assert!((0.999e-3..=1.001e3).contains(&x));
        }

        #[test]
        fn positive_definite_matrices_have_positive_pivots(a in positive_definite(4, (1e-3, 1e3))) {
            let mut a = a;
            for k in 0..4 {
                prop_assert!(a[k * 4 + k] > 0.0);
                for i in k + 1..4 {
                    let factor = a[i * 4 + k] / a[k * 4 + k];
                    for j in k..4 {
                        a[i * 4 + j] -= factor * a[k * 4 + j];
                    }
                }
            }
        }
    }
}
