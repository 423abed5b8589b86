//! The discrete Legendre transform of a function of one variable, in linear time.

use super::error::{ConjugateError, check_axis, check_value};
use super::hull::{lower_hull, slope};

/// Where a supremum was attained: samples only know the function between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Attainment {
    /// Within the samples: the slope is one of the function's between the first sample and the last.
    Interior,
    /// At an end of the function's domain, beyond which it is sampled as plus infinity: attained there.
    DomainEdge,
    /// At the first or the last sample, and the slope is outside the sampled range: the function's own supremum may be
    /// larger, or infinite.
    OutOfRange,
}

/// The transform at one slope.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conjugate {
    /// `f*(s) = max_i s x_i - f_i`, a lower bound of the sampled function's own conjugate.
    pub value: f64,
    /// The number i of the sample where it is attained.
    pub maximiser: usize,
    /// Whether the samples reach far enough.
    pub attainment: Attainment,
}

/// The transform at all slopes.
#[derive(Debug, Clone, PartialEq)]
pub struct Conjugates {
    /// One for each slope.
    pub at: Vec<Conjugate>,
    /// How many slopes were compared: at most twice the number of samples plus the number of slopes.
    pub comparisons: usize,
}

/// The discrete Legendre transform `f*(s) = max_i s x_i - f_i` of samples `f_i` at `x_i`, for all `slopes` s: the convex
/// hull of the samples, then a merge of its slopes with the wanted ones, in time linear in the numbers of both (Lucet,
/// *Faster than the fast Legendre transform, the linear-time Legendre transform*, Numerical Algorithms 16, 1997).
///
/// `x` has length n, strictly ascending; `f` length n, where plus infinity says that the argument is not in the domain;
/// `slopes` any length, ascending. F is concave: transform `-F`, at the slopes `-D`.
///
/// # Errors
///
/// [`ConjugateError`] names the argument, value or slope that is wrong.
///
/// ```
/// use carnot_surface::geometry::conjugate;
///
/// // x^2 / 2 is its own conjugate.
/// let x: Vec<f64> = (-20..=20).map(|i| f64::from(i) / 10.0).collect();
/// let f: Vec<f64> = x.iter().map(|x| x * x / 2.0).collect();
/// let transform = conjugate(&x, &f, &[-1.0, 0.5])?;
/// assert!((transform.at[1].value - 0.125).abs() < 1e-15);
/// assert_eq!(x[transform.at[0].maximiser], -1.0);
/// # Ok::<(), carnot_surface::geometry::ConjugateError>(())
/// ```
pub fn conjugate(x: &[f64], f: &[f64], slopes: &[f64]) -> Result<Conjugates, ConjugateError> {
    check_samples(x, f)?;
    check_axis("slopes", slopes, false)?;
    transform(x, f, slopes).ok_or(ConjugateError::NoDomain)
}

fn check_samples(x: &[f64], f: &[f64]) -> Result<(), ConjugateError> {
    check_axis("arguments", x, true)?;
    if x.len() != f.len() {
        return Err(ConjugateError::Shape { found: (1, f.len()), expected: (1, x.len()) });
    }
    f.iter().enumerate().try_for_each(|(index, &value)| check_value((0, index), value))
}

/// The transform of samples that were checked; `None` where no value is finite.
pub(super) fn transform(x: &[f64], f: &[f64], slopes: &[f64]) -> Option<Conjugates> {
    let hull = lower_hull(x, f);
    let mut comparisons = hull.comparisons;
    let (&first, &last) = (hull.vertices.first()?, hull.vertices.last()?);
    // Where samples beyond an end of the hull are infinite, the domain ends there.
    let end = |inside: bool| if inside { Attainment::DomainEdge } else { Attainment::OutOfRange };
    let (below, above) = (end(first > 0), end(last + 1 < x.len()));
    let mut edges = hull.vertices.windows(2).map(|edge| slope(x, f, edge[0], edge[1])).peekable();
    let mut passed = 0;
    let lowest = edges.peek().copied();
    let mut at = Vec::with_capacity(slopes.len());
    for &s in slopes {
        comparisons += 1;
        while edges.next_if(|&edge| edge < s).is_some() {
            passed += 1;
            comparisons += 1;
        }
        let maximiser = hull.vertices[passed];
        let attainment = match lowest {
            None if below == above => below,
            None => Attainment::OutOfRange,
            Some(lowest) if s < lowest => below,
            Some(_) if edges.peek().is_none() => above,
            Some(_) => Attainment::Interior,
        };
        at.push(Conjugate { value: s * x[maximiser] - f[maximiser], maximiser, attainment });
    }
    Some(Conjugates { at, comparisons })
}

/// The biconjugate `f**` at the samples: the largest convex function below them, the function itself where it is
/// convex. It is infinite outside the domain's hull.
///
/// # Errors
///
/// [`ConjugateError`] as of [`conjugate`].
pub fn biconjugate(x: &[f64], f: &[f64]) -> Result<Vec<f64>, ConjugateError> {
    check_samples(x, f)?;
    let hull = lower_hull(x, f);
    if hull.vertices.is_empty() {
        return Err(ConjugateError::NoDomain);
    }
    let mut envelope = vec![f64::INFINITY; x.len()];
    for &vertex in &hull.vertices {
        envelope[vertex] = f[vertex];
    }
    for edge in hull.vertices.windows(2) {
        let slope = slope(x, f, edge[0], edge[1]);
        for between in edge[0] + 1..edge[1] {
            // From the nearer end, and never above the sample, for which rounding has no say.
            let from = if x[between] - x[edge[0]] < x[edge[1]] - x[between] { edge[0] } else { edge[1] };
            envelope[between] = (f[from] + slope * (x[between] - x[from])).min(f[between]);
        }
    }
    Ok(envelope)
}

/// The gap `f(x) + f*(s) - s x` of the Fenchel-Young inequality: never negative, and zero if and only if s is a slope
/// of f at x.
pub fn fenchel_young_gap(argument: f64, value: f64, slope: f64, conjugate: f64) -> f64 {
    value + conjugate - slope * argument
}
