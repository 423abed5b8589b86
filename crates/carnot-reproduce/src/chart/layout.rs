//! Where panels, titles and legends go.

use plotters::style::text_anchor::{HPos, VPos};

use super::canvas::{Area, Canvas, Drawn, TextStyle, with_header};
use super::palette::Colours;
use super::panel::{LABEL_SIZE, LINE_WIDTH, Prepared, TICK_SIZE, TITLE_SIZE};
use super::{Chart, ChartError, Colour, Line, Marker, Panel, font};

const MARGIN: f64 = 18.0;
const GAP: f64 = 30.0;
/// The axes of a panel.
const PLOT_WIDTH: f64 = 400.0;
const PLOT_HEIGHT: f64 = 290.0;
const TITLE_HEIGHT: f64 = TITLE_SIZE + 14.0;
const LEGEND_HEIGHT: f64 = 30.0;
/// Tick texts and label under the axes.
const FOOT: f64 = 72.0;
/// The sample in front of a name in the legend, the space behind it, and between entries.
const SAMPLE: f64 = 38.0;
const SAMPLE_GAP: f64 = 9.0;
const ENTRY_GAP: f64 = 28.0;

/// An entry of a legend.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    name: String,
    colour: Colour,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Series(Option<Line>, Option<Marker>),
    Band,
    Rule(Line),
}

impl Entry {
    fn width(&self) -> f64 {
        SAMPLE + SAMPLE_GAP + font::width(&self.name, TICK_SIZE, false)
    }
}

/// The entries of a panel, each once.
fn entries(panel: &Panel) -> Vec<Entry> {
    let series = panel.series.iter().map(|s| (&s.name, s.colour, Kind::Series(s.line, s.marker)));
    let bands = panel.bands.iter().map(|b| (&b.name, b.colour, Kind::Band));
    let rules = panel.rules.iter().map(|r| (&r.name, r.colour, Kind::Rule(r.line)));
    let mut unique: Vec<Entry> = Vec::new();
    for (name, colour, kind) in series.chain(bands).chain(rules) {
        let entry = Entry { name: name.clone(), colour, kind };
        if !entry.name.is_empty() && !unique.contains(&entry) {
            unique.push(entry);
        }
    }
    unique
}

/// The legend above the grid, of what several panels share, and one for each panel of the rest.
fn legends(panels: &[Panel]) -> (Vec<Entry>, Vec<Vec<Entry>>) {
    let all: Vec<Vec<Entry>> = panels.iter().map(entries).collect();
    let count = |entry: &Entry| all.iter().filter(|panel| panel.contains(entry)).count();
    let mut shared: Vec<Entry> = Vec::new();
    for entry in all.iter().flatten() {
        if count(entry) > 1 && !shared.contains(entry) {
            shared.push(entry.clone());
        }
    }
    let own =
        all.iter().map(|panel| panel.iter().filter(|e| !shared.contains(e)).cloned().collect()).collect();
    (shared, own)
}

/// Breaks a legend into lines of at most `width`.
fn lines(entries: &[Entry], width: f64) -> Vec<Vec<&Entry>> {
    let mut lines: Vec<Vec<&Entry>> = Vec::new();
    let mut used = 0.0;
    for entry in entries {
        let wanted = entry.width() + ENTRY_GAP;
        match lines.last_mut() {
            Some(line) if used + wanted - ENTRY_GAP <= width => {
                line.push(entry);
                used += wanted;
            }
            _ => {
                lines.push(vec![entry]);
                used = wanted;
            }
        }
    }
    lines
}

fn line_width<'e>(line: impl Iterator<Item = &'e Entry>) -> f64 {
    (line.map(|entry| entry.width() + ENTRY_GAP).sum::<f64>() - ENTRY_GAP).max(0.0)
}

/// Whether a panel's own legend has room on the line of its title.
fn fits_beside(entries: &[Entry], panel: &Panel) -> bool {
    let title = font::width(&panel.title, TITLE_SIZE, true);
    !entries.is_empty() && title + ENTRY_GAP + line_width(entries.iter()) <= PLOT_WIDTH
}

/// Room left of the axes of one panel: tick texts and the turned label.
fn gutter(panel: &Prepared<'_>) -> f64 {
    let widest = panel.y_ticks.major.iter().map(|(_, text)| font::width(text, TICK_SIZE, false));
    widest.fold(0.0, f64::max) + LABEL_SIZE + 24.0
}

pub(super) fn svg(chart: &Chart, colours: &Colours) -> Result<String, ChartError> {
    if chart.panels.is_empty() {
        return Err(ChartError::NoPanels);
    }
    let columns = chart.columns.clamp(1, chart.panels.len());
    let prepared: Vec<Prepared<'_>> = chart.panels.iter().map(Prepared::new).collect();
    let (shared, own) = legends(&chart.panels);
    let gutters: Vec<f64> = (0..columns)
        .map(|column| prepared.iter().skip(column).step_by(columns).map(gutter).fold(0.0, f64::max))
        .collect();
    let width = (2.0 * MARGIN
        + gutters.iter().sum::<f64>()
        + PLOT_WIDTH * columns as f64
        + GAP * (columns - 1) as f64)
        .ceil();
    let shared_lines = lines(&shared, width - 2.0 * MARGIN);
    // Panels of a row share the height of their tallest legend, so that their axes align; a legend
    // that fits beside its title takes no height.
    let beside: Vec<bool> = own.iter().zip(&chart.panels).map(|(e, panel)| fits_beside(e, panel)).collect();
    let own_lines: Vec<Vec<Vec<&Entry>>> = own
        .iter()
        .zip(&beside)
        .map(|(e, beside)| if *beside { Vec::new() } else { lines(e, PLOT_WIDTH) })
        .collect();
    let heads: Vec<f64> = own_lines
        .chunks(columns)
        .map(|row| {
            let tallest = row.iter().map(Vec::len).max().unwrap_or(0);
            TITLE_HEIGHT + LEGEND_HEIGHT * tallest as f64
        })
        .collect();
    let top = MARGIN + LEGEND_HEIGHT * shared_lines.len() as f64 + if shared.is_empty() { 0.0 } else { 10.0 };
    let height = (top
        + heads.iter().sum::<f64>()
        + (PLOT_HEIGHT + FOOT) * heads.len() as f64
        + GAP * 0.6 * (heads.len() - 1) as f64
        + MARGIN)
        .ceil();

    let mut document = String::new();
    let canvas = Canvas::new(&mut document, width, height);
    canvas.fill(Area { left: 0.0, top: 0.0, right: width, bottom: height }, colours.background, 1.0)?;
    for (k, line) in shared_lines.iter().enumerate() {
        let middle = MARGIN + LEGEND_HEIGHT * (k as f64 + 0.5);
        draw_legend_line(&canvas, line, Start::Centred(0.5 * width), middle, colours)?;
    }
    let mut row_top = top;
    for (row, head) in heads.iter().enumerate() {
        let mut left = MARGIN;
        for (column, gutter) in gutters.iter().enumerate() {
            let index = row * columns + column;
            let (Some(panel), Some(legend)) = (prepared.get(index), own_lines.get(index)) else { break };
            let plot = Area {
                left: left + gutter,
                top: row_top + head,
                right: left + gutter + PLOT_WIDTH,
                bottom: row_top + head + PLOT_HEIGHT,
            };
            let title = TextStyle {
                size: TITLE_SIZE,
                bold: true,
                colour: colours.ink,
                horizontal: HPos::Left,
                vertical: VPos::Top,
                upwards: false,
            };
            canvas.text(&panel.panel.title, (plot.left, row_top), title)?;
            if beside.get(index) == Some(&true) {
                let line: Vec<&Entry> = own.get(index).into_iter().flatten().collect();
                let middle = row_top + 0.5 * TITLE_SIZE;
                draw_legend_line(&canvas, &line, Start::Right(plot.right), middle, colours)?;
            }
            for (k, line) in legend.iter().enumerate() {
                let middle = row_top + TITLE_HEIGHT + LEGEND_HEIGHT * (k as f64 + 0.35);
                draw_legend_line(&canvas, line, Start::Left(plot.left), middle, colours)?;
            }
            panel.draw(&canvas, plot, left, colours)?;
            left = plot.right + GAP;
        }
        row_top += head + PLOT_HEIGHT + FOOT + 0.6 * GAP;
    }
    canvas.finish()?;
    Ok(with_header(&document, width, height, &chart.description))
}

enum Start {
    Left(f64),
    Centred(f64),
    Right(f64),
}

fn draw_legend_line(
    canvas: &Canvas<'_>,
    line: &[&Entry],
    start: Start,
    middle: f64,
    colours: &Colours,
) -> Drawn {
    let total = line_width(line.iter().copied());
    let mut left = match start {
        Start::Left(left) => left,
        Start::Centred(centre) => centre - 0.5 * total,
        Start::Right(right) => right - total,
    };
    for entry in line {
        let colour = colours.of(entry.colour);
        let ends = [(left, middle), (left + SAMPLE, middle)];
        match entry.kind {
            Kind::Series(stroke, marker) => {
                if let Some(stroke) = stroke {
                    canvas.path(&ends, stroke, colour, LINE_WIDTH)?;
                }
                if let Some(marker) = marker {
                    canvas.marker((left + 0.5 * SAMPLE, middle), marker, colour, colours.background)?;
                }
            }
            Kind::Rule(stroke) => canvas.path(&ends, stroke, colour, 1.6)?,
            Kind::Band => {
                let area = Area { left, top: middle - 8.0, right: left + SAMPLE, bottom: middle + 8.0 };
                // Twice as strong as in the panel: a small patch looks paler than a large one.
                canvas.fill(area, colour, 2.0 * colours.band_opacity)?;
            }
        }
        let text = TextStyle {
            size: TICK_SIZE,
            bold: false,
            colour: colours.ink,
            horizontal: HPos::Left,
            vertical: VPos::Center,
            upwards: false,
        };
        canvas.text(&entry.name, (left + SAMPLE + SAMPLE_GAP, middle + 1.5), text)?;
        left += entry.width() + ENTRY_GAP;
    }
    Ok(())
}
