#![doc = include_str!("../README.md")]

mod bounds;
mod channel;
mod digamma;
mod distribution;
mod entropy;
mod error;
mod estimate;
mod functionals;
pub mod gaussian;
mod jensen_shannon;
mod joint;
mod log_channel;
mod log_domain;
mod numeric;
mod renyi;
pub mod samples;
mod three_way;

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
pub use jensen_shannon::{jensen_shannon_divergence, jensen_shannon_divergence_of};
pub use joint::Joint;
pub use log_channel::{
    LogChannel, classification_loss_from_logs, distortion_from_logs, log_loss, rate_from_log_marginal,
};
pub use log_domain::{log_softmax, log_sum_exp, nats_to_bits, xlogx, xlogy};
pub use numeric::NORMALISATION_TOLERANCE;
pub use renyi::{Order, renyi_divergence, renyi_entropy, tsallis_entropy};
pub use three_way::{ThreeWayJoint, Variable, conditional_mutual_information};
