//! The table of every point plotted.

use carnot_surface::geometry::Order;

use super::Shown;
use super::gaussian::Transition;
use super::letters::GAMMA;
use crate::figure::{Cell, Table};

const COLUMNS: [&str; 20] = [
    "system",
    // ray, map, transition, onset, around_onset, letters or letter_change.
    "kind",
    "labels",
    // The number of a letter or a mode.
    "number",
    "lambda",
    "gamma",
    "t",
    // gamma, t or lambda of a transition by theory.
    "predicted",
    "order",
    "rate_nats",
    // D and C without the constants that no encoder can change.
    "distortion_minus_constant_nats",
    "classification_minus_constant_nats",
    "heat_capacity_nats",
    "strength",
    "promise",
    "weight",
    "rate_jump_nats",
    "distortion_jump_nats",
    "classification_jump_nats",
    "heat_capacity_jump_nats",
];

/// A row with some of its cells filled.
struct Row(Vec<Cell>);

impl Row {
    fn new(system: &str, kind: &str) -> Self {
        Row(vec![Cell::Empty; COLUMNS.len()]).with("system", system).with("kind", kind)
    }

    fn with(mut self, column: &str, value: impl Into<Cell>) -> Self {
        if let Some(cell) = COLUMNS.iter().position(|name| *name == column).and_then(|k| self.0.get_mut(k)) {
            *cell = value.into();
        }
        self
    }
}

fn count(number: usize) -> Cell {
    Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn order_name(order: Order) -> &'static str {
    match order {
        Order::First => "first",
        Order::Second => "second",
        Order::Unresolved => "unresolved",
    }
}

pub(super) fn trace(shown: &Shown) -> Table {
    let mut table = Table::new(COLUMNS);
    for Row(row) in gaussian(shown).into_iter().chain(onsets(shown)).chain(letters(shown)) {
        table.push(row);
    }
    table
}

fn gaussian(shown: &Shown) -> Vec<Row> {
    let run = &shown.gaussian;
    let [distortion, classification] = run.constants;
    let mut rows = Vec::new();
    for point in &run.points {
        let (t, rdc) = (point.sample.t, point.sample.rdc);
        let row = || Row::new("Gaussian", "ray").with("lambda", t).with("gamma", t).with("t", t);
        rows.push(
            row()
                .with("rate_nats", rdc.rate)
                .with("distortion_minus_constant_nats", rdc.distortion - distortion)
                .with("classification_minus_constant_nats", rdc.classification - classification)
                .with("heat_capacity_nats", point.sample.heat_capacity),
        );
        let strengths = point.strengths.iter().rev().enumerate();
        rows.extend(strengths.map(|(mode, mu)| row().with("number", count(mode + 1)).with("strength", *mu)));
    }
    for (row, gamma) in run.rates.chunks(run.lambdas.len()).zip(&run.gammas) {
        rows.extend(row.iter().zip(&run.lambdas).map(|(rate, lambda)| {
            let row = Row::new("Gaussian", "map").with("lambda", *lambda).with("gamma", *gamma);
            row.with("rate_nats", *rate)
        }));
    }
    rows.extend(run.transitions.iter().map(|Transition { mode, predicted, located, .. }| {
        Row::new("Gaussian", "transition")
            .with("number", count(mode + 1))
            .with("lambda", located.multipliers.lambda())
            .with("gamma", located.multipliers.gamma())
            .with("t", located.t)
            .with("predicted", *predicted)
            .with("order", order_name(located.order))
            .with("rate_jump_nats", located.jump.rate)
            .with("distortion_jump_nats", located.jump.distortion)
            .with("classification_jump_nats", located.jump.classification)
            .with("heat_capacity_jump_nats", located.heat_capacity_jump)
    }));
    rows
}

fn onsets(shown: &Shown) -> Vec<Row> {
    let mut rows = Vec::new();
    for onset in &shown.onsets {
        let row =
            |kind: &str| Row::new("bottleneck", kind).with("labels", count(onset.labels)).with("lambda", 0.0);
        rows.extend(onset.points.iter().map(|(gamma, rdc)| {
            row("around_onset")
                .with("gamma", *gamma)
                .with("rate_nats", rdc.rate)
                .with("classification_minus_constant_nats", rdc.classification)
        }));
        rows.push(
            row("onset")
                .with("gamma", onset.located)
                .with("predicted", onset.predicted)
                .with("order", if onset.is_first_order() { "first" } else { "second" })
                .with("rate_jump_nats", onset.rate_jump())
                .with("classification_jump_nats", -onset.information_jump()),
        );
    }
    rows
}

fn letters(shown: &Shown) -> Vec<Row> {
    let row = |kind: &str, lambda: f64, letter: usize| {
        let row = Row::new("discrete", kind).with("number", count(letter + 1));
        row.with("lambda", lambda).with("gamma", GAMMA)
    };
    let mut rows = Vec::new();
    for point in &shown.letters.points {
        let letters = point.promises.iter().zip(&point.marginal).enumerate();
        rows.extend(letters.map(|(letter, (promise, weight))| {
            row("letters", point.lambda, letter).with("promise", *promise).with("weight", *weight)
        }));
    }
    rows.extend(shown.letters.changes.iter().map(|change| {
        let row = row("letter_change", change.lambda, change.letter);
        row.with("order", "second").with("promise", change.promise).with("weight", change.weight)
    }));
    rows
}
