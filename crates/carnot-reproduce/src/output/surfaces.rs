//! The surfaces of a figure in the report, to be turned about by a script.

use std::fmt::Write;
use std::path::Path;

use super::escape;
use super::figure_files::{SURFACES, compact_json};
use super::record::Record;
use crate::chart::Turnable;

/// The script, once in a page that has surfaces.
pub(super) const SCRIPT: &str = include_str!("turn.js");

/// What the buttons do, what they show and what they are called.
const BUTTONS: [(&str, &str, &str); 7] = [
    ("left", "←", "turn left"),
    ("right", "→", "turn right"),
    ("up", "↑", "look from higher up"),
    ("down", "↓", "look from lower down"),
    ("closer", "+", "closer"),
    ("farther", "−", "farther"),
    ("reset", "reset", "as at first"),
];

/// Writes the surfaces of a figure, hidden until the script shows them.
pub(super) fn write_surfaces(html: &mut String, out: &Path, record: &Record) -> std::fmt::Result {
    if !record.surfaces {
        return Ok(());
    }
    // A file that was deleted from the directory leaves the chart above alone.
    let bytes = std::fs::read(out.join(&record.figure).join(SURFACES)).unwrap_or_default();
    let surfaces: Vec<Turnable> = serde_json::from_slice(&bytes).unwrap_or_default();
    for surface in &surfaces {
        let title = escape(&surface.title);
        writeln!(
            html,
            "<figure class=\"turn\" hidden>\n<figcaption><b>{title}</b>, to be turned: drag it, or choose it and use \
             the arrow keys, + and −.</figcaption>\n<ul class=\"legend\">"
        )?;
        let mut named: Vec<&str> = Vec::new();
        for curve in &surface.curves {
            if curve.name.is_empty() || named.contains(&curve.name.as_str()) {
                continue;
            }
            named.push(&curve.name);
            writeln!(
                html,
                "<li style=\"--light:{};--dark:{}\">{}</li>",
                escape(&curve.light),
                escape(&curve.dark),
                escape(&curve.name)
            )?;
        }
        writeln!(
            html,
            "</ul>\n<canvas tabindex=\"0\" role=\"img\" aria-label=\"{title}: the surface of the chart above, which \
             the arrow keys turn\"></canvas>\n<div>"
        )?;
        for (moves, sign, name) in BUTTONS {
            write!(
                html,
                "<button type=\"button\" data-move=\"{moves}\" title=\"{name}\" aria-label=\"{name}\">{sign}</button>"
            )?;
        }
        // In a script element `<` could end it; inside of JSON it stands in texts only.
        let json = compact_json(surface).replace('<', "\\u003c");
        writeln!(html, "</div>\n<script type=\"application/json\">{json}</script>\n</figure>")?;
    }
    Ok(())
}
