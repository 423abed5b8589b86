//! The discrete Legendre transform of a function of two variables, one axis after the other.

use ndarray::{Array2, ArrayView2};

use super::error::{ConjugateError, check_axis, check_value};
use super::line::{Attainment, transform};

/// The transform on a grid of slopes; all arrays have shape (slopes along x, slopes along y).
#[derive(Debug, Clone, PartialEq)]
pub struct ConjugatePlane {
    /// `f*(s, t) = max_ij s x_i + t y_j - f_ij`.
    pub values: Array2<f64>,
    /// The sample (i, j) where it is attained.
    pub maximisers: Array2<(usize, usize)>,
    /// Whether the samples reach far enough, along either axis.
    pub attainment: Array2<[Attainment; 2]>,
    /// How many slopes were compared: linear in the number of samples for each slope of the other axis.
    pub comparisons: usize,
}

/// The discrete Legendre transform of samples on a grid, `f` of shape (n, m) at `x` of length n and `y` of length m, for
/// the grid of `slopes` along either axis. The maximum over both is that over y of each row, then that over x:
///
/// ```text
/// f*(s, t) = max_i [ s x_i + max_j ( t y_j - f_ij ) ]
/// ```
///
/// each a transform in linear time ([`conjugate`](super::conjugate)). Arguments and slopes ascend, values may be plus
/// infinity.
///
/// # Errors
///
/// [`ConjugateError`] names the argument, value or slope that is wrong.
pub fn conjugate_plane(
    x: &[f64],
    y: &[f64],
    f: ArrayView2<'_, f64>,
    slopes: [&[f64]; 2],
) -> Result<ConjugatePlane, ConjugateError> {
    check_axis("arguments along x", x, true)?;
    check_axis("arguments along y", y, true)?;
    check_axis("slopes along x", slopes[0], false)?;
    check_axis("slopes along y", slopes[1], false)?;
    if f.dim() != (x.len(), y.len()) {
        return Err(ConjugateError::Shape { found: f.dim(), expected: (x.len(), y.len()) });
    }
    f.indexed_iter().try_for_each(|(index, &value)| check_value(index, value))?;
    let mut comparisons = 0;
    let rows: Vec<_> = f.outer_iter().map(|row| transform(y, &row.to_vec(), slopes[1])).collect();
    comparisons += rows.iter().flatten().map(|row| row.comparisons).sum::<usize>();
    let shape = (slopes[0].len(), slopes[1].len());
    let mut values = Array2::zeros(shape);
    let mut maximisers = Array2::from_elem(shape, (0, 0));
    let mut attainment = Array2::from_elem(shape, [Attainment::Interior; 2]);
    for t in 0..shape.1 {
        // A row without a finite value has the transform minus infinity, and does not count.
        let negated: Vec<f64> =
            rows.iter().map(|row| row.as_ref().map_or(f64::INFINITY, |row| -row.at[t].value)).collect();
        let along_x = transform(x, &negated, slopes[0]).ok_or(ConjugateError::NoDomain)?;
        comparisons += along_x.comparisons;
        for (s, found) in along_x.at.iter().enumerate() {
            let row = rows[found.maximiser].as_ref().ok_or(ConjugateError::NoDomain)?;
            values[(s, t)] = found.value;
            maximisers[(s, t)] = (found.maximiser, row.at[t].maximiser);
            attainment[(s, t)] = [found.attainment, row.at[t].attainment];
        }
    }
    Ok(ConjugatePlane { values, maximisers, attainment, comparisons })
}
