//! What is known of a step once both of its ends are: its length and its work.

use carnot_surface::Driven;
use carnot_surface::geometry::gauss_legendre;

use super::engine::{Engine, Near, Plane, Settled};
use super::locate::Found;
use super::{Trace, Traced};
use crate::coordinates::Position;
use crate::dense;
use crate::linear::norm;
use crate::{StopReason, Tangent, Waypoint, Work};

impl<D: Driven, T: Tangent<D>> Trace<D, T> {
    /// Looks for events between two waypoints, and gives the second, or the first event's place, its length and work.
    pub(super) fn finish(
        &mut self,
        from: &Waypoint<D::System>,
        to: Waypoint<D::System>,
    ) -> Traced<D, (Waypoint<D::System>, Option<StopReason>)> {
        let Found { place: mut to, before, ends } = self.first_event(from, to)?;
        match before {
            None => {
                to.arc_length = from.arc_length + dense::length(&self.engine.axes, from, &to);
                to.work = from.work.plus(&self.work(from, &to)?);
            }
            Some(before) => {
                // The curve, or an observable, may have a kink or a jump between `before` and `to`.
                let axes = self.engine.axes;
                let gap = norm(axes.between(Position::of(&before.point), Position::of(&to.point)));
                to.arc_length = from.arc_length + dense::length(&axes, from, &before) + gap;
                let normal = self.engine.normal(&before, &to);
                let across = Work::along_chord(&axes, &before, &to, normal);
                to.work = from.work.plus(&self.work(from, &before)?).plus(&across);
                to.arriving = before.direction;
            }
        }
        let end = to.event.filter(|_| ends).map(|event| StopReason::Event { name: event.name });
        Ok((to, end))
    }

    /// The work between two waypoints.
    pub(super) fn work(&mut self, from: &Waypoint<D::System>, to: &Waypoint<D::System>) -> Traced<D, Work> {
        let axes = self.engine.axes;
        let normal = self.engine.normal(from, to);
        let reach = axes.between(Position::of(&from.point), Position::of(&to.point));
        let mut nodes = Vec::new();
        for (node, weight) in gauss_legendre(self.engine.process.options.work_nodes) {
            // From [-1, 1] to the way between the waypoints.
            let (fraction, weight) = (0.5 * (1.0 + node), 0.5 * weight);
            let mut through = dense::interpolate(&axes, from, to, fraction);
            if let Some(coordinate) = self.engine.measure(from) {
                let along = fraction * reach[coordinate.index()];
                let value = axes.axis(coordinate).moved(from.point.coordinate(coordinate), along);
                through = through.with(coordinate, value);
            }
            let near = Near { equilibrium: &from.equilibrium, point: &from.point };
            match self.engine.settle(&Plane::new(normal, through), &near, to.index)? {
                Settled::Reached { found, .. } => {
                    nodes.push((weight, Engine::<D, T>::waypoint(*found, to.index, normal)));
                }
                Settled::Outside(_) | Settled::GivenUp { .. } => {
                    nodes.clear();
                    break;
                }
            }
        }
        let by_nodes =
            if nodes.is_empty() { None } else { Work::from_nodes(&axes, from, to, normal, &nodes) };
        Ok(by_nodes.unwrap_or_else(|| Work::along_chord(&axes, from, to, normal)))
    }
}
