//! The discrete solver beside plain alternation, in one run: `cargo run --profile dev -p carnot-benches --bin discrete`.
#![allow(clippy::print_stdout, reason = "a side-by-side run speaks by printing")]

use std::error::Error;

use carnot_benches::discrete::{median_seconds, random_problem, system};
use carnot_surface::{Certificate, DiscreteOptions, Multipliers, System};
use carnot_testkit::{Stop, plain_alternation};

/// The certified gap to which both are run, relative to max(1, |F|).
const GAP: f64 = 1e-9;

fn main() -> Result<(), Box<dyn Error>> {
    let problem = random_problem(64, 5);
    let system = system(&problem)?.with_options(DiscreteOptions::default().with_tolerances(GAP, f64::INFINITY)?);
    println!("lambda gamma |   ours ms   gap   | plain ms   gap  updates | times faster");
    for lambda in [1.0, 5.0, 20.0] {
        for gamma in [0.0, 0.5, 0.9] {
            let at = Multipliers::new(lambda, gamma)?;
            let equilibrium = system.equilibrium(at, None)?;
            let Certificate::Bound { gap, .. } = equilibrium.certificate else { continue };
            let ours = median_seconds(51, || drop(system.equilibrium(at, None)));
            let start = problem.diagonal_encoder();
            let stop = Stop { gap: GAP * equilibrium.free_energy().abs().max(1.0), ..Stop::default() };
            let run = || plain_alternation(&problem, lambda, gamma, &start, stop);
            let solution = run();
            let plain = median_seconds(3, || drop(run()));
            println!(
                "{lambda:6} {gamma:5} | {:9.3} {gap:8.1e} | {:8.1} {:8.1e} {:7} | {:8.0}",
                1e3 * ours,
                1e3 * plain,
                solution.gap(),
                solution.updates,
                plain / ours
            );
        }
    }
    Ok(())
}
