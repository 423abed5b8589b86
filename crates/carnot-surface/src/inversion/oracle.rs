//! Where equilibria come from, counted and warm-started.

use super::{InversionCounters, InversionError, InversionOptions, Solution, Unattainable};
use crate::{At, Multipliers, Observable, Observables, Rdc, Response, Responsive, System};

/// A system with the options and counters of one inversion, and the last state as a warm start.
pub(super) struct Oracle<'a, S: System> {
    system: &'a S,
    pub(super) options: &'a InversionOptions,
    pub(super) counters: InversionCounters,
    warm: Option<S::State>,
}

impl<'a, S: Responsive<Rdc = Rdc>> Oracle<'a, S> {
    pub(super) fn new(system: &'a S, options: &'a InversionOptions, from: Option<&At<S>>) -> Self {
        let warm = from.map(|from| from.state.clone());
        Self { system, options, counters: InversionCounters::default(), warm }
    }

    pub(super) fn equilibrium(
        &mut self,
        [lambda, gamma]: [f64; 2],
    ) -> Result<At<S>, InversionError<S::Error>> {
        let at = Multipliers::new(lambda, gamma)?;
        let equilibria = self.options.most_equilibria;
        if self.counters.equilibria >= equilibria {
            return Err(InversionError::GivenUp { equilibria, at });
        }
        self.counters.equilibria += 1;
        let found = self
            .system
            .equilibrium(at, self.warm.as_ref())
            .map_err(|source| InversionError::System { at, source })?;
        for observable in [Observable::Rate, Observable::Distortion, Observable::Classification] {
            // Infinity has its place: the distortion at lambda = 0, where pairs are forbidden.
            if found.rdc.get(observable).is_nan() {
                return Err(InversionError::NotANumber { observable, at });
            }
        }
        self.warm = Some(found.state.clone());
        Ok(found)
    }

    /// The response, if there is a finite one: where there is not, at a transition for instance, a search is slower but
    /// goes on.
    pub(super) fn response(&mut self, at: &At<S>) -> Option<Response> {
        self.counters.responses += 1;
        let response = self.system.response(at).ok()?;
        let entries = [response.distortion_lambda, response.cross, response.classification_gamma];
        entries.iter().all(|entry| entry.is_finite()).then_some(response)
    }
}

/// A point of a curve along which one multiplier is searched for.
#[derive(Clone)]
pub(super) struct Sample<X> {
    /// The multiplier that is searched for.
    pub(super) multiplier: f64,
    /// The observable less its target.
    pub(super) residual: f64,
    /// The derivative of the residual by the multiplier, where it is known.
    pub(super) slope: Option<f64>,
    /// A concave function of the multiplier whose kinks are where the residual jumps.
    pub(super) potential: f64,
    /// The derivative of the potential.
    pub(super) force: f64,
    pub(super) response: Option<Response>,
    pub(super) solution: Solution<X>,
    /// The losses that are below their targets at a multiplier of zero.
    pub(super) slack: Vec<Observable>,
    /// A held loss that is above its target though its multiplier is as large as it may be.
    pub(super) unmet: Option<Unattainable>,
}

impl<X> Sample<X> {
    /// The multiplier at which the tangents of the potential at two samples meet; not a
    /// number where they are parallel. At a kink with smooth sides it converges quadratically; and between two phases
    /// of constant force a third one, if there is any, is the best one there.
    pub(super) fn meeting(&self, other: &Self) -> f64 {
        let (one, two) = (self.multiplier, other.multiplier);
        (other.potential - self.potential + self.force * one - other.force * two) / (self.force - other.force)
    }
}
