//! Tiny figures, and a way to run the command on them.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use carnot_reproduce::chart::{AnyPanel, Axis, Chart, Colour, Marker, Panel, Series, Surface};
use carnot_reproduce::cli::{Cli, Command};
use carnot_reproduce::figure::{Bound, Cell, Context, Figure, FigureError, Metric, Outcome, Table};
use carnot_reproduce::figures::Entry;
use carnot_reproduce::run::{Console, Environment, Finish, run};
use clap::Parser;

/// What a fake figure does when it is run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// One metric of this value under the bound of the figure.
    Value(f64),
    /// Refuses its input with this text.
    BadInput(&'static str),
    /// Diverges with this text.
    Diverge(&'static str),
    /// A chart without panels.
    NoPanels,
    /// A chart with a surface beside the panel.
    WithSurface,
}

/// A figure that counts how often it was run.
pub(crate) struct Fake {
    pub(crate) name: &'static str,
    pub(crate) shows: &'static str,
    pub(crate) act: Act,
    pub(crate) bound: f64,
    pub(crate) runs: AtomicU64,
}

impl Fake {
    pub(crate) const fn new(name: &'static str, act: Act) -> Self {
        Fake { name, shows: "a <b>fake</b> & more", act, bound: 0.05, runs: AtomicU64::new(0) }
    }

    pub(crate) fn runs(&self) -> u64 {
        self.runs.load(Ordering::SeqCst)
    }
}

impl Figure for Fake {
    fn name(&self) -> &'static str {
        self.name
    }

    fn shows(&self) -> &'static str {
        self.shows
    }

    fn run(&self, context: &Context<'_>) -> Result<Outcome, FigureError> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        let stage = context.progress.stage("fake stage", 2);
        stage.inc(1);
        let value = match self.act {
            Act::Value(value) => value,
            Act::BadInput(text) => return Err(FigureError::bad_input(text)),
            Act::Diverge(text) => return Err(FigureError::unfinished(text)),
            Act::NoPanels | Act::WithSurface => 0.0,
        };
        stage.inc(1);
        let points: Vec<(f64, f64, f64)> =
            (1..=8).map(|k| (f64::from(k), value * f64::from(k), 0.01)).collect();
        let mut trace = Table::new(["run, \"quoted\"", "x", "y", "step"]);
        for (k, (x, y, _)) in points.iter().enumerate() {
            trace.push([
                Cell::from("held, \"steered\"\nby gamma"),
                (*x).into(),
                (*y).into(),
                (k as i64).into(),
            ]);
        }
        let panel = Panel::new(
            "<script>alert(1)</script>",
            Axis::log("λ").reversed(),
            Axis::linear("C & D").unit("nats"),
        )
        .series(Series::line("held <i>", Colour::Blue, points).marker(Marker::Circle));
        let panels: Vec<AnyPanel> = match self.act {
            Act::NoPanels => Vec::new(),
            Act::WithSurface => vec![panel.into(), surface().into()],
            _ => vec![panel.into()],
        };
        Ok(Outcome {
            charts: Chart::new("a \"fake\" <chart>", 2, panels),
            trace,
            metrics: vec![
                Metric::new("zeta", value, "nats").with_std_err(0.01).with_bound(Bound::at_most(self.bound)),
                Metric::new("alpha", 3.0, "1"),
            ],
            seeds: (0..context.options.seeds).collect(),
            data_digest: Some("00ff".to_owned()),
            summary: vec!["First <img src=x onerror=alert(1)> paragraph.".to_owned()],
            claim: "C stays \"constant\" & <em>flat</em>.".to_owned(),
            finding: "It drifts by 3 %.".to_owned(),
        })
    }
}

/// A plane with names that would be markup.
fn surface() -> Surface {
    let rows = vec![vec![[0.0, 0.0, 0.0], [0.0, 1.0, 1.0]], vec![[1.0, 0.0, 1.0], [1.0, 1.0, 2.0]]];
    let axes = ["D", "C", "</script>"].map(Axis::linear);
    let diagonal = [[0.0, 0.0, 0.0], [1.0, 1.0, 2.0]];
    Surface::new("plane <b>", axes, rows).curve("held </script>", Colour::Blue, diagonal)
}

/// What a run said and how it ended.
pub(crate) struct Said {
    pub(crate) finish: Finish,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `reproduce` with these arguments and `--out`.
pub(crate) fn reproduce(registry: &[Entry<'_>], out: &Path, arguments: &[&str], threads: usize) -> Said {
    let mut line = vec!["carnot-reproduce", "reproduce", "--out", out.to_str().unwrap()];
    line.extend(arguments);
    let Command::Reproduce(parsed) = Cli::try_parse_from(&line).unwrap().command;
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let environment = Environment { data_dir: None, threads, command: vec!["carnot".to_owned()] };
    let mut console = Console { out: &mut stdout, err: &mut stderr };
    let finish = run(&parsed, registry, &environment, &mut console);
    Said { finish, out: String::from_utf8(stdout).unwrap(), err: String::from_utf8(stderr).unwrap() }
}
