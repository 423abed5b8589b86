//! The state of a discrete equilibrium.

use std::sync::OnceLock;

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
    /// Whether a letter is at its transition, where the solver knows.
    is_critical: Option<bool>,
    /// The state that this one was started from: the other end of the line on which the next is expected.
    before: Option<Box<(Multipliers, Letters)>>,
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
    before: Option<Box<(Multipliers, Letters)>>,
    follows: Option<Follows>,
}

impl TryFrom<Unchecked> for DiscreteState {
    type Error = DiscreteError;

    fn try_from(unchecked: Unchecked) -> Result<Self, DiscreteError> {
        let Unchecked { letters, work, classifier, at, is_critical, before, follows } = unchecked;
        let (n_z, n_y) = (letters.marginal.len(), letters.n_y());
        if let Some((_, before)) = before.as_deref() {
            let letters = ("letters of the state before", n_z, before.marginal.len());
            let labels = ("labels of the state before", n_y, before.n_y());
            check_sizes([letters, labels])?;
        }
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
        Ok(Self { letters, work, marginal, classifier, at, is_critical, before, follows })
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
        let (is_critical, before, follows) = (None, None, OnceLock::new());
        Ok(Self { letters, work, marginal, classifier, at, is_critical, before, follows })
    }

    /// The same, with what the solver knows of whether a letter is at its transition.
    pub(super) fn at_transition(self, is_critical: Option<bool>) -> Self {
        Self { is_critical, ..self }
    }

    /// The same, with the state that it was started from.
    pub(super) fn started_from(self, before: Option<&Self>) -> Self {
        let before = before.filter(|before| before.at != self.at);
        Self { before: before.map(|state| Box::new((state.at, state.letters.clone()))), ..self }
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

    /// The letters in use moved along how they follow the multipliers, where that is known.
    fn followed(&self, at: Multipliers) -> Option<Letters> {
        let follows = self.follows.get()?;
        let mut letters = self.letters.clone();
        let n_y = letters.n_y();
        let moves = [at.lambda() - self.at.lambda(), at.gamma() - self.at.gamma()];
        let along = |of: [f64; 2]| moves[0] * of[0] + moves[1] * of[1];
        for z in self.letters.in_use() {
            let weight = &mut letters.marginal[z];
            *weight = (*weight + along(follows.each_ref().map(|f| f.marginal[z]))).max(KEPT * *weight);
            for place in z * n_y..(z + 1) * n_y {
                letters.log_classifier[place] += along(follows.each_ref().map(|f| f.log_classifier[place]));
            }
            letters.normalise_classifier(z, n_y);
        }
        letters.normalise_marginal();
        let numbers = letters.marginal.iter().chain(&letters.log_classifier);
        numbers.copied().all(f64::is_finite).then_some(letters)
    }

    /// The letters to start from at `at`: along how they follow the multipliers; where that is not known and `at` lies on the
    /// line from the state before this one, those in both along the secant of their weights and of the logarithms of their
    /// classifiers.
    pub(super) fn start(&self, at: Multipliers) -> Letters {
        if let Some(letters) = self.followed(at) {
            return letters;
        }
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

#[cfg(test)]
mod tests {
    use carnot_info::Joint;
    use carnot_testkit::assert_close;
    use ndarray::array;

    use crate::{At, DiscreteSystem, Multipliers, Responsive, System};

    /// The largest distance between the letters from which a solution at `(lambda + h, gamma - h / 4)` is started and those
    /// that it comes to.
    fn miss(system: &DiscreteSystem, from: &At<DiscreteSystem>, h: f64) -> f64 {
        let at = Multipliers::new(from.multipliers.lambda() + h, from.multipliers.gamma() - 0.25 * h)
            .expect("multipliers");
        let start = from.state.start(at);
        let solved = system.equilibrium(at, None).expect("an equilibrium").state;
        assert_eq!(solved.support(), from.state.support());
        let weights = start.marginal.iter().zip(&solved.letters.marginal);
        let logs = start.log_classifier.iter().zip(&solved.letters.log_classifier);
        weights.chain(logs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn once_the_response_is_known_a_start_misses_by_the_square_of_the_step() {
        let joint = array![[0.25, 0.05], [0.12, 0.13], [0.05, 0.2], [0.15, 0.05]];
        let distortion = array![[0.0, 0.8, 1.0], [0.4, 0.0, 0.5], [1.0, 0.6, 0.0], [0.3, 0.4, 0.9]];
        let joint = Joint::new(joint).expect("a joint distribution");
        let system = DiscreteSystem::new(&joint, distortion.view()).expect("a system");
        let from = system
            .equilibrium(Multipliers::new(5.0, 0.6).expect("multipliers"), None)
            .expect("an equilibrium");
        let order = |h: f64| (miss(&system, &from, 2.0 * h) / miss(&system, &from, h)).log2();
        // The letters themselves are right to the first power, their tangent to the second; the next one is 1e-2 of that.
        assert_close!(order(1e-2), 1.0, rtol = 0.0, atol = 0.1);
        system.response(&from).expect("a response");
        assert_close!(order(1e-2), 2.0, rtol = 0.0, atol = 0.1);
        assert_close!(order(-1e-2), 2.0, rtol = 0.0, atol = 0.1);
    }
}
