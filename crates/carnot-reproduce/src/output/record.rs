//! `metrics.json`, and `report.json`: what the report and the manifest need of a finished figure,
//! so that both can be rebuilt from the output directory when another figure is computed.

use std::path::Path;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::number::exact;
use crate::figure::{Bound, DataChoice, Metric, Options, Outcome, Tier};

/// How and when a figure was made: the part that depends on the machine and the clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// The version of carnot.
    pub carnot: String,
    /// The command line.
    pub command: Vec<String>,
    /// The number of threads.
    pub threads: usize,
    /// How long the figure took, in seconds.
    pub seconds: f64,
    /// When it was finished, in UTC.
    pub finished: String,
}

/// A metric as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedMetric {
    /// The key in `metrics.json`.
    pub name: String,
    /// The number; `None` when it was not finite.
    pub value: Option<f64>,
    /// Its unit.
    pub unit: String,
    /// Its standard error.
    pub std_err: Option<f64>,
    /// Its bound.
    pub bound: Option<Bound>,
    /// Whether the bound was kept.
    pub pass: Option<bool>,
}

impl From<&Metric> for RecordedMetric {
    fn from(metric: &Metric) -> Self {
        RecordedMetric {
            name: metric.name.to_owned(),
            value: Some(metric.value).filter(|v| v.is_finite()),
            unit: metric.unit.to_owned(),
            std_err: metric.std_err.filter(|v| v.is_finite()),
            // A bound that is not finite has no JSON form; its metric is already a miss.
            bound: metric.bound.filter(|b| b.value.is_finite()),
            pass: metric.pass(),
        }
    }
}

/// A finished figure, without its chart and its trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The name of the figure.
    pub figure: String,
    /// What it shows, in one line.
    pub shows: String,
    /// The data set.
    pub data: DataChoice,
    /// The amount of work.
    pub tier: Tier,
    /// The number of repetitions asked for.
    pub repetitions: u64,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// What identifies the data: each file or set by name and digest, in words.
    pub data_digest: Option<String>,
    /// What is shown and how it was made.
    pub summary: Vec<String>,
    /// What the paper claims.
    pub claim: String,
    /// Our numbers beside it.
    pub finding: String,
    /// The numbers.
    pub metrics: Vec<RecordedMetric>,
    /// Whether its chart has surfaces, which then are in `surfaces.json`.
    #[serde(default)]
    pub surfaces: bool,
    /// How and when it was made.
    pub made: Made,
}

impl Record {
    /// The record of an outcome.
    #[must_use]
    pub fn new(figure: &str, shows: &str, options: &Options, outcome: &Outcome, made: Made) -> Self {
        Record {
            figure: figure.to_owned(),
            shows: shows.to_owned(),
            data: options.data,
            tier: options.tier,
            repetitions: options.seeds,
            seeds: outcome.seeds.clone(),
            data_digest: outcome.data_digest.clone(),
            summary: outcome.summary.clone(),
            claim: outcome.claim.clone(),
            finding: outcome.finding.clone(),
            metrics: outcome.metrics.iter().map(RecordedMetric::from).collect(),
            surfaces: outcome.charts.has_surface(),
            made,
        }
    }

    /// Reads `report.json` of the figure `name` in the output directory; `None` when the figure
    /// was never finished there, or by a version whose record reads differently.
    #[must_use]
    pub fn read(out: &Path, name: &str) -> Option<Self> {
        let bytes = std::fs::read(out.join(name).join("report.json")).ok()?;
        serde_json::from_slice(&bytes).ok().filter(|record: &Record| record.figure == name)
    }

    /// Whether the figure would be computed in the same way now.
    #[must_use]
    pub fn same_configuration(&self, options: &Options, version: &str) -> bool {
        (self.data, self.tier, self.repetitions) == (options.data, options.tier, options.seeds)
            && self.made.carnot == version
    }

    /// The missed bounds, in words; empty when there is none.
    #[must_use]
    pub fn misses(&self) -> Vec<String> {
        self.metrics
            .iter()
            .filter(|metric| metric.pass == Some(false))
            .map(|metric| {
                let value = metric.value.map_or("not finite".to_owned(), exact);
                match metric.bound {
                    Some(bound) => {
                        let limit = exact(bound.value);
                        format!("{} is {value}, bound {} {limit}", metric.name, bound.op.symbol())
                    }
                    None => format!("{} is {value}", metric.name),
                }
            })
            .collect()
    }

    /// The number of bounds kept and the number of bounds.
    #[must_use]
    pub fn score(&self) -> (usize, usize) {
        let passes: Vec<bool> = self.metrics.iter().filter_map(|metric| metric.pass).collect();
        (passes.iter().filter(|pass| **pass).count(), passes.len())
    }
}

/// The content of `metrics.json`: depends on the seeds and options alone.
#[must_use]
pub fn metrics_json(record: &Record) -> String {
    to_json(&MetricsFile {
        figure: &record.figure,
        data: record.data,
        tier: record.tier,
        seeds: &record.seeds,
        metrics: Metrics(&record.metrics),
    })
}

/// Indented JSON with a final newline.
pub(super) fn to_json(value: &impl Serialize) -> String {
    // Serialising fails for maps with keys that are not strings only, and there is none here.
    let mut json = serde_json::to_string_pretty(value).unwrap_or_default();
    json.push('\n');
    json
}

impl Record {
    /// The content of `report.json`.
    #[must_use]
    pub fn to_json(&self) -> String {
        to_json(self)
    }
}

#[derive(Serialize)]
struct MetricsFile<'a> {
    figure: &'a str,
    data: DataChoice,
    tier: Tier,
    seeds: &'a [u64],
    metrics: Metrics<'a>,
}

#[derive(Serialize)]
struct MetricValue<'a> {
    value: Option<f64>,
    unit: &'a str,
    std_err: Option<f64>,
    bound: Option<Bound>,
    pass: Option<bool>,
}

/// Metrics as an object, in the order of the figure.
struct Metrics<'a>(&'a [RecordedMetric]);

impl Serialize for Metrics<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for RecordedMetric { name, value, unit, std_err, bound, pass } in self.0 {
            let value = MetricValue { value: *value, unit, std_err: *std_err, bound: *bound, pass: *pass };
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}
