//! What can go wrong with a model.

use carnot_data::{BatchError, DatasetError};
use carnot_info::InfoError;
use carnot_surface::{EstimateError, InvalidMultiplier, Multipliers};

use crate::krylov::KrylovError;
use crate::{CheckpointError, Optimiser};

/// Why a model could not be built, relaxed or evaluated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// Layers whose sizes do not fit.
    #[error("{}the {network} has {found} {what}; it needs {expected}", layer.map(|n| format!("layer {n} of ")).unwrap_or_default())]
    Architecture {
        /// `encoder`, `decoder` or `classifier`.
        network: &'static str,
        /// The number of the layer, if it is a single one.
        layer: Option<usize>,
        /// What does not fit.
        what: &'static str,
        /// What there is.
        found: usize,
        /// What there should be.
        expected: usize,
    },
    /// Parameters that no memory can hold.
    #[error(
        "layer {layer} of the {network}, {inputs} inputs and {outputs} outputs, takes the parameters beyond memory"
    )]
    TooLarge {
        /// `encoder`, `decoder` or `classifier`.
        network: &'static str,
        /// The number of the layer with which they are too many.
        layer: usize,
        /// Its inputs.
        inputs: usize,
        /// Its outputs.
        outputs: usize,
    },
    /// More numbers than this memory holds.
    #[error("there is no memory for {what}, {bytes:.0e} bytes")]
    Memory {
        /// Which numbers.
        what: &'static str,
        /// Bytes that they take, at least.
        bytes: f64,
    },
    /// An activation that does not follow a linear layer.
    #[error("layer {layer} of the {network} is an activation that does not follow a linear layer")]
    Activation {
        /// `encoder`, `decoder` or `classifier`.
        network: &'static str,
        /// The number of the layer.
        layer: usize,
    },
    /// A decoder variance that is no number of the type that is computed with, or whose inverse is none.
    #[error("the decoder variance must be from {least:e} to {largest:e}, not {value:e}")]
    Variance {
        /// What was given.
        value: f64,
        /// The least that is allowed.
        least: f64,
        /// The largest.
        largest: f64,
    },
    /// A data set that does not fit the model.
    #[error("the {set} set has {found} {what}, the model needs {requirement} {expected}")]
    Data {
        /// `training` or `evaluation`.
        set: &'static str,
        /// What does not fit.
        what: &'static str,
        /// What there is.
        found: usize,
        /// `exactly`, `at least` or `at most`.
        requirement: &'static str,
        /// What there should be.
        expected: usize,
    },
    /// A batch whose parts do not fit the engine.
    #[error("the batch has {found} {what}; the engine needs {expected}")]
    Batch {
        /// What does not fit.
        what: &'static str,
        /// What there is.
        found: usize,
        /// What there should be.
        expected: usize,
    },
    /// A label that names no class of the model.
    #[error("the label of input {index} is {label}, but there are {classes} classes")]
    Label {
        /// Which input of the batch.
        index: usize,
        /// Its label.
        label: u8,
        /// Classes of the model.
        classes: usize,
    },
    /// A row that the data set does not have.
    #[error("input {index} is row {row} of a data set with {n_samples} samples")]
    Row {
        /// Which input of the batch.
        index: usize,
        /// Its row.
        row: usize,
        /// Samples in the data set.
        n_samples: usize,
    },
    /// A weight that is negative or not finite.
    #[error("the weight of input {index} is {value}; it must be finite and not negative")]
    Weight {
        /// Which input of the batch.
        index: usize,
        /// What was given.
        value: f64,
    },
    /// An option outside its range.
    #[error("{option} must be {requirement}, not {value}")]
    Option {
        /// Which option.
        option: &'static str,
        /// Its range.
        requirement: &'static str,
        /// What was given.
        value: f64,
    },
    /// An average that begins after the last step.
    #[error("averaged_from must be a step of the schedule, which has {steps}, not {from}")]
    Average {
        /// What was given.
        from: u64,
        /// Steps of the schedule.
        steps: u64,
    },
    /// A state that belongs to another system.
    #[error("the state is of a system with {found} {what}, this one has {expected}")]
    State {
        /// What differs.
        what: &'static str,
        /// What the state has.
        found: usize,
        /// What the system has.
        expected: usize,
    },
    /// A state of a model with as many parameters, but with other layers.
    #[error("the state is of a model with other layers: their digest is {found}, this system's {expected}")]
    OtherLayers {
        /// Of the state's layers.
        found: String,
        /// Of the system's.
        expected: String,
    },
    /// A state that another optimiser has left: its moments are not those that this one keeps.
    #[error("the state is that of the optimiser {found:?}, this system has {expected:?}")]
    Optimiser {
        /// The state's.
        found: Optimiser,
        /// The system's.
        expected: Optimiser,
    },
    /// The objective became NaN or infinite.
    #[error("the objective is {objective} at step {step} (lambda {}, gamma {})", at.lambda(), at.gamma())]
    Diverged {
        /// The step of the optimiser, counted from the first.
        step: u64,
        /// The objective's value.
        objective: f64,
        /// The multipliers of the relaxation.
        at: Multipliers,
    },
    /// Multipliers that are none.
    #[error("choosing the multipliers")]
    Multipliers(#[from] InvalidMultiplier),
    /// The gradient of a deterministic objective did not become as small as wanted.
    #[error("after {steps} steps the gradient is {relative_gradient:e} of a new model's; {tolerance:e} was wanted (lambda {}, gamma {})", at.lambda(), at.gamma())]
    Unequilibrated {
        /// The norm of the gradient, relative to that of a new model.
        relative_gradient: f64,
        /// What was wanted.
        tolerance: f64,
        /// Steps of Newton's method.
        steps: usize,
        /// The multipliers.
        at: Multipliers,
    },
    /// The objective's second derivatives are not those of a minimum.
    #[error("the objective curves down, by {curvature:e}, along a direction: this is no minimum (lambda {}, gamma {})", at.lambda(), at.gamma())]
    Saddle {
        /// The curvature along a direction of length one.
        curvature: f64,
        /// The multipliers.
        at: Multipliers,
    },
    /// The objective's second derivatives are so nearly singular that a linear system with them has no solution to the digits
    /// that a response needs.
    #[error("the response is known to a residual of {residual:e} only (lambda {}, gamma {})", at.lambda(), at.gamma())]
    Unsolved {
        /// The residual, relative to the right side.
        residual: f64,
        /// The multipliers.
        at: Multipliers,
    },
    /// A linear system with second derivatives, or their eigenvalues, failed.
    #[error("solving with second derivatives")]
    Curvature(#[source] Box<KrylovError<ModelError>>),
    /// The evaluated R, D or C is not finite.
    #[error("evaluating the model")]
    Evaluation(#[from] EstimateError),
    /// An estimate could not be made.
    #[error("estimating")]
    Estimate(#[from] InfoError),
    /// The data set could not be read.
    #[error("reading the data set")]
    Dataset(#[from] DatasetError),
    /// A device that is not there.
    #[cfg(any(test, feature = "candle"))]
    #[error("{processor} is not there")]
    Device {
        /// What was asked for.
        processor: crate::candle::Processor,
        /// Why.
        source: Box<candle_core::Error>,
    },
    /// A variable of a network that the objective's derivative does not get to.
    #[cfg(any(test, feature = "candle"))]
    #[error("variable {index} of the network gets no gradient")]
    NoGradient {
        /// Its place among the variables.
        index: usize,
    },
    /// candle failed.
    #[cfg(any(test, feature = "candle"))]
    #[error("computing with candle")]
    Candle(#[from] candle_core::Error),
    /// A checkpoint, or a model's parameters, could not be written or read.
    #[error("a file of parameters")]
    Checkpoint(#[from] CheckpointError),
    /// The data set could not be cut into batches.
    #[error("drawing batches")]
    Batches(#[from] BatchError),
}

impl From<KrylovError<Self>> for ModelError {
    fn from(error: KrylovError<Self>) -> Self {
        match error {
            // What went wrong in the model says more than that it did in a product.
            KrylovError::Product { source, .. } => source,
            error => Self::Curvature(Box::new(error)),
        }
    }
}
