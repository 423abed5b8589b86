//! The gradient of every parameter, tile by tile, and the optimiser's step along it.
//!
//! The step is a pass of its own. A tile of a weight's gradient is a block of columns, which a product wants; the optimiser
//! wants whole rows. Measured, updating each tile while it is in cache costs twice what reading the gradient again does.

use faer::MatMut;

use super::dense::Dense;
use super::scalar::{Scalar, vectorised};
use crate::optimiser::Rule;

/// Columns of a weight whose gradient is one tile: the rows of faer's largest kernel, so that a product packs what the layer
/// was given once for all outputs.
const COLUMNS: usize = 96;

/// Numbers that one task runs through.
const PIECE: usize = 1 << 14;

/// A part of the gradient of one layer.
#[derive(Debug)]
pub(super) enum Tile<'a, T> {
    /// Columns of the weight from `first` on, shape (outputs, columns).
    Weight { first: usize, gradient: MatMut<'a, T> },
    /// The bias.
    Bias(&'a mut [T]),
}

/// Calls `f` with every tile of the gradient of `layers`, numbered from `number` on.
pub(super) fn each_tile<'a, T: Scalar>(
    layers: &[Dense],
    number: usize,
    gradient: &'a mut [T],
    f: &(impl Fn(usize, Tile<'a, T>) + Sync),
) {
    match layers {
        [] => {}
        [layer] => {
            let (weight, bias) = gradient.split_at_mut(layer.weights());
            let weight = MatMut::from_row_major_slice_mut(weight, layer.outputs, layer.inputs);
            each_block(0, weight, &|first, gradient| f(number, Tile::Weight { first, gradient }));
            f(number, Tile::Bias(bias));
        }
        _ => {
            let (left, right) = layers.split_at(layers.len() / 2);
            let (of_left, of_right) = gradient.split_at_mut(left.iter().map(Dense::len).sum());
            rayon::join(
                || each_tile(left, number, of_left, f),
                || each_tile(right, number + left.len(), of_right, f),
            );
        }
    }
}

fn each_block<'a, T: Scalar>(
    first: usize,
    gradient: MatMut<'a, T>,
    f: &(impl Fn(usize, MatMut<'a, T>) + Sync),
) {
    let columns = gradient.ncols();
    if columns <= COLUMNS {
        return f(first, gradient);
    }
    // A last block of a few columns would cost as much as one of half of them: the last two share what is left.
    let half = (columns / 2).next_multiple_of(if columns < 2 * COLUMNS { 16 } else { COLUMNS });
    let (left, right) = gradient.split_at_col_mut(half);
    rayon::join(|| each_block(first, left, f), || each_block(first + half, right, f));
}

/// The optimiser's step on all parameters, in pieces; there may be no second moments.
pub(super) fn step<T: Scalar>(
    rule: &Rule<T>,
    parameters: &mut [T],
    gradient: &[T],
    first: &mut [T],
    second: &mut [T],
) {
    if parameters.len() <= PIECE {
        return vectorised(|| rule.apply(parameters, gradient, first, second));
    }
    let middle = (parameters.len() / 2).next_multiple_of(64);
    let parameters = parameters.split_at_mut(middle);
    let gradient = gradient.split_at(middle);
    let first = first.split_at_mut(middle);
    let second = second.split_at_mut(middle.min(second.len()));
    rayon::join(
        || step(rule, parameters.0, gradient.0, first.0, second.0),
        || step(rule, parameters.1, gradient.1, first.1, second.1),
    );
}

/// The Euclidean norm of the gradient: squares summed in `f64`, in an order that the number of threads does not change.
pub(super) fn norm<T: Scalar>(gradient: &[T]) -> f64 {
    squares(gradient).sqrt()
}

fn squares<T: Scalar>(values: &[T]) -> f64 {
    if values.len() <= PIECE {
        return sum_of_squares(values);
    }
    let (left, right) = values.split_at((values.len() / 2).next_multiple_of(64));
    let (left, right) = rayon::join(|| squares(left), || squares(right));
    left + right
}

fn sum_of_squares<T: Scalar>(values: &[T]) -> f64 {
    vectorised(|| {
        let mut strands = [0.0f64; 8];
        let blocks = values.chunks_exact(8);
        let rest: f64 = blocks.remainder().iter().map(|&x| x.to_f64() * x.to_f64()).sum();
        for block in blocks {
            for (strand, &value) in strands.iter_mut().zip(block) {
                *strand += value.to_f64() * value.to_f64();
            }
        }
        strands.iter().sum::<f64>() + rest
    })
}
