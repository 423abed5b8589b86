#![doc = include_str!("../README.md")]

mod bounds;
mod channel;
mod distribution;
mod entropy;
mod error;
mod estimate;
mod functionals;
mod gaussian;
mod joint;
mod log_domain;
mod numeric;

pub use bounds::InformationBounds;
pub use channel::Channel;
pub use distribution::Distribution;
pub use entropy::{
    channel_information, conditional_entropy, cross_entropy, entropy, joint_entropy, kl_divergence,
    mutual_information,
};
pub use error::InfoError;
pub use estimate::Estimate;
pub use functionals::{
    classification_loss, distortion, expected_cost, latent_label_joint, optimal_classifier, optimal_decoder,
    optimal_marginal, rate,
};
pub use gaussian::{kl_from_gaussian_prior, kl_from_standard_normal};
pub use joint::Joint;
pub use log_domain::{log_softmax, log_sum_exp, nats_to_bits, xlogx, xlogy};
pub use numeric::NORMALISATION_TOLERANCE;
