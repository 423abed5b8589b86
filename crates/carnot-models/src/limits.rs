//! What memory can hold: the only place where sizes that somebody else has chosen are multiplied.

use crate::engine::Scalar;
use crate::{Architecture, Layer, ModelError};

/// The most numbers, of eight bytes each, that one vector can hold.
const MOST: usize = isize::MAX as usize / size_of::<f64>();

/// Checks that there can be a vector of the parameters of all networks, the last of which are `2 latent` of the marginal;
/// then every size of a layer, every product of two, twice the latent dimensions and the number of all parameters is a
/// `usize`.
pub(crate) fn check_parameters(networks: [(&'static str, &[Layer]); 3]) -> Result<(), ModelError> {
    let mut total = 0usize;
    for (network, layers) in networks {
        for (layer, kind) in layers.iter().enumerate() {
            let Layer::Linear { inputs, outputs } = *kind else { continue };
            // A weight and a bias; twice the inputs more are enough for the marginal, which is one for the decoder's.
            let own = inputs.checked_add(1).and_then(|rows| rows.checked_mul(outputs.checked_add(2)?));
            total = own
                .and_then(|own| total.checked_add(own))
                .filter(|total| *total <= MOST)
                .ok_or(ModelError::TooLarge { network, layer, inputs, outputs })?;
        }
    }
    Ok(())
}

/// Checks that the parameters and an engine's numbers of a batch, one for each column and each pixel, latent dimension and
/// output of a layer, fit in memory as it is.
pub(crate) fn check_batch<T: Scalar>(
    architecture: &Architecture,
    n_inputs: usize,
    n_samples: usize,
) -> Result<(), ModelError> {
    let mut features = architecture.inputs() + 2 * architecture.latent();
    for (_, layers) in architecture.networks() {
        for layer in layers {
            if let Layer::Linear { outputs, .. } = *layer {
                features = features.saturating_add(outputs);
            }
        }
    }
    let parameters = crate::parameters::count(architecture);
    check_numbers::<T>("the parameters and a batch", &[[parameters, 1, 1], [n_inputs, n_samples, features]])
}

/// Checks that there is memory for as many numbers as the sum of some products, so that sizes that make no sense are an
/// error and not the end of the program.
pub(crate) fn check_numbers<T: Scalar>(what: &'static str, terms: &[[usize; 3]]) -> Result<(), ModelError> {
    let add = |sum: usize, [a, b, c]: &[usize; 3]| sum.checked_add(a.checked_mul(*b)?.checked_mul(*c)?);
    let numbers = terms.iter().try_fold(0, add);
    let mut probe = Vec::<u8>::new();
    let is_had = numbers
        .and_then(|numbers| numbers.checked_mul(size_of::<T>()))
        .is_some_and(|bytes| probe.try_reserve_exact(bytes).is_ok());
    // Unless somebody looks, a compiler may leave out an allocation that nobody uses, and take it as had.
    std::hint::black_box(&mut probe);
    if is_had {
        return Ok(());
    }
    let product = |term: &[usize; 3]| term.iter().map(|&n| n as f64).product::<f64>();
    let bytes = size_of::<T>() as f64 * terms.iter().map(product).sum::<f64>();
    Err(ModelError::Memory { what, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::{Likelihood, Prior};

    fn linear(inputs: usize, outputs: usize) -> Layer {
        Layer::Linear { inputs, outputs }
    }

    #[test]
    fn sizes_beyond_memory_are_refused_by_layer() {
        const HALF: usize = usize::MAX / 2 + 1;
        let refused = |encoder: Vec<Layer>, decoder: Vec<Layer>, classifier: Vec<Layer>| {
            let error = Architecture::new(encoder, decoder, classifier, Likelihood::Bernoulli);
            let error = error.expect_err("it is too large");
            let ModelError::TooLarge { network, layer, inputs, outputs } = error else { panic!("{error}") };
            (network, layer, inputs, outputs)
        };
        // Twice the latent dimensions is none: its low bits would be the encoder's outputs.
        let found = refused(vec![linear(3, 2)], vec![linear(HALF + 1, 3)], vec![linear(HALF + 1, 2)]);
        assert_eq!(found, ("decoder", 0, HALF + 1, 3));
        // One layer, by its product and by its sum.
        let small = || vec![linear(1, 3)];
        for (inputs, outputs) in [(usize::MAX, 2), (1 << 33, 1 << 33), (1 << 30, 1 << 31)] {
            let encoder = vec![linear(3, inputs), Layer::Relu, linear(inputs, outputs), linear(outputs, 2)];
            let (network, ..) = refused(encoder, small(), vec![linear(1, 2)]);
            assert_eq!(network, "encoder", "{inputs} {outputs}");
        }
        // Each fits by itself, but not all of them.
        let many = |count| std::iter::repeat_n(linear(1 << 28, 1 << 28), count);
        let encoder = [linear(3, 1 << 28)].into_iter().chain(many(20)).chain([linear(1 << 28, 2)]);
        let (network, layer, ..) = refused(encoder.collect(), small(), vec![linear(1, 2)]);
        assert_eq!((network, layer), ("encoder", 16));
        let error = Architecture::new(
            vec![linear(3, usize::MAX)],
            small(),
            vec![linear(1, 2)],
            Likelihood::Bernoulli,
        );
        assert_eq!(
            error.expect_err("too large").to_string(),
            format!(
                "layer 0 of the encoder, 3 inputs and {} outputs, takes the parameters beyond memory",
                usize::MAX
            )
        );
        for [inputs, hidden, latent, classes] in [
            [usize::MAX, 3, 1, 2],
            [4, usize::MAX, 1, 2],
            [4, 3, usize::MAX, 2],
            [4, 3, HALF, 2],
            [4, 3, 1, usize::MAX],
        ] {
            let error =
                Architecture::fully_connected(inputs, &[hidden], latent, classes, Likelihood::Bernoulli);
            let error = error.expect_err("too large");
            assert!(matches!(error, ModelError::TooLarge { .. }), "{error}");
        }
    }

    #[test]
    fn the_largest_models_can_be_counted() {
        // Almost all numbers that there may be, in one layer after another.
        let hidden = (isize::MAX as usize / 8 / 9).isqrt();
        let architecture = Architecture::fully_connected(hidden, &[hidden], hidden, 2, Likelihood::Bernoulli);
        let architecture = architecture.expect("it fits").with_prior(Prior::LearnedDiagonal);
        assert_eq!(crate::parameters::count(&architecture), 5 * hidden * hidden + 9 * hidden + 2);
    }

    #[test]
    fn a_batch_that_no_memory_holds_is_refused() {
        let small = Architecture::fully_connected(4, &[3], 1, 2, Likelihood::Bernoulli).expect("it fits");
        for (n_inputs, n_samples) in
            [(usize::MAX, 1), (1, usize::MAX), (1 << 32, 1 << 32), (1 << 60, 1), (1 << 50, 1)]
        {
            let error = Engine::<f32>::new(&small, n_inputs, n_samples).expect_err("no memory");
            assert!(matches!(error, ModelError::Memory { .. }), "{error}");
        }
        assert_eq!(
            Engine::<f32>::new(&small, 1 << 50, 1).expect_err("no memory").to_string(),
            "there is no memory for the parameters and a batch, 9e16 bytes"
        );
        let large =
            Architecture::fully_connected(1 << 50, &[], 1, 2, Likelihood::Bernoulli).expect("it fits");
        let error = Engine::<f64>::new(&large, 1, 1).expect_err("no memory");
        assert!(matches!(error, ModelError::Memory { .. }), "{error}");
    }
}
