//! The Bures-Wasserstein geometry against closed forms, optimal transport on the line, Kantorovich's duality and the laws
//! of a metric and its geodesics.

use carnot_testkit::assert_close;
use carnot_testkit::strategies::{log_uniform, positive_definite, signed};
use carnot_transport::{
    GaussianCoupling, GaussianMeasure, Measure, TransportError, bures_distance, gaussian_coupling,
    wasserstein_distance,
};
use ndarray::{Array1, Array2, ArrayView2, array};
use proptest::prelude::*;

fn matrix(rows: usize, entries: Vec<f64>) -> Array2<f64> {
    Array2::from_shape_vec((rows, entries.len() / rows), entries).unwrap()
}

fn trace(matrix: &Array2<f64>) -> f64 {
    matrix.diag().sum()
}

fn norm(matrix: &Array2<f64>) -> f64 {
    matrix.iter().map(|entry| entry * entry).sum::<f64>().sqrt()
}

fn couple(a: &Array2<f64>, b: &Array2<f64>) -> GaussianCoupling {
    let measure = |covariance: &Array2<f64>| GaussianMeasure::centred(covariance.view()).unwrap();
    gaussian_coupling(&measure(a), &measure(b)).unwrap()
}

fn distance(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> f64 {
    bures_distance(a, b).unwrap()
}

/// A covariance of n dimensions with eigenvalues over ten decades.
fn covariance(n: usize) -> impl Strategy<Value = Array2<f64>> {
    positive_definite(n, (1e-7, 1e3)).prop_map(move |entries| matrix(n, entries))
}

fn pair() -> impl Strategy<Value = (Array2<f64>, Array2<f64>)> {
    (1..9usize).prop_flat_map(|n| (covariance(n), covariance(n)))
}

fn triple() -> impl Strategy<Value = (Array2<f64>, Array2<f64>, Array2<f64>)> {
    (1..7usize).prop_flat_map(|n| (covariance(n), covariance(n), covariance(n)))
}

/// A covariance of n dimensions and some rank.
fn singular(n: usize) -> impl Strategy<Value = (Array2<f64>, usize)> {
    (0..n + 1).prop_flat_map(move |rank| {
        signed(n * rank).prop_map(move |entries| {
            let root = Array2::from_shape_vec((n, rank), entries).unwrap();
            (root.dot(&root.t()), rank)
        })
    })
}

/// Standard deviation of the largest direction: the scale of rounding.
fn reach(covariances: &[&Array2<f64>]) -> f64 {
    covariances.iter().map(|covariance| trace(covariance)).sum::<f64>().sqrt()
}

/// What rounding may do to a distance: `n eps` of the largest variance is `eps / (2 deviation)` of the smallest deviation,
/// and conditions go up to 1e10.
const ROUNDING: f64 = 1e-10;

#[test]
fn bad_covariances_are_refused_by_name() {
    let of = |covariance: Array2<f64>| GaussianMeasure::centred(covariance.view()).map(|_| ());
    assert_eq!(of(Array2::zeros((0, 0))), Err(TransportError::EmptyCovariance));
    assert_eq!(
        of(Array2::zeros((2, 3))),
        Err(TransportError::CovarianceShape { found: (2, 3), expected: 2 })
    );
    assert_eq!(
        of(array![[1.0, 0.5], [0.4, 1.0]]),
        Err(TransportError::NotSymmetric { row: 0, column: 1, above: 0.5, below: 0.4 })
    );
    for bad in [f64::NAN, f64::INFINITY] {
        let refused = of(array![[1.0, 0.0], [bad, 1.0]]);
        assert!(matches!(refused, Err(TransportError::InvalidCovariance { row: 1, column: 0, .. })));
        let refused = GaussianMeasure::new(array![0.0, bad].view(), Array2::eye(2).view());
        assert!(matches!(refused, Err(TransportError::InvalidMean { index: 1, .. })));
    }
    let Err(TransportError::NegativeEigenvalue { value }) = of(array![[1.0, 2.0], [2.0, 1.0]]) else {
        panic!("an eigenvalue of minus one")
    };
    assert_close!(value, -1.0, 1e-14, 0.0);
    let one = GaussianMeasure::centred(Array2::eye(1).view()).unwrap();
    let two = GaussianMeasure::centred(Array2::eye(2).view()).unwrap();
    let mismatch = TransportError::DimensionMismatch { found: 2, expected: 1 };
    assert_eq!(gaussian_coupling(&one, &two).err(), Some(mismatch.clone()));
    let coupling = gaussian_coupling(&one, &one).unwrap();
    assert_eq!(coupling.map().unwrap().apply(array![0.0, 0.0].view()), Err(mismatch));
    for time in [f64::NAN, -1e-9, 1.0 + 1e-9] {
        assert!(matches!(coupling.interpolate(time), Err(TransportError::InvalidTime { .. })));
        assert!(matches!(coupling.covariance_velocity(time), Err(TransportError::InvalidTime { .. })));
    }
}

#[test]
fn entries_beyond_the_range_are_an_error_or_right() {
    let huge = array![[1e308, 0.0], [0.0, 1e308]];
    match bures_distance(huge.view(), Array2::zeros((2, 2)).view()) {
        Ok(found) => assert_close!(found, 2.0_f64.sqrt() * 1e154, 1e-14, 0.0),
        Err(error) => assert_eq!(error, TransportError::Decomposition),
    }
    assert_eq!(bures_distance(Array2::zeros((3, 3)).view(), Array2::zeros((3, 3)).view()), Ok(0.0));
}

#[test]
fn a_point_cannot_be_mapped_to_a_line_but_a_line_to_another() {
    let point = Array2::zeros((2, 2));
    let (first, second) = (array![[4.0, 0.0], [0.0, 0.0]], array![[0.0, 0.0], [0.0, 9.0]]);
    let refused = couple(&point, &first).map().unwrap_err();
    assert_eq!(refused, TransportError::NoMap { source_rank: 0, target_rank: 1 });
    // The geodesic is there all the same: a deviation that grows from 0 to 2.
    assert_close!(couple(&point, &first).interpolate(0.25).unwrap().covariance()[(0, 0)], 0.25, 1e-15, 0.0);
    // Orthogonal lines: every coupling is optimal, a map among them; 4 + 9 squared.
    let coupling = couple(&first, &second);
    assert_close!(coupling.bures(), 13.0_f64.sqrt(), 1e-15, 0.0);
    assert_close!(coupling.map().unwrap().matrix()[(1, 0)].abs(), 1.5, 1e-15, 0.0);
}

proptest! {
    #[test]
    fn on_the_line_it_is_the_difference_of_deviations(
        (a, b) in (log_uniform(1e-6, 1e6), log_uniform(1e-6, 1e6)),
        (shift, atoms) in (-10.0..10.0, signed(12)),
    ) {
        let measure = |mean: f64, deviation: f64| {
            GaussianMeasure::new(array![mean].view(), array![[deviation * deviation]].view()).unwrap()
        };
        let coupling = gaussian_coupling(&measure(0.0, a), &measure(shift, b)).unwrap();
        // A handful of roundings of the larger deviation.
        assert_close!(coupling.bures(), (a - b).abs(), 0.0, 1e-15 * a.max(b));
        assert_close!(coupling.map().unwrap().matrix()[(0, 0)], b / a, 1e-14, 0.0);
        // The map is monotone: as the transport of samples it is the coupling of equal quantiles, found by sorting.
        let map = coupling.map().unwrap();
        let image = |x: &f64| map.apply(array![*x].view()).unwrap()[0];
        let moved = Measure::uniform(atoms.iter().map(image).collect()).unwrap();
        let cost: f64 = atoms.iter().map(|x| (image(x) - x).powi(2)).sum::<f64>() / atoms.len() as f64;
        let sorted = wasserstein_distance(&Measure::uniform(atoms).unwrap(), &moved, 2.0).unwrap();
        assert_close!(sorted, cost.sqrt(), 1e-12, 0.0);
        // In one dimension the distance of standardised samples is the closed form itself: E x^2 = 1, E x = 0.
        let samples = [-1.0, 1.0];
        let at = |deviation: f64| Measure::uniform(samples.iter().map(|x| deviation * x).collect()).unwrap();
        assert_close!(coupling.bures(), wasserstein_distance(&at(a), &at(b), 2.0).unwrap(), 0.0, 1e-15 * a.max(b));
    }

    #[test]
    fn commuting_covariances_differ_by_their_roots(
        (frame, values) in (1..7usize).prop_flat_map(|n| {
            let values = prop::collection::vec((log_uniform(1e-4, 1e4), log_uniform(1e-4, 1e4)), n);
            (positive_definite(n, (0.5, 2.0)).prop_map(move |entries| matrix(n, entries)), values)
        }),
    ) {
        // A frame that is orthogonal to rounding: Gram and Schmidt on a well-conditioned matrix, twice.
        let mut frame = frame;
        for _ in 0..2 {
            for j in 0..frame.ncols() {
                for i in 0..j {
                    let projection = frame.column(i).dot(&frame.column(j));
                    let column = &frame.column(j) - &(projection * &frame.column(i));
                    frame.column_mut(j).assign(&column);
                }
                let length = frame.column(j).dot(&frame.column(j)).sqrt();
                frame.column_mut(j).mapv_inplace(|entry| entry / length);
            }
        }
        let of = |values: Vec<f64>| frame.dot(&Array2::from_diag(&Array1::from(values))).dot(&frame.t());
        let (a, b) = (of(values.iter().map(|v| v.0).collect()), of(values.iter().map(|v| v.1).collect()));
        let expected = values.iter().map(|(a, b)| (a.sqrt() - b.sqrt()).powi(2)).sum::<f64>().sqrt();
        // Conditions up to 1e8.
        assert_close!(distance(a.view(), b.view()), expected, 0.0, 1e-11 * reach(&[&a, &b]));
        // Half way in deviations.
        let half = of(values.iter().map(|(a, b)| (0.5 * (a.sqrt() + b.sqrt())).powi(2)).collect());
        let found = couple(&a, &b).interpolate(0.5).unwrap();
        prop_assert!(norm(&(&found.covariance() - &half)) <= 1e-11 * (norm(&a) + norm(&b)));
    }

    #[test]
    fn in_the_plane_it_is_a_formula_of_traces_and_determinants((a, b) in (covariance(2), covariance(2))) {
        // tr M^(1/2) = (tr M + 2 det(M)^(1/2))^(1/2) for M = A^(1/2) B A^(1/2).
        let determinant = |m: &Array2<f64>| m[(0, 0)] * m[(1, 1)] - m[(0, 1)] * m[(1, 0)];
        let mixed = trace(&a.dot(&b)) + 2.0 * (determinant(&a).max(0.0) * determinant(&b).max(0.0)).sqrt();
        let expected = trace(&a) + trace(&b) - 2.0 * mixed.sqrt();
        // The determinants are known to 1e-16 of the squared variances, their root to 1e-8, which is small beside the
        // trace of the product unless the long axes are orthogonal.
        let found = distance(a.view(), b.view()).powi(2);
        assert_close!(found, expected, 0.0, 1e-7 * (trace(&a) + trace(&b)));
    }

    #[test]
    fn the_map_pushes_forward_and_duality_proves_it_optimal((a, b) in pair()) {
        let coupling = couple(&a, &b);
        let map = coupling.map().unwrap();
        let map = map.matrix();
        // The rounding of A's entries, moved.
        let moved = norm(&map.to_owned()).powi(2) * norm(&a);
        let pushed = map.dot(&a).dot(&map.t());
        let rounding = 4.0 * f64::EPSILON * moved + 1e-14 * norm(&b);
        prop_assert!(norm(&(&pushed - &b)) <= rounding, "{:e} of {rounding:e}", norm(&(&pushed - &b)));
        prop_assert_eq!(map, map.t());
        // Upper bound: the cost of this plan. E|x - y|^2 = tr A + tr B - 2 tr C.
        let cross = coupling.cross_covariance();
        let squared = coupling.bures().powi(2);
        let scale = trace(&a) + trace(&b);
        assert_close!(squared, scale - 2.0 * trace(&cross), 0.0, 1e-14 * scale);
        assert_close!(norm(&(cross.t().to_owned() - map.dot(&a))), 0.0, 0.0, ROUNDING * scale);
        // Lower bound, Kantorovich: x'y <= (x'S x + y'S^-1 y) / 2 for every S > 0, here S the map; so that
        // W^2 >= tr A + tr B - tr(S A) - tr(S^-1 B), and S^-1 is the map the other way.
        let back = couple(&b, &a).map().unwrap();
        let dual = scale - trace(&map.dot(&a)) - trace(&back.matrix().dot(&b));
        assert_close!(squared, dual, 0.0, ROUNDING * scale);
    }

    #[test]
    fn any_other_plan_costs_more((a, b) in pair(), turn in -3.0..3.0f64) {
        // Another root of B: rotate the first two coordinates of the noise that the root of A was aligned with.
        prop_assume!(a.nrows() > 1);
        let coupling = couple(&a, &b);
        let map = coupling.map().unwrap();
        let mut rotation = Array2::<f64>::eye(a.nrows());
        let (sine, cosine) = turn.sin_cos();
        rotation[(0, 0)] = cosine;
        rotation[(1, 1)] = cosine;
        rotation[(0, 1)] = -sine;
        rotation[(1, 0)] = sine;
        let identity = couple(&Array2::eye(a.nrows()), &a).map().unwrap();
        let root = identity.matrix();
        // Covariance of x = A^(1/2) u with y = T A^(1/2) O u.
        let cross = root.dot(&rotation.t()).dot(&root).dot(&map.matrix().t());
        let cost = trace(&a) + trace(&b) - 2.0 * trace(&cross);
        prop_assert!(coupling.bures().powi(2) <= cost + ROUNDING * (trace(&a) + trace(&b)));
    }

    #[test]
    fn it_is_a_metric((a, b, c) in triple()) {
        let [ab, bc, ac] =
            [(&a, &b), (&b, &c), (&a, &c)].map(|(a, b)| distance(a.view(), b.view()));
        let rounding = ROUNDING * reach(&[&a, &b, &c]);
        prop_assert!(ac <= ab + bc + rounding && ab <= ac + bc + rounding && bc <= ab + ac + rounding);
        assert_close!(ab, distance(b.view(), a.view()), 0.0, 0.01 * rounding);
        assert_close!(distance(a.view(), a.view()), 0.0, 0.0, rounding);
    }

    #[test]
    fn small_distances_keep_their_digits(a in covariance(3), step in log_uniform(1e-9, 1e-3)) {
        // (1 + h)^2 A is at the distance h (tr A)^(1/2), of which the formula of traces loses half the digits.
        let b = (1.0 + step).powi(2) * &a;
        assert_close!(distance(a.view(), b.view()), step * trace(&a).sqrt(), 1e-12, ROUNDING * reach(&[&a]));
    }

    #[test]
    fn the_geodesic_has_constant_speed((a, b) in pair(), (s, t) in (0.0..=1.0f64, 0.0..=1.0f64)) {
        let coupling = couple(&a, &b);
        let [at_s, at_t] = [s, t].map(|time| coupling.interpolate(time).unwrap());
        let part = distance(at_s.covariance(), at_t.covariance());
        let rounding = ROUNDING * reach(&[&a, &b]);
        assert_close!(part, (t - s).abs() * coupling.bures(), 0.0, rounding);
        // The velocity is the derivative of the covariance, a polynomial of degree two: differences are exact.
        let [before, after] = [0.5 * s, 0.5 * s + 0.5].map(|time| coupling.interpolate(time).unwrap());
        let difference = 2.0 * (&after.covariance() - &before.covariance());
        let velocity = coupling.covariance_velocity(0.5 * s + 0.25).unwrap();
        prop_assert!(norm(&(difference - &velocity)) <= 1e-13 * (trace(&a) + trace(&b)));
        // Backwards it is the same geodesic.
        let back = couple(&b, &a).interpolate(1.0 - s).unwrap();
        let off = norm(&(&back.covariance() - &at_s.covariance()));
        prop_assert!(off <= ROUNDING * (trace(&a) + trace(&b)), "{off:e}");
    }

    #[test]
    fn the_geodesic_is_that_of_the_map((a, b) in pair(), time in 0.0..=1.0f64) {
        // ((1 - t) I + t T) A ((1 - t) I + t T)', McCann's interpolation of the map.
        let coupling = couple(&a, &b);
        let map = coupling.map().unwrap();
        let mover = (1.0 - time) * Array2::<f64>::eye(a.nrows()) + time * &map.matrix();
        let expected = mover.dot(&a).dot(&mover.t());
        let found = coupling.interpolate(time).unwrap();
        // The rounding of A's entries, moved.
        let rounding = 4.0 * f64::EPSILON * norm(&mover).powi(2) * norm(&a) + 1e-14 * (trace(&a) + trace(&b));
        prop_assert!(norm(&(&found.covariance() - &expected)) <= rounding);
    }

    #[test]
    fn means_move_straight_and_count(
        (a, b) in (covariance(3), covariance(3)),
        (from, to) in (signed(3), signed(3)),
        time in 0.0..=1.0f64,
    ) {
        let (from, to) = (Array1::from(from), Array1::from(to));
        let source = GaussianMeasure::new(from.view(), a.view()).unwrap();
        let target = GaussianMeasure::new(to.view(), b.view()).unwrap();
        let coupling = gaussian_coupling(&source, &target).unwrap();
        let means = &to - &from;
        let squared = means.dot(&means) + coupling.bures().powi(2);
        assert_close!(coupling.wasserstein(), squared.sqrt(), 1e-14, 0.0);
        let middle = coupling.interpolate(time).unwrap();
        let expected = (1.0 - time) * &from + time * &to;
        prop_assert!((&middle.mean() - &expected).iter().all(|d| d.abs() <= 1e-15));
        prop_assert!((coupling.map().unwrap().apply(from.view()).unwrap() - &to).iter().all(|d| d.abs() <= 1e-15));
    }

    #[test]
    fn singular_covariances_have_a_map_where_the_rank_allows(
        ((a, rank_a), (b, rank_b)) in (1..6usize).prop_flat_map(|n| (singular(n), singular(n))),
    ) {
        let coupling = couple(&a, &b);
        let scale = trace(&a) + trace(&b);
        prop_assert!(GaussianMeasure::centred(a.view()).unwrap().rank() <= rank_a);
        match coupling.map() {
            Ok(map) => {
                let pushed = map.matrix().dot(&a).dot(&map.matrix().t());
                // Random roots have conditions of up to 1e4 or so, squared.
                prop_assert!(norm(&(pushed - &b)) <= 1e-8 * scale);
                let cost = scale - 2.0 * trace(&map.matrix().dot(&a));
                assert_close!(coupling.bures().powi(2), cost, 0.0, 1e-8 * scale);
            }
            Err(TransportError::NoMap { source_rank, target_rank }) => {
                prop_assert!(source_rank < target_rank);
                prop_assert!(source_rank == rank_a && target_rank <= rank_b);
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
        // The distance is the limit of regular ones: a little noise changes deviations by its root at most.
        let noise = 1e-12 * Array2::<f64>::eye(a.nrows());
        let regular = distance((&a + &noise).view(), (&b + &noise).view());
        assert_close!(coupling.bures(), regular, 0.0, 4e-6 * (1.0 + scale.sqrt()));
        // The geodesic runs from the one to the other at constant speed whether there is a map or not.
        let half = coupling.interpolate(0.5).unwrap();
        assert_close!(distance(a.view(), half.covariance()), 0.5 * coupling.bures(), 0.0, 1e-7 * scale.sqrt());
        assert_close!(distance(half.covariance(), b.view()), 0.5 * coupling.bures(), 0.0, 1e-7 * scale.sqrt());
    }
}
