//! What drives a process: whether it can, on which side of a place, and how fractions of a step are measured.

use carnot_surface::Driven;

use super::Traced;
use super::engine::Engine;
use crate::coordinates::Position;
use crate::drive::{axis, sign};
use crate::linear::{Vector, unit};
use crate::{Coordinate, Drive, Point, ProcessError, Tangent, Waypoint, control};

/// A tangent whose component along the drive is below this is steep: a step is then measured in arc length, since what is held
/// hardly tells places on the plane of the drive apart.
pub(super) const STEEP: f64 = 1e-3;

impl<D: Driven, T: Tangent<D>> Engine<D, T> {
    /// Whether the process is one that can be carried out.
    pub(super) fn check(&self) -> Traced<D, ()> {
        self.process.options.check()?;
        control::check(&*self.process.control)?;
        if let Some(value) = self.process.level.filter(|level| !level.is_finite()) {
            return Err(ProcessError::Option { option: "level", requirement: "finite", value });
        }
        let fault = |what, requirement, value| Err(ProcessError::Drive { what, requirement, value });
        match self.process.drive {
            Drive::LambdaTo(end) | Drive::GammaTo(end) if !(end.is_finite() && end >= 0.0) => {
                fault("end", "finite and not negative", end)
            }
            Drive::TimeTo(end) if !end.is_finite() => fault("end", "finite", end),
            Drive::ArcLength { length, .. } if !(length.is_finite() && length >= 0.0) => {
                fault("length", "finite and not negative", length)
            }
            _ => Ok(()),
        }
    }

    /// The side of the tangent on which the drive goes on from a point; by arc length, and where the curve is steep, on from
    /// the last direction.
    pub(super) fn preferred(&self, point: &Point, last: Option<Vector>) -> Vector {
        match self.process.drive {
            Drive::ArcLength { heading, .. } => last.unwrap_or_else(|| heading.vector()),
            drive => drive.target().map_or([0.0; 3], |(coordinate, end)| {
                let ahead = axis(coordinate, sign(point.coordinate(coordinate), end));
                last.filter(|last| last[coordinate.index()].abs() < STEEP).unwrap_or(ahead)
            }),
        }
    }

    /// The coordinate along which fractions of the way from a waypoint are measured: the one that drives, unless the curve is
    /// too steep for it there.
    pub(super) fn measure(&self, from: &Waypoint<D::System>) -> Option<Coordinate> {
        let driving = self.process.drive.target().map(|(coordinate, _)| coordinate);
        driving.filter(|k| from.direction.is_none_or(|unit| unit[k.index()].abs() >= STEEP))
    }

    /// The direction along which fractions of the way between two waypoints are measured: the driving coordinate's, or the
    /// chord's.
    pub(super) fn normal(&self, from: &Waypoint<D::System>, to: &Waypoint<D::System>) -> Vector {
        let chord = self.axes.between(Position::of(&from.point), Position::of(&to.point));
        match self.measure(from).filter(|k| chord[k.index()] != 0.0) {
            Some(coordinate) => axis(coordinate, chord[coordinate.index()].signum()),
            None => unit(chord).unwrap_or([0.0; 3]),
        }
    }
}
