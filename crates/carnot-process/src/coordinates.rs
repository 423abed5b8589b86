//! The coordinates in which a process steps.

use std::fmt;

use crate::Point;

/// One of the three numbers that a process moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Coordinate {
    /// The multiplier of the distortion.
    Lambda,
    /// The multiplier of the classification loss.
    Gamma,
    /// The time of the data.
    Time,
}

impl Coordinate {
    /// The three, in their order.
    pub const ALL: [Self; 3] = [Self::Lambda, Self::Gamma, Self::Time];

    /// Its number: 0, 1 or 2.
    pub fn index(self) -> usize {
        match self {
            Self::Lambda => 0,
            Self::Gamma => 1,
            Self::Time => 2,
        }
    }
}

impl fmt::Display for Coordinate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lambda => "lambda",
            Self::Gamma => "gamma",
            Self::Time => "t",
        })
    }
}

/// How a number is measured when a process steps.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Axis {
    /// `u = value / unit`.
    Linear {
        /// The value of a unit step.
        unit: f64,
    },
    /// `u = asinh(value / (2 zero))`: the logarithm `ln(value / zero)` far above `zero`, where a multiplier is a scale, and
    /// `value / (2 zero)` far below it, so that the multiplier can reach zero in a finite step.
    Logarithmic {
        /// Where the logarithm ends.
        zero: f64,
    },
}

impl Axis {
    /// `dvalue/du`.
    pub fn slope(self, value: f64) -> f64 {
        match self {
            Self::Linear { unit } => unit,
            Self::Logarithmic { zero } => value.hypot(2.0 * zero),
        }
    }

    /// `u(to) - u(from)`.
    pub fn between(self, from: f64, to: f64) -> f64 {
        match self {
            Self::Linear { unit } => (to - from) / unit,
            Self::Logarithmic { zero } => (to / (2.0 * zero)).asinh() - (from / (2.0 * zero)).asinh(),
        }
    }

    /// The value after a move by `du`. A move of zero changes nothing, to the last bit.
    pub fn moved(self, value: f64, du: f64) -> f64 {
        if du == 0.0 {
            return value;
        }
        match self {
            Self::Linear { unit } => value + unit * du,
            // The addition theorem of the hyperbolic sine: precise where the move is short.
            Self::Logarithmic { zero } => value * du.cosh() + value.hypot(2.0 * zero) * du.sinh(),
        }
    }

    pub(crate) fn scale(self) -> f64 {
        match self {
            Self::Linear { unit } => unit,
            Self::Logarithmic { zero } => zero,
        }
    }
}

/// The axes of lambda, gamma and time. Arc length is measured in them: `ds^2 = du_lambda^2 + du_gamma^2 + du_t^2`.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Coordinates {
    /// The axis of lambda.
    pub lambda: Axis,
    /// The axis of gamma.
    pub gamma: Axis,
    /// The axis of time.
    pub time: Axis,
}

/// A multiplier's logarithm ends this much below its start, or below the other one's where it starts at zero.
const DECADES: f64 = 1e-3;

impl Coordinates {
    /// The axes of a process that starts at `point`: logarithms of the multipliers over three decades below their start, and
    /// the time as it is.
    pub fn at(point: &Point) -> Self {
        let axis = |own: f64, other: f64| {
            let scale = [own, other].into_iter().find(|scale| *scale > 0.0).unwrap_or(1.0);
            Axis::Logarithmic { zero: DECADES * scale }
        };
        Self {
            lambda: axis(point.lambda, point.gamma),
            gamma: axis(point.gamma, point.lambda),
            time: Axis::Linear { unit: 1.0 },
        }
    }

    /// The axis of a coordinate.
    pub fn axis(&self, coordinate: Coordinate) -> Axis {
        match coordinate {
            Coordinate::Lambda => self.lambda,
            Coordinate::Gamma => self.gamma,
            Coordinate::Time => self.time,
        }
    }

    pub(crate) fn slopes(&self, at: Position) -> [f64; 3] {
        Coordinate::ALL.map(|k| self.axis(k).slope(at.0[k.index()]))
    }

    pub(crate) fn between(&self, from: Position, to: Position) -> [f64; 3] {
        Coordinate::ALL.map(|k| self.axis(k).between(from.0[k.index()], to.0[k.index()]))
    }

    pub(crate) fn moved(&self, at: Position, du: [f64; 3]) -> Position {
        Position(Coordinate::ALL.map(|k| self.axis(k).moved(at.0[k.index()], du[k.index()])))
    }
}

/// `(lambda, gamma, t)`, not yet known to be multipliers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Position(pub(crate) [f64; 3]);

impl Position {
    pub(crate) fn of(point: &Point) -> Self {
        Self([point.lambda, point.gamma, point.time])
    }

    pub(crate) fn get(self, coordinate: Coordinate) -> f64 {
        self.0[coordinate.index()]
    }

    pub(crate) fn with(mut self, coordinate: Coordinate, value: f64) -> Self {
        self.0[coordinate.index()] = value;
        self
    }

    /// The first multiplier that is below zero.
    pub(crate) fn negative(self) -> Option<Coordinate> {
        [Coordinate::Lambda, Coordinate::Gamma].into_iter().find(|k| self.get(*k) < 0.0)
    }
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;

    #[test]
    fn an_axis_is_a_logarithm_above_and_linear_at_zero() {
        let axis = Axis::Logarithmic { zero: 1e-3 };
        // The next term of asinh is (zero / value)^2.
        assert_close!(axis.between(1.0, 5.0), 5f64.ln(), rtol = 0.0, atol = 2e-6);
        assert_close!(axis.between(0.0, 1e-6), 1e-6 / 2e-3, rtol = 1e-6, atol = 0.0);
        for (value, du) in [(0.0, 0.3), (1e-4, -0.2), (0.7, 0.5), (40.0, -2.0)] {
            // Cancellation costs exp(2 |du|) units in the last place at most.
            assert_close!(axis.between(value, axis.moved(value, du)), du, rtol = 1e-12, atol = 0.0);
            let slope = (axis.moved(value, 1e-6) - axis.moved(value, -1e-6)) / 2e-6;
            assert_close!(axis.slope(value), slope, rtol = 1e-9, atol = 0.0);
        }
        assert_eq!(axis.moved(0.1 + 0.2, 0.0), 0.1 + 0.2);
    }
}
