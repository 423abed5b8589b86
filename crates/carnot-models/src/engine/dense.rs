//! A linear layer with its activation: value, derivatives and tangent.

use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::reborrow::ReborrowMut;
use faer::{Accum, MatMut, MatRef, Par};

use super::activation::Activation;
use super::columns::{Columns, Panel};
use super::descent::Tile;
use super::scalar::{Scalar, vectorised};

/// `f(W x + b)`, with W of shape (outputs, inputs) at `offset` in the flat parameters and b behind it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dense {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) offset: usize,
    pub(super) activation: Activation,
}

impl Dense {
    /// Parameters of the weight.
    pub(super) fn weights(&self) -> usize {
        self.inputs * self.outputs
    }

    /// Parameters in all.
    pub(super) fn len(&self) -> usize {
        (self.inputs + 1) * self.outputs
    }

    /// The weight and the bias among all parameters.
    fn of<'p, T>(&self, parameters: &'p [T]) -> (&'p [T], &'p [T]) {
        parameters[self.offset..self.offset + self.len()].split_at(self.weights())
    }

    /// `y = f(W x + b)`.
    pub(super) fn forward<T: Scalar>(&self, columns: Columns, parameters: &[T], x: &[T], y: &mut [T]) {
        let (weight, bias) = self.of(parameters);
        columns.each_tile(self.outputs, y, |panel, first, tile| {
            self.product(panel, first, weight, x, Accum::Replace, tile);
            self.activation.apply(&bias[first..], panel.width, tile);
        });
    }

    /// The tangent of the output, `f'(y) (W x' + W' x + b')`, when the parameters move along `direction` and the input
    /// along `x_tangent` (not at all where there is none); `y` is the output.
    pub(super) fn tangent<T: Scalar>(
        &self,
        columns: Columns,
        [parameters, direction]: [&[T]; 2],
        (x, x_tangent): (&[T], Option<&[T]>),
        y: &[T],
        tangent: &mut [T],
    ) {
        let (weight, _) = self.of(parameters);
        let (weight_direction, bias_direction) = self.of(direction);
        columns.each_tile(self.outputs, tangent, |panel, first, tile| {
            self.product(panel, first, weight_direction, x, Accum::Replace, tile);
            if let Some(x_tangent) = x_tangent {
                self.product(panel, first, weight, x_tangent, Accum::Add, tile);
            }
            Activation::Identity.apply(&bias_direction[first..], panel.width, tile);
            let values = &y[panel.range(self.outputs)][first * panel.width..];
            self.activation.multiply_by_slope(values, tile);
        });
    }

    /// Rows `first..` of `W x` for one panel.
    fn product<T: Scalar>(
        &self,
        panel: Panel,
        first: usize,
        weight: &[T],
        x: &[T],
        accumulate: Accum,
        tile: &mut [T],
    ) {
        let rows = tile.len() / panel.width;
        let weight = &weight[first * self.inputs..(first + rows) * self.inputs];
        matmul(
            MatMut::from_row_major_slice_mut(tile, rows, panel.width),
            accumulate,
            MatRef::from_row_major_slice(weight, rows, self.inputs),
            MatRef::from_row_major_slice(&x[panel.range(self.inputs)], self.inputs, panel.width),
            T::ONE,
            Par::Seq,
        );
    }

    /// The derivative by the input, `sum W' delta` over the `terms`, each of them parameters and derivatives by what the
    /// activation is applied to. The activation that made the input is left to `through`, which is given every part of
    /// the result with its place in a quantity of the layer's inputs.
    ///
    /// One term makes a derivative, and the tangent of one is made of two: the tangent of delta by the parameters, and
    /// delta by the direction in which they move.
    pub(super) fn backward<T: Scalar>(
        &self,
        columns: Columns,
        terms: &[(&[T], &[T])],
        through: impl Fn(Range<usize>, &mut [T]) + Sync,
        x_delta: &mut [T],
    ) {
        columns.each_tile(self.inputs, x_delta, |panel, first, tile| {
            let rows = tile.len() / panel.width;
            for (number, (parameters, delta)) in terms.iter().enumerate() {
                let (weight, _) = self.of(parameters);
                let weight = MatRef::from_row_major_slice(weight, self.outputs, self.inputs);
                let delta = &delta[panel.range(self.outputs)];
                matmul(
                    MatMut::from_row_major_slice_mut(tile, rows, panel.width),
                    if number == 0 { Accum::Replace } else { Accum::Add },
                    weight.subcols(first, rows).transpose(),
                    MatRef::from_row_major_slice(delta, self.outputs, panel.width),
                    T::ONE,
                    Par::Seq,
                );
            }
            let start = panel.range(self.inputs).start + first * panel.width;
            through(start..start + tile.len(), tile);
        });
    }

    /// A part of the gradient over the whole batch, `sum delta x'` over the `terms`, each of them what the layer was given
    /// and derivatives by what its activation is applied to.
    ///
    /// One term makes a gradient, and the tangent of one is made of two: the tangent of delta with x, which comes first
    /// and alone counts for the bias, and delta with the tangent of x.
    pub(super) fn gradient<T: Scalar>(&self, columns: Columns, terms: &[(&[T], &[T])], tile: Tile<'_, T>) {
        match tile {
            Tile::Weight { first, gradient } => self.weight_gradient(columns, first, terms, gradient),
            Tile::Bias(gradient) => {
                gradient.fill(T::ZERO);
                if let Some((_, delta)) = terms.first() {
                    self.bias_gradient(columns, delta, gradient);
                }
            }
        }
    }

    /// The gradient of some columns of the weight, from `first` on.
    fn weight_gradient<T: Scalar>(
        &self,
        columns: Columns,
        first: usize,
        terms: &[(&[T], &[T])],
        mut gradient: MatMut<'_, T>,
    ) {
        let inputs = gradient.ncols();
        for panel in columns.panels() {
            for (number, (x, delta)) in terms.iter().enumerate() {
                let x = &x[panel.range(self.inputs)][first * panel.width..(first + inputs) * panel.width];
                matmul(
                    gradient.rb_mut(),
                    if panel.index + number == 0 { Accum::Replace } else { Accum::Add },
                    MatRef::from_row_major_slice(
                        &delta[panel.range(self.outputs)],
                        self.outputs,
                        panel.width,
                    ),
                    MatRef::from_row_major_slice(x, inputs, panel.width).transpose(),
                    T::ONE,
                    Par::Seq,
                );
            }
        }
    }

    /// Adds the gradient of the bias.
    fn bias_gradient<T: Scalar>(&self, columns: Columns, delta: &[T], gradient: &mut [T]) {
        vectorised(|| {
            for panel in columns.panels() {
                let rows = delta[panel.range(self.outputs)].chunks_exact(panel.width);
                for (bias, row) in gradient.iter_mut().zip(rows) {
                    *bias += sum(row);
                }
            }
        });
    }
}

/// The sum of a row in sixteen strands, which vector registers can hold.
#[inline(always)]
fn sum<T: Scalar>(row: &[T]) -> T {
    let mut strands = [T::ZERO; 16];
    let blocks = row.chunks_exact(16);
    let rest = blocks.remainder();
    for block in blocks {
        for (strand, &value) in strands.iter_mut().zip(block) {
            *strand += value;
        }
    }
    let mut total = T::ZERO;
    for &value in strands.iter().chain(rest) {
        total += value;
    }
    total
}
