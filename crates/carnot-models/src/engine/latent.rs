//! The encoder's output as a distribution over z: samples of it, its rate, and the derivatives of both.

use super::columns::{Columns, Panel};
use super::curvature::{Kind, Moving};
use super::marginal::{Divergence, Marginal, Slopes};
use super::scalar::{Scalar, vectorised};

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

/// `ln m(z) - ln e(z|x)` of every column, in nats.
pub(super) fn log_ratios<T: Scalar>(
    columns: Columns,
    latent: usize,
    (output, noise, z): (&[T], &[T], &[T]),
    marginal: Marginal<'_, T>,
    ratios: &mut [f64],
) {
    columns.each_panel(1, ratios, |panel, ratios| {
        let (_, log_variance) = encoded(panel, latent, output);
        let (noise, z) = (&noise[panel.range(latent)], &z[panel.range(latent)]);
        ratios.fill(0.0);
        for i in 0..latent {
            let (m, w) = marginal.of(i);
            let (m, w) = (m.to_f64(), w.to_f64());
            let row = i * panel.width..(i + 1) * panel.width;
            let drawn = noise[row.clone()].iter().zip(&z[row.clone()]).zip(&log_variance[row]);
            for (ratio, ((noise, z), log_variance)) in ratios.iter_mut().zip(drawn) {
                let (noise, distance) = (noise.to_f64(), z.to_f64() - m);
                // The two normalisations have the same 2 pi.
                *ratio +=
                    0.5 * (noise * noise + log_variance.to_f64() - w - distance * distance * (-w).exp());
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
                    let slopes = divergence(mean, log_variance).slopes();
                    *by_mean = weight * slopes.by_mean;
                    *by_log_variance = weight * slopes.by_log_variance;
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

/// The encoder's output with its tangent, what was drawn from it, and the marginal with its direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encoded<'a, T> {
    pub(super) output: Moving<'a, T>,
    pub(super) z: &'a [T],
    pub(super) marginals: (Marginal<'a, T>, Marginal<'a, T>),
}

/// The tangents of what [`backward`] gives, where the derivatives by z are the sum of `z_deltas`.
pub(super) fn backward_tangent<T: Scalar>(
    columns: Columns,
    latent: usize,
    kind: Kind,
    Encoded { output, z, marginals: (marginal, marginal_direction) }: Encoded<'_, T>,
    weights: &[T],
    z_deltas: [Moving<'_, T>; 2],
    delta_tangent: &mut [T],
) {
    columns.of_inputs().each_panel(2 * latent, delta_tangent, |panel, delta| {
        let (mean, log_variance) = encoded(panel, latent, output.values);
        let (mean_tangent, log_variance_tangent) = encoded(panel, latent, output.tangents);
        let (by_mean, by_log_variance) = delta.split_at_mut(latent * panel.width);
        let weights = &weights[panel.inputs()];
        vectorised(|| {
            for i in 0..latent {
                let (divergence, direction) = (marginal.divergence(i), marginal_direction.of(i));
                let row = i * panel.width..(i + 1) * panel.width;
                let deltas = by_mean[row.clone()].iter_mut().zip(&mut by_log_variance[row.clone()]);
                let encoded = mean[row.clone()].iter().zip(&log_variance[row.clone()]);
                let tangents = mean_tangent[row.clone()].iter().zip(&log_variance_tangent[row]);
                for (((deltas, (&mean, &log_variance)), (&m, &v)), &weight) in
                    deltas.zip(encoded).zip(tangents).zip(weights)
                {
                    let tangents = divergence(mean, log_variance).tangent(kind, (m, v), direction);
                    *deltas.0 = weight * tangents.by_mean;
                    *deltas.1 = weight * tangents.by_log_variance;
                }
            }
            for s in 0..columns.samples {
                let range = columns.panel(s, panel.index).range(latent);
                let [first, second] = z_deltas.map(|delta| delta.part(range.clone()));
                let z_deltas = first.pairs().zip(second.pairs()).map(|(a, b)| (a.0 + b.0, a.1 + b.1));
                let deltas = by_mean.iter_mut().zip(&mut *by_log_variance);
                let values = z[range].iter().zip(mean).zip(log_variance_tangent);
                for (((by_mean, by_log_variance), (z_delta, tangent)), ((&z, &mean), &v)) in
                    deltas.zip(z_deltas).zip(values)
                {
                    // z - mean is exp(log_variance / 2) noise, whose tangent is half of its product with v.
                    let bent = match kind {
                        Kind::Hessian => T::HALF * v * z_delta,
                        Kind::GaussNewton | Kind::Fisher => T::ZERO,
                    };
                    *by_mean += tangent;
                    *by_log_variance += T::HALF * (tangent + bent) * (z - mean);
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
    sum_slopes(columns, latent, (output, marginal), weights, gradient, |_, divergence, _| {
        divergence.slopes()
    });
}

/// The tangent of what [`marginal_gradient`] gives.
pub(super) fn marginal_gradient_tangent<T: Scalar>(
    columns: Columns,
    latent: usize,
    kind: Kind,
    Encoded { output, marginals: (marginal, direction), .. }: Encoded<'_, T>,
    weights: &[f64],
    tangent: &mut [T],
) {
    let given = (output.values, marginal);
    sum_slopes(columns, latent, given, weights, tangent, |i, divergence, (panel, at)| {
        let (mean, log_variance) = encoded(panel, latent, output.tangents);
        divergence.tangent(kind, (mean[at], log_variance[at]), direction.of(i))
    });
}

/// Sums `weights` times the slopes by the marginal's parameters, if it has any, over the inputs.
fn sum_slopes<T: Scalar>(
    columns: Columns,
    latent: usize,
    (output, marginal): (&[T], Marginal<'_, T>),
    weights: &[f64],
    sums: &mut [T],
    slopes: impl Fn(usize, Divergence<T>, (Panel, usize)) -> Slopes<T>,
) {
    let Marginal::Diagonal { .. } = marginal else { return };
    let (by_mean, by_log_variance) = sums.split_at_mut(latent);
    for (i, (by_mean, by_log_variance)) in by_mean.iter_mut().zip(by_log_variance).enumerate() {
        let mut sums = (0.0, 0.0);
        each(columns, latent, output, marginal, i, |column, divergence, place| {
            let slopes = slopes(i, divergence, place);
            sums.0 += weights[column] * slopes.by_marginal_mean.to_f64();
            sums.1 += weights[column] * slopes.by_marginal_log_variance.to_f64();
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
            let slopes = divergence.slopes();
            let tangent = slopes.by_mean * (mean[at] - m)
                + slopes.by_log_variance * log_variance[at]
                + slopes.by_marginal_log_variance * w;
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
