use crate::draws::normal;
use carnot_info::gaussian::{Covariance, differential_entropy};
use carnot_info::samples::nearest_neighbour_entropy;
use carnot_info::{Estimate, InfoError};
use carnot_testkit::assert_close;
use ndarray::{Array2, Axis, array};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f64::consts::PI;

#[test]
fn three_points_by_hand() {
    // Distances to the nearest 1, 1, 3 and to the second 4, 3, 4; psi(3) - psi(1) = 3/2, psi(3) - psi(2) = 1/2, V_1 = 2.
    let points = array![[0.0], [1.0], [4.0]];
    let first = nearest_neighbour_entropy(points.view(), 1).unwrap();
    assert_close!(first.mean(), 1.5 + 2.0_f64.ln() + 3.0_f64.ln() / 3.0, 1e-15, 0.0);
    // Deviations -1/3, -1/3, 2/3 of ln 3: standard error ln 3 sqrt(6/9 / 6).
    assert_close!(first.std_err(), 3.0_f64.ln() / 3.0, 1e-15, 0.0);
    let second = nearest_neighbour_entropy(points.view(), 2).unwrap();
    assert_close!(second.mean(), 0.5 + 2.0_f64.ln() + 48.0_f64.ln() / 3.0, 1e-15, 0.0);
    // Balls of 1 to 4 dimensions: 2, pi, 4 pi / 3, pi^2 / 2.
    for (d, volume) in [(1, 2.0), (2, PI), (3, 4.0 * PI / 3.0), (4, PI * PI / 2.0)] {
        let mut points = Array2::zeros((2, d));
        points[[1, 0]] = 1.0;
        // psi(2) - psi(1) = 1.
        let found = nearest_neighbour_entropy(points.view(), 1).unwrap().mean();
        assert_close!(found, 1.0 + volume.ln(), 1e-15, 0.0, "{d}");
    }
}

#[test]
fn points_far_apart_keep_their_distances() {
    // Distances 1, 1, 2 and, of the outlier, its own size, in units: h = psi(4) - psi(1) + ln 2 + mean ln r.
    for (unit, outlier) in [(1.0, 1e200), (1e-200, 1.0), (1e-3, 1e300), (1.0, f64::MAX), (1e-300, 1e-5)] {
        let points = array![[0.0, 0.0], [unit, 0.0], [3.0 * unit, 0.0], [outlier, 0.0]];
        let logs = 3.0 * f64::ln(unit) + 2.0_f64.ln() + f64::ln(outlier);
        // psi(4) - psi(1) = 11/6.
        let of_lines = |d: f64, volume: f64| 11.0 / 6.0 + volume.ln() + d * logs / 4.0;
        let line = points.column(0).insert_axis(Axis(1));
        // Sums of logarithms of up to 700.
        let found = nearest_neighbour_entropy(line, 1).unwrap().mean();
        assert_close!(found, of_lines(1.0, 2.0), 1e-14, 1e-12, "{unit:e} {outlier:e}");
        let found = nearest_neighbour_entropy(points.view(), 1).unwrap().mean();
        assert_close!(found, of_lines(2.0, PI), 1e-14, 1e-12, "{unit:e} {outlier:e}");
    }
}

#[test]
fn points_are_checked() {
    let points = array![[0.0], [1.0], [1.0]];
    assert_eq!(
        nearest_neighbour_entropy(points.view(), 1),
        Err(InfoError::CoincidentPoints { index: 1, neighbour: 1 })
    );
    assert!(nearest_neighbour_entropy(points.view(), 2).is_ok());
    for k in [0, 3] {
        let refused = nearest_neighbour_entropy(points.view(), k);
        assert_eq!(refused, Err(InfoError::InvalidNeighbour { neighbour: k, points: 3 }));
    }
    assert!(matches!(
        nearest_neighbour_entropy(array![[0.0], [f64::NAN]].view(), 1),
        Err(InfoError::NonFiniteEntry { what: "points", row: 1, column: 0, .. })
    ));
    let refused = nearest_neighbour_entropy(Array2::zeros((2, 0)).view(), 1);
    assert!(matches!(refused, Err(InfoError::InvalidShape { .. })));
    assert!(matches!(
        nearest_neighbour_entropy(Array2::zeros((0, 1)).view(), 1),
        Err(InfoError::InvalidNeighbour { points: 0, .. })
    ));
}

#[test]
fn a_scale_adds_its_logarithm() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let points = Array2::from_shape_fn((50, 3), |_| normal(&mut rng));
    let found = nearest_neighbour_entropy(points.view(), 2).unwrap();
    // The squares of distances beyond the range and below it, too.
    for scale in [1e-300_f64, 1e-100, 0.5, 1e100, 1e300] {
        let scaled = nearest_neighbour_entropy((&points * scale).view(), 2).unwrap();
        assert_close!(scaled.mean(), found.mean() + 3.0 * scale.ln(), 1e-14, 0.0);
        assert_close!(scaled.std_err(), found.std_err(), 1e-12, 0.0);
    }
}

#[test]
fn gaussians_and_the_cube() {
    let mut rng = ChaCha8Rng::seed_from_u64(10);
    for (d, k) in [(1, 1), (1, 5), (2, 3), (3, 3)] {
        let correlated = Array2::from_shape_fn((d, d), |(i, j)| if i == j { 2.0 } else { 0.8 });
        let covariance = Covariance::new(correlated.view()).unwrap();
        let factor = covariance.cholesky();
        let estimates: Vec<Estimate> = (0..200)
            .map(|_| {
                let white = Array2::from_shape_fn((300, d), |_| normal(&mut rng));
                nearest_neighbour_entropy(white.dot(&factor.t()).view(), k).unwrap()
            })
            .collect();
        let replicates = estimates.len() as f64;
        let means: Vec<f64> = estimates.iter().map(|estimate| estimate.mean()).collect();
        let over_replicates = Estimate::from_samples(&means).unwrap();
        let truth = differential_entropy(&covariance);
        // The bias, of order (k/n)^(2/d), is a few hundredths at most in three dimensions.
        let bias = (k as f64 / 300.0).powf(2.0 / d as f64);
        assert!(
            (over_replicates.mean() - truth).abs() < 4.0 * over_replicates.std_err() + bias,
            "{d} {k} {over_replicates} {truth}"
        );
        // The stated standard error against the spread of 200 replicates, itself known to 5 %: too small, by up to a
        // fifth, as documented.
        let spread = over_replicates.std_err() * replicates.sqrt();
        let stated = estimates.iter().map(|estimate| estimate.std_err()).sum::<f64>() / replicates;
        assert!(stated > 0.7 * spread && stated < 1.0 * spread, "{d} {k} {stated} {spread}");
    }
    let cube = Array2::from_shape_fn((1500, 2), |_| rng.random::<f64>());
    let found = nearest_neighbour_entropy(cube.view(), 3).unwrap();
    // Entropy zero; beside the edge balls reach outside: upwards by about the share of points there, sqrt(k/n).
    assert!(found.mean() > -4.0 * found.std_err() && found.mean() < 0.1, "{found}");
}
