//! R, D, C and accuracy on a fixed set with common random numbers.

use carnot_data::ImageDataset;
use carnot_info::Estimate;
use carnot_surface::{RdcEstimate, SampleKey};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::candle::{Network, matrix, values};
use crate::random::{Purpose, generator, normals, seed_for};
use crate::{Architecture, ModelError, Parameters, likelihood};

/// How a model does on a fixed set.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// Rate, distortion and classification loss in nats per sample, one z drawn for each input.
    pub rdc: RdcEstimate,
    /// The fraction of inputs whose largest logit, at the same z, is that of their label.
    pub accuracy: Estimate,
}

/// Inputs interpreted at a time: bounds the memory, and changes nothing else.
const CHUNK: usize = 250;

/// Names a data set and the noise drawn for it from `seed`: two sets of one size are told apart by their contents.
pub(crate) fn sample_key(data: &ImageDataset, seed: u64) -> SampleKey {
    let digest = data.digest();
    // The first 16 hexadecimal digits of the SHA-256; a digest always has them.
    let start = digest.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or(0);
    SampleKey(start ^ seed_for(seed, Purpose::EvaluationNoise))
}

/// Evaluates a model on every sample of `data`, whose key is `key`. The noise is drawn from `seed` and the number of the
/// sample's chunk, so that two evaluations with one seed share it.
pub(crate) fn evaluate(
    architecture: &Architecture,
    parameters: &Parameters,
    data: &ImageDataset,
    key: SampleKey,
    seed: u64,
) -> Result<Evaluation, ModelError> {
    let network = Network::frozen(architecture, parameters)?;
    let rows: Vec<usize> = (0..data.len()).collect();
    let chunks: Vec<Vec<([f64; 3], bool)>> = rows
        .par_chunks(CHUNK)
        .enumerate()
        .map(|(chunk, rows)| {
            observe(&network, data, rows, generator(seed, Purpose::EvaluationNoise, chunk as u64))
        })
        .collect::<Result<_, _>>()?;
    let (samples, correct): (Vec<_>, Vec<_>) =
        chunks.into_iter().flatten().map(|(rdc, correct)| (rdc, f64::from(u8::from(correct)))).unzip();
    let rdc = RdcEstimate::from_samples(samples, key)?;
    Ok(Evaluation { rdc, accuracy: Estimate::from_samples(&correct)? })
}

/// `[R, D, C]` of each of the rows in nats, and whether its largest logit is that of its label.
fn observe(
    network: &Network<'_>,
    data: &ImageDataset,
    rows: &[usize],
    noise: ChaCha8Rng,
) -> Result<Vec<([f64; 3], bool)>, ModelError> {
    let architecture = network.architecture();
    let (pixels, latent, classes) = (architecture.inputs(), architecture.latent(), architecture.classes());
    let mut inputs = vec![0.0; rows.len() * pixels];
    data.pixels_f32_into(rows, &mut inputs)?;
    let noise = matrix(&normals(rows.len() * latent, noise), rows.len(), latent)?;
    let outputs = network.forward(&matrix(&inputs, rows.len(), pixels)?, &noise)?;
    let (mean, log_variance) = (values(&outputs.mean)?, values(&outputs.log_variance)?);
    let (decoded, logits) = (values(&outputs.decoded)?, values(&outputs.logits)?);
    let latents = mean.chunks(latent).zip(log_variance.chunks(latent));
    let reconstructions = inputs.chunks(pixels).zip(decoded.chunks(pixels));
    let predictions = logits.chunks(classes).zip(rows);
    let samples = latents.zip(reconstructions).zip(predictions).map(
        |(((mean, log_variance), (x, decoded)), (logits, &row))| {
            let label = data.labels()[row];
            let rdc = [
                likelihood::rate(mean, log_variance),
                likelihood::distortion(architecture.likelihood(), x, decoded),
                likelihood::classification(logits, label),
            ];
            (rdc, likelihood::is_correct(logits, label))
        },
    );
    Ok(samples.collect())
}
