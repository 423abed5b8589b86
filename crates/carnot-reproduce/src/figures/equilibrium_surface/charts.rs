//! The panels: a surface with its curves, the same curves over the multipliers, cuts at constant C, and how well the
//! curves hold what they hold.

use carnot_surface::Observable;

use super::curves::{HELD, IsoCurve};
use super::{HELD_BOUND, RANGE, Sample, Shown};
use crate::chart::{AnyPanel, Axis, Chart, Colour, Marker, Panel, Rule, Series, Surface};

/// Below this a change is drawn at this height: exact zeros have no place on a logarithmic axis.
const FLOOR: f64 = 1e-15;

pub(super) fn chart(shown: &[Shown]) -> Chart {
    let panels: Vec<AnyPanel> = shown
        .iter()
        .flat_map(|shown| {
            [surface(shown).into(), multipliers(shown).into(), slices(shown).into(), drift(shown).into()]
        })
        .collect();
    let description = "The equilibrium surface, the least rate at each distortion and classification loss, in three \
                       dimensions, with curves along which the classification loss, the distortion or the rate stays \
                       constant; the same curves in the plane of multipliers; rate against distortion where the \
                       classification loss is held; and how far the held observables stray.";
    Chart::new(description, 2, panels)
}

fn name(held: Observable) -> String {
    let letter = match held {
        Observable::Rate => "R",
        Observable::Distortion => "D",
        Observable::Classification => "C",
    };
    format!("{letter} held")
}

fn colour(held: Observable) -> Colour {
    match held {
        Observable::Classification => Colour::Vermillion,
        Observable::Distortion => Colour::Orange,
        Observable::Rate => Colour::Purple,
    }
}

fn point(sample: &Sample) -> [f64; 3] {
    [sample.rdc.distortion, sample.rdc.classification, sample.rdc.rate]
}

fn surface(shown: &Shown) -> Surface {
    let nats = |label: &str| Axis::linear(label).unit("nats");
    let rows = shown.rows.iter().map(|row| row.iter().map(point).collect()).collect();
    let axes = [nats("D"), nats("C"), nats("R")];
    let surface = Surface::new(format!("{}: the surface R(D, C)", shown.name), axes, rows);
    shown.curves.iter().fold(surface, |surface, curve| {
        let points = curve.points.iter().map(|p| point(&p.sample));
        surface.curve(name(curve.held), colour(curve.held), points)
    })
}

/// A line for each curve, those of one observable together.
fn lines(shown: &Shown, panel: Panel, points: impl Fn(&IsoCurve) -> Vec<(f64, f64)>) -> Panel {
    HELD.iter()
        .flat_map(|held| shown.curves.iter().filter(move |curve| curve.held == *held))
        .fold(panel, |panel, curve| {
            panel.series(Series::line(name(curve.held), colour(curve.held), points(curve)))
        })
}

fn multipliers(shown: &Shown) -> Panel {
    let axis = |name: &str| Axis::log(name).range(RANGE.0, RANGE.1);
    let title = format!("{}: the curves over λ and γ", shown.name);
    lines(shown, Panel::new(title, axis("λ"), axis("γ")), |curve| {
        let at = curve.points.iter().map(|p| p.sample.multipliers);
        at.map(|at| (at.lambda(), at.gamma())).collect()
    })
}

/// The surface cut along the curves of constant C: rate against distortion.
fn slices(shown: &Shown) -> Panel {
    let nats = |label: &str| Axis::linear(label).unit("nats");
    let panel = Panel::new(format!("{}: R against D where C is held", shown.name), nats("D"), nats("R"));
    let curves = shown.curves.iter().filter(|curve| curve.held == Observable::Classification);
    curves.fold(panel, |panel, curve| {
        let points = curve.points.iter().map(|p| (p.sample.rdc.distortion, p.sample.rdc.rate));
        panel.series(Series::line(name(curve.held), colour(curve.held), points))
    })
}

/// How far each curve strays from where it began.
fn drift(shown: &Shown) -> Panel {
    let x = Axis::log("λ = γ where the curve begins").range(0.25, 7.0);
    let y = Axis::log("max |X − X₀|, X held").unit("nats").range(1e-15, 1e-11);
    let panel = Panel::new(format!("{}: how well X is held", shown.name), x, y)
        .rule(Rule::horizontal("bound", HELD_BOUND));
    let markers = [Marker::Circle, Marker::Square, Marker::Diamond];
    HELD.iter().zip(markers).fold(panel, |panel, (held, marker)| {
        let curves = shown.curves.iter().filter(|curve| curve.held == *held);
        let points = curves.map(|curve| (curve.start, curve.worst_change().max(FLOOR)));
        panel.series(Series::scatter("", colour(*held), marker, points))
    })
}
