//! The table and the metrics.

use carnot_surface::geometry::Potential;

use super::charts::{self, relation_name};
use super::identities::{Identities, Path, Relation};
use super::{Shown, words};
use crate::figure::{Bound, Cell, Metric, Outcome, Table};
use crate::figures::exact::nan_or_max;

/// By how much F may exceed one of the planes that touch it, in nats. The terms compared are at most about a hundred
/// nats, known to some ten units in the last place through the eigenvalues beneath them: 1e-13, with a factor of ten.
const CONCAVITY_BOUND: f64 = 1e-12;

/// How far the sides of a Maxwell relation may differ, relative to the second derivatives of the potential. The smallest
/// response on the grids, that of the discrete system at large lambda, is 1e-7 nats, which is 5e-10 over the smallest steps
/// of 5e-3 of a multiplier; what is differenced is known to some 1e-17 nats there: 1e-8, with a factor of ten.
pub(super) const MAXWELL_BOUND: f64 = 1e-7;

/// What an integral may be off, relative to the integral of the size of its terms: the tolerance of the quadrature.
pub(super) const INTEGRAL_BOUND: f64 = 1e-11;

/// The largest eigenvalue that the response may have above zero, in units of the multipliers and in nats: rounding of
/// entries of at most a few nats.
const EIGENVALUE_BOUND: f64 = 1e-13;

pub(super) fn outcome(shown: &[Shown]) -> Outcome {
    let metrics = metrics(shown);
    Outcome {
        charts: charts::chart(shown),
        trace: trace(shown),
        summary: words::summary(shown),
        claim: words::CLAIM.to_owned(),
        finding: words::finding(shown, &metrics),
        metrics,
        seeds: Vec::new(),
        data_digest: None,
    }
}

fn worst(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::NEG_INFINITY, nan_or_max)
}

fn metrics(shown: &[Shown]) -> Vec<Metric> {
    let identities = || shown.iter().map(|shown| &shown.identities);
    let upper = |name, value, unit, bound| Metric::new(name, value, unit).with_bound(Bound::at_most(bound));
    let relation = |name, potential: Potential| {
        let relations = identities().flat_map(|identities| &identities.relations);
        let of = relations.filter(|relation| relation.potential == potential);
        upper(name, worst(of.map(Relation::relative)), "1", MAXWELL_BOUND)
    };
    let paths = |name, of: fn(&Identities) -> &Vec<Path>| {
        upper(name, worst(identities().flat_map(of).map(Path::relative)), "1", INTEGRAL_BOUND)
    };
    let count = |name, of: &dyn Fn(&Identities) -> usize| {
        Metric::new(name, identities().map(of).sum::<usize>() as f64, "1")
    };
    let violation = worst(identities().map(|identities| identities.concavity.worst.violation));
    let eigenvalue =
        worst(shown.iter().flat_map(|shown| &shown.points).map(|p| largest_eigenvalue(p.response)));
    vec![
        upper("concavity_worst_violation", violation, "nats", CONCAVITY_BOUND),
        upper("response_largest_eigenvalue", eigenvalue, "nats", EIGENVALUE_BOUND),
        relation("maxwell_free_energy_worst", Potential::FreeEnergy),
        relation("maxwell_rate_worst", Potential::Rate),
        relation("maxwell_at_classification_worst", Potential::AtClassification),
        relation("maxwell_at_distortion_worst", Potential::AtDistortion),
        paths("loop_integral_worst", |identities| &identities.loops),
        paths("line_integral_worst", |identities| &identities.lines),
        count("concavity_pairs", &|identities| identities.concavity.compared),
        count("maxwell_measured", &|identities| identities.relations.len()),
        count("maxwell_points_at_transitions", &|identities| identities.at_transitions),
        count("maxwell_both_sides_zero", &|identities| identities.silent),
        count("maxwell_degenerate", &|identities| identities.degenerate),
        count("loops", &|identities| identities.loops.len()),
        count("transitions_crossed_by_loops", &|identities| {
            identities.loops.iter().map(|path| path.transitions).sum()
        }),
    ]
}

/// The largest eigenvalue of the response in units of the multipliers, from its entries with their signs turned.
fn largest_eigenvalue([a, b, c]: [f64; 3]) -> f64 {
    -0.5 * (a + c) + (0.5 * (a - c)).hypot(b)
}

fn trace(shown: &[Shown]) -> Table {
    let mut table = Table::new([
        "system",
        // grid, transition, maxwell, loop, line or room.
        "kind",
        "potential",
        "lambda",
        "gamma",
        // The other corner of a loop, the other end of a line.
        "lambda_to",
        "gamma_to",
        // F, D and C without the constants that no encoder can change.
        "free_energy_nats",
        "rate_nats",
        "distortion_minus_constant_nats",
        "classification_minus_constant_nats",
        "minus_lambda_squared_s11_nats",
        "minus_lambda_gamma_s12_nats",
        "minus_gamma_squared_s22_nats",
        "left",
        "right",
        "relative_residual",
        "transitions_crossed",
        "room_nats",
        "share",
    ]);
    for shown in shown {
        let mut push = |kind: &str, filled: &[(usize, Cell)]| {
            let mut row = vec![Cell::Empty; table.columns.len()];
            row[0] = Cell::from(shown.name);
            row[1] = Cell::from(kind);
            for (column, cell) in filled {
                row[*column] = cell.clone();
            }
            table.push(row);
        };
        let numbers = |first: usize, values: &[f64]| -> Vec<(usize, Cell)> {
            values.iter().enumerate().map(|(k, value)| (first + k, Cell::Number(*value))).collect()
        };
        for point in &shown.points {
            let (at, rdc) = (point.multipliers, point.rdc);
            let values = [point.free_energy, rdc.rate, rdc.distortion, rdc.classification];
            let cells =
                [numbers(3, &[at.lambda(), at.gamma()]), numbers(7, &values), numbers(11, &point.response)];
            push("grid", &cells.concat());
        }
        for at in shown.boundaries.iter().flat_map(|boundary| &boundary.points) {
            push("transition", &numbers(3, &[at.lambda(), at.gamma()]));
        }
        for relation in &shown.identities.relations {
            let at = relation.multipliers;
            let [left, right] = relation.sides;
            let name = vec![(2, Cell::from(relation_name(relation.potential)))];
            let values = numbers(14, &[left, right, relation.relative()]);
            push("maxwell", &[name, numbers(3, &[at.lambda(), at.gamma()]), values].concat());
        }
        for (kind, paths) in [("loop", &shown.identities.loops), ("line", &shown.identities.lines)] {
            for path in paths {
                let [from, to] = path.corners;
                let corners = numbers(3, &[from.lambda(), from.gamma(), to.lambda(), to.gamma()]);
                push(kind, &[corners, numbers(16, &[path.relative(), path.transitions as f64])].concat());
            }
        }
        for (room, share) in &shown.identities.room {
            push("room", &numbers(18, &[*room, *share]));
        }
    }
    table
}
