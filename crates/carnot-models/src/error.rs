//! What can go wrong with a model.

use carnot_data::{BatchError, DatasetError};
use carnot_info::InfoError;
use carnot_surface::{EstimateError, Multipliers};

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
    /// A decoder variance that is not finite and positive.
    #[error("the decoder variance must be finite and positive, not {value}")]
    Variance {
        /// What was given.
        value: f64,
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
    /// The evaluated R, D or C is not finite.
    #[error("evaluating the model")]
    Evaluation(#[from] EstimateError),
    /// An estimate could not be made.
    #[error("estimating")]
    Estimate(#[from] InfoError),
    /// The data set could not be read.
    #[error("reading the data set")]
    Dataset(#[from] DatasetError),
    /// The data set could not be cut into batches.
    #[error("drawing batches")]
    Batches(#[from] BatchError),
    /// candle refused an operation.
    #[error("candle failed")]
    Candle(#[from] candle_core::Error),
}
