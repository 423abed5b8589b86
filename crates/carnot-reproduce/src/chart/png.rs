//! An SVG chart as a PNG, with the embedded font.

use resvg::{tiny_skia, usvg};

use super::{ChartError, font};

/// Renders an SVG document made by [`super::Chart::svg`] as a PNG, `scale` pixels to a unit.
///
/// # Errors
///
/// [`ChartError::Pixels`] when the document cannot be read or the picture is empty.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, ChartError> {
    let tree = usvg::Tree::from_str(svg, &font::options()).map_err(|e| ChartError::Pixels(Box::new(e)))?;
    let size = tree
        .size()
        .to_int_size()
        .scale_by(scale)
        .ok_or_else(|| ChartError::Pixels("the picture is empty or too large".into()))?;
    let mut pixels = tiny_skia::Pixmap::new(size.width(), size.height())
        .ok_or_else(|| ChartError::Pixels("the picture is empty or too large".into()))?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|e| ChartError::Pixels(Box::new(e)))
}
