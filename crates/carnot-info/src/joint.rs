use crate::channel::check_weights;
use crate::numeric::{NORMALISATION_TOLERANCE, normalise, sum};
use crate::{Channel, Distribution, InfoError};
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// A joint distribution `p(x, y)`: rows are `x`, columns `y`, and the whole table sums to one.
///
/// Every entry is finite and not negative, and the total is one within one rounding of each entry.
///
/// ```
/// # use carnot_info::Joint;
/// # use ndarray::array;
/// # fn main() -> Result<(), carnot_info::InfoError> {
/// let joint = Joint::from_weights(array![[3.0, 1.0], [0.0, 4.0]])?;
/// assert_eq!(joint.marginal_x().probabilities(), array![0.5, 0.5]);
/// assert_eq!(joint.conditional_y_given_x().table(), array![[0.75, 0.25], [0.0, 1.0]]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Joint {
    table: Array2<f64>,
    // Computed with the table, so that asking for them, and for the conditionals, cannot fail.
    marginal_x: Distribution,
    marginal_y: Distribution,
}

impl Joint {
    /// The joint distribution with this table, shape `(n_x, n_y)`.
    ///
    /// The total may be off one by [`NORMALISATION_TOLERANCE`]; what is accepted is divided by it.
    ///
    /// # Errors
    ///
    /// [`InfoError::EmptyAlphabet`], [`InfoError::InvalidEntry`] or [`InfoError::NotNormalised`].
    pub fn new(table: impl Into<Array2<f64>>) -> Result<Self, InfoError> {
        let table = table.into();
        check_weights(table.view())?;
        let sum = sum(table.iter().copied());
        if (sum - 1.0).abs() > NORMALISATION_TOLERANCE {
            return Err(InfoError::NotNormalised { sum, tolerance: NORMALISATION_TOLERANCE });
        }
        Self::from_checked(table)
    }

    /// The joint distribution proportional to `weights` (a table of counts, say), shape `(n_x, n_y)`.
    ///
    /// # Errors
    ///
    /// [`InfoError::EmptyAlphabet`], [`InfoError::InvalidEntry`], or [`InfoError::ZeroWeights`] when all are
    /// zero.
    pub fn from_weights(weights: impl Into<Array2<f64>>) -> Result<Self, InfoError> {
        let weights = weights.into();
        check_weights(weights.view())?;
        Self::from_checked(weights)
    }

    /// `p(x, y) = p(x) p(y|x)`.
    ///
    /// # Errors
    ///
    /// [`InfoError::LengthMismatch`] when `source` has another number of outcomes than the channel has inputs.
    pub fn from_parts(source: &Distribution, channel: &Channel) -> Result<Self, InfoError> {
        channel.check_source(source)?;
        let mut table = channel.table().to_owned();
        for (mut row, probability) in table.rows_mut().into_iter().zip(source.iter()) {
            row.mapv_inplace(|entry| probability * entry);
        }
        Self::from_checked(table)
    }

    /// Normalises weights that are known to be valid.
    pub(crate) fn from_checked(mut table: Array2<f64>) -> Result<Self, InfoError> {
        if normalise(table.view_mut()) {
            Ok(Self::from_normalised(table))
        } else {
            Err(InfoError::ZeroWeights { row: 0 })
        }
    }

    /// Normalises weights that are known to be valid and not all zero.
    pub(crate) fn from_positive(mut table: Array2<f64>) -> Self {
        normalise(table.view_mut());
        Self::from_normalised(table)
    }

    fn from_normalised(table: Array2<f64>) -> Self {
        let over = |axis| -> Distribution {
            let totals = table.axis_iter(Axis(axis)).map(|lane| sum(lane.iter().copied()));
            Distribution::from_positive(totals.collect::<Array1<f64>>())
        };
        Self { marginal_x: over(0), marginal_y: over(1), table }
    }

    /// The size of the alphabet of `x` (rows), at least one.
    #[must_use]
    pub fn n_x(&self) -> usize {
        self.table.nrows()
    }

    /// The size of the alphabet of `y` (columns), at least one.
    #[must_use]
    pub fn n_y(&self) -> usize {
        self.table.ncols()
    }

    /// The table, shape `(n_x, n_y)`.
    #[must_use]
    pub fn table(&self) -> ArrayView2<'_, f64> {
        self.table.view()
    }

    /// The table, by value.
    #[must_use]
    pub fn into_table(self) -> Array2<f64> {
        self.table
    }

    /// `p(x) = sum_y p(x, y)`.
    #[must_use]
    pub fn marginal_x(&self) -> Distribution {
        self.marginal_x.clone()
    }

    /// `p(y) = sum_x p(x, y)`.
    #[must_use]
    pub fn marginal_y(&self) -> Distribution {
        self.marginal_y.clone()
    }

    /// `p(y|x) = p(x, y) / p(x)`, rows `x`, columns `y`.
    ///
    /// The row of an `x` of probability zero is `p(y)`: it carries no weight in any expectation, and this choice
    /// makes such an `x` uninformative about `y`.
    #[must_use]
    pub fn conditional_y_given_x(&self) -> Channel {
        Channel::from_rows_or(self.table.to_owned(), &self.marginal_y)
    }

    /// `p(x|y) = p(x, y) / p(y)`, rows `y`, columns `x`.
    ///
    /// The row of a `y` of probability zero is `p(x)`, as in [`conditional_y_given_x`](Self::conditional_y_given_x).
    #[must_use]
    pub fn conditional_x_given_y(&self) -> Channel {
        Channel::from_rows_or(transposed(self.table.view()), &self.marginal_x)
    }

    /// The same distribution with the roles of `x` and `y` exchanged.
    #[must_use]
    pub fn transpose(&self) -> Joint {
        Self {
            table: transposed(self.table.view()),
            marginal_x: self.marginal_y.clone(),
            marginal_y: self.marginal_x.clone(),
        }
    }
}

/// The transpose, stored row by row: rows are what the functionals run along.
fn transposed(table: ArrayView2<'_, f64>) -> Array2<f64> {
    table.t().as_standard_layout().into_owned()
}
