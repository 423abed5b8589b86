//! A network trained to equilibrium, as a system on its surface.

use std::fmt;
use std::sync::Arc;

use carnot_data::ImageDataset;
use carnot_surface::{At, Equilibrium, Multipliers, RdcEstimate, SampleKey, System};

use crate::evaluation::{evaluate, sample_key};
use crate::limits::check_batch;
use crate::prediction::{Model, PredictedResponse, Prediction};
use crate::state::digest_of_layers;
use crate::training::{Progress, Training, relaxed};
use crate::{Architecture, Evaluation, LearnedState, ModelError, Parameters, Relaxation};

/// An encoder, decoder and classifier that are relaxed on a training set and observed on an evaluation set.
///
/// `equilibrium` trains with R + lambda D + gamma C as the objective; R, D and C are then measured on every sample of
/// the evaluation set with one latent sample each, whose noise is the same in every evaluation: changes between
/// equilibria are paired. The evaluation set is what a process steers by, so it must not be the test set. Training
/// minimises the objective of the training set: on the evaluation set R + lambda D + gamma C is near its minimum, not at
/// it, and the exact relations between F and its derivatives hold up to that.
///
/// Every random number follows from the seed, and the noise of step n from n alone: the same seed gives the same
/// equilibria.
pub struct LearnedSystem {
    architecture: Architecture,
    /// The digest of its layers.
    layers: Arc<str>,
    training: ImageDataset,
    evaluation: ImageDataset,
    evaluation_key: SampleKey,
    relaxation: Relaxation,
    seed: u64,
    on_step: Option<Box<dyn Fn(u64) + Send + Sync>>,
}

impl fmt::Debug for LearnedSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LearnedSystem")
            .field("architecture", &self.architecture)
            .field("training", &self.training.len())
            .field("evaluation", &self.evaluation.len())
            .field("relaxation", &self.relaxation)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl LearnedSystem {
    /// A system that trains on `training` and observes on `evaluation`.
    ///
    /// # Errors
    ///
    /// [`ModelError::Data`] where a set's pixels or classes do not fit the architecture or there are too few samples;
    /// [`ModelError::Option`] for a schedule outside its range; [`ModelError::Variance`] for a decoder's variance that `f32`
    /// has no number for; [`ModelError::Memory`] for a model or a batch that does not fit in memory.
    pub fn new(
        architecture: Architecture,
        training: ImageDataset,
        evaluation: ImageDataset,
        relaxation: Relaxation,
        seed: u64,
    ) -> Result<Self, ModelError> {
        relaxation.check()?;
        architecture.likelihood().check::<f32>()?;
        fits(&architecture, "training", &training)?;
        fits(&architecture, "evaluation", &evaluation)?;
        check_batch::<f32>(&architecture, relaxation.batch_size, relaxation.samples)?;
        let layers = digest_of_layers(&(architecture.networks(), architecture.prior()))?;
        let evaluation_key = sample_key(&evaluation, seed);
        Ok(Self {
            architecture,
            layers,
            training,
            evaluation,
            evaluation_key,
            relaxation,
            seed,
            on_step: None,
        })
    }

    /// Calls `on_step` after every step of the optimiser with the number of steps that the model has had.
    #[must_use]
    pub fn on_step(mut self, on_step: impl Fn(u64) + Send + Sync + 'static) -> Self {
        self.on_step = Some(Box::new(on_step));
        self
    }

    /// The networks.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The schedule of training.
    pub fn relaxation(&self) -> Relaxation {
        self.relaxation
    }

    /// R, D, C and accuracy of a state on any data set that fits, for instance a test set.
    ///
    /// # Errors
    ///
    /// [`ModelError::Data`] where the set does not fit, [`ModelError::State`] or [`ModelError::OtherLayers`] where the state is
    /// another model's.
    pub fn evaluate(&self, state: &LearnedState, data: &ImageDataset) -> Result<Evaluation, ModelError> {
        fits(&self.architecture, "evaluation", data)?;
        self.check_model(state)?;
        evaluate(&self.architecture, state.parameters(), data, sample_key(data, self.seed), self.seed)
    }

    /// How D and C will change with the multipliers, as second derivatives at an equilibrium of this system foretell.
    ///
    /// # Errors
    ///
    /// [`ModelError::Option`] for options outside their ranges; [`ModelError::State`] or [`ModelError::OtherLayers`] where the
    /// state is another model's; [`ModelError::Saddle`] where the second derivatives, damped, are not those of a minimum: more
    /// damping, or [`Curvature::GaussNewton`](crate::Curvature::GaussNewton), helps; [`ModelError::Memory`] for a batch that
    /// does not fit in memory; [`ModelError::Curvature`] where a gradient or a product is not finite.
    pub fn predicted_response(
        &self,
        at: &At<Self>,
        prediction: &Prediction,
    ) -> Result<PredictedResponse, ModelError> {
        self.check_model(&at.state)?;
        let model = Model {
            architecture: &self.architecture,
            parameters: at.state.parameters(),
            at: at.multipliers,
            seed: self.seed,
        };
        rayon::scope(|_| prediction.predict(&model, &self.training, &self.evaluation))
    }

    fn check_model(&self, state: &LearnedState) -> Result<(), ModelError> {
        state.check_model(&self.layers, crate::parameters::count(&self.architecture))
    }

    fn start(&self) -> Result<(Parameters, Progress), ModelError> {
        let parameters = Parameters::initial(&self.architecture, self.seed);
        let progress = Progress::new(&self.relaxation, parameters.len(), &self.training, self.seed)?;
        Ok((parameters, progress))
    }

    /// Trains on a thread of the pool, which then has no other to wait for at each product.
    fn relax(&self, at: Multipliers, from: Option<&LearnedState>) -> Result<At<Self>, ModelError> {
        let start = match from {
            Some(state) => {
                self.check_model(state)?;
                state.check_training(&self.training, &self.relaxation)?;
                state.start()?
            }
            None => self.start()?,
        };
        let batch = (self.relaxation.batch_size, self.relaxation.samples);
        let mut training = Training::new(&self.architecture, &self.training, self.seed, batch)?;
        let stepped = |steps| self.on_step.iter().for_each(|on_step| on_step(steps));
        let relaxed = relaxed(&mut training, &self.relaxation, at, start, from.is_none(), stepped)?;
        let Evaluation { rdc, accuracy } =
            evaluate(&self.architecture, &relaxed.average, &self.evaluation, self.evaluation_key, self.seed)?;
        let certificate = relaxed.certificate()?;
        let state = LearnedState::new(Arc::clone(&self.layers), relaxed.average, relaxed.progress, accuracy);
        Ok(Equilibrium { multipliers: at, rdc, state, certificate })
    }
}

impl System for LearnedSystem {
    type Rdc = RdcEstimate;
    type State = LearnedState;
    type Error = ModelError;

    fn equilibrium(&self, at: Multipliers, from: Option<&LearnedState>) -> Result<At<Self>, ModelError> {
        rayon::scope(|_| self.relax(at, from))
    }
}

/// Checks that a data set's pixels, classes and number of samples suit the model.
pub(crate) fn fits(
    architecture: &Architecture,
    set: &'static str,
    data: &ImageDataset,
) -> Result<(), ModelError> {
    let checks = [
        ("pixels", data.shape().n_pixels(), "exactly", architecture.inputs()),
        ("classes", data.n_classes(), "at most", architecture.classes()),
        ("samples", data.len(), "at least", 2),
    ];
    for (what, found, requirement, expected) in checks {
        let holds = match requirement {
            "exactly" => found == expected,
            "at most" => found <= expected,
            _ => found >= expected,
        };
        if !holds {
            return Err(ModelError::Data { set, what, found, requirement, expected });
        }
    }
    Ok(())
}
