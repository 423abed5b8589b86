//! The data set of a run, in three disjoint parts.

use carnot_data::{ImageDataset, Sizes, mnist, split, synthetic};

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
    /// SHA-256 of the training and of the test samples as they came, before the split.
    pub(crate) digest: String,
}

/// Samples held back from training to measure on: enough that the standard error of a paired difference of C is below
/// a hundredth of C.
const VALIDATION: usize = 10_000;

/// Training and test samples of the synthetic digits.
const SYNTHETIC: (usize, usize) = (30_000, 10_000);

/// The data and their split are the same for every seed of a run, so that what differs between seeds is the model.
const DATA_SEED: u64 = 2020;

/// The data set that the options name, split into its parts.
///
/// # Errors
///
/// [`FigureError::BadInput`] where the data are missing, corrupt or too few.
pub(crate) fn load(options: &Options) -> Result<Parts, FigureError> {
    let (train, test) = match options.data {
        DataChoice::Synthetic => {
            let (train, test) = SYNTHETIC;
            let digits = synthetic::digits(train + test, DATA_SEED).map_err(FigureError::bad_input)?;
            let rows: Vec<usize> = (0..digits.len()).collect();
            let part = |rows: &[usize]| digits.select(rows).map_err(FigureError::bad_input);
            (part(&rows[..train])?, part(&rows[train..])?)
        }
        DataChoice::Mnist => {
            let directory = options.data_dir.as_ref().ok_or_else(|| {
                FigureError::bad_input("no data directory: give --data-dir or set CARNOT_DATA")
            })?;
            let splits = mnist::load(directory.join("mnist")).map_err(FigureError::bad_input)?;
            (splits.train, splits.test)
        }
        DataChoice::Cifar10 => {
            return Err(FigureError::bad_input("this figure runs on digits, not on CIFAR-10"));
        }
    };
    let digest = format!("train {} test {}", train.digest(), test.digest());
    let training = train.len().saturating_sub(VALIDATION);
    let [training, validation] = split(train.len(), Sizes::Counts([training, VALIDATION]), DATA_SEED)
        .map_err(FigureError::bad_input)?;
    let part = |rows: &[usize]| train.select(rows).map_err(FigureError::bad_input);
    Ok(Parts { training: part(&training)?, validation: part(&validation)?, test, digest })
}
