//! The data set in memory.

use carnot_data::{DatasetError, ImageDataset, ImageShape};
use carnot_testkit::assert_close;
use proptest::prelude::*;

fn set(labels: &[u8], n_classes: usize) -> ImageDataset {
    let shape = ImageShape::new(2, 1, 3).unwrap();
    let pixels = (0..labels.len() * 6).map(|i| (i % 256) as u8).collect();
    ImageDataset::new(shape, pixels, labels.to_vec(), n_classes).unwrap()
}

#[test]
fn invalid_sets_are_refused_with_the_numbers() {
    let shape = ImageShape::new(1, 1, 2).unwrap();
    let cases = [
        (vec![0; 3], vec![0, 0], 2, DatasetError::PixelCount { n_samples: 2, expected: 4, found: 3 }),
        (vec![0; 4], vec![0, 2], 2, DatasetError::LabelOutOfRange { index: 1, label: 2, n_classes: 2 }),
        (vec![], vec![], 0, DatasetError::ClassCount { n_classes: 0 }),
        (vec![], vec![], 257, DatasetError::ClassCount { n_classes: 257 }),
    ];
    for (pixels, labels, n_classes, expected) in cases {
        assert_eq!(ImageDataset::new(shape, pixels, labels, n_classes), Err(expected));
    }
    assert_eq!(ImageShape::new(1, 0, 2), Err(DatasetError::EmptyShape { channels: 1, height: 0, width: 2 }));
    assert!(matches!(ImageShape::new(usize::MAX, 2, 1), Err(DatasetError::SizeOverflow { .. })));
    let huge = ImageShape::new(1, 1, usize::MAX).unwrap();
    assert!(matches!(
        ImageDataset::new(huge, vec![], vec![0, 0], 1),
        Err(DatasetError::SizeOverflow { n_samples: 2, .. })
    ));
}

#[test]
fn rows_are_selected_in_order_with_repeats() {
    let dataset = set(&[3, 1, 2], 4);
    let selected = dataset.select(&[2, 0, 2]).unwrap();
    assert_eq!(selected.labels(), [2, 3, 2]);
    assert_eq!(selected.pixels_of(1), dataset.pixels_of(0));
    assert_eq!(selected.pixels_of(2), Some(&[12, 13, 14, 15, 16, 17][..]));
    assert_eq!(selected.pixels_of(3), None);
    assert_eq!(selected.pixels_of(usize::MAX), None);
    assert_eq!(
        dataset.select(&[0, 3]),
        Err(DatasetError::RowOutOfRange { position: 1, row: 3, n_samples: 3 })
    );
    assert!(dataset.select(&[]).unwrap().is_empty());
}

#[test]
fn sets_are_put_one_behind_the_other() {
    let both = set(&[3, 1], 4).followed_by(&set(&[2, 0, 1], 4)).unwrap();
    assert_eq!(both.labels(), [3, 1, 2, 0, 1]);
    assert_eq!(both.pixels_of(1), set(&[3, 1], 4).pixels_of(1));
    assert_eq!(both.pixels_of(4), set(&[2, 0, 1], 4).pixels_of(2));
    let fewer = DatasetError::Differ { what: "classes", expected: 4, found: 5 };
    assert_eq!(set(&[3], 4).followed_by(&set(&[3], 5)), Err(fewer));
    let other = ImageDataset::new(ImageShape::new(1, 2, 3).unwrap(), vec![0; 6], vec![0], 4).unwrap();
    let shape = DatasetError::Differ { what: "channels", expected: 2, found: 1 };
    assert_eq!(set(&[3], 4).followed_by(&other), Err(shape));
}

#[test]
fn coarser_images_have_the_means_of_squares() {
    let shape = ImageShape::new(2, 2, 4).unwrap();
    let pixels = vec![0, 1, 10, 20, 2, 3, 30, 41, 255, 255, 7, 7, 255, 254, 7, 7];
    let coarse = ImageDataset::new(shape, pixels.clone(), vec![1], 2).unwrap().coarsened(2).unwrap();
    assert_eq!(coarse.shape(), ImageShape::new(2, 1, 2).unwrap());
    // 6/4, 101/4, 1019/4 and 7, to the nearest, halves up.
    assert_eq!(coarse.pixels(), [2, 25, 255, 7]);
    assert_eq!(coarse.labels(), [1]);
    let set = ImageDataset::new(shape, pixels, vec![1], 2).unwrap();
    assert_eq!(set.coarsened(1).as_ref(), Ok(&set));
    for factor in [0, 3, 4] {
        let expected = DatasetError::Indivisible { height: 2, width: 4, factor };
        assert_eq!(set.coarsened(factor), Err(expected));
    }
}

#[test]
fn classes_are_selected_and_renumbered() {
    let dataset = set(&[3, 1, 2, 3, 0], 4);
    assert_eq!(dataset.class_rows(&[3, 2]).unwrap(), [0, 2, 3]);
    let subset = dataset.class_subset(&[3, 2]).unwrap();
    assert_eq!((subset.labels(), subset.n_classes()), (&[3, 2, 3][..], 4));
    let renumbered = subset.relabel(&[3, 2]).unwrap();
    assert_eq!((renumbered.labels(), renumbered.n_classes()), (&[0, 1, 0][..], 2));

    assert_eq!(dataset.class_subset(&[]), Err(DatasetError::NoClasses));
    assert_eq!(dataset.class_subset(&[1, 4]), Err(DatasetError::ClassOutOfRange { class: 4, n_classes: 4 }));
    assert_eq!(dataset.class_subset(&[1, 0, 1]), Err(DatasetError::DuplicateClass { class: 1 }));
    assert_eq!(dataset.relabel(&[3, 1, 2]), Err(DatasetError::UnlistedLabel { index: 4, label: 0 }));
}

#[test]
fn all_256_classes_can_be_listed_once() {
    let labels: Vec<u8> = (0..=255).collect();
    let dataset = set(&labels, 256);
    let mut classes: Vec<u8> = labels.iter().rev().copied().collect();
    assert_eq!(dataset.clone().relabel(&classes).unwrap().labels(), classes);
    classes.push(9);
    assert_eq!(dataset.relabel(&classes), Err(DatasetError::DuplicateClass { class: 9 }));
}

#[test]
fn pixels_convert_to_the_unit_interval() {
    let shape = ImageShape::new(1, 1, 2).unwrap();
    let dataset = ImageDataset::new(shape, vec![0, 255, 51, 102], vec![0, 0], 1).unwrap();
    let mut out = [9.0_f32; 4];
    dataset.pixels_f32_into(&[1, 0], &mut out).unwrap();
    // byte / 255 rounded once, so equal to the nearest f32.
    assert_eq!(out, [0.2, 0.4, 0.0, 1.0]);
    assert_eq!(
        dataset.pixels_f32_into(&[1], &mut out),
        Err(DatasetError::BufferLength { n_rows: 1, expected: 2, found: 4 })
    );
    assert_eq!(
        dataset.pixels_f32_into(&[1, 2], &mut out),
        Err(DatasetError::RowOutOfRange { position: 1, row: 2, n_samples: 2 })
    );
}

#[test]
fn label_entropy_of_known_counts() {
    // H(1/2, 1/4, 1/4) = 1.5 ln 2; one rounding per term, so a few units in the last place.
    assert_close!(set(&[0, 0, 2, 5], 6).label_entropy(), 1.5 * std::f64::consts::LN_2, 4e-16, 0.0);
    assert_eq!(set(&[4, 4], 5).label_entropy().to_bits(), 0.0_f64.to_bits());
    assert_eq!(set(&[], 5).label_entropy().to_bits(), 0.0_f64.to_bits());
}

#[test]
fn the_digest_is_the_documented_one() {
    // Computed with Python's hashlib over the documented bytes.
    let shape = ImageShape::new(1, 1, 2).unwrap();
    let dataset = ImageDataset::new(shape, vec![1, 2, 3, 4], vec![2, 0], 3).unwrap();
    assert_eq!(dataset.digest(), "190cf27def37a0df93beaf032d118117f3e20f05f81eeea21a85ad91a0674942");
}

proptest! {
    #[test]
    fn counts_and_entropy_agree_with_the_labels(labels in prop::collection::vec(0_u8..7, 1..200)) {
        let dataset = set(&labels, 7);
        let counts = dataset.class_counts();
        prop_assert_eq!(counts.iter().sum::<usize>(), labels.len());
        for class in 0..7_u8 {
            let rows = dataset.class_rows(&[class]).unwrap();
            prop_assert_eq!(rows.len(), counts[usize::from(class)]);
            prop_assert!(rows.iter().all(|&row| labels[row] == class));
        }
        let entropy = dataset.label_entropy();
        // At most ln 7, up to the rounding of seven terms.
        prop_assert!((0.0..=7_f64.ln() * (1.0 + 1e-15)).contains(&entropy), "{}", entropy);
    }

    #[test]
    fn the_digest_sees_every_part(byte in 0_usize..18, sample in 0_usize..3) {
        let base = set(&[0, 1, 2], 4);
        let mut pixels = base.pixels().to_vec();
        pixels[byte] ^= 1;
        let other_pixels = ImageDataset::new(base.shape(), pixels, base.labels().to_vec(), 4).unwrap();
        prop_assert_ne!(other_pixels.digest(), base.digest());
        let mut labels = base.labels().to_vec();
        labels[sample] ^= 3;
        let other_labels = ImageDataset::new(base.shape(), base.pixels().to_vec(), labels, 4).unwrap();
        prop_assert_ne!(other_labels.digest(), base.digest());
        let turned = ImageShape::new(2, 3, 1).unwrap();
        let other_shape = ImageDataset::new(turned, base.pixels().to_vec(), base.labels().to_vec(), 4).unwrap();
        prop_assert_ne!(other_shape.digest(), base.digest());
    }
}
