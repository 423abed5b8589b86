//! Slopes of an exact system that does not know its response.

use carnot_surface::{Driven, Multipliers, Observable, System};

use super::{Observation, Site, Tangent};
use crate::coordinates::Position;
use crate::linear::{dot, norm, plus, scale};
use crate::{Coordinate, Point, Slopes};

/// Slopes by secants: difference quotients at the start, then Broyden's rank-one update `J += (change - J step) step' / |step|^2`
/// with every re-equilibration. With [`Newton`](crate::Newton) as the corrector this is Broyden's method.
///
/// It converges from step to step more slowly than Newton's, and short steps teach it little: let a step cost more corrections, as
/// `Adaptive { wanted_corrections: 8, .. }`. With the default of three a process on moving data was kept to steps of a
/// thousandth, at eighteen times the equilibria.
///
/// The quotients at the start cost three equilibria. (C. G. Broyden, *Math. Comp.* 19, 1965.)
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Broyden {
    slopes: Option<Slopes>,
    probe: f64,
}

/// Steps shorter than this say more about rounding than about slopes.
const SHORTEST: f64 = 1e-9;

const OBSERVABLES: [Observable; 3] = [Observable::Rate, Observable::Distortion, Observable::Classification];

impl Broyden {
    /// Slopes that are not known yet.
    pub fn new() -> Self {
        Self { slopes: None, probe: 1e-4 }
    }

    fn probed<D: Driven>(
        &self,
        driven: &D,
        site: &Site<'_, D::System>,
    ) -> Result<Slopes, <D::System as System>::Error> {
        let here = Position::of(site.point);
        let state = Some(&site.equilibrium.state);
        let mut slopes = Slopes::default();
        for coordinate in Coordinate::ALL {
            let axis = site.axes.axis(coordinate);
            let moved = here.with(coordinate, axis.moved(here.get(coordinate), self.probe));
            let [lambda, gamma, time] = moved.0;
            // Upwards from a valid multiplier.
            let at = Multipliers::new(lambda, gamma).unwrap_or(site.equilibrium.multipliers);
            let there = if coordinate == Coordinate::Time {
                // At the end of its path the data have only a past.
                match driven.at(time) {
                    Ok(system) => Point::of::<D::System>(&system.equilibrium(at, state)?, time),
                    Err(_) => {
                        let time = axis.moved(here.get(coordinate), -self.probe);
                        Point::of::<D::System>(&driven.at(time)?.equilibrium(at, state)?, time)
                    }
                }
            } else {
                Point::of::<D::System>(&site.system.equilibrium(at, state)?, time)
            };
            let step = axis.between(here.get(coordinate), there.coordinate(coordinate));
            for observable in OBSERVABLES {
                let change = there.observable(observable) - site.point.observable(observable);
                slopes.of_mut(observable)[coordinate.index()] = change / step;
            }
        }
        Ok(slopes)
    }
}

impl Default for Broyden {
    fn default() -> Self {
        Self::new()
    }
}

impl<D: Driven> Tangent<D> for Broyden {
    fn slopes(
        &mut self,
        driven: &D,
        site: &Site<'_, D::System>,
    ) -> Result<Slopes, <D::System as System>::Error> {
        let slopes = match self.slopes {
            Some(slopes) => slopes,
            None => self.probed(driven, site)?,
        };
        self.slopes = Some(slopes);
        Ok(slopes)
    }

    fn observe(&mut self, observation: &Observation) {
        let (Some(slopes), step) = (&mut self.slopes, observation.step) else { return };
        let length = norm(step);
        if length < SHORTEST {
            return;
        }
        for (observable, change) in OBSERVABLES.into_iter().zip(observation.changes) {
            let row = slopes.of_mut(observable);
            let surprise = change.mean - dot(*row, step);
            *row = plus(*row, scale(step, surprise / (length * length)));
        }
    }
}
