//! Plateaus, surfaces that are curves, constraints that do not bind, targets out of reach.

use carnot_surface::{Inversion, InversionOptions, Observables, Rdc, Solution, Target, solve_for};
use carnot_testkit::assert_close;

use crate::systems::{Gibbs, Phases, plane, scalar, uniform_binary, water};
use crate::{Classification, Distortion, Rate, at_gamma, at_lambda, forward, pairs, point, solve, unique};

/// The multipliers at the ends of a plateau, as (lambda, gamma).
fn ends<X: std::fmt::Debug>(solution: &Solution<X>) -> [(f64, f64); 2] {
    match solution {
        Solution::Plateau { ends } => {
            [0, 1].map(|k| (ends[k].multipliers.lambda(), ends[k].multipliers.gamma()))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_distortion_that_stays_is_a_plateau_with_its_ends() {
    // Three models with kinks of F at lambda = 2 and lambda = 5: the second is the best one in between.
    let system = Phases::of(vec![
        Gibbs::single(0.0, 1.0, 0.0),
        Gibbs::single(1.0, 0.5, 0.0),
        Gibbs::single(3.5, 0.0, 0.0),
    ]);
    for blind in [false, true] {
        let system = Phases { blind, ..system.clone() };
        for target in [at_gamma(0.0, Distortion, 0.5), at_gamma(0.0, Rate, 1.0)] {
            let [low, high] = ends(&unique(solve(&system, target)));
            // Ends are found to 1e-12.
            assert_close!(low.0, 2.0, rtol = 2e-12, atol = 0.0);
            assert_close!(high.0, 5.0, rtol = 2e-12, atol = 0.0);
        }
        // The last one lasts for ever, the first one from zero.
        let [low, high] = ends(&unique(solve(&system, at_gamma(0.0, Distortion, 0.0))));
        assert_close!(low.0, 5.0, rtol = 2e-12, atol = 0.0);
        assert_eq!(high.0, 1e8);
        let [low, high] = ends(&unique(solve(&system, at_gamma(0.0, Distortion, 1.0))));
        assert_eq!(low.0, 0.0);
        assert_close!(high.0, 2.0, rtol = 2e-12, atol = 0.0);
    }
}

#[test]
fn a_plateau_of_one_loss_is_one_of_every_pair() {
    // A bit of distortion, and three models of what it says: F(lambda) of the bit and the least of three lines in gamma,
    // which meet at gamma = 2 and gamma = 5.
    let model = |rate, loss| Gibbs { offset: rate, letters: vec![[0.5, 0.0, loss], [0.5, 1.0, loss]] };
    let system = Phases::of(vec![model(0.0, 1.0), model(1.0, 0.5), model(3.5, 0.0)]);
    for blind in [false, true] {
        let system = Phases { blind, ..system.clone() };
        let there = forward(&system, 1.3, 3.0).rdc;
        let targets = pairs(there).into_iter().chain([at_lambda(1.3, Classification, there.classification)]);
        for target in targets {
            let mut found = ends(&unique(solve(&system, target)));
            found.sort_by(|a, b| a.1.total_cmp(&b.1));
            let [low, high] = found;
            // The tolerance of D, and of R, over their slopes of about 0.2.
            assert_close!(low.0, 1.3, 0.0, 1e-9, "{target:?}");
            assert_close!(high.0, 1.3, 0.0, 1e-9, "{target:?}");
            assert_close!(low.1, 2.0, 2e-12, 0.0, "{target:?}");
            assert_close!(high.1, 5.0, 2e-12, 0.0, "{target:?}");
        }
    }
}

#[test]
fn losses_that_have_all_but_vanished_are_on_a_plateau_of_every_pair() {
    // D = 1 / (1 + exp(lambda)) and C = 1 / (1 + exp(gamma)), of two bits: both below the tolerance from 28 on.
    let letters = [[0.25, 0.0, 0.0], [0.25, 0.0, 1.0], [0.25, 1.0, 0.0], [0.25, 1.0, 1.0]];
    let system = Phases::one(&letters);
    let there = forward(&system, 40.0, 2.0).rdc;
    assert!(there.distortion < 1e-17);
    let from = forward(&system, 39.0, 2.0);
    let by_lambda = solve(&system, at_gamma(2.0, Distortion, there.distortion));
    let [low, high] = ends(&unique(by_lambda));
    assert!(low.0 < 28.0 && high.0 == 1e8);
    let [by_losses, ..] = pairs(there);
    for start in [None, Some(&from)] {
        let solved = solve_for(&system, by_losses, start, &InversionOptions::default()).expect("solved");
        let [low, high] = ends(&unique(solved));
        assert!(low.0 < 28.0 && high.0 == 1e8, "{low:?} {high:?}");
        assert_close!(low.1, 2.0, rtol = 1e-9, atol = 0.0);
    }
    // Both losses at once, of which neither response is small beside the other.
    let (there, beside) = (forward(&system, 40.0, 40.0).rdc, forward(&system, 39.0, 41.0));
    for target in pairs(there) {
        for start in [None, Some(&beside)] {
            let solved = solve_for(&system, target, start, &InversionOptions::default()).expect("solved");
            let solution = unique(solved);
            assert!(matches!(solution, Solution::Plateau { .. }), "{target:?}: {solution:?}");
        }
    }
}

#[test]
fn before_its_onset_a_gaussian_source_is_on_a_plateau() {
    // Nothing is encoded until mu = 2 lambda reaches one.
    let system = water(&[1.0, 0.5]);
    let target = at_gamma(0.0, Distortion, 1.5 + system.distortion_constant());
    let [low, high] = ends(&unique(solve(&system, target)));
    assert_eq!(low.0, 0.0);
    // D leaves the tolerance, 3e-11, with a slope of two.
    assert_close!(high.0, 0.5, rtol = 0.0, atol = 2e-11);
}

#[test]
fn on_the_curve_of_a_scalar_source_the_multipliers_are_not_identified() {
    // Everything depends on mu = 4 lambda + 2.45 gamma: the segment runs from (0, mu / 2.45) to (mu / 4, 0).
    let system = scalar();
    let there = forward(&system, 1.5, 2.5);
    let mu = there.state.strengths()[0];
    for (k, target) in pairs(there.rdc).into_iter().enumerate() {
        let solution = unique(solve(&system, target));
        let mut found = ends(&solution);
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        let [low, high] = found;
        // The relative tolerance of the losses, over the part of them that moves.
        assert_close!(low.1, mu / 2.45, 0.0, 1e-9, "pair {k}");
        assert_close!(high.0, mu / 4.0, 0.0, 1e-9, "pair {k}");
        assert!(low.0 < 1e-9 && high.1 < 1e-9, "{low:?} {high:?}");
        assert_close!(solution.rdc().rate, there.rdc.rate, rtol = 1e-10, atol = 0.0);
    }
}

#[test]
fn off_the_curve_one_constraint_does_not_bind() {
    let system = scalar();
    let there = forward(&system, 1.5, 2.5).rdc;
    let looser = Rdc { classification: there.classification + 0.1, ..there };
    let [target, ..] = pairs(looser);
    let Inversion::Slack { solution: Solution::Point(found), slack } = solve(&system, target).inversion
    else {
        panic!("not slack")
    };
    assert_eq!(slack, [Classification]);
    assert_eq!(found.multipliers.gamma(), 0.0);
    assert_close!(found.rdc.distortion, there.distortion, rtol = 2e-11, atol = 0.0);
    let looser = Rdc { distortion: there.distortion + 0.1, ..there };
    let [target, _, from_rate] = pairs(looser);
    for target in [target, from_rate] {
        let Inversion::Slack { solution: Solution::Point(found), slack } = solve(&system, target).inversion
        else {
            panic!("not slack")
        };
        assert_eq!((slack.as_slice(), found.multipliers.lambda()), ([Distortion].as_slice(), 0.0));
        assert_close!(found.rdc.classification, there.classification, rtol = 2e-11, atol = 0.0);
    }
}

#[test]
fn slack_constraints_are_named_and_leave_the_problem_without_them() {
    let system = plane();
    let alone = forward(&system, 3.0, 0.0);
    let rate_distortion = point(&system, at_gamma(0.0, Distortion, alone.rdc.distortion));
    let looser = Rdc { classification: alone.rdc.classification + 0.3, ..alone.rdc };
    let [by_distortion, by_rate, _] = pairs(looser);
    for target in [by_distortion, by_rate] {
        let Inversion::Slack { solution, slack } = solve(&system, target).inversion else { panic!("binds") };
        assert_eq!(slack, [Classification]);
        // Both are within the tolerance of the same D or R; lambda S11 is of the order of D.
        let lambda = solution.multipliers().lambda();
        assert_close!(lambda, rate_distortion.multipliers.lambda(), rtol = 1e-9, atol = 0.0);
    }
    let idle = forward(&system, 0.0, 0.0).rdc;
    let target = Target::DistortionClassification {
        distortion: idle.distortion + 1.0,
        classification: idle.classification + 1.0,
    };
    let Inversion::Slack { solution, slack } = solve(&system, target).inversion else { panic!("binds") };
    assert_eq!(slack, [Classification, Distortion]);
    assert_eq!(solution.rdc(), idle);
    // In one dimension the same.
    let at_zero = forward(&system, 1.0, 0.0).rdc.classification;
    let Inversion::Slack { solution, slack } =
        solve(&system, at_lambda(1.0, Classification, at_zero + 0.1)).inversion
    else {
        panic!("binds")
    };
    assert_eq!((slack.as_slice(), solution.multipliers().gamma()), ([Classification].as_slice(), 0.0));
}

#[test]
fn a_distortion_not_identified_at_zero_is_compared_with_its_limit() {
    // At lambda = 0 any letter will do, and the system says the worst; D is 1/2 as soon as lambda is positive.
    for at_zero in [0.9, f64::INFINITY] {
        let system = Phases { distortion_at_zero: Some(at_zero), ..uniform_binary() };
        let Inversion::Slack { solution, slack } = solve(&system, at_gamma(0.0, Distortion, 0.7)).inversion
        else {
            panic!("binds")
        };
        assert_eq!(slack, [Distortion]);
        assert!(solution.multipliers().lambda() < 1e-20);
        assert_close!(solution.rdc().distortion, 0.5, rtol = 1e-15, atol = 0.0);
        assert_close!(
            point(&system, at_gamma(0.0, Distortion, 0.1)).rdc.distortion,
            0.1,
            rtol = 2e-11,
            atol = 0.0
        );
    }
}

#[test]
fn what_is_out_of_reach_comes_with_the_range_that_is_not() {
    let system = Phases::one(&[[0.5, 0.2, 0.0], [0.3, 1.0, 0.3], [0.2, 0.1, 0.9]]);
    let mean = 0.1 + 0.3 + 0.02;
    let Inversion::Unattainable(unattainable) = solve(&system, at_gamma(0.0, Distortion, 0.05)).inversion
    else {
        panic!("attained")
    };
    assert_eq!((unattainable.observable, unattainable.target), (Distortion, 0.05));
    assert_close!(unattainable.lowest.value, 0.1, rtol = 1e-12, atol = 0.0);
    assert_close!(unattainable.highest.value, mean, rtol = 1e-12, atol = 0.0);
    assert_eq!(unattainable.highest.multipliers.lambda(), 0.0);
    assert_eq!(unattainable.lowest.multipliers.lambda(), 1e8);
    // The largest rate picks the letter of the smallest distortion: -ln 0.2.
    let Inversion::Unattainable(unattainable) = solve(&system, at_gamma(0.0, Rate, 2.0)).inversion else {
        panic!("attained")
    };
    assert_close!(unattainable.highest.value, -(0.2_f64.ln()), rtol = 1e-12, atol = 0.0);
    // A rate too small for the classification loss: R(C) alone is the least.
    let bottleneck = forward(&system, 0.0, 3.0).rdc;
    let target =
        Target::RateClassification { rate: 0.9 * bottleneck.rate, classification: bottleneck.classification };
    let Inversion::Unattainable(unattainable) = solve(&system, target).inversion else { panic!("attained") };
    assert_eq!(unattainable.observable, Rate);
    assert_close!(unattainable.lowest.value, bottleneck.rate, rtol = 1e-9, atol = 0.0);
    // A classification loss that no model has, beside a distortion that some have.
    let target = Target::DistortionClassification { distortion: 0.2, classification: -0.1 };
    let Inversion::Unattainable(unattainable) = solve(&system, target).inversion else { panic!("attained") };
    assert_eq!(unattainable.observable, Classification);
    assert!(unattainable.lowest.value >= 0.0);
    // Each alone can be had, both together cannot: no letter mixture has D = 0.11 and C = 0.1.
    let target = Target::DistortionClassification { distortion: 0.11, classification: 0.1 };
    assert!(matches!(solve(&system, target).inversion, Inversion::Unattainable(_)));
    assert!(forward(&system, 1e3, 0.0).rdc.get(Distortion) < 0.11);
}
