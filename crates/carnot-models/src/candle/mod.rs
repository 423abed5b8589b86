//! Networks in candle: a network of your own as a system on its surface, and this crate's layers interpreted by candle.
//!
//! [`CandleSystem`] trains whatever implements [`Network`]: it says R and D of every input and the logits of its label, with
//! candle's operations, on whatever device its variables are. Everything else is as of [`LearnedSystem`](crate::LearnedSystem):
//! relaxation, evaluation with common noise, paired changes. Every random number is drawn here, from the seed, and none by candle,
//! whose generators cannot be seeded on a CPU.
//!
//! ```
//! use candle_core::{D, DType, Device, Result, Tensor, Var};
//! use carnot_models::candle::{CandleSystem, Network, Seen};
//!
//! /// Two numbers of the image as means, a variance of one; the decoder and the classifier are linear.
//! struct Linear([Var; 3]);
//!
//! impl Network for Linear {
//!     fn variables(&self) -> Vec<Var> {
//!         self.0.to_vec()
//!     }
//!
//!     fn noise(&self) -> usize {
//!         2
//!     }
//!
//!     fn see(&self, inputs: &Tensor, noise: &Tensor) -> Result<Seen> {
//!         let [encoder, decoder, classifier] = &self.0;
//!         let mean = inputs.matmul(encoder)?;
//!         let z = (&mean + noise)?;
//!         let error = (z.matmul(decoder)? - inputs)?.sqr()?.sum(D::Minus1)?;
//!         Ok(Seen { rate: (mean.sqr()?.sum(D::Minus1)? * 0.5)?, distortion: error, logits: z.matmul(classifier)? })
//!     }
//! }
//! # use carnot_data::synthetic;
//! # use carnot_models::Relaxation;
//! # use carnot_surface::{Multipliers, Observables, System};
//! let small = |rows, columns| Var::from_tensor(&(Tensor::ones((rows, columns), DType::F32, &Device::Cpu)? * 0.01)?);
//! let network = Linear([small(784, 2)?, small(2, 784)?, small(2, 10)?]);
//! let digits = synthetic::digits(60, 1)?;
//! let relaxation = Relaxation { initial_steps: 5, steps: 10, batch_size: 20, ..Relaxation::default() };
//! let system = CandleSystem::new(network, digits.clone(), digits, relaxation, 7)?;
//! let found = system.equilibrium(Multipliers::new(1.0, 1.0)?, None)?;
//! assert!(found.rdc.rate().mean() > 0.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod device;
mod network;
mod reference;
mod system;
#[cfg(test)]
mod tests;

pub use device::{Processor, device};
pub use network::{Network, Seen};
pub use reference::{Rows, gradient};
pub use system::CandleSystem;
