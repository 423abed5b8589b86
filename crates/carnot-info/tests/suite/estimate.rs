use carnot_info::{Estimate, InfoError};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::log_uniform;
use proptest::prelude::*;

fn estimate(mean: f64, std_err: f64) -> Estimate {
    Estimate::from_mean_and_std_err(mean, std_err).unwrap()
}

#[test]
fn samples_by_hand() {
    // Mean 2.5, squares 5, variance 5/3, standard error sqrt(5/12).
    let found = Estimate::from_samples(&[1.0, 2.0, 3.0, 4.0]).unwrap();
    assert_eq!(found.mean(), 2.5);
    assert_close!(found.std_err(), (5.0_f64 / 12.0).sqrt(), 1e-15, 0.0);
    // On a large offset, where the textbook sum of squares has no digit left.
    let offset = Estimate::from_samples(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0, 1e9 + 4.0]).unwrap();
    assert_eq!(offset.mean(), 1e9 + 2.5);
    assert_close!(offset.std_err(), (5.0_f64 / 12.0).sqrt(), 1e-15, 0.0);
    assert_eq!(Estimate::from_samples(&[0.1; 10]).unwrap().std_err(), 0.0);
}

#[test]
fn what_no_estimate_can_come_from() {
    assert_eq!(Estimate::from_samples(&[]), Err(InfoError::TooFewSamples { found: 0 }));
    assert_eq!(Estimate::from_samples(&[1.0]), Err(InfoError::TooFewSamples { found: 1 }));
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(matches!(
            Estimate::from_samples(&[0.0, 1.0, bad]),
            Err(InfoError::NonFinite { what: "samples", index: 2, .. })
        ));
        assert!(Estimate::from_mean_and_std_err(bad, 1.0).is_err());
        assert!(Estimate::from_mean_and_std_err(0.0, bad).is_err());
    }
    assert!(matches!(
        Estimate::from_mean_and_std_err(0.0, -1.0),
        Err(InfoError::InvalidEstimate { std_err: -1.0, .. })
    ));
    assert!(matches!(Estimate::from_samples(&[f64::MAX, f64::MAX]), Err(InfoError::InvalidEstimate { .. })));
    let refused = Estimate::paired_difference(&[1.0, 2.0, 3.0], &[1.0, 2.0]);
    assert!(matches!(refused, Err(InfoError::LengthMismatch { expected: 3, found: 2, .. })));
}

#[test]
fn arithmetic_by_hand() {
    let (a, b) = (estimate(5.0, 3.0), estimate(2.0, 4.0));
    assert_eq!(a.plus_independent(b), estimate(7.0, 5.0));
    assert_eq!(a.minus_independent(b), estimate(3.0, 5.0));
    assert_eq!(a.scale(-2.0), estimate(-10.0, 6.0));
    assert_eq!(a.z_score(-1.0), 2.0);
    assert_eq!(a.z_score(5.0), 0.0);
    assert_eq!(a.with_std_err(-2.0), estimate(5.0, 2.0));
    let exact = Estimate::exact(1.0);
    assert_eq!(exact, estimate(1.0, 0.0));
    assert_eq!(exact.z_score(1.0), 0.0);
    assert_eq!(exact.z_score(2.0), f64::NEG_INFINITY);
    assert_eq!(exact.z_score(0.0), f64::INFINITY);
}

#[test]
fn arithmetic_that_overflows_is_infinite() {
    let large = estimate(f64::MAX, f64::MAX);
    for infinite in
        [large.plus_independent(large), large.minus_independent(large.scale(-1.0)), large.scale(2.0)]
    {
        assert_eq!((infinite.mean(), infinite.std_err()), (f64::INFINITY, f64::INFINITY));
    }
}

#[test]
fn what_pairs_share_cancels() {
    let common = [3.0, -7.0, 11.0, 2.0];
    let shifted: Vec<f64> = common.iter().zip([0.5, 0.25, 0.5, 0.75]).map(|(c, d)| c + d).collect();
    let paired = Estimate::paired_difference(&shifted, &common).unwrap();
    assert_eq!(paired, Estimate::from_samples(&[0.5, 0.25, 0.5, 0.75]).unwrap());
    let unpaired =
        Estimate::from_samples(&shifted).unwrap().minus_independent(Estimate::from_samples(&common).unwrap());
    assert!(paired.std_err() < 0.05 * unpaired.std_err());
}

#[test]
fn display() {
    assert_eq!(estimate(0.5, 0.25).to_string(), "0.5 ± 0.25");
    assert_eq!(format!("{:.2}", estimate(1.0, 0.125)), "1.00 ± 0.12");
}

proptest! {
    #[test]
    fn estimates_follow_units_and_order(
        samples in prop::collection::vec(-1.0..1.0_f64, 2..40),
        unit in log_uniform(1e-6, 1e6),
        shift in -10.0..10.0_f64,
    ) {
        let base = Estimate::from_samples(&samples).unwrap();
        let moved: Vec<f64> = samples.iter().rev().map(|x| unit * (x + shift)).collect();
        let found = Estimate::from_samples(&moved).unwrap();
        // Samples are rounded at 11 eps units, which enters the mean in full and the deviations likewise.
        let atol = 1e-14 * unit;
        assert_close!(found.mean(), unit * (base.mean() + shift), 0.0, atol);
        assert_close!(found.std_err(), unit * base.std_err(), 1e-14, atol);
        let scaled = base.scale(-unit);
        assert_close!(scaled.std_err(), unit * base.std_err(), 1e-15, 0.0);
    }
}
