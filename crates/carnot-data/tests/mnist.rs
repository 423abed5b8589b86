//! The four MNIST files, with stand-ins written by the test.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use carnot_data::{ImageDataset, ImageShape, LoadError, idx, mnist, synthetic};
use flate2::Compression;
use flate2::write::GzEncoder;

fn write_part(folder: &Path, prefix: &str, dataset: &ImageDataset, compress: bool) {
    let files = [
        (format!("{prefix}-images-idx3-ubyte"), idx::encode_images(dataset).unwrap()),
        (format!("{prefix}-labels-idx1-ubyte"), idx::encode_labels(dataset.labels()).unwrap()),
    ];
    for (name, bytes) in files {
        if compress {
            let file = std::fs::File::create(folder.join(format!("{name}.gz"))).unwrap();
            let mut encoder = GzEncoder::new(file, Compression::fast());
            encoder.write_all(&bytes).unwrap();
            encoder.finish().unwrap();
        } else {
            std::fs::write(folder.join(name), bytes).unwrap();
        }
    }
}

#[test]
fn four_files_load_plain_or_compressed() {
    let folder = tempfile::tempdir().unwrap();
    let (train, test) = (synthetic::digits(30, 1).unwrap(), synthetic::digits(20, 2).unwrap());
    write_part(folder.path(), "train", &train, true);
    write_part(folder.path(), "t10k", &test, false);

    let splits = mnist::load(folder.path()).unwrap();
    assert_eq!(splits.train, train);
    assert_eq!(splits.test, test);
    assert!(!splits.is_official() && splits.files.iter().all(|file| !file.is_official));
    let names = splits.files.each_ref().map(|file| file.path.file_name().unwrap().to_str().unwrap());
    assert_eq!(
        names,
        [
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte.gz",
            "t10k-images-idx3-ubyte",
            "t10k-labels-idx1-ubyte",
        ]
    );
    // The digest is that of the uncompressed file.
    let bytes = idx::encode_images(&train).unwrap();
    assert_eq!(splits.files[0].sha256, idx::IdxArray::from_bytes(&bytes).unwrap().sha256());

    // Where a file is there in both forms, the plain one counts.
    write_part(folder.path(), "train", &test, false);
    assert_eq!(mnist::load(folder.path()).unwrap().train, test);
}

#[test]
fn the_digest_of_a_file_is_plain_sha256() {
    // SHA-256 of 00 00 08 01 00 00 00 03 01 02 03, computed with coreutils' sha256sum.
    let array = idx::IdxArray::from_bytes(&idx::encode_labels(&[1, 2, 3]).unwrap()).unwrap();
    assert_eq!(array.sha256(), "398a8a7fbd9531f1d9aa2ae368533e137cb53c202c3665f25affcf1ca88844ab");
}

#[test]
fn a_missing_file_is_named_with_the_directory() {
    let folder = tempfile::tempdir().unwrap();
    write_part(folder.path(), "train", &synthetic::digits(10, 1).unwrap(), true);
    let error = mnist::load(folder.path()).unwrap_err();
    let LoadError::Missing { names, directory } = &error else { panic!("{error}") };
    assert_eq!(names.as_slice(), ["t10k-images-idx3-ubyte", "t10k-images-idx3-ubyte.gz"]);
    assert_eq!(directory, folder.path());
    assert!(error.to_string().contains("t10k-images-idx3-ubyte or t10k-images-idx3-ubyte.gz in "), "{error}");
}

#[test]
fn other_image_sizes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let wide = ImageDataset::new(ImageShape::new(1, 28, 29).unwrap(), vec![0; 28 * 29], vec![0], 10).unwrap();
    write_part(folder.path(), "train", &wide, false);
    let error = mnist::load(folder.path()).unwrap_err();
    assert!(matches!(error, LoadError::ImageSize { expected: (28, 28), found: (28, 29), .. }), "{error}");
}

#[test]
fn a_damaged_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    write_part(folder.path(), "train", &synthetic::digits(10, 1).unwrap(), true);
    let path = folder.path().join("train-images-idx3-ubyte.gz");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = mnist::load(folder.path()).unwrap_err();
    let cause = error.source().unwrap().to_string();
    assert!(error.to_string().contains("train-images-idx3-ubyte.gz"), "{error}");
    assert!(cause.contains("corrupt gzip"), "{cause}");
}
