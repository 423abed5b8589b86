//! The best deterministic encoder.

use carnot_info::{Joint, xlogx};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::{Certificate, Multipliers};

/// A letter for each input.
pub(super) struct Partition {
    pub(super) letters: Vec<usize>,
    pub(super) certificate: Certificate,
}

/// The partition that minimises `(1 - lambda) I(X;Z) + gamma H(Y|Z)`, `lambda >= 1`: exact where each input that occurs can
/// have a letter of its own, else the best that moves and swaps of single inputs reach from several starts.
pub(super) fn best(joint: &Joint, n_letters: usize, at: Multipliers, starts: usize, seed: u64) -> Partition {
    let source = joint.marginal_x();
    let n_x = joint.n_x();
    let occurring: Vec<usize> = (0..n_x).filter(|&x| source.probabilities()[x] > 0.0).collect();
    let mut own = vec![0; n_x];
    for (letter, &x) in occurring.iter().enumerate() {
        own[x] = letter % n_letters;
    }
    if occurring.len() <= n_letters {
        return Partition { letters: own, certificate: Certificate::ClosedForm };
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut search = Search { joint, n_letters, at };
    // The most probable inputs first, each to the lightest letter: a good start for the information alone.
    let mut by_weight = occurring.clone();
    by_weight.sort_by(|&a, &b| source.probabilities()[b].total_cmp(&source.probabilities()[a]));
    let (mut balanced, mut loads) = (vec![0; n_x], vec![0.0_f64; n_letters]);
    for &x in &by_weight {
        let lightest = (0..n_letters).min_by(|&a, &b| loads[a].total_cmp(&loads[b])).unwrap_or(0);
        balanced[x] = lightest;
        loads[lightest] += source.probabilities()[x];
    }
    let random = (0..starts).map(|_| (0..n_x).map(|_| rng.random_range(0..n_letters)).collect());
    let starts: Vec<Vec<usize>> = [own, balanced].into_iter().chain(random).collect();
    let count = starts.len();
    let descended = starts.into_iter().map(|letters| search.descend(letters, &occurring));
    let letters = descended.min_by(|a, b| a.0.total_cmp(&b.0)).map_or_else(Vec::new, |(_, letters)| letters);
    Partition { letters, certificate: Certificate::Stationary { residual: 0.0, starts: count } }
}

struct Search<'a> {
    joint: &'a Joint,
    n_letters: usize,
    at: Multipliers,
}

impl Search<'_> {
    /// `-sum_z [(1 - lambda) xlogx m_z + gamma (sum_y xlogx q_yz - xlogx m_z)]` over two letters: what a move or a swap
    /// between them changes.
    fn cost(&self, letters: &[usize], of: [usize; 2]) -> f64 {
        of.into_iter()
            .map(|z| {
                let members = || (0..self.joint.n_x()).filter(move |&x| letters[x] == z);
                let joint = |y: usize| members().map(|x| self.joint.table()[(x, y)]).sum::<f64>();
                let joints: Vec<f64> = (0..self.joint.n_y()).map(joint).collect();
                let weight = xlogx(joints.iter().sum());
                let labels: f64 = joints.iter().map(|q| xlogx(*q)).sum();
                (self.at.lambda() - 1.0) * weight + self.at.gamma() * (weight - labels)
            })
            .sum()
    }

    /// Moves and swaps single inputs while that lowers the cost. Returns the cost of all letters with them.
    fn descend(&mut self, mut letters: Vec<usize>, occurring: &[usize]) -> (f64, Vec<usize>) {
        // Improvements below rounding could go on for ever.
        let least = 1e-14 * (1.0 + self.at.lambda() + self.at.gamma());
        let mut improved = true;
        while improved {
            improved = false;
            for (place, &x) in occurring.iter().enumerate() {
                for z in 0..self.n_letters {
                    improved |= self.try_change(&mut letters, &[(x, z)], least);
                }
                for &other in &occurring[place + 1..] {
                    let swap = [(x, letters[other]), (other, letters[x])];
                    improved |= self.try_change(&mut letters, &swap, least);
                }
            }
        }
        let cost = (0..self.n_letters).map(|z| 0.5 * self.cost(&letters, [z, z])).sum();
        (cost, letters)
    }

    fn try_change(&self, letters: &mut [usize], change: &[(usize, usize)], least: f64) -> bool {
        let Some(&(x, to)) = change.first() else { return false };
        let pair = [letters[x], to];
        if pair[0] == pair[1] {
            return false;
        }
        let before = self.cost(letters, pair);
        let kept: Vec<(usize, usize)> = change.iter().map(|&(x, _)| (x, letters[x])).collect();
        for &(x, z) in change {
            letters[x] = z;
        }
        let better = self.cost(letters, pair) < before - least;
        if !better {
            for (x, z) in kept {
                letters[x] = z;
            }
        }
        better
    }
}
