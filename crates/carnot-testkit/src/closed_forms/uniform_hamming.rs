//! A uniform source over M letters with Hamming distortion: `R(D) = ln M - h(D) - D ln(M - 1)`.
//!
//! Source: Cover and Thomas, *Elements of Information Theory*, problem 10.5. It holds for `0 <= D <= 1 - 1/M`, and
//! every `lambda > 0` is active: `lambda = 0` is its only transition.

use crate::numeric::binary_entropy;

/// Hamming's distortion table, row after row: zero on the diagonal, else one.
pub fn table(letters: usize) -> Vec<f64> {
    (0..letters * letters).map(|cell| if cell.is_multiple_of(letters + 1) { 0.0 } else { 1.0 }).collect()
}

/// `R(D) = ln M - h(D) - D ln(M - 1)`, zero from `D = 1 - 1/M` on.
pub fn rate(letters: usize, distortion: f64) -> f64 {
    let m = letters as f64;
    if distortion >= 1.0 - 1.0 / m {
        0.0
    } else {
        m.ln() - binary_entropy(distortion) - distortion * (m - 1.0).ln()
    }
}

/// `lambda(D) = -dR/dD = ln((M - 1) (1 - D) / D)`.
pub fn multiplier(letters: usize, distortion: f64) -> f64 {
    ((letters as f64 - 1.0) * (1.0 - distortion) / distortion).ln()
}

/// `D(lambda) = (M - 1) / (M - 1 + e^lambda)`.
pub fn distortion(letters: usize, lambda: f64) -> f64 {
    let others = letters as f64 - 1.0;
    others / (others + lambda.exp())
}

/// `F(lambda) = ln M - ln(1 + (M - 1) e^-lambda)`.
pub fn free_energy(letters: usize, lambda: f64) -> f64 {
    let m = letters as f64;
    m.ln() - ((m - 1.0) * (-lambda).exp()).ln_1p()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::checks::{RateDistortion, check_by_alternation};
    use super::super::{binary_hamming, label_noise};
    use super::*;
    use crate::strategies::log_uniform;
    use crate::{DiscreteProblem, assert_close};

    #[test]
    fn two_letters_are_the_binary_source() {
        for x in [0.01, 0.1, 0.4] {
            assert_close!(rate(2, x), binary_hamming::rate(0.5, x), rtol = 1e-15, atol = 1e-16);
            assert_close!(multiplier(2, x), binary_hamming::multiplier(x), rtol = 1e-15, atol = 0.0);
            assert_close!(free_energy(2, x), binary_hamming::free_energy(0.5, x), rtol = 1e-15, atol = 1e-16);
        }
    }

    #[test]
    fn the_rate_is_the_information_of_a_symmetric_channel() {
        // Another way to the same number: the divergence of a row of the channel from the uniform distribution.
        for (letters, d) in [(3, 0.2), (5, 0.01), (26, 0.9)] {
            let correlation = 1.0 - d * letters as f64 / (letters as f64 - 1.0);
            let information = label_noise::information(letters, correlation);
            assert_close!(rate(letters, d), information, rtol = 1e-14, atol = 1e-15);
        }
    }

    proptest! {
        #[test]
        fn rate_multiplier_distortion_and_free_energy_agree(
            letters in 2..100usize, lambda in log_uniform(0.1, 10.0),
        ) {
            let curve = RateDistortion {
                rate: |d| rate(letters, d),
                multiplier: |d| multiplier(letters, d),
                distortion: |l| distortion(letters, l),
                free_energy: |l| free_energy(letters, l),
            };
            curve.check_at(lambda, 1.0 - 1.0 / letters as f64);
        }

        #[test]
        fn plain_alternation_reaches_it(letters in 2..9usize, lambda in log_uniform(0.1, 10.0)) {
            let uniform = vec![1.0 / letters as f64; letters];
            let problem = DiscreteProblem::rate_distortion(&uniform, table(letters));
            check_by_alternation(&problem, lambda, 0.0, free_energy(letters, lambda));
        }
    }
}
