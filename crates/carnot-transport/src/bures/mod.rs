//! The Bures-Wasserstein geometry: optimal transport between Gaussians.
//!
//! Everything comes from two *aligned roots*. For covariances `A = L_a L_a'` and `B = L_b L_b'` with the singular value
//! decomposition `L_a' L_b = U diag(sigma) V'`, the roots `R_a = L_a U` and `R_b = L_b V` are as close as any two can be:
//!
//! ```text
//! W_2(A, B)^2 = tr A + tr B - 2 tr (A^(1/2) B A^(1/2))^(1/2) = |R_a - R_b|^2      (Frobenius)
//! ```
//!
//! The random vector `R_a u`, `u` standard normal, goes to `R_b u`, in a straight line. Nothing is subtracted that is
//! nearly equal but the roots themselves, so that small distances keep their digits, and no covariance is inverted.
//!
//! R. Bhatia, T. Jain and Y. Lim, *On the Bures-Wasserstein distance between positive definite matrices*, Expositiones
//! Mathematicae 37 (2019), theorem 1; M. Gelbrich, *On a formula for the L2 Wasserstein metric* (1990).

mod coupling;
mod measure;

pub use coupling::{AffineMap, GaussianCoupling, bures_distance, gaussian_coupling};
pub use measure::GaussianMeasure;
