//! What can be wrong with a file of parameters.

use std::io;
use std::path::{Path, PathBuf};

use safetensors::SafeTensorError;

/// Why a checkpoint, or a model's parameters, could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file could not be read.
    #[error("reading {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file could not be written; what was there before still is.
    #[error("writing {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The bytes are no safetensors file: another format, or a truncated one.
    #[error("it is no safetensors file, or not all of one")]
    NotSafetensors(#[from] SafeTensorError),
    /// A safetensors file, but of something else than a training.
    #[error("it holds tensors, but no training: the header has no entry {key:?}")]
    NotATraining {
        /// The entry that a checkpoint's header has.
        key: &'static str,
    },
    /// A checkpoint of another version of the format.
    #[error("its format is version {found}, not {expected}")]
    Version {
        /// Its version.
        found: u64,
        /// The version that is read here.
        expected: u64,
    },
    /// The description of the training is none.
    #[error("what describes the training cannot be understood")]
    Description(#[from] serde_json::Error),
    /// Bytes have changed since the file was written.
    #[error("its digest is {found}, not {expected} as written: bytes have changed")]
    Digest {
        /// The digest that was written.
        expected: String,
        /// The digest of what is there.
        found: String,
    },
    /// A tensor is missing.
    #[error("the tensor {name} is missing")]
    Missing {
        /// Its name.
        name: String,
    },
    /// There is a tensor that the model does not have.
    #[error("the model has no tensor {name}")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// A tensor has another shape.
    #[error("the tensor {name} has the shape {found:?}, not {expected:?}")]
    Shape {
        /// Its name.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape that the model needs.
        expected: Vec<usize>,
    },
    /// A tensor has another type.
    #[error("the tensor {name} is of type {found}, not {expected}")]
    Type {
        /// Its name.
        name: String,
        /// Its type.
        found: String,
        /// The type that is read.
        expected: String,
    },
    /// A number of the training does not belong to it.
    #[error("{what} is {found} in a training of {limit}")]
    Place {
        /// What.
        what: &'static str,
        /// Its value.
        found: u64,
        /// What it may be at most.
        limit: u64,
    },
    /// An average where the plan has none, or none where it has one.
    #[error(
        "it has {} average after {steps} steps of a plan that averages {}",
        if *is_averaged { "an" } else { "no" },
        from.map_or("never".to_owned(), |from| format!("from step {from} on"))
    )]
    Average {
        /// Steps taken.
        steps: u64,
        /// Whether there is one.
        is_averaged: bool,
        /// The first step, counted from zero, after which the plan averages.
        from: Option<u64>,
    },
    /// Its place in the data is not that of its plan after as many steps.
    #[error(
        "after {steps} steps it stands at sample {offset} of epoch {epoch}, where its plan and data do not lead"
    )]
    Position {
        /// Steps taken.
        steps: u64,
        /// Epochs completed.
        epoch: u64,
        /// Samples of the present epoch.
        offset: usize,
    },
    /// It was trained on other data.
    #[error("it was trained on the data set {expected}, not on {found}")]
    Data {
        /// The digest of the data it was trained on.
        expected: String,
        /// The digest of the data given.
        found: String,
    },
    /// It is the training of another plan.
    #[error("it is of another plan: the {part} differs")]
    Plan {
        /// The first part that differs.
        part: &'static str,
    },
}

impl CheckpointError {
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }
}
