//! Every text file: no trailing whitespace, and no path of the machine on which it was written.

use super::{TextFile, Violation};

/// Folders that stand at the top of one machine's file system. Spelled in pieces, so that this file passes.
const MACHINE_FOLDERS: &[&str] =
    &[concat!("/", "home/"), concat!("/", "root/"), concat!("/", "tmp/"), concat!("/", "Users/")];

/// The content of a text file, or nothing where the bytes are not text.
pub(super) fn decode(bytes: Vec<u8>) -> Option<String> {
    String::from_utf8(bytes).ok().filter(|content| !content.contains('\0'))
}

/// Checks one file; `root` is where the repository lies on this machine, a path that no file may name.
pub(super) fn check(file: &TextFile, root: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    // Not `lines()`, which would hide the carriage return of a line that ends in both.
    for (index, line) in file.content.split('\n').enumerate() {
        if line.ends_with([' ', '\t', '\r']) && !is_licence(&file.path) {
            violations.push(Violation::new(&file.path, index + 1, "trailing whitespace"));
        }
        for folder in MACHINE_FOLDERS.iter().copied().chain([root]) {
            if names_absolute_path(line, folder) {
                let what = format!("`{folder}` is a path of one machine");
                violations.push(Violation::new(&file.path, index + 1, what));
            }
        }
    }
    violations
}

/// A licence is quoted as its owner wrote it, spaces included.
fn is_licence(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.contains("LICENSE"))
}

/// Whether the folder stands in the line at the start of a path: `target` followed by it is a relative path.
fn names_absolute_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(start, _)| {
        let before = line.get(..start).and_then(|text| text.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '~' | '}' | '>' | ')'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violations(content: &str) -> Vec<String> {
        let file = TextFile { path: "a.md".to_owned(), content: content.to_owned() };
        check(&file, "/srv/carnot").iter().map(Violation::to_string).collect()
    }

    #[test]
    fn clean_text_passes() {
        assert_eq!(violations("one\n\n  two\nsee target/reproduce/index.html\n"), [""; 0]);
    }

    #[test]
    fn trailing_whitespace_is_found_on_its_line() {
        assert_eq!(violations("one\ntwo \n"), ["a.md:2: trailing whitespace"]);
        assert_eq!(
            violations("one\r\n\ttwo\t"),
            ["a.md:1: trailing whitespace", "a.md:2: trailing whitespace"]
        );
    }

    #[test]
    fn only_a_licence_keeps_its_trailing_whitespace() {
        let found =
            |path: &str| check(&TextFile { path: path.to_owned(), content: "a \n".to_owned() }, "/srv").len();
        assert_eq!((found("fonts/FONT-LICENSE"), found("LICENSES/readme.md")), (0, 1));
    }

    #[test]
    fn every_machine_folder_is_found_in_prose_and_in_quotes() {
        for folder in MACHINE_FOLDERS {
            let what = format!("`{folder}` is a path of one machine");
            assert_eq!(violations(&format!("see {folder}me\n")), [format!("a.md:1: {what}")]);
            assert_eq!(violations(&format!("x\n\"{folder}me\"\n")), [format!("a.md:2: {what}")]);
        }
    }

    #[test]
    fn the_folder_of_the_repository_is_found() {
        assert_eq!(
            violations("built in /srv/carnot today\n"),
            ["a.md:1: `/srv/carnot` is a path of one machine"]
        );
    }

    #[test]
    fn relative_paths_and_addresses_are_not_machine_paths() {
        for folder in MACHINE_FOLDERS {
            assert_eq!(violations(&format!("target{folder}me https://example.org{folder}\n")), [""; 0]);
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_left_alone() {
        assert_eq!(decode(vec![0xff, 0xfe, 0x20]), None);
        assert_eq!(decode(b"a\0b".to_vec()), None);
        assert_eq!(decode(b"text".to_vec()).as_deref(), Some("text"));
    }
}
