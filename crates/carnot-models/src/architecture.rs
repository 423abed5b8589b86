//! A model as data: lists of layers for the encoder, the decoder and the classifier.

use crate::ModelError;
use crate::engine::Scalar;
use crate::limits::check_parameters;

/// One layer of a network, acting on every sample of a batch. An activation follows a linear layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Layer {
    /// `W x + b` with W of shape (outputs, inputs).
    Linear {
        /// Features of the input.
        inputs: usize,
        /// Features of the output.
        outputs: usize,
    },
    /// `max(x, 0)`.
    Relu,
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `ln(1 + exp(x))`, a smooth ReLU.
    Softplus,
}

/// How the decoder's output is read as a distribution over the pixels x in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Likelihood {
    /// `d(x|z) = N(x; output, variance)` for each pixel, so that
    /// `D = |x - output|^2 / (2 variance) + (n/2) ln(2 pi variance)` nats. With variance one half, D is the bare
    /// squared error plus the constant `(n/2) ln pi`.
    Gaussian {
        /// The variance of each pixel: from `f32::MIN_POSITIVE`, 1.2e-38, to its inverse, to be trained in `f32`.
        variance: f64,
    },
    /// `d(x|z) = Bernoulli(x; sigmoid(output))` for each pixel: `D = sum softplus(output) - x output` nats. On grey
    /// pixels this is the cross-entropy of the stochastically binarised image.
    Bernoulli,
}

impl Likelihood {
    /// The part of D that no model can change, in nats: `(n/2) ln(2 pi variance)` for n pixels of a Gaussian decoder,
    /// zero for a Bernoulli one.
    pub fn constant(self, pixels: usize) -> f64 {
        match self {
            Self::Gaussian { variance } => 0.5 * pixels as f64 * (std::f64::consts::TAU * variance).ln(),
            Self::Bernoulli => 0.0,
        }
    }

    /// Checks that the variance and its inverse, which the gradient has as a factor, are numbers of a type, and keep all of
    /// their digits.
    pub(crate) fn check<T: Scalar>(self) -> Result<(), ModelError> {
        let Self::Gaussian { variance: value } = self else { return Ok(()) };
        // Powers of two: the one is the inverse of the other.
        let (least, largest) = (T::LEAST, 1.0 / T::LEAST);
        if (least..=largest).contains(&value) {
            Ok(())
        } else {
            Err(ModelError::Variance { value, least, largest })
        }
    }
}

/// The marginal m(z) against which the rate is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Prior {
    /// `N(0, I)`.
    #[default]
    StandardNormal,
    /// `N(mean, diag exp(log_variance))` with mean and log-variance among the parameters; both start at zero.
    LearnedDiagonal,
}

/// The networks of a representation: an encoder `e(z|x) = N(mean, diag exp(log_variance))` whose last layer gives the
/// latent means and then the log-variances, a decoder from z to the pixels, and a classifier from z to the logits.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Architecture {
    encoder: Vec<Layer>,
    decoder: Vec<Layer>,
    classifier: Vec<Layer>,
    likelihood: Likelihood,
    prior: Prior,
    #[serde(skip_serializing)]
    inputs: usize,
    #[serde(skip_serializing)]
    latent: usize,
    #[serde(skip_serializing)]
    classes: usize,
}

/// What may have been written as an architecture.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    encoder: Vec<Layer>,
    decoder: Vec<Layer>,
    classifier: Vec<Layer>,
    likelihood: Likelihood,
    prior: Prior,
}

impl TryFrom<Unchecked> for Architecture {
    type Error = ModelError;

    fn try_from(unchecked: Unchecked) -> Result<Self, ModelError> {
        let Unchecked { encoder, decoder, classifier, likelihood, prior } = unchecked;
        Ok(Self::new(encoder, decoder, classifier, likelihood)?.with_prior(prior))
    }
}

impl Architecture {
    /// A model from its lists of layers, with the standard normal marginal.
    ///
    /// # Errors
    ///
    /// [`ModelError::Architecture`] where the sizes of successive layers do not fit, where the encoder's output is not
    /// twice the decoder's and the classifier's input, or where the decoder's output is not the encoder's input;
    /// [`ModelError::Activation`] for one that does not follow a linear layer; [`ModelError::TooLarge`] for parameters
    /// that no memory can hold; [`ModelError::Variance`] where the decoder's variance, or its inverse, is below the
    /// least normal `f64`. (An engine in `f32` asks the same of the least normal `f32`.)
    pub fn new(
        encoder: Vec<Layer>,
        decoder: Vec<Layer>,
        classifier: Vec<Layer>,
        likelihood: Likelihood,
    ) -> Result<Self, ModelError> {
        let (inputs, encoded) = ends("encoder", &encoder)?;
        let (latent, decoded) = ends("decoder", &decoder)?;
        let (classified, classes) = ends("classifier", &classifier)?;
        // Every product of sizes from here on fits.
        check_parameters([("decoder", &decoder), ("classifier", &classifier), ("encoder", &encoder)])?;
        let fits = |network, what, found, expected| {
            if found == expected {
                Ok(())
            } else {
                Err(ModelError::Architecture { network, layer: None, what, found, expected })
            }
        };
        fits("encoder", "outputs (two for each latent)", encoded, 2 * latent)?;
        fits("decoder", "outputs", decoded, inputs)?;
        fits("classifier", "inputs", classified, latent)?;
        likelihood.check::<f64>()?;
        let prior = Prior::StandardNormal;
        Ok(Self { encoder, decoder, classifier, likelihood, prior, inputs, latent, classes })
    }

    /// The same networks with another marginal.
    #[must_use]
    pub fn with_prior(self, prior: Prior) -> Self {
        Self { prior, ..self }
    }

    /// The fully connected model: an encoder `inputs - hidden... - latent` with ReLUs between, the mirrored decoder
    /// (with a sigmoid at its end under a Gaussian likelihood, so that the mean of a pixel is in [0, 1]), and a linear
    /// classifier.
    ///
    /// # Errors
    ///
    /// As [`Architecture::new`]; a size of zero is one that does not fit.
    pub fn fully_connected(
        inputs: usize,
        hidden: &[usize],
        latent: usize,
        classes: usize,
        likelihood: Likelihood,
    ) -> Result<Self, ModelError> {
        let mut encoder = Vec::new();
        let mut features = inputs;
        for &outputs in hidden {
            encoder.extend([Layer::Linear { inputs: features, outputs }, Layer::Relu]);
            features = outputs;
        }
        // Twice a number that is too large is too large as well, and the decoder's layer says so first.
        encoder.push(Layer::Linear { inputs: features, outputs: latent.saturating_mul(2) });
        let mut decoder = Vec::new();
        features = latent;
        for &outputs in hidden.iter().rev() {
            decoder.extend([Layer::Linear { inputs: features, outputs }, Layer::Relu]);
            features = outputs;
        }
        decoder.push(Layer::Linear { inputs: features, outputs: inputs });
        if matches!(likelihood, Likelihood::Gaussian { .. }) {
            decoder.push(Layer::Sigmoid);
        }
        let classifier = vec![Layer::Linear { inputs: latent, outputs: classes }];
        Self::new(encoder, decoder, classifier, likelihood)
    }

    /// The encoder's layers.
    pub fn encoder(&self) -> &[Layer] {
        &self.encoder
    }

    /// The decoder's layers.
    pub fn decoder(&self) -> &[Layer] {
        &self.decoder
    }

    /// The classifier's layers.
    pub fn classifier(&self) -> &[Layer] {
        &self.classifier
    }

    /// How the decoder's output is read.
    pub fn likelihood(&self) -> Likelihood {
        self.likelihood
    }

    /// The marginal m(z).
    pub fn prior(&self) -> Prior {
        self.prior
    }

    /// Pixels of an input.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Latent dimensions.
    pub fn latent(&self) -> usize {
        self.latent
    }

    /// Classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The three networks by name, in the fixed order of the parameters.
    pub(crate) fn networks(&self) -> [(&'static str, &[Layer]); 3] {
        [("encoder", &self.encoder), ("decoder", &self.decoder), ("classifier", &self.classifier)]
    }
}

/// The features that go in and come out of a network, its layers checked to fit.
fn ends(network: &'static str, layers: &[Layer]) -> Result<(usize, usize), ModelError> {
    let mut sizes: Option<(usize, usize)> = None;
    let is_linear = |layer: &Layer| matches!(layer, Layer::Linear { .. });
    for (index, layer) in layers.iter().enumerate() {
        let Layer::Linear { inputs, outputs } = *layer else {
            if index.checked_sub(1).is_none_or(|before| !is_linear(&layers[before])) {
                return Err(ModelError::Activation { network, layer: index });
            }
            continue;
        };
        let misfit = |what, found, expected| ModelError::Architecture {
            network,
            layer: Some(index),
            what,
            found,
            expected,
        };
        if inputs == 0 || outputs == 0 {
            return Err(misfit("features in a layer", 0, 1));
        }
        sizes = match sizes {
            None => Some((inputs, outputs)),
            Some((first, before)) if before == inputs => Some((first, outputs)),
            Some((_, before)) => return Err(misfit("inputs", inputs, before)),
        };
    }
    sizes.ok_or(ModelError::Architecture {
        network,
        layer: None,
        what: "linear layers",
        found: 0,
        expected: 1,
    })
}

#[cfg(test)]
mod tests {
    use carnot_surface::Multipliers;

    use super::*;
    use crate::Parameters;
    use crate::engine::{Batch, Engine};

    #[test]
    fn the_fully_connected_model_is_mirrored() {
        let gaussian = Likelihood::Gaussian { variance: 0.5 };
        let model = Architecture::fully_connected(784, &[512, 256], 16, 10, gaussian).expect("fits");
        assert_eq!(model.encoder().last(), Some(&Layer::Linear { inputs: 256, outputs: 32 }));
        assert_eq!(model.decoder()[2], Layer::Linear { inputs: 256, outputs: 512 });
        assert_eq!(model.decoder().last(), Some(&Layer::Sigmoid));
        assert_eq!((model.inputs(), model.latent(), model.classes()), (784, 16, 10));
    }

    #[test]
    fn layers_that_do_not_fit_are_named() {
        let linear = |inputs, outputs| Layer::Linear { inputs, outputs };
        let new = |encoder: Vec<Layer>| {
            Architecture::new(encoder, vec![linear(2, 6)], vec![linear(2, 3)], Likelihood::Bernoulli)
        };
        assert!(new(vec![linear(6, 4)]).is_ok());
        let error = new(vec![linear(6, 5), Layer::Tanh, linear(4, 4)]).expect_err("5 into 4");
        assert_eq!(error.to_string(), "layer 2 of the encoder has 4 inputs; it needs 5");
        let error = new(vec![linear(6, 5)]).expect_err("not twice the latent");
        assert_eq!(error.to_string(), "the encoder has 5 outputs (two for each latent); it needs 4");
        for list in [vec![Layer::Relu], vec![linear(6, 4), Layer::Relu, Layer::Tanh]] {
            let layer = list.len() - 1;
            let error = new(list).expect_err("two activations, or one of nothing");
            assert!(matches!(error, ModelError::Activation { network: "encoder", layer: at } if at == layer));
        }
        assert!(new(vec![]).is_err());
        assert!(Architecture::fully_connected(4, &[0], 1, 2, Likelihood::Bernoulli).is_err());
    }

    #[test]
    fn a_variance_and_its_inverse_are_numbers() {
        let of = |variance| Architecture::fully_connected(4, &[3], 1, 2, Likelihood::Gaussian { variance });
        for variance in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-309, f64::MAX] {
            let error = of(variance).expect_err("not a variance");
            assert!(
                matches!(error, ModelError::Variance { value, .. } if value.to_bits() == variance.to_bits())
            );
        }
        // The ends of the range of f64, and of f32 where the engine is of that type.
        for (scale, fits_single) in
            [(-1022, false), (-127, false), (-126, true), (126, true), (127, false), (1022, false)]
        {
            let architecture = of(2f64.powi(scale)).expect("a variance");
            assert!(Engine::<f64>::new(&architecture, 1, 1).is_ok(), "2^{scale}");
            let single = Engine::<f32>::new(&architecture, 1, 1).map(|_| ());
            assert_eq!(single.is_ok(), fits_single, "2^{scale}: {single:?}");
        }
        let tiny =
            Engine::<f32>::new(&of(1e-300).expect("a variance"), 1, 1).expect_err("1/variance is infinite");
        assert_eq!(
            tiny.to_string(),
            "the decoder variance must be from 1.1754943508222875e-38 to 8.507059173023462e37, not 1e-300"
        );
    }

    #[test]
    fn a_gradient_at_the_ends_of_the_range_of_variances_is_finite() {
        for exponent in [-126, 126] {
            let likelihood = Likelihood::Gaussian { variance: 2f64.powi(exponent) };
            let architecture = Architecture::fully_connected(1, &[], 1, 2, likelihood).expect("it fits");
            let parameters = Parameters::<f32>::initial(&architecture, 1);
            let mut engine = Engine::new(&architecture, 1, 1).expect("an engine");
            let batch = Batch::new(&[0.25], &[1], &[0.5]);
            let at = Multipliers::new(1.0, 1.0).expect("valid");
            let (rdc, gradient) = engine.gradient(parameters.values(), &batch, at).expect("a gradient");
            assert!(rdc.distortion.is_finite() && gradient.iter().all(|g| g.is_finite()), "{gradient:?}");
            // Of the decoder's bias, (y - x) y (1 - y) / variance, unless it is below all numbers.
            assert!(exponent > 0 || gradient.iter().any(|g| g.abs() > 1e30), "{gradient:?}");
        }
    }
}
