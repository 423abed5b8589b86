//! The phase of a discrete equilibrium: which letters it uses.

use super::DiscreteSystem;
use crate::At;
use crate::geometry::Phased;

/// Two classifiers closer than this in every entry say the same. At a continuous onset letters part like a square root,
/// so that this is passed within the square of it.
const SAME: f64 = 1e-6;

/// For each kind of letter in use, its first member and how many different things its letters say.
///
/// Letters whose distortions are alike are of one kind, and which of them are used is arbitrary; so is how often the same
/// letter is used twice. At `lambda = 0` all letters are of one kind.
impl Phased for DiscreteSystem {
    type Phase = Vec<(usize, usize)>;

    fn phase(&self, at: &At<Self>) -> Self::Phase {
        let problem = &self.problem;
        let n_y = problem.n_y;
        if problem.marginal.is_some() || at.state.check(problem).is_err() {
            return Vec::new();
        }
        let letters = &at.state.letters;
        let says_the_same = |a: usize, b: usize| {
            let entry = |z: usize, y: usize| letters.log_classifier[z * n_y + y].exp();
            (0..n_y).all(|y| (entry(a, y) - entry(b, y)).abs() < SAME)
        };
        // Without a price on classification, what letters say does not tell them apart.
        let distinct = |a: usize, b: usize| at.multipliers.gamma() > 0.0 && !says_the_same(a, b);
        let mut kinds: Vec<(usize, Vec<usize>)> = Vec::new();
        for z in letters.in_use() {
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
}
