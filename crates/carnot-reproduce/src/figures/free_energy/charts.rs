//! The panels: F and its gradient, the response, and how well the identities hold.

use carnot_surface::geometry::{Order, Potential};

use super::report::{INTEGRAL_BOUND, MAXWELL_BOUND};
use super::{Point, RANGE, Shown};
use crate::chart::{AnyPanel, Axis, Chart, Colour, Field, Marker, Panel, Rule, Series};

/// Below this a relative residual is drawn at this height: exact zeros have no place on a logarithmic axis.
const FLOOR: f64 = 1e-17;

pub(super) fn chart(shown: &[Shown]) -> Chart {
    let panels: Vec<AnyPanel> = shown.iter().flat_map(panels).map(Into::into).collect();
    let description = "Maps of the free energy, the distortion, the classification loss and the three entries of the \
                       response over both multipliers, with the boundaries between phases; and the residuals of \
                       Maxwell's relations, of concavity and of loop integrals.";
    Chart::new(description, 3, panels)
}

fn panels(shown: &Shown) -> Vec<Panel> {
    let nats = |label: &str| Axis::linear(label).unit("nats");
    let log = |label: &str| Axis::log(label).unit("nats");
    let name = shown.name;
    vec![
        map(shown, format!("{name}: free energy"), log("F"), |point| point.free_energy),
        map(shown, format!("{name}: D = ∂F/∂λ"), nats("D"), |point| point.rdc.distortion),
        map(shown, format!("{name}: C = ∂F/∂γ"), nats("C"), |point| point.rdc.classification),
        map(shown, format!("{name}: response of D to λ"), nats("−λ² ∂D/∂λ"), |point| {
            point.response[0]
        }),
        map(shown, format!("{name}: response of D to γ, C to λ"), nats("−λγ ∂D/∂γ"), |p| {
            p.response[1]
        }),
        map(shown, format!("{name}: response of C to γ"), nats("−γ² ∂C/∂γ"), |point| {
            point.response[2]
        }),
        maxwell(shown),
        integrals(shown),
        room(shown),
    ]
}

/// A quantity over the plane of multipliers, with the boundaries between phases.
fn map(shown: &Shown, title: String, value: Axis, of: impl Fn(&Point) -> f64) -> Panel {
    let axis = |name: &str| Axis::log(name).range(RANGE.0, RANGE.1);
    let columns = shown.lambdas.len();
    let field = Field::tabulated(value, &shown.lambdas, &shown.gammas, |column, row| {
        shown.points.get(row * columns + column).map_or(f64::NAN, &of)
    });
    let panel = Panel::new(title, axis("λ"), axis("γ")).ground(field);
    shown.boundaries.iter().fold(panel, |panel, boundary| {
        let points = boundary.points.iter().map(|at| (at.lambda(), at.gamma()));
        panel.series(match boundary.order {
            Order::First => Series::line("transition of first order", Colour::Purple, points).dashed(),
            _ => Series::line("transition of second order", Colour::Vermillion, points),
        })
    })
}

/// The numbers in ascending order, each with the share of them that is not larger.
fn distribution(values: impl Iterator<Item = f64>) -> Vec<(f64, f64)> {
    let mut values: Vec<f64> = values.map(|value| value.max(FLOOR)).collect();
    values.sort_by(f64::total_cmp);
    let count = values.len() as f64;
    values.into_iter().enumerate().map(|(k, value)| (value, (k + 1) as f64 / count)).collect()
}

pub(super) fn relation_name(potential: Potential) -> &'static str {
    match potential {
        Potential::FreeEnergy => "F(λ, γ)",
        Potential::Rate => "R(D, C)",
        Potential::AtClassification => "F − γC",
        Potential::AtDistortion => "F − λD",
    }
}

fn maxwell(shown: &Shown) -> Panel {
    let x = Axis::log("difference of the sides, relative").range(0.1 * FLOOR, 10.0 * MAXWELL_BOUND);
    let panel = Panel::new(
        format!("{}: Maxwell's relations", shown.name),
        x,
        Axis::linear("share of points").range(0.0, 1.0),
    )
    .rule(Rule::vertical("bound", MAXWELL_BOUND));
    let colours = [Colour::Blue, Colour::Vermillion, Colour::Orange, Colour::Green];
    Potential::ALL.into_iter().zip(colours).fold(panel, |panel, (potential, colour)| {
        let relations = shown.identities.relations.iter().filter(|relation| relation.potential == potential);
        let points = distribution(relations.map(|relation| relation.relative()));
        panel.series(Series::line(relation_name(potential), colour, points))
    })
}

fn integrals(shown: &Shown) -> Panel {
    let y = Axis::log("|residual| / ∫|D dλ| + |C dγ|").range(0.1 * FLOOR, 10.0 * INTEGRAL_BOUND);
    let panel = Panel::new(format!("{}: ∫ D dλ + C dγ", shown.name), Axis::linear("transitions crossed"), y)
        .rule(Rule::horizontal("bound", INTEGRAL_BOUND));
    let kinds = [
        ("around loops", Colour::Blue, Marker::Circle, -0.12, &shown.identities.loops),
        ("along lines, less ΔF", Colour::Vermillion, Marker::Triangle, 0.12, &shown.identities.lines),
    ];
    kinds.into_iter().fold(panel, |panel, (name, colour, marker, aside, paths)| {
        let points = paths.iter().map(|path| (path.transitions as f64 + aside, path.relative().max(FLOOR)));
        panel.series(Series::scatter(name, colour, marker, points))
    })
}

fn room(shown: &Shown) -> Panel {
    let x = Axis::log("F(a) + D(a) Δλ + C(a) Δγ − F(b)").unit("nats");
    let points = shown.identities.room.iter().copied();
    Panel::new(
        format!("{}: F below its tangent planes", shown.name),
        x,
        Axis::linear("share of pairs").range(0.0, 1.0),
    )
    .series(Series::line("", Colour::Blue, points))
}
