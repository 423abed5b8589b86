//! The table and the metrics.

use carnot_surface::geometry::Order;

use super::gaussian::{GaussianRun, Transition};
use super::letters::Change;
use super::{Shown, charts, trace, words};
use crate::figure::{Bound, Metric, Outcome};
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

/// How far the located onset of learning may be from the predicted one. Near a continuous onset F differs from that of
/// nothing learned by the square of the distance, which rounding, 1e-14, hides within some 1e-7.
pub(super) const ONSET_BOUND: f64 = 1e-6;

/// How far the promise of a letter may be from one where it enters or leaves, and how often it may be used there: changes
/// are bracketed to 1e-9 of lambda, and both move by about their own size for each unit of its logarithm.
const LETTER_BOUND: f64 = 1e-8;

pub(super) fn outcome(shown: &Shown) -> Outcome {
    let mut metrics = metrics(&shown.gaussian);
    metrics.extend(discrete_metrics(shown));
    Outcome {
        charts: charts::chart(shown),
        trace: trace::trace(shown),
        summary: words::summary(shown),
        claim: words::CLAIM.to_owned(),
        finding: words::finding(shown, &metrics),
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

fn discrete_metrics(shown: &Shown) -> Vec<Metric> {
    let upper = |name, value, unit, bound| Metric::new(name, value, unit).with_bound(Bound::at_most(bound));
    let worst = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::NEG_INFINITY, nan_or_max);
    let onset = worst(&mut shown.onsets.iter().map(|onset| (onset.located - onset.predicted).abs()));
    let misjudged =
        shown.onsets.iter().filter(|onset| onset.is_first_order() != onset.predicted_first_order).count();
    let changes = |of: fn(&Change) -> f64| worst(&mut shown.letters.changes.iter().map(of));
    let mut metrics = vec![
        upper("onset_location_worst", onset, "1", ONSET_BOUND),
        upper("onset_order_misjudged", misjudged as f64, "1", 0.0),
        upper("letter_promise_worst", changes(|change| (change.promise - 1.0).abs()), "1", LETTER_BOUND),
        upper("letter_weight_jump_worst", changes(|change| change.weight), "1", LETTER_BOUND),
        Metric::new("letter_changes", shown.letters.changes.len() as f64, "1"),
    ];
    for onset in &shown.onsets {
        if let Some((rate, information)) = jump_names(onset.labels) {
            metrics.push(Metric::new(rate, onset.rate_jump(), "nats"));
            metrics.push(Metric::new(information, onset.information_jump(), "nats"));
        }
    }
    metrics
}

/// The names of the jumps of R and of I(Z;Y) for the numbers of labels that are shown.
fn jump_names(labels: usize) -> Option<(&'static str, &'static str)> {
    match labels {
        2 => Some(("onset_rate_jump_2_labels", "onset_information_jump_2_labels")),
        3 => Some(("onset_rate_jump_3_labels", "onset_information_jump_3_labels")),
        5 => Some(("onset_rate_jump_5_labels", "onset_information_jump_5_labels")),
        _ => None,
    }
}
