//! The state as it is written and read.

use std::sync::{Arc, OnceLock};

use carnot_surface::{Multipliers, Rdc};

use super::state::{Branch, DeterministicState, DeterministicWork};
use crate::{ModelError, Parameters};

/// Everything but the response, which follows from it.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    parameters: Vec<f64>,
    weights: Option<Vec<f64>>,
    at: Multipliers,
    rdc: Rdc,
    ridge: f64,
    relative_gradient: f64,
    branch: Branch,
    work: DeterministicWork,
}

impl From<DeterministicState> for Written {
    fn from(state: DeterministicState) -> Self {
        Self {
            parameters: state.parameters.values().to_vec(),
            weights: state.weights.as_deref().map(<[f64]>::to_vec),
            at: state.at,
            rdc: state.rdc,
            ridge: state.ridge,
            relative_gradient: state.slope,
            branch: state.branch,
            work: state.work,
        }
    }
}

impl TryFrom<Written> for DeterministicState {
    type Error = ModelError;

    fn try_from(written: Written) -> Result<Self, ModelError> {
        let Written { parameters, weights, at, rdc, ridge, relative_gradient, branch, work } = written;
        let observed = [rdc.rate, rdc.distortion, rdc.classification, ridge, relative_gradient];
        if let Some(value) = parameters.iter().chain(&observed).find(|value| !value.is_finite()) {
            let (option, requirement) = ("every number of a state", "finite");
            return Err(ModelError::Option { option, requirement, value: *value });
        }
        let is_weight = |weight: &f64| weight.is_finite() && *weight >= 0.0;
        let mut wrong = weights.iter().flatten().enumerate().filter(|(_, weight)| !is_weight(weight));
        if let Some((index, &value)) = wrong.next() {
            return Err(ModelError::Weight { index, value });
        }
        Ok(Self {
            parameters: Arc::new(Parameters::from_values(parameters)),
            at,
            rdc,
            weights: weights.map(Into::into),
            ridge,
            slope: relative_gradient,
            branch,
            work,
            known: Arc::new(OnceLock::new()),
        })
    }
}
