//! The response measured: differences of (D, C) solved again, to hold against the formula.

use super::constrained::Constrained;
use super::difference::Derivative;
use super::segment::solve;
use super::{GeometryError, Phased};
use crate::{At, Multipliers, Rdc, Response, Responsive};

/// The four derivatives of (D, C) by the multipliers, nothing being assumed of their symmetry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeasuredResponse {
    /// `dD/dlambda` at fixed gamma.
    pub distortion_lambda: Derivative,
    /// `dD/dgamma` at fixed lambda.
    pub distortion_gamma: Derivative,
    /// `dC/dlambda` at fixed gamma.
    pub classification_lambda: Derivative,
    /// `dC/dgamma` at fixed lambda.
    pub classification_gamma: Derivative,
}

impl MeasuredResponse {
    /// Measured minus `predicted`: of S11, of S12 as `dD/dgamma`, of S12 as `dC/dlambda` and of S22, each with the error
    /// to expect.
    pub fn off(&self, predicted: &Response) -> [Derivative; 4] {
        let less =
            |measured: Derivative, entry: f64| Derivative { value: measured.value - entry, ..measured };
        [
            less(self.distortion_lambda, predicted.distortion_lambda),
            less(self.distortion_gamma, predicted.cross),
            less(self.classification_lambda, predicted.cross),
            less(self.classification_gamma, predicted.classification_gamma),
        ]
    }
}

/// Measures the response at an equilibrium by six-point stencils of half-width `step` times the multipliers; warm starts
/// keep to the branch of `at`. It means nothing where a transition lies within a stencil: see [`is_one_phase`].
///
/// # Errors
///
/// The system's own; a `step` that is not between 0 and 1/2; a multiplier that is zero.
pub fn measure_response<S: Responsive<Rdc = Rdc>>(
    system: &S,
    at: &At<S>,
    step: f64,
) -> Result<MeasuredResponse, GeometryError<S::Error>> {
    let derivative = |of, by| Constrained { natural: [false; 2], by, of }.measure(system, at, step);
    Ok(MeasuredResponse {
        distortion_lambda: derivative(0, 0)?,
        distortion_gamma: derivative(0, 1)?,
        classification_lambda: derivative(1, 0)?,
        classification_gamma: derivative(1, 1)?,
    })
}

/// Whether the eight places at the corners and the middles of the edges of the box `(1 +- step) lambda` by
/// `(1 +- step) gamma` are in the phase of its centre, as every stencil of that step needs.
///
/// # Errors
///
/// The system's own; a `step` that is not between 0 and 1.
pub fn is_one_phase<S: Phased<Rdc = Rdc>>(
    system: &S,
    at: &At<S>,
    step: f64,
) -> Result<bool, GeometryError<S::Error>> {
    if !(step > 0.0 && step < 1.0) {
        return Err(GeometryError::Option { name: "step", expected: "between 0 and 1", value: step });
    }
    let phase = system.phase(at);
    let factors = [1.0 - step, 1.0, 1.0 + step];
    for (i, j) in factors.iter().flat_map(|i| factors.map(|j| (i, j))) {
        let there = Multipliers::new(i * at.multipliers.lambda(), j * at.multipliers.gamma())?;
        if system.phase(&solve(system, there, Some(&at.state))?) != phase {
            return Ok(false);
        }
    }
    Ok(true)
}
