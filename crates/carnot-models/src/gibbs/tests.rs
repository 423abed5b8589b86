//! Frozen networks whose Gibbs ensemble is known.

use carnot_data::{ImageShape, synthetic};
use carnot_testkit::assert_close;

use super::*;
use crate::{Layer, Likelihood, Prior};

const VARIANCE: f64 = 0.02;
const LAMBDA: f64 = 1.3;
/// One column of the decoder's weight for each latent dimension, on pixels of its own: the posterior is diagonal.
const COLUMNS: [[f64; 4]; 2] = [[0.5, -0.3, 0.0, 0.0], [0.0, 0.0, 0.2, 0.4]];
const BIAS: [f64; 4] = [0.4, 0.5, 0.3, 0.6];

fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("multipliers")
}

/// A linear model of four pixels and as many latent dimensions as there are columns, all layers without activations.
fn linear_model(latent: usize) -> Architecture {
    let linear = |inputs, outputs| vec![Layer::Linear { inputs, outputs }];
    let likelihood = Likelihood::Gaussian { variance: VARIANCE };
    Architecture::new(linear(4, 2 * latent), linear(latent, 4), linear(latent, 3), likelihood)
        .expect("a model")
}

/// `sum W^2` of a column: with the marginal N(0, 1) the posterior's precision is `1 + lambda sum W^2 / s^2`.
fn square(column: &[f64; 4]) -> f64 {
    column.iter().map(|w| w * w).sum()
}

fn posterior_variance(column: &[f64; 4]) -> f64 {
    1.0 / (1.0 + LAMBDA * square(column) / VARIANCE)
}

/// The model whose encoder is the posterior `N(V lambda W'(x - b) / s^2, V)` at [`LAMBDA`], but for its mean, moved by `shift`
/// standard deviations, and its standard deviation, `stretch` times that.
fn posterior_encoder(columns: &[[f64; 4]], shift: f64, stretch: f64) -> Parameters<f64> {
    let mut values = Vec::new();
    let gain = |column: &[f64; 4]| LAMBDA / VARIANCE * posterior_variance(column);
    columns.iter().for_each(|column| values.extend(column.map(|w| gain(column) * w)));
    values.extend(vec![0.0; 4 * columns.len()]);
    values.extend(columns.iter().map(|column| {
        let at_zero: f64 = column.iter().zip(BIAS).map(|(w, b)| -gain(column) * w * b).sum();
        at_zero + shift * posterior_variance(column).sqrt()
    }));
    values.extend(columns.iter().map(|column| (stretch * stretch * posterior_variance(column)).ln()));
    (0..4).for_each(|pixel| values.extend(columns.iter().map(|column| column[pixel])));
    values.extend(BIAS);
    // Three classes.
    values.extend((0..3 * columns.len()).map(|k| 0.7 * (k as f64 + 1.0).sin()));
    values.extend([0.2, -0.1, 0.0]);
    Parameters::from_values(values)
}

fn images(pixels: Vec<u8>) -> ImageDataset {
    let count = pixels.len() / 4;
    let shape = ImageShape::new(1, 2, 2).expect("a shape");
    ImageDataset::new(shape, pixels, (0..count).map(|i| (i % 3) as u8).collect(), 3).expect("images")
}

/// `-ln Z` and the mean and variance of D in nats under the posterior of one image: with `r` what the posterior's mean leaves,
/// `D = |r - W e|^2 / 2 s^2 + const` and `e ~ N(0, V)`.
fn exact(pixels: &[u8]) -> [f64; 3] {
    let mut left: Vec<f64> = pixels.iter().zip(BIAS).map(|(&x, b)| f64::from(x) / 255.0 - b).collect();
    let constant = 2.0 * (std::f64::consts::TAU * VARIANCE).ln();
    let mut free_energy = LAMBDA * constant;
    let whole: f64 = left.iter().map(|y| y * y).sum();
    free_energy += LAMBDA * whole / (2.0 * VARIANCE);
    let (mut mean, mut variance) = (constant, 0.0);
    for column in &COLUMNS {
        let (v, g) = (posterior_variance(column), square(column));
        let projected: f64 = column.iter().zip(&left).map(|(w, y)| w * y).sum();
        let mu = v * LAMBDA / VARIANCE * projected;
        free_energy -= 0.5 * (mu * mu / v + v.ln());
        left.iter_mut().zip(column).for_each(|(y, w)| *y -= w * mu);
        let across: f64 = column.iter().zip(&left).map(|(w, r)| w * r).sum();
        mean += g * v / (2.0 * VARIANCE);
        variance += (4.0 * across * across * v + 2.0 * g * g * v * v) / (4.0 * VARIANCE * VARIANCE);
    }
    mean += left.iter().map(|r| r * r).sum::<f64>() / (2.0 * VARIANCE);
    [free_energy, mean, variance]
}

#[track_caller]
fn assert_within(estimate: Estimate, exact: f64, what: &str) {
    let errors = estimate.z_score(exact);
    assert!(errors.abs() <= 4.0, "{what}: {estimate} is {errors:.2} standard errors from {exact}");
}

#[test]
fn with_the_posterior_as_encoder_every_draw_counts_and_the_free_energy_is_exact() {
    // Different images, more than a chunk of them; a number of samples that is not one of whole passes.
    let pixels: Vec<u8> = (0..4 * 150).map(|i| (i * 83 % 251) as u8).collect();
    let data = images(pixels.clone());
    let sampling = GibbsSampling { samples: 51, seed: 3 };
    let parameters = posterior_encoder(&COLUMNS, 0.0, 1.0);
    let found =
        sampling.estimate(&linear_model(2), &parameters, &data, at(LAMBDA, 0.0)).expect("an estimate");
    let of_images: Vec<[f64; 3]> = pixels.chunks_exact(4).map(exact).collect();
    let free_energies: Vec<f64> = of_images.iter().map(|[free_energy, ..]| *free_energy).collect();
    let expected = Estimate::from_samples(&free_energies).expect("a mean");
    assert_close!(found.free_energy.mean(), expected.mean(), rtol = 1e-11, atol = 0.0);
    assert_close!(found.free_energy.std_err(), expected.std_err(), rtol = 1e-9, atol = 0.0);
    assert_close!(found.effective_sample_size.mean, 51.0, rtol = 1e-9, atol = 0.0);
    assert_close!(found.effective_sample_size.least, 51.0, rtol = 1e-9, atol = 0.0);
    let mean = |k: usize| of_images.iter().map(|exact| exact[k]).sum::<f64>() / 150.0;
    assert_within(found.distortion, mean(1), "D");
    assert_within(found.response.distortion_lambda, -mean(2), "S11");
}

/// Copies of one image: the standard errors are those of the draws alone.
fn copies(count: usize) -> (ImageDataset, [f64; 3]) {
    let pixels = [120, 40, 200, 99];
    let data = ImageDataset::new(
        ImageShape::new(1, 2, 2).expect("a shape"),
        pixels.repeat(count),
        vec![1; count],
        3,
    );
    (data.expect("images"), exact(&pixels))
}

#[test]
fn estimates_are_within_their_errors_of_the_linear_gaussian_model() {
    let (data, [free_energy, distortion, variance]) = copies(2_000);
    let model = linear_model(2);
    for (shift, stretch) in [(0.0, 1.0), (0.4, 1.3), (-0.5, 1.0), (0.3, 0.9)] {
        let parameters = posterior_encoder(&COLUMNS, shift, stretch);
        let sampling = GibbsSampling { samples: 250, seed: 11 };
        let found = sampling.estimate(&model, &parameters, &data, at(LAMBDA, 0.0)).expect("an estimate");
        let case = |what| format!("{what} of shift {shift} and stretch {stretch}");
        assert_within(found.distortion, distortion, &case("D"));
        assert_within(found.response.distortion_lambda, -variance, &case("S11"));
        assert!(found.response.distortion_lambda.std_err() < 0.01 * variance);
        // E_q (p/q)^2 of two normal distributions, for each dimension; k / ESS goes to it.
        let narrow = 2.0 * stretch * stretch - 1.0;
        let squares = stretch * stretch / narrow.sqrt() * (shift * shift / narrow).exp();
        let share = found.effective_sample_size.mean / 250.0;
        assert_close!(share, squares.powi(-2), rtol = 0.04, atol = 0.0);
        assert!(found.effective_sample_size.least <= found.effective_sample_size.mean);
        // The bias of the free energy, upwards by half of the weights' variance over k; the rest is of second order.
        let bias = (squares.powi(2) - 1.0) / 500.0;
        let error = found.free_energy.mean() - free_energy - bias;
        assert!(
            error.abs() <= 4.0 * found.free_energy.std_err() + 0.1 * bias + 1e-11,
            "F is off by {error:e} of {}",
            found.free_energy
        );
    }
}

#[test]
fn few_draws_bound_the_free_energy_from_above() {
    let (data, [free_energy, ..]) = copies(2_000);
    let (model, parameters) = (linear_model(2), posterior_encoder(&COLUMNS, 0.7, 1.0));
    let mut before = f64::INFINITY;
    for samples in [2, 8, 32] {
        let sampling = GibbsSampling { samples, seed: 5 };
        let found = sampling.estimate(&model, &parameters, &data, at(LAMBDA, 0.0)).expect("an estimate");
        let mean = found.free_energy.mean();
        assert!(
            found.free_energy.z_score(free_energy) > 4.0 && mean < before,
            "{samples}: {}",
            found.free_energy
        );
        before = mean;
    }
}

/// Free energy, D, C, S11, S12 and S22 of one image of a model with one latent dimension, by the trapezoidal rule over z.
fn by_quadrature(parameters: &Parameters<f64>, pixels: &[u8], label: usize, at: Multipliers) -> [f64; 6] {
    let values = parameters.values();
    let (decoder, classifier) = (&values[10..18], &values[18..24]);
    let (step, mut sums) = (1e-3, [0.0; 6]);
    for n in -8_000..=8_000 {
        let z = step * f64::from(n);
        let squares = pixels.iter().enumerate().map(|(i, &x)| {
            let off = f64::from(x) / 255.0 - decoder[i] * z - decoder[4 + i];
            off * off
        });
        let distortion =
            squares.sum::<f64>() / (2.0 * VARIANCE) + 2.0 * (std::f64::consts::TAU * VARIANCE).ln();
        let logits: Vec<f64> = (0..3).map(|k| classifier[k] * z + classifier[3 + k]).collect();
        let classification = carnot_info::log_sum_exp(&logits) - logits[label];
        let prior = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
        let weight = step * prior * (-at.lambda() * distortion - at.gamma() * classification).exp();
        let of = [1.0, distortion, classification, distortion * distortion, distortion * classification];
        of.iter().zip(&mut sums).for_each(|(value, sum)| *sum += weight * value);
        sums[5] += weight * classification * classification;
    }
    let [d, c, dd, dc, cc] = [1, 2, 3, 4, 5].map(|k| sums[k] / sums[0]);
    [-sums[0].ln(), d, c, d * d - dd, d * c - dc, c * c - cc]
}

#[test]
fn estimates_with_a_classifier_are_within_their_errors_of_the_integral() {
    let column = &COLUMNS[..1];
    let (data, _) = copies(2_000);
    let (model, parameters) = (linear_model(1), posterior_encoder(column, 0.2, 1.2));
    let at = at(LAMBDA, 4.0);
    let exact = by_quadrature(&parameters, &data.pixels()[..4], 1, at);
    let found = GibbsSampling { samples: 250, seed: 2 }.estimate(&model, &parameters, &data, at);
    let found = found.expect("an estimate");
    let Response { distortion_lambda, cross, classification_gamma, .. } = found.response;
    let estimates = [
        found.free_energy,
        found.distortion,
        found.classification,
        distortion_lambda,
        cross,
        classification_gamma,
    ];
    let names = ["F", "D", "C", "S11", "S12", "S22"];
    for (what, (estimate, value)) in names.iter().zip(estimates.iter().zip(exact)) {
        assert_within(*estimate, value, what);
        let scale = if *what == "S12" { (exact[3] * exact[5]).sqrt() } else { value.abs() };
        assert!(estimate.std_err() < 0.01 * scale, "{what}: {estimate} of {value}");
    }
}

/// Digits of 7 x 7 pixels and a network with a learned marginal, which is not the standard one.
fn network() -> (ImageDataset, Architecture, Parameters<f64>) {
    let data = synthetic::digits(30, 1).and_then(|digits| digits.coarsened(4)).expect("digits");
    let model = Architecture::fully_connected(49, &[6], 2, 10, Likelihood::Bernoulli).expect("a model");
    let model = model.with_prior(Prior::LearnedDiagonal);
    let mut values = Parameters::<f64>::initial(&model, 4).values().to_vec();
    let marginal = values.len() - 4;
    values[marginal..].copy_from_slice(&[0.3, -0.2, 0.5, -0.4]);
    (data, model, Parameters::from_values(values))
}

#[test]
fn at_fixed_noise_the_response_is_the_derivative_of_the_losses() {
    let (data, model, parameters) = network();
    let sampling = GibbsSampling { samples: 40, seed: 9 };
    let of = |lambda, gamma| {
        sampling.estimate(&model, &parameters, &data, at(lambda, gamma)).expect("an estimate")
    };
    let (response, h) = (of(0.5, 2.0).response, 1e-4);
    let slope = |above: GibbsEstimate, below: GibbsEstimate| {
        let pairs = [(above.distortion, below.distortion), (above.classification, below.classification)];
        pairs.map(|(above, below)| (above.mean() - below.mean()) / (2.0 * h))
    };
    let by_lambda = slope(of(0.5 + h, 2.0), of(0.5 - h, 2.0));
    let by_gamma = slope(of(0.5, 2.0 + h), of(0.5, 2.0 - h));
    assert_close!(by_lambda[0], response.distortion_lambda.mean(), rtol = 1e-6, atol = 0.0);
    assert_close!(by_lambda[1], response.cross.mean(), rtol = 1e-6, atol = 0.0);
    assert_close!(by_gamma[0], response.cross.mean(), rtol = 1e-6, atol = 0.0);
    assert_close!(by_gamma[1], response.classification_gamma.mean(), rtol = 1e-6, atol = 0.0);
}

#[test]
fn without_a_price_the_best_encoder_is_the_marginal() {
    let (data, model, parameters) = network();
    let sampling = GibbsSampling { samples: 2_000, seed: 9 };
    let found = sampling.estimate(&model, &parameters, &data, at(0.0, 0.0)).expect("an estimate");
    assert_within(found.free_energy, 0.0, "F");
    // In f32 the same draws, rounded.
    let single = Parameters::from_values(parameters.values().iter().map(|&value| value as f32).collect());
    let rounded = sampling.estimate(&model, &single, &data, at(0.0, 0.0)).expect("an estimate");
    assert_close!(rounded.free_energy.mean(), found.free_energy.mean(), rtol = 0.0, atol = 1e-6);
    assert_close!(rounded.distortion.mean(), found.distortion.mean(), rtol = 1e-6, atol = 0.0);
    assert_eq!(found, sampling.estimate(&model, &parameters, &data, at(0.0, 0.0)).expect("an estimate"));
}

#[test]
fn what_does_not_fit_is_refused() {
    let (data, model, parameters) = network();
    let with = |samples, parameters: &Parameters<f64>, data: &ImageDataset| {
        GibbsSampling { samples, seed: 0 }
            .estimate(&model, parameters, data, at(1.0, 1.0))
            .expect_err("refused")
    };
    for samples in [0, 1] {
        let error = with(samples, &parameters, &data);
        assert!(matches!(error, ModelError::Option { option: "samples", .. }), "{error}");
    }
    let error = with(usize::MAX, &parameters, &data);
    assert!(matches!(error, ModelError::Memory { .. }), "{error}");
    let error = with(8, &parameters, &images(vec![0; 8]));
    assert!(matches!(error, ModelError::Data { what: "pixels", found: 4, expected: 49, .. }), "{error}");
    let error = with(8, &posterior_encoder(&COLUMNS, 0.0, 1.0), &data);
    assert!(matches!(error, ModelError::State { what: "parameters", .. }), "{error}");
    // A decoder's bias that is no number is seen in the first draw of the first input.
    let mut values = parameters.values().to_vec();
    let classes_and_marginal = 2 * 10 + 10 + 4;
    let last = values.len() - classes_and_marginal - 1;
    values[last] = f64::NAN;
    let error = with(8, &Parameters::from_values(values), &data);
    let ModelError::Estimate(InfoError::InvalidLogWeight { row: 0, column: 0, .. }) = error else {
        panic!("{error:?}")
    };
}
