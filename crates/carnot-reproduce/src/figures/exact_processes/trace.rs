//! The table of every point plotted.

use carnot_process::Hold;

use super::charts::held_name;
use super::drift::{Drifts, Method, QUOTED};
use super::report::PROTOTYPE;
use super::{Shown, cycle, moving};
use crate::figure::{Cell, Table};

const COLUMNS: [&str; 26] = [
    // drift, boundary, curve, curve_transition, cycle or moving.
    "kind",
    // smooth or across; Gaussian, moving Gaussian or moving discrete.
    "of",
    // A method, what is held, or the number of a leg or a boundary.
    "by",
    "steps",
    "drift_nats",
    "lambda",
    "gamma",
    "t",
    "arc_length",
    "rate_nats",
    // In a cycle without the constants that no encoder can change.
    "distortion_nats",
    "classification_nats",
    "free_classification_nats",
    "residual_nats",
    "predicted_lambda",
    "predicted_gamma",
    "relative_error",
    "work_lambda_nats",
    "work_gamma_nats",
    "free_energy_change_nats",
    "force_nats",
    "classification_by_t_nats",
    "force_by_gamma_nats",
    "is_transition",
    "first_lambda",
    "first_gamma",
];

pub(super) fn trace(shown: &Shown) -> Table {
    let mut table = Table::new(COLUMNS);
    drifts(&mut table, "smooth", &shown.smooth, PROTOTYPE[0]);
    drifts(&mut table, "across", &shown.across, PROTOTYPE[1]);
    curves(&mut table, shown);
    cycle(&mut table, &shown.cycle);
    shown.moving.iter().for_each(|run| moving(&mut table, run));
    table
}

fn count(number: usize) -> Cell {
    Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn drifts(table: &mut Table, of: &str, drifts: &Drifts, prototype: f64) {
    let (lambda, gamma) = drifts.segment.start;
    let mut push = |by: &str, steps: usize, drift: f64| {
        table.push_named(&[
            ("kind", "drift".into()),
            ("of", of.into()),
            ("by", by.into()),
            ("steps", count(steps)),
            ("drift_nats", drift.into()),
            ("first_lambda", lambda.into()),
            ("first_gamma", gamma.into()),
            ("lambda", drifts.segment.end.into()),
        ]);
    };
    let alone = Method::ALL.into_iter().map(|method| (method.name(), drifts.of(method)));
    for (by, points) in alone.chain([("corrected", drifts.corrected.as_slice())]) {
        points.iter().for_each(|point| push(by, point.steps, point.drift));
    }
    for (by, drift) in [Method::RungeKutta.name(), "corrected"].into_iter().zip(drifts.quoted) {
        push(by, QUOTED, drift);
    }
    push("prototype", QUOTED, prototype);
}

fn curves(table: &mut Table, shown: &Shown) {
    for (number, boundary) in shown.boundaries.iter().enumerate() {
        for at in &boundary.points {
            table.push_named(&[
                ("kind", "boundary".into()),
                ("of", "Gaussian".into()),
                ("by", format!("mode {}", number + 1).into()),
                ("lambda", at.lambda().into()),
                ("gamma", at.gamma().into()),
            ]);
        }
    }
    for curve in &shown.curves {
        let by = held_name(curve.held);
        for point in &curve.points {
            table.push_named(&[
                ("kind", "curve".into()),
                ("of", "Gaussian".into()),
                ("by", by.into()),
                ("lambda", point.lambda.into()),
                ("gamma", point.gamma.into()),
                ("residual_nats", point.residual.into()),
            ]);
        }
        for crossed in &curve.transitions {
            table.push_named(&[
                ("kind", "curve_transition".into()),
                ("of", "Gaussian".into()),
                ("by", by.into()),
                ("lambda", crossed.located.lambda().into()),
                ("gamma", crossed.located.gamma().into()),
                ("predicted_lambda", crossed.predicted.lambda().into()),
                ("predicted_gamma", crossed.predicted.gamma().into()),
                ("relative_error", crossed.relative_error().into()),
            ]);
        }
    }
}

fn cycle(table: &mut Table, run: &cycle::Run) {
    for leg in &run.legs {
        for point in &leg.points {
            table.push_named(&[
                ("kind", "cycle".into()),
                ("of", "Gaussian".into()),
                ("by", held_name(leg.held).into()),
                ("lambda", point.lambda.into()),
                ("gamma", point.gamma.into()),
                ("arc_length", point.arc_length.into()),
                ("rate_nats", point.rate.into()),
                ("distortion_nats", point.distortion.into()),
                ("classification_nats", point.classification.into()),
                ("work_lambda_nats", point.work[0].into()),
                ("work_gamma_nats", point.work[1].into()),
                ("free_energy_change_nats", point.free_energy.into()),
                ("is_transition", Cell::Integer(point.is_transition.into())),
            ]);
        }
    }
}

fn moving(table: &mut Table, run: &moving::Run) {
    for point in &run.points {
        let [by_time, by_gamma] = point.maxwell.map_or([None; 2], |sides| sides.map(Some));
        table.push_named(&[
            ("kind", "moving".into()),
            ("of", run.name.into()),
            ("by", held_name(Hold::Classification).into()),
            ("lambda", run.lambda.into()),
            ("gamma", point.gamma.into()),
            ("t", point.time.into()),
            ("rate_nats", point.rate.into()),
            ("distortion_nats", point.distortion.into()),
            ("classification_nats", point.classification.into()),
            ("free_classification_nats", point.free.into()),
            ("residual_nats", point.residual.into()),
            ("force_nats", point.force.into()),
            ("classification_by_t_nats", by_time.into()),
            ("force_by_gamma_nats", by_gamma.into()),
            ("is_transition", Cell::Integer(point.is_transition.into())),
        ]);
    }
}
