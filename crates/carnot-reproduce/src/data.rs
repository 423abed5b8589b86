//! The data set of a run, in three disjoint parts.

use carnot_data::mnist::{self, SourceFile};
use carnot_data::{ImageDataset, Sizes, split, synthetic};

use crate::figure::{DataChoice, FigureError, Options};

/// What a learned system needs: samples to train on, samples to steer by, and samples for the final score only.
#[derive(Debug)]
pub(crate) struct Parts {
    /// What the models are trained on.
    pub(crate) training: ImageDataset,
    /// The fixed set on which R, D and C are measured: the control signal of a process.
    pub(crate) validation: ImageDataset,
    /// Never seen by training or control.
    pub(crate) test: ImageDataset,
    /// What the data are, for the report.
    pub(crate) name: &'static str,
    /// Each file or set by name, with the SHA-256 of its uncompressed bytes.
    pub(crate) digest: String,
}

/// Samples held back from training to measure on: enough that the standard error of a paired difference of C is below
/// a hundredth of C.
const VALIDATION: usize = 24_000;

/// Training and test samples of the synthetic digits.
const SYNTHETIC: (usize, usize) = (44_000, 10_000);

/// The data and their split are the same for every seed of a run, so that what differs between seeds is the model.
const DATA_SEED: u64 = 2020;

/// The data set that the options name, split into its parts.
///
/// # Errors
///
/// [`FigureError::BadInput`] where the data are missing, corrupt or too few.
pub(crate) fn load(options: &Options) -> Result<Parts, FigureError> {
    let (name, train, test, digest) = match options.data {
        DataChoice::Synthetic => {
            let (train, test) = SYNTHETIC;
            let digits = synthetic::digits(train + test, DATA_SEED).map_err(FigureError::bad_input)?;
            let rows: Vec<usize> = (0..digits.len()).collect();
            let part = |rows: &[usize]| digits.select(rows).map_err(FigureError::bad_input);
            let digest = format!("{} synthetic digits of seed {DATA_SEED} {}", digits.len(), digits.digest());
            ("synthetic digits", part(&rows[..train])?, part(&rows[train..])?, digest)
        }
        DataChoice::Mnist => {
            let directory = options.data_dir.as_ref().ok_or_else(|| {
                FigureError::bad_input("no data directory: give --data-dir or set CARNOT_DATA")
            })?;
            let splits = mnist::load(directory.join("mnist")).map_err(FigureError::bad_input)?;
            check_official(&splits.files)?;
            let line = |file: &SourceFile| format!("{} {}", file_name(file), file.sha256);
            let digest = splits.files.iter().map(line).collect::<Vec<_>>().join(", ");
            ("MNIST", splits.train, splits.test, digest)
        }
        DataChoice::Cifar10 => {
            return Err(FigureError::bad_input("this figure runs on digits, not on CIFAR-10"));
        }
    };
    let training = train.len().saturating_sub(VALIDATION);
    let [training, validation] = split(train.len(), Sizes::Counts([training, VALIDATION]), DATA_SEED)
        .map_err(FigureError::bad_input)?;
    let part = |rows: &[usize]| train.select(rows).map_err(FigureError::bad_input);
    Ok(Parts { training: part(&training)?, validation: part(&validation)?, test, name, digest })
}

fn file_name(file: &SourceFile) -> String {
    file.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Refuses files that are not MNIST's own: a number under the name of MNIST must be one on MNIST.
fn check_official(files: &[SourceFile]) -> Result<(), FigureError> {
    match files.iter().find(|file| !file.is_official) {
        None => Ok(()),
        Some(file) => Err(FigureError::bad_input(format!(
            "{} is not the official MNIST file: the SHA-256 of its uncompressed bytes is {}",
            file.path.display(),
            file.sha256
        ))),
    }
}
