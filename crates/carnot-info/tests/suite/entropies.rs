use crate::random;
use carnot_info::{
    Channel, Distribution, InfoError, Joint, channel_information, conditional_entropy, cross_entropy,
    entropy, joint_entropy, kl_divergence, mutual_information,
};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::{log_uniform, probabilities};
use ndarray::{Array2, array};
use proptest::prelude::*;
use std::f64::consts::LN_2;

fn two_distributions() -> impl Strategy<Value = (Distribution, Distribution)> {
    (1..9usize).prop_flat_map(|n| (random::distribution(n), random::distribution(n)))
}

fn binary_symmetric(crossover: f64) -> Channel {
    Channel::new(array![[1.0 - crossover, crossover], [crossover, 1.0 - crossover]]).unwrap()
}

#[test]
fn uniform_and_certain() {
    for n in 1..9 {
        assert_close!(entropy(&Distribution::uniform(n).unwrap()), (n as f64).ln(), 1e-15, 0.0);
    }
    assert_eq!(entropy(&Distribution::new(vec![0.0, 1.0, 0.0]).unwrap()), 0.0);
}

#[test]
fn divergence_from_missing_support_is_infinite() {
    let p = Distribution::new(vec![0.5, 0.5]).unwrap();
    let q = Distribution::new(vec![1.0, 0.0]).unwrap();
    assert_eq!(kl_divergence(&p, &q), Ok(f64::INFINITY));
    assert_eq!(cross_entropy(&p, &q), Ok(f64::INFINITY));
    assert_close!(kl_divergence(&q, &p).unwrap(), LN_2, 1e-15, 0.0);
    let r = Distribution::uniform(3).unwrap();
    assert!(matches!(kl_divergence(&p, &r), Err(InfoError::LengthMismatch { expected: 2, found: 3, .. })));
    assert!(cross_entropy(&p, &r).is_err());
}

#[test]
fn divergence_of_two_bernoullis() {
    // KL((1/4, 3/4) || (1/2, 1/2)) = ln 2 - h(1/4) with h(1/4) = 2 ln 2 - 3/4 ln 3.
    let p = Distribution::new(vec![0.25, 0.75]).unwrap();
    let q = Distribution::new(vec![0.5, 0.5]).unwrap();
    assert_close!(kl_divergence(&p, &q).unwrap(), 0.75 * 3.0_f64.ln() - LN_2, 1e-15, 0.0);
}

#[test]
fn a_deterministic_channel_keeps_what_it_distinguishes() {
    let source = Distribution::new(vec![0.25, 0.25, 0.5]).unwrap();
    let merge = Channel::deterministic(&[0, 0, 1], 3).unwrap();
    assert_close!(channel_information(&source, &merge).unwrap(), LN_2, 1e-15, 0.0);
    let keep = Channel::deterministic(&[2, 0, 1], 3).unwrap();
    assert_close!(channel_information(&source, &keep).unwrap(), entropy(&source), 1e-15, 0.0);
    assert_eq!(conditional_entropy(&source, &keep), Ok(0.0));
}

#[test]
fn a_nearly_useless_channel_keeps_its_digits() {
    // I = ln 2 - h(1/2 + d) = sum_k (2d)^(2k) / (2k (2k - 1)); with d a power of two the table is exact.
    let source = Distribution::uniform(2).unwrap();
    for exponent in [6, 10, 20, 40] {
        let square = 4.0 * 0.25_f64.powi(exponent);
        let series = square / 2.0 + square.powi(2) / 12.0 + square.powi(3) / 30.0 + square.powi(4) / 56.0;
        let found = channel_information(&source, &binary_symmetric(0.5 + 0.5_f64.powi(exponent))).unwrap();
        // The term left out is below 1e-14 of the first.
        assert_close!(found, series, 1e-13, 0.0);
    }
}

#[test]
fn joint_probabilities_near_the_end_of_the_range() {
    // The product of the two rare marginals underflows; their joint probability does not. I = q ln(1/q) + q to
    // first order in q.
    let q = 1e-200;
    let joint = Joint::new(array![[1.0, 0.0], [0.0, q]]).unwrap();
    assert_close!(mutual_information(&joint), q * (200.0 * 10.0_f64.ln() + 1.0), 1e-14, 0.0);
}

proptest! {
    #[test]
    fn entropy_is_between_zero_and_the_uniform_one(p in (1..9usize).prop_flat_map(random::distribution)) {
        let h = entropy(&p);
        prop_assert!(h >= 0.0);
        // One rounding of the logarithm and one of the sum.
        prop_assert!(h <= (p.n_outcomes() as f64).ln() * (1.0 + 1e-15) + 1e-15);
    }

    #[test]
    fn divergence_bounds_the_total_variation((p, q) in two_distributions()) {
        let divergence = kl_divergence(&p, &q).unwrap();
        let l1 = (&p.probabilities() - &q.probabilities()).mapv(f64::abs).sum();
        // Pinsker: KL >= |p - q|_1^2 / 2; l1 carries the rounding of eight terms.
        prop_assert!(divergence >= 0.5 * l1 * l1 * (1.0 - 1e-14) - 1e-29, "{divergence} {l1}");
        prop_assert_eq!(kl_divergence(&p, &p), Ok(0.0));
    }

    #[test]
    fn cross_entropy_is_entropy_plus_divergence((p, q) in two_distributions()) {
        let (cross, divergence) = (cross_entropy(&p, &q).unwrap(), kl_divergence(&p, &q).unwrap());
        // Sums of logarithms each good to eps, and the entries' own normalisation, eps each.
        assert_close!(cross, entropy(&p) + divergence, 4e-15, 4e-15);
    }

    #[test]
    fn divergence_is_the_plain_formula(
        (p, q) in (1..9usize).prop_flat_map(|n| (probabilities(n), probabilities(n)))
    ) {
        let plain: f64 = p.iter().zip(&q).filter(|(p, _)| **p > 0.0).map(|(p, q)| p * (p / q).ln()).sum();
        let p = Distribution::new(p).unwrap();
        let q = Distribution::new(q).unwrap();
        // The plain form cancels terms of order one, and its sums are off one by rounding.
        assert_close!(kl_divergence(&p, &q).unwrap(), plain, 1e-14, 1e-14);
    }

    #[test]
    fn chain_rules(problem in random::problem()) {
        let joint = problem.joint;
        let (x, y) = (joint.marginal_x(), joint.marginal_y());
        let (h_x, h_y, h) = (entropy(&x), entropy(&y), joint_entropy(&joint));
        let h_y_given_x = conditional_entropy(&x, &joint.conditional_y_given_x()).unwrap();
        let h_x_given_y = conditional_entropy(&y, &joint.conditional_x_given_y()).unwrap();
        let information = mutual_information(&joint);
        // Entropies are at most ln 64 = 4.2: a few roundings of that.
        let atol = 1e-14;
        assert_close!(h, h_x + h_y_given_x, 0.0, atol);
        assert_close!(h, h_y + h_x_given_y, 0.0, atol);
        assert_close!(information, h_x - h_x_given_y, 0.0, atol);
        assert_close!(information, h_y - h_y_given_x, 0.0, atol);
        assert_close!(information, h_x + h_y - h, 0.0, atol);
        assert_close!(information, mutual_information(&joint.transpose()), 0.0, atol);
        let by_channel = channel_information(&x, &joint.conditional_y_given_x()).unwrap();
        assert_close!(information, by_channel, 0.0, atol);
        prop_assert!(information >= 0.0);
    }

    #[test]
    fn independent_variables_share_nothing(problem in random::problem()) {
        let (x, y) = (problem.joint.marginal_x(), problem.joint.marginal_y());
        let table = Array2::from_shape_fn((x.n_outcomes(), y.n_outcomes()), |(i, j)| {
            x.probabilities()[i] * y.probabilities()[j]
        });
        let joint = Joint::new(table).unwrap();
        // Each conditional is off by a few eps relative, which enters squared; subnormal entries add 1e-300.
        prop_assert!(mutual_information(&joint) <= 100.0 * f64::EPSILON.powi(2));
    }

    #[test]
    fn binary_symmetric_channel(crossover in log_uniform(1e-12, 0.5)) {
        let h = -crossover * crossover.ln() - (1.0 - crossover) * (-crossover).ln_1p();
        let found = channel_information(&Distribution::uniform(2).unwrap(), &binary_symmetric(crossover)).unwrap();
        assert_close!(found, LN_2 - h, 0.0, 1e-15);
    }
}
