//! What every rate-distortion function and its free energy owe each other.

use crate::finite_difference::central;
use crate::numeric::golden_section;
use crate::{DiscreteProblem, Stop, assert_close, plain_alternation};

/// Checks `F(lambda, gamma)`, `gamma <= 1`, against the certified bounds of plain alternation from a random start.
pub(super) fn check_by_alternation(problem: &DiscreteProblem, lambda: f64, gamma: f64, exact: f64) {
    let stop = Stop { gap: 1e-10, updates: 20_000 };
    let found = plain_alternation(problem, lambda, gamma, &problem.random_encoder(1), stop);
    // At a transition the gap falls like one over the updates; what is then known is still worth the comparison.
    assert!(found.gap() < 1e-3, "gap {:e} after {} updates", found.gap(), found.updates);
    let rounding = 1e-14 * (1.0 + exact.abs());
    assert!(
        exact <= found.free_energy + rounding && exact >= found.lower_bound - rounding,
        "F = {exact}, between {} and {} at lambda {lambda}, gamma {gamma}",
        found.lower_bound,
        found.free_energy
    );
}

/// A rate-distortion function by its four maps. The distortion falls in lambda.
pub(super) struct RateDistortion<R, M, D, F> {
    pub(super) rate: R,
    pub(super) multiplier: M,
    pub(super) distortion: D,
    pub(super) free_energy: F,
}

impl<R, M, D, F> RateDistortion<R, M, D, F>
where
    R: Fn(f64) -> f64,
    M: Fn(f64) -> f64,
    D: Fn(f64) -> f64,
    F: Fn(f64) -> f64,
{
    /// Checks a place where F is smooth and R is not zero.
    pub(super) fn check_at(&self, lambda: f64, largest_distortion: f64) {
        let distortion = (self.distortion)(lambda);
        let free_energy = (self.free_energy)(lambda);
        // F = min over D of R(D) + lambda D, the numerical minimum in log D.
        let objective = |log: f64| (self.rate)(log.exp()) + lambda * log.exp();
        let low = (1e-9 * distortion).ln();
        let minimum = golden_section(objective, low, largest_distortion.ln());
        // The rounding of a dozen operations on numbers of this size.
        assert_close!(minimum.value, free_energy, rtol = 1e-14, atol = 1e-14, "F at lambda {lambda}");
        // And its own point lies on it.
        let there = (self.rate)(distortion) + lambda * distortion;
        assert_close!(there, free_energy, rtol = 1e-14, atol = 1e-14, "R + lambda D at lambda {lambda}");
        // The multiplier is the slope, and inverts the distortion; where R is nearly flat in D, that loses digits.
        assert_close!((self.multiplier)(distortion), lambda, rtol = 1e-11, atol = 0.0);
        let step = 1e-3 * distortion.min(largest_distortion - distortion);
        let slope = central(&self.rate, distortion, step);
        // R may be a difference of entropies of a few nats, whose rounding the stencil cannot see.
        let atol = 10.0 * slope.error + 1e-14 / step;
        assert_close!(-slope.value, lambda, rtol = 1e-8, atol = atol, "dR/dD at {distortion}");
        // The envelope theorem.
        let derivative = central(&self.free_energy, lambda, 1e-3 * lambda);
        let atol = 10.0 * derivative.error;
        assert_close!(derivative.value, distortion, rtol = 1e-8, atol = atol, "dF/dlambda at {lambda}");
    }
}
