//! The first law along a path of points: `dR = -lambda dD - gamma dC`.

use super::point::{PointError, SurfacePoint, check};
use crate::{Observables, Quantity};

/// What the first law says along a path, in nats. A step from a to b has, for every convex R,
///
/// ```text
/// -lambda_a dD - gamma_a dC <= R_b - R_a <= -lambda_b dD - gamma_b dC,
/// ```
///
/// so that the two sums bracket the change of the rate, however long the steps, across transitions of any order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FirstLaw {
    /// `R(end) - R(start)`.
    pub rate_change: f64,
    /// The sum of `-lambda dD - gamma dC` with the multipliers at the start of each step: at most the change.
    pub at_starts: f64,
    /// The sum with the multipliers at the end of each step: at least the change.
    pub at_ends: f64,
    /// The number of the step whose change of rate is farthest outside its own bracket, or has the least room in it.
    pub worst_step: usize,
    /// How far that step is outside its bracket, in nats; negative where all are inside.
    pub outside: f64,
    /// The largest R, lambda D and gamma C of any step, at either end's multipliers: `outside` is known to their rounding.
    pub scale: f64,
}

impl FirstLaw {
    /// The sum by the trapezoidal rule, `-(lambda_a + lambda_b) dD / 2 - (gamma_a + gamma_b) dC / 2`: of second order.
    pub fn trapezoid(&self) -> f64 {
        0.5 * (self.at_starts + self.at_ends)
    }

    /// The change of the rate less the trapezoidal sum.
    pub fn residual(&self) -> f64 {
        self.rate_change - self.trapezoid()
    }

    /// The largest residual that a convex R allows: half the width of the bracket.
    pub fn bound(&self) -> f64 {
        0.5 * (self.at_ends - self.at_starts)
    }

    /// Whether every step is inside its bracket, up to `relative` times the largest terms.
    pub fn holds(&self, relative: f64) -> bool {
        self.outside <= relative * self.scale
    }
}

/// Sums the first law along a path of points, taken in order; of estimates the means count.
///
/// # Errors
///
/// Fewer than two points, or one that is not finite.
pub fn first_law<V: Observables>(path: &[SurfacePoint<V>]) -> Result<FirstLaw, PointError> {
    check(path, 2)?;
    let mut sums = FirstLaw {
        rate_change: 0.0,
        at_starts: 0.0,
        at_ends: 0.0,
        worst_step: 0,
        outside: f64::NEG_INFINITY,
        scale: 0.0,
    };
    for (step, ends) in path.windows(2).enumerate() {
        let change = ends[1].rdc.change_since(&ends[0].rdc);
        let rate = change.rate().mean();
        let (distortion, classification) = (change.distortion().mean(), change.classification().mean());
        let [start, end] = [0, 1].map(|end| {
            let (lambda, gamma) = (ends[end].multipliers.lambda(), ends[end].multipliers.gamma());
            for SurfacePoint { rdc, .. } in ends {
                let whole = [
                    rdc.rate().mean(),
                    lambda * rdc.distortion().mean(),
                    gamma * rdc.classification().mean(),
                ];
                sums.scale = whole.iter().fold(sums.scale, |scale, term| scale.max(term.abs()));
            }
            -lambda * distortion - gamma * classification
        });
        sums.rate_change += rate;
        sums.at_starts += start;
        sums.at_ends += end;
        let outside = (start - rate).max(rate - end);
        if outside > sums.outside {
            (sums.worst_step, sums.outside) = (step, outside);
        }
    }
    Ok(sums)
}
