use carnot_info::{InfoError, log_softmax, log_sum_exp, nats_to_bits, xlogx, xlogy};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::{log_uniform, signed};
use proptest::prelude::*;
use std::f64::consts::LN_2;

#[test]
fn zero_times_a_logarithm_is_zero() {
    assert_eq!(xlogx(0.0), 0.0);
    assert_eq!(xlogx(1.0), 0.0);
    assert_eq!(xlogy(0.0, 0.0), 0.0);
    assert_eq!(xlogy(0.0, f64::INFINITY), 0.0);
    assert_eq!(xlogy(0.5, 0.0), f64::NEG_INFINITY);
    assert_close!(xlogx(0.5), -0.5 * LN_2, 1e-15, 0.0);
    assert!(xlogx(-1.0).is_nan());
    assert!(xlogy(0.0, f64::NAN).is_nan());
}

#[test]
fn a_bit_is_ln_2_nats() {
    assert_eq!(nats_to_bits(LN_2), 1.0);
}

#[test]
fn log_sum_exp_at_its_limits() {
    let (minus, plus) = (f64::NEG_INFINITY, f64::INFINITY);
    assert_eq!(log_sum_exp(&[]), minus);
    assert_eq!(log_sum_exp(&[minus, minus]), minus);
    assert_eq!(log_sum_exp(&[minus, 3.0]), 3.0);
    assert_eq!(log_sum_exp(&[plus, 3.0, minus]), plus);
    assert!(log_sum_exp(&[plus, f64::NAN]).is_nan());
    assert_eq!(log_sum_exp(&[1e4, 1e4]), 1e4 + LN_2);
    assert_eq!(log_sum_exp(&[-1e4, 1e4]), 1e4);
    // ln(1 + e^-40), far below the spacing of numbers near one.
    assert_close!(log_sum_exp(&[0.0, -40.0]), (-40.0_f64).exp(), 1e-15, 0.0);
}

#[test]
fn log_softmax_at_its_limits() {
    let minus = f64::NEG_INFINITY;
    assert_eq!(log_softmax(&[]), Ok(vec![]));
    assert_eq!(log_softmax(&[7.0]), Ok(vec![0.0]));
    assert_eq!(log_softmax(&[1e4, 1e4, minus]), Ok(vec![-LN_2, -LN_2, minus]));
    assert_eq!(log_softmax(&[1e4, -1e4]), Ok(vec![0.0, -2e4]));
    assert_eq!(log_softmax(&[minus, minus]), Err(InfoError::ZeroWeights { row: 0 }));
    assert!(matches!(log_softmax(&[0.0, f64::NAN]), Err(InfoError::InvalidLogWeight { column: 1, .. })));
    assert!(matches!(log_softmax(&[f64::INFINITY]), Err(InfoError::InvalidLogWeight { column: 0, .. })));
}

proptest! {
    #[test]
    fn log_sum_exp_is_the_plain_formula_and_shifts(
        directions in (1..9usize).prop_flat_map(signed),
        scale in log_uniform(1e-3, 1e2),
        shift in -1e4..1e4_f64,
    ) {
        let values: Vec<f64> = directions.iter().map(|d| scale * d).collect();
        let plain = values.iter().map(|v| v.exp()).sum::<f64>().ln();
        // The plain formula rounds a sum that may be near one: an absolute error of a few eps; exp(100) is exact
        // to 100 eps.
        assert_close!(log_sum_exp(&values), plain, 1e-15, 1e-14);
        let shifted: Vec<f64> = values.iter().map(|v| v + shift).collect();
        // Rounding of numbers up to 1e4.
        assert_close!(log_sum_exp(&shifted), log_sum_exp(&values) + shift, 0.0, 1e-11);
    }

    #[test]
    fn log_softmax_is_normalised(
        directions in (1..9usize).prop_flat_map(signed),
        scale in log_uniform(1e-3, 1e4),
    ) {
        let values: Vec<f64> = directions.iter().map(|d| scale * d).collect();
        let logs = log_softmax(&values).unwrap();
        // Eight terms; those that matter are at most 8 in magnitude, so their exponentials are good to 8 eps.
        assert_close!(logs.iter().map(|l| l.exp()).sum::<f64>(), 1.0, 0.0, 1e-14);
        for (log, value) in logs.iter().zip(&values) {
            assert_close!(log - logs[0], value - values[0], 0.0, 8.0 * f64::EPSILON * (1.0 + 2.0 * scale));
        }
    }
}
