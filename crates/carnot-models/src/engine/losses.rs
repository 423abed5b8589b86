//! D and C of every column, their derivatives and their tangents.

use super::activation::Activation;
use super::columns::{Columns, Panel};
use super::scalar::{Scalar, vectorised};
use crate::Likelihood;

/// How many partial sums of D a column has: one a tile.
pub(super) fn partial_sums(columns: Columns, pixels: usize) -> usize {
    pixels.div_ceil(columns.tile_rows(pixels))
}

/// D of every column without its constant, in nats, by way of the partial sums of its tiles.
pub(super) fn distortions<T: Scalar>(
    columns: Columns,
    pixels: usize,
    likelihood: Likelihood,
    (inputs, decoded): (&[T], &[T]),
    partial: &mut [f64],
    distortions: &mut [f64],
) {
    match likelihood {
        Likelihood::Gaussian { variance } => {
            let scale = 0.5 / variance;
            let square = |(x, y): (T, T), _| (x - y) * (x - y);
            sum_pixels(columns, pixels, (inputs, decoded, decoded), scale, square, partial, distortions);
        }
        Likelihood::Bernoulli => {
            // softplus(l) - x l, finite for every logit.
            let cross_entropy = |(x, l): (T, T), _| l.softplus() - x * l;
            sum_pixels(columns, pixels, (inputs, decoded, decoded), 1.0, cross_entropy, partial, distortions);
        }
    }
}

/// The tangent of D of every column when the decoder's output moves along `tangent`.
pub(super) fn distortion_tangents<T: Scalar>(
    columns: Columns,
    pixels: usize,
    likelihood: Likelihood,
    (inputs, decoded, tangent): (&[T], &[T], &[T]),
    partial: &mut [f64],
    tangents: &mut [f64],
) {
    let moved = |pair, tangent| slope(likelihood)(pair) * tangent;
    sum_pixels(columns, pixels, (inputs, decoded, tangent), 1.0, moved, partial, tangents);
}

/// The derivative of D by one number of the decoder's output, from the pixel and that output.
fn slope<T: Scalar>(likelihood: Likelihood) -> impl Fn((T, T)) -> T {
    move |(x, y)| match likelihood {
        Likelihood::Gaussian { variance } => (y - x) * T::from_f64(1.0 / variance),
        Likelihood::Bernoulli => y.logistic() - x,
    }
}

/// `scale` times the sum over the pixels of `f((pixel, output), other)` for every column, in `f64`.
fn sum_pixels<T: Scalar>(
    columns: Columns,
    pixels: usize,
    (inputs, decoded, other): (&[T], &[T], &[T]),
    scale: f64,
    f: impl Fn((T, T), T) -> T + Sync,
    partial: &mut [f64],
    sums: &mut [f64],
) {
    let (count, rows) = (partial_sums(columns, pixels), columns.tile_rows(pixels));
    columns.each_row(count, partial, |panel, tile, sums| {
        let width = panel.width;
        let tile = tile * rows * width..((tile + 1) * rows).min(pixels) * width;
        let x = &inputs[panel.of_inputs().range(pixels)][tile.clone()];
        let y = &decoded[panel.range(pixels)][tile.clone()];
        let other = &other[panel.range(pixels)][tile];
        sums.fill(0.0);
        vectorised(|| {
            let rows = x.chunks_exact(width).zip(y.chunks_exact(width)).zip(other.chunks_exact(width));
            for ((x, y), other) in rows {
                for (((sum, &x), &y), &other) in sums.iter_mut().zip(x).zip(y).zip(other) {
                    *sum += f((x, y), other).to_f64();
                }
            }
        });
    });
    for panel in columns.panels() {
        let sums = &mut sums[panel.columns()];
        sums.fill(0.0);
        for tile in partial[panel.range(count)].chunks_exact(panel.width) {
            for (sum, partial) in sums.iter_mut().zip(tile) {
                *sum += scale * partial;
            }
        }
    }
}

/// Derivatives by what the decoder's last activation is applied to, of the sum over the columns of D times the weight of
/// the column's input.
pub(super) fn distortion_backward<T: Scalar>(
    columns: Columns,
    pixels: usize,
    (likelihood, activation): (Likelihood, Activation),
    (inputs, decoded): (&[T], &[T]),
    weights: &[T],
    delta: &mut [T],
) {
    columns.each_tile(pixels, delta, |panel, first, tile| {
        let width = panel.width;
        let x = &inputs[panel.of_inputs().range(pixels)][first * width..];
        let y = &decoded[panel.range(pixels)][first * width..];
        let weights = &weights[panel.inputs()];
        fill(weights, x, y, tile, slope(likelihood));
        activation.multiply_by_slope(y, tile);
    });
}

#[inline(always)]
fn fill<T: Scalar>(weights: &[T], x: &[T], y: &[T], tile: &mut [T], slope: impl Fn((T, T)) -> T) {
    let width = weights.len();
    vectorised(|| {
        let rows = tile.chunks_exact_mut(width).zip(x.chunks_exact(width)).zip(y.chunks_exact(width));
        for ((tile, x), y) in rows {
            for (((value, &weight), &x), &y) in tile.iter_mut().zip(weights).zip(x).zip(y) {
                *value = weight * slope((x, y));
            }
        }
    });
}

/// One column of logits: the logarithm of the sum of their exponentials.
fn log_sum_exp<T: Scalar>(logits: impl Iterator<Item = T> + Clone) -> f64 {
    let largest = logits.clone().map(T::to_f64).fold(f64::NEG_INFINITY, f64::max);
    largest + logits.map(|logit| (logit.to_f64() - largest).exp()).sum::<f64>().ln()
}

/// Column `j` of a panel.
fn column<T: Scalar>(panel: Panel, values: &[T], j: usize) -> impl Iterator<Item = T> + Clone {
    values.iter().skip(j).step_by(panel.width).copied()
}

/// C of every column, in nats.
pub(super) fn classifications<T: Scalar>(
    columns: Columns,
    classes: usize,
    (labels, logits): (&[u8], &[T]),
    classifications: &mut [f64],
) {
    columns.each_panel(1, classifications, |panel, classifications| {
        let logits = &logits[panel.range(classes)];
        for ((j, value), &label) in classifications.iter_mut().enumerate().zip(&labels[panel.inputs()]) {
            let own = logits[usize::from(label) * panel.width + j].to_f64();
            *value = log_sum_exp(column(panel, logits, j)) - own;
        }
    });
}

/// Derivatives by what the classifier's last activation is applied to, of the sum over the columns of C times the weight
/// of the column's input.
pub(super) fn classification_backward<T: Scalar>(
    columns: Columns,
    classes: usize,
    activation: Activation,
    (labels, logits): (&[u8], &[T]),
    weights: &[f64],
    delta: &mut [T],
) {
    columns.each_panel(classes, delta, |panel, delta| {
        let logits = &logits[panel.range(classes)];
        each_probability(panel, classes, (labels, logits), |j, at, residual| {
            delta[at] = T::from_f64(weights[panel.input + j] * residual);
        });
        activation.multiply_by_slope(logits, delta);
    });
}

/// The tangent of C of every column when the logits move along `tangent`.
pub(super) fn classification_tangents<T: Scalar>(
    columns: Columns,
    classes: usize,
    (labels, logits, tangent): (&[u8], &[T], &[T]),
    tangents: &mut [f64],
) {
    columns.each_panel(1, tangents, |panel, tangents| {
        tangents.fill(0.0);
        let (logits, tangent) = (&logits[panel.range(classes)], &tangent[panel.range(classes)]);
        each_probability(panel, classes, (labels, logits), |j, at, residual| {
            tangents[j] += residual * tangent[at].to_f64();
        });
    });
}

/// Calls `f` with column, place in the panel and `softmax - one_hot` of every logit.
fn each_probability<T: Scalar>(
    panel: Panel,
    classes: usize,
    (labels, logits): (&[u8], &[T]),
    mut f: impl FnMut(usize, usize, f64),
) {
    for (j, &label) in labels[panel.inputs()].iter().enumerate() {
        let total = log_sum_exp(column(panel, logits, j));
        for class in 0..classes {
            let at = class * panel.width + j;
            let own = if class == usize::from(label) { 1.0 } else { 0.0 };
            f(j, at, (logits[at].to_f64() - total).exp() - own);
        }
    }
}

/// Whether a column's largest logit is that of its label; of equal ones the last counts.
pub(super) fn is_correct<T: Scalar>(panel: Panel, j: usize, label: u8, logits: &[T]) -> bool {
    let logits = column(panel, logits, j).map(T::to_f64).enumerate();
    logits.max_by(|a, b| a.1.total_cmp(&b.1)).is_some_and(|(class, _)| class == usize::from(label))
}
