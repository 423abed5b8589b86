//! The ends of the multipliers' range, starts from neighbours, and what is refused.

use carnot_info::{Channel, Distribution};
use carnot_surface::{
    Certificate, DiscreteError, DiscreteOptions, DiscreteSystem, FreeDecoderSystem, GibbsSystem, Responsive,
    Sidedness, System, bottleneck_onset,
};
use carnot_testkit::strategies::{convex_multipliers, discrete_problem, log_uniform};
use carnot_testkit::{DiscreteProblem, Stop, assert_close, plain_alternation, tier};
use ndarray::{Array2, array};

use crate::theory::two_tasks;
use crate::{at, for_draws, joint, occurring_labels, rate_distortion, solve, system_of};

/// Solves at `place`, checks the certificate and that nothing is infinite, holds F against plain alternation, and returns
/// whether the response is one-sided.
fn checked(draw: u32, problem: &DiscreteProblem, (lambda, gamma): (f64, f64)) -> bool {
    let system = system_of(problem);
    let found = solve(&system, at(lambda, gamma));
    let (rdc, free_energy) = (found.rdc, found.free_energy());
    let context = format!("draw {draw} at ({lambda}, {gamma}): {found:?}");
    assert!(
        [rdc.rate, rdc.distortion, rdc.classification].iter().all(|v| v.is_finite() && *v >= 0.0),
        "{context}"
    );
    let scale = free_energy.abs().max(1.0);
    let Certificate::Bound { gap, residual } = found.certificate else { panic!("{context}") };
    assert!((0.0..=1e-10 * scale).contains(&gap) && residual <= 1e-12, "{context}");
    let stop = Stop { gap: 1e-12, updates: 1000 };
    let plain = plain_alternation(problem, lambda, gamma, &problem.diagonal_encoder(), stop);
    assert!(free_energy <= plain.free_energy + 1e-12 * scale, "{context}: {}", plain.free_energy);
    assert!(free_energy >= plain.lower_bound - 1e-10 * scale, "{context}: {}", plain.lower_bound);
    let response = system.response(&found).expect("a response");
    let entries = [response.distortion_lambda, response.cross, response.classification_gamma];
    assert!(entries.iter().all(|entry| entry.is_finite()), "{context}: {response:?}");
    assert!(entries[0] <= 1e-12 && entries[2] <= 1e-12, "{context}: {response:?}");
    response.sidedness == Sidedness::OneSided
}

#[test]
fn at_lambda_zero() {
    let strategy = (discrete_problem(1..=24, 1..=6, 1..=24), 0.0..=1.0f64);
    for_draws(tier::cases(64, 1000), &strategy, |draw, (problem, gamma)| {
        assert!(checked(draw, &problem, (0.0, gamma)), "draw {draw}: two-sided at lambda = 0");
    });
}

#[test]
fn a_response_beyond_all_numbers_is_an_error_that_says_so() {
    // D changes by its own size, 1e300, where lambda does by 1e-300.
    let joint = joint(2, &[0.4, 0.1, 0.1, 0.4]);
    let unit = 1e300;
    let distortion = array![[0.0, unit], [unit, 0.0]];
    let system = DiscreteSystem::new(&joint, distortion.view()).expect("a system");
    let lambda = 3e-300;
    let found = solve(&system, at(lambda, 0.5));
    // All of it can be told but the response.
    assert!(found.rdc.rate > 0.1 && found.rdc.distortion > 1e-3 * unit, "{found:?}");
    let expected = DiscreteError::NotFinite { lambda, gamma: 0.5 };
    assert_eq!(system.response(&found), Err(expected.clone()));
    assert_eq!(expected.to_string(), "the response at lambda 3e-300, gamma 0.5 is not finite");
}

#[test]
fn a_price_that_drowns_in_rounding_buys_nothing() {
    // Letters 1 and 2 are equally good guesses of x; at scales of lambda next to the least float as well.
    let joint = joint(4, &[0.225, 0.025, 0.2, 0.05, 0.075, 0.175, 0.025, 0.225]);
    let rho = Array2::from_shape_fn((4, 4), |(x, z)| (x as f64 - z as f64).powi(2));
    for unit in [1.0, 1e-300, 1e150] {
        let system = DiscreteSystem::new(&joint, (unit * &rho).view()).expect("a system");
        for price in [1e-6, 1e-9, 1e-11, 1e-12, 1e-13, 1e-14, 1e-16, 1e-30, 1e-100] {
            for gamma in [0.0, 0.5, 0.999] {
                let found = solve(&system, at(price / unit, gamma));
                // D is below 3/2 by lambda / (1 - gamma) times a quarter of the squared range of rho(x, 1) - rho(x, 2), which
                // is six, at most.
                let slope = 9.0 * price / (1.0 - gamma);
                let error = found.rdc.distortion / unit - 1.5;
                assert!(error <= 1e-9 && error >= -slope - 1e-9, "{unit:e} {price:e} {gamma}: {found:?}");
                let Certificate::Bound { gap, residual } = found.certificate else { panic!("{found:?}") };
                assert!(gap <= 1e-12 && residual <= 1e-12, "{gap:e} {residual:e} {found:?}");
                // Below that both are equally good, and the response is that of the one that is taken.
                let response = system.response(&found).expect("a response");
                assert!(
                    price > 1e-13 || response.sidedness == Sidedness::OneSided,
                    "{price:e}: {response:?}"
                );
            }
        }
    }
}

#[test]
fn at_gamma_zero() {
    let strategy = (discrete_problem(1..=24, 2..=6, 1..=24), log_uniform(1e-3, 1e3));
    for_draws(tier::cases(64, 1000), &strategy, |draw, (problem, lambda)| {
        let labels = occurring_labels(&problem).iter().filter(|occurs| **occurs).count();
        let one_sided = checked(draw, &problem, (lambda, 0.0));
        assert!(one_sided || labels < 2, "draw {draw}: two-sided at gamma = 0");
    });
}

#[test]
fn at_gamma_one() {
    let strategy = (discrete_problem(1..=24, 2..=6, 1..=24), log_uniform(1e-3, 1e3));
    let mut hardly_solved = 0;
    let drawn = tier::cases(64, 1000);
    for_draws(drawn, &strategy, |draw, (problem, lambda)| {
        if is_hardly_convex(&problem, lambda) {
            hardly_solved += 1;
            return;
        }
        let labels = occurring_labels(&problem).iter().filter(|occurs| **occurs).count();
        let one_sided = checked(draw, &problem, (lambda, 1.0));
        assert!(one_sided || labels < 2, "draw {draw}: two-sided at gamma = 1");
    });
    println!("{hardly_solved} of {drawn} not solved to the tolerance");
    assert!(200 * hardly_solved <= drawn);
}

/// Whether the solver says that it has not met its tolerance at gamma = 1, though nearly, as happens where an input has a
/// label with a probability of 1e-15 or less.
fn is_hardly_convex(problem: &DiscreteProblem, lambda: f64) -> bool {
    match system_of(problem).equilibrium(at(lambda, 1.0), None) {
        Err(DiscreteError::NotConverged { gap, .. }) => {
            assert!(gap < 1e-6, "gap {gap}");
            true
        }
        _ => false,
    }
}

#[test]
fn at_the_origin_and_at_all_corners() {
    let (mut hardly_solved, drawn) = (0, tier::cases(32, 300));
    for_draws(drawn, &discrete_problem(1..=24, 1..=6, 1..=24), |draw, problem| {
        for place in [(0.0, 0.0), (1e3, 0.0), (0.0, 1.0), (1e3, 1.0)] {
            if place.1 == 1.0 && is_hardly_convex(&problem, place.0) {
                hardly_solved += 1;
                continue;
            }
            checked(draw, &problem, place);
        }
        // F(0, 0) = min R, zero unless pairs are forbidden.
        let found = solve(&system_of(&problem), at(0.0, 0.0));
        let forbids = problem.distortion.iter().any(|rho| rho.is_infinite());
        assert!(forbids || found.rdc.rate == 0.0, "draw {draw}");
    });
    println!("{hardly_solved} of {} corners at gamma = 1 not solved to the tolerance", 2 * drawn);
    assert!(200 * hardly_solved <= 2 * drawn);
}

#[test]
fn at_gamma_zero_the_response_is_that_of_gamma_to_zero() {
    // One-sided: the right derivative, by differences into the inside.
    let mut measured = 0;
    for_draws(tier::cases(24, 300), &(two_tasks(), log_uniform(3.0, 30.0)), |draw, (problem, lambda)| {
        let system = system_of(&problem);
        let losses = |gamma: f64| {
            let found = solve(&system, at(lambda, gamma));
            (found.state.support(), [found.rdc.distortion, found.rdc.classification])
        };
        let (support, start) = losses(0.0);
        let h = 1e-3;
        let (one, two) = (losses(h), losses(2.0 * h));
        if one.0 != support || two.0 != support {
            return;
        }
        measured += 1;
        let response = system.response(&solve(&system, at(lambda, 0.0))).expect("a response");
        let size = response.distortion_lambda.abs().max(response.classification_gamma.abs());
        for (k, entry) in [(0, response.cross), (1, response.classification_gamma)] {
            // (4 f(h) - 3 f(0) - f(2h)) / 2h, off by h^2 / 3 times the third derivative.
            let slope = (4.0 * one.1[k] - 3.0 * start[k] - two.1[k]) / (2.0 * h);
            assert_close!(slope, entry, 1e-3, 1e-4 * size + 1e-9, "draw {draw} entry {k}");
        }
    });
    assert!(measured >= 12, "only {measured} measured");
}

#[test]
fn a_start_from_a_neighbour_finds_the_same() {
    // A curve of a hundred points through the plane, each started from the last.
    let strategy = discrete_problem(2..=24, 1..=5, 2..=24);
    for_draws(tier::cases(4, 40), &strategy, |draw, problem| {
        let system = system_of(&problem);
        let mut state = None;
        for k in 0..100 {
            let share = f64::from(k) / 99.0;
            let place = at(0.01 * 1e4f64.powf(share), 0.1 + 0.8 * share);
            let warm = system.equilibrium(place, state.as_ref()).expect("an equilibrium");
            let cold = solve(&system, place);
            let scale = cold.free_energy().abs().max(1.0);
            assert_close!(
                warm.free_energy(),
                cold.free_energy(),
                0.0,
                1e-12 * scale,
                "draw {draw} at {place:?}"
            );
            state = Some(warm.state);
        }
    });
}

#[test]
fn a_far_start_finds_the_same() {
    let strategy = (discrete_problem(2..=24, 1..=5, 2..=24), convex_multipliers(), convex_multipliers());
    for_draws(tier::cases(32, 500), &strategy, |draw, (problem, (l1, g1), (l2, g2))| {
        let system = system_of(&problem);
        let far = solve(&system, at(l1, g1)).state;
        let warm = system.equilibrium(at(l2, g2), Some(&far)).expect("an equilibrium").free_energy();
        let cold = solve(&system, at(l2, g2)).free_energy();
        assert_close!(warm, cold, 0.0, 1e-12 * cold.abs().max(1.0), "draw {draw}");
    });
}

#[test]
fn a_distortion_that_is_no_distortion_is_refused_by_its_entry() {
    let source = joint(2, &[0.3, 0.2, 0.1, 0.4]);
    for bad in [f64::NAN, -1e-300, f64::NEG_INFINITY] {
        let error = DiscreteSystem::new(&source, array![[0.0, 1.0, 2.0], [1.0, bad, 0.0]].view());
        let Err(DiscreteError::Distortion { x: 1, z: 1, value }) = error else { panic!("{error:?}") };
        assert!(value.is_nan() == bad.is_nan() && (bad.is_nan() || value == bad));
    }
    let inf = f64::INFINITY;
    let error = DiscreteSystem::new(&source, array![[0.0, 1.0], [inf, inf]].view());
    assert_eq!(error, Err(DiscreteError::NothingAllowed { x: 1 }));
    // An input that does not occur may be forbidden everything.
    let source = joint(2, &[0.3, 0.7, 0.0, 0.0]);
    assert!(DiscreteSystem::new(&source, array![[0.0, 1.0], [inf, inf]].view()).is_ok());
}

#[test]
fn tables_of_the_wrong_shape_are_refused_by_name() {
    let source = joint(2, &[0.3, 0.2, 0.1, 0.4]);
    let system = |rows: usize| DiscreteSystem::new(&source, Array2::zeros((rows, 3)).view());
    for rows in [0, 1, 3] {
        let expected = DiscreteError::Shape { what: "rows (x) of the distortion", expected: 2, found: rows };
        assert_eq!(system(rows), Err(expected));
    }
    assert_eq!(DiscreteSystem::new(&source, Array2::zeros((2, 0)).view()), Err(DiscreteError::NoLetters));
    assert_eq!(DiscreteSystem::bottleneck(&source, 0), Err(DiscreteError::NoLetters));
    assert_eq!(FreeDecoderSystem::new(&source, 0).err(), Some(DiscreteError::NoLetters));
    let good = system(2).expect("a system");
    let marginal = Distribution::new(vec![0.5, 0.5]).expect("a distribution");
    let expected = DiscreteError::Shape { what: "outcomes (z) of the marginal", expected: 3, found: 2 };
    assert_eq!(good.clone().with_marginal(&marginal), Err(expected));
    for (rows, columns, what, expected, found) in
        [(2, 2, "rows (z) of the classifier", 3, 2), (3, 1, "columns (y) of the classifier", 2, 1)]
    {
        let table = Array2::from_elem((rows, columns), 1.0 / columns as f64);
        let classifier = Channel::new(table).expect("a channel");
        let expected = DiscreteError::Shape { what, expected, found };
        assert_eq!(good.clone().with_classifier(&classifier), Err(expected));
    }
}

#[test]
fn given_tables_that_leave_nothing_are_refused_by_their_input() {
    let inf = f64::INFINITY;
    let source = joint(2, &[0.5, 0.0, 0.25, 0.25]);
    let system = DiscreteSystem::new(&source, array![[0.0, 1.0], [inf, 0.0]].view()).expect("a system");
    // Input 1 may use letter 1 only, which this marginal never does.
    let certain = Distribution::new(vec![1.0, 0.0]).expect("a distribution");
    assert_eq!(system.clone().with_marginal(&certain), Err(DiscreteError::NothingAllowed { x: 1 }));
    // Letter 1 denies label 1, letter 0 is forbidden.
    let classifier = Channel::new(array![[0.5, 0.5], [1.0, 0.0]]).expect("a channel");
    assert_eq!(system.clone().with_classifier(&classifier), Err(DiscreteError::NothingAllowed { x: 1 }));
    let even = Distribution::new(vec![0.5, 0.5]).expect("a distribution");
    let error = GibbsSystem::new(&source, &even, array![[0.0, 1.0], [inf, 0.0]].view(), &classifier);
    assert_eq!(error.err(), Some(DiscreteError::NothingAllowed { x: 1 }));
}

#[test]
fn bad_options_are_refused_by_name() {
    for bad in [0.0, -1e-12, f64::NAN] {
        for (option, gap, residual) in [("gap", bad, 1e-12), ("residual", 1e-12, bad)] {
            let error = DiscreteOptions::default().with_tolerances(gap, residual);
            assert!(
                matches!(&error, Err(DiscreteError::Option { option: name, requirement: "positive", value })
                    if *name == option && (value.is_nan() || *value == bad)),
                "{error:?}"
            );
        }
    }
}

#[test]
fn tolerances_below_rounding_are_not_met_and_said_so() {
    let options = DiscreteOptions::default().with_tolerances(1e-30, 1e-30).expect("positive");
    let system = rate_distortion(&[0.6, 0.3, 0.1], &[0.0, 1.0, 2.0, 1.0, 0.0, 1.0, 2.0, 1.0, 0.3]);
    let error = system.with_options(options).equilibrium(at(2.0, 0.0), None);
    assert!(
        matches!(error, Err(DiscreteError::NotConverged { lambda: 2.0, gamma: 0.0, residual, .. }) if residual > 0.0)
            || matches!(&error, Ok(found) if found.certificate == Certificate::Bound { gap: 0.0, residual: 0.0 }),
        "{error:?}"
    );
}

#[test]
fn the_seed_decides_and_nothing_else() {
    let problem = joint(3, &[0.2, 0.0, 0.2, 0.0, 0.0, 0.2, 0.0, 0.2, 0.2]);
    let solved = |seed: u64| {
        let system = DiscreteSystem::bottleneck(&problem, 4).expect("a system");
        solve(&system.with_options(DiscreteOptions::default().with_starts(5, seed)), at(0.0, 4.0))
    };
    let (one, again) = (solved(7), solved(7));
    assert_eq!((one.rdc, one.state), (again.rdc, again.state));
    let Certificate::Stationary { starts, residual } = one.certificate else {
        panic!("{:?}", one.certificate)
    };
    // Two sweeps and the five.
    assert!(starts == 7 && residual <= 1e-12);
    assert!(bottleneck_onset(&problem).is_ok());
}
