use super::SampledFunctionals;
use crate::Estimate;

/// A mutual information between two measured bounds, in nats: `H(X) - D <= I(X;Z) <= R`, or
/// `H(Y) - C <= I(Z;Y) <= R`.
///
/// The lower bound is Barber and Agakov's: **biased downwards** by the gap of the decoder or classifier; the upper one
/// is **biased upwards** by that of the marginal. Both estimates are of the bounds, without bias of their own; their
/// standard errors say nothing of the gaps, which together are the [`width`](Self::width) (for the label: at most it).
///
/// The inequality needs the entropy and D (or C) on one reference measure: a density says nothing of a discrete entropy.
/// (Barber and Agakov, *The IM algorithm*, 2003; Alemi et al., *Fixing a Broken ELBO*, 2018, section 2.)
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InformationSandwich {
    lower: Estimate,
    upper: Estimate,
    width: Estimate,
}

impl InformationSandwich {
    /// `H(X) - D <= I(X;Z) <= R`. `source_entropy` is exact ([`Estimate::exact`]), or was measured on other samples.
    #[must_use]
    pub fn of_data(source_entropy: Estimate, functionals: &SampledFunctionals) -> Self {
        Self::new(source_entropy, functionals, [0.0, 1.0, 0.0])
    }

    /// `H(Y) - C <= I(Z;Y) <= R`. `label_entropy` is exact ([`Estimate::exact`]), or was measured on other samples.
    #[must_use]
    pub fn of_labels(label_entropy: Estimate, functionals: &SampledFunctionals) -> Self {
        Self::new(label_entropy, functionals, [0.0, 0.0, 1.0])
    }

    fn new(entropy: Estimate, functionals: &SampledFunctionals, loss: [f64; 3]) -> Self {
        Self {
            lower: entropy.minus_independent(functionals.combination(loss)),
            upper: functionals.rate(),
            width: functionals.combination([1.0, loss[1], loss[2]]).minus_independent(entropy),
        }
    }

    /// The lower bound, the entropy less the loss. It may be negative, and then says nothing.
    #[must_use]
    pub fn lower(&self) -> Estimate {
        self.lower
    }

    /// The upper bound, R.
    #[must_use]
    pub fn upper(&self) -> Estimate {
        self.upper
    }

    /// The upper bound less the lower one, `R + D - H(X)` or `R + C - H(Y)`, not negative but for the noise of the
    /// sample. Its standard error counts what the samples of the two bounds have in common.
    #[must_use]
    pub fn width(&self) -> Estimate {
        self.width
    }
}
