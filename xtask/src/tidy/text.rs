//! Every file is text, with a name that no program takes for an option, no trailing whitespace, and no path of the
//! machine on which it was written.

use super::{TextFile, Violation};

/// Folders that stand at the top of one machine's file system. Spelled in pieces, so that this file passes.
const MACHINE_FOLDERS: &[&str] =
    &[concat!("/", "home/"), concat!("/", "root/"), concat!("/", "tmp/"), concat!("/", "Users/")];

/// The text file of these bytes: UTF-8 without a zero. Anything else would pass every other rule unseen.
pub(super) fn decode(path: &str, bytes: Vec<u8>) -> Result<TextFile, Violation> {
    let (bytes, wrong) = match String::from_utf8(bytes) {
        Ok(content) => match content.find('\0') {
            None => return Ok(TextFile { path: path.to_owned(), content }),
            Some(wrong) => (content.into_bytes(), wrong),
        },
        Err(error) => {
            let wrong = error.utf8_error().valid_up_to();
            (error.into_bytes(), wrong)
        }
    };
    let line = 1 + bytes.iter().take(wrong).filter(|byte| **byte == b'\n').count();
    Err(Violation::new(path, line, format!("not text: byte {wrong} is no UTF-8 character, or zero")))
}

/// Checks the name of a file and of the folders on the way to it. What git names in other bytes than UTF-8 arrives with
/// replacement characters.
pub(super) fn check_name(path: &str) -> Option<Violation> {
    let what = if path.split('/').any(|part| part.starts_with('-')) {
        "a name that begins with `-` is taken for an option"
    } else if path.contains(char::REPLACEMENT_CHARACTER) {
        "the name is not UTF-8"
    } else {
        return None;
    };
    Some(Violation::new(path, 1, what))
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
    fn a_file_that_is_not_text_is_found_at_its_first_wrong_byte() {
        let found = |bytes: &[u8]| decode("a.png", bytes.to_vec()).expect_err("not text").to_string();
        assert_eq!(found(b"\x89PNG\r\n"), "a.png:1: not text: byte 0 is no UTF-8 character, or zero");
        assert_eq!(found(b"a\n\n\xff\n"), "a.png:3: not text: byte 3 is no UTF-8 character, or zero");
        assert_eq!(found(b"a\nb\0"), "a.png:2: not text: byte 3 is no UTF-8 character, or zero");
        let text = TextFile { path: "a.md".to_owned(), content: "naïve\n".to_owned() };
        assert_eq!(decode("a.md", "naïve\n".into()), Ok(text));
    }

    #[test]
    fn names_that_read_as_options_are_found() {
        for name in ["-", "--help", "docs/-n.md", "-f/a.rs"] {
            let found = check_name(name).expect("a hyphen comes first").to_string();
            assert_eq!(found, format!("{name}:1: a name that begins with `-` is taken for an option"));
        }
        assert!(check_name("a\u{fffd}.md").is_some());
        assert_eq!(check_name("crates/carnot-data/src/a-b-.rs"), None);
    }
}
