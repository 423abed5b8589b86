//! The method of minimal residuals.

use super::{Counted, KrylovError, Limits, Product, Solved, add_scaled, dot, norm, solve};

/// Solves `(A + damping) x = b` for a symmetric map of any signs, by the method of Paige and Saunders (*Solution of sparse
/// indefinite systems of linear equations*, 1975): of all x in the span of `b, A b, A^2 b, ..` the one with the smallest
/// residual. For a right side that a singular map does not reach it ends as [`End::Stagnated`](super::End::Stagnated), close to a solution by least
/// squares.
///
/// # Errors
///
/// [`KrylovError`] for the map's own errors, numbers that are not finite, and limits outside their ranges.
pub fn minres<E>(map: impl Product<E>, b: &[f64], limits: &Limits<'_>) -> Result<Solved, KrylovError<E>> {
    let map = Counted::new(map, b, limits)?;
    solve(map, b, |map, x, residual, enough| run(map, x, residual, enough).map(|()| None))
}

/// A part of the norm of the map that is rounding.
const ROUNDING: f64 = 10.0 * f64::EPSILON;

/// Adds to x a solution of `A dx = r` until its residual is small enough, or as small as it becomes.
fn run<E, P: Product<E>>(
    map: &mut Counted<'_, P>,
    x: &mut [f64],
    r: &[f64],
    enough: f64,
) -> Result<(), KrylovError<E>> {
    let n = x.len();
    // Lanczos vectors, the last one and the one before.
    let mut beta = norm(r);
    let mut v: Vec<f64> = r.iter().map(|entry| entry / beta).collect();
    let mut v_before = vec![0.0; n];
    // The directions d of x, and the rotations that make the tridiagonal matrix triangular.
    let (mut d, mut d_before) = (vec![0.0; n], vec![0.0; n]);
    let (mut cosine, mut sine) = (-1.0, 0.0);
    let (mut delta_bar, mut epsilon) = (0.0, 0.0);
    let mut phi = beta;
    let mut beta_here = 0.0;
    let mut largest = 0.0_f64;
    let mut product = vec![0.0; n];
    while phi.abs() > enough && map.may_go_on() {
        map.multiply(&v, &mut product)?;
        let alpha = dot(&v, &product);
        add_scaled(-alpha, &v, &mut product);
        add_scaled(-beta_here, &v_before, &mut product);
        beta = norm(&product);
        // The last rotation on the new column.
        let epsilon_before = epsilon;
        let delta = cosine * delta_bar + sine * alpha;
        let gamma_bar = sine * delta_bar - cosine * alpha;
        epsilon = sine * beta;
        delta_bar = -cosine * beta;
        let gamma = gamma_bar.hypot(beta);
        largest = largest.max(alpha.abs() + beta + beta_here);
        // |A r| / |r|: where it is rounding, what is left of the right side is out of the map's reach.
        if gamma_bar.hypot(delta_bar) <= ROUNDING * largest || gamma == 0.0 {
            return Ok(());
        }
        (cosine, sine) = (gamma_bar / gamma, beta / gamma);
        let step = cosine * phi;
        phi *= sine;
        for i in 0..n {
            let next = (v[i] - delta * d[i] - epsilon_before * d_before[i]) / gamma;
            d_before[i] = std::mem::replace(&mut d[i], next);
            x[i] += step * next;
        }
        if beta <= ROUNDING * largest {
            return Ok(());
        }
        for (before, (v, p)) in v_before.iter_mut().zip(v.iter_mut().zip(&product)) {
            *before = std::mem::replace(v, p / beta);
        }
        beta_here = beta;
    }
    Ok(())
}
