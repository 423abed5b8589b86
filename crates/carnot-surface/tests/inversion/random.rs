//! Random systems at random multipliers across scales: forwards, back, and compared.

use carnot_surface::{
    At, GaussianSystem, Inversion, Multipliers, Observable, Observables, Rdc, Response, Responsive, Solution,
};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::{log_uniform, positive_definite, signed};
use ndarray::Array2;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

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

/// How well a system knows its own observables, in nats.
trait Noisy: Responsive<Rdc = Rdc> {
    fn noise(&self, at: &At<Self>) -> f64
    where
        Self: Sized;
}

impl Noisy for Phases {
    /// Energies are of the order of `lambda D + gamma C`, and known to a few units in the last place.
    fn noise(&self, at: &At<Self>) -> f64 {
        let energy =
            at.multipliers.lambda() * at.rdc.distortion + at.multipliers.gamma() * at.rdc.classification;
        4.0 * f64::EPSILON * energy.abs()
    }
}

impl Noisy for GaussianSystem {
    /// A strength above one is known to a few units in the last place of the largest, and so is its inverse; the losses
    /// are the inverses times their largest values.
    fn noise(&self, at: &At<Self>) -> f64 {
        let idle = forward(self, 0.0, 0.0).rdc;
        let losses = idle.distortion - self.distortion_constant() + idle.classification
            - self.classification_constant();
        let largest = at.state.strengths().last().copied().unwrap_or(0.0);
        8.0 * f64::EPSILON * largest * (1.0 + losses)
    }
}

/// What the tolerance of the targets leaves open of the logarithms of the multipliers: `|J^-1| . tolerances` with the
/// Jacobian of the observables by the logarithms, or `None` where that is more than a thousandth.
fn uncertainty(
    s: &Response,
    at: Multipliers,
    observables: [Observable; 2],
    rdc: &Rdc,
    noise: f64,
) -> Option<f64> {
    let tolerance = |o: Observable| 1e-12 + 1e-11 * rdc.get(o).abs() + noise;
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

/// Asserts that a solution has the wanted value of an observable, to the tolerance and the system's noise.
fn assert_met<S: Noisy>(system: &S, solution: &Solution<S::State>, observable: Observable, wanted: f64)
where
    S::State: std::fmt::Debug,
{
    let at = solution.multipliers();
    let noise = system.noise(&forward(system, at.lambda(), at.gamma()));
    // A thousandth beside the tolerance is for the rounding of the comparison.
    let found = solution.rdc().get(observable);
    assert_close!(found, wanted, 1.001e-11, 1.001e-12 + noise, "{observable} {solution:?}");
}

/// Inverts the three pairs of observables at an equilibrium. The observables must be met; the multipliers too, as far as
/// they are determined.
fn check_pairs<S: Noisy>(system: &S, lambda: f64, gamma: f64)
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
        for observable in observables {
            assert_met(system, solution, observable, there.rdc.get(observable));
        }
        let open = uncertainty(&response, there.multipliers, observables, &there.rdc, system.noise(&there));
        if let (Some(open), Solution::Point(found)) = (open, solution) {
            let found = found.multipliers;
            // To first order; the second is at most a thousandth of it, the factor of two is for that.
            assert_close!((found.lambda() / lambda).ln(), 0.0, 0.0, 2.0 * open + 1e-13, "{target:?}");
            assert_close!((found.gamma() / gamma).ln(), 0.0, 0.0, 2.0 * open + 1e-13, "{target:?}");
        }
    }
}

/// Inverts one observable at a given multiplier: D and C beside the other's multiplier, of which there is one solution;
/// and the four pairs that are scanned. Returns how many of the four scans found where the value came from.
fn check_lines<S: Noisy>(system: &S, lambda: f64, gamma: f64) -> usize
where
    S::State: std::fmt::Debug,
{
    let here = forward(system, lambda, gamma);
    let response = system.response(&here).expect("a response");
    for (target, observable) in [
        (at_gamma(gamma, Distortion, here.rdc.distortion), Distortion),
        (at_lambda(lambda, Classification, here.rdc.classification), Classification),
    ] {
        match &solve(system, target).inversion {
            Inversion::Unique(solution) => assert_met(system, solution, observable, here.rdc.get(observable)),
            other => panic!("{target:?}: {other:?}"),
        }
    }
    let lines = [(Classification, true), (Rate, true), (Distortion, false), (Rate, false)];
    let found_here = |&(observable, by_lambda): &(Observable, bool)| {
        let value = here.rdc.get(observable);
        let (target, own) = if by_lambda {
            (at_gamma(gamma, observable, value), lambda)
        } else {
            (at_lambda(lambda, observable, value), gamma)
        };
        let searched = |at: Multipliers| if by_lambda { at.lambda() } else { at.gamma() };
        let Inversion::Scanned(found) = solve(system, target).inversion else { return false };
        found.iter().for_each(|solution| assert_met(system, solution, observable, value));
        // What the tolerance of the target leaves open of the multiplier's logarithm; where that is not small it is not
        // determined, near a turning point for instance.
        let gradient = response.gradient(observable, here.multipliers);
        let slope = own * gradient[usize::from(!by_lambda)].abs();
        let open = (1e-12 + 1e-11 * value.abs() + system.noise(&here)) / slope;
        found.iter().any(|solution| match solution {
            Solution::Plateau { ends: [low, high] } => {
                (0.999 * searched(low.multipliers)..=1.001 * searched(high.multipliers)).contains(&own)
            }
            _ => open > 1e-3 || (searched(solution.multipliers()) / own).ln().abs() < 2.0 * open + 1e-13,
        })
    };
    lines.iter().filter(|line| found_here(line)).count()
}

/// Random draws from fixed seeds, the same in every run.
fn draws<T>(count: usize, strategy: impl Strategy<Value = T>) -> impl Iterator<Item = T> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(move |_| strategy.new_tree(&mut runner).expect("a draw").current())
}

#[test]
fn scans_find_where_a_value_came_from() {
    let multipliers = || (log_uniform(1e-2, 1e4), log_uniform(1e-2, 1e4));
    let count = 60;
    let mut found = 0;
    for (system, (lambda, gamma)) in draws(count, (gaussian(), multipliers())) {
        found += check_lines(&system, lambda, gamma);
    }
    println!("Gaussian: {found} of {}", 4 * count);
    // Features finer than the scan can be missed.
    assert!(100 * found >= 99 * 4 * count, "{found} of {}", 4 * count);
    let mut found = 0;
    for (system, (lambda, gamma)) in draws(count, (phases(), multipliers())) {
        found += check_lines(&system, lambda, gamma);
    }
    println!("phases: {found} of {}", 4 * count);
    assert!(100 * found >= 99 * 4 * count, "{found} of {}", 4 * count);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn gaussian_systems_are_inverted(
        system in gaussian(), lambda in log_uniform(1e-2, 1e4), gamma in log_uniform(1e-2, 1e4)
    ) {
        check_pairs(&system, lambda, gamma);
    }

    #[test]
    fn competing_phases_are_inverted(
        system in phases(), lambda in log_uniform(1e-4, 1e4), gamma in log_uniform(1e-4, 1e4)
    ) {
        check_pairs(&system, lambda, gamma);
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
