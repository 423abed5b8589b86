use crate::digamma::digamma;
use crate::error::check_entries;
use crate::{Estimate, InfoError};
use ndarray::{ArrayView1, ArrayView2};
use std::f64::consts::PI;

/// That of the largest power of two: the logarithm of a number next to the next one is rounded up.
const LARGEST_EXPONENT: f64 = 1023.0;

/// The Kozachenko-Leonenko estimate of a differential entropy, in nats, from independent points in d dimensions:
///
/// ```text
/// h = psi(n) - psi(k) + ln V_d + (d/n) sum_i ln r_i
/// ```
///
/// with `r_i` the Euclidean distance from point i to its k-th neighbour and `V_d` the volume of the unit ball. `points`
/// has shape `(n, d)`, and `1 <= k < n`.
///
/// **Bias: of order `(k/n)^(2/d)` for a smooth density on all of space**, of either sign, and upwards beside a sharp
/// edge: small in one to three dimensions, not in many. The standard error takes the n terms as independent; they
/// share neighbours, and it is too small: by a tenth to a fifth in one to three dimensions for `k` up to 3 among hundreds
/// of points, by a third at `k = n/10`, by half where most points lie beside a sharp edge. It does not know of the bias.
/// The cost is `O(n^2 d)`. (Kozachenko and Leonenko, 1987; Kraskov et al., *Estimating mutual information*, 2004,
/// equation 20; Berrett et al., *Efficient multivariate entropy estimation via k-nearest neighbour distances*, 2019.)
///
/// # Errors
///
/// [`InfoError::InvalidShape`] for no dimensions, [`InfoError::InvalidNeighbour`] unless `1 <= k < n`,
/// [`InfoError::NonFiniteEntry`], and [`InfoError::CoincidentPoints`] when a distance is zero: repeated points have no
/// density.
pub fn nearest_neighbour_entropy(points: ArrayView2<'_, f64>, k: usize) -> Result<Estimate, InfoError> {
    let (n, d) = points.dim();
    if d == 0 {
        return Err(InfoError::InvalidShape { what: "points", shape: vec![n, d] });
    }
    if k == 0 || k >= n {
        return Err(InfoError::InvalidNeighbour { neighbour: k, points: n });
    }
    check_entries("points", points)?;
    // In units of the largest coordinate, down to a power of two: no square of a distance overflows, no digit is lost.
    let largest = points.iter().fold(f64::MIN_POSITIVE, |largest, x| largest.max(x.abs()));
    let unit = largest.log2().floor().min(LARGEST_EXPONENT).exp2();
    let points = points.mapv(|x| x / unit);
    let log_volume = log_unit_ball_volume(d) + d as f64 * unit.ln();
    let constant = digamma(n as f64) - digamma(k as f64) + log_volume;
    let mut terms = Vec::with_capacity(n);
    let mut distances = Vec::with_capacity(n);
    for (index, point) in points.rows().into_iter().enumerate() {
        distances.clear();
        distances.extend(
            points
                .rows()
                .into_iter()
                .enumerate()
                .filter(|(other, _)| *other != index)
                .map(|(_, other)| distance(point, other)),
        );
        let (_, &mut distance, _) = distances.select_nth_unstable_by(k - 1, f64::total_cmp);
        if distance == 0.0 {
            return Err(InfoError::CoincidentPoints { index, neighbour: k });
        }
        terms.push(constant + d as f64 * distance.ln());
    }
    Estimate::from_samples(&terms)
}

/// The Euclidean distance of two points whose coordinates are below two: beside a far outlier its square may underflow.
fn distance(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> f64 {
    let differences = || a.iter().zip(b).map(|(a, b)| a - b);
    let square: f64 = differences().map(|difference| difference * difference).sum();
    if square.is_normal() { square.sqrt() } else { differences().fold(0.0, f64::hypot) }
}

/// `ln V_d` of the unit ball, by `V_d = 2 pi V_(d-2) / d` from `V_0 = 1` and `V_1 = 2`.
fn log_unit_ball_volume(d: usize) -> f64 {
    let start = if d.is_multiple_of(2) { 0.0 } else { 2.0_f64.ln() };
    start + (2 + d % 2..=d).step_by(2).map(|d| (2.0 * PI / d as f64).ln()).sum::<f64>()
}
