//! Labelled images in memory.

use sha2::{Digest, Sha256};

use crate::error::DatasetError;

/// The shape of one image: channels, height and width, each at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImageShape {
    channels: usize,
    height: usize,
    width: usize,
}

impl ImageShape {
    /// A shape of `channels * height * width` pixels.
    ///
    /// # Errors
    ///
    /// [`DatasetError::EmptyShape`] if a side is zero, [`DatasetError::SizeOverflow`] if the product
    /// does not fit in `usize`.
    pub fn new(channels: usize, height: usize, width: usize) -> Result<Self, DatasetError> {
        if channels == 0 || height == 0 || width == 0 {
            return Err(DatasetError::EmptyShape { channels, height, width });
        }
        if channels.checked_mul(height).and_then(|n| n.checked_mul(width)).is_none() {
            return Err(DatasetError::SizeOverflow { n_samples: 1, channels, height, width });
        }
        Ok(Self { channels, height, width })
    }

    /// Number of channels: 1 for grey images, 3 for colour.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Height in pixels, the number of rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Width in pixels, the number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Numbers per image: `channels * height * width`.
    pub fn n_pixels(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// Numbers of `n_samples` images, or [`DatasetError::SizeOverflow`].
    fn n_pixels_of(&self, n_samples: usize) -> Result<usize, DatasetError> {
        let &Self { channels, height, width } = self;
        let overflow = DatasetError::SizeOverflow { n_samples, channels, height, width };
        n_samples.checked_mul(self.n_pixels()).ok_or(overflow)
    }

    /// Empty buffers with room for the pixels and the labels of `n_samples` images;
    /// [`DatasetError::SizeOverflow`] or [`DatasetError::OutOfMemory`] where there is none.
    pub(crate) fn buffers(&self, n_samples: usize) -> Result<(Vec<u8>, Vec<u8>), DatasetError> {
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        pixels
            .try_reserve_exact(self.n_pixels_of(n_samples)?)
            .and_then(|()| labels.try_reserve_exact(n_samples))
            .map_err(|_| {
                let &Self { channels, height, width } = self;
                DatasetError::OutOfMemory { n_samples, channels, height, width }
            })?;
        Ok((pixels, labels))
    }
}

/// Images of bytes with one class label each.
///
/// Pixels have the shape `(n_samples, channels, height, width)` and lie flat in memory with the last
/// index running fastest; 0 is black, 255 full intensity. Every label is below
/// [`n_classes`](Self::n_classes). A set without samples is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageDataset {
    shape: ImageShape,
    pixels: Vec<u8>,
    labels: Vec<u8>,
    n_classes: usize,
}

impl ImageDataset {
    /// A data set of `labels.len()` images.
    ///
    /// # Errors
    ///
    /// [`DatasetError::ClassCount`] unless `n_classes` is in 1..=256, [`DatasetError::PixelCount`]
    /// unless `pixels` holds `labels.len() * shape.n_pixels()` bytes, and
    /// [`DatasetError::LabelOutOfRange`] for the first label that is not below `n_classes`.
    pub fn new(
        shape: ImageShape,
        pixels: Vec<u8>,
        labels: Vec<u8>,
        n_classes: usize,
    ) -> Result<Self, DatasetError> {
        if !(1..=256).contains(&n_classes) {
            return Err(DatasetError::ClassCount { n_classes });
        }
        let n_samples = labels.len();
        let expected = shape.n_pixels_of(n_samples)?;
        if pixels.len() != expected {
            return Err(DatasetError::PixelCount { n_samples, expected, found: pixels.len() });
        }
        if let Some((index, &label)) = labels.iter().enumerate().find(|&(_, &l)| usize::from(l) >= n_classes)
        {
            return Err(DatasetError::LabelOutOfRange { index, label, n_classes });
        }
        Ok(Self { shape, pixels, labels, n_classes })
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Shape of one image.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// Number of classes that labels may name, whether or not each has a sample.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// All pixels, `(n_samples, channels, height, width)` flat.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The pixels of sample `index`, `(channels, height, width)` flat; `None` behind the last sample.
    pub fn pixels_of(&self, index: usize) -> Option<&[u8]> {
        let n_pixels = self.shape.n_pixels();
        let start = index.checked_mul(n_pixels)?;
        self.pixels.get(start..start.checked_add(n_pixels)?)
    }

    /// The label of every sample, `(n_samples,)`.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// The samples at `rows`, in that order; a row may be taken more than once.
    ///
    /// # Errors
    ///
    /// [`DatasetError::RowOutOfRange`] for the first row that is not below [`len`](Self::len), and
    /// [`DatasetError::SizeOverflow`] or [`DatasetError::OutOfMemory`] where repeated rows ask for more
    /// bytes than `usize` can count or than can be had.
    pub fn select(&self, rows: &[usize]) -> Result<Self, DatasetError> {
        let (mut pixels, mut labels) = self.shape.buffers(rows.len())?;
        for (position, &row) in rows.iter().enumerate() {
            let (image, &label) = self
                .pixels_of(row)
                .zip(self.labels.get(row))
                .ok_or(DatasetError::RowOutOfRange { position, row, n_samples: self.len() })?;
            pixels.extend_from_slice(image);
            labels.push(label);
        }
        Ok(Self { shape: self.shape, pixels, labels, n_classes: self.n_classes })
    }

    /// The samples of this set and, behind them, those of another of the same shape and number of classes.
    ///
    /// # Errors
    ///
    /// [`DatasetError::Differ`] where shapes or numbers of classes differ, [`DatasetError::SizeOverflow`] or
    /// [`DatasetError::OutOfMemory`] where there is no room.
    pub fn followed_by(&self, other: &Self) -> Result<Self, DatasetError> {
        let (here, there) = (self.shape, other.shape);
        let parts = [
            ("channels", here.channels, there.channels),
            ("rows of pixels", here.height, there.height),
            ("columns of pixels", here.width, there.width),
            ("classes", self.n_classes, other.n_classes),
        ];
        if let Some((what, expected, found)) = parts.into_iter().find(|(_, here, there)| here != there) {
            return Err(DatasetError::Differ { what, expected, found });
        }
        let (mut pixels, mut labels) = here.buffers(self.len() + other.len())?;
        for part in [self, other] {
            pixels.extend_from_slice(&part.pixels);
            labels.extend_from_slice(&part.labels);
        }
        Ok(Self { shape: here, pixels, labels, n_classes: self.n_classes })
    }

    /// The same images at a lower resolution: each pixel the mean of a square of `factor` times `factor`, to the nearest byte.
    ///
    /// # Errors
    ///
    /// [`DatasetError::Indivisible`] where height or width is no multiple of the factor, or the factor is zero.
    pub fn coarsened(&self, factor: usize) -> Result<Self, DatasetError> {
        let ImageShape { channels, height, width } = self.shape;
        if factor == 0 || !height.is_multiple_of(factor) || !width.is_multiple_of(factor) {
            return Err(DatasetError::Indivisible { height, width, factor });
        }
        let shape = ImageShape { channels, height: height / factor, width: width / factor };
        let area = factor * factor;
        let mut pixels = Vec::with_capacity(self.pixels.len() / area);
        // Channels of all images one below the other: no square crosses from one to the next.
        for band in self.pixels.chunks_exact(factor * width) {
            for column in (0..width).step_by(factor) {
                let square = band.chunks_exact(width).flat_map(|row| &row[column..column + factor]);
                let sum: usize = square.map(|pixel| usize::from(*pixel)).sum();
                // A mean of bytes is one.
                pixels.push(u8::try_from((sum + area / 2) / area).unwrap_or(u8::MAX));
            }
        }
        Ok(Self { shape, pixels, labels: self.labels.clone(), n_classes: self.n_classes })
    }

    /// Positions of the samples whose label is in `classes`, ascending.
    ///
    /// # Errors
    ///
    /// [`DatasetError::NoClasses`], [`DatasetError::ClassOutOfRange`] or
    /// [`DatasetError::DuplicateClass`] for a list that is empty, names a class not below
    /// [`n_classes`](Self::n_classes), or names one twice.
    pub fn class_rows(&self, classes: &[u8]) -> Result<Vec<usize>, DatasetError> {
        let number = self.numbering(classes)?;
        let wanted =
            |&(_, &label): &(usize, &u8)| number.get(usize::from(label)).is_some_and(Option::is_some);
        Ok(self.labels.iter().enumerate().filter(wanted).map(|(index, _)| index).collect())
    }

    /// The samples whose label is in `classes`, in their order; labels and
    /// [`n_classes`](Self::n_classes) stay as they are (see [`relabel`](Self::relabel)).
    ///
    /// # Errors
    ///
    /// As [`class_rows`](Self::class_rows).
    pub fn class_subset(&self, classes: &[u8]) -> Result<Self, DatasetError> {
        self.select(&self.class_rows(classes)?)
    }

    /// Renumbers the classes: label `classes[k]` becomes `k`, of `classes.len()` classes.
    ///
    /// # Errors
    ///
    /// As [`class_rows`](Self::class_rows), and [`DatasetError::UnlistedLabel`] for the first sample
    /// whose label is not in `classes`.
    pub fn relabel(mut self, classes: &[u8]) -> Result<Self, DatasetError> {
        let number = self.numbering(classes)?;
        for (index, label) in self.labels.iter_mut().enumerate() {
            let found = number.get(usize::from(*label)).copied().flatten();
            *label = found.ok_or(DatasetError::UnlistedLabel { index, label: *label })?;
        }
        self.n_classes = classes.len();
        Ok(self)
    }

    /// For every class its position in `classes`, if it is listed.
    fn numbering(&self, classes: &[u8]) -> Result<Vec<Option<u8>>, DatasetError> {
        if classes.is_empty() {
            return Err(DatasetError::NoClasses);
        }
        let mut number = vec![None; self.n_classes];
        // The zip ends after 256 classes; a longer list repeats one before that.
        for (&class, position) in classes.iter().zip(0_u8..=u8::MAX) {
            let slot = number
                .get_mut(usize::from(class))
                .ok_or(DatasetError::ClassOutOfRange { class, n_classes: self.n_classes })?;
            if slot.replace(position).is_some() {
                return Err(DatasetError::DuplicateClass { class });
            }
        }
        match classes.get(256) {
            Some(&class) => Err(DatasetError::DuplicateClass { class }),
            None => Ok(number),
        }
    }

    /// Number of samples of each class, `(n_classes,)`.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.n_classes];
        for &label in &self.labels {
            if let Some(count) = counts.get_mut(usize::from(label)) {
                *count += 1;
            }
        }
        counts
    }

    /// Entropy H(Y) of the empirical label distribution, in nats: `-sum_y p_y ln p_y` with
    /// `p_y = class_counts[y] / n_samples`; 0 for a set without samples.
    pub fn label_entropy(&self) -> f64 {
        let n_samples = self.len() as f64;
        let terms = self.class_counts().into_iter().filter(|&count| count > 0).map(|count| {
            let probability = count as f64 / n_samples;
            // Written with the quotient n / count so that a single class gives 0, not -0.
            probability * libm::log(n_samples / count as f64)
        });
        terms.fold(0.0, |sum, term| sum + term)
    }

    /// The pixels of `rows` as `f32` in [0, 1] (byte / 255) into `out`, `(rows.len(), n_pixels)` flat.
    ///
    /// # Errors
    ///
    /// [`DatasetError::BufferLength`] unless `out` holds `rows.len() * shape.n_pixels()` numbers, and
    /// [`DatasetError::RowOutOfRange`] for the first row that is not below [`len`](Self::len); `out`
    /// then holds the rows before it.
    pub fn pixels_f32_into(&self, rows: &[usize], out: &mut [f32]) -> Result<(), DatasetError> {
        let expected = self.shape.n_pixels_of(rows.len())?;
        if out.len() != expected {
            return Err(DatasetError::BufferLength { n_rows: rows.len(), expected, found: out.len() });
        }
        let images = out.chunks_exact_mut(self.shape.n_pixels());
        for ((position, &row), image) in rows.iter().enumerate().zip(images) {
            let pixels = self.pixels_of(row).ok_or(DatasetError::RowOutOfRange {
                position,
                row,
                n_samples: self.len(),
            })?;
            for (value, &byte) in image.iter_mut().zip(pixels) {
                *value = f32::from(byte) / 255.0;
            }
        }
        Ok(())
    }

    /// Digest of the whole set: SHA-256, in lower-case hexadecimal, over the ASCII bytes
    /// `carnot image dataset 1`, then `n_samples`, `channels`, `height`, `width` and `n_classes` as
    /// 64-bit little-endian integers, then all pixels, then all labels.
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new_with_prefix(b"carnot image dataset 1");
        let ImageShape { channels, height, width } = self.shape;
        for number in [self.len(), channels, height, width, self.n_classes] {
            hasher.update((number as u64).to_le_bytes());
        }
        hasher.update(&self.pixels);
        hasher.update(&self.labels);
        hex(&hasher.finalize())
    }
}

/// Lower-case hexadecimal, two digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
