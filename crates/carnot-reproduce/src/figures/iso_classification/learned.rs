//! The process on a neural network: relax, measure C on the fixed set, correct gamma, accept.

use std::sync::Arc;

use carnot_models::{Architecture, Evaluation, LearnedSystem, Likelihood, Relaxation};
use carnot_process::{Drive, Measured, Options, Process, Slopes, StopReason, Tolerance, sweep};
use carnot_surface::{At, Multipliers, Observable, Observables, System};

use super::{LAMBDA_END, Pair, Sample, Value};
use crate::data::Parts;
use crate::figure::{Context, FigureError};

/// How much work goes into the process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) relaxation: Relaxation,
    /// The largest step in ln lambda.
    largest_step: f64,
    /// A waypoint is accepted when `|C / C_0 - 1|` is at most this.
    pub(super) tolerance: f64,
}

impl Settings {
    pub(super) const QUICK: Self = Self {
        relaxation: Relaxation {
            initial_steps: 2_000,
            initial_learning_rate: 1e-3,
            steps: 200,
            learning_rate: 3e-4,
            batch_size: 128,
        },
        largest_step: 0.35,
        tolerance: 0.02,
    };

    pub(super) const FULL: Self = Self {
        relaxation: Relaxation { initial_steps: 8_000, steps: 600, ..Self::QUICK.relaxation },
        largest_step: 0.2,
        tolerance: 0.015,
    };

    #[cfg(test)]
    pub(super) const SMALL: Self = Self {
        relaxation: Relaxation { initial_steps: 300, steps: 40, batch_size: 100, ..Self::QUICK.relaxation },
        largest_step: 1.0,
        tolerance: 0.1,
    };

    fn options(&self) -> Options {
        Options {
            tolerance: Tolerance { rtol: self.tolerance, atol: 0.0 },
            first_step: 0.5 * self.largest_step,
            smallest_step: 0.02,
            largest_step: self.largest_step,
            largest_correction: 0.5,
            wanted_corrections: 1,
            most_corrections: 4,
            ..Options::default()
        }
    }

    /// The relaxations that the held process is expected to take, one correction in two waypoints, for the progress.
    fn relaxations_between(&self, from: f64, to: f64) -> u64 {
        (1.5 * (from / to).ln().abs() / self.largest_step).ceil() as u64
    }
}

/// Pixels, hidden layers, latent dimensions and classes of the fully connected model.
pub(super) const MODEL: (usize, [usize; 2], usize, usize) = (784, [512, 256], 16, 10);

/// The standard deviation of C, relative to C, that relaxing anew adds to what is measured: the optimiser's own noise.
const SCATTER: f64 = 0.005;

/// What the learned side of the figure shows for one seed.
pub(super) struct LearnedRun {
    pub(super) seed: u64,
    pub(super) pair: Pair,
    /// Accuracy on the test set at the start, and at the end of the held and of the free process.
    pub(super) test_accuracy: [Value; 3],
    /// Equilibria that the held process tried, accepted or not.
    pub(super) relaxations: usize,
}

pub(super) fn run(
    start: Multipliers,
    seed: u64,
    parts: &Parts,
    settings: &Settings,
    context: &Context<'_>,
) -> Result<LearnedRun, FigureError> {
    let (pixels, hidden, latent, classes) = MODEL;
    let architecture = Architecture::fully_connected(
        pixels,
        &hidden,
        latent,
        classes,
        Likelihood::Gaussian { variance: 0.5 },
    )
    .map_err(FigureError::unfinished)?;
    let constant = architecture.likelihood().constant(pixels);
    let schedule = settings.relaxation;
    let expected = settings.relaxations_between(start.lambda(), LAMBDA_END);
    let first_steps = schedule.initial_steps + schedule.steps;
    let title =
        if context.options.seeds > 1 { format!("network, seed {seed}") } else { "network".to_owned() };
    let stage = Arc::new(context.progress.stage(&title, first_steps + 2 * expected * schedule.steps));
    let ticker = Arc::clone(&stage);
    let system =
        LearnedSystem::new(architecture, parts.training.clone(), parts.validation.clone(), schedule, seed)
            .map_err(FigureError::bad_input)?
            .on_step(move |_| ticker.inc(1));

    stage.message("equilibrating the start");
    let first = system.equilibrium(start, None).map_err(FigureError::unfinished)?;
    let first_loss = first.rdc.classification().mean();
    let sample = |at: &At<LearnedSystem>, corrections: usize| Sample {
        multipliers: at.multipliers,
        rate: at.rdc.rate().into(),
        distortion: Value { mean: at.rdc.distortion().mean() - constant, ..at.rdc.distortion().into() },
        classification: at.rdc.classification().into(),
        drift: Value::from(at.rdc.change_since(&first.rdc).classification()).over(first_loss),
        accuracy: Some(at.state.accuracy().into()),
        corrections,
        gradient_steps: at.state.steps(),
    };

    // C goes roughly as an inverse power of gamma; how it depends on lambda the process will learn.
    let guess = Slopes { driving: 0.0, steered: -0.5 * first_loss };
    let tangent = Measured::new(guess, 0.3 * first_loss, SCATTER * first_loss);
    let process = Process::new(Observable::Classification, Drive::LambdaTo(LAMBDA_END))
        .with_options(settings.options());
    let mut trace = process.trace(&system, first.clone(), tangent).map_err(FigureError::unfinished)?;
    let mut held = Vec::new();
    // As many relaxations at each lambda as the held process had, so that both get the same training.
    let mut path = Vec::new();
    let mut relaxations_before = 0;
    let mut last = first.clone();
    while let Some(waypoint) = trace.next() {
        let waypoint = waypoint.map_err(FigureError::unfinished)?;
        let relaxations = trace.counters().equilibria;
        let at = waypoint.equilibrium.multipliers;
        held.push(sample(&waypoint.equilibrium, waypoint.corrections));
        let free = Multipliers::new(at.lambda(), start.gamma()).map_err(FigureError::unfinished)?;
        path.push((free, relaxations - relaxations_before));
        relaxations_before = relaxations;
        let done = held.last().map_or(0.0, |sample: &Sample| sample.drift.mean);
        stage.message(&format!(
            "held: lambda {:.3}, gamma {:.3}, C/C_0 {:.3}",
            at.lambda(),
            at.gamma(),
            1.0 + done
        ));
        let left = settings.relaxations_between(at.lambda(), LAMBDA_END);
        stage.set_total(first_steps + (2 * relaxations as u64 + 2 * left) * schedule.steps);
        last = waypoint.equilibrium;
    }
    let relaxations = trace.counters().equilibria;
    match trace.stop_reason() {
        Some(StopReason::ReachedEnd) => {}
        stop => {
            let end = last.multipliers;
            let text = format!(
                "the held process stopped at lambda {:.4}, gamma {:.4} after {} waypoints: {stop:?}",
                end.lambda(),
                end.gamma(),
                held.len()
            );
            return Err(FigureError::unfinished(text));
        }
    }

    let mut free = vec![sample(&first, 0)];
    let mut free_last = first.clone();
    for (at, relaxations) in path.into_iter().skip(1) {
        for equilibrium in sweep(&system, free_last.state.clone(), std::iter::repeat_n(at, relaxations)) {
            free_last = equilibrium.map_err(FigureError::unfinished)?;
        }
        free.push(sample(&free_last, 0));
        stage.message(&format!("free: lambda {:.3}", at.lambda()));
    }
    let mut test_accuracy = [Value::exact(f64::NAN); 3];
    for (accuracy, at) in test_accuracy.iter_mut().zip([&first, &last, &free_last]) {
        let Evaluation { accuracy: measured, .. } =
            system.evaluate(&at.state, &parts.test).map_err(FigureError::unfinished)?;
        *accuracy = measured.into();
    }
    Ok(LearnedRun { seed, pair: Pair { held, free }, test_accuracy, relaxations })
}
