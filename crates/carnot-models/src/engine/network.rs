//! Dense layers one after another, with the buffers of a batch.

use super::activation::Activation;
use super::columns::Columns;
use super::curvature::{Kind, Moving, Passage};
use super::dense::Dense;
use super::scalar::Scalar;
use crate::Layer;

/// One of the three networks on a batch of fixed shape.
#[derive(Debug)]
pub(super) struct Network<T> {
    layers: Vec<Dense>,
    columns: Columns,
    values: Vec<Vec<T>>,
    /// Derivatives by what the layers' activations are applied to; made when they are first asked for.
    deltas: Vec<Vec<T>>,
    tangents: Vec<Vec<T>>,
    delta_tangents: Vec<Vec<T>>,
}

impl<T: Scalar> Network<T> {
    /// A network whose first parameter is number `offset`.
    pub(super) fn new(list: &[Layer], mut offset: usize, columns: Columns) -> Self {
        let mut layers: Vec<Dense> = Vec::new();
        for layer in list {
            let activation = match *layer {
                Layer::Linear { inputs, outputs } => {
                    let dense = Dense { inputs, outputs, offset, activation: Activation::Identity };
                    offset += dense.len();
                    layers.push(dense);
                    continue;
                }
                Layer::Relu => Activation::Relu,
                Layer::Tanh => Activation::Tanh,
                Layer::Sigmoid => Activation::Sigmoid,
                Layer::Softplus => Activation::Softplus,
            };
            // The architecture has seen to it that every activation follows a linear layer.
            if let Some(dense) = layers.last_mut() {
                dense.activation = activation;
            }
        }
        let values = buffers(&layers, columns);
        let [deltas, tangents, delta_tangents] = [const { Vec::new() }; 3];
        Self { layers, columns, values, deltas, tangents, delta_tangents }
    }

    pub(super) fn layers(&self) -> &[Dense] {
        &self.layers
    }

    /// The number of parameters behind the last of this network.
    pub(super) fn end(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.offset + layer.len())
    }

    pub(super) fn columns(&self) -> Columns {
        self.columns
    }

    /// The activation that makes the output.
    pub(super) fn activation(&self) -> Activation {
        self.layers.last().map_or(Activation::Identity, |layer| layer.activation)
    }

    pub(super) fn output(&self) -> &[T] {
        last(&self.values)
    }

    pub(super) fn output_tangent(&self) -> &[T] {
        last(&self.tangents)
    }

    /// The output, and the derivative by it before its activation, to be filled.
    pub(super) fn output_delta(&mut self) -> (&[T], &mut [T]) {
        if self.deltas.is_empty() {
            self.deltas = buffers(&self.layers, self.columns);
        }
        (last(&self.values), self.deltas.last_mut().map_or(&mut [], Vec::as_mut_slice))
    }

    /// What a layer was given and the derivative by what its activation is applied to.
    pub(super) fn of_layer<'a>(&'a self, index: usize, x: &'a [T]) -> (&'a [T], &'a [T]) {
        let below = index.checked_sub(1).map_or(x, |below| &self.values[below]);
        (below, &self.deltas[index])
    }

    /// The output on its way back through the last activation, and the tangent of its delta, to be filled.
    pub(super) fn output_delta_tangent(&mut self, kind: Kind) -> (Passage<'_, T>, &mut [T]) {
        if self.delta_tangents.is_empty() {
            self.delta_tangents = buffers(&self.layers, self.columns);
        }
        let buffers = [last(&self.values), last(&self.tangents), last(&self.deltas)];
        let passage = passage(kind, self.activation(), buffers);
        (passage, self.delta_tangents.last_mut().map_or(&mut [], Vec::as_mut_slice))
    }

    /// The tangent of what a layer was given, from that of what the network was given, and the tangent of its delta.
    pub(super) fn tangents_of_layer<'a>(
        &'a self,
        index: usize,
        x_tangent: Option<&'a [T]>,
    ) -> (Option<&'a [T]>, &'a [T]) {
        let below = index.checked_sub(1).map_or(x_tangent, |below| Some(&self.tangents[below]));
        (below, &self.delta_tangents[index])
    }

    /// The sign of everything that a ReLU gave.
    #[cfg(test)]
    pub(super) fn signs(&self) -> impl Iterator<Item = bool> + '_ {
        let rectified =
            self.layers.iter().zip(&self.values).filter(|(l, _)| l.activation == Activation::Relu);
        rectified.flat_map(|(_, values)| values.iter().map(|&value| value > T::ZERO))
    }

    pub(super) fn forward(&mut self, parameters: &[T], x: &[T]) {
        for (index, layer) in self.layers.iter().enumerate() {
            let (below, rest) = self.values.split_at_mut(index);
            let input = below.last().map_or(x, Vec::as_slice);
            layer.forward(self.columns, parameters, input, &mut rest[0]);
        }
    }

    /// From the output's delta down to the first layer's, and to the derivative by the input where that is wanted.
    pub(super) fn backward(&mut self, parameters: &[T], x_delta: Option<&mut [T]>) {
        for (index, layer) in self.layers.iter().enumerate().skip(1).rev() {
            let (below, rest) = self.deltas.split_at_mut(index);
            let (values, activation) = (&self.values[index - 1], self.layers[index - 1].activation);
            let through = |range, tile: &mut [T]| activation.multiply_by_slope(&values[range], tile);
            layer.backward(self.columns, &[(parameters, &rest[0])], through, &mut below[index - 1]);
        }
        if let (Some(layer), Some(x_delta)) = (self.layers.first(), x_delta) {
            layer.backward(self.columns, &[(parameters, &self.deltas[0])], |_, _| {}, x_delta);
        }
    }

    /// The tangents of every layer when the parameters move along `direction` and the input along `x_tangent`.
    pub(super) fn tangent(
        &mut self,
        parameters: &[T],
        direction: &[T],
        (x, x_tangent): (&[T], Option<&[T]>),
    ) {
        if self.tangents.is_empty() {
            self.tangents = buffers(&self.layers, self.columns);
        }
        for (index, layer) in self.layers.iter().enumerate() {
            let (below, rest) = self.tangents.split_at_mut(index);
            let input = match index.checked_sub(1) {
                Some(before) => (self.values[before].as_slice(), Some(below[before].as_slice())),
                None => (x, x_tangent),
            };
            layer.tangent(self.columns, [parameters, direction], input, &self.values[index], &mut rest[0]);
        }
    }

    /// The tangents of what [`Network::backward`] gives, from that of the output's delta down.
    pub(super) fn backward_tangent(
        &mut self,
        kind: Kind,
        [parameters, direction]: [&[T]; 2],
        x_delta_tangent: Option<&mut [T]>,
    ) {
        for (index, layer) in self.layers.iter().enumerate().skip(1).rev() {
            let (below, rest) = self.delta_tangents.split_at_mut(index);
            let buffers = [&self.values, &self.tangents, &self.deltas].map(|all| all[index - 1].as_slice());
            let passage = passage(kind, self.layers[index - 1].activation, buffers);
            let terms = [(parameters, rest[0].as_slice()), (direction, &self.deltas[index])];
            let through = |place, tile: &mut [T]| passage.carry(place, tile);
            layer.backward(self.columns, kind.terms(&terms), through, &mut below[index - 1]);
        }
        if let (Some(layer), Some(x_delta_tangent)) = (self.layers.first(), x_delta_tangent) {
            let terms = [(parameters, self.delta_tangents[0].as_slice()), (direction, &self.deltas[0])];
            layer.backward(self.columns, kind.terms(&terms), |_, _| {}, x_delta_tangent);
        }
    }
}

fn passage<T>(kind: Kind, activation: Activation, [values, tangents, deltas]: [&[T]; 3]) -> Passage<'_, T> {
    Passage { kind, activation, output: Moving { values, tangents }, deltas }
}

fn last<T>(buffers: &[Vec<T>]) -> &[T] {
    buffers.last().map_or(&[], Vec::as_slice)
}

fn buffers<T: Scalar>(layers: &[Dense], columns: Columns) -> Vec<Vec<T>> {
    layers.iter().map(|layer| vec![T::ZERO; layer.outputs * columns.len()]).collect()
}
