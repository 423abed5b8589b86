//! The discrete Legendre transform.

use carnot_surface::geometry::{
    Attainment, ConjugateError, biconjugate, conjugate, conjugate_plane, fenchel_young_gap,
};
use carnot_testkit::assert_close;
use ndarray::{Array2, array};
use proptest::prelude::*;

const INF: f64 = f64::INFINITY;

fn axis(from: f64, to: f64, n: usize) -> Vec<f64> {
    (0..n).map(|k| from + (to - from) * k as f64 / (n - 1) as f64).collect()
}

/// Strictly ascending arguments with values, a fifth of them infinite but not all, and ascending slopes.
fn samples() -> impl Strategy<Value = (Vec<f64>, Vec<f64>, Vec<f64>)> {
    (1..40usize, 1..40usize).prop_flat_map(|(n, m)| {
        let steps = prop::collection::vec(1e-3..1.0f64, n);
        let values = prop::collection::vec((0..5u8, -10.0..10.0f64), n);
        (steps, values, 0..n, prop::collection::vec(-50.0..50.0f64, m)).prop_map(
            |(steps, values, finite, mut slopes)| {
                let x = steps.iter().scan(-5.0, |x, step| {
                    *x += step;
                    Some(*x)
                });
                let value = |(k, (absent, value)): (usize, &(u8, f64))| {
                    if *absent == 0 && k != finite { INF } else { *value }
                };
                slopes.sort_by(f64::total_cmp);
                (x.collect(), values.iter().enumerate().map(value).collect(), slopes)
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_transform_is_the_maximum_over_all_samples((x, f, slopes) in samples()) {
        let transform = conjugate(&x, &f, &slopes).expect("valid samples");
        prop_assert!(transform.comparisons <= 3 * (x.len() + slopes.len()));
        for (at, &s) in transform.at.iter().zip(&slopes) {
            let brute = x.iter().zip(&f).map(|(x, f)| s * x - f).fold(f64::NEG_INFINITY, f64::max);
            // Where two samples nearly tie rounding may prefer either: of values up to 300.
            assert_close!(at.value, brute, 0.0, 1e-12);
            prop_assert_eq!(at.value, s * x[at.maximiser] - f[at.maximiser]);
            for (x, f) in x.iter().zip(&f) {
                prop_assert!(fenchel_young_gap(*x, *f, s, at.value) >= -1e-12);
            }
            // Out of range means that one end is best and the slope is beyond the last there is.
            let (first, last) = (at.maximiser == 0, at.maximiser + 1 == x.len());
            prop_assert!(at.attainment != Attainment::OutOfRange || first || last);
        }
    }

    #[test]
    fn the_biconjugate_is_the_largest_convex_function_below((x, f, _) in samples()) {
        let envelope = biconjugate(&x, &f).expect("valid samples");
        // f**(x) = sup over s of s x - f*(s), with f*'s own kinks as slopes: those between any two samples.
        let mut slopes: Vec<f64> = (0..x.len())
            .flat_map(|i| (0..i).map(move |j| (i, j)))
            .map(|(i, j)| (f[i] - f[j]) / (x[i] - x[j]))
            .filter(|slope| slope.is_finite())
            .chain([0.0])
            .collect();
        slopes.sort_by(f64::total_cmp);
        let transform = conjugate(&x, &f, &slopes).expect("valid samples");
        for (k, &value) in envelope.iter().enumerate().filter(|(_, value)| value.is_finite()) {
            let planes = transform.at.iter().zip(&slopes).map(|(at, s)| s * x[k] - at.value);
            // Slopes up to 2e4 over steps of 1e-3.
            assert_close!(value, planes.fold(f64::NEG_INFINITY, f64::max), 0.0, 1e-9, "at {k}");
            prop_assert!(value <= f[k]);
        }
        // It is convex and its own biconjugate.
        let again = biconjugate(&x, &envelope).expect("valid samples");
        for (once, twice) in envelope.iter().zip(&again) {
            assert_close!(*once, *twice, 1e-12, 1e-12);
        }
    }
}

#[test]
fn a_convex_function_is_its_own_biconjugate_and_a_double_well_is_not() {
    let x = axis(-2.0, 2.0, 81);
    let convex: Vec<f64> = x.iter().map(|x| x.exp() + x * x).collect();
    // All samples are vertices, which are returned as they are.
    assert_eq!(biconjugate(&x, &convex), Ok(convex));
    let well = |x: f64| (x * x - 1.0).powi(2);
    let double: Vec<f64> = x.iter().map(|&x| well(x)).collect();
    for (&x, envelope) in x.iter().zip(biconjugate(&x, &double).expect("samples")) {
        let expected = if x.abs() <= 1.0 { 0.0 } else { well(x) };
        assert_close!(envelope, expected, rtol = 0.0, atol = 1e-15);
    }
}

#[test]
fn the_parabola_is_its_own_conjugate() {
    let x = axis(-3.0, 3.0, 601);
    let f: Vec<f64> = x.iter().map(|x| 0.5 * x * x).collect();
    let slopes = axis(-2.5, 2.5, 337);
    for (at, s) in conjugate(&x, &f, &slopes).expect("samples").at.iter().zip(slopes) {
        // The best sample is within half a step h = 0.01 of s: at most h^2 / 8 below.
        let below = 0.5 * s * s - at.value;
        assert!((-1e-15..=0.01 * 0.01 / 8.0 + 1e-15).contains(&below), "{below} at {s}");
        assert_close!(x[at.maximiser], s, rtol = 0.0, atol = 0.005 + 1e-12);
        assert_eq!(at.attainment, Attainment::Interior);
    }
}

#[test]
fn the_conjugate_of_negative_entropy_is_softplus() {
    // f(p) = p ln p + (1-p) ln(1-p) on [0, 1], infinite outside: f*(s) = ln(1 + e^s), at p = 1 / (1 + e^-s).
    let x = axis(-0.5, 1.5, 2001);
    let xlogx = |p: f64| if p == 0.0 { 0.0 } else { p * p.ln() };
    let entropy = |p: f64| if (0.0..=1.0).contains(&p) { xlogx(p) + xlogx(1.0 - p) } else { INF };
    let f: Vec<f64> = x.iter().map(|&x| entropy(x)).collect();
    let slopes = [-40.0, -4.0, -1.0, 0.0, 0.3, 2.0, 40.0];
    let transform = conjugate(&x, &f, &slopes).expect("samples");
    for (at, s) in transform.at.iter().zip(slopes) {
        // Half a step of 1e-3 off, times the curvature 1 / (p (1-p)) <= 56 at |s| = 4; at the edge, 1e-3 in all.
        assert_close!(at.value, s.exp().ln_1p(), rtol = 0.0, atol = 1e-5);
        let edge = if s.abs() > 10.0 { Attainment::DomainEdge } else { Attainment::Interior };
        assert_eq!(at.attainment, edge, "at {s}");
    }
    assert_eq!((x[transform.at[0].maximiser], x[transform.at[6].maximiser]), (0.0, 1.0));
}

#[test]
fn slopes_beyond_the_samples_are_said_to_be() {
    let (x, f) = ([0.0, 1.0, 2.0], [0.0, 1.0, 3.0]);
    let attained = |f: &[f64], slopes: &[f64]| -> Vec<Attainment> {
        conjugate(&x[..f.len()], f, slopes).expect("samples").at.iter().map(|at| at.attainment).collect()
    };
    use Attainment::{DomainEdge, Interior, OutOfRange};
    // The slopes of the samples are 1 and 2, both attained.
    let slopes = [0.999, 1.0, 1.5, 2.0, 2.001];
    assert_eq!(attained(&f, &slopes), [OutOfRange, Interior, Interior, Interior, OutOfRange]);
    // Where the next sample is infinite the domain ends.
    assert_eq!(attained(&[0.0, 1.0, INF], &[0.0, 1.0, 5.0]), [OutOfRange, Interior, DomainEdge]);
    assert_eq!(attained(&[INF, 1.0, 0.0], &[-3.0, -1.0, 5.0]), [DomainEdge, Interior, OutOfRange]);
    // One sample knows no slope, unless the domain ends on both sides.
    assert_eq!(attained(&[7.0], &[0.0]), [OutOfRange]);
    assert_eq!(attained(&[INF, 7.0, INF], &[-1.0, 1.0]), [DomainEdge; 2]);
}

#[test]
fn the_work_is_linear() {
    // A zigzag, on which every sample leaves the hull as soon as it can, and a parabola, on which none does.
    for shape in [|x: f64| (37.0 * x).sin(), |x: f64| x * x] {
        let work = |n: usize| {
            let x = axis(-1.0, 1.0, n);
            let f: Vec<f64> = x.iter().map(|&x| shape(x)).collect();
            conjugate(&x, &f, &axis(-5.0, 5.0, n)).expect("samples").comparisons
        };
        for n in [100, 1_000, 10_000, 100_000] {
            // At most 2 n for the hull, n to pass its edges and n for the slopes.
            assert!(work(n) <= 4 * n && work(n) >= n, "{} comparisons for {n} samples", work(n));
        }
    }
}

#[test]
fn two_axes_are_the_maximum_over_both() {
    let (x, y) = (axis(-1.0, 2.0, 13), axis(0.0, 3.0, 9));
    let (s, t) = (axis(-4.0, 4.0, 7), axis(-2.0, 5.0, 11));
    let f = Array2::from_shape_fn((13, 9), |(i, j)| {
        if i + j == 20 { INF } else { x[i] * x[i] + (3.0 * y[j]).sin() - 0.5 * x[i] * y[j] }
    });
    let plane = conjugate_plane(&x, &y, f.view(), [&s, &t]).expect("samples");
    for ((a, b), &value) in plane.values.indexed_iter() {
        let of = |(i, j): (usize, usize)| s[a] * x[i] + t[b] * y[j] - f[(i, j)];
        let brute = f.indexed_iter().map(|(place, _)| of(place)).fold(f64::NEG_INFINITY, f64::max);
        assert_close!(value, brute, rtol = 0.0, atol = 1e-13);
        assert_close!(of(plane.maximisers[(a, b)]), brute, rtol = 0.0, atol = 1e-13);
    }
    // 13 rows of 9 samples and 11 slopes, then 11 columns of 13 samples and 7 slopes.
    assert!(plane.comparisons <= 3 * (13 * (9 + 11) + 11 * (13 + 7)), "{}", plane.comparisons);
}

#[test]
fn each_axis_says_how_far_it_reaches() {
    // Infinite rows do not count; here the middle one only, so that the other axis decides.
    let f = array![[INF, INF, INF], [1.0, 0.0, 1.0], [INF, INF, INF]];
    let axis = [-1.0, 0.0, 1.0];
    let plane = conjugate_plane(&axis, &axis, f.view(), [&[0.0], &[0.0, 9.0]]).expect("samples");
    assert_eq!(plane.attainment[(0, 0)], [Attainment::DomainEdge, Attainment::Interior]);
    assert_eq!(plane.attainment[(0, 1)], [Attainment::DomainEdge, Attainment::OutOfRange]);
    assert_eq!((plane.values[(0, 1)], plane.maximisers[(0, 1)]), (8.0, (1, 2)));
}

#[test]
fn bad_samples_are_refused_by_name() {
    let error = |x: &[f64], f: &[f64], s: &[f64]| conjugate(x, f, s).expect_err("bad samples");
    assert_eq!(error(&[], &[], &[0.0]), ConjugateError::Empty { what: "arguments" });
    assert_eq!(error(&[0.0], &[0.0], &[]), ConjugateError::Empty { what: "slopes" });
    let order = error(&[0.0, 0.0], &[0.0, 0.0], &[0.0]);
    assert_eq!(order, ConjugateError::NotAscending { what: "arguments", index: 1, value: 0.0 });
    let order = error(&[0.0], &[0.0], &[1.0, 0.5]);
    assert_eq!(order, ConjugateError::NotAscending { what: "slopes", index: 1, value: 0.5 });
    assert!(matches!(
        error(&[f64::NAN], &[0.0], &[0.0]),
        ConjugateError::NotAscending { what: "arguments", index: 0, .. }
    ));
    assert!(matches!(error(&[0.0], &[0.0], &[INF]), ConjugateError::NotAscending { what: "slopes", .. }));
    let shape = error(&[0.0, 1.0], &[0.0], &[0.0]);
    assert_eq!(shape, ConjugateError::Shape { found: (1, 1), expected: (1, 2) });
    let value = error(&[0.0, 1.0], &[0.0, -INF], &[0.0]);
    assert_eq!(value, ConjugateError::Value { index: (0, 1), value: -INF });
    assert!(matches!(error(&[0.0], &[f64::NAN], &[0.0]), ConjugateError::Value { index: (0, 0), .. }));
    assert_eq!(error(&[0.0, 1.0], &[INF, INF], &[0.0]), ConjugateError::NoDomain);
    assert_eq!(biconjugate(&[0.0], &[INF]), Err(ConjugateError::NoDomain));
    let nothing = Array2::from_elem((2, 1), INF);
    let plane = conjugate_plane(&[0.0, 1.0], &[0.0], nothing.view(), [&[0.0], &[0.0]]);
    assert_eq!(plane, Err(ConjugateError::NoDomain));
    let plane = conjugate_plane(&[0.0, 1.0], &[0.0], Array2::zeros((1, 2)).view(), [&[0.0], &[0.0]]);
    assert_eq!(plane, Err(ConjugateError::Shape { found: (1, 2), expected: (2, 1) }));
}
