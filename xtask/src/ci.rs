//! `cargo xtask ci`: the checks of `.ci/run`, which stay in one place.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use crate::{Failure, become_program, expect_no_arguments, root};

pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, Failure> {
    expect_no_arguments("ci", arguments)?;
    let mut command = Command::new("bash");
    command.arg(root().join(".ci/run"));
    become_program(command)
}
