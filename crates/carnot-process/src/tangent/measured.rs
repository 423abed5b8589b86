//! Slopes of a system whose observables are measured.

use carnot_surface::{Driven, Observable, System};

use super::{Change, Observation, Site, Tangent};
use crate::Slopes;
use crate::linear::{Vector, dot, norm, scale};

/// What is known of an observable's slopes before the first step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guess {
    /// The derivatives with respect to the coordinates of lambda, gamma and time, in nats.
    pub slopes: [f64; 3],
    /// How wrong each of them may be: a standard deviation, in nats.
    pub uncertainty: f64,
    /// The standard deviation, in nats, that re-equilibrating adds to the standard error of an observed change; zero of an
    /// exact system.
    pub scatter: f64,
}

/// A guess that cannot be begun with.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("the {name} must be finite, the uncertainty positive and the scatter not negative; it is {value}")]
pub struct InvalidGuess {
    /// Which number.
    pub name: &'static str,
    /// What was given.
    pub value: f64,
}

impl Guess {
    fn check(&self) -> Result<(), InvalidGuess> {
        let slope = |name, k: usize| (name, self.slopes[k], self.slopes[k].is_finite());
        let checks = [
            slope("slope along lambda", 0),
            slope("slope along gamma", 1),
            slope("slope along t", 2),
            ("uncertainty", self.uncertainty, self.uncertainty.is_finite() && self.uncertainty > 0.0),
            ("scatter", self.scatter, self.scatter.is_finite() && self.scatter >= 0.0),
        ];
        match checks.into_iter().find(|(_, _, holds)| !holds) {
            Some((name, value, _)) => Err(InvalidGuess { name, value }),
            None => Ok(()),
        }
    }
}

/// Slopes refined from the process's own waypoints, for a system whose response is not known and whose observables are noisy.
///
/// The three slopes of each observable are the state of a Kalman filter. Every re-equilibration is an observation
/// `change = slopes . step + noise`, and the slopes themselves change along the way: their standard deviations grow by the
/// initial uncertainty for each unit of distance moved. Where there is no noise an observation is taken at its word in its
/// direction, as in Broyden's update; where there is, it counts as much as it deserves.
///
/// Only the observables that the constraint depends on need a guess; the slopes of the others stay zero.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Measured {
    filters: [Option<Filter>; 3],
}

impl Measured {
    /// Begins with a guess of one observable's slopes.
    ///
    /// # Errors
    ///
    /// [`InvalidGuess`] unless the guess is finite, the uncertainty finite and positive and the scatter finite and not
    /// negative.
    pub fn new(observable: Observable, guess: Guess) -> Result<Self, InvalidGuess> {
        Self { filters: [None; 3] }.and(observable, guess)
    }

    /// The same with a guess of another observable's.
    ///
    /// # Errors
    ///
    /// As [`Measured::new`].
    pub fn and(mut self, observable: Observable, guess: Guess) -> Result<Self, InvalidGuess> {
        guess.check()?;
        self.filters[number(observable)] = Some(Filter::new(guess));
        Ok(self)
    }

    /// The slopes as far as they are known; zero of an observable without a guess.
    pub fn slopes(&self) -> Slopes {
        let [rate, distortion, classification] =
            self.filters.map(|filter| filter.map_or([0.0; 3], |filter| filter.slopes));
        Slopes { rate, distortion, classification }
    }

    /// The standard errors of an observable's three slopes; `None` without a guess.
    pub fn std_errs(&self, observable: Observable) -> Option<[f64; 3]> {
        let covariance = self.filters[number(observable)]?.covariance;
        Some([0, 1, 2].map(|k| covariance[k][k].sqrt()))
    }
}

fn number(observable: Observable) -> usize {
    match observable {
        Observable::Rate => 0,
        Observable::Distortion => 1,
        Observable::Classification => 2,
    }
}

impl<D: Driven> Tangent<D> for Measured {
    fn slopes(
        &mut self,
        _driven: &D,
        _site: &Site<'_, D::System>,
    ) -> Result<Slopes, <D::System as System>::Error> {
        Ok(Measured::slopes(self))
    }

    fn observe(&mut self, observation: &Observation) {
        for (filter, change) in self.filters.iter_mut().zip(observation.changes) {
            if let Some(filter) = filter {
                filter.observe(observation.step, change);
            }
        }
    }
}

/// A Kalman filter of three slopes.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
struct Filter {
    slopes: Vector,
    covariance: [Vector; 3],
    drift: f64,
    scatter: f64,
}

impl Filter {
    fn new(Guess { slopes, uncertainty, scatter }: Guess) -> Self {
        let variance = uncertainty * uncertainty;
        let covariance = [[variance, 0.0, 0.0], [0.0, variance, 0.0], [0.0, 0.0, variance]];
        Self { slopes, covariance, drift: uncertainty, scatter }
    }

    fn observe(&mut self, step: Vector, change: Change) {
        let distance = norm(step);
        if distance == 0.0 {
            return;
        }
        let wander = (self.drift * distance).powi(2);
        for k in 0..3 {
            self.covariance[k][k] += wander;
        }
        let gain = self.covariance.map(|row| dot(row, step));
        let noise = change.std_err.unwrap_or(0.0).hypot(self.scatter);
        let variance = dot(gain, step) + noise * noise;
        let surprise = change.mean - dot(self.slopes, step);
        let correction = scale(gain, surprise / variance);
        for k in 0..3 {
            self.slopes[k] += correction[k];
            for l in 0..3 {
                self.covariance[k][l] -= gain[k] * gain[l] / variance;
            }
            // Without noise nothing is left in the direction of the step, and rounding can take that below zero.
            self.covariance[k][k] = self.covariance[k][k].max(0.0);
        }
    }
}
