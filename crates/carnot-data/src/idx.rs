//! The IDX format of the MNIST files, plain or compressed with gzip.
//!
//! An IDX file is a magic number (two zero bytes, the element type, the number of dimensions), one
//! 32-bit big-endian integer per dimension, and the elements with the last dimension running fastest.
//! Only unsigned bytes (type 0x08) are read. A file counts as gzip if it begins with the bytes 1f 8b,
//! whatever its name. The content must be exactly as long as the header declares.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use crate::dataset::{ImageDataset, ImageShape, hex};
use crate::error::{DatasetError, IdxError, LoadError};

/// The most elements (bytes) that an array may declare: 2^30. More is refused before any memory is set
/// aside; below it, memory grows with the bytes that are really there.
pub const MAX_ELEMENTS: usize = 1 << 30;

/// Memory set aside at once for the elements; behind it the buffer doubles as bytes arrive.
const FIRST_ALLOCATION: usize = 1 << 16;

/// Type code of unsigned bytes.
const UNSIGNED_BYTE: u8 = 0x08;

/// An array of bytes with its dimensions, the content of one IDX file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxArray {
    dimensions: Vec<u32>,
    elements: Vec<u8>,
}

impl IdxArray {
    /// Reads the bytes of an IDX file, plain or gzip.
    ///
    /// # Errors
    ///
    /// Every variant of [`IdxError`] that concerns reading, except [`IdxError::Rank`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IdxError> {
        // Reading from a slice cannot fail, so a failure here is the decompressor's.
        read(bytes).map_err(|failure| match failure {
            Failure::Format(error) => error,
            Failure::Io(error) => IdxError::Gzip { decompressed: 0, message: error.to_string() },
        })
    }

    /// Reads an IDX file, plain or gzip.
    ///
    /// # Errors
    ///
    /// [`LoadError::Missing`] if there is no such file, [`LoadError::Io`] if it cannot be read, and
    /// [`LoadError::Idx`] as for [`from_bytes`](Self::from_bytes).
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => LoadError::Missing {
                names: vec![path.file_name().unwrap_or(path.as_os_str()).display().to_string()],
                directory: match path.parent() {
                    Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
                    _ => PathBuf::from("."),
                },
            },
            _ => LoadError::Io { path: path.to_path_buf(), source },
        })?;
        read(BufReader::new(file)).map_err(|failure| match failure {
            Failure::Format(source) => LoadError::Idx { path: path.to_path_buf(), source },
            Failure::Io(source) => LoadError::Io { path: path.to_path_buf(), source },
        })
    }

    /// Sizes along each dimension, the slowest first.
    pub fn dimensions(&self) -> &[u32] {
        &self.dimensions
    }

    /// The elements, flat, the last dimension running fastest.
    pub fn elements(&self) -> &[u8] {
        &self.elements
    }

    /// SHA-256, in lower-case hexadecimal, of the uncompressed file: header and elements.
    pub fn sha256(&self) -> String {
        let mut hasher = Sha256::new_with_prefix(header(&self.dimensions));
        hasher.update(&self.elements);
        hex(&hasher.finalize())
    }

    fn require_rank(&self, expected: usize) -> Result<(), IdxError> {
        let found = self.dimensions.len();
        if found == expected { Ok(()) } else { Err(IdxError::Rank { expected, found }) }
    }
}

/// Grey images with labels from an IDX file each; `n_classes` bounds the labels.
///
/// # Errors
///
/// As [`IdxArray::from_path`] for each file; [`LoadError::Idx`] with [`IdxError::Rank`] unless images
/// have three dimensions (sample, height, width) and labels one; [`LoadError::CountMismatch`];
/// [`LoadError::Dataset`] for a label that is not below `n_classes` or images without pixels.
pub fn load(
    images: impl AsRef<Path>,
    labels: impl AsRef<Path>,
    n_classes: usize,
) -> Result<ImageDataset, LoadError> {
    let (images, labels) = (images.as_ref(), labels.as_ref());
    assemble((images, IdxArray::from_path(images)?), (labels, IdxArray::from_path(labels)?), n_classes)
}

/// Puts two arrays together; the paths are for the errors.
pub(crate) fn assemble(
    (images_path, images): (&Path, IdxArray),
    (labels_path, labels): (&Path, IdxArray),
    n_classes: usize,
) -> Result<ImageDataset, LoadError> {
    for (path, array, rank) in [(images_path, &images, 3), (labels_path, &labels, 1)] {
        array.require_rank(rank).map_err(|source| LoadError::Idx { path: path.to_path_buf(), source })?;
    }
    let mut sides = images.dimensions.iter().map(|&side| side as usize);
    let (n_images, height, width) =
        (sides.next().unwrap_or(0), sides.next().unwrap_or(0), sides.next().unwrap_or(0));
    let n_labels = labels.elements.len();
    if n_images != n_labels {
        return Err(LoadError::CountMismatch {
            images: images_path.to_path_buf(),
            n_images,
            labels: labels_path.to_path_buf(),
            n_labels,
        });
    }
    ImageShape::new(1, height, width)
        .and_then(|shape| ImageDataset::new(shape, images.elements, labels.elements, n_classes))
        .map_err(|source: DatasetError| LoadError::Dataset {
            images: images_path.to_path_buf(),
            labels: labels_path.to_path_buf(),
            source,
        })
}

/// The uncompressed IDX file of a data set's images: three dimensions (sample, height, width).
///
/// # Errors
///
/// [`IdxError::Channels`] unless the images have one channel, [`IdxError::DimensionOverflow`] if a side
/// does not fit in 32 bits.
pub fn encode_images(dataset: &ImageDataset) -> Result<Vec<u8>, IdxError> {
    let shape = dataset.shape();
    if shape.channels() != 1 {
        return Err(IdxError::Channels { channels: shape.channels() });
    }
    encode(&[dataset.len(), shape.height(), shape.width()], dataset.pixels())
}

/// The uncompressed IDX file of labels: one dimension.
///
/// # Errors
///
/// [`IdxError::DimensionOverflow`] if their number does not fit in 32 bits.
pub fn encode_labels(labels: &[u8]) -> Result<Vec<u8>, IdxError> {
    encode(&[labels.len()], labels)
}

fn encode(sides: &[usize], elements: &[u8]) -> Result<Vec<u8>, IdxError> {
    let dimensions: Vec<u32> = sides
        .iter()
        .map(|&size| u32::try_from(size).map_err(|_| IdxError::DimensionOverflow { size }))
        .collect::<Result<_, _>>()?;
    let mut bytes = header(&dimensions);
    bytes.extend_from_slice(elements);
    Ok(bytes)
}

/// Magic number and dimensions. The rank fits in a byte: it came from one, or is 1 or 3.
fn header(dimensions: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0, 0, UNSIGNED_BYTE, dimensions.len() as u8];
    bytes.extend(dimensions.iter().flat_map(|side| side.to_be_bytes()));
    bytes
}

/// A failure of the format, or of the reader underneath.
enum Failure {
    Format(IdxError),
    Io(std::io::Error),
}

impl From<IdxError> for Failure {
    fn from(error: IdxError) -> Self {
        Self::Format(error)
    }
}

fn read(mut reader: impl Read) -> Result<IdxArray, Failure> {
    let mut start = Vec::with_capacity(2);
    reader.by_ref().take(2).read_to_end(&mut start).map_err(Failure::Io)?;
    let is_gzip = start == [0x1f, 0x8b];
    let mut content = Vec::new();
    let whole = start.as_slice().chain(reader);
    let result = if is_gzip {
        read_array(&mut MultiGzDecoder::new(whole), &mut content)
    } else {
        read_array(&mut { whole }, &mut content)
    };
    match result {
        // The decompressor reports a damaged stream as an input error of these kinds.
        Err(Failure::Io(error))
            if is_gzip
                && matches!(
                    error.kind(),
                    std::io::ErrorKind::InvalidInput
                        | std::io::ErrorKind::InvalidData
                        | std::io::ErrorKind::UnexpectedEof
                ) =>
        {
            Err(IdxError::Gzip { decompressed: content.len(), message: error.to_string() }.into())
        }
        Err(failure) => Err(failure),
        Ok((dimensions, header_length)) => {
            content.drain(..header_length);
            Ok(IdxArray { dimensions, elements: content })
        }
    }
}

/// Appends header and elements to `content`; returns the dimensions and the header's length.
fn read_array(reader: &mut impl Read, content: &mut Vec<u8>) -> Result<(Vec<u32>, usize), Failure> {
    let mut fill = |content: &mut Vec<u8>, n_bytes: usize| {
        reader.by_ref().take(n_bytes as u64).read_to_end(content).map_err(Failure::Io)
    };
    fill(content, 4)?;
    let &[first, second, element_type, rank] = content.as_slice() else {
        return Err(IdxError::TruncatedHeader { needed: 4, found: content.len() }.into());
    };
    if (first, second) != (0, 0) {
        return Err(IdxError::Magic { found: u32::from_be_bytes([first, second, element_type, rank]) }.into());
    }
    if element_type != UNSIGNED_BYTE {
        return Err(IdxError::ElementType { found: element_type }.into());
    }
    let header_length = 4 + 4 * usize::from(rank);
    fill(content, header_length - 4)?;
    if content.len() < header_length {
        return Err(IdxError::TruncatedHeader { needed: header_length, found: content.len() }.into());
    }
    let (sides, _) = content.get(4..).unwrap_or_default().as_chunks::<4>();
    let dimensions: Vec<u32> = sides.iter().map(|&side| u32::from_be_bytes(side)).collect();
    let declared = dimensions
        .iter()
        .try_fold(1_usize, |product, &side| product.checked_mul(side as usize))
        .filter(|&product| product <= MAX_ELEMENTS)
        .ok_or_else(|| IdxError::TooLarge { dimensions: dimensions.clone(), limit: MAX_ELEMENTS })?;

    content.reserve(declared.min(FIRST_ALLOCATION));
    // One byte more than declared: it must not be there, and asking for it makes the decompressor
    // read and check its trailer.
    let found = fill(content, declared + 1)?;
    match found.cmp(&declared) {
        std::cmp::Ordering::Less => Err(IdxError::Truncated { declared, found }.into()),
        std::cmp::Ordering::Greater => Err(IdxError::TrailingBytes { declared }.into()),
        std::cmp::Ordering::Equal => Ok((dimensions, header_length)),
    }
}
