//! Equilibria over a grid of multipliers.

use carnot_surface::geometry::SurfacePoint;
use carnot_surface::{At, Multipliers, Rdc, System};

use crate::figure::FigureError;

/// `count` numbers from `low` to `high` in equal ratios.
pub(in crate::figures) fn geometric(low: f64, high: f64, count: usize) -> Vec<f64> {
    let step = (high / low).ln() / (count.max(2) - 1) as f64;
    // The ends are met exactly.
    let inner = (1..count.max(2) - 1).map(|k| low * (k as f64 * step).exp());
    std::iter::once(low).chain(inner).chain(std::iter::once(high)).collect()
}

/// The equilibria of a system at every pair of some lambdas and gammas.
pub(in crate::figures) struct Plane<S: System> {
    pub(in crate::figures) lambdas: Vec<f64>,
    pub(in crate::figures) gammas: Vec<f64>,
    /// Row by row: gamma grows from row to row, lambda within a row.
    points: Vec<At<S>>,
}

impl<S: System<Rdc = Rdc>> Plane<S> {
    /// Computes the equilibria along each row from the one before.
    pub(in crate::figures) fn tabulate(
        system: &S,
        lambdas: Vec<f64>,
        gammas: Vec<f64>,
    ) -> Result<Self, FigureError> {
        let mut points: Vec<At<S>> = Vec::with_capacity(lambdas.len() * gammas.len());
        for gamma in &gammas {
            let mut before = None;
            for lambda in &lambdas {
                let at = Multipliers::new(*lambda, *gamma).map_err(FigureError::unfinished)?;
                let point = system.equilibrium(at, before.as_ref()).map_err(FigureError::unfinished)?;
                before = Some(point.state.clone());
                points.push(point);
            }
        }
        Ok(Plane { lambdas, gammas, points })
    }

    /// All points, row by row.
    pub(in crate::figures) fn points(&self) -> &[At<S>] {
        &self.points
    }

    /// All points as points of a surface of any origin.
    pub(in crate::figures) fn surface_points(&self) -> Vec<SurfacePoint> {
        self.points.iter().map(SurfacePoint::of).collect()
    }

    /// The points of each row, at one gamma.
    pub(in crate::figures) fn rows(&self) -> impl Iterator<Item = &[At<S>]> {
        self.points.chunks(self.lambdas.len())
    }
}

/// The larger number, and NaN if either is.
pub(in crate::figures) fn nan_or_max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}
