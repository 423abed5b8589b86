//! The Gibbs system: everything but the encoder is given.

use carnot_info::{Channel, Distribution, Joint};
use ndarray::ArrayView2;

use super::evaluation::Evaluation;
use super::letters::Letters;
use super::problem::{Problem, Task};
use super::{DiscreteError, DiscreteState, Work, observed, response};
use crate::{At, Certificate, Equilibrium, Multipliers, Rdc, Response, Responsive, System};

/// A discrete system of which the marginal `m(z)`, the distortion `l_d(x, z)` and the classifier `c(y|z)` are given and
/// only the encoder is free:
///
/// ```text
/// e(z|x) = m(z) exp(-lambda l_d - gamma l_c) / Z_x,    l_c(x, z) = -sum_y p(y|x) ln c(y|z),    F = -E_x ln Z_x
/// S = -E_x Cov_e(l)
/// ```
///
/// The distribution of Gibbs, in closed form (theory, section 3.1).
#[derive(Debug, Clone, PartialEq)]
pub struct GibbsSystem {
    pub(super) problem: Problem,
    letters: Letters,
}

impl GibbsSystem {
    /// The system of a joint distribution `p(x, y)`, a marginal `m(z)`, a distortion, shape `(n_x, n_z)`, at least zero or
    /// `+inf` to forbid a pair, and a classifier `c(y|z)`, shape `(n_z, n_y)`. A letter to which the classifier denies a
    /// label of an input is forbidden to that input.
    ///
    /// # Errors
    ///
    /// [`DiscreteError`] names the size or the entry that is wrong, or the input that is left without a letter.
    pub fn new(
        joint: &Joint,
        marginal: &Distribution,
        distortion: ArrayView2<'_, f64>,
        classifier: &Channel,
    ) -> Result<Self, DiscreteError> {
        let problem =
            Problem::new(joint, &distortion)?.with_marginal(marginal)?.with_classifier(classifier)?;
        let letters = Letters::uniform(&problem);
        Ok(Self { problem, letters })
    }

    /// The system whose distortion is the log-loss `-ln d(x|z)` of a decoder, shape `(n_z, n_x)`.
    ///
    /// # Errors
    ///
    /// As [`GibbsSystem::new`].
    pub fn from_decoder(
        joint: &Joint,
        marginal: &Distribution,
        decoder: &Channel,
        classifier: &Channel,
    ) -> Result<Self, DiscreteError> {
        let distortion = decoder.table().t().mapv(|d| -d.ln());
        // An input that is certain costs -0.
        Self::new(joint, marginal, distortion.mapv(f64::abs).view(), classifier)
    }
}

impl System for GibbsSystem {
    type Rdc = Rdc;
    type State = DiscreteState;
    type Error = DiscreteError;

    /// # Errors
    ///
    /// [`DiscreteError::GammaTooLarge`].
    fn equilibrium(&self, at: Multipliers, _from: Option<&DiscreteState>) -> Result<At<Self>, DiscreteError> {
        let task = Task { problem: &self.problem, at };
        task.check()?;
        let mut evaluation = Evaluation::new(&self.problem);
        evaluation.objective(task, &self.letters);
        evaluation.update(task.problem, &self.letters);
        let rdc = observed::observe(task, &self.letters, &evaluation);
        let state = DiscreteState::new(&self.problem, at, self.letters.clone(), Work::default())?;
        Ok(Equilibrium { multipliers: at, rdc, state, certificate: Certificate::ClosedForm })
    }
}

impl Responsive for GibbsSystem {
    /// # Errors
    ///
    /// [`DiscreteError::Shape`] or [`DiscreteError::ForeignState`] for the state of another system,
    /// [`DiscreteError::NotFinite`] where the response is beyond all numbers.
    fn response(&self, at: &At<Self>) -> Result<Response<f64>, DiscreteError> {
        at.state.check(&self.problem)?;
        let task = Task { problem: &self.problem, at: at.multipliers };
        response::response(task, &self.letters, None).map(|(response, _)| response)
    }
}
