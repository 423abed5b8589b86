//! Susceptibilities along a line: how strongly the surface answers, in units of the multipliers.

use super::GeometryError;
use super::segment::{Segment, respond, solve};
use crate::{Multipliers, Rdc, Response, Responsive};

/// The response in units of the multipliers, with the sign that makes it a heat capacity: never negative on the
/// diagonal, in nats. It jumps at a transition of second order and is not defined at one of first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Susceptibility {
    /// The position on the line.
    pub position: f64,
    /// The multipliers there.
    pub multipliers: Multipliers,
    /// `-lambda^2 S11 = -lambda dD / dln lambda`.
    pub distortion: f64,
    /// `-lambda gamma S12 = -lambda dD / dln gamma`. Of either sign.
    pub cross: f64,
    /// `-gamma^2 S22 = -gamma dC / dln gamma`.
    pub classification: f64,
    /// The response behind these.
    pub response: Response,
}

impl Susceptibility {
    fn of(position: f64, multipliers: Multipliers, response: Response) -> Self {
        let (lambda, gamma) = (multipliers.lambda(), multipliers.gamma());
        Self {
            position,
            multipliers,
            distortion: -lambda * lambda * response.distortion_lambda,
            cross: -lambda * gamma * response.cross,
            classification: -gamma * gamma * response.classification_gamma,
            response,
        }
    }

    /// `-v' S v` for `v = (w_1 lambda, w_2 gamma)`, `w` the direction in units of the multipliers, `d ln lambda` and
    /// `d ln gamma`. With `w = (1, 1)` it is the heat capacity `dU/dT` of the energy `U = lambda_0 D + gamma_0 C`, where
    /// the multipliers are `lambda_0 / T` and `gamma_0 / T`.
    pub fn along(&self, w: [f64; 2]) -> f64 {
        w[0] * w[0] * self.distortion + 2.0 * w[0] * w[1] * self.cross + w[1] * w[1] * self.classification
    }
}

/// The susceptibilities at `samples` evenly spaced positions of a line, both ends included; each equilibrium is started
/// from the one before.
///
/// # Errors
///
/// The system's own; fewer than two samples.
pub fn susceptibilities<S: Responsive<Rdc = Rdc>>(
    system: &S,
    line: &Segment,
    samples: usize,
) -> Result<Vec<Susceptibility>, GeometryError<S::Error>> {
    if samples < 2 {
        let expected = "at least 2";
        return Err(GeometryError::Option { name: "samples", expected, value: samples as f64 });
    }
    let mut from = None;
    let mut found = Vec::with_capacity(samples);
    for sample in 0..samples {
        let position = sample as f64 / (samples - 1) as f64;
        let at = solve(system, line.at(position)?, from.as_ref())?;
        found.push(Susceptibility::of(position, at.multipliers, respond(system, &at)?));
        from = Some(at.state);
    }
    Ok(found)
}
