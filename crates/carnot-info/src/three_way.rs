use crate::error::check_length;
use crate::numeric::{NORMALISATION_TOLERANCE, is_weight, normalise, sum};
use crate::{Channel, Distribution, InfoError, Joint, mutual_information};
use ndarray::{Array1, Array3, ArrayView3, Axis};

/// One of the three variables of a [`ThreeWayJoint`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Variable {
    /// The first, along axis 0 of the table.
    X,
    /// The second, along axis 1.
    Y,
    /// The third, along axis 2.
    Z,
}

impl Variable {
    fn axis(self) -> Axis {
        match self {
            Self::X => Axis(0),
            Self::Y => Axis(1),
            Self::Z => Axis(2),
        }
    }
}

/// A joint distribution `p(x, y, z)` of three variables, shape `(n_x, n_y, n_z)`.
///
/// Every entry is finite and not negative, and the total is one within one rounding of each entry.
///
/// ```
/// # use carnot_info::{ThreeWayJoint, Variable, conditional_mutual_information, mutual_information};
/// # use ndarray::array;
/// # fn main() -> Result<(), carnot_info::InfoError> {
/// // Two fair bits and their exclusive or: independent in pairs, each is known from the other two.
/// let xor = ThreeWayJoint::from_weights(array![[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]])?;
/// assert_eq!(mutual_information(&xor.without(Variable::Z)), 0.0);
/// assert_eq!(conditional_mutual_information(&xor, Variable::Z), 2.0_f64.ln());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ThreeWayJoint {
    table: Array3<f64>,
}

impl ThreeWayJoint {
    /// The joint distribution with this table, shape `(n_x, n_y, n_z)`.
    ///
    /// The total may be off one by [`NORMALISATION_TOLERANCE`]; what is accepted is divided by it.
    ///
    /// # Errors
    ///
    /// [`InfoError::EmptyThreeWay`], [`InfoError::InvalidCell`] or [`InfoError::NotNormalised`].
    pub fn new(table: impl Into<Array3<f64>>) -> Result<Self, InfoError> {
        let table = table.into();
        check_weights(table.view())?;
        let sum = sum(table.iter().copied());
        if (sum - 1.0).abs() > NORMALISATION_TOLERANCE {
            return Err(InfoError::NotNormalised { sum, tolerance: NORMALISATION_TOLERANCE });
        }
        Self::from_checked(table)
    }

    /// The joint distribution proportional to `weights` (a table of counts, say), shape `(n_x, n_y, n_z)`.
    ///
    /// # Errors
    ///
    /// [`InfoError::EmptyThreeWay`], [`InfoError::InvalidCell`], or [`InfoError::ZeroWeights`] when all are zero.
    pub fn from_weights(weights: impl Into<Array3<f64>>) -> Result<Self, InfoError> {
        let weights = weights.into();
        check_weights(weights.view())?;
        Self::from_checked(weights)
    }

    /// `p(x, y, z) = p(x, y) e(z|x)`: the data, their label and their representation, under `Z - X - Y`.
    ///
    /// `joint` is `p(x,y)` (rows x), `encoder` is `e(z|x)` (rows x).
    ///
    /// # Errors
    ///
    /// [`InfoError::LengthMismatch`] when the alphabets of `x` differ in size.
    pub fn from_encoder(joint: &Joint, encoder: &Channel) -> Result<Self, InfoError> {
        check_length("rows (x) of the encoder e(z|x)", joint.n_x(), encoder.n_inputs())?;
        let (p, e) = (joint.table(), encoder.table());
        let shape = (joint.n_x(), joint.n_y(), encoder.n_outputs());
        Self::from_checked(Array3::from_shape_fn(shape, |(x, y, z)| p[(x, y)] * e[(x, z)]))
    }

    fn from_checked(mut table: Array3<f64>) -> Result<Self, InfoError> {
        if normalise(table.view_mut()) { Ok(Self { table }) } else { Err(InfoError::ZeroWeights { row: 0 }) }
    }

    /// The table, shape `(n_x, n_y, n_z)`.
    #[must_use]
    pub fn table(&self) -> ArrayView3<'_, f64> {
        self.table.view()
    }

    /// The size of the alphabet of a variable, at least one.
    #[must_use]
    pub fn n_outcomes(&self, of: Variable) -> usize {
        self.table.len_of(of.axis())
    }

    /// The distribution of one variable, the other two summed out.
    #[must_use]
    pub fn marginal(&self, of: Variable) -> Distribution {
        let lanes = self.table.axis_iter(of.axis());
        let marginal: Array1<f64> = lanes.map(|lane| sum(lane.iter().copied())).collect();
        Distribution::from_positive(marginal)
    }

    /// The joint distribution of the other two variables, in their order, this one summed out.
    #[must_use]
    pub fn without(&self, variable: Variable) -> Joint {
        Joint::from_positive(self.table.map_axis(variable.axis(), |lane| sum(lane.iter().copied())))
    }
}

/// The conditional mutual information of the two variables that are not `given`, in nats; for `given = Z`
///
/// ```text
/// I(X;Y|Z) = sum_z p(z) sum_{x,y} p(x,y|z) ln( p(x,y|z) / (p(x|z) p(y|z)) )
/// ```
///
/// Not negative, zero iff the two are independent for every value of the third that occurs, and to full relative
/// precision when they almost are. (Cover and Thomas, *Elements of Information Theory*, section 2.5.)
#[must_use]
pub fn conditional_mutual_information(joint: &ThreeWayJoint, given: Variable) -> f64 {
    let slices = joint.table.axis_iter(given.axis());
    sum(slices.map(|slice| {
        let probability = sum(slice.iter().copied());
        // A slice without weight has no distribution, and no part in the mean.
        Joint::from_checked(slice.to_owned()).map_or(0.0, |slice| probability * mutual_information(&slice))
    }))
}

fn check_weights(weights: ArrayView3<'_, f64>) -> Result<(), InfoError> {
    if weights.is_empty() {
        let shape = weights.dim();
        return Err(InfoError::EmptyThreeWay { shape: [shape.0, shape.1, shape.2] });
    }
    match weights.indexed_iter().find(|(_, value)| !is_weight(**value)) {
        Some(((x, y, z), &value)) => Err(InfoError::InvalidCell { index: [x, y, z], value }),
        None => Ok(()),
    }
}
