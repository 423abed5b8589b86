//! A bottleneck with both kinds of transition: (X, Y) uniform over the five pairs 00, 02, 12, 21, 22.
//!
//! Nothing is said below `gamma = 2`. There the curve jumps to a plateau, Z telling 0 from 2 with the 1 shared out
//! evenly: `I(X;Z) = 4/5 ln 2`, `I(Z;Y) = 2/5 ln 2`, and no response at all. At `gamma = ln 5 / ln(5/3)` a third letter enters
//! continuously and takes a share s of `X = 1`, with
//!
//! ```text
//! ln((5 - s) / (1 - s)) = gamma ln((5 - s) / (3 - s))
//! ```
//!
//! The derivative in s of `I(X;Z) - gamma I(Z;Y)`, all of it over 5, is the difference of the two sides.

use std::f64::consts::LN_2;

use super::BottleneckPoint;
use crate::numeric::{bisect, entropy};

/// The multiplier of the jump.
pub const FIRST_ORDER: f64 = 2.0;

/// The joint distribution `p(x, y)`, three rows of three.
pub fn joint() -> Vec<f64> {
    vec![0.2, 0.0, 0.2, 0.0, 0.0, 0.2, 0.0, 0.2, 0.2]
}

/// `H(Y)`.
pub fn label_entropy() -> f64 {
    entropy(&[0.2, 0.2, 0.6])
}

/// The multiplier `ln 5 / ln(5/3)` at which the third letter enters.
pub fn second_order() -> f64 {
    5f64.ln() / (5f64 / 3.0).ln()
}

/// The point at a multiplier gamma, the lower end of the jump at `gamma = 2` itself.
pub fn point(gamma: f64) -> BottleneckPoint {
    if gamma <= FIRST_ORDER {
        return BottleneckPoint { rate: 0.0, relevance: 0.0 };
    }
    if gamma <= second_order() {
        return BottleneckPoint { rate: 0.8 * LN_2, relevance: 0.4 * LN_2 };
    }
    let excess = |s: f64| ((5.0 - s) / (1.0 - s)).ln() - gamma * ((5.0 - s) / (3.0 - s)).ln();
    with_share(bisect(excess, 0.0, 1.0))
}

/// The point at a share s of `X = 1`.
fn with_share(s: f64) -> BottleneckPoint {
    // Of each of the two outer letters: its probability, and that of the label that goes with it alone.
    let (outer, told) = (0.5 - 0.1 * s, 0.2);
    let noise = entropy(&[s, 0.5 * (1.0 - s), 0.5 * (1.0 - s)]);
    let labels = 2.0 * (entropy(&[told, outer - told]) - entropy(&[outer]));
    BottleneckPoint {
        rate: entropy(&[0.2 * s, outer, outer]) - 0.2 * noise,
        relevance: label_entropy() - labels,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::golden_section;
    use crate::{DiscreteProblem, Stop, assert_close, plain_alternation};

    #[test]
    fn the_printed_numbers() {
        assert_close!(second_order(), 3.1506601031, rtol = 0.0, atol = 0.5e-10);
        // In bits: the plateau, and the point at 10 to the ten digits that hold.
        let plateau = point(2.5);
        assert_close!(plateau.rate / LN_2, 0.8, rtol = 1e-15, atol = 0.0);
        assert_close!(plateau.relevance / LN_2, 0.4, rtol = 1e-15, atol = 0.0);
        let ten = point(10.0);
        assert_close!(ten.rate / LN_2, 1.5129028123, rtol = 0.0, atol = 1e-9);
        assert_close!(ten.relevance / LN_2, 0.5701613882, rtol = 0.0, atol = 1e-9);
        // The plateau is the share zero.
        let (zero, five) = (with_share(0.0), 0.8 * LN_2);
        assert_close!(zero.rate, five, rtol = 1e-14, atol = 0.0);
        assert_close!(zero.relevance, 0.4 * LN_2, rtol = 1e-14, atol = 0.0);
    }

    #[test]
    fn no_other_share_does_better() {
        for gamma in [2.0, 3.0, 3.2, 5.0, 30.0] {
            let least = golden_section(|s| with_share(s).objective(gamma), 0.0, 1.0).value;
            // The rounding of a dozen operations.
            assert_close!(point(gamma).objective(gamma), least.min(0.0), rtol = 1e-13, atol = 1e-14);
        }
    }

    #[test]
    fn plain_alternation_reaches_it() {
        let problem = DiscreteProblem { n_x: 3, n_y: 3, n_z: 3, joint: joint(), distortion: vec![0.0; 9] };
        for gamma in [1.9, 2.5, 4.0, 10.0] {
            let stop = Stop { gap: 0.0, updates: 20_000 };
            let best = (0..5)
                .map(|seed| plain_alternation(&problem, 0.0, gamma, &problem.random_encoder(seed), stop))
                .map(|found| found.free_energy)
                .fold(f64::INFINITY, f64::min);
            let exact = gamma * label_entropy() + point(gamma).objective(gamma);
            // No bound is known beyond gamma = 1; the best of five starts, converged to rounding.
            assert_close!(best, exact, rtol = 0.0, atol = 1e-12);
        }
    }
}
