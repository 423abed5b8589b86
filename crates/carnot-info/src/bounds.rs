use crate::entropy::{
    channel_information, entropy, kl_divergence, mutual_information, weighted_divergence_term,
};
use crate::functionals::{
    classification_loss, distortion, latent_label_joint, optimal_classifier, optimal_decoder,
    optimal_marginal, rate,
};
use crate::numeric::sum;
use crate::{Channel, Distribution, InfoError, Joint};

/// The chain of inequalities that tie the rate, the distortion and the classification loss of a representation to
/// what it knows, all in nats:
///
/// ```text
/// H(X) - D <= I(X;Z) <= R          H(Y) - C <= I(Z;Y) <= I(X;Z) <= R
/// ```
///
/// Each inequality is `<=` because a relative entropy is left out, its *gap*. The gaps are computed as those
/// relative entropies, not as differences of the two sides, so they are never negative and keep their digits when
/// they are small. (Alemi et al., *Fixing a Broken ELBO*, 2018; Alemi and Fischer, *TherML*, 2018.)
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InformationBounds {
    pub(crate) source_entropy: f64,
    pub(crate) label_entropy: f64,
    pub(crate) rate: f64,
    pub(crate) distortion: f64,
    pub(crate) classification_loss: f64,
    pub(crate) information: f64,
    pub(crate) label_information: f64,
    pub(crate) rate_gap: f64,
    pub(crate) distortion_gap: f64,
    pub(crate) classification_gap: f64,
    pub(crate) processing_gap: f64,
}

impl InformationBounds {
    /// The bounds for data `joint` = `p(x,y)` (rows x), `encoder` = `e(z|x)` (rows x), `marginal` = `m(z)`,
    /// `decoder` = `d(x|z)` (rows z) and `classifier` = `c(y|z)` (rows z).
    ///
    /// # Errors
    ///
    /// [`InfoError::LengthMismatch`] when the alphabets do not fit together.
    pub fn new(
        joint: &Joint,
        encoder: &Channel,
        marginal: &Distribution,
        decoder: &Channel,
        classifier: &Channel,
    ) -> Result<Self, InfoError> {
        let source = joint.marginal_x();
        let aggregate = optimal_marginal(&source, encoder)?;
        let latent_label = latent_label_joint(joint, encoder)?;
        Ok(Self {
            source_entropy: entropy(&source),
            label_entropy: entropy(&joint.marginal_y()),
            rate: rate(&source, encoder, marginal)?,
            distortion: distortion(&source, encoder, decoder)?,
            classification_loss: classification_loss(joint, encoder, classifier)?,
            information: channel_information(&source, encoder)?,
            label_information: mutual_information(&latent_label),
            rate_gap: kl_divergence(&aggregate, marginal)?,
            distortion_gap: mean_row_divergence(&aggregate, &optimal_decoder(&source, encoder)?, decoder),
            classification_gap: mean_row_divergence(
                &aggregate,
                &optimal_classifier(joint, encoder)?,
                classifier,
            ),
            processing_gap: conditional_information(joint, encoder, &latent_label),
        })
    }

    /// `H(X)`, the entropy of the data.
    #[must_use]
    pub fn source_entropy(&self) -> f64 {
        self.source_entropy
    }

    /// `H(Y)`, the entropy of the labels.
    #[must_use]
    pub fn label_entropy(&self) -> f64 {
        self.label_entropy
    }

    /// `R`, see [`rate`].
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// `D`, see [`distortion`].
    #[must_use]
    pub fn distortion(&self) -> f64 {
        self.distortion
    }

    /// `C`, see [`classification_loss`].
    #[must_use]
    pub fn classification_loss(&self) -> f64 {
        self.classification_loss
    }

    /// `I(X;Z)`, what the representation knows of the data.
    #[must_use]
    pub fn information(&self) -> f64 {
        self.information
    }

    /// `I(Z;Y)`, what the representation knows of the label.
    #[must_use]
    pub fn label_information(&self) -> f64 {
        self.label_information
    }

    /// `R - I(X;Z) = KL( e(z) || m(z) )`: zero iff the marginal is the aggregate.
    #[must_use]
    pub fn rate_gap(&self) -> f64 {
        self.rate_gap
    }

    /// `D - H(X|Z) = I(X;Z) - (H(X) - D) = sum_z e(z) KL( p(x|z) || d(x|z) )`: zero iff the decoder is Bayes'.
    #[must_use]
    pub fn distortion_gap(&self) -> f64 {
        self.distortion_gap
    }

    /// `C - H(Y|Z) = I(Z;Y) - (H(Y) - C) = sum_z e(z) KL( p(y|z) || c(y|z) )`: zero iff the classifier is Bayes'.
    #[must_use]
    pub fn classification_gap(&self) -> f64 {
        self.classification_gap
    }

    /// `I(X;Z) - I(Z;Y) = I(X;Z|Y)`: what the representation knows of the data beyond the label.
    #[must_use]
    pub fn processing_gap(&self) -> f64 {
        self.processing_gap
    }
}

/// `sum_z weights(z) KL( p(.|z) || q(.|z) )`, for tables of matching shapes.
fn mean_row_divergence(weights: &Distribution, p: &Channel, q: &Channel) -> f64 {
    let rows = weights.iter().zip(p.rows().zip(q.rows()));
    sum(rows
        .map(|(weight, (p, q))| sum(p.iter().zip(q).map(|(&p, &q)| weighted_divergence_term(weight, p, q)))))
}

/// `I(X;Z|Y) = sum_{x,y} p(x,y) KL( e(z|x) || p(z|y) )` under the Markov chain `Z - X - Y`.
fn conditional_information(joint: &Joint, encoder: &Channel, latent_label: &Joint) -> f64 {
    let latent_given_label = latent_label.conditional_x_given_y();
    sum(joint.table().indexed_iter().map(|((x, y), &weight)| {
        let (encoder, latent) = (encoder.table(), latent_given_label.table());
        sum(encoder.row(x).iter().zip(latent.row(y)).map(|(&p, &q)| weighted_divergence_term(weight, p, q)))
    }))
}
