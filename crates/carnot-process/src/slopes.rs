//! How the observables change along each coordinate.

use carnot_surface::{Force, Observable, Response};

use crate::coordinates::Position;
use crate::{Coordinates, Point, PointGradient};

/// The partial derivatives of R, D and C with respect to the three [`Coordinates`], in nats per unit step.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Slopes {
    /// Of R, with respect to the coordinates of lambda, gamma and time.
    pub rate: [f64; 3],
    /// Of D.
    pub distortion: [f64; 3],
    /// Of C.
    pub classification: [f64; 3],
}

impl Slopes {
    /// By the response S and the force of the data at a point: D and C from `S`, `D_t` and `C_t`, R by the first law
    /// `dR = -lambda dD - gamma dC + tau dt`.
    pub fn from_response(
        response: &Response<f64>,
        force: &Force<f64>,
        point: &Point,
        axes: &Coordinates,
    ) -> Self {
        let units = axes.slopes(Position::of(point));
        let scaled = |row: [f64; 3]| [row[0] * units[0], row[1] * units[1], row[2] * units[2]];
        let distortion = [response.distortion_lambda, response.cross, force.distortion];
        let classification = [response.cross, response.classification_gamma, force.classification];
        let rate = [0, 1, 2].map(|k| {
            let work = if k == 2 { force.free_energy } else { 0.0 };
            work - point.lambda * distortion[k] - point.gamma * classification[k]
        });
        Self { rate: scaled(rate), distortion: scaled(distortion), classification: scaled(classification) }
    }

    /// The row of an observable.
    pub fn of(&self, observable: Observable) -> [f64; 3] {
        match observable {
            Observable::Rate => self.rate,
            Observable::Distortion => self.distortion,
            Observable::Classification => self.classification,
        }
    }

    pub(crate) fn of_mut(&mut self, observable: Observable) -> &mut [f64; 3] {
        match observable {
            Observable::Rate => &mut self.rate,
            Observable::Distortion => &mut self.distortion,
            Observable::Classification => &mut self.classification,
        }
    }

    /// The total derivatives of a function of the point with respect to the coordinates, by the chain rule.
    pub fn row(&self, gradient: &PointGradient, point: &Point, axes: &Coordinates) -> [f64; 3] {
        let units = axes.slopes(Position::of(point));
        let direct = [gradient.lambda, gradient.gamma, gradient.time];
        [0, 1, 2].map(|k| {
            direct[k] * units[k]
                + gradient.rate * self.rate[k]
                + gradient.distortion * self.distortion[k]
                + gradient.classification * self.classification[k]
        })
    }

    /// `tau = dF/dt` at fixed multipliers, `R_t + lambda D_t + gamma C_t`, in nats per unit of time.
    pub fn force(&self, point: &Point, axes: &Coordinates) -> f64 {
        let along = self.rate[2] + point.lambda * self.distortion[2] + point.gamma * self.classification[2];
        along / axes.time.slope(point.time)
    }
}
