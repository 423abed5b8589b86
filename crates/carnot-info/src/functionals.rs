use crate::entropy::mean_divergence;
use crate::error::check_length;
use crate::log_domain::xlogy;
use crate::numeric::sum;
use crate::{Channel, Distribution, InfoError, Joint};
use ndarray::{Array2, ArrayView2};

/// The rate `R = sum_x p(x) KL( e(z|x) || m(z) )`, in nats.
///
/// `source` is `p(x)`, `encoder` is `e(z|x)` (rows x, columns z), `marginal` is `m(z)`. `R >= I(X;Z)`, with
/// equality iff `m` is the [`optimal_marginal`]; `+inf` where `m(z) = 0 < p(x) e(z|x)`. (Alemi et al., *Fixing a
/// Broken ELBO*, 2018, section 2.)
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the alphabets do not fit together.
pub fn rate(source: &Distribution, encoder: &Channel, marginal: &Distribution) -> Result<f64, InfoError> {
    encoder.check_source(source)?;
    check_length("outcomes of the marginal m(z)", encoder.n_outputs(), marginal.n_outcomes())?;
    Ok(mean_divergence(source, encoder, marginal))
}

/// The distortion `D = -sum_{x,z} p(x) e(z|x) ln d(x|z)`, in nats.
///
/// `source` is `p(x)`, `encoder` is `e(z|x)` (rows x, columns z), `decoder` is `d(x|z)` (rows z, columns x).
/// `D >= H(X|Z)`, with equality iff `d` is the [`optimal_decoder`]; `+inf` where `d(x|z) = 0 < p(x) e(z|x)`.
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the alphabets do not fit together.
pub fn distortion(source: &Distribution, encoder: &Channel, decoder: &Channel) -> Result<f64, InfoError> {
    check_length("rows (z) of the decoder d(x|z)", encoder.n_outputs(), decoder.n_inputs())?;
    check_length("columns (x) of the decoder d(x|z)", source.n_outcomes(), decoder.n_outputs())?;
    expected(source, encoder, decoder.table().t(), |weight, probability| -xlogy(weight, probability))
}

/// The mean cost `sum_{x,z} p(x) e(z|x) rho(x,z)` of an encoder, in the unit of `rho`.
///
/// `source` is `p(x)`, `encoder` is `e(z|x)` and `costs` is `rho(x,z)` (both rows x, columns z). A cost of `+inf`
/// forbids its pair: it counts nothing where `p(x) e(z|x) = 0`, and makes the mean `+inf` elsewhere.
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the alphabets do not fit together, [`InfoError::InvalidCost`] for a NaN or
/// `-inf` anywhere in the table.
pub fn expected_cost(
    source: &Distribution,
    encoder: &Channel,
    costs: ArrayView2<'_, f64>,
) -> Result<f64, InfoError> {
    check_length("rows (x) of the costs", encoder.n_inputs(), costs.nrows())?;
    check_length("columns (z) of the costs", encoder.n_outputs(), costs.ncols())?;
    if let Some(((row, column), &value)) =
        costs.indexed_iter().find(|(_, cost)| cost.is_nan() || **cost == f64::NEG_INFINITY)
    {
        return Err(InfoError::InvalidCost { row, column, value });
    }
    expected(source, encoder, costs, |weight, cost| if weight == 0.0 { 0.0 } else { weight * cost })
}

/// The classification loss `C = -sum_{x,y,z} p(x,y) e(z|x) ln c(y|z)`, in nats.
///
/// `joint` is `p(x,y)`, `encoder` is `e(z|x)` (rows x, columns z), `classifier` is `c(y|z)` (rows z, columns y).
/// `C >= H(Y|Z)`, with equality iff `c` is the [`optimal_classifier`]; `+inf` where `c(y|z) = 0 < p(y,z)`.
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the alphabets do not fit together.
pub fn classification_loss(joint: &Joint, encoder: &Channel, classifier: &Channel) -> Result<f64, InfoError> {
    let latent_label = latent_label_joint(joint, encoder)?;
    check_length("rows (z) of the classifier c(y|z)", encoder.n_outputs(), classifier.n_inputs())?;
    check_length("columns (y) of the classifier c(y|z)", joint.n_y(), classifier.n_outputs())?;
    let table = latent_label.table();
    Ok(sum(table.iter().zip(&classifier.table()).map(|(&weight, &probability)| -xlogy(weight, probability))))
}

/// The marginal of least rate, the aggregate `m(z) = e(z) = sum_x p(x) e(z|x)`; then `R = I(X;Z)`.
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the alphabets do not fit together.
pub fn optimal_marginal(source: &Distribution, encoder: &Channel) -> Result<Distribution, InfoError> {
    encoder.push(source)
}

/// The decoder of least distortion, `d(x|z) = p(x) e(z|x) / e(z)` (rows z, columns x); then `D = H(X|Z)`.
///
/// The row of a `z` that never occurs is `p(x)`.
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the alphabets do not fit together.
pub fn optimal_decoder(source: &Distribution, encoder: &Channel) -> Result<Channel, InfoError> {
    encoder.posterior(source)
}

/// The classifier of least loss, `c(y|z) = sum_x p(x,y) e(z|x) / e(z)` (rows z, columns y); then `C = H(Y|Z)`.
///
/// The row of a `z` that never occurs is `p(y)`.
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the alphabets do not fit together.
pub fn optimal_classifier(joint: &Joint, encoder: &Channel) -> Result<Channel, InfoError> {
    Ok(latent_label_joint(joint, encoder)?.conditional_y_given_x())
}

/// The joint distribution of the representation and the label, `p(z,y) = sum_x p(x,y) e(z|x)` (rows z,
/// columns y), under the Markov chain `Z - X - Y`.
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the alphabets do not fit together.
pub fn latent_label_joint(joint: &Joint, encoder: &Channel) -> Result<Joint, InfoError> {
    check_length("rows (x) of the encoder e(z|x)", joint.n_x(), encoder.n_inputs())?;
    let (encoder, labels) = (encoder.table(), joint.table());
    let entry = |(z, y)| sum(encoder.column(z).iter().zip(labels.column(y)).map(|(e, p)| e * p));
    Joint::from_checked(Array2::from_shape_fn((encoder.ncols(), labels.ncols()), entry))
}

/// `sum_{x,z} term(p(x) e(z|x), table(x,z))`, for a table of the encoder's shape.
fn expected(
    source: &Distribution,
    encoder: &Channel,
    table: ArrayView2<'_, f64>,
    term: impl Fn(f64, f64) -> f64,
) -> Result<f64, InfoError> {
    let joint = Joint::from_parts(source, encoder)?;
    Ok(sum(joint.table().iter().zip(&table).map(|(&weight, &entry)| term(weight, entry))))
}
