//! Zero cells, alphabets of one letter, forbidden pairs and logits of 1e4: the right number, not NaN.

use crate::random::problem;
use carnot_info::{
    Channel, Distribution, InfoError, InformationBounds, Joint, LogChannel, Order, ThreeWayJoint, Variable,
    channel_information, classification_loss, classification_loss_from_logs, conditional_entropy,
    conditional_mutual_information, cross_entropy, distortion, distortion_from_logs, entropy, expected_cost,
    jensen_shannon_divergence, joint_entropy, kl_divergence, log_loss, mutual_information,
    optimal_classifier, optimal_decoder, optimal_marginal, rate, rate_from_log_marginal, renyi_divergence,
    renyi_entropy, tsallis_entropy,
};
use carnot_testkit::assert_close;
use ndarray::{Array2, array};
use proptest::prelude::*;
use std::f64::consts::LN_2;

#[test]
fn one_letter_everywhere() {
    let one = Distribution::uniform(1).unwrap();
    let channel = Channel::new(array![[1.0]]).unwrap();
    let joint = Joint::new(array![[1.0]]).unwrap();
    let order = Order::new(0.5).unwrap();
    let zeros = [
        entropy(&one),
        joint_entropy(&joint),
        mutual_information(&joint),
        renyi_entropy(&one, order),
        tsallis_entropy(&one, order),
        cross_entropy(&one, &one).unwrap(),
        kl_divergence(&one, &one).unwrap(),
        renyi_divergence(&one, &one, order).unwrap(),
        jensen_shannon_divergence(&one, &one).unwrap(),
        conditional_entropy(&one, &channel).unwrap(),
        channel_information(&one, &channel).unwrap(),
        rate(&one, &channel, &one).unwrap(),
        distortion(&one, &channel, &channel).unwrap(),
        classification_loss(&joint, &channel, &channel).unwrap(),
        log_loss(&joint, &LogChannel::from_logits(array![[-1e4]]).unwrap()).unwrap(),
        conditional_mutual_information(&ThreeWayJoint::from_encoder(&joint, &channel).unwrap(), Variable::Y),
    ];
    for (index, zero) in zeros.into_iter().enumerate() {
        assert_eq!(zero, 0.0, "number {index}");
    }
}

#[test]
fn one_letter_for_many_inputs() {
    // A representation of one letter knows nothing: R = 0, D = H(X), C = H(Y) with the best partners.
    let joint = Joint::from_weights(array![[3.0, 1.0, 0.0], [0.0, 0.0, 4.0], [0.0, 0.0, 0.0]]).unwrap();
    let source = joint.marginal_x();
    let encoder = Channel::deterministic(&[0, 0, 0], 1).unwrap();
    let bounds = InformationBounds::new(
        &joint,
        &encoder,
        &optimal_marginal(&source, &encoder).unwrap(),
        &optimal_decoder(&source, &encoder).unwrap(),
        &optimal_classifier(&joint, &encoder).unwrap(),
    )
    .unwrap();
    assert_eq!((bounds.rate(), bounds.information(), bounds.label_information()), (0.0, 0.0, 0.0));
    assert_close!(bounds.distortion(), LN_2, 1e-15, 0.0);
    // Labels (3/8, 1/8, 1/2).
    let h = 0.375 * (8.0_f64 / 3.0).ln() + 0.125 * 8.0_f64.ln() + 0.5 * LN_2;
    assert_close!(bounds.classification_loss(), h, 1e-15, 0.0);
    assert_close!(bounds.label_entropy(), h, 1e-15, 0.0);
    assert_eq!((bounds.rate_gap(), bounds.distortion_gap(), bounds.classification_gap()), (0.0, 0.0, 0.0));
}

#[test]
fn zero_cells_follow_the_limit() {
    // Cells of probability 0 against cells of probability e: the difference is e ln(1/e) at most, a few times.
    let e = 1e-100;
    let slack = 1e4 * e;
    let zero = Joint::from_weights(array![[2.0, 0.0, 1.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]]).unwrap();
    let tiny = Joint::from_weights(array![[2.0, e, 1.0], [e, e, 3.0], [e, e, e]]).unwrap();
    assert_close!(mutual_information(&zero), mutual_information(&tiny), 1e-15, slack);
    assert_close!(joint_entropy(&zero), joint_entropy(&tiny), 1e-15, slack);
    assert_close!(
        jensen_shannon_divergence(&zero.marginal_x(), &zero.marginal_y()).unwrap(),
        jensen_shannon_divergence(&tiny.marginal_x(), &tiny.marginal_y()).unwrap(),
        1e-15,
        slack
    );
    for a in [0.5, 2.0] {
        let order = Order::new(a).unwrap();
        let (p, q) = (zero.marginal_y(), tiny.marginal_y());
        // At order 1/2 a cell of e counts sqrt(e).
        assert_close!(renyi_entropy(&p, order), renyi_entropy(&q, order), 1e-15, 1e-49);
        assert_close!(tsallis_entropy(&p, order), tsallis_entropy(&q, order), 1e-15, 1e-49);
    }
}

#[test]
fn a_forbidden_pair_costs_nothing_unless_it_happens() {
    let inf = f64::INFINITY;
    let source = Distribution::new(vec![0.5, 0.5, 0.0]).unwrap();
    let costs = array![[1.0, inf], [inf, 3.0], [inf, inf]];
    let obedient = Channel::deterministic(&[0, 1, 0], 2).unwrap();
    assert_eq!(expected_cost(&source, &obedient, costs.view()), Ok(2.0));
    // However rare, as long as the number is not zero.
    let rare = Channel::from_log_weights(array![[0.0, -700.0], [-1e4, 0.0], [0.0, 0.0]]).unwrap();
    assert_eq!(expected_cost(&source, &rare, costs.view()), Ok(inf));
    // exp(-1e4) is zero, and the pair does not happen.
    let never = Channel::from_log_weights(array![[0.0, -1e4], [-1e4, 0.0], [0.0, 0.0]]).unwrap();
    assert_eq!(expected_cost(&source, &never, costs.view()), Ok(2.0));
}

#[test]
fn logits_of_ten_thousand() {
    let logits = array![[1e4, -1e4], [-1e4, 1e4]];
    let sure = Channel::from_log_weights(logits.clone()).unwrap();
    assert_eq!(sure, Channel::deterministic(&[0, 1], 2).unwrap());
    assert_eq!(
        Distribution::from_log_weights(vec![1e4, 1e4, -1e4]).unwrap().probabilities(),
        array![0.5, 0.5, 0.0]
    );
    let log_sure = LogChannel::from_logits(logits).unwrap();
    assert_eq!(log_sure.log_table(), array![[0.0, -2e4], [-2e4, 0.0]]);

    let source = Distribution::new(vec![0.25, 0.75]).unwrap();
    let encoder = Channel::new(array![[0.5, 0.5], [0.25, 0.75]]).unwrap();
    let joint = Joint::from_parts(&source, &Channel::deterministic(&[0, 1], 2).unwrap()).unwrap();
    // Probabilities underflow to an infinite loss; the logits give 2e4 nats for each mistake, of which there are
    // 1/8 + 3/16.
    assert_eq!(distortion(&source, &encoder, &sure), Ok(f64::INFINITY));
    assert_eq!(distortion_from_logs(&source, &encoder, &log_sure), Ok(6250.0));
    assert_eq!(classification_loss(&joint, &encoder, &sure), Ok(f64::INFINITY));
    assert_eq!(classification_loss_from_logs(&joint, &encoder, &log_sure), Ok(6250.0));
    // R = sum p e (ln e - ln m): letter 1 has e(1) = 11/16 and ln m = 0, letter 0 has ln m = -2e4.
    let log_marginal = LogChannel::from_logits(array![[-1e4, 1e4]]).unwrap();
    let expected = 5.0 / 16.0 * 2e4 - conditional_entropy(&source, &encoder).unwrap();
    assert_close!(rate_from_log_marginal(&source, &encoder, &log_marginal).unwrap(), expected, 1e-15, 0.0);
    assert_eq!(rate(&source, &encoder, &Distribution::new(vec![0.0, 1.0]).unwrap()), Ok(f64::INFINITY));
    // A logit of -inf is a probability of zero.
    let never = LogChannel::from_logits(array![[f64::NEG_INFINITY, 0.0]]).unwrap();
    assert_eq!(rate_from_log_marginal(&source, &encoder, &never), Ok(f64::INFINITY));
    let second = Channel::deterministic(&[1, 1], 2).unwrap();
    assert_eq!(rate_from_log_marginal(&source, &second, &never), Ok(0.0));
}

#[test]
fn a_marginal_may_depend_on_the_input() {
    let source = Distribution::new(vec![0.25, 0.75]).unwrap();
    let encoder = Channel::new(array![[0.5, 0.5], [0.25, 0.75]]).unwrap();
    // Its own row: no rate.
    let own = LogChannel::from_logits(encoder.table().mapv(f64::ln)).unwrap();
    // Two roundings of each logarithm, which enter squared.
    assert!(rate_from_log_marginal(&source, &encoder, &own).unwrap() < 1e-30);
}

#[test]
fn log_channels_are_checked() {
    assert!(matches!(LogChannel::from_logits(Array2::zeros((0, 2))), Err(InfoError::EmptyAlphabet { .. })));
    let minus = f64::NEG_INFINITY;
    let refused = LogChannel::from_logits(array![[0.0, 0.0], [minus, minus]]);
    assert_eq!(refused, Err(InfoError::ZeroWeights { row: 1 }));
    for bad in [f64::NAN, f64::INFINITY] {
        let refused = LogChannel::from_logits(array![[0.0, 0.0], [0.0, bad]]);
        assert!(matches!(refused, Err(InfoError::InvalidLogWeight { row: 1, column: 1, .. })));
    }
    let channel = LogChannel::from_logits(Array2::zeros((2, 3))).unwrap();
    assert_eq!((channel.n_inputs(), channel.n_outputs()), (2, 3));
    let source = Distribution::uniform(3).unwrap();
    let encoder = Channel::deterministic(&[0, 1, 2], 3).unwrap();
    let refused = |result: Result<f64, InfoError>, what: &str| {
        let message = result.unwrap_err().to_string();
        assert!(message.starts_with(what), "{message}");
    };
    refused(
        rate_from_log_marginal(&source, &encoder, &channel),
        "rows (x) of the marginal ln m(z): expected 3",
    );
    refused(
        distortion_from_logs(&source, &encoder, &channel),
        "rows of the log-probabilities: expected 3, found 2",
    );
    let narrow = Channel::deterministic(&[0, 1, 0], 2).unwrap();
    refused(rate_from_log_marginal(&source, &narrow, &channel), "columns (z) of the marginal ln m(z)");
    let joint = Joint::from_parts(&source, &narrow).unwrap();
    let message = "columns of the log-probabilities: expected 2, found 3";
    refused(classification_loss_from_logs(&joint, &narrow, &channel), message);
}

proptest! {
    #[test]
    fn log_probabilities_give_the_losses_of_their_exponentials(problem in problem()) {
        let logs = |channel: &Channel| LogChannel::from_logits(channel.table().mapv(f64::ln)).unwrap();
        let source = problem.joint.marginal_x();
        let close = |found: f64, expected: f64| assert_close!(found, expected, 1e-14, 1e-14);
        close(
            distortion_from_logs(&source, &problem.encoder, &logs(&problem.decoder)).unwrap(),
            distortion(&source, &problem.encoder, &problem.decoder).unwrap(),
        );
        close(
            classification_loss_from_logs(&problem.joint, &problem.encoder, &logs(&problem.classifier)).unwrap(),
            classification_loss(&problem.joint, &problem.encoder, &problem.classifier).unwrap(),
        );
        let marginal = problem.marginal.probabilities().mapv(f64::ln);
        let marginal = LogChannel::from_logits(marginal.insert_axis(ndarray::Axis(0))).unwrap();
        close(
            rate_from_log_marginal(&source, &problem.encoder, &marginal).unwrap(),
            rate(&source, &problem.encoder, &problem.marginal).unwrap(),
        );
    }
}
