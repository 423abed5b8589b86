use crate::{at, for_draws, system_of};
use carnot_surface::System;
use carnot_testkit::strategies::{convex_multipliers, discrete_problem};
#[test]
fn debug_failures() {
    let strategy = (discrete_problem(1..=64, 1..=10, 1..=64), convex_multipliers());
    let n = std::env::var("N").ok().and_then(|n| n.parse().ok()).unwrap_or(100);
    let only: Option<u32> = std::env::var("ONLY").ok().and_then(|n| n.parse().ok());
    let mut bad = 0;
    for_draws(n, &strategy, |draw, (problem, (lambda, gamma))| {
        if only.is_some_and(|o| o != draw) {
            return;
        }
        let t = std::time::Instant::now();
        let r = system_of(&problem).equilibrium(at(lambda, gamma), None);
        let dt = t.elapsed().as_secs_f64() * 1e3;
        match r {
            Ok(e) => {
                if dt > 50.0 || only.is_some() {
                    println!(
                        "draw {draw} slow {dt:.1} ms {:?} x{} y{} z{} l{lambda:.3e} g{gamma:.4} used {}",
                        e.state.work(),
                        problem.n_x,
                        problem.n_y,
                        problem.n_z,
                        e.state.support().len()
                    )
                }
            }
            Err(e) => {
                bad += 1;
                println!(
                    "draw {draw}: {dt:.1} ms {e:?} x{} y{} z{} inf {} zeros {} max {:.2e}",
                    problem.n_x,
                    problem.n_y,
                    problem.n_z,
                    problem.distortion.iter().filter(|d| d.is_infinite()).count(),
                    problem.joint.iter().filter(|d| **d == 0.0).count(),
                    problem.distortion.iter().copied().filter(|d| d.is_finite()).fold(0.0, f64::max)
                );
            }
        }
    });
    println!("{bad} bad of {n}");
}
