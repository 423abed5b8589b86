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
const VALIDATION: usize = 28_000;

/// Training and test samples of the synthetic digits.
const SYNTHETIC: (usize, usize) = (48_000, 10_000);

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
    let (training, validation) = hold_out(&train, VALIDATION)?;
    Ok(Parts { training, validation, test, name, digest })
}

/// The training samples, and `held_back` others to measure on.
fn hold_out(train: &ImageDataset, held_back: usize) -> Result<(ImageDataset, ImageDataset), FigureError> {
    let rest = train.len().saturating_sub(held_back);
    let [rest, held_back] =
        split(train.len(), Sizes::Counts([rest, held_back]), DATA_SEED).map_err(FigureError::bad_input)?;
    let part = |rows: &[usize]| train.select(rows).map_err(FigureError::bad_input);
    Ok((part(&rest)?, part(&held_back)?))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sample_is_both_trained_on_and_measured_on() {
        let digits = synthetic::digits(200, 5).expect("digits");
        let (training, validation) = hold_out(&digits, 60).expect("two parts");
        assert_eq!((training.len(), validation.len()), (140, 60));
        let images = |data: &ImageDataset| -> Vec<Vec<u8>> {
            (0..data.len()).filter_map(|row| data.pixels_of(row).map(<[u8]>::to_vec)).collect()
        };
        let mut together = images(&training);
        together.extend(images(&validation));
        let mut all = images(&digits);
        // No two of these digits are alike, so that the same images means the same samples.
        together.sort();
        all.sort();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(together, all);
        assert!(matches!(hold_out(&digits, 201), Err(FigureError::BadInput(_))));
    }
}
