//! The doubly symmetric binary pair: X a fair coin, `Y = X xor Bernoulli(alpha)`, Hamming distortion, `0 < alpha < 1/2`.
//!
//! By Mrs Gerber's lemma (Wyner and Ziv, 1973) no representation does better than X sent through a binary symmetric
//! channel with flip probability q; it attains R(D) too, so that the two are met together:
//!
//! ```text
//! F(lambda, gamma) = min over q of  ln 2 - h(q) + lambda q + gamma h(a)
//! a = alpha * q = alpha (1 - q) + q (1 - alpha)
//! ln((1 - q) / q) = lambda + gamma (1 - 2 alpha) ln((1 - a) / a)
//! ```

use std::f64::consts::LN_2;

use super::{BottleneckPoint, Point, Response};
use crate::numeric::{binary_convolution, binary_entropy, bisect};

/// The log-odds `ln((1 - p) / p)`.
fn log_odds(p: f64) -> f64 {
    ((1.0 - p) / p).ln()
}

/// The bottleneck at flip probability q: `I(X;Z) = ln 2 - h(q)`, `I(Z;Y) = ln 2 - h(alpha * q)`.
pub fn bottleneck(alpha: f64, q: f64) -> BottleneckPoint {
    let rate = LN_2 - binary_entropy(q);
    BottleneckPoint { rate, relevance: LN_2 - binary_entropy(binary_convolution(alpha, q)) }
}

/// The multiplier `beta = dI(X;Z) / dI(Z;Y)` of that point, one over the slope of the curve.
pub fn bottleneck_multiplier(alpha: f64, q: f64) -> f64 {
    log_odds(q) / ((1.0 - 2.0 * alpha) * log_odds(binary_convolution(alpha, q)))
}

/// `beta_c = 1 / (1 - 2 alpha)^2`: the continuous onset of the bottleneck.
pub fn critical_multiplier(alpha: f64) -> f64 {
    (1.0 - 2.0 * alpha).powi(-2)
}

/// The flip probability q of the optimal channel, 1/2 where nothing is said.
///
/// With `t = ln((1 - q) / q)` the condition is `t = lambda + 2 gamma k artanh(k tanh(t / 2))`, `k = 1 - 2 alpha`. The
/// difference of its sides is convex in t and starts at `-lambda`, so at most one root is positive; `artanh(k)` bounds it.
pub fn flip(alpha: f64, lambda: f64, gamma: f64) -> f64 {
    let k = 1.0 - 2.0 * alpha;
    if lambda == 0.0 && gamma * k * k <= 1.0 {
        return 0.5;
    }
    let excess = |t: f64| t - lambda - 2.0 * gamma * k * (k * (0.5 * t).tanh()).atanh();
    let largest = lambda + 2.0 * gamma * k * k.atanh();
    1.0 / (1.0 + bisect(excess, f64::MIN_POSITIVE, largest).exp())
}

/// R, D and C at the optimum.
pub fn point(alpha: f64, lambda: f64, gamma: f64) -> Point {
    let q = flip(alpha, lambda, gamma);
    let classification = binary_entropy(binary_convolution(alpha, q));
    Point { rate: LN_2 - binary_entropy(q), distortion: q, classification }
}

/// The response, of rank one: `S_ab = -b_a b_b / Phi_qq` with `b = (1, dC/dq)` and
/// `Phi_qq = 1 / (q (1 - q)) - gamma (1 - 2 alpha)^2 / (a (1 - a))`. Zero at `q = 1/2`, the value from below the onset.
pub fn response(alpha: f64, lambda: f64, gamma: f64) -> Response {
    let q = flip(alpha, lambda, gamma);
    if q == 0.5 && lambda == 0.0 {
        return [[0.0; 2]; 2];
    }
    let (k, a) = (1.0 - 2.0 * alpha, binary_convolution(alpha, q));
    let curvature = 1.0 / (q * (1.0 - q)) - gamma * k * k / (a * (1.0 - a));
    let b = [1.0, k * log_odds(a)];
    b.map(|one| b.map(|other| -one * other / curvature))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::checks::check_by_alternation;
    use super::*;
    use crate::assert_close;
    use crate::finite_difference::central_each;
    use crate::numeric::golden_section;
    use crate::strategies::log_uniform;
    use crate::{DiscreteProblem, Stop, plain_alternation};

    #[test]
    fn the_printed_numbers_of_the_bottleneck() {
        // Printed to ten digits: half a unit in the last place.
        let half = 0.5e-10;
        for (q, rate, relevance, beta) in [
            (0.01, 0.6371456462, 0.3508338644, 2.7205062531),
            (0.05, 0.4946319372, 0.2881836955, 2.0275266165),
            (0.1, 0.3680642072, 0.2217536937, 1.8112805547),
            (0.2, 0.1927447570, 0.1200902634, 1.6567113254),
            (0.3, 0.0822828785, 0.0521117027, 1.5967609813),
        ] {
            let found = bottleneck(0.1, q);
            assert_close!(found.rate, rate, rtol = 0.0, atol = half);
            assert_close!(found.relevance, relevance, rtol = 0.0, atol = half);
            let multiplier = bottleneck_multiplier(0.1, q);
            assert_close!(multiplier, beta, rtol = 0.0, atol = half);
            // q loses a digit where beta is close to its critical value: |dq/dbeta| is at most 7 here.
            assert_close!(flip(0.1, 0.0, multiplier), q, rtol = 1e-13, atol = 0.0);
        }
        assert_close!(critical_multiplier(0.1), 1.5625, rtol = 1e-15, atol = 0.0);
        assert_eq!(flip(0.1, 0.0, 1.5624), 0.5);
        assert!(flip(0.1, 0.0, 1.5626) < 0.5);
    }

    #[test]
    fn the_printed_numbers_of_rate_distortion_classification() {
        // (lambda, gamma), then R, D, C, F as printed: R to seven digits at (1, 1), the others to ten.
        let one = point(0.1, 1.0, 1.0);
        assert_close!(one.rate, 0.3731619, rtol = 0.0, atol = 0.5e-7);
        assert_close!(one.distortion, 0.0976934798, rtol = 0.0, atol = 0.5e-10);
        assert_close!(one.classification, 0.4685839331, rtol = 0.0, atol = 0.5e-10);
        assert_close!(one.objective(1.0, 1.0), 0.9394393230, rtol = 0.0, atol = 0.5e-10);
        let two = point(0.1, 2.0, 0.5);
        assert_close!(two.rate, 0.4566985325, rtol = 0.0, atol = 0.5e-10);
        assert_close!(two.distortion, 0.0634841821, rtol = 0.0, atol = 0.5e-10);
        assert_close!(two.classification, 0.4240723910, rtol = 0.0, atol = 0.5e-10);
        assert_close!(two.objective(2.0, 0.5), 0.7957030923, rtol = 0.0, atol = 0.5e-10);
        let bottleneck = point(0.1, 0.0, 2.0);
        assert_close!(bottleneck.objective(0.0, 2.0), 1.3044787765, rtol = 0.0, atol = 0.5e-10);
        assert_close!(bottleneck.distortion, 0.0541006640, rtol = 0.0, atol = 0.5e-10);
        // The Maxwell pair at (1, 1), to eight digits.
        let s = response(0.1, 1.0, 1.0);
        assert_close!(s[0][1], -0.17540161, rtol = 0.0, atol = 0.5e-8);
        assert_eq!(s[0][1], s[1][0]);
    }

    proptest! {
        #[test]
        fn no_symmetric_channel_does_better_and_the_response_is_that_of_d_and_c(
            alpha in 0.01..0.49f64, lambda in log_uniform(1e-2, 10.0), gamma in log_uniform(1e-2, 10.0),
        ) {
            let found = point(alpha, lambda, gamma);
            let objective = |logit: f64| {
                let q = 1.0 / (1.0 + logit.exp());
                LN_2 - binary_entropy(q) + lambda * q + gamma * binary_entropy(binary_convolution(alpha, q))
            };
            let f = found.objective(lambda, gamma);
            // The rounding of a dozen operations. No root lies beyond what is searched, and from 36 on 1 - q is one.
            let largest = (lambda + gamma * log_odds(alpha)).min(36.0);
            assert_close!(golden_section(objective, 0.0, largest).value, f, rtol = 1e-14, atol = 1e-15);
            let s = response(alpha, lambda, gamma);
            let largest = s[0][0].abs().max(s[1][1].abs());
            let observables = |lambda, gamma| {
                let point = point(alpha, lambda, gamma);
                [point.distortion, point.classification]
            };
            let by_lambda = central_each(|lambda| observables(lambda, gamma), lambda, 1e-3 * lambda);
            let by_gamma = central_each(|gamma| observables(lambda, gamma), gamma, 1e-3 * gamma);
            for (row, derivatives) in [by_lambda, by_gamma].into_iter().enumerate() {
                for (column, derivative) in derivatives.into_iter().enumerate() {
                    // What the differences themselves say of their error, near the onset of the bottleneck.
                    let atol = 10.0 * derivative.error + 1e-9 * largest;
                    assert_close!(derivative.value, s[row][column], rtol = 0.0, atol = atol);
                }
            }
        }

        #[test]
        fn plain_alternation_reaches_it(
            alpha in 0.02..0.48f64, lambda in log_uniform(0.1, 10.0), gamma in 0.0..=1.0f64,
        ) {
            let exact = point(alpha, lambda, gamma).objective(lambda, gamma);
            check_by_alternation(&symmetric_pair(alpha), lambda, gamma, exact);
        }
    }

    /// With four representation letters, each reproduction twice.
    fn symmetric_pair(alpha: f64) -> DiscreteProblem {
        let (same, other) = (0.5 * (1.0 - alpha), 0.5 * alpha);
        DiscreteProblem {
            n_x: 2,
            n_y: 2,
            n_z: 4,
            joint: vec![same, other, other, same],
            distortion: vec![0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0],
        }
    }

    #[test]
    fn plain_alternation_reaches_it_beyond_gamma_one() {
        // No bound is known there; from a random start 2,000 updates settle.
        let problem = symmetric_pair(0.1);
        let stop = Stop { gap: 0.0, updates: 2000 };
        let found = plain_alternation(&problem, 0.0, 2.0, &problem.random_encoder(7), stop);
        assert_close!(found.free_energy, point(0.1, 0.0, 2.0).objective(0.0, 2.0), rtol = 0.0, atol = 1e-12);
    }
}
