//! Discrete problems of every shape: labels from certain to uninformative, distortions over decades, ties, structure and
//! forbidden pairs.

use std::ops::RangeInclusive;

use proptest::prelude::*;

use super::{log_uniform, probabilities};
use crate::DiscreteProblem;
use crate::random::SplitMix;

/// How labels depend on the source letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelKind {
    /// Every label is possible: from nearly independent of x to nearly a function of it.
    Noisy,
    /// The same with half of the cells zero.
    Sparse,
    /// A function of x.
    Certain,
    /// The same for every x.
    Independent,
}

/// How a distortion table is made, before it is scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DistortionKind {
    /// Uniform in `(0, 1)`.
    Uniform,
    /// Log-uniform over six decades.
    Decades,
    /// Whole numbers from zero to two: ties within and between rows.
    Ties,
    /// Zero where z is x modulo the number of letters, else one.
    Hamming,
    /// Squared distance of equally spaced points on a line.
    Grid,
    /// Squared distance of random points on a line.
    Line,
    /// Uniform with about half of the pairs forbidden, never a whole row.
    Forbidden,
}

const LABELS: [LabelKind; 4] =
    [LabelKind::Noisy, LabelKind::Sparse, LabelKind::Certain, LabelKind::Independent];

const DISTORTIONS: [DistortionKind; 7] = [
    DistortionKind::Uniform,
    DistortionKind::Decades,
    DistortionKind::Ties,
    DistortionKind::Hamming,
    DistortionKind::Grid,
    DistortionKind::Line,
    DistortionKind::Forbidden,
];

/// Labels `p(y|x)`, `n_x` rows of `n_y`, of one kind. Half of the noisy and sparse draws have log-odds between letters
/// below one, half above.
pub fn labels(n_x: usize, n_y: usize, kind: LabelKind) -> impl Strategy<Value = Vec<f64>> {
    (any::<u64>().no_shrink(), log_uniform(1e-2, 1e2), log_uniform(1e-2, 10.0)).prop_map(
        move |(seed, sharpness, skew)| {
            let mut random = SplitMix::new(seed);
            let prior: Vec<f64> = (0..n_y).map(|_| skew * random.signed()).collect();
            let mut table = vec![0.0; n_x * n_y];
            for row in table.chunks_mut(n_y) {
                let certain = random.index(n_y);
                for (y, entry) in row.iter_mut().enumerate() {
                    let (direction, kept) = (random.signed(), random.uniform() < 0.5);
                    *entry = match kind {
                        LabelKind::Sparse if !kept && y != certain => 0.0,
                        LabelKind::Noisy | LabelKind::Sparse => (prior[y] + sharpness * direction).exp(),
                        LabelKind::Certain => f64::from(u8::from(y == certain)),
                        LabelKind::Independent => prior[y].exp(),
                    };
                }
                let total: f64 = row.iter().sum();
                row.iter_mut().for_each(|entry| *entry /= total);
            }
            table
        },
    )
}

/// A distortion table, `n_x` rows of `n_z`, of one kind and with a scale log-uniform over `[1e-2, 1e2]`.
pub fn distortions(n_x: usize, n_z: usize, kind: DistortionKind) -> impl Strategy<Value = Vec<f64>> {
    (any::<u64>().no_shrink(), log_uniform(1e-2, 1e2)).prop_map(move |(seed, scale)| {
        let mut random = SplitMix::new(seed);
        let sources: Vec<f64> = (0..n_x).map(|_| random.uniform()).collect();
        let letters: Vec<f64> = (0..n_z).map(|_| random.uniform()).collect();
        let spaced = |index: usize, n: usize| (index as f64 + 0.5) / n as f64;
        let mut table = vec![0.0; n_x * n_z];
        for (x, row) in table.chunks_mut(n_z).enumerate() {
            let allowed = random.index(n_z);
            for (z, entry) in row.iter_mut().enumerate() {
                let (u, kept) = (random.uniform(), random.uniform() < 0.5);
                let rho = match kind {
                    DistortionKind::Forbidden if !kept && z != allowed => f64::INFINITY,
                    DistortionKind::Uniform | DistortionKind::Forbidden => u,
                    DistortionKind::Decades => 1e-6f64.powf(u),
                    DistortionKind::Ties => (3.0 * u).floor(),
                    DistortionKind::Hamming => f64::from(u8::from(x % n_z != z)),
                    DistortionKind::Grid => (spaced(x, n_x) - spaced(z, n_z)).powi(2),
                    DistortionKind::Line => (sources[x] - letters[z]).powi(2),
                };
                *entry = scale * rho;
            }
        }
        table
    })
}

/// A discrete problem with alphabets of these sizes, each kind of labels and of distortion as likely.
///
/// A table is one seed to proptest: what shrinks are the sizes, the kinds and the scales.
pub fn discrete_problem(
    n_x: RangeInclusive<usize>,
    n_y: RangeInclusive<usize>,
    n_z: RangeInclusive<usize>,
) -> impl Strategy<Value = DiscreteProblem> {
    let kinds = (prop::sample::select(LABELS.to_vec()), prop::sample::select(DISTORTIONS.to_vec()));
    (n_x, n_y, n_z, kinds).prop_flat_map(|(n_x, n_y, n_z, (label_kind, distortion_kind))| {
        let parts =
            (probabilities(n_x), labels(n_x, n_y, label_kind), distortions(n_x, n_z, distortion_kind));
        parts.prop_map(move |(source, labels, distortion)| {
            let joint = labels.iter().enumerate().map(|(i, label)| source[i / n_y] * label).collect();
            DiscreteProblem { n_x, n_y, n_z, joint, distortion }
        })
    })
}

/// Multipliers `(lambda, gamma)` where the discrete problem is convex: lambda log-uniform in `[1e-3, 1e3]`, gamma uniform
/// in `[0, 1]`.
pub fn convex_multipliers() -> impl Strategy<Value = (f64, f64)> + Clone {
    (log_uniform(1e-3, 1e3), 0.0..=1.0f64)
}

/// Multipliers `(lambda, gamma)`, both log-uniform in `[1e-3, 1e3]`.
pub fn multipliers() -> impl Strategy<Value = (f64, f64)> + Clone {
    (log_uniform(1e-3, 1e3), log_uniform(1e-3, 1e3))
}

#[cfg(test)]
mod tests {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn problems_are_problems(problem in discrete_problem(1..=64, 1..=10, 1..=64)) {
            let DiscreteProblem { n_x, n_y, n_z, joint, distortion } = &problem;
            prop_assert_eq!(joint.len(), n_x * n_y);
            prop_assert_eq!(distortion.len(), n_x * n_z);
            prop_assert!(joint.iter().all(|p| (0.0..=1.0).contains(p)));
            // The rounding of a sum of at most 640 terms, and of the rows that they come from.
            prop_assert!((joint.iter().sum::<f64>() - 1.0).abs() <= 1e-14);
            prop_assert!(distortion.iter().all(|rho| *rho >= 0.0));
            prop_assert!(distortion.chunks(*n_z).all(|row| row.iter().any(|rho| rho.is_finite())));
        }

        #[test]
        fn multipliers_stay_in_range((lambda, gamma) in convex_multipliers(), (other, more) in multipliers()) {
            let wide = 0.999e-3..=1.001e3;
            prop_assert!(wide.contains(&lambda) && wide.contains(&other) && wide.contains(&more));
            prop_assert!((0.0..=1.0).contains(&gamma));
        }
    }

    /// What one draw of a strategy gives.
    fn draw<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>) -> T {
        strategy.new_tree(&mut TestRunner::deterministic()).expect("no draw is refused").current()
    }

    #[test]
    fn each_kind_is_what_it_says() {
        let certain = draw(labels(50, 4, LabelKind::Certain));
        assert!(certain.iter().all(|p| *p == 0.0 || *p == 1.0));
        let independent = draw(labels(50, 4, LabelKind::Independent));
        assert!(independent.chunks(4).all(|row| row == &independent[..4]));
        let zeros = |table: &[f64]| table.iter().filter(|p| **p == 0.0).count();
        assert_eq!(zeros(&draw(labels(50, 4, LabelKind::Noisy))), 0);
        assert!((50..100).contains(&zeros(&draw(labels(50, 4, LabelKind::Sparse)))));

        let forbidden = draw(distortions(50, 4, DistortionKind::Forbidden));
        let infinite = forbidden.iter().filter(|rho| rho.is_infinite()).count();
        assert!((50..100).contains(&infinite), "{infinite} of 200");
        let hamming = draw(distortions(4, 4, DistortionKind::Hamming));
        assert!((0..16).all(|i| (hamming[i] == 0.0) == (i % 5 == 0)) && zeros(&hamming) == 4);
        let grid = draw(distortions(5, 5, DistortionKind::Grid));
        assert!((0..25).all(|i| grid[i] == grid[i % 5 * 5 + i / 5]));
        let mut ties = draw(distortions(50, 4, DistortionKind::Ties));
        ties.sort_by(f64::total_cmp);
        ties.dedup();
        assert_eq!(ties.len(), 3);
        let decades = draw(distortions(50, 4, DistortionKind::Decades));
        let spread =
            decades.iter().copied().fold(0.0, f64::max) / decades.iter().copied().fold(1e9, f64::min);
        assert!(spread > 1e4, "{spread}");
    }

    #[test]
    fn every_kind_and_both_extremes_of_the_labels_are_drawn() {
        let mut runner = TestRunner::deterministic();
        let strategy = discrete_problem(8..=8, 3..=3, 8..=8);
        let (mut forbidden, mut certain, mut sparse, mut independent) = (0, 0, 0, 0);
        for _ in 0..400 {
            let problem = strategy.new_tree(&mut runner).expect("no draw is refused").current();
            let labels = problem.labels();
            let present: Vec<&[f64]> = labels.chunks(3).filter(|row| row.iter().sum::<f64>() > 0.0).collect();
            forbidden += u32::from(problem.distortion.iter().any(|rho| rho.is_infinite()));
            certain += u32::from(present.iter().all(|row| row.iter().any(|p| *p > 0.999)));
            sparse += u32::from(present.iter().any(|row| row.contains(&0.0)));
            let near = |row: &&[f64]| row.iter().zip(present[0]).all(|(p, q)| (p - q).abs() < 0.1);
            independent += u32::from(present.iter().all(near));
        }
        // A seventh, at least a quarter, at least a half and at least a quarter are expected of 400.
        assert!(
            forbidden > 30 && certain > 60 && sparse > 120 && independent > 60,
            "{forbidden} forbidden, {certain} certain, {sparse} sparse, {independent} independent"
        );
    }
}
