use crate::log_domain::{check_log_weights, log_sum_exp};
use crate::numeric::sum;
use crate::{Estimate, InfoError};
use ndarray::{ArrayView2, ArrayView3, Axis};

/// The InfoNCE bound on a mutual information from one batch of n pairs, in nats:
///
/// ```text
/// I(X;Z) >= E[ ln n + 1/n sum_i ( f(x_i, z_i) - ln sum_j exp f(x_i, z_j) ) ]
/// ```
///
/// `scores` is `f(x_i, z_j)`, shape `(n, n)`, the log of any positive critic, with the pairs drawn together on the
/// diagonal. **Bias: downwards**, as a bound, and never above its ceiling `ln n`: from an information of more than
/// that, larger batches are needed, not a better critic. The best critic is `ln p(z|x)` plus any function of x.
///
/// The n terms share their negatives and are not independent, so that one batch gives no standard error:
/// [`info_nce_of_batches`] does. A score of `-inf` rules a pair out; on the diagonal it makes the bound `-inf`. (Van den
/// Oord et al., *Representation Learning with Contrastive Predictive Coding*, 2018, appendix A.1; Poole et al., *On
/// Variational Bounds of Mutual Information*, 2019, equation 10.)
///
/// ```
/// # use carnot_info::samples::info_nce;
/// # use ndarray::array;
/// # fn main() -> Result<(), carnot_info::InfoError> {
/// // A critic that is sure of each pair reaches the ceiling.
/// assert_eq!(info_nce(array![[1e4, -1e4], [-1e4, 1e4]].view())?, 2.0_f64.ln());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`InfoError::InvalidShape`] for no scores or a table that is not square, [`InfoError::InvalidLogWeight`] for a NaN
/// or `+inf`, [`InfoError::ZeroWeights`] for a row of only `-inf`.
pub fn info_nce(scores: ArrayView2<'_, f64>) -> Result<f64, InfoError> {
    let (rows, columns) = scores.dim();
    if rows == 0 || rows != columns {
        return Err(InfoError::InvalidShape { what: "scores", shape: vec![rows, columns] });
    }
    let mut terms = Vec::with_capacity(rows);
    for (index, row) in scores.rows().into_iter().enumerate() {
        check_log_weights(index, row.iter().copied())?;
        // Relative to the pair's own score, so that a sure critic gives exactly zero whatever the scale.
        let own = row[index];
        terms.push(match own {
            f64::NEG_INFINITY => own,
            _ => -log_sum_exp(&row.iter().map(|score| score - own).collect::<Vec<_>>()),
        });
    }
    Ok((rows as f64).ln() + sum(terms) / rows as f64)
}

/// The mean of [`info_nce`] over independent batches, `scores` of shape `(n_batches, n, n)`, with its standard error.
///
/// # Errors
///
/// Those of [`info_nce`], [`InfoError::TooFewSamples`] for fewer than two batches, and [`InfoError::NonFinite`] for a
/// batch whose bound is `-inf`.
pub fn info_nce_of_batches(scores: ArrayView3<'_, f64>) -> Result<Estimate, InfoError> {
    let bounds = scores.axis_iter(Axis(0)).map(info_nce).collect::<Result<Vec<_>, _>>()?;
    Estimate::from_samples(&bounds)
}
