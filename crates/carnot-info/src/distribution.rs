use crate::InfoError;
use crate::log_domain::check_log_weights;
use crate::numeric::{NORMALISATION_TOLERANCE, is_weight, normalise, normalise_again, sum};
use ndarray::{Array1, ArrayView1};

/// A probability vector `p(x)` over a finite alphabet `x = 0, ..., n - 1`, `n >= 1`.
///
/// Every entry is finite and not negative, and the entries sum to one within one rounding of each. So no
/// function that takes a `Distribution` has to ask again. Serialised it is the list of its probabilities, which
/// [`new`](Self::new) would accept and of which no bit changes on the way.
///
/// ```
/// # use carnot_info::Distribution;
/// # fn main() -> Result<(), carnot_info::InfoError> {
/// let fair = Distribution::new(vec![0.5, 0.5])?;
/// let counted = Distribution::from_weights(vec![7.0, 7.0])?;
/// assert_eq!(fair, counted);
/// assert!(Distribution::new(vec![0.5, 0.4]).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Vec<f64>", into = "Vec<f64>")]
pub struct Distribution {
    probabilities: Array1<f64>,
}

impl Distribution {
    /// The distribution with these probabilities, shape `(n,)`.
    ///
    /// The sum may be off one by [`NORMALISATION_TOLERANCE`]; what is accepted is divided by its sum.
    ///
    /// # Errors
    ///
    /// [`InfoError::EmptyAlphabet`], [`InfoError::InvalidProbability`] or [`InfoError::NotNormalised`].
    pub fn new(probabilities: impl Into<Array1<f64>>) -> Result<Self, InfoError> {
        let probabilities = probabilities.into();
        check_probabilities(probabilities.view())?;
        Self::from_checked(probabilities)
    }

    /// The distribution proportional to `weights` (counts, say), shape `(n,)`.
    ///
    /// # Errors
    ///
    /// [`InfoError::EmptyAlphabet`], [`InfoError::InvalidProbability`], or [`InfoError::ZeroWeights`] when all
    /// are zero.
    pub fn from_weights(weights: impl Into<Array1<f64>>) -> Result<Self, InfoError> {
        let weights = weights.into();
        check_weights(weights.view())?;
        Self::from_checked(weights)
    }

    /// The softmax of `log_weights`, shape `(n,)`: probabilities proportional to their exponentials.
    ///
    /// `-inf` gives probability zero, and so does an entry some 745 below the largest, which underflows.
    ///
    /// # Errors
    ///
    /// [`InfoError::EmptyAlphabet`], [`InfoError::InvalidLogWeight`], or [`InfoError::ZeroWeights`] when all are
    /// `-inf`.
    pub fn from_log_weights(log_weights: impl Into<Array1<f64>>) -> Result<Self, InfoError> {
        let mut weights = log_weights.into();
        check_log_weights(0, weights.iter().copied())?;
        let largest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        weights.mapv_inplace(|value| (value - largest).exp());
        check_weights(weights.view())?;
        Self::from_checked(weights)
    }

    /// The uniform distribution over `outcomes` outcomes.
    ///
    /// # Errors
    ///
    /// [`InfoError::EmptyAlphabet`] for none.
    pub fn uniform(outcomes: usize) -> Result<Self, InfoError> {
        Self::from_weights(Array1::ones(outcomes))
    }

    /// Normalises weights that are known to be valid.
    pub(crate) fn from_checked(mut weights: Array1<f64>) -> Result<Self, InfoError> {
        if normalise(weights.view_mut()) {
            Ok(Self { probabilities: weights })
        } else {
            Err(InfoError::ZeroWeights { row: 0 })
        }
    }

    /// Normalises weights that are known to be valid and not all zero.
    pub(crate) fn from_positive(mut weights: Array1<f64>) -> Self {
        normalise(weights.view_mut());
        Self { probabilities: weights }
    }

    /// The size `n` of the alphabet, at least one.
    #[must_use]
    pub fn n_outcomes(&self) -> usize {
        self.probabilities.len()
    }

    /// The probabilities, shape `(n,)`.
    #[must_use]
    pub fn probabilities(&self) -> ArrayView1<'_, f64> {
        self.probabilities.view()
    }

    /// The probabilities, by value.
    #[must_use]
    pub fn into_probabilities(self) -> Array1<f64> {
        self.probabilities
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        self.probabilities.iter().copied()
    }
}

impl TryFrom<Vec<f64>> for Distribution {
    type Error = InfoError;

    /// As [`Distribution::new`], but that the probabilities of a distribution come back to the last bit.
    fn try_from(probabilities: Vec<f64>) -> Result<Self, InfoError> {
        let mut probabilities = Array1::from(probabilities);
        check_probabilities(probabilities.view())?;
        normalise_again(probabilities.view_mut());
        Ok(Self { probabilities })
    }
}

impl From<Distribution> for Vec<f64> {
    fn from(distribution: Distribution) -> Self {
        distribution.probabilities.to_vec()
    }
}

fn check_probabilities(probabilities: ArrayView1<'_, f64>) -> Result<(), InfoError> {
    check_weights(probabilities)?;
    let sum = sum(probabilities.iter().copied());
    if (sum - 1.0).abs() > NORMALISATION_TOLERANCE {
        return Err(InfoError::NotNormalised { sum, tolerance: NORMALISATION_TOLERANCE });
    }
    Ok(())
}

fn check_weights(weights: ArrayView1<'_, f64>) -> Result<(), InfoError> {
    if weights.is_empty() {
        return Err(InfoError::EmptyAlphabet { rows: 1, columns: 0 });
    }
    match weights.iter().copied().enumerate().find(|(_, value)| !is_weight(*value)) {
        Some((index, value)) => Err(InfoError::InvalidProbability { index, value }),
        None => Ok(()),
    }
}
