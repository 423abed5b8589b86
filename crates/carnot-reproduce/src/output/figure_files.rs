//! The files of a figure.

use std::path::Path;

use super::record::{Record, metrics_json};
use crate::chart::{ChartError, Palette, png};
use crate::figure::Outcome;

/// Pixels of a PNG to a unit of the chart.
const PNG_SCALE: f32 = 2.0;

/// The names of the files of a figure; the record comes last and seals the others.
const NAMES: [&str; 7] = [
    "figure.svg",
    "figure-dark.svg",
    "figure.png",
    "figure-dark.png",
    "trace.csv",
    "metrics.json",
    "report.json",
];

/// The files of a figure by name, the record last.
///
/// # Errors
///
/// [`ChartError`] where the chart cannot be drawn.
pub fn figure_files(
    outcome: &Outcome,
    record: &Record,
) -> Result<[(&'static str, Vec<u8>); NAMES.len()], ChartError> {
    let light = outcome.charts.svg(Palette::Light)?;
    let dark = outcome.charts.svg(Palette::Dark)?;
    let (light_png, dark_png) = (png(&light, PNG_SCALE)?, png(&dark, PNG_SCALE)?);
    let [light_svg, dark_svg, light_name, dark_name, trace, metrics, seal] = NAMES;
    Ok([
        (light_svg, light.into_bytes()),
        (dark_svg, dark.into_bytes()),
        (light_name, light_png),
        (dark_name, dark_png),
        (trace, outcome.trace.to_csv().into_bytes()),
        (metrics, metrics_json(record).into_bytes()),
        (seal, record.to_json().into_bytes()),
    ])
}

/// Whether the output directory holds every file of the figure `name`.
#[must_use]
pub fn is_complete(out: &Path, name: &str) -> bool {
    NAMES.iter().all(|file| out.join(name).join(file).is_file())
}
