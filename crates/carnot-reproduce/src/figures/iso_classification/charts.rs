//! The panels: the learned model on the left, the Gaussian system on the right.

use super::gaussian::GaussianRun;
use super::learned::LearnedRun;
use super::{LAMBDA_END, Pair, START, Sample, Value};
use crate::chart::{Axis, Band, Chart, Colour, Marker, Panel, Rule, Series};

/// Below this a drift is drawn at this height: exact zeros have no place on a logarithmic axis.
const FLOOR: f64 = 1e-17;

pub(super) fn chart(gaussian: &GaussianRun, learned: &[LearnedRun], tolerance: f64) -> Chart {
    let runs: Vec<&Pair> = learned.iter().map(|run| &run.pair).collect();
    let exact = [&gaussian.pair];
    let relative = |sample: &Sample| Value { mean: 1.0 + sample.drift.mean, ..sample.drift };
    let loss = |title: &str, runs: &[&Pair]| {
        panel(title, Axis::linear("C / C_0"), runs, relative)
            .rule(Rule::horizontal("", 1.0))
            .band(Band::across("within 5 % of C_0", Colour::Green, 0.95, 1.05))
    };
    let nats = |label: &str| Axis::linear(label).unit("nats");
    let drift = gaussian.pair.held.iter().zip(&gaussian.drift);
    let drift = drift.map(|(sample, drift)| (sample.multipliers.lambda(), drift.max(FLOOR)));
    let residual = Panel::new(
        "Gaussian: how well C is held",
        lambda(),
        Axis::log("|C - C_0|").unit("nats").range(0.1 * FLOOR, 1e-7),
    )
    .rule(Rule::horizontal("bound", 1e-9))
    .series(Series::line("", Colour::Blue, drift).marker(Marker::Circle));
    let accuracy = |sample: &Sample| sample.accuracy.unwrap_or(Value::exact(f64::NAN));
    let panels = vec![
        loss("network: classification loss", &runs),
        loss("Gaussian: classification loss", &exact),
        panel("network: distortion", nats("D, constant left out"), &runs, |sample| sample.distortion),
        panel("Gaussian: distortion", nats("D, constant left out"), &exact, |sample| sample.distortion),
        panel("network: rate", nats("R"), &runs, |sample| sample.rate),
        panel("Gaussian: rate", nats("R"), &exact, |sample| sample.rate),
        panel("network: gamma", Axis::log("gamma"), &runs, |sample| Value::exact(sample.multipliers.gamma())),
        panel("Gaussian: gamma", Axis::log("gamma"), &exact, |sample| {
            Value::exact(sample.multipliers.gamma())
        }),
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
    Axis::log("lambda").range(0.92 * LAMBDA_END, 1.08 * START.0).ticks([2.0, 1.0, 0.5, 0.25]).reversed()
}

/// One quantity against lambda for the held and the free process; every seed is a line, the first one in the legend.
fn panel(title: &str, y: Axis, runs: &[&Pair], quantity: impl Fn(&Sample) -> Value) -> Panel {
    let mut panel = Panel::new(title, lambda(), y);
    for pair in runs {
        let points = |samples: &[Sample]| -> Vec<(f64, f64, f64)> {
            let point = |sample: &Sample| {
                let value = quantity(sample);
                (sample.multipliers.lambda(), value.mean, value.std_err)
            };
            samples.iter().map(point).collect()
        };
        let free = Series::line("gamma fixed", Colour::Vermillion, points(&pair.free)).dashed();
        let held = Series::line("gamma steered, C held", Colour::Blue, points(&pair.held));
        panel = panel.series(free.marker(Marker::Square)).series(held.marker(Marker::Circle));
    }
    panel
}
