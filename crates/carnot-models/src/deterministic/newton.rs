//! Newton's method in a region of trust, on exact products with the second derivatives.

use carnot_surface::Multipliers;

use super::objective::{Objective, Value};
use crate::ModelError;
use crate::krylov::{End, Limits, add_scaled, dot, norm, within_radius};

/// Where a descent came to.
pub(super) struct Descended {
    pub(super) value: Value,
    /// The norm of the gradient.
    pub(super) slope: f64,
    /// Steps of Newton's method.
    pub(super) steps: usize,
    /// Products with second derivatives.
    pub(super) products: usize,
}

/// The part of the predicted decrease below which a step is not taken, and from which the model is trusted farther.
const TAKEN: f64 = 1e-4;
const TRUSTED: f64 = 0.75;
/// The part of it below which the model is trusted less far.
const DOUBTED: f64 = 0.25;

/// A decrease below this part of the objective is rounding: the gradient decides.
const ROUNDING: f64 = 1e-13;

/// Steps that may gain nothing before what was reached is all that rounding allows.
const PATIENCE: usize = 3;

/// The forcing term of the linear systems: their residual relative to the gradient, at most this.
const FORCING: f64 = 0.1;

/// Moves the parameters to where the gradient is as small as it becomes, in at most `most_steps` steps. A step goes at most as
/// far as the model of second order was found to hold, and along directions of negative curvature as far as that: the objective
/// never rises by more than rounding.
pub(super) fn descend(
    objective: &mut Objective<'_>,
    at: Multipliers,
    parameters: &mut Vec<f64>,
    most_steps: usize,
    floor: f64,
) -> Result<Descended, ModelError> {
    let n = parameters.len();
    let (mut gradient, mut trial_gradient) = (vec![0.0; n], vec![0.0; n]);
    let mut value = objective.gradient(parameters, at, &mut gradient)?;
    let mut slope = norm(&gradient);
    let first = slope;
    let mut radius = norm(parameters).max(1.0);
    let (mut steps, mut products, mut patience) = (0, 0, PATIENCE);
    while slope > floor && steps < most_steps && patience > 0 {
        let downhill: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
        let limits = Limits { rtol: FORCING.min((slope / first).sqrt()), ..Limits::default() };
        let mut curved = objective.linearise(parameters, at)?;
        let solved =
            within_radius(|v: &[f64], out: &mut [f64]| curved.multiply(v, out), &downhill, radius, &limits)?;
        products += solved.products;
        steps += 1;
        let mut image = vec![0.0; n];
        curved.multiply(&solved.solution, &mut image)?;
        let predicted = dot(&downhill, &solved.solution) - 0.5 * dot(&solved.solution, &image);
        let mut trial = parameters.clone();
        add_scaled(1.0, &solved.solution, &mut trial);
        let there = objective.gradient(&trial, at, &mut trial_gradient)?;
        let (decrease, trial_slope) = (value.total - there.total, norm(&trial_gradient));
        let length = norm(&solved.solution);
        let is_rounding = predicted <= ROUNDING * value.total.abs().max(1.0);
        let share = if is_rounding {
            // The objective no longer tells, but the gradient does.
            if trial_slope < slope { 1.0 } else { 0.0 }
        } else if trial_slope.is_finite() {
            decrease / predicted
        } else {
            f64::NEG_INFINITY
        };
        if share > TRUSTED && matches!(solved.end, End::Boundary | End::NegativeCurvature { .. }) {
            radius *= 2.0;
        } else if share.is_nan() || share < DOUBTED {
            radius = 0.25 * length.min(radius);
        }
        patience = if is_rounding && trial_slope >= 0.5 * slope { patience - 1 } else { PATIENCE };
        if share > TAKEN {
            std::mem::swap(parameters, &mut trial);
            std::mem::swap(&mut gradient, &mut trial_gradient);
            (value, slope) = (there, trial_slope);
        }
    }
    Ok(Descended { value, slope, steps, products })
}
