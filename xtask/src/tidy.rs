//! `cargo xtask tidy`: the rules of the repository that the compiler does not check.

mod arrows;
mod commands;
mod manifests;
mod sources;
mod text;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{fmt, fs};

use cargo_metadata::{CargoOpt, Metadata, MetadataCommand};

use crate::{EXIT_VIOLATION, Failure, expect_no_arguments, root};

/// A rule broken at a place: `file:line: what`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    file: String,
    line: usize,
    what: String,
}

impl Violation {
    fn new(file: &str, line: usize, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// A text file of the repository: its path relative to the root, with `/` between folders, and its content.
#[derive(Debug, PartialEq, Eq)]
struct TextFile {
    path: String,
    content: String,
}

pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, Failure> {
    expect_no_arguments("tidy", arguments)?;
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        // Optional dependencies are dependencies: a feature must not open a closed door.
        .features(CargoOpt::AllFeatures)
        .exec()
        .map_err(Failure::Metadata)?;
    let (files, mut violations) = text_files(&root())?;

    violations.extend(arrows::check(&arrows::Graph::from_metadata(&metadata), &manifest_paths(&metadata)));
    violations.extend(commands::check(&files));
    for package in metadata.workspace_packages() {
        let manifest = relative(package.manifest_path.as_std_path());
        violations.extend(manifests::check(&manifest, &read(package.manifest_path.as_std_path())?));
        // A library's documentation is its crate's; a package without one is documented by its binary.
        let target = package.targets.iter().find(|target| target.is_lib()).or(package.targets.first());
        if let Some(target) = target {
            let path = target.src_path.as_std_path();
            violations.extend(sources::check_documentation(&relative(path), &read(path)?));
        }
    }
    for file in &files {
        violations.extend(text::check(file, &root().to_string_lossy()));
        if file.path.ends_with(".rs") {
            violations.extend(sources::check(file));
        }
    }

    violations.sort();
    for violation in &violations {
        println!("{violation}");
    }
    let long = files.iter().filter(|file| file.path.ends_with(".rs") && sources::is_long(file)).count();
    println!(
        "tidy: {} in {} text files; source files longer than {} lines: {long}",
        match violations.len() {
            0 => "no violation".to_owned(),
            1 => "1 violation".to_owned(),
            count => format!("{count} violations"),
        },
        files.len(),
        sources::LONG_FILE,
    );
    Ok(if violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_VIOLATION) })
}

/// Where each member's manifest lies, for the places of violations of the arrows.
fn manifest_paths(metadata: &Metadata) -> Vec<(String, String)> {
    let members = metadata.workspace_packages();
    members.iter().map(|p| (p.name.to_string(), relative(p.manifest_path.as_std_path()))).collect()
}

/// The text files that git tracks, and those it would (what is ignored is no part of the repository), with a violation
/// for each that is not text or whose name will not do.
fn text_files(root: &Path) -> Result<(Vec<TextFile>, Vec<Violation>), Failure> {
    let mut command = Command::new("git");
    command.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let output = command.output().map_err(|source| Failure::Program { program: "git".into(), source })?;
    if !output.status.success() {
        let status = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Failure::Unsuccessful { program: "git ls-files".to_owned(), status });
    }
    let (mut files, mut violations) = (Vec::new(), Vec::new());
    for path in String::from_utf8_lossy(&output.stdout).split_terminator('\0') {
        violations.extend(text::check_name(path));
        let full = root.join(path);
        // A tracked file may be deleted in the working tree.
        if !full.is_file() {
            continue;
        }
        let bytes = fs::read(&full).map_err(|source| Failure::File { path: full, source })?;
        match text::decode(path, bytes) {
            Ok(file) => files.push(file),
            Err(violation) => violations.push(violation),
        }
    }
    Ok((files, violations))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|source| Failure::File { path: PathBuf::from(path), source })
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
