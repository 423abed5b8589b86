use super::linalg::{check_range, half_log_det_identity_plus_square, in_range, solve_lower, squared_norm};
use super::normal::covariance_divergence;
use super::{Gaussian, LinearChannel};
use crate::InfoError;
use crate::error::check_length;
use faer::Mat;
use std::f64::consts::TAU;

/// The mutual information `1/2 ln det(I + noise^-1 W S W')` of the input and the output of a channel, in nats.
///
/// Not negative, and to full relative precision when the channel is almost useless.
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when `source` has another dimension than the channel has inputs,
/// [`InfoError::OutOfRange`] when an entry overflows, [`InfoError::NoConvergence`] when no singular values are found.
pub fn channel_information(source: &Gaussian, channel: &LinearChannel) -> Result<f64, InfoError> {
    channel.check_source(source)?;
    let signal = channel.weights_matrix() * source.factor();
    let whitened = solve_lower(channel.noise().factor(), signal);
    check_range("whitened weights", &whitened)?;
    half_log_det_identity_plus_square(&whitened)
}

/// `E_x KL( p(.|x) || q(.|x) )` of two channels with the same inputs and outputs, in nats: a sum of squares and the
/// divergence of the two noises, so not negative and without cancellation.
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the dimensions do not fit together, [`InfoError::OutOfRange`] when an entry
/// overflows, and the errors of [`kl_divergence`](super::kl_divergence).
pub fn mean_divergence(source: &Gaussian, p: &LinearChannel, q: &LinearChannel) -> Result<f64, InfoError> {
    p.check_source(source)?;
    q.check_source(source)?;
    check_length("outputs of q against p", p.n_outputs(), q.n_outputs())?;
    let difference = p.weights_matrix() - q.weights_matrix();
    let shift = &difference * source.mean_column() + (p.offset_column() - q.offset_column());
    let spread = &difference * source.factor();
    let squares = mean_square(q, &[shift, spread]);
    in_range("mean divergence", covariance_divergence(p.noise(), q.noise())? + 0.5 * squares)
}

/// The rate `R = E_x KL( e(z|x) || m(z) )`, in nats, of a linear encoder and any Gaussian `marginal`.
///
/// `R >= I(X;Z)`, with equality iff `m` is the [`optimal_marginal`].
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the dimensions do not fit together, [`InfoError::OutOfRange`] when an entry
/// overflows, and the errors of [`kl_divergence`](super::kl_divergence).
pub fn rate(source: &Gaussian, encoder: &LinearChannel, marginal: &Gaussian) -> Result<f64, InfoError> {
    mean_divergence(source, encoder, &LinearChannel::constant(marginal, encoder.n_inputs()))
}

/// The distortion `D = -E ln d(x|z)`, in nats, of a linear `encoder` `e(z|x)` and any linear `decoder` `d(x|z)`.
///
/// With the noise of the decoder `s^2 I` in n dimensions it is `E|x - xhat|^2 / (2 s^2) + (n/2) ln(2 pi s^2)`.
/// `D >= h(X|Z)`, with equality iff `d` is the [`optimal_decoder`].
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the dimensions do not fit together, [`InfoError::OutOfRange`] when an entry
/// overflows.
pub fn distortion(
    source: &Gaussian,
    encoder: &LinearChannel,
    decoder: &LinearChannel,
) -> Result<f64, InfoError> {
    encoder.check_source(source)?;
    let n = source.dimension();
    log_loss(source, encoder, decoder, &Mat::identity(n, n), &Mat::zeros(n, 1), None)
}

/// The classification (here regression) loss `C = -E ln c(y|z)`, in nats, of a linear `encoder` `e(z|x)` and any linear
/// `head` `c(y|z)`, for `labels` `p(y|x)`.
///
/// `C >= h(Y|Z)`, with equality iff `c` is the [`optimal_head`].
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the dimensions do not fit together, [`InfoError::OutOfRange`] when an entry
/// overflows.
pub fn classification_loss(
    source: &Gaussian,
    labels: &LinearChannel,
    encoder: &LinearChannel,
    head: &LinearChannel,
) -> Result<f64, InfoError> {
    encoder.check_source(source)?;
    labels.check_source(source)?;
    let noise = Some(labels.noise().factor());
    log_loss(source, encoder, head, labels.weights_matrix(), labels.offset_column(), noise)
}

/// The marginal of least rate, the aggregate `e(z)`; then `R = I(X;Z)`.
///
/// # Errors
///
/// Those of [`LinearChannel::push`].
pub fn optimal_marginal(source: &Gaussian, encoder: &LinearChannel) -> Result<Gaussian, InfoError> {
    encoder.push(source)
}

/// The decoder of least distortion, the posterior `p(x|z)`; then `D = h(X|Z)`.
///
/// # Errors
///
/// Those of [`LinearChannel::posterior`].
pub fn optimal_decoder(source: &Gaussian, encoder: &LinearChannel) -> Result<LinearChannel, InfoError> {
    encoder.posterior(source)
}

/// The head of least loss, `p(y|z)` under `Z - X - Y`: the posterior followed by the labels; then `C = h(Y|Z)`.
///
/// # Errors
///
/// Those of [`LinearChannel::posterior`] and [`LinearChannel::then`].
pub fn optimal_head(
    source: &Gaussian,
    labels: &LinearChannel,
    encoder: &LinearChannel,
) -> Result<LinearChannel, InfoError> {
    encoder.posterior(source)?.then(labels)
}

/// `-E ln q(y|z)` for `y = B x + b + noise` and `z` from the encoder: the residual `y - K z - k` is
/// `(B - K A) x - K (noise of z) + (noise of y)` and a constant, and its mean square in units of q's noise is a sum of
/// squares.
fn log_loss(
    source: &Gaussian,
    encoder: &LinearChannel,
    q: &LinearChannel,
    target: &Mat<f64>,
    target_offset: &Mat<f64>,
    target_noise: Option<&Mat<f64>>,
) -> Result<f64, InfoError> {
    check_length(
        "inputs of the decoder or head against outputs of the encoder",
        encoder.n_outputs(),
        q.n_inputs(),
    )?;
    check_length("outputs of the decoder or head against its target", target.nrows(), q.n_outputs())?;
    let unexplained = target - q.weights_matrix() * encoder.weights_matrix();
    let bias = &unexplained * source.mean_column() + target_offset
        - q.weights_matrix() * encoder.offset_column()
        - q.offset_column();
    let spread = &unexplained * source.factor();
    let through = q.weights_matrix() * encoder.noise().factor();
    let squares = mean_square(q, &[bias, spread, through])
        + target_noise.map_or(0.0, |noise| mean_square(q, &[noise.to_owned()]));
    let normaliser = q.n_outputs() as f64 * TAU.ln() + q.noise().log_determinant();
    in_range("loss", 0.5 * (normaliser + squares))
}

/// The sum of the squares of residuals with these roots, in units of the noise of `channel`.
fn mean_square(channel: &LinearChannel, roots: &[Mat<f64>]) -> f64 {
    roots.iter().map(|root| squared_norm(&solve_lower(channel.noise().factor(), root.to_owned()))).sum()
}
