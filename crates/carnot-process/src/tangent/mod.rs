//! Where a process takes its slopes from.

mod broyden;
mod measured;
mod response;

use carnot_surface::{At, Driven, System};

use crate::{Coordinates, Point, Slopes};

pub use broyden::Broyden;
pub use measured::{Guess, InvalidGuess, Measured};
pub use response::FromResponse;

/// An equilibrium at which the slopes are wanted.
pub struct Site<'a, S: System> {
    /// The system, at the time of the equilibrium.
    pub system: &'a S,
    /// The equilibrium.
    pub equilibrium: &'a At<S>,
    /// The equilibrium as a point.
    pub point: &'a Point,
    /// The coordinates.
    pub axes: &'a Coordinates,
}

/// What one re-equilibration showed: a move of the coordinates, and what it did to an observable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// The move.
    pub step: [f64; 3],
    /// The changes of R, D and C, in nats.
    pub changes: [Change; 3],
}

/// The change of an observable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// Its mean.
    pub mean: f64,
    /// Its standard error; `None` of an exact system.
    pub std_err: Option<f64>,
}

/// A source of slopes, for the tangent of the curve and for the corrections.
pub trait Tangent<D: Driven> {
    /// The slopes of R, D and C at an equilibrium.
    ///
    /// # Errors
    ///
    /// The system's own.
    fn slopes(
        &mut self,
        driven: &D,
        site: &Site<'_, D::System>,
    ) -> Result<Slopes, <D::System as System>::Error>;

    /// Told of every re-equilibration, accepted or not.
    fn observe(&mut self, observation: &Observation) {
        let _ = observation;
    }
}
