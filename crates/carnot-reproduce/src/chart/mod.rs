//! Charts as data: a grid of panels, drawn as SVG and PNG in a light and a dark palette.
//!
//! A [`Chart`] says what is drawn; where the ticks, labels and legends go is decided while it is
//! rendered. Entries of the legend that several panels share stand once, above the grid; those
//! of a single panel stand under that panel's title.

mod canvas;
mod font;
mod layout;
mod palette;
mod panel;
mod png;
mod scale;
mod tick_text;

pub use palette::{Colour, Palette};
pub use png::png;

/// Why a chart could not be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChartError {
    /// The chart has no panel.
    #[error("the chart has no panel")]
    NoPanels,
    /// plotters refused to draw.
    #[error("drawing the chart")]
    Drawing(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// resvg could not turn the SVG into pixels.
    #[error("turning the chart into pixels")]
    Pixels(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A grid of panels.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What the chart shows, in one sentence, for readers that cannot see it.
    pub description: String,
    /// The number of panels in a row, at least 1.
    pub columns: usize,
    /// The panels, row by row.
    pub panels: Vec<Panel>,
}

impl Chart {
    /// A chart of these panels, `columns` in a row.
    #[must_use]
    pub fn new(description: impl Into<String>, columns: usize, panels: Vec<Panel>) -> Self {
        Chart { description: description.into(), columns, panels }
    }

    /// The chart as an SVG document.
    ///
    /// # Errors
    ///
    /// [`ChartError::NoPanels`] and [`ChartError::Drawing`].
    pub fn svg(&self, palette: Palette) -> Result<String, ChartError> {
        layout::svg(self, &palette.colours())
    }
}

/// One set of axes and what is drawn between them, back to front: bands, rules, series.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// The title above the axes.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// Shaded bands.
    pub bands: Vec<Band>,
    /// Straight reference lines.
    pub rules: Vec<Rule>,
    /// Lines and markers.
    pub series: Vec<Series>,
}

impl Panel {
    /// Empty axes.
    #[must_use]
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Panel { title: title.into(), x, y, bands: Vec::new(), rules: Vec::new(), series: Vec::new() }
    }

    /// The same with one more series.
    #[must_use]
    pub fn series(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// The same with one more band.
    #[must_use]
    pub fn band(mut self, band: Band) -> Self {
        self.bands.push(band);
        self
    }

    /// The same with one more reference line.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }
}

/// How numbers are laid along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equally long.
    Linear,
    /// Equal ratios are equally long. Numbers that are not positive are left out.
    Log,
}

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The name of the quantity.
    pub label: String,
    /// Its unit, written behind the label in brackets; empty for a pure number.
    pub unit: String,
    /// Linear or logarithmic.
    pub scale: Scale,
    /// The least and the greatest number shown; `None` takes them from what is drawn.
    pub range: Option<(f64, f64)>,
    /// Whether the numbers decrease to the right (or upwards), as a quantity lowered step by step.
    pub reversed: bool,
    /// The numbers to write at the axis; `None` chooses round ones.
    pub ticks: Option<Vec<f64>>,
}

impl Axis {
    /// A linear axis.
    #[must_use]
    pub fn linear(label: impl Into<String>) -> Self {
        Axis {
            label: label.into(),
            unit: String::new(),
            scale: Scale::Linear,
            range: None,
            reversed: false,
            ticks: None,
        }
    }

    /// A logarithmic axis.
    #[must_use]
    pub fn log(label: impl Into<String>) -> Self {
        Axis { scale: Scale::Log, ..Axis::linear(label) }
    }

    /// The same with a unit.
    #[must_use]
    pub fn unit(self, unit: impl Into<String>) -> Self {
        Axis { unit: unit.into(), ..self }
    }

    /// The same with a fixed range; one that is empty or, on a logarithmic axis, not positive is
    /// replaced by the range of the data.
    #[must_use]
    pub fn range(self, low: f64, high: f64) -> Self {
        Axis { range: Some((low, high)), ..self }
    }

    /// The same running from high to low.
    #[must_use]
    pub fn reversed(self) -> Self {
        Axis { reversed: true, ..self }
    }

    /// The same with ticks at these numbers.
    #[must_use]
    pub fn ticks(self, ticks: impl IntoIterator<Item = f64>) -> Self {
        Axis { ticks: Some(ticks.into_iter().collect()), ..self }
    }
}

/// The shape drawn at each point of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A filled circle.
    Circle,
    /// A filled square.
    Square,
    /// A filled triangle.
    Triangle,
    /// A filled diamond.
    Diamond,
}

/// The line through the points of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A solid line.
    Solid,
    /// A dashed line.
    Dashed,
}

/// A point of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The horizontal coordinate.
    pub x: f64,
    /// The vertical coordinate.
    pub y: f64,
    /// Half the length of the error bar, in the unit of `y`.
    pub error: Option<f64>,
}

impl From<(f64, f64)> for Point {
    fn from((x, y): (f64, f64)) -> Self {
        Point { x, y, error: None }
    }
}

impl From<(f64, f64, f64)> for Point {
    fn from((x, y, error): (f64, f64, f64)) -> Self {
        Point { x, y, error: Some(error) }
    }
}

/// Points, joined or marked. A point that is not finite, or not positive on a logarithmic axis,
/// is left out and breaks the line.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The name in the legend; empty for none.
    pub name: String,
    /// The colour.
    pub colour: Colour,
    /// The line, if the points are joined.
    pub line: Option<Line>,
    /// The marker, if the points are marked.
    pub marker: Option<Marker>,
    /// The points in the order they are joined.
    pub points: Vec<Point>,
}

impl Series {
    /// Points joined by a solid line.
    #[must_use]
    pub fn line<P: Into<Point>>(
        name: impl Into<String>,
        colour: Colour,
        points: impl IntoIterator<Item = P>,
    ) -> Self {
        let points = points.into_iter().map(Into::into).collect();
        Series { name: name.into(), colour, line: Some(Line::Solid), marker: None, points }
    }

    /// Points marked and not joined.
    #[must_use]
    pub fn scatter<P: Into<Point>>(
        name: impl Into<String>,
        colour: Colour,
        marker: Marker,
        points: impl IntoIterator<Item = P>,
    ) -> Self {
        Series { line: None, marker: Some(marker), ..Series::line(name, colour, points) }
    }

    /// The same with markers.
    #[must_use]
    pub fn marker(self, marker: Marker) -> Self {
        Series { marker: Some(marker), ..self }
    }

    /// The same with a dashed line.
    #[must_use]
    pub fn dashed(self) -> Self {
        Series { line: Some(Line::Dashed), ..self }
    }
}

/// A shaded region between two curves.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// The name in the legend; empty for none.
    pub name: String,
    /// The colour, drawn pale.
    pub colour: Colour,
    /// What it covers.
    pub extent: BandExtent,
}

/// What a [`Band`] covers.
#[derive(Clone, Debug, PartialEq)]
pub enum BandExtent {
    /// From `low` to `high` over the whole width of the panel.
    Across {
        /// The lower edge.
        low: f64,
        /// The upper edge.
        high: f64,
    },
    /// Between two curves given by (x, low, high).
    Along(Vec<(f64, f64, f64)>),
}

impl Band {
    /// From `low` to `high` over the whole width of the panel: a tolerance.
    #[must_use]
    pub fn across(name: impl Into<String>, colour: Colour, low: f64, high: f64) -> Self {
        Band { name: name.into(), colour, extent: BandExtent::Across { low, high } }
    }

    /// Between two curves given by (x, low, high).
    #[must_use]
    pub fn along(
        name: impl Into<String>,
        colour: Colour,
        points: impl IntoIterator<Item = (f64, f64, f64)>,
    ) -> Self {
        Band { name: name.into(), colour, extent: BandExtent::Along(points.into_iter().collect()) }
    }
}

/// A straight reference line across the panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The name in the legend; empty for none.
    pub name: String,
    /// The colour.
    pub colour: Colour,
    /// Dashed or solid.
    pub line: Line,
    /// Where it lies.
    pub place: RulePlace,
}

/// Where a [`Rule`] lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RulePlace {
    /// Across the panel at this height.
    Horizontal(f64),
    /// Up the panel at this abscissa.
    Vertical(f64),
}

impl Rule {
    /// A dashed grey line across the panel at height `y`.
    #[must_use]
    pub fn horizontal(name: impl Into<String>, y: f64) -> Self {
        let place = RulePlace::Horizontal(y);
        Rule { name: name.into(), colour: Colour::Grey, line: Line::Dashed, place }
    }

    /// A dashed grey line up the panel at abscissa `x`.
    #[must_use]
    pub fn vertical(name: impl Into<String>, x: f64) -> Self {
        Rule { place: RulePlace::Vertical(x), ..Rule::horizontal(name, x) }
    }
}
