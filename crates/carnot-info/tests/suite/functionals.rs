use crate::assert_all_close;
use crate::random::{Problem, problem};
use carnot_info::{
    Channel, Distribution, InfoError, InformationBounds, Joint, channel_information, classification_loss,
    conditional_entropy, distortion, entropy, expected_cost, latent_label_joint, optimal_classifier,
    optimal_decoder, optimal_marginal, rate,
};
use carnot_testkit::assert_close;
use ndarray::{Array2, array};
use proptest::prelude::*;
use std::f64::consts::LN_2;

fn bounds(problem: &Problem) -> InformationBounds {
    let Problem { joint, encoder, marginal, decoder, classifier } = problem;
    InformationBounds::new(joint, encoder, marginal, decoder, classifier).unwrap()
}

/// The same data and encoder, with the best of everything else.
fn with_optimal_partners(problem: &Problem) -> Problem {
    let source = problem.joint.marginal_x();
    Problem {
        marginal: optimal_marginal(&source, &problem.encoder).unwrap(),
        decoder: optimal_decoder(&source, &problem.encoder).unwrap(),
        classifier: optimal_classifier(&problem.joint, &problem.encoder).unwrap(),
        ..problem.clone()
    }
}

/// Rounding of sums of logarithms, each good to eps, whose largest is `scale`: some 40 eps of it.
fn slack(scale: f64) -> f64 {
    1e-14 * (1.0 + scale)
}

/// `left - right = gap`, to the rounding of the larger; and infinite together.
#[track_caller]
fn assert_gap(left: f64, right: f64, gap: f64) {
    if left.is_infinite() || gap.is_infinite() {
        assert_eq!(left, gap);
    } else {
        assert_close!(left - right, gap, 0.0, slack(left.abs().max(right.abs())));
    }
}

#[test]
fn by_hand() {
    // Uniform bit, sent through a channel that erases half of the zeros to one.
    let source = Distribution::uniform(2).unwrap();
    let encoder = Channel::new(array![[0.5, 0.5], [0.0, 1.0]]).unwrap();
    let half = Distribution::uniform(2).unwrap();
    let flat = Channel::new(array![[0.5, 0.5], [0.5, 0.5]]).unwrap();
    // Rows of the encoder against the flat marginal: 0 and ln 2.
    assert_close!(rate(&source, &encoder, &half).unwrap(), 0.5 * LN_2, 1e-15, 0.0);
    assert_close!(distortion(&source, &encoder, &flat).unwrap(), LN_2, 1e-15, 0.0);
    // Letter 0 is certain to be x = 0; letter 1 has p(x|z) = (1/3, 2/3).
    let decoder = optimal_decoder(&source, &encoder).unwrap();
    let expected = 0.25 * 3.0_f64.ln() + 0.5 * 1.5_f64.ln();
    assert_close!(distortion(&source, &encoder, &decoder).unwrap(), expected, 1e-15, 0.0);
    let costs = array![[0.0, 8.0], [f64::INFINITY, 4.0]];
    assert_eq!(expected_cost(&source, &encoder, costs.view()), Ok(4.0));
    let flipped = array![[0.0, f64::INFINITY], [0.0, 0.0]];
    assert_eq!(expected_cost(&source, &encoder, flipped.view()), Ok(f64::INFINITY));
}

#[test]
fn lack_of_support_is_infinite_only_where_something_happens() {
    let source = Distribution::new(vec![1.0, 0.0]).unwrap();
    let encoder = Channel::deterministic(&[0, 1], 2).unwrap();
    let first = Distribution::new(vec![1.0, 0.0]).unwrap();
    let second = Distribution::new(vec![0.0, 1.0]).unwrap();
    assert_eq!(rate(&source, &encoder, &first), Ok(0.0));
    assert_eq!(rate(&source, &encoder, &second), Ok(f64::INFINITY));
    let swapped = Channel::deterministic(&[1, 0], 2).unwrap();
    assert_eq!(distortion(&source, &encoder, &encoder), Ok(0.0));
    assert_eq!(distortion(&source, &encoder, &swapped), Ok(f64::INFINITY));
    let joint = Joint::from_parts(&source, &encoder).unwrap();
    assert_eq!(classification_loss(&joint, &encoder, &encoder), Ok(0.0));
    assert_eq!(classification_loss(&joint, &encoder, &swapped), Ok(f64::INFINITY));
}

#[test]
fn a_rare_letter_of_a_rare_input_stays_in_the_support() {
    // p(x) e(z|x) is 1e-324: it rounds to nothing, and the partners computed from it must not call it infinite.
    let tiny = f64::from_bits(1);
    let source = Distribution::from_weights(vec![1.0, 0.1]).unwrap();
    for entry in [tiny, 3.0 * tiny, 1e-320] {
        let encoder = Channel::new(array![[1.0, 0.0], [1.0, entry]]).unwrap();
        let marginal = optimal_marginal(&source, &encoder).unwrap();
        let decoder = optimal_decoder(&source, &encoder).unwrap();
        assert!(rate(&source, &encoder, &marginal).unwrap() < 1e-300);
        assert_close!(distortion(&source, &encoder, &decoder).unwrap(), entropy(&source), 1e-15, 0.0);
    }
}

#[test]
fn mismatched_tables_are_refused_by_name() {
    let source = Distribution::uniform(2).unwrap();
    let encoder = Channel::deterministic(&[0, 1], 3).unwrap();
    let joint = Joint::from_parts(&source, &Channel::deterministic(&[0, 0], 1).unwrap()).unwrap();
    let wrong = Channel::deterministic(&[0], 5).unwrap();
    let refused = |result: Result<f64, InfoError>, what: &str| {
        assert!(result.unwrap_err().to_string().starts_with(what), "{what}");
    };
    refused(rate(&source, &encoder, &source), "outcomes of the marginal m(z): expected 3, found 2");
    refused(distortion(&source, &encoder, &wrong), "rows (z) of the decoder d(x|z): expected 3, found 1");
    refused(classification_loss(&joint, &encoder, &wrong), "rows (z) of the classifier c(y|z): expected 3");
    refused(
        classification_loss(&joint, &wrong, &wrong),
        "rows (x) of the encoder e(z|x): expected 2, found 1",
    );
    refused(expected_cost(&source, &encoder, Array2::zeros((2, 2)).view()), "columns (z) of the costs");
    refused(expected_cost(&source, &encoder, Array2::zeros((1, 3)).view()), "rows (x) of the costs");
    for bad in [f64::NAN, f64::NEG_INFINITY] {
        let costs = array![[0.0, 0.0, 0.0], [0.0, bad, 0.0]];
        refused(expected_cost(&source, &encoder, costs.view()), "the cost at row 1, column 1 is");
    }
}

proptest! {
    #[test]
    fn the_bounds_hold(problem in problem()) {
        let b = bounds(&problem);
        let slack = slack(b.source_entropy().max(b.label_entropy()));
        prop_assert!(b.source_entropy() - b.distortion() <= b.information() + slack);
        prop_assert!(b.information() <= b.rate() + slack);
        prop_assert!(b.label_entropy() - b.classification_loss() <= b.label_information() + slack);
        prop_assert!(b.label_information() <= b.information() + slack);
        for gap in [b.rate_gap(), b.distortion_gap(), b.classification_gap(), b.processing_gap()] {
            prop_assert!(gap >= 0.0);
        }
        prop_assert!(b.rate() >= 0.0 && b.distortion() >= 0.0 && b.classification_loss() >= 0.0);
    }

    #[test]
    fn the_gaps_are_the_differences(problem in problem()) {
        let b = bounds(&problem);
        assert_gap(b.rate(), b.information(), b.rate_gap());
        assert_gap(b.distortion(), b.source_entropy() - b.information(), b.distortion_gap());
        assert_gap(b.classification_loss(), b.label_entropy() - b.label_information(), b.classification_gap());
        assert_gap(b.information(), b.label_information(), b.processing_gap());
    }

    #[test]
    fn optimal_partners_close_the_gaps(problem in problem()) {
        let problem = with_optimal_partners(&problem);
        let b = bounds(&problem);
        prop_assert_eq!((b.rate_gap(), b.distortion_gap(), b.classification_gap()), (0.0, 0.0, 0.0));
        let source = problem.joint.marginal_x();
        let aggregate = optimal_marginal(&source, &problem.encoder).unwrap();
        // The definitions of the equality conditions, through conditional entropies: at most ln 8 each.
        assert_close!(b.rate(), channel_information(&source, &problem.encoder).unwrap(), 0.0, 1e-14);
        assert_close!(b.distortion(), conditional_entropy(&aggregate, &problem.decoder).unwrap(), 0.0, 1e-14);
        let label_given_letter = conditional_entropy(&aggregate, &problem.classifier).unwrap();
        assert_close!(b.classification_loss(), label_given_letter, 0.0, 1e-14);
    }

    #[test]
    fn only_optimal_partners_close_the_gaps(problem in problem()) {
        let (b, best) = (bounds(&problem), with_optimal_partners(&problem));
        let weights = best.marginal.probabilities();
        let l1 = |z: usize, a: &Channel, b: &Channel| {
            (&a.table().row(z) - &b.table().row(z)).mapv(f64::abs).sum()
        };
        // Pinsker's inequality, row by row, less the rounding of l1.
        let at_least = |squares: f64| 0.5 * squares * (1.0 - 1e-13) - 1e-29;
        let marginal = (&weights - &problem.marginal.probabilities()).mapv(f64::abs).sum();
        prop_assert!(b.rate_gap() >= at_least(marginal * marginal));
        let mean_square = |found: &Channel, best: &Channel| -> f64 {
            weights.iter().enumerate().map(|(z, weight)| weight * l1(z, found, best).powi(2)).sum()
        };
        prop_assert!(b.distortion_gap() >= at_least(mean_square(&problem.decoder, &best.decoder)));
        prop_assert!(b.classification_gap() >= at_least(mean_square(&problem.classifier, &best.classifier)));
    }

    #[test]
    fn the_functionals_are_their_definitions(problem in problem()) {
        let Problem { joint, encoder, marginal, decoder, classifier } = &problem;
        let source = joint.marginal_x();
        let (mut r, mut d, mut c) = (0.0, 0.0, 0.0);
        for ((x, z), &e) in encoder.table().indexed_iter() {
            let weight = source.probabilities()[x] * e;
            if weight > 0.0 {
                r += weight * (e.ln() - marginal.probabilities()[z].ln());
                d -= weight * decoder.table()[[z, x]].ln();
            }
            for y in 0..joint.n_y() {
                let weight = joint.table()[[x, y]] * e;
                if weight > 0.0 {
                    c -= weight * classifier.table()[[z, y]].ln();
                }
            }
        }
        // Plain sums of up to 512 terms with logarithms up to 745, most of them far smaller.
        assert_close!(rate(&source, encoder, marginal).unwrap(), r, 1e-13, 1e-13);
        assert_close!(distortion(&source, encoder, decoder).unwrap(), d, 1e-13, 1e-13);
        assert_close!(classification_loss(joint, encoder, classifier).unwrap(), c, 1e-13, 1e-13);
    }

    #[test]
    fn the_distortion_is_the_expected_log_loss(problem in problem()) {
        let source = problem.joint.marginal_x();
        let costs = problem.decoder.table().t().mapv(|p| -p.ln());
        let expected = expected_cost(&source, &problem.encoder, costs.view()).unwrap();
        assert_close!(distortion(&source, &problem.encoder, &problem.decoder).unwrap(), expected, 1e-14, 0.0);
    }

    #[test]
    fn letters_and_labels_have_the_right_marginals(problem in problem()) {
        let latent_label = latent_label_joint(&problem.joint, &problem.encoder).unwrap();
        let aggregate = optimal_marginal(&problem.joint.marginal_x(), &problem.encoder).unwrap();
        // Sums of at most eight products, normalised twice; subnormal numbers have absolute precision only.
        let letters = latent_label.marginal_x();
        assert_all_close(letters.probabilities(), aggregate.probabilities(), 1e-14, 1e-300);
        let (found, labels) = (latent_label.marginal_y(), problem.joint.marginal_y());
        assert_all_close(found.probabilities(), labels.probabilities(), 1e-14, 1e-300);
    }
}
