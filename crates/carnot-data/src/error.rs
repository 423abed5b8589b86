//! The errors of the crate: what was wrong, where, and the numbers.

use std::path::PathBuf;

use thiserror::Error;

/// What can be wrong with images and labels held in memory.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// One of the three sides of an image is zero.
    #[error("an image of {channels} x {height} x {width} (channels, height, width) has no pixels")]
    EmptyShape {
        /// Number of channels asked for.
        channels: usize,
        /// Height asked for, in pixels.
        height: usize,
        /// Width asked for, in pixels.
        width: usize,
    },
    /// The number of bytes of one image, or of all images, does not fit in `usize`.
    #[error(
        "{n_samples} images of {channels} x {height} x {width} (channels, height, width) overflow the address space"
    )]
    SizeOverflow {
        /// Number of images.
        n_samples: usize,
        /// Number of channels.
        channels: usize,
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
    },
    /// Images that cannot be cut into squares of this side.
    #[error("images of {height} x {width} pixels cannot be cut into squares of {factor} x {factor}")]
    Indivisible {
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
        /// The side of the squares.
        factor: usize,
    },
    /// Two sets that are to become one differ in what all of their samples share.
    #[error("the first set has {expected} {what}, the second one {found}")]
    Differ {
        /// What differs.
        what: &'static str,
        /// What the first set has.
        expected: usize,
        /// What the second one has.
        found: usize,
    },
    /// The memory for the images and labels cannot be had.
    #[error(
        "{n_samples} images of {channels} x {height} x {width} (channels, height, width) do not fit in memory"
    )]
    OutOfMemory {
        /// Number of images.
        n_samples: usize,
        /// Number of channels.
        channels: usize,
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
    },
    /// The pixel buffer is not `n_samples * channels * height * width` long.
    #[error("{n_samples} labels ask for {expected} pixels, but {found} were given")]
    PixelCount {
        /// Number of labels, so of images.
        n_samples: usize,
        /// Pixels that so many images have.
        expected: usize,
        /// Pixels given.
        found: usize,
    },
    /// `n_classes` is outside 1..=256.
    #[error("n_classes is {n_classes}; labels are bytes, so it must lie in 1..=256")]
    ClassCount {
        /// The number of classes given.
        n_classes: usize,
    },
    /// A label is not below `n_classes`.
    #[error("label {label} of sample {index} is not below n_classes = {n_classes}")]
    LabelOutOfRange {
        /// Position of the sample.
        index: usize,
        /// Its label.
        label: u8,
        /// Number of classes of the data set.
        n_classes: usize,
    },
    /// A row index is not below the number of samples.
    #[error("row {row} (entry {position} of the selection) is not below n_samples = {n_samples}")]
    RowOutOfRange {
        /// Position within the list of rows.
        position: usize,
        /// The row asked for.
        row: usize,
        /// Number of samples of the data set.
        n_samples: usize,
    },
    /// The caller's buffer has the wrong length.
    #[error("{n_rows} rows need a buffer of {expected} numbers, but it holds {found}")]
    BufferLength {
        /// Rows asked for.
        n_rows: usize,
        /// Numbers that so many rows have.
        expected: usize,
        /// Length of the buffer given.
        found: usize,
    },
    /// A list of classes names none at all.
    #[error("the list of classes is empty")]
    NoClasses,
    /// A list of classes names one that the data set cannot hold.
    #[error("class {class} is not below n_classes = {n_classes}")]
    ClassOutOfRange {
        /// The class asked for.
        class: u8,
        /// Number of classes of the data set.
        n_classes: usize,
    },
    /// A list of classes names one twice.
    #[error("class {class} is listed twice")]
    DuplicateClass {
        /// The class.
        class: u8,
    },
    /// A sample's label is not in the list that is to renumber the classes.
    #[error("sample {index} has label {label}, which is not among the classes to renumber")]
    UnlistedLabel {
        /// Position of the sample.
        index: usize,
        /// Its label.
        label: u8,
    },
}

/// What can be wrong with the bytes of an IDX file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IdxError {
    /// The bytes end inside the header.
    #[error("the header needs {needed} bytes, but only {found} are there")]
    TruncatedHeader {
        /// Bytes that the header has.
        needed: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// The first two bytes are not zero (and not those of gzip).
    #[error(
        "the magic number is {found:#010x}; an IDX file begins with two zero bytes (a gzip file with 1f 8b)"
    )]
    Magic {
        /// The first four bytes, big-endian.
        found: u32,
    },
    /// The elements are not unsigned bytes.
    #[error("element type {found:#04x} is not supported, only unsigned bytes (0x08)")]
    ElementType {
        /// Type code, the third byte.
        found: u8,
    },
    /// The number of dimensions is not the one asked for.
    #[error("expected {expected} dimension(s), found {found}")]
    Rank {
        /// Dimensions wanted: 3 for images, 1 for labels.
        expected: usize,
        /// Dimensions declared, the fourth byte.
        found: usize,
    },
    /// The declared dimensions multiply to more than [`crate::idx::MAX_ELEMENTS`].
    #[error("the declared dimensions {dimensions:?} hold more than the limit of {limit} bytes")]
    TooLarge {
        /// Declared dimensions.
        dimensions: Vec<u32>,
        /// The limit.
        limit: usize,
    },
    /// Fewer bytes than declared.
    #[error("the header declares {declared} bytes of data, but only {found} are there")]
    Truncated {
        /// Bytes declared.
        declared: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// More bytes than declared.
    #[error("bytes are left over behind the {declared} that the header declares")]
    TrailingBytes {
        /// Bytes declared.
        declared: usize,
    },
    /// The gzip stream cannot be decompressed.
    #[error("corrupt gzip stream after {decompressed} decompressed bytes: {message}")]
    Gzip {
        /// Bytes obtained before the failure.
        decompressed: usize,
        /// The decompressor's own words.
        message: String,
    },
    /// What follows a gzip stream is not another one.
    #[error("bytes follow the gzip stream, behind its {decompressed} decompressed bytes")]
    TrailingGzip {
        /// Bytes that the stream holds.
        decompressed: usize,
    },
    /// Images of more than one channel, which IDX has no place for.
    #[error("IDX images have one channel, these have {channels}")]
    Channels {
        /// Channels of the data set.
        channels: usize,
    },
    /// A side of the array to be written does not fit in 32 bits.
    #[error("a dimension of {size} does not fit in the 32 bits of an IDX header")]
    DimensionOverflow {
        /// The dimension.
        size: usize,
    },
}

/// What can go wrong between a path and a data set.
///
/// No variant's own text repeats its source: print the chain of sources to see both.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// None of the accepted names of a file exists.
    #[error("no file {} in {}", .names.join(" or "), .directory.display())]
    Missing {
        /// File names that would have been accepted.
        names: Vec<String>,
        /// Where they were looked for.
        directory: PathBuf,
    },
    /// A directory, a pipe or a device has the name of a file.
    #[error("{} is not a regular file", .path.display())]
    NotAFile {
        /// What has the name.
        path: PathBuf,
    },
    /// The operating system could not open or read a file.
    #[error("cannot read {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The content of a file is not the IDX array expected.
    #[error("{} is not the IDX file expected", .path.display())]
    Idx {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: IdxError,
    },
    /// Images and labels differ in number.
    #[error("{} holds {n_images} images, but {} holds {n_labels} labels", .images.display(), .labels.display())]
    CountMismatch {
        /// File of the images.
        images: PathBuf,
        /// How many there are.
        n_images: usize,
        /// File of the labels.
        labels: PathBuf,
        /// How many there are.
        n_labels: usize,
    },
    /// The images do not have the size that the data set must have.
    #[error("{} holds images of {} x {}, expected {} x {} (height, width)", .path.display(), .found.0, .found.1, .expected.0, .expected.1)]
    ImageSize {
        /// File of the images.
        path: PathBuf,
        /// (height, width) wanted.
        expected: (usize, usize),
        /// (height, width) found.
        found: (usize, usize),
    },
    /// Images and labels do not make a valid data set (a label out of range, images without pixels).
    #[error("{} and {} do not make a data set", .images.display(), .labels.display())]
    Dataset {
        /// File of the images.
        images: PathBuf,
        /// File of the labels.
        labels: PathBuf,
        /// What is wrong with them.
        source: DatasetError,
    },
}

/// What can be wrong with the sizes asked of a split.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SplitError {
    /// The counts add up to more than there is.
    #[error("the parts ask for {requested} samples in all, but there are {n_samples}")]
    TooManySamples {
        /// Sum of the counts (saturating).
        requested: usize,
        /// Samples that are there.
        n_samples: usize,
    },
    /// A fraction is not a number in [0, 1].
    #[error("fraction {value} of part {part} does not lie in [0, 1]")]
    Fraction {
        /// Position of the part.
        part: usize,
        /// Its fraction.
        value: f64,
    },
    /// The fractions add up to more than one.
    #[error("the fractions add up to {sum}, more than 1")]
    FractionSum {
        /// Their sum.
        sum: f64,
    },
}

/// What can be wrong with a stream of mini-batches.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BatchError {
    /// There is nothing to draw from.
    #[error("a stream of batches needs at least one sample")]
    NoSamples,
    /// Batches of no samples.
    #[error("batch_size must be at least 1")]
    EmptyBatch,
    /// A saved position points behind the end of an epoch.
    #[error("offset {offset} of the position is not below n_samples = {n_samples}")]
    Offset {
        /// Samples of the epoch already visited.
        offset: usize,
        /// Samples of an epoch.
        n_samples: usize,
    },
}
