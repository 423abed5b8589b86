//! Equilibria in the natural variables of a potential: at given multipliers, at given (D, C), or at one of each.

use super::GeometryError;
use super::segment::{respond, solve};
use crate::{At, Multipliers, Rdc, Responsive};

/// One natural variable: the multiplier itself, or its conjugate observable, D of lambda and C of gamma.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Variable {
    /// The multiplier.
    Multiplier(f64),
    /// The observable; the multiplier is solved for.
    Observable(f64),
}

/// An equilibrium that was solved for, and how well.
pub(super) struct Found<S: Responsive> {
    pub(super) at: At<S>,
    /// The last step of the multipliers that were solved for, relative: their uncertainty.
    pub(super) step: f64,
}

/// Steps below this, relative, are rounding.
const CONVERGED: f64 = 1e-14;
/// A step that no longer shrinks is accepted below this, the square root of the rounding: what is left at a condition
/// of 1e8, from which a response counts as degenerate.
const STALLED: f64 = 1.5e-8;
/// Newton's method doubles the digits; what takes longer does not converge.
const MAX_STEPS: usize = 60;
/// No step takes more than this share of a multiplier, so that both stay positive.
const LARGEST_STEP: f64 = 0.75;

/// The equilibrium at the natural variables `[lambda or D, gamma or C]`, searched for from `from`.
///
/// It is the maximum over the free multipliers of `F - lambda D* - gamma C*`, which is concave with gradient
/// `(D - D*, C - C*)` and Hessian S: Newton's method, its steps cut back until the slope along the step has fallen.
pub(super) fn equilibrium_at<S: Responsive<Rdc = Rdc>>(
    system: &S,
    variables: [Variable; 2],
    from: &At<S>,
) -> Result<Found<S>, GeometryError<S::Error>> {
    let place = |start: [f64; 2]| -> [f64; 2] {
        [0, 1].map(|k| match variables[k] {
            Variable::Multiplier(value) => value,
            Variable::Observable(_) => start[k],
        })
    };
    let missing = |at: &At<S>| -> [f64; 2] {
        let found = [at.rdc.distortion, at.rdc.classification];
        [0, 1].map(|k| match variables[k] {
            Variable::Multiplier(_) => 0.0,
            Variable::Observable(wanted) => found[k] - wanted,
        })
    };
    let mut multipliers = place([from.multipliers.lambda(), from.multipliers.gamma()]);
    let mut at = solve(system, Multipliers::new(multipliers[0], multipliers[1])?, Some(&from.state))?;
    let wanted = variables.map(|variable| match variable {
        Variable::Multiplier(_) => None,
        Variable::Observable(value) => Some(value),
    });
    if wanted == [None, None] {
        return Ok(Found { at, step: 0.0 });
    }
    let mut last = f64::INFINITY;
    for _ in 0..MAX_STEPS {
        let gradient = missing(&at);
        let mut step = newton_step(system, &at, variables, gradient)?;
        let relative = relative_size(step, multipliers);
        if relative <= CONVERGED || (relative <= STALLED && relative >= 0.5 * last) {
            return Ok(Found { at, step: relative });
        }
        last = relative;
        if relative > LARGEST_STEP {
            step = step.map(|part| part * (LARGEST_STEP / relative));
        }
        let slope = dot(gradient, step);
        loop {
            let trial = [multipliers[0] + step[0], multipliers[1] + step[1]];
            let next = solve(system, Multipliers::new(trial[0], trial[1])?, Some(&at.state))?;
            // Along the step the slope of a concave function falls. Beyond the maximum it is negative, and a cut step
            // that comes as far beyond as it started before gains nothing.
            let steepness = dot(missing(&next), step).abs();
            if steepness <= 0.9 * slope || relative_size(step, multipliers) <= STALLED {
                (multipliers, at) = (trial, next);
                break;
            }
            step = step.map(|part| 0.5 * part);
        }
    }
    Err(GeometryError::NotConverged { wanted, steps: MAX_STEPS, step: last })
}

/// `-S^-1 gradient` on the free multipliers.
fn newton_step<S: Responsive<Rdc = Rdc>>(
    system: &S,
    at: &At<S>,
    variables: [Variable; 2],
    gradient: [f64; 2],
) -> Result<[f64; 2], GeometryError<S::Error>> {
    let response = respond(system, at)?;
    let free = variables.map(|variable| matches!(variable, Variable::Observable(_)));
    let scalar = |curvature: f64, slope: f64| {
        let step = -slope / curvature;
        step.is_finite().then_some(step).ok_or(crate::Degenerate { condition: f64::INFINITY })
    };
    Ok(match free {
        [true, true] => response.regular(at.multipliers)?.multipliers_along(gradient.map(|slope| -slope)),
        [true, false] => [scalar(response.distortion_lambda, gradient[0])?, 0.0],
        [false, true] => [0.0, scalar(response.classification_gamma, gradient[1])?],
        [false, false] => [0.0, 0.0],
    })
}

fn dot(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

fn relative_size(step: [f64; 2], multipliers: [f64; 2]) -> f64 {
    let part = |k: usize| if step[k] == 0.0 { 0.0 } else { (step[k] / multipliers[k]).abs() };
    part(0).max(part(1))
}
