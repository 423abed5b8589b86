//! Legends: what stands above the grid, what above one panel, and how it is drawn.

use plotters::style::text_anchor::{HPos, VPos};

use super::canvas::{Area, Canvas, Drawn, TextStyle};
use super::palette::Colours;
use super::panel::{LINE_WIDTH, TICK_SIZE};
use super::{AnyPanel, Colour, Line, Marker, Panel, Surface, font};

/// The sample in front of a name in the legend, the space behind it, and between entries.
const SAMPLE: f64 = 38.0;
const SAMPLE_GAP: f64 = 9.0;
pub(super) const ENTRY_GAP: f64 = 28.0;

/// An entry of a legend.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
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
fn entries(panel: &AnyPanel) -> Vec<Entry> {
    let all = match panel {
        AnyPanel::Flat(panel) => flat_entries(panel),
        AnyPanel::Surface(surface) => curve_entries(surface),
    };
    let mut unique: Vec<Entry> = Vec::new();
    for entry in all {
        if !entry.name.is_empty() && !unique.contains(&entry) {
            unique.push(entry);
        }
    }
    unique
}

fn curve_entries(surface: &Surface) -> Vec<Entry> {
    let kind = Kind::Series(Some(Line::Solid), None);
    let curves = surface.curves.iter();
    curves.map(|curve| Entry { name: curve.name.clone(), colour: curve.colour, kind }).collect()
}

fn flat_entries(panel: &Panel) -> Vec<Entry> {
    let series = panel.series.iter().map(|s| (&s.name, s.colour, Kind::Series(s.line, s.marker)));
    let bands = panel.bands.iter().map(|b| (&b.name, b.colour, Kind::Band));
    let rules = panel.rules.iter().map(|r| (&r.name, r.colour, Kind::Rule(r.line)));
    let entry = |(name, colour, kind): (&String, Colour, Kind)| Entry { name: name.clone(), colour, kind };
    series.chain(bands).chain(rules).map(entry).collect()
}

/// The legend above the grid, of what several panels share, and one for each panel of the rest.
pub(super) fn legends(panels: &[AnyPanel]) -> (Vec<Entry>, Vec<Vec<Entry>>) {
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
pub(super) fn lines(entries: &[Entry], width: f64) -> Vec<Vec<&Entry>> {
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

pub(super) fn line_width<'e>(line: impl Iterator<Item = &'e Entry>) -> f64 {
    (line.map(|entry| entry.width() + ENTRY_GAP).sum::<f64>() - ENTRY_GAP).max(0.0)
}

/// Where a line of a legend goes.
pub(super) enum Start {
    Left(f64),
    Centred(f64),
    Right(f64),
}

/// Draws a line of a legend at the height `middle`.
pub(super) fn draw_line(
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
