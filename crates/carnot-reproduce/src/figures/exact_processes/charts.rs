//! The panels: drift with and without transitions, curves of four kinds, moving data, and a cycle with its work.

use carnot_process::Hold;

use super::curves::{self, IsoCurve};
use super::drift::{Drifts, Method, Point, QUOTED};
use super::report::PROTOTYPE;
use super::{Shown, cycle, moving};
use crate::chart::{Axis, Chart, Colour, Marker, Panel, Rule, Series};
use crate::figures::exact::Boundary;

/// Below this a number is drawn at this height: exact zeros have no place on a logarithmic axis.
const LOWEST: f64 = 1e-16;

pub(super) fn chart(shown: &Shown) -> Chart {
    let [gaussian, _] = &shown.moving;
    let panels = vec![
        drift("Drift: no transition on the way", &shown.smooth, &Method::ALL, PROTOTYPE[0]),
        drift("Drift: two modes given up", &shown.across, &[Method::Euler], PROTOTYPE[1]),
        curves(&shown.curves, &shown.boundaries),
        data(gaussian),
        loop_in_the_plane(&shown.cycle),
        work(&shown.cycle),
    ];
    let description = "The drift of the classification loss along a process that should hold it, against the number \
                       of steps: by order one, two and four where nothing happens on the way, by order one across \
                       transitions, and at rounding with corrections. Curves of constant classification loss, \
                       distortion, rate and free energy through one equilibrium. The classification loss held while \
                       the data move. And a Carnot cycle in the plane of distortion and classification loss, with its \
                       work.";
    Chart::new(description, 2, panels)
}

fn method_colour(method: Method) -> Colour {
    match method {
        Method::Euler => Colour::Orange,
        Method::Heun => Colour::Green,
        Method::RungeKutta => Colour::Blue,
    }
}

/// The drifts by number of steps, with lines whose slopes are the orders of `guides`.
fn drift(title: &str, drifts: &Drifts, guides: &[Method], prototype: f64) -> Panel {
    let points = |points: &[Point]| {
        points.iter().map(|point| (point.steps as f64, point.drift.max(LOWEST))).collect::<Vec<_>>()
    };
    let y = Axis::log("largest |C − C₀|").unit("nats").range(LOWEST, 1.0);
    let panel = Panel::new(title, Axis::log("steps").range(3.0, 1500.0), y);
    let panel = guides.iter().fold(panel, |panel, method| {
        panel.series(Series::line("slope in theory", Colour::Grey, guide(drifts, *method)).dashed())
    });
    let panel = Method::ALL.into_iter().fold(panel, |panel, method| {
        let line = Series::line(method.name(), method_colour(method), points(drifts.of(method)));
        panel.series(line.marker(Marker::Circle))
    });
    let corrected = Series::line("corrected", Colour::Vermillion, points(&drifts.corrected));
    panel.series(corrected.marker(Marker::Square)).series(Series::scatter(
        "Runge–Kutta in a prototype",
        Colour::Purple,
        Marker::Diamond,
        [(QUOTED as f64, prototype)],
    ))
}

/// A line of slope minus the order a factor of three above the first drift, down to the floor.
fn guide(drifts: &Drifts, method: Method) -> Vec<(f64, f64)> {
    let Some(first) = drifts.of(method).first() else { return Vec::new() };
    let (steps, drift) = (first.steps as f64, 3.0 * first.drift);
    let line = |x: f64| (x, drift * (x / steps).powf(-method.order()));
    [1.0, 256.0].map(|factor| line(factor * steps)).to_vec()
}

fn held_colour(held: Hold) -> Colour {
    match held {
        Hold::Classification => Colour::Blue,
        Hold::Distortion => Colour::Orange,
        Hold::Rate => Colour::Green,
        _ => Colour::Purple,
    }
}

pub(super) fn held_name(held: Hold) -> &'static str {
    match held {
        Hold::Classification => "C held",
        Hold::Distortion => "D held",
        Hold::Rate => "R held",
        Hold::FreeEnergy => "F held",
        Hold::Lambda => "λ held",
        Hold::Gamma => "γ held",
        Hold::Time => "t held",
    }
}

fn located<P: Into<crate::chart::Point>>(points: impl IntoIterator<Item = P>) -> Series {
    Series::scatter("transition", Colour::Vermillion, Marker::Circle, points)
}

fn curves(curves: &[IsoCurve], boundaries: &[Boundary]) -> Panel {
    let (low, high) = curves::RANGE;
    let axis = |name: &str| Axis::log(name).range(low, high);
    let panel = Panel::new("Four processes, one equilibrium", axis("λ"), axis("γ"));
    let panel = boundaries.iter().fold(panel, |panel, boundary| {
        let points = boundary.points.iter().map(|at| (at.lambda(), at.gamma()));
        panel.series(Series::line("a mode enters", Colour::Grey, points).dashed())
    });
    let panel = curves.iter().fold(panel, |panel, curve| {
        let points = curve.points.iter().map(|point| (point.lambda, point.gamma));
        panel.series(Series::line(held_name(curve.held), held_colour(curve.held), points))
    });
    let transitions = curves.iter().flat_map(|curve| &curve.transitions);
    let transitions = transitions.map(|crossed| (crossed.located.lambda(), crossed.located.gamma()));
    panel.series(located(transitions)).series(start([curves::START]))
}

fn start(at: [(f64, f64); 1]) -> Series {
    Series::scatter("start", Colour::Grey, Marker::Diamond, at)
}

fn data(run: &moving::Run) -> Panel {
    let along = |of: fn(&moving::Point) -> f64| {
        run.points.iter().map(|point| (point.time, of(point))).collect::<Vec<_>>()
    };
    let x = Axis::linear("t of the data").range(0.0, 1.0);
    let y = Axis::linear("C and τ (nats), γ");
    let transitions = run.transitions().flat_map(|point| [point.gamma, point.force].map(|y| (point.time, y)));
    Panel::new("C held while the data move", x, y)
        .series(Series::line("C held", Colour::Blue, along(|point| point.classification)))
        .series(Series::line("C, γ fixed", Colour::Blue, along(|point| point.free)).dashed())
        .series(Series::line("γ", Colour::Orange, along(|point| point.gamma)))
        .series(Series::line("τ", Colour::Green, along(|point| point.force)))
        .series(located(transitions))
}

fn loop_in_the_plane(run: &cycle::Run) -> Panel {
    let nats = |label: &str| Axis::linear(label).unit("nats");
    let panel = Panel::new("A Carnot cycle", nats("D"), nats("C"));
    let panel = run.legs.iter().fold(panel, |panel, leg| {
        let points = leg.points.iter().map(|point| (point.distortion, point.classification));
        let colour = if leg.held == Hold::Gamma { Colour::Orange } else { held_colour(leg.held) };
        panel.series(Series::line(held_name(leg.held), colour, points))
    });
    let panel =
        panel.series(located(run.transitions().map(|point| (point.distortion, point.classification))));
    let first = run.legs.iter().flat_map(|leg| &leg.points).next();
    let first = first.map_or((f64::NAN, f64::NAN), |point| (point.distortion, point.classification));
    panel.series(start([first]))
}

fn work(run: &cycle::Run) -> Panel {
    let points = || run.legs.iter().flat_map(|leg| &leg.points);
    let along = |of: fn(&cycle::Point) -> f64| {
        points().map(|point| (point.arc_length, of(point))).collect::<Vec<_>>()
    };
    let end = points().last().map_or(f64::NAN, |point| point.arc_length);
    let x = Axis::linear("way along the cycle, in ln λ and ln γ").range(0.0, end);
    let panel = Panel::new("The work of the cycle", x, Axis::linear("work since the start").unit("nats"));
    let corners = run.legs.iter().filter_map(|leg| leg.points.last());
    let panel =
        corners.clone().fold(panel, |panel, corner| panel.rule(Rule::vertical("", corner.arc_length)));
    panel
        .series(Series::line("∫ D dλ", Colour::Green, along(|point| point.work[0])))
        .series(Series::line("∫ C dγ", Colour::Purple, along(|point| point.work[1])))
        .series(Series::line("∫ D dλ + C dγ", Colour::Grey, along(|point| point.work[0] + point.work[1])))
        .series(Series::scatter(
            "F − F₀",
            Colour::Grey,
            Marker::Square,
            corners.map(|corner| (corner.arc_length, corner.free_energy)),
        ))
}
