//! `cargo xtask reproduce`: builds the reference implementation and becomes it.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use cargo_metadata::Message;

use crate::{Failure, become_program, cargo, root};

/// The package to build, and the binary in it.
const PACKAGE: &str = "carnot-reproduce";

pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, Failure> {
    let mut command = Command::new(build()?);
    command.arg("reproduce").args(arguments);
    become_program(command)
}

/// Builds the binary in the dev profile, which the tests share, and returns where cargo put it.
fn build() -> Result<PathBuf, Failure> {
    let mut command = cargo();
    command
        .args(["build", "--package", PACKAGE, "--bin", PACKAGE])
        // Standard output then carries the artifacts; progress and diagnostics stay on standard error.
        .arg("--message-format=json-render-diagnostics")
        .arg("--manifest-path")
        .arg(root().join("Cargo.toml"))
        .stdout(Stdio::piped());
    let program = command.get_program().to_owned();
    let failed = |source| Failure::Program { program: program.clone(), source };

    let mut child = command.spawn().map_err(failed)?;
    let mut executable = None;
    if let Some(output) = child.stdout.take() {
        executable = find_executable(BufReader::new(output)).map_err(failed)?;
    }
    let status = child.wait().map_err(failed)?;
    if !status.success() {
        let program = format!("cargo build --package {PACKAGE}");
        return Err(Failure::Unsuccessful { program, status: status.to_string() });
    }
    executable.ok_or(Failure::NoExecutable { name: PACKAGE })
}

/// Reads cargo's messages to the end and returns the executable of [`PACKAGE`], if one was built.
fn find_executable(messages: impl BufRead) -> std::io::Result<Option<PathBuf>> {
    let mut executable = None;
    for message in Message::parse_stream(messages) {
        if let Message::CompilerArtifact(artifact) = message?
            && artifact.target.name == PACKAGE
            && let Some(path) = artifact.executable
        {
            executable = Some(path.into_std_path_buf());
        }
    }
    Ok(executable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(kind: &str, name: &str, executable: &str) -> String {
        format!(
            r#"{{"reason":"compiler-artifact","package_id":"p","target":{{"kind":["{kind}"],"name":"{name}","src_path":"a.rs"}},"profile":{{"opt_level":"3","debug_assertions":true,"overflow_checks":true,"test":false}},"features":[],"filenames":[],"executable":{executable},"fresh":true}}"#
        )
    }

    #[test]
    fn finds_the_binary_among_libraries_and_other_binaries() {
        let messages = [
            artifact("lib", "carnot_reproduce", "null"),
            artifact("bin", "other", "\"bin/other\""),
            artifact("bin", PACKAGE, "\"bin/carnot-reproduce\""),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ]
        .join("\n");
        let found = find_executable(messages.as_bytes()).expect("the messages are readable");
        assert_eq!(found, Some(PathBuf::from("bin/carnot-reproduce")));
    }

    #[test]
    fn reports_that_nothing_was_built() {
        let messages = artifact("lib", "carnot_reproduce", "null");
        assert_eq!(find_executable(messages.as_bytes()).expect("the message is readable"), None);
    }
}
