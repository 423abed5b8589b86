//! Pairs of which theory allows several solutions.

use carnot_surface::{Inversion, Observable, Solution, Target};
use carnot_testkit::assert_close;

use crate::systems::{Gibbs, Phases};
use crate::{Classification, Distortion, Rate, at_gamma, at_lambda, forward, solve};

/// The solutions of a scan.
fn scanned(system: &Phases, target: Target) -> Vec<Solution<usize>> {
    match solve(system, target).inversion {
        Inversion::Scanned(found) => found,
        other => panic!("{other:?}"),
    }
}

/// Letters whose D and C oppose each other: S12 > 0, and gamma first undoes what lambda has done.
fn opposed() -> Phases {
    Phases::one(&[[0.4, 0.0, 1.0], [0.3, 0.6, 0.5], [0.3, 1.0, 0.0]])
}

#[test]
fn a_rate_beside_lambda_has_two_solutions() {
    let system = opposed();
    let rate = |gamma: f64| forward(&system, 2.0, gamma).rdc.rate;
    // The smallest rate, by ternary search of what is one valley.
    let (mut low, mut high) = (0.0, 5.0);
    for _ in 0..200 {
        let (one, two) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if rate(one) < rate(two) { high = two } else { low = one }
    }
    let (bottom, least) = (0.5 * (low + high), rate(0.5 * (low + high)));
    assert!(bottom > 0.1 && least < 0.9 * rate(0.0), "the example is a valley: {bottom}, {least}");
    for above in [0.9, 1e-1, 1e-4, 1e-8] {
        let wanted = least + above * (rate(0.0) - least);
        let found = scanned(&system, at_lambda(2.0, Rate, wanted));
        assert_eq!(found.len(), 2, "{wanted}");
        let gammas = [0, 1].map(|k| found[k].multipliers().gamma());
        assert!(gammas[0] < bottom && bottom < gammas[1], "{gammas:?} around {bottom}");
        for solution in &found {
            assert!(matches!(solution, Solution::Point(_)));
            assert_close!(solution.rdc().rate, wanted, rtol = 2e-11, atol = 1e-12);
            assert_eq!(solution.multipliers().lambda(), 2.0);
        }
    }
    // Above the rate at gamma = 0 one is left, below the valley none.
    assert_eq!(scanned(&system, at_lambda(2.0, Rate, 1.1 * rate(0.0))).len(), 1);
    let below = solve(&system, at_lambda(2.0, Rate, 0.5 * least)).inversion;
    let Inversion::Unattainable(unattainable) = below else { panic!("attained") };
    assert_close!(unattainable.lowest.value, least, rtol = 1e-12, atol = 0.0);
    // And at the bottom the two are one.
    let touching = scanned(&system, at_lambda(2.0, Rate, least));
    assert_eq!(touching.len(), 1);
    // A rate known to its tolerance of 1e-12 fixes the place of its minimum to about the square root.
    assert_close!(touching[0].multipliers().gamma(), bottom, rtol = 0.0, atol = 1e-5);
}

#[test]
fn a_rate_beside_gamma_has_two_solutions() {
    let system = opposed();
    let wanted = forward(&system, 0.1, 2.0).rdc.rate;
    let found = scanned(&system, at_gamma(2.0, Rate, wanted));
    assert_eq!(found.len(), 2);
    assert_close!(found[0].multipliers().lambda(), 0.1, rtol = 1e-9, atol = 0.0);
    assert_close!(found[1].rdc().rate, wanted, rtol = 2e-11, atol = 0.0);
    assert!(found[1].multipliers().lambda() > 1.0);
}

#[test]
fn a_loss_beside_its_own_multiplier_falls_and_rises() {
    // The letter of the smallest distortion has the middle classification loss.
    let letters = [[0.01, 1.0, 0.0], [0.09, 0.0, 1.0], [0.9, 1.0, 2.0]];
    let mirrored = letters.map(|[m, d, c]| [m, c, d]);
    for (system, observable) in
        [(Phases::one(&letters), Distortion), (Phases::one(&mirrored), Classification)]
    {
        let target = |value: f64| match observable {
            Observable::Distortion => at_lambda(0.3, observable, value),
            _ => at_gamma(0.3, observable, value),
        };
        let found = scanned(&system, target(0.7));
        assert_eq!(found.len(), 2, "{observable}");
        for solution in &found {
            let rdc = solution.rdc();
            let value = if observable == Distortion { rdc.distortion } else { rdc.classification };
            assert_close!(value, 0.7, rtol = 2e-11, atol = 0.0);
        }
    }
}

#[test]
fn a_scan_finds_jumps_and_plateaus_too() {
    // D is 0, 1 and 0.3 in phases that follow each other at gamma = 1 and gamma = 2.
    let system = Phases::of(vec![
        Gibbs::single(0.0, 0.0, 1.0),
        Gibbs::single(0.4, 1.0, 0.5),
        Gibbs::single(1.72, 0.3, 0.02),
    ]);
    // With lambda = 0.1: F = min(gamma, 0.5 + gamma / 2, 1.75 + 0.02 gamma).
    let found = scanned(&system, at_lambda(0.1, Distortion, 0.5));
    let [Solution::Coexistence { multipliers: up, phases }, Solution::Coexistence { multipliers: down, .. }] =
        found.as_slice()
    else {
        panic!("{found:?}")
    };
    assert_close!(up.gamma(), 1.0, rtol = 4e-15, atol = 0.0);
    assert_close!(down.gamma(), 1.25 / 0.48, rtol = 4e-15, atol = 0.0);
    assert_close!(phases[0].weight, 0.5, rtol = 1e-14, atol = 0.0);
    let found = scanned(&system, at_lambda(0.1, Distortion, 1.0));
    let [Solution::Plateau { ends }] = found.as_slice() else { panic!("{found:?}") };
    // Ends are found to 1e-12.
    assert_close!(ends[0].multipliers.gamma(), 1.0, rtol = 2e-12, atol = 0.0);
    assert_close!(ends[1].multipliers.gamma(), 1.25 / 0.48, rtol = 2e-12, atol = 0.0);
}
