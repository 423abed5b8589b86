//! What the report says about the figure.

use super::drift::{Drifts, QUOTED};
use super::report::PROTOTYPE;
use super::{Shown, curves};
use crate::figure::Metric;
use crate::figures::exact;

pub(super) const CLAIM: &str = "A quasi-static process keeps a system at equilibrium while the multipliers, and possibly the \
    data, change so that the classification loss stays constant: C' = 0 is a linear equation in the rates of change, \
    integrated step by step (section 4).";

/// What is shown and how it was made.
pub(super) fn summary(shown: &Shown) -> Vec<String> {
    let (low, high) = curves::RANGE;
    let (lambda, gamma) = curves::START;
    let [gaussian, discrete] = &shown.moving;
    let segment = |drifts: &Drifts| {
        let ((lambda, gamma), end) = (drifts.segment.start, drifts.segment.end);
        format!("from λ = {lambda}, γ = {gamma} down to λ = {end}")
    };
    vec![
        format!(
            "The system of all panels but that of the moving data is {}. {}",
            shown.words,
            exact::constants_in_words(shown.constants)
        ),
        format!(
            "Drift: C is to be held {}, where all {} modes stay encoded, and {}, where {} of them are given up. Euler's, \
             Heun's and Runge and Kutta's methods follow the tangent field of the curve by themselves in steps of one length; \
             vermillion is Euler's method with every step corrected by Newton's. Dashed: the slopes of the methods' orders. At a \
             transition the tangent breaks, and a method whose step goes across is off by an amount of first order, whatever its \
             own. How much depends on where in the step the transition lies, so that each point is the worst of {} runs \
             that meet it elsewhere. Purple: the drift over {QUOTED} steps in a prototype, on another Gaussian system of four \
             dimensions, {:.0e} nats without transitions and {:.0e} across some.",
            segment(&shown.smooth),
            shown.smooth.encoded[1],
            segment(&shown.across),
            shown.across.encoded[0] - shown.across.encoded[1],
            shown.across.segment.runs,
            PROTOTYPE[0],
            PROTOTYPE[1],
        ),
        format!(
            "Curves: C, D, R and F are held on the way through the equilibrium at λ = {lambda}, γ = {gamma}, by arc length, until a \
             multiplier leaves the range from {low} to {high}. Where a curve meets a transition is predicted without it: on \
             the boundary of a phase, known ray by ray from eigenvalues, by halving until what is held is what it was."
        ),
        format!(
            "Moving data: {}. C is held at λ = {} while the data go along the mixture of the two; γ is steered, and \
             τ = ∂F/∂t is the force with which the data move. Dashed: C with γ as it was at the start. Not drawn, but in the \
             table and in the numbers, {}; letters enter and leave on the way. Maxwell's relation ∂C/∂t = ∂τ/∂γ \
             is measured at every waypoint with no transition in its stencils, both sides by six-point differences of \
             equilibria solved again.",
            gaussian.words, gaussian.lambda, discrete.words
        ),
        "Carnot cycle: C is held, then γ, then C, then γ, back to the start. The work ∫ D dλ + C dγ of a leg is the change \
         of F (squares, at the ends of the legs), whatever the way, and around the cycle it vanishes; ∫ C dγ alone is the \
         rectangle of the two γ and the two C, and ∫ D dλ its negative. Each step is integrated by six equilibria on it."
            .to_owned(),
    ]
}

/// Our numbers beside the claim.
pub(super) fn finding(shown: &Shown, metrics: &[Metric]) -> String {
    let value = |name: &str| metrics.iter().find(|m| m.name == name).map_or(f64::NAN, |m| m.value);
    let residual = value("curves_residual_worst").max(value("moving_residual_worst"));
    format!(
        "Over {QUOTED} steps plain Runge–Kutta drifts by {:.0e} nats where nothing happens on the way and by {:.0e} across \
         transitions, where its order falls from {:.2} to {:.2}; corrected, C stays within {:.0e} and {:.0e}. C, D, R and F \
         are held along {} curves to {residual:.0e} nats, and {} transitions on them are located to {:.0e} of theory. The \
         cycle closes to {:.0e}, both ways around, and its work to {:.0e} of its size. The sides of Maxwell's relation of the force of the \
         data differ by at most {:.0e} nats.",
        value("smooth_runge_kutta_drift_200_steps"),
        value("across_runge_kutta_drift_200_steps"),
        value("smooth_runge_kutta_order"),
        value("across_runge_kutta_order"),
        value("smooth_corrected_worst_drift"),
        value("across_corrected_worst_drift"),
        shown.curves.len() + shown.moving.len(),
        value("curves_transitions"),
        value("curves_transition_location_worst"),
        value("cycle_gap").max(value("cycle_gap_reversed")),
        value("cycle_loop_integral"),
        value("moving_force_maxwell_worst"),
    )
}
