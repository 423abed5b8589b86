//! The gradient of every parameter and the optimiser's step along it, tile by tile.

use super::dense::Dense;
use super::scalar::{Scalar, vectorised};
use crate::optimiser::Rule;

/// Output rows of a weight whose gradient is one tile. Halving the rows until there are at most this many gives tiles of
/// some hundred kilobytes, which stay in a core's cache until the optimiser has used them.
const ROWS: usize = 128;

/// Numbers that one task runs through: a piece of all four arrays fits the cache of a core.
const PIECE: usize = 1 << 14;

/// Parts of equal length of the gradient, and of the parameters and moments that move along it.
#[derive(Debug)]
pub(super) struct Cut<'a, T> {
    pub(super) gradient: &'a mut [T],
    pub(super) moved: Option<Moved<'a, T>>,
}

/// Parameters to be updated and the moments of their gradient.
#[derive(Debug)]
pub(super) struct Moved<'a, T> {
    pub(super) parameters: &'a mut [T],
    pub(super) first: &'a mut [T],
    pub(super) second: &'a mut [T],
}

impl<'a, T: Scalar> Moved<'a, T> {
    fn split_at(self, middle: usize) -> (Self, Self) {
        let parameters = self.parameters.split_at_mut(middle);
        let first = self.first.split_at_mut(middle.min(self.first.len()));
        let second = self.second.split_at_mut(middle.min(self.second.len()));
        (
            Self { parameters: parameters.0, first: first.0, second: second.0 },
            Self { parameters: parameters.1, first: first.1, second: second.1 },
        )
    }
}

impl<'a, T: Scalar> Cut<'a, T> {
    pub(super) fn split_at(self, middle: usize) -> (Self, Self) {
        let gradient = self.gradient.split_at_mut(middle);
        let (left, right) = self.moved.map(|moved| moved.split_at(middle)).unzip();
        (Self { gradient: gradient.0, moved: left }, Self { gradient: gradient.1, moved: right })
    }

    /// The optimiser's step on these parameters, if they are to be moved.
    pub(super) fn step(self, rule: &Rule<T>) {
        if let Some(Moved { parameters, first, second }) = self.moved {
            vectorised(|| rule.apply(parameters, self.gradient, first, second));
        }
    }

    /// The optimiser's step on all of them, in pieces.
    pub(super) fn step_all(self, rule: &Rule<T>) {
        if self.gradient.len() <= PIECE {
            return self.step(rule);
        }
        let middle = (self.gradient.len() / 2).next_multiple_of(64);
        let (left, right) = self.split_at(middle);
        rayon::join(|| left.step_all(rule), || right.step_all(rule));
    }
}

/// Calls `f` with every tile of the parameters of `layers`: the layer's number, the tile's first output row, and the cuts
/// of its weights and biases.
pub(super) fn each_tile<T: Scalar>(
    layers: &[Dense],
    number: usize,
    cut: Cut<'_, T>,
    f: &(impl Fn(usize, usize, Cut<'_, T>, Cut<'_, T>) + Sync),
) {
    match layers {
        [] => {}
        [layer] => {
            let (weights, biases) = cut.split_at(layer.weights());
            each_row_block(layer, 0, weights, biases, &|row, weights, biases| {
                f(number, row, weights, biases)
            });
        }
        _ => {
            let (left, right) = layers.split_at(layers.len() / 2);
            let (of_left, of_right) = cut.split_at(left.iter().map(Dense::len).sum());
            rayon::join(
                || each_tile(left, number, of_left, f),
                || each_tile(right, number + left.len(), of_right, f),
            );
        }
    }
}

fn each_row_block<T: Scalar>(
    layer: &Dense,
    row: usize,
    weights: Cut<'_, T>,
    biases: Cut<'_, T>,
    f: &(impl Fn(usize, Cut<'_, T>, Cut<'_, T>) + Sync),
) {
    let rows = biases.gradient.len();
    if rows <= ROWS {
        return f(row, weights, biases);
    }
    let half = (rows / 2).next_multiple_of(4);
    let ((upper, lower), (upper_biases, lower_biases)) =
        (weights.split_at(half * layer.inputs), biases.split_at(half));
    rayon::join(
        || each_row_block(layer, row, upper, upper_biases, f),
        || each_row_block(layer, row + half, lower, lower_biases, f),
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
