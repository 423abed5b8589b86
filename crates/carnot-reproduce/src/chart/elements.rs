//! A panel of two axes and what it is made of: series, bands and rules.

use super::{Axis, Colour, Field};

/// One set of axes and what is drawn between them, back to front: ground, bands, rules, series.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// The title above the axes.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// A quantity mapped over the plane of the axes.
    pub ground: Option<Field>,
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
        let (bands, rules, series) = (Vec::new(), Vec::new(), Vec::new());
        Panel { title: title.into(), x, y, ground: None, bands, rules, series }
    }

    /// The same on the ground of a field.
    #[must_use]
    pub fn ground(self, field: Field) -> Self {
        Panel { ground: Some(field), ..self }
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
