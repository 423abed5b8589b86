//! R, D, C and accuracy on a fixed set with common random numbers.

use carnot_data::ImageDataset;
use carnot_info::Estimate;
use carnot_surface::{RdcEstimate, SampleKey};

use crate::engine::{Batch, Engine, Observation, Scalar};
use crate::random::{Purpose, generator, normals_into, seed_for};
use crate::{Architecture, ModelError, Parameters};

/// How a model does on a fixed set.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// Rate, distortion and classification loss in nats per sample, one z drawn for each input.
    pub rdc: RdcEstimate,
    /// The fraction of inputs whose largest logit, at the same z, is that of their label.
    pub accuracy: Estimate,
}

/// Inputs looked at in one go: bounds the memory.
pub(crate) const CHUNK: usize = 512;

/// Names a data set and the noise drawn for it from `seed`: two sets of one size are told apart by their contents.
pub(crate) fn sample_key(data: &ImageDataset, seed: u64) -> SampleKey {
    let digest = data.digest();
    // The first 16 hexadecimal digits of the SHA-256; a digest always has them.
    let start = digest.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or(0);
    SampleKey(start ^ seed_for(seed, Purpose::EvaluationNoise))
}

/// Evaluates a model on every sample of `data`, whose key is `key`. The noise is drawn from `seed` and the number of the
/// sample's chunk, so that two evaluations with one seed share it.
pub(crate) fn evaluate<T: Scalar>(
    architecture: &Architecture,
    parameters: &Parameters<T>,
    data: &ImageDataset,
    key: SampleKey,
    seed: u64,
) -> Result<Evaluation, ModelError> {
    let rows: Vec<usize> = (0..data.len()).collect();
    let (mut samples, mut correct) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    let mut noise = Vec::new();
    let mut engine: Option<Engine<T>> = None;
    for (chunk, rows) in rows.chunks(CHUNK).enumerate() {
        noise.resize(rows.len() * architecture.latent(), T::ZERO);
        normals_into(&mut noise, generator(seed, Purpose::EvaluationNoise, chunk as u64));
        // The last chunk may be a shorter one.
        let mut fitting = match engine.take() {
            Some(engine) if engine.n_inputs() == rows.len() => engine,
            _ => Engine::new(architecture, rows.len(), 1)?,
        };
        fitting.forward(parameters.values(), &Batch::of_images(data, rows, &noise))?;
        for Observation { rdc, accuracy } in fitting.observations() {
            samples.push([rdc.rate, rdc.distortion, rdc.classification]);
            correct.push(accuracy);
        }
        engine = Some(fitting);
    }
    let rdc = RdcEstimate::from_samples(samples, key)?;
    Ok(Evaluation { rdc, accuracy: Estimate::from_samples(&correct)? })
}
