#![doc = include_str!("../README.md")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line program speaks by printing")]

mod ci;
mod reproduce;
mod tidy;
mod verify;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::{env, fmt, io};

/// Exit code of a violation or of a failed check.
const EXIT_VIOLATION: u8 = 1;
/// Exit code of misuse: an unknown command or argument.
const EXIT_MISUSE: u8 = 2;
/// Exit code of a command that could not finish its work.
const EXIT_UNFINISHED: u8 = 3;

/// One row of the dispatch table.
struct Task {
    name: &'static str,
    arguments: &'static str,
    summary: &'static str,
    run: fn(&[OsString]) -> Result<ExitCode, Failure>,
}

const TASKS: &[Task] = &[
    Task {
        name: "reproduce",
        arguments: "[ARGS]...",
        summary: "build carnot-reproduce, then become it (--help lists its arguments)",
        run: reproduce::run,
    },
    Task {
        name: "verify",
        arguments: "[--cases N]",
        summary: "run the tests that are too long for `cargo test`, tier after tier",
        run: verify::run,
    },
    Task { name: "tidy", arguments: "", summary: "check what the compiler does not", run: tidy::run },
    Task { name: "ci", arguments: "", summary: "run .ci/run: every check, in order", run: ci::run },
];

/// Why a command could not do its work.
#[derive(Debug)]
enum Failure {
    /// An argument that the command does not take.
    UnexpectedArgument { command: &'static str, argument: OsString },
    /// Arguments that make no sense to the command, and why.
    Misuse { command: &'static str, what: String },
    /// A program that could not be started, read or waited for.
    Program { program: OsString, source: io::Error },
    /// A file that could not be read.
    File { path: PathBuf, source: io::Error },
    /// `cargo metadata` failed.
    Metadata(cargo_metadata::Error),
    /// A program that ran and failed.
    Unsuccessful { program: String, status: String },
    /// `cargo build` succeeded but reported no executable of this name.
    NoExecutable { name: &'static str },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnexpectedArgument { command, argument } => {
                write!(f, "`{command}` takes no argument, found `{}`", argument.display())
            }
            Self::Misuse { command, what } => write!(f, "{what} (see `cargo xtask {command} --help`)"),
            Self::Program { program, source } => write!(f, "cannot run `{}`: {source}", program.display()),
            Self::File { path, source } => write!(f, "cannot read {}: {source}", path.display()),
            Self::Metadata(source) => write!(f, "{source}"),
            Self::Unsuccessful { program, status } => write!(f, "`{program}` failed ({status})"),
            Self::NoExecutable { name } => write!(f, "cargo built no executable named `{name}`"),
        }
    }
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::UnexpectedArgument { .. } | Self::Misuse { .. } => EXIT_MISUSE,
            _ => EXIT_UNFINISHED,
        })
    }
}

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", usage());
        return ExitCode::SUCCESS;
    };
    if name == "--help" || name == "-h" || name == "help" {
        print!("{}", usage());
        return ExitCode::SUCCESS;
    }
    let Some(task) = TASKS.iter().find(|task| name == task.name) else {
        eprint!("xtask: unknown command `{}`\n\n{}", name.display(), usage());
        return ExitCode::from(EXIT_MISUSE);
    };
    (task.run)(rest).unwrap_or_else(|failure| {
        eprintln!("xtask {}: {failure}", task.name);
        failure.exit_code()
    })
}

fn usage() -> String {
    let mut text = String::from("Usage: cargo xtask COMMAND\n\nCommands:\n");
    for Task { name, arguments, summary, .. } in TASKS {
        text.push_str(&format!("  {:<22} {summary}\n", format!("{name} {arguments}")));
    }
    text
}

/// The root of the workspace: the parent of this package. Cargo says where that is as it runs this program: the place where
/// it was compiled is another one when two checkouts share a target directory.
fn root() -> PathBuf {
    let mut package =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.pop();
    package
}

/// The cargo that started this program, or the one on the path.
fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Refuses every argument, for a command that takes none.
fn expect_no_arguments(command: &'static str, arguments: &[OsString]) -> Result<(), Failure> {
    match arguments.first() {
        None => Ok(()),
        Some(argument) => Err(Failure::UnexpectedArgument { command, argument: argument.clone() }),
    }
}

/// Becomes the given program where the platform can (so that a signal reaches it), else waits for it.
fn become_program(mut command: Command) -> Result<ExitCode, Failure> {
    let program = command.get_program().to_owned();
    #[cfg(unix)]
    {
        let source = std::os::unix::process::CommandExt::exec(&mut command);
        Err(Failure::Program { program, source })
    }
    #[cfg(not(unix))]
    {
        let status = command.status().map_err(|source| Failure::Program { program, source })?;
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        Ok(ExitCode::from(code.unwrap_or(EXIT_UNFINISHED)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_names_every_command() {
        let text = usage();
        for task in TASKS {
            assert!(text.contains(task.name) && text.contains(task.summary), "{} is missing", task.name);
        }
    }

    #[test]
    fn an_unexpected_argument_is_misuse_and_is_named() {
        let failure = expect_no_arguments("tidy", &["--fix".into()]).expect_err("an argument was given");
        assert!(failure.to_string().contains("--fix"), "{failure}");
        assert!(matches!(failure, Failure::UnexpectedArgument { command: "tidy", .. }));
        assert!(expect_no_arguments("tidy", &[]).is_ok());
    }

    #[test]
    fn the_root_holds_the_workspace_manifest() {
        assert!(root().join("Cargo.toml").is_file() && root().join("xtask").is_dir());
    }
}
