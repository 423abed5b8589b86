//! Splits are disjoint and complete; batches visit, stop and resume exactly.

use carnot_data::{BatchError, BatchPosition, Batches, Sizes, SplitError, split, split_stratified};
use proptest::prelude::*;

/// Whether the parts together hold each of 0..n once.
fn partitions(parts: &[Vec<usize>], n_samples: usize) -> bool {
    let mut all = parts.concat();
    all.sort_unstable();
    all == (0..n_samples).collect::<Vec<_>>()
}

proptest! {
    #[test]
    fn fractions_of_one_partition_the_samples(n_samples in 0_usize..500, a in 0.0..1.0_f64, b in 0.0..1.0_f64, seed: u64) {
        let (low, high) = (a.min(b), a.max(b));
        let sizes = Sizes::Fractions([low, high - low, 1.0 - high]);
        let labels: Vec<u8> = (0..n_samples).map(|i| (i * i % 7) as u8).collect();
        let plain = split(n_samples, sizes, seed).unwrap();
        let stratified = split_stratified(&labels, sizes, seed).unwrap();
        for parts in [&plain, &stratified] {
            prop_assert!(partitions(parts, n_samples));
            // Rounded to the nearest at each border.
            prop_assert!((parts[0].len() as f64 - low * n_samples as f64).abs() <= 0.5 + 1e-9);
            prop_assert!((parts[1].len() as f64 - (high - low) * n_samples as f64).abs() <= 1.0 + 1e-9);
        }
        prop_assert_eq!(split(n_samples, sizes, seed).unwrap(), plain);
        prop_assert_eq!(split_stratified(&labels, sizes, seed).unwrap(), stratified);
    }

    #[test]
    fn counts_are_exact_and_parts_disjoint(first in 0_usize..100, second in 0_usize..100, rest in 0_usize..100, seed: u64) {
        let n_samples = first + second + rest;
        let labels: Vec<u8> = (0..n_samples).map(|i| (i % 3) as u8).collect();
        let sizes = Sizes::Counts([first, second]);
        for parts in [split(n_samples, sizes, seed).unwrap(), split_stratified(&labels, sizes, seed).unwrap()] {
            prop_assert_eq!((parts[0].len(), parts[1].len()), (first, second));
            let mut all = parts.concat();
            all.sort_unstable();
            all.dedup();
            prop_assert_eq!(all.len(), first + second);
            prop_assert!(all.last().is_none_or(|&row| row < n_samples));
        }
    }

    #[test]
    fn stratified_parts_keep_the_proportions(labels in prop::collection::vec(0_u8..5, 1..400), share in 0.0..1.0_f64, seed: u64) {
        let sizes = Sizes::Fractions([share, (1.0 - share) / 2.0, (1.0 - share) / 2.0]);
        let parts = split_stratified(&labels, sizes, seed).unwrap();
        for class in 0..5_u8 {
            let of_class = labels.iter().filter(|&&label| label == class).count() as f64;
            for (k, part) in parts.iter().enumerate() {
                let found = part.iter().filter(|&&row| labels[row] == class).count() as f64;
                let proportional = of_class * part.len() as f64 / labels.len() as f64;
                // The documented bound: less than k for the k-th part, with rounding.
                prop_assert!((found - proportional).abs() < (k + 1) as f64 + 1e-9);
            }
        }
    }

    #[test]
    fn every_epoch_visits_every_index_once(n_samples in 1_usize..60, batch_size in 1_usize..80, seed: u64) {
        let mut batches = Batches::new(n_samples, batch_size, seed).unwrap();
        let (mut visited, mut batch) = (Vec::new(), Vec::new());
        while visited.len() < 4 * n_samples {
            let position = batches.position();
            prop_assert_eq!(position.epoch * n_samples as u64 + position.offset as u64, visited.len() as u64);
            batches.next_into(&mut batch);
            prop_assert_eq!(batch.len(), batch_size);
            visited.extend(&batch);
        }
        for epoch in visited.chunks_exact(n_samples) {
            prop_assert!(partitions(&[epoch.to_vec()], n_samples));
        }
    }

    #[test]
    fn a_stream_resumes_exactly(n_samples in 1_usize..60, batch_size in 1_usize..80, seed: u64, steps in 0_usize..20) {
        let mut batches = Batches::new(n_samples, batch_size, seed).unwrap();
        let mut batch = Vec::new();
        for _ in 0..steps {
            batches.next_into(&mut batch);
        }
        let mut resumed = Batches::resume(n_samples, batch_size, batches.position()).unwrap();
        let mut cloned = batches.clone();
        for _ in 0..10 {
            let (mut from_position, mut from_clone) = (vec![99], Vec::new());
            batches.next_into(&mut batch);
            resumed.next_into(&mut from_position);
            cloned.next_into(&mut from_clone);
            prop_assert_eq!(&batch, &from_position);
            prop_assert_eq!(&batch, &from_clone);
        }
    }
}

#[test]
fn epochs_and_seeds_have_orders_of_their_own() {
    let order = |seed, epoch| {
        let position = BatchPosition { seed, epoch, offset: 0 };
        let mut batch = Vec::new();
        Batches::resume(100, 100, position).unwrap().next_into(&mut batch);
        batch
    };
    // Two orders of a hundred are equal with probability 1 / 100!.
    assert_ne!(order(1, 0), order(1, 1));
    assert_ne!(order(1, 0), order(2, 0));
    assert_ne!(order(1, 0), (0..100).collect::<Vec<_>>());
    assert_ne!(split(100, Sizes::Counts([100]), 1).unwrap()[0], order(1, 0));
}

#[test]
fn the_last_epoch_wraps_without_overflow() {
    let position = BatchPosition { seed: 3, epoch: u64::MAX, offset: 2 };
    let mut batches = Batches::resume(3, 2, position).unwrap();
    batches.next_into(&mut Vec::new());
    assert_eq!(batches.position(), BatchPosition { seed: 3, epoch: 0, offset: 1 });
}

#[test]
fn the_same_bytes_on_every_platform() {
    // Recorded once; any change here changes every experiment.
    let [part] = split(10, Sizes::Counts([10]), 1).unwrap();
    assert_eq!(part, [2, 4, 8, 1, 3, 7, 6, 9, 0, 5]);
    let [part] = split_stratified(&[0, 1, 0, 1, 2, 2, 0, 1], Sizes::Counts([4]), 1).unwrap();
    assert_eq!(part, [7, 5, 1, 6]);
    let mut batch = Vec::new();
    Batches::new(10, 12, 1).unwrap().next_into(&mut batch);
    assert_eq!(batch, [1, 9, 5, 2, 3, 0, 4, 8, 7, 6, 2, 4]);
}

#[test]
fn impossible_requests_are_refused_with_the_numbers() {
    let refused = [
        (Sizes::Counts([7, 4]), SplitError::TooManySamples { requested: 11, n_samples: 10 }),
        (Sizes::Counts([usize::MAX, 4]), SplitError::TooManySamples { requested: usize::MAX, n_samples: 10 }),
        (Sizes::Fractions([0.5, 1.5]), SplitError::Fraction { part: 1, value: 1.5 }),
        (Sizes::Fractions([-0.1, 0.5]), SplitError::Fraction { part: 0, value: -0.1 }),
        (Sizes::Fractions([0.75, 0.5]), SplitError::FractionSum { sum: 1.25 }),
    ];
    for (sizes, expected) in refused {
        assert_eq!(split(10, sizes, 0), Err(expected.clone()));
        assert_eq!(split_stratified(&[0; 10], sizes, 0), Err(expected));
    }
    assert!(matches!(
        split(10, Sizes::Fractions([f64::NAN]), 0),
        Err(SplitError::Fraction { part: 0, value }) if value.is_nan()
    ));

    assert_eq!(Batches::new(0, 1, 0).unwrap_err(), BatchError::NoSamples);
    assert_eq!(Batches::new(1, 0, 0).unwrap_err(), BatchError::EmptyBatch);
    let position = BatchPosition { seed: 0, epoch: 5, offset: 3 };
    assert_eq!(Batches::resume(3, 1, position).unwrap_err(), BatchError::Offset { offset: 3, n_samples: 3 });
}
