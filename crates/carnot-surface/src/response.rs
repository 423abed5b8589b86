//! The response matrix: how D and C move with the multipliers.

use crate::{Multipliers, Observable, Quantity};

/// Whether the derivative is the same from both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sidedness {
    /// The free energy is twice differentiable here.
    TwoSided,
    /// On a phase transition: the response of the phase in which the critical mode is not encoded.
    OneSided,
    /// On a transition of first order: F has a kink, D and C jump, and every mixture of the phases on its sides is optimal.
    /// The response is that of the one phase, or mixture, that the equilibrium is; as a derivative of F there is none.
    Kink,
}

/// The response matrix `S = Hess F = [[D_lambda, D_gamma], [C_lambda, C_gamma]]`.
///
/// It is symmetric (Maxwell's relation `D_gamma = C_lambda`) and negative semidefinite (F is concave).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Response<Q = f64> {
    /// `S11 = dD/dlambda` at fixed gamma.
    pub distortion_lambda: Q,
    /// `S12 = dD/dgamma` at fixed lambda `= dC/dlambda` at fixed gamma.
    pub cross: Q,
    /// `S22 = dC/dgamma` at fixed lambda.
    pub classification_gamma: Q,
    /// Whether the derivative is the same from both sides.
    pub sidedness: Sidedness,
}

/// The condition number of `diag(lambda, gamma) S diag(lambda, gamma)` from which a response counts as degenerate.
pub const DEGENERATE_CONDITION: f64 = 1e8;

/// A response that cannot be inverted: the surface is a curve here, or a plateau.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("the response is degenerate: condition {condition:e} in units of the multipliers")]
pub struct Degenerate {
    /// Condition number of `diag(lambda, gamma) S diag(lambda, gamma)`; infinite where it is singular.
    pub condition: f64,
}

impl<Q: Quantity> Response<Q> {
    /// The partial derivatives of an observable with respect to `(lambda, gamma)` at `multipliers`. Those of the rate
    /// follow from the first law, `dR = -lambda dD - gamma dC`.
    pub fn gradient(&self, observable: Observable, multipliers: Multipliers) -> [f64; 2] {
        let (s11, s12, s22) =
            (self.distortion_lambda.mean(), self.cross.mean(), self.classification_gamma.mean());
        let (lambda, gamma) = (multipliers.lambda(), multipliers.gamma());
        match observable {
            Observable::Rate => [-lambda * s11 - gamma * s12, -lambda * s12 - gamma * s22],
            Observable::Distortion => [s11, s12],
            Observable::Classification => [s12, s22],
        }
    }

    /// The condition number of `diag(lambda, gamma) S diag(lambda, gamma)`, infinite where it is singular: that
    /// scaling measures the multipliers in their own units, `d ln lambda` and `d ln gamma`.
    pub fn condition(&self, multipliers: Multipliers) -> f64 {
        let (lambda, gamma) = (multipliers.lambda(), multipliers.gamma());
        let a = lambda * lambda * self.distortion_lambda.mean();
        let b = lambda * gamma * self.cross.mean();
        let c = gamma * gamma * self.classification_gamma.mean();
        let largest = 0.5 * (a + c).abs() + (0.5 * (a - c)).hypot(b);
        // Of the matrix over its largest eigenvalue: neither a product nor a square leaves the range.
        let determinant = ((a / largest) * (c / largest) - (b / largest) * (b / largest)).abs();
        if determinant > 0.0 { determinant.recip() } else { f64::INFINITY }
    }
}

impl Response<f64> {
    /// `S v`: the rates of change `[dD, dC]` when the multipliers move along `v = [dlambda, dgamma]`.
    pub fn along(&self, direction: [f64; 2]) -> [f64; 2] {
        let [lambda, gamma] = direction;
        [
            self.distortion_lambda * lambda + self.cross * gamma,
            self.cross * lambda + self.classification_gamma * gamma,
        ]
    }

    /// The response as an invertible matrix.
    ///
    /// # Errors
    ///
    /// [`Degenerate`] where the condition in units of the multipliers is at least [`DEGENERATE_CONDITION`]: every
    /// scalar or rank-one system, plateaus, and a vanishing multiplier; with an infinite condition on a kink.
    pub fn regular(&self, multipliers: Multipliers) -> Result<RegularResponse, Degenerate> {
        let kink = self.sidedness == Sidedness::Kink;
        let condition = if kink { f64::INFINITY } else { self.condition(multipliers) };
        if condition < DEGENERATE_CONDITION {
            Ok(RegularResponse { s: *self, condition })
        } else {
            Err(Degenerate { condition })
        }
    }
}

/// A response that can be inverted: D and C are coordinates of the surface here, as good as lambda and gamma.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RegularResponse {
    s: Response<f64>,
    condition: f64,
}

impl RegularResponse {
    /// Condition number of `diag(lambda, gamma) S diag(lambda, gamma)`.
    pub fn condition(&self) -> f64 {
        self.condition
    }

    /// `S^-1 w`: the change of the multipliers `[dlambda, dgamma]` that moves the observables by `w = [dD, dC]`. Minus
    /// `S^-1` is the Hessian of R(D, C).
    pub fn multipliers_along(&self, change: [f64; 2]) -> [f64; 2] {
        let [distortion, classification] = change;
        // By the complements of the diagonal, and not the determinant, which is out of range where S is but small.
        [
            (distortion - self.d_distortion_d_classification_at_lambda() * classification)
                / self.d_distortion_d_lambda_at_classification(),
            (classification - self.d_classification_d_distortion_at_gamma() * distortion)
                / self.d_classification_d_gamma_at_distortion(),
        ]
    }

    /// `(dgamma/dlambda)_C = -S12 / S22`: the slope of an iso-classification curve.
    pub fn iso_classification_slope(&self) -> f64 {
        -self.s.cross / self.s.classification_gamma
    }

    /// `(dgamma/dlambda)_D = -S11 / S12`, infinite where the two are uncoupled.
    pub fn iso_distortion_slope(&self) -> f64 {
        -self.s.distortion_lambda / self.s.cross
    }

    /// `(dD/dlambda)_C = S11 - S12^2 / S22`, by Le Chatelier's principle no larger in size than `dD/dlambda` at fixed
    /// gamma.
    pub fn d_distortion_d_lambda_at_classification(&self) -> f64 {
        self.s.distortion_lambda - self.d_distortion_d_classification_at_lambda() * self.s.cross
    }

    /// `(dC/dgamma)_D = S22 - S12^2 / S11`.
    pub fn d_classification_d_gamma_at_distortion(&self) -> f64 {
        self.s.classification_gamma - self.d_classification_d_distortion_at_gamma() * self.s.cross
    }

    /// `(dD/dC)_lambda = S12 / S22`, equal to `-(dgamma/dlambda)_C`.
    pub fn d_distortion_d_classification_at_lambda(&self) -> f64 {
        self.s.cross / self.s.classification_gamma
    }

    /// `(dC/dD)_gamma = S12 / S11`, equal to `-(dlambda/dgamma)_D`.
    pub fn d_classification_d_distortion_at_gamma(&self) -> f64 {
        self.s.cross / self.s.distortion_lambda
    }

    /// `(dlambda/dC)_D = (dgamma/dD)_C = -S12 / det S`: the off-diagonal entry of the inverse, the second derivative
    /// `-d^2 R / dD dC`.
    pub fn d_lambda_d_classification_at_distortion(&self) -> f64 {
        -self.d_distortion_d_classification_at_lambda() / self.d_distortion_d_lambda_at_classification()
    }
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;

    fn response(s11: f64, s12: f64, s22: f64) -> Response {
        Response {
            distortion_lambda: s11,
            cross: s12,
            classification_gamma: s22,
            sidedness: Sidedness::TwoSided,
        }
    }

    #[test]
    fn the_condition_is_that_of_the_eigenvalues() {
        let one = Multipliers::new(1.0, 1.0).expect("valid");
        // [[-5, 4], [4, -5]] has eigenvalues -1 and -9.
        assert_close!(response(-5.0, 4.0, -5.0).condition(one), 9.0, rtol = 1e-14, atol = 0.0);
        assert_eq!(response(-1.0, 1.0, -1.0).condition(one), f64::INFINITY);
        assert_eq!(response(0.0, 0.0, 0.0).regular(one), Err(Degenerate { condition: f64::INFINITY }));
        // In units of the multipliers this one is the identity.
        let far = Multipliers::new(1e-6, 1e6).expect("valid");
        assert_close!(response(-1e12, 0.0, -1e-12).condition(far), 1.0, rtol = 1e-12, atol = 0.0);
    }

    #[test]
    fn on_a_kink_nothing_is_regular() {
        let one = Multipliers::new(1.0, 1.0).expect("valid");
        let kink = Response { sidedness: Sidedness::Kink, ..response(-5.0, 1.0, -7.0) };
        assert_eq!(kink.regular(one), Err(Degenerate { condition: f64::INFINITY }));
    }

    #[test]
    fn the_inverse_undoes_the_response() {
        let s = response(-5.0, 1.0, -7.0);
        assert_eq!(s.along([2.0, 3.0]), [-7.0, -19.0]);
        let regular = s.regular(Multipliers::new(1.0, 1.0).expect("valid")).expect("regular");
        let [lambda, gamma] = regular.multipliers_along([-7.0, -19.0]);
        // A handful of roundings.
        assert_close!(lambda, 2.0, rtol = 1e-15, atol = 0.0);
        assert_close!(gamma, 3.0, rtol = 1e-15, atol = 0.0);
    }

    #[test]
    fn a_response_keeps_its_inverse_at_every_scale() {
        let one = Multipliers::new(1.0, 1.0).expect("valid");
        for scale in [1e-300, 1e-170, 1.0, 1e170, 1e300] {
            let s = response(-5.0 * scale, scale, -7.0 * scale);
            let regular = s.regular(one).expect("regular");
            // The eigenvalues are -6 +- sqrt 2.
            let root = 2f64.sqrt();
            assert_close!(regular.condition(), (6.0 + root) / (6.0 - root), rtol = 1e-14, atol = 0.0);
            let [lambda, gamma] = regular.multipliers_along([-7.0 * scale, -19.0 * scale]);
            assert_close!(lambda, 2.0, rtol = 1e-15, atol = 0.0);
            assert_close!(gamma, 3.0, rtol = 1e-15, atol = 0.0);
            // det S = 34.
            let held = regular.d_distortion_d_lambda_at_classification() / scale;
            assert_close!(held, -34.0 / 7.0, rtol = 1e-15, atol = 0.0);
            let held = regular.d_classification_d_gamma_at_distortion() / scale;
            assert_close!(held, -34.0 / 5.0, rtol = 1e-15, atol = 0.0);
            let mixed = regular.d_lambda_d_classification_at_distortion() * scale;
            assert_close!(mixed, -1.0 / 34.0, rtol = 1e-15, atol = 0.0);
        }
    }

    #[test]
    fn the_rate_follows_from_the_first_law() {
        let at = Multipliers::new(2.0, 3.0).expect("valid");
        let s = response(-5.0, 1.0, -7.0);
        assert_eq!(s.gradient(Observable::Rate, at), [10.0 - 3.0, -2.0 + 21.0]);
    }
}
