//! `index.html`: the report, in one file that opens from disk.

use std::fmt::Write;
use std::path::Path;

use super::escape;
use super::number::{exact, significant};
use super::record::{Record, RecordedMetric};
use super::surfaces::{SCRIPT, write_surfaces};
use crate::figure::BoundOp;
use crate::progress::duration_text;

const STYLE: &str = include_str!("report.css");

/// The report of the figures recorded in the output directory `out`, in the order given, with the names of the
/// figures that are to come.
///
/// The charts are read from `out` in both palettes; a style sheet shows the one that fits. They
/// hold no identifiers, so that two in one page cannot disturb each other.
#[must_use]
pub fn index_html(out: &Path, records: &[Record], to_come: &[&str]) -> String {
    let mut body = String::new();
    // Writing to a `String` cannot fail.
    let _ = write_body(&mut body, out, records, to_come);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>carnot: the figures</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}

fn write_body(html: &mut String, out: &Path, records: &[Record], to_come: &[&str]) -> std::fmt::Result {
    let (kept, bounds) = records.iter().map(Record::score).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    writeln!(html, "<header>\n<h1>carnot: the figures</h1>")?;
    writeln!(
        html,
        "<p class=\"soft\">carnot {}, {} computed, {kept} of {bounds} bounds kept. \
         How they were made: <a href=\"manifest.json\">manifest.json</a>.</p>\n</header>",
        env!("CARGO_PKG_VERSION"),
        counted(records.len(), "figure"),
    )?;
    writeln!(html, "<nav aria-label=\"Contents\">\n<ul>")?;
    for record in records {
        let name = escape(&record.figure);
        let (class, verdict) = verdict(record);
        writeln!(
            html,
            "<li><a href=\"#{name}\">{name}</a>: {} <span class=\"{class}\">{verdict}</span></li>",
            escape(&record.shows)
        )?;
    }
    writeln!(html, "</ul>")?;
    if !to_come.is_empty() {
        writeln!(html, "<p class=\"soft\">To come: {}.</p>", escape(&to_come.join(", ")))?;
    }
    writeln!(html, "</nav>\n<main>")?;
    for record in records {
        write_figure(html, out, record)?;
    }
    writeln!(html, "</main>")?;
    if records.iter().any(|record| record.surfaces) {
        writeln!(html, "<script>\n{SCRIPT}</script>")?;
    }
    Ok(())
}

fn write_figure(html: &mut String, out: &Path, record: &Record) -> std::fmt::Result {
    let name = escape(&record.figure);
    writeln!(html, "<section>\n<h2 id=\"{name}\">{name}</h2>\n<p>{}</p>", escape(&record.shows))?;
    writeln!(
        html,
        "<p class=\"hint soft\">The chart is wider than the screen: scroll it sideways, or open \
         <a href=\"{name}/figure.png\">the picture</a>.</p>"
    )?;
    for (class, file) in [("light", "figure.svg"), ("dark", "figure-dark.svg")] {
        // A chart that was deleted from the directory leaves a gap, not a failure.
        let svg = std::fs::read_to_string(out.join(&record.figure).join(file)).unwrap_or_default();
        if svg.starts_with("<svg") {
            writeln!(html, "<div class=\"chart wide {class}\">{svg}</div>")?;
        }
    }
    write_surfaces(html, out, record)?;
    for paragraph in &record.summary {
        writeln!(html, "<p>{}</p>", escape(paragraph))?;
    }
    writeln!(
        html,
        "<div class=\"beside\">\n<div><h3>The paper</h3><p>{}</p></div>\n\
         <div><h3>Here</h3><p>{}</p></div>\n</div>",
        escape(&record.claim),
        escape(&record.finding)
    )?;
    if !record.metrics.is_empty() {
        write_metrics(html, &record.metrics)?;
    }
    let seeds: Vec<String> = record.seeds.iter().map(u64::to_string).collect();
    let digest = record.data_digest.as_ref().map(|d| format!(" ({})", escape(d)));
    let made_of = if record.seeds.is_empty() {
        "No data and no random numbers".to_owned()
    } else {
        let digest = digest.unwrap_or_default();
        format!("Data: {}{digest}. Tier: {}. Seeds: {}", record.data, record.tier, seeds.join(", "))
    };
    writeln!(
        html,
        "<p class=\"soft\">{made_of}. Computed in {} on {} by carnot {}, finished {}. \
         Files: <a href=\"{name}/trace.csv\">trace.csv</a>, <a href=\"{name}/metrics.json\">metrics.json</a>, \
         <a href=\"{name}/figure.svg\">SVG</a>, <a href=\"{name}/figure.png\">PNG</a>, \
         <a href=\"{name}/figure-dark.png\">dark PNG</a>.</p>\n</section>",
        duration_text(record.made.seconds as u64),
        counted(record.made.threads, "thread"),
        escape(&record.made.carnot),
        escape(&record.made.finished),
    )
}

/// The roles say again what the elements are: browsers forget it where the rows are stacked on a small screen.
fn write_metrics(html: &mut String, metrics: &[RecordedMetric]) -> std::fmt::Result {
    writeln!(html, "<div class=\"wide\">\n<table role=\"table\">\n<thead><tr role=\"row\">")?;
    for (class, head) in [("", "number"), ("", "verdict"), ("number", "value"), ("", "unit"), ("", "bound")] {
        write!(html, "<th class=\"{class}\" role=\"columnheader\">{head}</th>")?;
    }
    writeln!(html, "\n</tr></thead>\n<tbody>")?;
    for metric in metrics {
        let value = match (metric.value, metric.std_err) {
            (None, _) => "not finite".to_owned(),
            (Some(value), None) => significant(value),
            (Some(value), Some(std_err)) => format!("{} ± {}", significant(value), significant(std_err)),
        };
        let bound = metric.bound.map_or_else(String::new, |bound| {
            let symbol = match bound.op {
                BoundOp::Le => "≤",
                BoundOp::Ge => "≥",
            };
            format!("{symbol} {}", exact(bound.value))
        });
        let verdict = match metric.pass {
            Some(true) => "<span class=\"pass\">pass</span>",
            Some(false) => "<span class=\"miss\">miss</span>",
            None => "",
        };
        // The unit of a pure number says nothing in a table.
        let unit = escape(if metric.unit == "1" { "" } else { &metric.unit });
        write!(html, "<tr role=\"row\">")?;
        for (class, cell) in [
            ("name", escape(&metric.name).as_str()),
            ("verdict", verdict),
            ("number", &value),
            ("unit", &unit),
            ("bound", &bound),
        ] {
            write!(html, "<td class=\"{class}\" role=\"cell\">{cell}</td>")?;
        }
        writeln!(html, "</tr>")?;
    }
    writeln!(html, "</tbody>\n</table>\n</div>")
}

fn verdict(record: &Record) -> (&'static str, String) {
    match record.score() {
        (_, 0) => ("soft", "no bounds".to_owned()),
        (kept, all) if kept == all => ("pass", format!("pass ({})", counted(all, "bound"))),
        (kept, all) => ("miss", format!("miss ({} of {})", all - kept, counted(all, "bound"))),
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
