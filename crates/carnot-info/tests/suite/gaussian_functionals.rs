use crate::assert_all_close;
use crate::matrices::{block, channel, gaussian, inverse, trace};
use carnot_info::gaussian::{
    Covariance, Gaussian, LinearChannel, channel_information, classification_loss, differential_entropy,
    distortion, kl_divergence, mean_divergence, mutual_information, optimal_decoder, optimal_head,
    optimal_marginal, rate,
};
use carnot_info::{InfoError, InformationBounds};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::log_uniform;
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;
use std::f64::consts::{PI, TAU};

/// Everything section 1 of the theory speaks about, of any parameters.
#[derive(Debug, Clone)]
struct Problem {
    source: Gaussian,
    labels: LinearChannel,
    encoder: LinearChannel,
    marginal: Gaussian,
    decoder: LinearChannel,
    head: LinearChannel,
}

impl Problem {
    fn bounds(&self) -> InformationBounds {
        InformationBounds::of_gaussians(
            &self.source,
            &self.labels,
            &self.encoder,
            &self.marginal,
            &self.decoder,
            &self.head,
        )
        .unwrap()
    }

    fn with_optimal_partners(&self) -> Self {
        Self {
            marginal: optimal_marginal(&self.source, &self.encoder).unwrap(),
            decoder: optimal_decoder(&self.source, &self.encoder).unwrap(),
            head: optimal_head(&self.source, &self.labels, &self.encoder).unwrap(),
            ..self.clone()
        }
    }
}

/// A problem with dimensions from one to four for the data, the labels and the representation.
fn problem() -> impl Strategy<Value = Problem> {
    (1..5usize, 1..5usize, 1..5usize)
        .prop_flat_map(|(n, k, m)| {
            (gaussian(n), channel(n, k), channel(n, m), gaussian(m), channel(m, n), channel(m, k))
        })
        .prop_map(|(source, labels, encoder, marginal, decoder, head)| Problem {
            source,
            labels,
            encoder,
            marginal,
            decoder,
            head,
        })
}

fn line(weight: f64, offset: f64, noise: f64) -> LinearChannel {
    LinearChannel::new(array![[weight]].view(), vec![offset], Covariance::isotropic(1, noise).unwrap())
        .unwrap()
}

fn point(mean: f64, variance: f64) -> Gaussian {
    Gaussian::new(vec![mean], Covariance::isotropic(1, variance).unwrap()).unwrap()
}

#[test]
fn one_dimension_by_hand() {
    let source = point(1.0, 4.0);
    let encoder = line(0.5, 0.25, 2.0);
    // z ~ N(0.75, 3). Against N(0, 5): 1/2 [2/5 - 1 + ln(5/2) + (0.75^2 + 1) / 5].
    let expected = 0.5 * (0.4 - 1.0 + 2.5_f64.ln() + 1.5625 / 5.0);
    assert_close!(rate(&source, &encoder, &point(0.0, 5.0)).unwrap(), expected, 1e-15, 0.0);
    // x - (z + 1): mean -0.75, variance (1/2)^2 4 + 2; noise 1/2, so D = 3.5625 + ln(pi)/2.
    let decoder = line(1.0, 1.0, 0.5);
    let expected = 0.5625 + 3.0 + 0.5 * PI.ln();
    assert_close!(distortion(&source, &encoder, &decoder).unwrap(), expected, 1e-15, 0.0);
    // y = 3x - 1 + N(0, 2), head 2z + N(0, 4): y - 2z = 2x - 1.5 - 2 noise + noise: mean 0.5, variance 16 + 8 + 2.
    let (labels, head) = (line(3.0, -1.0, 2.0), line(2.0, 0.0, 4.0));
    let expected = 26.25 / 8.0 + 0.5 * (8.0 * PI).ln();
    assert_close!(classification_loss(&source, &labels, &encoder, &head).unwrap(), expected, 1e-15, 0.0);
    // Signal to noise 1/2.
    assert_close!(channel_information(&source, &encoder).unwrap(), 0.5 * 1.5_f64.ln(), 1e-15, 0.0);
}

#[test]
fn the_scalar_surface_of_the_ground_truth() {
    // X of variance 1, Y of variance 1, squared correlation 0.8. The optimum at (lambda, gamma) = (1, 2) leaves
    // u = 0.1403882032 of the variance: R 0.9816719068, mean squared error u, C = h(Y|Z) = 0.8370599365.
    let source = point(0.0, 1.0);
    let labels = line(0.8_f64.sqrt(), 0.0, 0.2);
    // The root of 2 lambda rho^2 u^2 + [2 lambda (1 - rho^2) + (gamma - 1) rho^2] u = 1 - rho^2.
    let u = (-1.2 + (1.2_f64 * 1.2 + 4.0 * 1.6 * 0.2).sqrt()) / 3.2;
    let encoder = line(1.0, 0.0, u / (1.0 - u));
    let marginal = optimal_marginal(&source, &encoder).unwrap();
    let head = optimal_head(&source, &labels, &encoder).unwrap();
    let decoder = line(optimal_decoder(&source, &encoder).unwrap().weights()[[0, 0]], 0.0, 0.5);
    // Half a unit in the last place printed.
    let atol = 0.5e-10;
    assert_close!(rate(&source, &encoder, &marginal).unwrap(), 0.9816719068, 0.0, atol);
    // A decoder of variance 1/2 has D = error + ln(pi)/2.
    let error = distortion(&source, &encoder, &decoder).unwrap() - 0.5 * PI.ln();
    assert_close!(error, 0.1403882032, 0.0, atol);
    assert_close!(classification_loss(&source, &labels, &encoder, &head).unwrap(), 0.8370599365, 0.0, atol);
}

#[test]
fn reverse_water_filling_of_the_ground_truth() {
    // Variances (4, 2, 1, 0.5, 0.1) at D = 2: level 0.475, R 2.1820281305; the last mode is not encoded.
    let variances = [4.0, 2.0, 1.0, 0.5, 0.1];
    let level = 0.475;
    let source = Gaussian::centred(Covariance::diagonal(&variances).unwrap());
    // Posterior variance 1 / (1/s + a^2) = level at unit noise.
    let weights = variances.map(|s: f64| (1.0 / level - 1.0 / s).max(0.0).sqrt());
    let encoder = LinearChannel::new(
        Array2::from_diag(&Array1::from(weights.to_vec())).view(),
        vec![0.0; 5],
        Covariance::isotropic(5, 1.0).unwrap(),
    )
    .unwrap();
    let marginal = optimal_marginal(&source, &encoder).unwrap();
    let best = optimal_decoder(&source, &encoder).unwrap();
    assert_close!(trace(&best.noise().matrix()), 2.0, 1e-14, 0.0);
    assert_close!(rate(&source, &encoder, &marginal).unwrap(), 2.1820281305, 0.0, 0.5e-10);
    let half =
        LinearChannel::new(best.weights().view(), best.offset(), Covariance::isotropic(5, 0.5).unwrap());
    let found = distortion(&source, &encoder, &half.unwrap()).unwrap();
    assert_close!(found, 2.0 + 2.5 * PI.ln(), 1e-14, 0.0);
}

#[test]
fn small_gaps_keep_their_digits() {
    let (source, labels, encoder) = (point(0.5, 3.0), line(2.0, 0.0, 0.5), line(1.0, -1.0, 1.0));
    for exponent in [10, 20, 26] {
        let delta = 0.5_f64.powi(exponent);
        // z ~ N(-0.5, 4), x|z ~ N(0.75 z + 0.875, 0.75), y|z ~ N(1.5 z + 1.75, 3.5): shifts by delta alone.
        let problem = Problem {
            source: source.clone(),
            labels: labels.clone(),
            encoder: encoder.clone(),
            marginal: point(-0.5 + delta, 4.0),
            decoder: line(0.75 + delta, 0.875, 0.75),
            head: line(1.5, 1.75 - delta, 3.5),
        };
        let bounds = problem.bounds();
        let square = delta * delta;
        // delta^2 / (2 variance), for the decoder times E z^2 = 4.25. The partners are off by an eps or two in a
        // number next to delta.
        let rtol = 1e-14 / delta;
        assert_close!(bounds.rate_gap(), square / 8.0, rtol, 0.0);
        assert_close!(bounds.distortion_gap(), 4.25 * square / 1.5, rtol, 0.0);
        assert_close!(bounds.classification_gap(), square / 7.0, rtol, 0.0);
    }
}

#[test]
fn ends_of_the_range() {
    let source = point(0.0, 1.0);
    // An encoder that says next to nothing, and one that says next to everything.
    assert_close!(channel_information(&source, &line(1e-100, 0.0, 1.0)).unwrap(), 0.5e-200, 1e-14, 0.0);
    let expected = 200.0 * 10.0_f64.ln();
    assert_close!(channel_information(&source, &line(1e100, 0.0, 1e-200)).unwrap(), expected, 1e-15, 0.0);
    assert_eq!(rate(&source, &line(1e200, 0.0, 1.0), &point(0.0, 1.0)), Ok(f64::INFINITY));
    assert_eq!(distortion(&source, &line(1.0, 0.0, 1.0), &line(1e200, 0.0, 1.0)), Ok(f64::INFINITY));
    // inf - inf on the way is said, not returned as NaN.
    let opposed = line(1e308, 0.0, 1.0);
    let refused = distortion(&point(1e10, 1.0), &opposed, &line(-1e308, 0.0, 1.0));
    assert!(matches!(refused, Ok(f64::INFINITY) | Err(InfoError::OutOfRange { .. })), "{refused:?}");
}

#[test]
fn mismatched_dimensions_are_refused() {
    let (one, two) = (point(0.0, 1.0), Gaussian::centred(Covariance::isotropic(2, 1.0).unwrap()));
    let encoder = line(1.0, 0.0, 1.0);
    let from_two =
        LinearChannel::new(array![[1.0, 1.0]].view(), vec![0.0], Covariance::isotropic(1, 1.0).unwrap());
    let from_two = from_two.unwrap();
    let refused = |result: Result<f64, InfoError>, what: &str| {
        let message = result.unwrap_err().to_string();
        assert!(message.starts_with(what), "{message}");
    };
    refused(rate(&two, &encoder, &one), "inputs of the channel against its source: expected 2, found 1");
    refused(rate(&one, &encoder, &two), "outputs of q against p: expected 1, found 2");
    refused(
        distortion(&one, &encoder, &from_two),
        "inputs of the decoder or head against outputs of the encoder",
    );
    refused(distortion(&two, &from_two, &encoder), "outputs of the decoder or head against its target");
    refused(
        classification_loss(&one, &from_two, &encoder, &encoder),
        "inputs of the channel against its source",
    );
    refused(channel_information(&two, &encoder), "inputs of the channel");
    refused(mean_divergence(&one, &encoder, &from_two), "inputs of the channel");
}

proptest! {
    #[test]
    fn the_functionals_are_their_definitions(problem in problem()) {
        let Problem { source, labels, encoder, marginal, decoder, head } = &problem;
        // Second moments of (x, z) and (y, z), by the algebra of covariances.
        let (a, b) = (encoder.weights(), labels.weights());
        let s = source.covariance().matrix();
        let z_mean = a.dot(&source.mean()) + encoder.offset();
        let z = a.dot(&s).dot(&a.t()) + encoder.noise().matrix();
        let log_loss = |predictor: &LinearChannel, target: Array2<f64>, mean: Array1<f64>, cross: Array2<f64>| {
            let g = predictor.weights();
            let (precision, determinant) = inverse(&predictor.noise().matrix());
            let back = g.dot(&cross.t());
            let covariance = target - &back - back.t() + g.dot(&z).dot(&g.t());
            let bias = mean - g.dot(&z_mean) - predictor.offset();
            let squares = trace(&precision.dot(&covariance)) + bias.dot(&precision.dot(&bias));
            (0.5 * (squares + bias.len() as f64 * TAU.ln() + determinant.ln()), squares)
        };
        let d = log_loss(decoder, s.clone(), source.mean(), s.dot(&a.t()));
        // Squares cancel by up to their size, which the definition's differences do not show: conditions 1e4.
        let found = distortion(source, encoder, decoder).unwrap();
        assert_close!(found, d.0, 1e-9, 1e-9);
        let label_mean = b.dot(&source.mean()) + labels.offset();
        let label = b.dot(&s).dot(&b.t()) + labels.noise().matrix();
        let c = log_loss(head, label, label_mean, b.dot(&s).dot(&a.t()));
        assert_close!(classification_loss(source, labels, encoder, head).unwrap(), c.0, 1e-9, 1e-9);
        // R = -h(Z|X) - E ln m(z).
        let (precision, determinant) = inverse(&marginal.covariance().matrix());
        let shift = &z_mean - &marginal.mean();
        let squares = trace(&precision.dot(&z)) + shift.dot(&precision.dot(&shift));
        let cross = 0.5 * (squares + shift.len() as f64 * TAU.ln() + determinant.ln());
        let expected = cross - differential_entropy(encoder.noise());
        assert_close!(rate(source, encoder, marginal).unwrap(), expected, 1e-10, 1e-10);
    }

    #[test]
    fn the_bounds_hold_and_the_gaps_are_the_differences(problem in problem()) {
        let b = problem.bounds();
        for gap in [b.rate_gap(), b.distortion_gap(), b.classification_gap(), b.processing_gap()] {
            prop_assert!(gap >= 0.0);
        }
        // Sums of squares up to 1e12 in some draws: relative to the larger side, at condition 1e4.
        let close = |left: f64, right: f64, gap: f64| assert_close!(left - right, gap, 1e-9, 1e-10 * (1.0 + left.abs()));
        close(b.rate(), b.information(), b.rate_gap());
        close(b.distortion(), b.source_entropy() - b.information(), b.distortion_gap());
        close(b.classification_loss(), b.label_entropy() - b.label_information(), b.classification_gap());
        close(b.information(), b.label_information(), b.processing_gap());
        let slack = 1e-10 * (1.0 + b.information());
        prop_assert!(b.label_information() <= b.information() + slack);
        prop_assert!(b.information() <= b.rate() + slack);
    }

    #[test]
    fn optimal_partners_close_the_gaps(problem in problem()) {
        let best = problem.with_optimal_partners();
        let b = best.bounds();
        prop_assert_eq!((b.rate_gap(), b.distortion_gap(), b.classification_gap()), (0.0, 0.0, 0.0));
        // The definitions of the equality conditions, at conditions of 1e4 and more in the posterior.
        assert_close!(b.rate(), channel_information(&best.source, &best.encoder).unwrap(), 1e-9, 1e-9);
        assert_close!(b.distortion(), differential_entropy(best.decoder.noise()), 1e-9, 1e-9);
        assert_close!(b.classification_loss(), differential_entropy(best.head.noise()), 1e-9, 1e-9);
    }

    #[test]
    fn any_other_partner_costs_more(problem in problem(), step in log_uniform(1e-3, 1.0)) {
        let best = problem.with_optimal_partners();
        let (source, encoder) = (&best.source, &best.encoder);
        let mixed = |channel: &LinearChannel, other: &LinearChannel| {
            let weights = channel.weights() + step * (other.weights() - channel.weights());
            LinearChannel::new(weights.view(), channel.offset(), channel.noise().clone()).unwrap()
        };
        let decoder = mixed(&best.decoder, &problem.decoder);
        // At the posterior's noise a change of weights alone costs 1/2 E |change z|^2 in its units.
        let least = distortion(source, encoder, &best.decoder).unwrap();
        let more = distortion(source, encoder, &decoder).unwrap();
        let aggregate = &best.marginal;
        let gap = mean_divergence(aggregate, &best.decoder, &decoder).unwrap();
        prop_assert!(gap > 0.0);
        assert_close!(more - least, gap, 1e-8, 1e-10 * (1.0 + more.abs()));
        let head = mixed(&best.head, &problem.head);
        let more = classification_loss(source, &best.labels, encoder, &head).unwrap();
        let least = classification_loss(source, &best.labels, encoder, &best.head).unwrap();
        prop_assert!(more >= least - 1e-10 * (1.0 + more.abs()));
    }

    #[test]
    fn informations_are_those_of_the_joint_covariance(problem in problem()) {
        let Problem { source, labels, encoder, .. } = &problem;
        // The covariance of (x, y, z).
        let (n, k) = (source.dimension(), labels.n_outputs());
        let (a, b, s) = (encoder.weights(), labels.weights(), source.covariance().matrix());
        let both = ndarray::concatenate![ndarray::Axis(0), Array2::eye(n), b, a];
        let mut joint = both.dot(&s).dot(&both.t());
        for (at, noise) in [(n, labels.noise().matrix()), (n + k, encoder.noise().matrix())] {
            for ((i, j), value) in noise.indexed_iter() {
                joint[[at + i, at + j]] += value;
            }
        }
        let symmetric = (&joint + &joint.t()) * 0.5;
        let bounds = problem.bounds();
        // Some draws are too close to singular for the joint matrix, not for the channels.
        let Ok(joint) = Covariance::new(symmetric.view()) else { return Ok(()) };
        let last = joint.dimension();
        let (x, y, z): (Vec<_>, Vec<_>, Vec<_>) = ((0..n).collect(), (n..n + k).collect(), (n + k..last).collect());
        let condition = trace(&symmetric) * trace(&inverse(&symmetric).0);
        prop_assume!(condition < 1e9);
        let atol = 1e-15 * condition;
        assert_close!(bounds.information(), mutual_information(&joint, &x, &z).unwrap(), 1e-12, atol);
        assert_close!(bounds.label_information(), mutual_information(&joint, &y, &z).unwrap(), 1e-12, atol);
        let given_label = carnot_info::gaussian::conditional_mutual_information(&joint, &x, &z, &y).unwrap();
        assert_close!(bounds.processing_gap(), given_label, 1e-12, atol);
        // The label entropy, and the label given the representation.
        let of_label = differential_entropy(&joint.marginal(&y).unwrap());
        assert_close!(bounds.label_entropy(), of_label, 1e-12, atol);
        let head = optimal_head(source, labels, encoder).unwrap();
        let left = joint.conditional(&y, &z).unwrap().matrix();
        assert_all_close(&head.noise().matrix(), &left, 0.0, atol * trace(&block(&symmetric, &y, &y)));
        let aggregate = optimal_marginal(source, encoder).unwrap();
        prop_assert!(kl_divergence(&aggregate, &aggregate).unwrap() == 0.0);
    }
}
