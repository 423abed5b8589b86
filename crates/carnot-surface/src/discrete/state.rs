//! The state of a discrete equilibrium.

use carnot_info::{Channel, Distribution};

use super::DiscreteError;
use super::letters::Letters;
use super::problem::Problem;
use super::solver::Work;

/// What describes an equilibrium of a discrete system, a warm start for its neighbours: how often each letter is used and
/// what each says about the labels; of letters that are not in use too, what they would say if they were.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscreteState {
    pub(super) letters: Letters,
    work: Work,
    marginal: Distribution,
    classifier: Channel,
}

impl DiscreteState {
    pub(super) fn new(problem: &Problem, letters: Letters, work: Work) -> Result<Self, DiscreteError> {
        let marginal = Distribution::from_weights(letters.marginal.clone())?;
        let n_y = problem.n_y;
        let table = problem.spread_labels(|z, y| letters.log_classifier[z * n_y + y].exp());
        let classifier = Channel::from_weights(table)?;
        Ok(Self { letters, work, marginal, classifier })
    }

    /// Refuses the state of a system of other sizes, and one that leaves an input without a letter that it is allowed.
    pub(super) fn check(&self, problem: &Problem) -> Result<(), DiscreteError> {
        let sizes = [
            ("letters of the state", self.letters.marginal.len(), problem.n_z),
            (
                "letters times labels of the state",
                self.letters.log_classifier.len(),
                problem.n_z * problem.n_y,
            ),
        ];
        if let Some((what, found, expected)) =
            sizes.into_iter().find(|(_, found, expected)| found != expected)
        {
            return Err(DiscreteError::Shape { what, expected, found });
        }
        let has_a_letter =
            |x: usize| self.letters.in_use().any(|z| problem.costs[z * problem.n_x + x].is_finite());
        match (0..problem.n_x).find(|&x| !has_a_letter(x)) {
            Some(x) => Err(DiscreteError::ForeignState { x: problem.inputs[x] }),
            None => Ok(()),
        }
    }

    /// The marginal `m(z)`, shape `(n_z)`.
    pub fn marginal(&self) -> &Distribution {
        &self.marginal
    }

    /// The classifier `c(y|z)`, shape `(n_z, n_y)`.
    pub fn classifier(&self) -> &Channel {
        &self.classifier
    }

    /// The letters in use, in ascending order: a change of this set is a phase transition.
    pub fn support(&self) -> Vec<usize> {
        self.letters.in_use().collect()
    }

    /// The work that the solver did.
    pub fn work(&self) -> Work {
        self.work
    }
}
