//! What the report says about the figure.

use super::network::{RIDGE, Shown};
use crate::figure::Metric;

pub(super) const CLAIM: &str = "Networks trained to equilibrium lie on a convex surface with the structure of \
    thermodynamics, and a process on it moves the weights by θ' = A⁻¹ (λ' b_λ + γ' b_γ), A being the Hessian of the \
    objective (section 4). The paper does not measure its relations on a network.";

/// What is shown and how it was made.
pub(super) fn summary(shown: &Shown) -> Vec<String> {
    vec![
        format!(
            "A network of {} weights with smooth activations on synthetic digits of 7 × 7 pixels, all of them at once, the \
             noise of z drawn once, in double precision. R + λD + γC + (ε/2)|θ|² with ε = {RIDGE} is then an ordinary \
             function of the weights; its minima are found by L-BFGS and Newton's method on exact products with its second \
             derivatives, and followed from point to point along their branch. The ridge gives it a minimum; it is part of \
             the rate, and of neither D nor C.",
            shown.parameters
        ),
        "The response is S = −(∇D, ∇C)ᵀ A⁻¹ (∇D, ∇C), by conjugate gradients. At some points it is measured too: D and C \
         at equilibria found again on either side, six to a derivative, nothing being assumed of its symmetry. The two mixed \
         derivatives are Maxwell's relation. The process is that of the exact systems, unchanged."
            .to_owned(),
        "Below at right, the objective during a training by Adam of a new network, less its value at the minimum that the \
         training leads to: the free energy that a process of finite speed dissipates."
            .to_owned(),
    ]
}

/// Our numbers beside the claim.
pub(super) fn finding(shown: &Shown, metrics: &[Metric]) -> String {
    let value = |name: &str| metrics.iter().find(|m| m.name == name).map_or(f64::NAN, |m| m.value);
    let gammas = |k: usize| shown.held.get(k).map_or(f64::NAN, |held| held.multipliers.gamma());
    format!(
        "At {} points the measured derivatives are within {:.0e} of the predicted response, and dD/dγ and dC/dλ within \
         {:.0e} of each other, relative to √(S11 S22). F exceeds none of its tangent planes by more than {:.0e} nats over \
         {} pairs of points. While λ goes from one side to the other γ goes from {:.2} to {:.2} and C stays within {:.0e} \
         nats. The training begins {:.1} nats above its minimum and ends {:.0e} above it.",
        value("responses_measured"),
        value("response_worst"),
        value("maxwell_worst"),
        value("concavity_worst_violation").max(0.0),
        value("concavity_pairs"),
        gammas(0),
        gammas(shown.held.len().saturating_sub(1)),
        value("held_drift"),
        value("excess_at_first"),
        value("excess_at_last"),
    )
}
