//! The certified gap, and plain alternation as the independent method.

use carnot_surface::Certificate;
use carnot_testkit::strategies::{convex_multipliers, discrete_problem};
use carnot_testkit::tier;
use carnot_testkit::{Stop, plain_alternation};

use crate::{at, for_draws, solve, system_of};

#[test]
fn the_gap_is_certified_and_plain_alternation_is_never_lower() {
    let strategy = (discrete_problem(1..=64, 1..=10, 1..=64), convex_multipliers());
    let mut worst = (0.0_f64, 0.0_f64);
    for_draws(tier::cases(64, 1200), &strategy, |draw, (problem, (lambda, gamma))| {
        let multipliers = at(lambda, gamma);
        let equilibrium = solve(&system_of(&problem), multipliers);
        let free_energy = equilibrium.free_energy();
        let scale = free_energy.abs().max(1.0);
        let Certificate::Bound { gap, residual } = equilibrium.certificate else {
            panic!("draw {draw}: no bound")
        };
        assert!((0.0..=1e-10 * scale).contains(&gap), "draw {draw}: gap {gap:e}");
        assert!(residual <= 1e-12, "draw {draw}: residual {residual:e}");
        let start = problem.diagonal_encoder();
        let plain = plain_alternation(&problem, lambda, gamma, &start, Stop { gap: 1e-12, updates: 2_000 });
        // Rounding of the sums of up to 4096 terms.
        assert!(
            free_energy <= plain.free_energy + 1e-12 * scale,
            "draw {draw}: {free_energy} above {}",
            plain.free_energy
        );
        // And the other way round: what the alternation knows of F* is not above what was found.
        assert!(free_energy >= plain.lower_bound - 1e-10 * scale, "draw {draw}");
        worst = (worst.0.max(gap / scale), worst.1.max(residual));
    });
    println!("worst gap {:e}, worst residual {:e}", worst.0, worst.1);
}
