//! The geometry of equilibrium surfaces: what concavity of F, the first law and Maxwell's relations say, measured.
//!
//! With `F(lambda, gamma) = min R + lambda D + gamma C` everything here follows from one fact, that F is a minimum of
//! functions affine in the multipliers: F is concave, its gradient is `(D, C)`, its Hessian is the response S, and
//! `R(D, C)` is its convex Legendre transform. What takes [`SurfacePoint`]s works on points of any origin, measured ones
//! included; what takes a [`System`](crate::System) solves it again where it needs to.
//!
//! ```
//! use carnot_surface::geometry::{Order, Potential, Search, Segment, locate, measure_maxwell};
//! use carnot_surface::{GaussianSystem, Multipliers, System};
//! use ndarray::array;
//!
//! let system = GaussianSystem::new(
//!     array![[2.0, 0.6], [0.6, 1.0]].view(),
//!     array![[0.0, 1.0]].view(),
//!     array![[0.1]].view(),
//!     0.5,
//!     0.1,
//! )?;
//! // The two modes enter one after the other, each by a transition of second order.
//! let line = Segment { from: Multipliers::new(0.0, 0.0)?, to: Multipliers::new(1.0, 0.2)? };
//! let transitions = locate(&system, &line, &Search::default())?;
//! assert_eq!(transitions.len(), 2);
//! assert!(transitions.iter().all(|transition| transition.order == Order::Second));
//!
//! // (dD/dC)_lambda = -(dgamma/dlambda)_C, each side by equilibria solved again.
//! let at = system.equilibrium(Multipliers::new(1.0, 2.0)?, None)?;
//! let maxwell = measure_maxwell(&system, &at, Potential::AtClassification, 1e-2)?;
//! assert!(maxwell.residual().abs() < 1e-8 && maxwell.predicted.left > 0.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod conjugate;
mod constrained;
mod difference;
mod error;
mod first_law;
mod grid;
mod le_chatelier;
mod legendre;
mod line_integral;
mod locate;
mod maxwell;
mod measured_response;
mod natural;
mod one_sided;
mod phase;
mod place;
mod point;
mod quadrature;
mod segment;
mod shape;
mod susceptibility;
mod transition;

pub use conjugate::{
    Attainment, Conjugate, ConjugateError, ConjugatePlane, Conjugates, biconjugate, conjugate,
    conjugate_plane, fenchel_young_gap,
};
pub use difference::Derivative;
pub use error::GeometryError;
pub use first_law::{FirstLaw, first_law};
pub use grid::{concavity_of_grid, free_energy_from_rate_grid, rate_from_free_energy_grid};
pub use le_chatelier::{LeChatelier, le_chatelier, measure_le_chatelier};
pub use legendre::{Support, free_energy_from_rate, rate_from_free_energy};
pub use line_integral::{LineIntegral, Quadrature, line_integral, loop_integral, rate_change};
pub use locate::locate;
pub use maxwell::{Measured, Potential, Sides, maxwell_sides, measure_maxwell};
pub use measured_response::{MeasuredResponse, is_one_phase, measure_response};
pub use phase::{Entry, Phased, SinglePhase};
pub use point::{IndependentRdc, PointError, SurfacePoint};
pub use quadrature::gauss_legendre;
pub use segment::Segment;
pub use shape::{Comparison, ShapeReport, Tolerance, concavity_of_free_energy, convexity_of_rate};
pub use susceptibility::{Susceptibility, susceptibilities};
pub use transition::{Order, Search, Transition};
