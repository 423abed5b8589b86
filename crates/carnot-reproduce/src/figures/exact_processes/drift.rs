//! How far C drifts along an iso-classification process of steps of one length, with and without corrections.

use carnot_process::{
    Curve, Drive, Euler, Heun, Hold, Options, Outcome, PredictorOnly, Process, RungeKutta, StepControl,
    StopReason, Tolerance,
};
use carnot_surface::{GaussianSystem, Multipliers};

use crate::figure::FigureError;
use crate::figures::exact::nan_or_max;

/// The numbers of steps: from the first in ratios of the square root of two, nine octaves.
const FEWEST: f64 = 4.0;
const HALF_OCTAVES: i32 = 17;
/// A number of steps at which drifts are quoted.
pub(super) const QUOTED: usize = 200;
/// Drifts below this are of the size of what rounding leaves, and say nothing of the order.
pub(super) const FLOOR: f64 = 1e-12;

/// A method that follows the curve by itself, with no correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Euler,
    Heun,
    RungeKutta,
}

impl Method {
    pub(super) const ALL: [Self; 3] = [Self::Euler, Self::Heun, Self::RungeKutta];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Euler => "Euler",
            Self::Heun => "Heun",
            Self::RungeKutta => "Runge–Kutta",
        }
    }

    /// The order where nothing happens on the way.
    pub(super) fn order(self) -> f64 {
        match self {
            Self::Euler => 1.0,
            Self::Heun => 2.0,
            Self::RungeKutta => 4.0,
        }
    }

    fn alone(self, process: Process) -> Process {
        let process = match self {
            Self::Euler => process.with_predictor(Euler),
            Self::Heun => process.with_predictor(Heun),
            Self::RungeKutta => process.with_predictor(RungeKutta),
        };
        process.with_corrector(PredictorOnly)
    }
}

/// Where a process goes: C is held from a start on while lambda falls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    /// lambda and gamma.
    pub(super) start: (f64, f64),
    /// The last lambda.
    pub(super) end: f64,
    /// Runs for each number of steps, of which the worst counts. Their first steps are shorter, by even parts, so that what
    /// lies on the way is met everywhere in a step.
    pub(super) runs: usize,
}

/// The largest `|C - C_0|` along a run of so many steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) steps: usize,
    pub(super) drift: f64,
}

/// What is shown of a segment.
pub(super) struct Drifts {
    pub(super) segment: Segment,
    /// The modes encoded at the start and at the end.
    pub(super) encoded: [usize; 2],
    /// By method, without corrections.
    pub(super) alone: [Vec<Point>; 3],
    /// Euler's method with corrections down to what rounding leaves.
    pub(super) corrected: Vec<Point>,
    /// The drifts of Runge and Kutta's method alone and of the corrected process over [`QUOTED`] steps.
    pub(super) quoted: [f64; 2],
}

impl Drifts {
    pub(super) fn along(system: &GaussianSystem, segment: Segment) -> Result<Self, FigureError> {
        let to_rounding = Tolerance { rtol: 0.0, atol: 0.0, standard_errors: 0.0 };
        let options = Options { tolerance: to_rounding, ..Options::default() };
        let process = Process::new(Hold::Classification, Drive::LambdaTo(segment.end)).with_options(options);
        let reference = run(system, &process, segment)?;
        let ends = [reference.waypoints.first(), reference.last()];
        let encoded = ends.map(|end| end.map_or(0, |waypoint| waypoint.equilibrium.state.active()));
        let course = Course { system, segment, length: reference.last().map_or(f64::NAN, |w| w.arc_length) };
        let along = |process: &Process| -> Result<Vec<Point>, FigureError> {
            let points = numbers().map(|steps| Ok(Point { steps, drift: course.drift(process, steps)? }));
            points.collect()
        };
        let alone = Method::ALL.map(|method| method.alone(process.clone()));
        Ok(Drifts {
            segment,
            encoded,
            quoted: [course.drift(&alone[2], QUOTED)?, course.drift(&process, QUOTED)?],
            alone: [along(&alone[0])?, along(&alone[1])?, along(&alone[2])?],
            corrected: along(&process)?,
        })
    }

    /// By which power of the number of steps the drift of a method falls, above the floor.
    pub(super) fn order(&self, method: Method) -> f64 {
        slope(self.of(method).iter().filter(|point| point.drift > FLOOR))
    }

    pub(super) fn of(&self, method: Method) -> &[Point] {
        let [euler, heun, runge_kutta] = &self.alone;
        match method {
            Method::Euler => euler,
            Method::Heun => heun,
            Method::RungeKutta => runge_kutta,
        }
    }

    /// The largest drift of the corrected process, whatever the number of steps.
    pub(super) fn worst_corrected(&self) -> f64 {
        self.corrected.iter().map(|point| point.drift).fold(self.quoted[1], nan_or_max)
    }
}

fn numbers() -> impl Iterator<Item = usize> {
    (0..HALF_OCTAVES).map(|k| (FEWEST * 2f64.powf(0.5 * f64::from(k))).round() as usize)
}

/// Minus the slope of the straight line through `(ln steps, ln drift)`, by least squares.
fn slope<'a>(points: impl Iterator<Item = &'a Point>) -> f64 {
    let points: Vec<(f64, f64)> = points.map(|p| ((p.steps as f64).ln(), p.drift.ln())).collect();
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let covariance: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    -covariance / points.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>()
}

/// A segment and the length of its curve.
struct Course<'a> {
    system: &'a GaussianSystem,
    segment: Segment,
    length: f64,
}

impl Course<'_> {
    /// The largest drift of the runs with steps of one `steps`-th of the length.
    fn drift(&self, process: &Process, steps: usize) -> Result<f64, FigureError> {
        let step = self.length / steps as f64;
        let mut worst = 0.0;
        for number in 0..self.segment.runs {
            let first = step * (1.0 - number as f64 / self.segment.runs as f64);
            let process = process.clone().with_control(Even { first, step });
            let curve = run(self.system, &process, self.segment)?;
            let loss = curve.waypoints.iter().map(|waypoint| waypoint.point.classification);
            let first = loss.clone().next().unwrap_or(f64::NAN);
            worst = loss.map(|loss| (loss - first).abs()).fold(worst, nan_or_max);
        }
        Ok(worst)
    }
}

fn run(
    system: &GaussianSystem,
    process: &Process,
    segment: Segment,
) -> Result<Curve<GaussianSystem>, FigureError> {
    let (lambda, gamma) = segment.start;
    let start = Multipliers::new(lambda, gamma).map_err(FigureError::unfinished)?;
    let curve = process.run(system.clone(), start).map_err(FigureError::unfinished)?;
    match curve.stop {
        StopReason::ReachedEnd => Ok(curve),
        stop => Err(FigureError::unfinished(stop.to_string())),
    }
}

/// Steps of one length after a first one.
#[derive(Debug, Clone, Copy)]
struct Even {
    first: f64,
    step: f64,
}

impl StepControl for Even {
    fn first(&self) -> f64 {
        self.first
    }

    fn next(&self, _outcome: &Outcome) -> f64 {
        self.step
    }

    fn after_rejection(&self, _step: f64) -> Option<f64> {
        None
    }

    fn smallest(&self) -> f64 {
        1e-9 * self.step
    }
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;

    #[test]
    fn the_order_is_the_slope_in_logarithms() {
        let points: Vec<Point> =
            numbers().map(|steps| Point { steps, drift: 3.0 * (steps as f64).powi(-4) }).collect();
        // Rounding of logarithms.
        assert_close!(slope(points.iter()), 4.0, rtol = 1e-12, atol = 0.0);
    }
}
