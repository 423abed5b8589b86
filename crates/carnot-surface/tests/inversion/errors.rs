//! Misuse and failing systems.

use carnot_surface::{InversionError, InversionOptions, Multipliers, Target, solve_for};

use crate::systems::{Phases, ToyError, uniform_binary};
use crate::{Classification, Distortion, Rate, at_gamma, at_lambda};

fn error(system: &Phases, target: Target, options: InversionOptions) -> InversionError<ToyError> {
    solve_for(system, target, None, &options).expect_err("not solvable")
}

#[test]
fn targets_that_are_no_numbers_are_named() {
    let refuse = |target| error(&uniform_binary(), target, InversionOptions::default());
    let bad = f64::INFINITY;
    let cases = [
        (Target::DistortionClassification { distortion: bad, classification: 0.0 }, Distortion),
        (Target::DistortionClassification { distortion: 0.0, classification: bad }, Classification),
        (Target::RateClassification { rate: bad, classification: 0.0 }, Rate),
        (Target::RateClassification { rate: 0.0, classification: bad }, Classification),
        (Target::RateDistortion { rate: bad, distortion: 0.0 }, Rate),
        (Target::RateDistortion { rate: 0.0, distortion: bad }, Distortion),
        (at_lambda(1.0, Classification, bad), Classification),
        (at_gamma(1.0, Rate, bad), Rate),
    ];
    for (target, observable) in cases {
        assert_eq!(refuse(target), InversionError::Target { observable, value: bad }, "{target:?}");
    }
    assert!(matches!(refuse(at_gamma(0.0, Rate, f64::NAN)), InversionError::Target { .. }));
    for bad in [f64::NAN, -1.0, f64::INFINITY] {
        let InversionError::Multiplier(lambda) = refuse(at_lambda(bad, Rate, 0.1)) else {
            panic!("accepted")
        };
        let InversionError::Multiplier(gamma) = refuse(at_gamma(bad, Rate, 0.1)) else { panic!("accepted") };
        assert_eq!((lambda.name, gamma.name), ("lambda", "gamma"));
    }
}

#[test]
fn options_out_of_range_are_named() {
    let good = InversionOptions::default();
    let cases = [
        ("rtol", InversionOptions { rtol: -1.0, ..good }),
        ("rtol", InversionOptions { rtol: f64::NAN, ..good }),
        ("atol", InversionOptions { atol: 0.0, ..good }),
        ("smallest_multiplier", InversionOptions { smallest_multiplier: 0.0, ..good }),
        ("largest_multiplier", InversionOptions { largest_multiplier: f64::INFINITY, ..good }),
        ("largest_multiplier", InversionOptions { largest_multiplier: 1e-9, ..good }),
        ("scan_per_decade", InversionOptions { scan_per_decade: 0, ..good }),
    ];
    for (name, options) in cases {
        let error = error(&uniform_binary(), at_gamma(0.0, Distortion, 0.1), options);
        assert!(matches!(error, InversionError::Option { option, .. } if option == name), "{error}");
    }
}

#[test]
fn a_system_that_fails_says_where() {
    let system = Phases { fails_above: 2.0, ..uniform_binary() };
    let failed = error(&system, at_gamma(0.0, Distortion, 1e-3), InversionOptions::default());
    let InversionError::System { at, source } = failed else { panic!("{failed}") };
    assert!(at.lambda() > 2.0);
    assert_eq!(source, ToyError("converge"));
    let broken = Phases { distortion_at_zero: Some(f64::NAN), ..uniform_binary() };
    assert_eq!(
        error(&broken, at_gamma(0.0, Distortion, 0.6), InversionOptions::default()),
        InversionError::NotANumber { observable: Distortion, at: Multipliers::new(0.0, 0.0).expect("valid") }
    );
}

#[test]
fn a_search_stops_when_its_equilibria_are_used_up() {
    let options = InversionOptions { most_equilibria: 3, ..InversionOptions::default() };
    let stopped = error(&uniform_binary(), at_gamma(0.0, Distortion, 1e-5), options);
    assert!(matches!(stopped, InversionError::GivenUp { equilibria: 3, .. }), "{stopped}");
}
