//! Beyond gamma = 1, where minima may be local: descent, and how well the lowest is found.

use carnot_surface::{Certificate, System};
use carnot_testkit::strategies::{discrete_problem, log_uniform};
use carnot_testkit::{Stop, plain_alternation, tier};

use crate::{at, for_draws, system_of};

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
