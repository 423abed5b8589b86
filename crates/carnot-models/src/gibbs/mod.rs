//! A network whose decoder and classifier are held fixed: a Gibbs system, whose best encoder is known but for its
//! normalisation.

mod moments;
#[cfg(test)]
mod tests;

use carnot_data::ImageDataset;
use carnot_info::samples::{effective_sample_size, log_evidences};
use carnot_info::{Estimate, InfoError};
use carnot_surface::{Multipliers, Response, Sidedness};
use ndarray::{ArrayView1, Axis};

use crate::engine::{Batch, Draw, Engine, Scalar};
use crate::limits::check_numbers;
use crate::random::{Purpose, generator, normals_into};
use crate::system::fits;
use crate::{Architecture, ModelError, Parameters};
use moments::Moments;

/// How the Gibbs ensemble of a frozen network is sampled: by self-normalised importance weights, the network's own encoder
/// being the proposal.
///
/// With marginal, decoder and classifier held fixed and any encoder allowed, the best one at lambda and gamma is
///
/// ```text
/// e*(z|x) = m(z) exp(-lambda D(x, z) - gamma C(x, z)) / Z_x        F = -E_x ln Z_x
/// D(x, z) = -ln d(x|z)      C(x, z) = -ln c(y|z)
/// ```
///
/// and F's second derivatives are `S = -E_x Cov_e*(D, C)`. For each input k samples of the network's encoder `e(z|x)` get
/// the weights `w = m(z) exp(-lambda D - gamma C) / e(z|x)`. That is as good as e is near to e*: the effective sample size
/// says so, and where it is a few draws out of many the estimates mean nothing, whatever their standard errors.
///
/// The multipliers need not be those that the network was trained at. The noise depends on the seed alone: estimates at
/// two multipliers, or of two networks of as many latent dimensions on one data set, share it, and more samples begin with
/// the same ones. At fixed noise the response is the derivative of the mean losses, exactly.
///
/// ```
/// use carnot_data::synthetic;
/// use carnot_models::{Architecture, GibbsSampling, Likelihood, Parameters};
/// use carnot_surface::Multipliers;
///
/// let digits = synthetic::digits(20, 1)?.coarsened(4)?;
/// let model = Architecture::fully_connected(49, &[8], 2, 10, Likelihood::Bernoulli)?;
/// let parameters = Parameters::<f64>::initial(&model, 1);
/// let sampling = GibbsSampling { samples: 64, ..GibbsSampling::default() };
/// let found = sampling.estimate(&model, &parameters, &digits, Multipliers::new(1.0, 2.0)?)?;
/// assert!(found.effective_sample_size.least >= 1.0);
/// assert!(found.response.distortion_lambda.mean() < 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GibbsSampling {
    /// Samples of z for each input, at least 2. Default 256.
    pub samples: usize,
    /// What they are drawn from. Default 0.
    pub seed: u64,
}

impl Default for GibbsSampling {
    /// 256 samples from seed 0.
    fn default() -> Self {
        Self { samples: 256, seed: 0 }
    }
}

/// What the importance weights say of a frozen network, in nats, as means over the inputs with standard errors over the
/// inputs: both the inputs and the draws of z are in them, but no bias is.
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct GibbsEstimate {
    /// `-ln (1/k) sum w`, an estimate of F.
    ///
    /// **Bias: upwards**, by about `Var(w) / 2k` in weights relative to their mean: in expectation it bounds F from above, and
    /// it does not rise with k. At k = 1 it would be `R + lambda D + gamma C` of the network's own encoder.
    pub free_energy: Estimate,
    /// `dF/dlambda`, the mean of D under the best encoder. **Bias:** of order `1/k^2`, since the one of first order is taken
    /// out by a jackknife over the draws.
    pub distortion: Estimate,
    /// `dF/dgamma`, the mean of C; bias as of the distortion.
    pub classification: Estimate,
    /// `S = -E_x Cov(D, C)` under the best encoder; bias as of the distortion.
    ///
    /// It is the response of the encoder alone. Where decoder and classifier learn too, they follow, and at a minimum of F
    /// that adds a negative part.
    pub response: Response<Estimate>,
    /// How many draws of z the estimates rest on.
    pub effective_sample_size: EffectiveSampleSize,
}

/// `(sum w)^2 / sum w^2` of the draws of an input, between 1 and their number.
///
/// It is estimated from the draws themselves: a region that the network's encoder never came to is not in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EffectiveSampleSize {
    /// The mean over the inputs.
    pub mean: f64,
    /// The least of any input.
    pub least: f64,
}

/// Inputs looked at in one go, and samples of z of each in one pass: bounds the memory, and lets the encoder's pass serve
/// for several samples. The noise belongs to a pass, so that these are part of what a seed means.
const INPUTS: usize = 128;
const PASS: usize = 4;

impl GibbsSampling {
    /// Free energy, losses and response of the frozen network with these parameters on every sample of `data`.
    ///
    /// # Errors
    ///
    /// [`ModelError::Option`] for fewer than two samples, [`ModelError::Data`] where the set does not fit the model,
    /// [`ModelError::State`] where the parameters are another model's, [`ModelError::Memory`] for more samples than memory
    /// holds, [`ModelError::Estimate`] where a weight, named by its input and draw, or a loss is not finite.
    pub fn estimate<T: Scalar>(
        &self,
        architecture: &Architecture,
        parameters: &Parameters<T>,
        data: &ImageDataset,
        at: Multipliers,
    ) -> Result<GibbsEstimate, ModelError> {
        if self.samples < 2 {
            let (option, requirement) = ("samples", "at least 2");
            return Err(ModelError::Option { option, requirement, value: self.samples as f64 });
        }
        fits(architecture, "evaluation", data)?;
        let mut seen = Seen::default();
        let rows: Vec<usize> = (0..data.len()).collect();
        let mut chunk = Chunk::new(INPUTS.min(data.len()), self.samples)?;
        let mut engine: Option<Engine<T>> = None;
        let mut noise = Vec::new();
        for (number, rows) in rows.chunks(INPUTS).enumerate() {
            // The last chunk may be a shorter one.
            let mut fitting = match engine.take() {
                Some(engine) if engine.n_inputs() == rows.len() => engine,
                _ => Engine::new(architecture, rows.len(), PASS)?,
            };
            noise.resize(rows.len() * PASS * architecture.latent(), T::ZERO);
            for pass in 0..self.samples.div_ceil(PASS) {
                let index = ((number as u64) << 32) | pass as u64;
                normals_into(&mut noise, generator(self.seed, Purpose::GibbsNoise, index));
                fitting.forward(parameters.values(), &Batch::of_images(data, rows, &noise))?;
                chunk.keep(fitting.draws(parameters.values()), rows.len(), pass * PASS, at);
            }
            seen.add(&chunk, rows.len())?;
            engine = Some(fitting);
        }
        seen.estimate()
    }
}

/// The draws of a chunk of inputs, one input after another.
struct Chunk {
    samples: usize,
    log_weights: Vec<f64>,
    distortions: Vec<f64>,
    classifications: Vec<f64>,
}

impl Chunk {
    fn new(inputs: usize, samples: usize) -> Result<Self, ModelError> {
        check_numbers::<f64>("the draws of a chunk of inputs", &[[3, inputs, samples]])?;
        let [log_weights, distortions, classifications] = [(); 3].map(|()| vec![0.0; inputs * samples]);
        Ok(Self { samples, log_weights, distortions, classifications })
    }

    /// Keeps a pass of draws of so many inputs, the first of which is number `first` of its input; a last pass may have more
    /// than are wanted.
    fn keep(&mut self, draws: impl Iterator<Item = Draw>, inputs: usize, first: usize, at: Multipliers) {
        let wanted = (self.samples - first).saturating_mul(inputs);
        for (column, draw) in draws.take(wanted).enumerate() {
            let place = column % inputs * self.samples + first + column / inputs;
            self.log_weights[place] =
                draw.log_ratio - at.lambda() * draw.distortion - at.gamma() * draw.classification;
            self.distortions[place] = draw.distortion;
            self.classifications[place] = draw.classification;
        }
    }
}

/// What is known of every input so far.
#[derive(Default)]
struct Seen {
    free_energies: Vec<f64>,
    sizes: Vec<f64>,
    moments: Vec<Moments>,
}

impl Seen {
    /// Adds the first `inputs` of a chunk.
    fn add(&mut self, chunk: &Chunk, inputs: usize) -> Result<(), InfoError> {
        let [log_weights, distortions, classifications] =
            [&chunk.log_weights, &chunk.distortions, &chunk.classifications]
                .map(|values| values.chunks_exact(chunk.samples));
        let losses = distortions.zip(classifications);
        for (log_weights, (distortions, classifications)) in log_weights.zip(losses).take(inputs) {
            let input = self.moments.len();
            self.add_input(log_weights, distortions, classifications)
                .map_err(|error| in_row(error, input))?;
        }
        Ok(())
    }

    fn add_input(
        &mut self,
        log_weights: &[f64],
        distortions: &[f64],
        classifications: &[f64],
    ) -> Result<(), InfoError> {
        let evidences = log_evidences(ArrayView1::from(log_weights).insert_axis(Axis(0)))?;
        self.free_energies.extend(evidences.iter().map(|evidence| -evidence));
        self.sizes.push(effective_sample_size(log_weights)?);
        self.moments.push(Moments::new(log_weights, distortions, classifications)?);
        Ok(())
    }

    fn estimate(&self) -> Result<GibbsEstimate, ModelError> {
        let mean = |of: fn(&Moments) -> f64| -> Result<Estimate, ModelError> {
            let values: Vec<f64> = self.moments.iter().map(of).collect();
            Ok(Estimate::from_samples(&values)?)
        };
        Ok(GibbsEstimate {
            free_energy: Estimate::from_samples(&self.free_energies)?,
            distortion: mean(|m| m.distortion)?,
            classification: mean(|m| m.classification)?,
            response: Response {
                distortion_lambda: mean(|m| -m.distortion_variance)?,
                cross: mean(|m| -m.covariance)?,
                classification_gamma: mean(|m| -m.classification_variance)?,
                sidedness: Sidedness::TwoSided,
            },
            effective_sample_size: EffectiveSampleSize {
                mean: self.sizes.iter().sum::<f64>() / self.sizes.len() as f64,
                least: self.sizes.iter().copied().fold(f64::INFINITY, f64::min),
            },
        })
    }
}

/// The same error of the weights of one input, said of its row among all.
fn in_row(error: InfoError, row: usize) -> InfoError {
    match error {
        InfoError::InvalidLogWeight { column, value, .. } => {
            InfoError::InvalidLogWeight { row, column, value }
        }
        InfoError::ZeroWeights { .. } => InfoError::ZeroWeights { row },
        other => other,
    }
}
