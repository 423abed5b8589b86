//! Where nothing is encoded because distortions have too small a price.
//!
//! Against the letter 0 of least expected distortion, letter z has an excess `d_z = E rho(X, z) - E rho(X, 0) >= 0`, and over
//! the inputs `rho(x, z) - rho(x, 0)` has a range `s_z`. A channel that says z with probability `m_z`, and then knows `KL_z`
//! nats of its input, has `R >= sum m_z KL_z`, keeps `I(Z;Y) <= R`, and by Pinsker's inequality a distortion that is at least
//! `sum m_z (d_z - s_z sqrt(KL_z / 2))` above that of letter 0. So its F is at least
//!
//! ```text
//! sum over z of  m_z ( lambda d_z - (lambda s_z)^2 / 8 (1 - gamma) )
//! ```
//!
//! above that of saying 0 always: where no bracket is negative, nothing is encoded.

use super::letters::Letters;
use super::problem::{Problem, Task};
use super::solution::{Solution, Work};
use super::sums::dot;

/// Where the price `lambda s_z` of the letters that the brackets leave is below this, over `1 - gamma`, promises tell them
/// from the others only by rounding, and they alone are what a solution starts from.
const LITTLE: f64 = 1e-6;

/// Letter 0, and the excess and the range of every letter: of a problem at all multipliers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Least {
    letter: usize,
    excess: Vec<f64>,
    range: Vec<f64>,
}

/// The same with what a nat of the rate costs at least, less what it earns.
struct Priced<'a> {
    least: &'a Least,
    nat: f64,
}

/// `None` beyond the convex range, where tables are given, and where no letter is allowed to all inputs.
fn priced(task: Task<'_>) -> Option<Priced<'_>> {
    let Task { problem, at } = task;
    let nat = if problem.n_y == 1 { 1.0 } else { 1.0 - at.gamma() };
    if nat <= 0.0 || problem.marginal.is_some() || problem.log_classifier.is_some() {
        return None;
    }
    problem.least.as_ref().map(|least| Priced { least, nat })
}

impl Least {
    /// `None` where no letter is allowed to all inputs.
    pub(super) fn of(problem: &Problem) -> Option<Self> {
        let costs = |z: usize| problem.row(&problem.costs, z);
        let expected: Vec<f64> = (0..problem.n_z).map(|z| dot(costs(z), &problem.source)).collect();
        let letter = (0..problem.n_z).min_by(|&a, &b| expected[a].total_cmp(&expected[b]))?;
        if !expected[letter].is_finite() {
            return None;
        }
        let (mut excess, mut range) = (Vec::new(), Vec::new());
        for z in 0..problem.n_z {
            let differences = || costs(z).iter().zip(costs(letter)).map(|(cost, least)| cost - least);
            excess.push(differences().zip(&problem.source).map(|(difference, p)| difference * p).sum());
            let ends =
                differences().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), d| (a.min(d), b.max(d)));
            range.push(ends.1 - ends.0);
        }
        Some(Self { letter, excess, range })
    }
}

impl Priced<'_> {
    /// `lambda s_z`, where infinite costs have no price at `lambda = 0`.
    fn price(&self, lambda: f64, z: usize) -> f64 {
        if lambda == 0.0 { 0.0 } else { lambda * self.least.range[z] }
    }

    /// Whether the bracket of letter z is not negative.
    fn is_useless(&self, lambda: f64, z: usize) -> bool {
        // Of a letter that is forbidden to some inputs Pinsker's inequality says nothing.
        let price = self.price(lambda, z);
        lambda == 0.0
            || price.is_finite() && lambda * self.least.excess[z] >= price * price / (8.0 * self.nat)
    }
}

/// The solution of a convex problem in which nothing is encoded, where the brackets prove it; at `lambda = 0` the limit of
/// lambda to zero from above.
pub(super) fn constant_letter(task: Task<'_>) -> Option<Solution> {
    let Task { problem, at } = task;
    let priced = priced(task)?;
    if !(0..problem.n_z).all(|z| priced.is_useless(at.lambda(), z)) {
        return None;
    }
    let letters = only(task, &[priced.least.letter]);
    let entropy: f64 = problem.label_distribution().iter().map(|p| -p * p.ln()).sum();
    let costs = problem.row(&problem.costs, priced.least.letter);
    let distortion: f64 = costs.iter().zip(&problem.source).map(|(cost, p)| cost * p).sum();
    let objective = at.lambda() * distortion + at.gamma() * entropy;
    Some(Solution { letters, objective, gap: 0.0, residual: 0.0, work: Work::default(), is_evaluated: false })
}

/// The letters that the brackets leave, in equal parts, where their price is little: they are as good as letter 0 but for
/// what it pays for.
pub(super) fn tied_letters(task: Task<'_>) -> Option<Letters> {
    let priced = priced(task)?;
    let lambda = task.at.lambda();
    let ties: Vec<usize> = (0..task.problem.n_z)
        .filter(|&z| z == priced.least.letter || !priced.is_useless(lambda, z))
        .collect();
    let little = LITTLE * priced.nat;
    ties.iter().all(|&z| priced.price(lambda, z) <= little).then(|| only(task, &ties))
}

/// The given letters in equal parts, which say nothing of the labels.
fn only(task: Task<'_>, letters: &[usize]) -> Letters {
    let mut found = Letters::uniform(task.problem);
    found.marginal.fill(0.0);
    for &z in letters {
        found.marginal[z] = 1.0 / letters.len() as f64;
    }
    found
}
