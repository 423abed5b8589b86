//! Seeded splits into disjoint parts.

use crate::error::SplitError;
use crate::random::{Purpose, below, generator, shuffle};

/// How large the parts of a split are; samples that no part asks for are left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sizes<const PARTS: usize> {
    /// Samples of each part; together at most `n_samples`.
    Counts([usize; PARTS]),
    /// Share of each part, in [0, 1] and together at most 1. Part `k` ends at `n_samples` times the sum
    /// of the first `k` fractions, rounded to the nearest whole number, so fractions that add up to
    /// one leave nothing out.
    Fractions([f64; PARTS]),
}

/// Fractions may exceed one in sum by this much: the rounding error of adding a few decimal numbers.
const SUM_SLACK: f64 = 1e-9;

impl<const PARTS: usize> Sizes<PARTS> {
    fn counts(self, n_samples: usize) -> Result<[usize; PARTS], SplitError> {
        match self {
            Self::Counts(counts) => {
                let requested = counts.iter().fold(0_usize, |sum, &count| sum.saturating_add(count));
                if requested > n_samples {
                    return Err(SplitError::TooManySamples { requested, n_samples });
                }
                Ok(counts)
            }
            Self::Fractions(fractions) => {
                let outside = |&(_, value): &(usize, &f64)| !(0.0..=1.0).contains(value);
                if let Some((part, &value)) = fractions.iter().enumerate().find(outside) {
                    return Err(SplitError::Fraction { part, value });
                }
                let sum = fractions.iter().fold(0.0, |sum, fraction| sum + fraction);
                if sum > 1.0 + SUM_SLACK {
                    return Err(SplitError::FractionSum { sum });
                }
                let (mut share, mut start) = (0.0, 0);
                Ok(fractions.map(|fraction| {
                    share += fraction;
                    let end = ((n_samples as f64 * share).round() as usize).clamp(start, n_samples);
                    let count = end - start;
                    start = end;
                    count
                }))
            }
        }
    }
}

/// Splits 0..`n_samples` at random into disjoint parts of the given sizes.
///
/// Each part is in random order, so that its beginning is a random sample too. Equal arguments give
/// equal parts on every platform.
///
/// # Errors
///
/// [`SplitError`] if the sizes are more than there is, or fractions outside [0, 1].
///
/// # Example
///
/// ```
/// use carnot_data::{Sizes, split};
///
/// let [train, validation] = split(1_000, Sizes::Fractions([0.9, 0.1]), 7)?;
/// assert_eq!((train.len(), validation.len()), (900, 100));
/// # Ok::<(), carnot_data::SplitError>(())
/// ```
pub fn split<const PARTS: usize>(
    n_samples: usize,
    sizes: Sizes<PARTS>,
    seed: u64,
) -> Result<[Vec<usize>; PARTS], SplitError> {
    let counts = sizes.counts(n_samples)?;
    let mut order: Vec<usize> = (0..n_samples).collect();
    shuffle(&mut generator(Purpose::Split, seed, 0), &mut order);
    let mut rest = order.into_iter();
    Ok(counts.map(|count| rest.by_ref().take(count).collect()))
}

/// As [`split`], with every class in proportion in every part.
///
/// Part sizes are exact. The count of a class in the first part differs from its proportional share by
/// less than one, in the k-th part by less than k.
///
/// # Errors
///
/// As [`split`], with `n_samples = labels.len()`.
pub fn split_stratified<const PARTS: usize>(
    labels: &[u8],
    sizes: Sizes<PARTS>,
    seed: u64,
) -> Result<[Vec<usize>; PARTS], SplitError> {
    let counts = sizes.counts(labels.len())?;
    let mut rng = generator(Purpose::Split, seed, 1);
    let mut shuffled: Vec<(u8, usize)> = labels.iter().copied().zip(0..).collect();
    shuffle(&mut rng, &mut shuffled);
    // A stable sort leaves each class in random order.
    shuffled.sort_by_key(|&(label, _)| label);
    let mut rest = shuffled;
    Ok(counts.map(|count| {
        // Systematic sampling: every (n / count)-th of the list sorted by class, from a random start. A
        // run of n_c samples then yields n_c * count / n of them, rounded up or down.
        let n_rest = rest.len() as u128;
        let start = u128::from(below(&mut rng, rest.len() as u64));
        let mut part = Vec::with_capacity(count);
        let mut left = Vec::with_capacity(rest.len().saturating_sub(count));
        for (position, &entry) in (0_u128..).zip(&rest) {
            let passed = |position: u128| (position * count as u128 + start) / n_rest;
            if passed(position + 1) > passed(position) {
                part.push(entry.1);
            } else {
                left.push(entry);
            }
        }
        rest = left;
        shuffle(&mut rng, &mut part);
        part
    }))
}
