//! The state of a training as it is written, and what is none.

use std::sync::Arc;

use carnot_info::Estimate;
use serde::ser::Error;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::{LearnedState, Stream};
use crate::optimiser::OptimiserState;
use crate::{ModelError, Optimiser, Parameters, hexadecimal};

/// The version of what is written: the first thing that is read, so that another one is refused by its name.
const VERSION: u64 = 1;

#[derive(Clone, Copy, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "u64", into = "u64")]
struct Version;

impl From<Version> for u64 {
    fn from(Version: Version) -> Self {
        VERSION
    }
}

impl TryFrom<u64> for Version {
    type Error = Invalid;

    fn try_from(found: u64) -> Result<Self, Invalid> {
        if found == VERSION { Ok(Self) } else { Err(Invalid::Version { found }) }
    }
}

/// More steps than any training has, and few enough to be counted on from.
const MOST_STEPS: u64 = 1 << 62;

/// A state as it is written; the numbers are the hexadecimal digits of their bytes.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    version: Version,
    layers: String,
    optimiser: Optimiser,
    steps: u64,
    seed: u64,
    n_samples: usize,
    batch_size: usize,
    accuracy: Estimate,
    parameters: String,
    first_moments: String,
    second_moments: String,
    /// SHA-256 of this, as JSON with an empty digest.
    digest: String,
}

/// Why something is no state.
#[derive(Debug, thiserror::Error)]
pub(super) enum Invalid {
    #[error("the state is of version {found}, not {VERSION}")]
    Version { found: u64 },
    #[error("the {what} of the state are not the bytes of numbers")]
    NotNumbers { what: &'static str },
    #[error("the state has {found} {what}, not {expected}")]
    Length { what: &'static str, found: usize, expected: usize },
    #[error("number {index} of the {what} of the state is {value}")]
    Value { what: &'static str, index: usize, value: f32 },
    #[error("the state has {what} {value}")]
    Count { what: &'static str, value: u64 },
    #[error("the digest of the state is {found}, not {expected} as written: bytes have changed")]
    Digest { found: String, expected: String },
    #[error(transparent)]
    Optimiser(#[from] ModelError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

const NAMES: [&str; 3] = ["parameters", "first moments", "second moments"];

/// What is the same of every state: checked when it is written too, so that what is written can be read.
fn check(state: &LearnedState) -> Result<(), Invalid> {
    let [first, second] = state.optimiser.moments();
    let numbers = [state.parameters.values(), first, second];
    let n = state.parameters.len();
    let seconds = if state.optimiser.optimiser().has_second_moments() { n } else { 0 };
    let lengths = [n.max(1), n, seconds];
    for ((what, numbers), expected) in NAMES.into_iter().zip(numbers).zip(lengths) {
        let found = numbers.len();
        if found != expected {
            return Err(Invalid::Length { what, found, expected });
        }
        // A mean of squares is not negative.
        let is_valid = |value: f32| value.is_finite() && (what != "second moments" || value >= 0.0);
        if let Some((index, &value)) = numbers.iter().enumerate().find(|(_, value)| !is_valid(**value)) {
            return Err(Invalid::Value { what, index, value });
        }
    }
    let Stream { n_samples, batch_size, .. } = state.stream;
    let counts = [
        ("training samples", n_samples as u64, n_samples > 0),
        ("samples in a batch", batch_size as u64, batch_size > 0),
        ("steps", state.steps(), state.steps() <= MOST_STEPS),
    ];
    match counts.into_iter().find(|(_, _, is_valid)| !is_valid) {
        Some((what, value, _)) => Err(Invalid::Count { what, value }),
        None => Ok(()),
    }
}

/// SHA-256 of what is written, as JSON, its digest empty.
fn digest(undigested: &Written) -> Result<String, Invalid> {
    let mut hasher = Sha256::new();
    serde_json::to_writer(&mut hasher, undigested)?;
    Ok(hexadecimal::encode(&hasher.finalize()))
}

impl Serialize for LearnedState {
    fn serialize<Z: Serializer>(&self, to: Z) -> Result<Z::Ok, Z::Error> {
        check(self).map_err(Z::Error::custom)?;
        let [first, second] = self.optimiser.moments();
        let digits = |numbers: &[f32]| {
            let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
            hexadecimal::encode(&bytes)
        };
        let Stream { seed, n_samples, batch_size } = self.stream;
        let mut written = Written {
            version: Version,
            layers: self.layers.to_string(),
            optimiser: self.optimiser.optimiser(),
            steps: self.steps(),
            seed,
            n_samples,
            batch_size,
            accuracy: self.accuracy,
            parameters: digits(self.parameters.values()),
            first_moments: digits(first),
            second_moments: digits(second),
            digest: String::new(),
        };
        written.digest = digest(&written).map_err(Z::Error::custom)?;
        written.serialize(to)
    }
}

impl TryFrom<Written> for LearnedState {
    type Error = Invalid;

    fn try_from(mut written: Written) -> Result<Self, Invalid> {
        let numbers = |what, text: &str| {
            let bytes = hexadecimal::decode(text).ok_or(Invalid::NotNumbers { what })?;
            let (numbers, []) = bytes.as_chunks() else { return Err(Invalid::NotNumbers { what }) };
            Ok(numbers.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
        };
        let parameters = numbers(NAMES[0], &written.parameters)?;
        let moments =
            [numbers(NAMES[1], &written.first_moments)?, numbers(NAMES[2], &written.second_moments)?];
        let expected = std::mem::take(&mut written.digest);
        let found = digest(&written)?;
        if found != expected {
            return Err(Invalid::Digest { found, expected });
        }
        let Written { layers, optimiser, steps, seed, n_samples, batch_size, accuracy, .. } = written;
        let state = Self {
            layers: layers.into(),
            parameters: Arc::new(Parameters::from_values(parameters)),
            optimiser: Arc::new(OptimiserState::resume(optimiser, moments, steps)?),
            stream: Stream { seed, n_samples, batch_size },
            accuracy,
        };
        check(&state)?;
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use carnot_data::{Batches, synthetic};

    use super::*;
    use crate::Relaxation;
    use crate::training::Progress;

    /// A state of two parameters whose moments are these.
    fn state(parameters: [f32; 2], moments: [Vec<f32>; 2]) -> LearnedState {
        let optimiser = OptimiserState::resume(Optimiser::ADAM, moments, 3).expect("an optimiser");
        let batches = Batches::new(10, 4, 1).expect("batches");
        let accuracy = Estimate::exact(0.5);
        LearnedState::new(
            "layers".into(),
            Parameters::from_values(parameters.into()),
            Progress { optimiser, batches },
            accuracy,
        )
    }

    #[test]
    fn what_could_not_be_read_is_not_written() {
        let written = |parameters, moments| serde_json::to_string(&state(parameters, moments));
        let text = written([1.0, -0.0], [vec![0.1, -0.2], vec![f32::MIN_POSITIVE / 2.0, 0.4]]).expect("text");
        assert!(text.contains("\"parameters\":\"0000803f00000080\""), "{text}");
        let read: LearnedState = serde_json::from_str(&text).expect("a state");
        assert_eq!(serde_json::to_string(&read).expect("text"), text);

        let (whole, zeros) = ([1.0, 2.0], vec![0.0, 0.0]);
        let refused = [
            (
                written([1.0, f32::NAN], [zeros.clone(), zeros.clone()]),
                "number 1 of the parameters of the state is NaN",
            ),
            (
                written(whole, [vec![f32::INFINITY, 0.0], zeros.clone()]),
                "number 0 of the first moments of the state is inf",
            ),
            (
                written(whole, [zeros.clone(), vec![0.0, -1.0]]),
                "number 1 of the second moments of the state is -1",
            ),
            (written(whole, [vec![0.0], zeros.clone()]), "the state has 1 first moments, not 2"),
            (written(whole, [zeros, vec![]]), "the state has 0 second moments, not 2"),
        ];
        for (written, expected) in refused {
            assert_eq!(written.expect_err("not a state").to_string(), expected);
        }
    }

    #[test]
    fn what_a_state_claims_of_its_data_takes_no_memory() {
        let state = state([1.0, 2.0], [vec![0.0; 2], vec![0.0; 2]]);
        let huge = Stream { n_samples: usize::MAX, batch_size: usize::MAX, ..state.stream };
        let text = serde_json::to_string(&LearnedState { stream: huge, ..state }).expect("text");
        let read: LearnedState = serde_json::from_str(&text).expect("a state");
        let digits = synthetic::digits(10, 1).expect("digits");
        let error = read.check_training(&digits, &Relaxation::DEFAULT).expect_err("of other data");
        assert!(matches!(
            error,
            ModelError::State { what: "training samples", found: usize::MAX, expected: 10 }
        ));
    }
}
