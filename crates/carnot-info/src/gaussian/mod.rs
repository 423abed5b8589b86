//! Multivariate Gaussians: entropies, divergences and informations in closed form, in nats, and the functionals R, D
//! and C of a linear encoder with any linear decoder, head and Gaussian marginal.
//!
//! The types mirror those of the tables: a [`Gaussian`] is what a [`Distribution`](crate::Distribution) is there, a
//! [`LinearChannel`] what a [`Channel`](crate::Channel) is. Entropies are differential, so they may be negative, and so
//! may D and C, which are losses in units of a density. A mixture of Gaussians is none: Jensen-Shannon divergences have no
//! closed form here.
//!
//! Covariances are kept as Cholesky factors from end to end: the aggregate and the posterior of a channel come from an
//! orthogonal decomposition of factors, never from the difference of two covariances.

mod bounds;
mod channel;
mod covariance;
mod diagonal;
mod functionals;
mod linalg;
mod normal;
mod renyi;

pub use channel::LinearChannel;
pub use covariance::Covariance;
pub use diagonal::{kl_from_gaussian_prior, kl_from_standard_normal};
pub use functionals::{
    channel_information, classification_loss, distortion, mean_divergence, optimal_decoder, optimal_head,
    optimal_marginal, rate,
};
pub use normal::{
    Gaussian, conditional_mutual_information, cross_entropy, differential_entropy, kl_divergence,
    mutual_information,
};
pub use renyi::{renyi_entropy, tsallis_entropy};
