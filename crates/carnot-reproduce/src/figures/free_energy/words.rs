//! What the report says about the figure.

use super::{GRID, RANGE, Shown};
use crate::figure::Metric;
use crate::figures::exact;

pub(super) const CLAIM: &str = "The free energy F(λ, γ) = min R + λD + γC is concave, its gradient is (D, C), and \
    R(D, C) is its Legendre transform, with the slopes −λ and −γ (section 3).";

/// What is shown and how it was made.
pub(super) fn summary(shown: &[Shown]) -> Vec<String> {
    let (low, high) = RANGE;
    let mut paragraphs = vec![format!(
        "F, its gradient and its Hessian, the response, at {GRID} × {GRID} pairs of multipliers between {low} and \
         {high}. The entries of the response are drawn in units of the multipliers and with the sign that makes them \
         heat capacities: they jump where a transition of second order is crossed, while F, D and C are continuous."
    )];
    for shown in shown {
        paragraphs.push(format!(
            "The {} system is {}. {}",
            shown.name,
            shown.words,
            exact::constants_in_words(shown.constants)
        ));
    }
    paragraphs.push(
        "Below, what follows from F being a minimum. Concavity: for all pairs of points, F at one lies below the plane \
         that touches it at the other. Maxwell's relations: F, R, F − γC and F − λD each have a mixed second derivative \
         that can be measured in two ways; both sides are six-point differences of equilibria solved again, with what \
         the relation holds constant held by solving for a multiplier. Where the response cannot be inverted, or a \
         transition lies within a stencil, there is nothing to measure; such points are counted. Integrals: D dλ + C dγ \
         around rectangles, split at the transitions located on them, must vanish; along the diagonals of the \
         rectangles it must be the change of F."
            .to_owned(),
    );
    paragraphs
}

/// Our numbers beside the claim.
pub(super) fn finding(shown: &[Shown], metrics: &[Metric]) -> String {
    let value = |name: &str| metrics.iter().find(|m| m.name == name).map_or(f64::NAN, |m| m.value);
    let maxwell =
        metrics.iter().filter(|m| m.name.starts_with("maxwell") && m.bound.is_some()).map(|m| m.value);
    let boundaries: usize = shown.iter().map(|shown| shown.boundaries.len()).sum();
    format!(
        "F exceeds none of its tangent planes by more than {:.0e} nats over {} pairs of points. The sides of Maxwell's \
         four relations differ by at most {:.0e} of the potential's second derivatives at {} measurements. {} loops, \
         which cross {} transitions of {boundaries} kinds, integrate to at most {:.0e} of the size of what they sum.",
        value("concavity_worst_violation"),
        value("concavity_pairs"),
        maxwell.fold(0.0, f64::max),
        value("maxwell_measured"),
        value("loops"),
        value("transitions_crossed_by_loops"),
        value("loop_integral_worst"),
    )
}
