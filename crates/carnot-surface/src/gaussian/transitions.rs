//! Where modes turn on, predicted.

use faer::{Mat, Side};

use super::{GaussianBottleneck, GaussianError, GaussianSystem};
use crate::Multipliers;

impl GaussianSystem {
    /// The transitions along the line `base + t direction`, `t >= 0`: every t at which a strength `mu_i` is one, in
    /// ascending order and as often as there are modes that turn on. Both multipliers grow along the line, and with them
    /// every strength: what is on stays on.
    ///
    /// From a base at the origin M is proportional to t and the transitions are the `1 / mu_i` of the direction. In
    /// general they are the eigenvalues of the pencil `I - M(base)`, `M(direction)`. A mode that is at its transition at
    /// the base turns on at `t = 0` if the direction reaches it.
    ///
    /// # Errors
    ///
    /// [`GaussianError::Eigenvalues`] where they could not be computed.
    pub fn transitions(&self, base: Multipliers, direction: Multipliers) -> Result<Vec<f64>, GaussianError> {
        let [distortion, classification] = self.costs();
        let n = self.dimension();
        let demand = |at: Multipliers, i: usize, j: usize| {
            at.lambda() * distortion[(i, j)] + at.gamma() * classification[(i, j)]
        };
        let failed = || GaussianError::Eigenvalues { lambda: direction.lambda(), gamma: direction.gamma() };
        let growth = Mat::from_fn(n, n, |i, j| demand(direction, i, j));
        let missing = Mat::from_fn(n, n, |i, j| f64::from(u8::from(i == j)) - demand(base, i, j));
        if !(growth.is_all_finite() && missing.is_all_finite()) {
            return Err(failed());
        }
        let eigen = growth.self_adjoint_eigen(Side::Lower).map_err(|_| failed())?;
        let fastest = eigen.S().column_vector().iter().copied().fold(0.0, f64::max);
        if fastest == 0.0 {
            return Ok(Vec::new());
        }
        let root = Mat::from_fn(n, n, |mode, j| eigen.U()[(j, mode)] * eigen.S()[mode].max(0.0).sqrt());
        // `det(I - M(base) - t G'G) = 0` where `1 / (t + s)` is an eigenvalue of `G (I - M(base) + s G'G)^-1 G'`. The
        // shift s moves the pole away from a base that is at or near a transition itself. One of these is not near
        // another transition.
        let mut best: Option<(f64, Mat<f64>)> = None;
        for shift in [1.0, 0.7, 0.4].map(|shift| shift / fastest) {
            let inverse =
                compressed_inverse(&root, &(&missing + faer::Scale(shift) * &growth)).ok_or_else(failed)?;
            if best.as_ref().is_none_or(|(_, best)| inverse.norm_max() < best.norm_max()) {
                best = Some((shift, inverse));
            }
        }
        let (shift, inverse) = best.ok_or_else(failed)?;
        let inverses = inverse.self_adjoint_eigenvalues(Side::Lower).map_err(|_| failed())?;
        // In ascending order, each known to about n units in the last place of the largest.
        let rounding = 8.0 * n as f64 * f64::EPSILON;
        let known = rounding * inverse.norm_max();
        let transitions = inverses
            .into_iter()
            .rev()
            .filter(|inverse| *inverse > known)
            .map(|inverse| 1.0 / inverse - shift);
        Ok(transitions.filter(|t| *t >= -rounding * shift).map(|t| t.max(0.0)).collect())
    }
}

/// `root matrix^-1 root'`, where what the root does not reach may be singular; `None` if the eigenvalues are not found.
fn compressed_inverse(root: &Mat<f64>, matrix: &Mat<f64>) -> Option<Mat<f64>> {
    let eigen = matrix.self_adjoint_eigen(Side::Lower).ok()?;
    let values = eigen.S().column_vector();
    let n = matrix.nrows();
    let rounding = 8.0 * n as f64 * f64::EPSILON * matrix.norm_max();
    let reached = root * eigen.U();
    let divided = Mat::from_fn(n, n, |i, mode| {
        if values[mode].abs() > rounding { reached[(i, mode)] / values[mode] } else { 0.0 }
    });
    let product = divided * reached.transpose();
    Some(Mat::from_fn(n, n, |i, j| product[(i.max(j), i.min(j))]))
}

impl GaussianBottleneck {
    /// The gammas at which modes turn on at `lambda = 0`, in ascending order: `1 / (1 - l_i)` with the eigenvalues `l_i`
    /// of `S_(x|y) Sx^-1`, the squared canonical correlations of X and Y being `1 - l_i` (Chechik et al., JMLR 6, 2005).
    /// Directions of X that say nothing about Y never turn on and are left out.
    ///
    /// With the singular values `sigma_i` of `K = Sn^(-1/2) B L` it is `1 + 1 / sigma_i^2`.
    ///
    /// # Errors
    ///
    /// [`GaussianError::Eigenvalues`] where they could not be computed.
    pub fn critical_gammas(&self) -> Result<Vec<f64>, GaussianError> {
        let [_, signal] = self.factors();
        let failed = GaussianError::Eigenvalues { lambda: 0.0, gamma: 1.0 };
        if !signal.is_all_finite() {
            return Err(failed);
        }
        let singular_values = signal.singular_values().map_err(|_| failed)?;
        // In descending order, each known to about n units in the last place of the first.
        let rounding =
            singular_values.first().map_or(0.0, |first| 8.0 * self.dimension() as f64 * f64::EPSILON * first);
        Ok(singular_values
            .into_iter()
            .filter(|sigma| *sigma > rounding)
            .map(|sigma| 1.0 + (1.0 / sigma).powi(2))
            .collect())
    }

    /// How far the multipliers may go along `t direction` until the first mode turns on: nothing is encoded if and only if
    /// `M = lambda P + gamma N(I) <= I`, and M is proportional to t. Infinite if nothing ever turns on.
    ///
    /// In one dimension, with D the squared error, variance `s^2` and correlation rho, it is the line
    /// `2 lambda s^2 + gamma rho^2 = 1`.
    ///
    /// # Errors
    ///
    /// [`GaussianError::Eigenvalues`] where they could not be computed.
    pub fn onset(&self, direction: Multipliers) -> Result<f64, GaussianError> {
        let n = self.dimension();
        let modes = self.objective(direction).modes_of_the_tangent(&Mat::identity(n, n))?;
        Ok(modes.strengths().last().map_or(f64::INFINITY, |strongest| 1.0 / strongest))
    }
}
