//! The program itself: its exit codes and its one line of error.

use std::process::{Command, Output};

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
fn misuse_has_code_two() {
    for arguments in [
        vec!["reproduce", "no-such-figure"],
        vec!["reproduce", "--threads", "1", "no-such-figure"],
        vec!["reproduce", "--threads", "0"],
        vec!["reproduce", "--seeds", "0"],
        vec!["reproduce", "--data", "imagenet"],
        vec!["reproduce", "transfer-objects"],
        vec!["no-such-command"],
        vec![],
    ] {
        let output = program(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    let output = program(&["reproduce", "no-such-figure"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.starts_with("error: ") && error.contains("transfer-digits"), "{error}");
}
