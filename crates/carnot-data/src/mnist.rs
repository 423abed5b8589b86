//! The MNIST digits (Y. LeCun, C. Cortes and C. Burges), and sets of one's own in the same four files.

use std::path::{Path, PathBuf};

use crate::dataset::ImageDataset;
use crate::error::LoadError;
use crate::idx::{self, IdxArray};

/// Height and width of an image.
const SIDE: usize = 28;
const N_CLASSES: usize = 10;

/// Name and SHA-256 of the uncompressed official files: images, then labels.
const TRAIN: [(&str, &str); 2] = [
    ("train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    ("train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
];
const TEST: [(&str, &str); 2] = [
    ("t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    ("t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
];

/// One of the four files: where it was found and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The file read, plain or `.gz`.
    pub path: PathBuf,
    /// SHA-256 of its uncompressed bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// Whether they are those of the official file of this name.
    pub is_official: bool,
}

/// Training and test images, with the files they came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MnistSplits {
    /// The training set (60,000 samples in the official files).
    pub train: ImageDataset,
    /// The test set (10,000 samples in the official files).
    pub test: ImageDataset,
    /// Training images, training labels, test images, test labels.
    pub files: [SourceFile; 4],
}

impl MnistSplits {
    /// Whether all four files hold the official bytes.
    pub fn is_official(&self) -> bool {
        self.files.iter().all(|file| file.is_official)
    }
}

/// Loads the four IDX files `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
/// `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte` of `directory`, each plain or with the ending
/// `.gz`; where both are there, the plain one is read.
///
/// Images must be 28 x 28 and labels below 10. Other bytes than the official ones are accepted, so that
/// sets in the same format can be used; [`MnistSplits::files`] tells.
///
/// # Errors
///
/// [`LoadError::Missing`] with the names and the directory if a file is in neither form there,
/// [`LoadError::ImageSize`] for another image size, and as [`idx::load`].
pub fn load(directory: impl AsRef<Path>) -> Result<MnistSplits, LoadError> {
    let directory = directory.as_ref();
    let (train, [train_images, train_labels]) = load_part(directory, TRAIN)?;
    let (test, [test_images, test_labels]) = load_part(directory, TEST)?;
    Ok(MnistSplits { train, test, files: [train_images, train_labels, test_images, test_labels] })
}

fn load_part(
    directory: &Path,
    [images, labels]: [(&str, &str); 2],
) -> Result<(ImageDataset, [SourceFile; 2]), LoadError> {
    let (images, images_file) = load_file(directory, images)?;
    let (labels, labels_file) = load_file(directory, labels)?;
    if let &[_, height, width] = images.dimensions() {
        let found = (height as usize, width as usize);
        if found != (SIDE, SIDE) {
            return Err(LoadError::ImageSize { path: images_file.path, expected: (SIDE, SIDE), found });
        }
    }
    let dataset = idx::assemble((&images_file.path, images), (&labels_file.path, labels), N_CLASSES)?;
    Ok((dataset, [images_file, labels_file]))
}

fn load_file(directory: &Path, (name, official): (&str, &str)) -> Result<(IdxArray, SourceFile), LoadError> {
    let names = [name.to_owned(), format!("{name}.gz")];
    for candidate in &names {
        let path = directory.join(candidate);
        match IdxArray::from_path(&path) {
            Err(LoadError::Missing { .. }) => {}
            Err(error) => return Err(error),
            Ok(array) => {
                let sha256 = array.sha256();
                let is_official = sha256 == official;
                return Ok((array, SourceFile { path, sha256, is_official }));
            }
        }
    }
    Err(LoadError::Missing { names: names.to_vec(), directory: directory.to_path_buf() })
}
