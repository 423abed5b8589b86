//! The modes of a linear-Gaussian equilibrium: reverse water-filling and its derivatives.

use faer::{Mat, Side};

use super::GaussianError;
use crate::{Multipliers, Sidedness};

/// The eigenvalues and eigenvectors of what the multipliers demand in whitened coordinates:
/// `M = lambda L'L / s_d^2 + gamma L'B'B L / s_c^2` with a head of fixed noise variance, and the same with the head's
/// own noise covariance where that is free.
///
/// Mode i is encoded, with posterior variance `1 / mu_i` in whitened coordinates, if its strength `mu_i` is above one.
/// Serialised they are the strengths and the list of the modes' directions.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Modes {
    strengths: Vec<f64>,
    frame: Mat<f64>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Written {
    strengths: Vec<f64>,
    directions: Vec<Vec<f64>>,
}

impl From<Modes> for Written {
    fn from(Modes { strengths, frame }: Modes) -> Self {
        let directions = frame.col_iter().map(|column| column.iter().copied().collect()).collect();
        Self { strengths, directions }
    }
}

/// How far from orthonormal the directions that are read may be: far more than rounding, and nothing that anybody wrote.
const ORTHONORMAL: f64 = 1e-9;

impl TryFrom<Written> for Modes {
    type Error = GaussianError;

    fn try_from(Written { strengths, directions }: Written) -> Result<Self, GaussianError> {
        let fault = |requirement| Err(GaussianError::NotModes { requirement });
        let n = strengths.len();
        if n == 0 || !strengths.iter().all(|mu| mu.is_finite() && *mu >= 0.0) || !strengths.is_sorted() {
            return fault("ascending strengths that are finite and not negative");
        }
        if directions.len() != n || directions.iter().any(|direction| direction.len() != n) {
            return fault("a direction of their dimension each");
        }
        let frame = Mat::from_fn(n, n, |i, mode| directions[mode][i]);
        let products = frame.transpose() * &frame;
        let is_unit =
            |i: usize, j: usize| (products[(i, j)] - f64::from(u8::from(i == j))).abs() <= ORTHONORMAL;
        if (0..n).all(|i| (0..n).all(|j| is_unit(i, j))) {
            Ok(Self { strengths, frame })
        } else {
            fault("orthonormal directions")
        }
    }
}

impl Modes {
    pub(super) fn of(
        distortion_cost: &Mat<f64>,
        classification_cost: &Mat<f64>,
        at: Multipliers,
    ) -> Result<Self, GaussianError> {
        let n = distortion_cost.nrows();
        let m = Mat::from_fn(n, n, |i, j| {
            at.lambda() * distortion_cost[(i, j)] + at.gamma() * classification_cost[(i, j)]
        });
        let failed = || GaussianError::Eigenvalues { lambda: at.lambda(), gamma: at.gamma() };
        let eigen = m.self_adjoint_eigen(Side::Lower).map_err(|_| failed())?;
        // M is positive semidefinite; rounding can take a zero below it.
        let strengths: Vec<f64> = eigen.S().column_vector().iter().map(|mu| mu.max(0.0)).collect();
        if strengths.iter().all(|mu| mu.is_finite()) {
            Ok(Self { strengths, frame: eigen.U().to_owned() })
        } else {
            Err(failed())
        }
    }

    /// The modes of `M = factor' factor`, of a factor with n columns and at least n rows. The error of `mu_i` is that of
    /// `sqrt(mu_max mu_i)`, and not of `mu_max` as if M were formed: a weak mode keeps its digits beside a strong one.
    pub(super) fn of_factor(factor: &Mat<f64>, at: Multipliers) -> Result<Self, GaussianError> {
        let failed = || GaussianError::Eigenvalues { lambda: at.lambda(), gamma: at.gamma() };
        if !factor.is_all_finite() {
            return Err(failed());
        }
        let svd = factor.thin_svd().map_err(|_| failed())?;
        let n = factor.ncols();
        let mut strengths: Vec<f64> = svd.S().column_vector().iter().map(|sigma| sigma * sigma).collect();
        strengths.reverse();
        if strengths.iter().all(|mu| mu.is_finite()) {
            Ok(Self { strengths, frame: Mat::from_fn(n, n, |i, j| svd.V()[(i, n - 1 - j)]) })
        } else {
            Err(failed())
        }
    }

    /// The strengths `mu_i`, in ascending order.
    pub fn strengths(&self) -> &[f64] {
        &self.strengths
    }

    /// How many modes are encoded: those with `mu_i > 1`.
    pub fn active(&self) -> usize {
        self.strengths.iter().filter(|&&mu| mu > 1.0).count()
    }

    /// `V diag(min(1 / mu_i, 1))^(1/2)`: a root of the posterior covariance W in whitened coordinates.
    pub(crate) fn root(&self) -> Mat<f64> {
        let deviations: Vec<f64> = self.posterior_variances().map(f64::sqrt).collect();
        Mat::from_fn(self.frame.nrows(), deviations.len(), |i, mode| self.frame[(i, mode)] * deviations[mode])
    }

    /// `|ln max(mu, 1)|`, Euclidean norm: the geodesic distance from the posterior covariance to the prior.
    pub(super) fn distance_to_the_prior(&self) -> f64 {
        self.strengths.iter().map(|mu| mu.max(1.0).ln().powi(2)).sum::<f64>().sqrt()
    }

    /// Refuses the modes of a system of another dimension.
    pub(crate) fn check_dimension(&self, expected: usize) -> Result<(), GaussianError> {
        let found = self.strengths.len();
        if found == expected { Ok(()) } else { Err(GaussianError::StateDimension { found, expected }) }
    }

    /// The strengths with those set to one, which counts as not encoded, that are known to `tolerance(mode)` and cannot
    /// be told from it; and whether there are any.
    pub(super) fn settled(&self, tolerance: impl Fn(usize) -> f64) -> (Vec<f64>, Sidedness) {
        let critical = |(mode, mu): (usize, &f64)| (mu - 1.0).abs() <= tolerance(mode);
        let settle = |(mode, mu)| if critical((mode, mu)) { 1.0 } else { *mu };
        let transition = self.strengths.iter().enumerate().any(critical);
        let sidedness = if transition { Sidedness::OneSided } else { Sidedness::TwoSided };
        (self.strengths.iter().enumerate().map(settle).collect(), sidedness)
    }

    /// `min(1 / mu_i, 1)`: the posterior variance of each mode relative to its prior variance.
    pub fn posterior_variances(&self) -> impl Iterator<Item = f64> + '_ {
        self.strengths.iter().map(|mu| 1.0 / mu.max(1.0))
    }

    /// `R = 1/2 sum_i ln max(mu_i, 1)`.
    pub(super) fn rate(&self) -> f64 {
        0.5 * self.strengths.iter().map(|mu| mu.max(1.0).ln()).sum::<f64>()
    }

    /// `tr(cost V diag(min(1 / mu, 1)) V')`.
    pub(crate) fn expected_cost(&self, cost: &Mat<f64>) -> f64 {
        let rotated = cost * &self.frame;
        self.posterior_variances()
            .enumerate()
            .map(|(mode, variance)| variance * (self.frame.col(mode).transpose() * rotated.col(mode)))
            .sum()
    }

    /// The response to changes of M: `S_ab` for the response of `tr(cost_a W) / 2` to M along `cost_b`, by the divided
    /// differences of `g(mu) = min(1 / mu, 1) / 2` (Daleckii and Krein). With `P_a = V' cost_a V`,
    /// `S_ab = sum_ij g[mu_i, mu_j] (P_a)_ij (P_b)_ij`.
    pub(crate) fn responses<const N: usize>(&self, costs: [&Mat<f64>; N]) -> ([[f64; N]; N], Sidedness) {
        let in_frame = costs.map(|cost| self.frame.transpose() * (cost * &self.frame));
        // An eigenvalue is known to about n units in the last place of the largest.
        let largest = self.strengths.last().copied().unwrap_or(0.0);
        let rounding = f64::EPSILON * self.strengths.len() as f64 * largest.max(1.0);
        let (strengths, sidedness) = self.settled(|_| rounding);
        let mut responses = [[0.0; N]; N];
        for (i, &u) in strengths.iter().enumerate() {
            for (j, &v) in strengths.iter().enumerate() {
                let weight = divided_difference(u, v);
                for (row, a) in responses.iter_mut().zip(&in_frame) {
                    for (entry, b) in row.iter_mut().zip(&in_frame) {
                        *entry += weight * a[(i, j)] * b[(i, j)];
                    }
                }
            }
        }
        (responses, sidedness)
    }
}

/// The divided difference `(g(u) - g(v)) / (u - v)` of `g(mu) = min(1 / mu, 1) / 2`, written so that nothing cancels.
fn divided_difference(u: f64, v: f64) -> f64 {
    let (low, high) = (u.min(v), u.max(v));
    if low > 1.0 {
        // Not over the product, which can overflow.
        -0.5 / low / high
    } else if high > 1.0 {
        (1.0 - high) / (2.0 * high * (high - low))
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use carnot_testkit::{assert_close, strategies::log_uniform};
    use proptest::prelude::*;

    use super::divided_difference;

    proptest! {
        #[test]
        fn the_divided_difference_is_one(u in log_uniform(1e-3, 1e3), v in log_uniform(1e-3, 1e3)) {
            prop_assume!((u - v).abs() > 1e-3 * u.max(v));
            let g = |mu: f64| 0.5 * (1.0 / mu).min(1.0);
            // The quotient loses at most three digits to the cancellation admitted above.
            assert_close!(divided_difference(u, v), (g(u) - g(v)) / (u - v), rtol = 1e-12, atol = 1e-12);
            prop_assert_eq!(divided_difference(u, v), divided_difference(v, u));
        }
    }
}
