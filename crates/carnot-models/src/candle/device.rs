//! Devices by name.

use std::fmt;

use candle_core::Device;

use crate::ModelError;

/// What computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Processor {
    /// The CPU.
    #[default]
    Cpu,
    /// The CUDA device of this number.
    Cuda(usize),
}

impl fmt::Display for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("the CPU"),
            Self::Cuda(number) => write!(f, "the CUDA device {number}"),
        }
    }
}

/// The device for tensors.
///
/// # Errors
///
/// [`ModelError::Device`] for a device that is not there, and for every CUDA device where the feature `cuda` is off.
pub fn device(processor: Processor) -> Result<Device, ModelError> {
    match processor {
        Processor::Cpu => Ok(Device::Cpu),
        Processor::Cuda(number) => Device::new_cuda(number)
            .map_err(|source| ModelError::Device { processor, source: Box::new(source) }),
    }
}
