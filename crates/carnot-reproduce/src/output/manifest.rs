//! `manifest.json`: how the figures in an output directory were made.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::record::{Made, Record, to_json};
use crate::figure::{DataChoice, Tier};

#[derive(Serialize)]
struct Manifest<'a> {
    carnot: &'static str,
    command: &'a [String],
    threads: usize,
    platform: Platform,
    figures: BTreeMap<&'a str, Entry<'a>>,
}

#[derive(Serialize)]
struct Platform {
    os: &'static str,
    architecture: &'static str,
    cpu_features: Vec<&'static str>,
}

#[derive(Serialize)]
struct Entry<'a> {
    data: DataChoice,
    data_digest: Option<&'a str>,
    tier: Tier,
    seeds: &'a [u64],
    #[serde(flatten)]
    made: &'a Made,
}

/// The content of `manifest.json`: this run on top, and below it each figure as it was made.
#[must_use]
pub fn manifest_json(command: &[String], threads: usize, records: &[Record]) -> String {
    let figures = records
        .iter()
        .map(|record| {
            let entry = Entry {
                data: record.data,
                data_digest: record.data_digest.as_deref(),
                tier: record.tier,
                seeds: &record.seeds,
                made: &record.made,
            };
            (record.figure.as_str(), entry)
        })
        .collect();
    to_json(&Manifest {
        carnot: env!("CARGO_PKG_VERSION"),
        command,
        threads,
        platform: Platform {
            os: std::env::consts::OS,
            architecture: std::env::consts::ARCH,
            cpu_features: cpu_features(),
        },
        figures,
    })
}

/// The vector extensions of the processor that matter for the speed and, through the order of
/// sums, for the last bits of a matrix product.
fn cpu_features() -> Vec<&'static str> {
    let mut found = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        macro_rules! collect {
            ($($name:tt),*) => { $(if std::is_x86_feature_detected!($name) { found.push($name); })* };
        }
        collect!("sse4.2", "avx", "avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vnni");
    }
    #[cfg(target_arch = "aarch64")]
    {
        macro_rules! collect {
            ($($name:tt),*) => {
                $(if std::arch::is_aarch64_feature_detected!($name) { found.push($name); })*
            };
        }
        collect!("neon", "fp16", "sve", "sve2");
    }
    found
}

impl Made {
    /// A figure finished now.
    #[must_use]
    pub fn now(command: &[String], threads: usize, seconds: f64) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
        Made {
            carnot: env!("CARGO_PKG_VERSION").to_owned(),
            command: command.to_vec(),
            threads,
            seconds: (seconds * 10.0).round() / 10.0,
            finished: utc(since_epoch),
        }
    }
}

/// Seconds since 1970 as `2024-02-29T12:34:56Z`.
fn utc(seconds: u64) -> String {
    let (days, time) = ((seconds / 86_400) as i64, seconds % 86_400);
    // Days to a date of the Gregorian calendar, counted in eras of 400 years that begin on the
    // first of March, so that the leap day comes last.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right_around_leap_days() {
        // Reference values of `date -u -d @SECONDS`.
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(utc(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(utc(1_709_210_096), "2024-02-29T12:34:56Z");
        assert_eq!(utc(1_735_689_599), "2024-12-31T23:59:59Z");
    }
}
