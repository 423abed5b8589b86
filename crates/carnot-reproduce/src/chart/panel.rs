//! One panel: axes, grid, bands, rules and series inside a given rectangle.

use plotters::style::text_anchor::{HPos, VPos};

use super::canvas::{Area, Canvas, Drawn, TextStyle, clipped};
use super::field::PreparedField;
use super::palette::Colours;
use super::scale::{Mapping, Ticks};
use super::{Axis, BandExtent, Line, Panel, Point, RulePlace, Series};

pub(super) const TITLE_SIZE: f64 = 20.0;
pub(super) const LABEL_SIZE: f64 = 18.5;
pub(super) const TICK_SIZE: f64 = 17.0;
pub(super) const LINE_WIDTH: f64 = 2.6;
pub(super) const TICK_LENGTH: f64 = 6.0;
const MINOR_LENGTH: f64 = 3.5;

/// A panel with its axes decided, before it has a place.
pub(super) struct Prepared<'a> {
    pub(super) panel: &'a Panel,
    x: Mapping,
    y: Mapping,
    x_ticks: Ticks,
    pub(super) y_ticks: Ticks,
    pub(super) ground: Option<PreparedField<'a>>,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(panel: &'a Panel) -> Self {
        let points = || panel.series.iter().flat_map(|s| &s.points);
        let mut xs: Vec<f64> = points().map(|p| p.x).collect();
        let mut ys: Vec<f64> = points().flat_map(heights).collect();
        for band in &panel.bands {
            match &band.extent {
                BandExtent::Across { low, high } => ys.extend([*low, *high]),
                BandExtent::Along(edge) => {
                    xs.extend(edge.iter().map(|e| e.0));
                    ys.extend(edge.iter().flat_map(|e| [e.1, e.2]));
                }
            }
        }
        for rule in &panel.rules {
            match rule.place {
                RulePlace::Horizontal(y) => ys.push(y),
                RulePlace::Vertical(x) => xs.push(x),
            }
        }
        if let Some(field) = &panel.ground {
            xs.extend(&field.x);
            ys.extend(&field.y);
        }
        let (x, y) = (Mapping::new(&panel.x, xs), Mapping::new(&panel.y, ys));
        let (x_ticks, y_ticks) = (x.ticks(6), y.ticks(6));
        let ground = panel.ground.as_ref().map(PreparedField::new);
        Prepared { panel, x, y, x_ticks, y_ticks, ground }
    }

    /// Draws everything but the title and the legend; `plot` is the rectangle of the axes.
    pub(super) fn draw(&self, canvas: &Canvas<'_>, plot: Area, label_x: f64, colours: &Colours) -> Drawn {
        match &self.ground {
            Some(field) => field.draw(canvas, |x, y| self.on_grid(field, plot, x, y), colours)?,
            None => self.draw_grid(canvas, plot, colours)?,
        }
        self.draw_bands(canvas, plot, colours)?;
        self.draw_rules(canvas, plot, colours)?;
        self.draw_axes(canvas, plot, label_x, colours)?;
        for series in &self.panel.series {
            self.draw_line(canvas, plot, series, colours)?;
        }
        for series in &self.panel.series {
            self.draw_markers(canvas, plot, series, colours)?;
        }
        Ok(())
    }

    fn pixel(&self, plot: Area, x: f64, y: f64) -> Option<(f64, f64)> {
        Some((across(plot, self.x.position(x)?), up(plot, self.y.position(y)?)))
    }

    /// The pixel at a fractional column and row of a field's grid, inside the axes.
    fn on_grid(&self, field: &PreparedField<'_>, plot: Area, column: f64, row: f64) -> Option<(f64, f64)> {
        let (x, y) = self.pixel(plot, field.column(column)?, field.row(row)?)?;
        Some((x.clamp(plot.left, plot.right), y.clamp(plot.top, plot.bottom)))
    }

    fn draw_grid(&self, canvas: &Canvas<'_>, plot: Area, colours: &Colours) -> Drawn {
        for (position, _) in &self.x_ticks.major {
            let x = across(plot, *position);
            canvas.path(&[(x, plot.top), (x, plot.bottom)], Line::Solid, colours.grid, 1.0)?;
        }
        for (position, _) in &self.y_ticks.major {
            let y = up(plot, *position);
            canvas.path(&[(plot.left, y), (plot.right, y)], Line::Solid, colours.grid, 1.0)?;
        }
        Ok(())
    }

    fn draw_bands(&self, canvas: &Canvas<'_>, plot: Area, colours: &Colours) -> Drawn {
        for band in &self.panel.bands {
            let colour = colours.of(band.colour);
            match &band.extent {
                BandExtent::Across { low, high } => {
                    // An edge the scale does not have (0 on a log axis) lies beyond its lower end.
                    let edge =
                        |y: f64| up(plot, self.y.position(y).unwrap_or(0.0)).clamp(plot.top, plot.bottom);
                    let area = Area {
                        top: edge(*high).min(edge(*low)),
                        bottom: edge(*high).max(edge(*low)),
                        ..plot
                    };
                    canvas.fill(area, colour, colours.band_opacity)?;
                }
                BandExtent::Along(points) => {
                    let inside =
                        |(x, y): (f64, f64)| (x.clamp(plot.left, plot.right), y.clamp(plot.top, plot.bottom));
                    let edge = |of: fn(&(f64, f64, f64)) -> f64| {
                        points.iter().filter_map(move |p| self.pixel(plot, p.0, of(p))).map(inside)
                    };
                    let outline: Vec<_> =
                        edge(|p| p.2).chain(edge(|p| p.1).collect::<Vec<_>>().into_iter().rev()).collect();
                    if outline.len() > 2 {
                        canvas.polygon(&outline, colour, colours.band_opacity)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn draw_rules(&self, canvas: &Canvas<'_>, plot: Area, colours: &Colours) -> Drawn {
        for rule in &self.panel.rules {
            let ends = match rule.place {
                RulePlace::Horizontal(y) => self.y.position(y).map(|p| {
                    let y = up(plot, p);
                    [(plot.left, y), (plot.right, y)]
                }),
                RulePlace::Vertical(x) => self.x.position(x).map(|p| {
                    let x = across(plot, p);
                    [(x, plot.top), (x, plot.bottom)]
                }),
            };
            for piece in ends.iter().flat_map(|ends| clipped(ends, plot)) {
                canvas.path(&piece, rule.line, colours.of(rule.colour), 1.6)?;
            }
        }
        Ok(())
    }

    fn draw_axes(&self, canvas: &Canvas<'_>, plot: Area, label_x: f64, colours: &Colours) -> Drawn {
        let Area { left, top, right, bottom } = plot;
        let frame = [(left, top), (left, bottom), (right, bottom)];
        canvas.path(&frame, Line::Solid, colours.axis, 1.4)?;
        let tick = |from, to| canvas.path(&[from, to], Line::Solid, colours.axis, 1.2);
        for position in &self.x_ticks.minor {
            let x = across(plot, *position);
            tick((x, bottom), (x, bottom + MINOR_LENGTH))?;
        }
        for position in &self.y_ticks.minor {
            let y = up(plot, *position);
            tick((left, y), (left - MINOR_LENGTH, y))?;
        }
        let text = |horizontal, vertical| TextStyle {
            size: TICK_SIZE,
            bold: false,
            colour: colours.ink,
            horizontal,
            vertical,
            upwards: false,
        };
        for (position, label) in &self.x_ticks.major {
            let x = across(plot, *position);
            tick((x, bottom), (x, bottom + TICK_LENGTH))?;
            canvas.text(label, (x, bottom + TICK_LENGTH + 5.0), text(HPos::Center, VPos::Top))?;
        }
        for (position, label) in &self.y_ticks.major {
            let y = up(plot, *position);
            tick((left, y), (left - TICK_LENGTH, y))?;
            canvas.text(label, (left - TICK_LENGTH - 5.0, y + 1.5), text(HPos::Right, VPos::Center))?;
        }
        let label = TextStyle { size: LABEL_SIZE, ..text(HPos::Center, VPos::Top) };
        let middle = (0.5 * (left + right), bottom + TICK_LENGTH + 5.0 + TICK_SIZE + 9.0);
        canvas.text(&axis_title(&self.panel.x, &self.x_ticks), middle, label)?;
        let middle = (label_x, 0.5 * (top + bottom));
        canvas.text(&axis_title(&self.panel.y, &self.y_ticks), middle, TextStyle { upwards: true, ..label })
    }

    fn draw_line(&self, canvas: &Canvas<'_>, plot: Area, series: &Series, colours: &Colours) -> Drawn {
        let Some(line) = series.line else { return Ok(()) };
        let pixels: Vec<_> = series.points.iter().map(|p| self.pixel(plot, p.x, p.y)).collect();
        for run in pixels.split(Option::is_none) {
            let run: Vec<_> = run.iter().flatten().copied().collect();
            for piece in clipped(&run, plot) {
                canvas.path(&piece, line, colours.of(series.colour), LINE_WIDTH)?;
            }
        }
        Ok(())
    }

    fn draw_markers(&self, canvas: &Canvas<'_>, plot: Area, series: &Series, colours: &Colours) -> Drawn {
        let colour = colours.of(series.colour);
        for point in &series.points {
            let Some(at) = self.pixel(plot, point.x, point.y) else { continue };
            if let Some(error) = point.error.filter(|e| e.is_finite() && *e > 0.0) {
                let height = |y: f64| self.y.position(y).map(|p| up(plot, p));
                let (low, high) = (height(point.y - error), height(point.y + error));
                // On a log axis an error bar that reaches zero goes down to the axis.
                let (low_end, high_end) = (low.unwrap_or(plot.bottom), high.unwrap_or(at.1));
                let mut strokes = vec![[(at.0, low_end), (at.0, high_end)]];
                strokes.extend([low, high].into_iter().flatten().map(|y| [(at.0 - 5.0, y), (at.0 + 5.0, y)]));
                for piece in strokes.iter().flat_map(|stroke| clipped(stroke, plot)) {
                    canvas.path(&piece, Line::Solid, colour, 1.6)?;
                }
            }
        }
        let Some(marker) = series.marker else { return Ok(()) };
        for point in &series.points {
            let inside = |p: f64, low: f64, high: f64| (low - 0.5..=high + 0.5).contains(&p);
            if let Some(at) = self.pixel(plot, point.x, point.y)
                && inside(at.0, plot.left, plot.right)
                && inside(at.1, plot.top, plot.bottom)
            {
                canvas.marker(at, marker, colour, colours.background)?;
            }
        }
        Ok(())
    }
}

fn heights(point: &Point) -> [f64; 3] {
    let error = point.error.unwrap_or(0.0);
    [point.y - error, point.y, point.y + error]
}

fn across(plot: Area, position: f64) -> f64 {
    plot.left + position * (plot.right - plot.left)
}

pub(super) fn up(plot: Area, position: f64) -> f64 {
    plot.bottom - position * (plot.bottom - plot.top)
}

/// `label (factor unit)`.
pub(super) fn axis_title(axis: &Axis, ticks: &Ticks) -> String {
    match (ticks.factor.as_str(), axis.unit.as_str()) {
        ("", "") => axis.label.clone(),
        (factor, "") => format!("{} ({factor})", axis.label),
        ("", unit) => format!("{} ({unit})", axis.label),
        (factor, unit) => format!("{} ({factor} {unit})", axis.label),
    }
}
