//! The state of a discrete equilibrium.

use carnot_info::{Channel, Distribution, NORMALISATION_TOLERANCE};

use super::DiscreteError;
use super::letters::Letters;
use super::problem::Problem;
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
    /// The state that this one was started from: the other end of the line on which the next is expected.
    before: Option<Box<(Multipliers, Letters)>>,
}

/// What may have been written as a state.
#[derive(serde::Deserialize)]
struct Unchecked {
    letters: Letters,
    work: Work,
    classifier: Channel,
    at: Multipliers,
    before: Option<Box<(Multipliers, Letters)>>,
}

impl TryFrom<Unchecked> for DiscreteState {
    type Error = DiscreteError;

    fn try_from(unchecked: Unchecked) -> Result<Self, DiscreteError> {
        let Unchecked { letters, work, classifier, at, before } = unchecked;
        let (n_z, n_y) = (letters.marginal.len(), letters.n_y());
        if let Some((_, before)) = before.as_deref() {
            let letters = ("letters of the state before", n_z, before.marginal.len());
            let labels = ("labels of the state before", n_y, before.n_y());
            check_sizes([letters, labels])?;
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
        Ok(Self { letters, work, marginal, classifier, at, before })
    }
}

fn check_sizes(sizes: impl IntoIterator<Item = (&'static str, usize, usize)>) -> Result<(), DiscreteError> {
    match sizes.into_iter().find(|(_, expected, found)| found != expected) {
        Some((what, expected, found)) => Err(DiscreteError::Shape { what, expected, found }),
        None => Ok(()),
    }
}

/// How far along the line a start is extrapolated, in units of the step before.
const FARTHEST: f64 = 3.0;

/// How far off the line, as a part of the way, the next multipliers may be.
const OFF_THE_LINE: f64 = 0.1;

/// The part of its weight that a letter keeps where the line says that it is gone: whether it is, Newton's method finds.
const KEPT: f64 = 0.1;

impl DiscreteState {
    pub(super) fn new(
        problem: &Problem,
        at: Multipliers,
        letters: Letters,
        work: Work,
    ) -> Result<Self, DiscreteError> {
        let marginal = Distribution::from_weights(letters.marginal.clone())?;
        let said = |z: usize, y: usize| letters.log_classifier[z * problem.n_y + y].exp();
        let classifier = match &problem.classifier {
            Some(given) => given.clone(),
            None => Channel::from_weights(problem.spread_labels(said))?,
        };
        Ok(Self { letters, work, marginal, classifier, at, before: None })
    }

    /// The same, with the state that it was started from.
    pub(super) fn started_from(self, before: Option<&Self>) -> Self {
        let before = before.filter(|before| before.at != self.at);
        Self { before: before.map(|state| Box::new((state.at, state.letters.clone()))), ..self }
    }

    /// The letters to start from at `at`: where that lies on the line from the state before this one, those in both are moved
    /// along the secant of their weights and of the logarithms of their classifiers.
    pub(super) fn start(&self, at: Multipliers) -> Letters {
        let mut letters = self.letters.clone();
        let Some((_, before)) = self.before.as_deref() else { return letters };
        let Some(place) = self.place(at).filter(|place| (-1.0..=FARTHEST).contains(place)) else {
            return letters;
        };
        let n_y = letters.n_y();
        let in_use: Vec<usize> = letters.in_use().filter(|&z| before.marginal[z] > 0.0).collect();
        for z in in_use {
            let weight = &mut letters.marginal[z];
            *weight = (*weight + place * (*weight - before.marginal[z])).max(KEPT * *weight);
            let row = z * n_y..(z + 1) * n_y;
            for (log_c, before) in
                letters.log_classifier[row.clone()].iter_mut().zip(&before.log_classifier[row])
            {
                *log_c += place * (*log_c - before);
            }
            letters.normalise_classifier(z, n_y);
        }
        letters.normalise_marginal();
        letters
    }

    /// Where `at` lies on the line through the state before this one, at -1, and this one, at 0; `None` where it does not.
    fn place(&self, at: Multipliers) -> Option<f64> {
        let here = self.at;
        let scale = |multiplier: f64| if multiplier > 0.0 { multiplier } else { 1.0 };
        let way = |from: Multipliers, to: Multipliers| {
            let by_lambda = (to.lambda() - from.lambda()) / scale(here.lambda());
            [by_lambda, (to.gamma() - from.gamma()) / scale(here.gamma())]
        };
        let (last, next) = (way(self.before.as_deref()?.0, here), way(here, at));
        let place = (last[0] * next[0] + last[1] * next[1]) / (last[0] * last[0] + last[1] * last[1]);
        let off = (next[0] - place * last[0]).hypot(next[1] - place * last[1]);
        (off <= OFF_THE_LINE * next[0].hypot(next[1])).then_some(place)
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
