//! What can be known of entropies, of R, D and C and of mutual information from samples, in nats, with standard errors
//! and the side of the bias.
//!
//! - From how often each letter was seen ([`Counts`]): entropies, corrected for bias in several ways, and the collision
//!   probability, without bias.
//! - From points in space: [`nearest_neighbour_entropy`].
//! - From the log-densities of a model at its own samples: R, D and C ([`SampledFunctionals`]) and the
//!   [`InformationSandwich`] that they make of the mutual information; [`info_nce`] from a critic's scores; the evidence
//!   by importance weights ([`importance_log_evidence`]).

mod collisions;
mod contrastive;
mod counts;
mod entropies;
mod functionals;
mod importance;
mod jackknife;
mod nearest_neighbour;
mod sandwich;

pub use collisions::{collision_entropy, collision_probability};
pub use contrastive::{info_nce, info_nce_of_batches};
pub use counts::Counts;
pub use entropies::{chao_shen_entropy, grassberger_entropy, miller_madow_entropy, plug_in_entropy};
pub use functionals::SampledFunctionals;
pub use importance::{effective_sample_size, importance_log_evidence, log_evidences};
pub use jackknife::jackknife;
pub use nearest_neighbour::nearest_neighbour_entropy;
pub use sandwich::InformationSandwich;
