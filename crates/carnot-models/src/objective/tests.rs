//! Differences of gradients against closed forms, and objectives that are not what they should be.

use std::convert::Infallible;
use std::io;

use carnot_testkit::{assert_close, tier};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// `sum_k exp(a_k . x) + cos(a_k . x)` of some rows a_k.
#[derive(Debug, Clone)]
struct Waves(Vec<[f64; 3]>);

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Waves {
    /// The sum over the rows of `f(a . x)` times the row.
    fn sum(&self, x: &[f64], f: impl Fn(&[f64; 3], f64) -> f64) -> [f64; 3] {
        let mut sum = [0.0; 3];
        for row in &self.0 {
            let factor = f(row, dot(row, x));
            sum.iter_mut().zip(row).for_each(|(sum, a)| *sum += factor * a);
        }
        sum
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) -> Result<f64, Infallible> {
        gradient.copy_from_slice(&self.sum(x, |_, s| s.exp() - s.sin()));
        Ok(self.0.iter().map(|row| dot(row, x)).map(|s| s.exp() + s.cos()).sum())
    }

    fn product(&self, x: &[f64], direction: &[f64]) -> [f64; 3] {
        self.sum(x, |row, s| (s.exp() - s.cos()) * dot(row, direction))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(tier::cases(256, 10_000)))]

    #[test]
    fn the_error_is_no_larger_than_what_is_said(
        rows in vec([-2.0..2.0f64, -2.0..2.0, -2.0..2.0], 1..5),
        x in [-1.0..1.0f64, -1.0..1.0, -1.0..1.0],
        direction in [-1.0..1.0f64, -1.0..1.0, -1.0..1.0],
        (length, digits) in (-6..6i32, prop_oneof![Just(None), (-13.0..-9.0f64).prop_map(|d| Some(10f64.powf(d)))]),
    ) {
        let waves = Waves(rows);
        let direction = direction.map(|v| v * 10f64.powi(length));
        let exact = waves.product(&x, &direction);
        // With or without a gradient that is known to a few digits only, not so few that small steps do not change it.
        let rounded = |x: &[f64], gradient: &mut [f64]| {
            let value = waves.gradient(x, gradient);
            if let Some(unit) = digits {
                gradient.iter_mut().for_each(|slope| *slope = (*slope / unit).round() * unit);
            }
            value
        };
        let found = Differences::DEFAULT.hessian_product(rounded, &x, &direction).expect("a product");
        // What is cut off is less than what the last level changed. Rounding and noise may agree at three levels by chance,
        // within a factor of ten once in some thousand times.
        let chance = if digits.is_some() { 10.0 } else { 3.0 };
        prop_assert!(distance(&found.product, &exact) <= chance * found.error, "{found:?} {exact:?}");
        prop_assert!(found.gradients <= 20);
        if digits.is_none() {
            // Terms of up to exp(6) and their rounding, 1e-16 over steps of about 1e-3.
            let size: f64 = waves.0.iter().map(|row| dot(row, &x).exp() + 1.0).sum();
            prop_assert!(found.error <= 1e-10 * size * norm(&direction), "{found:?} {exact:?}");
        }
    }
}

#[test]
fn the_second_of_four_levels_is_of_fourth_order() {
    let waves = Waves(vec![[1.0, -0.5, 0.3], [0.2, 0.7, -1.1]]);
    let (x, direction) = ([0.3, -0.1, 0.4], [1.0, 2.0, -1.0]);
    let exact = waves.product(&x, &direction);
    let error = |step: f64| {
        let differences = Differences { step, levels: 4 };
        let found =
            differences.hessian_product(|x, g| waves.gradient(x, g), &x, &direction).expect("a product");
        distance(&found.product, &exact)
    };
    for step in [0.2, 0.1, 0.05] {
        // The next term is smaller by step^2, and rounding is 1e-16 / 0.05 of errors of 1e-7 at least.
        assert_close!((error(step) / error(0.5 * step)).log2(), 4.0, rtol = 0.0, atol = 0.1);
    }
}

#[test]
fn differences_that_agree_by_chance_do_not_hide_their_noise() {
    // Noise of 1e-6 at the steps 2^-(6 + level); from level 3 to 6 it is such that all differences are off by 5e-4.
    const NOISE: f64 = 1e-6;
    let noisy = |x: &[f64], gradient: &mut [f64]| {
        let level = -x[0].abs().log2() - 6.0;
        let noise = match level as i32 {
            3..=6 => NOISE * 2f64.powf(3.0 - level),
            even if even % 2 == 0 => NOISE,
            _ => -NOISE,
        };
        gradient[0] = x[0] + noise.copysign(noise * x[0]);
        Ok::<f64, Infallible>(0.5 * x[0] * x[0])
    };
    let found = Differences::DEFAULT.hessian_product(noisy, &[0.0], &[1.0]).expect("a product");
    assert!((found.product[0] - 1.0).abs() <= 3.0 * found.error && found.error < 0.1, "{found:?}");
}

#[test]
fn a_kink_shows_in_the_error() {
    let kink = |x: &[f64], gradient: &mut [f64]| {
        gradient[0] = if x[0] > 0.0 { 1.0 } else { 0.0 };
        Ok::<f64, Infallible>(x[0].max(0.0))
    };
    // On the kink no difference is right, and none agrees with another.
    let on = Differences::DEFAULT.hessian_product(kink, &[0.0], &[1.0]).expect("differences");
    assert!(on.error > 1.0, "{on:?}");
    // Next to it small steps are: of ten levels nine and six, which leave less and less of the largest steps.
    for (x, least) in [(1e-2, 1e-6), (1e-3, 0.2)] {
        let beside = Differences::DEFAULT.hessian_product(kink, &[x], &[1.0]).expect("differences");
        assert!(beside.product[0].abs() <= beside.error && beside.error < least, "{beside:?}");
    }
}

#[test]
fn what_has_no_product_is_told() {
    let differences = Differences::DEFAULT;
    let waves = Waves(vec![[1.0; 3]]);
    let gradient = |x: &[f64], gradient: &mut [f64]| waves.gradient(x, gradient);
    let still = differences.hessian_product(gradient, &[0.1; 3], &[0.0; 3]).expect("zero");
    assert_eq!(still, DifferenceProduct { product: vec![0.0; 3], error: 0.0, gradients: 0 });
    let error = differences.hessian_product(gradient, &[0.1; 3], &[1.0; 2]).expect_err("a misfit");
    assert_eq!(error.to_string(), "the direction has 2 numbers, the parameters have 3");
    for wrong in [Differences { levels: 3, ..differences }, Differences { step: f64::NAN, ..differences }] {
        let error = wrong.hessian_product(gradient, &[0.1; 3], &[1.0; 3]);
        assert!(matches!(error, Err(ObjectiveError::Option { .. })));
    }
    let nowhere = |_: &[f64], gradient: &mut [f64]| {
        gradient.fill(f64::NAN);
        Ok::<f64, Infallible>(0.0)
    };
    let error = differences.hessian_product(nowhere, &[0.1; 3], &[1.0; 3]);
    assert_eq!(error, Err(ObjectiveError::NotFinite));
    // At most a few steps lead to where there is no logarithm.
    let logarithm = |x: &[f64], gradient: &mut [f64]| {
        gradient[0] = 1.0 + x[0].ln();
        Ok::<f64, Infallible>(x[0] * x[0].ln())
    };
    let near = differences.hessian_product(logarithm, &[5e-3], &[1.0]).expect("a product");
    assert!((near.product[0] - 200.0).abs() <= near.error && near.error < 1e-3, "{near:?}");
    let fails = |_: &[f64], _: &mut [f64]| Err::<f64, _>(io::Error::other("no device"));
    let error = differences.hessian_product(fails, &[0.1; 3], &[1.0; 3]).expect_err("a failure");
    assert_eq!(std::error::Error::source(&error).map(ToString::to_string).as_deref(), Some("no device"));
    assert!(matches!(check_repeatable(fails, &[0.0]), Err(ObjectiveError::Evaluation(_))));
}

#[test]
fn a_single_bit_is_seen() {
    // What is added to the value and to the last slope in the second evaluation.
    let check = |of_value: f64, of_slope: f64| {
        let mut calls = 0.0;
        let objective = |x: &[f64], gradient: &mut [f64]| {
            gradient.copy_from_slice(&[f64::NAN, x[1] + calls * of_slope]);
            let value = x[0] + calls * of_value;
            calls += 1.0;
            Ok::<f64, Infallible>(value)
        };
        check_repeatable(objective, &[1.0, -1.0])
    };
    assert_eq!(check(0.0, 0.0), Ok(1.0));
    let first = 1.0;
    assert_eq!(check(f64::EPSILON, 0.0), Err(ObjectiveError::Value { first, second: 1.0 + f64::EPSILON }));
    let error = check(0.0, f64::EPSILON / 2.0).expect_err("another slope");
    assert_eq!(
        error.to_string(),
        "slope 1 of the objective is -1 and then -0.9999999999999999 at the same parameters"
    );
    // Zeros of two signs are different numbers to what divides by them.
    let mut sign = 1.0;
    let zero = check_repeatable(
        |_: &[f64], _: &mut [f64]| {
            sign = -sign;
            Ok::<f64, Infallible>(0.0 * sign)
        },
        &[],
    );
    assert!(matches!(zero, Err(ObjectiveError::Value { .. })));
}
