//! The state of a discrete equilibrium.

use std::sync::OnceLock;

use carnot_info::{Channel, Distribution, NORMALISATION_TOLERANCE};

use super::DiscreteError;
use super::elementary::exponentials;
use super::letters::Letters;
use super::line::Line;
use super::problem::{Problem, Task};
use super::solution::Work;
use crate::Multipliers;

/// What describes an equilibrium of a discrete system, a warm start for its neighbours: how often each letter is used and
/// what each says about the labels; of letters that are not in use too, what they would say if they were.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct DiscreteState {
    pub(super) letters: Letters,
    work: Work,
    /// The letters' marginal, checked.
    #[serde(skip_serializing)]
    marginal: Distribution,
    classifier: Channel,
    at: Multipliers,
    /// Whether a letter is at its transition, where the solver knows.
    is_critical: Option<bool>,
    /// The line along which this one was reached, on which the next is expected.
    line: Line,
    /// How the letters follow lambda and gamma, once the response has been asked for.
    #[serde(serialize_with = "where_known")]
    follows: OnceLock<Follows>,
}

/// The derivatives of the letters with respect to a parameter of the problem.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Follow {
    /// Of `m(z)`, shape `(n_z)`.
    pub(super) marginal: Vec<f64>,
    /// Of `ln c(y|z)`, shape `(n_z, n_y)`.
    pub(super) log_classifier: Vec<f64>,
}

/// Those with respect to lambda and to gamma.
pub(super) type Follows = Box<[Follow; 2]>;

fn where_known<Z: serde::Serializer>(follows: &OnceLock<Follows>, to: Z) -> Result<Z::Ok, Z::Error> {
    serde::Serialize::serialize(&follows.get(), to)
}

/// What may have been written as a state.
#[derive(serde::Deserialize)]
struct Unchecked {
    letters: Letters,
    work: Work,
    classifier: Channel,
    at: Multipliers,
    is_critical: Option<bool>,
    line: Line,
    follows: Option<Follows>,
}

impl TryFrom<Unchecked> for DiscreteState {
    type Error = DiscreteError;

    fn try_from(unchecked: Unchecked) -> Result<Self, DiscreteError> {
        let Unchecked { letters, work, classifier, at, is_critical, line, follows } = unchecked;
        let (n_z, n_y) = (letters.marginal.len(), letters.n_y());
        line.check(n_z, n_y)?;
        for follow in follows.iter().flat_map(|follows| follows.iter()) {
            let letters = ("letters that follow", n_z, follow.marginal.len());
            let logs = ("logarithms that follow", n_z * n_y, follow.log_classifier.len());
            check_sizes([letters, logs])?;
        }
        let agree = |z: usize, y: usize, column: usize| {
            let said = letters.log_classifier[z * n_y + y].exp();
            (said - classifier.table()[(z, column)]).abs() <= NORMALISATION_TOLERANCE
        };
        // The labels that occur are columns of the classifier, in order, among others of which letters may say something too
        // where it is given.
        let mut columns = 0..classifier.n_outputs();
        let is_said = |y: usize| columns.any(|column| (0..n_z).all(|z| agree(z, y, column)));
        if classifier.n_inputs() != n_z || !(0..n_y).all(is_said) {
            return Err(DiscreteError::ForeignClassifier);
        }
        let marginal = Distribution::from_weights(letters.marginal.clone())?;
        let follows = follows.map_or_else(OnceLock::new, OnceLock::from);
        Ok(Self { letters, work, marginal, classifier, at, is_critical, line, follows })
    }
}

pub(super) fn check_sizes(
    sizes: impl IntoIterator<Item = (&'static str, usize, usize)>,
) -> Result<(), DiscreteError> {
    match sizes.into_iter().find(|(_, expected, found)| found != expected) {
        Some((what, expected, found)) => Err(DiscreteError::Shape { what, expected, found }),
        None => Ok(()),
    }
}

impl DiscreteState {
    pub(super) fn new(
        problem: &Problem,
        at: Multipliers,
        letters: Letters,
        work: Work,
    ) -> Result<Self, DiscreteError> {
        let marginal = Distribution::from_weights(letters.marginal.clone())?;
        let classifier = match &problem.classifier {
            Some(given) => given.clone(),
            None => {
                let said = exponentials(&letters.log_classifier);
                Channel::from_weights(problem.spread_labels(|z, y| said[z * problem.n_y + y]))?
            }
        };
        let (is_critical, line, follows) = (None, Line::default(), OnceLock::new());
        Ok(Self { letters, work, marginal, classifier, at, is_critical, line, follows })
    }

    /// The same, with what the solver knows of whether a letter is at its transition.
    pub(super) fn at_transition(self, is_critical: Option<bool>) -> Self {
        Self { is_critical, ..self }
    }

    /// The same, reached from a state.
    pub(super) fn started_from(self, before: Option<&Self>) -> Self {
        let line = before.map(|state| state.line.through(state.at, &state.letters, self.at));
        Self { line: line.unwrap_or_default(), ..self }
    }

    /// Whether a letter is at its transition in this state as an equilibrium of these multipliers, where that is known.
    pub(super) fn is_critical(&self, at: Multipliers) -> Option<bool> {
        self.is_critical.filter(|_| at == self.at)
    }

    /// Keeps what the response at these multipliers has found on the way. The first to find it does: it is the same.
    pub(super) fn learn(&self, at: Multipliers, follows: Option<Follows>) {
        if let Some(follows) = follows.filter(|_| at == self.at) {
            self.follows.get_or_init(|| follows);
        }
    }

    /// The letters to start a task from.
    pub(super) fn start(&self, task: Task<'_>) -> Letters {
        self.line.extrapolated(self.at, &self.letters, self.follows.get(), task)
    }

    /// Refuses the state of a system of other sizes.
    pub(super) fn check_sizes(&self, problem: &Problem) -> Result<(), DiscreteError> {
        let (n_z, log_classifier) = (self.letters.marginal.len(), self.letters.log_classifier.len());
        check_sizes([
            ("letters of the state", problem.n_z, n_z),
            ("letters times labels of the state", problem.n_z * problem.n_y, log_classifier),
        ])
    }

    /// Refuses the state of a system of other sizes, and one that leaves an input without a letter that it is allowed.
    pub(super) fn check(&self, problem: &Problem) -> Result<(), DiscreteError> {
        self.check_sizes(problem)?;
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

#[cfg(test)]
mod tests {
    use carnot_info::Joint;
    use carnot_testkit::assert_close;
    use ndarray::array;

    use crate::{At, DiscreteSystem, Multipliers, Responsive, System};

    fn system() -> DiscreteSystem {
        let joint = array![[0.25, 0.05], [0.12, 0.13], [0.05, 0.2], [0.15, 0.05]];
        let distortion = array![[0.0, 0.8, 1.0], [0.4, 0.0, 0.5], [1.0, 0.6, 0.0], [0.3, 0.4, 0.9]];
        let joint = Joint::new(joint).expect("a joint distribution");
        DiscreteSystem::new(&joint, distortion.view()).expect("a system")
    }

    /// `h` away from (5, 0.6), along a line.
    fn along(h: f64) -> Multipliers {
        Multipliers::new(5.0 + h, 0.6 - 0.25 * h).expect("multipliers")
    }

    /// The largest distance between the letters from which a solution at `along(h)` is started and those that it comes to.
    fn miss(system: &DiscreteSystem, from: &At<DiscreteSystem>, h: f64) -> f64 {
        let at = along(h);
        let start = from.state.start(system.task(at));
        let solved = system.equilibrium(at, None).expect("an equilibrium").state;
        assert_eq!(solved.support(), from.state.support());
        let weights = start.marginal.iter().zip(&solved.letters.marginal);
        let logs = start.log_classifier.iter().zip(&solved.letters.log_classifier);
        weights.chain(logs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    /// The equilibrium at `along(0)`, reached in so many steps of `h`; with the response known there, or not.
    fn reached(system: &DiscreteSystem, steps: i32, h: f64, knows_response: bool) -> At<DiscreteSystem> {
        let mut from = system.equilibrium(along(-h * f64::from(steps)), None).expect("an equilibrium");
        for back in (0..steps).rev() {
            let next = system.equilibrium(along(-h * f64::from(back)), Some(&from.state));
            from = next.expect("an equilibrium");
        }
        if knows_response {
            system.response(&from).expect("a response");
        }
        from
    }

    #[test]
    fn a_start_misses_by_a_power_of_the_step_that_grows_with_what_is_known() {
        let system = system();
        for (steps, knows_response, order) in
            [(0, false, 1.0), (1, false, 2.0), (2, false, 3.0), (3, false, 4.0), (9, false, 4.0)]
                .into_iter()
                .chain([(0, true, 2.0), (1, true, 3.0), (2, true, 4.0)])
        {
            let missed = |h: f64| miss(&system, &reached(&system, steps, h, knows_response), h);
            // The next term is a few hundredths of this one.
            let found = (missed(0.04) / missed(0.02)).log2();
            assert_close!(found, order, rtol = 0.0, atol = 0.15);
        }
        // Off the line nothing is known but the response.
        let from = reached(&system, 3, 0.02, true);
        let aside = Multipliers::new(5.02, 0.62).expect("multipliers");
        let without = super::DiscreteState { line: super::Line::default(), ..from.state.clone() };
        let start = |state: &super::DiscreteState, at| state.start(system.task(at));
        assert_eq!(start(&from.state, aside), start(&without, aside));
        assert_ne!(start(&from.state, along(0.02)), start(&without, along(0.02)));
    }
}
