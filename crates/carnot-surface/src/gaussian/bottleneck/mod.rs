//! The linear-Gaussian system whose head has free noise: the Gaussian information bottleneck, with a distortion.

mod newton;
mod objective;

use faer::Mat;
use ndarray::{Array2, ArrayView2};

use super::source::{self, Source};
use super::{GaussianError, Modes, error};
use crate::{At, Certificate, Equilibrium, Multipliers, Rdc, Response, Responsive, System};
use newton::Curvature;
use objective::{Objective, Point};

/// A Gaussian source with a linear decoder of fixed noise and a linear regression head whose noise covariance is free:
/// at `lambda = 0` the Gaussian information bottleneck.
///
/// The source is `X ~ N(0, Sx)` of dimension n, the target has `E[y|x] = B x` and residual covariance `Sn` of
/// dimension k, the decoder has the noise variance `s_d^2`, the encoder is `Z = A X + noise`, the marginal is free. With
/// the posterior covariance `T = Cov(X|Z)`, in nats:
///
/// ```text
/// R = 1/2 ln det Sx / det T
/// D = tr(T) / (2 s_d^2) + (n/2) ln(2 pi s_d^2)
/// C = 1/2 ln det(2 pi e (Sn + B T B')) = h(Y|Z)
/// ```
///
/// # Equilibrium
///
/// With `Sx = L L'`, `T = L W L'`, `P = L'L / s_d^2` and `K = Sn^(-1/2) B L`, and up to constants,
///
/// ```text
/// F(W) = 1/2 [ -ln det W + lambda tr(P W) + gamma ln det(I + K W K') ]      over 0 < W <= I
/// ```
///
/// C is concave in W. Its tangent at W has the slope `N(W) = K' (I + K W K')^-1 K`, and F with that tangent in the place
/// of C is the free energy of a head of fixed noise, whose minimum is known: with
/// `M = lambda P + gamma N(W) = V diag(mu) V'` it is at `phi(M) = V diag(min(1 / mu, 1)) V'`. That is a step that
/// majorises and minimises; F cannot rise. Between such steps the solver takes Newton steps along the geodesics of the
/// positive definite matrices, shortened until F falls, so that it converges quadratically. Its state is the
/// [`Modes`] of M, and the equilibrium is where `M = lambda P + gamma N(phi(M))`.
///
/// # Certificate
///
/// [`Certificate::Bound`] with the residual `r = |W^(1/2) E W^(1/2)|` (Frobenius norm), where `W = phi(M)` and
/// `E = lambda P + gamma N(W) - M`. It has no scale: it measures E relative to the demand `1 / W` that W meets. The
/// solver stops at `r <= 1e-12`, or where rounding lets neither F nor r fall any more (about
/// `n sqrt(mu_max)` units in the last place: beyond 1e-12 only at strengths of 1e6 and more); r says which. The gap is
///
/// ```text
/// F - F* <= r / 2 (|ln max(mu, 1)| + |ln max(nu, 1)|)       nu the eigenvalues of lambda P + gamma K'K
/// ```
///
/// with Euclidean norms, to the rounding of F. *Proof.* Positive definite matrices with the metric
/// `<A, B>_W = tr(W^-1 A W^-1 B)` have unique geodesics `W(t) = G exp(t S) G'`, `G G' = W`. Along them `-ln det W` is
/// affine in t, `tr(P W)` a sum of exponentials with non-negative weights and, by the Cauchy-Binet formula, so is
/// `det(I + K W K')`: F is geodesically convex for every `gamma >= 0`. So is `{W <= I}`: a weighted geometric mean of
/// two matrices is monotone in both. Hence `F(W*) >= F(W) + tr(dF xi)` with the velocity xi at W of the
/// geodesic from W to the minimum `W*`. Since `1 / W = M + Q` with `Q = V diag(max(1 - mu, 0)) V'`, the gradient is
/// `dF = (E - Q) / 2`. Q lives where W is one; there `W(t) <= I` forces `xi <= 0`, so that `tr(Q xi) <= 0`, and
/// `F - F* <= -tr(E xi) / 2 <= r |xi|_W / 2`, where `|xi|_W` is the distance from W to `W*`. By the triangle inequality
/// that is at most the sum of their distances `|ln max(mu, 1)|` and `|ln max(mu*, 1)|` to I. Finally
/// `M* = lambda P + gamma N(W*) <= lambda P + gamma K'K`, so that `mu*_i <= nu_i` (Weyl). A minimum exists, since `R`
/// alone grows without bound as W becomes singular.
///
/// # Special cases
///
/// At `lambda = 0` mode i turns on at `gamma = 1 / (1 - l_i)` with the eigenvalues `l_i` of `S_(x|y) Sx^-1`: G. Chechik,
/// A. Globerson, N. Tishby and Y. Weiss, *Information Bottleneck for Gaussian Variables* (JMLR 6, 2005); see
/// [`GaussianBottleneck::critical_gammas`]. At `gamma = 0` it is the rate-distortion function of a Gaussian vector.
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianBottleneck {
    source: Source,
    /// `L / s_d`.
    decoder: Mat<f64>,
    /// K, or a matrix of at most n rows with the same `K'K`, on which alone everything depends.
    signal: Mat<f64>,
    classification_constant: f64,
}

impl GaussianBottleneck {
    /// The system of a source, a target and the noise of the decoder.
    ///
    /// `source_covariance` is `Sx`, shape (n, n), positive definite; `readout` is B, shape (k, n);
    /// `residual_covariance` is `Sn`, shape (k, k), positive definite; `decoder_variance` is `s_d^2`. With a decoder
    /// variance of one half, D is the squared error plus a constant.
    ///
    /// # Errors
    ///
    /// [`GaussianError`] names the shape, entry, covariance or variance that is wrong.
    pub fn new(
        source_covariance: ArrayView2<'_, f64>,
        readout: ArrayView2<'_, f64>,
        residual_covariance: ArrayView2<'_, f64>,
        decoder_variance: f64,
    ) -> Result<Self, GaussianError> {
        let source = Source::new(source_covariance, decoder_variance)?;
        let mut signal = source.whitened(readout)?;
        let (k, n) = (readout.nrows(), source.dimension());
        error::check_shape("residual covariance", &residual_covariance, (k, k))?;
        let noise = source::cholesky("residual covariance", residual_covariance)?;
        noise.solve_lower_triangular_in_place(&mut signal);
        if k > n {
            signal = signal.qr().thin_R().to_owned();
        }
        let log_det_noise =
            2.0 * noise.diagonal().column_vector().iter().map(|entry| entry.ln()).sum::<f64>();
        let s_d = decoder_variance.sqrt();
        Ok(Self {
            decoder: Mat::from_fn(n, n, |i, j| source.factor()[(i, j)] / s_d),
            source,
            signal,
            classification_constant: 0.5 * (log_det_noise + k as f64 * (1.0 + std::f64::consts::TAU.ln())),
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

    /// `1/2 ln det(2 pi e Sn) = h(Y|X)`: the part of C that no encoder can change.
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

    /// What D and C gain through W at an equilibrium when `lambda P + gamma N(W)` at fixed W gains `change`, which is given
    /// as `G' change G` with the root G of the modes.
    pub(crate) fn reaction(&self, at: &At<Self>, change: &Mat<f64>) -> Result<[f64; 2], GaussianError> {
        let point = self.objective(at.multipliers).point(at.state.clone())?;
        Ok(Curvature::at_equilibrium(&point, at.multipliers.gamma()).reaction(change))
    }

    /// `L / s_d` and K, roots of the costs of distortion and, per unit of the head's precision, of classification loss.
    pub(super) fn factors(&self) -> [&Mat<f64>; 2] {
        [&self.decoder, &self.signal]
    }

    pub(super) fn objective(&self, at: Multipliers) -> Objective<'_> {
        Objective::new(&self.decoder, &self.signal, at)
    }
}

impl System for GaussianBottleneck {
    type Rdc = Rdc;
    type State = Modes;
    type Error = GaussianError;

    /// A state of another dimension is no help and is passed over.
    fn equilibrium(&self, at: Multipliers, from: Option<&Modes>) -> Result<At<Self>, GaussianError> {
        let objective = self.objective(at);
        // The head at W = 0, where it is as precise as it can be.
        let ceiling = objective.modes(&self.signal)?;
        let warm = from.filter(|modes| modes.check_dimension(self.dimension()).is_ok());
        let start = match warm {
            Some(modes) => objective.minimiser_of_the_tangent(&modes.root())?,
            None => objective.point(ceiling.clone())?,
        };
        let point = objective.relaxed(start)?;
        let rdc = Rdc {
            rate: point.rdc.rate,
            distortion: point.rdc.distortion + self.distortion_constant(),
            classification: point.rdc.classification + self.classification_constant,
        };
        let certificate = Certificate::Bound { gap: point.gap(&ceiling), residual: point.residual };
        Ok(Equilibrium { multipliers: at, rdc, state: point.modes, certificate })
    }
}

impl Responsive for GaussianBottleneck {
    /// By implicit differentiation of `M = lambda P + gamma N(phi(M))`, with `dN = -N dW N`: the head's noise follows.
    /// One-sided where a strength cannot be told from one.
    ///
    /// # Errors
    ///
    /// [`GaussianError::StateDimension`] for the equilibrium of a system of another dimension.
    fn response(&self, at: &At<Self>) -> Result<Response<f64>, GaussianError> {
        at.state.check_dimension(self.dimension())?;
        let point: Point = self.objective(at.multipliers).point(at.state.clone())?;
        Ok(Curvature::at_equilibrium(&point, at.multipliers.gamma()).response())
    }
}
