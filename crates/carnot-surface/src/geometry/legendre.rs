//! The Legendre transform between F and R on points of the surface.

use super::conjugate::Attainment;
use super::point::{PointError, SurfacePoint, check};
use crate::{Multipliers, Observables, Quantity};

/// A supremum or infimum over points of the surface.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Support {
    /// Its value, in nats.
    pub value: f64,
    /// The number of the point where it is attained.
    pub point: usize,
    /// [`Attainment::OutOfRange`] is proven: all points lie on one side of the one where the extremum is attained, and
    /// the surface's own lies on the other. [`Attainment::Interior`] says that there are points on either side.
    pub attainment: Attainment,
}

/// R at a wanted (D, C) from F and its gradient at sampled multipliers:
///
/// ```text
/// R(D, C) = sup over (lambda, gamma) of F - lambda D - gamma C >= max_i F_i - lambda_i D - gamma_i C
/// ```
///
/// The value is a lower bound, the best that the tangent planes of R at the points give, exact if one of the points is
/// at (D, C); the maximiser is the point whose multipliers are the slopes there.
///
/// # Errors
///
/// No points, one that is not finite, or a target that is not.
pub fn rate_from_free_energy<V: Observables>(
    points: &[SurfacePoint<V>],
    distortion: f64,
    classification: f64,
) -> Result<Support, PointError> {
    for (what, value) in [("distortion", distortion), ("classification loss", classification)] {
        if !value.is_finite() {
            return Err(PointError::Target { what, value });
        }
    }
    // The plane through the point's R with its slopes, rather than F less two terms, which cancels.
    let plane = |p: &SurfacePoint<V>| {
        let distortion = p.rdc.distortion().mean() - distortion;
        let classification = p.rdc.classification().mean() - classification;
        p.rdc.rate().mean() + p.multipliers.lambda() * distortion + p.multipliers.gamma() * classification
    };
    let (point, value) = largest(points, plane)?;
    let best = &points[point];
    // The slope of F - lambda D - gamma C in the multipliers: uphill from the best point.
    let uphill =
        [best.rdc.distortion().mean() - distortion, best.rdc.classification().mean() - classification];
    let from = [best.multipliers.lambda(), best.multipliers.gamma()];
    let places = points.iter().map(|p| [p.multipliers.lambda(), p.multipliers.gamma()]);
    Ok(Support { value, point, attainment: attainment(from, uphill, places) })
}

/// F at wanted multipliers from R and its slopes at sampled (D, C):
///
/// ```text
/// F(lambda, gamma) = inf over (D, C) of R + lambda D + gamma C <= min_i R_i + lambda D_i + gamma C_i
/// ```
///
/// The value is an upper bound, exact if one of the points has these multipliers.
///
/// # Errors
///
/// No points, or one that is not finite.
pub fn free_energy_from_rate<V: Observables>(
    points: &[SurfacePoint<V>],
    at: Multipliers,
) -> Result<Support, PointError> {
    let (point, value) = largest(points, |p| -p.tangent_plane(at).mean())?;
    let best = &points[point];
    // The slope of R + lambda D + gamma C in (D, C), reversed: downhill from the best point.
    let downhill = [best.multipliers.lambda() - at.lambda(), best.multipliers.gamma() - at.gamma()];
    let place = |p: &SurfacePoint<V>| [p.rdc.distortion().mean(), p.rdc.classification().mean()];
    Ok(Support {
        value: -value,
        point,
        attainment: attainment(place(best), downhill, points.iter().map(place)),
    })
}

fn largest<V: Observables>(
    points: &[SurfacePoint<V>],
    value: impl Fn(&SurfacePoint<V>) -> f64,
) -> Result<(usize, f64), PointError> {
    check(points, 1)?;
    let values = points.iter().map(value).enumerate();
    let best = values.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.ok_or(PointError::TooFew { needed: 1, found: 0 })
}

/// By concavity the extremum lies in the half-plane `(x - from) . uphill >= 0`.
fn attainment(from: [f64; 2], uphill: [f64; 2], places: impl Iterator<Item = [f64; 2]>) -> Attainment {
    let there = uphill == [0.0, 0.0];
    let beyond = |place: [f64; 2]| (place[0] - from[0]) * uphill[0] + (place[1] - from[1]) * uphill[1] > 0.0;
    if there || places.into_iter().any(beyond) { Attainment::Interior } else { Attainment::OutOfRange }
}
