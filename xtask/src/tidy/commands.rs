//! The two commands a reader meets first: named by the README, and the test command run by `.ci/run`.

use super::{TextFile, Violation};

/// Runs every figure.
const REPRODUCE: &str = "cargo xtask reproduce";
/// Runs every test.
const TEST: &str = "cargo test --workspace";

/// Which file must hold which command.
const REQUIRED: &[(&str, &str)] = &[("README.md", REPRODUCE), ("README.md", TEST), (".ci/run", TEST)];

/// Checks that each required command stands in its file, outside a comment where the file is a script.
pub(super) fn check(files: &[TextFile]) -> Vec<Violation> {
    let missing = REQUIRED.iter().filter(|(path, command)| {
        let file = files.iter().find(|file| file.path == *path);
        !file.is_some_and(|file| file.content.lines().any(|line| uses(path, line, command)))
    });
    missing.map(|(path, command)| Violation::new(path, 1, format!("`{command}` is missing"))).collect()
}

fn uses(path: &str, line: &str, command: &str) -> bool {
    let is_script = !path.ends_with(".md");
    line.contains(command) && !(is_script && line.trim_start().starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, content: &str) -> TextFile {
        TextFile { path: path.to_owned(), content: content.to_owned() }
    }

    #[test]
    fn commands_in_their_places_pass() {
        let files = [
            file("README.md", "    cargo xtask reproduce\n    cargo test --workspace\n"),
            file(".ci/run", "step cargo test --workspace\n"),
        ];
        assert_eq!(check(&files), []);
    }

    #[test]
    fn a_command_missing_from_the_readme_is_found() {
        let files = [
            file("README.md", "    cargo test --workspace\n"),
            file("docs/README.md", "    cargo xtask reproduce\n"),
            file(".ci/run", "cargo test --workspace\n"),
        ];
        assert_eq!(check(&files), [Violation::new("README.md", 1, "`cargo xtask reproduce` is missing")]);
    }

    #[test]
    fn a_test_command_that_is_commented_out_is_found() {
        let files = [
            file("README.md", "cargo xtask reproduce\ncargo test --workspace\n"),
            file(".ci/run", "# cargo test --workspace\ncargo test -p xtask\n"),
        ];
        assert_eq!(check(&files), [Violation::new(".ci/run", 1, "`cargo test --workspace` is missing")]);
    }

    #[test]
    fn missing_files_are_found() {
        assert_eq!(check(&[]).len(), REQUIRED.len());
    }
}
