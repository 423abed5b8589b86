//! The predictor-corrector, as an iterator.

use std::fmt;

use carnot_surface::{At, Multipliers, Observables, Quantity, Scalar, System};

use crate::{Counters, Curve, Observation, Process, ProcessError, Slopes, StopReason, Tangent, Waypoint};

/// A process under way: an iterator of waypoints that its caller may stop, inspect, or ask how it ended.
///
/// A step moves the driving multiplier by a factor, predicts the steered one along the tangent of the constraint,
/// re-equilibrates, and corrects the steered multiplier by Newton's method until the held observable is within the
/// tolerance of its first value. A step that does not get there is halved and tried again from the last waypoint.
pub struct Trace<S: System, T> {
    process: Process,
    system: S,
    tangent: T,
    /// The held observable's first value, in nats.
    first_value: f64,
    first: S::Rdc,
    current: Waypoint<S>,
    /// Whether the start has been handed out.
    started: bool,
    next_step: f64,
    stop: Option<StopReason>,
    counters: Counters,
    failed: bool,
}

impl<S: System, T> fmt::Debug for Trace<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace")
            .field("process", &self.process)
            .field("current", &self.current)
            .field("next_step", &self.next_step)
            .field("stop", &self.stop)
            .field("counters", &self.counters)
            .finish_non_exhaustive()
    }
}

/// A trial of one step: a waypoint, or how far from the constraint the corrector was left.
enum Trial<S: System> {
    Accepted(Waypoint<S>),
    GivenUp { residual: f64 },
}

impl<S: System, T: Tangent<S>> Trace<S, T> {
    pub(crate) fn new(
        process: Process,
        system: S,
        start: At<S>,
        mut tangent: T,
    ) -> Result<Self, ProcessError<S::Error>> {
        process.options.check()?;
        let at = start.multipliers;
        let ends =
            [("lambda", at.lambda()), ("gamma", at.gamma()), ("the end of the drive", process.drive.end())];
        for (multiplier, value) in ends {
            if !(value.is_finite() && value > 0.0) {
                return Err(ProcessError::Start { multiplier, value });
            }
        }
        let first_value = start.rdc.get(process.held).mean();
        if !first_value.is_finite() {
            let quantity = "held observable";
            return Err(ProcessError::NotFinite { quantity, value: first_value, waypoint: 0, at });
        }
        let slopes = finite_slopes(tangent.slopes(&system, &start, process.held, process.drive), 0, at)?;
        let first = start.rdc.clone();
        let residual = first.change_since(&first).get(process.held);
        let current = Waypoint { index: 0, equilibrium: start, residual, step: 0.0, corrections: 0, slopes };
        Ok(Self {
            next_step: process.options.first_step.min(process.options.largest_step),
            process,
            system,
            tangent,
            first_value,
            first,
            current,
            started: false,
            stop: None,
            counters: Counters::default(),
            failed: false,
        })
    }

    /// How the process ended; `None` while it goes on and after an error.
    pub fn stop_reason(&self) -> Option<StopReason> {
        self.stop
    }

    /// The work so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The tangent, with what it has learned.
    pub fn tangent(&self) -> &T {
        &self.tangent
    }

    /// The rest of the process, collected.
    ///
    /// # Errors
    ///
    /// The first error of the trace.
    pub fn collect_curve(mut self) -> Result<Curve<S>, ProcessError<S::Error>> {
        let waypoints = self.by_ref().collect::<Result<Vec<_>, _>>()?;
        // Only a trace whose error was taken before has no reason.
        let stop = self.stop.unwrap_or(StopReason::Failed);
        Ok(Curve { waypoints, stop, counters: self.counters })
    }

    /// The waypoint after the current one; `None` with a reason to stop.
    fn advance(&mut self) -> Result<Option<Waypoint<S>>, ProcessError<S::Error>> {
        let Process { drive, options, .. } = self.process;
        let mut from = self.current.clone();
        let driving = drive.driving(from.equilibrium.multipliers);
        let remaining = (drive.end() / driving).ln();
        if drive.end() == driving {
            self.stop = Some(StopReason::ReachedEnd);
            return Ok(None);
        }
        if from.index + 1 >= options.most_waypoints {
            self.stop = Some(StopReason::MostWaypoints);
            return Ok(None);
        }
        if from.slopes.steered == 0.0 && from.slopes.driving != 0.0 {
            self.stop = Some(StopReason::NotSteerable { driving: from.slopes.driving });
            return Ok(None);
        }
        loop {
            let step = last_steps(self.next_step, remaining.abs()).copysign(remaining);
            match self.attempt(&from, step, step == remaining)? {
                Trial::Accepted(waypoint) => {
                    self.next_step = options.next_step(step.abs(), waypoint.corrections);
                    return Ok(Some(waypoint));
                }
                Trial::GivenUp { residual } => {
                    self.counters.rejected_steps += 1;
                    // The next attempt profits from what a tangent learned in this one.
                    from.slopes = self.slopes_at(&from.equilibrium, from.index)?;
                    self.next_step = 0.5 * step.abs();
                    if self.next_step < options.smallest_step {
                        self.stop = Some(StopReason::StepTooSmall { step: step.abs(), residual });
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Predicts, re-equilibrates and corrects at a step's end.
    fn attempt(
        &mut self,
        from: &Waypoint<S>,
        step: f64,
        last: bool,
    ) -> Result<Trial<S>, ProcessError<S::Error>> {
        let Process { held, drive, options } = self.process;
        let waypoint = from.index + 1;
        let allowed = options.tolerance.allowed(self.first_value);
        let limit =
            |correction: f64| correction.clamp(-options.largest_correction, options.largest_correction);
        let (x0, y0) = drive.coordinates(from.equilibrium.multipliers);
        // The end is met exactly, not up to the rounding of a logarithm and an exponential.
        let driving = if last { drive.end() } else { (x0 + step).exp() };
        // What the start's residual left over is corrected as well.
        let drifted = from.residual.mean() + from.slopes.driving * step;
        // On a plateau, where neither multiplier does anything, there is nothing to steer by and nothing to correct.
        let towards = |change: f64, slope: f64| if change == 0.0 { 0.0 } else { limit(-change / slope) };
        let mut y = y0 + towards(drifted, from.slopes.steered);
        let mut before = (from.equilibrium.clone(), x0, y0);
        let mut left = drifted;
        for corrections in 0..=options.most_corrections {
            let (lambda, gamma) = drive.order(driving, y.exp());
            let Ok(at) = Multipliers::new(lambda, gamma) else { break };
            let equilibrium = self
                .system
                .equilibrium(at, Some(&before.0.state))
                .map_err(|source| ProcessError::System { waypoint, at, source })?;
            self.counters.equilibria += 1;
            let residual = equilibrium.rdc.change_since(&self.first).get(held);
            left = residual.mean();
            finite("change of the held observable", left, waypoint, at)?;
            self.observe(&before, &equilibrium, (driving.ln(), y));
            let slopes = self.slopes_at(&equilibrium, waypoint)?;
            if left.abs() <= allowed {
                let index = waypoint;
                return Ok(Trial::Accepted(Waypoint {
                    index,
                    equilibrium,
                    residual,
                    step,
                    corrections,
                    slopes,
                }));
            }
            if corrections == options.most_corrections || slopes.steered == 0.0 {
                break;
            }
            self.counters.corrections += 1;
            before = (equilibrium, driving.ln(), y);
            y += towards(left, slopes.steered);
        }
        Ok(Trial::GivenUp { residual: left })
    }

    /// The tangent's slopes at an equilibrium, on the way to a waypoint.
    fn slopes_at(&mut self, at: &At<S>, waypoint: usize) -> Result<Slopes, ProcessError<S::Error>> {
        let Process { held, drive, .. } = self.process;
        finite_slopes(self.tangent.slopes(&self.system, at, held, drive), waypoint, at.multipliers)
    }

    /// Tells the tangent how the held observable changed from one equilibrium to the next.
    fn observe(&mut self, before: &(At<S>, f64, f64), after: &At<S>, (x, y): (f64, f64)) {
        let change: Scalar<S> = after.rdc.change_since(&before.0.rdc).get(self.process.held);
        self.tangent.observe(Observation {
            step: Slopes { driving: x - before.1, steered: y - before.2 },
            change: change.mean(),
            std_err: change.std_err(),
        });
    }
}

/// The slopes that a tangent gave, checked.
fn finite_slopes<E: std::error::Error>(
    slopes: Result<Slopes, E>,
    waypoint: usize,
    at: Multipliers,
) -> Result<Slopes, ProcessError<E>> {
    let slopes = slopes.map_err(|source| ProcessError::System { waypoint, at, source })?;
    finite("slope of the held observable", slopes.driving, waypoint, at)?;
    finite("slope of the held observable", slopes.steered, waypoint, at)?;
    Ok(slopes)
}

/// The step to take when `remaining` is left: what is less than two steps is taken in one or two equal ones, so that the
/// end is not reached by a tiny one.
fn last_steps(step: f64, remaining: f64) -> f64 {
    if remaining <= step { remaining } else { step.min(0.5 * remaining) }
}

fn finite<E: std::error::Error>(
    quantity: &'static str,
    value: f64,
    waypoint: usize,
    at: Multipliers,
) -> Result<(), ProcessError<E>> {
    if value.is_finite() { Ok(()) } else { Err(ProcessError::NotFinite { quantity, value, waypoint, at }) }
}

impl<S: System, T: Tangent<S>> Iterator for Trace<S, T> {
    type Item = Result<Waypoint<S>, ProcessError<S::Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.stop.is_some() || self.failed {
            return None;
        }
        if !self.started {
            self.started = true;
            return Some(Ok(self.current.clone()));
        }
        match self.advance() {
            Ok(Some(waypoint)) => {
                self.current = waypoint.clone();
                Some(Ok(waypoint))
            }
            Ok(None) => None,
            Err(error) => {
                self.failed = true;
                Some(Err(error))
            }
        }
    }
}
