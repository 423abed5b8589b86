//! What the theory says of every problem: shapes, Maxwell's relations, Le Chatelier, loops, the first law.

use carnot_surface::geometry::{
    Potential, Quadrature, Search, Segment, SurfacePoint, Tolerance, concavity_of_free_energy,
    convexity_of_rate, first_law, is_one_phase, locate, loop_integral, measure_le_chatelier, measure_maxwell,
    rate_change,
};
use carnot_surface::{Certificate, Multipliers, Responsive};
use carnot_testkit::strategies::{
    DistortionKind, convex_multipliers, discrete_problem, distortions, log_uniform,
};
use carnot_testkit::{DiscreteProblem, assert_close, tier};
use proptest::prelude::*;

use crate::{at, for_draws, solve, system_of};

/// The stencils' half-width, relative to the multipliers.
const STEP: f64 = 5e-3;

/// Problems with two different tasks, none of them trivial: no input is rare, labels have log-odds of a few nats, and the
/// distortion has the scale one, so that at multipliers of a few nats both losses respond.
pub(crate) fn two_tasks() -> impl Strategy<Value = DiscreteProblem> {
    let kinds =
        prop::sample::select(vec![DistortionKind::Uniform, DistortionKind::Line, DistortionKind::Grid]);
    (3..8usize, 2..4usize, 3..7usize, kinds).prop_flat_map(|(n_x, n_y, n_z, kind)| {
        let source = prop::collection::vec(0.2..1.0f64, n_x);
        let log_odds = prop::collection::vec(-2.0..2.0f64, n_x * n_y);
        (source, log_odds, distortions(n_x, n_z, kind)).prop_map(move |(source, log_odds, distortion)| {
            let label = |place: usize| {
                let row = &log_odds[place / n_y * n_y..][..n_y];
                log_odds[place].exp() / row.iter().map(|odds| odds.exp()).sum::<f64>()
            };
            let total: f64 = source.iter().sum();
            let joint = (0..n_x * n_y).map(|place| source[place / n_y] / total * label(place)).collect();
            let largest = distortion.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
            let distortion = distortion.iter().map(|rho| rho / largest).collect();
            DiscreteProblem { n_x, n_y, n_z, joint, distortion }
        })
    })
}

/// Multipliers at which they do.
pub(crate) fn warm_multipliers() -> impl Strategy<Value = Multipliers> {
    (log_uniform(2.0, 30.0), 0.3..0.95f64).prop_map(|(lambda, gamma)| at(lambda, gamma))
}

#[test]
fn the_free_energy_is_concave_and_the_rate_convex() {
    let places = prop::collection::vec(convex_multipliers(), 8);
    let strategy = (discrete_problem(1..=32, 1..=6, 1..=32), places);
    for_draws(tier::cases(48, 600), &strategy, |draw, (problem, places)| {
        let system = system_of(&problem);
        let solved: Vec<_> =
            places.iter().map(|&(lambda, gamma)| solve(&system, at(lambda, gamma))).collect();
        let points: Vec<_> = solved.iter().map(SurfacePoint::of).collect();
        let gap = solved.iter().map(|found| match found.certificate {
            Certificate::Bound { gap, .. } => gap,
            other => panic!("draw {draw}: {other:?}"),
        });
        // Each F is known up to its gap. Of one that is tiny, such as that of a certain input, R and C have the rounding of
        // their sums.
        let tolerance = Tolerance { absolute: gap.fold(1e-15, f64::max), ..Tolerance::default() };
        let concave = concavity_of_free_energy(&points, tolerance).expect("points");
        assert!(concave.holds(), "draw {draw}: {concave:?}");
        let convex = convexity_of_rate(&points, tolerance).expect("points");
        assert!(convex.holds(), "draw {draw}: {convex:?}");
        assert_eq!((concave.compared, convex.compared), (56, 56));
    });
}

#[test]
fn concavity_holds_beyond_gamma_one_too() {
    let places = prop::collection::vec((log_uniform(0.1, 30.0), log_uniform(1.1, 20.0)), 4);
    for_draws(tier::cases(12, 200), &(two_tasks(), places), |draw, (problem, places)| {
        let system = system_of(&problem);
        let points: Vec<_> = places
            .iter()
            .map(|&(lambda, gamma)| SurfacePoint::of(&solve(&system, at(lambda, gamma))))
            .collect();
        // The minimum over a dozen starts need not be global: what is not found of it bends F.
        let concave = concavity_of_free_energy(&points, Tolerance { absolute: 1e-9, ..Tolerance::default() });
        let concave = concave.expect("points");
        assert!(concave.holds(), "draw {draw}: {concave:?}");
    });
}

#[test]
fn maxwells_relations_and_le_chateliers_principle() {
    let (mut kept, mut crossed, mut drawn) = (0, 0, 0);
    for_draws(tier::cases(48, 600), &(two_tasks(), warm_multipliers()), |draw, (problem, place)| {
        drawn += 1;
        let system = system_of(&problem);
        let equilibrium = solve(&system, place);
        let response = system.response(&equilibrium).expect("a response");
        if !is_one_phase(&system, &equilibrium, 1.2 * STEP).expect("solved") {
            crossed += 1;
            return;
        }
        let size = response.distortion_lambda.abs().max(response.classification_gamma.abs());
        let found = measure_maxwell(&system, &equilibrium, Potential::FreeEnergy, STEP).expect("measured");
        // 1e-5 of the response, and what the differences say of themselves: re-solved observables carry 1e-12.
        let noise = 1e-12 / (STEP * place.gamma().min(place.lambda()));
        let allowed = 1e-5 * size + 10.0 * found.error() + noise;
        assert_close!(found.residual(), 0.0, 0.0, allowed, "draw {draw}: {found:?}");
        assert_close!(found.off_prediction(), 0.0, 0.0, allowed, "draw {draw}: {found:?}");
        // Singular responses have this relation only; nearly singular ones lose their digits to cancellation, and where
        // nothing responds, as at large lambda, what is re-solved moves by less than its noise.
        let softest = (place.lambda().powi(2) * response.distortion_lambda)
            .max(place.gamma().powi(2) * response.classification_gamma);
        if response.condition(place) > 1e5 || softest > -1e-6 {
            return;
        }
        kept += 1;
        for potential in [Potential::Rate, Potential::AtClassification, Potential::AtDistortion] {
            let found = measure_maxwell(&system, &equilibrium, potential, STEP).expect("measured");
            let (left, right) = (found.measured.left, found.measured.right);
            let (s11, s22) = (response.distortion_lambda.abs(), response.classification_gamma.abs());
            let scale = match potential {
                Potential::Rate => response.condition(place) / (s11 * s22).sqrt(),
                Potential::AtClassification => (s11 / s22).sqrt(),
                _ => (s22 / s11).sqrt(),
            };
            let allowed = 10.0 * found.error() + 1e-5 * scale;
            assert_close!(left.value, right.value, 0.0, allowed, "draw {draw}: {found:?}");
            assert_close!(found.off_prediction(), 0.0, 0.0, allowed, "draw {draw}: {found:?}");
            assert!(found.error() <= 1e-3 * scale, "draw {draw}: {found:?}, scale {scale}");
        }
        let regular = response.regular(place).expect("regular");
        let measured = measure_le_chatelier(&system, &equilibrium, STEP).expect("measured");
        let predicted = carnot_surface::geometry::le_chatelier(&response, &regular);
        for (predicted, measured) in predicted.into_iter().zip(measured) {
            assert!(predicted.holds(1e-10) && measured.holds(), "draw {draw}: {predicted:?} {measured:?}");
            let allowed = 1e-5 * predicted.free.abs() + 10.0 * measured.constrained.error;
            assert_close!(measured.constrained.value, predicted.constrained, 0.0, allowed, "draw {draw}");
        }
    });
    println!("{kept} of {drawn} draws regular, {crossed} across a transition");
    assert!(2 * kept >= drawn, "only {kept} of {drawn} draws were regular");
}

#[test]
fn loops_of_equilibria_close() {
    let corners = prop::collection::vec((log_uniform(0.3, 30.0), 0.05..0.95f64), 3);
    let (mut worst, mut transitions) = (0.0_f64, 0);
    for_draws(tier::cases(6, 60), &(two_tasks(), corners), |draw, (problem, corners)| {
        let system = system_of(&problem);
        let corners: Vec<Multipliers> = corners.iter().map(|&(lambda, gamma)| at(lambda, gamma)).collect();
        let search = Search { resolution: 32, ..Search::default() };
        let integral = loop_integral(&system, &corners, &search, &Quadrature::default()).expect("integrated");
        // The quadrature's own tolerance of 1e-11 a panel, and brackets of 1e-9 around kinks of (D, C).
        let allowed = 1e-9 * integral.size + integral.error;
        assert_close!(integral.value, 0.0, 0.0, allowed, "draw {draw}: {integral:?}");
        assert!(integral.error <= 1e-8 * integral.size, "draw {draw}: {integral:?}");
        worst = worst.max(integral.relative());
        for (&from, &to) in corners.iter().zip(corners.iter().cycle().skip(1)) {
            transitions += locate(&system, &Segment { from, to }, &search).expect("located").len();
        }
    });
    println!("worst {worst:e} across {transitions} transitions");
    assert!(transitions > 0);
}

#[test]
fn a_loop_across_a_jump_closes() {
    // Erasure of a biased bit, with labels: D jumps along gamma = 0.1 and gamma = 0.3 both.
    let problem = DiscreteProblem {
        n_x: 2,
        n_y: 2,
        n_z: 3,
        joint: vec![0.7, 0.1, 0.05, 0.15],
        distortion: carnot_testkit::closed_forms::erasure::table(2),
    };
    let system = system_of(&problem);
    let corners = [at(0.3, 0.1), at(1.5, 0.1), at(1.5, 0.3), at(0.3, 0.3)];
    let edge = Segment { from: corners[0], to: corners[1] };
    let found = locate(&system, &edge, &Search::default()).expect("located");
    assert!(found.iter().any(|t| t.order == carnot_surface::geometry::Order::First), "{found:?}");
    let integral = loop_integral(&system, &corners, &Search::default(), &Quadrature::default());
    let integral = integral.expect("integrated");
    assert!(integral.relative() <= 1e-10, "{integral:?}");
}

#[test]
fn the_first_law_along_random_paths() {
    let places = prop::collection::vec(convex_multipliers(), 2..10);
    let strategy = (discrete_problem(1..=24, 1..=5, 1..=24), places);
    for_draws(tier::cases(48, 600), &strategy, |draw, (problem, places)| {
        let system = system_of(&problem);
        let path: Vec<_> = places
            .iter()
            .map(|&(lambda, gamma)| SurfacePoint::of(&solve(&system, at(lambda, gamma))))
            .collect();
        let law = first_law(&path).expect("a path");
        // R is a sum of terms of order one, whose rounding is left where it vanishes itself.
        assert!(law.outside <= 1e-12 * law.scale + f64::EPSILON, "draw {draw}: {law:?}");
    });
}

#[test]
fn the_rate_is_the_integral_of_the_responses() {
    let strategy = (two_tasks(), warm_multipliers(), warm_multipliers());
    for_draws(tier::cases(8, 80), &strategy, |draw, (problem, from, to)| {
        let system = system_of(&problem);
        let segment = Segment { from, to };
        let transitions = locate(&system, &segment, &Search::default()).expect("located");
        let breaks: Vec<f64> = transitions.iter().map(|transition| transition.position).collect();
        let jumps: f64 = transitions.iter().map(|transition| transition.jump().rate).sum();
        let integral = rate_change(&system, &segment, &breaks, &Quadrature::default()).expect("integrated");
        let rate = |place: Multipliers| solve(&system, place).rdc.rate;
        // Brackets of 1e-9 around places where the response jumps, and the residual of the rates.
        let allowed = 10.0 * integral.error + 1e-7 * integral.size + 1e-12;
        assert_close!(
            integral.value + jumps,
            rate(to) - rate(from),
            0.0,
            allowed,
            "draw {draw}: {integral:?}"
        );
    });
}
