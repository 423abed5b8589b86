use crate::{assert_all_close, random};
use carnot_info::{Channel, Distribution, InfoError, Joint, NORMALISATION_TOLERANCE};
use carnot_testkit::assert_close;
use ndarray::{Array2, array};
use proptest::prelude::*;

#[test]
fn what_is_no_probability_is_refused_with_its_place() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.25] {
        assert!(matches!(
            Distribution::new(vec![0.5, bad]),
            Err(InfoError::InvalidProbability { index: 1, value }) if value.to_bits() == bad.to_bits()
        ));
        assert!(matches!(
            Distribution::from_weights(vec![bad, 1.0]),
            Err(InfoError::InvalidProbability { index: 0, .. })
        ));
        let table = array![[0.5, 0.5], [bad, 1.0]];
        assert!(matches!(
            Channel::new(table.clone()),
            Err(InfoError::InvalidEntry { row: 1, column: 0, .. })
        ));
        assert!(matches!(Channel::from_weights(table.clone()), Err(InfoError::InvalidEntry { row: 1, .. })));
        assert!(matches!(Joint::new(table.clone()), Err(InfoError::InvalidEntry { row: 1, column: 0, .. })));
        assert!(matches!(Joint::from_weights(table), Err(InfoError::InvalidEntry { row: 1, .. })));
    }
}

#[test]
fn errors_name_the_numbers() {
    let message = Channel::new(array![[0.5, 0.5], [-0.25, 1.25]]).unwrap_err().to_string();
    assert_eq!(message, "the entry at row 1, column 0 is -0.25; it must be finite and not negative");
    let message = Channel::new(array![[0.5, 0.5], [0.25, 0.5]]).unwrap_err().to_string();
    assert_eq!(message, "row 1 sums to 0.75, further than 0.000000001 from one");
}

#[test]
fn sums_are_held_to_the_tolerance() {
    for sign in [-1.0, 1.0] {
        let inside = 0.5 + sign * 0.9 * NORMALISATION_TOLERANCE;
        let outside = 0.5 + sign * 1.1 * NORMALISATION_TOLERANCE;
        assert!(Distribution::new(vec![0.5, inside]).is_ok());
        assert!(matches!(Distribution::new(vec![0.5, outside]), Err(InfoError::NotNormalised { .. })));
        assert!(Channel::new(array![[0.5, inside]]).is_ok());
        let refused = Channel::new(array![[1.0, 0.0], [0.5, outside]]);
        assert!(matches!(refused, Err(InfoError::RowNotNormalised { row: 1, .. })));
        assert!(Joint::new(array![[0.25, inside], [0.25, 0.0]]).is_ok());
        assert!(matches!(
            Joint::new(array![[0.25, outside], [0.25, 0.0]]),
            Err(InfoError::NotNormalised { .. })
        ));
    }
    // What was accepted is divided by its sum, to one rounding.
    let accepted = Distribution::new(vec![0.5, 0.5 + 0.9e-9]).unwrap();
    assert_close!(accepted.probabilities().sum(), 1.0, 0.0, 2.0 * f64::EPSILON);
}

#[test]
fn empty_alphabets_are_refused() {
    assert_eq!(Distribution::new(Vec::new()), Err(InfoError::EmptyAlphabet { rows: 1, columns: 0 }));
    assert_eq!(Distribution::uniform(0), Err(InfoError::EmptyAlphabet { rows: 1, columns: 0 }));
    assert!(Distribution::from_log_weights(Vec::new()).is_err());
    for shape in [(0, 0), (0, 3), (3, 0)] {
        let empty = InfoError::EmptyAlphabet { rows: shape.0, columns: shape.1 };
        assert_eq!(Channel::new(Array2::zeros(shape)), Err(empty.clone()));
        assert_eq!(Channel::from_weights(Array2::zeros(shape)), Err(empty.clone()));
        assert_eq!(Channel::from_log_weights(Array2::zeros(shape)), Err(empty.clone()));
        assert_eq!(Joint::new(Array2::zeros(shape)), Err(empty.clone()));
        assert_eq!(Joint::from_weights(Array2::zeros(shape)), Err(empty));
    }
}

#[test]
fn weights_of_zero_have_no_distribution() {
    assert_eq!(Distribution::from_weights(vec![0.0, 0.0]), Err(InfoError::ZeroWeights { row: 0 }));
    let table = array![[0.0, 1.0], [0.0, 0.0]];
    assert_eq!(Channel::from_weights(table.clone()), Err(InfoError::ZeroWeights { row: 1 }));
    assert!(Joint::from_weights(table).is_ok());
    assert_eq!(Joint::from_weights(array![[0.0]]), Err(InfoError::ZeroWeights { row: 0 }));
    let log = array![[0.0, 1.0], [f64::NEG_INFINITY, f64::NEG_INFINITY]];
    assert_eq!(Channel::from_log_weights(log), Err(InfoError::ZeroWeights { row: 1 }));
}

#[test]
fn log_weights_are_a_softmax() {
    let expected = Distribution::from_weights(vec![1.0, 3.0, 0.0]).unwrap();
    for shift in [-1e4, 0.0, 1e4] {
        let logits = vec![shift, shift + 3.0_f64.ln(), f64::NEG_INFINITY];
        let found = Distribution::from_log_weights(logits).unwrap();
        // The logits themselves are rounded at 1e4 * eps / 2.
        assert_all_close(found.probabilities(), expected.probabilities(), 4e-12, 0.0);
    }
    for bad in [f64::NAN, f64::INFINITY] {
        let refused = Channel::from_log_weights(array![[0.0, 0.0], [0.0, bad]]);
        assert!(matches!(refused, Err(InfoError::InvalidLogWeight { row: 1, column: 1, .. })));
    }
}

#[test]
fn mismatched_alphabets_are_refused() {
    let source = Distribution::uniform(3).unwrap();
    let channel = Channel::deterministic(&[0, 1], 2).unwrap();
    assert!(matches!(channel.push(&source), Err(InfoError::LengthMismatch { expected: 3, found: 2, .. })));
    assert!(channel.posterior(&source).is_err());
    assert!(Joint::from_parts(&source, &channel).is_err());
    let refused = Channel::deterministic(&[0, 2], 2);
    assert_eq!(refused, Err(InfoError::OutputOutOfRange { input: 1, output: 2, outputs: 2 }));
}

#[test]
fn outcomes_that_never_occur_are_uninformative() {
    let joint = Joint::from_weights(array![[1.0, 3.0, 0.0], [0.0, 0.0, 0.0]]).unwrap();
    assert_eq!(joint.conditional_y_given_x().table(), array![[0.25, 0.75, 0.0], [0.25, 0.75, 0.0]]);
    assert_eq!(joint.conditional_x_given_y().table(), array![[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]);
    let letters = Channel::deterministic(&[0, 0], 2).unwrap();
    let source = Distribution::new(vec![0.25, 0.75]).unwrap();
    assert_eq!(letters.posterior(&source).unwrap().table(), array![[0.25, 0.75], [0.25, 0.75]]);
}

#[test]
fn a_binary_channel_by_hand() {
    let source = Distribution::new(vec![0.25, 0.75]).unwrap();
    let channel = Channel::new(array![[0.5, 0.5], [0.25, 0.75]]).unwrap();
    // e(z) = (1/8 + 3/16, 1/8 + 9/16), p(x|z) = p(x) p(z|x) / e(z): dyadic up to the two quotients.
    assert_eq!(channel.push(&source).unwrap().probabilities(), array![0.3125, 0.6875]);
    let posterior = channel.posterior(&source).unwrap();
    let expected = array![[2.0 / 5.0, 3.0 / 5.0], [2.0 / 11.0, 9.0 / 11.0]];
    assert_all_close(posterior.table(), &expected, 2.0 * f64::EPSILON, 0.0);
}

proptest! {
    #[test]
    fn accepted_tables_sum_to_one(problem in random::problem()) {
        // At most 64 entries, each rounded once.
        let slack = 64.0 * f64::EPSILON;
        assert_close!(problem.marginal.probabilities().sum(), 1.0, 0.0, slack);
        assert_close!(problem.joint.table().sum(), 1.0, 0.0, slack);
        for channel in [&problem.encoder, &problem.decoder, &problem.classifier] {
            prop_assert!(channel.table().iter().all(|p| (0.0..=1.0).contains(p)));
            for row in channel.table().rows() {
                assert_close!(row.sum(), 1.0, 0.0, slack);
            }
        }
    }

    #[test]
    fn a_joint_is_its_marginal_times_its_conditional(problem in random::problem()) {
        let joint = problem.joint;
        let from_x = Joint::from_parts(&joint.marginal_x(), &joint.conditional_y_given_x()).unwrap();
        let from_y = Joint::from_parts(&joint.marginal_y(), &joint.conditional_x_given_y()).unwrap();
        let from_y = from_y.transpose();
        // Two normalisations and a product; subnormal numbers have absolute precision only.
        assert_all_close(joint.table(), from_x.table(), 8.0 * f64::EPSILON, 1e-300);
        assert_all_close(joint.table(), from_y.table(), 8.0 * f64::EPSILON, 1e-300);
    }

    #[test]
    fn bayes_twice_is_the_channel_again(problem in random::problem()) {
        let source = problem.joint.marginal_x();
        let backwards = problem.encoder.posterior(&source).unwrap();
        let again = backwards.posterior(&problem.encoder.push(&source).unwrap()).unwrap();
        for (x, probability) in source.probabilities().iter().enumerate() {
            if *probability > 1e-290 {
                let (found, expected) = (again.table(), problem.encoder.table());
                // What is lost to underflow is below 1e-308 / p(x).
                assert_all_close(found.row(x), expected.row(x), 16.0 * f64::EPSILON, 1e-300 / probability);
            }
        }
    }
}
