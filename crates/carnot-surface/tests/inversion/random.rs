//! Random systems at random multipliers across scales: forwards, back, and compared.

use carnot_surface::{
    GaussianSystem, Inversion, Multipliers, Observable, Observables, Rdc, Response, Responsive, Solution,
    Target,
};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::{log_uniform, positive_definite, signed};
use ndarray::Array2;
use proptest::prelude::*;

use crate::systems::{Gibbs, Phases};
use crate::{Classification, Distortion, Rate, at_gamma, at_lambda, forward, pairs, solve};

/// Gaussian systems of dimension 2 to 4 with 1 to 3 targets.
fn gaussian() -> impl Strategy<Value = GaussianSystem> {
    (2..5usize, 1..4usize).prop_flat_map(|(n, k)| {
        let parts = (
            positive_definite(n, (1e-2, 1e2)),
            signed(n * k),
            positive_definite(k, (1e-2, 1e1)),
            log_uniform(0.1, 10.0),
            log_uniform(0.1, 10.0),
        );
        parts.prop_map(move |(sx, b, sn, decoder, head)| {
            let matrix =
                |rows, columns, values| Array2::from_shape_vec((rows, columns), values).expect("a shape");
            GaussianSystem::new(
                matrix(n, n, sx).view(),
                matrix(k, n, b).view(),
                matrix(k, k, sn).view(),
                decoder,
                head,
            )
            .expect("a valid system")
        })
    })
}

/// Gibbs systems of one to four competing phases of three to six letters, losses of all scales.
fn phases() -> impl Strategy<Value = Phases> {
    let letter = (log_uniform(1e-3, 1.0), 0.0..1.0f64, 0.0..1.0f64).prop_map(|(m, d, c)| [m, d, c]);
    let gibbs = (0.0..2.0f64, prop::collection::vec(letter, 3..7)).prop_map(|(offset, mut letters)| {
        let total: f64 = letters.iter().map(|letter| letter[0]).sum();
        letters.iter_mut().for_each(|letter| letter[0] /= total);
        Gibbs { offset, letters }
    });
    let scales = (log_uniform(1e-3, 1e3), log_uniform(1e-3, 1e3));
    (prop::collection::vec(gibbs, 1..5), scales).prop_map(|(mut phases, (d_scale, c_scale))| {
        for letter in phases.iter_mut().flat_map(|phase| &mut phase.letters) {
            letter[1] *= d_scale;
            letter[2] *= c_scale;
        }
        Phases::of(phases)
    })
}

/// What the tolerance of the targets leaves open of the logarithms of the multipliers: `|J^-1| . tolerances` with the
/// Jacobian of the observables by the logarithms, or `None` where that is more than a thousandth.
fn uncertainty(s: &Response, at: Multipliers, observables: [Observable; 2], rdc: &Rdc) -> Option<f64> {
    let tolerance = |o: Observable| 1e-12 + 1e-11 * rdc.get(o).abs();
    let row = |o: Observable| {
        let [by_lambda, by_gamma] = s.gradient(o, at);
        [by_lambda * at.lambda(), by_gamma * at.gamma()]
    };
    let [[a, b], [c, d]] = observables.map(row);
    let determinant = (a * d - b * c).abs();
    let [t1, t2] = observables.map(tolerance);
    let open = ((d.abs() * t1 + b.abs() * t2) / determinant).max((c.abs() * t1 + a.abs() * t2) / determinant);
    (open < 1e-3).then_some(open)
}

/// Inverts the three pairs of observables at an equilibrium. The observables must be met; the multipliers too, as far as
/// they are determined.
fn check_pairs<S: Responsive<Rdc = Rdc>>(system: &S, lambda: f64, gamma: f64)
where
    S::State: std::fmt::Debug,
{
    let there = forward(system, lambda, gamma);
    let response = system.response(&there).expect("a response");
    let named = [[Distortion, Classification], [Rate, Classification], [Rate, Distortion]];
    for (target, observables) in pairs(there.rdc).into_iter().zip(named) {
        let solved = solve(system, target);
        let solution = match &solved.inversion {
            Inversion::Unique(solution) => solution,
            // A constraint that hardly binds does not bind to within the tolerance.
            Inversion::Slack { solution, .. } => solution,
            other => panic!("{target:?}: {other:?}"),
        };
        let open = uncertainty(&response, there.multipliers, observables, &there.rdc);
        for observable in observables {
            let (wanted, found) = (there.rdc.get(observable), solution.rdc().get(observable));
            // A thousandth of slack beside the tolerance, for rounding.
            assert_close!(found, wanted, 1.001e-11, 1.001e-12, "{target:?} {observable} {solution:?}");
        }
        // The third observable is that of the surface: its slopes there are the multipliers and their ratios.
        if let (Some(open), Solution::Point(found)) = (open, solution) {
            let found = found.multipliers;
            // To first order; the second is at most a thousandth of it, the factor of two is for that.
            assert_close!((found.lambda() / lambda).ln(), 0.0, 0.0, 2.0 * open + 1e-13, "{target:?}");
            assert_close!((found.gamma() / gamma).ln(), 0.0, 0.0, 2.0 * open + 1e-13, "{target:?}");
        }
    }
}

/// Inverts one observable at a given multiplier.
fn check_lines<S: Responsive<Rdc = Rdc>>(system: &S, lambda: f64, gamma: f64)
where
    S::State: std::fmt::Debug,
{
    let there = forward(system, lambda, gamma).rdc;
    let met = |solution: &Solution<S::State>, observable| {
        let (wanted, found) = (there.get(observable), solution.rdc().get(observable));
        assert_close!(found, wanted, 1.001e-11, 1.001e-12, "{observable} {solution:?}");
    };
    let safe = [
        (at_gamma(gamma, Distortion, there.distortion), Distortion),
        (at_lambda(lambda, Classification, there.classification), Classification),
    ];
    for (target, observable) in safe {
        match &solve(system, target).inversion {
            Inversion::Unique(solution) => met(solution, observable),
            other => panic!("{target:?}: {other:?}"),
        }
    }
    let scanned = [
        (at_gamma(gamma, Classification, there.classification), Classification, lambda),
        (at_gamma(gamma, Rate, there.rate), Rate, lambda),
        (at_lambda(lambda, Distortion, there.distortion), Distortion, gamma),
        (at_lambda(lambda, Rate, there.rate), Rate, gamma),
    ];
    for (target, observable, own) in scanned {
        let Inversion::Scanned(found) = solve(system, target).inversion else { panic!("{target:?}") };
        found.iter().for_each(|solution| met(solution, observable));
        let searched =
            |at: Multipliers| if matches!(target, Target::AtGamma { .. }) { at.lambda() } else { at.gamma() };
        let here = |solution: &Solution<S::State>| match solution {
            Solution::Plateau { ends: [low, high] } => {
                (0.999 * searched(low.multipliers)..=1.001 * searched(high.multipliers)).contains(&own)
            }
            _ => (searched(solution.multipliers()) / own).ln().abs() < 1e-3,
        };
        assert!(found.iter().any(here), "{target:?} at {own}: {found:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn gaussian_systems_are_inverted(
        system in gaussian(), lambda in log_uniform(1e-2, 1e4), gamma in log_uniform(1e-2, 1e4)
    ) {
        check_pairs(&system, lambda, gamma);
    }

    #[test]
    fn gaussian_systems_are_inverted_along_lines(
        system in gaussian(), lambda in log_uniform(1e-2, 1e4), gamma in log_uniform(1e-2, 1e4)
    ) {
        check_lines(&system, lambda, gamma);
    }

    #[test]
    fn competing_phases_are_inverted(
        system in phases(), lambda in log_uniform(1e-4, 1e4), gamma in log_uniform(1e-4, 1e4)
    ) {
        check_pairs(&system, lambda, gamma);
    }

    #[test]
    fn competing_phases_are_inverted_along_lines(
        system in phases(), lambda in log_uniform(1e-4, 1e4), gamma in log_uniform(1e-4, 1e4)
    ) {
        check_lines(&system, lambda, gamma);
    }

    /// Any mixture of models lies on or above the surface: the best model under its losses needs no more rate, meets
    /// both, and is optimal by its multipliers.
    #[test]
    fn arbitrary_pairs_of_losses_satisfy_the_conditions_of_karush_kuhn_and_tucker(
        system in phases(), logs in prop::collection::vec((-4.0..4.0f64, -4.0..4.0f64), 3)
    ) {
        let models: Vec<Rdc> =
            logs.iter().map(|(l, g)| forward(&system, 10f64.powf(*l), 10f64.powf(*g)).rdc).collect();
        let mean = |f: fn(&Rdc) -> f64| models.iter().map(f).sum::<f64>() / 3.0;
        let wanted = Rdc {
            rate: mean(|m| m.rate),
            distortion: mean(|m| m.distortion),
            classification: mean(|m| m.classification),
        };
        let [target, ..] = pairs(wanted);
        let (solution, slack) = match solve(&system, target).inversion {
            Inversion::Unique(solution) => (solution, vec![]),
            Inversion::Slack { solution, slack } => (solution, slack),
            other => panic!("{other:?}"),
        };
        let (found, at) = (solution.rdc(), solution.multipliers());
        prop_assert!(found.rate <= wanted.rate + 1e-9);
        for (observable, multiplier) in [(Distortion, at.lambda()), (Classification, at.gamma())] {
            let (wanted, found) = (wanted.get(observable), found.get(observable));
            if slack.contains(&observable) {
                prop_assert!(found < wanted && multiplier < 1e-20, "{observable} {found} {wanted} {solution:?}");
            } else {
                assert_close!(found, wanted, 1.001e-11, 1.001e-12, "{observable} {solution:?}");
            }
        }
        // Every phase of the solution is a minimiser at the solution's multipliers.
        let free_energy = forward(&system, at.lambda(), at.gamma()).free_energy();
        let lagrangian = found.objective(at);
        assert_close!(lagrangian, free_energy, rtol = 1e-10, atol = 1e-10);
    }
}
