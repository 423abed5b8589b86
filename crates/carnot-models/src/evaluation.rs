//! R, D, C and accuracy on a fixed set with common random numbers.

use carnot_data::ImageDataset;
use carnot_info::Estimate;
use carnot_surface::{RdcEstimate, SampleKey};

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
const CHUNK: usize = 500;

/// Evaluates a model on every sample of `data`. The noise is drawn from `seed` and the number of the sample's chunk,
/// so that two evaluations with one seed share it; their estimates have the same [`SampleKey`].
pub(crate) fn evaluate(
    architecture: &Architecture,
    parameters: &Parameters,
    data: &ImageDataset,
    seed: u64,
) -> Result<Evaluation, ModelError> {
    let network = Network::new(architecture, parameters)?;
    let (pixels, latent, classes) = (architecture.inputs(), architecture.latent(), architecture.classes());
    let rows: Vec<usize> = (0..data.len()).collect();
    let mut inputs = vec![0.0; CHUNK * pixels];
    let mut samples = Vec::with_capacity(data.len());
    let mut correct = Vec::with_capacity(data.len());
    for (chunk, (rows, labels)) in rows.chunks(CHUNK).zip(data.labels().chunks(CHUNK)).enumerate() {
        let inputs = &mut inputs[..rows.len() * pixels];
        data.pixels_f32_into(rows, inputs)?;
        let noise = normals(rows.len() * latent, generator(seed, Purpose::EvaluationNoise, chunk as u64));
        let outputs =
            network.forward(&matrix(inputs, rows.len(), pixels)?, &matrix(&noise, rows.len(), latent)?)?;
        let (mean, log_variance) = (values(&outputs.mean)?, values(&outputs.log_variance)?);
        let (decoded, logits) = (values(&outputs.decoded)?, values(&outputs.logits)?);
        let latents = mean.chunks(latent).zip(log_variance.chunks(latent));
        let reconstructions = inputs.chunks(pixels).zip(decoded.chunks(pixels));
        let predictions = logits.chunks(classes).zip(labels);
        for (((mean, log_variance), (x, decoded)), (logits, &label)) in
            latents.zip(reconstructions).zip(predictions)
        {
            samples.push([
                likelihood::rate(mean, log_variance),
                likelihood::distortion(architecture.likelihood(), x, decoded),
                likelihood::classification(logits, label),
            ]);
            correct.push(f64::from(u8::from(likelihood::is_correct(logits, label))));
        }
    }
    let key = SampleKey(seed_for(seed, Purpose::EvaluationNoise) ^ data.len() as u64);
    let rdc = RdcEstimate::from_samples(samples, key)?;
    Ok(Evaluation { rdc, accuracy: Estimate::from_samples(&correct)? })
}
