//! `cargo xtask reproduce`: builds the reference implementation and becomes it.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use cargo_metadata::Message;

use crate::{Failure, become_program, cargo, root};

/// The package to build, and the binary in it.
const PACKAGE: &str = "carnot-reproduce";

pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, Failure> {
    let mut command = Command::new(build()?);
    command.arg("reproduce").args(with_output(arguments, &root()));
    become_program(command)
}

/// The option that says where to write.
const OUT: &str = "--out";

/// The arguments, with the output directory of the workspace in front where none is named: from whichever folder the
/// command is given, there is then one report.
fn with_output(arguments: &[OsString], root: &Path) -> Vec<OsString> {
    let names_it = |argument: &OsStr| {
        let rest = argument.as_encoded_bytes().strip_prefix(OUT.as_bytes());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"="))
    };
    // Behind `--` there are no options.
    if arguments.iter().take_while(|argument| *argument != "--").any(|argument| names_it(argument)) {
        return arguments.to_vec();
    }
    let directory = root.join("target").join("reproduce");
    [OUT.into(), directory.into_os_string()].into_iter().chain(arguments.iter().cloned()).collect()
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

    /// The arguments that are handed on, below a root `work`.
    fn handed_on(arguments: &[&str]) -> Vec<String> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let handed_on = with_output(&arguments, Path::new("work"));
        handed_on.into_iter().map(|argument| argument.to_string_lossy().replace('\\', "/")).collect()
    }

    #[test]
    fn an_output_directory_that_is_named_is_left_alone() {
        for arguments in [&["--out", "here"][..], &["--out=here"], &["free-energy", "--resume", "--out", "x"]]
        {
            assert_eq!(handed_on(arguments), arguments);
        }
    }

    #[test]
    fn without_an_output_directory_it_is_that_of_the_workspace() {
        for arguments in [&[][..], &["--list"], &["--outer"], &["--resume", "--", "--out"]] {
            assert_eq!(handed_on(arguments), [&["--out", "work/target/reproduce"], arguments].concat());
        }
    }

    #[test]
    fn reports_that_nothing_was_built() {
        let messages = artifact("lib", "carnot_reproduce", "null");
        assert_eq!(find_executable(messages.as_bytes()).expect("the message is readable"), None);
    }
}
