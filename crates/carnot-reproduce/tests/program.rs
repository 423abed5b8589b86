//! The program itself: its exit codes, its one line of error, and its threads.

// Only what makes a finished figure is used here.
#[allow(dead_code)]
mod fakes;

use std::path::Path;
use std::process::{Command, Output};

use carnot_reproduce::figures::Entry;
use fakes::{Act, Fake, reproduce};

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_carnot-reproduce")).args(arguments).output().unwrap()
}

#[test]
fn the_list_is_on_standard_output() {
    for arguments in [vec!["reproduce", "--list"], vec!["reproduce", "--list", "--threads", "2"]] {
        let output = program(&arguments);
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8(output.stdout).unwrap().contains("iso-classification"));
        assert!(output.stderr.is_empty());
    }
}

#[test]
fn help_and_version_are_no_errors() {
    for (arguments, part) in [
        (vec!["--help"], "Usage: carnot-reproduce <COMMAND>"),
        (vec!["reproduce", "--help"], "Usage: cargo xtask reproduce [OPTIONS] [FIGURE]..."),
        (vec!["--version"], env!("CARGO_PKG_VERSION")),
        (vec!["reproduce", "--version"], env!("CARGO_PKG_VERSION")),
    ] {
        let output = program(&arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(String::from_utf8(output.stdout).unwrap().contains(part), "{arguments:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn misuse_has_code_two_and_one_line() {
    for (arguments, part) in [
        (vec!["reproduce", "no-such-figure"], "transfer-digits"),
        (vec!["reproduce", "--threads", "1", "no-such-figure"], "no-such-figure"),
        (vec!["reproduce", "--list", "no-such-figure"], "no-such-figure"),
        (vec!["reproduce", "--threads", "0"], "0 is not in 1..=1024"),
        (vec!["reproduce", "--seeds", "0"], "0 is not in 1..=1000"),
        (vec!["reproduce", "--seeds"], "--seeds"),
        (vec!["reproduce", "--data", "imagenet"], "[possible values: synthetic, mnist, cifar10]"),
        (vec!["reproduce", "--tier", "full\n\nquick"], "'full"),
        (vec!["reproduce", "--seed", "3"], "'--seed'"),
        (vec!["reproduce", "--list", "--list"], "--list"),
        (vec!["reproduce", "transfer-objects"], "to come"),
        (vec!["no-such-command"], "'no-such-command'"),
        (vec![], "requires a subcommand"),
    ] {
        let output = program(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.starts_with("error: ") && error.contains(part), "{error}");
        assert!(!error.contains("Usage:") && !error.contains("For more information"), "{error}");
    }
}

/// The number of threads that the program says it uses, from the manifest of a run that keeps the figure of `out`.
fn threads(out: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> u64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_carnot-reproduce"));
    command.args(["reproduce", "iso-classification", "--resume", "--out"]).arg(out).args(arguments);
    for variable in ["CARNOT_THREADS", "RAYON_NUM_THREADS", "CANDLE_NUM_THREADS"] {
        command.env_remove(variable);
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{error}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("kept"));
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("manifest.json")).unwrap()).unwrap();
    manifest["threads"].as_u64().unwrap()
}

#[test]
fn the_threads_are_those_asked_for_whatever_the_marker_says() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path();
    let finished = Fake::new("iso-classification", Act::Value(0.01));
    reproduce(&[Entry::available(&finished)], out, &[], 1);
    let ones = [("RAYON_NUM_THREADS", "1"), ("CANDLE_NUM_THREADS", "1")];
    let marked = |rest: &[(&'static str, &'static str)]| [&[("CARNOT_THREADS", "5")], rest].concat();
    assert_eq!(threads(out, &["--threads", "3"], &[]), 3);
    assert_eq!(threads(out, &["--threads", "3"], &marked(&[])), 3, "a marker of the user's");
    assert_eq!(threads(out, &["--threads", "3"], &marked(&ones)), 3, "a marker inherited from another run");
    assert_eq!(threads(out, &[], &[("RAYON_NUM_THREADS", "2")]), 2);
    assert_eq!(threads(out, &[], &marked(&[("RAYON_NUM_THREADS", "2")])), 2);
    assert_eq!(threads(out, &[], &marked(&ones)), 5, "as this program starts itself");
    let machine = std::thread::available_parallelism().unwrap().get() as u64;
    assert_eq!(threads(out, &[], &marked(&[])), machine);
}
