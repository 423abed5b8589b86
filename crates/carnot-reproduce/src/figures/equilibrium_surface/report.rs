//! The table, the metrics and the words.

use carnot_surface::Observable;

use super::curves::{CurvePoint, IsoCurve};
use super::{CONVEXITY_BOUND, GRID, HELD_BOUND, RANGE, Sample, Shown, charts};
use crate::figure::{Bound, Cell, Metric, Outcome, Table};
use crate::figures::exact::{self, nan_or_max};

const CLAIM: &str = "Rate, distortion and classification loss of optimal representations lie on a convex surface, the \
    equilibrium surface, and processes that keep one of the three constant run along it (abstract and section 3).";

pub(super) fn outcome(shown: &[Shown]) -> Outcome {
    let metrics = metrics(shown);
    Outcome {
        charts: charts::chart(shown),
        trace: trace(shown),
        summary: summary(shown),
        claim: CLAIM.to_owned(),
        finding: finding(shown, &metrics),
        metrics,
        seeds: Vec::new(),
        data_digest: None,
    }
}

/// The largest change of a held observable.
fn worst_change<'a>(curves: impl Iterator<Item = &'a IsoCurve>) -> f64 {
    curves.map(IsoCurve::worst_change).fold(0.0, nan_or_max)
}

fn metrics(shown: &[Shown]) -> Vec<Metric> {
    let curves = || shown.iter().flat_map(|shown| &shown.curves);
    let worst = |held: Observable| worst_change(curves().filter(|curve| curve.held == held));
    let cut_short = curves().filter(|curve| !curve.is_complete).count();
    let points: usize = shown.iter().flat_map(|shown| &shown.rows).map(Vec::len).sum();
    let held = |name, held| Metric::new(name, worst(held), "nats").with_bound(Bound::at_most(HELD_BOUND));
    let convexity = || shown.iter().map(|shown| shown.convexity);
    let violation = convexity().map(|report| report.worst.violation).fold(f64::NEG_INFINITY, nan_or_max);
    let compared: usize = convexity().map(|report| report.compared).sum();
    vec![
        Metric::new("convexity_worst_violation", violation, "nats")
            .with_bound(Bound::at_most(CONVEXITY_BOUND)),
        held("held_classification_max_change", Observable::Classification),
        held("held_distortion_max_change", Observable::Distortion),
        held("held_rate_max_change", Observable::Rate),
        Metric::new("curves_cut_short", cut_short as f64, "1").with_bound(Bound::at_most(0.0)),
        Metric::new("curves", curves().count() as f64, "1"),
        Metric::new("curve_points", curves().map(|curve| curve.points.len()).sum::<usize>() as f64, "1"),
        Metric::new("grid_points", points as f64, "1"),
        Metric::new("convexity_pairs", compared as f64, "1"),
    ]
}

fn trace(shown: &[Shown]) -> Table {
    let mut table = Table::new([
        "system",
        "curve",
        "held",
        "lambda",
        "gamma",
        "rate_nats",
        // Both without the constant that no encoder can change.
        "distortion_minus_constant_nats",
        "classification_minus_constant_nats",
        "held_change_nats",
        "corrections",
    ]);
    let numbers = |sample: &Sample| {
        let at = sample.multipliers;
        let rdc = sample.rdc;
        [at.lambda(), at.gamma(), rdc.rate, rdc.distortion, rdc.classification].map(Cell::Number)
    };
    for shown in shown {
        for sample in shown.rows.iter().flatten() {
            let place = [Cell::from(shown.name), Cell::Empty, Cell::from("grid")];
            table.push(place.into_iter().chain(numbers(sample)));
        }
        for (number, curve) in (1i64..).zip(&shown.curves) {
            for CurvePoint { sample, change, corrections } in &curve.points {
                let held = Cell::from(curve.held.to_string());
                let place = [Cell::from(shown.name), Cell::Integer(number), held];
                let process =
                    [Cell::Number(*change), Cell::Integer(i64::try_from(*corrections).unwrap_or(i64::MAX))];
                table.push(place.into_iter().chain(numbers(sample)).chain(process));
            }
        }
    }
    table
}

fn summary(shown: &[Shown]) -> Vec<String> {
    let (low, high) = RANGE;
    let mut paragraphs = vec![format!(
        "Each point of a surface is the minimum of R + λD + γC at one of {GRID} × {GRID} pairs of multipliers between \
         {low} and {high}; its height is the rate R, in nats per sample, over the distortion D and the classification \
         loss C. The colour is the height as well. Curves run through the points where λ = γ: along each of them one of \
         C, D and R is held by a quasi-static process, which steps one multiplier and corrects the other by Newton's \
         method with the exact response until the held one is back where it was, to 1e-13 of itself."
    )];
    for shown in shown {
        paragraphs.push(format!(
            "The {} system is {}. {}",
            shown.name,
            shown.words,
            exact::constants_in_words(shown.constants)
        ));
    }
    paragraphs.push(
        "Convexity is tested with every pair of points of the grid: the surface must lie nowhere below a plane that \
         touches it, R(b) ≥ R(a) − λₐ (D(b) − D(a)) − γₐ (C(b) − C(a)), since λ and γ are its slopes."
            .to_owned(),
    );
    paragraphs
}

fn finding(shown: &[Shown], metrics: &[Metric]) -> String {
    let value = |name: &str| metrics.iter().find(|m| m.name == name).map_or(f64::NAN, |m| m.value);
    format!(
        "Over {} pairs of points the surface lies below a tangent plane by at most {:.0e} nats. Along {} curves the \
         held observable changed by at most {:.0e} nats, across the transitions of the system too.",
        value("convexity_pairs"),
        value("convexity_worst_violation"),
        value("curves"),
        worst_change(shown.iter().flat_map(|shown| &shown.curves)),
    )
}
