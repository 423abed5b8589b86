use crate::assert_all_close;
use crate::matrices::{block, covariance, gaussian, inverse, trace};
use carnot_info::gaussian::{
    Covariance, Gaussian, LinearChannel, conditional_mutual_information, cross_entropy, differential_entropy,
    kl_divergence, mutual_information,
};
use carnot_info::{InfoError, gaussian};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::{log_uniform, signed};
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;
use std::f64::consts::{E, TAU};

fn two_gaussians() -> impl Strategy<Value = (Gaussian, Gaussian)> {
    (1..6usize).prop_flat_map(|n| (gaussian(n), gaussian(n)))
}

#[test]
fn matrices_that_are_no_covariance() {
    let refused = |matrix: Array2<f64>| Covariance::new(matrix.view()).unwrap_err();
    assert!(matches!(refused(Array2::zeros((0, 0))), InfoError::EmptyAlphabet { .. }));
    assert!(matches!(refused(Array2::eye(2).slice_move_first()), InfoError::LengthMismatch { .. }));
    for bad in [f64::NAN, f64::INFINITY] {
        let error = refused(array![[1.0, 0.0], [bad, 1.0]]);
        assert!(matches!(error, InfoError::NonFiniteEntry { row: 1, column: 0, .. }));
    }
    assert_eq!(
        refused(array![[1.0, 0.5], [0.4, 1.0]]),
        InfoError::NotSymmetric { row: 0, column: 1, above: 0.5, below: 0.4 }
    );
    assert_eq!(refused(array![[1.0, 2.0], [2.0, 1.0]]), InfoError::NotPositiveDefinite { index: 1 });
    assert_eq!(refused(array![[0.0]]), InfoError::NotPositiveDefinite { index: 0 });
    assert_eq!(refused(array![[1.0, 1.0], [1.0, 1.0]]), InfoError::NotPositiveDefinite { index: 1 });
    // Mirror images a rounding apart are one number.
    assert!(Covariance::new(array![[1.0, 0.3], [0.3 * (1.0 + 1e-15), 1.0]].view()).is_ok());
    assert!(matches!(Covariance::diagonal(&[1.0, -1.0]), Err(InfoError::NotPositiveDefinite { index: 1 })));
    assert!(matches!(Covariance::isotropic(0, 1.0), Err(InfoError::EmptyAlphabet { .. })));
}

trait FirstRow {
    fn slice_move_first(self) -> Array2<f64>;
}

impl FirstRow for Array2<f64> {
    /// The first row alone, a matrix that is not square.
    fn slice_move_first(self) -> Array2<f64> {
        self.row(0).to_owned().insert_axis(ndarray::Axis(0))
    }
}

#[test]
fn means_and_blocks_are_checked() {
    let identity = Covariance::isotropic(2, 1.0).unwrap();
    let refused = Gaussian::new(vec![0.0], identity.clone());
    assert!(matches!(refused, Err(InfoError::LengthMismatch { expected: 2, found: 1, .. })));
    let refused = Gaussian::new(vec![0.0, f64::NAN], identity.clone());
    assert!(matches!(refused, Err(InfoError::NonFinite { what: "mean", index: 1, .. })));
    for (x, y) in [([0], [0]), ([0], [2]), ([7], [1])] {
        assert!(matches!(
            mutual_information(&identity, &x, &y),
            Err(InfoError::InvalidBlock { dimension: 2, .. })
        ));
    }
    assert!(matches!(mutual_information(&identity, &[], &[1]), Err(InfoError::EmptyAlphabet { .. })));
    assert!(matches!(mutual_information(&identity, &[1], &[]), Err(InfoError::EmptyAlphabet { .. })));
    assert!(matches!(identity.conditional(&[0], &[0]), Err(InfoError::InvalidBlock { index: 0, .. })));
    assert!(matches!(identity.marginal(&[1, 1]), Err(InfoError::InvalidBlock { index: 1, .. })));
    let three = Gaussian::centred(Covariance::isotropic(3, 1.0).unwrap());
    assert!(matches!(
        kl_divergence(&Gaussian::centred(identity), &three),
        Err(InfoError::LengthMismatch { expected: 2, found: 3, .. })
    ));
}

#[test]
fn entropy_by_hand() {
    let unit = Covariance::isotropic(1, 1.0).unwrap();
    assert_close!(differential_entropy(&unit), 0.5 * (TAU * E).ln(), 1e-15, 0.0);
    // det [[4, 2], [2, 3]] = 8.
    let pair = Covariance::new(array![[4.0, 2.0], [2.0, 3.0]].view()).unwrap();
    assert_close!(differential_entropy(&pair), (TAU * E).ln() + 0.5 * 8.0_f64.ln(), 1e-15, 0.0);
    // A determinant of 1e-400, below the range of f64.
    let narrow = Covariance::isotropic(4, 1e-100).unwrap();
    assert_close!(narrow.log_determinant(), -400.0 * 10.0_f64.ln(), 1e-15, 0.0);
}

#[test]
fn information_of_a_correlated_pair() {
    // I = -1/2 ln(1 - rho^2), to full precision from almost independent to almost equal.
    for rho in [1e-150, 1e-8, 0.1, 0.6, 0.99] {
        let pair = Covariance::new(array![[1.0, rho], [rho, 1.0]].view()).unwrap();
        let expected = -0.5 * (-rho * rho).ln_1p();
        // At rho = 0.99 the variance 1 - rho^2 = 0.02 has lost a factor 50 to the entries' rounding.
        assert_close!(mutual_information(&pair, &[0], &[1]).unwrap(), expected, 2e-14, 0.0);
        assert_close!(mutual_information(&pair, &[1], &[0]).unwrap(), expected, 2e-14, 0.0);
    }
    let independent = Covariance::diagonal(&[1.0, 1e200, 1e-200]).unwrap();
    assert_eq!(mutual_information(&independent, &[0, 2], &[1]), Ok(0.0));
}

#[test]
fn blocks_of_a_covariance_that_is_singular_as_a_matrix() {
    // Two views of one variable, of noise 1e-20: the entries of their covariance are all one, the factor knows more.
    let twice = array![[1.0], [1.0]];
    let views =
        LinearChannel::new(twice.view(), vec![0.0; 2], Covariance::isotropic(2, 1e-20).unwrap()).unwrap();
    let views = views.push(&Gaussian::centred(Covariance::isotropic(1, 1.0).unwrap())).unwrap();
    assert!(Covariance::new(views.covariance().matrix().view()).is_err());
    // 1 - rho^2 = 2e-20; the factor has it to the square root of that over eps.
    let expected = 0.5 * 0.5e20_f64.ln();
    for (x, y) in [([0], [1]), ([1], [0])] {
        assert_close!(mutual_information(views.covariance(), &x, &y).unwrap(), expected, 0.0, 1e-5);
    }
}

#[test]
fn two_causes_of_one_effect() {
    // w = x + y for independent x, y of variance 1, seen with noise of variance 1: Cov(x, y | w) = I - 1/3.
    let joint = array![[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 3.0]];
    let joint = Covariance::new(joint.view()).unwrap();
    let conditional = joint.conditional(&[0, 1], &[2]).unwrap();
    let third = 1.0 / 3.0;
    assert_all_close(
        &conditional.matrix(),
        &array![[2.0 * third, -third], [-third, 2.0 * third]],
        1e-15,
        0.0,
    );
    assert_eq!(mutual_information(&joint, &[0], &[1]), Ok(0.0));
    // Correlation -1/2 given w.
    let found = conditional_mutual_information(&joint, &[0], &[1], &[2]).unwrap();
    assert_close!(found, -0.5 * 0.75_f64.ln(), 1e-14, 0.0);
}

#[test]
fn nearly_equal_gaussians_keep_the_digits_of_their_divergence() {
    // Entries of few bits, so that q (1 + delta) is exact: KL(p||q) = n/2 (delta - ln(1 + delta)).
    let q = array![[4.0, 2.0, 1.0], [2.0, 5.0, -1.0], [1.0, -1.0, 3.0]];
    for exponent in [2, 8, 20, 30] {
        let delta = 0.5_f64.powi(exponent);
        let p = Gaussian::centred(Covariance::new((&q * (1.0 + delta)).view()).unwrap());
        let q = Gaussian::centred(Covariance::new(q.view()).unwrap());
        let series: f64 = (2..40).rev().map(|k| (-delta).powi(k) / f64::from(k)).sum();
        // Roundings of the factors are eps of numbers that differ by delta; the plain formula would lose delta^2.
        assert_close!(kl_divergence(&p, &q).unwrap(), 1.5 * series, 1e-14 / delta, 0.0, "{delta}");
        assert_eq!(kl_divergence(&q, &q), Ok(0.0));
    }
}

#[test]
fn divergences_across_the_range() {
    let of = |mean: f64, variance: f64| {
        Gaussian::new(vec![mean], Covariance::isotropic(1, variance).unwrap()).unwrap()
    };
    // 1/2 (r - 1 - ln r) for r = 1e-300 and 1e300.
    let log = 300.0 * 10.0_f64.ln();
    assert_close!(kl_divergence(&of(0.0, 1e-300), &of(0.0, 1.0)).unwrap(), 0.5 * (log - 1.0), 1e-15, 0.0);
    assert_close!(kl_divergence(&of(0.0, 1e-150), &of(0.0, 1e150)).unwrap(), 0.5 * (log - 1.0), 1e-15, 0.0);
    assert_close!(kl_divergence(&of(0.0, 1e300), &of(0.0, 1.0)).unwrap(), 0.5e300, 1e-15, 0.0);
    assert_eq!(kl_divergence(&of(0.0, 1e300), &of(0.0, 1e-300)), Ok(f64::INFINITY));
    assert_eq!(kl_divergence(&of(3.0, 4.0), &of(1.0, 4.0)), Ok(0.5));
    // inf times zero on the way is said, not returned as NaN.
    let wide = Gaussian::new(vec![0.0, 0.0], Covariance::diagonal(&[1e-308, 1e308]).unwrap()).unwrap();
    let far = Gaussian::new(vec![1e308, 1e308], wide.covariance().clone()).unwrap();
    let tilted = Covariance::new(array![[1e-308, 0.5], [0.5, 1e308]].view()).unwrap();
    let tilted = Gaussian::new(vec![-1e308, 0.0], tilted).unwrap();
    for q in [&wide, &tilted] {
        for divergence in [kl_divergence(&far, q), cross_entropy(&far, q)] {
            assert!(
                matches!(divergence, Ok(f64::INFINITY) | Err(InfoError::OutOfRange { .. })),
                "{divergence:?}"
            );
        }
    }
    // A small variance beside a large one, in a rotated frame: eigenvalues 1e-6 and 1.
    let (a, b) = (0.5 * (1.0 + 1e-6), 0.5 * (1.0 - 1e-6));
    let thin = Gaussian::centred(Covariance::new(array![[a, b], [b, a]].view()).unwrap());
    let round = Gaussian::centred(Covariance::isotropic(2, 1.0).unwrap());
    // The entries are rounded at eps, the small eigenvalue at eps 1e6.
    let expected = 0.5 * (1e-6 - 1.0 + 6.0 * 10.0_f64.ln());
    assert_close!(kl_divergence(&thin, &round).unwrap(), expected, 1e-10, 0.0);
    assert_close!(kl_divergence(&round, &thin).unwrap(), 0.5 * (1e6 - 1.0 - 6.0 * 10.0_f64.ln()), 1e-9, 0.0);
}

proptest! {
    #[test]
    fn the_divergence_is_the_plain_formula((p, q) in two_gaussians()) {
        let (inverse_q, det_q) = inverse(&q.covariance().matrix());
        let (_, det_p) = inverse(&p.covariance().matrix());
        let shift = p.mean() - q.mean();
        let ratio = inverse_q.dot(&p.covariance().matrix());
        let squares = shift.dot(&inverse_q.dot(&shift));
        let expected = 0.5 * (trace(&ratio) - p.dimension() as f64 - (det_p / det_q).ln() + squares);
        let found = kl_divergence(&p, &q).unwrap();
        prop_assert!(found >= 0.0);
        // Condition numbers up to 1e4, in the inverse.
        assert_close!(found, expected, 1e-11, 1e-10);
        // Pinsker through the entropy: differential entropies are log-determinants.
        let log_det = p.covariance().log_determinant();
        assert_close!(log_det, det_p.ln(), 0.0, 1e-11);
    }

    #[test]
    fn diagonal_divergences_agree(
        (mean, prior_mean, v, w) in (1..6usize).prop_flat_map(|n| (signed(n), signed(n), signed(n), signed(n))),
        scale in log_uniform(1e-6, 20.0),
    ) {
        let logs = |values: &[f64]| values.iter().map(|value| scale * value).collect::<Vec<_>>();
        let (v, w) = (logs(&v), logs(&w));
        let of = |mean: &[f64], logs: &[f64]| {
            let variances: Vec<f64> = logs.iter().map(|log| log.exp()).collect();
            Gaussian::new(mean.to_vec(), Covariance::diagonal(&variances).unwrap()).unwrap()
        };
        let found = kl_divergence(&of(&mean, &v), &of(&prior_mean, &w)).unwrap();
        let expected = gaussian::kl_from_gaussian_prior(&mean, &v, &prior_mean, &w).unwrap();
        // The exponentials of up to 20 are rounded by 20 eps before their ratio is taken.
        assert_close!(found, expected, 1e-13, 0.0);
    }

    #[test]
    fn the_divergence_does_not_depend_on_coordinates((p, q) in two_gaussians(), seed in signed(36)) {
        let n = p.dimension();
        // Diagonally dominant, so well conditioned: singular values between 1/2 and 3/2.
        let mixing = Array2::from_shape_fn((n, n), |(i, j)| {
            if i == j { 1.0 } else { 0.5 * seed[i * 6 + j] / n as f64 }
        });
        let image = |of: &Gaussian| {
            let product = mixing.dot(&of.covariance().matrix()).dot(&mixing.t());
            let symmetric = (&product + &product.t()) * 0.5;
            Gaussian::new(mixing.dot(&of.mean()), Covariance::new(symmetric.view()).unwrap()).unwrap()
        };
        let found = kl_divergence(&image(&p), &image(&q)).unwrap();
        assert_close!(found, kl_divergence(&p, &q).unwrap(), 1e-10, 1e-10);
    }

    #[test]
    fn conditional_covariances_are_schur_complements(matrix in (3..7usize).prop_flat_map(covariance)) {
        let joint = Covariance::new(matrix.view()).unwrap();
        let (of, given): (Vec<usize>, Vec<usize>) = (0..matrix.nrows()).rev().partition(|i| i % 2 == 0);
        let (inverse_given, _) = inverse(&block(&matrix, &given, &given));
        let cross = block(&matrix, &of, &given);
        let expected = block(&matrix, &of, &of) - cross.dot(&inverse_given).dot(&cross.t());
        let found = joint.conditional(&of, &given).unwrap();
        let scale = trace(&matrix);
        // The difference cancels: absolute to the scale of the matrix, times its condition.
        assert_all_close(&found.matrix(), &expected, 0.0, 1e-11 * scale);
        assert_all_close(&joint.marginal(&of).unwrap().matrix(), &block(&matrix, &of, &of), 0.0, 1e-14 * scale);
        let alone = joint.conditional(&of, &[]).unwrap();
        assert_all_close(&alone.matrix(), &block(&matrix, &of, &of), 0.0, 1e-14 * scale);
    }

    #[test]
    fn information_is_a_ratio_of_determinants(matrix in (4..7usize).prop_flat_map(covariance)) {
        let joint = Covariance::new(matrix.view()).unwrap();
        let (x, y, w) = (vec![0, 3], vec![2], vec![1]);
        let log_det = |indices: &[usize]| inverse(&block(&matrix, indices, indices)).1.ln();
        let expected = 0.5 * (log_det(&x) + log_det(&y) - log_det(&[0, 3, 2]));
        let found = mutual_information(&joint, &x, &y).unwrap();
        // Log-determinants of condition up to 1e4.
        assert_close!(found, expected, 0.0, 1e-11);
        prop_assert!(found >= 0.0);
        let expected = 0.5 * (log_det(&[0, 3, 1]) + log_det(&[2, 1]) - log_det(&[0, 3, 2, 1]) - log_det(&w));
        let given_w = conditional_mutual_information(&joint, &x, &y, &w).unwrap();
        assert_close!(given_w, expected, 0.0, 1e-11);
        // Chain rule, and symmetry.
        let whole = mutual_information(&joint, &x, &[2, 1]).unwrap();
        assert_close!(whole, mutual_information(&joint, &x, &w).unwrap() + given_w, 1e-11, 1e-13);
        assert_close!(found, mutual_information(&joint, &y, &x).unwrap(), 1e-11, 1e-13);
        // Entropies: I = h(Y) - h(Y|X).
        let left = differential_entropy(&joint.conditional(&y, &x).unwrap());
        let all = differential_entropy(&joint.marginal(&y).unwrap());
        assert_close!(found, all - left, 0.0, 1e-11);
    }

    #[test]
    fn posteriors_are_bayes_rule(
        (source, channel) in (1..5usize, 1..5usize).prop_flat_map(|(n, m)| (gaussian(n), crate::matrices::channel(n, m)))
    ) {
        let (weights, noise, prior) = (channel.weights(), channel.noise().matrix(), source.covariance().matrix());
        let posterior = channel.posterior(&source).unwrap();
        let aggregate = channel.push(&source).unwrap();
        let expected = weights.dot(&prior).dot(&weights.t()) + &noise;
        let scale = trace(&expected);
        assert_all_close(&aggregate.covariance().matrix(), &expected, 0.0, 1e-13 * scale);
        // The joint covariance of (x, z) from both sides: G Sz = Sx W', T = Sx - G W Sx.
        let cross = prior.dot(&weights.t());
        let found = posterior.weights().dot(&expected);
        assert_all_close(&found, &cross, 0.0, 1e-9 * (cross.mapv(f64::abs).sum() + scale * 1e-3));
        let left = &prior - &posterior.weights().dot(&weights).dot(&prior);
        assert_all_close(&posterior.noise().matrix(), &left, 0.0, 1e-9 * trace(&prior));
        // The mean of x given the mean of z is the mean of x.
        let mean = posterior.weights().dot(&aggregate.mean()) + posterior.offset();
        let size = source.mean().mapv(f64::abs).sum() + posterior.offset().mapv(f64::abs).sum();
        assert_all_close(&mean, &source.mean(), 0.0, 1e-12 * size);
    }

    #[test]
    fn channels_compose(
        (source, first, second) in (1..4usize, 1..4usize, 1..4usize).prop_flat_map(|(n, m, k)| {
            (gaussian(n), crate::matrices::channel(n, m), crate::matrices::channel(m, k))
        })
    ) {
        let composed = first.then(&second).unwrap().push(&source).unwrap();
        let in_turn = second.push(&first.push(&source).unwrap()).unwrap();
        let scale = trace(&in_turn.covariance().matrix());
        assert_all_close(&composed.covariance().matrix(), &in_turn.covariance().matrix(), 0.0, 1e-13 * scale);
        let size = 1e-11 * (1.0 + in_turn.mean().mapv(f64::abs).sum() + scale);
        assert_all_close(&composed.mean(), &in_turn.mean(), 0.0, size);
    }
}

#[test]
fn channels_are_checked() {
    let noise = Covariance::isotropic(2, 1.0).unwrap();
    let new = |weights: Array2<f64>, offset: Vec<f64>| {
        LinearChannel::new(weights.view(), Array1::from(offset), noise.clone())
    };
    assert!(matches!(new(Array2::ones((3, 1)), vec![0.0; 2]), Err(InfoError::LengthMismatch { .. })));
    assert!(matches!(new(Array2::ones((2, 1)), vec![0.0; 3]), Err(InfoError::LengthMismatch { .. })));
    assert!(matches!(new(Array2::ones((2, 0)), vec![0.0; 2]), Err(InfoError::EmptyAlphabet { .. })));
    let refused = new(array![[0.0], [f64::NAN]], vec![0.0; 2]);
    assert!(matches!(refused, Err(InfoError::NonFiniteEntry { what: "weights", row: 1, column: 0, .. })));
    let refused = new(Array2::ones((2, 1)), vec![0.0, f64::INFINITY]);
    assert!(matches!(refused, Err(InfoError::NonFinite { what: "offset", index: 1, .. })));
    let channel = new(Array2::ones((2, 1)), vec![0.0; 2]).unwrap();
    let wide = Gaussian::centred(Covariance::isotropic(3, 1.0).unwrap());
    assert!(matches!(channel.push(&wide), Err(InfoError::LengthMismatch { .. })));
    assert!(matches!(channel.posterior(&wide), Err(InfoError::LengthMismatch { .. })));
    assert!(matches!(channel.then(&channel), Err(InfoError::LengthMismatch { .. })));
    let huge = new(Array2::from_elem((2, 1), 1e300), vec![0.0; 2]).unwrap();
    let source = Gaussian::centred(Covariance::isotropic(1, 1e300).unwrap());
    assert!(matches!(huge.push(&source), Err(InfoError::OutOfRange { .. })));
    assert!(matches!(huge.posterior(&source), Err(InfoError::OutOfRange { .. })));
}
