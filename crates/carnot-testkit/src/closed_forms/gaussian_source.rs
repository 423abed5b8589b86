//! Independent Gaussian components with squared error: reverse water-filling.
//!
//! For variances `s_i^2` (those of the principal components of any Gaussian vector) and a water level theta,
//!
//! ```text
//! D = sum_i min(theta, s_i^2)      R = sum_i 1/2 ln max(s_i^2 / theta, 1)      lambda = 1 / (2 theta)
//! ```
//!
//! One component gives `R(D) = max(0, 1/2 ln(s^2 / D))`. Source: Cover and Thomas, *Elements of Information Theory*,
//! theorems 10.3.2 and 10.3.3.

use std::f64::consts::{E, PI};

use crate::numeric;

/// The level theta with `sum_i min(theta, s_i^2) = D`, for `0 < D <= sum_i s_i^2`.
pub fn water_level(variances: &[f64], distortion: f64) -> f64 {
    numeric::water_level(variances, distortion)
}

fn rate_at_level(variances: &[f64], level: f64) -> f64 {
    0.5 * variances.iter().map(|variance| (variance / level).max(1.0).ln()).sum::<f64>()
}

/// `R(D)`, zero from `D = sum_i s_i^2` on.
pub fn rate(variances: &[f64], distortion: f64) -> f64 {
    rate_at_level(variances, water_level(variances, distortion))
}

/// `lambda(D) = -dR/dD = 1 / (2 theta)`.
pub fn multiplier(variances: &[f64], distortion: f64) -> f64 {
    0.5 / water_level(variances, distortion)
}

/// `D(lambda) = sum_i min(1 / (2 lambda), s_i^2)`.
pub fn distortion(variances: &[f64], lambda: f64) -> f64 {
    variances.iter().map(|variance| variance.min(0.5 / lambda)).sum()
}

/// `F(lambda) = sum_i f(2 lambda s_i^2)` with `f(mu) = mu / 2` up to `mu = 1` and `(1 + ln mu) / 2` beyond.
pub fn free_energy(variances: &[f64], lambda: f64) -> f64 {
    let share = |mu: f64| if mu <= 1.0 { 0.5 * mu } else { 0.5 * (1.0 + mu.ln()) };
    variances.iter().map(|variance| share(2.0 * lambda * variance)).sum()
}

/// The Shannon lower bound `R(D) >= h(X) - 1/2 ln(2 pi e D)` of a scalar source with squared error; an equality for a
/// Gaussian up to its variance.
pub fn shannon_lower_bound(differential_entropy: f64, distortion: f64) -> f64 {
    differential_entropy - 0.5 * (2.0 * PI * E * distortion).ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::checks::RateDistortion;
    use super::*;
    use crate::assert_close;
    use crate::strategies::log_uniform;

    #[test]
    fn the_printed_numbers() {
        let variances = [4.0, 2.0, 1.0, 0.5, 0.1];
        // Rates are printed to ten digits: half a unit in the last place.
        for (d, theta, r) in
            [(1.0, 0.225, 3.6764569341), (2.0, 0.475, 2.1820281305), (4.0, 1.2, 0.8573992140)]
        {
            assert_close!(water_level(&variances, d), theta, rtol = 1e-14, atol = 0.0);
            assert_close!(rate(&variances, d), r, rtol = 0.0, atol = 0.5e-10);
        }
        // The boundary theta = 0.1.
        assert_close!(rate(&variances, 0.5), 5.2983173665, rtol = 0.0, atol = 0.5e-10);
    }

    #[test]
    fn one_component_attains_the_shannon_lower_bound() {
        let (variance, d): (f64, f64) = (2.5, 0.3);
        let entropy = 0.5 * (2.0 * PI * E * variance).ln();
        let bound = shannon_lower_bound(entropy, d);
        assert_close!(rate(&[variance], d), bound, rtol = 1e-14, atol = 0.0);
        // 6.02 dB of signal to noise for each bit.
        let bit = rate(&[variance], d / 10f64.powf(0.602)) - rate(&[variance], d);
        assert_close!(bit, 2f64.ln(), rtol = 1e-3, atol = 0.0);
        assert_eq!(rate(&[variance], 3.0), 0.0);
    }

    proptest! {
        #[test]
        fn rate_multiplier_distortion_and_free_energy_agree(
            mut variances in prop::collection::vec(log_uniform(1e-2, 1e2), 1..6), strength in log_uniform(1.1, 1e3),
        ) {
            variances.sort_by(f64::total_cmp);
            let largest = variances[variances.len() - 1];
            let lambda = 0.5 * strength / largest;
            // Away from the transitions, where the second derivative of F jumps.
            prop_assume!(variances.iter().all(|variance| (2.0 * lambda * variance - 1.0).abs() > 0.02));
            let curve = RateDistortion {
                rate: |d| rate(&variances, d),
                multiplier: |d| multiplier(&variances, d),
                distortion: |l| distortion(&variances, l),
                free_energy: |l| free_energy(&variances, l),
            };
            curve.check_at(lambda, variances.iter().sum());
        }
    }
}
