use crate::entropy::weighted_divergence_term;
use crate::error::check_length;
use crate::numeric::sum;
use crate::{Channel, Distribution, InfoError, Joint, latent_label_joint, log_softmax};
use ndarray::{Array2, ArrayView2};

/// A table of log-probabilities `ln q(b|a)`, rows a, columns b: the log-softmax of logits, row by row.
///
/// A [`Channel`] holds probabilities, and one below 1e-323 is zero there, with an infinite loss. Logits of a network that
/// differ by more than 745 still have a finite one, which this type keeps.
///
/// ```
/// # use carnot_info::{Joint, LogChannel, log_loss};
/// # use ndarray::array;
/// # fn main() -> Result<(), carnot_info::InfoError> {
/// let classifier = LogChannel::from_logits(array![[1e4, -1e4], [-1e4, 1e4]])?;
/// // One time in four the label is the one that the classifier excludes by 2e4 nats.
/// let letters_and_labels = Joint::from_weights(array![[3.0, 1.0], [1.0, 3.0]])?;
/// assert_eq!(log_loss(&letters_and_labels, &classifier)?, 5e3);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LogChannel {
    log_table: Array2<f64>,
}

impl LogChannel {
    /// The channel whose rows are the softmax of the rows of `logits`, shape `(n_inputs, n_outputs)`. `-inf` gives
    /// probability zero.
    ///
    /// # Errors
    ///
    /// [`InfoError::EmptyAlphabet`], [`InfoError::InvalidLogWeight`], or [`InfoError::ZeroWeights`] for a row of only
    /// `-inf`.
    pub fn from_logits(logits: impl Into<Array2<f64>>) -> Result<Self, InfoError> {
        let mut log_table = logits.into();
        if log_table.is_empty() {
            let (rows, columns) = log_table.dim();
            return Err(InfoError::EmptyAlphabet { rows, columns });
        }
        for (index, mut row) in log_table.rows_mut().into_iter().enumerate() {
            let logs = log_softmax(&row.to_vec()).map_err(|error| error.in_row(index))?;
            row.assign(&ndarray::aview1(&logs));
        }
        Ok(Self { log_table })
    }

    /// The number of inputs (rows), at least one.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        self.log_table.nrows()
    }

    /// The number of outputs (columns), at least one.
    #[must_use]
    pub fn n_outputs(&self) -> usize {
        self.log_table.ncols()
    }

    /// The log-probabilities, shape `(n_inputs, n_outputs)`.
    #[must_use]
    pub fn log_table(&self) -> ArrayView2<'_, f64> {
        self.log_table.view()
    }
}

/// The mean log-loss `-sum_{a,b} p(a,b) ln q(b|a)` of predicting the column of `joint` from its row, in nats; `+inf`
/// where `q(b|a) = 0 < p(a,b)`.
///
/// `joint` is `p(a,b)` (rows a), `predictor` is `ln q(b|a)` (rows a).
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the alphabets do not fit together.
pub fn log_loss(joint: &Joint, predictor: &LogChannel) -> Result<f64, InfoError> {
    check_length("rows of the log-probabilities", joint.n_x(), predictor.n_inputs())?;
    check_length("columns of the log-probabilities", joint.n_y(), predictor.n_outputs())?;
    let table = joint.table();
    let pairs = table.iter().zip(&predictor.log_table);
    Ok(sum(pairs.map(|(&weight, &log)| if weight == 0.0 { 0.0 } else { -weight * log })))
}

/// The distortion `D` of a decoder given by `ln d(x|z)` (rows z, columns x), in nats; see
/// [`distortion`](crate::distortion).
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the alphabets do not fit together.
pub fn distortion_from_logs(
    source: &Distribution,
    encoder: &Channel,
    log_decoder: &LogChannel,
) -> Result<f64, InfoError> {
    log_loss(&Joint::from_parts(source, encoder)?.transpose(), log_decoder)
}

/// The classification loss `C` of a classifier given by `ln c(y|z)` (rows z, columns y), in nats; see
/// [`classification_loss`](crate::classification_loss).
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the alphabets do not fit together.
pub fn classification_loss_from_logs(
    joint: &Joint,
    encoder: &Channel,
    log_classifier: &LogChannel,
) -> Result<f64, InfoError> {
    log_loss(&latent_label_joint(joint, encoder)?, log_classifier)
}

/// The rate `R` of a marginal given by `ln m(z)`, in nats; see [`rate`](crate::rate).
///
/// `log_marginal` is a table of one row, or of one row for each `x` when the marginal depends on it (on a label of x,
/// say).
///
/// # Errors
///
/// [`InfoError::LengthMismatch`] when the alphabets do not fit together.
pub fn rate_from_log_marginal(
    source: &Distribution,
    encoder: &Channel,
    log_marginal: &LogChannel,
) -> Result<f64, InfoError> {
    encoder.check_source(source)?;
    check_length("columns (z) of the marginal ln m(z)", encoder.n_outputs(), log_marginal.n_outputs())?;
    let shared = log_marginal.n_inputs() == 1;
    if !shared {
        check_length("rows (x) of the marginal ln m(z)", encoder.n_inputs(), log_marginal.n_inputs())?;
    }
    let logs = log_marginal.log_table();
    Ok(sum(source.iter().zip(encoder.rows()).enumerate().map(|(x, (probability, row))| {
        let logs = logs.row(if shared { 0 } else { x });
        sum(row.iter().zip(logs).map(|(&e, &log)| rate_term(probability, e, log)))
    })))
}

/// `weight (e ln(e/m) - e + m)` for `m = exp(log_marginal)`, also where m underflows.
fn rate_term(weight: f64, e: f64, log_marginal: f64) -> f64 {
    let m = log_marginal.exp();
    if m.is_normal() || e == 0.0 || weight * e == 0.0 {
        weighted_divergence_term(weight, e, m)
    } else {
        weight * (e * (e.ln() - log_marginal) - e + m)
    }
}
