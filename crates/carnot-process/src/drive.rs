//! What drives a process, and how far.

use crate::Coordinate;

/// What moves a process along its curve. A drive by a coordinate ends exactly at its value, and can go no further where the
/// curve turns back in it; a drive by arc length goes around.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Drive {
    /// lambda goes from its start to this value.
    LambdaTo(f64),
    /// gamma goes from its start to this value.
    GammaTo(f64),
    /// The data go from their start to this time.
    TimeTo(f64),
    /// The curve is followed for a length, measured in the coordinates of the process.
    ArcLength {
        /// The length, from the start of the trace: of one that is [steered](crate::Trace::steer) what it has gone counts too.
        length: f64,
        /// Which of the two directions along the curve is taken at the start.
        heading: Heading,
    },
}

/// A direction along a curve: the one in which a coordinate rises, or falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Heading {
    /// In which it rises.
    Raise(Coordinate),
    /// In which it falls.
    Lower(Coordinate),
}

impl Heading {
    pub(crate) fn vector(self) -> [f64; 3] {
        let (coordinate, sign) = match self {
            Self::Raise(coordinate) => (coordinate, 1.0),
            Self::Lower(coordinate) => (coordinate, -1.0),
        };
        axis(coordinate, sign)
    }
}

impl Drive {
    /// The driving coordinate and its last value; `None` of a drive by arc length.
    pub fn target(self) -> Option<(Coordinate, f64)> {
        match self {
            Self::LambdaTo(end) => Some((Coordinate::Lambda, end)),
            Self::GammaTo(end) => Some((Coordinate::Gamma, end)),
            Self::TimeTo(end) => Some((Coordinate::Time, end)),
            Self::ArcLength { .. } => None,
        }
    }
}

/// The direction in which a coordinate goes from a value to another; upwards where it stays. By the values: what is between
/// neighbouring numbers in the coordinates is rounding.
pub(crate) fn sign(from: f64, to: f64) -> f64 {
    if to < from { -1.0 } else { 1.0 }
}

pub(crate) fn axis(coordinate: Coordinate, sign: f64) -> [f64; 3] {
    let mut vector = [0.0; 3];
    vector[coordinate.index()] = sign;
    vector
}
