//! The steps of the optimisers, and that no number of threads changes a bit.

use carnot_testkit::assert_close;
use proptest::collection::vec;

use super::*;
use crate::{Method, Optimiser, OptimiserState};

/// Larger than a panel and a tile in every direction.
pub(super) fn large(learned: bool) -> Case {
    let half = Likelihood::Gaussian { variance: 0.5 };
    let prior = if learned { Prior::LearnedDiagonal } else { Prior::StandardNormal };
    let architecture = Architecture::fully_connected(300, &[270, 140], 8, 10, half).expect("it fits");
    Case::new(architecture.with_prior(prior), [150, 2], [0.5, 2.0], 11)
}

const METHODS: [Method; 3] = [
    Method::Adam { decay: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.0 },
    Method::Adam { decay: [0.8, 0.99], epsilon: 1e-6, weight_decay: 0.1 },
    Method::Sgd { momentum: 0.9 },
];

/// The parameters after some steps in `T`.
fn descend<T: Scalar>(case: &Case, optimiser: Optimiser, steps: usize) -> Vec<T> {
    let cast = |values: &[f64]| values.iter().map(|&value| T::from_f64(value)).collect::<Vec<T>>();
    let (mut parameters, inputs, noise) = (cast(&case.parameters), cast(&case.inputs), cast(&case.noise));
    let batch = Batch::new(&inputs, &case.labels, &noise).with_weights(&case.weights);
    let mut state = OptimiserState::new(optimiser, parameters.len()).expect("an optimiser");
    let mut engine = case.engine();
    for _ in 0..steps {
        engine.descend(&mut parameters, &mut state, &batch, case.at, 1e-3).expect("a step");
    }
    assert_eq!(state.steps(), steps as u64);
    parameters
}

/// One parameter after its gradients, as it is written in the papers.
fn by_hand(method: Method, mut parameter: f64, gradients: &[f64], rate: f64) -> f64 {
    let (mut m, mut v) = (0.0, 0.0);
    for (t, gradient) in (1..).zip(gradients) {
        match method {
            Method::Adam { decay: [b1, b2], epsilon, weight_decay } => {
                m = b1 * m + (1.0 - b1) * gradient;
                v = b2 * v + (1.0 - b2) * gradient * gradient;
                let (m_hat, v_hat): (f64, f64) = (m / (1.0 - b1.powi(t)), v / (1.0 - b2.powi(t)));
                parameter -= rate * weight_decay * parameter;
                parameter -= rate * m_hat / (v_hat.sqrt() + epsilon);
            }
            Method::Sgd { momentum } => {
                m = momentum * m + gradient;
                parameter -= rate * m;
            }
        }
    }
    parameter
}

proptest! {
    #[test]
    fn a_step_is_that_of_the_papers(
        gradients in vec(-10.0..10.0f64, 1..20), start in -3.0..3.0f64, rate in 1e-5..1e-1f64,
        method in 0usize..3, scale in 0.01..1.0f64,
    ) {
        let method = METHODS[method];
        let optimiser = Optimiser { method, clip_norm: None };
        let mut state = OptimiserState::<f64>::new(optimiser, 1).expect("an optimiser");
        let mut parameter = [start];
        for &gradient in &gradients {
            let (rule, first, second) = state.begin_step(rate, scale);
            rule.apply(&mut parameter, &[gradient], first, second);
        }
        let scaled: Vec<f64> = gradients.iter().map(|gradient| gradient * scale).collect();
        let expected = by_hand(method, start, &scaled, rate);
        // Each of at most twenty steps rounds to 1e-16 of the parameter; 1 - 0.999 loses three digits of the first ones.
        assert_close!(parameter[0], expected, rtol = 1e-13, atol = 1e-13 * (1.0 + start.abs()));
    }
}

#[test]
fn the_engine_steps_down_its_gradient() {
    let case = large(true);
    let gradient = case.gradient_at(case.at).1;
    let plain = Method::Sgd { momentum: 0.0 };
    let length = norm(&gradient);
    for clip_norm in [None, Some(2.0 * length), Some(0.5 * length)] {
        let scale = clip_norm.map_or(1.0, |clip| (clip / length).min(1.0));
        let moved = descend::<f64>(&case, Optimiser { method: plain, clip_norm }, 1);
        for ((&moved, &start), &slope) in moved.iter().zip(&case.parameters).zip(&gradient) {
            // The scale comes from a norm summed in another order.
            assert_close!(moved, start - 1e-3 * scale * slope, rtol = 1e-15, atol = 1e-14 * length);
        }
    }
}

#[test]
fn a_gradient_that_is_short_enough_is_not_clipped() {
    let case = large(true);
    for method in METHODS {
        let free = descend::<f32>(&case, Optimiser { method, clip_norm: None }, 3);
        let clipped = descend::<f32>(&case, Optimiser { method, clip_norm: Some(f64::MAX) }, 3);
        assert!(free.iter().zip(&clipped).all(|(a, b)| a.to_bits() == b.to_bits()), "{method:?}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let case = large(false);
    for clip_norm in [None, Some(0.1)] {
        let optimiser = Optimiser { clip_norm, ..Optimiser::ADAM };
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            let parameters = pool.install(|| descend::<f32>(&case, optimiser, 5));
            parameters.into_iter().map(f32::to_bits).collect::<Vec<u32>>()
        };
        let one = run(1);
        for threads in [2, 3, 8] {
            assert!(run(threads) == one, "{threads} threads");
        }
    }
}

#[test]
fn descent_lowers_the_objective() {
    let case = large(true);
    let value =
        |parameters: Vec<f64>| Case { parameters, ..case.clone() }.gradient_at(case.at).0.objective(case.at);
    for method in METHODS {
        let after = descend::<f64>(&case, Optimiser { method, clip_norm: Some(1.0) }, 30);
        assert!(value(after) < value(case.parameters.clone()), "{method:?}");
    }
}
