//! Rust sources: their length, unfinished or skipped code, and the README as the crate's documentation.

use super::{TextFile, Violation};

/// A file longer than this is counted.
pub(super) const LONG_FILE: usize = 300;
/// A file longer than this is a violation.
const LONGEST_FILE: usize = 500;

/// Code that is not there, or is not run. Spelled in pieces, so that this file does not break its own rule.
const UNFINISHED: &[&str] = &[concat!("todo", "!"), concat!("unimplemented", "!"), concat!("#[", "ignore")];

/// How a crate makes its README its documentation.
const README_AS_DOCUMENTATION: &str = r#"#![doc = include_str!("../README.md")]"#;

pub(super) fn is_long(file: &TextFile) -> bool {
    file.content.lines().count() > LONG_FILE
}

/// Checks the length of a source and looks for unfinished and skipped code.
pub(super) fn check(file: &TextFile) -> Vec<Violation> {
    let mut violations = Vec::new();
    let lines = file.content.lines().count();
    if lines > LONGEST_FILE {
        let what = format!("{lines} lines, at most {LONGEST_FILE} are allowed");
        violations.push(Violation::new(&file.path, LONGEST_FILE + 1, what));
    }
    for (index, line) in file.content.lines().enumerate() {
        for unfinished in UNFINISHED.iter().filter(|unfinished| line.contains(**unfinished)) {
            violations.push(Violation::new(&file.path, index + 1, format!("`{unfinished}` is not allowed")));
        }
    }
    violations
}

/// Checks that the root source of a crate includes the README beside its manifest as its documentation.
pub(super) fn check_documentation(path: &str, source: &str) -> Option<Violation> {
    let included = source.lines().any(|line| line.trim() == README_AS_DOCUMENTATION);
    (!included).then(|| Violation::new(path, 1, format!("`{README_AS_DOCUMENTATION}` is missing")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(content: impl Into<String>) -> TextFile {
        TextFile { path: "src/lib.rs".to_owned(), content: content.into() }
    }

    #[test]
    fn length_is_counted_above_300_and_refused_above_500() {
        let of_length = |lines| source("x\n".repeat(lines));
        assert!(!is_long(&of_length(300)) && is_long(&of_length(301)));
        assert_eq!(check(&of_length(500)), []);
        let found = check(&of_length(501));
        assert_eq!(found, [Violation::new("src/lib.rs", 501, "501 lines, at most 500 are allowed")]);
    }

    #[test]
    fn unfinished_and_skipped_code_is_found_on_its_line() {
        for unfinished in UNFINISHED {
            let found = check(&source(format!("fn a() {{}}\n    {unfinished}(\"reason\")\n")));
            assert_eq!(found, [Violation::new("src/lib.rs", 2, format!("`{unfinished}` is not allowed"))]);
        }
        assert_eq!(check(&source("fn todo() {}\n")), []);
    }

    #[test]
    fn a_crate_without_its_readme_is_found() {
        let included = format!("{README_AS_DOCUMENTATION}\n\npub mod a;\n");
        assert_eq!(check_documentation("src/lib.rs", &included), None);
        for missing in ["//! Own words.\n", "#![doc = include_str!(\"../../README.md\")]\n"] {
            let found = check_documentation("src/lib.rs", missing).expect("the README is not included");
            assert_eq!((found.file.as_str(), found.line), ("src/lib.rs", 1));
        }
    }
}
