//! Products against the second derivatives of linear models, written out by hand.

use proptest::collection::vec;

use super::*;
use crate::engine::Linearised;

/// One layer from `x`: `W x + b`, from the flat parameters.
fn affine(parameters: &[f64], x: &[f64]) -> Vec<f64> {
    let outputs = parameters.len() / (x.len() + 1);
    let (weight, bias) = parameters.split_at(outputs * x.len());
    weight.chunks(x.len()).zip(bias).map(|(row, bias)| dot(row, x) + bias).collect()
}

/// `W x` alone.
fn linear(parameters: &[f64], x: &[f64]) -> Vec<f64> {
    let outputs = parameters.len() / (x.len() + 1);
    parameters[..outputs * x.len()].chunks(x.len()).map(|row| dot(row, x)).collect()
}

/// A number that moves, with its first and second derivative by the time.
#[derive(Debug, Clone, Copy)]
struct Path([f64; 3]);

/// `W z + b` where both move, the parameters uniformly.
fn carried([parameters, direction]: [&[f64]; 2], z: &[Path]) -> Vec<Path> {
    let [values, first, second] =
        [0, 1, 2].map(|order| z.iter().map(|path| path.0[order]).collect::<Vec<_>>());
    let value = affine(parameters, &values);
    let parts = [affine(direction, &values), linear(parameters, &first)];
    let bent = [linear(direction, &first), linear(parameters, &second)];
    (0..value.len())
        .map(|i| Path([value[i], parts[0][i] + parts[1][i], 2.0 * bent[0][i] + bent[1][i]]))
        .collect()
}

/// The second derivative by the time of `R + lambda D + gamma C` of a model of three linear layers whose parameters move
/// along `direction`; of its Gauss-Newton approximation, the outputs' second derivatives are left out.
fn second_derivative(case: &Case, direction: &[f64], bends: bool) -> f64 {
    let Case { architecture, n_inputs, n_samples, .. } = case;
    let (pixels, latent, classes) = (architecture.inputs(), architecture.latent(), architecture.classes());
    let lengths = [(pixels + 1) * 2 * latent, (latent + 1) * pixels, (latent + 1) * classes];
    let ends = [lengths[0], lengths[0] + lengths[1], lengths.iter().sum()];
    let both = [case.parameters.as_slice(), direction];
    let encoder = both.map(|all| &all[..ends[0]]);
    let decoder = both.map(|all| &all[ends[0]..ends[1]]);
    let classifier = both.map(|all| &all[ends[1]..ends[2]]);
    let [marginal, marginal_direction] = both.map(|all| &all[ends[2]..]);
    let bend = |path: Path| if bends { path.0[2] } else { 0.0 };
    let total: f64 = case.weights.iter().sum();
    let mut sum = 0.0;
    for input in 0..*n_inputs {
        let x = &case.inputs[input * pixels..(input + 1) * pixels];
        let [encoded, moved] = encoder.map(|layer| affine(layer, x));
        let mut of_input = 0.0;
        for i in 0..latent {
            let of = |marginal: &[f64]| {
                if marginal.is_empty() { (0.0, 0.0) } else { (marginal[i], marginal[latent + i]) }
            };
            let ((m, w), (m_dot, w_dot)) = (of(marginal), of(marginal_direction));
            let (distance, distance_dot) = (encoded[i] - m, moved[i] - m_dot);
            // d = distance exp(-w/2) and u = v - w.
            let shrink = (-0.5 * w).exp();
            let d = Path([
                distance * shrink,
                (distance_dot - 0.5 * distance * w_dot) * shrink,
                (0.25 * distance * w_dot * w_dot - distance_dot * w_dot) * shrink,
            ]);
            let (u, u_dot) = (encoded[latent + i] - w, moved[latent + i] - w_dot);
            of_input += d.0[1] * d.0[1] + d.0[0] * bend(d) + 0.5 * u.exp() * u_dot * u_dot;
        }
        for sample in 0..*n_samples {
            let noise = &case.noise[(sample * n_inputs + input) * latent..][..latent];
            let z: Vec<Path> = (0..latent)
                .map(|i| {
                    let (v_dot, spread) = (moved[latent + i], (0.5 * encoded[latent + i]).exp() * noise[i]);
                    let (first, second) = (0.5 * v_dot * spread, 0.25 * v_dot * v_dot * spread);
                    Path([encoded[i] + spread, moved[i] + first, second])
                })
                .collect();
            let mut distortion = 0.0;
            for (path, &x) in carried(decoder, &z).into_iter().zip(x) {
                let (slope, curvature) = match architecture.likelihood() {
                    Likelihood::Gaussian { variance } => ((path.0[0] - x) / variance, 1.0 / variance),
                    Likelihood::Bernoulli => {
                        let p = 1.0 / (1.0 + (-path.0[0]).exp());
                        (p - x, p * (1.0 - p))
                    }
                };
                distortion += curvature * path.0[1] * path.0[1] + slope * bend(path);
            }
            let logits = carried(classifier, &z);
            let normaliser: f64 = logits.iter().map(|path| path.0[0].exp()).sum();
            let mean = |f: &dyn Fn(Path) -> f64| -> f64 {
                logits.iter().map(|&path| path.0[0].exp() / normaliser * f(path)).sum()
            };
            let centre = mean(&|path| path.0[1]);
            let classification = mean(&|path| (path.0[1] - centre).powi(2) + bend(path))
                - bend(logits[usize::from(case.labels[input])]);
            let losses = case.at.lambda() * distortion + case.at.gamma() * classification;
            of_input += losses / *n_samples as f64;
        }
        sum += case.weights[input] / total * of_input;
    }
    sum
}

/// Models of three linear layers, with few inputs.
fn linear_cases() -> impl Strategy<Value = Case> {
    let likelihood = prop_oneof![
        Just(Likelihood::Bernoulli),
        (0.05..3.0f64).prop_map(|variance| Likelihood::Gaussian { variance })
    ];
    let sizes = (1usize..4, 1usize..3, 1usize..4, 1usize..4, 1usize..3);
    (sizes, likelihood, any::<bool>(), [0.0..5.0f64, 0.0..5.0f64], any::<u64>()).prop_map(
        |((pixels, latent, classes, n_inputs, n_samples), likelihood, learned, at, seed)| {
            let layer = |inputs, outputs| vec![Layer::Linear { inputs, outputs }];
            let architecture = Architecture::new(
                layer(pixels, 2 * latent),
                layer(latent, pixels),
                layer(latent, classes),
                likelihood,
            );
            let prior = if learned { Prior::LearnedDiagonal } else { Prior::StandardNormal };
            let architecture = architecture.expect("sizes that fit").with_prior(prior);
            Case::new(architecture, [n_inputs, n_samples], at, seed)
        },
    )
}

/// Every product with a unit vector, one after another.
fn products(linearised: &mut Linearised<'_, f64>, bends: bool) -> Vec<Vec<f64>> {
    let n = linearised.gradient().len();
    let units = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect::<Vec<f64>>());
    let product = |unit: Vec<f64>| {
        let product =
            if bends { linearised.hessian_product(&unit) } else { linearised.gauss_newton_product(&unit) };
        product.expect("a product").to_vec()
    };
    units.map(product).collect()
}

/// The Frobenius norm.
fn size(matrix: &[Vec<f64>]) -> f64 {
    norm(&matrix.concat())
}

proptest! {
    #[test]
    fn both_matrices_of_linear_models_are_those_by_hand(case in linear_cases()) {
        let n = case.parameters.len();
        let (mut engine, batch) = (case.engine(), case.batch());
        let mut linearised = engine.linearise(&case.parameters, &batch, case.at).expect("a gradient");
        for bends in [true, false] {
            // Of a quadratic form q, u'Hv = (q(u + v) - q(u - v)) / 4.
            let entry = |i: usize, j: usize| {
                let form = |sign: f64| {
                    let mut direction = vec![0.0; n];
                    direction[i] += 1.0;
                    direction[j] += sign;
                    second_derivative(&case, &direction, bends)
                };
                0.25 * (form(1.0) - form(-1.0))
            };
            let expected: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect();
            let found = products(&mut linearised, bends);
            let difference = distance(&found.concat(), &expected.concat());
            // A form of two unit vectors is a sum of some ten entries that mostly cancel.
            prop_assert!(difference <= 1e-13 * size(&expected), "{difference:e} of {:e}", size(&expected));
        }
    }

    #[test]
    fn what_does_not_bend_is_its_own_gauss_newton_approximation(case in linear_cases(), weights in vec(-1.0..1.0f64, 64)) {
        // With a fixed marginal R is a function of what the encoder, one layer, gives, and at fixed z D and C are of what the
        // decoder and the classifier give: the parameters of the latter two move alone.
        let fixed = case.architecture.clone().with_prior(Prior::StandardNormal);
        let Case { n_inputs, n_samples, .. } = case;
        let of_encoder = (fixed.inputs() + 1) * 2 * fixed.latent();
        for (at, range) in [([0.0, 0.0], 0..usize::MAX), ([case.at.lambda(), case.at.gamma()], of_encoder..usize::MAX)] {
            let case = Case::new(fixed.clone(), [n_inputs, n_samples], at, 3);
            let range = range.start..range.end.min(case.parameters.len());
            let mut direction = vec![0.0; case.parameters.len()];
            direction[range.clone()].iter_mut().zip(weights.iter().cycle()).for_each(|(to, &value)| *to = value);
            let (mut engine, batch) = (case.engine(), case.batch());
            let mut linearised = engine.linearise(&case.parameters, &batch, case.at).expect("a gradient");
            let exact = linearised.hessian_product(&direction).expect("a product")[range.clone()].to_vec();
            let found = &linearised.gauss_newton_product(&direction).expect("a product")[range];
            // The same sums of the same numbers, and of zeros.
            prop_assert!(found == exact);
        }
    }
}
