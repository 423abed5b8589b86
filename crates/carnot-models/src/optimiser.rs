//! Adam, in place.

use std::sync::Mutex;

use candle_core::{CpuStorage, InplaceOp2, Layout, Tensor};
use rayon::prelude::*;

use crate::ModelError;

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
const CHUNK: usize = 1 << 14;

impl Moments {
    pub(crate) fn zeros(parameters: usize) -> Self {
        Self { first: vec![0.0; parameters], second: vec![0.0; parameters], steps: 0 }
    }

    pub(crate) fn begin_step(&mut self) {
        self.steps += 1;
    }

    /// One step of Adam on the parameter that fills `range` of the flat vector.
    pub(crate) fn update(
        &mut self,
        range: std::ops::Range<usize>,
        parameter: &Tensor,
        gradient: &Tensor,
        learning_rate: f64,
    ) -> Result<(), ModelError> {
        // The bias corrections are folded into the step and into epsilon.
        let steps = self.steps.min(i32::MAX as u64) as i32;
        let first = 1.0 - f64::from(DECAY.0).powi(steps);
        let second = (1.0 - f64::from(DECAY.1).powi(steps)).sqrt();
        let step = AdamStep {
            moments: Mutex::new((&mut self.first[range.clone()], &mut self.second[range])),
            rate: (learning_rate * second / first) as f32,
            epsilon: EPSILON * second as f32,
        };
        Ok(parameter.inplace_op2(&gradient.contiguous()?, &step)?)
    }
}

/// The update as candle's in-place operation: candle alone may write to the storage of its tensors.
struct AdamStep<'a> {
    moments: Mutex<(&'a mut [f32], &'a mut [f32])>,
    rate: f32,
    epsilon: f32,
}

impl InplaceOp2 for AdamStep<'_> {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn cpu_fwd(
        &self,
        parameter: &mut CpuStorage,
        parameter_layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> candle_core::Result<()> {
        let (CpuStorage::F32(parameter), CpuStorage::F32(gradient)) = (parameter, gradient) else {
            candle_core::bail!("adam: parameters and gradients must be f32")
        };
        let (Some((start, end)), Some((gradient_start, gradient_end))) =
            (parameter_layout.contiguous_offsets(), gradient_layout.contiguous_offsets())
        else {
            candle_core::bail!("adam: parameters and gradients must be contiguous")
        };
        let Ok(mut moments) = self.moments.lock() else { candle_core::bail!("adam: poisoned moments") };
        let (first, second) = &mut *moments;
        parameter[start..end]
            .par_chunks_mut(CHUNK)
            .zip(gradient[gradient_start..gradient_end].par_chunks(CHUNK))
            .zip(first.par_chunks_mut(CHUNK))
            .zip(second.par_chunks_mut(CHUNK))
            .for_each(|(((parameter, gradient), first), second)| {
                let numbers = parameter.iter_mut().zip(gradient).zip(first).zip(second);
                for (((parameter, &gradient), first), second) in numbers {
                    *first = DECAY.0 * *first + (1.0 - DECAY.0) * gradient;
                    *second = DECAY.1 * *second + (1.0 - DECAY.1) * gradient * gradient;
                    *parameter -= self.rate * *first / (second.sqrt() + self.epsilon);
                }
            });
        Ok(())
    }
}
