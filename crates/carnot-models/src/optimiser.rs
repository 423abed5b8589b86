//! Adam, in place.

use std::sync::Mutex;

use candle_core::{CpuStorage, InplaceOp1, Layout, Tensor};
use rayon::prelude::*;

use crate::ModelError;
use crate::candle::with_values;

/// First and second moments of the gradient, with the number of steps behind them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
    steps: u64,
}

/// Adam's decay rates and the term that keeps its denominator from zero (Kingma and Ba, 2015, algorithm 1).
const DECAY: (f32, f32) = (0.9, 0.999);
const EPSILON: f32 = 1e-8;

/// Numbers updated by one task: a matter of speed, since every number is updated by itself.
const CHUNK: usize = 1 << 13;

impl Moments {
    pub(crate) fn zeros(parameters: usize) -> Self {
        Self { first: vec![0.0; parameters], second: vec![0.0; parameters], steps: 0 }
    }

    pub(crate) fn begin_step(&mut self) {
        self.steps += 1;
    }

    /// One step of Adam on the parameter that fills `range` of the flat vector, along the sum of `gradients`.
    pub(crate) fn update(
        &mut self,
        range: std::ops::Range<usize>,
        parameter: &Tensor,
        gradients: &[Tensor],
        learning_rate: f64,
    ) -> Result<(), ModelError> {
        // The bias corrections are folded into the step and into epsilon.
        let steps = self.steps.min(i32::MAX as u64) as i32;
        let first = 1.0 - f64::from(DECAY.0).powi(steps);
        let second = (1.0 - f64::from(DECAY.1).powi(steps)).sqrt();
        let step = AdamStep {
            moments: Mutex::new((&mut self.first[range.clone()], &mut self.second[range])),
            gradients,
            rate: (learning_rate * second / first) as f32,
            epsilon: EPSILON * second as f32,
        };
        Ok(parameter.inplace_op1(&step)?)
    }
}

/// The update as candle's in-place operation: candle alone may write to the storage of its tensors.
struct AdamStep<'a> {
    moments: Mutex<(&'a mut [f32], &'a mut [f32])>,
    gradients: &'a [Tensor],
    rate: f32,
    epsilon: f32,
}

impl AdamStep<'_> {
    /// Updates one chunk of numbers; `sum` is their gradient.
    fn apply(&self, parameter: &mut [f32], sum: &[f32], first: &mut [f32], second: &mut [f32]) {
        for (((parameter, &gradient), first), second) in parameter.iter_mut().zip(sum).zip(first).zip(second)
        {
            *first = DECAY.0 * *first + (1.0 - DECAY.0) * gradient;
            *second = DECAY.1 * *second + (1.0 - DECAY.1) * gradient * gradient;
            *parameter -= self.rate * *first / (second.sqrt() + self.epsilon);
        }
    }
}

impl InplaceOp1 for AdamStep<'_> {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn cpu_fwd(&self, parameter: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let CpuStorage::F32(parameter) = parameter else {
            candle_core::bail!("adam: parameters must be f32")
        };
        let Some((start, end)) = layout.contiguous_offsets() else {
            candle_core::bail!("adam: parameters must be contiguous")
        };
        let Ok(mut moments) = self.moments.lock() else { candle_core::bail!("adam: poisoned moments") };
        let (first, second) = &mut *moments;
        parameter[start..end]
            .par_chunks_mut(CHUNK)
            .zip(first.par_chunks_mut(CHUNK))
            .zip(second.par_chunks_mut(CHUNK))
            .enumerate()
            .try_for_each(|(chunk, ((parameter, first), second))| {
                let mut sum = [0.0; CHUNK];
                let sum = &mut sum[..parameter.len()];
                for gradient in self.gradients {
                    let from = chunk * CHUNK;
                    with_values(gradient, |gradient| {
                        for (sum, value) in sum.iter_mut().zip(&gradient[from..]) {
                            *sum += value;
                        }
                    })
                    .map_err(candle_core::Error::wrap)?;
                }
                self.apply(parameter, sum, first, second);
                Ok(())
            })
    }
}
