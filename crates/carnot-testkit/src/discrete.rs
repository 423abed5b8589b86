//! A discrete problem as plain numbers.

use crate::random::SplitMix;

/// A source, its labels and a distortion table: what a rate-distortion-classification problem is given by.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscreteProblem {
    /// Letters of the source X.
    pub n_x: usize,
    /// Labels Y; one for a problem without labels.
    pub n_y: usize,
    /// Letters of the representation Z.
    pub n_z: usize,
    /// `p(x, y)`, `n_x` rows of `n_y`.
    pub joint: Vec<f64>,
    /// `rho(x, z) >= 0`, `n_x` rows of `n_z`. `+inf` forbids a pair; no row is all `+inf`.
    pub distortion: Vec<f64>,
}

impl DiscreteProblem {
    /// A problem without labels: a source `p(x)` and a distortion table of as many rows.
    pub fn rate_distortion(source: &[f64], distortion: Vec<f64>) -> Self {
        let n_x = source.len();
        Self { n_x, n_y: 1, n_z: distortion.len() / n_x, joint: source.to_vec(), distortion }
    }

    /// `p(x) = sum_y p(x, y)`.
    pub fn source(&self) -> Vec<f64> {
        self.joint.chunks(self.n_y).map(|row| row.iter().sum()).collect()
    }

    /// `p(y) = sum_x p(x, y)`.
    pub fn label_distribution(&self) -> Vec<f64> {
        (0..self.n_y).map(|y| self.joint.iter().skip(y).step_by(self.n_y).sum()).collect()
    }

    /// `p(y|x)`, `n_x` rows of `n_y`; rows of zeros where `p(x) = 0`.
    pub fn labels(&self) -> Vec<f64> {
        let of = |row: &[f64]| {
            let total: f64 = row.iter().sum();
            row.iter().map(|&p| if total > 0.0 { p / total } else { 0.0 }).collect::<Vec<f64>>()
        };
        self.joint.chunks(self.n_y).flat_map(of).collect()
    }

    /// An encoder `e(z|x)`, `n_x` rows of `n_z`: half on the letter of the same number, half evenly over all; nothing on
    /// forbidden pairs.
    pub fn diagonal_encoder(&self) -> Vec<f64> {
        self.encoder(|x, z| if x % self.n_z == z { 1.0 + self.n_z as f64 } else { 1.0 })
    }

    /// A random encoder `e(z|x)`, `n_x` rows of `n_z`, each uniform over the simplex of its allowed letters.
    pub fn random_encoder(&self, seed: u64) -> Vec<f64> {
        let mut random = SplitMix::new(seed);
        self.encoder(|_, _| -random.uniform().ln())
    }

    fn encoder(&self, mut weight: impl FnMut(usize, usize) -> f64) -> Vec<f64> {
        let mut encoder = vec![0.0; self.n_x * self.n_z];
        for (x, row) in encoder.chunks_mut(self.n_z).enumerate() {
            for (z, entry) in row.iter_mut().enumerate() {
                let drawn = weight(x, z);
                *entry = if self.distortion[x * self.n_z + z] < f64::INFINITY { drawn } else { 0.0 };
            }
            let total: f64 = row.iter().sum();
            row.iter_mut().for_each(|entry| *entry /= total);
        }
        encoder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem() -> DiscreteProblem {
        DiscreteProblem {
            n_x: 3,
            n_y: 2,
            n_z: 2,
            joint: vec![0.25, 0.25, 0.0, 0.5, 0.0, 0.0],
            distortion: vec![0.0, 1.0, f64::INFINITY, 1.0, 0.0, 0.0],
        }
    }

    #[test]
    fn the_marginals_and_conditionals_of_a_table() {
        let problem = problem();
        assert_eq!(problem.source(), [0.5, 0.5, 0.0]);
        assert_eq!(problem.label_distribution(), [0.25, 0.75]);
        assert_eq!(problem.labels(), [0.5, 0.5, 0.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn encoders_are_positive_where_they_may_be_and_nowhere_else() {
        let problem = problem();
        assert_eq!(problem.diagonal_encoder(), [0.75, 0.25, 0.0, 1.0, 0.75, 0.25]);
        let random = problem.random_encoder(3);
        assert_eq!((random[2], random[3]), (0.0, 1.0));
        assert!(random[0] > 0.0 && random[1] > 0.0 && (random[0] + random[1] - 1.0).abs() < 1e-15);
        assert_ne!(random, problem.random_encoder(4));
    }
}
