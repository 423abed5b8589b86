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
    fn of(&self, i: usize) -> (f64, f64) {
        match self {
            Self::Standard => (0.0, 0.0),
            Self::Diagonal { mean, log_variance } => (mean[i].to_f64(), log_variance[i].to_f64()),
        }
    }
}

/// The part of R of one latent dimension, `1/2 ((mean - m)^2 exp(-w) + exp(v - w) - 1 - (v - w))` for a marginal of mean
/// m and log-variance w, with its derivatives.
#[derive(Debug, Clone, Copy)]
struct Divergence {
    value: f64,
    by_mean: f64,
    by_log_variance: f64,
    by_marginal_log_variance: f64,
}

impl Divergence {
    fn new(mean: f64, log_variance: f64, (m, w): (f64, f64)) -> Self {
        let precision = (-w).exp();
        let distance = mean - m;
        let excess = (log_variance - w).exp_m1();
        let square = distance * distance * precision;
        Self {
            value: 0.5 * (square + (excess - (log_variance - w))),
            by_mean: distance * precision,
            by_log_variance: 0.5 * excess,
            by_marginal_log_variance: -0.5 * (square + excess),
        }
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
        let half = T::from_f64(0.5);
        vectorised(|| {
            for (((z, &mean), &log_variance), &noise) in
                z.iter_mut().zip(mean).zip(log_variance).zip(&noise[panel.range(latent)])
            {
                *z = mean + (half * log_variance).exponential() * noise;
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
            *tangent = m + T::from_f64(0.5) * v * (z - mean);
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
        for (i, (mean, log_variance)) in rows.enumerate() {
            for ((rate, mean), log_variance) in rates.iter_mut().zip(mean).zip(log_variance) {
                *rate += Divergence::new(mean.to_f64(), log_variance.to_f64(), marginal.of(i)).value;
            }
        }
    });
}

/// Derivatives by the encoder's output of the sum of `weights` times R, and of what z goes on to, the derivatives by z
/// being the sum of the two `z_deltas`.
pub(super) fn backward<T: Scalar>(
    columns: Columns,
    latent: usize,
    (output, z): (&[T], &[T]),
    marginal: Marginal<'_, T>,
    weights: &[f64],
    z_deltas: [&[T]; 2],
    delta: &mut [T],
) {
    columns.of_inputs().each_panel(2 * latent, delta, |panel, delta| {
        let (mean, log_variance) = encoded(panel, latent, output);
        let (by_mean, by_log_variance) = delta.split_at_mut(latent * panel.width);
        let weights = &weights[panel.inputs()];
        for at in 0..latent * panel.width {
            let (i, j) = (at / panel.width, at % panel.width);
            let divergence = Divergence::new(mean[at].to_f64(), log_variance[at].to_f64(), marginal.of(i));
            by_mean[at] = T::from_f64(weights[j] * divergence.by_mean);
            by_log_variance[at] = T::from_f64(weights[j] * divergence.by_log_variance);
        }
        for s in 0..columns.samples {
            let range = columns.panel(s, panel.index).range(latent);
            let z_delta = z_deltas.map(|delta| &delta[range.clone()]);
            let z = &z[range];
            for at in 0..latent * panel.width {
                let z_delta = z_delta[0][at] + z_delta[1][at];
                by_mean[at] += z_delta;
                by_log_variance[at] += T::from_f64(0.5) * z_delta * (z[at] - mean[at]);
            }
        }
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
            sums.0 -= weights[column] * divergence.by_mean;
            sums.1 += weights[column] * divergence.by_marginal_log_variance;
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
            sum += weights[column]
                * (divergence.by_mean * (mean[at].to_f64() - m)
                    + divergence.by_log_variance * log_variance[at].to_f64()
                    + divergence.by_marginal_log_variance * w);
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
    mut f: impl FnMut(usize, Divergence, (Panel, usize)),
) {
    for panel in columns.of_inputs().panels() {
        let (mean, log_variance) = encoded(panel, latent, output);
        for (j, column) in panel.columns().enumerate() {
            let at = i * panel.width + j;
            let values = (mean[at].to_f64(), log_variance[at].to_f64());
            f(column, Divergence::new(values.0, values.1, marginal.of(i)), (panel, at));
        }
    }
}
