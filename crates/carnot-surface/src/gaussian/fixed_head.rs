//! The linear-Gaussian system with a head of fixed noise variance, in closed form.

use faer::Mat;
use ndarray::{Array2, ArrayView2};

use super::source::{Source, gram, log_normaliser};
use super::{GaussianError, Modes, error};
use crate::{At, Certificate, Equilibrium, Multipliers, Rdc, Response, Responsive, System};

/// A Gaussian source with a linear decoder and a linear regression head, whose equilibria are known in closed form.
///
/// The source is `X ~ N(0, Sx)` of dimension n, the target has `E[y|x] = B x` and residual covariance `Sn` of
/// dimension k. Decoder and head are linear with fixed noise variances `s_d^2` and `s_c^2`, the encoder is
/// `Z = A X + noise`, the marginal is free. Everything depends on the posterior covariance `T = Cov(X|Z)`, in nats:
///
/// ```text
/// R = 1/2 ln det Sx / det T
/// D = tr(T) / (2 s_d^2) + (n/2) ln(2 pi s_d^2)
/// C = (tr(B T B') + tr(Sn)) / (2 s_c^2) + (k/2) ln(2 pi s_c^2)
/// ```
///
/// With `Sx = L L'` and `M = lambda L'L / s_d^2 + gamma L'B'B L / s_c^2 = V diag(mu) V'` the minimum of
/// `R + lambda D + gamma C` is at `T = L V diag(min(1 / mu, 1)) V' L'`: reverse water-filling in the frame of M. Mode i
/// is encoded if and only if `mu_i > 1`; `mu_i = 1` is a phase transition of second order. At `gamma = 0` this is the
/// rate-distortion function of a Gaussian vector (Cover and Thomas, *Elements of Information Theory*, ch. 10).
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianSystem {
    source: Source,
    /// `L'L / s_d^2`: the cost of distortion in whitened coordinates.
    distortion_cost: Mat<f64>,
    /// `L'B'B L / s_c^2`: the cost of classification loss in whitened coordinates.
    classification_cost: Mat<f64>,
    classification_constant: f64,
}

impl GaussianSystem {
    /// The system of a source, a target and two noise variances.
    ///
    /// `source_covariance` is `Sx`, shape (n, n), positive definite; `readout` is B, shape (k, n);
    /// `residual_covariance` is `Sn`, shape (k, k), symmetric with a non-negative diagonal (only its trace matters at
    /// a fixed head variance); `decoder_variance` and `head_variance` are `s_d^2` and `s_c^2`. With a decoder variance
    /// of one half, D is the squared error plus a constant.
    ///
    /// # Errors
    ///
    /// [`GaussianError`] names the shape, entry or variance that is wrong.
    pub fn new(
        source_covariance: ArrayView2<'_, f64>,
        readout: ArrayView2<'_, f64>,
        residual_covariance: ArrayView2<'_, f64>,
        decoder_variance: f64,
        head_variance: f64,
    ) -> Result<Self, GaussianError> {
        let source = Source::new(source_covariance, decoder_variance)?;
        let head = source.whitened(readout)?;
        let k = readout.nrows();
        error::check_shape("residual covariance", &residual_covariance, (k, k))?;
        error::check_symmetric("residual covariance", &residual_covariance)?;
        for (index, &value) in residual_covariance.diag().iter().enumerate() {
            if value < 0.0 {
                return Err(GaussianError::NegativeVariance { matrix: "residual covariance", index, value });
            }
        }
        error::check_variance("head", head_variance)?;
        Ok(Self {
            distortion_cost: gram(source.factor().as_ref(), decoder_variance),
            classification_cost: gram(head.as_ref(), head_variance),
            source,
            classification_constant: residual_covariance.diag().sum() / (2.0 * head_variance)
                + k as f64 * log_normaliser(head_variance),
        })
    }

    /// The dimension n of the source.
    pub fn dimension(&self) -> usize {
        self.source.dimension()
    }

    /// `(n/2) ln(2 pi s_d^2)`: the part of D that no encoder can change.
    pub fn distortion_constant(&self) -> f64 {
        self.source.distortion_constant()
    }

    /// `tr(Sn) / (2 s_c^2) + (k/2) ln(2 pi s_c^2)`: the part of C that no encoder can change.
    pub fn classification_constant(&self) -> f64 {
        self.classification_constant
    }

    /// The posterior covariance `T = Cov(X|Z)` of an equilibrium, shape (n, n).
    ///
    /// # Errors
    ///
    /// [`GaussianError::StateDimension`] for the modes of a system of another dimension.
    pub fn posterior_covariance(&self, modes: &Modes) -> Result<Array2<f64>, GaussianError> {
        self.source.posterior_covariance(modes)
    }

    /// `L'L / s_d^2` and `L'B'B L / s_c^2`: what a unit of lambda and of gamma adds to M.
    pub(crate) fn costs(&self) -> [&Mat<f64>; 2] {
        [&self.distortion_cost, &self.classification_cost]
    }
}

impl System for GaussianSystem {
    type Rdc = Rdc;
    type State = Modes;
    type Error = GaussianError;

    fn equilibrium(&self, at: Multipliers, _from: Option<&Modes>) -> Result<At<Self>, GaussianError> {
        let modes = Modes::of(&self.distortion_cost, &self.classification_cost, at)?;
        let rdc = Rdc {
            rate: modes.rate(),
            distortion: 0.5 * modes.expected_cost(&self.distortion_cost) + self.distortion_constant(),
            classification: 0.5 * modes.expected_cost(&self.classification_cost)
                + self.classification_constant,
        };
        Ok(Equilibrium { multipliers: at, rdc, state: modes, certificate: Certificate::ClosedForm })
    }
}

impl Responsive for GaussianSystem {
    /// # Errors
    ///
    /// [`GaussianError::StateDimension`] for the equilibrium of a system of another dimension,
    /// [`GaussianError::ResponseNotFinite`] where the response is beyond all numbers.
    fn response(&self, at: &At<Self>) -> Result<Response<f64>, GaussianError> {
        at.state.check_dimension(self.dimension())?;
        let ([[s11, s12], [_, s22]], sidedness) = at.state.responses(self.costs());
        if !(s11.is_finite() && s12.is_finite() && s22.is_finite()) {
            let (lambda, gamma) = (at.multipliers.lambda(), at.multipliers.gamma());
            return Err(GaussianError::ResponseNotFinite { lambda, gamma });
        }
        Ok(Response { distortion_lambda: s11, cross: s12, classification_gamma: s22, sidedness })
    }
}
