//! Dense output: cubic Hermite polynomials between waypoints.

use carnot_surface::System;

use crate::coordinates::Position;
use crate::linear::{Vector, norm, scale};
use crate::{Coordinates, Waypoint};

/// The nodes and weights of the Gauss-Legendre rule with three nodes on `[0, 1]`, exact up to degree five.
pub(crate) const GAUSS: [(f64, f64); 3] =
    [(0.112_701_665_379_258_3, 5.0 / 18.0), (0.5, 8.0 / 18.0), (0.887_298_334_620_741_7, 5.0 / 18.0)];

/// The cubic polynomial on `[0, 1]` with these values and derivatives at its ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cubic {
    pub(crate) values: [f64; 2],
    pub(crate) slopes: [f64; 2],
}

impl Cubic {
    pub(crate) fn at(&self, x: f64) -> f64 {
        let [a, b] = self.values;
        let [p, q] = self.slopes;
        let y = 1.0 - x;
        // Of the chord, and of what the end slopes add to it.
        y * a + x * b + x * y * (y * (p - (b - a)) - x * (q - (b - a)))
    }

    pub(crate) fn slope_at(&self, x: f64) -> f64 {
        let [a, b] = self.values;
        let [p, q] = self.slopes;
        let rise = b - a;
        rise + (1.0 - 4.0 * x + 3.0 * x * x) * (p - rise) - x * (2.0 - 3.0 * x) * (q - rise)
    }
}

/// The move from `from` to `to` as three cubics in the fraction of the way: the tangents at both ends, as long as the curve, so
/// that equal fractions are equal lengths to the order of the polynomials. With tangents as long as the chord they are to one
/// order less; but the curve's length by those is known well enough.
fn cubics<S: System>(axes: &Coordinates, from: &Waypoint<S>, to: &Waypoint<S>) -> [Cubic; 3] {
    let chord = axes.between(Position::of(&from.point), Position::of(&to.point));
    let with_tangents_of = |length: f64| {
        let tangent = |direction: Option<Vector>| direction.map_or(chord, |unit| scale(unit, length));
        let (leaving, arriving) = (tangent(from.direction), tangent(to.arriving));
        [0, 1, 2].map(|k| Cubic { values: [0.0, chord[k]], slopes: [leaving[k], arriving[k]] })
    };
    with_tangents_of(length_of(&with_tangents_of(norm(chord))))
}

fn length_of(cubics: &[Cubic; 3]) -> f64 {
    GAUSS.iter().map(|(x, weight)| weight * norm(cubics.map(|cubic| cubic.slope_at(*x)))).sum()
}

/// The place at a fraction of the way between two waypoints.
pub(crate) fn interpolate<S: System>(
    axes: &Coordinates,
    from: &Waypoint<S>,
    to: &Waypoint<S>,
    fraction: f64,
) -> Position {
    let moved = cubics(axes, from, to).map(|cubic| cubic.at(fraction));
    axes.moved(Position::of(&from.point), moved)
}

/// The length of the Hermite curve between two waypoints.
pub(crate) fn length<S: System>(axes: &Coordinates, from: &Waypoint<S>, to: &Waypoint<S>) -> f64 {
    length_of(&cubics(axes, from, to))
}

/// The place half way between two.
pub(crate) fn midpoint(axes: &Coordinates, from: Position, to: Position) -> Position {
    axes.moved(from, scale(axes.between(from, to), 0.5))
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;

    #[test]
    fn a_cubic_is_met_exactly() {
        let f = |x: f64| 1.0 - 2.0 * x + 0.5 * x * x + 3.0 * x * x * x;
        let slope = |x: f64| -2.0 + x + 9.0 * x * x;
        let cubic = Cubic { values: [f(0.0), f(1.0)], slopes: [slope(0.0), slope(1.0)] };
        for x in [0.0, 0.1, 0.5, 0.77, 1.0] {
            // A handful of roundings.
            assert_close!(cubic.at(x), f(x), rtol = 0.0, atol = 1e-14);
            assert_close!(cubic.slope_at(x), slope(x), rtol = 0.0, atol = 1e-14);
        }
        let fifth: f64 = GAUSS.iter().map(|(x, weight)| weight * x.powi(5)).sum();
        assert_close!(fifth, 1.0 / 6.0, rtol = 1e-15, atol = 0.0);
    }
}
