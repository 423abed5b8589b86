//! Targets inside first-order jumps: the lever rule.

use carnot_surface::{Inversion, Multipliers, Observables, Phase, Rdc, Solution, System, Target};
use carnot_testkit::assert_close;

use crate::systems::{Gibbs, Phases};
use crate::{Classification, Distortion, Rate, at, at_gamma, at_lambda, pairs, solve, unique};

/// The multipliers and phases of a coexistence.
fn coexistence<X: std::fmt::Debug>(solution: Solution<X>) -> (Multipliers, Vec<Phase<X>>) {
    match solution {
        Solution::Coexistence { multipliers, phases } => (multipliers, phases),
        other => panic!("{other:?}"),
    }
}

/// Two phases with smooth insides: a cheap coarse one and a dear fine one.
fn two_phases() -> Phases {
    Phases::of(vec![
        Gibbs { offset: 0.0, letters: vec![[0.5, 1.0, 0.8], [0.3, 0.9, 1.0], [0.2, 1.1, 0.9]] },
        Gibbs { offset: 1.0, letters: vec![[0.4, 0.2, 0.1], [0.4, 0.1, 0.3], [0.2, 0.0, 0.2]] },
    ])
}

/// Where `F_1 = F_2` along a line, by bisection of the difference of the phases' own free energies.
fn crossing(system: &Phases, place: impl Fn(f64) -> Multipliers, mut low: f64, mut high: f64) -> f64 {
    let alone = [0, 1].map(|k| Phases::of(vec![system.phases[k].clone()]));
    let difference = |x: f64| {
        let free_energy = |phase: &Phases| {
            phase.equilibrium(place(x), None).expect("an equilibrium").rdc.objective(place(x))
        };
        free_energy(&alone[0]) - free_energy(&alone[1])
    };
    let sign = difference(low).signum();
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if difference(middle).signum() == sign { low = middle } else { high = middle }
    }
    low
}

#[test]
fn deterministic_labels_jump_at_gamma_one() {
    // F(0, gamma) = min(1, gamma) H: nothing at no rate, or everything at the rate H.
    let entropy = 1.2;
    let system = Phases::of(vec![Gibbs::single(0.0, 0.0, entropy), Gibbs::single(entropy, 0.0, 0.0)]);
    for share in [1e-6, 0.25, 0.9] {
        for target in
            [at_lambda(0.0, Classification, share * entropy), at_lambda(0.0, Rate, (1.0 - share) * entropy)]
        {
            let (multipliers, phases) = coexistence(unique(solve(&system, target)));
            assert_close!(multipliers.gamma(), 1.0, rtol = 4e-15, atol = 0.0);
            assert_eq!(phases.iter().map(|phase| phase.equilibrium.state).collect::<Vec<_>>(), [0, 1]);
            assert_close!(phases[0].weight, share, rtol = 1e-9, atol = 0.0);
        }
    }
}

#[test]
fn a_target_inside_a_jump_is_met_by_the_lever_rule() {
    let smooth = two_phases();
    for system in [smooth.clone(), Phases { blind: true, ..smooth }] {
        let onset = crossing(&system, |x| at(x, 0.5), 0.0, 10.0);
        for wanted in [0.25, 0.5, 0.8] {
            let solved = solve(&system, at_gamma(0.5, Distortion, wanted));
            assert!(solved.counters.equilibria < 120, "{:?}", solved.counters);
            let solution = unique(solved);
            assert_close!(solution.rdc().distortion, wanted, rtol = 1e-14, atol = 0.0);
            let (multipliers, phases) = coexistence(solution);
            // The onset is where two free energies of about one are equal, at a difference of slopes of about 0.8.
            assert_close!(multipliers.lambda(), onset, rtol = 0.0, atol = 1e-14);
            assert_eq!(phases.iter().map(|phase| phase.equilibrium.state).collect::<Vec<_>>(), [0, 1]);
            let weights = [phases[0].weight, phases[1].weight];
            assert!(weights.iter().all(|weight| (0.0..=1.0).contains(weight)));
            assert_close!(weights[0] + weights[1], 1.0, rtol = 1e-15, atol = 0.0);
        }
    }
}

#[test]
fn outside_the_jump_the_phases_are_points() {
    let system = two_phases();
    let onset = crossing(&system, |x| at(x, 0.5), 0.0, 10.0);
    for (lambda, state) in [(0.9 * onset, 0), (1.1 * onset, 1)] {
        let there = system.equilibrium(at(lambda, 0.5), None).expect("an equilibrium");
        let found = solve(&system, at_gamma(0.5, Distortion, there.rdc.distortion)).inversion.into_point();
        let found = found.expect("a point");
        assert_eq!(found.state, state);
        // d lambda = dD / S11, and S11 is a variance of letters 0.1 apart.
        assert_close!(found.multipliers.lambda(), lambda, rtol = 0.0, atol = 1e-8);
    }
}

#[test]
fn two_wanted_losses_inside_a_jump_lie_on_the_line_of_coexistence() {
    let system = two_phases();
    for gamma in [0.3, 0.9] {
        let onset = crossing(&system, |x| at(x, gamma), 0.0, 10.0);
        // The two phases where they coexist, seen from either side, and their mixture.
        let side =
            |factor: f64| system.equilibrium(at(onset * factor, gamma), None).expect("an equilibrium").rdc;
        let (coarse, fine) = (side(1.0 - 1e-13), side(1.0 + 1e-13));
        let weight = 0.3;
        let mean = |f: fn(&Rdc) -> f64| weight * f(&coarse) + (1.0 - weight) * f(&fine);
        let mixture = Rdc {
            rate: mean(|rdc| rdc.rate),
            distortion: mean(|rdc| rdc.distortion),
            classification: mean(|rdc| rdc.classification),
        };
        for target in pairs(mixture) {
            let solved = solve(&system, target);
            assert!(solved.counters.equilibria < 400, "{target:?}: {:?}", solved.counters);
            let solution = unique(solved);
            let found = solution.rdc();
            let (multipliers, phases) = coexistence(solution);
            assert_eq!(phases.len(), 2);
            // The tolerance over how much the phases change along the line of coexistence: d(mean)/dlambda is about
            // 0.01 at a fixed weight.
            assert_close!(multipliers.lambda(), onset, 0.0, 1e-7, "{target:?}");
            assert_close!(multipliers.gamma(), gamma, 0.0, 1e-7, "{target:?}");
            assert_close!(phases[0].weight, weight, 0.0, 1e-8, "{target:?}");
            for observable in [Rate, Distortion, Classification] {
                assert_close!(found.get(observable), mixture.get(observable), 1e-10, 0.0, "{target:?}");
            }
        }
    }
}

#[test]
fn three_phases_coexist_at_a_triple_point() {
    // F = min(lambda + gamma, 1 + gamma / 2, 1.2 + lambda / 4): all three are equal where lambda + gamma / 2 = 1 and
    // gamma = 1.2 - 3 lambda / 4, at lambda = 0.64, gamma = 0.72.
    let system = Phases::of(vec![
        Gibbs::single(0.0, 1.0, 1.0),
        Gibbs::single(1.0, 0.0, 0.5),
        Gibbs::single(1.2, 0.25, 0.0),
    ]);
    let weights = [0.2, 0.5, 0.3];
    let target =
        Target::DistortionClassification { distortion: 0.2 + 0.25 * 0.3, classification: 0.2 + 0.5 * 0.5 };
    let solved = solve(&system, target);
    // Three jumps, one inside the other; without the meeting tangents of either it is thousands.
    assert!(solved.counters.equilibria <= 800, "{:?}", solved.counters);
    let (multipliers, mut phases) = coexistence(unique(solved));
    assert_close!(multipliers.lambda(), 0.64, rtol = 1e-12, atol = 0.0);
    assert_close!(multipliers.gamma(), 0.72, rtol = 1e-12, atol = 0.0);
    phases.sort_by_key(|phase| phase.equilibrium.state);
    assert_eq!(phases.len(), 3);
    for (phase, weight) in phases.iter().zip(weights) {
        assert_close!(phase.weight, weight, rtol = 1e-10, atol = 0.0);
    }
    // The lower convex envelope of R over (D, C).
    let rate: f64 = phases.iter().map(|phase| phase.weight * phase.equilibrium.rdc.rate).sum();
    assert_close!(rate, 0.5 + 0.36, rtol = 1e-10, atol = 0.0);
}

#[test]
fn a_jump_in_a_constrained_loss_can_leave_the_other_slack() {
    // C is far above what it is in either phase, so that D alone decides, inside its jump.
    let system = two_phases();
    let target = Target::DistortionClassification { distortion: 0.5, classification: 2.0 };
    let Inversion::Slack { solution, slack } = solve(&system, target).inversion else { panic!("binds") };
    assert_eq!(slack, [Classification]);
    let (multipliers, phases) = coexistence(solution);
    let onset = crossing(&system, |x| at(x, 0.0), 0.0, 10.0);
    assert_close!(multipliers.lambda(), onset, rtol = 0.0, atol = 1e-14);
    assert_eq!((multipliers.gamma(), phases.len()), (0.0, 2));
}
