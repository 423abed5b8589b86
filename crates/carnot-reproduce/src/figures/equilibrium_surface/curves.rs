//! Curves on a surface along which one observable is held.

use carnot_process::{Adaptive, Drive, FromResponse, Hold, Newton, Options, Process, StopReason, Tolerance};
use carnot_surface::{At, Multipliers, Observable, Observables, Rdc, Responsive};

use super::{RANGE, Sample};
use crate::figure::FigureError;
use crate::figures::exact::nan_or_max;

/// A curve of constant C, D or R.
pub(super) struct IsoCurve {
    pub(super) held: Observable,
    /// lambda = gamma where it began.
    pub(super) start: f64,
    pub(super) points: Vec<CurvePoint>,
    /// Whether both of its ends are where the range of the multipliers ends.
    pub(super) is_complete: bool,
}

impl IsoCurve {
    /// The largest change of the held observable since the start, in nats.
    pub(super) fn worst_change(&self) -> f64 {
        self.points.iter().map(|point| point.change.abs()).fold(0.0, nan_or_max)
    }
}

/// A point of a curve.
#[derive(Debug, Clone, Copy)]
pub(super) struct CurvePoint {
    pub(super) sample: Sample,
    /// The change of the held observable since the start, in nats.
    pub(super) change: f64,
    /// Corrections of the steered multiplier that the point took.
    pub(super) corrections: usize,
}

pub(super) const HELD: [Observable; 3] =
    [Observable::Classification, Observable::Distortion, Observable::Rate];

/// Steps short enough for a smooth picture.
const LARGEST_STEP: f64 = 0.1;

/// The curves of each of [`HELD`] from each of the starts.
pub(super) fn all<S: Responsive<Rdc = Rdc>>(
    system: &S,
    starts: [f64; 4],
    sample: &dyn Fn(Multipliers, Rdc) -> Sample,
) -> Result<Vec<IsoCurve>, FigureError> {
    let mut curves = Vec::new();
    for held in HELD {
        for start in starts {
            let at = Multipliers::new(start, start).map_err(FigureError::unfinished)?;
            let first = system.equilibrium(at, None).map_err(FigureError::unfinished)?;
            let [one, other] = drives(held);
            let (mut points, one_end) = half(system, &first, held, one, sample)?;
            let (onwards, other_end) = half(system, &first, held, other, sample)?;
            points.reverse();
            points.extend(onwards.into_iter().skip(1));
            curves.push(IsoCurve { held, start, points, is_complete: one_end && other_end });
        }
    }
    Ok(curves)
}

/// How the two halves of a curve are driven: by the multiplier that what is held belongs to the less, so that the other one
/// holds it firmly; where the rate is held, by the one that goes to zero, since the other one cannot.
fn drives(held: Observable) -> [Drive; 2] {
    let (low, high) = RANGE;
    match held {
        Observable::Classification => [Drive::LambdaTo(low), Drive::LambdaTo(high)],
        Observable::Distortion => [Drive::GammaTo(low), Drive::GammaTo(high)],
        Observable::Rate => [Drive::LambdaTo(low), Drive::GammaTo(low)],
    }
}

/// The curve from `start` to where the driving multiplier is at its end or the steered one leaves the range, and whether it
/// got there.
fn half<S: Responsive<Rdc = Rdc>>(
    system: &S,
    start: &At<S>,
    held: Observable,
    drive: Drive,
    sample: &dyn Fn(Multipliers, Rdc) -> Sample,
) -> Result<(Vec<CurvePoint>, bool), FigureError> {
    let control = Adaptive { largest_step: LARGEST_STEP, ..Adaptive::default() };
    let tolerance = Tolerance { rtol: 1e-13, atol: 1e-13, ..Tolerance::default() };
    // What the figure promises is that, also where rounding makes it hard.
    let corrector = Newton { stalled: 0.0, ..Newton::default() };
    let process = Process::new(Hold::from(held), drive)
        .with_control(control)
        .with_corrector(corrector)
        .with_options(Options { tolerance, ..Options::default() });
    let mut trace = process.trace(system, start.clone(), FromResponse).map_err(FigureError::unfinished)?;
    let mut points = Vec::new();
    for waypoint in trace.by_ref() {
        let waypoint = waypoint.map_err(FigureError::unfinished)?;
        let at = waypoint.equilibrium;
        let multipliers = at.multipliers;
        let steered =
            if matches!(drive, Drive::LambdaTo(_)) { multipliers.gamma() } else { multipliers.lambda() };
        if !(RANGE.0..=RANGE.1).contains(&steered) {
            return Ok((points, true));
        }
        let change = at.rdc.get(held) - start.rdc.get(held);
        let sample = sample(at.multipliers, at.rdc);
        points.push(CurvePoint { sample, change, corrections: waypoint.corrections });
    }
    Ok((points, trace.stop_reason() == Some(StopReason::ReachedEnd)))
}
