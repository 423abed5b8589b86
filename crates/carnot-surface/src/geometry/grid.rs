//! F and R on grids: concavity from the values alone, and the transforms between them.

use ndarray::{Array2, ArrayView2};

use super::conjugate::{ConjugateError, ConjugatePlane, conjugate_plane};
use super::point::PointError;
use super::shape::{Comparison, ShapeReport, Tolerance};

/// Two steps of a grid are parallel if their ratios agree to this: rounding of equally spaced axes.
const PARALLEL: f64 = 1e-9;

/// Whether F is concave by its values alone, without D and C: no value is below the chord of its two neighbours, along
/// the rows, the columns and, where the steps of the axes are in proportion, both diagonals of the grid.
///
/// `free_energies` has shape (n, m) over the multipliers `lambdas` of length n and `gammas` of length m, both
/// ascending. In the report `points` are the three places (i, j), the middle one second, and the violation is by how
/// much the middle value is below the chord, in nats. Concavity along these lines is necessary for concavity, not
/// sufficient.
///
/// # Errors
///
/// A wrong shape, an axis that does not ascend, a value that is not finite, or a grid with no three places in line.
pub fn concavity_of_grid(
    lambdas: &[f64],
    gammas: &[f64],
    free_energies: ArrayView2<'_, f64>,
    tolerance: Tolerance,
) -> Result<ShapeReport<[(usize, usize); 3]>, PointError> {
    let (n, m) = (lambdas.len(), gammas.len());
    if free_energies.dim() != (n, m) {
        return Err(PointError::Shape { found: free_energies.dim(), expected: (n, m) });
    }
    for (axis, values) in [("lambda", lambdas), ("gamma", gammas)] {
        for (index, &value) in values.iter().enumerate() {
            if !(value.is_finite() && (index == 0 || values[index - 1] < value)) {
                return Err(PointError::Axis { axis, index, value });
            }
        }
    }
    for (number, &value) in free_energies.iter().enumerate() {
        if !value.is_finite() {
            return Err(PointError::NotFinite { what: "free energy", point: number, value });
        }
    }
    let triples = (0..n).flat_map(|i| (0..m).map(move |j| (i, j))).flat_map(|(i, j)| {
        [(1, 0), (0, 1), (1, 1), (1, -1)].into_iter().filter_map(move |(di, dj): (isize, isize)| {
            let before = (i.checked_add_signed(-di)?, j.checked_add_signed(-dj)?);
            let after = (i.checked_add_signed(di)?, j.checked_add_signed(dj)?);
            let inside = [before, after].iter().all(|&(i, j)| i < n && j < m);
            inside.then_some([before, (i, j), after])
        })
    });
    let comparisons = triples.filter_map(|points| {
        let fraction = middle(points.map(|(i, j)| [lambdas[i], gammas[j]]))?;
        let [before, here, after] = points.map(|place| free_energies[place]);
        let chord = (1.0 - fraction) * before + fraction * after;
        let scale = before.abs().max(here.abs()).max(after.abs());
        let allowed = tolerance.absolute + tolerance.relative * scale;
        Some(Comparison { points, violation: chord - here, std_err: None, allowed })
    });
    ShapeReport::of(comparisons, tolerance).ok_or(PointError::TooFew { needed: 3, found: n * m })
}

/// How far along the way from the first place to the third the second is; `None` where they are not in line.
fn middle(places: [[f64; 2]; 3]) -> Option<f64> {
    let [before, here, after] = places;
    let step =
        |k: usize| (after[k] - before[k] != 0.0).then(|| (here[k] - before[k]) / (after[k] - before[k]));
    match (step(0), step(1)) {
        (Some(a), Some(b)) => ((a - b).abs() <= PARALLEL).then_some(a),
        (one, other) => one.or(other),
    }
}

/// R on a grid of (D, C) from F on a grid of multipliers, `R(D, C) = max F - lambda D - gamma C`: the Legendre transform
/// of the convex `-F` at the slopes `(-D, -C)`.
///
/// `free_energies` has shape (n, m) over `lambdas` and `gammas`; the result's arrays have the shape of `distortions` by
/// `classifications`. All axes ascend. The maximisers are the multipliers' numbers; R is a lower bound where the
/// attainment is out of range, and everywhere below the true R by the coarseness of the grid.
///
/// # Errors
///
/// [`ConjugateError`] names what is wrong, in terms of x for lambda and D, of y for gamma and C.
pub fn rate_from_free_energy_grid(
    lambdas: &[f64],
    gammas: &[f64],
    free_energies: ArrayView2<'_, f64>,
    distortions: &[f64],
    classifications: &[f64],
) -> Result<ConjugatePlane, ConjugateError> {
    at_negative_slopes(
        lambdas,
        gammas,
        free_energies.mapv(|value| -value).view(),
        distortions,
        classifications,
    )
}

/// F on a grid of multipliers from R on a grid of (D, C), `F(lambda, gamma) = min R + lambda D + gamma C`: minus the
/// Legendre transform of R at the slopes `(-lambda, -gamma)`.
///
/// `rates` has shape (n, m) over `distortions` and `classifications`, plus infinity where (D, C) is out of reach; the
/// result's arrays have the shape of `lambdas` by `gammas`. All axes ascend. The values are of F, upper bounds, and the
/// maximisers are the minimisers' numbers.
///
/// # Errors
///
/// [`ConjugateError`] names what is wrong, in terms of x for lambda and D, of y for gamma and C.
pub fn free_energy_from_rate_grid(
    distortions: &[f64],
    classifications: &[f64],
    rates: ArrayView2<'_, f64>,
    lambdas: &[f64],
    gammas: &[f64],
) -> Result<ConjugatePlane, ConjugateError> {
    let mut plane = at_negative_slopes(distortions, classifications, rates, lambdas, gammas)?;
    plane.values.mapv_inplace(|value| -value);
    Ok(plane)
}

/// `max_ij -s x_i - t y_j - f_ij` for ascending s and t, whose negatives ascend in reverse.
fn at_negative_slopes(
    x: &[f64],
    y: &[f64],
    f: ArrayView2<'_, f64>,
    first: &[f64],
    second: &[f64],
) -> Result<ConjugatePlane, ConjugateError> {
    let negated = |slopes: &[f64]| slopes.iter().rev().map(|slope| -slope).collect::<Vec<f64>>();
    let mut plane = conjugate_plane(x, y, f, [&negated(first), &negated(second)])?;
    plane.values = reversed(&plane.values);
    plane.maximisers = reversed(&plane.maximisers);
    plane.attainment = reversed(&plane.attainment);
    Ok(plane)
}

fn reversed<T: Copy>(grid: &Array2<T>) -> Array2<T> {
    let (n, m) = grid.dim();
    Array2::from_shape_fn((n, m), |(i, j)| grid[(n - 1 - i, m - 1 - j)])
}
