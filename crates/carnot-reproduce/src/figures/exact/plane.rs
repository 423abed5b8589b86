//! Equilibria over a grid of multipliers.

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

    /// The points of each row, at one gamma.
    pub(in crate::figures) fn rows(&self) -> impl Iterator<Item = &[At<S>]> {
        self.points.chunks(self.lambdas.len())
    }

    /// How far above one of the planes that touch it the free energy lies at most, in nats, over all pairs of points:
    ///
    /// ```text
    /// max over a, b of  F_b - (R_a + lambda_b D_a + gamma_b C_a)
    /// ```
    ///
    /// F is concave, and R(D, C) convex, if and only if this is nowhere positive: with the roles of a and b exchanged it
    /// is `R_a - lambda_a (D_b - D_a) - gamma_a (C_b - C_a) - R_b`, how far the surface lies below one of its tangent
    /// planes.
    pub(in crate::figures) fn worst_violation(&self) -> f64 {
        use carnot_surface::Observables;
        let above = |b: &At<S>| {
            let free_energy = b.free_energy();
            let excess = move |a: &At<S>| free_energy - a.rdc.objective(b.multipliers);
            self.points.iter().map(excess).fold(f64::NEG_INFINITY, nan_or_max)
        };
        self.points.iter().map(above).fold(f64::NEG_INFINITY, nan_or_max)
    }
}

/// The larger number, and NaN if either is.
pub(in crate::figures) fn nan_or_max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}
