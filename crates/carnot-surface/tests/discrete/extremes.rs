//! Numbers at the ends of the range: weights next to zero, prices next to infinity, costs beside forbidden pairs.

use carnot_info::Distribution;
use carnot_surface::{
    Certificate, DiscreteError, DiscreteSystem, GibbsSystem, Observables, Responsive, System,
};
use carnot_testkit::assert_close;
use ndarray::array;

use crate::given::{channel, distribution};
use crate::{at, joint, rate_distortion, solve};

const NEVER: f64 = f64::INFINITY;

/// A fair bit whose label is wrong in one case of ten.
fn noisy_bit() -> carnot_info::Joint {
    joint(2, &[0.45, 0.05, 0.05, 0.45])
}

#[test]
fn a_given_weight_below_the_normal_numbers_has_its_rate() {
    for weight in [1e-3, 1e-300, 1e-310, 1e-320, f64::from_bits(1)] {
        let marginal = distribution(&[1.0 - weight, weight]);
        // Each input has one letter: R = E ln 1/m.
        let rate = -0.5 * weight.ln() - 0.5 * (1.0 - weight).ln();
        let costs = array![[0.0, NEVER], [NEVER, 0.0]];
        let classifier = channel(2, &[0.9, 0.1, 0.1, 0.9]);
        let gibbs = GibbsSystem::new(&noisy_bit(), &marginal, costs.view(), &classifier).expect("a system");
        let system = DiscreteSystem::new(&noisy_bit(), costs.view()).expect("a system");
        let system = system.with_marginal(&marginal).expect("a system");
        // A logarithm and a few roundings.
        assert_close!(solve(&gibbs, at(1.0, 0.5)).rdc.rate, rate, rtol = 1e-15, atol = 0.0);
        assert_close!(solve(&system, at(1.0, 0.5)).rdc.rate, rate, rtol = 1e-15, atol = 0.0);
    }
}

#[test]
fn a_letter_of_next_to_no_given_weight_responds_in_proportion() {
    // Of weight t, letter 1 adds -t w to F, w = max over c of E exp(gamma (l_c(x, 0) - l_c(x, 1)) - lambda (rho(x, 1) -
    // rho(x, 0))) against letter 0, which says nothing. Input 1 makes all of w but 3e-6 of it: c is (1, 9) / 10 at every
    // lambda, and w'' = w as the costs differ by one.
    let fitness = 5.0 * (0.9 * 1.8_f64.ln() + 0.1 * 0.2_f64.ln()) + 2.0;
    let expected = 0.5 * fitness.exp();
    for weight in [1e-50, 1e-100, 1e-200, 1e-290] {
        let system =
            DiscreteSystem::new(&noisy_bit(), array![[0.0, 1.0], [1.0, 0.0]].view()).expect("a system");
        let system = system.with_marginal(&distribution(&[1.0 - weight, weight])).expect("a system");
        let response = system.response(&solve(&system, at(2.0, 5.0))).expect("a response");
        assert_close!(-response.distortion_lambda / weight, expected, rtol = 1e-5, atol = 0.0, "{weight:e}");
    }
}

#[test]
fn what_costs_very_much_is_not_what_is_forbidden() {
    // Letter 0, which costs nothing, is never given: of the others each input has one that is dear, one that is dearer and one
    // that is forbidden.
    let marginal = distribution(&[0.0, 0.25, 0.25, 0.5]);
    let costs = array![[0.0, 1.0, NEVER, 2.0], [0.0, NEVER, 1.0, 2.0]];
    for (unit, lambda) in [(1.0, 1e10), (1.0, 1e300), (1e300, 1.0), (1e300, 1e300), (1e300, 1e-250)] {
        let source = Distribution::new(vec![0.5, 0.5]).expect("a distribution");
        let system = DiscreteSystem::rate_distortion(&source, (unit * &costs).view()).expect("a system");
        let found = solve(&system.with_marginal(&marginal).expect("a system"), at(lambda, 0.0));
        // The dear letter, of weight 1/4, and nothing else.
        assert_eq!(found.rdc.distortion, unit, "{unit:e} at {lambda:e}");
        assert_close!(found.rdc.rate, 4f64.ln(), rtol = 1e-15, atol = 0.0);
    }
}

#[test]
fn what_all_letters_cost_takes_no_digits_from_the_rate() {
    let costs = |all: f64| array![[0.0, all, all + 1.0, all + 2.0], [0.0, all + 1.0, all, all + 2.0]];
    let marginal = distribution(&[0.0, 0.25, 0.25, 0.5]);
    let source = Distribution::new(vec![0.5, 0.5]).expect("a distribution");
    let solved = |all: f64| {
        let system = DiscreteSystem::rate_distortion(&source, costs(all).view()).expect("a system");
        solve(&system.with_marginal(&marginal).expect("a system"), at(1.0, 0.0)).rdc
    };
    let (one, other) = (solved(0.0), solved((1_u64 << 30) as f64));
    assert_eq!(one.rate, other.rate);
    assert_eq!(other.distortion, one.distortion + (1_u64 << 30) as f64);
}

#[test]
fn the_largest_gammas_are_solved_for_and_larger_ones_refused() {
    let bottleneck = DiscreteSystem::bottleneck(&noisy_bit(), 2).expect("a system");
    let given =
        bottleneck.clone().with_classifier(&channel(2, &[0.999, 0.001, 0.001, 0.999])).expect("a system");
    // Everything is told: R = H(X), and C the noise of the labels, or what the classifier makes of it.
    let (noise, made) =
        (-(0.9 * 0.9_f64.ln() + 0.1 * 0.1_f64.ln()), -(0.9 * 0.999_f64.ln() + 0.1 * 0.001_f64.ln()));
    for gamma in [1e3, 1e100, 1e249, 1e251, 1e300] {
        for (system, loss) in [(&bottleneck, noise), (&given, made)] {
            let found = solve(system, at(0.0, gamma));
            assert_close!(found.rdc.rate(), 2f64.ln(), rtol = 1e-14, atol = 0.0, "{gamma:e}");
            assert_close!(found.rdc.classification(), loss, rtol = 1e-14, atol = 0.0, "{gamma:e}");
        }
        assert!(
            matches!(solve(&given, at(0.0, gamma)).certificate, Certificate::Bound { gap, .. } if gap <= 1e-12)
        );
    }
    let gamma = 1e301;
    let expected = DiscreteError::GammaTooLarge { gamma, largest: 1e300 };
    assert_eq!(expected.to_string(), "gamma must be at most 1e300, not 1e301");
    for system in [&bottleneck, &given] {
        assert_eq!(system.equilibrium(at(0.0, gamma), None).err(), Some(expected.clone()));
    }
}

#[test]
fn a_response_of_nothing_has_no_sign() {
    let system = rate_distortion(&[0.8, 0.2], &[0.0, 1.0, 1.0, 0.0]);
    let response = system.response(&solve(&system, at(0.5, 0.0))).expect("a response");
    for entry in [response.distortion_lambda, response.cross, response.classification_gamma] {
        assert!(entry == 0.0 && entry.is_sign_positive(), "{response:?}");
    }
}
