//! Moving data: the force against finite differences of re-solved equilibria, its Maxwell relations, concavity along
//! mixtures, and the objective of a fixed model.

mod gaussian;
mod gaussian_model;

use std::fmt::Debug;

use carnot_surface::{At, Driven, Force, Multipliers, Rdc, System};
use carnot_testkit::assert_close;
use carnot_testkit::finite_difference::{Derivative, central_each};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("valid multipliers")
}

/// The equilibrium of time `time`.
fn solve<M: Driven>(moving: &M, time: f64, at: Multipliers) -> At<M::System> {
    moving.at(time).expect("a system").equilibrium(at, None).expect("an equilibrium")
}

fn force<M: Driven>(moving: &M, time: f64, equilibrium: &At<M::System>) -> Force<f64>
where
    M::System: System<Rdc = Rdc>,
{
    moving.force(time, equilibrium).expect("a force")
}

/// Draws from a strategy, the same in every run, and hands them to `check` until it has kept `wanted` of them.
fn for_draws<S: Strategy>(wanted: u32, strategy: &S, mut check: impl FnMut(S::Value) -> bool)
where
    S::Value: Debug,
{
    let mut runner = TestRunner::deterministic();
    let (mut kept, mut drawn) = (0, 0);
    while kept < wanted {
        drawn += 1;
        kept += u32::from(check(strategy.new_tree(&mut runner).expect("a draw").current()));
        assert!(drawn < 20 * wanted, "only {kept} of {drawn} draws were kept");
    }
    println!("{kept} of {drawn} draws kept");
}

/// Compares a formula with a difference: what the difference is worth, with a factor of ten for luck, what the solver left
/// over the step, and the rounding of the formula.
fn assert_derivative(formula: f64, difference: Derivative, noise: f64, scale: f64, what: &str) {
    let allowed = 10.0 * difference.error + noise + 1e-9 * scale;
    assert_close!(formula, difference.value, 0.0, allowed, "{what}");
}

/// `(F, D, C)` at time t, and the force with which they move: `dF/dt`, `dD/dt`, `dC/dt`, against differences of re-solved
/// equilibria with steps of `step`; then Maxwell's relations `dD/dt = dtau/dlambda`, `dC/dt = dtau/dgamma`, with the right
/// sides by differences in the multipliers. `noise` is how far off a solved D or C may be.
fn assert_force<M: Driven>(moving: &M, time: f64, multipliers: Multipliers, step: f64, noise: f64)
where
    M::System: System<Rdc = Rdc>,
{
    let equilibrium = solve(moving, time, multipliers);
    let found = force(moving, time, &equilibrium);
    let restarted = |time: f64, at: Multipliers| {
        let system = moving.at(time).expect("a system");
        system.equilibrium(at, Some(&equilibrium.state)).expect("an equilibrium")
    };
    let by_time = central_each(
        |t| {
            let Rdc { distortion, classification, .. } = restarted(t, multipliers).rdc;
            [restarted(t, multipliers).free_energy(), distortion, classification]
        },
        time,
        step,
    );
    let scale = 1.0 + found.free_energy.abs() + found.distortion.abs() + found.classification.abs();
    let over_step = 10.0 * noise / step;
    assert_derivative(found.free_energy, by_time[0], over_step, scale, "tau");
    assert_derivative(found.distortion, by_time[1], over_step, scale, "dD/dt");
    assert_derivative(found.classification, by_time[2], over_step, scale, "dC/dt");
    let (lambda, gamma) = (multipliers.lambda(), multipliers.gamma());
    let tau = |at: Multipliers| [force(moving, time, &restarted(time, at)).free_energy];
    let [by_lambda] = central_each(|x| tau(at(x, gamma)), lambda, step * lambda);
    let [by_gamma] = central_each(|x| tau(at(lambda, x)), gamma, step * gamma);
    assert_derivative(found.distortion, by_lambda, over_step / lambda.min(1.0), scale, "dtau/dlambda");
    assert_derivative(found.classification, by_gamma, over_step / gamma.min(1.0), scale, "dtau/dgamma");
}
