//! The geometry of equilibrium surfaces, on systems that are known in closed form.

mod conjugate;
mod first_law;
mod legendre;
mod loops;
mod maxwell;
mod places;
mod shape;
mod susceptibility;
mod systems;
mod transitions;
