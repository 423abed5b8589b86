use crate::InfoError;
use std::collections::BTreeMap;

/// How often each letter of an alphabet was seen in independent draws: at least one observation in all.
///
/// Letters that were not seen may be given as zeros or left out; no estimator here looks at them.
///
/// ```
/// # use carnot_info::samples::{Counts, miller_madow_entropy, plug_in_entropy};
/// # fn main() -> Result<(), carnot_info::InfoError> {
/// let counts = Counts::new(vec![4, 2, 2, 0])?;
/// assert_eq!((counts.total(), counts.observed()), (8, 3));
/// // Three letters in eight draws: the plug-in entropy falls short by about (3 - 1) / 16.
/// let (plug_in, corrected) = (plug_in_entropy(&counts), miller_madow_entropy(&counts));
/// assert_eq!(corrected.mean(), plug_in.mean() + 0.125);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    counts: Vec<u64>,
    total: u64,
}

impl Counts {
    /// The counts `n_i` of the letters.
    ///
    /// # Errors
    ///
    /// [`InfoError::NoObservations`] when there are none, or all are zero; [`InfoError::OutOfRange`] when their sum
    /// is.
    pub fn new(counts: impl Into<Vec<u64>>) -> Result<Self, InfoError> {
        let counts = counts.into();
        let total = counts.iter().try_fold(0, |total: u64, count| total.checked_add(*count));
        match total {
            None => Err(InfoError::OutOfRange { what: "total of the counts" }),
            Some(0) => Err(InfoError::NoObservations { letters: counts.len() }),
            Some(total) => Ok(Self { counts, total }),
        }
    }

    /// The counts of the different values among `samples`, in their order: words, labels, tuples of them.
    ///
    /// # Errors
    ///
    /// [`InfoError::NoObservations`] for no samples.
    pub fn of<T: Ord>(samples: impl IntoIterator<Item = T>) -> Result<Self, InfoError> {
        let mut counts = BTreeMap::new();
        for sample in samples {
            *counts.entry(sample).or_insert(0) += 1;
        }
        Self::new(counts.into_values().collect::<Vec<_>>())
    }

    /// The counts, one for each letter, as given.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The number n of observations, at least one.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many letters were seen, at least one.
    #[must_use]
    pub fn observed(&self) -> usize {
        self.positive().count()
    }

    /// How many letters were seen just once.
    #[must_use]
    pub fn singletons(&self) -> usize {
        self.positive().filter(|count| *count == 1).count()
    }

    /// The counts of the letters that were seen.
    pub(super) fn positive(&self) -> impl Iterator<Item = u64> + '_ {
        self.counts.iter().copied().filter(|count| *count > 0)
    }

    /// The shares `n_i / n` of the letters that were seen.
    pub(super) fn shares(&self) -> impl Iterator<Item = f64> + '_ {
        let total = self.total as f64;
        self.positive().map(move |count| count as f64 / total)
    }

    pub(super) fn check_total(&self, estimator: &'static str, required: usize) -> Result<(), InfoError> {
        if self.total < required as u64 {
            return Err(InfoError::SamplesRequired { estimator, required, found: self.total as usize });
        }
        Ok(())
    }
}
