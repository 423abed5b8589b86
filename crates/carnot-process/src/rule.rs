//! The second equation: what closes the system when lambda, gamma and the data are free to move.

use std::fmt;

use crate::{Constraint, Coordinates, Point, PointGradient, Slopes};

/// Where a rule is asked.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The point.
    pub point: &'a Point,
    /// Where the rule began to hold: the start of the process, or where the process was
    /// [steered](crate::Trace::steer) to the rule.
    pub start: &'a Point,
    /// How the observables change there.
    pub slopes: &'a Slopes,
    /// The total derivatives of what the process holds, with respect to the coordinates.
    pub held: [f64; 3],
    /// The coordinates.
    pub axes: &'a Coordinates,
}

impl Place<'_> {
    /// The total derivatives of a function with respect to the coordinates.
    pub fn row(&self, gradient: &PointGradient) -> [f64; 3] {
        self.slopes.row(gradient, self.point, self.axes)
    }
}

/// What a rule demands at a place: that the coordinates move by a `du` with `row . du = -residual`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// How far the rule is from being fulfilled.
    pub residual: f64,
    /// The size of the terms of the residual, see [`PointGradient::scale`].
    pub scale: f64,
    /// Its derivatives with respect to the coordinates; of a rule that only gives a direction, what must not move.
    pub row: [f64; 3],
}

/// The rule that closes the system. A process has three coordinates and holds one function, so that one more equation leaves
/// a curve. On data that stay as they are it is that the time does not move, `Hold::Time`, and with that the default.
///
/// Every [`Constraint`] is a rule: its value is held too, at what it was where the rule began to hold. A rule need not be of
/// that kind: [`LeastChange`] restricts the direction of the curve and not its place.
pub trait Rule: fmt::Debug + Send + Sync {
    /// The rule's demand at a place.
    fn demand(&self, place: &Place<'_>) -> Demand;
}

impl<C: Constraint> Rule for C {
    fn demand(&self, place: &Place<'_>) -> Demand {
        let gradient = self.gradient(place.point);
        Demand {
            residual: self.value(place.point) - self.value(place.start),
            scale: gradient.scale(place.point),
            row: place.row(&gradient),
        }
    }
}

/// The least change of the multipliers that makes up for the moving data: of all `(du_lambda, du_gamma)` that hold the
/// constraint while time moves by `du_t` the one of least norm. With the held function's derivatives `g` it is along
/// `(g_lambda, g_gamma)`, or `g_gamma du_lambda - g_lambda du_gamma = 0`.
///
/// This is a rule of direction: where the curve ends depends on the way, as of every nonholonomic constraint. Where it
/// meets a transition, at which the derivatives jump, it may lead back across from either side. The process then goes along the
/// transition to and fro, in the smallest steps, and ends with [`StopReason::MostWaypoints`](crate::StopReason::MostWaypoints):
/// hold a multiplier or an observable instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeastChange;

impl Rule for LeastChange {
    fn demand(&self, place: &Place<'_>) -> Demand {
        let [by_lambda, by_gamma, _] = place.held;
        Demand { residual: 0.0, scale: 0.0, row: [by_gamma, -by_lambda, 0.0] }
    }
}
