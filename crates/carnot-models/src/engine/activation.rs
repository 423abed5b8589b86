//! Element-wise functions, known by their value and by their slope at a value.

use super::curvature::Moving;
use super::scalar::{Scalar, vectorised};

/// What is applied to each output of a linear layer. Each is monotone, so that its slope follows from its value and what
/// went in need not be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activation {
    Identity,
    Relu,
    Tanh,
    Sigmoid,
    Softplus,
}

impl Activation {
    /// `values = f(values + bias)` over rows of `width`, one bias a row.
    pub(super) fn apply<T: Scalar>(self, biases: &[T], width: usize, values: &mut [T]) {
        match self {
            Self::Identity => map_rows(biases, width, values, |x| x),
            Self::Relu => map_rows(biases, width, values, |x| x.at_least(T::ZERO)),
            Self::Tanh => map_rows(biases, width, values, T::hyperbolic_tangent),
            Self::Sigmoid => map_rows(biases, width, values, T::logistic),
            Self::Softplus => map_rows(biases, width, values, T::softplus),
        }
    }

    /// `slopes *= f'`, where `values` are those of f.
    pub(super) fn multiply_by_slope<T: Scalar>(self, values: &[T], slopes: &mut [T]) {
        match self {
            Self::Identity => {}
            Self::Relu => combine(values, slopes, |y, slope| if y > T::ZERO { slope } else { T::ZERO }),
            Self::Tanh => combine(values, slopes, |y, slope| slope * (T::ONE - y * y)),
            Self::Sigmoid => combine(values, slopes, |y, slope| slope * y * (T::ONE - y)),
            Self::Softplus => combine(values, slopes, |y, slope| slope * y.one_minus_exp_of_minus()),
        }
    }

    /// The tangents of what [`Activation::multiply_by_slope`] makes of slopes u: `u' f' + u f'' a'`, where `slopes` are the
    /// tangents u', `output` are the values of f with their tangents `f' a'`, and `deltas` are the products `u f'`.
    ///
    /// So `u f'' a'` is the product of the delta, the tangent and `f'' / f'^2`, which is a function of the value. Where f' is
    /// zero, so are delta and tangent. A ReLU bends nowhere but at its kink, which is left out.
    pub(super) fn multiply_by_moving_slope<T: Scalar>(
        self,
        output: Moving<'_, T>,
        deltas: &[T],
        slopes: &mut [T],
    ) {
        // From a value f' and f'' / f'.
        match self {
            Self::Identity | Self::Relu => self.multiply_by_slope(output.values, slopes),
            Self::Tanh => bend(output, deltas, slopes, |y| (T::ONE - y * y, -(y + y))),
            Self::Sigmoid => bend(output, deltas, slopes, |y| (y * (T::ONE - y), T::ONE - (y + y))),
            Self::Softplus => bend(output, deltas, slopes, |y| {
                let slope = y.one_minus_exp_of_minus();
                (slope, T::ONE - slope)
            }),
        }
    }
}

#[inline(always)]
fn map_rows<T: Scalar>(biases: &[T], width: usize, values: &mut [T], f: impl Fn(T) -> T) {
    vectorised(|| {
        for (row, &bias) in values.chunks_exact_mut(width).zip(biases) {
            for value in row {
                *value = f(*value + bias);
            }
        }
    });
}

#[inline(always)]
fn combine<T: Scalar>(values: &[T], slopes: &mut [T], f: impl Fn(T, T) -> T) {
    vectorised(|| {
        for (slope, &value) in slopes.iter_mut().zip(values) {
            *slope = f(value, *slope);
        }
    });
}

#[inline(always)]
fn bend<T: Scalar>(output: Moving<'_, T>, deltas: &[T], slopes: &mut [T], f: impl Fn(T) -> (T, T)) {
    vectorised(|| {
        for ((slope, &delta), (value, tangent)) in slopes.iter_mut().zip(deltas).zip(output.pairs()) {
            let (first, second) = f(value);
            let bent = if first == T::ZERO { T::ZERO } else { delta * second * (tangent / first) };
            *slope = *slope * first + bent;
        }
    });
}
