//! Entropies of Gaussians of every order against integrals of the density, and cross-entropies against plain matrices.

use crate::matrices::{covariance, gaussian, inverse, trace};
use carnot_info::gaussian::{
    Covariance, Gaussian, cross_entropy, differential_entropy, kl_divergence, renyi_entropy, tsallis_entropy,
};
use carnot_info::{InfoError, Order};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::log_uniform;
use ndarray::Array2;
use proptest::prelude::*;
use std::f64::consts::TAU;

fn order(a: f64) -> Order {
    Order::new(a).unwrap()
}

fn variance(value: f64) -> Covariance {
    Covariance::isotropic(1, value).unwrap()
}

/// `int p(x)^a dx` of a Gaussian of this variance, by the trapezoidal rule, which converges faster than any power.
fn power_integral(variance: f64, a: f64) -> f64 {
    let step = 0.1 * (variance / a).sqrt();
    let power = |x: f64| (-0.5 * a * (x * x / variance + (TAU * variance).ln())).exp();
    // Beyond twelve deviations of p^a, exp(-72) is left out.
    step * (-120..=120).map(|k| power(step * f64::from(k))).sum::<f64>()
}

proptest! {
    #[test]
    fn entropies_of_one_dimension_are_integrals(value in log_uniform(1e-2, 1e2), a in log_uniform(1e-2, 2e1)) {
        let integral = power_integral(value, a);
        // Sums of 241 terms, and logarithms of up to a hundred.
        let covariance = variance(value);
        let renyi = (1.0 - a) * renyi_entropy(&covariance, order(a));
        assert_close!(renyi, integral.ln(), 1e-13, 1e-13);
        assert_close!(1.0 + (1.0 - a) * tsallis_entropy(&covariance, order(a)), integral, 1e-12, 1e-14);
    }

    #[test]
    fn entropies_of_several_dimensions_add_up(matrix in (1..5usize).prop_flat_map(covariance), a in log_uniform(1e-2, 1e2)) {
        // In the frame of its axes a Gaussian is a product, of the volume of its determinant.
        let n = matrix.nrows();
        let side = inverse(&matrix).1.powf(1.0 / n as f64);
        let found = renyi_entropy(&Covariance::new(matrix.view()).unwrap(), order(a));
        // The determinant of a matrix of condition 1e4.
        assert_close!(found, n as f64 * renyi_entropy(&variance(side), order(a)), 1e-11, 1e-11);
    }

    #[test]
    fn cross_entropies_by_plain_matrices((p, q) in (1..5usize).prop_flat_map(|n| (gaussian(n), gaussian(n)))) {
        let (inverse, determinant) = inverse(&q.covariance().matrix());
        let shift = &p.mean() - &q.mean();
        let n = p.dimension() as f64;
        let spread = trace(&inverse.dot(&p.covariance().matrix())) + shift.dot(&inverse.dot(&shift));
        let exact = 0.5 * (n * TAU.ln() + determinant.ln() + spread);
        // Matrices of condition up to 1e4.
        let found = cross_entropy(&p, &q).unwrap();
        assert_close!(found, exact, 1e-10, 1e-10);
        let parts = differential_entropy(p.covariance()) + kl_divergence(&p, &q).unwrap();
        assert_close!(found, parts, 1e-10, 1e-10);
    }
}

#[test]
fn orders_at_their_ends_and_beside_one() {
    for value in [0.01, 1.0, 7.0] {
        let covariance = variance(value);
        let shannon = differential_entropy(&covariance);
        for entropy in [renyi_entropy, tsallis_entropy] {
            assert_eq!(entropy(&covariance, order(1.0)), shannon);
            assert_eq!(entropy(&covariance, order(0.0)), f64::INFINITY);
            // The derivative by the order is of the size of the entropy's square.
            for e in [1e-15, 1e-9, -1e-9] {
                assert_close!(entropy(&covariance, order(1.0 + e)), shannon, 1e-15, 10.0 * f64::abs(e));
            }
        }
        let peak = 1.0 / (TAU * value).sqrt();
        assert_close!(renyi_entropy(&covariance, order(f64::INFINITY)), -peak.ln(), 1e-15, 1e-15);
        let limit = if peak > 1.0 { f64::NEG_INFINITY } else { 0.0 };
        assert_eq!(tsallis_entropy(&covariance, order(f64::INFINITY)), limit);
        // n/2 ln(a) / (a - 1) is n/2 times 300 ln 10 next to order zero.
        let nearly_none = renyi_entropy(&covariance, order(1e-300));
        assert_close!(nearly_none, -peak.ln() + 150.0 * 10f64.ln(), 1e-14, 0.0);
    }
}

#[test]
fn cross_entropies_of_other_dimensions_are_refused() {
    let of = |n: usize| Gaussian::centred(Covariance::new(Array2::eye(n).view()).unwrap());
    let refused = cross_entropy(&of(2), &of(3));
    assert!(matches!(refused, Err(InfoError::LengthMismatch { expected: 2, found: 3, .. })));
}
