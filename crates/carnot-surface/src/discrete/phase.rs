//! The phase of a discrete equilibrium: which letters it uses, and what is closest to entering.

use faer::{Mat, Side};

use super::DiscreteSystem;
use super::evaluation::Evaluation;
use super::letters::Letters;
use super::problem::Problem;
use super::solver::Solver;
use crate::geometry::{Entry, Phased};
use crate::{At, Certificate, Multipliers};

/// Two classifiers closer than this in every entry say the same. At a continuous onset letters part like a square root,
/// so that this is passed within the square of it.
const SAME: f64 = 1e-6;

/// Two closer than this are copies, not parts: to rounding, and to what a solver leaves of a difference that is on its way out.
const COPY: f64 = 1e-10;

/// What rounding leaves in a promise, a sum of as many terms as there are inputs, of size one.
const ROUNDING: f64 = 1e-14;

/// How many residuals of the equilibrium the error of a promise may be.
const RESIDUALS: f64 = 10.0;

/// A label of which a letter says less than this is ruled out by it: parts of the letter would rule it out too.
const DENIED: f64 = 1e-9;

/// For each kind of letter in use, its first member and how many different things its letters say.
///
/// Letters whose distortions are alike are of one kind, and which of them are used is arbitrary; so is how often the same
/// letter is used twice. At `lambda = 0` all letters are of one kind. A letter that only inputs of negligible probability
/// use is as good as none. In the convex range a letter that is not in use but promises one could be, at no cost: which of
/// such letters are is arbitrary too, and all of them count.
impl Phased for DiscreteSystem {
    type Phase = Vec<(usize, usize)>;

    fn phase(&self, at: &At<Self>) -> Self::Phase {
        let problem = &self.problem;
        if problem.marginal.is_some() || at.state.check(problem).is_err() {
            return Vec::new();
        }
        let letters = &at.state.letters;
        // Without a price on classification, what letters say does not tell them apart.
        let distinct =
            |a: usize, b: usize| at.multipliers.gamma() > 0.0 && !says_the_same(letters, problem.n_y, a, b);
        let mut kinds: Vec<(usize, Vec<usize>)> = Vec::new();
        let could_be = self.equals(at);
        let counts = |&z: &usize| letters.marginal[z] > f64::EPSILON || could_be[z];
        for z in (0..problem.n_z).filter(counts) {
            let kind = if at.multipliers.lambda() == 0.0 { 0 } else { problem.kinds[z] };
            match kinds.iter_mut().find(|(first, _)| *first == kind) {
                Some((_, members)) => {
                    if members.iter().all(|&member| distinct(member, z)) {
                        members.push(z);
                    }
                }
                None => kinds.push((kind, vec![z])),
            }
        }
        kinds.sort_by_key(|(kind, _)| *kind);
        kinds.into_iter().map(|(kind, members)| (kind, members.len())).collect()
    }

    /// The letter that promises most of those not in use, `w_z - 1`, or the letter in use that is closest to being better
    /// as two. Its promise `sum_x p(x) e(z|x) / m_z (c'_y / c_y)^(gamma p(y|x))`, of a part that says c', is one at `c' = c`
    /// and has its maximum there as long as `gamma sigma^2 <= 1`, with `sigma^2` the second eigenvalue of
    /// `sum_x p(x) e(z|x) p(y|x) p(y'|x) / sqrt(q_yz q_y'z)`: at `lambda = 0`, of a letter that says nothing, Wu and Fischer's
    /// threshold.
    fn entry(&self, at: &At<Self>) -> Option<Entry> {
        let problem = &self.problem;
        let one_kind = problem.kinds.iter().all(|&kind| kind == 0);
        if problem.marginal.is_some() {
            return None;
        }
        if at.multipliers.lambda() == 0.0 && !one_kind {
            let unpriced = Self { problem: problem.unpriced(at.multipliers)?, ..self.clone() };
            return unpriced.entry(at);
        }
        at.state.check(problem).ok()?;
        let letters = without_copies(problem, &at.state.letters);
        let promises = self.promises_of(at.multipliers, letters.clone());
        let could_be = self.equals(at);
        // Below its threshold a letter alone is one with its parts, on a way so flat that no search for another maximum comes to
        // its end.
        let mut used = letters.in_use();
        let alone = used.next().filter(|_| used.next().is_none() && problem.log_classifier.is_none());
        let is_part = |z: usize| {
            promises[z] < 1.0 && alone.is_some_and(|alone| problem.kinds[alone] == problem.kinds[z])
        };
        let is_absent = |&z: &usize| {
            let is_copy = || self.is_copy(at.multipliers, &letters, z);
            letters.marginal[z] == 0.0 && !could_be[z] && !is_part(z) && !is_copy()
        };
        let absent = (0..problem.n_z).filter(is_absent);
        let excess = absent.map(|z| promises[z] - 1.0).chain(self.partings(at)).reduce(f64::max)?;
        Some(Entry { excess, uncertainty: self.uncertainty(at) })
    }
}

/// The letters with copies joined: the others are free to enter. Where all say the same they are left: the first thing that
/// enters is a part of them.
fn without_copies(problem: &Problem, letters: &Letters) -> Letters {
    let joined = joined(problem, letters);
    if joined.in_use().count() > 1 { joined } else { letters.clone() }
}

/// The letters with those of one kind that say the same joined into the first of them, which says what they do in the mean.
pub(super) fn joined(problem: &Problem, letters: &Letters) -> Letters {
    let n_y = problem.n_y;
    let mut joined = letters.clone();
    for z in letters.in_use() {
        let alike = |&other: &usize| {
            problem.kinds[other] == problem.kinds[z] && differ(letters, n_y, z, other) < COPY
        };
        let first = letters.in_use().take_while(|&other| other < z).find(alike);
        if let Some(first) = first {
            let weight = std::mem::take(&mut joined.marginal[z]);
            joined.marginal[first] += weight;
            let share = weight / joined.marginal[first];
            for y in 0..n_y {
                let said = letters.log_classifier[z * n_y + y];
                let log_c = &mut joined.log_classifier[first * n_y + y];
                *log_c += (share * (said - *log_c).exp_m1()).ln_1p();
            }
        }
    }
    joined
}

fn says_the_same(letters: &Letters, n_y: usize, a: usize, b: usize) -> bool {
    differ(letters, n_y, a, b) < SAME
}

/// The largest difference of an entry of what two letters say.
fn differ(letters: &Letters, n_y: usize, a: usize, b: usize) -> f64 {
    let entry = |z: usize, y: usize| letters.log_classifier[z * n_y + y].exp();
    (0..n_y).map(|y| (entry(a, y) - entry(b, y)).abs()).fold(0.0, f64::max)
}

impl DiscreteSystem {
    /// How far a promise may be off.
    fn uncertainty(&self, at: &At<Self>) -> f64 {
        let residual = match at.certificate {
            Certificate::Bound { residual, .. } | Certificate::Stationary { residual, .. } => residual,
            _ => 0.0,
        };
        ROUNDING * self.problem.n_x as f64 + RESIDUALS * residual
    }

    /// Whether letter `z` can say what a letter in use of its kind says: in the convex range, where the classifier is free, no
    /// letter of a kind in use promises more than one, and all can promise that.
    fn is_copy(&self, at: Multipliers, letters: &Letters, z: usize) -> bool {
        let problem = &self.problem;
        let free = problem.log_classifier.is_none() && self.is_convex(at);
        free && letters.in_use().any(|used| problem.kinds[used] == problem.kinds[z])
    }

    /// Which letters have no weight that shows, but would be as good as those that have: of a problem that is convex, those that
    /// promise one and are neither copies nor there for inputs too rare to show.
    fn equals(&self, at: &At<Self>) -> Vec<bool> {
        let (letters, here, n_z) = (&at.state.letters, at.multipliers, self.problem.n_z);
        let is_candidate = |z: usize| match letters.marginal[z] {
            0.0 => !self.is_copy(here, letters, z),
            weight => weight <= f64::EPSILON,
        };
        let mut equals: Vec<bool> = (0..n_z).map(|z| self.is_convex(here) && is_candidate(z)).collect();
        if here.lambda() == 0.0 || !equals.contains(&true) {
            return vec![false; n_z];
        }
        let (problem, least) = (&self.problem, 1.0 - self.uncertainty(at));
        let mut solver = Solver::new(problem);
        let mut improved = letters.clone();
        solver.weigh(self.task(here), &mut improved);
        let encoder = &solver.evaluation.encoder;
        let used_by = |z: usize, least: f64| -> f64 {
            let inputs = (0..problem.n_x).filter(|&x| problem.source[x] > least);
            inputs.map(|x| problem.source[x] * encoder[z * problem.n_x + x]).sum()
        };
        for (z, equal) in equals.iter_mut().enumerate() {
            let shows = letters.marginal[z] == 0.0 || used_by(z, f64::EPSILON) > 0.5 * used_by(z, 0.0);
            *equal &= shows && solver.bounds.promises[z].weight >= least;
        }
        equals
    }

    /// `gamma sigma^2 - 1` of the letters in use that have another of their kind to become two with.
    fn partings(&self, at: &At<Self>) -> Vec<f64> {
        let (problem, letters, task) = (&self.problem, &at.state.letters, self.task(at.multipliers));
        if !task.classifier_matters() {
            return Vec::new();
        }
        let (n_x, n_y) = (problem.n_x, problem.n_y);
        let mut evaluation = Evaluation::new(problem);
        evaluation.objective(task, letters);
        evaluation.update(problem, letters);
        let has_a_twin = |z: usize| {
            let spare =
                |other: usize| letters.marginal[other] == 0.0 || says_the_same(letters, n_y, z, other);
            (0..problem.n_z)
                .any(|other| other != z && problem.kinds[other] == problem.kinds[z] && spare(other))
        };
        let parting = |z: usize| -> Option<f64> {
            let (joint, weight) = (&evaluation.joint[z * n_y..][..n_y], evaluation.marginal[z]);
            let said: Vec<usize> = (0..n_y).filter(|&y| joint[y] > DENIED * weight).collect();
            let posterior = |x: usize| problem.source[x] * evaluation.encoder[z * n_x + x];
            // Less the first eigenvalue, one, and its vector.
            let matrix = Mat::from_fn(said.len(), said.len(), |i, j| {
                let (yi, yj) = (said[i], said[j]);
                let (ti, tj) = (problem.row(&problem.labels, yi), problem.row(&problem.labels, yj));
                let both: f64 = (0..n_x).map(|x| posterior(x) * ti[x] * tj[x]).sum();
                let scale = (joint[yi] * joint[yj]).sqrt();
                both / scale - scale / weight
            });
            let largest = matrix.self_adjoint_eigenvalues(Side::Lower).ok()?.last().copied()?;
            Some(at.multipliers.gamma() * largest - 1.0)
        };
        letters.in_use().filter(|&z| has_a_twin(z)).filter_map(parting).collect()
    }
}
