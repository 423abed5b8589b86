//! Every random number of a model, from a seed and the name of its use.

use ndarray_rand::rand_distr::{Distribution, StandardNormal};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::engine::Scalar;

/// What random numbers are for: each use has a seed of its own, so that changing one leaves the others alone.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Initialisation,
    TrainingNoise,
    EvaluationNoise,
    Batches,
    GibbsNoise,
    PredictionRows,
    PredictionNoise,
}

/// The seed for a purpose.
pub(crate) fn seed_for(seed: u64, purpose: Purpose) -> u64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(1 + purpose as u64);
    rng.random()
}

/// The generator number `index` of a purpose: the noise of a training step does not depend on how many came before it.
pub(crate) fn generator(seed: u64, purpose: Purpose, index: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed_for(seed, purpose));
    rng.set_stream(index);
    rng
}

/// Fills `values` with standard normal numbers.
pub(crate) fn normals_into<T: Scalar>(values: &mut [T], mut rng: ChaCha8Rng) {
    for value in values {
        let normal: f64 = StandardNormal.sample(&mut rng);
        *value = T::from_f64(normal);
    }
}
