//! The panels: the modes along one ray, what they do to the observables and the heat capacity, and theory against what
//! is found on many rays.

use super::gaussian::{GaussianRun, Point};
use super::report::{JUMP_BOUND, LOCATION_BOUND, STEP};
use super::{Shown, discrete_charts as discrete};
use crate::chart::{Axis, Chart, Colour, Field, Marker, Panel, Rule, Series};

/// Below this a number is drawn at this height: exact zeros have no place on a logarithmic axis.
pub(super) const FLOOR: f64 = 1e-17;

pub(super) fn chart(shown: &Shown) -> Chart {
    let run = &shown.gaussian;
    let panels = vec![
        strengths(run),
        heat_capacity(run),
        observables(run),
        map(run),
        locations(run),
        jumps(run),
        discrete::onsets(&shown.onsets),
        discrete::onset_locations(&shown.onsets),
        discrete::promises(&shown.letters),
        discrete::weights(&shown.letters),
    ];
    let description = "The strengths of the modes of a Gaussian system along a ray of the plane of multipliers, the \
                       heat capacity that jumps where one of them passes one, the observables that do not; the \
                       boundaries between the phases, predicted and located; and how far the two are apart. Then the \
                       onset of learning of information bottlenecks, continuous with two labels and by a jump with \
                       more; and the letters of a discrete system, each of which enters where its promise reaches one.";
    Chart::new(description, 2, panels)
}

fn t_axis(run: &GaussianRun) -> Axis {
    let ends = [run.points.first(), run.points.last()].map(|p| p.map_or(f64::NAN, |p| p.sample.t));
    Axis::log("t, with λ = γ = t").range(ends[0], ends[1])
}

/// Rules where the modes enter.
fn with_entries(panel: Panel, run: &GaussianRun) -> Panel {
    run.shown.iter().fold(panel, |panel, located| panel.rule(Rule::vertical("a mode enters", located.t)))
}

fn along(run: &GaussianRun, of: impl Fn(&Point) -> f64) -> Vec<(f64, f64)> {
    run.points.iter().map(|point| (point.sample.t, of(point))).collect()
}

fn strengths(run: &GaussianRun) -> Panel {
    let modes = run.points.first().map_or(0, |point| point.strengths.len());
    let y = Axis::log("μ").range(0.03, 30.0);
    let panel = Panel::new("Gaussian: the strengths of the modes", t_axis(run), y);
    let panel = with_entries(panel, run).rule(Rule::horizontal("", 1.0));
    let panel = (0..modes).fold(panel, |panel, mode| {
        let strength = |point: &Point| point.strengths.get(mode).copied().unwrap_or(f64::NAN);
        panel.series(Series::line("", Colour::Blue, along(run, strength)))
    });
    let located = run.shown.iter().map(|located| (located.t, 1.0));
    panel.series(Series::scatter("located", Colour::Vermillion, Marker::Circle, located))
}

fn heat_capacity(run: &GaussianRun) -> Panel {
    let y = Axis::linear("−t² d²F/dt²").unit("nats").range(-0.1, 2.2).ticks([0.0, 0.5, 1.0, 1.5, 2.0]);
    let panel = with_entries(Panel::new("Gaussian: heat capacity", t_axis(run), y), run);
    panel.series(Series::line("", Colour::Blue, along(run, |point| point.sample.heat_capacity)))
}

fn observables(run: &GaussianRun) -> Panel {
    let y = Axis::linear("R, D, C").unit("nats");
    let panel = with_entries(Panel::new("Gaussian: the observables", t_axis(run), y), run);
    let [distortion, classification] = run.constants;
    panel
        .series(Series::line("R", Colour::Blue, along(run, |point| point.sample.rdc.rate)))
        .series(Series::line(
            "D",
            Colour::Orange,
            along(run, |point| point.sample.rdc.distortion - distortion),
        ))
        .series(Series::line(
            "C",
            Colour::Green,
            along(run, |point| point.sample.rdc.classification - classification),
        ))
}

fn map(run: &GaussianRun) -> Panel {
    let columns = run.lambdas.len();
    let rate = |column: usize, row: usize| run.rates.get(row * columns + column).copied().unwrap_or(f64::NAN);
    let field = Field::tabulated(Axis::linear("R").unit("nats"), &run.lambdas, &run.gammas, rate);
    let axis = |name: &str, of: &[f64]| {
        let ends = [of.first(), of.last()].map(|end| end.copied().unwrap_or(f64::NAN));
        Axis::log(name).range(ends[0], ends[1])
    };
    let panel =
        Panel::new("Gaussian: the phases", axis("λ", &run.lambdas), axis("γ", &run.gammas)).ground(field);
    let modes = run.transitions.iter().map(|transition| transition.mode + 1).max().unwrap_or(0);
    let panel = (0..modes).fold(panel, |panel, mode| {
        let of_mode = run.transitions.iter().filter(|transition| transition.mode == mode);
        let points = of_mode.map(|transition| {
            let (lambda, gamma) = (transition.ratio.powf(-0.5), transition.ratio.sqrt());
            (transition.predicted * lambda, transition.predicted * gamma)
        });
        panel.series(Series::line("predicted", Colour::Vermillion, points))
    });
    // Every fourth ray, so that the curves show between the markers.
    let marked = run.transitions.iter().filter(|transition| transition.ray % 4 == 0);
    let located = marked.map(|transition| {
        let at = transition.located.multipliers;
        (at.lambda(), at.gamma())
    });
    panel.series(Series::scatter("located", Colour::Vermillion, Marker::Circle, located))
}

fn ratio_axis() -> Axis {
    Axis::log("γ / λ of the ray")
}

fn locations(run: &GaussianRun) -> Panel {
    let y = Axis::log("|t located / t predicted − 1|").range(FLOOR, 10.0 * LOCATION_BOUND);
    let points =
        run.transitions.iter().map(|transition| (transition.ratio, transition.relative_error().max(FLOOR)));
    Panel::new("Gaussian: located against predicted", ratio_axis(), y)
        .rule(Rule::horizontal("bound", LOCATION_BOUND))
        .series(Series::scatter("", Colour::Blue, Marker::Circle, points))
}

fn jumps(run: &GaussianRun) -> Panel {
    let y = Axis::log("size of the jump").unit("nats").range(FLOOR, 10.0);
    let points = |of: &dyn Fn(&super::line::Located) -> f64| {
        let points = run.transitions.iter().map(|t| (t.ratio, of(&t.located).abs().max(FLOOR)));
        points.collect::<Vec<_>>()
    };
    Panel::new("Gaussian: what jumps", ratio_axis(), y)
        .rule(Rule::horizontal("bound", JUMP_BOUND))
        .series(Series::scatter(
            "heat capacity",
            Colour::Blue,
            Marker::Circle,
            points(&|located| located.heat_capacity_jump),
        ))
        .series(Series::scatter(
            "D",
            Colour::Orange,
            Marker::Square,
            points(&|located| located.jump.distortion),
        ))
        .series(Series::scatter(
            "C",
            Colour::Green,
            Marker::Triangle,
            points(&|located| located.jump.classification),
        ))
        .rule(Rule::horizontal("", STEP))
}
