//! An endless stream of mini-batches whose position can be saved.

use std::sync::Arc;

use crate::error::BatchError;
use crate::random::{Purpose, generator, shuffle};

/// Where a stream of batches stands. Together with the number of samples and the batch size it
/// determines every batch to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BatchPosition {
    /// Seed of the stream.
    pub seed: u64,
    /// Epochs completed.
    pub epoch: u64,
    /// Samples of the present epoch already visited, below the number of samples.
    pub offset: usize,
}

/// Mini-batches of the indices 0..`n_samples`, in an order shuffled anew for each epoch.
///
/// Every epoch visits every index exactly once, and every batch has exactly `batch_size` indices: one
/// that the end of an epoch cuts short is filled up from the next epoch (so it may hold an index twice,
/// once from each). `batch_size` may exceed `n_samples`.
///
/// The order of an epoch depends on seed, epoch and `n_samples` alone and is the same on every platform.
/// A clone shares the order of the present epoch and costs nothing worth counting.
///
/// # Example
///
/// ```
/// use carnot_data::Batches;
///
/// let mut batches = Batches::new(10, 4, 1)?;
/// let mut batch = Vec::new();
/// batches.next_into(&mut batch);
/// let saved = batches.position();
/// batches.next_into(&mut batch);
///
/// let mut again = Vec::new();
/// Batches::resume(10, 4, saved)?.next_into(&mut again);
/// assert_eq!(batch, again);
/// # Ok::<(), carnot_data::BatchError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Batches {
    batch_size: usize,
    position: BatchPosition,
    /// The order of epoch `position.epoch`, always.
    order: Arc<[usize]>,
}

impl Batches {
    /// The stream of a seed from its beginning.
    ///
    /// # Errors
    ///
    /// [`BatchError::NoSamples`] and [`BatchError::EmptyBatch`] if `n_samples` or `batch_size` is zero.
    pub fn new(n_samples: usize, batch_size: usize, seed: u64) -> Result<Self, BatchError> {
        Self::resume(n_samples, batch_size, BatchPosition { seed, epoch: 0, offset: 0 })
    }

    /// The stream from a saved position: the batches that the saved stream would have given next.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and [`BatchError::Offset`] unless the offset is below `n_samples`.
    pub fn resume(n_samples: usize, batch_size: usize, position: BatchPosition) -> Result<Self, BatchError> {
        if n_samples == 0 {
            return Err(BatchError::NoSamples);
        }
        if batch_size == 0 {
            return Err(BatchError::EmptyBatch);
        }
        if position.offset >= n_samples {
            return Err(BatchError::Offset { offset: position.offset, n_samples });
        }
        Ok(Self { batch_size, position, order: epoch_order(n_samples, position) })
    }

    /// Number of indices drawn from.
    pub fn n_samples(&self) -> usize {
        self.order.len()
    }

    /// Number of indices per batch.
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// Where the stream stands, to be saved and handed to [`resume`](Self::resume).
    pub fn position(&self) -> BatchPosition {
        self.position
    }

    /// Replaces the content of `batch` by the next `batch_size` indices.
    pub fn next_into(&mut self, batch: &mut Vec<usize>) {
        batch.clear();
        batch.reserve(self.batch_size);
        while batch.len() < self.batch_size {
            let rest = self.order.get(self.position.offset..).unwrap_or_default();
            let taken = rest.len().min(self.batch_size - batch.len());
            batch.extend(rest.iter().take(taken));
            self.position.offset += taken;
            if self.position.offset == self.order.len() {
                self.position.offset = 0;
                self.position.epoch = self.position.epoch.wrapping_add(1);
                self.order = epoch_order(self.order.len(), self.position);
            }
        }
    }
}

fn epoch_order(n_samples: usize, position: BatchPosition) -> Arc<[usize]> {
    let mut order: Vec<usize> = (0..n_samples).collect();
    shuffle(&mut generator(Purpose::Batches, position.seed, position.epoch), &mut order);
    order.into()
}
