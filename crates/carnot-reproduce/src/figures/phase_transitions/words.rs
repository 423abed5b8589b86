//! What the report says about the figure.

use super::Shown;
use super::letters::GAMMA;
use super::onset::NOISE;
use crate::figure::Metric;
use crate::figures::exact;

pub(super) const CLAIM: &str = "The equilibrium surface has phase transitions: as the multipliers grow, an optimal \
    representation takes up one feature after the other, each at a critical value (Chechik et al. 2005 for Gaussian \
    variables, Wu and Fischer 2020 in general; the paper's processes cross them).";

/// What is shown and how it was made.
pub(super) fn summary(shown: &Shown) -> Vec<String> {
    let run = &shown.gaussian;
    vec![
        format!(
            "The Gaussian system is {}. Mode i of its equilibrium is encoded where its strength μᵢ, an eigenvalue of \
             λ times the cost of distortion plus γ times that of classification loss, is above one. On a ray \
             (λ, γ) = t (λ₀, γ₀) the strengths are proportional to t, which puts the transitions at t = 1 / μᵢ(1).",
            run.words
        ),
        "They are located without that: the ray is cut into panels, the panels where the number of encoded modes \
         changes are halved down to 1e-12 of its length, and the observables and the response are extrapolated to the \
         transition from either side. The heat capacity −t² d²F/dt², with t as the inverse of a temperature, is one half \
         for each encoded mode, as that of a classical degree of freedom: a transition of second order, at which it \
         steps by one half while R, D and C are continuous."
            .to_owned(),
        exact::constants_in_words(run.constants),
        format!(
            "The bottleneck, at λ = 0: as many inputs as labels, and labels that are wrong with probability {NOISE}, any \
             other one being as likely. Nothing learned is a local minimum up to γ = 1 / σ₂², with σ₂ the maximal \
             correlation of input and label; that is the onset of learning with two labels. With more of them it is only \
             the end of a metastable branch: the onset comes before it, where a letter with some posterior r first pays for \
             itself, at the least KL(r ‖ p) / KL(r_Y ‖ p_Y) (markers on the axis), and R and C jump. It is located by \
             halving the interval in which the rate ceases to be zero."
        ),
        format!(
            "Letters: {}. At γ = {GAMMA}, where the minimum is global, each letter that is not in use promises w, the best \
             that a first use of it could do; it enters where w reaches one, and leaves again where another letter does \
             its work better. How often it is used grows from zero: these are transitions of second order.",
            shown.letters.words
        ),
    ]
}

/// Our numbers beside the claim.
pub(super) fn finding(shown: &Shown, metrics: &[Metric]) -> String {
    let value = |name: &str| metrics.iter().find(|m| m.name == name).map_or(f64::NAN, |m| m.value);
    let onset = |onset: &super::Onset| {
        let jump = if onset.is_first_order() {
            format!("by a jump of R to {:.6} nats", onset.sides[1].rate)
        } else {
            "continuously".to_owned()
        };
        format!("{} labels begin to be learned at γ = {:.7}, {jump}.", onset.labels, onset.located)
    };
    let onsets = shown.onsets.iter().map(onset).collect::<Vec<_>>().join(" ");
    format!(
        "All {} transitions of the Gaussian system on its rays are of second order and where theory puts them, to {:.0e} \
         of t. There D and C jump by less than {:.0e} nats, and the heat capacity by one half to {:.0e}. {} Letters of the discrete \
         system enter and leave {} times, each with a promise of one to {:.0e}.",
        value("gaussian_transitions"),
        value("gaussian_location_worst"),
        value("gaussian_observable_jump_worst"),
        value("gaussian_heat_capacity_step_worst_error"),
        onsets,
        value("letter_changes"),
        value("letter_promise_worst"),
    )
}
