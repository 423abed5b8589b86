use crate::random;
use carnot_info::{
    Distribution, InfoError, Order, entropy, kl_divergence, renyi_divergence, renyi_entropy, tsallis_entropy,
};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::log_uniform;
use ndarray::Array1;
use proptest::prelude::*;
use std::f64::consts::LN_2;

fn order(a: f64) -> Order {
    Order::new(a).unwrap()
}

/// Orders from 0 to infinity, with those next to one.
const ORDERS: [f64; 13] = [
    0.0,
    1e-300,
    0.01,
    0.5,
    1.0 - f64::EPSILON,
    1.0,
    1.0 + f64::EPSILON,
    1.0 + 1e-9,
    2.0,
    30.0,
    1e5,
    1e308,
    f64::INFINITY,
];

fn two_distributions() -> impl Strategy<Value = (Distribution, Distribution)> {
    (1..9usize).prop_flat_map(|n| (random::distribution(n), random::distribution(n)))
}

fn any_order() -> impl Strategy<Value = f64> {
    prop_oneof![
        prop::sample::select(ORDERS.to_vec()),
        log_uniform(1e-3, 1e3),
        log_uniform(1e-14, 0.5).prop_map(|e| 1.0 + e),
        log_uniform(1e-14, 0.5).prop_map(|e| 1.0 - e),
    ]
}

fn product(p: &Distribution, q: &Distribution) -> Distribution {
    let pairs =
        p.probabilities().iter().flat_map(|p| q.probabilities().mapv(|q| p * q)).collect::<Array1<f64>>();
    Distribution::new(pairs).unwrap()
}

#[test]
fn orders_that_are_none() {
    for bad in [f64::NAN, -1e-300, f64::NEG_INFINITY] {
        assert!(matches!(Order::new(bad), Err(InfoError::InvalidOrder { .. })));
    }
    assert!(order(-0.0).value().is_sign_positive());
    assert!(order(0.5) < order(f64::INFINITY));
}

#[test]
fn the_uniform_distribution_has_one_entropy_of_every_order() {
    for n in 1..9 {
        let uniform = Distribution::uniform(n).unwrap();
        let log = (n as f64).ln();
        for a in ORDERS {
            // The probabilities 1/n are off by eps/2, and so is the logarithm of the largest.
            assert_close!(renyi_entropy(&uniform, order(a)), log, 4e-16, 4e-16, "order {a}, {n}");
        }
    }
    let third = Distribution::uniform(3).unwrap();
    // (n^(1-q) - 1) / (1 - q).
    assert_close!(tsallis_entropy(&third, order(0.5)), 2.0 * (3.0_f64.sqrt() - 1.0), 1e-15, 0.0);
    assert_close!(tsallis_entropy(&third, order(2.0)), 2.0 / 3.0, 1e-15, 0.0);
    assert_close!(tsallis_entropy(&third, order(0.0)), 2.0, 1e-15, 0.0);
    assert_eq!(tsallis_entropy(&third, order(f64::INFINITY)), 0.0);
}

#[test]
fn named_orders_by_hand() {
    let p = Distribution::new(vec![0.5, 0.25, 0.125, 0.125, 0.0]).unwrap();
    assert_close!(renyi_entropy(&p, order(0.0)), 4.0_f64.ln(), 1e-15, 0.0);
    assert_close!(renyi_entropy(&p, order(1.0)), 1.75 * LN_2, 1e-15, 0.0);
    // Squares 1/4 + 1/16 + 2/64 = 11/32; square roots (1 + 1/sqrt 2 + 1/2 + 1/2) / sqrt 2.
    assert_close!(renyi_entropy(&p, order(2.0)), (32.0_f64 / 11.0).ln(), 1e-15, 0.0);
    let root = (2.0 + 0.5_f64.sqrt()) * 0.5_f64.sqrt();
    assert_close!(renyi_entropy(&p, order(0.5)), 2.0 * root.ln(), 1e-15, 0.0);
    assert_close!(renyi_entropy(&p, order(f64::INFINITY)), LN_2, 1e-15, 0.0);
    assert_close!(tsallis_entropy(&p, order(2.0)), 21.0 / 32.0, 1e-15, 0.0);
    assert_close!(tsallis_entropy(&p, order(0.5)), 2.0 * (root - 1.0), 1e-15, 0.0);
}

#[test]
fn near_order_one_no_digits_are_lost() {
    let p = Distribution::new(vec![0.6, 0.3, 0.1]).unwrap();
    // (1 - a) H_a is the cumulant generating function of ln p at a - 1, so H_a = H - k2 e/2 - k3 e^2/6 - k4 e^3/24, and
    // T_a = H - m2 e/2 - m3 e^2/6 - m4 e^3/24 with the raw moments m of ln p.
    let raw = |power: i32| -> f64 { p.probabilities().iter().map(|p| p * p.ln().powi(power)).sum() };
    let (m1, m2, m3, m4) = (raw(1), raw(2), raw(3), raw(4));
    let k2 = m2 - m1 * m1;
    let k3 = m3 - 3.0 * m1 * m2 + 2.0 * m1.powi(3);
    let k4 = m4 - 4.0 * m1 * m3 - 3.0 * m2 * m2 + 12.0 * m1 * m1 * m2 - 6.0 * m1.powi(4);
    for exponent in [14, 20, 30, 40, 50, 52] {
        for sign in [-1.0, 1.0] {
            let e = sign * 0.5_f64.powi(exponent);
            let series = |a, b, c| -m1 - a * e / 2.0 - b * e * e / 6.0 - c * e.powi(3) / 24.0;
            // The first term left out is of order e^4 = 1e-17.
            assert_close!(renyi_entropy(&p, order(1.0 + e)), series(k2, k3, k4), 2e-15, 0.0, "{e}");
            assert_close!(tsallis_entropy(&p, order(1.0 + e)), series(m2, m3, m4), 2e-15, 0.0, "{e}");
        }
    }
}

#[test]
fn rare_outcomes_at_low_orders() {
    let least = f64::from_bits(1);
    let p = Distribution::new(vec![1.0, least]).unwrap();
    assert_close!(renyi_entropy(&p, order(0.0)), LN_2, 1e-15, 0.0);
    // p^(a-1) overflows, p^a = 2^(-1074 / 100) does not.
    let power = (-10.74 * LN_2).exp();
    assert_close!(renyi_entropy(&p, order(0.01)), power.ln_1p() / 0.99, 1e-13, 0.0);
    assert_close!(tsallis_entropy(&p, order(0.01)), power / 0.99, 1e-13, 0.0);
    // At order 1/2 what the rare outcome adds is 2 sqrt(p).
    assert_close!(renyi_entropy(&p, order(0.5)), 2.0 * (-537.0 * LN_2).exp(), 1e-13, 0.0);
    for a in ORDERS {
        let certain = Distribution::new(vec![0.0, 1.0]).unwrap();
        let zero = renyi_entropy(&certain, order(a));
        assert!(zero == 0.0 && zero.is_sign_positive(), "{a}");
        let zero = tsallis_entropy(&certain, order(a));
        assert!(zero == 0.0 && zero.is_sign_positive(), "{a}");
    }
}

#[test]
fn divergences_by_hand() {
    let p = Distribution::new(vec![0.5, 0.5, 0.0]).unwrap();
    let q = Distribution::new(vec![0.25, 0.25, 0.5]).unwrap();
    // p is q on half of its probability: ln 2 at every order.
    for a in ORDERS {
        assert_close!(renyi_divergence(&p, &q, order(a)).unwrap(), LN_2, 1e-15, 0.0, "{a}");
    }
    // The other way: sum q^a p^(1-a) = 2^(-a) below order one, and a lack of support from there on.
    for a in ORDERS {
        let expected = if a < 1.0 { a / (1.0 - a) * LN_2 } else { f64::INFINITY };
        assert_close!(renyi_divergence(&q, &p, order(a)).unwrap(), expected, 2e-15, 0.0, "{a}");
    }
    let skew = Distribution::new(vec![0.5, 0.25, 0.25]).unwrap();
    // sum p^2 / q = 1/4 / 1/4 + 1/16 / 1/4 + 1/16 / 1/2 = 11/8; roots: (2 sqrt 2 + 2 + sqrt 8 / 1) / 8 ...
    assert_close!(renyi_divergence(&skew, &q, order(2.0)).unwrap(), (11.0_f64 / 8.0).ln(), 1e-15, 0.0);
    let coefficient = 0.125_f64.sqrt() + 0.25 + 0.125_f64.sqrt();
    assert_close!(renyi_divergence(&skew, &q, order(0.5)).unwrap(), -2.0 * coefficient.ln(), 1e-14, 0.0);
    assert_close!(renyi_divergence(&skew, &q, order(f64::INFINITY)).unwrap(), LN_2, 1e-15, 0.0);
    let shorter = Distribution::uniform(2).unwrap();
    for a in [0.5, 1.0, 2.0] {
        assert!(matches!(renyi_divergence(&p, &shorter, order(a)), Err(InfoError::LengthMismatch { .. })));
    }
}

#[test]
fn disjoint_supports_are_infinitely_far_apart_at_every_order() {
    let p = Distribution::new(vec![1.0, 0.0]).unwrap();
    let q = Distribution::new(vec![0.0, 1.0]).unwrap();
    for a in ORDERS {
        assert_eq!(renyi_divergence(&p, &q, order(a)), Ok(f64::INFINITY), "{a}");
    }
}

#[test]
fn nearly_equal_distributions_keep_the_digits_of_their_divergence() {
    let half = Distribution::uniform(2).unwrap();
    for exponent in [8, 16, 26, 40] {
        let x = 0.5_f64.powi(exponent);
        let p = Distribution::new(vec![0.5 * (1.0 + x), 0.5 * (1.0 - x)]).unwrap();
        for a in [1e-8, 0.1, 0.5, 0.9, 1.0 - 1e-9, 1.0 + f64::EPSILON, 1.5, 2.0, 7.0] {
            // sum p^a q^(1-a) = ((1+x)^a + (1-x)^a)/2 = 1 + a(a-1)x^2/2 + a(a-1)(a-2)(a-3)x^4/24 + ...
            let square = x * x;
            let excess = a * square / 2.0 * (1.0 + (a - 2.0) * (a - 3.0) * square / 12.0);
            let expected = ((a - 1.0) * excess).ln_1p() / (a - 1.0);
            // The terms left out are of relative order 20 x^4 = 5e-9 at the first x, and 4e-18 from then on.
            let rtol = if exponent == 8 { 1e-8 } else { 1e-14 };
            assert_close!(renyi_divergence(&p, &half, order(a)).unwrap(), expected, rtol, 0.0, "{x} {a}");
        }
    }
}

proptest! {
    #[test]
    fn entropies_do_not_increase_with_the_order(
        p in (1..9usize).prop_flat_map(random::distribution),
        a in any_order(),
        b in any_order(),
    ) {
        let (low, high) = (order(a.min(b)), order(a.max(b)));
        let support = p.probabilities().iter().filter(|p| **p > 0.0).count() as f64;
        let (first, last) = (renyi_entropy(&p, low), renyi_entropy(&p, high));
        // A few roundings of logarithms that are at most ln 8, where they matter.
        let slack = 1e-14;
        prop_assert!(last >= 0.0 && first <= support.ln() + slack, "{first} {last}");
        prop_assert!(last <= first + slack * first, "{first} {last}");
        prop_assert!(tsallis_entropy(&p, high) <= tsallis_entropy(&p, low) * (1.0 + slack));
        // H_inf <= H_a <= a/(a-1) H_inf for a > 1 ties the orders to each other.
        if a > 1.0 {
            let least = renyi_entropy(&p, order(f64::INFINITY));
            prop_assert!(renyi_entropy(&p, order(a)) * (1.0 - 1.0 / a) <= least * (1.0 + slack) + slack);
        }
    }

    #[test]
    fn tsallis_is_renyi_deformed(p in (1..9usize).prop_flat_map(random::distribution), a in any_order()) {
        prop_assume!(a != 1.0 && a < 1e4);
        let renyi = renyi_entropy(&p, order(a));
        let expected = ((1.0 - a) * renyi).exp_m1() / (1.0 - a);
        // The exponent carries a rounding of H_a, itself at most ln 8, times |1 - a| while the power matters.
        assert_close!(tsallis_entropy(&p, order(a)), expected, 1e-12, 0.0);
    }

    #[test]
    fn entropies_of_independent_pairs((p, q) in two_distributions(), a in any_order()) {
        // Products that underflow are lost: leave out sharp draws at low orders.
        let least = |p: &Distribution| p.probabilities().iter().copied().filter(|p| *p > 0.0).fold(1.0, f64::min);
        prop_assume!(least(&p) * least(&q) > 1e-290);
        let pair = product(&p, &q);
        let (h, k) = (renyi_entropy(&p, order(a)), renyi_entropy(&q, order(a)));
        // Products are rounded, by eps each.
        assert_close!(renyi_entropy(&pair, order(a)), h + k, 1e-14, 1e-14);
        let (s, t) = (tsallis_entropy(&p, order(a)), tsallis_entropy(&q, order(a)));
        if a < 1e5 {
            let expected = s + t + (1.0 - a) * s * t;
            assert_close!(tsallis_entropy(&pair, order(a)), expected, 1e-13, 1e-13 * (1.0 + (s + t)));
        }
    }

    #[test]
    fn divergences_do_not_decrease_with_the_order((p, q) in two_distributions(), a in any_order(), b in any_order()) {
        let (low, high) = (a.min(b), a.max(b));
        let first = renyi_divergence(&p, &q, order(low)).unwrap();
        let last = renyi_divergence(&p, &q, order(high)).unwrap();
        prop_assert!(first >= 0.0);
        // Sums of logarithms up to 1500.
        prop_assert!(first <= last * (1.0 + 1e-12), "{first} {last}");
        prop_assert_eq!(renyi_divergence(&p, &p, order(a)).unwrap(), 0.0);
    }

    #[test]
    fn divergences_are_skew_symmetric((p, q) in two_distributions(), a in 1e-3..0.999_f64) {
        let forward = renyi_divergence(&p, &q, order(a)).unwrap();
        let backward = renyi_divergence(&q, &p, order(1.0 - a)).unwrap();
        // 1 - a is rounded, which matters as eps / (1 - a).
        assert_close!(forward, a / (1.0 - a) * backward, 1e-12, 0.0);
    }

    #[test]
    fn divergences_are_the_plain_formula((p, q) in two_distributions(), a in log_uniform(1e-2, 20.0)) {
        prop_assume!((a - 1.0).abs() > 1e-2);
        let (p0, q0) = (p.probabilities(), q.probabilities());
        let power = |(p, q): (&f64, &f64)| (a * p.ln() + (1.0 - a) * q.ln()).exp();
        let plain: f64 = p0.iter().zip(q0).filter(|(p, _)| **p > 0.0).map(power).sum();
        let expected = plain.ln() / (a - 1.0);
        prop_assume!(expected.is_finite() && plain > 1e-300);
        // Exponents up to 20 * 1500 nats are rounded before they are exponentiated; |a - 1| > 1e-2 divides.
        assert_close!(renyi_divergence(&p, &q, order(a)).unwrap(), expected, 1e-11, 1e-11);
    }

    #[test]
    fn order_one_is_the_limit((p, q) in two_distributions(), e in log_uniform(1e-15, 1e-12)) {
        let divergence = kl_divergence(&p, &q).unwrap();
        prop_assume!(divergence.is_finite());
        for a in [1.0 - e, 1.0 + e] {
            // The derivative in a is half the variance of ln(p/q): below 1500^2.
            assert_close!(renyi_divergence(&p, &q, order(a)).unwrap(), divergence, 1e-13, 2e6 * e);
            assert_close!(renyi_entropy(&p, order(a)), entropy(&p), 1e-14, 2e6 * e);
        }
    }
}
