//! A network in candle beside the same one in the engine, and networks that are refused.

use candle_core::{D, DType, Device, Result, Tensor, Var};
use candle_nn::ops::sigmoid;
use carnot_data::{ImageDataset, synthetic};
use carnot_surface::{Multipliers, Observables, System};
use carnot_testkit::assert_close;

use super::{CandleSystem, Network, Processor, Rows, Seen, device, gradient};
use crate::parameters::places;
use crate::{Architecture, LearnedSystem, Likelihood, ModelError, Optimiser, Parameters, Relaxation};

const HALF: Likelihood = Likelihood::Gaussian { variance: 0.5 };

fn architecture() -> Architecture {
    Architecture::fully_connected(784, &[6], 2, 10, HALF).expect("an architecture")
}

fn digits() -> ImageDataset {
    synthetic::digits(40, 2).expect("digits")
}

fn relaxation() -> Relaxation {
    let optimiser = Optimiser { clip_norm: Some(50.0), ..Optimiser::ADAM };
    Relaxation { initial_steps: 3, steps: 8, batch_size: 9, optimiser, ..Relaxation::default() }
}

/// The model of [`architecture`] as someone else would write it.
struct Theirs(Vec<Var>);

impl Theirs {
    fn new(seed: u64) -> Self {
        let parameters = Parameters::<f32>::initial(&architecture(), seed);
        let variable = |place: crate::parameters::Place| {
            let values = &parameters.values()[place.range()];
            Var::from_tensor(&Tensor::from_slice(values, place.shape, &Device::Cpu).expect("a tensor"))
        };
        Self(places(&architecture()).into_iter().map(|place| variable(place).expect("a variable")).collect())
    }

    fn linear(&self, layer: usize, x: &Tensor) -> Result<Tensor> {
        x.matmul(&self.0[2 * layer].t()?)?.broadcast_add(&self.0[2 * layer + 1])
    }
}

impl Network for Theirs {
    fn variables(&self) -> Vec<Var> {
        self.0.clone()
    }

    fn noise(&self) -> usize {
        2
    }

    fn see(&self, inputs: &Tensor, noise: &Tensor) -> Result<Seen> {
        let encoded = self.linear(1, &self.linear(0, inputs)?.relu()?)?;
        let (mean, log_variance) = (encoded.narrow(1, 0, 2)?, encoded.narrow(1, 2, 2)?);
        let z = (&mean + (&log_variance * 0.5)?.exp()? * noise)?;
        let decoded = sigmoid(&self.linear(3, &self.linear(2, &z)?.relu()?)?)?;
        let rate = (((mean.sqr()? + log_variance.exp()?)? - 1.0)? - log_variance)?.sum(D::Minus1)? * 0.5;
        let constant = HALF.constant(784);
        let distortion = (decoded - inputs)?.sqr()?.sum(D::Minus1)? + constant;
        Ok(Seen { rate: rate?, distortion: distortion?, logits: self.linear(4, &z)? })
    }
}

fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("multipliers")
}

#[test]
fn a_network_in_candle_is_relaxed_as_the_same_in_the_engine() {
    let ours = LearnedSystem::new(architecture(), digits(), digits(), relaxation(), 3).expect("a system");
    let theirs = CandleSystem::new(Theirs::new(3), digits(), digits(), relaxation(), 3).expect("a system");
    let mut from = (None, None);
    for prices in [at(1.0, 2.0), at(0.5, 4.0)] {
        let one = ours.equilibrium(prices, from.0.as_ref()).expect("an equilibrium");
        let other = theirs.equilibrium(prices, from.1.as_ref()).expect("an equilibrium");
        let parameters = one.state.parameters().values().iter().zip(other.state.parameters().values());
        for (one, other) in parameters {
            // A score of steps of 1e-3 in f32; Adam divides by gradients that may be small.
            assert_close!(f64::from(*one), f64::from(*other), rtol = 1e-4, atol = 2e-5);
        }
        let observed = |rdc: &carnot_surface::RdcEstimate| {
            [rdc.rate(), rdc.distortion(), rdc.classification()].map(|estimate| estimate.mean())
        };
        for (one, other) in observed(&one.rdc).into_iter().zip(observed(&other.rdc)) {
            assert_close!(one, other, rtol = 1e-5, atol = 1e-6);
        }
        // The same noise on the same set: a network of either kind is paired with the other.
        assert!(one.rdc.change_since(&other.rdc).samples().is_some());
        assert_eq!(one.state.accuracy(), other.state.accuracy());
        from = (Some(one.state), Some(other.state));
    }
    let state = from.1.expect("a state");
    let values = |network: &Theirs| super::network::values(&network.0).expect("values");
    assert_eq!(theirs.with_variables(&state, values).expect("values"), state.parameters().values());
    let again = theirs.equilibrium(at(0.5, 4.0), Some(&state)).expect("an equilibrium");
    let twice = theirs.equilibrium(at(0.5, 4.0), Some(&state)).expect("an equilibrium");
    assert_eq!(again.state.parameters(), twice.state.parameters());
}

/// A network that has whatever it is given and sees nothing of it.
struct Blind {
    variables: Vec<Var>,
    rates: usize,
    classes: usize,
}

impl Network for Blind {
    fn variables(&self) -> Vec<Var> {
        self.variables.clone()
    }

    fn noise(&self) -> usize {
        1
    }

    fn see(&self, inputs: &Tensor, _: &Tensor) -> Result<Seen> {
        let n_inputs = inputs.dim(0)?;
        let zeros = |columns: usize| Tensor::zeros((n_inputs, columns), DType::F32, &Device::Cpu);
        let seen = zeros(self.classes)?.broadcast_add(&self.variables[0].reshape((1, 1))?)?;
        Ok(Seen {
            rate: zeros(self.rates)?.flatten_all()?,
            distortion: zeros(1)?.flatten_all()?,
            logits: seen,
        })
    }
}

#[test]
fn networks_that_do_not_fit_are_refused_by_name() {
    let scalar = |dtype| Var::zeros(1, dtype, &Device::Cpu).expect("a variable");
    let new = |variables: Vec<Var>, rates, classes, relaxation| {
        CandleSystem::new(Blind { variables, rates, classes }, digits(), digits(), relaxation, 0)
    };
    let error = new(vec![], 1, 10, relaxation()).expect_err("nothing to train");
    assert!(matches!(error, ModelError::State { what: "variables", found: 0, .. }));
    let error = new(vec![scalar(DType::F64)], 1, 10, relaxation()).expect_err("another type");
    assert!(matches!(error, ModelError::Candle(_)), "{error}");
    for batch_size in [usize::MAX, 1 << 50] {
        let error = new(vec![scalar(DType::F32)], 1, 10, Relaxation { batch_size, ..relaxation() });
        let error = error.expect_err("no memory");
        assert!(matches!(error, ModelError::Memory { .. }), "{error}");
    }
    let several = Relaxation { samples: 2, ..relaxation() };
    let error = new(vec![scalar(DType::F32)], 1, 10, several).expect_err("two samples");
    assert!(matches!(error, ModelError::Option { option: "samples", .. }));

    let relax = |variables, rates, classes| {
        let system = new(variables, rates, classes, relaxation()).expect("a system");
        system.equilibrium(at(1.0, 1.0), None).map(|_| ())
    };
    let one = || vec![scalar(DType::F32)];
    assert!(relax(one(), 1, 10).is_ok());
    let error = relax(one(), 2, 10).expect_err("two rates for each input");
    assert!(matches!(error, ModelError::Batch { what: "rates", found: 18, expected: 9 }), "{error}");
    let error = relax(one(), 1, 9).expect_err("nine classes for ten labels");
    assert!(matches!(error, ModelError::Data { what: "classes", found: 10, expected: 9, .. }), "{error}");
    let error = relax(vec![scalar(DType::F32), scalar(DType::F32)], 1, 10).expect_err("no gradient");
    assert!(matches!(error, ModelError::NoGradient { index: 1 }), "{error}");

    let system = new(one(), 1, 10, relaxation()).expect("a system");
    let state = system.equilibrium(at(1.0, 1.0), None).expect("an equilibrium").state;
    let other = CandleSystem::new(Theirs::new(1), digits(), digits(), relaxation(), 0).expect("a system");
    let error = other.equilibrium(at(1.0, 1.0), Some(&state)).expect_err("another's state");
    assert!(matches!(error, ModelError::State { what: "parameters", found: 1, .. }), "{error}");
}

/// A network that has another variable, or one less, whenever it is asked.
struct Fickle {
    counts: std::sync::Mutex<Vec<usize>>,
}

impl Network for Fickle {
    fn variables(&self) -> Vec<Var> {
        let count = self.counts.lock().expect("ours").pop().unwrap_or(1);
        (0..count).map(|_| Var::zeros(1, DType::F32, &Device::Cpu).expect("a variable")).collect()
    }

    fn noise(&self) -> usize {
        1
    }

    fn see(&self, inputs: &Tensor, _: &Tensor) -> Result<Seen> {
        let zeros = |columns: usize| Tensor::zeros((inputs.dim(0)?, columns), DType::F32, &Device::Cpu);
        let [rate, distortion] = [zeros(1)?.flatten_all()?, zeros(1)?.flatten_all()?];
        Ok(Seen { rate, distortion, logits: zeros(10)? })
    }
}

#[test]
fn variables_that_change_in_number_are_an_error() {
    for (first, then) in [(1, 2), (2, 1)] {
        let network = Fickle { counts: vec![then, first].into() };
        let system = CandleSystem::new(network, digits(), digits(), relaxation(), 0).expect("a system");
        let error = system.equilibrium(at(1.0, 1.0), None).expect_err("other variables");
        let ModelError::State { what: "values of variables", found, expected } = error else {
            panic!("{error}")
        };
        assert_eq!((found, expected), (then, first));
    }
}

#[test]
fn a_device_that_is_not_there_is_an_error_that_names_it() {
    assert!(device(Processor::Cpu).is_ok_and(|device| device.is_cpu()));
    let error = device(Processor::Cuda(1_000)).expect_err("no machine has so many");
    assert_eq!(error.to_string(), "the CUDA device 1000 is not there");
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn what_does_not_fit_the_layers_is_an_error() {
    let model = Architecture::fully_connected(3, &[], 1, 2, Likelihood::Bernoulli).expect("an architecture");
    let parameters = Parameters::<f64>::initial(&model, 1);
    let rows = Rows { inputs: &[0.1, 0.2, 0.3], noise: &[0.5], labels: &[1], weights: &[1.0] };
    let run = |parameters: &[f64], rows: &Rows<'_, f64>| {
        gradient(&model, parameters, rows, at(1.0, 1.0), &Device::Cpu)
    };
    assert_eq!(run(parameters.values(), &rows).expect("a gradient").1.len(), parameters.len());
    assert!(run(&parameters.values()[1..], &rows).is_err());
    assert!(run(parameters.values(), &Rows { labels: &[2], ..rows }).is_err());
    assert!(run(parameters.values(), &Rows { labels: &[], ..rows }).is_err());
    assert!(run(parameters.values(), &Rows { noise: &[], ..rows }).is_err());
}
