//! Points of an equilibrium surface, from a system or from anywhere else.

use carnot_info::Estimate;

use crate::{Equilibrium, Multipliers, Observables, Quantity, Rdc};

/// A point of the surface: the multipliers and the `(R, D, C)` found there. [`Rdc`] where it is exact,
/// [`RdcEstimate`](crate::RdcEstimate) where per-sample values are at hand, [`IndependentRdc`] where only means and
/// standard errors are.
#[derive(Debug, Clone, PartialEq)]
pub struct SurfacePoint<V = Rdc> {
    /// Where on the surface.
    pub multipliers: Multipliers,
    /// Rate, distortion and classification loss, in nats.
    pub rdc: V,
}

impl<V: Observables> SurfacePoint<V> {
    /// The point of an equilibrium.
    pub fn of<X>(equilibrium: &Equilibrium<V, X>) -> Self {
        Self { multipliers: equilibrium.multipliers, rdc: equilibrium.rdc.clone() }
    }

    /// `F = R + lambda D + gamma C`, in nats.
    pub fn free_energy(&self) -> V::Scalar {
        self.rdc.objective(self.multipliers)
    }

    /// `R + lambda D + gamma C` of this point's model at other multipliers: the plane that touches F here, and since F
    /// is concave lies above it everywhere.
    pub fn tangent_plane(&self, at: Multipliers) -> V::Scalar {
        self.rdc.objective(at)
    }
}

/// `(R, D, C)` with standard errors of which nothing more is known: they are taken as independent, between the three
/// and between points. Where the same samples were used, [`RdcEstimate`](crate::RdcEstimate) is sharper.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IndependentRdc {
    /// The rate R.
    pub rate: Estimate,
    /// The distortion D.
    pub distortion: Estimate,
    /// The classification loss C.
    pub classification: Estimate,
}

impl Observables for IndependentRdc {
    type Scalar = Estimate;

    fn rate(&self) -> Estimate {
        self.rate
    }

    fn distortion(&self) -> Estimate {
        self.distortion
    }

    fn classification(&self) -> Estimate {
        self.classification
    }

    fn objective(&self, multipliers: Multipliers) -> Estimate {
        let distortion = self.distortion.scale(multipliers.lambda());
        let classification = self.classification.scale(multipliers.gamma());
        self.rate.plus_independent(distortion).plus_independent(classification)
    }

    fn change_since(&self, earlier: &Self) -> Self {
        Self {
            rate: self.rate.minus_independent(earlier.rate),
            distortion: self.distortion.minus_independent(earlier.distortion),
            classification: self.classification.minus_independent(earlier.classification),
        }
    }
}

/// Why points say nothing about a surface.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PointError {
    /// There are too few of them.
    #[error("{needed} points are needed, not {found}")]
    TooFew {
        /// How many are needed.
        needed: usize,
        /// How many there were.
        found: usize,
    },
    /// A value is NaN or infinite.
    #[error("the {what} of point {point} is {value:?}")]
    NotFinite {
        /// `rate`, `distortion`, `classification loss` or `free energy`.
        what: &'static str,
        /// The number of the point.
        point: usize,
        /// The value.
        value: f64,
    },
    /// The wanted distortion or classification loss is NaN or infinite.
    #[error("the wanted {what} is {value:?}")]
    Target {
        /// `distortion` or `classification loss`.
        what: &'static str,
        /// What was wanted.
        value: f64,
    },
    /// A grid's values do not fit its axes.
    #[error("the values have shape {found:?}, the axes {expected:?}")]
    Shape {
        /// The shape of the values.
        found: (usize, usize),
        /// The lengths of the axes.
        expected: (usize, usize),
    },
    /// An axis of a grid does not ascend.
    #[error("the {axis} axis does not ascend at entry {index}: {value:?}")]
    Axis {
        /// `lambda` or `gamma`.
        axis: &'static str,
        /// The first entry that is not above its predecessor, or not finite.
        index: usize,
        /// The entry.
        value: f64,
    },
}

/// Checks that there are at least `needed` points and that all of them are finite.
pub(super) fn check<V: Observables>(points: &[SurfacePoint<V>], needed: usize) -> Result<(), PointError> {
    if points.len() < needed {
        return Err(PointError::TooFew { needed, found: points.len() });
    }
    for (number, point) in points.iter().enumerate() {
        let values = [
            ("rate", point.rdc.rate()),
            ("distortion", point.rdc.distortion()),
            ("classification loss", point.rdc.classification()),
        ];
        for (what, value) in values {
            if !value.mean().is_finite() {
                return Err(PointError::NotFinite { what, point: number, value: value.mean() });
            }
        }
    }
    Ok(())
}
