//! The free energy as a function of the posterior covariance, and its descent.

use faer::Mat;

use crate::gaussian::source::gram;
use crate::gaussian::{GaussianError, Modes};
use crate::{Multipliers, Observables, Rdc};

use super::newton::Curvature;

/// Where the solver stops: the residual of the optimality conditions.
const RESIDUAL: f64 = 1e-12;

/// Up to twenty steps are taken from any start on problems of all scales; this is only a guard.
const MAX_STEPS: usize = 200;

/// `F(W) = 1/2 [-ln det W + lambda tr(P W) + gamma ln det(I + K W K')]`.
pub(in crate::gaussian) struct Objective<'a> {
    /// A root of P.
    decoder: &'a Mat<f64>,
    /// K.
    signal: &'a Mat<f64>,
    at: Multipliers,
}

/// The posterior covariance `W = phi(M)` of some modes, and the objective there. Matrices are in the coordinates in which
/// W is the identity: `G' A G` for a cost A, with the root `G = V diag(min(1 / mu, 1))^(1/2)` of W.
pub(super) struct Point {
    pub(super) modes: Modes,
    /// G.
    pub(super) root: Mat<f64>,
    /// A root of `N(W) = K' (I + K W K')^-1 K`, shape of K.
    head: Mat<f64>,
    /// `G' P G`.
    pub(super) distortion_cost: Mat<f64>,
    /// `G' N G`, with eigenvalues below one.
    pub(super) classification_cost: Mat<f64>,
    /// `G' (lambda P + gamma N - M) G`: what is left of the optimality conditions.
    pub(super) mismatch: Mat<f64>,
    /// Frobenius norm of the mismatch.
    pub(super) residual: f64,
    /// R, and D and C without their constants: none is negative.
    pub(super) rdc: Rdc,
    free_energy: f64,
}

impl<'a> Objective<'a> {
    pub(super) fn new(decoder: &'a Mat<f64>, signal: &'a Mat<f64>, at: Multipliers) -> Self {
        Self { decoder, signal, at }
    }

    /// The modes of `lambda P + gamma N`, given a root of N.
    pub(super) fn modes(&self, head: &Mat<f64>) -> Result<Modes, GaussianError> {
        let (n, k) = (self.decoder.nrows(), head.nrows());
        let (lambda, gamma) = (self.at.lambda().sqrt(), self.at.gamma().sqrt());
        let stacked = Mat::from_fn(n + k, n, |i, j| {
            if i < n { lambda * self.decoder[(i, j)] } else { gamma * head[(i - n, j)] }
        });
        Modes::of_factor(&stacked, self.at)
    }

    /// A root of `N(W)` and `1/2 ln det(I + K W K')`, given a root G of W.
    ///
    /// By a QR factorisation of `[K G; I]'` and not a Cholesky factorisation of `I + K W K'`, which would square what
    /// rounding does where the target is nearly free of noise. The strongest modes come first: Householder's method is
    /// stable row by row if large rows stand above small ones (Powell and Reid 1969).
    fn head(&self, root: &Mat<f64>) -> (Mat<f64>, f64) {
        let signal = self.signal * root;
        let (k, n) = signal.shape();
        let identity = |i: usize, j: usize| f64::from(u8::from(i == j));
        let stacked =
            Mat::from_fn(n + k, k, |i, j| if i < n { signal[(j, n - 1 - i)] } else { identity(i - n, j) });
        let qr = stacked.qr();
        let mut head = self.signal.clone();
        qr.thin_R().transpose().solve_lower_triangular_in_place(&mut head);
        let half_log_det = qr.thin_R().diagonal().column_vector().iter().map(|r| r.abs().ln()).sum();
        (head, half_log_det)
    }

    /// The modes of F with the tangent at `W = G G'` in the place of C.
    pub(in crate::gaussian) fn modes_of_the_tangent(&self, root: &Mat<f64>) -> Result<Modes, GaussianError> {
        self.modes(&self.head(root).0)
    }

    /// The minimum of F with the tangent at `G G'` in the place of C: F is no higher there than at `G G'`.
    pub(super) fn minimiser_of_the_tangent(&self, root: &Mat<f64>) -> Result<Point, GaussianError> {
        self.point(self.modes_of_the_tangent(root)?)
    }

    /// The point `W = phi(M)`.
    pub(super) fn point(&self, modes: Modes) -> Result<Point, GaussianError> {
        let root = modes.root();
        let (head, classification) = self.head(&root);
        let distortion_cost = gram((self.decoder * &root).as_ref(), 1.0);
        let classification_cost = gram((&head * &root).as_ref(), 1.0);
        let n = root.ncols();
        let met: Vec<f64> = modes.strengths().iter().map(|mu| mu.min(1.0)).collect();
        let mismatch = Mat::from_fn(n, n, |i, j| {
            let demand =
                self.at.lambda() * distortion_cost[(i, j)] + self.at.gamma() * classification_cost[(i, j)];
            if i == j { demand - met[i] } else { demand }
        });
        let distortion = 0.5 * distortion_cost.diagonal().column_vector().sum();
        let rdc = Rdc { rate: modes.rate(), distortion, classification };
        Ok(Point {
            residual: mismatch.norm_l2(),
            free_energy: rdc.objective(self.at),
            modes,
            root,
            head,
            distortion_cost,
            classification_cost,
            mismatch,
            rdc,
        })
    }

    /// The equilibrium, reached from `start` without F rising.
    pub(super) fn relaxed(&self, start: Point) -> Result<Point, GaussianError> {
        let mut point = start;
        for _ in 0..MAX_STEPS {
            let close = point.residual <= RESIDUAL;
            match self.next(&point)? {
                Some(next) => point = next,
                None => break,
            }
            // The step from there squares what is left, which the equilibrium's sensitivity may multiply.
            if close {
                break;
            }
        }
        Ok(point)
    }

    /// The next point of the descent, or `None` where rounding leaves nothing to gain.
    fn next(&self, point: &Point) -> Result<Option<Point>, GaussianError> {
        // Close to the equilibrium a step that does not help whole will not help in part.
        let attempts = if point.residual <= RESIDUAL { 1 } else { usize::MAX };
        let direction = Curvature::of(point, self.at.gamma()).newton_direction();
        for root in direction.iter().flat_map(|direction| direction.roots(&point.root)).take(attempts) {
            let next = self.minimiser_of_the_tangent(&root)?;
            if next.improves(point, self.at) {
                return Ok(Some(next));
            }
        }
        let next = self.point(self.modes(&point.head)?)?;
        Ok(next.improves(point, self.at).then_some(next))
    }
}

impl Point {
    /// The bound on `F - F*` proven at [`GaussianBottleneck`](crate::GaussianBottleneck), with the modes of
    /// `lambda P + gamma K'K`.
    pub(super) fn gap(&self, ceiling: &Modes) -> f64 {
        0.5 * self.residual * (self.modes.distance_to_the_prior() + ceiling.distance_to_the_prior())
    }

    /// Whether F is lower than at the other point or, where rounding cannot tell, the residual is.
    fn improves(&self, other: &Self, at: Multipliers) -> bool {
        // R and C are sums of n logarithms of numbers that may be close to one.
        let n = self.modes.strengths().len() as f64;
        let rounding = 4.0 * f64::EPSILON * (n * (1.0 + at.gamma()) + other.free_energy);
        let fall = other.free_energy - self.free_energy;
        fall > rounding || (fall >= -rounding && self.residual < other.residual)
    }
}

#[cfg(test)]
mod tests {
    use carnot_testkit::strategies::{log_uniform, signed};
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    use super::*;

    /// Decoder and signal of 1 to 6 dimensions, `P` and `K'K` over eight decades, prices near and far from one, and a
    /// root of a posterior covariance anywhere.
    fn problems() -> impl Strategy<Value = (Mat<f64>, Mat<f64>, Multipliers, Mat<f64>)> {
        let matrix = |n: usize| {
            (signed(n * n), prop::collection::vec(log_uniform(1e-2, 1e2), n)).prop_map(
                move |(entries, scales)| {
                    Mat::from_fn(n, n, |i, j| scales[j] * (entries[i * n + j] + f64::from(u8::from(i == j))))
                },
            )
        };
        let gamma = prop_oneof![log_uniform(1e-2, 1e2), log_uniform(0.9, 1.2)];
        (1..7usize).prop_flat_map(move |n| {
            let multipliers = (prop_oneof![Just(0.0), log_uniform(1e-3, 1e2)], gamma.clone())
                .prop_map(|(lambda, gamma)| Multipliers::new(lambda, gamma).expect("valid"));
            (matrix(n), matrix(n), multipliers, matrix(n))
        })
    }

    #[test]
    fn the_residual_falls_quadratically() {
        let mut runner = TestRunner::deterministic();
        let (mut quadratic, mut all) = (0, 0);
        for _ in 0..200 {
            let (decoder, signal, at, root) = problems().new_tree(&mut runner).expect("a draw").current();
            let objective = Objective::new(&decoder, &signal, at);
            let mut point = objective.minimiser_of_the_tangent(&root).expect("a point");
            while let Some(next) = objective.next(&point).expect("a step") {
                // From where the equilibrium is near to where rounding, here up to 1e-12, takes over.
                if point.residual < 1e-4 && point.residual > 1e-7 {
                    all += 1;
                    quadratic += u32::from(next.residual.ln() / point.residual.ln() > 1.6);
                }
                point = next;
            }
        }
        println!("{quadratic} of {all} steps of order two");
        // Where F is nearly straight along a mode the residual is small far from the equilibrium as well.
        assert!(all > 100 && 20 * quadratic >= 19 * all, "{quadratic} of {all} steps of order two");
    }

    proptest! {
        #[test]
        fn the_free_energy_never_rises_on_the_way(problem in problems()) {
            let (decoder, signal, at, root) = problem;
            let objective = Objective::new(&decoder, &signal, at);
            let mut point = objective.minimiser_of_the_tangent(&root).expect("a point");
            let mut steps = 0;
            while let Some(next) = objective.next(&point).expect("a step") {
                // Rounding as in `improves`.
                let n = decoder.nrows() as f64;
                let rounding = 4.0 * f64::EPSILON * (n * (1.0 + at.gamma()) + point.free_energy);
                prop_assert!(next.free_energy <= point.free_energy + rounding);
                point = next;
                steps += 1;
            }
            prop_assert!(steps <= 20 && point.residual <= RESIDUAL, "{:e} after {steps} steps", point.residual);
        }

        #[test]
        fn the_gap_is_a_bound_anywhere_on_the_way(problem in problems()) {
            let (decoder, signal, at, root) = problem;
            let objective = Objective::new(&decoder, &signal, at);
            let ceiling = objective.modes(&signal).expect("modes");
            let mut point = objective.minimiser_of_the_tangent(&root).expect("a point");
            let best = objective.relaxed(objective.point(ceiling.clone()).expect("a point")).expect("a minimum");
            for _ in 0..20 {
                let excess = point.free_energy - best.free_energy;
                // To the rounding of F.
                prop_assert!(excess <= point.gap(&ceiling) + 1e-14 * (10.0 + at.gamma() + point.free_energy));
                point = objective.point(objective.modes(&point.head).expect("modes")).expect("a point");
            }
        }
    }
}
