//! D and C of every column, their derivatives and their tangents.

use super::activation::Activation;
use super::columns::{Columns, Panel, WIDTH};
use super::curvature::{Moving, Passage};
use super::scalar::{Scalar, vectorised};
use crate::Likelihood;

/// Pixels whose terms of D are added up before their sum goes to one in `f64`.
const BLOCK: usize = 8;

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

/// `scale` times the sum over the pixels of `f((pixel, output), other)` for every column.
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
        let blocks = x.chunks(BLOCK * width).zip(y.chunks(BLOCK * width)).zip(other.chunks(BLOCK * width));
        vectorised(|| {
            for ((x, y), other) in blocks {
                let mut block = [T::ZERO; WIDTH];
                let block = &mut block[..width];
                let rows = x.chunks_exact(width).zip(y.chunks_exact(width)).zip(other.chunks_exact(width));
                for ((x, y), other) in rows {
                    for (((sum, &x), &y), &other) in block.iter_mut().zip(x).zip(y).zip(other) {
                        *sum += f((x, y), other);
                    }
                }
                for (sum, block) in sums.iter_mut().zip(block) {
                    *sum += block.to_f64();
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

/// The tangents of what [`distortion_backward`] gives.
pub(super) fn distortion_backward_tangent<T: Scalar>(
    columns: Columns,
    pixels: usize,
    likelihood: Likelihood,
    decoded: Passage<'_, T>,
    weights: &[T],
    delta_tangent: &mut [T],
) {
    // The derivative of `slope` by the output.
    let curvature = |y: T| match likelihood {
        Likelihood::Gaussian { variance } => T::from_f64(1.0 / variance),
        Likelihood::Bernoulli => {
            let p = y.logistic();
            p * (T::ONE - p)
        }
    };
    columns.each_tile(pixels, delta_tangent, |panel, first, tile| {
        let start = panel.range(pixels).start + first * panel.width;
        let place = start..start + tile.len();
        let Moving { values, tangents } = decoded.output.part(place.clone());
        let weights = &weights[panel.inputs()];
        fill(weights, values, tangents, tile, |(y, tangent)| curvature(y) * tangent);
        decoded.carry(place, tile);
    });
}

/// `weight f(a, b)` in rows of columns.
#[inline(always)]
fn fill<T: Scalar>(weights: &[T], a: &[T], b: &[T], tile: &mut [T], f: impl Fn((T, T)) -> T) {
    let width = weights.len();
    vectorised(|| {
        let rows = tile.chunks_exact_mut(width).zip(a.chunks_exact(width)).zip(b.chunks_exact(width));
        for ((tile, a), b) in rows {
            for (((value, &weight), &a), &b) in tile.iter_mut().zip(weights).zip(a).zip(b) {
                *value = weight * f((a, b));
            }
        }
    });
}

/// Of every column of a panel of logits the largest, and the sum of the exponentials of what the others are below it.
#[inline(always)]
fn largest_and_sum<T: Scalar>(width: usize, logits: &[T]) -> ([T; WIDTH], [T; WIDTH]) {
    let mut largest = [T::ZERO; WIDTH];
    for (class, row) in logits.chunks_exact(width).enumerate() {
        for (largest, &logit) in largest.iter_mut().zip(row) {
            *largest = if class == 0 { logit } else { largest.at_least(logit) };
        }
    }
    let mut sums = [T::ZERO; WIDTH];
    for row in logits.chunks_exact(width) {
        for ((sum, &largest), &logit) in sums.iter_mut().zip(&largest).zip(row) {
            *sum += (logit - largest).exponential();
        }
    }
    (largest, sums)
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
        let (largest, sums) = vectorised(|| largest_and_sum(panel.width, logits));
        for ((j, value), &label) in classifications.iter_mut().enumerate().zip(&labels[panel.inputs()]) {
            let own = logits[usize::from(label) * panel.width + j];
            *value = sums[j].to_f64().ln() + (largest[j] - own).to_f64();
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
    weights: &[T],
    delta: &mut [T],
) {
    columns.each_panel(classes, delta, |panel, delta| {
        let (logits, weights) = (&logits[panel.range(classes)], &weights[panel.inputs()]);
        // weight (softmax - one_hot)
        vectorised(|| {
            let (largest, sums) = largest_and_sum(panel.width, logits);
            let rows = delta.chunks_exact_mut(panel.width).zip(logits.chunks_exact(panel.width));
            for (slopes, logits) in rows {
                let columns = slopes.iter_mut().zip(logits).zip(largest.iter().zip(&sums)).zip(weights);
                for (((slope, &logit), (&largest, &sum)), &weight) in columns {
                    *slope = weight * (logit - largest).exponential() / sum;
                }
            }
        });
        for ((j, &label), &weight) in labels[panel.inputs()].iter().enumerate().zip(weights) {
            delta[usize::from(label) * panel.width + j] -= weight;
        }
        activation.multiply_by_slope(logits, delta);
    });
}

/// The tangents of what [`classification_backward`] gives.
pub(super) fn classification_backward_tangent<T: Scalar>(
    columns: Columns,
    classes: usize,
    logits: Passage<'_, T>,
    weights: &[T],
    delta_tangent: &mut [T],
) {
    columns.each_panel(classes, delta_tangent, |panel, delta| {
        let place = panel.range(classes);
        let Moving { values, tangents } = logits.output.part(place.clone());
        let (width, weights) = (panel.width, &weights[panel.inputs()]);
        // weight softmax (tangent - mean), with the mean of the tangents by the softmax
        vectorised(|| {
            let (largest, sums) = largest_and_sum(width, values);
            let mut means = [T::ZERO; WIDTH];
            let rows = delta.chunks_exact_mut(width).zip(values.chunks_exact(width));
            for ((shares, logits), tangents) in rows.zip(tangents.chunks_exact(width)) {
                let columns = shares.iter_mut().zip(logits).zip(largest.iter().zip(&sums)).zip(tangents);
                for ((((share, &logit), (&largest, &sum)), &tangent), mean) in columns.zip(&mut means) {
                    *share = (logit - largest).exponential() / sum;
                    *mean += *share * tangent;
                }
            }
            for (shares, tangents) in delta.chunks_exact_mut(width).zip(tangents.chunks_exact(width)) {
                let columns = shares.iter_mut().zip(tangents).zip(means.iter().zip(weights));
                for ((share, &tangent), (&mean, &weight)) in columns {
                    *share = weight * *share * (tangent - mean);
                }
            }
        });
        logits.carry(place, delta);
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
        let (largest, sums) = largest_and_sum(panel.width, logits);
        for (at, (&logit, &tangent)) in logits.iter().zip(tangent).enumerate() {
            let (class, j) = (at / panel.width, at % panel.width);
            let own = if class == usize::from(labels[panel.input + j]) { T::ONE } else { T::ZERO };
            let slope = (logit - largest[j]).exponential() / sums[j] - own;
            tangents[j] += (slope * tangent).to_f64();
        }
    });
}

/// Whether a column's largest logit is that of its label; of equal ones the last counts.
pub(super) fn is_correct<T: Scalar>(panel: Panel, j: usize, label: u8, logits: &[T]) -> bool {
    let logits = logits.iter().skip(j).step_by(panel.width).map(|logit| logit.to_f64()).enumerate();
    logits.max_by(|a, b| a.1.total_cmp(&b.1)).is_some_and(|(class, _)| class == usize::from(label))
}
