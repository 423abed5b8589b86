//! The engine against candle, `f32` against `f64`, and a batch against its inputs one by one.

use carnot_testkit::{assert_close, tier};

use super::*;
use candle_core::Device;

use crate::candle::{self, Rows};
use crate::likelihood;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(tier::cases(48, 1000)))]

    #[test]
    fn the_engine_is_candle_to_rounding(case in cases(EVERY)) {
        let total: f64 = case.weights.iter().sum();
        let weights: Vec<f64> = case.weights.iter().map(|weight| weight / total).collect();
        let rows = Rows { inputs: &case.inputs, noise: &case.noise, labels: &case.labels, weights: &weights };
        let (rdc, gradient) =
            candle::gradient(&case.architecture, &case.parameters, &rows, case.at, &Device::Cpu).expect("candle's gradient");
        let (found, found_gradient) = case.gradient_at(case.at);
        for (found, expected) in parts(&found).into_iter().zip(parts(&rdc)) {
            // Some thousand operations in f64, each to 1e-16 of terms that may cancel (D of a Gaussian has a constant).
            assert_close!(found, expected, rtol = 1e-12, atol = 1e-12 * rdc.distortion.abs().max(1.0));
        }
        let difference = distance(&found_gradient, &gradient);
        prop_assert!(difference <= 1e-12 * norm(&gradient), "{difference:e} of {:e}", norm(&gradient));
    }

    #[test]
    fn f32_is_f64_to_its_rounding(case in cases(SMOOTH)) {
        let (expected, gradient) = case.gradient_at(case.at);
        let (inputs, noise) = (narrow(&case.inputs), narrow(&case.noise));
        let batch = Batch::new(&inputs, &case.labels, &noise).with_weights(&case.weights);
        let mut engine = case.engine::<f32>();
        let (found, found_gradient) =
            engine.gradient(&narrow(&case.parameters), &batch, case.at).expect("a gradient");
        let scale: f64 = parts(&expected).into_iter().map(f64::abs).sum::<f64>().max(1.0);
        for (found, expected) in parts(&found).into_iter().zip(parts(&expected)) {
            // Parameters and inputs are rounded to 6e-8; layers and the exponentials of log-variances and of a learned
            // marginal multiply that by some tens.
            assert_close!(found, expected, rtol = 1e-5, atol = 2e-6 * scale);
        }
        let wide: Vec<f64> = found_gradient.iter().copied().map(f64::from).collect();
        let difference = distance(&wide, &gradient);
        prop_assert!(difference <= 2e-5 * norm(&gradient), "{difference:e} of {:e}", norm(&gradient));
    }

    #[test]
    fn a_batch_is_its_inputs_one_by_one(case in cases(EVERY)) {
        let Case { architecture, n_inputs, n_samples, .. } = &case;
        let (pixels, latent) = (architecture.inputs(), architecture.latent());
        let mut engine = case.engine();
        let means = engine.forward(&case.parameters, &case.batch()).expect("losses");
        let observed: Vec<_> = engine.observations().collect();
        prop_assert_eq!(observed.len(), *n_inputs);
        let mut single = Engine::new(architecture, 1, *n_samples).expect("an engine");
        let mut sums = [0.0; 3];
        for (i, seen) in observed.iter().enumerate() {
            let noise: Vec<f64> = case.noise.chunks(n_inputs * latent)
                .flat_map(|sample| sample[i * latent..(i + 1) * latent].to_vec()).collect();
            let x = &case.inputs[i * pixels..(i + 1) * pixels];
            let alone = single.forward(&case.parameters, &Batch::new(x, &case.labels[i..=i], &noise)).expect("losses");
            let scale = parts(&alone).into_iter().map(f64::abs).sum::<f64>().max(1.0);
            for (seen, alone) in parts(&seen.rdc).into_iter().zip(parts(&alone)) {
                // A block of one column takes another kernel: the same products in another order.
                assert_close!(seen, alone, rtol = 1e-12, atol = 1e-13 * scale);
            }
            prop_assert!((0.0..=1.0).contains(&seen.accuracy));
            for (sum, seen) in sums.iter_mut().zip(parts(&seen.rdc)) {
                *sum += case.weights[i] * seen;
            }
        }
        let total: f64 = case.weights.iter().sum();
        for (sum, mean) in sums.into_iter().zip(parts(&means)) {
            assert_close!(sum / total, mean, rtol = 1e-13, atol = 1e-13);
        }
    }
}

#[test]
fn r_d_and_c_of_an_input_are_their_closed_forms() {
    // No layer between: what the networks give follows by hand, and R, D and C from carnot-info.
    let linear = |inputs, outputs| Layer::Linear { inputs, outputs };
    for likelihood in [Likelihood::Bernoulli, Likelihood::Gaussian { variance: 0.3 }] {
        let architecture =
            Architecture::new(vec![linear(2, 2)], vec![linear(1, 2)], vec![linear(1, 3)], likelihood)
                .expect("it fits")
                .with_prior(Prior::LearnedDiagonal);
        let parameters = [
            [0.5, -1.0, 0.25, 2.0, 0.1, -0.3].as_slice(), // encoder: rows of W, then b
            &[1.5, -0.5, 0.2, 0.4],                       // decoder
            &[1.0, -2.0, 0.5, 0.0, 0.3, -0.1],            // classifier
            &[0.7, -0.4],                                 // the marginal's mean and log-variance
        ]
        .concat();
        let (x, noise) = ([0.2, 0.9], 1.25);
        let mean = 0.5 * x[0] - x[1] + 0.1;
        let log_variance = 0.25 * x[0] + 2.0 * x[1] - 0.3;
        let z = mean + (0.5f64 * log_variance).exp() * noise;
        let rate = likelihood::rate(&[mean], &[log_variance], &[0.7], &[-0.4]);
        let distortion = likelihood::distortion(likelihood, &x, &[1.5 * z + 0.2, -0.5 * z + 0.4]);
        let classification = likelihood::classification(&[z, -2.0 * z + 0.3, 0.5 * z - 0.1], 1);
        let mut engine = Engine::new(&architecture, 1, 1).expect("an engine");
        let rdc = engine.forward(&parameters, &Batch::new(&x, &[1], &[noise])).expect("losses");
        // A dozen operations in f64.
        assert_close!(rdc.rate, rate, rtol = 1e-14, atol = 1e-15);
        assert_close!(rdc.distortion, distortion, rtol = 1e-14, atol = 1e-15);
        assert_close!(rdc.classification, classification, rtol = 1e-14, atol = 1e-15);
    }
}

#[test]
fn logits_of_any_size_give_finite_losses_and_gradients() {
    let linear = |inputs, outputs| Layer::Linear { inputs, outputs };
    let architecture =
        Architecture::new(vec![linear(1, 2)], vec![linear(1, 1)], vec![linear(1, 2)], Likelihood::Bernoulli)
            .expect("it fits");
    // Only biases: a logit of a pixel of 1e4, logits of classes of -1e4 and 1e4.
    let parameters = [0.0, 0.0, 0.0, 0.0, 0.0, 1e4, 0.0, 0.0, -1e4, 1e4];
    let at = Multipliers::new(1.0, 1.0).expect("valid");
    let mut engine = Engine::<f64>::new(&architecture, 2, 1).expect("an engine");
    let batch = Batch::new(&[0.0, 1.0], &[0, 1], &[0.0, 0.0]);
    let (rdc, gradient) = engine.gradient(&parameters, &batch, at).expect("a gradient");
    // One black pixel costs 1e4 and the white one nothing; one wrong label 2e4 and the right one nothing.
    assert_eq!(parts(&rdc), [0.0, 0.5e4, 1e4]);
    assert!(gradient.iter().all(|slope| slope.is_finite()));
    assert_eq!(gradient[5], 0.5);
    let observed: Vec<f64> = engine.observations().map(|seen| seen.accuracy).collect();
    assert_eq!(observed, [0.0, 1.0]);
}
