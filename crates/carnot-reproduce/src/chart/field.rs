//! A quantity over a plane: filled contours, contour lines with their numbers, and the bar that explains the colours.

use plotters::style::text_anchor::{HPos, VPos};

use super::canvas::{Area, Canvas, Drawn, TextStyle};
use super::contour::{Contour, contours};
use super::palette::{Colours, Rgb};
use super::panel::{LABEL_SIZE, TICK_LENGTH, TICK_SIZE, axis_title, up};
use super::scale::{Mapping, Ticks};
use super::{Axis, Line, font};

/// The bar: its distance from the axes and its width.
const BAR_GAP: f64 = 16.0;
const BAR_WIDTH: f64 = 16.0;
/// The size of the numbers on contour lines, and the least length of a line that is given one.
const NUMBER_SIZE: f64 = 14.5;
const NUMBERED_LENGTH: f64 = 90.0;
/// At most about so many contour lines, and so many shades between two of them.
const LINES: usize = 9;
const SHADES: usize = 4;

/// A quantity at the points of a grid, drawn as filled contours under everything else in a panel.
///
/// A number that is not finite, or not positive on a logarithmic scale, leaves a hole.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The quantity: its label, unit, scale and range. Contour lines are drawn at its ticks.
    pub value: Axis,
    /// The horizontal coordinates of the columns, ascending.
    pub x: Vec<f64>,
    /// The vertical coordinates of the rows, ascending.
    pub y: Vec<f64>,
    /// The values, row by row; shape (rows, columns).
    pub rows: Vec<Vec<f64>>,
}

impl Field {
    /// The quantity `value` at every pair of `x` and `y`, computed by `at(x, y)`.
    #[must_use]
    pub fn tabulated(value: Axis, x: &[f64], y: &[f64], at: impl Fn(usize, usize) -> f64) -> Self {
        let rows = (0..y.len()).map(|row| (0..x.len()).map(|column| at(column, row)).collect()).collect();
        Field { value, x: x.to_vec(), y: y.to_vec(), rows }
    }
}

/// A field with its colours decided.
pub(super) struct PreparedField<'a> {
    field: &'a Field,
    mapping: Mapping,
    ticks: Ticks,
    /// Positions in [0, 1], ascending: the edges of the bands of one shade.
    levels: Vec<f64>,
}

impl<'a> PreparedField<'a> {
    pub(super) fn new(field: &'a Field) -> Self {
        let mapping = Mapping::new(&field.value, field.rows.iter().flatten().copied());
        let ticks = mapping.ticks(LINES);
        let lines: Vec<f64> = ticks.major.iter().map(|(position, _)| *position).collect();
        PreparedField { field, levels: shaded(&lines), mapping, ticks }
    }

    /// The horizontal coordinate at a fractional column.
    pub(super) fn column(&self, at: f64) -> Option<f64> {
        between(&self.field.x, at)
    }

    /// The vertical coordinate at a fractional row.
    pub(super) fn row(&self, at: f64) -> Option<f64> {
        between(&self.field.y, at)
    }

    /// Room right of the axes: the bar, its numbers and the turned label.
    pub(super) fn gutter(&self) -> f64 {
        let widest = self.ticks.major.iter().map(|(_, text)| font::width(text, TICK_SIZE, false));
        BAR_GAP + BAR_WIDTH + TICK_LENGTH + 5.0 + widest.fold(0.0, f64::max) + LABEL_SIZE + 12.0
    }

    /// The colour of band `band`: 0 below the first level, up to the number of levels above the last.
    fn colour(&self, band: usize, colours: &Colours) -> Rgb {
        let edge = |k: usize| self.levels.get(k).copied().unwrap_or(1.0);
        let low = if band == 0 { 0.0 } else { edge(band - 1) };
        colours.ramp.at(0.5 * (low + edge(band)))
    }

    /// Draws the bands and the lines; `pixel` places a point of the grid, given by its fractional column and row.
    pub(super) fn draw(
        &self,
        canvas: &Canvas<'_>,
        pixel: impl Fn(f64, f64) -> Option<(f64, f64)>,
        colours: &Colours,
    ) -> Drawn {
        let shape = (self.field.x.len(), self.field.y.len());
        let value = |column: usize, row: usize| {
            let value = self.field.rows.get(row).and_then(|r| r.get(column)).copied();
            value.and_then(|value| self.mapping.position(value)).unwrap_or(f64::NAN)
        };
        // The lowest band is bounded by where there are values at all.
        let positions = std::iter::once(f64::NEG_INFINITY).chain(self.levels.iter().copied());
        let mut rings: Vec<(usize, Contour)> = positions
            .enumerate()
            .flat_map(|(band, level)| contours(shape, value, level).into_iter().map(move |ring| (band, ring)))
            .collect();
        // A point that is at its level by itself bounds nothing.
        rings.retain(|(_, ring)| ring.area().abs() > 1e-6);
        // Contours of different levels never cross: painted from the largest to the smallest, each one shows the band on
        // its inner side.
        rings.sort_by(|a, b| b.1.area().abs().total_cmp(&a.1.area().abs()));
        for (band, ring) in &rings {
            let inner = if ring.area() > 0.0 { Some(*band) } else { band.checked_sub(1) };
            let colour = inner.map_or(colours.background, |band| self.colour(band, colours));
            let outline: Vec<_> = ring.points().filter_map(|(x, y)| pixel(x, y)).collect();
            canvas.polygon(&outline, colour, 1.0)?;
        }
        let mut numbers: Vec<((f64, f64), &str, Rgb)> = Vec::new();
        for (band, ring) in &rings {
            let level = band.checked_sub(1).and_then(|k| self.levels.get(k));
            let tick = self.ticks.major.iter().find(|(position, _)| Some(position) == level);
            let Some((_, text)) = tick else { continue };
            let under = self.colour(*band, colours);
            for line in ring.lines() {
                let line: Vec<_> = line.iter().filter_map(|&(x, y)| pixel(x, y)).collect();
                canvas.path(&line, Line::Solid, colours.contour, 1.0)?;
                if let Some(at) = place_for_number(&line, numbers.iter().map(|number| number.0)) {
                    numbers.push((at, text, under));
                }
            }
        }
        for (at, text, under) in numbers {
            self.draw_number(canvas, at, text, under, colours)?;
        }
        Ok(())
    }

    fn draw_number(
        &self,
        canvas: &Canvas<'_>,
        at: (f64, f64),
        text: &str,
        under: Rgb,
        colours: &Colours,
    ) -> Drawn {
        let (width, height) = (0.5 * font::width(text, NUMBER_SIZE, false) + 3.0, 0.5 * NUMBER_SIZE);
        let patch =
            Area { left: at.0 - width, right: at.0 + width, top: at.1 - height, bottom: at.1 + height };
        canvas.fill(patch, under, 1.0)?;
        let style = TextStyle {
            size: NUMBER_SIZE,
            bold: false,
            colour: colours.readable_on(under),
            horizontal: HPos::Center,
            vertical: VPos::Center,
            upwards: false,
        };
        canvas.text(text, (at.0, at.1 + 1.0), style)
    }

    /// Draws the bar right of the axes `plot`; the label is turned and ends at `right`.
    pub(super) fn draw_bar(&self, canvas: &Canvas<'_>, plot: Area, right: f64, colours: &Colours) -> Drawn {
        let bar = Area { left: plot.right + BAR_GAP, right: plot.right + BAR_GAP + BAR_WIDTH, ..plot };
        let mut bottom = bar.bottom;
        for band in 0..=self.levels.len() {
            // Up to the top, to be covered by the next one: no gap shows between the two.
            canvas.fill(Area { bottom, ..bar }, self.colour(band, colours), 1.0)?;
            bottom = self.levels.get(band).map_or(bar.top, |level| up(bar, *level));
        }
        let text = TextStyle {
            size: TICK_SIZE,
            bold: false,
            colour: colours.ink,
            horizontal: HPos::Left,
            vertical: VPos::Center,
            upwards: false,
        };
        for (position, label) in &self.ticks.major {
            let y = up(bar, *position);
            canvas.path(&[(bar.right, y), (bar.right + TICK_LENGTH, y)], Line::Solid, colours.axis, 1.2)?;
            canvas.text(label, (bar.right + TICK_LENGTH + 5.0, y + 1.5), text)?;
        }
        let label = TextStyle {
            size: LABEL_SIZE,
            horizontal: HPos::Center,
            vertical: VPos::Top,
            upwards: true,
            ..text
        };
        let at = (right - LABEL_SIZE, 0.5 * (plot.top + plot.bottom));
        canvas.text(&axis_title(&self.field.value, &self.ticks), at, label)
    }
}

/// The positions of contour lines, with further ones between and beyond them in [0, 1].
fn shaded(lines: &[f64]) -> Vec<f64> {
    let &[first, .., last] = lines else { return lines.to_vec() };
    let step = (last - first) / (SHADES * (lines.len() - 1)) as f64;
    let before = (1..).map(|k| first - f64::from(k) * step).take_while(|p| *p > 0.0);
    let mut levels: Vec<f64> = before.collect();
    levels.reverse();
    for pair in lines.windows(2) {
        levels.extend((0..SHADES).map(|k| pair[0] + (pair[1] - pair[0]) * k as f64 / SHADES as f64));
    }
    levels.extend((0..).map(|k| last + f64::from(k) * step).take_while(|p| *p < 1.0));
    levels
}

/// The number at a fractional index.
fn between(numbers: &[f64], at: f64) -> Option<f64> {
    let low = *numbers.get(at.floor() as usize)?;
    let high = *numbers.get(at.ceil() as usize)?;
    Some(low + at.fract() * (high - low))
}

/// The place on a line that is farthest from its ends and from the numbers placed so far, if the line is long enough and
/// the place far enough from them.
fn place_for_number(
    line: &[(f64, f64)],
    taken: impl Iterator<Item = (f64, f64)> + Clone,
) -> Option<(f64, f64)> {
    let distance = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).hypot(a.1 - b.1);
    let length: f64 = line.windows(2).map(|pair| distance(pair[0], pair[1])).sum();
    let (first, last) = (*line.first()?, *line.last()?);
    if length < NUMBERED_LENGTH {
        return None;
    }
    let room = |at: (f64, f64)| {
        // As far from the axes as three quarters of the distance from another number.
        let ends = 1.5 * distance(at, first).min(distance(at, last));
        taken.clone().map(|other| distance(at, other)).fold(ends, f64::min)
    };
    let best = line.iter().copied().max_by(|a, b| room(*a).total_cmp(&room(*b)))?;
    (room(best) > 0.4 * NUMBERED_LENGTH).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_lie_between_and_beyond_the_lines_and_keep_them() {
        let levels = shaded(&[0.2, 0.4, 0.8]);
        assert!(levels.windows(2).all(|pair| pair[0] < pair[1]), "{levels:?}");
        assert!(levels[0] > 0.0 && levels[levels.len() - 1] < 1.0);
        // 0.125 and 0.05 before, four in each interval, 0.8, 0.875 and 0.95.
        assert_eq!(levels.len(), 2 + 2 * SHADES + 3);
        assert!([0.2, 0.4, 0.8].iter().all(|line| levels.contains(line)));
        assert_eq!(shaded(&[0.5]), [0.5]);
    }

    #[test]
    fn numbers_keep_off_short_lines_and_from_each_other() {
        let line = |length: f64| -> Vec<(f64, f64)> {
            (0..=20).map(|k| (f64::from(k) * length / 20.0, 0.0)).collect()
        };
        let none = std::iter::empty;
        assert_eq!(place_for_number(&line(60.0), none()), None);
        assert_eq!(place_for_number(&line(200.0), none()), Some((100.0, 0.0)));
        let taken = [(100.0, 10.0)];
        let at = place_for_number(&line(400.0), taken.into_iter()).expect("room elsewhere");
        assert!((at.0 - 100.0).abs() > 50.0, "{at:?}");
    }
}
