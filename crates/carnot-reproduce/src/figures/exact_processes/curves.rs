//! Processes of four kinds from one equilibrium, both ways, and where they cross transitions.

use carnot_process::{
    Adaptive, Constraint, Coordinate, Crossing, Drive, FromResponse, Heading, Hold, Options, PhaseChange,
    Process, StopReason, Waypoint,
};
use carnot_surface::{At, GaussianSystem, Multipliers, System};

use crate::figure::FigureError;
use crate::figures::exact::nan_or_max;

/// The part of both multipliers that is shown.
pub(super) const RANGE: (f64, f64) = (1e-3, 1e2);
/// Where all four begin: lambda and gamma.
pub(super) const START: (f64, f64) = (1.0, 0.3);
pub(super) const HELD: [Hold; 4] = [Hold::Classification, Hold::Distortion, Hold::Rate, Hold::FreeEnergy];

/// Longer than any curve within the range, in logarithms of the multipliers.
const LENGTH: f64 = 50.0;
/// Steps short enough for a smooth picture.
const LARGEST_STEP: f64 = 0.1;
/// Transitions are bracketed to this, in logarithms of the multipliers.
const BRACKET: f64 = 1e-11;

/// A point of a curve.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) lambda: f64,
    pub(super) gamma: f64,
    /// What is held, less what it was at the start, in nats.
    pub(super) residual: f64,
}

/// A transition on a curve.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crossed {
    pub(super) located: Multipliers,
    /// Where one strength is one and what is held is what it was at the start.
    pub(super) predicted: Multipliers,
}

impl Crossed {
    /// The larger relative error of the two multipliers.
    pub(super) fn relative_error(&self) -> f64 {
        let (a, b) = (self.located, self.predicted);
        nan_or_max((a.lambda() / b.lambda() - 1.0).abs(), (a.gamma() / b.gamma() - 1.0).abs())
    }
}

/// A curve along which one quantity is held.
pub(super) struct IsoCurve {
    pub(super) held: Hold,
    /// From one end to the other.
    pub(super) points: Vec<Point>,
    pub(super) transitions: Vec<Crossed>,
}

impl IsoCurve {
    pub(super) fn worst_residual(&self) -> f64 {
        self.points.iter().map(|point| point.residual.abs()).fold(0.0, nan_or_max)
    }

    /// The decades over which the multiplier that changes the more changes.
    pub(super) fn decades(&self) -> f64 {
        let decades = |of: fn(&Point) -> f64| {
            let logarithms = self.points.iter().map(|point| of(point).log10());
            let (low, high) = logarithms
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
            high - low
        };
        decades(|point| point.lambda).max(decades(|point| point.gamma))
    }
}

/// The curves of each of [`HELD`].
pub(super) fn all(system: &GaussianSystem) -> Result<Vec<IsoCurve>, FigureError> {
    let at = Multipliers::new(START.0, START.1).map_err(FigureError::unfinished)?;
    let start = system.equilibrium(at, None).map_err(FigureError::unfinished)?;
    HELD.into_iter().map(|held| iso_curve(system, &start, held)).collect()
}

fn iso_curve(
    system: &GaussianSystem,
    start: &At<GaussianSystem>,
    held: Hold,
) -> Result<IsoCurve, FigureError> {
    let mut waypoints = half(system, start, held, Heading::Lower(Coordinate::Lambda))?;
    waypoints.reverse();
    waypoints.extend(half(system, start, held, Heading::Raise(Coordinate::Lambda))?.into_iter().skip(1));
    let level = value(held, start);
    let mut transitions = Vec::new();
    for waypoint in waypoints.iter().filter(|w| w.event.is_some_and(|event| event.name == PHASE_CHANGE)) {
        let located = waypoint.equilibrium.multipliers;
        transitions.push(Crossed { located, predicted: predicted(system, held, level, located)? });
    }
    let point = |waypoint: &Waypoint<GaussianSystem>| Point {
        lambda: waypoint.point.lambda,
        gamma: waypoint.point.gamma,
        residual: held.value(&waypoint.point) - level,
    };
    Ok(IsoCurve { held, points: waypoints.iter().map(point).collect(), transitions })
}

/// The name of [`PhaseChange`].
const PHASE_CHANGE: &str = "phase change";

/// The curve from the start to where a multiplier leaves the range.
fn half(
    system: &GaussianSystem,
    start: &At<GaussianSystem>,
    held: Hold,
    heading: Heading,
) -> Result<Vec<Waypoint<GaussianSystem>>, FigureError> {
    let process = Process::new(held, Drive::ArcLength { length: LENGTH, heading })
        .with_control(Adaptive { largest_step: LARGEST_STEP, ..Adaptive::default() })
        .with_options(Options { event_tolerance: BRACKET, ..Options::default() });
    let (low, high) = RANGE;
    let mut trace = process
        .trace(system.clone(), start.clone(), FromResponse)
        .map_err(FigureError::unfinished)?
        .with_event(PhaseChange)
        .with_event(Crossing::new("lambda is smallest", move |point| point.lambda - low).that_ends())
        .with_event(Crossing::new("lambda is largest", move |point| point.lambda - high).that_ends())
        .with_event(Crossing::new("gamma is smallest", move |point| point.gamma - low).that_ends())
        .with_event(Crossing::new("gamma is largest", move |point| point.gamma - high).that_ends());
    let curve = trace.collect_curve().map_err(FigureError::unfinished)?;
    match curve.stop {
        StopReason::Event { .. } => Ok(curve.waypoints),
        stop => Err(FigureError::unfinished(stop.to_string())),
    }
}

fn value(held: Hold, at: &At<GaussianSystem>) -> f64 {
    held.value(&carnot_process::Point::of::<GaussianSystem>(at, 0.0))
}

/// Where a mode of strength one meets a curve, without following the curve: on the ray of ratio `gamma / lambda` through the
/// origin the mode's strength is one at a distance known from eigenvalues; the ratio at which what is held has its level there
/// is found by halving.
fn predicted(
    system: &GaussianSystem,
    held: Hold,
    level: f64,
    located: Multipliers,
) -> Result<Multipliers, FigureError> {
    let origin = Multipliers::new(0.0, 0.0).map_err(FigureError::unfinished)?;
    let entries = |direction| system.transitions(origin, direction).map_err(FigureError::unfinished);
    let distances = entries(located)?.into_iter().map(|t| (t - 1.0).abs()).enumerate();
    let nearest = distances.min_by(|a, b| a.1.total_cmp(&b.1));
    let (mode, _) = nearest.ok_or_else(|| FigureError::unfinished("no mode ever enters"))?;
    let on_boundary = |turn: f64| -> Result<Multipliers, FigureError> {
        let (lambda, gamma) = (located.lambda() * (-0.5 * turn).exp(), located.gamma() * (0.5 * turn).exp());
        let direction = Multipliers::new(lambda, gamma).map_err(FigureError::unfinished)?;
        let t = entries(direction)?.get(mode).copied().unwrap_or(f64::NAN);
        Multipliers::new(t * lambda, t * gamma).map_err(FigureError::unfinished)
    };
    let excess = |turn: f64| -> Result<f64, FigureError> {
        let at = system.equilibrium(on_boundary(turn)?, None).map_err(FigureError::unfinished)?;
        Ok(value(held, &at) - level)
    };
    // A bracket that is wide beside where the process found it, and halved until numbers end.
    let (mut low, mut high) = (-0.1, 0.13);
    let below = excess(low)? < 0.0;
    if (excess(high)? < 0.0) == below {
        return Err(FigureError::unfinished("the boundary does not cross the curve where it was found"));
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if (excess(middle)? < 0.0) == below { low = middle } else { high = middle }
    }
    on_boundary(0.5 * (low + high))
}
