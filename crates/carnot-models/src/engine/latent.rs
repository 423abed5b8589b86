//! The encoder's output as a distribution over z: samples of it, its rate, and the derivatives of both.

use super::columns::{Columns, Panel};
use super::scalar::{Scalar, vectorised};

/// A diagonal Gaussian marginal m(z), or the standard normal one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Marginal<'a, T> {
    Standard,
    /// Mean and log-variance of each latent dimension.
    Diagonal {
        mean: &'a [T],
        log_variance: &'a [T],
    },
}

impl<'a, T: Scalar> Marginal<'a, T> {
    /// The marginal whose mean and log-variance are all of `parameters`, or the standard one if there are none.
    pub(super) fn new(parameters: &'a [T]) -> Self {
        if parameters.is_empty() {
            return Self::Standard;
        }
        let (mean, log_variance) = parameters.split_at(parameters.len() / 2);
        Self::Diagonal { mean, log_variance }
    }

    /// Mean and log-variance of dimension `i`.
    fn of(&self, i: usize) -> (T, T) {
        match self {
            Self::Standard => (T::ZERO, T::ZERO),
            Self::Diagonal { mean, log_variance } => (mean[i], log_variance[i]),
        }
    }

    /// R of dimension `i`, from mean and log-variance of the encoder, with its derivatives.
    #[inline(always)]
    fn divergence(&self, i: usize) -> impl Fn(T, T) -> Divergence<T> + use<T> {
        let (m, w) = self.of(i);
        let precision = (-w).exponential();
        move |mean, log_variance| {
            let distance = mean - m;
            let by_mean = distance * precision;
            let difference = log_variance - w;
            let excess = difference.exponential() - T::ONE;
            Divergence { square: distance * by_mean, by_mean, excess, difference }
        }
    }
}

/// The part of R of one latent dimension, `1/2 ((mean - m)^2 exp(-w) + exp(v - w) - 1 - (v - w))` for a marginal of mean
/// m and log-variance w and an encoder of log-variance v.
struct Divergence<T> {
    /// `(mean - m)^2 exp(-w)`.
    square: T,
    by_mean: T,
    /// `exp(v - w) - 1`.
    excess: T,
    /// `v - w`.
    difference: T,
}

impl<T: Scalar> Divergence<T> {
    #[inline(always)]
    fn value(&self) -> T {
        T::HALF * (self.square + (self.excess - self.difference))
    }

    #[inline(always)]
    fn by_log_variance(&self) -> T {
        T::HALF * self.excess
    }

    /// The derivative by w; that by m is the opposite of `by_mean`.
    fn by_marginal_log_variance(&self) -> T {
        -T::HALF * (self.square + self.excess)
    }
}

/// A panel of the encoder's output: rows of means, then rows of log-variances.
fn encoded<T>(panel: Panel, latent: usize, output: &[T]) -> (&[T], &[T]) {
    output[panel.of_inputs().range(2 * latent)].split_at(latent * panel.width)
}

/// `z = mean + exp(log_variance / 2) noise`, shape (latent, columns).
pub(super) fn sample<T: Scalar>(columns: Columns, latent: usize, output: &[T], noise: &[T], z: &mut [T]) {
    columns.each_panel(latent, z, |panel, z| {
        let (mean, log_variance) = encoded(panel, latent, output);
        let encoded = mean.iter().zip(log_variance);
        vectorised(|| {
            for ((z, (&mean, &log_variance)), &noise) in
                z.iter_mut().zip(encoded).zip(&noise[panel.range(latent)])
            {
                *z = mean + (T::HALF * log_variance).exponential() * noise;
            }
        });
    });
}

/// The tangent of z from that of the encoder's output.
pub(super) fn sample_tangent<T: Scalar>(
    columns: Columns,
    latent: usize,
    (output, z): (&[T], &[T]),
    output_tangent: &[T],
    z_tangent: &mut [T],
) {
    columns.each_panel(latent, z_tangent, |panel, tangent| {
        let (mean, _) = encoded(panel, latent, output);
        let (mean_tangent, log_variance_tangent) = encoded(panel, latent, output_tangent);
        let values = z[panel.range(latent)].iter().zip(mean);
        let tangents = mean_tangent.iter().zip(log_variance_tangent);
        for ((tangent, (&z, &mean)), (&m, &v)) in tangent.iter_mut().zip(values).zip(tangents) {
            *tangent = m + T::HALF * v * (z - mean);
        }
    });
}

/// R of every input, in nats.
pub(super) fn rates<T: Scalar>(
    columns: Columns,
    latent: usize,
    output: &[T],
    marginal: Marginal<'_, T>,
    rates: &mut [f64],
) {
    columns.of_inputs().each_panel(1, rates, |panel, rates| {
        let (mean, log_variance) = encoded(panel, latent, output);
        rates.fill(0.0);
        let rows = mean.chunks_exact(panel.width).zip(log_variance.chunks_exact(panel.width));
        vectorised(|| {
            for (i, (mean, log_variance)) in rows.enumerate() {
                let divergence = marginal.divergence(i);
                for ((rate, &mean), &log_variance) in rates.iter_mut().zip(mean).zip(log_variance) {
                    *rate += divergence(mean, log_variance).value().to_f64();
                }
            }
        });
    });
}

/// Derivatives by the encoder's output of the sum of `weights` times R, and of what z goes on to, the derivatives by z
/// being the sum of the two `z_deltas`.
pub(super) fn backward<T: Scalar>(
    columns: Columns,
    latent: usize,
    (output, z): (&[T], &[T]),
    marginal: Marginal<'_, T>,
    weights: &[T],
    z_deltas: [&[T]; 2],
    delta: &mut [T],
) {
    columns.of_inputs().each_panel(2 * latent, delta, |panel, delta| {
        let (mean, log_variance) = encoded(panel, latent, output);
        let (by_mean, by_log_variance) = delta.split_at_mut(latent * panel.width);
        let weights = &weights[panel.inputs()];
        vectorised(|| {
            for i in 0..latent {
                let divergence = marginal.divergence(i);
                let row = i * panel.width..(i + 1) * panel.width;
                let deltas = by_mean[row.clone()].iter_mut().zip(&mut by_log_variance[row.clone()]);
                let encoded = mean[row.clone()].iter().zip(&log_variance[row]);
                for (((by_mean, by_log_variance), (&mean, &log_variance)), &weight) in
                    deltas.zip(encoded).zip(weights)
                {
                    let divergence = divergence(mean, log_variance);
                    *by_mean = weight * divergence.by_mean;
                    *by_log_variance = weight * divergence.by_log_variance();
                }
            }
            for s in 0..columns.samples {
                let range = columns.panel(s, panel.index).range(latent);
                let [first, second] = z_deltas.map(|delta| &delta[range.clone()]);
                let z_deltas = first.iter().zip(second).map(|(&first, &second)| first + second);
                let deltas = by_mean.iter_mut().zip(&mut *by_log_variance);
                let values = z[range].iter().zip(mean);
                for (((by_mean, by_log_variance), z_delta), (&z, &mean)) in deltas.zip(z_deltas).zip(values) {
                    *by_mean += z_delta;
                    *by_log_variance += T::HALF * z_delta * (z - mean);
                }
            }
        });
    });
}

/// The gradient of the sum of `weights` times R by the marginal's parameters.
pub(super) fn marginal_gradient<T: Scalar>(
    columns: Columns,
    latent: usize,
    output: &[T],
    marginal: Marginal<'_, T>,
    weights: &[f64],
    gradient: &mut [T],
) {
    let Marginal::Diagonal { .. } = marginal else { return };
    let (by_mean, by_log_variance) = gradient.split_at_mut(latent);
    for (i, (by_mean, by_log_variance)) in by_mean.iter_mut().zip(by_log_variance).enumerate() {
        let mut sums = (0.0, 0.0);
        each(columns, latent, output, marginal, i, |column, divergence, _| {
            sums.0 -= weights[column] * divergence.by_mean.to_f64();
            sums.1 += weights[column] * divergence.by_marginal_log_variance().to_f64();
        });
        (*by_mean, *by_log_variance) = (T::from_f64(sums.0), T::from_f64(sums.1));
    }
}

/// The tangent of the sum of `weights` times R.
pub(super) fn rate_tangent<T: Scalar>(
    columns: Columns,
    latent: usize,
    (output, output_tangent): (&[T], &[T]),
    (marginal, marginal_direction): (Marginal<'_, T>, Marginal<'_, T>),
    weights: &[f64],
) -> f64 {
    let mut sum = 0.0;
    for i in 0..latent {
        // The standard normal one does not move.
        let (m, w) = marginal_direction.of(i);
        each(columns, latent, output, marginal, i, |column, divergence, (panel, at)| {
            let (mean, log_variance) = encoded(panel, latent, output_tangent);
            let tangent = divergence.by_mean * (mean[at] - m)
                + divergence.by_log_variance() * log_variance[at]
                + divergence.by_marginal_log_variance() * w;
            sum += weights[column] * tangent.to_f64();
        });
    }
    sum
}

/// Calls `f` for latent dimension `i` of every input in order: its number, its divergence, and where it is in a panel.
fn each<T: Scalar>(
    columns: Columns,
    latent: usize,
    output: &[T],
    marginal: Marginal<'_, T>,
    i: usize,
    mut f: impl FnMut(usize, Divergence<T>, (Panel, usize)),
) {
    let divergence = marginal.divergence(i);
    for panel in columns.of_inputs().panels() {
        let (mean, log_variance) = encoded(panel, latent, output);
        for (j, column) in panel.columns().enumerate() {
            let at = i * panel.width + j;
            f(column, divergence(mean[at], log_variance[at]), (panel, at));
        }
    }
}
