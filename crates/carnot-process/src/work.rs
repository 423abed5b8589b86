//! The work done along a curve.

use carnot_surface::System;

use crate::coordinates::Position;
use crate::dense::{Cubic, GAUSS};
use crate::linear::{Vector, dot, scale};
use crate::{Coordinate, Coordinates, Point, Waypoint};

/// The integrals of a process, in nats. On one branch of equilibria `dF = D dlambda + C dgamma + tau dt`, so that
/// [`total`](Self::total) is the change of F, whatever the way; how closely is said at
/// [`Options::work_nodes`](crate::Options::work_nodes).
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Work {
    /// `int D dlambda`.
    pub lambda: f64,
    /// `int C dgamma`.
    pub gamma: f64,
    /// `int tau dt`.
    pub time: f64,
    /// `int |D dlambda| + |C dgamma| + |tau dt|`: what the others are to be compared with.
    pub size: f64,
    /// `int lambda dD`, by parts from the first: exact where that is, across a jump of D too.
    pub distortion: f64,
    /// `int gamma dC`, by parts from the second.
    pub classification: f64,
}

impl Work {
    /// `int D dlambda + C dgamma + tau dt`.
    pub fn total(&self) -> f64 {
        self.lambda + self.gamma + self.time
    }

    /// `int dR = int -lambda dD - gamma dC + tau dt`, the first law with moving data.
    pub fn rate_change(&self) -> f64 {
        self.time - self.distortion - self.classification
    }

    /// This and what followed it.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            lambda: self.lambda + other.lambda,
            gamma: self.gamma + other.gamma,
            time: self.time + other.time,
            size: self.size + other.size,
            distortion: self.distortion + other.distortion,
            classification: self.classification + other.classification,
        }
    }

    /// From the integrals of `[D dlambda, C dgamma, tau dt]`, the size, and the ends of the way.
    fn of(forces: [f64; 3], size: f64, from: &Point, to: &Point) -> Self {
        let [lambda, gamma, time] = forces;
        Self {
            lambda,
            gamma,
            time,
            size,
            distortion: to.lambda * to.distortion - from.lambda * from.distortion - lambda,
            classification: to.gamma * to.classification - from.gamma * from.classification - gamma,
        }
    }

    /// Along cubic Hermite polynomials between two waypoints; the force of the data, whose slope is not known, along its chord.
    pub(crate) fn along_chord<S: System>(
        axes: &Coordinates,
        from: &Waypoint<S>,
        to: &Waypoint<S>,
        normal: Vector,
    ) -> Self {
        let reach = dot(normal, axes.between(Position::of(&from.point), Position::of(&to.point)));
        let tangents = [speed(from.direction, normal, reach), speed(to.arriving, normal, reach)];
        let ends = [from, to];
        let cubic = |value: fn(&Point) -> f64, row: fn(&Waypoint<S>) -> Vector| {
            let values = ends.map(|end| value(&end.point));
            let chord = values[1] - values[0];
            let slope = |k: usize| tangents[k].map_or(chord, |tangent| dot(row(ends[k]), tangent));
            Cubic { values, slopes: [slope(0), slope(1)] }
        };
        let coordinate = |k: Coordinate| {
            let values = ends.map(|end| end.point.coordinate(k));
            let chord = values[1] - values[0];
            let slope = |end: usize| {
                let unit = axes.axis(k).slope(values[end]);
                tangents[end].map_or(chord, |tangent| unit * tangent[k.index()])
            };
            Cubic { values, slopes: [slope(0), slope(1)] }
        };
        let forces = [
            cubic(|point| point.distortion, |end| end.slopes.distortion),
            cubic(|point| point.classification, |end| end.slopes.classification),
        ];
        let moves = Coordinate::ALL.map(coordinate);
        let pushes = ends.map(|end| end.slopes.force(&end.point, axes));
        let mut sums = [0.0; 3];
        let mut size = 0.0;
        for (x, weight) in GAUSS {
            let push = (1.0 - x) * pushes[0] + x * pushes[1];
            let force = [forces[0].at(x), forces[1].at(x), push];
            for k in 0..3 {
                let term = weight * force[k] * moves[k].slope_at(x);
                sums[k] += term;
                size += term.abs();
            }
        }
        Self::of(sums, size, &from.point, &to.point)
    }

    /// From Gauss-Legendre nodes on the way: their weights and waypoints.
    pub(crate) fn from_nodes<S: System>(
        axes: &Coordinates,
        from: &Waypoint<S>,
        to: &Waypoint<S>,
        normal: Vector,
        nodes: &[(f64, Waypoint<S>)],
    ) -> Option<Self> {
        let reach = dot(normal, axes.between(Position::of(&from.point), Position::of(&to.point)));
        let mut sums = [0.0; 3];
        let mut size = 0.0;
        for (weight, node) in nodes {
            let tangent = speed(node.direction, normal, reach)?;
            let units = axes.slopes(Position::of(&node.point));
            let point = &node.point;
            let force = [point.distortion, point.classification, node.slopes.force(point, axes)];
            for k in 0..3 {
                let term = weight * force[k] * units[k] * tangent[k];
                sums[k] += term;
                size += term.abs();
            }
        }
        Some(Self::of(sums, size, &from.point, &to.point))
    }
}

/// The tangent per fraction of the way, the fraction being measured along the normal; `None` where the tangent does not lead
/// along it.
fn speed(direction: Option<Vector>, normal: Vector, reach: f64) -> Option<Vector> {
    let direction = direction?;
    let along = dot(direction, normal);
    (along > 0.0).then(|| scale(direction, reach / along))
}
