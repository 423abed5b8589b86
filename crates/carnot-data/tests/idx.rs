//! IDX files: round trips, damage of every kind, errors with their numbers.

use std::error::Error;
use std::io::Write;

use carnot_data::idx::{self, IdxArray};
use carnot_data::{IdxError, ImageDataset, ImageShape, LoadError};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bytes_with(dimensions: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dimensions.len() as u8];
    bytes.extend(dimensions.iter().flat_map(|side| side.to_be_bytes()));
    bytes.extend(data);
    bytes
}

fn small_set() -> ImageDataset {
    let pixels = (0..5 * 3 * 2).map(|i| (i * 8) as u8).collect();
    ImageDataset::new(ImageShape::new(1, 3, 2).unwrap(), pixels, vec![0, 3, 1, 1, 2], 4).unwrap()
}

/// Random images of a random shape.
fn datasets() -> impl Strategy<Value = ImageDataset> {
    (0_usize..20, 1_usize..9, 1_usize..9, 1_usize..=256).prop_flat_map(
        |(n_samples, height, width, n_classes)| {
            (
                prop::collection::vec(any::<u8>(), n_samples * height * width),
                prop::collection::vec((0..n_classes).prop_map(|label| label as u8), n_samples),
            )
                .prop_map(move |(pixels, labels)| {
                    ImageDataset::new(ImageShape::new(1, height, width).unwrap(), pixels, labels, n_classes)
                        .unwrap()
                })
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(dataset in datasets(), compress_images: bool, compress_labels: bool) {
        let folder = tempfile::tempdir().unwrap();
        // The names tell nothing about the compression: the content must.
        let (images, labels) = (folder.path().join("images.gz"), folder.path().join("labels"));
        let write = |path, bytes: Vec<u8>, compress| {
            std::fs::write(path, if compress { gzip(&bytes) } else { bytes }).unwrap();
        };
        write(&images, idx::encode_images(&dataset).unwrap(), compress_images);
        write(&labels, idx::encode_labels(dataset.labels()).unwrap(), compress_labels);
        prop_assert_eq!(idx::load(&images, &labels, dataset.n_classes()).unwrap(), dataset);
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(array) = IdxArray::from_bytes(&bytes) {
            prop_assert_eq!(array.elements().len() + 4 + 4 * array.dimensions().len(), bytes.len());
        }
    }

    #[test]
    fn random_bytes_behind_a_valid_start_never_panic(
        rank in 0_u8..6,
        rest in prop::collection::vec(0_u8..4, 0..60),
        compress: bool,
    ) {
        let mut bytes = vec![0, 0, 8, rank];
        bytes.extend(rest);
        let result = IdxArray::from_bytes(&if compress { gzip(&bytes) } else { bytes.clone() });
        if let Ok(array) = result {
            prop_assert_eq!(bytes_with(array.dimensions(), array.elements()), bytes);
        }
    }

    #[test]
    fn a_damaged_gzip_file_never_gives_other_content(position in 0_usize..1000, flip in 1_u8..) {
        let dataset = small_set();
        let plain = idx::encode_images(&dataset).unwrap();
        let mut damaged = gzip(&plain);
        let position = position % damaged.len();
        damaged[position] ^= flip;
        // Some bytes of a gzip header (time, system) mean nothing: then the content is the old one.
        if let Ok(array) = IdxArray::from_bytes(&damaged) {
            prop_assert_eq!(bytes_with(array.dimensions(), array.elements()), plain);
        }
    }
}

#[test]
fn truncation_at_every_byte_is_an_error() {
    let plain = idx::encode_images(&small_set()).unwrap();
    for bytes in [gzip(&plain), plain] {
        assert!(IdxArray::from_bytes(&bytes).is_ok());
        for length in 0..bytes.len() {
            let result = IdxArray::from_bytes(&bytes[..length]);
            assert!(result.is_err(), "{length} of {} bytes were accepted", bytes.len());
        }
    }
}

#[test]
fn trailing_bytes_are_an_error() {
    let plain = idx::encode_images(&small_set()).unwrap();
    let mut longer = plain.clone();
    longer.push(0);
    assert_eq!(IdxArray::from_bytes(&longer), Err(IdxError::TrailingBytes { declared: 30 }));
    assert_eq!(IdxArray::from_bytes(&gzip(&longer)), Err(IdxError::TrailingBytes { declared: 30 }));
    let followed_by = |tail: &[u8]| IdxArray::from_bytes(&[&gzip(&plain), tail].concat()).unwrap_err();
    for tail in [&[0_u8][..], &[1, 2, 3], &[0x1f], &[0; 1000], &plain] {
        let error = followed_by(tail);
        assert_eq!(error, IdxError::TrailingGzip { decompressed: plain.len() }, "{tail:?}");
        assert!(error.to_string().contains("bytes follow the gzip stream"), "{error}");
    }
    // What begins as another member is one: damaged, or more than the header declares.
    assert!(matches!(followed_by(&[0x1f, 0x8b]), IdxError::Gzip { .. }));
    assert_eq!(followed_by(&gzip(&[7])), IdxError::TrailingBytes { declared: 30 });
    assert_eq!(
        followed_by(&[gzip(&[]), vec![9]].concat()),
        IdxError::TrailingGzip { decompressed: plain.len() }
    );
}

#[test]
fn a_gzip_file_of_several_members_is_their_concatenation() {
    let plain = idx::encode_images(&small_set()).unwrap();
    let members = [gzip(&plain[..21]), gzip(&[]), gzip(&plain[21..]), gzip(&[])].concat();
    assert_eq!(IdxArray::from_bytes(&members), IdxArray::from_bytes(&plain));
}

#[test]
fn format_errors_name_what_was_found() {
    let cases = [
        (vec![], IdxError::TruncatedHeader { needed: 4, found: 0 }),
        (vec![0, 0, 8, 3, 0, 0], IdxError::TruncatedHeader { needed: 16, found: 6 }),
        (vec![1, 0, 8, 3], IdxError::Magic { found: 0x0100_0803 }),
        (vec![0, 0, 0x0d, 3], IdxError::ElementType { found: 0x0d }),
        (bytes_with(&[2, 3], &[1; 5]), IdxError::Truncated { declared: 6, found: 5 }),
    ];
    for (bytes, expected) in cases {
        assert_eq!(IdxArray::from_bytes(&bytes), Err(expected.clone()));
        if !bytes.is_empty() {
            assert_eq!(IdxArray::from_bytes(&gzip(&bytes)), Err(expected));
        }
    }
}

#[test]
fn oversized_declarations_are_refused() {
    // One above the limit, and products that overflow 64 bits, the last one to zero by a zero side.
    for dimensions in [vec![1025, 1 << 10, 1 << 10], vec![u32::MAX; 3], vec![u32::MAX, u32::MAX, u32::MAX, 0]]
    {
        let result = IdxArray::from_bytes(&bytes_with(&dimensions, &[]));
        assert_eq!(result, Err(IdxError::TooLarge { dimensions, limit: idx::MAX_ELEMENTS }));
    }
    // At the limit the missing bytes are the error, found without setting aside a gigabyte.
    let result = IdxArray::from_bytes(&bytes_with(&[1024, 1 << 10, 1 << 10], &[5; 3]));
    assert_eq!(result, Err(IdxError::Truncated { declared: 1 << 30, found: 3 }));
}

#[test]
fn images_and_labels_must_fit_together() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let images = file("images", &idx::encode_images(&small_set()).unwrap());
    let labels = file("labels", &idx::encode_labels(small_set().labels()).unwrap());
    let few = file("few", &idx::encode_labels(&[0, 1]).unwrap());
    let flat = file("flat", &bytes_with(&[5, 0, 2], &[]));

    let error = idx::load(&images, &few, 4).unwrap_err();
    assert!(matches!(error, LoadError::CountMismatch { n_images: 5, n_labels: 2, .. }), "{error}");
    let error = idx::load(&images, &labels, 3).unwrap_err();
    assert!(chain(&error).contains("labels do not make a data set: label 3 of sample 1"), "{error}");
    let error = idx::load(&labels, &labels, 4).unwrap_err();
    assert!(
        matches!(error, LoadError::Idx { source: IdxError::Rank { expected: 3, found: 1 }, .. }),
        "{error}"
    );
    let error = idx::load(&flat, &labels, 4).unwrap_err();
    assert!(chain(&error).contains("1 x 0 x 2"), "{error}");

    let error = idx::load(folder.path().join("absent"), &labels, 4).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("absent") && message.contains(&folder.path().display().to_string()),
        "{message}"
    );
    let error = idx::load("a-file-that-is-not-there", &labels, 4).unwrap_err();
    assert_eq!(error.to_string(), "no file a-file-that-is-not-there in .");
}

/// The error's text and those of its sources, each once.
fn chain(error: &dyn Error) -> String {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    for pair in texts.windows(2) {
        assert!(!pair[0].contains(&pair[1]), "{texts:?} says something twice");
    }
    texts.join(": ")
}

#[test]
fn what_is_not_a_regular_file_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let error = IdxArray::from_path(folder.path()).unwrap_err();
    assert!(matches!(&error, LoadError::NotAFile { path } if path == folder.path()), "{error}");
    let below_a_file = folder.path().join("file");
    std::fs::write(&below_a_file, [0; 8]).unwrap();
    let error = IdxArray::from_path(below_a_file.join("images")).unwrap_err();
    assert!(chain(&error).contains("images"), "{error}");
    #[cfg(unix)]
    {
        // A pipe without a writer: opening it would wait for ever.
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let error = IdxArray::from_path(&pipe).unwrap_err();
        assert!(matches!(&error, LoadError::NotAFile { path } if *path == pipe), "{error}");
        assert!(error.to_string().ends_with("pipe is not a regular file"), "{error}");
    }
}

#[test]
fn a_load_error_names_the_file_once_and_the_cause_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("images");
    std::fs::write(&path, bytes_with(&[2, 3], &[1; 5])).unwrap();
    let expected = format!(
        "{} is not the IDX file expected: the header declares 6 bytes of data, but only 5 are there",
        path.display()
    );
    assert_eq!(chain(&IdxArray::from_path(&path).unwrap_err()), expected);
}

#[test]
fn only_grey_images_can_be_written() {
    let colour = ImageDataset::new(ImageShape::new(3, 1, 1).unwrap(), vec![1, 2, 3], vec![0], 1).unwrap();
    assert_eq!(idx::encode_images(&colour), Err(IdxError::Channels { channels: 3 }));
}
