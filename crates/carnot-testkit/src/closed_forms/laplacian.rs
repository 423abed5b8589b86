//! A Laplacian source, `p(x) = e^(-|x| / b) / (2 b)`, with absolute error: `R(D) = ln(b / D)` for `0 < D <= b`.
//!
//! The Shannon lower bound `h(X) - ln(2 e D)` with `h(X) = ln(2 e b)` is attained: a point mass `D^2 / b^2` at zero with
//! a Laplacian of scale b in the rest, plus Laplacian noise of scale D, is the source.

/// `R(D) = ln(b / D)`, zero from `D = b` on.
pub fn rate(scale: f64, distortion: f64) -> f64 {
    (scale / distortion).ln().max(0.0)
}

/// `lambda(D) = -dR/dD = 1 / D` for `0 < D < b`.
pub fn multiplier(distortion: f64) -> f64 {
    1.0 / distortion
}

/// `D(lambda) = min(1 / lambda, b)`.
pub fn distortion(scale: f64, lambda: f64) -> f64 {
    (1.0 / lambda).min(scale)
}

/// `F(lambda) = 1 + ln(b lambda)` for `b lambda > 1`, else `b lambda`.
pub fn free_energy(scale: f64, lambda: f64) -> f64 {
    let strength = scale * lambda;
    if strength > 1.0 { 1.0 + strength.ln() } else { strength }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::checks::RateDistortion;
    use super::*;
    use crate::assert_close;
    use crate::strategies::log_uniform;

    /// Simpson's rule on `[low, high]`.
    fn integral(f: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
        let n = 2000;
        let h = (high - low) / n as f64;
        let weight = |i: usize| if i == 0 || i == n { 1.0 } else { 2.0 + 2.0 * (i % 2) as f64 };
        (0..=n).map(|i| weight(i) * f(low + i as f64 * h)).sum::<f64>() * h / 3.0
    }

    #[test]
    fn the_reproduction_density_attains_the_bound() {
        // F of the marginal m is -E_x ln int m(z) e^(-lambda |x - z|) dz; the formula is right if the integral is
        // 2 D p(x) at every x, for then nothing can be gained (theory of the Shannon lower bound).
        let (scale, lambda): (f64, f64) = (1.7, 2.0);
        let d = distortion(scale, lambda);
        for x in [0.0, 0.3, 2.5] {
            let mass = (d / scale).powi(2);
            let density = |z: f64| (1.0 - mass) * (-z.abs() / scale).exp() / (2.0 * scale);
            let under = |z: f64| density(z) * (-lambda * (x - z).abs()).exp();
            // Piecewise smooth between the two corners; 40 scales carry all but e^-40.
            let smooth = integral(under, -40.0, 0.0) + integral(under, 0.0, x) + integral(under, x, x + 40.0);
            let all = smooth + mass * (-lambda * x).exp();
            // Simpson's error, (h / 2)^4 / 180 of the fourth derivatives, here 1e-8 of the whole.
            assert_close!(all, 2.0 * d * (-x / scale).exp() / (2.0 * scale), rtol = 1e-6, atol = 0.0);
        }
        // F = h(X) - ln(2 D).
        let entropy = 1.0 + (2.0 * scale).ln();
        assert_close!(free_energy(scale, lambda), entropy - (2.0 * d).ln(), rtol = 1e-14, atol = 0.0);
    }

    #[test]
    fn below_one_over_the_scale_nothing_is_said() {
        assert_eq!((distortion(2.0, 0.3), free_energy(2.0, 0.3), rate(2.0, 2.5)), (2.0, 0.6, 0.0));
    }

    proptest! {
        #[test]
        fn rate_multiplier_distortion_and_free_energy_agree(
            scale in log_uniform(1e-3, 1e3), strength in log_uniform(1.1, 1e3),
        ) {
            let curve = RateDistortion {
                rate: |d| rate(scale, d),
                multiplier,
                distortion: |l| distortion(scale, l),
                free_energy: |l| free_energy(scale, l),
            };
            curve.check_at(strength / scale, scale);
        }
    }
}
