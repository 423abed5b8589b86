//! A network of one's own in candle, brought to equilibrium at two prices.
//!
//! `cargo run --example candle_network --features candle -p carnot-models`
#![allow(clippy::print_stdout, reason = "an example speaks by printing")]

use candle_core::{D, DType, Device, Result, Tensor, Var};
use candle_nn::ops::sigmoid;
use carnot_data::{Sizes, split, synthetic};
use carnot_models::Relaxation;
use carnot_models::candle::{CandleSystem, Network, Seen};
use carnot_surface::{Multipliers, Observables, System};
use rand::{Rng, SeedableRng};

/// A linear encoder to eight means and log-variances, a linear decoder and a linear classifier.
struct Linear {
    encoder: Var,
    decoder: Var,
    classifier: Var,
}

impl Network for Linear {
    fn variables(&self) -> Vec<Var> {
        vec![self.encoder.clone(), self.decoder.clone(), self.classifier.clone()]
    }

    fn noise(&self) -> usize {
        8
    }

    fn see(&self, inputs: &Tensor, noise: &Tensor) -> Result<Seen> {
        let encoded = inputs.matmul(&self.encoder)?;
        let (mean, log_variance) = (encoded.narrow(1, 0, 8)?, encoded.narrow(1, 8, 8)?);
        let z = (&mean + (&log_variance * 0.5)?.exp()? * noise)?;
        let divergence = (mean.sqr()? + log_variance.exp()? - &log_variance)?;
        let error = (sigmoid(&z.matmul(&self.decoder)?)? - inputs)?.sqr()?;
        Ok(Seen {
            rate: ((divergence.sum(D::Minus1)? - 8.0)? * 0.5)?,
            distortion: error.sum(D::Minus1)?,
            logits: z.matmul(&self.classifier)?,
        })
    }
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    // candle's own generator cannot be seeded on a CPU.
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let mut weight = |rows: usize, columns: usize| {
        let values: Vec<f32> = (0..rows * columns).map(|_| rng.random_range(-0.05..0.05)).collect();
        Var::from_tensor(&Tensor::from_vec(values, (rows, columns), &Device::Cpu)?.to_dtype(DType::F32)?)
    };
    let network = Linear { encoder: weight(784, 16)?, decoder: weight(8, 784)?, classifier: weight(8, 10)? };
    let digits = synthetic::digits(1_500, 1)?;
    let [training, evaluation] = split(digits.len(), Sizes::Counts([1_000, 500]), 1)?;
    let relaxation = Relaxation { initial_steps: 300, steps: 100, ..Relaxation::default() };
    let (training, evaluation) = (digits.select(&training)?, digits.select(&evaluation)?);
    let system = CandleSystem::new(network, training, evaluation, relaxation, 7)?;

    let start = system.equilibrium(Multipliers::new(1.0, 1.0)?, None)?;
    let moved = system.equilibrium(Multipliers::new(1.0, 10.0)?, Some(&start.state))?;
    for found in [&start, &moved] {
        let (at, rdc) = (found.multipliers, &found.rdc);
        println!(
            "lambda {} gamma {:>2}: R {} D {} C {} accuracy {}",
            at.lambda(),
            at.gamma(),
            rdc.rate(),
            rdc.distortion(),
            rdc.classification(),
            found.state.accuracy()
        );
    }
    println!("C changes by {} (paired)", moved.rdc.change_since(&start.rdc).classification());
    Ok(())
}
