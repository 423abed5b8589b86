//! A drawing surface in pixels with fractions, over the SVG backend of plotters, which counts in
//! whole units: a pixel is [`UNITS`] of them.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::font::FAMILY;
use super::palette::Rgb;
use super::{ChartError, Line, Marker};

/// Units of the SVG to a pixel.
const UNITS: f64 = 10.0;

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// How a text is set.
#[derive(Clone, Copy)]
pub(super) struct TextStyle {
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) colour: Rgb,
    pub(super) horizontal: HPos,
    pub(super) vertical: VPos,
    /// Read from bottom to top.
    pub(super) upwards: bool,
}

pub(super) struct Canvas<'a> {
    root: DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
}

pub(super) type Drawn = Result<(), ChartError>;

impl<'a> Canvas<'a> {
    /// A surface of `width` times `height` pixels that writes into `svg`.
    pub(super) fn new(svg: &'a mut String, width: f64, height: f64) -> Self {
        let size = (units(width).unsigned_abs(), units(height).unsigned_abs());
        Canvas { root: SVGBackend::with_string(svg, size).into_drawing_area() }
    }

    pub(super) fn fill(&self, area: Area, colour: Rgb, opacity: f64) -> Drawn {
        let corners = [pixel(area.left, area.top), pixel(area.right, area.bottom)];
        self.draw(&Rectangle::new(corners, rgb(colour).mix(opacity).filled()))
    }

    pub(super) fn polygon(&self, points: &[(f64, f64)], colour: Rgb, opacity: f64) -> Drawn {
        let points: Vec<_> = points.iter().map(|&(x, y)| pixel(x, y)).collect();
        self.draw(&Polygon::new(points, rgb(colour).mix(opacity)))
    }

    /// A line through `points`, `width` pixels wide.
    pub(super) fn path(&self, points: &[(f64, f64)], line: Line, colour: Rgb, width: f64) -> Drawn {
        let style = rgb(colour).stroke_width(units(width).unsigned_abs().max(1));
        let pieces = match line {
            Line::Solid => vec![points.to_vec()],
            Line::Dashed => dashes(points, 9.0, 6.0),
        };
        for piece in pieces {
            let piece: Vec<_> = piece.into_iter().map(|(x, y)| pixel(x, y)).collect();
            self.draw(&PathElement::new(piece, style))?;
        }
        Ok(())
    }

    /// A marker on a slightly larger one in the colour of the background, which keeps markers
    /// that overlap apart.
    pub(super) fn marker(&self, at: (f64, f64), marker: Marker, colour: Rgb, background: Rgb) -> Drawn {
        for (radius, colour) in [(7.0, background), (5.2, colour)] {
            let (x, y) = at;
            let shape: &[(f64, f64)] = match marker {
                Marker::Circle => {
                    let circle = Circle::new(pixel(x, y), units(radius), rgb(colour).filled());
                    self.draw(&circle)?;
                    continue;
                }
                // Scaled to look as large as the circle.
                Marker::Square => &[(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
                Marker::Triangle => &[(0.0, -1.25), (1.15, 0.8), (-1.15, 0.8)],
                Marker::Diamond => &[(0.0, -1.3), (1.15, 0.0), (0.0, 1.3), (-1.15, 0.0)],
            };
            let corners: Vec<_> = shape.iter().map(|(dx, dy)| (x + radius * dx, y + radius * dy)).collect();
            self.polygon(&corners, colour, 1.0)?;
        }
        Ok(())
    }

    pub(super) fn text(&self, text: &str, at: (f64, f64), style: TextStyle) -> Drawn {
        // The SVG backend divides the size of a font by 1.24.
        let size = style.size * UNITS * 1.24;
        let weight = if style.bold { FontStyle::Bold } else { FontStyle::Normal };
        let transform = if style.upwards { FontTransform::Rotate270 } else { FontTransform::None };
        let font = FontDesc::new(FontFamily::Name(FAMILY), size, weight).transform(transform);
        let style = font.color(&rgb(style.colour)).pos(Pos::new(style.horizontal, style.vertical));
        self.draw(&Text::new(text, pixel(at.0, at.1), style))
    }

    pub(super) fn finish(self) -> Drawn {
        self.root.present().map_err(|e| ChartError::Drawing(Box::new(e)))
    }

    fn draw<'e, E>(&'e self, element: &'e E) -> Drawn
    where
        &'e E: plotters::element::PointCollection<'e, (i32, i32)>,
        E: plotters::element::Drawable<SVGBackend<'a>>,
    {
        self.root.draw(element).map_err(|e| ChartError::Drawing(Box::new(e)))
    }
}

/// Gives the document a size in pixels and a name for those who cannot see it. plotters has
/// written its size in units.
pub(super) fn with_header(svg: &str, width: f64, height: f64, description: &str) -> String {
    let body = svg.split_once('>').map_or("", |(_, body)| body);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\" stroke-linejoin=\"round\">{body}",
        units(width),
        units(height),
        crate::output::escape(description)
    )
}

fn units(pixels: f64) -> i32 {
    (pixels * UNITS).round() as i32
}

fn pixel(x: f64, y: f64) -> (i32, i32) {
    (units(x), units(y))
}

fn rgb((r, g, b): Rgb) -> RGBColor {
    RGBColor(r, g, b)
}

/// The parts of a polyline inside `area`.
pub(super) fn clipped(points: &[(f64, f64)], area: Area) -> Vec<Vec<(f64, f64)>> {
    let mut pieces: Vec<Vec<(f64, f64)>> = Vec::new();
    for pair in points.windows(2) {
        let Some((from, to)) = clipped_segment(pair[0], pair[1], area) else { continue };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&from) => piece.push(to),
            _ => pieces.push(vec![from, to]),
        }
    }
    pieces
}

/// Liang and Barsky's algorithm.
fn clipped_segment(a: (f64, f64), b: (f64, f64), area: Area) -> Option<((f64, f64), (f64, f64))> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for (step, room) in
        [(-dx, a.0 - area.left), (dx, area.right - a.0), (-dy, a.1 - area.top), (dy, area.bottom - a.1)]
    {
        if step == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            enter = enter.max(room / step);
        } else {
            leave = leave.min(room / step);
        }
    }
    // The ends themselves are kept exactly, so that neighbouring segments join.
    let at = |t: f64| match t {
        0.0 => a,
        1.0 => b,
        t => (a.0 + t * dx, a.1 + t * dy),
    };
    (enter <= leave).then(|| (at(enter), at(leave)))
}

/// Cuts a polyline into dashes of length `on` with gaps of length `off`.
fn dashes(points: &[(f64, f64)], on: f64, off: f64) -> Vec<Vec<(f64, f64)>> {
    let mut pieces = Vec::new();
    let mut piece: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
    let (mut drawing, mut left) = (true, on);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            if length < left {
                left -= length;
                if drawing {
                    piece.push(to);
                }
                break;
            }
            let t = left / length;
            from = (from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1));
            if drawing {
                piece.push(from);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![from];
            }
            drawing = !drawing;
            left = if drawing { on } else { off };
        }
    }
    if drawing && piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: Area = Area { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };

    #[test]
    fn a_line_that_leaves_and_returns_is_two_pieces() {
        let pieces = clipped(&[(1.0, 5.0), (5.0, 15.0), (9.0, 5.0)], BOX);
        assert_eq!(
            pieces,
            [vec![(1.0, 5.0), (3.0, 10.0)], vec![(7.0, 10.0), (9.0, 5.0)]],
            "cut where it crosses the lower edge"
        );
        assert!(clipped(&[(-5.0, 20.0), (20.0, 20.0)], BOX).is_empty());
        assert_eq!(clipped(&[(1.0, 1.0), (2.0, 2.0), (3.0, 1.0)], BOX).len(), 1);
    }

    #[test]
    fn dashes_cover_the_line_in_the_given_ratio() {
        let pieces = dashes(&[(0.0, 0.0), (7.0, 0.0), (100.0, 0.0)], 3.0, 2.0);
        let drawn: f64 = pieces.iter().map(|p| p[p.len() - 1].0 - p[0].0).sum();
        assert!((drawn - 60.0).abs() < 1e-9, "{drawn}");
        assert_eq!(pieces[1], [(5.0, 0.0), (7.0, 0.0), (8.0, 0.0)], "a dash keeps the corner in it");
    }
}
