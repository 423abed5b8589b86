use super::{
    Gaussian, LinearChannel, channel_information, classification_loss, differential_entropy, distortion,
    kl_divergence, mean_divergence, optimal_decoder, optimal_head, optimal_marginal, rate,
};
use crate::{InfoError, InformationBounds};

impl InformationBounds {
    /// The bounds for Gaussian data and linear channels: `source` = `p(x)`, `labels` = `p(y|x)`, `encoder` = `e(z|x)`,
    /// `marginal` = `m(z)`, `decoder` = `d(x|z)` and `head` = `c(y|z)`, of any parameters.
    ///
    /// The entropies of the data and of the labels are differential: these and the losses may be negative, the
    /// informations, the rate and the gaps are not.
    ///
    /// # Errors
    ///
    /// [`InfoError::LengthMismatch`] when the dimensions do not fit together, and what the functionals and the optimal
    /// partners of [`gaussian`](crate::gaussian) refuse.
    pub fn of_gaussians(
        source: &Gaussian,
        labels: &LinearChannel,
        encoder: &LinearChannel,
        marginal: &Gaussian,
        decoder: &LinearChannel,
        head: &LinearChannel,
    ) -> Result<Self, InfoError> {
        let aggregate = optimal_marginal(source, encoder)?;
        let best_head = optimal_head(source, labels, encoder)?;
        // I(X;Z|Y) is the information of the encoder about what the label leaves open of the data.
        let source_given_label = Gaussian::centred(labels.posterior(source)?.noise().clone());
        Ok(Self {
            source_entropy: differential_entropy(source.covariance()),
            label_entropy: differential_entropy(labels.push(source)?.covariance()),
            rate: rate(source, encoder, marginal)?,
            distortion: distortion(source, encoder, decoder)?,
            classification_loss: classification_loss(source, labels, encoder, head)?,
            information: channel_information(source, encoder)?,
            label_information: channel_information(&aggregate, &best_head)?,
            rate_gap: kl_divergence(&aggregate, marginal)?,
            distortion_gap: mean_divergence(&aggregate, &optimal_decoder(source, encoder)?, decoder)?,
            classification_gap: mean_divergence(&aggregate, &best_head, head)?,
            processing_gap: channel_information(&source_given_label, encoder)?,
        })
    }
}
