//! How the moments of a source and its target move.

use carnot_transport::gaussian_coupling;
use ndarray::{Array1, Array2};

use super::joint_gaussian::{JointGaussian, gaussian_error};
use crate::GaussianError;

/// The moments of `(x, y)` over data time `0 <= t <= 1`, from a source distribution to a target distribution.
///
/// [`mixture`](Self::mixture) mixes the two distributions, [`geodesic`](Self::geodesic) carries the one to the other. Either
/// way the mean moves in a straight line and the covariance along a parabola,
///
/// ```text
/// S(t) = (1 - t)^2 S_0 + 2 t (1 - t) S_m + t^2 S_1
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianPath {
    means: [Array1<f64>; 2],
    /// `S_0`, `S_m` and `S_1`.
    covariances: [Array2<f64>; 3],
    source_dimension: usize,
}

impl GaussianPath {
    /// The moments of the mixture `p_t = (1 - t) p_0 + t p_1`. Its mean and its raw second moments are affine in t; with
    /// `d = E_1 - E_0` its covariance is
    ///
    /// ```text
    /// S(t) = (1 - t) S_0 + t S_1 + t (1 - t) d d'
    /// ```
    ///
    /// R, D and C of a fixed linear-Gaussian encoder, marginal, decoder and head, each with its offset, are affine in the
    /// raw moments. So is every `R + lambda D + gamma C`, and their minimum F is **concave in t** at fixed multipliers.
    ///
    /// # Errors
    ///
    /// [`GaussianError::JointDimensions`] for ends of other dimensions than each other.
    pub fn mixture(source: &JointGaussian, target: &JointGaussian) -> Result<Self, GaussianError> {
        check_dimensions(source, target)?;
        let d = &target.mean() - &source.mean();
        let between = Array2::from_shape_fn((d.len(), d.len()), |(i, j)| d[i] * d[j]);
        Ok(Self::through(source, target, 0.5 * (&source.covariance() + &target.covariance() + between)))
    }

    /// The displacement of the joint Gaussian, the Bures geodesic: every sample `(x, y)` of the source moves in a straight
    /// line, at constant speed, to its partner in the coupling of the two Gaussians that is optimal for
    /// `|x - x'|^2 + |y - y'|^2`. With the cross-covariance Q of that coupling `S_m = (Q + Q') / 2`.
    ///
    /// The label moves with its input: the unit of y against that of x decides how much the labels have to say about who
    /// goes where. R, D and C of a fixed model are not affine along it, and F need not be concave.
    ///
    /// # Errors
    ///
    /// As [`GaussianPath::mixture`], and [`GaussianError::Decomposition`] where entries overflow.
    pub fn geodesic(source: &JointGaussian, target: &JointGaussian) -> Result<Self, GaussianError> {
        check_dimensions(source, target)?;
        let coupling = gaussian_coupling(source.measure(), target.measure()).map_err(gaussian_error)?;
        let cross = coupling.cross_covariance();
        Ok(Self::through(source, target, 0.5 * (&cross + &cross.t())))
    }

    fn through(source: &JointGaussian, target: &JointGaussian, middle: Array2<f64>) -> Self {
        Self {
            means: [source.mean().to_owned(), target.mean().to_owned()],
            covariances: [source.covariance().to_owned(), middle, target.covariance().to_owned()],
            source_dimension: source.source_dimension(),
        }
    }

    /// The moments at `time`.
    ///
    /// # Errors
    ///
    /// [`GaussianError::Time`] unless `0 <= t <= 1`.
    pub fn at(&self, time: f64) -> Result<JointGaussian, GaussianError> {
        let covariance = self.covariance(time)?;
        let [from, to] = &self.means;
        let mean = (1.0 - time) * from + time * to;
        JointGaussian::new(mean.view(), covariance.view(), self.source_dimension)
    }

    /// The dimension n of x.
    pub fn source_dimension(&self) -> usize {
        self.source_dimension
    }

    /// The covariance `S(t)` of `(x, y)`, shape `(n + k, n + k)`.
    ///
    /// # Errors
    ///
    /// [`GaussianError::Time`] unless `0 <= t <= 1`.
    pub fn covariance(&self, time: f64) -> Result<Array2<f64>, GaussianError> {
        check_time(time)?;
        let [first, middle, last] = &self.covariances;
        let rest = 1.0 - time;
        Ok(rest * rest * first + 2.0 * rest * time * middle + time * time * last)
    }

    /// Its velocity `dS/dt`, shape `(n + k, n + k)`.
    ///
    /// # Errors
    ///
    /// [`GaussianError::Time`] unless `0 <= t <= 1`.
    pub fn covariance_velocity(&self, time: f64) -> Result<Array2<f64>, GaussianError> {
        check_time(time)?;
        let [first, middle, last] = &self.covariances;
        Ok(2.0 * (1.0 - time) * (middle - first) + 2.0 * time * (last - middle))
    }
}

fn check_time(time: f64) -> Result<(), GaussianError> {
    if (0.0..=1.0).contains(&time) { Ok(()) } else { Err(GaussianError::Time { time }) }
}

fn check_dimensions(source: &JointGaussian, target: &JointGaussian) -> Result<(), GaussianError> {
    let [expected, found] = [source, target].map(|end| (end.source_dimension(), end.target_dimension()));
    if found == expected { Ok(()) } else { Err(GaussianError::JointDimensions { found, expected }) }
}
