//! The response against finite differences of the re-solved D and C.

use carnot_surface::{Certificate, Observables, Responsive, System};
use carnot_testkit::finite_difference::central;
use carnot_testkit::strategies::{convex_multipliers, discrete_problem, log_uniform};
use carnot_testkit::tier;
use proptest::prelude::*;

use crate::{at, for_draws, solve, system_of};

/// Half the width of the stencils, relative to the multiplier.
const STEP: f64 = 1e-3;

#[test]
fn the_response_is_the_derivative_of_the_resolved_observables() {
    let largest = tier::cases(24, 64) as usize;
    let problems = discrete_problem(2..=largest, 2..=6, 2..=largest);
    // Every other lambda in units of the distortion's scale, where something responds.
    let strategy = (problems, convex_multipliers(), any::<bool>(), log_uniform(1.0, 30.0));
    let (mut kept, mut left_out, mut zero) = (0, 0, 0);
    for_draws(tier::cases(96, 1200), &strategy, |draw, (problem, (lambda, gamma), scaled, strength)| {
        let scale = problem.distortion.iter().copied().filter(|rho| rho.is_finite()).fold(0.0, f64::max);
        let lambda = if scaled && scale > 0.0 { strength / scale } else { lambda };
        let system = system_of(&problem);
        let equilibrium = solve(&system, at(lambda, gamma));
        let response = system.response(&equilibrium).expect("a response");
        let s = [response.distortion_lambda, response.cross, response.classification_gamma];
        let size = s.iter().fold(0.0_f64, |size, entry| size.max(entry.abs()));
        assert!(s[0] <= 1e-12 * size && s[2] <= 1e-12 * size, "draw {draw}: {s:?}");
        let determinant = s[0] * s[2] - s[1] * s[1];
        assert!(determinant >= -1e-9 * s[0].abs().max(s[2].abs()).powi(2), "draw {draw}: {s:?}");
        let support = |l: f64, g: f64| solve(&system, at(l, g)).state.support();
        let places = [
            (lambda * (1.0 + STEP), gamma),
            (lambda * (1.0 - STEP), gamma),
            (lambda, gamma * (1.0 + STEP)),
            (lambda, gamma * (1.0 - STEP)),
        ];
        let here = equilibrium.state.support();
        if gamma * (1.0 + STEP) > 1.0 || places.iter().any(|&(l, g)| support(l, g) != here) {
            left_out += 1;
            return;
        }
        kept += 1;
        zero += u32::from(size == 0.0);
        let observed = |l: f64, g: f64| solve(&system, at(l, g)).rdc;
        // The solver's noise, measured: the same equilibrium from another start, the residual that it reports, of whose order
        // its errors are; and the rounding of its observables.
        let Certificate::Bound { residual, .. } = equilibrium.certificate else {
            panic!("draw {draw}: no bound")
        };
        let neighbour = solve(&system, at(lambda * (1.0 + STEP), gamma));
        let again =
            system.equilibrium(at(lambda, gamma), Some(&neighbour.state)).expect("an equilibrium").rdc;
        let noise = residual
            + (again.distortion - equilibrium.rdc.distortion).abs()
            + (again.classification - equilibrium.rdc.classification).abs()
            + 8.0 * f64::EPSILON * (again.distortion + again.classification);
        let pairs = [
            (s[0], central(|l| observed(l, gamma).distortion(), lambda, STEP * lambda)),
            (s[1], central(|l| observed(l, gamma).classification(), lambda, STEP * lambda)),
            (s[1], central(|g| observed(lambda, g).distortion(), gamma, STEP * gamma)),
            (s[2], central(|g| observed(lambda, g).classification(), gamma, STEP * gamma)),
        ];
        for (i, (entry, difference)) in pairs.into_iter().enumerate() {
            // The smallest stencil is half a step wide, and its difference is extrapolated by a factor below two.
            let step = STEP * if i < 2 { lambda } else { gamma };
            let allowed = 1e-5 * size + difference.error + 8.0 * noise / step;
            let off = (entry - difference.value).abs();
            assert!(
                off <= allowed,
                "draw {draw} entry {i}: {entry:e} against {difference:?}, allowed {allowed:e}, lambda {lambda} gamma {gamma}"
            );
        }
    });
    println!("{kept} draws kept ({zero} with zero response), {left_out} left out");
    assert!(kept > 10 * left_out && 2 * (kept - zero) > kept);
}
