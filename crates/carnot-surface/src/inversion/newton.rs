//! The short way to two wanted observables: Newton's method in both multipliers.

use super::InversionError;
use super::oracle::Oracle;
use super::settle::Wanted;
use crate::{At, Multipliers, Rdc, Responsive};

/// The longest step in the logarithm of a multiplier: a factor of 16.
const LONGEST_STEP: f64 = 4.0 * std::f64::consts::LN_2;
/// How close to their targets both are brought, in units of their tolerances, where rounding lets them: with room to tell a
/// plateau from its edge.
const AIM: f64 = 1e-3;
/// Steps after which the long way is taken.
const MOST_STEPS: usize = 30;
/// Halvings of a step after which the long way is taken.
const MOST_HALVINGS: usize = 4;

/// The equilibrium at which both are met, from `start`, or `None` where the response is degenerate, a multiplier leaves
/// its limits, the residuals do not fall, or they stay met around a solution, which is then a plateau's.
///
/// Steps are in the logarithms of the multipliers. Their direction is one in which the concave dual `F - lambda D* -
/// gamma C*` rises: `r . -S^-1 r >= 0` for its gradient r. A point so found is the one there is, since a concave function
/// has its maximum wherever its gradient is zero.
pub(super) fn newton<S: Responsive<Rdc = Rdc>>(
    oracle: &mut Oracle<'_, S>,
    wanted: [Wanted; 2],
    start: Multipliers,
) -> Result<Option<At<S>>, InversionError<S::Error>> {
    let options = oracle.options;
    let limits = options.smallest_multiplier..=options.largest_multiplier;
    // In units of the tolerances, so that both are met at one.
    let residuals = |found: &At<S>| wanted.map(|w| w.residual(&found.rdc) / options.allowed(w.value));
    let size = |[first, second]: [f64; 2]| first.abs().max(second.abs());
    let mut found = oracle.equilibrium([start.lambda(), start.gamma()])?;
    for _ in 0..MOST_STEPS {
        let at = found.multipliers;
        let Some(s) = oracle.response(&found).filter(|s| s.regular(at).is_ok()) else { return Ok(None) };
        let residual = residuals(&found);
        let row = |w: Wanted| {
            let [by_lambda, by_gamma] = s.gradient(w.observable, at);
            let scale = options.allowed(w.value);
            [by_lambda * at.lambda() / scale, by_gamma * at.gamma() / scale]
        };
        let [[a, b], [c, d]] = wanted.map(row);
        let determinant = a * d - b * c;
        // The least that a change of the multipliers by a factor of e in all moves the observables, in their tolerances.
        let is_flat = determinant.abs() <= a.hypot(b).hypot(c.hypot(d));
        if size(residual) <= AIM {
            return Ok((!is_flat).then_some(found));
        }
        let step = [
            (b * residual[1] - d * residual[0]) / determinant,
            (c * residual[0] - a * residual[1]) / determinant,
        ];
        let mut share = (LONGEST_STEP / size(step)).min(1.0);
        let mut better = None;
        for _ in 0..=MOST_HALVINGS {
            let [lambda, gamma] =
                [at.lambda() * (share * step[0]).exp(), at.gamma() * (share * step[1]).exp()];
            if !(limits.contains(&lambda) && limits.contains(&gamma)) {
                return Ok(None);
            }
            let trial = oracle.equilibrium([lambda, gamma])?;
            if size(residuals(&trial)) < (1.0 - 0.1 * share) * size(residual) {
                better = Some(trial);
                break;
            }
            share *= 0.5;
        }
        match better {
            Some(trial) => found = trial,
            // As close as rounding allows.
            None => return Ok((size(residual) <= 1.0 && !is_flat).then_some(found)),
        }
    }
    Ok(None)
}
