//! What a search under way has found: the lowest candidates for the lowest minimum.

use super::letters::Letters;
use super::problem::Problem;

/// Candidates whose `ln s(x)` differ by less in the mean are the same minimum.
const SAME: f64 = 1e-3;

/// The difference of objectives, relative to them, below which only a descent to the end tells which is lower, and the most
/// candidates that are followed so far.
const UNRESOLVED: f64 = 1e-4;
const MOST_FINISHED: usize = 4;

/// Letters whose classifiers differ by less in every entry are alike.
const ALIKE: f64 = 1e-3;

/// Letters on their way to a minimum, with their objective.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) letters: Letters,
    pub(super) objective: f64,
    /// `ln s(x)`, by which minima are told apart: it does not depend on how letters are numbered, or on how many say the
    /// same.
    pub(super) log_partition: Vec<f64>,
}

impl Candidate {
    pub(super) fn new(letters: Letters) -> Self {
        Self { letters, objective: f64::INFINITY, log_partition: Vec::new() }
    }
}

/// The lowest candidates that are not the same minimum, the lowest first.
#[derive(Debug, Default)]
pub(super) struct Pool {
    pub(super) candidates: Vec<Candidate>,
}

impl Pool {
    pub(super) fn lowest(&self) -> f64 {
        self.candidates.first().map_or(f64::INFINITY, |candidate| candidate.objective)
    }

    /// Takes a candidate in if it may be the lowest; of two that are alike, the lower one stays.
    pub(super) fn insert(&mut self, source: &[f64], candidate: Candidate) {
        let alike = |other: &Candidate| {
            let distances =
                candidate.log_partition.iter().zip(&other.log_partition).map(|(a, b)| (a - b).abs());
            distances.zip(source).map(|(distance, p)| p * distance).sum::<f64>() < SAME
        };
        match self.candidates.iter().position(alike) {
            Some(place) if self.candidates[place].objective <= candidate.objective => return,
            Some(place) => self.candidates[place] = candidate,
            None => self.candidates.push(candidate),
        }
        self.candidates.sort_by(|a, b| a.objective.total_cmp(&b.objective));
        let highest = self.lowest() + UNRESOLVED * self.lowest().abs().max(1.0);
        self.candidates.truncate(MOST_FINISHED);
        self.candidates.retain(|candidate| candidate.objective <= highest);
    }
}

/// Makes one letter of those of one kind that say nearly the same, where weights are free: they cost time and gain nothing.
pub(super) fn merge(problem: &Problem, letters: &mut Letters) {
    if problem.marginal.is_some() {
        return;
    }
    let n_y = problem.n_y;
    let in_use: Vec<usize> = letters.in_use().collect();
    for (k, &z) in in_use.iter().enumerate() {
        let said = |letters: &Letters, z: usize, y: usize| letters.log_classifier[z * n_y + y].exp();
        let alike = |earlier: usize| {
            letters.marginal[earlier] > 0.0
                && problem.kinds[earlier] == problem.kinds[z]
                && (0..n_y).all(|y| (said(letters, earlier, y) - said(letters, z, y)).abs() < ALIKE)
        };
        if let Some(earlier) = in_use[..k].iter().copied().find(|&earlier| alike(earlier)) {
            letters.marginal[earlier] += letters.marginal[z];
            letters.marginal[z] = 0.0;
        }
    }
}
