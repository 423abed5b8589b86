//! A network of one's own in candle, as a system on its surface.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{DType, Device, Var};
use carnot_data::ImageDataset;
use carnot_info::Estimate;
use carnot_surface::{At, Equilibrium, Multipliers, Observables, Rdc, RdcEstimate, SampleKey, System};

use super::network::{self, Losses, Network};
use crate::engine::{check_finite, move_down};
use crate::evaluation::{CHUNK, sample_key};
use crate::limits::check_numbers;
use crate::random::{Purpose, generator, normals_into};
use crate::state::digest_of_layers;
use crate::training::{Progress, Steps, relaxed};
use crate::{Evaluation, LearnedState, ModelError, Parameters, Relaxation};

/// A [`Network`] that is relaxed on a training set and observed on an evaluation set, as a
/// [`LearnedSystem`](crate::LearnedSystem) is. While it is relaxed its variables change: a network is lent to one equilibrium at
/// a time, and what it is left with is whatever came last.
pub struct CandleSystem<N> {
    network: Mutex<N>,
    device: Device,
    /// The digest of the variables' shapes.
    layers: Arc<str>,
    initial: Parameters,
    training: ImageDataset,
    evaluation: ImageDataset,
    evaluation_key: SampleKey,
    relaxation: Relaxation,
    seed: u64,
}

impl<N> fmt::Debug for CandleSystem<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CandleSystem")
            .field("parameters", &self.initial.len())
            .field("device", &self.device.location())
            .field("relaxation", &self.relaxation)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl<N: Network> CandleSystem<N> {
    /// A system that begins with the variables as they are, trains on `training` and observes on `evaluation`.
    ///
    /// # Errors
    ///
    /// [`ModelError::Option`] for a relaxation outside its range, or of several samples of z, which a network draws itself;
    /// [`ModelError::State`] for a network without variables, [`ModelError::Candle`] for variables of another type than `f32`,
    /// [`ModelError::Data`] for a set with fewer than two samples, [`ModelError::Memory`] for a batch that does not fit in
    /// memory.
    pub fn new(
        network: N,
        training: ImageDataset,
        evaluation: ImageDataset,
        relaxation: Relaxation,
        seed: u64,
    ) -> Result<Self, ModelError> {
        relaxation.check()?;
        if relaxation.samples != 1 {
            let value = relaxation.samples as f64;
            return Err(ModelError::Option { option: "samples", requirement: "1", value });
        }
        for (set, data) in [("training", &training), ("evaluation", &evaluation)] {
            if data.len() < 2 {
                let (what, found, requirement, expected) = ("samples", data.len(), "at least", 2);
                return Err(ModelError::Data { set, what, found, requirement, expected });
            }
        }
        let variables = network.variables();
        let Some(first) = variables.first() else {
            return Err(ModelError::State { what: "variables", found: 0, expected: 1 });
        };
        if let Some(other) = variables.iter().find(|variable| variable.dtype() != DType::F32) {
            let found = other.dtype();
            return Err(candle_core::Error::Msg(format!("a variable of type {found:?}, not F32")).into());
        }
        let device = first.device().clone();
        let initial = Parameters::from_values(network::values(&variables)?);
        let (batch, noise) = (relaxation.batch_size, network.noise());
        let numbers = [[initial.len(), 1, 1], [batch, training.shape().n_pixels(), 1], [batch, noise, 1]];
        check_numbers::<f32>("the variables and a batch", &numbers)?;
        check_numbers::<f32>("the noise of an evaluation", &[[CHUNK, noise, 1]])?;
        let shapes: Vec<&[usize]> = variables.iter().map(|variable| variable.dims()).collect();
        let layers = digest_of_layers(&shapes)?;
        let evaluation_key = sample_key(&evaluation, seed);
        let network = Mutex::new(network);
        Ok(Self { network, device, layers, initial, training, evaluation, evaluation_key, relaxation, seed })
    }

    /// The network, with the variables of a state.
    ///
    /// # Errors
    ///
    /// [`ModelError::State`] or [`ModelError::OtherLayers`] for the state of another network.
    pub fn with_variables<R>(&self, state: &LearnedState, f: impl FnOnce(&N) -> R) -> Result<R, ModelError> {
        state.check_model(&self.layers, self.initial.len())?;
        let network = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        network::set(&network.variables(), state.parameters().values())?;
        Ok(f(&network))
    }

    fn start(&self) -> Result<(Parameters, Progress), ModelError> {
        let progress = Progress::new(&self.relaxation, self.initial.len(), &self.training, self.seed)?;
        Ok((self.initial.clone(), progress))
    }

    fn evaluate(&self, network: &N, parameters: &Parameters) -> Result<Evaluation, ModelError> {
        network::set(&network.variables(), parameters.values())?;
        let (mut samples, mut correct, mut noise) = (Vec::new(), Vec::new(), Vec::new());
        let rows: Vec<usize> = (0..self.evaluation.len()).collect();
        for (chunk, rows) in rows.chunks(CHUNK).enumerate() {
            noise.resize(rows.len() * network.noise(), 0.0);
            normals_into(&mut noise, generator(self.seed, Purpose::EvaluationNoise, chunk as u64));
            let Losses { rdc, logits } =
                network::losses(network, &self.device, &self.evaluation, rows, &noise)?;
            let [rate, distortion, classification] =
                rdc.map(|loss| loss.to_dtype(DType::F64)?.to_vec1::<f64>());
            for ((rate, distortion), classification) in
                rate?.into_iter().zip(distortion?).zip(classification?)
            {
                samples.push([rate, distortion, classification]);
            }
            for (logits, &row) in logits.to_vec2::<f32>()?.iter().zip(rows) {
                let label = usize::from(self.evaluation.labels()[row]);
                let others = logits.iter().enumerate().filter(|(class, _)| *class != label);
                let is_largest = others.fold(true, |so_far, (_, logit)| so_far && logits[label] > *logit);
                correct.push(f64::from(u8::from(is_largest)));
            }
        }
        let rdc = RdcEstimate::from_samples(samples, self.evaluation_key)?;
        Ok(Evaluation { rdc, accuracy: Estimate::from_samples(&correct)? })
    }
}

/// A network under training.
struct Lent<'a, N> {
    system: &'a CandleSystem<N>,
    network: &'a N,
    variables: Vec<Var>,
    rows: Vec<usize>,
    noise: Vec<f32>,
    gradient: Vec<f32>,
}

impl<N: Network> Steps for Lent<'_, N> {
    fn step(
        &mut self,
        parameters: &mut Parameters,
        progress: &mut Progress,
        at: Multipliers,
        learning_rate: f64,
    ) -> Result<Rdc, ModelError> {
        let Progress { optimiser, batches } = progress;
        let mut ahead = batches.clone();
        ahead.next_into(&mut self.rows);
        self.noise.resize(self.rows.len() * self.network.noise(), 0.0);
        normals_into(&mut self.noise, generator(self.system.seed, Purpose::TrainingNoise, optimiser.steps()));
        network::set(&self.variables, parameters.values())?;
        let (system, rows) = (self.system, &self.rows);
        let losses = network::losses(self.network, &system.device, &system.training, rows, &self.noise)?;
        let rdc = network::gradient(&losses, &self.variables, at, &mut self.gradient)?;
        check_finite(optimiser.steps(), rdc.objective(at), at)?;
        move_down(parameters.values_mut(), optimiser, &self.gradient, at, learning_rate)?;
        *batches = ahead;
        Ok(rdc)
    }
}

impl<N: Network> System for CandleSystem<N> {
    type Rdc = RdcEstimate;
    type State = LearnedState;
    type Error = ModelError;

    fn equilibrium(&self, at: Multipliers, from: Option<&LearnedState>) -> Result<At<Self>, ModelError> {
        let start = match from {
            Some(state) => {
                state.check_model(&self.layers, self.initial.len())?;
                state.check_training(&self.training, &self.relaxation)?;
                state.start()?
            }
            None => self.start()?,
        };
        // Whoever failed with it left variables that are set anew.
        let network = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        let (rows, noise, gradient) = (Vec::new(), Vec::new(), Vec::new());
        let mut lent =
            Lent { system: self, network: &network, variables: network.variables(), rows, noise, gradient };
        let relaxed = relaxed(&mut lent, &self.relaxation, at, start, from.is_none(), |_| ())?;
        let Evaluation { rdc, accuracy } = self.evaluate(&network, &relaxed.average)?;
        let certificate = relaxed.certificate()?;
        let state = LearnedState::new(Arc::clone(&self.layers), relaxed.average, relaxed.progress, accuracy);
        Ok(Equilibrium { multipliers: at, rdc, state, certificate })
    }
}
