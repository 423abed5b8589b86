use super::{Covariance, differential_entropy};
use crate::Order;
use std::f64::consts::TAU;

/// The Rényi entropy `ln( int p(x)^a dx ) / (1 - a)` of a Gaussian of dimension n with this covariance, in nats:
///
/// ```text
/// H_a = 1/2 [ ln det(2 pi S) + n ln(a) / (a - 1) ]
/// ```
///
/// Not increasing in the order: `+inf` at order 0, as the density is positive everywhere, the [`differential_entropy`] at
/// order 1 (the limit), `-ln max_x p(x)` at order `+inf`. (Zografos and Nadarajah, *Expressions for Rényi and Shannon
/// entropies for multivariate distributions*, 2005.)
#[must_use]
pub fn renyi_entropy(covariance: &Covariance, order: Order) -> f64 {
    let a = order.value();
    let excess = a - 1.0;
    let shape = if excess == 0.0 {
        return differential_entropy(covariance);
    } else if a == f64::INFINITY {
        0.0
    } else if excess.abs() < 0.5 {
        excess.ln_1p() / excess
    } else {
        a.ln() / excess
    };
    0.5 * (covariance.dimension() as f64 * (TAU.ln() + shape) + covariance.log_determinant())
}

/// The Tsallis entropy `(1 - int p(x)^q dx) / (q - 1)` of a Gaussian with this covariance, by its [`renyi_entropy`]:
/// `( exp((1 - q) H_q) - 1 ) / (1 - q)`.
///
/// At order 0 it is `+inf`, at order 1 (the limit) the [`differential_entropy`] in nats. At order `+inf` it is zero where
/// the density is nowhere above one, and `-inf` otherwise. No digits are lost near order 1.
#[must_use]
pub fn tsallis_entropy(covariance: &Covariance, order: Order) -> f64 {
    let q = order.value();
    let renyi = renyi_entropy(covariance, order);
    if q == 1.0 {
        renyi
    } else if q == f64::INFINITY {
        if renyi < 0.0 { f64::NEG_INFINITY } else { 0.0 }
    } else {
        ((1.0 - q) * renyi).exp_m1() / (1.0 - q)
    }
}
