//! The `reproduce` command, from checked arguments to an exit code.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

use crate::chart::ChartError;
use crate::cli::Reproduce;
use crate::figure::{Context, Figure, FigureError, Options, Progress};
use crate::figures::Entry;
use crate::output::{
    DirectoryLock, Made, OutputError, Record, check_writable, figure_files, index_html, is_complete,
    manifest_json, replace, replace_all,
};
use crate::progress::duration_text;
use crate::request::{check_names, options, selected};

const VERSION: &str = env!("CARGO_PKG_VERSION");

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
/// its earlier files as they were and does not keep the others from being computed; what cannot be
/// written ends the run. The report is written where a figure was made or kept.
pub fn run(
    arguments: &Reproduce,
    registry: &[Entry<'_>],
    environment: &Environment,
    console: &mut Console<'_>,
) -> Finish {
    let asked = if arguments.list {
        check_names(&arguments.figures, registry).map(|()| None)
    } else {
        selected(&arguments.figures, registry)
            .and_then(|figures| Ok(Some((figures, options(arguments, environment)?))))
    };
    match asked {
        Ok(None) => {
            list(registry, console);
            Finish::Success
        }
        Ok(Some((figures, options))) => {
            let shell = Shell { arguments, options: &options, registry, environment };
            shell.run(&figures, console)
        }
        Err(misuse) => {
            console.error(&chain(&misuse));
            Finish::Misuse
        }
    }
}

/// A figure to compute, or to keep where it has a record.
struct Planned<'a> {
    figure: &'a dyn Figure,
    earlier: Option<Record>,
}

/// What stays the same while figures are computed.
struct Shell<'a> {
    arguments: &'a Reproduce,
    options: &'a Options,
    registry: &'a [Entry<'a>],
    environment: &'a Environment,
}

impl Shell<'_> {
    /// Computes the figures that are not kept, and says how each of them came out.
    fn run(&self, figures: &[&dyn Figure], console: &mut Console<'_>) -> Finish {
        let plan =
            DirectoryLock::acquire(&self.arguments.out).and_then(|lock| Ok((lock, self.plan(figures)?)));
        let (_lock, plan) = match plan {
            Ok(plan) => plan,
            Err(error) => {
                console.error(&chain(&error));
                return Failure::from(error).finish();
            }
        };
        let mut finish = Finish::Success;
        let mut any = false;
        for Planned { figure, earlier } in plan {
            let kept = earlier.is_some();
            match earlier.map_or_else(|| self.make(figure), Ok) {
                Ok(record) => {
                    any = true;
                    finish = finish.max(judge(&record, kept, console));
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
        if !any {
            return finish;
        }
        // Also where every figure was kept: the report there may be older than they are, or gone.
        if let Err(error) = self.write_report() {
            console.error(&chain(&error));
            return finish.max(Failure::from(error).finish());
        }
        console.say(&format!("report: {}", self.arguments.out.join("index.html").display()));
        finish
    }

    /// Each figure with its record where it is kept. That the others can be written is tried here,
    /// before the first of them takes its minutes.
    fn plan<'f>(&self, figures: &[&'f dyn Figure]) -> Result<Vec<Planned<'f>>, OutputError> {
        figures
            .iter()
            .map(|figure| {
                let earlier = if self.arguments.resume { self.finished_earlier(figure.name()) } else { None };
                if earlier.is_none() {
                    check_writable(&self.arguments.out.join(figure.name()))?;
                }
                Ok(Planned { figure: *figure, earlier })
            })
            .collect()
    }

    fn finished_earlier(&self, name: &str) -> Option<Record> {
        let out = &self.arguments.out;
        Record::read(out, name)
            .filter(|record| record.same_configuration(self.options, VERSION) && is_complete(out, record))
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
        let to_come: Vec<&str> =
            self.registry.iter().filter(|entry| entry.figure.is_none()).map(|entry| entry.name).collect();
        replace(&out.join("index.html"), index_html(out, &records, &to_come).as_bytes())
    }
}

/// Says how a figure came out, and names the bounds it missed.
fn judge(record: &Record, kept: bool, console: &mut Console<'_>) -> Finish {
    let (passes, bounds) = record.score();
    let how = if kept {
        "kept".to_owned()
    } else {
        format!("done in {}", duration_text(record.made.seconds as u64))
    };
    console.say(&format!("{}: {how}, {passes} of {bounds} bounds kept", record.figure));
    let misses = record.misses();
    if misses.is_empty() {
        return Finish::Success;
    }
    console.error(&format!("{}: bound missed: {}", record.figure, misses.join("; ")));
    Finish::BoundMissed
}

fn list(registry: &[Entry<'_>], console: &mut Console<'_>) {
    let width = registry.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    for entry in registry {
        let status = if entry.figure.is_some() { "available" } else { "to come" };
        console.say(&format!("{:width$}  {status:9}  {}", entry.name, entry.shows));
    }
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
