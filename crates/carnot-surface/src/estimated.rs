//! Measured rate, distortion and classification loss, with their joint covariance.

use std::sync::Arc;

use carnot_info::Estimate;

use crate::{Multipliers, Observables};

/// Names the samples and the random numbers that an estimate was made with. Two estimates with the same key used
/// common random numbers, sample by sample, and their difference is paired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct SampleKey(pub u64);

/// Why per-sample values do not make an estimate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EstimateError {
    /// A standard error needs at least two samples.
    #[error("an estimate needs at least two samples, not {found}")]
    TooFewSamples {
        /// How many there were.
        found: usize,
    },
    /// A value is NaN or infinite.
    #[error("the {functional} of sample {sample} is {value:?}")]
    NotFinite {
        /// The number of the sample.
        sample: usize,
        /// `rate`, `distortion` or `classification loss`.
        functional: &'static str,
        /// The value.
        value: f64,
    },
    /// What was read as the covariance of means is none.
    #[error("not finite means with a covariance: {covariance:?}")]
    NotACovariance {
        /// The matrix, in the order R, D, C.
        covariance: [[f64; 3]; 3],
    },
}

/// An estimate as it is written: where there are samples, they say everything.
#[derive(serde::Serialize, serde::Deserialize)]
enum Written {
    Samples { key: SampleKey, samples: Vec<[f64; 3]> },
    Unpaired { means: [f64; 3], covariance: [[f64; 3]; 3] },
}

impl From<RdcEstimate> for Written {
    fn from(RdcEstimate { means, covariance, samples }: RdcEstimate) -> Self {
        match samples {
            Some((key, samples)) => Self::Samples { key, samples: samples.to_vec() },
            None => Self::Unpaired { means, covariance },
        }
    }
}

impl TryFrom<Written> for RdcEstimate {
    type Error = EstimateError;

    fn try_from(written: Written) -> Result<Self, EstimateError> {
        match written {
            Written::Samples { key, samples } => Self::from_samples(samples, key),
            Written::Unpaired { means, covariance } => {
                let bound =
                    |a: usize, b: usize| (covariance[a][a] * covariance[b][b]).sqrt() * (1.0 + BY_ROUNDING);
                let is_one = (0..3).all(|a| {
                    // Not of a NaN, nor of a negative variance, whose bound is none.
                    (0..3).all(|b| {
                        covariance[a][b] == covariance[b][a] && covariance[a][b].abs() <= bound(a, b)
                    })
                });
                let is_finite = means.iter().chain(covariance.as_flattened()).all(|value| value.is_finite());
                if is_one && is_finite {
                    Ok(Self { means, covariance, samples: None })
                } else {
                    Err(EstimateError::NotACovariance { covariance })
                }
            }
        }
    }
}

/// By this a covariance may exceed the product of the deviations, for rounding.
const BY_ROUNDING: f64 = 1e-9;

const NAMES: [&str; 3] = ["rate", "distortion", "classification loss"];

/// Estimates of R, D and C from the same samples: means, the covariance of the means, and the per-sample values that
/// make paired differences possible.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct RdcEstimate {
    means: [f64; 3],
    /// Covariance of the three means: the covariance of a sample over the number of samples.
    covariance: [[f64; 3]; 3],
    /// Absent from the difference of unpaired estimates.
    samples: Option<(SampleKey, Arc<[[f64; 3]]>)>,
}

impl RdcEstimate {
    /// The estimate from per-sample values `[rate, distortion, classification loss]`, in nats. `key` names the set of
    /// samples and random numbers behind them, in this order.
    ///
    /// # Errors
    ///
    /// Fewer than two samples, or one that is not finite.
    pub fn from_samples(samples: Vec<[f64; 3]>, key: SampleKey) -> Result<Self, EstimateError> {
        if samples.len() < 2 {
            return Err(EstimateError::TooFewSamples { found: samples.len() });
        }
        for (sample, values) in samples.iter().enumerate() {
            for (&value, functional) in values.iter().zip(NAMES) {
                if !value.is_finite() {
                    return Err(EstimateError::NotFinite { sample, functional, value });
                }
            }
        }
        Ok(Self::from_finite(samples.into(), key))
    }

    fn from_finite(samples: Arc<[[f64; 3]]>, key: SampleKey) -> Self {
        let n = samples.len() as f64;
        let mut means = [0.0; 3];
        for values in samples.iter() {
            for (mean, value) in means.iter_mut().zip(values) {
                *mean += value / n;
            }
        }
        // The second pass is around the means, so that a large constant (of D) costs no digits.
        let mut covariance = [[0.0; 3]; 3];
        for values in samples.iter() {
            for (a, row) in covariance.iter_mut().enumerate() {
                for (b, entry) in row.iter_mut().enumerate() {
                    *entry += (values[a] - means[a]) * (values[b] - means[b]) / ((n - 1.0) * n);
                }
            }
        }
        Self { means, covariance, samples: Some((key, samples)) }
    }

    /// The covariance of the three means, in the order R, D, C.
    pub fn covariance(&self) -> [[f64; 3]; 3] {
        self.covariance
    }

    /// The number of samples behind the estimate; `None` for the difference of two unpaired ones.
    pub fn samples(&self) -> Option<usize> {
        self.samples.as_ref().map(|(_, samples)| samples.len())
    }

    /// Mean and standard error of `weights . (R, D, C)`.
    fn combination(&self, weights: [f64; 3]) -> Estimate {
        let mean = weights.iter().zip(self.means).map(|(w, mean)| w * mean).sum();
        let mut variance = 0.0;
        for (a, row) in self.covariance.iter().enumerate() {
            for (b, entry) in row.iter().enumerate() {
                variance += weights[a] * entry * weights[b];
            }
        }
        // Rounding can take the variance of an almost constant combination below zero.
        Estimate::exact(mean).with_std_err(variance.max(0.0).sqrt())
    }
}

impl Observables for RdcEstimate {
    type Scalar = Estimate;

    fn rate(&self) -> Estimate {
        self.combination([1.0, 0.0, 0.0])
    }

    fn distortion(&self) -> Estimate {
        self.combination([0.0, 1.0, 0.0])
    }

    fn classification(&self) -> Estimate {
        self.combination([0.0, 0.0, 1.0])
    }

    fn objective(&self, multipliers: Multipliers) -> Estimate {
        self.combination([1.0, multipliers.lambda(), multipliers.gamma()])
    }

    fn change_since(&self, earlier: &Self) -> Self {
        if let (Some((key, now)), Some((then_key, then))) = (&self.samples, &earlier.samples)
            && key == then_key
            && now.len() == then.len()
        {
            let paired = now.iter().zip(then.iter());
            let differences = paired.map(|(a, b)| [a[0] - b[0], a[1] - b[1], a[2] - b[2]]).collect();
            return Self::from_finite(differences, *key);
        }
        let mut change = Self { samples: None, ..self.clone() };
        for a in 0..3 {
            change.means[a] -= earlier.means[a];
            for b in 0..3 {
                change.covariance[a][b] += earlier.covariance[a][b];
            }
        }
        change
    }
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;

    fn estimate(values: &[[f64; 3]], key: u64) -> RdcEstimate {
        RdcEstimate::from_samples(values.to_vec(), SampleKey(key)).expect("finite samples")
    }

    #[test]
    fn means_and_standard_errors_are_those_of_the_samples() {
        let estimate = estimate(&[[1.0, 10.0, 0.0], [3.0, 14.0, 1.0]], 0);
        // Two samples a distance d apart have a mean of standard error d / 2.
        assert_close!(estimate.rate().mean(), 2.0, rtol = 1e-15, atol = 0.0);
        assert_close!(estimate.rate().std_err(), 1.0, rtol = 1e-15, atol = 0.0);
        assert_close!(estimate.distortion().std_err(), 2.0, rtol = 1e-15, atol = 0.0);
        let multipliers = Multipliers::new(0.5, 2.0).expect("valid");
        // The samples' objectives are 6 and 12: the covariances count.
        assert_close!(estimate.objective(multipliers).mean(), 9.0, rtol = 1e-15, atol = 0.0);
        assert_close!(estimate.objective(multipliers).std_err(), 3.0, rtol = 1e-15, atol = 0.0);
    }

    #[test]
    fn common_random_numbers_are_paired_and_others_are_not() {
        let before = [[1.0, 0.0, 0.0], [5.0, 0.0, 0.0], [9.0, 0.0, 0.0]];
        let after = [[1.5, 0.0, 0.0], [5.5, 0.0, 0.0], [9.5, 0.0, 0.0]];
        let paired = estimate(&after, 7).change_since(&estimate(&before, 7));
        assert_close!(paired.rate().mean(), 0.5, rtol = 1e-14, atol = 0.0);
        assert_close!(paired.rate().std_err(), 0.0, rtol = 0.0, atol = 1e-15);
        let unpaired = estimate(&after, 8).change_since(&estimate(&before, 7));
        assert_close!(unpaired.rate().mean(), 0.5, rtol = 1e-14, atol = 0.0);
        // Variances of the means, 16 / 3 each, add.
        assert_close!(unpaired.rate().std_err(), (32.0_f64 / 3.0).sqrt(), rtol = 1e-14, atol = 0.0);
        assert_eq!(unpaired.samples(), None);
    }

    #[test]
    fn bad_samples_are_named() {
        assert_eq!(
            RdcEstimate::from_samples(vec![[0.0; 3]], SampleKey(0)),
            Err(EstimateError::TooFewSamples { found: 1 })
        );
        let error = RdcEstimate::from_samples(vec![[0.0; 3], [0.0, f64::INFINITY, 0.0]], SampleKey(0));
        assert_eq!(
            error,
            Err(EstimateError::NotFinite { sample: 1, functional: "distortion", value: f64::INFINITY })
        );
    }
}
