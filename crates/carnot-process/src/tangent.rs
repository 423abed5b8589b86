//! How the held observable changes with the multipliers: from the response, or measured along the way.

use carnot_surface::{At, Multipliers, Observable, Responsive, System};

use crate::Drive;

/// The partial derivatives of the held observable with respect to the logarithms of the driving and the steered
/// multiplier, in nats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slopes {
    /// With respect to `ln driving`.
    pub driving: f64,
    /// With respect to `ln steered`.
    pub steered: f64,
}

/// What one re-equilibration showed: a move of the multipliers, and the change of the held observable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// The move of `ln driving` and `ln steered`.
    pub step: Slopes,
    /// The change of the held observable, in nats.
    pub change: f64,
    /// The standard error of that change; `None` of an exact system.
    pub std_err: Option<f64>,
}

/// A guess of the slopes that cannot be begun with.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("the {name} must be finite, the uncertainty positive and the scatter not negative; it is {value}")]
pub struct InvalidGuess {
    /// Which number.
    pub name: &'static str,
    /// What was given.
    pub value: f64,
}

/// Where a process takes its slopes from.
pub trait Tangent<S: System> {
    /// The slopes of `held` at the equilibrium `at`.
    ///
    /// # Errors
    ///
    /// The system's own.
    fn slopes(&mut self, system: &S, at: &At<S>, held: Observable, drive: Drive) -> Result<Slopes, S::Error>;

    /// Told of every re-equilibration, accepted or not.
    fn observe(&mut self, observation: Observation) {
        let _ = observation;
    }
}

/// The slopes of a system that knows its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FromResponse;

impl<S: Responsive> Tangent<S> for FromResponse {
    fn slopes(&mut self, system: &S, at: &At<S>, held: Observable, drive: Drive) -> Result<Slopes, S::Error> {
        let multipliers: Multipliers = at.multipliers;
        let [by_lambda, by_gamma] = system.response(at)?.gradient(held, multipliers);
        let (driving, steered) =
            drive.order(by_lambda * multipliers.lambda(), by_gamma * multipliers.gamma());
        Ok(Slopes { driving, steered })
    }
}

/// Slopes refined from the process's own waypoints, for a system whose response is not known.
///
/// The two slopes are the state of a Kalman filter. Every re-equilibration is an observation
/// `change = driving * d ln driving + steered * d ln steered + noise`, and the slopes themselves change along the way:
/// their standard deviations grow by the initial uncertainty for each unit of distance moved. Where there is no noise an
/// observation is taken at its word in its direction, as in Broyden's rank-one update; where there is, it counts as much
/// as it deserves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    slopes: Slopes,
    /// Covariance of the slopes: the entries (driving, driving), (driving, steered), (steered, steered).
    covariance: [f64; 3],
    drift: f64,
    scatter: f64,
}

impl Measured {
    /// Begins with `guess`, wrong by about `uncertainty` nats in either slope. `scatter` is the standard deviation, in
    /// nats, that re-equilibrating adds to the standard error of an observed change; zero of an exact system.
    ///
    /// # Errors
    ///
    /// [`InvalidGuess`] unless the guess is finite, the uncertainty finite and positive and the scatter finite and not
    /// negative.
    pub fn new(guess: Slopes, uncertainty: f64, scatter: f64) -> Result<Self, InvalidGuess> {
        let checks = [
            ("slope of the driving multiplier", guess.driving, guess.driving.is_finite()),
            ("slope of the steered multiplier", guess.steered, guess.steered.is_finite()),
            ("uncertainty", uncertainty, uncertainty.is_finite() && uncertainty > 0.0),
            ("scatter", scatter, scatter.is_finite() && scatter >= 0.0),
        ];
        if let Some((name, value, _)) = checks.into_iter().find(|(_, _, holds)| !holds) {
            return Err(InvalidGuess { name, value });
        }
        let variance = uncertainty * uncertainty;
        Ok(Self { slopes: guess, covariance: [variance, 0.0, variance], drift: uncertainty, scatter })
    }

    /// The slopes as far as they are known.
    pub fn slopes(&self) -> Slopes {
        self.slopes
    }

    /// The standard errors of the two slopes.
    pub fn std_errs(&self) -> Slopes {
        Slopes { driving: self.covariance[0].sqrt(), steered: self.covariance[2].sqrt() }
    }
}

impl<S: System> Tangent<S> for Measured {
    fn slopes(&mut self, _: &S, _: &At<S>, _: Observable, _: Drive) -> Result<Slopes, S::Error> {
        Ok(self.slopes)
    }

    fn observe(&mut self, observation: Observation) {
        let Observation { step: Slopes { driving: x, steered: y }, change, std_err } = observation;
        let distance = x.hypot(y);
        if distance == 0.0 {
            return;
        }
        let wander = (self.drift * distance).powi(2);
        let [a, b, c] = [self.covariance[0] + wander, self.covariance[1], self.covariance[2] + wander];
        let (gain_x, gain_y) = (a * x + b * y, b * x + c * y);
        let noise = std_err.unwrap_or(0.0).hypot(self.scatter);
        let variance = gain_x * x + gain_y * y + noise * noise;
        let surprise = change - (self.slopes.driving * x + self.slopes.steered * y);
        self.slopes.driving += gain_x * surprise / variance;
        self.slopes.steered += gain_y * surprise / variance;
        self.covariance =
            [a - gain_x * gain_x / variance, b - gain_x * gain_y / variance, c - gain_y * gain_y / variance];
    }
}
