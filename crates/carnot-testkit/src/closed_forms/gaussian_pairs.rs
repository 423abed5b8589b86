//! Independent Gaussian pairs `(X_i, Y_i)`: squared error in X, log-loss in Y, and R, D, C together.
//!
//! D is the mean squared error and `C = h(Y|Z)`. For one pair with `u = e^(-2R)`, the fraction of the variance of X that
//! is left,
//!
//! ```text
//! D = s^2 u      C = 1/2 ln(2 pi e s_y^2 (1 - rho^2 + rho^2 u))
//! 2 lambda s^2 rho^2 u^2 + [2 lambda s^2 (1 - rho^2) + (gamma - 1) rho^2] u - (1 - rho^2) = 0      u <- min(u, 1)
//! ```
//!
//! Proof: D can be no smaller at this rate (rate-distortion), nor C (Gaussian bottleneck), and one Gaussian channel
//! attains both. Pairs separate: with `W_i = (Z, X_<i)`, `I(X;Z) = sum I(X_i;W_i)` and `I(Y;Z) <= sum I(Y_i;W_i)`. Pair i says
//! something iff `2 lambda s_i^2 + gamma rho_i^2 > 1`: a second-order transition.

use std::f64::consts::{E, PI};

use super::{Point, Response};

/// One pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GaussianPair {
    /// `s^2`, the variance of X.
    pub variance: f64,
    /// `rho^2`, the squared correlation of X and Y, in `[0, 1)`.
    pub squared_correlation: f64,
    /// `s_y^2`, the variance of Y.
    pub label_variance: f64,
}

impl GaussianPair {
    /// `2 lambda s^2 + gamma rho^2`; the pair says something where this exceeds one.
    pub fn strength(&self, lambda: f64, gamma: f64) -> f64 {
        2.0 * lambda * self.variance + gamma * self.squared_correlation
    }

    /// `u = e^(-2R)` at the optimum.
    pub fn left_over(&self, lambda: f64, gamma: f64) -> f64 {
        if self.strength(lambda, gamma) <= 1.0 {
            return 1.0;
        }
        let (squared, noise) = (self.squared_correlation, 1.0 - self.squared_correlation);
        let a = 2.0 * lambda * self.variance * squared;
        let b = 2.0 * lambda * self.variance * noise + (gamma - 1.0) * squared;
        let root = (b * b + 4.0 * a * noise).sqrt();
        // The positive root of a u^2 + b u = noise, without subtracting like numbers.
        let u = if b > 0.0 { 2.0 * noise / (b + root) } else { (root - b) / (2.0 * a) };
        u.min(1.0)
    }

    /// R, D and C at the optimum.
    pub fn point(&self, lambda: f64, gamma: f64) -> Point {
        let u = self.left_over(lambda, gamma);
        let unexplained = 1.0 - self.squared_correlation + self.squared_correlation * u;
        Point {
            rate: -0.5 * u.ln(),
            distortion: self.variance * u,
            classification: 0.5 * (2.0 * PI * E * self.label_variance * unexplained).ln(),
        }
    }

    /// The response, of rank one: `S_ab = -b_a b_b / Phi_uu` with `b = (s^2, dC/du)` and
    /// `Phi_uu = 1 / (2 u^2) - gamma / 2 (rho^2 / (1 - rho^2 + rho^2 u))^2`; zero where the pair says nothing.
    pub fn response(&self, lambda: f64, gamma: f64) -> Response {
        if self.strength(lambda, gamma) <= 1.0 {
            return [[0.0; 2]; 2];
        }
        let u = self.left_over(lambda, gamma);
        let share =
            self.squared_correlation / (1.0 - self.squared_correlation + self.squared_correlation * u);
        let curvature = 0.5 / (u * u) - 0.5 * gamma * share * share;
        let b = [self.variance, 0.5 * share];
        b.map(|one| b.map(|other| -one * other / curvature))
    }
}

/// R, D and C of independent pairs: the sums of those of each.
pub fn point(pairs: &[GaussianPair], lambda: f64, gamma: f64) -> Point {
    let nothing = Point { rate: 0.0, distortion: 0.0, classification: 0.0 };
    pairs.iter().map(|pair| pair.point(lambda, gamma)).fold(nothing, |sum, point| Point {
        rate: sum.rate + point.rate,
        distortion: sum.distortion + point.distortion,
        classification: sum.classification + point.classification,
    })
}

/// The response of independent pairs: the sum of those of each.
pub fn response(pairs: &[GaussianPair], lambda: f64, gamma: f64) -> Response {
    let mut sum = [[0.0; 2]; 2];
    for pair in pairs {
        let response = pair.response(lambda, gamma);
        for (row, other) in sum.iter_mut().zip(response) {
            for (entry, other) in row.iter_mut().zip(other) {
                *entry += other;
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::gaussian_bottleneck;
    use super::*;
    use crate::assert_close;
    use crate::finite_difference::central_each;
    use crate::numeric::golden_section;
    use crate::strategies::log_uniform;

    fn pair(variance: f64, squared_correlation: f64) -> GaussianPair {
        GaussianPair { variance, squared_correlation, label_variance: 1.0 }
    }

    #[test]
    fn the_printed_numbers_of_one_pair() {
        // Printed to ten digits: half a unit in the last place.
        let half = 0.5e-10;
        let one = pair(1.0, 0.8);
        assert_close!(one.left_over(1.0, 2.0), 0.1403882032, rtol = 0.0, atol = half);
        for (lambda, gamma, r, d, c, f) in [
            (1.0, 2.0, 0.9816719068, 0.1403882032, 0.8370599365, 2.7961799830),
            (0.5, 1.0, 0.4703068211, 0.3903882032, 1.0845263980, 1.7500273207),
        ] {
            let found = one.point(lambda, gamma);
            assert_close!(found.rate, r, rtol = 0.0, atol = half);
            assert_close!(found.distortion, d, rtol = 0.0, atol = half);
            assert_close!(found.classification, c, rtol = 0.0, atol = half);
            assert_close!(found.objective(lambda, gamma), f, rtol = 0.0, atol = half);
        }
        let bottleneck = one.point(0.0, 2.0);
        assert_close!(one.left_over(0.0, 2.0), 0.25, rtol = 1e-15, atol = 0.0);
        assert_close!(bottleneck.rate, std::f64::consts::LN_2, rtol = 1e-15, atol = 0.0);
        assert_close!(bottleneck.classification, 0.9607931673, rtol = 0.0, atol = half);
        let s = one.response(1.0, 2.0);
        // By differentiation in thirty digits.
        assert_close!(s[0][1], -0.06809828122275027, rtol = 1e-14, atol = 0.0);
        // One pair is a curve.
        assert_close!(s[0][0] * s[1][1], s[0][1] * s[1][0], rtol = 1e-15, atol = 0.0);
    }

    #[test]
    fn the_printed_numbers_of_three_pairs() {
        let pairs = [pair(4.0, 0.2), pair(1.0, 0.6), pair(0.25, 0.9)];
        for (lambda, gamma, r, d, c, f) in [
            (0.5, 0.5, 0.8599741684, 1.9587865881, 4.0889890103, 3.8838619676),
            (1.0, 2.0, 2.9370798713, 0.7339067554, 3.0246969756, 9.7203805779),
        ] {
            let found = point(&pairs, lambda, gamma);
            assert_close!(found.rate, r, rtol = 0.0, atol = 0.5e-10);
            assert_close!(found.distortion, d, rtol = 0.0, atol = 0.5e-10);
            assert_close!(found.classification, c, rtol = 0.0, atol = 0.5e-10);
            assert_close!(found.objective(lambda, gamma), f, rtol = 0.0, atol = 0.5e-10);
        }
        // Printed to eight digits.
        let s = response(&pairs, 1.0, 2.0);
        assert_close!(s[0][0], -0.57818439, rtol = 0.0, atol = 0.5e-8);
        assert_close!(s[0][1], -0.10755623, rtol = 0.0, atol = 0.5e-8);
        assert_close!(s[1][1], -0.24579534, rtol = 0.0, atol = 0.5e-8);
        assert_close!(-s[1][0] / s[1][1], -0.43758451, rtol = 0.0, atol = 0.5e-8);
    }

    proptest! {
        #[test]
        fn no_other_rate_does_better_and_the_response_is_that_of_d_and_c(
            variance in log_uniform(1e-2, 1e2), squared_correlation in 0.0..0.99f64,
            label_variance in log_uniform(0.1, 10.0), lambda in log_uniform(1e-2, 1e2), gamma in log_uniform(1e-2, 1e2),
        ) {
            let pair = GaussianPair { variance, squared_correlation, label_variance };
            let found = pair.point(lambda, gamma);
            let objective = |log: f64| {
                let u = log.exp();
                let unexplained = 1.0 - squared_correlation + squared_correlation * u;
                let c = 0.5 * (2.0 * PI * E * label_variance * unexplained).ln();
                -0.5 * log + lambda * variance * u + gamma * c
            };
            let f = found.objective(lambda, gamma);
            let scale = found.rate + lambda * found.distortion + gamma * found.classification.abs();
            // The rounding of a dozen operations on terms of this size.
            assert_close!(golden_section(objective, -40.0, 0.0).value, f, rtol = 0.0, atol = 1e-14 * (1.0 + scale));
            // Where the response jumps a stencil sees both sides.
            prop_assume!((pair.strength(lambda, gamma) - 1.0).abs() > 0.01);
            let s = pair.response(lambda, gamma);
            let observables = |lambda, gamma| {
                let point = pair.point(lambda, gamma);
                [point.distortion, point.classification]
            };
            let by_lambda = central_each(|lambda| observables(lambda, gamma), lambda, 1e-3 * lambda);
            let by_gamma = central_each(|gamma| observables(lambda, gamma), gamma, 1e-3 * gamma);
            for (row, (derivatives, multiplier)) in [(by_lambda, lambda), (by_gamma, gamma)].into_iter().enumerate() {
                for (column, derivative) in derivatives.into_iter().enumerate() {
                    // C is the logarithm of a number that may be one: rounding that the stencil does not see.
                    let atol = 10.0 * derivative.error + 1e-15 / (1e-3 * multiplier);
                    assert_close!(derivative.value, s[row][column], rtol = 1e-8, atol = atol);
                }
            }
        }

        #[test]
        fn without_distortion_it_is_the_gaussian_bottleneck(
            squared in prop::collection::vec(0.01..0.99f64, 1..5), gamma in log_uniform(0.5, 100.0),
        ) {
            let pairs: Vec<GaussianPair> = squared.iter().map(|&squared| pair(1.0, squared)).collect();
            let (found, curve) = (point(&pairs, 0.0, gamma), gaussian_bottleneck::point(&squared, gamma));
            let entropy = 0.5 * squared.len() as f64 * (2.0 * PI * E).ln();
            // u loses what cancels in 1 - rho^2, two digits at most.
            assert_close!(found.rate, curve.rate, rtol = 1e-12, atol = 1e-13);
            assert_close!(found.classification, entropy - curve.relevance, rtol = 1e-12, atol = 1e-13);
        }
    }
}
