//! Closed forms, brute force and the metric and geodesic laws of optimal transport on the line.

use carnot_testkit::assert_close;
use carnot_testkit::strategies::{log_uniform, probabilities, signed};
use carnot_transport::{Measure, TransportError, quantile_coupling, wasserstein_distance};
use proptest::prelude::*;

/// One to eight atoms across six decades, some coinciding, with weights from flat to peaked and some zero.
fn measure() -> impl Strategy<Value = Measure> {
    (1..9usize, log_uniform(1e-3, 1e3), any::<bool>())
        .prop_flat_map(|(n, scale, grid)| (signed(n), probabilities(n), Just((scale, grid))))
        .prop_map(|(atoms, weights, (scale, grid))| {
            let place = |x: &f64| scale * if grid { (3.0 * x).round() } else { *x };
            Measure::new(atoms.iter().map(place).collect(), weights).unwrap()
        })
}

/// The largest distance from the origin: the scale of all rounding.
fn reach(measures: &[&Measure]) -> f64 {
    measures.iter().flat_map(|m| m.atoms()).fold(0.0, |reach, atom| reach.max(atom.abs()))
}

fn map(measure: &Measure, f: impl Fn(f64) -> f64) -> Measure {
    Measure::new(measure.atoms().iter().map(|x| f(*x)).collect(), measure.weights().to_vec()).unwrap()
}

/// The least mean cost over all pairings of two lists of one length.
fn best_pairing(left: &[f64], right: &mut Vec<f64>, cost: &impl Fn(f64, f64) -> f64) -> f64 {
    let Some((first, rest)) = left.split_first() else { return 0.0 };
    let mut best = f64::INFINITY;
    for at in 0..right.len() {
        let partner = right.swap_remove(at);
        best = best.min(cost(*first, partner) + best_pairing(rest, right, cost));
        right.push(partner);
        let last = right.len() - 1;
        right.swap(at, last);
    }
    best
}

/// `W_1` as the area between the two distribution functions: a formula that knows no coupling.
fn area_between(mu: &Measure, nu: &Measure) -> f64 {
    let mut jumps: Vec<(f64, f64)> = mu.atoms().iter().copied().zip(mu.weights().iter().copied()).collect();
    jumps.extend(nu.atoms().iter().copied().zip(nu.weights().iter().map(|w| -w)));
    jumps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut difference = 0.0_f64;
    let mut area = 0.0;
    for pair in jumps.windows(2) {
        difference += pair[0].1;
        area += difference.abs() * (pair[1].0 - pair[0].0);
    }
    area
}

#[test]
fn bad_measures_are_refused_by_name() {
    assert_eq!(Measure::uniform(vec![]), Err(TransportError::NoAtoms));
    assert_eq!(
        Measure::new(vec![1.0], vec![0.5, 0.5]),
        Err(TransportError::LengthMismatch { atoms: 1, weights: 2 })
    );
    assert_eq!(Measure::new(vec![1.0, 2.0], vec![0.0, 0.0]), Err(TransportError::ZeroMass));
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let refused = Measure::uniform(vec![0.0, bad]);
        assert!(matches!(refused, Err(TransportError::InvalidAtom { index: 1, .. })));
        let refused = Measure::new(vec![0.0, 1.0], vec![bad, 1.0]);
        assert!(matches!(refused, Err(TransportError::InvalidWeight { index: 0, .. })));
    }
    let refused = Measure::new(vec![0.0, 1.0], vec![1.0, -0.5]).unwrap_err();
    assert_eq!(refused.to_string(), "weight 1 is -0.5; it must be finite and not negative");
}

#[test]
fn bad_orders_and_times_are_refused() {
    let measure = Measure::uniform(vec![0.0, 1.0]).unwrap();
    let plan = quantile_coupling(&measure, &measure);
    for order in [f64::NAN, f64::INFINITY, 0.5, -1.0] {
        assert!(matches!(plan.wasserstein(order), Err(TransportError::InvalidOrder { .. })), "{order}");
        assert!(wasserstein_distance(&measure, &measure, order).is_err(), "{order}");
    }
    for time in [f64::NAN, f64::INFINITY, -1e-9, 1.0 + 1e-9] {
        assert!(matches!(plan.interpolate(time), Err(TransportError::InvalidTime { .. })), "{time}");
    }
}

#[test]
fn weights_of_any_scale_are_normalised() {
    let expected = Measure::new(vec![0.0, 1.0], vec![1.0, 3.0]).unwrap();
    assert_eq!(expected.weights(), [0.25, 0.75]);
    for unit in [1e-308, 1e-5, 5e307] {
        let found = Measure::new(vec![0.0, 1.0], vec![unit, 3.0 * unit]).unwrap();
        assert_close!(found.weights()[0], 0.25, 1e-15, 0.0);
    }
    let huge = Measure::new(vec![0.0; 4], vec![f64::MAX; 4]).unwrap();
    assert_eq!(huge.weights(), [0.25; 4]);
    let least = Measure::new(vec![0.0; 2], vec![f64::from_bits(1); 2]).unwrap();
    assert_eq!(least.weights(), [0.5; 2]);
}

#[test]
fn the_same_measure_written_differently_is_at_no_distance() {
    let thirds = Measure::new(vec![0.0, 1.0], vec![1.0, 2.0]).unwrap();
    let sixths = Measure::uniform(vec![1.0, 0.0, 1.0, 1.0, 0.0, 1.0]).unwrap();
    assert_eq!(wasserstein_distance(&thirds, &sixths, 8.0), Ok(0.0));
    assert_eq!(wasserstein_distance(&sixths, &thirds, 8.0), Ok(0.0));
    // Thousands of small steps against one large one: their sum must not drift.
    for n in [7, 999, 3001] {
        let halves = Measure::new(vec![0.0, 1.0], vec![0.7, 0.3]).unwrap();
        let atoms = [vec![0.0; n], vec![1.0; n]].concat();
        let many = Measure::new(atoms, [vec![0.7; n], vec![0.3; n]].concat()).unwrap();
        assert_eq!(wasserstein_distance(&halves, &many, 8.0), Ok(0.0), "{n}");
    }
}

#[test]
fn distances_at_the_ends_of_the_range() {
    let at = |x: f64| Measure::uniform(vec![x]).unwrap();
    assert_eq!(wasserstein_distance(&at(0.0), &at(1e300), 4.0), Ok(1e300));
    assert_eq!(wasserstein_distance(&at(0.0), &at(1e-300), 4.0), Ok(1e-300));
    assert_eq!(wasserstein_distance(&at(f64::MAX), &at(-f64::MAX), 1.0), Ok(f64::INFINITY));
    let plan = quantile_coupling(&at(f64::MAX), &at(-f64::MAX));
    assert_eq!(plan.interpolate(0.5).unwrap().atoms(), [0.0]);
}

#[test]
fn light_atoms_are_not_lost() {
    let light = Measure::new(vec![0.0, 5.0, 9.0], vec![0.5, 1e-20, 0.5]).unwrap();
    let halves = Measure::uniform(vec![0.0, 9.0]).unwrap();
    let masses: Vec<_> =
        quantile_coupling(&light, &halves).entries().iter().map(|e| (e.source, e.mass)).collect();
    assert_eq!(masses, [(0, 0.5), (1, 1e-20), (2, 0.5)]);
    // One far below the spacing of numbers near one, twice over, at the very end: it moves by one.
    let lightest = |x: f64| Measure::new(vec![0.0, x], vec![1.0, 1e-40]).unwrap();
    assert_close!(wasserstein_distance(&lightest(1.0), &lightest(2.0), 4.0).unwrap(), 1e-10, 1e-14, 0.0);
}

proptest! {
    #[test]
    fn the_plan_is_a_monotone_coupling((mu, nu) in (measure(), measure())) {
        let plan = quantile_coupling(&mu, &nu);
        let (mut rows, mut columns) = (vec![0.0; mu.atoms().len()], vec![0.0; nu.atoms().len()]);
        for entry in plan.entries() {
            prop_assert!(entry.mass > 0.0);
            prop_assert_eq!((entry.from, entry.to), (mu.atoms()[entry.source], nu.atoms()[entry.target]));
            rows[entry.source] += entry.mass;
            columns[entry.target] += entry.mass;
        }
        for (found, expected) in rows.iter().zip(mu.weights()).chain(columns.iter().zip(nu.weights())) {
            // Levels closer than 4 eps are one; an atom has two ends. And the rounding of this sum.
            assert_close!(*found, *expected, 0.0, 10.0 * f64::EPSILON);
        }
        prop_assert!(plan.entries().len() < mu.atoms().len() + nu.atoms().len());
        for pair in plan.entries().windows(2) {
            prop_assert!(pair[0].from <= pair[1].from && pair[0].to <= pair[1].to);
        }
    }

    #[test]
    fn no_pairing_is_cheaper(
        (left, right) in (1..7usize).prop_flat_map(|n| (signed(n), signed(n))),
        order in 1.0..4.0,
    ) {
        let cost = |x: f64, y: f64| (x - y).abs().powf(order);
        let best = best_pairing(&left, &mut right.clone(), &cost) / left.len() as f64;
        let plan = quantile_coupling(&Measure::uniform(left).unwrap(), &Measure::uniform(right).unwrap());
        // Sums of at most six terms; masses that are differences of levels, within 2 eps of 1/6.
        assert_close!(plan.cost(cost), best, 1e-14, 1e-14);
        assert_close!(plan.wasserstein(order).unwrap().powf(order), best, 1e-13, 1e-14);
    }

    #[test]
    fn the_first_distance_is_the_area_between_distribution_functions((mu, nu) in (measure(), measure())) {
        // Masses good to 10 eps, moved over at most twice the reach.
        let atol = 1e-14 * reach(&[&mu, &nu]);
        assert_close!(wasserstein_distance(&mu, &nu, 1.0).unwrap(), area_between(&mu, &nu), 1e-14, atol);
        let swapped = wasserstein_distance(&nu, &mu, 1.0).unwrap();
        assert_close!(wasserstein_distance(&mu, &nu, 1.0).unwrap(), swapped, 1e-14, atol);
    }

    #[test]
    fn translations_and_scalings(
        mu in measure(),
        shift in -100.0..100.0,
        factor in log_uniform(1e-2, 1e2),
        order in 1.0..6.0,
    ) {
        let moved = map(&mu, |x| x + shift);
        let rounding = f64::EPSILON * (reach(&[&mu]) + 100.0);
        assert_close!(wasserstein_distance(&mu, &moved, order).unwrap(), f64::abs(shift), 1e-14, rounding);
        // W_p(mu, s mu) = |s - 1| (E |x|^p)^(1/p), here of a measure without its sign to stay monotone.
        let scaled = map(&mu, |x| factor * x);
        let moment: f64 = mu.atoms().iter().zip(mu.weights()).map(|(x, w)| w * x.abs().powf(order)).sum();
        let expected = (factor - 1.0).abs() * moment.powf(order.recip());
        // Both sides go through powers of order six.
        let rounding = 4.0 * f64::EPSILON * factor.max(1.0) * reach(&[&mu]);
        assert_close!(wasserstein_distance(&mu, &scaled, order).unwrap(), expected, 1e-13, rounding);
        prop_assert_eq!(wasserstein_distance(&mu, &mu, order), Ok(0.0));
    }

    #[test]
    fn triangle_inequality((mu, nu, xi) in (measure(), measure(), measure()), order in 1.0..4.0) {
        let distance = |a: &Measure, b: &Measure| wasserstein_distance(a, b, order).unwrap();
        let (direct, detour) = (distance(&mu, &xi), distance(&mu, &nu) + distance(&nu, &xi));
        // Masses are good to 10 eps, moved over at most twice the reach: an error of the p-th power.
        let reach = 2.0 * reach(&[&mu, &nu, &xi]);
        prop_assert!((direct / reach).powf(order) <= (detour / reach).powf(order) * (1.0 + 1e-13) + 1e-13);
    }

    #[test]
    fn distances_grow_with_the_order((mu, nu) in (measure(), measure()), order in 1.0..4.0, more in 0.0..4.0) {
        let lower = wasserstein_distance(&mu, &nu, order).unwrap();
        let higher = wasserstein_distance(&mu, &nu, order + more).unwrap();
        prop_assert!(lower <= higher * (1.0 + 1e-14));
    }

    #[test]
    fn interpolation_is_a_constant_speed_geodesic(
        (mu, nu) in (measure(), measure()),
        (s, t) in (0.0..=1.0, 0.0..=1.0),
        order in 1.0..4.0,
    ) {
        let plan = quantile_coupling(&mu, &nu);
        let whole = plan.wasserstein(order).unwrap();
        let part = wasserstein_distance(&plan.interpolate(s).unwrap(), &plan.interpolate(t).unwrap(), order).unwrap();
        // Each atom's place is rounded three times.
        let reach = reach(&[&mu, &nu]);
        assert_close!(part, f64::abs(t - s) * whole, 1e-13, 4.0 * f64::EPSILON * reach);
        // The mean moves uniformly.
        let mean = plan.interpolate(t).unwrap().mean();
        assert_close!(mean, (1.0 - t) * mu.mean() + t * nu.mean(), 0.0, 2e-14 * reach);
    }

    #[test]
    fn interpolation_starts_and_ends_at_the_measures((mu, nu) in (measure(), measure())) {
        let plan = quantile_coupling(&mu, &nu);
        for (end, time) in [(&mu, 0.0), (&nu, 1.0)] {
            let found = plan.interpolate(time).unwrap();
            prop_assert!(wasserstein_distance(end, &found, 1.0).unwrap() <= 1e-14 * reach(&[&mu, &nu]));
        }
    }
}
