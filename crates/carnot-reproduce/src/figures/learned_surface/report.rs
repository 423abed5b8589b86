//! The table and the metrics.

use carnot_surface::Observables;
use carnot_surface::geometry::{ShapeReport, SurfacePoint, Tolerance, concavity_of_free_energy};

use super::network::{Held, Point, SEED, Shown};
use super::{charts, words};
use crate::figure::{Bound, Cell, Metric, Outcome, Table};
use crate::figures::exact::nan_or_max;

/// The norm of the gradient at an equilibrium, relative to that of a new network.
const GRADIENT_BOUND: f64 = 1e-8;

/// How far a measured response may be from the predicted one, and the mixed derivatives from each other, relative to
/// `sqrt(S11 S22)`: what a stencil of two thousandths leaves where the branch is near its end.
pub(super) const RESPONSE_BOUND: f64 = 1e-5;

/// By how much F may exceed a tangent plane, in nats: a gradient of 1e-12 of a new network's.
const CONCAVITY_BOUND: f64 = 1e-9;

/// How far C may drift while it is held, in nats.
pub(super) const HELD_BOUND: f64 = 1e-9;

pub(super) fn outcome(shown: &Shown) -> Outcome {
    let metrics = metrics(shown);
    Outcome {
        charts: charts::chart(shown),
        trace: trace(shown),
        summary: words::summary(shown),
        claim: words::CLAIM.to_owned(),
        finding: words::finding(shown, &metrics),
        metrics,
        seeds: vec![SEED],
        data_digest: Some(shown.digest.clone()),
    }
}

/// The four measured derivatives less the predicted ones, relative to `sqrt(S11 S22)`.
pub(super) fn off(point: &Point) -> Option<[f64; 4]> {
    let measured = point.measured?;
    Some(measured.off(&point.response).map(|off| off.value / point.scale()))
}

/// `dD/dgamma - dC/dlambda` as measured, relative to `sqrt(S11 S22)`.
fn maxwell(point: &Point) -> Option<f64> {
    let measured = point.measured?;
    Some((measured.distortion_gamma.value - measured.classification_lambda.value) / point.scale())
}

/// Concavity of F over the points of the branch of the first one.
fn concavity(shown: &Shown) -> Option<ShapeReport> {
    let branch = shown.points.first()?.at.state.branch();
    let on_it = shown.points.iter().filter(|point| point.at.state.branch() == branch);
    let points: Vec<_> = on_it.map(|point| SurfacePoint::of(&point.at)).collect();
    concavity_of_free_energy(&points, Tolerance::default()).ok()
}

fn metrics(shown: &Shown) -> Vec<Metric> {
    let worst = |values: &mut dyn Iterator<Item = f64>| values.map(f64::abs).fold(0.0, nan_or_max);
    let at_most = |name, value, unit, bound| Metric::new(name, value, unit).with_bound(Bound::at_most(bound));
    let points = || shown.points.iter();
    let concavity = concavity(shown);
    let violation = concavity.as_ref().map_or(f64::NAN, |report| report.worst.violation);
    let first = shown.held.first().map_or(f64::NAN, |held| held.rdc.classification);
    let drift = worst(&mut shown.held.iter().map(|held| held.rdc.classification - first));
    let mut branches: Vec<_> = points().map(|point| point.at.state.branch()).collect();
    branches.dedup();
    let least = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::INFINITY, f64::min);
    let reached = shown.held.last().map_or(f64::NAN, |held| held.multipliers.lambda());
    vec![
        at_most(
            "gradient_worst",
            worst(&mut points().map(|point| point.at.state.relative_gradient())),
            "1",
            GRADIENT_BOUND,
        ),
        at_most("response_worst", worst(&mut points().filter_map(off).flatten()), "1", RESPONSE_BOUND),
        at_most("maxwell_worst", worst(&mut points().filter_map(maxwell)), "1", RESPONSE_BOUND),
        at_most("concavity_worst_violation", violation, "nats", CONCAVITY_BOUND),
        at_most("held_drift", drift, "nats", HELD_BOUND),
        Metric::new("held_to_lambda", reached, "1")
            .with_bound(Bound::at_least(super::network::LAMBDAS.1 * (1.0 - 1e-9))),
        Metric::new("lowest_eigenvalue", least(&mut points().map(|point| point.lowest_eigenvalue)), "nats")
            .with_bound(Bound::at_least(0.0)),
        Metric::new("excess_least", least(&mut shown.excess.iter().map(|(_, excess)| *excess)), "nats")
            .with_bound(Bound::at_least(-1e-9)),
        Metric::new("excess_at_first", shown.excess.first().map_or(f64::NAN, |(_, excess)| *excess), "nats"),
        Metric::new("excess_at_last", shown.excess.last().map_or(f64::NAN, |(_, excess)| *excess), "nats"),
        Metric::new("responses_measured", points().filter_map(off).count() as f64, "1"),
        Metric::new("concavity_pairs", concavity.map_or(0.0, |report| report.compared as f64), "1"),
        Metric::new("switches_of_branch", branches.len() as f64 - 1.0, "1"),
        Metric::new("parameters", shown.parameters as f64, "1"),
    ]
}

fn trace(shown: &Shown) -> Table {
    let mut table = Table::new([
        // grid, held or training.
        "kind",
        "step",
        "lambda",
        "gamma",
        "free_energy_nats",
        "rate_and_ridge_nats",
        "ridge_nats",
        "distortion_nats",
        "classification_nats",
        "s11",
        "s12",
        "s22",
        "lowest_eigenvalue",
        "relative_gradient",
        "measured_dd_dlambda",
        "measured_dd_dgamma",
        "measured_dc_dlambda",
        "measured_dc_dgamma",
        "excess_nats",
    ]);
    let columns = table.columns.len();
    let mut push = |kind: &str, step: Option<i64>, first: usize, numbers: &[f64]| {
        let mut row = vec![Cell::Empty; columns];
        row[0] = Cell::from(kind);
        row[1] = Cell::from(step);
        for (cell, number) in row[first..].iter_mut().zip(numbers) {
            *cell = Cell::Number(*number);
        }
        table.push(row);
    };
    for point in &shown.points {
        let (at, state, s) = (&point.at, &point.at.state, &point.response);
        let mut numbers = vec![
            at.multipliers.lambda(),
            at.multipliers.gamma(),
            at.free_energy(),
            at.rdc.rate,
            state.ridge(),
            at.rdc.distortion,
            at.rdc.classification,
            s.distortion_lambda,
            s.cross,
            s.classification_gamma,
            point.lowest_eigenvalue,
            state.relative_gradient(),
        ];
        if let Some(measured) = point.measured {
            let of = [
                measured.distortion_lambda,
                measured.distortion_gamma,
                measured.classification_lambda,
                measured.classification_gamma,
            ];
            numbers.extend(of.map(|derivative| derivative.value));
        }
        push("grid", None, 2, &numbers);
    }
    for (step, Held { multipliers, rdc, ridge }) in (0..).zip(&shown.held) {
        let numbers = [
            multipliers.lambda(),
            multipliers.gamma(),
            rdc.objective(*multipliers),
            rdc.rate,
            *ridge,
            rdc.distortion,
            rdc.classification,
        ];
        push("held", Some(step), 2, &numbers);
    }
    for (step, excess) in &shown.excess {
        push("training", i64::try_from(*step).ok(), columns - 1, &[*excess]);
    }
    table
}
