//! The panels: the learned model on the left, the Gaussian system on the right.

use super::gaussian::GaussianRun;
use super::learned::LearnedRun;
use super::{EXACT_BOUND, HELD_BOUND, LAMBDA_END, Pair, START, Sample, Value};
use crate::chart::{Axis, Band, Chart, Colour, Marker, Panel, Point, Rule, Series};

/// Below this a drift is drawn at this height: exact zeros have no place on a logarithmic axis.
pub(super) const FLOOR: f64 = 1e-17;

pub(super) fn chart(gaussian: &GaussianRun, learned: &[LearnedRun], tolerance: f64) -> Chart {
    let runs: Vec<&Pair> = learned.iter().map(|run| &run.pair).collect();
    let exact = [&gaussian.pair];
    let relative = |sample: &Sample| Value { mean: 1.0 + sample.drift.mean, ..sample.drift };
    let loss = |title: &str, runs: &[&Pair]| {
        panel(title, Axis::linear("C / C₀"), runs, relative).rule(Rule::horizontal("", 1.0)).band(
            Band::across(
                format!("within {:.0} % of C₀", 100.0 * HELD_BOUND),
                Colour::Green,
                1.0 - HELD_BOUND,
                1.0 + HELD_BOUND,
            ),
        )
    };
    let nats = |label: &str| Axis::linear(label).unit("nats");
    let drift = |sample: &Sample| (sample.multipliers.lambda(), sample.change.abs().max(FLOOR));
    let residual = Panel::new(
        "Gaussian: how well C is held",
        lambda(),
        Axis::log("|C − C₀|").unit("nats").range(0.1 * FLOOR, 1e-7),
    )
    .rule(Rule::horizontal("bound", EXACT_BOUND))
    .series(Series::line("", Colour::Blue, gaussian.pair.held.iter().map(drift)).marker(Marker::Circle));
    let accuracy =
        |sample: &Sample| sample.network.map_or(Value::exact(f64::NAN), |network| network.accuracy);
    let panels = vec![
        loss("network: classification loss", &runs),
        loss("Gaussian: classification loss", &exact),
        panel("network: distortion", nats("D, constant left out"), &runs, |sample| sample.distortion),
        panel("Gaussian: distortion", nats("D, constant left out"), &exact, |sample| sample.distortion),
        panel("network: rate", nats("R"), &runs, |sample| sample.rate),
        panel("Gaussian: rate", nats("R"), &exact, |sample| sample.rate),
        panel("network: γ", Axis::log("γ"), &runs, |sample| Value::exact(sample.multipliers.gamma())),
        panel("Gaussian: γ", Axis::log("γ"), &exact, |sample| Value::exact(sample.multipliers.gamma())),
        panel("network: accuracy", Axis::linear("accuracy, validation set"), &runs, accuracy),
        residual,
    ];
    let description = format!(
        "A process that lowers lambda while gamma is steered so that C stays within {:.1} % of its start, beside the \
         same sweep with gamma fixed, for a trained network and for a Gaussian system.",
        100.0 * tolerance
    );
    Chart::new(description, 2, panels)
}

fn lambda() -> Axis {
    // A little room at either end for the markers.
    Axis::log("λ").range(0.92 * LAMBDA_END, 1.08 * START.0).ticks([2.0, 1.0, 0.5, 0.25]).reversed()
}

/// One quantity against lambda for the held and the free process; every seed is a line, the first one in the legend.
fn panel(title: &str, y: Axis, runs: &[&Pair], quantity: impl Fn(&Sample) -> Value) -> Panel {
    let mut panel = Panel::new(title, lambda(), y);
    for pair in runs {
        let points = |samples: &[Sample]| -> Vec<Point> {
            let point = |sample: &Sample| {
                let value = quantity(sample);
                Point { x: sample.multipliers.lambda(), y: value.mean, error: value.std_err }
            };
            samples.iter().map(point).collect()
        };
        let free = Series::line("γ fixed", Colour::Vermillion, points(&pair.free)).dashed();
        let held = Series::line("γ steered, C held", Colour::Blue, points(&pair.held));
        panel = panel.series(free.marker(Marker::Square)).series(held.marker(Marker::Circle));
    }
    panel
}
