//! The information bottleneck of jointly Gaussian vectors, by their squared canonical correlations `rho_i^2`.
//!
//! With `l_i = 1 - rho_i^2`, the eigenvalues of `S_x|y S_x^-1`, mode i is active from `beta_i = 1 / rho_i^2` on, and
//! over the active modes
//!
//! ```text
//! I(X;Z) = 1/2 sum ln((beta - 1) (1 - l_i) / l_i)      I(Z;Y) = I(X;Z) - 1/2 sum ln(beta (1 - l_i))
//! ```
//!
//! Source: Chechik, Globerson, Tishby and Weiss, *Information Bottleneck for Gaussian Variables*, JMLR 6 (2005), 165-188,
//! theorem 3.1 and section 5. Correlations are taken to lie strictly between zero and one.

use super::BottleneckPoint;

/// The multiplier `beta_i = 1 / rho_i^2` from which a mode is active.
pub fn critical_multiplier(squared_correlation: f64) -> f64 {
    1.0 / squared_correlation
}

/// The point of the information curve where its slope is `1 / beta`: it minimises `I(X;Z) - beta I(Z;Y)`.
pub fn point(squared_correlations: &[f64], beta: f64) -> BottleneckPoint {
    let active = squared_correlations.iter().filter(|&&squared| beta * squared > 1.0);
    let (mut rate, mut lost) = (0.0, 0.0);
    for squared in active {
        rate += 0.5 * ((beta - 1.0) * squared / (1.0 - squared)).ln();
        lost += 0.5 * (beta * squared).ln();
    }
    BottleneckPoint { rate, relevance: rate - lost }
}

/// The information curve itself: the largest `I(Z;Y)` at `I(X;Z) = rate`. With the n active modes, those of the largest
/// correlations,
///
/// `I(Z;Y) = rate - n/2 ln( (prod (1 - l_i))^(1/n) + e^(2 rate / n) (prod l_i)^(1/n) )`.
///
/// Mode `n + 1` joins at `rate = 1/2 sum_(i <= n) ln( l_(n+1) (1 - l_i) / (l_i (1 - l_(n+1))) )`.
pub fn relevance(squared_correlations: &[f64], rate: f64) -> f64 {
    let mut sorted = squared_correlations.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let odds = |squared: f64| (squared / (1.0 - squared)).ln();
    let joins = |n: usize| 0.5 * sorted[..n].iter().map(|&s| odds(s) - odds(sorted[n])).sum::<f64>();
    let active = (1..sorted.len()).take_while(|&n| joins(n) < rate).count() + 1;
    let n = active as f64;
    let mean = |f: fn(f64) -> f64| sorted[..active].iter().map(|&s| f(s).ln()).sum::<f64>() / n;
    let (kept, lost) = (mean(|s| s), mean(|s| 1.0 - s));
    rate - 0.5 * n * (kept.exp() + (2.0 * rate / n + lost).exp()).ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::assert_close;
    use crate::finite_difference::central;
    use crate::numeric::golden_section;
    use crate::strategies::log_uniform;

    #[test]
    fn the_printed_numbers() {
        // Printed to ten digits: half a unit in the last place.
        let half = 0.5e-10;
        let squared = [0.9, 0.6, 0.3];
        for (squared, beta) in squared.into_iter().zip([1.1111111111, 1.6666666667, 3.3333333333]) {
            assert_close!(critical_multiplier(squared), beta, rtol = 0.0, atol = half);
        }
        for (beta, rate, relevance) in [
            (1.2, 0.2938933325, 0.2554128119),
            (2.0, 1.3013448427, 0.9162907319),
            (4.0, 2.5256143455, 1.3562522757),
            (10.0, 4.1735327785, 1.6297346109),
        ] {
            let found = point(&squared, beta);
            assert_close!(found.rate, rate, rtol = 0.0, atol = half);
            assert_close!(found.relevance, relevance, rtol = 0.0, atol = half);
        }
        assert_eq!(point(&squared, 1.1), BottleneckPoint { rate: 0.0, relevance: 0.0 });
    }

    proptest! {
        #[test]
        fn no_noise_in_the_canonical_frame_does_better(
            squared in prop::collection::vec(0.01..0.99f64, 1..5), beta in log_uniform(0.5, 100.0),
        ) {
            // Mode by mode over the signal-to-noise ratio s: I(X;Z) = 1/2 ln(1 + s), and what is left of Y after Z has
            // variance 1 - rho^2 s / (1 + s).
            let mode = |squared: f64| {
                let objective = |log: f64| {
                    let s = log.exp();
                    0.5 * s.ln_1p() + 0.5 * beta * (-squared * s / (1.0 + s)).ln_1p()
                };
                golden_section(objective, -60.0, 40.0).value
            };
            let best: f64 = squared.iter().map(|&squared| mode(squared)).sum();
            let found = point(&squared, beta);
            // The rounding of a few dozen operations on numbers of the size of beta I.
            let scale = found.rate + beta * found.relevance;
            assert_close!(found.objective(beta), best, rtol = 0.0, atol = 1e-14 * (1.0 + scale));
        }

        #[test]
        fn the_curve_goes_through_the_points_with_slope_one_over_beta(
            squared in prop::collection::vec(0.01..0.99f64, 1..5), beta in log_uniform(1.05, 100.0),
        ) {
            let found = point(&squared, beta);
            prop_assume!(found.rate > 1e-2);
            assert_close!(relevance(&squared, found.rate), found.relevance, rtol = 1e-12, atol = 0.0);
            // The curve is smooth but for a jump of the second derivative where a mode joins.
            let slope = central(|rate| relevance(&squared, rate), found.rate, 1e-4 * found.rate);
            assert_close!(slope.value, 1.0 / beta, rtol = 1e-3, atol = 0.0);
        }
    }
}
