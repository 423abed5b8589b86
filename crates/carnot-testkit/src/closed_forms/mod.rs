//! Problems whose answer is a formula: what exact solvers are held against.
//!
//! Everything is in nats and on plain numbers. With encoder `e(z|x)`, marginal `m(z)` and classifier `c(y|z)`,
//!
//! ```text
//! F(lambda, gamma) = min R + lambda D + gamma C      D = dF/dlambda      C = dF/dgamma
//! ```
//!
//! | module | problem |
//! | --- | --- |
//! | [`binary_hamming`] | Bernoulli source, Hamming distortion |
//! | [`uniform_hamming`] | uniform source over M letters, Hamming distortion |
//! | [`erasure`] | any source, erasure distortion |
//! | [`gaussian_source`] | independent Gaussians, squared error: reverse water-filling |
//! | [`laplacian`] | Laplacian source, absolute error |
//! | [`gaussian_bottleneck`] | the bottleneck of jointly Gaussian vectors |
//! | [`binary_pair`] | doubly symmetric binary pair: the bottleneck, and R, D, C together |
//! | [`gaussian_pairs`] | independent Gaussian pairs: R, D, C together |
//! | [`label_noise`] | symmetric label noise: a first-order onset |
//! | [`two_transitions`] | five equally likely pairs: a jump, a plateau and a continuous transition |
//! | [`degenerate`] | a free decoder table, deterministic labels |
//!
//! Each function is tested here against printed numbers, against finite differences and a numerical minimum, and the
//! discrete ones against [`plain_alternation`](crate::plain_alternation).

pub mod binary_hamming;
pub mod binary_pair;
pub mod degenerate;
pub mod erasure;
pub mod gaussian_bottleneck;
pub mod gaussian_pairs;
pub mod gaussian_source;
pub mod label_noise;
pub mod laplacian;
pub mod two_transitions;
pub mod uniform_hamming;

#[cfg(test)]
mod checks;

/// A point of an equilibrium surface: rate, distortion and classification loss, in nats (the distortion in its own
/// unit where it is no log-loss).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// R.
    pub rate: f64,
    /// D.
    pub distortion: f64,
    /// C.
    pub classification: f64,
}

impl Point {
    /// `R + lambda D + gamma C`.
    pub fn objective(&self, lambda: f64, gamma: f64) -> f64 {
        self.rate + lambda * self.distortion + gamma * self.classification
    }
}

/// A point of an information-bottleneck curve, in nats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BottleneckPoint {
    /// `I(X;Z)`, what the representation keeps of the source.
    pub rate: f64,
    /// `I(Z;Y)`, what it says about the labels.
    pub relevance: f64,
}

impl BottleneckPoint {
    /// `I(X;Z) - beta I(Z;Y)`. With `C = H(Y) - I(Z;Y)`, `F(0, gamma) = gamma H(Y) + I(X;Z) - gamma I(Z;Y)`.
    pub fn objective(&self, beta: f64) -> f64 {
        self.rate - beta * self.relevance
    }
}

/// The response `S = [[dD/dlambda, dD/dgamma], [dC/dlambda, dC/dgamma]]`, the Hessian of F.
pub type Response = [[f64; 2]; 2];
