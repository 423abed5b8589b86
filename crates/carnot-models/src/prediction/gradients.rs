//! Gradients of D and of C over a whole data set, a chunk at a time.

use carnot_data::ImageDataset;

use crate::deterministic::Objective;
use crate::evaluation::CHUNK;
use crate::krylov::add_scaled;
use crate::random::{Purpose, generator, normals_into};
use crate::{Architecture, ModelError};

/// Where the noise of a chunk is drawn from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noise {
    seed: u64,
    purpose: Purpose,
    /// Samples of z for each input.
    samples: usize,
    /// The number of the first chunk's noise.
    first: u64,
}

/// The noise that [`evaluate`](crate::evaluation::evaluate) draws.
pub(super) fn of_evaluation(seed: u64) -> Noise {
    Noise { seed, purpose: Purpose::EvaluationNoise, samples: 1, first: 0 }
}

/// Other noise for every draw.
pub(super) fn of_training(seed: u64, samples: usize, draw: usize) -> Noise {
    Noise { seed, purpose: Purpose::PredictionNoise, samples, first: (draw as u64) << 32 }
}

/// The gradients of D and of C by the parameters, means over a data set.
pub(super) fn mean_gradients(
    architecture: &Architecture,
    parameters: &[f64],
    data: &ImageDataset,
    Noise { seed, purpose, samples, first }: Noise,
) -> Result<[Vec<f64>; 2], ModelError> {
    let rows: Vec<usize> = (0..data.len()).collect();
    let mut means = [(); 2].map(|()| vec![0.0; parameters.len()]);
    let mut noise = Vec::new();
    for (chunk, rows) in (first..).zip(rows.chunks(CHUNK)) {
        noise.resize(samples * rows.len() * architecture.latent(), 0.0);
        normals_into(&mut noise, generator(seed, purpose, chunk));
        let of_chunk = Objective::of(architecture, data, rows, &noise)?.gradients_of_losses(parameters)?;
        let share = rows.len() as f64 / data.len() as f64;
        for (mean, gradient) in means.iter_mut().zip(&of_chunk) {
            add_scaled(share, gradient, mean);
        }
    }
    Ok(means)
}
