//! The letters of a representation: how often each is used, and what each says about the labels.

use carnot_info::{Distribution, InfoError, NORMALISATION_TOLERANCE};

use super::problem::{LOG_ZERO, Problem};

/// The least logarithm of a free classifier's entry. A smaller one changes no objective, and an entry that is not zero can
/// grow again.
pub(super) const LEAST_LOG: f64 = -600.0;

/// `m(z)` and `ln c(y|z)`. Letters that are not in use keep a classifier: what they would say if they were.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Unchecked")]
pub(super) struct Letters {
    /// `m(z)`, shape `(n_z)`, sum one.
    pub(super) marginal: Vec<f64>,
    /// `ln c(y|z)`, shape `(n_z, n_y)`.
    pub(super) log_classifier: Vec<f64>,
}

/// What may have been written as letters.
#[derive(serde::Deserialize)]
struct Unchecked {
    marginal: Vec<f64>,
    log_classifier: Vec<f64>,
}

impl TryFrom<Unchecked> for Letters {
    type Error = InfoError;

    fn try_from(Unchecked { marginal, log_classifier }: Unchecked) -> Result<Self, InfoError> {
        Distribution::new(marginal.clone())?;
        let (n_z, entries) = (marginal.len(), log_classifier.len());
        let n_y = entries / n_z;
        if n_y == 0 || n_y * n_z != entries {
            let what = "entries of the letters' classifiers";
            return Err(InfoError::LengthMismatch { what, expected: n_y.max(1) * n_z, found: entries });
        }
        if let Some(index) = log_classifier.iter().position(|log_c| !log_c.is_finite()) {
            let what = "logarithms of the letters' classifiers";
            return Err(InfoError::NonFinite { what, index, value: log_classifier[index] });
        }
        for (row, logs) in log_classifier.chunks_exact(n_y).enumerate() {
            // A given classifier may say something of labels that do not occur.
            let sum: f64 = logs.iter().map(|log_c| log_c.exp()).sum();
            if sum > 1.0 + NORMALISATION_TOLERANCE {
                return Err(InfoError::RowNotNormalised { row, sum, tolerance: NORMALISATION_TOLERANCE });
            }
        }
        Ok(Self { marginal, log_classifier })
    }
}

impl Letters {
    /// Every letter as likely, or the given marginal; the given classifier, or one that tells nothing.
    pub(super) fn uniform(problem: &Problem) -> Self {
        let n_z = problem.n_z;
        let log_labels: Vec<f64> = problem.label_distribution().iter().map(|p| p.ln()).collect();
        Self {
            marginal: problem.marginal.clone().unwrap_or_else(|| vec![1.0 / n_z as f64; n_z]),
            log_classifier: problem
                .log_classifier
                .clone()
                .unwrap_or_else(|| log_labels.iter().copied().cycle().take(n_z * problem.n_y).collect()),
        }
    }

    pub(super) fn zeros(problem: &Problem) -> Self {
        Self { marginal: vec![0.0; problem.n_z], log_classifier: vec![LOG_ZERO; problem.n_z * problem.n_y] }
    }

    pub(super) fn copy_from(&mut self, other: &Self) {
        self.marginal.copy_from_slice(&other.marginal);
        self.log_classifier.copy_from_slice(&other.log_classifier);
    }

    /// The number of labels that occur.
    pub(super) fn n_y(&self) -> usize {
        self.log_classifier.len() / self.marginal.len()
    }

    /// The letters in use.
    pub(super) fn in_use(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.marginal.len()).filter(|&z| self.marginal[z] > 0.0)
    }

    /// Divides the marginal by its sum.
    pub(super) fn normalise_marginal(&mut self) {
        let total: f64 = self.marginal.iter().sum();
        for weight in &mut self.marginal {
            *weight /= total;
        }
    }

    /// Normalises what the letters say that are not in use, where it is theirs to choose: the updates of a letter without
    /// weight are known up to a factor.
    pub(super) fn normalise_absent(&mut self, problem: &Problem) {
        for z in 0..problem.n_z {
            if self.marginal[z] == 0.0 && problem.log_classifier.is_none() {
                self.normalise_classifier(z, problem.n_y);
            }
        }
    }

    /// Subtracts the logarithm of its sum from the classifier of letter `z`, and holds its entries at [`LEAST_LOG`].
    pub(super) fn normalise_classifier(&mut self, z: usize, n_y: usize) {
        let row = &mut self.log_classifier[z * n_y..][..n_y];
        normalise_log(row);
    }
}

/// Subtracts the logarithm of the sum of exponentials, and holds the entries at [`LEAST_LOG`].
pub(super) fn normalise_log(row: &mut [f64]) {
    let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let log_sum = largest + row.iter().map(|value| (value - largest).exp()).sum::<f64>().ln();
    for value in row {
        *value = (*value - log_sum).max(LEAST_LOG);
    }
}
