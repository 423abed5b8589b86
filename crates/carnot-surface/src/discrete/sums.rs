//! Sums of products, in lanes: one chain of additions waits for each of them, eight do not.

use super::elementary::vectorised;

const LANES: usize = 8;

/// `sum_i a_i b_i`.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    vectorised(
        #[inline(always)]
        || dot_within(a, b),
    )
}

/// `sum_i a_i b_i c_i`.
pub(super) fn dot_of_three(a: &[f64], b: &[f64], c: &[f64]) -> f64 {
    vectorised(
        #[inline(always)]
        || dot_of_three_within(a, b, c),
    )
}

/// [`dot`] inside of what is already compiled for the machine's vectors.
#[inline(always)]
pub(super) fn dot_within(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (whole_a, rest_a) = a.as_chunks::<LANES>();
    let (whole_b, rest_b) = b.as_chunks::<LANES>();
    for (a, b) in whole_a.iter().zip(whole_b) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f64>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f64>()
}

/// [`dot_of_three`] inside of what is already compiled for the machine's vectors.
#[inline(always)]
pub(super) fn dot_of_three_within(a: &[f64], b: &[f64], c: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (whole_a, rest_a) = a.as_chunks::<LANES>();
    let (whole_b, rest_b) = b.as_chunks::<LANES>();
    let (whole_c, rest_c) = c.as_chunks::<LANES>();
    for ((a, b), c) in whole_a.iter().zip(whole_b).zip(whole_c) {
        for (lane, ((a, b), c)) in lanes.iter_mut().zip(a.iter().zip(b).zip(c)) {
            *lane += a * b * c;
        }
    }
    let rest = rest_a.iter().zip(rest_b).zip(rest_c).map(|((a, b), c)| a * b * c);
    lanes.iter().sum::<f64>() + rest.sum::<f64>()
}
