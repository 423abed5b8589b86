//! The flat, named parameters of a model.

use rand::Rng;

use crate::random::{Purpose, generator};
use crate::{Architecture, Layer};

/// Where one parameter lies in the flat vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// `NETWORK.LAYER.weight` or `NETWORK.LAYER.bias`.
    pub(crate) name: String,
    pub(crate) offset: usize,
    /// (inputs, outputs) of a weight, (1, outputs) of a bias.
    pub(crate) shape: (usize, usize),
}

impl Place {
    pub(crate) fn range(&self) -> std::ops::Range<usize> {
        self.offset..self.offset + self.shape.0 * self.shape.1
    }
}

/// The parameters' places, in the order encoder, decoder, classifier, layer after layer, weight before bias.
pub(crate) fn places(architecture: &Architecture) -> Vec<Place> {
    let mut places = Vec::new();
    let mut offset = 0;
    for (network, layers) in architecture.networks() {
        for (index, layer) in layers.iter().enumerate() {
            let Layer::Linear { inputs, outputs } = *layer else { continue };
            for (kind, shape) in [("weight", (inputs, outputs)), ("bias", (1, outputs))] {
                places.push(Place { name: format!("{network}.{index}.{kind}"), offset, shape });
                offset += shape.0 * shape.1;
            }
        }
    }
    places
}

/// How many parameters a model has.
pub(crate) fn count(architecture: &Architecture) -> usize {
    places(architecture).last().map_or(0, |place| place.range().end)
}

/// The weights and biases of a model as one flat vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    values: Vec<f32>,
}

impl Parameters {
    /// Weights and biases uniform in `[-1/sqrt(inputs), 1/sqrt(inputs)]`, drawn from `seed`.
    pub fn initial(architecture: &Architecture, seed: u64) -> Self {
        let mut rng = generator(seed, Purpose::Initialisation, 0);
        let mut values = Vec::new();
        for (_, layers) in architecture.networks() {
            for layer in layers {
                let Layer::Linear { inputs, outputs } = *layer else { continue };
                let bound = 1.0 / (inputs as f32).sqrt();
                values.extend((0..(inputs + 1) * outputs).map(|_| rng.random_range(-bound..=bound)));
            }
        }
        Self { values }
    }

    /// The values in their fixed order.
    pub fn values(&self) -> &[f32] {
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

    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
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
        let places = places(&model);
        let names: Vec<&str> = places.iter().map(|place| place.name.as_str()).collect();
        assert_eq!(names[..4], ["encoder.0.weight", "encoder.0.bias", "encoder.2.weight", "encoder.2.bias"]);
        assert_eq!(names[8..], ["classifier.0.weight", "classifier.0.bias"]);
        let parameters = Parameters::initial(&model, 3);
        assert_eq!(places.last().map(|place| place.range().end), Some(parameters.len()));
        assert!(places.windows(2).all(|pair| pair[0].range().end == pair[1].offset));
        assert_eq!(parameters, Parameters::initial(&model, 3));
        assert_ne!(parameters, Parameters::initial(&model, 4));
        let bound = 1.0 / 6f32.sqrt();
        assert!(parameters.values()[places[0].range()].iter().all(|w| w.abs() <= bound));
    }
}
