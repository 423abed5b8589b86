use crate::error::check_length;
use crate::log_domain::check_log_weights;
use crate::numeric::{NORMALISATION_TOLERANCE, is_weight, normalise, normalise_again, sum};
use crate::{Distribution, InfoError, Joint};
use ndarray::{Array2, ArrayView1, ArrayView2};

/// A row-stochastic table `p(z|x)`: rows are the inputs `x`, columns the outputs `z`.
///
/// Encoders `e(z|x)` (rows x), decoders `d(x|z)` (rows z) and classifiers `c(y|z)` (rows z) are all channels.
/// Every entry is finite and not negative, and each row sums to one within one rounding of each entry.
/// Serialised it is the list of its rows, which [`new`](Self::new) would accept and of which no bit changes on the way.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Vec<Vec<f64>>", into = "Vec<Vec<f64>>")]
pub struct Channel {
    table: Array2<f64>,
}

impl Channel {
    /// The channel with this table, shape `(n_inputs, n_outputs)`.
    ///
    /// The sum of a row may be off one by [`NORMALISATION_TOLERANCE`]; what is accepted is divided by it.
    ///
    /// # Errors
    ///
    /// [`InfoError::EmptyAlphabet`], [`InfoError::InvalidEntry`] or [`InfoError::RowNotNormalised`].
    pub fn new(table: impl Into<Array2<f64>>) -> Result<Self, InfoError> {
        let table = table.into();
        check_rows(table.view())?;
        Self::from_checked(table)
    }

    /// The channel whose rows are proportional to those of `weights`, shape `(n_inputs, n_outputs)`.
    ///
    /// # Errors
    ///
    /// [`InfoError::EmptyAlphabet`], [`InfoError::InvalidEntry`], or [`InfoError::ZeroWeights`] for a row of
    /// zeros.
    pub fn from_weights(weights: impl Into<Array2<f64>>) -> Result<Self, InfoError> {
        let weights = weights.into();
        check_weights(weights.view())?;
        Self::from_checked(weights)
    }

    /// The channel whose rows are the softmax of the rows of `log_weights`, shape `(n_inputs, n_outputs)`.
    ///
    /// `-inf` gives probability zero, and so does an entry some 745 below the largest of its row, which
    /// underflows.
    ///
    /// # Errors
    ///
    /// [`InfoError::EmptyAlphabet`], [`InfoError::InvalidLogWeight`], or [`InfoError::ZeroWeights`] for a row of
    /// only `-inf`.
    pub fn from_log_weights(log_weights: impl Into<Array2<f64>>) -> Result<Self, InfoError> {
        let mut weights = log_weights.into();
        for (row, mut values) in weights.rows_mut().into_iter().enumerate() {
            check_log_weights(row, values.iter().copied())?;
            let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            values.mapv_inplace(|value| (value - largest).exp());
        }
        check_weights(weights.view())?;
        Self::from_checked(weights)
    }

    /// The channel that sends input `x` to output `outputs[x]` with certainty.
    ///
    /// # Errors
    ///
    /// [`InfoError::EmptyAlphabet`] or [`InfoError::OutputOutOfRange`].
    pub fn deterministic(outputs: &[usize], n_outputs: usize) -> Result<Self, InfoError> {
        let mut table = Array2::zeros((outputs.len(), n_outputs));
        for (input, (&output, mut row)) in outputs.iter().zip(table.rows_mut()).enumerate() {
            *row.get_mut(output).ok_or(InfoError::OutputOutOfRange {
                input,
                output,
                outputs: n_outputs,
            })? = 1.0;
        }
        Self::new(table)
    }

    /// Normalises the rows of weights that are known to be valid.
    pub(crate) fn from_checked(mut weights: Array2<f64>) -> Result<Self, InfoError> {
        for (row, values) in weights.rows_mut().into_iter().enumerate() {
            if !normalise(values) {
                return Err(InfoError::ZeroWeights { row });
            }
        }
        Ok(Self { table: weights })
    }

    /// Normalises the rows of weights that are known to be valid; a row of zeros becomes `otherwise`, which must
    /// have as many outcomes as the weights have columns.
    pub(crate) fn from_rows_or(mut weights: Array2<f64>, otherwise: &Distribution) -> Self {
        for mut row in weights.rows_mut() {
            if !normalise(row.view_mut()) {
                row.assign(&otherwise.probabilities());
            }
        }
        Self { table: weights }
    }

    /// The number of inputs (rows), at least one.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        self.table.nrows()
    }

    /// The number of outputs (columns), at least one.
    #[must_use]
    pub fn n_outputs(&self) -> usize {
        self.table.ncols()
    }

    /// The table, shape `(n_inputs, n_outputs)`.
    #[must_use]
    pub fn table(&self) -> ArrayView2<'_, f64> {
        self.table.view()
    }

    /// The table, by value.
    #[must_use]
    pub fn into_table(self) -> Array2<f64> {
        self.table
    }

    /// The distribution of the output, `e(z) = sum_x p(x) e(z|x)` (the *aggregate*), for inputs from `source`.
    ///
    /// # Errors
    ///
    /// [`InfoError::LengthMismatch`] when `source` has another number of outcomes than the channel has inputs.
    pub fn push(&self, source: &Distribution) -> Result<Distribution, InfoError> {
        Ok(Joint::from_parts(source, self)?.marginal_y())
    }

    /// The channel backwards, by Bayes' rule: `p(x|z) = p(x) p(z|x) / p(z)`, rows `z`, columns `x`.
    ///
    /// The row of an output that never occurs is `source` itself: it carries no weight in any expectation, and
    /// this choice says that such an output teaches nothing about `x`.
    ///
    /// # Errors
    ///
    /// [`InfoError::LengthMismatch`] when `source` has another number of outcomes than the channel has inputs.
    pub fn posterior(&self, source: &Distribution) -> Result<Channel, InfoError> {
        Ok(Joint::from_parts(source, self)?.conditional_x_given_y())
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = ArrayView1<'_, f64>> {
        self.table.rows().into_iter()
    }

    pub(crate) fn check_source(&self, source: &Distribution) -> Result<(), InfoError> {
        check_length(
            "inputs of the channel against outcomes of its source",
            source.n_outcomes(),
            self.n_inputs(),
        )
    }
}

impl TryFrom<Vec<Vec<f64>>> for Channel {
    type Error = InfoError;

    /// As [`Channel::new`], but that the rows of a channel come back to the last bit.
    fn try_from(rows: Vec<Vec<f64>>) -> Result<Self, InfoError> {
        let columns = rows.first().map_or(0, Vec::len);
        for row in &rows {
            check_length("entries of a row against those of the first", columns, row.len())?;
        }
        let mut table = Array2::zeros((rows.len(), columns));
        for (entry, value) in table.iter_mut().zip(rows.into_iter().flatten()) {
            *entry = value;
        }
        check_rows(table.view())?;
        for row in table.rows_mut() {
            normalise_again(row);
        }
        Ok(Self { table })
    }
}

impl From<Channel> for Vec<Vec<f64>> {
    fn from(channel: Channel) -> Self {
        channel.rows().map(|row| row.to_vec()).collect()
    }
}

/// Refuses what [`check_weights`] does, and rows that do not sum to one.
fn check_rows(table: ArrayView2<'_, f64>) -> Result<(), InfoError> {
    check_weights(table)?;
    for (row, values) in table.rows().into_iter().enumerate() {
        let sum = sum(values.iter().copied());
        if (sum - 1.0).abs() > NORMALISATION_TOLERANCE {
            return Err(InfoError::RowNotNormalised { row, sum, tolerance: NORMALISATION_TOLERANCE });
        }
    }
    Ok(())
}

/// Refuses empty tables and invalid entries; shared with [`Joint`].
pub(crate) fn check_weights(weights: ArrayView2<'_, f64>) -> Result<(), InfoError> {
    if weights.is_empty() {
        return Err(InfoError::EmptyAlphabet { rows: weights.nrows(), columns: weights.ncols() });
    }
    match weights.indexed_iter().find(|(_, value)| !is_weight(**value)) {
        Some(((row, column), &value)) => Err(InfoError::InvalidEntry { row, column, value }),
        None => Ok(()),
    }
}
