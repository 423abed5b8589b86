use super::linalg::{
    check_range, from_array, from_vector, posterior_roots, solve_lower, solve_lower_transposed, to_array,
    to_vector, triangular,
};
use super::{Covariance, Gaussian};
use crate::InfoError;
use crate::error::{check_entries, check_finite, check_length};
use faer::Mat;
use ndarray::{Array1, Array2, ArrayView2};

/// A linear channel with Gaussian noise, `z = W x + offset + N(0, noise)`, from n inputs to m outputs.
///
/// Encoders `e(z|x)`, decoders `d(x|z)`, regression heads `c(y|z)` and labels `p(y|x)` are all channels.
///
/// ```
/// # use carnot_info::gaussian::{Covariance, Gaussian, LinearChannel};
/// # use ndarray::array;
/// # fn main() -> Result<(), carnot_info::InfoError> {
/// // z = x + noise of variance 1, for x of variance 3: x is known from z up to a variance of 3/4.
/// let encoder = LinearChannel::new(array![[1.0]].view(), array![0.0], Covariance::isotropic(1, 1.0)?)?;
/// let source = Gaussian::centred(Covariance::isotropic(1, 3.0)?);
/// let posterior = encoder.posterior(&source)?;
/// assert!((posterior.weights()[[0, 0]] - 0.75).abs() < 1e-15);
/// assert!((posterior.noise().matrix()[[0, 0]] - 0.75).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LinearChannel {
    weights: Mat<f64>,
    offset: Mat<f64>,
    noise: Covariance,
}

impl LinearChannel {
    /// The channel with `weights` W, shape `(m, n)`, `offset`, shape `(m,)`, and the covariance of its noise, of
    /// dimension m.
    ///
    /// # Errors
    ///
    /// [`InfoError::LengthMismatch`], [`InfoError::EmptyAlphabet`] for no inputs, or a [`InfoError::NonFiniteEntry`]
    /// of the weights or [`InfoError::NonFinite`] of the offset.
    pub fn new(
        weights: ArrayView2<'_, f64>,
        offset: impl Into<Array1<f64>>,
        noise: Covariance,
    ) -> Result<Self, InfoError> {
        let offset = offset.into();
        check_length("rows of the weights against the noise", noise.dimension(), weights.nrows())?;
        check_length("length of the offset against the noise", noise.dimension(), offset.len())?;
        if weights.is_empty() {
            return Err(InfoError::EmptyAlphabet { rows: weights.nrows(), columns: weights.ncols() });
        }
        check_entries("weights", weights)?;
        check_finite("offset", offset.iter().copied())?;
        Ok(Self { weights: from_array(weights), offset: from_vector(&offset), noise })
    }

    /// The channel that ignores its `n_inputs` inputs: its output is distributed as `output`.
    pub(super) fn constant(output: &Gaussian, n_inputs: usize) -> Self {
        Self {
            weights: Mat::zeros(output.dimension(), n_inputs),
            offset: output.mean_column().to_owned(),
            noise: output.covariance().clone(),
        }
    }

    /// The number n of inputs, at least one.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        self.weights.ncols()
    }

    /// The number m of outputs, at least one.
    #[must_use]
    pub fn n_outputs(&self) -> usize {
        self.weights.nrows()
    }

    /// The weights W, shape `(m, n)`.
    #[must_use]
    pub fn weights(&self) -> Array2<f64> {
        to_array(self.weights.as_ref())
    }

    /// The offset, shape `(m,)`.
    #[must_use]
    pub fn offset(&self) -> Array1<f64> {
        to_vector(&self.offset)
    }

    /// The covariance of the noise.
    #[must_use]
    pub fn noise(&self) -> &Covariance {
        &self.noise
    }

    pub(super) fn weights_matrix(&self) -> &Mat<f64> {
        &self.weights
    }

    pub(super) fn offset_column(&self) -> &Mat<f64> {
        &self.offset
    }

    /// The mean of the output, for an input of this mean.
    pub(super) fn mean_output(&self, input: &Mat<f64>) -> Mat<f64> {
        &self.weights * input + &self.offset
    }

    /// The distribution of the output for inputs from `source`, `N(W mu + offset, W S W' + noise)`: the aggregate.
    ///
    /// # Errors
    ///
    /// [`InfoError::LengthMismatch`] when `source` has another dimension than the channel has inputs,
    /// [`InfoError::OutOfRange`] when an entry overflows.
    pub fn push(&self, source: &Gaussian) -> Result<Gaussian, InfoError> {
        self.check_source(source)?;
        let signal = &self.weights * source.factor();
        let covariance = Covariance::from_roots("output covariance", &[&signal, self.noise.factor()])?;
        let mean = self.mean_output(source.mean_column());
        check_range("output mean", &mean)?;
        Ok(Gaussian::from_checked(mean, covariance))
    }

    /// The channel backwards, `p(x|z)` by Bayes' rule: with `T = (S^-1 + W' noise^-1 W)^-1` the covariance and
    /// `G = T W' noise^-1` the weights, `x = mu + G (z - W mu - offset) + N(0, T)`.
    ///
    /// # Errors
    ///
    /// Those of [`push`](Self::push), and [`InfoError::NotPositiveDefinite`] when T is singular to working precision.
    pub fn posterior(&self, source: &Gaussian) -> Result<LinearChannel, InfoError> {
        self.check_source(source)?;
        // With U = noise^-1/2 W L and a root V of (I + U'U)^-1 = V V': T = (L V) (L V)' and G = (L V) (U V)' noise^-1/2.
        let whitened = solve_lower(self.noise.factor(), &self.weights * source.factor());
        check_range("whitened weights", &whitened)?;
        let (root, signal) = posterior_roots(source.factor(), &whitened);
        let noise = Covariance::from_factor(triangular(&root))?;
        let gain = &root * signal.transpose();
        let weights =
            solve_lower_transposed(self.noise.factor(), gain.transpose().to_owned()).transpose().to_owned();
        let offset = source.mean_column() - &weights * self.mean_output(source.mean_column());
        check_range("weights of the posterior", &weights)?;
        check_range("offset of the posterior", &offset)?;
        Ok(Self { weights, offset, noise })
    }

    /// This channel followed by `next`, as one channel.
    ///
    /// # Errors
    ///
    /// [`InfoError::LengthMismatch`] when `next` has another number of inputs than this has outputs,
    /// [`InfoError::OutOfRange`] when an entry overflows.
    pub fn then(&self, next: &LinearChannel) -> Result<LinearChannel, InfoError> {
        check_length(
            "inputs of the next channel against outputs of this",
            self.n_outputs(),
            next.n_inputs(),
        )?;
        let weights = &next.weights * &self.weights;
        let offset = next.mean_output(&self.offset);
        check_range("weights of the composition", &weights)?;
        check_range("offset of the composition", &offset)?;
        let through = &next.weights * self.noise.factor();
        let noise = Covariance::from_roots("noise of the composition", &[&through, next.noise.factor()])?;
        Ok(Self { weights, offset, noise })
    }

    pub(super) fn check_source(&self, source: &Gaussian) -> Result<(), InfoError> {
        check_length("inputs of the channel against its source", source.dimension(), self.n_inputs())
    }
}
