//! Linear-Gaussian systems whose data move.

use faer::{Mat, Side};

use super::whitened::{Motion, Whitened, divided, stretch, symmetric, trace};
use super::{Driven, Force, GaussianPath};
use crate::{At, GaussianBottleneck, GaussianError, GaussianSystem, Multipliers};

/// A [`GaussianSystem`] whose data move: at every time the system of the Gaussian that has the moments of the data, with
/// decoder and head of fixed noise variances.
///
/// # Force
///
/// F depends on the data through their covariance alone. With d for d/dt, take whitened coordinates that move without
/// turning: `Sx = L L'` and `dL = L X / 2`, `X = L^-1 dSx L^-T` symmetric. The costs `P = L'L / s_d^2` and
/// `N = L'B'B L / s_c^2` move by `dP` and `dN`, and M by `dM = lambda dP + gamma dN`. With the posterior covariance W and
/// its derivative `dW` along `dM` (divided differences, as of the response):
///
/// ```text
/// tau  = tr(dM W) / 2 + gamma tr(dSn) / (2 s_c^2)
/// D_t  = tr(dP W) / 2 + tr(P dW) / 2
/// C_t  = tr(dN W) / 2 + tr(N dW) / 2 + tr(dSn) / (2 s_c^2)
/// ```
///
/// tau is the derivative of the objective of a fixed model: along a mixture `(E_1 - E_0)` of the per-sample objective at
/// the optimum, along a geodesic the expectation of its gradient times the velocity of the samples. On a transition, where
/// some `mu_i = 1`, `D_t` and `C_t` are those of the phase in which the critical mode is not encoded.
///
/// ```
/// use carnot_surface::{Driven, GaussianPath, JointGaussian, MovingGaussian, Multipliers, System};
/// use ndarray::array;
///
/// // x and y of correlation 0.9 drift apart to no correlation, and the mean of x from 0 to 2.
/// let source = JointGaussian::new(array![0.0, 0.0].view(), array![[1.0, 0.9], [0.9, 1.0]].view(), 1)?;
/// let target = JointGaussian::new(array![2.0, 0.0].view(), array![[1.0, 0.0], [0.0, 1.0]].view(), 1)?;
/// let moving = MovingGaussian::new(GaussianPath::mixture(&source, &target)?, 0.5, 0.5)?;
/// let at = Multipliers::new(1.0, 2.0)?;
/// let equilibrium = moving.at(0.5)?.equilibrium(at, None)?;
/// // Half way the means are spread the most, and the target is harder to predict than before.
/// let force = moving.force(0.5, &equilibrium)?;
/// assert!(force.free_energy > 0.0 && force.classification > 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MovingGaussian {
    path: GaussianPath,
    decoder_variance: f64,
    head_variance: f64,
}

impl MovingGaussian {
    /// The systems along a path, with the noise variances `s_d^2` of the decoder and `s_c^2` of the head.
    ///
    /// # Errors
    ///
    /// [`GaussianError`] of the system half way: a variance that is not one, or a source without variance in some direction.
    pub fn new(path: GaussianPath, decoder_variance: f64, head_variance: f64) -> Result<Self, GaussianError> {
        let moving = Self { path, decoder_variance, head_variance };
        moving.at(0.5)?;
        Ok(moving)
    }

    /// The path of the data.
    pub fn path(&self) -> &GaussianPath {
        &self.path
    }
}

impl Driven for MovingGaussian {
    type System = GaussianSystem;

    /// # Errors
    ///
    /// [`GaussianError::Time`] unless `0 <= t <= 1`; [`GaussianError::NotPositiveDefinite`] at an end where a direction of
    /// the source has no variance.
    fn at(&self, time: f64) -> Result<GaussianSystem, GaussianError> {
        let [source, readout, mut residual] = Whitened::at(&self.path, time)?.regression();
        // Only the trace counts; of a target without noise rounding can leave less than nothing.
        residual.diag_mut().mapv_inplace(|variance| variance.max(0.0));
        let (decoder, head) = (self.decoder_variance, self.head_variance);
        GaussianSystem::new(source.view(), readout.view(), residual.view(), decoder, head)
    }

    fn force(&self, time: f64, at: &At<GaussianSystem>) -> Result<Force<f64>, GaussianError> {
        let data = Whitened::at(&self.path, time)?;
        at.state.check_dimension(data.factor.nrows())?;
        let motion = Motion::at(&self.path, time, &data)?;
        let gram =
            |matrix: &Mat<f64>, variance: f64| faer::Scale(1.0 / variance) * (matrix.transpose() * matrix);
        let distortion = gram(&data.factor, self.decoder_variance);
        let classification = gram(&data.readout, self.head_variance);
        let distortion_motion = symmetric(&(&motion.stretch * &distortion), 0.5);
        let classification_motion =
            symmetric(&(data.readout.transpose() * &motion.readout), 1.0 / self.head_variance);
        let demand = demand(at.multipliers, &distortion_motion, &classification_motion);
        let (responses, _) = at.state.responses([&distortion, &classification, &demand]);
        let noise = trace(&motion.residual) / (2.0 * self.head_variance);
        let at_the_model = [
            0.5 * at.state.expected_cost(&distortion_motion),
            0.5 * at.state.expected_cost(&classification_motion) + noise,
        ];
        Ok(force(at.multipliers, at_the_model, [responses[0][2], responses[1][2]]))
    }
}

/// A [`GaussianBottleneck`] whose data move: at every time the system of the Gaussian that has the moments of the data, with
/// a head whose noise covariance is free.
///
/// # Force
///
/// As of [`MovingGaussian`], with `C = 1/2 ln det(Sn + B T B')` instead: with `K = Sn^(-1/2) B L`, posterior covariance W
/// and `A = I + K W K'`,
///
/// ```text
/// tau = lambda tr(dP W) / 2 + gamma c,     c = tr(K' A^-1 dK W) + tr(Sn^-1 dSn) / 2
/// D_t = tr(dP W) / 2 + tr(P dW) / 2        C_t = c + tr(N dW) / 2
/// ```
///
/// where `dW` follows from the optimality conditions `M = lambda P + gamma N(W)`, N moving by itself and with W: implicit
/// differentiation, as of the response.
#[derive(Debug, Clone, PartialEq)]
pub struct MovingGaussianBottleneck {
    path: GaussianPath,
    decoder_variance: f64,
}

impl MovingGaussianBottleneck {
    /// The systems along a path, with the noise variance `s_d^2` of the decoder.
    ///
    /// # Errors
    ///
    /// [`GaussianError`] of the system half way: a variance that is not one, a source without variance in some direction, or
    /// a target without noise in some direction.
    pub fn new(path: GaussianPath, decoder_variance: f64) -> Result<Self, GaussianError> {
        let moving = Self { path, decoder_variance };
        moving.at(0.5)?;
        Ok(moving)
    }

    /// The path of the data.
    pub fn path(&self) -> &GaussianPath {
        &self.path
    }
}

impl Driven for MovingGaussianBottleneck {
    type System = GaussianBottleneck;

    /// # Errors
    ///
    /// [`GaussianError::Time`] unless `0 <= t <= 1`; [`GaussianError::NotPositiveDefinite`] at an end where a direction of
    /// the source has no variance, or one of the target no noise.
    fn at(&self, time: f64) -> Result<GaussianBottleneck, GaussianError> {
        let [source, readout, residual] = Whitened::at(&self.path, time)?.regression();
        GaussianBottleneck::new(source.view(), readout.view(), residual.view(), self.decoder_variance)
    }

    fn force(&self, time: f64, at: &At<GaussianBottleneck>) -> Result<Force<f64>, GaussianError> {
        let system = self.at(time)?;
        at.state.check_dimension(system.dimension())?;
        let data = Whitened::at(&self.path, time)?;
        let motion = Motion::at(&self.path, time, &data)?;
        // In the coordinates in which W is the identity, W = G G'.
        let root = at.state.root();
        let decoder = &data.factor * &root;
        let stretched = decoder.transpose() * (&data.factor * (&motion.stretch * &root));
        let distortion_motion = symmetric(&stretched, 0.5 / self.decoder_variance);
        let head = HeadMotion::new(&data, &motion, &root)?;
        let demand = demand(at.multipliers, &distortion_motion, &head.demand);
        let at_the_model = [0.5 * trace(&distortion_motion), head.loss];
        Ok(force(at.multipliers, at_the_model, system.reaction(at, &demand)?))
    }
}

/// How a head of free noise moves with the data at a fixed W.
struct HeadMotion {
    /// `dC/dt`.
    loss: f64,
    /// `G' (dN/dt) G`.
    demand: Mat<f64>,
}

impl HeadMotion {
    /// With `H = Sn^(-1/2) K G` and `V = (I + H'H)^-1` it is `C = 1/2 ln det(I + H H')` plus half the logarithm of `det Sn`,
    /// and `G'N G = H'H V`, so that with `dH` at fixed G
    ///
    /// ```text
    /// dC = tr(V H'dH) + tr(Sn^-1 dSn) / 2        G'dN G = V (dH'H + H'dH) V
    /// ```
    fn new(data: &Whitened, motion: &Motion, root: &Mat<f64>) -> Result<Self, GaussianError> {
        let refused = |_| GaussianError::NotPositiveDefinite { matrix: "residual covariance" };
        let noise = data.residual.llt(Side::Lower).map_err(refused)?.L().to_owned();
        let noise_stretch = stretch(&noise, &motion.residual);
        let signal = divided(&noise, (&data.readout * root).as_ref());
        let signal_motion = divided(&noise, (&motion.readout * root).as_ref())
            - faer::Scale(0.5) * (&noise_stretch * &signal);
        let identity = Mat::<f64>::identity(root.ncols(), root.ncols());
        let precision = identity + signal.transpose() * &signal;
        let refused = |_| GaussianError::Decomposition { matrix: "signal" };
        let factor = precision.llt(Side::Lower).map_err(refused)?.L().to_owned();
        // In coordinates in which `I + H'H` is: `V = F^-T F^-1`.
        let product = divided(&factor, (signal.transpose() * signal_motion).as_ref());
        let product = divided(&factor, product.transpose());
        let mut demand = symmetric(&product, 1.0);
        factor.transpose().solve_upper_triangular_in_place(&mut demand);
        let mut demand = demand.transpose().to_owned();
        factor.transpose().solve_upper_triangular_in_place(&mut demand);
        Ok(Self { loss: trace(&product) + 0.5 * trace(&noise_stretch), demand: symmetric(&demand, 0.5) })
    }
}

/// How fast `lambda P + gamma N` moves.
fn demand(at: Multipliers, distortion: &Mat<f64>, classification: &Mat<f64>) -> Mat<f64> {
    faer::Scale(at.lambda()) * distortion + faer::Scale(at.gamma()) * classification
}

/// The force from what D and C gain at a fixed model, and from what they gain as the model follows, which F does not feel.
fn force(at: Multipliers, [distortion, classification]: [f64; 2], followed: [f64; 2]) -> Force<f64> {
    Force {
        free_energy: at.lambda() * distortion + at.gamma() * classification,
        distortion: distortion + followed[0],
        classification: classification + followed[1],
    }
}
