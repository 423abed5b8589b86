//! C held while the data move from a source to a target, and the force with which they do.

use carnot_process::{Adaptive, Drive, FromResponse, Hold, Options, PhaseChange, Process};
use carnot_surface::geometry::Phased;
use carnot_surface::{At, Driven, Force, Multipliers, Rdc, Responsive, System};

use super::systems::Moving;
use crate::figure::FigureError;
use crate::figures::exact::nan_or_max;

/// Steps short enough for a smooth picture.
const LARGEST_STEP: f64 = 0.05;
/// Letters and modes that enter or leave are bracketed to this.
const BRACKET: f64 = 1e-10;
/// The step of the differences, relative to gamma and to the distance from the nearer end of the path. Six-point differences are
/// off by the sixth power, 1e-12; what a solver leaves, 1e-12, is divided by it.
const STEP: f64 = 1e-2;

/// A point of the process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) time: f64,
    pub(super) gamma: f64,
    pub(super) rate: f64,
    pub(super) distortion: f64,
    pub(super) classification: f64,
    /// `C - C_0`, in nats.
    pub(super) residual: f64,
    /// tau.
    pub(super) force: f64,
    /// C at the same time with gamma as it was at the start.
    pub(super) free: f64,
    /// `dC/dt` at fixed multipliers and `dtau/dgamma` at fixed time, each by differences; where a transition is near, nothing.
    pub(super) maxwell: Option<[f64; 2]>,
    /// Whether a letter or a mode enters or leaves here.
    pub(super) is_transition: bool,
}

/// What is shown of a process.
pub(super) struct Run {
    pub(super) name: &'static str,
    pub(super) words: &'static str,
    /// The lambda that is held too.
    pub(super) lambda: f64,
    pub(super) points: Vec<Point>,
}

impl Run {
    pub(super) fn of<D>(moving: &Moving<D>) -> Result<Self, FigureError>
    where
        D: Driven + Clone,
        D::System: Phased<Rdc = Rdc> + Responsive,
    {
        let (lambda, gamma) = moving.start;
        let at = Multipliers::new(lambda, gamma).map_err(FigureError::unfinished)?;
        let start = equilibrium(&moving.driven, 0.0, at)?;
        let process = Process::new(Hold::Classification, Drive::TimeTo(1.0))
            .with_rule(Hold::Lambda)
            .with_control(Adaptive { largest_step: LARGEST_STEP, ..Adaptive::default() })
            .with_options(Options { event_tolerance: BRACKET, ..Options::default() });
        let mut trace = process
            .trace_driven(moving.driven.clone(), start, 0.0, FromResponse)
            .map_err(FigureError::unfinished)?
            .with_event(PhaseChange);
        let curve = trace.collect_curve().map_err(FigureError::unfinished)?;
        let waypoints = curve.into_complete().map_err(FigureError::unfinished)?;
        let level = waypoints.first().map_or(f64::NAN, |waypoint| waypoint.point.classification);
        let mut points = Vec::with_capacity(waypoints.len());
        for waypoint in &waypoints {
            let point = waypoint.point;
            points.push(Point {
                time: point.time,
                gamma: point.gamma,
                rate: point.rate,
                distortion: point.distortion,
                classification: point.classification,
                residual: point.classification - level,
                force: force(&moving.driven, point.time, &waypoint.equilibrium)?.free_energy,
                free: equilibrium(&moving.driven, point.time, at)?.rdc.classification,
                maxwell: maxwell(&moving.driven, point.time, &waypoint.equilibrium)?,
                is_transition: waypoint.event.is_some(),
            });
        }
        Ok(Run { name: moving.name, words: moving.words, lambda, points })
    }

    pub(super) fn worst_residual(&self) -> f64 {
        self.points.iter().map(|point| point.residual.abs()).fold(0.0, nan_or_max)
    }

    /// The larger difference of the sides of Maxwell's relation, in nats.
    pub(super) fn worst_maxwell(&self) -> f64 {
        let sides = self.points.iter().filter_map(|point| point.maxwell);
        sides.map(|[left, right]| (left - right).abs()).fold(f64::NEG_INFINITY, nan_or_max)
    }

    pub(super) fn maxwell_measured(&self) -> usize {
        self.points.iter().filter(|point| point.maxwell.is_some()).count()
    }

    pub(super) fn transitions(&self) -> impl Iterator<Item = &Point> {
        self.points.iter().filter(|point| point.is_transition)
    }
}

fn equilibrium<D: Driven>(driven: &D, time: f64, at: Multipliers) -> Result<At<D::System>, FigureError> {
    let found = driven.at(time).and_then(|system| system.equilibrium(at, None));
    found.map_err(FigureError::unfinished)
}

fn force<D>(driven: &D, time: f64, at: &At<D::System>) -> Result<Force<f64>, FigureError>
where
    D: Driven,
    D::System: System<Rdc = Rdc>,
{
    driven.force(time, at).map_err(FigureError::unfinished)
}

/// Both sides of `dC/dt = dtau/dgamma` by differences of equilibria that are solved again; `None` at the ends of the path and
/// where the phase changes within a stencil.
fn maxwell<D>(driven: &D, time: f64, here: &At<D::System>) -> Result<Option<[f64; 2]>, FigureError>
where
    D: Driven,
    D::System: Phased<Rdc = Rdc>,
{
    let at = here.multipliers;
    let steps = [STEP * time.min(1.0 - time) / REACH, STEP * at.gamma() / REACH];
    if steps.iter().any(|step| *step <= 0.0) {
        return Ok(None);
    }
    let phase = driven.at(time).map_err(FigureError::unfinished)?.phase(here);
    let mut values = [[0.0; 6]; 2];
    for (k, offset) in OFFSETS.into_iter().enumerate() {
        let later = time + offset * steps[0];
        let gamma = at.gamma() + offset * steps[1];
        let other = Multipliers::new(at.lambda(), gamma).map_err(FigureError::unfinished)?;
        let moved = [(later, equilibrium(driven, later, at)?), (time, equilibrium(driven, time, other)?)];
        for (time, found) in &moved {
            if driven.at(*time).map_err(FigureError::unfinished)?.phase(found) != phase {
                return Ok(None);
            }
        }
        let [(_, in_time), (_, in_gamma)] = &moved;
        values[0][k] = in_time.rdc.classification;
        values[1][k] = force(driven, time, in_gamma)?.free_energy;
    }
    Ok(Some([0, 1].map(|side| derivative(&values[side]) / steps[side])))
}

/// Six points around zero, and the weights of the derivative there: exact up to degree six.
const OFFSETS: [f64; 6] = [-3.0, -2.0, -1.0, 1.0, 2.0, 3.0];
const WEIGHTS: [f64; 6] = [-1.0 / 60.0, 9.0 / 60.0, -45.0 / 60.0, 45.0 / 60.0, -9.0 / 60.0, 1.0 / 60.0];
const REACH: f64 = 3.0;

fn derivative(values: &[f64; 6]) -> f64 {
    values.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum()
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;

    #[test]
    fn the_differences_are_exact_up_to_degree_six() {
        for degree in 0..=6 {
            let values = OFFSETS.map(|x| (x + 0.5).powi(degree));
            let exact = f64::from(degree) * 0.5f64.powi(degree - 1);
            // Rounding of six terms of at most 3.5^6.
            assert_close!(derivative(&values), exact, rtol = 0.0, atol = 1e-11);
        }
    }
}
