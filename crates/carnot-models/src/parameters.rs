//! The flat, named parameters of a model.

use rand::Rng;

use crate::engine::Scalar;
use crate::random::{Purpose, generator};
use crate::{Architecture, Layer, Prior};

/// Where one parameter lies in the flat vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// `NETWORK.LAYER.weight`, `NETWORK.LAYER.bias`, `prior.mean` or `prior.log_variance`.
    pub(crate) name: String,
    pub(crate) offset: usize,
    /// (outputs, inputs) of a weight, (1, features) of anything else.
    pub(crate) shape: (usize, usize),
}

impl Place {
    pub(crate) fn range(&self) -> std::ops::Range<usize> {
        self.offset..self.offset + self.shape.0 * self.shape.1
    }
}

/// The parameters' places, in the order encoder, decoder, classifier, layer after layer, weight before bias; then those of
/// the marginal, if it is learned.
pub(crate) fn places(architecture: &Architecture) -> Vec<Place> {
    let mut places = Vec::new();
    let mut offset = 0;
    for (network, layers) in architecture.networks() {
        for (index, layer) in layers.iter().enumerate() {
            let Layer::Linear { inputs, outputs } = *layer else { continue };
            for (kind, shape) in [("weight", (outputs, inputs)), ("bias", (1, outputs))] {
                places.push(Place { name: format!("{network}.{index}.{kind}"), offset, shape });
                offset += shape.0 * shape.1;
            }
        }
    }
    if architecture.prior() == Prior::LearnedDiagonal {
        let shape = (1, architecture.latent());
        for (name, offset) in [("prior.mean", offset), ("prior.log_variance", offset + shape.1)] {
            places.push(Place { name: name.to_owned(), offset, shape });
        }
    }
    places
}

/// How many parameters a model has.
pub(crate) fn count(architecture: &Architecture) -> usize {
    places(architecture).last().map_or(0, |place| place.range().end)
}

/// The parameters of a model as one flat vector.
///
/// They are those of the encoder, the decoder and the classifier, layer after layer: of each linear layer the weight, of
/// shape (outputs, inputs) and row-major, then the bias. Mean and log-variance of a learned marginal come last.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters<T = f32> {
    values: Vec<T>,
}

impl<T: Scalar> Parameters<T> {
    /// Weights and biases uniform in `[-1/sqrt(inputs), 1/sqrt(inputs)]`, drawn from `seed`, and a standard normal
    /// marginal. In `f32` they are those in `f64` rounded.
    pub fn initial(architecture: &Architecture, seed: u64) -> Self {
        let mut rng = generator(seed, Purpose::Initialisation, 0);
        let mut values = Vec::with_capacity(count(architecture));
        for (_, layers) in architecture.networks() {
            for layer in layers {
                let Layer::Linear { inputs, outputs } = *layer else { continue };
                let bound = 1.0 / (inputs as f64).sqrt();
                let draw = |_| T::from_f64(rng.random_range(-bound..=bound));
                values.extend((0..(inputs + 1) * outputs).map(draw));
            }
        }
        values.resize(count(architecture), T::ZERO);
        Self { values }
    }

    pub(crate) fn from_values(values: Vec<T>) -> Self {
        Self { values }
    }

    /// The values in their fixed order.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none; no model is without parameters.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub(crate) fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Likelihood;

    #[test]
    fn parameters_fill_their_places_in_order() {
        let model = Architecture::fully_connected(6, &[5], 2, 3, Likelihood::Bernoulli).expect("fits");
        let model = model.with_prior(Prior::LearnedDiagonal);
        let places = places(&model);
        let names: Vec<&str> = places.iter().map(|place| place.name.as_str()).collect();
        assert_eq!(names[..4], ["encoder.0.weight", "encoder.0.bias", "encoder.2.weight", "encoder.2.bias"]);
        assert_eq!(names[8..10], ["classifier.0.weight", "classifier.0.bias"]);
        assert_eq!(names[10..], ["prior.mean", "prior.log_variance"]);
        let parameters = Parameters::<f32>::initial(&model, 3);
        assert_eq!(places.last().map(|place| place.range().end), Some(parameters.len()));
        assert!(places.windows(2).all(|pair| pair[0].range().end == pair[1].offset));
        assert_eq!(parameters, Parameters::initial(&model, 3));
        assert_ne!(parameters, Parameters::initial(&model, 4));
        let bound = 1.0 / 6f32.sqrt();
        assert!(parameters.values()[places[0].range()].iter().all(|w| w.abs() <= bound));
        assert!(parameters.values()[places[10].offset..].iter().all(|&p| p == 0.0));
        let wide = Parameters::<f64>::initial(&model, 3);
        assert!(wide.values().iter().zip(parameters.values()).all(|(&wide, &p)| wide as f32 == p));
    }
}
