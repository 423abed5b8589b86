//! What a constraint may depend on: a point of the surface at a time, as plain numbers.

use carnot_surface::{At, Observable, Observables, Quantity, System};

use crate::Coordinate;

/// A point of a process: the multipliers, the data time and the observables at equilibrium there. Means where they are
/// measured; R, D and C in nats.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Point {
    /// The price of a nat of distortion.
    pub lambda: f64,
    /// The price of a nat of classification loss.
    pub gamma: f64,
    /// The time t of the data.
    pub time: f64,
    /// R.
    pub rate: f64,
    /// D.
    pub distortion: f64,
    /// C.
    pub classification: f64,
}

impl Point {
    /// The point of an equilibrium at a time.
    pub fn of<S: System>(at: &At<S>, time: f64) -> Self {
        Self {
            lambda: at.multipliers.lambda(),
            gamma: at.multipliers.gamma(),
            time,
            rate: at.rdc.rate().mean(),
            distortion: at.rdc.distortion().mean(),
            classification: at.rdc.classification().mean(),
        }
    }

    /// `F = R + lambda D + gamma C`, in nats.
    pub fn free_energy(&self) -> f64 {
        self.rate + self.lambda * self.distortion + self.gamma * self.classification
    }

    /// A coordinate's value.
    pub fn coordinate(&self, coordinate: Coordinate) -> f64 {
        match coordinate {
            Coordinate::Lambda => self.lambda,
            Coordinate::Gamma => self.gamma,
            Coordinate::Time => self.time,
        }
    }

    /// An observable's value.
    pub fn observable(&self, observable: Observable) -> f64 {
        match observable {
            Observable::Rate => self.rate,
            Observable::Distortion => self.distortion,
            Observable::Classification => self.classification,
        }
    }
}

/// The partial derivatives of a function of a [`Point`], one for each of its arguments, all of which count as independent.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PointGradient {
    /// With respect to lambda, at fixed R, D and C.
    pub lambda: f64,
    /// With respect to gamma, at fixed R, D and C.
    pub gamma: f64,
    /// With respect to t, at fixed R, D and C.
    pub time: f64,
    /// With respect to R.
    pub rate: f64,
    /// With respect to D.
    pub distortion: f64,
    /// With respect to C.
    pub classification: f64,
}

impl PointGradient {
    /// `sum |df/dq q|` over the six arguments: the size of the terms that the function's value is made of, and so, times
    /// a unit in the last place, how well that value is known.
    pub fn scale(&self, point: &Point) -> f64 {
        self.terms(point).map(f64::abs).iter().sum()
    }

    fn terms(&self, point: &Point) -> [f64; 6] {
        [
            self.lambda * point.lambda,
            self.gamma * point.gamma,
            self.time * point.time,
            self.rate * point.rate,
            self.distortion * point.distortion,
            self.classification * point.classification,
        ]
    }
}
