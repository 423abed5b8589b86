//! The `reproduce` command, from checked arguments to an exit code.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

use crate::chart::{ChartError, Palette, png};
use crate::cli::Reproduce;
use crate::figure::{Context, DataChoice, Figure, FigureError, Options, Outcome, Progress};
use crate::figures::Entry;
use crate::output::{
    DirectoryLock, Made, OutputError, Record, index_html, manifest_json, metrics_json, replace, replace_all,
};
use crate::progress::duration_text;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Pixels of a PNG to a unit of the chart.
const PNG_SCALE: f32 = 2.0;

/// What the program knows from around it and not from its arguments.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The data directory when `--data-dir` does not name one.
    pub data_dir: Option<PathBuf>,
    /// The number of threads in use.
    pub threads: usize,
    /// The command line, for the manifest.
    pub command: Vec<String>,
}

/// How a run ended: its exit code. The worse is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finish {
    /// Every figure was computed and every bound kept.
    Success = 0,
    /// A bound was missed.
    BoundMissed = 1,
    /// Misuse or bad input.
    Misuse = 2,
    /// A figure could not finish, or its files could not be written.
    Unfinished = 3,
}

impl Finish {
    /// The exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// Where the command talks to: results on `out`, errors on `err`, one line each.
pub struct Console<'a> {
    /// Standard output.
    pub out: &'a mut dyn Write,
    /// Standard error.
    pub err: &'a mut dyn Write,
}

impl Console<'_> {
    // A reader that has gone away is no reason to stop computing.
    fn say(&mut self, line: &str) {
        let _ = writeln!(self.out, "{line}");
    }

    fn error(&mut self, line: &str) {
        let _ = writeln!(self.err, "error: {}", one_line(line));
    }
}

#[derive(Debug, thiserror::Error)]
enum Misuse {
    #[error("there is no figure '{name}'; the figures are: {known}")]
    UnknownFigure { name: String, known: String },
    #[error("the figure '{name}' is to come; `--list` shows which are available")]
    ToCome { name: String },
    #[error("no figure uses the data set cifar10 yet; choose synthetic or mnist")]
    Cifar10,
    #[error("no place to look for data: give --data-dir or set CARNOT_DATA")]
    NoDataDir,
    #[error("the data directory {} does not exist or is not a directory", .0.display())]
    DataDir(PathBuf),
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Figure(#[from] FigureError),
    #[error(transparent)]
    Chart(#[from] ChartError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl Failure {
    fn finish(&self) -> Finish {
        match self {
            Failure::Figure(FigureError::BadInput(_)) => Finish::Misuse,
            Failure::Output(OutputError::Unwritable { .. } | OutputError::Busy { .. }) => Finish::Misuse,
            Failure::Output(OutputError::Write { source, .. }) => match source.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Finish::Misuse,
                _ => Finish::Unfinished,
            },
            Failure::Figure(FigureError::Unfinished(_)) | Failure::Chart(_) => Finish::Unfinished,
        }
    }
}

/// Runs the command on the figures of `registry`.
///
/// Figures are computed one after the other in the order of the registry. One that fails leaves
/// its earlier files as they were and does not keep the others from being computed; what could
/// not be written ends the run.
pub fn run(
    arguments: &Reproduce,
    registry: &[Entry<'_>],
    environment: &Environment,
    console: &mut Console<'_>,
) -> Finish {
    if arguments.list {
        list(registry, console);
        return Finish::Success;
    }
    let prepared = selected(&arguments.figures, registry)
        .and_then(|figures| Ok((figures, options(arguments, environment)?)));
    let (figures, options) = match prepared {
        Ok(prepared) => prepared,
        Err(misuse) => {
            console.error(&chain(&misuse));
            return Finish::Misuse;
        }
    };
    let _lock = match DirectoryLock::acquire(&arguments.out) {
        Ok(lock) => lock,
        Err(error) => {
            console.error(&chain(&error));
            return Finish::Misuse;
        }
    };
    let shell = Shell { arguments, options: &options, registry, environment };
    let mut finish = Finish::Success;
    for figure in figures {
        let earlier = if arguments.resume { shell.finished_earlier(figure) } else { None };
        let kept = earlier.is_some();
        match earlier.map_or_else(|| shell.make(figure), Ok) {
            Ok(record) => {
                let (passes, bounds) = record.score();
                let how = if kept {
                    "kept".to_owned()
                } else {
                    format!("done in {}", duration_text(record.made.seconds as u64))
                };
                console.say(&format!("{}: {how}, {passes} of {bounds} bounds kept", record.figure));
                let misses = record.misses();
                if !misses.is_empty() {
                    console.error(&format!("{}: bound missed: {}", record.figure, misses.join("; ")));
                    finish = finish.max(Finish::BoundMissed);
                }
            }
            Err(failure) => {
                console.error(&format!("{}: {}", figure.name(), chain(&failure)));
                finish = finish.max(failure.finish());
                if matches!(failure, Failure::Output(_)) {
                    return finish;
                }
            }
        }
    }
    // Also where nothing was computed: the report then shows what the directory holds.
    if let Err(error) = shell.write_report() {
        console.error(&chain(&error));
        return finish.max(Failure::from(error).finish());
    }
    console.say(&format!("report: {}", arguments.out.join("index.html").display()));
    finish
}

/// What stays the same while figures are computed.
struct Shell<'a> {
    arguments: &'a Reproduce,
    options: &'a Options,
    registry: &'a [Entry<'a>],
    environment: &'a Environment,
}

impl Shell<'_> {
    fn finished_earlier(&self, figure: &dyn Figure) -> Option<Record> {
        Record::read(&self.arguments.out, figure.name())
            .filter(|record| record.same_configuration(self.options, VERSION))
    }

    /// Computes a figure and writes its files and the report.
    fn make(&self, figure: &dyn Figure) -> Result<Record, Failure> {
        let started = Instant::now();
        let progress = Progress::new(figure.name());
        let outcome = figure.run(&Context { options: self.options, progress: &progress })?;
        let seconds = started.elapsed().as_secs_f64();
        let made = Made::now(&self.environment.command, self.options.threads, seconds);
        let record = Record::new(figure.name(), figure.shows(), self.options, &outcome, made);
        let files = figure_files(&outcome, &record)?;
        replace_all(&self.arguments.out.join(figure.name()), &files)?;
        self.write_report()?;
        Ok(record)
    }

    /// Rebuilds `index.html` and `manifest.json` from all finished figures in the directory.
    fn write_report(&self) -> Result<(), OutputError> {
        let out = &self.arguments.out;
        let records: Vec<Record> =
            self.registry.iter().filter_map(|entry| Record::read(out, entry.name)).collect();
        let manifest = manifest_json(&self.environment.command, self.options.threads, &records);
        replace(&out.join("manifest.json"), manifest.as_bytes())?;
        replace(&out.join("index.html"), index_html(out, &records).as_bytes())
    }
}

/// The files of a figure; the record comes last and seals them.
fn figure_files(outcome: &Outcome, record: &Record) -> Result<Vec<(&'static str, Vec<u8>)>, ChartError> {
    let light = outcome.charts.svg(Palette::Light)?;
    let dark = outcome.charts.svg(Palette::Dark)?;
    Ok(vec![
        ("figure.png", png(&light, PNG_SCALE)?),
        ("figure-dark.png", png(&dark, PNG_SCALE)?),
        ("figure.svg", light.into_bytes()),
        ("figure-dark.svg", dark.into_bytes()),
        ("trace.csv", outcome.trace.to_csv().into_bytes()),
        ("metrics.json", metrics_json(record).into_bytes()),
        ("report.json", record.to_json().into_bytes()),
    ])
}

fn list(registry: &[Entry<'_>], console: &mut Console<'_>) {
    let width = registry.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    for entry in registry {
        let status = if entry.figure.is_some() { "available" } else { "to come" };
        console.say(&format!("{:width$}  {status:9}  {}", entry.name, entry.shows));
    }
}

/// The figures named, each once and in the order of the registry; all available ones if none is.
fn selected<'a>(names: &[String], registry: &[Entry<'a>]) -> Result<Vec<&'a dyn Figure>, Misuse> {
    for name in names {
        match registry.iter().find(|entry| entry.name == name) {
            None => {
                let known: Vec<&str> = registry.iter().map(|entry| entry.name).collect();
                return Err(Misuse::UnknownFigure { name: name.clone(), known: known.join(", ") });
            }
            Some(Entry { figure: None, .. }) => return Err(Misuse::ToCome { name: name.clone() }),
            Some(_) => {}
        }
    }
    let wanted = |entry: &&Entry<'a>| names.is_empty() || names.iter().any(|name| name == entry.name);
    Ok(registry.iter().filter(wanted).filter_map(|entry| entry.figure).collect())
}

fn options(arguments: &Reproduce, environment: &Environment) -> Result<Options, Misuse> {
    let data_dir = arguments.data_dir.clone().or_else(|| environment.data_dir.clone());
    match arguments.data {
        DataChoice::Synthetic => {}
        DataChoice::Cifar10 => return Err(Misuse::Cifar10),
        DataChoice::Mnist => match &data_dir {
            None => return Err(Misuse::NoDataDir),
            Some(directory) if !directory.is_dir() => return Err(Misuse::DataDir(directory.clone())),
            Some(_) => {}
        },
    }
    Ok(Options {
        data: arguments.data,
        data_dir,
        tier: arguments.tier,
        seeds: arguments.seeds,
        threads: environment.threads,
    })
}

/// An error and its causes, joined by colons; a cause whose text ends the one above is not
/// repeated.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}
