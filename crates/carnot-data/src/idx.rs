//! The IDX format of the MNIST files, plain or compressed with gzip.
//!
//! An IDX file is a magic number (two zero bytes, the element type, the number of dimensions), one
//! 32-bit big-endian integer per dimension, and the elements with the last dimension running fastest.
//! Only unsigned bytes (type 0x08) are read. A file counts as gzip if it begins with the bytes 1f 8b,
//! whatever its name; it may have several members, whose contents are joined. The content must be
//! exactly as long as the header declares, and nothing may follow it or its gzip stream.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;
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
    /// [`LoadError::Missing`] if there is no such file, [`LoadError::NotAFile`] for a directory, a pipe or
    /// a device, [`LoadError::Io`] if it cannot be read, and [`LoadError::Idx`] as for
    /// [`from_bytes`](Self::from_bytes).
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        let path = path.as_ref();
        let failed = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::NotFound => LoadError::Missing {
                names: vec![path.file_name().unwrap_or(path.as_os_str()).display().to_string()],
                directory: match path.parent() {
                    Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
                    _ => PathBuf::from("."),
                },
            },
            _ => LoadError::Io { path: path.to_path_buf(), source },
        };
        // Before opening, which waits for a writer where the path is a pipe.
        if !std::fs::metadata(path).map_err(failed)?.is_file() {
            return Err(LoadError::NotAFile { path: path.to_path_buf() });
        }
        let file = File::open(path).map_err(failed)?;
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

/// The first bytes of every gzip member.
const GZIP: [u8; 2] = [0x1f, 0x8b];

fn read(mut reader: impl BufRead) -> Result<IdxArray, Failure> {
    let start = first_two(&mut reader).map_err(Failure::Io)?;
    let mut content = Vec::new();
    let result = if start == GZIP {
        let mut members = Members::new(start, reader);
        let result = read_array(&mut members, &mut content);
        let decompressed = content.len();
        if members.is_followed {
            return Err(IdxError::TrailingGzip { decompressed }.into());
        }
        result.map_err(|failure| match failure {
            // The decompressor reports a damaged stream as an input error of these kinds.
            Failure::Io(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::InvalidInput
                        | std::io::ErrorKind::InvalidData
                        | std::io::ErrorKind::UnexpectedEof
                ) =>
            {
                IdxError::Gzip { decompressed, message: error.to_string() }.into()
            }
            failure => failure,
        })
    } else {
        read_array(&mut Cursor::new(start).chain(reader), &mut content)
    };
    let (dimensions, header_length) = result?;
    content.drain(..header_length);
    Ok(IdxArray { dimensions, elements: content })
}

/// The next two bytes, or fewer at the end.
fn first_two(reader: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(2);
    reader.take(2).read_to_end(&mut start)?;
    Ok(start)
}

/// Bytes that were read ahead, and those behind them.
type Ahead<R> = std::io::Chain<Cursor<Vec<u8>>, R>;

/// The decompressed members of a gzip file one after the other, up to what does not begin as a member.
/// (`MultiGzDecoder` takes that for a damaged member.)
struct Members<R> {
    /// The present member; none behind the last.
    member: Option<GzDecoder<Ahead<R>>>,
    /// Whether something other than a member was found behind the last.
    is_followed: bool,
}

impl<R: BufRead> Members<R> {
    /// The members of `rest`, of which `start` has been read.
    fn new(start: Vec<u8>, rest: R) -> Self {
        Self { member: Some(GzDecoder::new(Cursor::new(start).chain(rest))), is_followed: false }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while let Some(member) = &mut self.member {
            let found = member.read(buffer)?;
            if found > 0 || buffer.is_empty() {
                return Ok(found);
            }
            // What was read ahead were the member's first bytes, so it is used up.
            let Some((_, mut rest)) = self.member.take().map(|member| member.into_inner().into_inner())
            else {
                break;
            };
            let start = first_two(&mut rest)?;
            if start == GZIP {
                *self = Self::new(start, rest);
            } else {
                self.is_followed = !start.is_empty();
            }
        }
        Ok(0)
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
