//! What the figures of exact systems share: systems, and their equilibria over a grid of multipliers.

mod boundaries;
mod plane;
mod systems;

pub(super) use boundaries::{Boundary, boundaries};
pub(super) use plane::{Plane, geometric, nan_or_max};
pub(super) use systems::{Example, classified, constants_in_words, discrete, gaussian, sharp_gaussian};
