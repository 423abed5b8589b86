//! Anti-aliased drawing of strokes.

use super::hand::{Dot, Writing};
use super::{N_PIXELS, SIDE};

/// Draws on a black image of 28 x 28 bytes.
///
/// A pixel's intensity is `ink * clamp(1/2 + (r - d) / edge, 0, 1)`, where `r - d` is the largest over
/// all pieces of stroke of the pen's radius there minus the distance of the pixel's centre.
pub(super) fn draw(writing: &Writing, image: &mut [u8]) {
    // How deep each pixel lies inside the strokes, in pixels; negative outside.
    let mut depth = [f64::NEG_INFINITY; N_PIXELS];
    for stroke in &writing.strokes {
        for pair in stroke.windows(2) {
            deepen(&mut depth, pair[0], pair[1], 0.5 * writing.edge);
        }
    }
    for (byte, depth) in image.iter_mut().zip(depth) {
        let coverage = (0.5 + depth / writing.edge).clamp(0.0, 1.0);
        // Rounded to the nearest; the cast cuts the fraction off.
        *byte = (255.0 * writing.ink * coverage + 0.5) as u8;
    }
}

/// Raises `depth` to that of the piece from `from` to `to` in the pixels within its radius and `margin`.
fn deepen(depth: &mut [f64; N_PIXELS], from: Dot, to: Dot, margin: f64) {
    let reach = from.radius.max(to.radius) + margin;
    let columns = covered(from.x.min(to.x) - reach, from.x.max(to.x) + reach);
    let rows = covered(from.y.min(to.y) - reach, from.y.max(to.y) + reach);
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let squared_length = dx * dx + dy * dy;
    for row in rows {
        for column in columns.clone() {
            let (px, py) = (column as f64 + 0.5 - from.x, row as f64 + 0.5 - from.y);
            // Share of the piece passed at its point nearest to the pixel; a piece without length is a dot.
            let along = if squared_length > 0.0 {
                ((px * dx + py * dy) / squared_length).clamp(0.0, 1.0)
            } else {
                0.0
            };
            let (ex, ey) = (px - along * dx, py - along * dy);
            let radius = from.radius + along * (to.radius - from.radius);
            let here = radius - (ex * ex + ey * ey).sqrt();
            let pixel = &mut depth[row * SIDE + column];
            *pixel = pixel.max(here);
        }
    }
}

/// The columns (or rows) of the image whose centres may lie between two coordinates. A cast of a
/// negative or too large number ends at the border.
fn covered(low: f64, high: f64) -> std::ops::Range<usize> {
    (low.max(0.0) as usize).min(SIDE)..((high.max(0.0) as usize) + 1).min(SIDE)
}
