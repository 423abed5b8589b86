//! The panels: the surface, its response, and what holds on it.

use super::network::{GAMMAS, LAMBDAS, Point, Shown};
use super::report::{HELD_BOUND, RESPONSE_BOUND, off};
use crate::chart::{AnyPanel, Axis, Chart, Colour, Field, Marker, Panel, Rule, Series};

/// Below this a residual is drawn at this height: exact zeros have no place on a logarithmic axis.
const FLOOR: f64 = 1e-17;

pub(super) fn chart(shown: &Shown) -> Chart {
    let description = "Maps of the free energy, the distortion, the classification loss and the three entries of the \
                       response of a network over both multipliers; how far measured responses are from the predicted \
                       one and from symmetry; the drift of C while it is held; and the excess of the objective over its \
                       minimum during a training.";
    let nats = |label: &str| Axis::linear(label).unit("nats");
    let scaled = |point: &Point, k: usize| {
        let (lambda, gamma) = (point.at.multipliers.lambda(), point.at.multipliers.gamma());
        let s = point.response;
        [
            -lambda * lambda * s.distortion_lambda,
            -lambda * gamma * s.cross,
            -gamma * gamma * s.classification_gamma,
        ][k]
    };
    let held = |panel: Panel| {
        let path = shown.held.iter().map(|held| (held.multipliers.lambda(), held.multipliers.gamma()));
        panel.series(Series::line("C held", Colour::Vermillion, path))
    };
    let panels: Vec<AnyPanel> = [
        map(shown, "free energy", nats("F"), |point| point.at.free_energy()),
        held(map(shown, "D = ∂F/∂λ", nats("D"), |point| point.at.rdc.distortion)),
        held(map(shown, "C = ∂F/∂γ", nats("C"), |point| point.at.rdc.classification)),
        map(shown, "response of D to λ", nats("−λ² ∂D/∂λ"), |point| scaled(point, 0)),
        map(shown, "response of D to γ, C to λ", nats("−λγ ∂D/∂γ"), |point| scaled(point, 1)),
        map(shown, "response of C to γ", nats("−γ² ∂C/∂γ"), |point| scaled(point, 2)),
        responses(shown),
        drift(shown),
        excess(shown),
    ]
    .map(Into::into)
    .into();
    Chart::new(description, 3, panels)
}

fn axis(label: &str, (low, high): (f64, f64)) -> Axis {
    Axis::log(label).range(low, high)
}

/// A quantity over the plane of multipliers.
fn map(shown: &Shown, title: &str, value: Axis, of: impl Fn(&Point) -> f64) -> Panel {
    let columns = shown.lambdas.len();
    let field = Field::tabulated(value, &shown.lambdas, &shown.gammas, |column, row| {
        shown.points.get(row * columns + column).map_or(f64::NAN, &of)
    });
    Panel::new(title, axis("λ", LAMBDAS), axis("γ", GAMMAS)).ground(field)
}

/// How far the four measured derivatives are from the response, and the two mixed ones from each other.
fn responses(shown: &Shown) -> Panel {
    let y = Axis::log("difference / √(S11 S22)").range(1e-12, 10.0 * RESPONSE_BOUND);
    // The four of a point stand side by side.
    let wider = (0.95 * LAMBDAS.0, LAMBDAS.1 / 0.95);
    let panel = Panel::new("response measured, less predicted", axis("λ", wider), y)
        .rule(Rule::horizontal("bound", RESPONSE_BOUND));
    let kinds = [
        ("∂D/∂λ", Colour::Blue, Marker::Circle, 0.97),
        ("∂D/∂γ", Colour::Orange, Marker::Square, 0.99),
        ("∂C/∂λ", Colour::Green, Marker::Triangle, 1.01),
        ("∂C/∂γ", Colour::Purple, Marker::Diamond, 1.03),
    ];
    kinds.into_iter().enumerate().fold(panel, |panel, (k, (name, colour, marker, aside))| {
        let points = shown.points.iter().filter_map(|point| {
            off(point).map(|off| (aside * point.at.multipliers.lambda(), off[k].abs().max(FLOOR)))
        });
        panel.series(Series::scatter(name, colour, marker, points))
    })
}

/// C along the process that holds it.
fn drift(shown: &Shown) -> Panel {
    let first = shown.held.first().map_or(f64::NAN, |held| held.rdc.classification);
    let points = shown
        .held
        .iter()
        .map(|held| (held.multipliers.lambda(), (held.rdc.classification - first).abs().max(FLOOR)));
    let y = Axis::log("|C − C₀|").unit("nats").range(0.1 * FLOOR, 10.0 * HELD_BOUND);
    Panel::new("C while it is held", axis("λ", LAMBDAS), y)
        .rule(Rule::horizontal("bound", HELD_BOUND))
        .series(Series::scatter("", Colour::Vermillion, Marker::Circle, points))
}

/// How far a training is above its minimum.
fn excess(shown: &Shown) -> Panel {
    let points = shown.excess.iter().skip(1).map(|(step, excess)| (*step as f64, *excess));
    Panel::new(
        "what a training dissipates",
        Axis::log("steps of Adam"),
        Axis::log("R + λD + γC − F").unit("nats"),
    )
    .series(Series::line("", Colour::Blue, points))
}
