//! What the report says about the figure.

use super::gaussian::GaussianRun;
use super::learned::{LearnedRun, MODEL};
use super::settings::Settings;
use super::{LAMBDA_END, START, charts};
use crate::data::Parts;
use crate::figure::Metric;

pub(super) const CLAIM: &str = "The paper's iso-classification process trades rate against distortion while the \
    classification loss stays constant (section 4; shown there on MNIST and CIFAR-10).";

/// What is shown and how it was made.
pub(super) fn summary(
    gaussian: &GaussianRun,
    learned: &[LearnedRun],
    parts: &Parts,
    settings: &Settings,
) -> Vec<String> {
    let (pixels, [wide, narrow], latent, classes) = MODEL;
    let schedule = settings.relaxation;
    let process = format!(
        "Left: a fully connected network ({pixels}-{wide}-{narrow}-{latent}, mirrored decoder, linear classifier of \
         {classes} classes) on {}. It is equilibrated at λ = {}, γ = {}; then λ is lowered to {LAMBDA_END}. Blue: γ is \
         steered so that C stays where it was. At each waypoint the network is relaxed, C is measured, and γ is \
         corrected along the slopes of C measured so far until |C / C₀ − 1| is at most {}; a step that cannot get \
         there is halved. Vermillion: the same values of λ and as many gradient steps with γ fixed.",
        parts.name, START.0, START.1, settings.tolerance
    );
    let measured = format!(
        "R, D and C are in nats per sample, measured on {} validation samples that the network is not trained on, \
         one z drawn for each with the same noise at every waypoint; error bars are standard errors, for C / C₀ \
         those of the ratio of paired means. The process steers by these samples, so its C is measured on {} others \
         as well, which it never sees: held_c_test_max_rel_drift. The decoder is Gaussian of variance 1/2: D \
         without its constant is the squared error. Accuracy in the chart is on the validation samples, in the \
         numbers on the test samples. Training: {} samples, Adam, batches of {}, {} steps before the start and {} in \
         each relaxation, over whose second half the learning rate falls and the weights are averaged. A relaxation \
         is not long enough to forget where it came from: C goes on falling for a while after γ was raised, which \
         the next corrections of γ take back. How far from equilibrium the start and the end are is told by relaxing \
         them once more where they are: start_settling_c_rel_change and end_settling_c_rel_change.",
        parts.validation.len(),
        parts.test.len(),
        parts.training.len(),
        schedule.batch_size,
        schedule.initial_steps,
        schedule.steps,
    );
    let exact = format!(
        "Right: the same process on a linear-Gaussian system of eight dimensions and three targets, whose equilibria \
         and response are known in closed form, so that C is held to rounding (changes of exactly zero are drawn at \
         {:e}). On the way the number of encoded modes changes {} times: phase transitions of second order. C is drawn \
         without the constant that no encoder can change.",
        charts::FLOOR,
        gaussian.transitions
    );
    let mut paragraphs = vec![process, measured, exact];
    if learned.len() > 1 {
        paragraphs.push(
            "Each seed is a line; a number with a bound is that of the worst seed, any other the mean over the seeds."
                .to_owned(),
        );
    }
    paragraphs
}

/// Our numbers beside the claim.
pub(super) fn finding(metrics: &[Metric], gaussian: &GaussianRun, learned: &[LearnedRun]) -> String {
    let value = |name: &str| {
        metrics.iter().find(|metric| metric.name == name).map_or(f64::NAN, |metric| metric.value)
    };
    let percent = |name: &str| 100.0 * value(name);
    let mut text = format!(
        "While λ fell by a factor of {:.1}, C stayed within {:.1} % of its start at every waypoint ({:.1} % on the test \
         set) and D changed by {:.0} %; with γ fixed C drifted by {:.0} %. Test accuracy went from {:.3} to {:.3}, with \
         γ fixed to {:.3}. On the Gaussian system C was held to {:.0e} nats across {} transitions.",
        value("lambda_factor"),
        percent("held_c_max_rel_drift"),
        percent("held_c_test_max_rel_drift"),
        percent("distortion_rel_change"),
        percent("free_c_max_rel_drift"),
        value("accuracy_start"),
        value("accuracy_end"),
        value("free_accuracy_end"),
        value("gaussian_c_max_abs_drift"),
        gaussian.transitions,
    );
    for run in learned {
        if let Some(stop) = run.stopped {
            text.push_str(&format!(
                " With seed {} the held process stopped before its end: {stop}.",
                run.seed
            ));
        }
    }
    text
}
