//! Moving data: the force against finite differences of re-solved equilibria, its Maxwell relations, concavity along
//! mixtures, and the objective of a fixed model.

mod discrete;
mod discrete_ends;
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

/// The same, where the solver may say that it does not reach its tolerances.
fn try_solve<M: Driven>(moving: &M, time: f64, at: Multipliers) -> Option<At<M::System>> {
    moving.at(time).expect("a system").equilibrium(at, None).ok()
}

fn force<M: Driven>(moving: &M, time: f64, equilibrium: &At<M::System>) -> Force<f64>
where
    M::System: System<Rdc = Rdc>,
{
    moving.force(time, equilibrium).expect("a force")
}

/// Draws from a strategy, the same in every run, and hands them to `check` until it has kept `wanted` of them.
#[allow(clippy::print_stdout)]
fn for_draws<S: Strategy>(wanted: u32, strategy: &S, mut check: impl FnMut(S::Value) -> bool)
where
    S::Value: Debug,
{
    let mut runner = TestRunner::deterministic();
    let (mut kept, mut drawn) = (0, 0);
    while kept < wanted {
        drawn += 1;
        kept += u32::from(check(strategy.new_tree(&mut runner).expect("a draw").current()));
        assert!(drawn < wanted + 10 + wanted / 4, "only {kept} of {drawn} draws were kept");
    }
    println!("{kept} of {drawn} draws kept");
}

/// How the equilibria of a moving system are found again from the one at the centre of a stencil.
struct Stencil<'a, M: Driven> {
    moving: &'a M,
    time: f64,
    centre: &'a At<M::System>,
    /// The equilibrium at another time and other multipliers.
    resolve: &'a dyn Fn(f64, Multipliers) -> At<M::System>,
    /// Half the width, in time; relative in the multipliers.
    step: f64,
    /// How far off a solved F, D or C may be, beyond what rounding does.
    noise: f64,
    /// How far off the formulas may be, relative to the largest component of the force.
    rtol: f64,
}

impl<M: Driven> Stencil<'_, M>
where
    M::System: System<Rdc = Rdc>,
{
    /// The force against `dF/dt`, `dD/dt` and `dC/dt` by differences of equilibria, and against Maxwell's relations
    /// `dD/dt = dtau/dlambda` and `dC/dt = dtau/dgamma` with the right sides by differences.
    fn check(&self) {
        let (multipliers, step) = (self.centre.multipliers, self.step);
        let found = force(self.moving, self.time, self.centre);
        let observed = |time: f64| {
            let equilibrium = (self.resolve)(time, multipliers);
            [equilibrium.free_energy(), equilibrium.rdc.distortion, equilibrium.rdc.classification]
        };
        let [f, d, c] = central_each(observed, self.time, step);
        self.compare(&found, found.free_energy, f, step, "tau");
        self.compare(&found, found.distortion, d, step, "dD/dt");
        self.compare(&found, found.classification, c, step, "dC/dt");
        let tau =
            |at: Multipliers| [force(self.moving, self.time, &(self.resolve)(self.time, at)).free_energy];
        let (lambda, gamma) = (multipliers.lambda(), multipliers.gamma());
        let [by_lambda] = central_each(|x| tau(at(x, gamma)), lambda, step * lambda);
        let [by_gamma] = central_each(|x| tau(at(lambda, x)), gamma, step * gamma);
        self.compare(&found, found.distortion, by_lambda, step * lambda, "dtau/dlambda");
        self.compare(&found, found.classification, by_gamma, step * gamma, "dtau/dgamma");
    }

    fn compare(&self, found: &Force<f64>, formula: f64, difference: Derivative, step: f64, what: &str) {
        let Force { free_energy, distortion, classification } = found;
        let size = free_energy.abs().max(distortion.abs()).max(classification.abs());
        // What the difference says that it is worth, and what the solver left over its smallest stencil, half a step wide
        // and extrapolated by a factor below two.
        let allowed = self.rtol * size + 2.0 * difference.error + 8.0 * self.noise / step;
        assert_close!(
            formula,
            difference.value,
            0.0,
            allowed,
            "{what} at {:?}, t = {}",
            self.centre.multipliers,
            self.time
        );
    }
}
