//! K equally likely classes seen through symmetric label noise: a bottleneck whose onset is of first order.
//!
//! X is uniform over K letters and `Y = X` but for a flip to another letter, with probability epsilon in total. A
//! K-ary symmetric channel is given by its correlation `delta = 1 - K / (K - 1) q`, q its flip probability; correlations
//! multiply when channels follow each other, so that with `s = 1 - epsilon K / (K - 1)`
//!
//! ```text
//! R = g(delta)      I(Z;Y) = g(s delta)
//! g(delta) = [ (1 + (K - 1) delta) ln(1 + (K - 1) delta) + (K - 1) (1 - delta) ln(1 - delta) ] / K
//! ```
//!
//! Representations worth more than they cost exist from `beta* = min over delta of R / I(Z;Y)` on. At `delta -> 0` the
//! ratio is `1 / s^2`, where the trivial solution loses its stability; for `K > 2` the minimum lies at a larger delta,
//! and `beta* < 1 / s^2`: the curve jumps.

use super::BottleneckPoint;
use crate::numeric::bisect;

/// `(1 + r) ln(1 + r) - r` for `r >= -1`, to full relative precision near its double zero at `r = 0`.
fn divergence(r: f64) -> f64 {
    if r <= -1.0 {
        1.0
    } else if r.abs() < 0.1 {
        // sum over k >= 2 of (-r)^k / (k (k - 1)); the terms left out are below 1e-19 of the first.
        (2..20).rev().map(|k| (-r).powi(k) / f64::from(k * (k - 1))).sum()
    } else {
        (1.0 + r) * r.ln_1p() - r
    }
}

/// `g(delta)`: the information that a K-ary symmetric channel of correlation delta in `[0, 1]` carries about its uniform
/// input, in nats.
pub fn information(classes: usize, correlation: f64) -> f64 {
    let (k, others) = (classes as f64, classes as f64 - 1.0);
    (divergence(others * correlation) + others * divergence(-correlation)) / k
}

/// `g'(delta) = (K - 1) / K ln((1 + (K - 1) delta) / (1 - delta))`.
fn information_slope(classes: usize, correlation: f64) -> f64 {
    let others = classes as f64 - 1.0;
    others / classes as f64 * ((others * correlation).ln_1p() - (-correlation).ln_1p())
}

/// `s = 1 - epsilon K / (K - 1)`, the correlation of the label with the class.
pub fn label_correlation(classes: usize, flip: f64) -> f64 {
    1.0 - flip * classes as f64 / (classes as f64 - 1.0)
}

/// The joint distribution `p(x, y)`, row after row.
pub fn joint(classes: usize, flip: f64) -> Vec<f64> {
    let k = classes as f64;
    let entry = |index: usize| if index.is_multiple_of(classes + 1) { 1.0 - flip } else { flip / (k - 1.0) };
    (0..classes * classes).map(|index| entry(index) / k).collect()
}

/// `1 / s^2`: the multiplier at which the trivial solution loses its stability.
pub fn local_threshold(classes: usize, flip: f64) -> f64 {
    label_correlation(classes, flip).powi(-2)
}

/// Where a bottleneck begins to say something.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Onset {
    /// `beta*`.
    pub multiplier: f64,
    /// Where the curve jumps to: zero for a continuous onset.
    pub jump: BottleneckPoint,
}

/// The true onset `beta* = min over delta of g(delta) / g(s delta)`, and the point to which the curve jumps there.
pub fn onset(classes: usize, flip: f64) -> Onset {
    let s = label_correlation(classes, flip);
    let at = |delta: f64| BottleneckPoint {
        rate: information(classes, delta),
        relevance: information(classes, s * delta),
    };
    // The sign of the derivative of the ratio.
    let slope = |delta: f64| {
        let point = at(delta);
        information_slope(classes, delta) * point.relevance
            - s * information_slope(classes, s * delta) * point.rate
    };
    // The first point of a grid from which the ratio rises; to its left the ratio falls, or there is nothing.
    let grid = |step: usize| step as f64 / 1000.0;
    match (1..1000).find(|&step| slope(grid(step)) > 0.0) {
        Some(step) if step > 1 => {
            let jump = at(bisect(slope, grid(step - 1), grid(step)));
            Onset { multiplier: jump.rate / jump.relevance, jump }
        }
        _ => Onset {
            multiplier: local_threshold(classes, flip),
            jump: BottleneckPoint { rate: 0.0, relevance: 0.0 },
        },
    }
}

/// The point of the curve at a multiplier `beta`: no information below the onset, above it the symmetric channel with
/// `g'(delta) = beta s g'(s delta)`.
pub fn point(classes: usize, flip: f64, beta: f64) -> BottleneckPoint {
    let onset = onset(classes, flip);
    if beta <= onset.multiplier {
        return BottleneckPoint { rate: 0.0, relevance: 0.0 };
    }
    let s = label_correlation(classes, flip);
    let slope =
        |delta: f64| information_slope(classes, delta) - beta * s * information_slope(classes, s * delta);
    // Above the onset the objective falls to its least value and rises from there to delta = 1, where its slope is
    // infinite: the last sign change of a grid.
    let grid = |step: usize| step as f64 / 1000.0;
    let last = (1..1000).rev().find(|&step| slope(grid(step)) < 0.0).unwrap_or(0);
    let low = if last == 0 { f64::MIN_POSITIVE } else { grid(last) };
    let delta = bisect(slope, low, grid(last + 1));
    BottleneckPoint { rate: information(classes, delta), relevance: information(classes, s * delta) }
}

#[cfg(test)]
mod tests {
    use super::super::binary_pair;
    use super::*;
    use crate::finite_difference::central;
    use crate::numeric::golden_section;
    use crate::{DiscreteProblem, Stop, assert_close, plain_alternation};

    #[test]
    fn the_printed_numbers() {
        // Two classes: continuous.
        let two = onset(2, 0.1);
        assert_close!(two.multiplier, 1.5625, rtol = 1e-14, atol = 0.0);
        assert_eq!(two.jump.rate, 0.0);
        // Three: earlier than the local threshold, with a jump. Printed to eight and ten digits.
        assert_close!(local_threshold(3, 0.1), 1.38408304, rtol = 0.0, atol = 0.5e-8);
        let three = onset(3, 0.1);
        assert_close!(three.multiplier, 1.3755005857, rtol = 0.0, atol = 0.5e-10);
        assert_close!(three.jump.rate, 0.0680833951, rtol = 0.0, atol = 0.5e-10);
        assert_close!(three.jump.relevance, 0.0494971764, rtol = 0.0, atol = 0.5e-10);
    }

    #[test]
    fn the_information_is_a_difference_of_entropies() {
        for (classes, q) in [(2, 0.3), (3, 0.6), (10, 0.05), (3, 0.66)] {
            let k = classes as f64;
            let correlation = 1.0 - q * k / (k - 1.0);
            let entropies = k.ln() - crate::numeric::binary_entropy(q) - q * (k - 1.0).ln();
            assert_close!(
                information(classes, correlation),
                entropies,
                rtol = 0.0,
                atol = 1e-15 * k.ln() * 4.0
            );
            let slope = central(|delta| information(classes, delta), correlation, 1e-3 * correlation);
            let exact = information_slope(classes, correlation);
            assert_close!(slope.value, exact, rtol = 1e-9, atol = 10.0 * slope.error);
        }
        assert_close!(information(3, 1.0), 3f64.ln(), rtol = 1e-15, atol = 0.0);
        // The series and the closed form meet.
        assert_close!(divergence(0.1 - 1e-16), divergence(0.1), rtol = 1e-13, atol = 0.0);
        assert_close!(divergence(-0.1 + 1e-16), divergence(-0.1), rtol = 1e-13, atol = 0.0);
        // g(delta) = (K - 1) delta^2 / 2 for small delta.
        assert_close!(information(3, 1e-6), 1e-12, rtol = 1e-6, atol = 0.0);
    }

    #[test]
    fn no_channel_of_a_scan_has_a_smaller_ratio() {
        for (classes, flip) in [(2, 0.3), (3, 0.1), (4, 0.3), (10, 0.2), (10, 0.6)] {
            let s = label_correlation(classes, flip);
            let ratio = |delta: f64| information(classes, delta) / information(classes, s * delta);
            let least = golden_section(|log| ratio(log.exp()), 1e-6f64.ln(), 0.0);
            let found = onset(classes, flip);
            // The scan ends at 1e-6, where the ratio is above its limit by about as much.
            assert_close!(found.multiplier, least.value, rtol = 2e-6, atol = 0.0);
            assert!(found.multiplier <= least.value * (1.0 + 1e-14), "{classes} classes, flip {flip}");
            assert_eq!(found.jump.rate > 0.0, classes > 2);
        }
    }

    #[test]
    fn two_classes_follow_mrs_gerber() {
        for beta in [1.6, 2.0, 5.0] {
            let (found, exact) = (point(2, 0.1, beta), binary_pair::flip(0.1, 0.0, beta));
            let exact = binary_pair::bottleneck(0.1, exact);
            assert_close!(found.rate, exact.rate, rtol = 1e-12, atol = 0.0);
            assert_close!(found.relevance, exact.relevance, rtol = 1e-12, atol = 0.0);
        }
    }

    #[test]
    fn plain_alternation_sees_the_jump() {
        // Trivial just below the onset and R = .0946 just above, from a start on the far side.
        let problem =
            DiscreteProblem { n_x: 3, n_y: 3, n_z: 3, joint: joint(3, 0.1), distortion: vec![0.0; 9] };
        let stop = Stop { gap: 0.0, updates: 20_000 };
        let solve = |beta| plain_alternation(&problem, 0.0, beta, &problem.diagonal_encoder(), stop);
        let label_entropy = 3f64.ln();
        let above = solve(1.377501);
        assert_close!(above.rate, 0.0946, rtol = 0.0, atol = 0.5e-4);
        let exact = point(3, 0.1, 1.377501);
        // Plain alternation has converged to the rounding of F, so to its square root in R.
        assert_close!(above.rate, exact.rate, rtol = 0.0, atol = 1e-6);
        let free_energy = 1.377501 * label_entropy + exact.objective(1.377501);
        assert_close!(above.free_energy, free_energy, rtol = 0.0, atol = 1e-12);
        // The trivial solution is better below, and not above.
        assert!(above.free_energy < 1.377501 * label_entropy - 1e-5);
        assert!(solve(1.373501).free_energy >= 1.373501 * label_entropy - 1e-13);
    }
}
