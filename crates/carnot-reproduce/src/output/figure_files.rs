//! The files of a figure.

use std::path::Path;

use super::record::{Record, metrics_json};
use crate::chart::{ChartError, Palette, png};
use crate::figure::Outcome;

/// Pixels of a PNG to a unit of the chart.
const PNG_SCALE: f32 = 2.0;

/// The names of the files of every figure; the record comes last and seals the others.
const NAMES: [&str; 7] = [
    "figure.svg",
    "figure-dark.svg",
    "figure.png",
    "figure-dark.png",
    "trace.csv",
    "metrics.json",
    "report.json",
];

/// The surfaces of a figure that has some, for the script of the report.
pub(super) const SURFACES: &str = "surfaces.json";

/// The files of a figure by name, the record last.
///
/// # Errors
///
/// [`ChartError`] where the chart cannot be drawn.
pub fn figure_files(outcome: &Outcome, record: &Record) -> Result<Vec<(&'static str, Vec<u8>)>, ChartError> {
    let light = outcome.charts.svg(Palette::Light)?;
    let dark = outcome.charts.svg(Palette::Dark)?;
    let (light_png, dark_png) = (png(&light, PNG_SCALE)?, png(&dark, PNG_SCALE)?);
    let [light_svg, dark_svg, light_name, dark_name, trace, metrics, seal] = NAMES;
    let turnables = outcome.charts.turnables();
    let surfaces = (!turnables.is_empty()).then(|| (SURFACES, compact_json(&turnables).into_bytes()));
    let files = [
        (light_svg, light.into_bytes()),
        (dark_svg, dark.into_bytes()),
        (light_name, light_png),
        (dark_name, dark_png),
        (trace, outcome.trace.to_csv().into_bytes()),
        (metrics, metrics_json(record).into_bytes()),
    ];
    let seal = (seal, record.to_json().into_bytes());
    Ok(files.into_iter().chain(surfaces).chain(std::iter::once(seal)).collect())
}

/// JSON without spaces.
pub(super) fn compact_json(value: &impl serde::Serialize) -> String {
    // Serialising fails for maps with keys that are not strings only, and there is none here.
    serde_json::to_string(value).unwrap_or_default()
}

/// Whether the output directory holds every file of the recorded figure.
#[must_use]
pub fn is_complete(out: &Path, record: &Record) -> bool {
    let names = NAMES.iter().chain(record.surfaces.then_some(&SURFACES));
    names.into_iter().all(|file| out.join(&record.figure).join(file).is_file())
}
