use crate::entropy::divergence_term;
use crate::error::check_length;
use crate::log_domain::{exp_minus_1_minus_x, log_sum_exp};
use crate::numeric::sum;
use crate::{Distribution, InfoError, entropy, kl_divergence};

/// The order `a` of a Rényi or Tsallis quantity: any number from 0 to `+inf`, both included.
///
/// ```
/// # use carnot_info::{Distribution, Order, entropy, renyi_entropy};
/// # fn main() -> Result<(), carnot_info::InfoError> {
/// let p = Distribution::new(vec![0.5, 0.25, 0.25])?;
/// // The logarithm of the size of the support, Shannon's, and that of the likeliest outcome.
/// assert!((renyi_entropy(&p, Order::new(0.0)?) - 3.0_f64.ln()).abs() < 1e-15);
/// assert_eq!(renyi_entropy(&p, Order::new(1.0)?), entropy(&p));
/// assert_eq!(renyi_entropy(&p, Order::new(f64::INFINITY)?), 2.0_f64.ln());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Order(f64);

impl Order {
    /// The order `a`.
    ///
    /// # Errors
    ///
    /// [`InfoError::InvalidOrder`] for a NaN or a negative number.
    pub fn new(a: f64) -> Result<Self, InfoError> {
        // The sum turns -0.0 into 0.0.
        if a >= 0.0 { Ok(Self(a + 0.0)) } else { Err(InfoError::InvalidOrder { value: a }) }
    }

    /// The number `a`, from 0 to `+inf`.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0
    }
}

/// The Rényi entropy `H_a(X) = ln( sum_x p(x)^a ) / (1 - a)`, in nats: between 0 and `ln n`, and not increasing in
/// the order.
///
/// Outcomes of probability zero do not count. Order 0 is the logarithm of the size of the support, order 1 (the
/// limit) Shannon's [`entropy`], order 2 the collision entropy, order `+inf` the min-entropy `-ln max_x p(x)`. Near
/// order 1 the sum is taken as `1 + sum_x p (p^(a-1) - 1)`, whose terms have one sign, so no digits are lost there.
/// (Rényi, *On measures of entropy and information*, 1961.)
#[must_use]
pub fn renyi_entropy(p: &Distribution, order: Order) -> f64 {
    let Order(a) = order;
    if a == 1.0 {
        return entropy(p);
    }
    let excess = power_sum_minus_1(p, a);
    if excess > -0.5 {
        // Not -0.
        return 0.0 + excess.ln_1p() / (1.0 - a);
    }
    // The largest probability is taken out, and a / (a - 1) written so that no order overflows or gives inf / inf.
    let largest = p.iter().fold(0.0, f64::max).ln();
    let relative: Vec<f64> = p.iter().map(|p| scaled(a, p.ln() - largest)).collect();
    -largest / (1.0 - 1.0 / a) + log_sum_exp(&relative) / (1.0 - a)
}

/// The Tsallis entropy `T_q(X) = (1 - sum_x p(x)^q) / (q - 1)`: not negative, not increasing in the order.
///
/// Outcomes of probability zero do not count. Order 0 is the size of the support less one, order 1 (the limit)
/// Shannon's [`entropy`] in nats, order 2 the probability `1 - sum_x p(x)^2` that two draws differ, order `+inf` zero.
/// No digits are lost near order 1. (Tsallis, *Possible generalization of Boltzmann-Gibbs statistics*, 1988,
/// equation 1, with k = 1.)
#[must_use]
pub fn tsallis_entropy(p: &Distribution, order: Order) -> f64 {
    let Order(q) = order;
    if q == 1.0 {
        entropy(p)
    } else if q == f64::INFINITY {
        0.0
    } else {
        0.0 + power_sum_minus_1(p, q) / (1.0 - q)
    }
}

/// The Rényi divergence `D_a(p || q) = ln( sum_x p(x)^a q(x)^(1-a) ) / (a - 1)`, in nats: not negative, zero only for
/// `p = q` if `a > 0`, and not decreasing in the order.
///
/// Order 0 is `-ln` of the probability that `q` gives to the support of `p`, order 1/2 twice the Bhattacharyya
/// distance, order 1 (the limit) [`kl_divergence`], order `+inf` the largest log-ratio `ln max_x p(x) / q(x)`. From
/// order 1 on it is `+inf` where `q` is zero and `p` is not; below, only if the supports are disjoint. Nearly equal
/// distributions lose no digits, near order 1 or elsewhere. (Van Erven and Harremoës, *Rényi Divergence and Kullback-Leibler
/// Divergence*, 2014, definition 2 and theorems 3 to 6.)
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the alphabets differ in size.
pub fn renyi_divergence(p: &Distribution, q: &Distribution, order: Order) -> Result<f64, InfoError> {
    let Order(a) = order;
    if a == 1.0 {
        return kl_divergence(p, q);
    }
    check_length("outcomes of q against outcomes of p", p.n_outcomes(), q.n_outcomes())?;
    // D_a(p||q) = a / (1 - a) D_(1-a)(q||p): of the two, the one whose order is at least one half does not cancel.
    let excess =
        if a < 0.5 { mixed_power_sum_minus_1(q, p, -a) } else { mixed_power_sum_minus_1(p, q, a - 1.0) };
    if excess.abs() <= 0.5 {
        return Ok((excess.ln_1p() / (a - 1.0)).max(0.0));
    }
    let pairs = || p.iter().zip(q.iter()).filter(|(p, _)| *p > 0.0);
    // Above order 1 the largest ratio is taken out, so that no order overflows.
    let largest = if a > 1.0 { pairs().map(|(p, q)| log_ratio(p, q)).fold(0.0, f64::max) } else { 0.0 };
    if largest == f64::INFINITY {
        return Ok(largest);
    }
    let logs: Vec<f64> = pairs().map(|(p, q)| p.ln() + scaled(a - 1.0, log_ratio(p, q) - largest)).collect();
    Ok(largest + log_sum_exp(&logs) / (a - 1.0))
}

/// `sum_x p^a - 1 = sum_x p (p^(a-1) - 1)` over the support: every term has the sign of `1 - a`.
fn power_sum_minus_1(p: &Distribution, a: f64) -> f64 {
    let e = a - 1.0;
    sum(p.iter().filter(|p| *p > 0.0).map(|p| {
        let exponent = scaled(e, p.ln());
        // p^(a-1) may overflow where p^a does not.
        if exponent > 1.0 { (a * p.ln()).exp() - p } else { p * exponent.exp_m1() }
    }))
}

/// `sum_x p^(1+e) q^(-e) - 1` for `e >= -1/2`, as the sum of `p [ exp(e u) - 1 - e u ] + e [ p u - p + q ]` with
/// `u = ln(p/q)`: both brackets are not negative. For negative e the first is at most half of the second near `p = q`.
fn mixed_power_sum_minus_1(p: &Distribution, q: &Distribution, e: f64) -> f64 {
    sum(p.iter().zip(q.iter()).map(|(p, q)| {
        if q == 0.0 && e <= 0.0 {
            -(1.0 + e) * p
        } else {
            let curvature = if p > 0.0 { p * exp_minus_1_minus_x(scaled(e, log_ratio(p, q))) } else { 0.0 };
            curvature + scaled(e, divergence_term(p, q))
        }
    }))
}

/// `ln(p / q)` for positive `p`, to full relative precision near `p = q`.
fn log_ratio(p: f64, q: f64) -> f64 {
    let excess = (p - q) / q;
    if excess.abs() <= 0.25 { excess.ln_1p() } else { p.ln() - q.ln() }
}

/// `a b`, where zero wins over infinity.
fn scaled(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { a * b }
}
