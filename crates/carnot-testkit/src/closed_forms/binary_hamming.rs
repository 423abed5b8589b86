//! A Bernoulli(p) source with Hamming distortion: `R(D) = h(p) - h(D)` for `0 <= D <= min(p, 1 - p)`.
//!
//! Source: Cover and Thomas, *Elements of Information Theory*, theorem 10.3.1.

use crate::numeric::binary_entropy;

/// `R(D) = h(p) - h(D)`, zero from `D = min(p, 1 - p)` on.
pub fn rate(p: f64, distortion: f64) -> f64 {
    if distortion >= p.min(1.0 - p) { 0.0 } else { binary_entropy(p) - binary_entropy(distortion) }
}

/// `lambda(D) = -dR/dD = ln((1 - D) / D)` for `0 < D < min(p, 1 - p)`, whatever p.
pub fn multiplier(distortion: f64) -> f64 {
    ((1.0 - distortion) / distortion).ln()
}

/// `D(lambda) = 1 / (1 + e^lambda)`, but never more than `min(p, 1 - p)`.
pub fn distortion(p: f64, lambda: f64) -> f64 {
    (1.0 / (1.0 + lambda.exp())).min(p).min(1.0 - p)
}

/// `F(lambda) = h(p) - ln(1 + e^-lambda)` where `D < min(p, 1 - p)`, else `lambda min(p, 1 - p)`.
pub fn free_energy(p: f64, lambda: f64) -> f64 {
    let rarer = p.min(1.0 - p);
    if distortion(p, lambda) < rarer { binary_entropy(p) - (-lambda).exp().ln_1p() } else { lambda * rarer }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::checks::{RateDistortion, check_by_alternation};
    use super::super::uniform_hamming;
    use super::*;
    use crate::strategies::log_uniform;
    use crate::{DiscreteProblem, assert_close};

    #[test]
    fn the_printed_numbers() {
        // Printed to ten digits: half a unit in the last place.
        let half = 0.5e-10;
        for (d, r) in [(0.01, 0.6371456462), (0.05, 0.4946319372), (0.1, 0.3680642072), (0.15, 0.2704380928)]
        {
            assert_close!(rate(0.5, d), r, rtol = 0.0, atol = half);
        }
        for (d, r) in [(0.01, 0.4444008892), (0.05, 0.3018871802), (0.1, 0.1753194501), (0.15, 0.0776933357)]
        {
            assert_close!(rate(0.2, d), r, rtol = 0.0, atol = half);
        }
        assert_close!(multiplier(0.1), 2.1972245773, rtol = 0.0, atol = half);
        let uniform = [(0.5, 0.2190701964), (1.0, 0.3798854930), (2.0, 0.5662191695), (4.0, 0.6749972526)];
        for (lambda, f) in uniform {
            assert_close!(free_energy(0.5, lambda), f, rtol = 0.0, atol = half);
            let f = 2f64.ln() - (-lambda).exp().ln_1p();
            assert_close!(free_energy(0.5, lambda), f, rtol = 1e-15, atol = 0.0);
        }
    }

    #[test]
    fn below_the_first_multiplier_nothing_is_said() {
        let first = multiplier(0.2);
        assert_eq!(distortion(0.2, 0.999 * first), 0.2);
        assert_eq!(free_energy(0.2, 0.5 * first), 0.1 * first);
        // F is continuous there.
        assert_close!(free_energy(0.2, first * (1.0 + 1e-12)), 0.2 * first, rtol = 1e-11, atol = 0.0);
        assert_eq!(rate(0.8, 0.3), 0.0);
    }

    proptest! {
        #[test]
        fn rate_multiplier_distortion_and_free_energy_agree(p in 0.02..0.98f64, above in log_uniform(0.1, 10.0)) {
            let rarer = p.min(1.0 - p);
            let curve = RateDistortion {
                rate: |d| rate(p, d),
                multiplier,
                distortion: |l| distortion(p, l),
                free_energy: |l| free_energy(p, l),
            };
            curve.check_at(multiplier(rarer) + above, rarer);
        }

        #[test]
        fn plain_alternation_reaches_it(p in 0.05..0.95f64, lambda in log_uniform(0.1, 10.0)) {
            let problem = DiscreteProblem::rate_distortion(&[p, 1.0 - p], uniform_hamming::table(2));
            check_by_alternation(&problem, lambda, 0.0, free_energy(p, lambda));
        }
    }
}
