//! The marginal m(z), and the rate of one latent dimension with its derivatives.

use super::curvature::Kind;
use super::scalar::Scalar;

/// A diagonal Gaussian marginal m(z), or the standard normal one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Marginal<'a, T> {
    Standard,
    /// Mean and log-variance of each latent dimension.
    Diagonal {
        mean: &'a [T],
        log_variance: &'a [T],
    },
}

impl<'a, T: Scalar> Marginal<'a, T> {
    /// The marginal whose mean and log-variance are all of `parameters`, or the standard one if there are none.
    pub(super) fn new(parameters: &'a [T]) -> Self {
        if parameters.is_empty() {
            return Self::Standard;
        }
        let (mean, log_variance) = parameters.split_at(parameters.len() / 2);
        Self::Diagonal { mean, log_variance }
    }

    /// Mean and log-variance of dimension `i`.
    pub(super) fn of(&self, i: usize) -> (T, T) {
        match self {
            Self::Standard => (T::ZERO, T::ZERO),
            Self::Diagonal { mean, log_variance } => (mean[i], log_variance[i]),
        }
    }

    /// R of dimension `i`, from mean and log-variance of the encoder, with its derivatives.
    #[inline(always)]
    pub(super) fn divergence(&self, i: usize) -> impl Fn(T, T) -> Divergence<T> + use<T> {
        let (m, w) = self.of(i);
        let precision = (-w).exponential();
        move |mean, log_variance| {
            let distance = mean - m;
            let by_mean = distance * precision;
            let difference = log_variance - w;
            let ratio = difference.exponential();
            Divergence { precision, square: distance * by_mean, by_mean, ratio, difference }
        }
    }
}

/// The part of R of one latent dimension, `1/2 ((mean - m)^2 exp(-w) + exp(v - w) - 1 - (v - w))` for a marginal of mean
/// m and log-variance w and an encoder of log-variance v.
pub(super) struct Divergence<T> {
    /// `exp(-w)`.
    precision: T,
    /// `(mean - m)^2 exp(-w)`.
    square: T,
    by_mean: T,
    /// `exp(v - w)`.
    ratio: T,
    /// `v - w`.
    difference: T,
}

/// Derivatives of a divergence, or their tangents.
pub(super) struct Slopes<T> {
    pub(super) by_mean: T,
    pub(super) by_log_variance: T,
    pub(super) by_marginal_mean: T,
    pub(super) by_marginal_log_variance: T,
}

impl<T: Scalar> Divergence<T> {
    #[inline(always)]
    pub(super) fn value(&self) -> T {
        T::HALF * (self.square + (self.ratio - T::ONE - self.difference))
    }

    #[inline(always)]
    pub(super) fn slopes(&self) -> Slopes<T> {
        let excess = self.ratio - T::ONE;
        Slopes {
            by_mean: self.by_mean,
            by_log_variance: T::HALF * excess,
            by_marginal_mean: -self.by_mean,
            by_marginal_log_variance: -T::HALF * (self.square + excess),
        }
    }

    /// The tangents of the slopes when the encoder's mean and log-variance, and the marginal's, move so fast.
    ///
    /// R depends on the four through `d = (mean - m) exp(-w/2)` and `u = v - w`, as `1/2 (d^2 + exp(u) - 1 - u)`, which is
    /// convex in both. The Gauss-Newton matrix leaves out the second derivatives of d, which are half of the terms with the
    /// tangent of w and zero where the marginal is fixed. The Fisher information is that of the encoder, `exp(-v)` and `1/2`.
    #[inline(always)]
    pub(super) fn tangent(
        &self,
        kind: Kind,
        (mean, log_variance): (T, T),
        (marginal_mean, marginal_log_variance): (T, T),
    ) -> Slopes<T> {
        let share = match kind {
            Kind::Hessian => T::ONE,
            Kind::GaussNewton => T::HALF,
            Kind::Fisher => {
                return Slopes {
                    by_mean: self.precision / self.ratio * mean,
                    by_log_variance: T::HALF * log_variance,
                    by_marginal_mean: T::ZERO,
                    by_marginal_log_variance: T::ZERO,
                };
            }
        };
        let (distance, w) = (mean - marginal_mean, marginal_log_variance);
        let by_mean = self.precision * distance - share * self.by_mean * w;
        let by_log_variance = T::HALF * self.ratio * (log_variance - w);
        let by_scale = share * (self.by_mean * distance - T::HALF * self.square * w);
        Slopes {
            by_mean,
            by_log_variance,
            by_marginal_mean: -by_mean,
            by_marginal_log_variance: -(by_scale + by_log_variance),
        }
    }
}
