//! Where phases meet in the plane of multipliers.

use carnot_surface::geometry::{Order, Phased, Search, Segment, locate};
use carnot_surface::{Multipliers, Rdc, Responsive};

use crate::figure::FigureError;

/// Rays from the origin that are searched.
const RAYS: usize = 61;

/// A curve where two phases meet.
pub(in crate::figures) struct Boundary {
    /// The multipliers on each ray that crosses it, from the axis of lambda to that of gamma.
    pub(in crate::figures) points: Vec<Multipliers>,
    /// Whether all of it is of first order, of second, or neither.
    pub(in crate::figures) order: Order,
}

/// The boundaries between phases in the square where both multipliers are in `range`, located along rays from the origin:
/// transitions between the same two phases on neighbouring rays make a curve.
pub(in crate::figures) fn boundaries<S: Phased<Rdc = Rdc> + Responsive>(
    system: &S,
    (low, high): (f64, f64),
) -> Result<Vec<Boundary>, FigureError> {
    let widest = (high / low).ln();
    let mut found: Vec<([S::Phase; 2], Boundary)> = Vec::new();
    for ray in 0..RAYS {
        // The outermost rays touch the square in its corners only.
        let part = (ray as f64 + 0.5) / RAYS as f64;
        let ratio = ((2.0 * part - 1.0) * widest).exp();
        let end = |lambda: f64| Multipliers::new(lambda, ratio * lambda).map_err(FigureError::unfinished);
        let segment = Segment { from: end(low.max(low / ratio))?, to: end(high.min(high / ratio))? };
        for transition in locate(system, &segment, &Search::default()).map_err(FigureError::unfinished)? {
            match found.iter_mut().find(|(phases, _)| *phases == transition.phases) {
                Some((_, boundary)) => {
                    boundary.points.push(transition.multipliers);
                    if boundary.order != transition.order {
                        boundary.order = Order::Unresolved;
                    }
                }
                None => {
                    let boundary = Boundary { points: vec![transition.multipliers], order: transition.order };
                    found.push((transition.phases, boundary));
                }
            }
        }
    }
    Ok(found.into_iter().map(|(_, boundary)| boundary).collect())
}
