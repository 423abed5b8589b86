//! What a network of one's own has to say, and its variables as one flat vector.

use candle_core::{D, DType, Device, Result, Tensor, Var};
use candle_nn::ops::log_softmax;
use carnot_data::ImageDataset;
use carnot_surface::{Multipliers, Rdc};

use crate::ModelError;

/// What a network sees of a batch, on its device.
#[derive(Debug, Clone)]
pub struct Seen {
    /// R of each input in nats, a bound on it as `KL(e(z|x) || m(z))`: shape (n_inputs).
    pub rate: Tensor,
    /// D of each input in nats, with or without its constant: shape (n_inputs).
    pub distortion: Tensor,
    /// The logits of the classes; C is `-ln` of the label's softmax: shape (n_inputs, classes).
    pub logits: Tensor,
}

/// A representation in candle: an encoder, a decoder and a classifier.
///
/// The objective is differentiated by candle. Some of its operations have no gradient and say nothing (fused softmax and
/// layer norms among them): a variable that gets none is an error here.
pub trait Network: Send {
    /// All variables, of type `f32`, always in the same order.
    fn variables(&self) -> Vec<Var>;

    /// How many standard normal numbers an input needs: the dimensions of z, usually.
    fn noise(&self) -> usize;

    /// What it sees of inputs of shape (n_inputs, pixels), scaled to [0, 1], with `noise` of shape (n_inputs, noise). The
    /// same for the same variables, inputs and noise.
    ///
    /// # Errors
    ///
    /// candle's.
    fn see(&self, inputs: &Tensor, noise: &Tensor) -> Result<Seen>;
}

/// R, D and C of every input of a batch, shape (n_inputs), and the logits.
pub(super) struct Losses {
    pub(super) rdc: [Tensor; 3],
    pub(super) logits: Tensor,
}

/// The losses of some rows of a data set.
pub(super) fn losses(
    network: &impl Network,
    device: &Device,
    data: &ImageDataset,
    rows: &[usize],
    noise: &[f32],
) -> std::result::Result<Losses, ModelError> {
    let (pixels, n_inputs) = (data.shape().n_pixels(), rows.len());
    let mut inputs = vec![0.0; n_inputs * pixels];
    data.pixels_f32_into(rows, &mut inputs)?;
    let inputs = Tensor::from_vec(inputs, (n_inputs, pixels), device)?;
    let noise = Tensor::from_slice(noise, (n_inputs, network.noise()), device)?;
    let Seen { rate, distortion, logits } = network.see(&inputs, &noise)?;
    let shapes = [
        ("rates", rate.dims1()?),
        ("distortions", distortion.dims1()?),
        ("rows of logits", logits.dims2()?.0),
    ];
    for (what, found) in shapes {
        if found != n_inputs {
            return Err(ModelError::Batch { what, found, expected: n_inputs });
        }
    }
    let (classes, labels) = (logits.dims2()?.1, data.labels());
    if data.n_classes() > classes {
        let (found, requirement, set) = (data.n_classes(), "at most", "training or evaluation");
        return Err(ModelError::Data { set, what: "classes", found, requirement, expected: classes });
    }
    let mut one_hot = vec![0.0f32; n_inputs * classes];
    for (of_input, &row) in one_hot.chunks_mut(classes).zip(rows) {
        of_input[usize::from(labels[row])] = 1.0;
    }
    let one_hot = Tensor::from_vec(one_hot, (n_inputs, classes), device)?;
    let classification = (log_softmax(&logits, D::Minus1)? * one_hot)?.sum(D::Minus1)?.neg()?;
    Ok(Losses { rdc: [rate, distortion, classification], logits })
}

/// The mean of each loss, and the gradient of `R + lambda D + gamma C` by every variable, one after another.
pub(super) fn gradient(
    losses: &Losses,
    variables: &[Var],
    at: Multipliers,
    flat: &mut Vec<f32>,
) -> std::result::Result<Rdc, ModelError> {
    let [rate, distortion, classification] = losses.rdc.each_ref().map(|loss| loss.mean_all());
    let (rate, distortion, classification) = (rate?, distortion?, classification?);
    let objective = ((&rate + (&distortion * at.lambda())?)? + (&classification * at.gamma())?)?;
    let gradients = objective.backward()?;
    flat.clear();
    for (index, variable) in variables.iter().enumerate() {
        let gradient = gradients.get(variable).ok_or(ModelError::NoGradient { index })?;
        flat.extend(gradient.flatten_all()?.to_vec1::<f32>()?);
    }
    let value = |tensor: Tensor| tensor.to_dtype(DType::F64)?.to_scalar::<f64>();
    Ok(Rdc { rate: value(rate)?, distortion: value(distortion)?, classification: value(classification)? })
}

/// All variables' values, one after another.
pub(super) fn values(variables: &[Var]) -> Result<Vec<f32>> {
    let mut flat = Vec::new();
    for variable in variables {
        flat.extend(variable.flatten_all()?.to_vec1::<f32>()?);
    }
    Ok(flat)
}

/// Sets all variables, whose values must be as many.
pub(super) fn set(variables: &[Var], mut flat: &[f32]) -> std::result::Result<(), ModelError> {
    check_count(variables.iter().map(|variable| variable.elem_count()).sum(), flat.len())?;
    for variable in variables {
        let (values, rest) = flat.split_at(variable.elem_count());
        variable.set(&Tensor::from_slice(values, variable.shape(), variable.device())?)?;
        flat = rest;
    }
    Ok(())
}

/// Refuses variables of another size than at first.
fn check_count(found: usize, expected: usize) -> std::result::Result<(), ModelError> {
    if found == expected {
        Ok(())
    } else {
        Err(ModelError::State { what: "values of variables", found, expected })
    }
}
