//! Charts as data: a grid of panels, drawn as SVG and PNG in a light and a dark palette.
//!
//! A [`Chart`] says what is drawn; where the ticks, labels and legends go is decided while it is
//! rendered. A panel has two axes ([`Panel`], with a [`Field`] as its ground where a quantity is
//! mapped over a plane) or three ([`Surface`]). Entries of the legend that several panels share
//! stand once, above the grid; those of a single panel stand under that panel's title.

mod axis;
mod canvas;
mod contour;
mod elements;
mod field;
mod font;
mod layout;
mod legend;
mod palette;
mod panel;
mod png;
mod projection;
mod ramp;
mod scale;
mod surface;
mod surface_panel;
mod tick_text;
mod turnable;

pub use axis::{Axis, Scale};
pub use elements::{Band, BandExtent, Line, Marker, Panel, Point, Rule, RulePlace, Series};
pub use field::Field;
pub use palette::{Colour, Palette};
pub use png::png;
pub use surface::{Surface, SurfaceCurve};
pub use turnable::Turnable;

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
    pub panels: Vec<AnyPanel>,
}

/// A panel of either kind.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyPanel {
    /// Two axes.
    Flat(Panel),
    /// Three axes, seen from a point of view.
    Surface(Surface),
}

impl From<Panel> for AnyPanel {
    fn from(panel: Panel) -> Self {
        AnyPanel::Flat(panel)
    }
}

impl From<Surface> for AnyPanel {
    fn from(surface: Surface) -> Self {
        AnyPanel::Surface(surface)
    }
}

impl Chart {
    /// A chart of these panels, `columns` in a row.
    #[must_use]
    pub fn new<P: Into<AnyPanel>>(
        description: impl Into<String>,
        columns: usize,
        panels: impl IntoIterator<Item = P>,
    ) -> Self {
        let panels = panels.into_iter().map(Into::into).collect();
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

    /// Whether there is a surface among the panels.
    #[must_use]
    pub fn has_surface(&self) -> bool {
        self.panels.iter().any(|panel| matches!(panel, AnyPanel::Surface(_)))
    }

    /// What a browser needs to turn each of the chart's surfaces about.
    #[must_use]
    pub fn turnables(&self) -> Vec<Turnable> {
        let surfaces = self.panels.iter().filter_map(|panel| match panel {
            AnyPanel::Surface(surface) => Some(surface),
            AnyPanel::Flat(_) => None,
        });
        surfaces.map(Turnable::new).collect()
    }
}
