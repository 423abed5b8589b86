//! Beyond gamma = 1, where minima may be local: descent, and how well the lowest is found.

use carnot_surface::{Certificate, DiscreteOptions, DiscreteSystem, Responsive, System};
use carnot_testkit::numeric::binary_entropy;
use carnot_testkit::strategies::{
    DistortionKind, LabelKind, discrete_problem, distortions, labels, log_uniform, probabilities,
};
use carnot_testkit::{DiscreteProblem, Stop, assert_close, plain_alternation, tier};
use proptest::prelude::*;

use crate::given::{alternated, channel, distribution};
use crate::{at, bottleneck_of, for_draws, solve, system_of};

/// Random starts against which the solution is held.
const RIVALS: u64 = 50;

/// Updates of plain alternation from each.
const UPDATES: usize = 2_000;

#[test]
fn fifty_random_starts_hardly_ever_find_a_lower_minimum() {
    let strategy =
        (discrete_problem(2..=32, 2..=6, 2..=32), (log_uniform(1e-2, 1e2), log_uniform(1.05, 20.0)));
    let problems = tier::cases(12, 200);
    let (mut beaten, mut seconds) = (0, 0.0);
    for_draws(problems, &strategy, |draw, (problem, (lambda, gamma))| {
        let started = std::time::Instant::now();
        let equilibrium = system_of(&problem).equilibrium(at(lambda, gamma), None).expect("an equilibrium");
        seconds += started.elapsed().as_secs_f64();
        let Certificate::Stationary { residual, starts } = equilibrium.certificate else {
            // One label occurs: convex at every gamma.
            return;
        };
        assert!(residual <= 1e-12 && starts > 2, "draw {draw}: residual {residual:e}");
        let found = equilibrium.free_energy();
        let lowest = (0..RIVALS)
            .map(|seed| {
                let start = problem.random_encoder(seed);
                let stop = Stop { gap: 0.0, updates: UPDATES };
                plain_alternation(&problem, lambda, gamma, &start, stop).free_energy
            })
            .fold(f64::INFINITY, f64::min);
        if lowest < found - 1e-6 {
            beaten += 1;
            println!(
                "draw {draw}: {found} beaten by {:e}; x{} y{} z{} lambda {lambda} gamma {gamma}",
                found - lowest,
                problem.n_x,
                problem.n_y,
                problem.n_z
            );
        }
    });
    println!("{beaten} of {problems} beaten; {seconds:.2} s");
    assert!(beaten * 20 <= problems);
}

#[test]
fn groups_that_certain_labels_tell_apart_are_told_apart_without_a_saddle() {
    // Inputs 0 and 1 share their labels, 2 and 3 have one of their own. What each group has to itself is said for nothing from
    // gamma = 1 on; that 0 is not 1 would pay from 1 / sigma^2 = 3.9 on. Between, descents with a letter to spare for
    // it end in saddles, which have no response.
    let system = bottleneck_of(4, &[0.2, 0.1, 0.0, 0.05, 0.25, 0.0, 0.0, 0.0, 0.15, 0.0, 0.0, 0.25], 3);
    let (group, label) = (binary_entropy(0.4), 0.6 * binary_entropy(5.0 / 12.0));
    for gamma in [1.01, 1.1, 1.5, 2.0, 3.0] {
        let found = solve(&system, at(0.0, gamma));
        assert_close!(found.rdc.rate, group, 0.0, 1e-11, "gamma {gamma}");
        assert_close!(found.rdc.classification, label, 0.0, 1e-11, "gamma {gamma}");
        let response = system.response(&found).expect("a response");
        // On the plateau nothing moves.
        assert_close!(response.classification_gamma, 0.0, 0.0, 1e-9, "gamma {gamma}");
    }
    // Beyond, 0 is told from 1.
    let apart = solve(&system, at(0.0, 10.0));
    assert!(apart.rdc.classification < label - 0.05);
    assert!(system.response(&apart).expect("a response").classification_gamma < -1e-4);
}

/// How many letters there are for so many inputs.
type Letters = fn(usize) -> usize;

const LETTERS: [(&str, Letters); 3] = [("n_x", |n| n), ("n_x / 2", |n| n / 2), ("3", |_| 3)];

/// Ranges of gamma.
const GAMMAS: [(f64, f64); 4] = [(1.02, 2.0), (2.0, 5.0), (5.0, 20.0), (20.0, 100.0)];

/// What is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    Nothing,
    Marginal,
    Classifier,
}

/// A problem, multipliers, and a marginal and a classifier without zeros that may be given.
type Drawn = (DiscreteProblem, (f64, f64), Vec<f64>, Vec<f64>);

/// Problems that encode something: labels that say something of the input, a third of them without a distortion.
fn drawn(letters: Letters, gammas: (f64, f64)) -> impl Strategy<Value = Drawn> {
    use DistortionKind::{Decades, Forbidden, Grid, Hamming, Line, Ties, Uniform};
    let label_kinds = vec![LabelKind::Noisy, LabelKind::Noisy, LabelKind::Sparse, LabelKind::Certain];
    let label_kinds = prop::sample::select(label_kinds);
    let kinds = prop::sample::select(vec![Uniform, Decades, Ties, Hamming, Grid, Line, Forbidden]);
    (6..=32_usize, 2..=6_usize, label_kinds, kinds, 0..3).prop_flat_map(
        move |(n_x, n_y, label_kind, kind, bottleneck)| {
            let n_z = letters(n_x);
            let rows = prop::collection::vec(probabilities(n_y), n_z);
            let tables = (probabilities(n_x), labels(n_x, n_y, label_kind), distortions(n_x, n_z, kind));
            let multipliers = (log_uniform(1e-2, 1e2), log_uniform(gammas.0, gammas.1));
            (tables, multipliers, probabilities(n_z), rows).prop_map(
                move |((source, labels, mut distortion), multipliers, marginal, rows)| {
                    if bottleneck == 0 {
                        distortion.fill(0.0);
                    }
                    let joint = labels.iter().enumerate().map(|(i, label)| source[i / n_y] * label).collect();
                    let smooth = |p: &[f64]| -> Vec<f64> {
                        p.iter().map(|q| 0.9 * q + 0.1 / p.len() as f64).collect()
                    };
                    let classifier = rows.iter().flat_map(|row| smooth(row)).collect();
                    let problem = DiscreteProblem { n_x, n_y, n_z, joint, distortion };
                    (problem, multipliers, smooth(&marginal), classifier)
                },
            )
        },
    )
}

fn system_with(
    problem: &DiscreteProblem,
    given: Given,
    marginal: &[f64],
    classifier: &[f64],
) -> DiscreteSystem {
    let system = system_of(problem);
    match given {
        Given::Nothing => system,
        Given::Marginal => system.with_marginal(&distribution(marginal)).expect("a system"),
        Given::Classifier => system.with_classifier(&channel(problem.n_z, classifier)).expect("a system"),
    }
}

/// The lowest that alternations from random starts come to.
fn alternations((problem, (lambda, gamma), marginal, classifier): &Drawn, given: Given) -> f64 {
    let n_y = problem.n_y;
    let from = |seed: u64| {
        let start = problem.random_encoder(seed);
        if given == Given::Nothing {
            let stop = Stop { gap: 0.0, updates: tier::cases(300, 2_000) as usize };
            return plain_alternation(problem, *lambda, *gamma, &start, stop).free_energy;
        }
        // The classifier of a random input for each letter, without zeros.
        let labels = problem.labels();
        let input = |z: usize| (seed as usize + 7 * z) * 31 % problem.n_x;
        let said = |i: usize| 0.9 * labels[input(i / n_y) * n_y + i % n_y] + 0.1 / n_y as f64;
        let said = if given == Given::Marginal {
            (0..classifier.len()).map(said).collect()
        } else {
            classifier.clone()
        };
        let free = [given != Given::Marginal, given != Given::Classifier];
        alternated(problem, (marginal.clone(), said), free, (*lambda, *gamma), 100)
    };
    (0..u64::from(tier::cases(4, 50))).map(from).fold(f64::INFINITY, f64::min)
}

#[test]
fn a_wider_search_hardly_ever_finds_a_lower_minimum_in_any_stratum() {
    let problems = tier::cases(1, 60);
    // A search from other random starts, and many more of them.
    let wide = DiscreteOptions::default().with_starts(tier::cases(64, 256) as usize, 99);
    let mut failed = Vec::new();
    for (name, letters) in LETTERS {
        for given in [Given::Nothing, Given::Marginal, Given::Classifier] {
            for gammas in GAMMAS {
                let (mut beaten, mut worst, mut seconds) = (0, 0.0_f64, Vec::new());
                for_draws(problems, &drawn(letters, gammas), |draw, drawn| {
                    let (problem, (lambda, gamma), marginal, classifier) = &drawn;
                    let system = system_with(problem, given, marginal, classifier);
                    let place = at(*lambda, *gamma);
                    let started = std::time::Instant::now();
                    let found = solve(&system, place);
                    seconds.push(started.elapsed().as_secs_f64());
                    let is_bounded = matches!(found.certificate, Certificate::Bound { .. });
                    assert_eq!(is_bounded, system.is_convex(place), "{name} {given:?} {gammas:?} {draw}");
                    let wider = solve(&system.with_options(wide), place).free_energy();
                    let lowest = wider.min(alternations(&drawn, given));
                    let excess = (found.free_energy() - lowest) / lowest.abs().max(1.0);
                    beaten += u32::from(excess > 1e-6);
                    worst = worst.max(excess);
                });
                seconds.sort_by(f64::total_cmp);
                let report = format!(
                    "{name} letters, {given:?} given, gamma {gammas:?}: {beaten} of {problems} beaten, worst {worst:.0e}, \
                     median {:.1} ms",
                    1e3 * seconds[seconds.len() / 2]
                );
                println!("{report}");
                if beaten * 20 > problems || (given == Given::Classifier && beaten > 0) {
                    failed.push(report);
                }
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}
