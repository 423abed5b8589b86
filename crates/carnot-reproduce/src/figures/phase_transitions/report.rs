//! The table and the metrics.

use carnot_surface::geometry::Order;

use super::gaussian::{GaussianRun, Transition};
use super::{charts, words};
use crate::figure::{Bound, Cell, Metric, Outcome, Table};
use crate::figures::exact::nan_or_max;

/// What a mode adds to the heat capacity when it enters, in nats: the free energy of an encoded mode of strength `t mu` is
/// `(1 + ln t mu) / 2`, whose `-t^2` times second derivative by t is one half, whatever mu.
pub(super) const STEP: f64 = 0.5;

/// How far a step of the heat capacity may be from that, in nats: one-sided limits are extrapolated over at most 1e-4 of
/// the line.
pub(super) const STEP_BOUND: f64 = 1e-6;

/// How far the located t may be from the predicted one, relative to it: it is bracketed to 1e-12 of a line that
/// is a few hundred times as long as the smallest t is large.
pub(super) const LOCATION_BOUND: f64 = 1e-9;

/// How far D and C may jump across a transition of second order, in nats: what the extrapolation leaves of nothing.
pub(super) const JUMP_BOUND: f64 = 1e-9;

/// How far the heat capacity may be from one half for each encoded mode, in nats: rounding of a few hundred nats, the
/// largest of lambda^2 S11, lambda gamma S12 and gamma^2 S22 being a nat or two.
const HEAT_CAPACITY_BOUND: f64 = 1e-12;

pub(super) fn outcome(run: &GaussianRun) -> Outcome {
    let metrics = metrics(run);
    Outcome {
        charts: charts::chart(run),
        trace: trace(run),
        summary: words::summary(run),
        claim: words::CLAIM.to_owned(),
        finding: words::finding(&metrics),
        metrics,
        seeds: Vec::new(),
        data_digest: None,
    }
}

fn metrics(run: &GaussianRun) -> Vec<Metric> {
    let upper = |name, value, unit, bound| Metric::new(name, value, unit).with_bound(Bound::at_most(bound));
    let worst =
        |of: &dyn Fn(&Transition) -> f64| run.transitions.iter().map(of).fold(f64::NEG_INFINITY, nan_or_max);
    let jump = |transition: &Transition| {
        nan_or_max(transition.located.jump.distortion.abs(), transition.located.jump.classification.abs())
    };
    let others =
        run.transitions.iter().filter(|transition| transition.located.order != Order::Second).count();
    let capacity =
        run.points.iter().map(|point| (point.sample.heat_capacity - STEP * point.encoded as f64).abs());
    vec![
        upper("gaussian_unmatched_transitions", run.unmatched as f64, "1", 0.0),
        upper("gaussian_location_worst", worst(&Transition::relative_error), "1", LOCATION_BOUND),
        upper("gaussian_not_of_second_order", others as f64, "1", 0.0),
        upper("gaussian_observable_jump_worst", worst(&jump), "nats", JUMP_BOUND),
        upper(
            "gaussian_heat_capacity_step_worst_error",
            worst(&|transition| (transition.located.heat_capacity_jump - STEP).abs()),
            "nats",
            STEP_BOUND,
        ),
        upper(
            "gaussian_heat_capacity_worst_error",
            capacity.fold(f64::NEG_INFINITY, nan_or_max),
            "nats",
            HEAT_CAPACITY_BOUND,
        ),
        Metric::new("gaussian_transitions", run.transitions.len() as f64, "1"),
    ]
}

fn order_name(order: Order) -> &'static str {
    match order {
        Order::First => "first",
        Order::Second => "second",
        Order::Unresolved => "unresolved",
    }
}

fn trace(run: &GaussianRun) -> Table {
    let modes = run.points.first().map_or(0, |point| point.strengths.len());
    let fixed = [
        "system",
        // ray, map or transition.
        "kind",
        "lambda",
        "gamma",
        "t",
        "t_predicted",
        "order",
        "rate_nats",
        // D and C without the constants that no encoder can change.
        "distortion_minus_constant_nats",
        "classification_minus_constant_nats",
        "heat_capacity_nats",
        "encoded_modes",
        "distortion_jump_nats",
        "classification_jump_nats",
        "heat_capacity_jump_nats",
    ];
    let strengths = (1..=modes).map(|mode| format!("strength_{mode}"));
    let mut table = Table::new(fixed.map(str::to_owned).into_iter().chain(strengths));
    let start = |kind: &str, lambda: f64, gamma: f64| {
        vec![Cell::from("Gaussian"), Cell::from(kind), Cell::Number(lambda), Cell::Number(gamma)]
    };
    for point in &run.points {
        let sample = &point.sample;
        let mut row = start("ray", sample.t, sample.t);
        row.extend([Cell::Number(sample.t), Cell::Empty, Cell::Empty]);
        let [distortion, classification] = run.constants;
        let rdc = sample.rdc;
        let numbers = [
            rdc.rate,
            rdc.distortion - distortion,
            rdc.classification - classification,
            sample.heat_capacity,
        ];
        row.extend(numbers.map(Cell::Number));
        row.push(Cell::Integer(i64::try_from(point.encoded).unwrap_or(i64::MAX)));
        row.extend([Cell::Empty, Cell::Empty, Cell::Empty]);
        row.extend(point.strengths.iter().map(|strength| Cell::Number(*strength)));
        table.push(row);
    }
    for (row, gamma) in run.rates.chunks(run.lambdas.len()).zip(&run.gammas) {
        for (rate, lambda) in row.iter().zip(&run.lambdas) {
            let mut row = start("map", *lambda, *gamma);
            row.extend([Cell::Empty, Cell::Empty, Cell::Empty, Cell::Number(*rate)]);
            table.push(row);
        }
    }
    for Transition { predicted, located, .. } in &run.transitions {
        let mut row = start("transition", located.multipliers.lambda(), located.multipliers.gamma());
        row.extend([
            Cell::Number(located.t),
            Cell::Number(*predicted),
            Cell::from(order_name(located.order)),
        ]);
        row.extend(vec![Cell::Empty; 5]);
        let jumps = [located.jump.distortion, located.jump.classification, located.heat_capacity_jump];
        row.extend(jumps.map(Cell::Number));
        table.push(row);
    }
    table
}
