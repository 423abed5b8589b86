//! What errors say of numbers that are far from one.

use carnot_surface::geometry::{ConjugateError, GeometryError, PointError};
use carnot_surface::{
    DiscreteError, EstimateError, GaussianError, InvalidMultiplier, InversionError, Multipliers, Observable,
};

#[test]
fn extreme_numbers_are_said_in_their_shortest_form() {
    for value in [1e300_f64, -1e300, 1e-300, 0.1] {
        let (lambda, gamma) = (value, value);
        let at = Multipliers::new(value.abs(), value.abs()).expect("valid");
        let multiplier = InvalidMultiplier { name: "lambda", value };
        let (observable, option, requirement) = (Observable::Rate, "gap", "positive");
        let eigenvalues = GaussianError::Eigenvalues { lambda, gamma };
        let messages = [
            multiplier.to_string(),
            DiscreteError::Distortion { x: 0, z: 0, value }.to_string(),
            DiscreteError::Option { option, requirement, value }.to_string(),
            DiscreteError::NotAMinimum { lambda, gamma }.to_string(),
            DiscreteError::NotConverged { lambda, gamma, steps: 1, gap: value, residual: value }.to_string(),
            EstimateError::NotFinite { sample: 0, functional: "rate", value }.to_string(),
            GaussianError::NotFinite { matrix: "readout", row: 0, column: 0, value }.to_string(),
            GaussianError::NotSymmetric { matrix: "readout", row: 0, column: 1, above: value, below: value }
                .to_string(),
            GaussianError::NegativeVariance { matrix: "residual covariance", index: 0, value }.to_string(),
            GaussianError::NoiseVariance { name: "head", value }.to_string(),
            eigenvalues.to_string(),
            GeometryError::System { lambda, gamma, source: eigenvalues }.to_string(),
            GeometryError::<GaussianError>::Budget { budget: 1, position: value }.to_string(),
            GeometryError::<GaussianError>::Option { name: "probe", expected: "positive", value }.to_string(),
            GeometryError::<GaussianError>::NotFinite { what: "rate", lambda, gamma, value }.to_string(),
            GeometryError::<GaussianError>::NotConverged { wanted: [Some(value); 2], steps: 1, step: value }
                .to_string(),
            PointError::NotFinite { what: "rate", point: 0, value }.to_string(),
            ConjugateError::NotAscending { what: "slopes", index: 0, value }.to_string(),
            InversionError::<GaussianError>::Target { observable, value }.to_string(),
            InversionError::<GaussianError>::Option { option, requirement, value }.to_string(),
            InversionError::System { at, source: eigenvalues }.to_string(),
            InversionError::<GaussianError>::NotANumber { observable, at }.to_string(),
            InversionError::<GaussianError>::GivenUp { equilibria: 1, at }.to_string(),
        ];
        for message in messages {
            assert!(message.len() < 180 && message.contains(&format!("{:?}", value.abs())), "{message}");
        }
    }
}
