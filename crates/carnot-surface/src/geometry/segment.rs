//! Straight lines in the plane of the multipliers.

use super::GeometryError;
use crate::{At, InvalidMultiplier, Multipliers, Rdc, Response, Responsive, System};

/// A straight line in the multiplier plane, from position 0 to position 1. It has a length of zero if its ends are the
/// same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// The multipliers at position 0.
    pub from: Multipliers,
    /// The multipliers at position 1.
    pub to: Multipliers,
}

impl Segment {
    /// The multipliers `(1 - s) from + s to` at position s.
    ///
    /// # Errors
    ///
    /// A position so far outside `[0, 1]` that a multiplier would be negative, infinite or NaN.
    pub fn at(&self, position: f64) -> Result<Multipliers, InvalidMultiplier> {
        let between = |from: f64, to: f64| (1.0 - position) * from + position * to;
        Multipliers::new(
            between(self.from.lambda(), self.to.lambda()),
            between(self.from.gamma(), self.to.gamma()),
        )
    }

    /// The direction `(dlambda/ds, dgamma/ds)`, the difference of the ends.
    pub fn direction(&self) -> [f64; 2] {
        [self.to.lambda() - self.from.lambda(), self.to.gamma() - self.from.gamma()]
    }
}

/// The equilibrium of an exact system, started from nothing so that it cannot depend on the way there, and checked.
pub(super) fn solve<S: System<Rdc = Rdc>>(
    system: &S,
    multipliers: Multipliers,
    from: Option<&S::State>,
) -> Result<At<S>, GeometryError<S::Error>> {
    let (lambda, gamma) = (multipliers.lambda(), multipliers.gamma());
    let equilibrium = system.equilibrium(multipliers, from).map_err(|source| GeometryError::System {
        lambda,
        gamma,
        source,
    })?;
    let Rdc { rate, distortion, classification } = equilibrium.rdc;
    for (what, value) in [("rate", rate), ("distortion", distortion), ("classification loss", classification)]
    {
        if !value.is_finite() {
            return Err(GeometryError::NotFinite { what, lambda, gamma, value });
        }
    }
    Ok(equilibrium)
}

/// The response of an exact system at an equilibrium.
pub(super) fn respond<S: Responsive<Rdc = Rdc>>(
    system: &S,
    at: &At<S>,
) -> Result<Response, GeometryError<S::Error>> {
    let (lambda, gamma) = (at.multipliers.lambda(), at.multipliers.gamma());
    system.response(at).map_err(|source| GeometryError::System { lambda, gamma, source })
}
