//! The method of conjugate gradients.

use super::{Counted, End, KrylovError, Limits, Product, Solved, add_scaled, dot, norm, solve};

/// Solves `(A + damping) x = b` for a positive definite map.
///
/// Where a direction of negative curvature is met the solution so far is returned with it. The residual that decides is
/// that of a product of its own: where the one that is carried along has lost touch with it, the method starts again from
/// where it is, as long as that helps.
///
/// # Errors
///
/// [`KrylovError`] for the map's own errors, numbers that are not finite, and limits outside their ranges.
pub fn conjugate_gradients<E>(
    map: impl Product<E>,
    b: &[f64],
    limits: &Limits<'_>,
) -> Result<Solved, KrylovError<E>> {
    within_radius(map, b, f64::INFINITY, limits)
}

/// [`conjugate_gradients`] for the minimum of `x' (A + damping) x / 2 - b' x` over `|x| <= radius` as Steihaug looks for
/// it: along the way to the solution, which grows in length and falls in the model, up to the radius; along a direction of
/// negative curvature that is met, up to the radius too.
///
/// # Errors
///
/// As [`conjugate_gradients`]; [`KrylovError::Option`] for a radius that is not positive.
pub fn within_radius<E>(
    map: impl Product<E>,
    b: &[f64],
    radius: f64,
    limits: &Limits<'_>,
) -> Result<Solved, KrylovError<E>> {
    if radius.is_nan() || radius <= 0.0 {
        return Err(KrylovError::Option { option: "radius", requirement: "positive", value: radius });
    }
    let map = Counted::new(map, b, limits)?;
    solve(map, b, |map, x, residual, enough| run(map, x, residual, radius, enough))
}

/// Conjugate gradients from x with its residual until that is small enough; `None` then, or where it no longer falls or
/// there are no more products.
fn run<E, P: Product<E>>(
    map: &mut Counted<'_, P>,
    x: &mut [f64],
    residual: &mut [f64],
    radius: f64,
    enough: f64,
) -> Result<Option<End>, KrylovError<E>> {
    let mut direction = residual.to_vec();
    let mut product = vec![0.0; x.len()];
    let mut square = dot(residual, residual);
    loop {
        if square.sqrt() <= enough || !map.may_go_on() {
            return Ok(None);
        }
        map.multiply(&direction, &mut product)?;
        let curvature = dot(&direction, &product);
        if curvature <= 0.0 {
            let length = norm(&direction);
            if radius.is_finite() {
                add_scaled(to_radius(x, &direction, radius), &direction, x);
            }
            direction.iter_mut().for_each(|entry| *entry /= length);
            return Ok(Some(End::NegativeCurvature { direction, curvature: curvature / (length * length) }));
        }
        let step = square / curvature;
        if radius.is_finite() {
            let longest = to_radius(x, &direction, radius);
            if step >= longest {
                add_scaled(longest, &direction, x);
                return Ok(Some(End::Boundary));
            }
        }
        add_scaled(step, &direction, x);
        add_scaled(-step, &product, residual);
        let next = dot(residual, residual);
        let share = next / square;
        square = next;
        for (d, r) in direction.iter_mut().zip(&*residual) {
            *d = r + share * *d;
        }
    }
}

/// The positive root of `|x + s d| = radius`, for `|x| < radius`.
fn to_radius(x: &[f64], d: &[f64], radius: f64) -> f64 {
    let (a, b, c) = (dot(d, d), dot(x, d), dot(x, x) - radius * radius);
    let root = (b * b - a * c).max(0.0).sqrt();
    // Without cancellation: c is negative.
    if b > 0.0 { -c / (b + root) } else { (root - b) / a }
}
