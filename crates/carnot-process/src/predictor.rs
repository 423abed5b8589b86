//! Predictors: from a waypoint to the neighbourhood of the next.

use std::fmt;

use crate::linear::{Vector, plus, scale};

/// The tangent field of a curve: at each place the direction in which the process goes on, per unit of the step's parameter.
pub trait Field {
    /// The tangent at the place that is `moved` from the waypoint, in coordinates; the system is re-equilibrated there.
    /// `None` where there is none: outside the range of the multipliers, where the field is not transversal to the drive, or
    /// where the system failed.
    fn tangent(&mut self, moved: [f64; 3]) -> Option<[f64; 3]>;
}

/// What a predictor starts from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Launch {
    /// The step: in the coordinate of the drive, or in arc length.
    pub step: f64,
    /// The tangent at the waypoint, per unit of the step.
    pub tangent: [f64; 3],
    /// The waypoint before, relative to this one, and the step that led from there to here. `None` at the start and where a
    /// transition lies between.
    pub before: Option<([f64; 3], f64)>,
}

/// A method of predicting the move to the next waypoint.
pub trait Predictor: fmt::Debug + Send + Sync {
    /// The order p: without corrections the process drifts off its constraint like the p-th power of the step.
    fn order(&self) -> usize;
    /// The predicted move of the coordinates; `None` where the field gave no tangent.
    fn predict(&self, launch: &Launch, field: &mut dyn Field) -> Option<[f64; 3]>;
}

/// Euler's method: along the tangent. Order one, no further equilibrium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Euler;

impl Predictor for Euler {
    fn order(&self) -> usize {
        1
    }

    fn predict(&self, launch: &Launch, _field: &mut dyn Field) -> Option<[f64; 3]> {
        Some(scale(launch.tangent, launch.step))
    }
}

/// Heun's method: along the mean of the tangents at both ends. Order two, one more equilibrium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heun;

impl Predictor for Heun {
    fn order(&self) -> usize {
        2
    }

    fn predict(&self, launch: &Launch, field: &mut dyn Field) -> Option<[f64; 3]> {
        let end = field.tangent(scale(launch.tangent, launch.step))?;
        Some(scale(plus(launch.tangent, end), 0.5 * launch.step))
    }
}

/// The classical method of Runge and Kutta. Order four, three more equilibria.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RungeKutta;

impl Predictor for RungeKutta {
    fn order(&self) -> usize {
        4
    }

    fn predict(&self, launch: &Launch, field: &mut dyn Field) -> Option<[f64; 3]> {
        let (step, first) = (launch.step, launch.tangent);
        let second = field.tangent(scale(first, 0.5 * step))?;
        let third = field.tangent(scale(second, 0.5 * step))?;
        let fourth = field.tangent(scale(third, step))?;
        let ends: Vector = plus(first, fourth);
        let middles: Vector = plus(second, third);
        Some(scale(plus(ends, scale(middles, 2.0)), step / 6.0))
    }
}

/// The parabola through this waypoint and the one before that has the tangent here: order two without a further equilibrium.
/// Along the tangent where there is no waypoint before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Secant;

impl Predictor for Secant {
    fn order(&self) -> usize {
        2
    }

    fn predict(&self, launch: &Launch, _field: &mut dyn Field) -> Option<[f64; 3]> {
        let along = scale(launch.tangent, launch.step);
        let Some((before, last)) = launch.before else { return Some(along) };
        // u(-last) = before: the curvature is what the tangent leaves of it.
        let bend = plus(before, scale(launch.tangent, last));
        let ratio = launch.step / last;
        // A step much longer than the last is not to be guessed from it.
        Some(if ratio > 4.0 { along } else { plus(along, scale(bend, ratio * ratio)) })
    }
}
