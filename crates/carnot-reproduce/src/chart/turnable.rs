//! What a browser needs to draw a surface from any side.

use serde::{Deserialize, Serialize};

use super::palette::Rgb;
use super::panel::axis_title;
use super::projection::{HEIGHT, Point3};
use super::surface_panel::PreparedSurface;
use super::{Palette, Surface};

/// Colours of the ramp that are handed on; between them the script interpolates.
const RAMP: usize = 17;

/// A surface in the unit cube, with its colours in both palettes: the data of the script in the report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turnable {
    /// The title.
    pub title: String,
    /// The height of the cube in units of its width.
    height: f64,
    /// Where the viewer is at first, in degrees.
    azimuth: f64,
    elevation: f64,
    axes: Vec<TurnableAxis>,
    /// The points of the grid, row by row, in [0, 1]; `null` where there is none.
    rows: Vec<Vec<Option<Point3>>>,
    /// The curves.
    pub curves: Vec<TurnableCurve>,
    light: TurnableColours,
    dark: TurnableColours,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct TurnableAxis {
    title: String,
    ticks: Vec<(f64, String)>,
}

/// A curve on a [`Turnable`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TurnableCurve {
    /// The name in the legend.
    pub name: String,
    /// The colour in the light palette, in the notation of CSS.
    pub light: String,
    /// The colour in the dark palette.
    pub dark: String,
    points: Vec<Option<Point3>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct TurnableColours {
    ink: String,
    axis: String,
    grid: String,
    mesh: String,
    ramp: Vec<Rgb>,
}

impl Turnable {
    pub(super) fn new(surface: &Surface) -> Self {
        let prepared = PreparedSurface::new(surface);
        let points = |points: &Vec<Point3>| points.iter().map(short).collect();
        let (light, dark) = (Palette::Light.colours(), Palette::Dark.colours());
        let curves = surface.curves.iter().zip(&prepared.curves).map(|(curve, placed)| TurnableCurve {
            name: curve.name.clone(),
            light: css(light.of(curve.colour)),
            dark: css(dark.of(curve.colour)),
            points: points(placed),
        });
        let axes = surface
            .axes
            .iter()
            .zip(&prepared.ticks)
            .map(|(axis, ticks)| TurnableAxis { title: axis_title(axis, ticks), ticks: ticks.major.clone() });
        Turnable {
            title: surface.title.clone(),
            height: HEIGHT,
            azimuth: surface.azimuth,
            elevation: surface.elevation,
            axes: axes.collect(),
            rows: prepared.rows.iter().map(points).collect(),
            curves: curves.collect(),
            light: TurnableColours::of(Palette::Light),
            dark: TurnableColours::of(Palette::Dark),
        }
    }
}

impl TurnableColours {
    fn of(palette: Palette) -> Self {
        let colours = palette.colours();
        TurnableColours {
            ink: css(colours.ink),
            axis: css(colours.axis),
            grid: css(colours.grid),
            mesh: css(colours.contour),
            ramp: (0..RAMP).map(|k| colours.ramp.at(k as f64 / (RAMP - 1) as f64)).collect(),
        }
    }
}

/// Four decimals: a tenth of a pixel on a screen of a thousand.
fn short(point: &Point3) -> Option<Point3> {
    let rounded = point.map(|p| (1e4 * p).round() / 1e4);
    rounded.iter().all(|p| p.is_finite()).then_some(rounded)
}

fn css((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}
