//! The curvature of the free energy along geodesics: Newton's direction, and the response.

use faer::{Mat, Side};

use super::objective::Point;
use crate::{Response, Sidedness};

/// The logarithms of posterior variances change by at most this much in one step: where a mode has far to go F is nearly
/// straight, and Newton's step is as good as infinite.
const LONGEST_STEP: f64 = 4.0;

/// More than the dimension of any problem solved here has distinct clusters of curvature; only a guard.
const MAX_CONJUGATE_GRADIENTS: usize = 1000;

/// The curvature of F at a point, in the coordinates in which W is the identity.
///
/// A change `dM` of M changes W by `-w_ij dM_ij` in these coordinates (Daleckii and Krein), with the weights of
/// [`weight`]: one between two modes that are encoded, zero between two that are not. The optimality conditions
/// `E(M) = lambda P + gamma N(phi(M)) - M = 0`, linearised, are `dM - gamma A (w dM) A = E` with `A = G'N G`
/// (products of entries where there is no matrix product). With `s = w^(1/2) dM` that is the symmetric
/// `H s = w^(1/2) E`,
///
/// ```text
/// H s = s - gamma w^(1/2) (A (w^(1/2) s) A) + w^(1/2) (E x + x E) / 2,    x = w^(1/2) s
/// ```
///
/// The last term, which vanishes at the equilibrium, keeps H positive semidefinite everywhere: on encoded modes H is the
/// Hessian of F along geodesics, `(B x + x B) / 2 - gamma A x A` with `B = lambda P + gamma N >= gamma A` and `A < I`,
/// and the other weights only add to it. So `-w^(1/2) s` is a direction of descent.
pub(super) struct Curvature<'a> {
    point: &'a Point,
    gamma: f64,
    /// `w^(1/2)`.
    roots_of_weights: Mat<f64>,
    sidedness: Sidedness,
}

/// A direction S along which W moves on the geodesic `G exp(t S) G'`.
pub(super) struct Direction {
    frame: Mat<f64>,
    exponents: Vec<f64>,
}

/// How much of a change of M between modes of strengths u and v reaches W, relative to where both are encoded.
fn weight(u: f64, v: f64) -> f64 {
    let (low, high) = (u.min(v), u.max(v));
    if low > 1.0 {
        1.0
    } else if high > 1.0 {
        (high - 1.0) / (high - low)
    } else {
        0.0
    }
}

fn inner(a: &Mat<f64>, b: &Mat<f64>) -> f64 {
    a.col_iter().zip(b.col_iter()).map(|(a, b)| a.transpose() * b).sum()
}

fn entrywise(a: &Mat<f64>, b: &Mat<f64>) -> Mat<f64> {
    Mat::from_fn(a.nrows(), a.ncols(), |i, j| a[(i, j)] * b[(i, j)])
}

impl<'a> Curvature<'a> {
    pub(super) fn of(point: &'a Point, gamma: f64) -> Self {
        Self::with_tolerance(point, gamma, |_| 0.0)
    }

    /// The curvature for the response: modes that cannot be told from critical ones are not encoded.
    pub(super) fn at_equilibrium(point: &'a Point, gamma: f64) -> Self {
        let strengths = point.modes.strengths();
        let largest = strengths.last().copied().unwrap_or(0.0).max(1.0);
        let rounding = 8.0 * f64::EPSILON * strengths.len() as f64 * largest.sqrt();
        // What is left of the optimality conditions moves a mode the further the less curved F is there.
        let curvature = |mode: usize| 1.0 - gamma * point.classification_cost[(mode, mode)].powi(2);
        let known = rounding.max(point.residual);
        Self::with_tolerance(point, gamma, |mode| known / curvature(mode).max(f64::EPSILON))
    }

    fn with_tolerance(point: &'a Point, gamma: f64, tolerance: impl Fn(usize) -> f64) -> Self {
        let (strengths, sidedness) = point.modes.settled(tolerance);
        let n = strengths.len();
        let roots_of_weights = Mat::from_fn(n, n, |i, j| weight(strengths[i], strengths[j]).sqrt());
        Self { point, gamma, roots_of_weights, sidedness }
    }

    fn apply(&self, s: &Mat<f64>) -> Mat<f64> {
        let x = entrywise(&self.roots_of_weights, s);
        let head = &self.point.classification_cost;
        let through_head = head * &x * head;
        let mismatch = &self.point.mismatch * &x;
        Mat::from_fn(s.nrows(), s.ncols(), |i, j| {
            let correction = 0.5 * (mismatch[(i, j)] + mismatch[(j, i)]) - self.gamma * through_head[(i, j)];
            s[(i, j)] + self.roots_of_weights[(i, j)] * correction
        })
    }

    /// `H^-1 b` by conjugate gradients.
    fn solve(&self, b: &Mat<f64>, tolerance: f64) -> Mat<f64> {
        let mut x = Mat::zeros(b.nrows(), b.ncols());
        let mut remainder = b.clone();
        let mut direction = b.clone();
        let mut squared = inner(b, b);
        let goal = tolerance * tolerance * squared;
        for _ in 0..MAX_CONJUGATE_GRADIENTS {
            if squared <= goal {
                break;
            }
            let image = self.apply(&direction);
            let curvature = inner(&direction, &image);
            // Only rounding can make it so.
            if curvature <= 0.0 {
                break;
            }
            let step = squared / curvature;
            x += faer::Scale(step) * &direction;
            remainder -= faer::Scale(step) * &image;
            let next = inner(&remainder, &remainder);
            direction = &remainder + faer::Scale(next / squared) * &direction;
            squared = next;
        }
        x
    }

    /// Newton's direction, or `None` where it is lost to overflow.
    pub(super) fn newton_direction(&self) -> Option<Direction> {
        let force = entrywise(&self.roots_of_weights, &self.point.mismatch);
        // Solved the better the closer the equilibrium, for quadratic convergence.
        let s = self.solve(&force, 0.1 * self.point.residual.min(0.1));
        let direction = Mat::from_fn(s.nrows(), s.ncols(), |i, j| {
            let (i, j) = (i.max(j), i.min(j));
            -self.roots_of_weights[(i, j)] * s[(i, j)]
        });
        if !direction.is_all_finite() {
            return None;
        }
        let eigen = direction.self_adjoint_eigen(Side::Lower).ok()?;
        let exponents = eigen.S().column_vector().iter().map(|e| e.clamp(-LONGEST_STEP, LONGEST_STEP));
        Some(Direction { exponents: exponents.collect(), frame: eigen.U().to_owned() })
    }

    /// `-1/2 <w^(1/2) p_a, H^-1 w^(1/2) change>` with `p_1 = G'P G`, `p_2 = G'N G`: what D and C gain through W when the
    /// demand on it gains `change`.
    pub(super) fn reaction(&self, change: &Mat<f64>) -> [f64; 2] {
        let moved = self.solve(&entrywise(&self.roots_of_weights, change), f64::EPSILON);
        [&self.point.distortion_cost, &self.point.classification_cost]
            // Not -0.
            .map(|cost| 0.0 - 0.5 * inner(&entrywise(&self.roots_of_weights, cost), &moved))
    }

    /// `S_ab`: the reaction to a unit of each multiplier.
    pub(super) fn response(&self) -> Response<f64> {
        let by_lambda = self.reaction(&self.point.distortion_cost);
        let by_gamma = self.reaction(&self.point.classification_cost);
        Response {
            distortion_lambda: by_lambda[0],
            cross: 0.5 * (by_lambda[1] + by_gamma[0]),
            classification_gamma: by_gamma[1],
            sidedness: self.sidedness,
        }
    }
}

impl Direction {
    /// Roots of the posterior covariances a whole, a half, a quarter and an eighth of the way.
    pub(super) fn roots<'a>(&'a self, root: &'a Mat<f64>) -> impl Iterator<Item = Mat<f64>> + 'a {
        let turned = root * &self.frame;
        [1.0, 0.5, 0.25, 0.125].into_iter().map(move |t: f64| {
            let stretch: Vec<f64> = self.exponents.iter().map(|e| (0.5 * t * e).exp()).collect();
            Mat::from_fn(turned.nrows(), turned.ncols(), |i, j| turned[(i, j)] * stretch[j])
        })
    }
}
