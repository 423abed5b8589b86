use crate::random;
use carnot_info::{
    Channel, Distribution, InfoError, InformationBounds, Joint, ThreeWayJoint, Variable,
    conditional_mutual_information, entropy, jensen_shannon_divergence, jensen_shannon_divergence_of,
    joint_entropy, kl_divergence, mutual_information, optimal_classifier, optimal_decoder, optimal_marginal,
};
use carnot_testkit::assert_close;
use ndarray::{Array2, Array3, array};
use proptest::prelude::*;
use std::f64::consts::LN_2;

fn three_distributions() -> impl Strategy<Value = [Distribution; 3]> {
    (1..9usize).prop_flat_map(|n| {
        (random::distribution(n), random::distribution(n), random::distribution(n))
            .prop_map(|(p, q, r)| [p, q, r])
    })
}

fn three_way() -> impl Strategy<Value = ThreeWayJoint> {
    (1..5usize, 1..5usize, 1..5usize).prop_flat_map(|(x, y, z)| {
        random::log_weights(x * y * z).prop_map(move |logs| {
            let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let weights = logs.into_iter().map(|log| (log - largest).exp()).collect();
            ThreeWayJoint::from_weights(Array3::from_shape_vec((x, y, z), weights).unwrap()).unwrap()
        })
    })
}

/// `p(x, (y, z))` as a table of two variables.
fn x_and_pair(joint: &ThreeWayJoint) -> Joint {
    let (x, y, z) = joint.table().dim();
    Joint::new(Array2::from_shape_fn((x, y * z), |(i, k)| joint.table()[[i, k / z, k % z]])).unwrap()
}

#[test]
fn equal_and_disjoint() {
    let p = Distribution::new(vec![0.25, 0.75, 0.0]).unwrap();
    let q = Distribution::new(vec![0.0, 0.0, 1.0]).unwrap();
    assert_eq!(jensen_shannon_divergence(&p, &p), Ok(0.0));
    assert_close!(jensen_shannon_divergence(&p, &q).unwrap(), LN_2, 1e-15, 0.0);
    let weights = Distribution::new(vec![0.2, 0.3, 0.5]).unwrap();
    let r = Distribution::new(vec![0.0, 0.0, 1.0]).unwrap();
    // The second and the third are one: h of (1/5, 4/5).
    let expected = -0.2 * 0.2_f64.ln() - 0.8 * 0.8_f64.ln();
    let found = jensen_shannon_divergence_of(&weights, &[&p, &q, &r]).unwrap();
    assert_close!(found, expected, 1e-15, 0.0);
    let alone = Distribution::new(vec![0.0, 1.0]).unwrap();
    assert_eq!(jensen_shannon_divergence_of(&alone, &[&q, &p]), Ok(0.0));
}

#[test]
fn nearly_equal_distributions_keep_their_digits() {
    let half = Distribution::uniform(2).unwrap();
    for exponent in [10, 20, 40] {
        let x = 0.5_f64.powi(exponent);
        let p = Distribution::new(vec![0.5 + x, 0.5 - x]).unwrap();
        // Both are x/2 away from the mixture m = 1/2 + x/2, and KL = sum (x/2)^2 / (2 m) = x^2/2 each, up to relative
        // corrections of order x^2.
        assert_close!(jensen_shannon_divergence(&p, &half).unwrap(), x * x / 2.0, 4.0 * x * x + 1e-14, 0.0);
    }
}

#[test]
fn mismatched_components_are_refused() {
    let (two, three) = (Distribution::uniform(2).unwrap(), Distribution::uniform(3).unwrap());
    let refused = jensen_shannon_divergence(&two, &three);
    assert!(matches!(refused, Err(InfoError::LengthMismatch { expected: 2, found: 3, .. })));
    let refused = jensen_shannon_divergence_of(&three, &[&two, &two]);
    assert!(matches!(refused, Err(InfoError::LengthMismatch { expected: 3, found: 2, .. })));
}

#[test]
fn three_way_tables_are_checked() {
    assert_eq!(
        ThreeWayJoint::from_weights(Array3::zeros((2, 0, 3))),
        Err(InfoError::EmptyThreeWay { shape: [2, 0, 3] })
    );
    assert_eq!(ThreeWayJoint::from_weights(Array3::zeros((2, 1, 3))), Err(InfoError::ZeroWeights { row: 0 }));
    for bad in [f64::NAN, f64::INFINITY, -0.1] {
        let mut weights = Array3::ones((2, 3, 2));
        weights[[1, 2, 0]] = bad;
        let refused = ThreeWayJoint::from_weights(weights);
        assert!(matches!(refused, Err(InfoError::InvalidCell { index: [1, 2, 0], .. })));
    }
    assert!(matches!(ThreeWayJoint::new(Array3::ones((1, 1, 2))), Err(InfoError::NotNormalised { .. })));
    let wrong = ThreeWayJoint::from_encoder(
        &Joint::from_weights(array![[1.0], [1.0]]).unwrap(),
        &Channel::deterministic(&[0], 1).unwrap(),
    );
    assert!(matches!(wrong, Err(InfoError::LengthMismatch { expected: 2, found: 1, .. })));
}

#[test]
fn the_axes_are_the_variables() {
    let weights =
        Array3::from_shape_fn((2, 3, 4), |(x, y, z)| ((x + 1) * (y + 2) * (z * z + 1) + x * z) as f64);
    let total = weights.sum();
    let joint = ThreeWayJoint::from_weights(weights.clone()).unwrap();
    for (variable, size) in [(Variable::X, 2), (Variable::Y, 3), (Variable::Z, 4)] {
        assert_eq!(joint.n_outcomes(variable), size);
        assert_eq!(joint.marginal(variable).n_outcomes(), size);
    }
    let entry = |x: usize, y: usize| (0..4).map(|z| weights[[x, y, z]]).sum::<f64>() / total;
    assert_close!(joint.without(Variable::Z).table()[[1, 2]], entry(1, 2), 1e-15, 0.0);
    let x_and_z = joint.without(Variable::Y);
    assert_eq!((x_and_z.n_x(), x_and_z.n_y()), (2, 4));
    assert_close!(joint.marginal(Variable::Y).probabilities()[1], entry(0, 1) + entry(1, 1), 1e-15, 0.0);
}

#[test]
fn almost_independent_given_the_third() {
    // For each z a pair that agrees with probability 1/2 + d: I = (2d)^2/2 + (2d)^4/12 + ..., though x and y are each
    // far from independent of z.
    for exponent in [10, 20, 40] {
        let d = 0.5_f64.powi(exponent);
        let same = 0.25 * (1.0 + 2.0 * d);
        let other = 0.25 * (1.0 - 2.0 * d);
        let mut table = Array3::zeros((4, 4, 2));
        for z in 0..2 {
            for (x, y) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                table[[2 * z + x, 2 * z + y, z]] = 0.5 * if x == y { same } else { other };
            }
        }
        let joint = ThreeWayJoint::new(table).unwrap();
        let square = 4.0 * d * d;
        let expected = square / 2.0 + square * square / 12.0;
        assert_close!(conditional_mutual_information(&joint, Variable::Z), expected, 1e-12, 0.0);
        assert!(mutual_information(&joint.without(Variable::Z)) > 0.6);
    }
}

proptest! {
    #[test]
    fn jensen_shannon_is_a_bounded_squared_metric([p, q, r] in three_distributions()) {
        let js = |p: &Distribution, q: &Distribution| jensen_shannon_divergence(p, q).unwrap();
        prop_assert!(js(&p, &q) >= 0.0 && js(&p, &q) <= LN_2 * (1.0 + 1e-15));
        // The mixture is the same whichever comes first, up to the order of a sum.
        assert_close!(js(&p, &q), js(&q, &p), 1e-14, 1e-300);
        prop_assert!(js(&p, &r).sqrt() <= (js(&p, &q).sqrt() + js(&q, &r).sqrt()) * (1.0 + 1e-14) + 1e-150);
    }

    #[test]
    fn jensen_shannon_is_both_its_definitions([p, q, r] in three_distributions(), w in random::distribution(3)) {
        let weights = w.probabilities();
        let mixture = &p.probabilities() * weights[0] + &q.probabilities() * weights[1] + &r.probabilities() * weights[2];
        let mixture = Distribution::new(mixture).unwrap();
        let found = jensen_shannon_divergence_of(&w, &[&p, &q, &r]).unwrap();
        let parts = [&p, &q, &r];
        let entropies: f64 = parts.iter().zip(weights).map(|(p, w)| w * entropy(p)).sum();
        // Differences of entropies up to ln 8.
        assert_close!(found, entropy(&mixture) - entropies, 0.0, 1e-14);
        let divergences: f64 = parts
            .iter()
            .zip(weights)
            .filter(|(_, w)| **w > 0.0)
            .map(|(p, w)| w * kl_divergence(p, &mixture).unwrap())
            .filter(|term| term.is_finite())
            .sum();
        assert_close!(found, divergences, 1e-12, 1e-14);
    }

    #[test]
    fn conditional_information_by_entropies(joint in three_way()) {
        for given in [Variable::X, Variable::Y, Variable::Z] {
            let found = conditional_mutual_information(&joint, given);
            prop_assert!(found >= 0.0);
            let pairs: f64 = [Variable::X, Variable::Y, Variable::Z]
                .iter()
                .filter(|left_out| **left_out != given)
                .map(|left_out| joint_entropy(&joint.without(*left_out)))
                .sum();
            let whole = joint_entropy(&x_and_pair(&joint));
            // Four entropies of at most ln 64.
            assert_close!(found, pairs - whole - entropy(&joint.marginal(given)), 0.0, 2e-14);
        }
    }

    #[test]
    fn chain_rule(joint in three_way()) {
        // I(X; Y,Z) = I(X;Z) + I(X;Y|Z) = I(X;Y) + I(X;Z|Y).
        let whole = mutual_information(&x_and_pair(&joint));
        let by_z = mutual_information(&joint.without(Variable::Y)) + conditional_mutual_information(&joint, Variable::Z);
        let by_y = mutual_information(&joint.without(Variable::Z)) + conditional_mutual_information(&joint, Variable::Y);
        // All terms are positive: a few eps, and the absolute rounding of subnormal tables.
        assert_close!(whole, by_z, 1e-13, 1e-15);
        assert_close!(whole, by_y, 1e-13, 1e-15);
    }

    #[test]
    fn a_representation_knows_the_label_through_the_data(problem in random::problem()) {
        let joint = ThreeWayJoint::from_encoder(&problem.joint, &problem.encoder).unwrap();
        let source = problem.joint.marginal_x();
        let bounds = InformationBounds::new(
            &problem.joint,
            &problem.encoder,
            &optimal_marginal(&source, &problem.encoder).unwrap(),
            &optimal_decoder(&source, &problem.encoder).unwrap(),
            &optimal_classifier(&problem.joint, &problem.encoder).unwrap(),
        )
        .unwrap();
        // Z - X - Y: eps squared for each of the 512 cells.
        prop_assert!(conditional_mutual_information(&joint, Variable::X) <= 1e-28);
        let beyond_the_label = conditional_mutual_information(&joint, Variable::Y);
        assert_close!(beyond_the_label, bounds.processing_gap(), 1e-12, 1e-14);
        assert_close!(mutual_information(&joint.without(Variable::Y)), bounds.information(), 1e-13, 1e-14);
        assert_close!(mutual_information(&joint.without(Variable::X)), bounds.label_information(), 1e-13, 1e-14);
    }
}
