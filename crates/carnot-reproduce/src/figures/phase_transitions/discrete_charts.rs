//! The panels of the discrete systems.

use super::charts::FLOOR;
use super::letters::{Change, GAMMA, Letters, Point};
use super::onset::Onset;
use super::report::ONSET_BOUND;
use crate::chart::{Axis, Colour, Marker, Panel, Rule, Series};

const COLOURS: [Colour; 6] =
    [Colour::Blue, Colour::Vermillion, Colour::Green, Colour::Orange, Colour::Purple, Colour::Grey];
const MARKERS: [Marker; 4] = [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Diamond];

/// The colours and markers of the onsets.
fn styled(onsets: &[Onset]) -> impl Iterator<Item = (&Onset, (Colour, Marker))> {
    onsets.iter().zip(COLOURS.into_iter().zip(MARKERS))
}

fn name(onset: &Onset) -> String {
    format!("{} labels", onset.labels)
}

/// What is learned of the labels around the onset.
pub(super) fn onsets(onsets: &[Onset]) -> Panel {
    let y = Axis::linear("H(Y) − C").unit("nats");
    let panel = Panel::new("bottleneck: the onset of learning", Axis::linear("γ / local threshold"), y)
        .rule(Rule::vertical("local threshold", 1.0));
    let panel = styled(onsets).fold(panel, |panel, (onset, (colour, _))| {
        let learned = onset
            .points
            .iter()
            .map(|(gamma, rdc)| (gamma / onset.local_threshold, onset.label_entropy - rdc.classification));
        panel.series(Series::line(name(onset), colour, learned))
    });
    styled(onsets).fold(panel, |panel, (onset, (colour, marker))| {
        let at = [(onset.predicted / onset.local_threshold, 0.0)];
        panel.series(Series::scatter("", colour, marker, at))
    })
}

/// The smallest jump drawn: at a continuous onset it is that of the last step of the search.
const LEAST_JUMP: f64 = 1e-10;

/// How far the located onsets are from the predicted ones, against how far the rate jumps there.
pub(super) fn onset_locations(onsets: &[Onset]) -> Panel {
    let x = Axis::log("jump of R").unit("nats").range(LEAST_JUMP, 2.0);
    let y = Axis::log("|γ located − γ predicted|").range(1e-13, 1e-5);
    let panel = Panel::new("bottleneck: located against predicted", x, y)
        .rule(Rule::horizontal("bound", ONSET_BOUND));
    styled(onsets).fold(panel, |panel, (onset, (colour, marker))| {
        let at = [(onset.rate_jump().max(LEAST_JUMP), (onset.located - onset.predicted).abs().max(FLOOR))];
        panel.series(Series::scatter(name(onset), colour, marker, at))
    })
}

/// One line for each letter, and where letters enter and leave.
fn lines(
    letters: &Letters,
    panel: Panel,
    of: impl Fn(&Point) -> &[f64],
    at: impl Fn(&Change) -> f64,
) -> Panel {
    let panel = COLOURS.into_iter().enumerate().fold(panel, |panel, (letter, colour)| {
        let value = |point: &Point| of(point).get(letter).copied().unwrap_or(f64::NAN);
        let points = letters.points.iter().map(|point| (point.lambda, value(point)));
        panel.series(Series::line(format!("letter {}", letter + 1), colour, points))
    });
    let kinds = [("enters", true, Marker::Circle), ("leaves", false, Marker::Square)];
    kinds.into_iter().fold(panel, |panel, (name, enters, marker)| {
        let changes = letters.changes.iter().filter(|change| change.enters == enters);
        let points = changes.map(|change| (change.lambda, at(change)));
        panel.series(Series::scatter(name, Colour::Grey, marker, points))
    })
}

fn lambda(letters: &Letters) -> Axis {
    let ends = [letters.points.first(), letters.points.last()].map(|p| p.map_or(f64::NAN, |p| p.lambda));
    Axis::log(format!("λ, with γ = {GAMMA}")).range(ends[0], ends[1])
}

pub(super) fn promises(letters: &Letters) -> Panel {
    let panel = Panel::new("discrete: what letters promise", lambda(letters), Axis::linear("w"))
        .rule(Rule::horizontal("", 1.0));
    lines(letters, panel, |point| &point.promises, |change| change.promise)
}

pub(super) fn weights(letters: &Letters) -> Panel {
    let panel = Panel::new("discrete: how often letters are used", lambda(letters), Axis::linear("m(z)"));
    lines(letters, panel, |point| &point.marginal, |change| change.weight)
}
