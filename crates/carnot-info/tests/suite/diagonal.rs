use carnot_info::{InfoError, kl_from_gaussian_prior, kl_from_standard_normal};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::{log_uniform, signed};
use proptest::prelude::*;

/// `KL(N(m, exp v) || N(n, exp w))` by the trapezoidal rule, which is exponentially exact for such integrands.
fn by_quadrature(m: f64, v: f64, n: f64, w: f64) -> f64 {
    let log_density = |x: f64, mean: f64, log_variance: f64| {
        -0.5 * ((x - mean).powi(2) / log_variance.exp() + log_variance + std::f64::consts::TAU.ln())
    };
    let (steps, width) = (4000, 20.0 * (0.5 * v).exp());
    let step = width / f64::from(steps);
    let terms = (0..=steps).map(|i| {
        let x = m + f64::from(i) * step - 0.5 * width;
        let log_p = log_density(x, m, v);
        step * log_p.exp() * (log_p - log_density(x, n, w))
    });
    terms.sum()
}

#[test]
fn closed_forms() {
    assert_eq!(kl_from_standard_normal(&[], &[]), Ok(0.0));
    assert_eq!(kl_from_standard_normal(&[0.0, 0.0], &[0.0, 0.0]), Ok(0.0));
    assert_eq!(kl_from_standard_normal(&[3.0, 4.0], &[0.0, 0.0]), Ok(12.5));
    // Variance 4: (4 - 1 - ln 4) / 2.
    let log_four = 4.0_f64.ln();
    assert_close!(kl_from_standard_normal(&[0.0], &[log_four]).unwrap(), 0.5 * (3.0 - log_four), 1e-15, 0.0);
    assert_close!(kl_from_standard_normal(&[0.0], &[-1e4]).unwrap(), 0.5 * (1e4 - 1.0), 1e-15, 0.0);
    assert_eq!(kl_from_standard_normal(&[0.0], &[1e4]), Ok(f64::INFINITY));
}

#[test]
fn close_to_the_prior_no_digits_are_lost() {
    for exponent in [3, 10, 20, 40, 200] {
        for sign in [-1.0, 1.0] {
            let v = sign * 0.5_f64.powi(exponent);
            // (exp v - 1 - v) / 2 = v^2/4 + v^3/12 + v^4/48 + ...: ten terms.
            let factorial = |k: i32| (1..=k).map(f64::from).product::<f64>();
            let series: f64 = (2..12).rev().map(|k| 0.5 * v.powi(k) / factorial(k)).sum();
            assert_close!(kl_from_standard_normal(&[0.0], &[v]).unwrap(), series, 1e-14, 0.0);
        }
    }
}

#[test]
fn extremes_give_numbers_not_nan() {
    let huge = f64::MAX;
    // The difference of the means overflows, but divided by exp(5000) it is nothing: (exp(-1e4) - 1 + 1e4) / 2.
    assert_eq!(kl_from_gaussian_prior(&[huge], &[0.0], &[-huge], &[1e4]), Ok(4999.5));
    assert_eq!(kl_from_gaussian_prior(&[1.0], &[-1e4], &[1.0], &[-1e4]), Ok(0.0));
    assert_eq!(kl_from_gaussian_prior(&[0.0], &[huge], &[0.0], &[-huge]), Ok(f64::INFINITY));
    assert_eq!(kl_from_gaussian_prior(&[0.0], &[-huge], &[0.0], &[huge]), Ok(f64::INFINITY));
    // exp(1500 / 2) overflows and 1e-300^2 underflows; their product is exp(1500 - 600 ln 10) = 6.2e50.
    let found = kl_from_gaussian_prior(&[1e-300], &[-1500.0], &[0.0], &[-1500.0]).unwrap();
    assert_close!(found, 0.5 * (1500.0 - 600.0 * 10.0_f64.ln()).exp(), 1e-12, 0.0);
}

#[test]
fn bad_input_is_named() {
    assert!(matches!(
        kl_from_standard_normal(&[0.0], &[0.0, 0.0]),
        Err(InfoError::LengthMismatch { expected: 1, found: 2, .. })
    ));
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let good = [0.0, 0.0];
        let bad = [0.0, bad];
        let named = |result: Result<f64, InfoError>, name: &str| {
            assert!(
                matches!(result, Err(InfoError::NonFinite { what, index: 1, .. }) if what == name),
                "{name}"
            );
        };
        named(kl_from_standard_normal(&bad, &good), "mean");
        named(kl_from_standard_normal(&good, &bad), "log_variance");
        named(kl_from_gaussian_prior(&bad, &good, &good, &good), "mean");
        named(kl_from_gaussian_prior(&good, &bad, &good, &good), "log_variance");
        named(kl_from_gaussian_prior(&good, &good, &bad, &good), "prior_mean");
        named(kl_from_gaussian_prior(&good, &good, &good, &bad), "prior_log_variance");
    }
    assert!(kl_from_gaussian_prior(&[0.0], &[0.0], &[], &[0.0]).is_err());
    assert!(kl_from_gaussian_prior(&[0.0], &[0.0], &[0.0], &[]).is_err());
}

proptest! {
    #[test]
    fn the_closed_form_is_the_integral(m in -3.0..3.0, v in -4.0..3.0, n in -3.0..3.0, w in -3.0..3.0) {
        // Ten standard deviations each side leave out exp(-50); 4000 terms of magnitude up to 1e3 are rounded.
        let integral = by_quadrature(m, v, n, w);
        assert_close!(kl_from_gaussian_prior(&[m], &[v], &[n], &[w]).unwrap(), integral, 1e-11, 1e-11);
        assert_close!(kl_from_standard_normal(&[m], &[v]).unwrap(), by_quadrature(m, v, 0.0, 0.0), 1e-11, 1e-11);
    }

    #[test]
    fn dimensions_add_and_units_do_not_matter(
        (mean, log_variance, prior_mean, prior_log_variance) in
            (1..6usize).prop_flat_map(|n| (signed(n), signed(n), signed(n), signed(n))),
        unit in log_uniform(1e-6, 1e6),
        shift in -1.0..1.0,
    ) {
        let whole = kl_from_gaussian_prior(&mean, &log_variance, &prior_mean, &prior_log_variance).unwrap();
        prop_assert!(whole >= 0.0);
        let parts: f64 = (0..mean.len())
            .map(|i| {
                let one = i..=i;
                kl_from_gaussian_prior(
                    &mean[one.clone()],
                    &log_variance[one.clone()],
                    &prior_mean[one.clone()],
                    &prior_log_variance[one],
                )
                .unwrap()
            })
            .sum();
        assert_close!(whole, parts, 1e-14, 0.0);
        let affine = |x: &[f64]| -> Vec<f64> { x.iter().map(|x| unit * (x + shift)).collect() };
        let scaled = |x: &[f64]| -> Vec<f64> { x.iter().map(|x| x + 2.0 * unit.ln()).collect() };
        let (m, v, n, w) =
            (affine(&mean), scaled(&log_variance), affine(&prior_mean), scaled(&prior_log_variance));
        // Rounding of the shifted means and of log-variances up to 29.
        assert_close!(kl_from_gaussian_prior(&m, &v, &n, &w).unwrap(), whole, 1e-12, 1e-13);
    }

    #[test]
    fn a_standard_prior_is_a_prior((mean, log_variance) in (1..6usize).prop_flat_map(|n| (signed(n), signed(n)))) {
        let zeros = vec![0.0; mean.len()];
        let general = kl_from_gaussian_prior(&mean, &log_variance, &zeros, &zeros).unwrap();
        assert_close!(kl_from_standard_normal(&mean, &log_variance).unwrap(), general, 1e-15, 0.0);
    }
}
