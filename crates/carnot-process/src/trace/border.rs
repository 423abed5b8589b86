//! What a process cannot cross: a multiplier of zero, and the ends of the data.

use carnot_surface::Driven;

use super::engine::Engine;
use crate::coordinates::Position;
use crate::linear::Vector;
use crate::{Coordinate, Tangent};

/// A coordinate and the last value that it can have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Border {
    pub(crate) coordinate: Coordinate,
    pub(crate) value: f64,
}

impl<D: Driven, T: Tangent<D>> Engine<D, T> {
    /// The border that a position is beyond, looked at from data of the time `from`.
    pub(crate) fn outside(&self, position: Position, from: f64) -> Option<Border> {
        let zero = position.negative().map(|coordinate| Border { coordinate, value: 0.0 });
        zero.or_else(|| self.end_of_data(from, position.get(Coordinate::Time)))
    }

    /// The end of a path of data over `[0, 1]` between a time on it and one beyond at which there is no system. None ahead of a
    /// process that was told to go to a time: that there is no such time is an error then.
    fn end_of_data(&self, from: f64, time: f64) -> Option<Border> {
        let is_told = match self.process.drive.target() {
            Some((Coordinate::Time, end)) => (time - from) * (end - from) > 0.0,
            _ => false,
        };
        let path = 0.0..=1.0;
        let leaves = path.contains(&from) && !path.contains(&time) && time.is_finite();
        let ends = !is_told && leaves && self.driven.at(time).is_err();
        ends.then(|| Border { coordinate: Coordinate::Time, value: time.clamp(0.0, 1.0) })
    }

    /// Whether a short way in a direction leads beyond the end of the data at which a place already is.
    pub(crate) fn leaves_data(&self, at: Position, direction: Vector, way: f64) -> bool {
        let time = at.get(Coordinate::Time);
        let ahead = self.axes.time.moved(time, way * direction[Coordinate::Time.index()]);
        self.end_of_data(time, ahead).is_some_and(|border| border.value == time)
    }
}
