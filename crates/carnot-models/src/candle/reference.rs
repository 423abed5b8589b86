//! A list of layers interpreted by candle: the reference that the engine is compared with, and the same on other devices.

use candle_core::{D, Device, Result, Tensor, Var, WithDType};
use candle_nn::ops::{log_softmax, sigmoid};
use carnot_surface::{Multipliers, Rdc};

use crate::parameters::{Place, places};
use crate::{Architecture, Layer, Likelihood, Prior};

/// A batch as flat rows.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a, T> {
    /// Pixels, shape (n_inputs, pixels).
    pub inputs: &'a [T],
    /// Standard normal numbers, shape (n_samples, n_inputs, latent).
    pub noise: &'a [T],
    /// Labels, shape (n_inputs).
    pub labels: &'a [u8],
    /// What each input counts, shape (n_inputs); they sum to one.
    pub weights: &'a [f64],
}

/// R, D and C of a batch with their constants, and the gradient of `R + lambda D + gamma C` by every parameter, as `f64`
/// in the fixed order of [`Parameters`](crate::Parameters).
///
/// # Errors
///
/// candle's, for sizes that do not fit; a parameter that it has no gradient for is one too.
pub fn gradient<T: WithDType>(
    architecture: &Architecture,
    parameters: &[T],
    batch: &Rows<'_, T>,
    at: Multipliers,
    device: &Device,
) -> Result<(Rdc, Vec<f64>)> {
    let (found, expected) = (parameters.len(), crate::parameters::count(architecture));
    if found != expected {
        return Err(candle_core::Error::Msg(format!("{found} parameters of a model with {expected}")));
    }
    if let Some(label) = batch.labels.iter().find(|label| usize::from(**label) >= architecture.classes()) {
        let classes = architecture.classes();
        return Err(candle_core::Error::Msg(format!("the label {label} of a model with {classes} classes")));
    }
    let variable = |place: Place| {
        let values = Tensor::from_slice(&parameters[place.range()], place.shape, device)?;
        Ok((place, Var::from_tensor(&values)?))
    };
    let variables: Vec<(Place, Var)> =
        places(architecture).into_iter().map(variable).collect::<Result<_>>()?;
    let mut tensors = variables.iter().map(|(_, var)| var.as_tensor().clone());

    let (inputs, latent) = (batch.labels.len(), architecture.latent());
    let samples = batch.noise.len() / (inputs * latent).max(1);
    let x = Tensor::from_slice(batch.inputs, (inputs, architecture.inputs()), device)?;
    let encoded = apply(architecture.encoder(), &x, &mut tensors)?;
    let mean = encoded.narrow(D::Minus1, 0, latent)?;
    let log_variance = encoded.narrow(D::Minus1, latent, latent)?;
    // The samples of z one below the other, and the inputs repeated as often.
    let repeat = |tensor: &Tensor| Tensor::cat(&vec![tensor; samples], 0);
    let noise = Tensor::from_slice(batch.noise, (samples * inputs, latent), device)?;
    let z = (repeat(&mean)? + (repeat(&(&log_variance * 0.5)?.exp()?)? * noise)?)?;
    let decoded = apply(architecture.decoder(), &z, &mut tensors)?;
    let logits = apply(architecture.classifier(), &z, &mut tensors)?;
    let marginal = match architecture.prior() {
        Prior::StandardNormal => None,
        Prior::LearnedDiagonal => tensors.next().zip(tensors.next()),
    };

    let weights: Vec<T> = batch.weights.iter().map(|&weight| T::from_f64(weight)).collect();
    let weights = Tensor::from_slice(&weights, (inputs, 1), device)?;
    let weighted = |per_pixel: Tensor, weights: &Tensor| per_pixel.broadcast_mul(weights)?.sum_all();
    let rate = weighted(rates(&mean, &log_variance, marginal)?, &weights)?;
    let weights = (repeat(&weights)? / samples as f64)?;
    let distortion = weighted(distortions(&repeat(&x)?, &decoded, architecture.likelihood())?, &weights)?;
    let mut one_hot = vec![T::from_f64(0.0); inputs * architecture.classes()];
    for (row, &label) in one_hot.chunks_mut(architecture.classes()).zip(batch.labels) {
        row[usize::from(label)] = T::from_f64(1.0);
    }
    let one_hot = Tensor::from_slice(&one_hot, (inputs, architecture.classes()), device)?;
    let log_probabilities = (log_softmax(&logits, D::Minus1)? * repeat(&one_hot)?)?;
    let classification = weighted(log_probabilities.neg()?, &weights)?;

    let objective = ((&rate + (&distortion * at.lambda())?)? + (&classification * at.gamma())?)?;
    let gradients = objective.backward()?;
    let mut flat = Vec::new();
    for (place, var) in &variables {
        let missing = || candle_core::Error::Msg(format!("no gradient for {}", place.name));
        flat.extend(numbers::<T>(gradients.get(var).ok_or_else(missing)?)?);
    }
    let value = |tensor: &Tensor| Ok::<f64, candle_core::Error>(numbers::<T>(tensor)?[0]);
    let rdc = Rdc {
        rate: value(&rate)?,
        distortion: value(&distortion)? + architecture.likelihood().constant(architecture.inputs()),
        classification: value(&classification)?,
    };
    Ok((rdc, flat))
}

fn numbers<T: WithDType>(tensor: &Tensor) -> Result<Vec<f64>> {
    Ok(tensor.flatten_all()?.to_vec1::<T>()?.into_iter().map(T::to_f64).collect())
}

/// A list of layers applied to a batch, taking its parameters off the front of `parameters`.
fn apply(layers: &[Layer], x: &Tensor, parameters: &mut impl Iterator<Item = Tensor>) -> Result<Tensor> {
    let mut features = x.clone();
    for layer in layers {
        features = match layer {
            Layer::Linear { .. } => {
                let (Some(weight), Some(bias)) = (parameters.next(), parameters.next()) else {
                    return Err(candle_core::Error::Msg("a layer without parameters".into()));
                };
                features.matmul(&weight.t()?)?.broadcast_add(&bias)?
            }
            Layer::Relu => features.relu()?,
            Layer::Tanh => features.tanh()?,
            Layer::Sigmoid => sigmoid(&features)?,
            Layer::Softplus => softplus(&features)?,
        };
    }
    Ok(features)
}

/// `max(x, 0) + ln(1 + exp(-|x|))`, finite for every x.
fn softplus(x: &Tensor) -> Result<Tensor> {
    x.relu()? + (x.abs()?.neg()?.exp()? + 1.0)?.log()?
}

/// `1/2 ((mean - m)^2 exp(-w) + exp(v - w) - 1 - (v - w))`, shape (n_inputs, latent).
fn rates(mean: &Tensor, v: &Tensor, marginal: Option<(Tensor, Tensor)>) -> Result<Tensor> {
    let (square, excess) = match marginal {
        None => (mean.sqr()?, v.clone()),
        Some((m, w)) => {
            let square = mean.broadcast_sub(&m)?.sqr()?.broadcast_mul(&w.neg()?.exp()?)?;
            (square, v.broadcast_sub(&w)?)
        }
    };
    (square + ((excess.exp()? - 1.0)? - excess)?)? * 0.5
}

/// D without its constant, shape (n_samples * n_inputs, pixels).
fn distortions(x: &Tensor, decoded: &Tensor, likelihood: Likelihood) -> Result<Tensor> {
    match likelihood {
        Likelihood::Gaussian { variance } => (x - decoded)?.sqr()? / (2.0 * variance),
        Likelihood::Bernoulli => softplus(decoded)? - (x * decoded)?,
    }
}
