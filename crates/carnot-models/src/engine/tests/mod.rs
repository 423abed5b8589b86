//! The engine against finite differences, against candle, and against itself.

mod curvature;
mod gauss_newton;
mod gradients;
mod linear;
mod misuse;
mod reference;
mod steps;

use carnot_surface::{Multipliers, Observables, Rdc};
use proptest::prelude::*;
use rand::Rng;

use super::columns::WIDTH;
use super::{Batch, Engine, Scalar};
use crate::random::{Purpose, generator, normals_into};
use crate::{Architecture, Layer, Likelihood, ModelError, Parameters, Prior};

/// A model with parameters, a batch and multipliers, in `f64`.
#[derive(Debug, Clone)]
struct Case {
    architecture: Architecture,
    parameters: Vec<f64>,
    n_inputs: usize,
    n_samples: usize,
    inputs: Vec<f64>,
    labels: Vec<u8>,
    noise: Vec<f64>,
    weights: Vec<f64>,
    at: Multipliers,
}

impl Case {
    fn new(
        architecture: Architecture,
        [n_inputs, n_samples]: [usize; 2],
        [lambda, gamma]: [f64; 2],
        seed: u64,
    ) -> Self {
        let mut rng = generator(seed, Purpose::Batches, 0);
        let mut parameters = Parameters::<f64>::initial(&architecture, seed).values().to_vec();
        // Larger weights, so that activations bend, and a marginal that is not the standard one.
        parameters.iter_mut().for_each(|value| *value *= 2.0);
        if architecture.prior() == Prior::LearnedDiagonal {
            let marginal = parameters.len() - 2 * architecture.latent();
            normals_into(&mut parameters[marginal..], generator(seed, Purpose::Initialisation, 1));
        }
        let mut draws = |n: usize| -> Vec<f64> { (0..n).map(|_| rng.random()).collect() };
        let inputs = draws(n_inputs * architecture.inputs());
        let labels = draws(n_inputs).iter().map(|u| (u * architecture.classes() as f64) as u8).collect();
        let weights = draws(n_inputs).iter().map(|u| u + 0.1).collect();
        let mut noise = vec![0.0; n_inputs * n_samples * architecture.latent()];
        normals_into(&mut noise, generator(seed, Purpose::TrainingNoise, 0));
        let at = Multipliers::new(lambda, gamma).expect("valid multipliers");
        Self { architecture, parameters, n_inputs, n_samples, inputs, labels, noise, weights, at }
    }

    fn engine<T: Scalar>(&self) -> Engine<T> {
        Engine::new(&self.architecture, self.n_inputs, self.n_samples).expect("an engine")
    }

    fn batch(&self) -> Batch<'_, f64> {
        Batch::new(&self.inputs, &self.labels, &self.noise).with_weights(&self.weights)
    }

    /// R, D and C and the gradient of the objective at some multipliers.
    fn gradient_at(&self, at: Multipliers) -> (Rdc, Vec<f64>) {
        let mut engine = self.engine();
        let (rdc, gradient) = engine.gradient(&self.parameters, &self.batch(), at).expect("a gradient");
        (rdc, gradient.to_vec())
    }

    /// A direction of length one in the space of parameters.
    fn direction(&self, seed: u64) -> Vec<f64> {
        let mut direction = vec![0.0; self.parameters.len()];
        normals_into(&mut direction, generator(seed, Purpose::Initialisation, 2));
        let length = norm(&direction);
        direction.iter_mut().for_each(|value| *value /= length);
        direction
    }
}

/// Random models of every kind, with batches on both sides of the width of a panel.
fn cases(activations: &'static [Layer]) -> impl Strategy<Value = Case> {
    let activation = || proptest::sample::select(activations);
    let likelihood = prop_oneof![
        Just(Likelihood::Bernoulli),
        (0.05..3.0f64).prop_map(|variance| Likelihood::Gaussian { variance })
    ];
    let shape = ((1usize..9, 1usize..4, 1usize..5), proptest::collection::vec(1usize..10, 0..3));
    let kinds = (activation(), activation(), proptest::option::of(activation()), likelihood, any::<bool>());
    let batch = (prop_oneof![3 => 1usize..7, 1 => Just(WIDTH), 1 => WIDTH + 1..WIDTH + 6], 1usize..4);
    let multipliers = ([0.0..5.0f64, 0.0..5.0f64], any::<u64>());
    (shape, kinds, batch, multipliers).prop_map(
        |(((pixels, latent, classes), hidden), (up, down, last, likelihood, learned), batch, (at, seed))| {
            let network = |sizes: &[usize], activation: Layer, last: Option<Layer>| {
                let mut layers = Vec::new();
                for (index, pair) in sizes.windows(2).enumerate() {
                    layers.push(Layer::Linear { inputs: pair[0], outputs: pair[1] });
                    layers.extend(if index + 2 < sizes.len() { Some(activation) } else { last });
                }
                layers
            };
            let up_sizes = [&[pixels], hidden.as_slice(), &[2 * latent]].concat();
            let down_sizes = [&[latent], hidden.as_slice(), &[pixels]].concat();
            let architecture = Architecture::new(
                network(&up_sizes, up, None),
                network(&down_sizes, down, last),
                network(&[latent, 3, classes], down, last),
                likelihood,
            );
            let prior = if learned { Prior::LearnedDiagonal } else { Prior::StandardNormal };
            let architecture = architecture.expect("sizes that fit").with_prior(prior);
            Case::new(architecture, [batch.0, batch.1], at, seed)
        },
    )
}

const SMOOTH: &[Layer] = &[Layer::Tanh, Layer::Sigmoid, Layer::Softplus];
const EVERY: &[Layer] = &[Layer::Tanh, Layer::Sigmoid, Layer::Softplus, Layer::Relu];

fn parts(rdc: &Rdc) -> [f64; 3] {
    [rdc.rate, rdc.distortion, rdc.classification]
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}
