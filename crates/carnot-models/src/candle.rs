//! A model interpreted by candle.

use candle_core::backprop::GradStore;
use candle_core::{D, Device, Storage, Tensor, Var};
use candle_nn::ops::{log_softmax, sigmoid};
use carnot_surface::Multipliers;

use crate::optimiser::Moments;
use crate::parameters::{Place, places};
use crate::{Architecture, Layer, Likelihood, ModelError, Parameters};

/// The networks' outputs for one batch.
pub(crate) struct Outputs {
    /// Latent means, shape (n_samples, latent).
    pub(crate) mean: Tensor,
    /// Latent log-variances, shape (n_samples, latent).
    pub(crate) log_variance: Tensor,
    /// The decoder's output at `z = mean + exp(log_variance / 2) noise`, shape (n_samples, pixels).
    pub(crate) decoded: Tensor,
    /// The classifier's logits at the same z, shape (n_samples, classes).
    pub(crate) logits: Tensor,
}

/// The parameters as candle variables, one a [`Place`], in the fixed order.
pub(crate) struct Network<'a> {
    architecture: &'a Architecture,
    parameters: Vec<(Place, Var)>,
    /// Whether what is computed remembers how, for a gradient.
    tracked: bool,
}

impl<'a> Network<'a> {
    /// A network to be trained.
    pub(crate) fn new(architecture: &'a Architecture, parameters: &Parameters) -> Result<Self, ModelError> {
        let variable = |place: Place| -> Result<(Place, Var), ModelError> {
            let values = &parameters.values()[place.range()];
            let var = Var::from_slice(values, place.shape, &Device::Cpu)?;
            Ok((place, var))
        };
        let parameters = places(architecture).into_iter().map(variable).collect::<Result<_, _>>()?;
        Ok(Self { architecture, parameters, tracked: true })
    }

    /// A network to be observed: nothing is kept for a gradient.
    pub(crate) fn frozen(
        architecture: &'a Architecture,
        parameters: &Parameters,
    ) -> Result<Self, ModelError> {
        Ok(Self { tracked: false, ..Self::new(architecture, parameters)? })
    }

    pub(crate) fn architecture(&self) -> &'a Architecture {
        self.architecture
    }

    /// The networks applied to a batch of inputs, shape (n_samples, pixels), with standard normal noise of shape
    /// (n_samples, latent).
    pub(crate) fn forward(&self, inputs: &Tensor, noise: &Tensor) -> Result<Outputs, ModelError> {
        let parameter =
            |var: &Var| if self.tracked { var.as_tensor().clone() } else { var.as_detached_tensor() };
        let mut parameters = self.parameters.iter().map(|(_, var)| parameter(var));
        let latent = self.architecture.latent();
        let encoded = apply(self.architecture.encoder(), inputs, &mut parameters)?;
        let mean = encoded.narrow(D::Minus1, 0, latent)?;
        let log_variance = encoded.narrow(D::Minus1, latent, latent)?;
        let z = (&mean + ((&log_variance * 0.5)?.exp()? * noise)?)?;
        let decoded = apply(self.architecture.decoder(), &z, &mut parameters)?;
        let logits = apply(self.architecture.classifier(), &z, &mut parameters)?;
        Ok(Outputs { mean, log_variance, decoded, logits })
    }

    /// One step of Adam on the sum of the gradients of the batch's shards.
    pub(crate) fn descend(
        &self,
        shards: &[GradStore],
        moments: &mut Moments,
        learning_rate: f64,
    ) -> Result<(), ModelError> {
        moments.begin_step();
        for (place, var) in &self.parameters {
            let of_shard = |gradients: &GradStore| -> Result<Tensor, ModelError> {
                let gradient = gradients.get(var);
                let missing = || candle_core::Error::Msg(format!("no gradient for {}", place.name));
                Ok(gradient.ok_or_else(missing)?.contiguous()?)
            };
            let gradients = shards.iter().map(of_shard).collect::<Result<Vec<_>, _>>()?;
            moments.update(place.range(), var, &gradients, learning_rate)?;
        }
        Ok(())
    }

    /// The sum of the shards' gradients, as one flat vector in `f64`.
    #[cfg(test)]
    pub(crate) fn sum_gradients(&self, shards: &[GradStore], sum: &mut [f64]) -> Result<(), ModelError> {
        for gradients in shards {
            for (place, var) in &self.parameters {
                let gradient = gradients.get(var).map(values).transpose()?.unwrap_or_default();
                for (sum, gradient) in sum[place.range()].iter_mut().zip(gradient) {
                    *sum += gradient;
                }
            }
        }
        Ok(())
    }

    /// Hands each parameter's place and values to `visit`, in order.
    pub(crate) fn visit(&self, mut visit: impl FnMut(&Place, &[f32])) -> Result<(), ModelError> {
        for (place, var) in &self.parameters {
            with_values(var, |values| visit(place, values))?;
        }
        Ok(())
    }
}

/// A list of layers applied to a batch, taking its parameters off the front of `parameters`.
fn apply(
    layers: &[Layer],
    inputs: &Tensor,
    parameters: &mut impl Iterator<Item = Tensor>,
) -> Result<Tensor, ModelError> {
    let mut features = inputs.clone();
    for layer in layers {
        features = match layer {
            Layer::Linear { .. } => {
                let (Some(weight), Some(bias)) = (parameters.next(), parameters.next()) else {
                    return Err(candle_core::Error::Msg("a layer without parameters".into()).into());
                };
                features.matmul(&weight)?.broadcast_add(&bias)?
            }
            Layer::Relu => features.relu()?,
            Layer::Tanh => features.tanh()?,
            Layer::Sigmoid => sigmoid(&features)?,
        };
    }
    Ok(features)
}

/// Hands `read` the values of a contiguous `f32` tensor on the CPU.
pub(crate) fn with_values<T>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> T) -> Result<T, ModelError> {
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else {
        return Err(candle_core::Error::Msg("a tensor left the CPU".into()).into());
    };
    let values = storage.as_slice::<f32>()?;
    let (start, end) = layout
        .contiguous_offsets()
        .ok_or_else(|| candle_core::Error::Msg("a tensor is not contiguous".into()))?;
    Ok(read(&values[start..end]))
}

/// The sum over the samples of `R + lambda D + gamma C`, without the constant of D, a scalar in nats; `inputs` has shape
/// (n_samples, pixels) and `one_hot` labels shape (n_samples, classes).
pub(crate) fn objective(
    outputs: &Outputs,
    inputs: &Tensor,
    one_hot: &Tensor,
    likelihood: Likelihood,
    at: Multipliers,
) -> Result<Tensor, ModelError> {
    // R = 1/2 sum (mean^2 + exp(log_variance) - 1 - log_variance), KL to the standard normal marginal.
    let rate = (((outputs.mean.sqr()? + outputs.log_variance.exp()?)? - 1.0)? - &outputs.log_variance)?;
    let rate = (rate.sum_all()? * 0.5)?;
    let distortion = match likelihood {
        Likelihood::Gaussian { variance } => {
            ((inputs - &outputs.decoded)?.sqr()?.sum_all()? / (2.0 * variance))?
        }
        Likelihood::Bernoulli => {
            // softplus(l) - x l, with softplus(l) = max(l, 0) + ln(1 + exp(-|l|)) finite for every logit.
            let logits = &outputs.decoded;
            let softplus = (logits.relu()? + (logits.abs()?.neg()?.exp()? + 1.0)?.log()?)?;
            (softplus - (inputs * logits)?)?.sum_all()?
        }
    };
    let classification = (one_hot * log_softmax(&outputs.logits, D::Minus1)?)?.sum_all()?.neg()?;
    Ok(((rate + (distortion * at.lambda())?)? + (classification * at.gamma())?)?)
}

/// A tensor of shape (rows, columns) on the CPU.
pub(crate) fn matrix(values: &[f32], rows: usize, columns: usize) -> Result<Tensor, ModelError> {
    Ok(Tensor::from_slice(values, (rows, columns), &Device::Cpu)?)
}

/// A tensor's values in row-major order, as `f64`.
pub(crate) fn values(tensor: &Tensor) -> Result<Vec<f64>, ModelError> {
    with_values(&tensor.contiguous()?, |values| values.iter().copied().map(f64::from).collect())
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;
    use proptest::prelude::*;

    use super::*;
    use crate::likelihood;

    /// The objective by candle and, from the same outputs, sample by sample in `f64`.
    fn both_ways(kind: Likelihood, seed: u64, at: Multipliers) -> (f64, f64) {
        let architecture = Architecture::fully_connected(6, &[5], 2, 3, kind).expect("it fits");
        let parameters = Parameters::initial(&architecture, seed);
        let network = Network::new(&architecture, &parameters).expect("a network");
        let pixels: Vec<f32> = (0..24u8).map(|i| f32::from(i * 7 % 11) / 10.0).collect();
        let noise: Vec<f32> = (0..8u8).map(|i| f32::from(i) / 3.0 - 1.0).collect();
        let labels = [0u8, 2, 1, 2];
        let mut one_hot = vec![0.0; 12];
        for (row, &label) in one_hot.chunks_mut(3).zip(&labels) {
            row[usize::from(label)] = 1.0;
        }
        let inputs = matrix(&pixels, 4, 6).expect("a matrix");
        let outputs = network.forward(&inputs, &matrix(&noise, 4, 2).expect("noise")).expect("outputs");
        let one_hot = matrix(&one_hot, 4, 3).expect("labels");
        let tensor = objective(&outputs, &inputs, &one_hot, kind, at).expect("an objective");
        let constant = at.lambda() * kind.constant(6);
        let by_candle = f64::from(tensor.to_scalar::<f32>().expect("a scalar")) / 4.0 + constant;
        let get = |tensor: &Tensor| values(tensor).expect("values");
        let (mean, log_variance) = (get(&outputs.mean), get(&outputs.log_variance));
        let (decoded, logits) = (get(&outputs.decoded), get(&outputs.logits));
        let sample = |i: usize| {
            let rate = likelihood::rate(&mean[2 * i..2 * i + 2], &log_variance[2 * i..2 * i + 2]);
            let distortion =
                likelihood::distortion(kind, &pixels[6 * i..6 * i + 6], &decoded[6 * i..6 * i + 6]);
            let classification = likelihood::classification(&logits[3 * i..3 * i + 3], labels[i]);
            rate + at.lambda() * distortion + at.gamma() * classification
        };
        (by_candle, (0..4).map(sample).sum::<f64>() / 4.0)
    }

    proptest! {
        #[test]
        fn the_objective_is_the_mean_of_the_samples(
            seed in any::<u64>(), lambda in 0.0..10.0f64, gamma in 0.0..10.0f64, bernoulli in any::<bool>(),
            variance in 0.1..2.0f64,
        ) {
            let kind = if bernoulli { Likelihood::Bernoulli } else { Likelihood::Gaussian { variance } };
            let (by_candle, by_sample) = both_ways(kind, seed, Multipliers::new(lambda, gamma).expect("valid"));
            // Some hundred operations in f32, of numbers up to the sum of the parts' sizes.
            assert_close!(by_candle, by_sample, rtol = 1e-5, atol = 1e-5 * (1.0 + lambda + gamma) * 10.0);
        }
    }

    #[test]
    fn a_step_of_adam_is_adams() {
        // One linear parameter with a known gradient: the first step of Adam is the learning rate, whatever the
        // gradient's size, and the second follows from the moments by hand.
        let architecture =
            Architecture::fully_connected(1, &[], 1, 1, Likelihood::Bernoulli).expect("it fits");
        let parameters = Parameters::initial(&architecture, 0);
        let network = Network::new(&architecture, &parameters).expect("a network");
        let mut moments = Moments::zeros(parameters.len());
        let weight = network.parameters[0].1.clone();
        let read = || f64::from(weight.flatten_all().expect("flat").to_vec1::<f32>().expect("f32")[0]);
        let mut first = read();
        let (mut m, mut v) = (0.0f64, 0.0f64);
        for step in 1..=3 {
            let slope = 3.0 * f64::from(step);
            // A sum over every parameter, so that each has a gradient, in two unequal shards.
            let shard = |share: f64| {
                let mut loss = (weight.sum_all().expect("a sum") * (share * slope)).expect("a product");
                for (_, other) in &network.parameters[1..] {
                    let term = (other.sum_all().expect("a sum") * share).expect("a product");
                    loss = (loss + term).expect("a sum");
                }
                loss.backward().expect("gradients")
            };
            network.descend(&[shard(0.25), shard(0.75)], &mut moments, 0.01).expect("a step");
            m = 0.9 * m + 0.1 * slope;
            v = 0.999 * v + 0.001 * slope * slope;
            let (m_hat, v_hat) = (m / (1.0 - 0.9f64.powi(step)), v / (1.0 - 0.999f64.powi(step)));
            first -= 0.01 * m_hat / (v_hat.sqrt() + 1e-8);
            // f32 moments and weights of order one; 1 - 0.999 loses four digits.
            assert_close!(read(), first, rtol = 0.0, atol = 3e-6);
        }
    }

    #[test]
    fn every_parameter_has_the_gradient_of_finite_differences() {
        for kind in [Likelihood::Bernoulli, Likelihood::Gaussian { variance: 0.5 }] {
            let architecture = Architecture::new(
                vec![
                    Layer::Linear { inputs: 6, outputs: 5 },
                    Layer::Tanh,
                    Layer::Linear { inputs: 5, outputs: 4 },
                ],
                vec![Layer::Linear { inputs: 2, outputs: 6 }, Layer::Sigmoid],
                vec![Layer::Linear { inputs: 2, outputs: 3 }],
                kind,
            )
            .expect("it fits");
            let start = Parameters::initial(&architecture, 9);
            let inputs =
                matrix(&[0.1, 0.9, 0.4, 0.0, 1.0, 0.3, 0.8, 0.2, 0.5, 0.6, 0.0, 0.7], 2, 6).expect("inputs");
            let noise = matrix(&[0.3, -1.1, 0.8, 0.1], 2, 2).expect("noise");
            let one_hot = matrix(&[0.0, 1.0, 0.0, 1.0, 0.0, 0.0], 2, 3).expect("labels");
            let at = Multipliers::new(0.7, 1.3).expect("valid");
            let loss = |parameters: &Parameters| {
                let network = Network::new(&architecture, parameters).expect("a network");
                let outputs = network.forward(&inputs, &noise).expect("outputs");
                let loss = objective(&outputs, &inputs, &one_hot, kind, at).expect("an objective");
                (network, loss)
            };
            let (network, value) = loss(&start);
            let gradients = value.backward().expect("gradients");
            for (place, var) in &network.parameters {
                let gradient = values(gradients.get(var).expect("a gradient")).expect("values");
                for (index, &gradient) in place.range().zip(&gradient) {
                    let shifted = |by: f32| {
                        let mut parameters = start.clone();
                        parameters.values_mut()[index] += by;
                        f64::from(loss(&parameters).1.to_scalar::<f32>().expect("a scalar"))
                    };
                    // The objective is near 10, so that its rounding in f32, 1e-6, is 5e-5 of a difference over 2e-2;
                    // the next term of the difference is a third derivative of order one times 1e-4 / 6.
                    let difference = (shifted(1e-2) - shifted(-1e-2)) / 2e-2;
                    assert_close!(gradient, difference, rtol = 0.0, atol = 3e-4, "{} {index}", place.name);
                }
            }
        }
    }
}
