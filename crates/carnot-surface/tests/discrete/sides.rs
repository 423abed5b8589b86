//! Where a response is one-sided, and where there is none.

use carnot_info::{Distribution, Joint};
use carnot_surface::{
    Certificate, Degenerate, DiscreteError, DiscreteOptions, DiscreteSystem, Equilibrium, FreeDecoderSystem,
    Multipliers, Responsive, Sidedness, System,
};
use carnot_testkit::assert_close;
use carnot_testkit::closed_forms::{label_noise, uniform_hamming};
use ndarray::Array2;

use crate::{at, bottleneck_of, joint, rate_distortion, solve};

#[test]
fn where_a_letter_enters_the_response_is_one_sided() {
    // The rarer bit enters at lambda = ln 4, by a jump of S from zero to -D (1 - D).
    let system = rate_distortion(&[0.8, 0.2], &uniform_hamming::table(2));
    for (lambda, sidedness) in [
        (4f64.ln() - 1e-3, Sidedness::TwoSided),
        (4f64.ln(), Sidedness::OneSided),
        (4f64.ln() + 1e-3, Sidedness::TwoSided),
    ] {
        let response = system.response(&solve(&system, at(lambda, 0.0))).expect("a response");
        assert_eq!(response.sidedness, sidedness, "lambda {lambda}");
    }
}

#[test]
fn a_free_decoder_is_one_sided_at_its_ends() {
    let system = FreeDecoderSystem::new(&joint(2, &[0.45, 0.05, 0.1, 0.4]), 2).expect("a system");
    let sidedness =
        |place: Multipliers| system.response(&solve(&system, place)).expect("a response").sidedness;
    // lambda = 0, gamma = 0, the end of the convex range at lambda + gamma = 1, and lambda = 1 where all is kept already.
    for place in [at(0.0, 0.5), at(0.5, 0.0), at(0.5, 0.5), at(1.0, 0.3)] {
        assert_eq!(sidedness(place), Sidedness::OneSided, "{place:?}");
    }
    for place in [at(0.5, 0.3), at(0.3, 2.0), at(1.5, 0.3)] {
        assert_eq!(sidedness(place), Sidedness::TwoSided, "{place:?}");
    }
}

#[test]
fn the_bound_of_a_free_decoder_is_the_bottlenecks_less_its_share() {
    let source = joint(3, &[0.3, 0.02, 0.01, 0.04, 0.25, 0.03, 0.02, 0.06, 0.27]);
    let bottleneck = DiscreteSystem::bottleneck(&source, 3).expect("a system");
    let system = FreeDecoderSystem::new(&source, 3).expect("a system");
    let gap = |certificate| match certificate {
        Certificate::Bound { gap, .. } => gap,
        other => panic!("{other:?}"),
    };
    for lambda in [0.25, 0.5, 0.75] {
        let inner = gap(solve(&bottleneck, at(0.0, 1.0)).certificate);
        let outer = gap(solve(&system, at(lambda, 1.0 - lambda)).certificate);
        println!("lambda {lambda}: {outer:e} of {inner:e}");
        assert_close!(outer, (1.0 - lambda) * inner, rtol = 1e-14, atol = 0.0);
    }
}

#[test]
fn a_saddle_has_no_response() {
    // Nothing encoded, by letters that are alike: a minimum up to the local threshold, a saddle beyond.
    let system = bottleneck_of(3, &label_noise::joint(3, 0.1), 3);
    let apart = solve(&system, at(0.0, 2.0));
    let below = system.branch(at(0.0, 1.3), &apart.state).expect("a branch");
    assert!(below.state.support().len() > 1 && below.rdc.rate < 1e-12);
    let response = system.response(&below).expect("a response");
    // The square of the rounding of what the letters say.
    assert_close!(response.classification_gamma, 0.0, rtol = 0.0, atol = 1e-24);
    for (factor, is_minimum) in [(0.99, true), (1.01, false), (2.0, false)] {
        let gamma = factor * label_noise::local_threshold(3, 0.1);
        let there = Equilibrium { multipliers: at(0.0, gamma), ..below.clone() };
        let response = system.response(&there);
        assert_eq!(response.is_ok(), is_minimum, "{response:?}");
        if !is_minimum {
            assert_eq!(response, Err(DiscreteError::NotAMinimum { lambda: 0.0, gamma }));
        }
    }
}

#[test]
fn errors_of_a_free_decoder_name_the_multipliers_that_were_asked_for() {
    let source = joint(3, &label_noise::joint(3, 0.1));
    let system = FreeDecoderSystem::new(&source, 3).expect("a system");
    let strict = DiscreteOptions::default().with_tolerances(1e-300, 1e-300).expect("positive");
    let error = system.clone().with_options(strict).equilibrium(at(0.75, 0.5), None).expect_err("rounding");
    assert!(matches!(error, DiscreteError::NotConverged { lambda: 0.75, gamma: 0.5, .. }), "{error:?}");
    // Where the problem is convex the gap is the bottleneck's, less its share.
    let uneven = joint(3, &[0.3, 0.02, 0.01, 0.04, 0.25, 0.03, 0.02, 0.06, 0.27]);
    let gap = |error: DiscreteError| match error {
        DiscreteError::NotConverged { lambda, gamma, gap, .. } => (lambda, gamma, gap),
        other => panic!("{other:?}"),
    };
    let bottleneck = DiscreteSystem::bottleneck(&uneven, 3).expect("a system").with_options(strict);
    let (_, _, inner) = gap(bottleneck.equilibrium(at(0.0, 1.0), None).expect_err("rounding"));
    let whole = FreeDecoderSystem::new(&uneven, 3).expect("a system").with_options(strict);
    let outer = gap(whole.equilibrium(at(0.75, 0.25), None).expect_err("rounding"));
    assert_eq!(outer, (0.75, 0.25, 0.25 * inner));
    // A saddle: nothing encoded, beyond the local threshold.
    let nothing = solve(&system, at(0.75, 0.25 * 1.3));
    let gamma = 0.25 * 1.01 * label_noise::local_threshold(3, 0.1);
    let there = Equilibrium { multipliers: at(0.75, gamma), ..nothing };
    assert_eq!(system.response(&there), Err(DiscreteError::NotAMinimum { lambda: 0.75, gamma }));
}

#[test]
fn where_certain_labels_are_learnt_the_free_energy_has_a_kink() {
    let sidedness = |system: &DiscreteSystem, place: Multipliers| {
        let response = system.response(&solve(system, place)).expect("a response");
        let degenerate = response.regular(at(1.0, 1.0)) == Err(Degenerate { condition: f64::INFINITY });
        assert!(degenerate || response.sidedness != Sidedness::Kink);
        response.sidedness
    };
    // F(0, gamma) = min(1, gamma) H(Y); and two groups with noise within.
    let certain: (usize, &[f64]) = (3, &[0.2, 0.0, 0.3, 0.0, 0.0, 0.5]);
    let groups: (usize, &[f64]) = (4, &[0.2, 0.1, 0.0, 0.05, 0.25, 0.0, 0.0, 0.0, 0.15, 0.0, 0.0, 0.25]);
    for (n_x, entries) in [certain, groups] {
        let system = bottleneck_of(n_x, entries, 3);
        assert_eq!(sidedness(&system, at(0.0, 1.0)), Sidedness::Kink);
        // The derivatives of F beside it differ by the entropy of the groups at least.
        let loss = |gamma: f64| solve(&system, at(0.0, gamma)).rdc.classification;
        assert!(loss(0.999) - loss(1.01) > 0.6);
        assert_eq!(sidedness(&system, at(0.0, 0.9)), Sidedness::OneSided);
        assert_eq!(sidedness(&system, at(0.0, 2.0)), Sidedness::OneSided);
        // With a distortion too, but not where it has a price.
        let distortion = Array2::from_shape_fn((n_x, 3), |(x, z)| (x as f64 - z as f64).abs());
        let priced = DiscreteSystem::new(&joint(n_x, entries), distortion.view()).expect("a system");
        assert_eq!(sidedness(&priced, at(0.0, 1.0)), Sidedness::Kink);
        assert_ne!(sidedness(&priced, at(0.1, 1.0)), Sidedness::Kink);
        // A letter that is forbidden to some inputs, or a given marginal, can make one side dear, and is not judged.
        let mut forbidding = distortion.clone();
        forbidding[(0, 2)] = f64::INFINITY;
        let forbidding = DiscreteSystem::new(&joint(n_x, entries), forbidding.view()).expect("a system");
        assert_ne!(sidedness(&forbidding, at(0.0, 1.0)), Sidedness::Kink);
        let even = Distribution::new(vec![0.25, 0.5, 0.25]).expect("a distribution");
        let given = priced.with_marginal(&even).expect("a system");
        assert_ne!(sidedness(&given, at(0.0, 1.0)), Sidedness::Kink);
        // One letter has nothing to tell.
        assert_ne!(sidedness(&bottleneck_of(n_x, entries, 1), at(0.0, 1.0)), Sidedness::Kink);
    }
    // Labels that tell no group for certain, through any chain of inputs; and a group that a pair ties to the other.
    let chain: &[f64] = &[0.2, 0.1, 0.0, 0.0, 0.2, 0.1, 0.0, 0.0, 0.4];
    let noisy = label_noise::joint(2, 1e-3);
    for (n_x, entries) in [(3, chain), (2, &noisy)] {
        assert_eq!(sidedness(&bottleneck_of(n_x, entries, 3), at(0.0, 1.0)), Sidedness::OneSided);
    }
}

#[test]
fn a_free_decoder_keeps_what_labels_do_not_tell_by_a_jump() {
    // Inputs 0 and 1 have the same labels: at lambda = 1 it is as good to tell them apart as not.
    let twins = joint(3, &[0.15, 0.05, 0.3, 0.1, 0.1, 0.3]);
    let apart = joint(3, &[0.15, 0.05, 0.2, 0.2, 0.1, 0.3]);
    let sidedness = |source: &Joint, n_letters: usize, place: Multipliers| {
        let system = FreeDecoderSystem::new(source, n_letters).expect("a system");
        system.response(&solve(&system, place)).expect("a response").sidedness
    };
    assert_eq!(sidedness(&twins, 3, at(1.0, 0.5)), Sidedness::Kink);
    assert_eq!(sidedness(&apart, 3, at(1.0, 0.5)), Sidedness::OneSided);
    assert_eq!(sidedness(&twins, 2, at(1.0, 0.5)), Sidedness::OneSided);
    for source in [&twins, &apart] {
        assert_eq!(sidedness(source, 3, at(1.0, 0.0)), Sidedness::Kink);
        assert_eq!(sidedness(source, 1, at(1.0, 0.0)), Sidedness::OneSided);
    }
    // D beside the kink, at a price of labels so high that all that they tell is kept.
    let system = FreeDecoderSystem::new(&twins, 3).expect("a system");
    let distortion = |lambda: f64| solve(&system, at(lambda, 0.5)).rdc.distortion;
    assert!(distortion(0.999) - distortion(1.001) > 0.3);
    // Certain labels are learnt where the bottleneck has gamma = 1.
    let certain = joint(3, &[0.2, 0.0, 0.3, 0.0, 0.0, 0.5]);
    assert_eq!(sidedness(&certain, 3, at(0.5, 0.5)), Sidedness::Kink);
    assert_eq!(sidedness(&certain, 3, at(0.5, 0.4)), Sidedness::TwoSided);
}
