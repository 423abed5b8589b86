//! A training that can be watched, saved, killed and resumed.

use std::path::Path;

use carnot_data::{BatchPosition, Batches, ImageDataset};
use carnot_surface::Rdc;

use crate::checkpoint::Checkpoint;
use crate::engine::Scalar;
use crate::evaluation::{evaluate, sample_key};
use crate::limits::check_batch;
use crate::optimiser::OptimiserState;
use crate::random::{Purpose, seed_for};
use crate::state::Stream;
use crate::system::fits;
use crate::training::{Progress, Steps, Training, average_into};
use crate::{CheckpointError, Evaluation, ModelError, Parameters, Plan};

/// What a step saw.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The step, counted from zero.
    pub step: u64,
    /// Its learning rate.
    pub learning_rate: f64,
    /// R of its batch before it, nats per input.
    pub rate: f64,
    /// D of its batch before it, nats per input, constant included.
    pub distortion: f64,
    /// C of its batch before it, nats per input.
    pub classification: f64,
}

/// A [`Plan`] under way on a training set.
///
/// What a step does depends on the plan, the data and the number of the step alone: its noise is drawn from the seed and that
/// number. So a training resumed from a [`Checkpoint`] ends with the bytes of one that was never interrupted, on the same
/// machine and build, whatever the number of threads.
pub struct Trainer<'a, T = f32> {
    plan: Plan,
    /// The digest of the training set.
    data: String,
    training: Training<'a, T>,
    parameters: Parameters<T>,
    progress: Progress<T>,
    average: Option<Parameters<T>>,
    history: Vec<Record>,
}

impl<'a, T: Scalar> Trainer<'a, T> {
    /// A training before its first step.
    ///
    /// # Errors
    ///
    /// [`ModelError::Option`] for a plan with a number outside its range, [`ModelError::Average`] for one that averages no
    /// step, [`ModelError::Variance`] for a decoder's variance that `T` has no number for, [`ModelError::Memory`] where the
    /// model or a batch does not fit in memory, [`ModelError::Data`] where the data do not fit the model.
    pub fn new(plan: Plan, data: &'a ImageDataset) -> Result<Self, ModelError> {
        plan.check()?;
        check_batch::<T>(&plan.architecture, plan.batch_size, plan.samples)?;
        let parameters = Parameters::initial(&plan.architecture, plan.seed);
        let optimiser = OptimiserState::new(plan.optimiser, parameters.len())?;
        let batches = Batches::new(data.len(), plan.batch_size, seed_for(plan.seed, Purpose::Batches))?;
        Self::with(plan, data, parameters, Progress { optimiser, batches })
    }

    fn with(
        plan: Plan,
        data: &'a ImageDataset,
        parameters: Parameters<T>,
        progress: Progress<T>,
    ) -> Result<Self, ModelError> {
        fits(&plan.architecture, "training", data)?;
        let batch = (plan.batch_size, plan.samples);
        let training = Training::new(&plan.architecture, data, plan.seed, batch)?;
        let data = data.digest();
        Ok(Self { plan, data, training, parameters, progress, average: None, history: Vec::new() })
    }

    /// A training from where it was saved.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Data`] unless the data are those that it was saved with, [`CheckpointError::Position`] where a step
    /// has drawn more than one batch, or none.
    pub fn resume(checkpoint: Checkpoint<T>, data: &'a ImageDataset) -> Result<Self, ModelError> {
        let Checkpoint { plan, data: of_data, parameters, optimiser, average, position, history } =
            checkpoint;
        let found = data.digest();
        if found != of_data {
            return Err(CheckpointError::Data { expected: of_data, found }.into());
        }
        let (steps, seed) = (optimiser.steps(), seed_for(plan.seed, Purpose::Batches));
        let batches = Stream { seed, n_samples: data.len(), batch_size: plan.batch_size }.after(steps)?;
        if batches.position() != position {
            let BatchPosition { epoch, offset, .. } = position;
            return Err(CheckpointError::Position { steps, epoch, offset }.into());
        }
        let trainer = Self::with(plan, data, parameters, Progress { optimiser, batches })?;
        Ok(Self { average, history, ..trainer })
    }

    /// The training that was saved at `path`, or one that begins where there is no such file.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] for a file that is none of this plan and data, whatever else as of [`new`](Self::new).
    pub fn continued(plan: Plan, data: &'a ImageDataset, path: &Path) -> Result<Self, ModelError> {
        if !path.try_exists().map_err(|source| CheckpointError::read(path, source))? {
            return Self::new(plan, data);
        }
        let checkpoint = Checkpoint::read(path)?;
        match plan.difference(checkpoint.plan()) {
            Some(part) => Err(CheckpointError::Plan { part }.into()),
            None => Self::resume(checkpoint, data),
        }
    }

    /// One step; what its batch was before it. `None` once the schedule is over.
    ///
    /// # Errors
    ///
    /// [`ModelError::Diverged`] where the objective or a gradient that is to be clipped is not finite: the training is then
    /// as before the step.
    pub fn step(&mut self) -> Result<Option<Rdc>, ModelError> {
        let step = self.steps();
        if self.is_done() {
            return Ok(None);
        }
        let learning_rate = self.plan.schedule.rate(step);
        let Self { training, parameters, progress, plan, .. } = self;
        let rdc = training.step(parameters, progress, plan.at, learning_rate)?;
        if let Some(count) =
            self.plan.averaged_from.and_then(|from| (step + 1).checked_sub(from)).filter(|n| *n > 0)
        {
            let average = self.average.get_or_insert_with(|| self.parameters.clone());
            average_into(average, &self.parameters, count);
        }
        if step.is_multiple_of(self.plan.record_every) {
            let Rdc { rate, distortion, classification } = rdc;
            self.history.push(Record { step, learning_rate, rate, distortion, classification });
        }
        Ok(Some(rdc))
    }

    /// All steps that are left, with a checkpoint written to `path` after every `every` of them and after the last.
    ///
    /// A checkpoint is written only once the step after it has found a finite objective, the last once its parameters are
    /// finite: of a training that diverges the file holds the last good one.
    ///
    /// # Errors
    ///
    /// As of [`step`](Self::step), [`ModelError::Option`] if `every` is zero, and [`CheckpointError`] where a file cannot be
    /// written.
    pub fn run(&mut self, path: &Path, every: u64) -> Result<(), ModelError> {
        if every == 0 {
            return Err(ModelError::Option {
                option: "steps between checkpoints",
                requirement: "at least 1",
                value: 0.0,
            });
        }
        while !self.is_done() {
            let steps = self.steps();
            let saved = (steps > 0 && steps.is_multiple_of(every)).then(|| self.checkpoint());
            self.step()?;
            if let Some(saved) = saved {
                saved.write(path)?;
            }
        }
        self.check_finite()?;
        self.checkpoint().write(path)?;
        Ok(())
    }

    /// The last step can leave what no further step would find.
    fn check_finite(&self) -> Result<(), ModelError> {
        let parts = [Some(&self.parameters), self.average.as_ref()];
        let mut values = parts.into_iter().flatten().flat_map(|parameters| parameters.values());
        match values.find(|value| !value.to_f64().is_finite()) {
            Some(value) => {
                let (step, objective) = (self.steps(), value.to_f64());
                Err(ModelError::Diverged { step, objective, at: self.plan.at })
            }
            None => Ok(()),
        }
    }

    /// R, D, C and accuracy of the [averaged](Self::averaged) model on a data set, with noise drawn from the plan's seed.
    ///
    /// # Errors
    ///
    /// [`ModelError::Data`] where the set does not fit.
    pub fn evaluate(&self, data: &ImageDataset) -> Result<Evaluation, ModelError> {
        let Plan { architecture, seed, .. } = &self.plan;
        fits(architecture, "evaluation", data)?;
        evaluate(architecture, self.averaged(), data, sample_key(data, *seed), *seed)
    }

    /// Everything that the rest of the training depends on, but for the data themselves.
    pub fn checkpoint(&self) -> Checkpoint<T> {
        Checkpoint {
            plan: self.plan.clone(),
            data: self.data.clone(),
            parameters: self.parameters.clone(),
            optimiser: self.progress.optimiser.clone(),
            average: self.average.clone(),
            position: self.progress.batches.position(),
            history: self.history.clone(),
        }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.progress.optimiser.steps()
    }

    /// Whether the schedule is over.
    pub fn is_done(&self) -> bool {
        self.steps() >= self.plan.schedule.steps()
    }

    /// The parameters as the last step left them.
    pub fn parameters(&self) -> &Parameters<T> {
        &self.parameters
    }

    /// The average of the parameters, as far as the plan has one and it has begun; else those of the last step.
    pub fn averaged(&self) -> &Parameters<T> {
        self.average.as_ref().unwrap_or(&self.parameters)
    }

    /// What was recorded.
    pub fn history(&self) -> &[Record] {
        &self.history
    }
}

impl<T: Scalar> std::fmt::Debug for Trainer<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trainer")
            .field("plan", &self.plan)
            .field("steps", &self.steps())
            .finish_non_exhaustive()
    }
}
