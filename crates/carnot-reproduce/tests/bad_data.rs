//! Bad MNIST files through the program: one clear line each, exit code 2, and nothing written under a final name.

use std::fs;
use std::path::Path;
use std::process::Command;

use carnot_data::{ImageDataset, ImageShape, idx, synthetic};

const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// A folder `mnist` of valid files with `n` samples each.
fn valid(directory: &Path, n: usize) {
    let digits = synthetic::digits(n, 1).unwrap();
    let images = idx::encode_images(&digits).unwrap();
    let labels = idx::encode_labels(digits.labels()).unwrap();
    let folder = directory.join("mnist");
    fs::create_dir_all(&folder).unwrap();
    for (file, bytes) in FILES.iter().zip([&images, &labels, &images, &labels]) {
        fs::write(folder.join(file), bytes).unwrap();
    }
}

/// Runs the figure on the data of `directory` and returns its one line of error.
fn error_line(directory: &Path) -> String {
    let out = directory.join("out");
    let output = Command::new(env!("CARGO_BIN_EXE_carnot-reproduce"))
        .args(["reproduce", "iso-classification", "--data", "mnist", "--data-dir"])
        .arg(directory)
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = errors.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert_eq!(lines.len(), 1, "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(!out.join("iso-classification").exists());
    lines[0].to_owned()
}

#[test]
fn each_kind_of_bad_file_is_named() {
    type Spoil = fn(&mut Vec<u8>);
    let spoil: [(&str, &str, Spoil); 6] = [
        ("truncated", FILES[0], |bytes| bytes.truncate(1000)),
        ("oversized", FILES[2], |bytes| bytes.push(0)),
        ("a size larger than any memory", FILES[0], |bytes| bytes[4..8].fill(0xff)),
        ("labels in the place of images", FILES[2], |bytes| bytes[3] = 1),
        ("a label of no class", FILES[1], |bytes| bytes[8] = 77),
        ("no IDX file at all", FILES[3], |bytes| *bytes = b"<html>not found</html>".to_vec()),
    ];
    for (what, file, spoil) in spoil {
        let directory = tempfile::tempdir().unwrap();
        valid(directory.path(), 20);
        let path = directory.path().join("mnist").join(file);
        let mut bytes = fs::read(&path).unwrap();
        spoil(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let error = error_line(directory.path());
        assert!(error.contains(file), "{what}: {error}");
    }
}

#[test]
fn a_missing_file_and_a_broken_gzip_are_named() {
    let directory = tempfile::tempdir().unwrap();
    valid(directory.path(), 20);
    fs::remove_file(directory.path().join("mnist").join(FILES[1])).unwrap();
    assert!(error_line(directory.path()).contains(FILES[1]));
    // What has a gzip's name and first bytes but not its body.
    fs::write(directory.path().join("mnist").join(FILES[1]).with_extension("gz"), [0x1f, 0x8b, 8, 0, 0, 0])
        .unwrap();
    assert!(error_line(directory.path()).contains(FILES[1]));
    // What has a gzip's name only.
    fs::write(directory.path().join("mnist").join(FILES[1]).with_extension("gz"), b"<html></html>").unwrap();
    assert!(error_line(directory.path()).contains(FILES[1]));
}

#[test]
fn images_of_another_shape_and_files_that_are_not_mnists_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    valid(directory.path(), 20);
    // Sound IDX files, but not MNIST: a report must not call them so.
    let error = error_line(directory.path());
    assert!(error.contains("not the official MNIST file") && error.contains(FILES[0]), "{error}");
    let flat = ImageDataset::new(ImageShape::new(1, 14, 56).unwrap(), vec![0; 784], vec![0], 10).unwrap();
    fs::write(directory.path().join("mnist").join(FILES[0]), idx::encode_images(&flat).unwrap()).unwrap();
    assert!(error_line(directory.path()).contains(FILES[0]));
}
