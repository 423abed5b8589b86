//! Where panels, titles and legends go.

use plotters::style::text_anchor::{HPos, VPos};

use super::canvas::{Area, Canvas, Drawn, TextStyle, with_header};
use super::legend::{self, ENTRY_GAP, Entry, Start, draw_line, line_width, lines};
use super::palette::Colours;
use super::panel::{LABEL_SIZE, Prepared, TICK_SIZE, TITLE_SIZE};
use super::surface_panel::PreparedSurface;
use super::{AnyPanel, Chart, ChartError, font};

const MARGIN: f64 = 18.0;
const GAP: f64 = 30.0;
/// The axes of a panel, and the picture of a surface with the labels around it.
const PLOT: (f64, f64) = (400.0, 290.0);
const SURFACE: (f64, f64) = (640.0, 500.0);
const TITLE_HEIGHT: f64 = TITLE_SIZE + 14.0;
const LEGEND_HEIGHT: f64 = 30.0;
/// Tick texts and label under the axes.
const FOOT: f64 = 72.0;

/// A panel with its axes decided.
enum Ready<'a> {
    Flat(Prepared<'a>),
    Surface(PreparedSurface<'a>),
}

impl<'a> Ready<'a> {
    fn new(panel: &'a AnyPanel) -> Self {
        match panel {
            AnyPanel::Flat(panel) => Ready::Flat(Prepared::new(panel)),
            AnyPanel::Surface(surface) => Ready::Surface(PreparedSurface::new(surface)),
        }
    }

    fn title(&self) -> &str {
        match self {
            Ready::Flat(panel) => &panel.panel.title,
            Ready::Surface(panel) => &panel.surface.title,
        }
    }

    /// Width and height of what is between the gutters, the head and the foot.
    fn size(&self) -> (f64, f64) {
        match self {
            Ready::Flat(_) => PLOT,
            // It has no foot.
            Ready::Surface(_) => (SURFACE.0, SURFACE.1 - FOOT),
        }
    }

    /// Room left of the axes: tick texts and the turned label.
    fn left_gutter(&self) -> f64 {
        match self {
            Ready::Flat(panel) => {
                let widest = panel.y_ticks.major.iter().map(|(_, text)| font::width(text, TICK_SIZE, false));
                widest.fold(0.0, f64::max) + LABEL_SIZE + 24.0
            }
            Ready::Surface(_) => 0.0,
        }
    }

    /// Room right of the axes, for the bar of a field.
    fn right_gutter(&self) -> f64 {
        match self {
            Ready::Flat(panel) => panel.ground.as_ref().map_or(0.0, |field| field.gutter()),
            Ready::Surface(_) => 0.0,
        }
    }

    /// Draws it between the axes `plot`; the labels reach from `left` to `right`.
    fn draw(&self, canvas: &Canvas<'_>, plot: Area, (left, right): (f64, f64), colours: &Colours) -> Drawn {
        match self {
            Ready::Flat(panel) => {
                panel.draw(canvas, plot, left, colours)?;
                panel.ground.as_ref().map_or(Ok(()), |field| field.draw_bar(canvas, plot, right, colours))
            }
            Ready::Surface(panel) => {
                panel.draw(canvas, Area { left, right, bottom: plot.bottom + FOOT, ..plot }, colours)
            }
        }
    }
}

/// A column of the grid.
struct Column {
    left_gutter: f64,
    width: f64,
    right_gutter: f64,
}

impl Column {
    fn of<'a, 'r: 'a>(panels: impl Iterator<Item = &'a Ready<'r>> + Clone) -> Self {
        let most = |of: &dyn Fn(&Ready<'_>) -> f64| panels.clone().map(of).fold(0.0, f64::max);
        Column {
            left_gutter: most(&|panel| panel.left_gutter()),
            width: most(&|panel| panel.size().0),
            right_gutter: most(&|panel| panel.right_gutter()),
        }
    }

    fn total(&self) -> f64 {
        self.left_gutter + self.width + self.right_gutter
    }
}

/// A row of the grid: the heights of its titles and legends, and of its axes.
struct Row {
    head: f64,
    height: f64,
}

/// Whether a panel's own legend has room on the line of its title.
fn fits_beside(entries: &[Entry], title: &str, width: f64) -> bool {
    let title = font::width(title, TITLE_SIZE, true);
    !entries.is_empty() && title + ENTRY_GAP + line_width(entries.iter()) <= width
}

pub(super) fn svg(chart: &Chart, colours: &Colours) -> Result<String, ChartError> {
    if chart.panels.is_empty() {
        return Err(ChartError::NoPanels);
    }
    let count = chart.columns.clamp(1, chart.panels.len());
    let ready: Vec<Ready<'_>> = chart.panels.iter().map(Ready::new).collect();
    let (shared, own) = legend::legends(&chart.panels);
    let columns: Vec<Column> =
        (0..count).map(|column| Column::of(ready.iter().skip(column).step_by(count))).collect();
    let width =
        (2.0 * MARGIN + columns.iter().map(Column::total).sum::<f64>() + GAP * (count - 1) as f64).ceil();
    let shared_lines = lines(&shared, width - 2.0 * MARGIN);
    // Panels of a row share the height of their tallest legend, so that their axes align; a legend
    // that fits beside its title takes no height.
    let widths = columns.iter().map(|column| column.width).cycle();
    let beside: Vec<bool> =
        own.iter().zip(&ready).zip(widths.clone()).map(|((e, p), w)| fits_beside(e, p.title(), w)).collect();
    let own_lines: Vec<Vec<Vec<&Entry>>> = own
        .iter()
        .zip(&beside)
        .zip(widths)
        .map(|((e, beside), width)| if *beside { Vec::new() } else { lines(e, width) })
        .collect();
    let rows: Vec<Row> = ready
        .chunks(count)
        .zip(own_lines.chunks(count))
        .map(|(panels, legends)| {
            let tallest = legends.iter().map(Vec::len).max().unwrap_or(0);
            Row {
                head: TITLE_HEIGHT + LEGEND_HEIGHT * tallest as f64,
                height: panels.iter().map(|panel| panel.size().1).fold(0.0, f64::max),
            }
        })
        .collect();
    let top = MARGIN + LEGEND_HEIGHT * shared_lines.len() as f64 + if shared.is_empty() { 0.0 } else { 10.0 };
    let height = (top
        + rows.iter().map(|row| row.head + row.height + FOOT).sum::<f64>()
        + GAP * 0.6 * (rows.len() - 1) as f64
        + MARGIN)
        .ceil();

    let mut document = String::new();
    let canvas = Canvas::new(&mut document, width, height);
    canvas.fill(Area { left: 0.0, top: 0.0, right: width, bottom: height }, colours.background, 1.0)?;
    for (k, line) in shared_lines.iter().enumerate() {
        let middle = MARGIN + LEGEND_HEIGHT * (k as f64 + 0.5);
        draw_line(&canvas, line, Start::Centred(0.5 * width), middle, colours)?;
    }
    let mut row_top = top;
    for (row, Row { head, height }) in rows.iter().enumerate() {
        let mut left = MARGIN;
        for (column, place) in columns.iter().enumerate() {
            let index = row * count + column;
            let (Some(panel), Some(legend)) = (ready.get(index), own_lines.get(index)) else { break };
            let plot = Area {
                left: left + place.left_gutter,
                top: row_top + head,
                right: left + place.left_gutter + place.width,
                bottom: row_top + head + height,
            };
            let title = TextStyle {
                size: TITLE_SIZE,
                bold: true,
                colour: colours.ink,
                horizontal: HPos::Left,
                vertical: VPos::Top,
                upwards: false,
            };
            canvas.text(panel.title(), (plot.left, row_top), title)?;
            if beside.get(index) == Some(&true) {
                let line: Vec<&Entry> = own.get(index).into_iter().flatten().collect();
                let middle = row_top + 0.5 * TITLE_SIZE;
                draw_line(&canvas, &line, Start::Right(plot.right), middle, colours)?;
            }
            for (k, line) in legend.iter().enumerate() {
                let middle = row_top + TITLE_HEIGHT + LEGEND_HEIGHT * (k as f64 + 0.35);
                draw_line(&canvas, line, Start::Left(plot.left), middle, colours)?;
            }
            panel.draw(&canvas, plot, (left, left + place.total()), colours)?;
            left += place.total() + GAP;
        }
        row_top += head + height + FOOT + 0.6 * GAP;
    }
    canvas.finish()?;
    Ok(with_header(&document, width, height, &chart.description))
}
