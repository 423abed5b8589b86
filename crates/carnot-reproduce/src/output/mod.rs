//! What is written to disk: the files of a figure, the manifest and the report.

mod figure_files;
mod files;
mod manifest;
mod number;
mod record;
mod report;
mod surfaces;

use std::io;
use std::path::PathBuf;

pub use figure_files::{figure_files, is_complete};
pub use files::{DirectoryLock, check_writable, replace, replace_all};
pub use manifest::manifest_json;
pub use record::{Made, Record, metrics_json};
pub use report::index_html;

/// Why something could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// The output directory or the folder of a figure cannot be made, or nothing can be written in it.
    #[error("cannot write to the output directory {}", directory.display())]
    Unwritable {
        /// The directory.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process writes to the output directory.
    #[error("another run is writing to {}; wait for it or choose another --out", directory.display())]
    Busy {
        /// The directory.
        directory: PathBuf,
    },
    /// A file could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file under its final name.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// `text` with the characters that mean something in HTML, XML and their attributes replaced, and
/// the control characters that XML does not allow left out.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn escaped_text_cannot_leave_its_place() {
        assert_eq!(escape("<b a=\"1\">&'\u{0}"), "&lt;b a=&quot;1&quot;&gt;&amp;&#39;");
        assert_eq!(escape("λ ≤ 2"), "λ ≤ 2");
    }
}
