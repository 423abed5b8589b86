//! Progress on standard error: bars with the time left on a terminal, plain lines when piped.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// The least time between two plain lines of one stage.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Bars,
    Lines,
    Silent,
}

/// Where a figure reports how far it is.
#[derive(Debug)]
pub struct Progress {
    figure: String,
    mode: Mode,
}

impl Progress {
    /// Progress of `figure`: bars when standard error is a terminal, lines otherwise.
    #[must_use]
    pub fn new(figure: &str) -> Self {
        let mode = if std::io::stderr().is_terminal() { Mode::Bars } else { Mode::Lines };
        Progress { figure: figure.to_owned(), mode }
    }

    /// Progress that is shown to nobody, for tests and for use as a library.
    #[must_use]
    pub fn silent() -> Self {
        Progress { figure: String::new(), mode: Mode::Silent }
    }

    /// Begins a stage of `total` steps; it ends when the returned [`Stage`] is dropped.
    #[must_use]
    pub fn stage(&self, title: &str, total: u64) -> Stage {
        let bar = match self.mode {
            Mode::Bars => {
                let bar = ProgressBar::new(total);
                if let Ok(style) = ProgressStyle::with_template(
                    "{prefix} {wide_bar:.cyan/blue} {pos}/{len}, {eta} left {msg}",
                ) {
                    bar.set_style(style);
                }
                bar.set_prefix(format!("[{}] {title}", self.figure));
                bar.enable_steady_tick(Duration::from_millis(500));
                bar
            }
            Mode::Lines | Mode::Silent => {
                ProgressBar::with_draw_target(Some(total), indicatif::ProgressDrawTarget::hidden())
            }
        };
        let stage = Stage {
            bar,
            head: format!("[{}] {title}", self.figure),
            lines: (self.mode == Mode::Lines).then(|| Mutex::new(Instant::now())),
        };
        if stage.lines.is_some() {
            write_line(&stage.head);
        }
        stage
    }
}

/// A stage under way; may be shared between threads.
#[derive(Debug)]
pub struct Stage {
    bar: ProgressBar,
    head: String,
    /// In plain mode, when the last line was written.
    lines: Option<Mutex<Instant>>,
}

impl Stage {
    /// Counts `n` more steps as done.
    pub fn inc(&self, n: u64) {
        self.bar.inc(n);
        self.maybe_line();
    }

    /// Says what is being done now.
    pub fn message(&self, text: &str) {
        self.bar.set_message(text.to_owned());
        self.maybe_line();
    }

    /// Changes the number of steps of the stage.
    pub fn set_total(&self, total: u64) {
        self.bar.set_length(total);
    }

    fn maybe_line(&self) {
        let Some(lines) = &self.lines else { return };
        // A poisoned lock only means that a thread panicked between two lines.
        let mut last = lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.elapsed() >= LINE_INTERVAL {
            *last = Instant::now();
            write_line(&self.line());
        }
    }

    fn line(&self) -> String {
        let (position, total) = (self.bar.position(), self.bar.length().unwrap_or(0));
        let message = self.bar.message();
        let separator = if message.is_empty() { "" } else { ": " };
        let left = match self.bar.eta().as_secs() {
            0 => String::new(),
            seconds => format!(", {} left", duration_text(seconds)),
        };
        format!("{}{separator}{message} ({position}/{total}{left})", self.head)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if self.lines.is_some() {
            write_line(&format!(
                "{}: ended at {}/{} after {}",
                self.head,
                self.bar.position(),
                self.bar.length().unwrap_or(0),
                duration_text(self.bar.elapsed().as_secs())
            ));
        }
        self.bar.finish_and_clear();
    }
}

/// A duration as `1h02m`, `3m04s` or `5s`.
#[must_use]
pub fn duration_text(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s:02}s"),
        (h, m, _) => format!("{h}h{m:02}m"),
    }
}

/// One line on standard error; a closed pipe there is no reason to stop.
pub(crate) fn write_line(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        assert_eq!(duration_text(5), "5s");
        assert_eq!(duration_text(184), "3m04s");
        assert_eq!(duration_text(3_725), "1h02m");
    }

    #[test]
    fn a_line_says_how_far_the_stage_is() {
        let stage = Progress { figure: "demo".to_owned(), mode: Mode::Silent }.stage("held sweep", 10);
        stage.inc(3);
        stage.message("lambda 1.2");
        let line = stage.line();
        assert!(line.starts_with("[demo] held sweep: lambda 1.2 (3/10"), "{line}");
    }
}
