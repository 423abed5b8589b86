//! The Gauss-Newton and the Fisher matrix against differences of what the networks give, and against divergences.

use carnot_testkit::{assert_close, finite_difference::second, tier};
use faer::{Mat, Side};

use super::curvature::{FISHER, GAUSS_NEWTON, Product, differentiate, moved, product, smooth_step};
use super::*;
use crate::engine::columns::Columns;
use crate::likelihood;

/// What the networks give, one column after another.
struct Outputs {
    decoded: Vec<f64>,
    logits: Vec<f64>,
    /// Mean and log-variance of the encoder.
    encoded: Vec<f64>,
    /// The same in units of the marginal, `(mean - m) exp(-w/2)` and `v - w`.
    standard: Vec<f64>,
}

impl Outputs {
    /// At parameters moved by `step` along `direction`.
    fn new(case: &Case, direction: &[f64], step: f64) -> Self {
        let case = moved(case, direction, step);
        let (mut engine, latent) = (case.engine(), case.architecture.latent());
        engine.forward(&case.parameters, &case.batch()).expect("losses");
        let encoded = by_columns(engine.encoder.columns(), 2 * latent, engine.encoder.output());
        let marginal = &case.parameters[engine.classifier.end()..];
        let standard = encoded.iter().enumerate().map(|(index, value)| {
            let (feature, i) = (index % (2 * latent), index % latent);
            let (m, w) = if marginal.is_empty() { (0.0, 0.0) } else { (marginal[i], marginal[latent + i]) };
            if feature < latent { (value - m) * (-0.5 * w).exp() } else { value - w }
        });
        Self {
            decoded: by_columns(
                engine.decoder.columns(),
                case.architecture.inputs(),
                engine.decoder.output(),
            ),
            logits: by_columns(
                engine.classifier.columns(),
                case.architecture.classes(),
                engine.classifier.output(),
            ),
            standard: standard.collect(),
            encoded,
        }
    }
}

/// From panels to columns one after another.
fn by_columns(columns: Columns, features: usize, panels: &[f64]) -> Vec<f64> {
    let mut rows = Vec::new();
    for panel in columns.panels() {
        for j in 0..panel.width {
            rows.extend(panels[panel.range(features)].iter().skip(j).step_by(panel.width));
        }
    }
    rows
}

/// `sum weight K (J v)^2` for the Gauss-Newton matrix or the Fisher information, with J v by differences.
fn form(case: &Case, direction: &[f64], step: f64, fisher: bool) -> f64 {
    let Case { architecture, n_inputs, n_samples, .. } = case;
    let (pixels, latent, classes) = (architecture.inputs(), architecture.latent(), architecture.classes());
    let part = |of: fn(Outputs) -> Vec<f64>| {
        let values = of(Outputs::new(case, direction, 0.0));
        let tangents = differentiate(|step| of(Outputs::new(case, direction, step)), step);
        values.into_iter().zip(tangents).collect::<Vec<(f64, f64)>>()
    };
    let (decoded, logits) = (part(|outputs| outputs.decoded), part(|outputs| outputs.logits));
    let encoded = if fisher { part(|outputs| outputs.encoded) } else { part(|outputs| outputs.standard) };
    let total: f64 = case.weights.iter().sum();
    let mut sum = 0.0;
    for (column, (decoded, logits)) in decoded.chunks(pixels).zip(logits.chunks(classes)).enumerate() {
        let curvature = |y: f64| match architecture.likelihood() {
            Likelihood::Gaussian { variance } => 1.0 / variance,
            Likelihood::Bernoulli => 0.25 / (0.5 * y).cosh().powi(2),
        };
        let distortion: f64 = decoded.iter().map(|(y, tangent)| curvature(*y) * tangent * tangent).sum();
        let normaliser: f64 = logits.iter().map(|(logit, _)| logit.exp()).sum();
        let mean = |f: &dyn Fn(f64) -> f64| -> f64 {
            logits.iter().map(|(logit, tangent)| logit.exp() / normaliser * f(*tangent)).sum()
        };
        let centre = mean(&|tangent| tangent);
        let classification = mean(&|tangent| (tangent - centre).powi(2));
        let weight = case.weights[column % n_inputs] / total / *n_samples as f64;
        sum += weight * (case.at.lambda() * distortion + case.at.gamma() * classification);
    }
    for (encoded, weight) in encoded.chunks(2 * latent).zip(&case.weights) {
        let (means, log_variances) = encoded.split_at(latent);
        for ((_, mean), (v, log_variance)) in means.iter().zip(log_variances) {
            let curvature = if fisher { [(-v).exp(), 0.5] } else { [1.0, 0.5 * v.exp()] };
            sum += weight / total * (curvature[0] * mean * mean + curvature[1] * log_variance * log_variance);
        }
    }
    sum
}

/// All products with unit vectors, side by side.
fn matrix(case: &Case, which: Product) -> Mat<f64> {
    let n = case.parameters.len();
    let (mut engine, batch) = (case.engine(), case.batch());
    let mut linearised = engine.linearise(&case.parameters, &batch, case.at).expect("a gradient");
    let mut matrix = Mat::zeros(n, n);
    for column in 0..n {
        let mut unit = vec![0.0; n];
        unit[column] = 1.0;
        for (row, &value) in which(&mut linearised, &unit).expect("a product").iter().enumerate() {
            matrix[(row, column)] = value;
        }
    }
    matrix
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(tier::cases(48, 1000)))]

    #[test]
    fn both_forms_are_those_of_the_outputs(case in cases(EVERY), seed in any::<u64>()) {
        let direction = case.direction(seed);
        let step = smooth_step(&case, &direction);
        prop_assume!(step.is_some());
        let step = step.unwrap_or(f64::NAN);
        for (which, fisher) in [(GAUSS_NEWTON, false), (FISHER, true)] {
            let found = dot(&product(&case, which, &direction), &direction);
            let expected = form(&case, &direction, step, fisher);
            // Truncation of order h^6, and outputs of some tens rounded to 1e-16 of them over the smallest stencil, h / 2.
            let bound = 1e-9 * expected + 1e-13 / step * expected.sqrt();
            prop_assert!((found - expected).abs() <= bound, "{found:e} {expected:e}, bound {bound:e}");
        }
    }

    #[test]
    fn the_information_of_the_encoder_is_the_curvature_of_its_divergence(case in cases(SMOOTH), seed in any::<u64>()) {
        let latent = case.architecture.latent();
        let case = Case::new(case.architecture, [case.n_inputs, 1], [0.0, 0.0], seed);
        let direction = case.direction(seed);
        let here = Outputs::new(&case, &direction, 0.0).encoded;
        let total: f64 = case.weights.iter().sum();
        // The mean of KL(e || e moved by step).
        let divergence = |step: f64| -> f64 {
            let there = Outputs::new(&case, &direction, step).encoded;
            let pairs = here.chunks(2 * latent).zip(there.chunks(2 * latent)).zip(&case.weights);
            pairs
                .map(|((here, there), weight)| {
                    let ((mean, v), (prior_mean, prior_v)) = (here.split_at(latent), there.split_at(latent));
                    weight / total * likelihood::rate(mean, v, prior_mean, prior_v)
                })
                .sum()
        };
        let expected = second(divergence, 0.0, 0.05);
        let found = dot(&product(&case, FISHER, &direction), &direction);
        // An estimate of the error, from disagreements, may be too small by some.
        assert_close!(found, expected.value, rtol = 1e-6, atol = 10.0 * expected.error);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(tier::cases(12, 200)))]

    #[test]
    fn neither_matrix_has_a_negative_eigenvalue(case in cases(EVERY)) {
        // As many products as parameters: few inputs.
        let [lambda, gamma] = [case.at.lambda(), case.at.gamma()];
        let few = Case::new(case.architecture, [case.n_inputs.min(5), case.n_samples], [lambda, gamma], 7);
        for which in [GAUSS_NEWTON, FISHER] {
            let eigenvalues = matrix(&few, which).self_adjoint_eigenvalues(Side::Lower).expect("eigenvalues");
            let largest = eigenvalues.last().copied().unwrap_or(f64::NAN);
            // An eigenvalue is off by no more than the matrix, some thousand roundings of 1e-16 of its norm.
            prop_assert!(eigenvalues[0] >= -1e-13 * largest, "{:e} of {largest:e}", eigenvalues[0]);
        }
    }
}

#[test]
fn the_information_of_a_narrow_encoder_is_precise() {
    let linear = |inputs, outputs| vec![Layer::Linear { inputs, outputs }];
    let architecture = Architecture::new(linear(1, 2), linear(1, 1), linear(1, 2), Likelihood::Bernoulli);
    // Only a bias: v is -12 everywhere.
    let mut parameters = [0.0f32; 10];
    parameters[3] = -12.0;
    let mut engine = Engine::new(&architecture.expect("it fits"), 1, 1).expect("an engine");
    let at = Multipliers::new(0.0, 0.0).expect("valid");
    let mut linearised =
        engine.linearise(&parameters, &Batch::new(&[0.0], &[0], &[0.0]), at).expect("a gradient");
    let mut direction = [0.0; 10];
    direction[2..4].copy_from_slice(&[1.0, 1.0]);
    let product = linearised.fisher_product(&direction).expect("a product");
    // An exponential of f32 and a quotient, each to a unit in the last place.
    assert_close!(f64::from(product[2]), 12f64.exp(), rtol = 3e-7, atol = 0.0);
    assert_eq!(product[3], 0.5);
    assert!(product[4..].iter().all(|&value| value == 0.0));
}
