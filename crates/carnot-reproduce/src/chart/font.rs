//! The embedded font: the widths of texts, and the font database of the PNG renderer.

use std::sync::{Arc, LazyLock};

use resvg::usvg;
use resvg::usvg::fontdb;

/// What the SVG asks for: DejaVu Sans where it is installed, else Verdana, which has nearly the
/// same widths, else any sans serif.
pub(super) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.load_font_data(dejavu::sans::bold().to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    Arc::new(fonts)
});

/// The options under which an SVG is read: the embedded font and nothing of the system.
pub(super) fn options() -> usvg::Options<'static> {
    usvg::Options {
        font_family: "DejaVu Sans".to_owned(),
        fontdb: Arc::clone(&FONTS),
        ..usvg::Options::default()
    }
}

/// The width of `text` at `size` pixels, by shaping it with the embedded font.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    if text.is_empty() {
        return 0.0;
    }
    let weight = if bold { "bold" } else { "normal" };
    // A fixed size of 100 makes the width of a text strictly proportional to `size`.
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><text y=\"1\" \
         font-family=\"{FAMILY}\" font-size=\"100\" font-weight=\"{weight}\">{}</text></svg>",
        crate::output::escape(text)
    );
    match usvg::Tree::from_str(&svg, &options()) {
        Ok(tree) => f64::from(tree.root().bounding_box().width()) * size / 100.0,
        // A text without a shape (spaces only): 0.6 of the size is the mean advance of the font.
        Err(_) => text.chars().count() as f64 * 0.6 * size,
    }
}
