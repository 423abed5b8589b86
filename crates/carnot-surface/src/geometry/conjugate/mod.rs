//! The Legendre transform of sampled functions, in linear time.

mod error;
mod hull;
mod line;
mod plane;

pub use error::ConjugateError;
pub use line::{Attainment, Conjugate, Conjugates, biconjugate, conjugate, fenchel_young_gap};
pub use plane::{ConjugatePlane, conjugate_plane};
