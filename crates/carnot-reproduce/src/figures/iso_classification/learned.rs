//! The process on a neural network: relax, measure C on the fixed set, correct gamma, accept.

use std::sync::Arc;

use carnot_info::Estimate;
use carnot_models::{Architecture, LearnedSystem, Likelihood};
use carnot_process::{StopReason, sweep};
use carnot_surface::{At, Certificate, Multipliers, Observable, Observables, RdcEstimate, System};

use super::settings::{Settings, tangent};
use super::{LAMBDA_END, NetworkSample, Pair, Sample, Value};
use crate::data::Parts;
use crate::figure::{Context, FigureError, Stage};

/// Pixels, hidden layers, latent dimensions and classes of the fully connected model.
pub(super) const MODEL: (usize, [usize; 2], usize, usize) = (784, [512, 256], 16, 10);

/// A decoder of variance one half: D is the bare squared error plus a constant.
const LIKELIHOOD: Likelihood = Likelihood::Gaussian { variance: 0.5 };

/// The part of D that no network can change, in nats.
pub(super) fn distortion_constant() -> f64 {
    LIKELIHOOD.constant(MODEL.0)
}

/// What the learned side of the figure shows for one seed.
#[derive(Debug, Clone)]
pub(super) struct LearnedRun {
    pub(super) seed: u64,
    pub(super) pair: Pair,
    /// `|D_end / D_start - 1|` of the held process, the constant left out.
    pub(super) distortion_change: Value,
    /// The relative change of C when the start, and the end of the held process, are relaxed once more: how far from
    /// equilibrium they are.
    pub(super) settling: [Value; 2],
    /// Equilibria that the held process tried, accepted or not.
    pub(super) relaxations: usize,
    /// Gradient steps that the held process took in all, its start included.
    pub(super) gradient_steps: u64,
    /// Why the held process ended before its end, if it did.
    pub(super) stopped: Option<StopReason>,
}

/// Runs the held process for one seed, and the free sweep beside it.
pub(super) fn run(
    start: Multipliers,
    seed: u64,
    parts: &Parts,
    settings: &Settings,
    context: &Context<'_>,
) -> Result<LearnedRun, FigureError> {
    let schedule = settings.relaxation;
    let first_steps = schedule.initial_steps + schedule.steps;
    let expected = settings.relaxations_between(start.lambda(), LAMBDA_END);
    let title =
        if context.options.seeds > 1 { format!("network, seed {seed}") } else { "network".to_owned() };
    let stage = Arc::new(context.progress.stage(&title, first_steps + (2 * expected + 2) * schedule.steps));
    let ticker = Arc::clone(&stage);
    let (pixels, hidden, latent, classes) = MODEL;
    let architecture = Architecture::fully_connected(pixels, &hidden, latent, classes, LIKELIHOOD)
        .map_err(FigureError::unfinished)?;
    let system =
        LearnedSystem::new(architecture, parts.training.clone(), parts.validation.clone(), schedule, seed)
            .map_err(FigureError::bad_input)?
            .on_step(move |_| ticker.inc(1));
    stage.message("equilibrating the start");
    let first = system.equilibrium(start, None).map_err(FigureError::unfinished)?;
    let first_test = system.evaluate(&first.state, &parts.test).map_err(FigureError::unfinished)?.rdc;
    let observer = Observer { system: &system, parts, settings, stage: &stage, first, first_test };

    let held = observer.hold()?;
    let free = observer.sweep_freely(&held)?;
    let settling = [observer.settle(&observer.first)?, observer.settle(&held.last)?];
    let distortion_change =
        relative_change(&held.last.rdc, &observer.first.rdc, Observable::Distortion, distortion_constant());
    Ok(LearnedRun {
        seed,
        distortion_change: distortion_change.size(),
        settling,
        gradient_steps: first_steps + schedule.steps * held.relaxations as u64,
        relaxations: held.relaxations,
        stopped: held.stopped,
        pair: Pair { held: held.samples, free },
    })
}

/// A held process that has ended.
struct Held {
    samples: Vec<Sample>,
    last: At<LearnedSystem>,
    relaxations: usize,
    stopped: Option<StopReason>,
}

/// A system at its start, and what it takes to observe it from there on.
struct Observer<'a> {
    system: &'a LearnedSystem,
    parts: &'a Parts,
    settings: &'a Settings,
    stage: &'a Stage,
    first: At<LearnedSystem>,
    /// The start on the test set.
    first_test: RdcEstimate,
}

impl Observer<'_> {
    /// Lowers lambda while gamma is steered so that C on the validation set stays where it was.
    fn hold(&self) -> Result<Held, FigureError> {
        let first_loss = self.first.rdc.classification().mean();
        let tangent = tangent(first_loss).map_err(FigureError::unfinished)?;
        let process = self.settings.process(LAMBDA_END);
        let mut trace =
            process.trace(self.system, self.first.clone(), tangent).map_err(FigureError::unfinished)?;
        let mut samples = Vec::new();
        let mut last = self.first.clone();
        while let Some(waypoint) = trace.next() {
            let waypoint = waypoint.map_err(FigureError::unfinished)?;
            let sample = self.sample(&waypoint.equilibrium, waypoint.corrections)?;
            samples.push(sample);
            last = waypoint.equilibrium;
            let (lambda, gamma) = (last.multipliers.lambda(), last.multipliers.gamma());
            let ratio = 1.0 + sample.drift.mean;
            self.stage.message(&format!("held: lambda {lambda:.3}, gamma {gamma:.3}, C/C_0 {ratio:.3}"));
            let schedule = self.settings.relaxation;
            let done = trace.counters().equilibria as u64;
            let left = self.settings.relaxations_between(lambda, LAMBDA_END);
            let relaxations = 3 + 2 * (done + left);
            self.stage.set_total(schedule.initial_steps + relaxations * schedule.steps);
        }
        let stopped = trace.stop_reason().filter(|stop| *stop != StopReason::ReachedEnd);
        Ok(Held { samples, last, relaxations: trace.counters().equilibria, stopped })
    }

    /// The same lambdas with gamma fixed. At each one there are as many relaxations as the held waypoint had, so that
    /// both networks get the same training.
    fn sweep_freely(&self, held: &Held) -> Result<Vec<Sample>, FigureError> {
        let gamma = self.first.multipliers.gamma();
        let mut last = self.first.clone();
        let mut samples = vec![self.sample(&last, 0)?];
        for waypoint in held.samples.iter().skip(1) {
            let lambda = waypoint.multipliers.lambda();
            let at = Multipliers::new(lambda, gamma).map_err(FigureError::unfinished)?;
            let path = std::iter::repeat_n(at, 1 + waypoint.corrections);
            for equilibrium in sweep(self.system, last.state.clone(), path) {
                last = equilibrium.map_err(FigureError::unfinished)?;
            }
            samples.push(self.sample(&last, 0)?);
            self.stage.message(&format!("free: lambda {lambda:.3}"));
        }
        Ok(samples)
    }

    /// The relative change of C when an equilibrium is relaxed once more where it is.
    fn settle(&self, at: &At<LearnedSystem>) -> Result<Value, FigureError> {
        let again =
            self.system.equilibrium(at.multipliers, Some(&at.state)).map_err(FigureError::unfinished)?;
        Ok(relative_drift(&again.rdc, &at.rdc))
    }

    fn sample(&self, at: &At<LearnedSystem>, corrections: usize) -> Result<Sample, FigureError> {
        let test = self.system.evaluate(&at.state, &self.parts.test).map_err(FigureError::unfinished)?;
        let plateau = match at.certificate {
            Certificate::Relaxed { plateau, .. } => plateau.into(),
            _ => Value::exact(f64::NAN),
        };
        let distortion = Value::from(at.rdc.distortion());
        Ok(Sample {
            multipliers: at.multipliers,
            rate: at.rdc.rate().into(),
            distortion: Value { mean: distortion.mean - distortion_constant(), ..distortion },
            classification: at.rdc.classification().into(),
            change: at.rdc.change_since(&self.first.rdc).classification().mean(),
            drift: relative_drift(&at.rdc, &self.first.rdc),
            network: Some(NetworkSample {
                accuracy: at.state.accuracy().into(),
                test_accuracy: test.accuracy.into(),
                test_drift: relative_drift(&test.rdc, &self.first_test),
                plateau,
                gradient_steps: at.state.steps(),
            }),
            corrections,
        })
    }
}

/// `C / C_0 - 1` of two models measured with common random numbers.
fn relative_drift(now: &RdcEstimate, first: &RdcEstimate) -> Value {
    relative_change(now, first, Observable::Classification, 0.0)
}

/// `V / V_0 - 1` of an observable less its constant, for two models measured with common random numbers.
///
/// The standard error is that of a ratio of paired means: that of `v - (V / V_0) v_0` over V_0, by the covariance of v
/// and v_0 that the variances of v, v_0 and v - v_0 imply.
fn relative_change(now: &RdcEstimate, first: &RdcEstimate, observable: Observable, constant: f64) -> Value {
    let variance = |estimate: Estimate| estimate.std_err() * estimate.std_err();
    let (v, v_0) = (now.get(observable), first.get(observable));
    let covariance = 0.5 * (variance(v) + variance(v_0) - variance(now.change_since(first).get(observable)));
    let ratio = (v.mean() - constant) / (v_0.mean() - constant);
    let residual = variance(v) + ratio * ratio * variance(v_0) - 2.0 * ratio * covariance;
    // Rounding can take the variance of an estimate against itself below zero.
    Value { mean: ratio - 1.0, std_err: Some(residual.max(0.0).sqrt() / (v_0.mean() - constant)) }
}

#[cfg(test)]
mod tests {
    use carnot_surface::SampleKey;
    use carnot_testkit::assert_close;

    use super::*;

    #[test]
    fn the_error_of_a_ratio_is_that_of_its_paired_residuals() {
        let estimate = |losses: [f64; 4]| {
            let samples = losses.iter().map(|&c| [0.0, 0.0, c]).collect();
            RdcEstimate::from_samples(samples, SampleKey(1)).expect("finite samples")
        };
        let (before, after) = ([1.0, 2.0, 0.5, 3.0], [1.7, 2.1, 0.6, 4.4]);
        let drift = relative_drift(&estimate(after), &estimate(before));
        let ratio = 8.8 / 6.5;
        assert_close!(drift.mean, ratio - 1.0, rtol = 1e-14, atol = 0.0);
        let residuals: Vec<f64> = after.iter().zip(before).map(|(c, c_0)| c - ratio * c_0).collect();
        let expected = Estimate::from_samples(&residuals).expect("four residuals").std_err() / 1.625;
        assert_close!(drift.std_err.expect("an error"), expected, rtol = 1e-12, atol = 0.0);
        let offset = relative_change(&estimate(after), &estimate(before), Observable::Classification, 1.0);
        assert_close!(offset.mean, (8.8 - 4.0) / (6.5 - 4.0) - 1.0, rtol = 1e-14, atol = 0.0);
        let still = relative_drift(&estimate(before), &estimate(before));
        assert_eq!((still.mean, still.std_err), (0.0, Some(0.0)));
    }
}
