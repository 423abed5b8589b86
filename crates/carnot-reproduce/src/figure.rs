//! The door between the command and the figures: what a figure is given, and what it hands back.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use crate::chart::Chart;
pub use crate::metric::{Bound, BoundOp, Metric};
pub use crate::progress::{Progress, Stage};
pub use crate::table::{Cell, Table};

/// The data set a figure runs on, where it needs one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataChoice {
    /// Digits drawn by a program from a seed: nothing to fetch.
    Synthetic,
    /// The MNIST handwritten digits, read from the data directory.
    Mnist,
    /// The CIFAR-10 images (to come).
    Cifar10,
}

impl fmt::Display for DataChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DataChoice::Synthetic => "synthetic",
            DataChoice::Mnist => "mnist",
            DataChoice::Cifar10 => "cifar10",
        })
    }
}

/// How much work a figure puts into its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// A few minutes on two cores.
    Quick,
    /// Longer training and more waypoints: an estimated ten minutes for each seed.
    Full,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tier::Quick => "quick",
            Tier::Full => "full",
        })
    }
}

/// What the user asked for, resolved: the same for every figure of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The data set.
    pub data: DataChoice,
    /// The folder that holds one folder per data set: `--data-dir`, else `$CARNOT_DATA`, else
    /// `carnot` in the platform's cache directory; `None` where none of these exists.
    pub data_dir: Option<PathBuf>,
    /// The amount of work.
    pub tier: Tier,
    /// The number of repetitions with different seeds, at least 1.
    pub seeds: u64,
    /// The number of threads of the global rayon pool and of candle's matrix products.
    pub threads: usize,
}

/// What a figure may use while it runs.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What the user asked for.
    pub options: &'a Options,
    /// Where to report progress.
    pub progress: &'a Progress,
}

/// Everything a finished figure hands back. All of it is written to disk by the command, and all
/// of it must depend on the seeds and the options alone, never on the clock or the thread count.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The chart: `figure.svg`, `figure.png` and their dark twins.
    pub charts: Chart,
    /// Every point plotted: `trace.csv`.
    pub trace: Table,
    /// The numbers with their bounds: `metrics.json`.
    pub metrics: Vec<Metric>,
    /// The seeds that were run.
    pub seeds: Vec<u64>,
    /// What identifies the data: for each file or set its name and the SHA-256 of its (uncompressed)
    /// bytes, in words. Shown as it is in the report and the manifest.
    pub data_digest: Option<String>,
    /// Paragraphs of plain text: what is shown and how it was made.
    pub summary: Vec<String>,
    /// What the paper claims, in plain text.
    pub claim: String,
    /// Our numbers beside it, in plain text.
    pub finding: String,
}

/// A figure of the paper.
pub trait Figure: Sync {
    /// The name on the command line and of the folder in the output: lower case and hyphens.
    fn name(&self) -> &'static str;

    /// What the figure shows, in one line.
    fn shows(&self) -> &'static str;

    /// Computes the figure.
    ///
    /// # Errors
    ///
    /// [`FigureError::BadInput`] when the data or the options cannot be used, and
    /// [`FigureError::Unfinished`] when the computation did not reach its end.
    fn run(&self, context: &Context<'_>) -> Result<Outcome, FigureError>;
}

/// Why a figure has no outcome.
///
/// Neither variant's own text repeats its cause: the command prints the whole chain on one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FigureError {
    /// The data are missing or corrupt, or an option does not fit: exit code 2.
    #[error("cannot use the input")]
    BadInput(#[source] Box<dyn Error + Send + Sync>),
    /// The computation diverged or ran out of something: exit code 3.
    #[error("could not finish")]
    Unfinished(#[source] Box<dyn Error + Send + Sync>),
}

impl FigureError {
    /// [`FigureError::BadInput`] from any error, or from a text.
    pub fn bad_input(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        FigureError::BadInput(cause.into())
    }

    /// [`FigureError::Unfinished`] from any error, or from a text.
    pub fn unfinished(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        FigureError::Unfinished(cause.into())
    }
}
