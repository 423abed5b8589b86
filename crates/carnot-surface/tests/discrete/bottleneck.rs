//! The information bottleneck in closed form: its curve, its onset and its transitions.

use std::f64::consts::LN_2;

use carnot_info::Distribution;
use carnot_surface::geometry::{Order, Search, Segment, Transition, locate};
use carnot_surface::{DiscreteState, DiscreteSystem, Responsive, bottleneck_onset};
use carnot_testkit::closed_forms::{binary_pair, label_noise, two_transitions};
use carnot_testkit::strategies::{LabelKind, labels, probabilities};
use carnot_testkit::{assert_close, tier};
use proptest::prelude::*;

use crate::{at, bottleneck_of, for_draws, joint, solve};

/// Half a unit in the last of ten printed digits.
const TEN_DIGITS: f64 = 0.5e-10;

/// Transitions along `lambda = 0` between two gammas, located to well below the printed digits.
fn transitions(system: &DiscreteSystem, from: f64, to: f64) -> Vec<Transition<Vec<(usize, usize)>>> {
    let line = Segment { from: at(0.0, from), to: at(0.0, to) };
    locate(system, &line, &Search { tolerance: 1e-12, ..Search::default() }).expect("located")
}

#[test]
fn the_printed_curve_of_the_binary_pair() {
    let system = bottleneck_of(2, &[0.9, 0.1, 0.1, 0.9], 2);
    let printed = [
        (0.01, 0.637_145_646_2, 0.350_833_864_4, 2.720_506_253_1),
        (0.05, 0.494_631_937_2, 0.288_183_695_5, 2.027_526_616_5),
        (0.10, 0.368_064_207_2, 0.221_753_693_7, 1.811_280_554_7),
        (0.20, 0.192_744_757_0, 0.120_090_263_4, 1.656_711_325_4),
        (0.30, 0.082_282_878_5, 0.052_111_702_7, 1.596_760_981_3),
    ];
    for (flip, rate, relevance, beta) in printed {
        let multiplier = binary_pair::bottleneck_multiplier(0.1, flip);
        assert_close!(multiplier, beta, rtol = 0.0, atol = TEN_DIGITS);
        let found = solve(&system, at(0.0, multiplier)).rdc;
        assert_close!(found.rate, rate, 0.0, TEN_DIGITS, "flip {flip}");
        assert_close!(LN_2 - found.classification, relevance, 0.0, TEN_DIGITS, "flip {flip}");
        assert_eq!(found.distortion, 0.0);
    }
}

#[test]
fn the_printed_points_of_the_five_pairs() {
    let system = bottleneck_of(3, &two_transitions::joint(), 3);
    let printed =
        [(1.9, 0.0, 0.0), (2.5, 0.8, 0.4), (3.1, 0.8, 0.4), (10.0, 1.512_902_812_3, 0.570_161_388_2)];
    for (gamma, rate, relevance) in printed {
        let found = solve(&system, at(0.0, gamma));
        assert_close!(found.rdc.rate / LN_2, rate, 0.0, 1e-9, "gamma {gamma}");
        let known = (two_transitions::label_entropy() - found.rdc.classification) / LN_2;
        assert_close!(known, relevance, 0.0, 1e-9, "gamma {gamma}");
        let exact = two_transitions::point(gamma);
        assert_close!(found.rdc.rate, exact.rate, 0.0, 1e-10, "gamma {gamma}");
        let response = system.response(&found).expect("a response");
        // On the plateau nothing moves.
        assert_eq!(response.classification_gamma.abs() > 1e-9, gamma == 10.0, "{gamma}: {response:?}");
    }
}

#[test]
fn the_five_pairs_jump_at_two_and_a_letter_enters_later() {
    let system = bottleneck_of(3, &two_transitions::joint(), 3);
    for (from, to) in [(1.5, 4.5), (4.5, 1.5)] {
        let mut found = transitions(&system, from, to);
        if from > to {
            found.reverse();
        }
        let orders: Vec<Order> = found.iter().map(|transition| transition.order).collect();
        assert_eq!(orders, [Order::First, Order::Second], "{found:?}");
        assert_close!(found[0].multipliers.gamma(), 2.0, rtol = 0.0, atol = 1e-10);
        assert_close!(found[0].jump().rate.abs(), 0.8 * LN_2, rtol = 0.0, atol = 1e-9);
        assert_close!(found[0].jump().classification.abs(), 0.4 * LN_2, rtol = 0.0, atol = 1e-9);
        let entry = found[1].multipliers.gamma();
        assert_close!(entry, two_transitions::second_order(), rtol = 0.0, atol = 1e-12);
    }
    // The promise itself crosses one like a line, and is known to rounding.
    let promise = |gamma: f64| {
        let found = solve(&system, at(0.0, gamma));
        let state = found.state.support();
        let promises = system.promises(&found).expect("promises");
        (0..3).filter(|z| !state.contains(z)).map(|z| promises[z]).fold(0.0, f64::max)
    };
    // From below, where the letter is absent: the line through two of its values.
    let (a, b) = (3.150_655, 3.150_66);
    let (at_a, at_b) = (promise(a), promise(b));
    let entry = b + (1.0 - at_b) * (b - a) / (at_b - at_a);
    // The promise curves by less than 1e-12 over these 5e-6.
    assert_close!(entry, 3.150_660_103_1, rtol = 0.0, atol = TEN_DIGITS);
    assert_close!(entry, two_transitions::second_order(), rtol = 0.0, atol = TEN_DIGITS);
}

#[test]
fn the_onset_of_label_noise() {
    for (classes, flip) in [(2, 0.001), (2, 0.1), (2, 0.3), (3, 0.1), (3, 0.4), (4, 0.3), (10, 0.2)] {
        let found = bottleneck_onset(&joint(classes, &label_noise::joint(classes, flip))).expect("an onset");
        let exact = label_noise::onset(classes, flip);
        assert_close!(found.gamma, exact.multiplier, 1e-10, 0.0, "{classes} classes, flip {flip}");
        let local = label_noise::local_threshold(classes, flip);
        assert_close!(found.local_threshold, local, 1e-12, 0.0, "{classes} classes, flip {flip}");
        assert_eq!(found.is_first_order(), classes > 2);
    }
    let ternary = bottleneck_onset(&joint(3, &label_noise::joint(3, 0.1))).expect("an onset");
    assert_close!(ternary.gamma, 1.375_500_585_7, rtol = 0.0, atol = TEN_DIGITS);
    assert_close!(ternary.local_threshold, 1.384_083_04, rtol = 0.0, atol = 0.5e-8);
    let binary = bottleneck_onset(&joint(2, &label_noise::joint(2, 0.1))).expect("an onset");
    assert_close!(binary.gamma, 1.5625, rtol = 1e-13, atol = 0.0);
}

#[test]
fn the_solver_jumps_where_the_onset_says_and_before_the_local_threshold() {
    let system = bottleneck_of(3, &label_noise::joint(3, 0.1), 3);
    let onset = label_noise::onset(3, 0.1);
    // Nothing above, though nothing is stationary too and stays the lowest in its neighbourhood up to 1.384.
    for gamma in [1.375_5, 1.375_501, 1.377_501] {
        let found = solve(&system, at(0.0, gamma));
        let exact = label_noise::point(3, 0.1, gamma);
        let expected = if gamma < onset.multiplier { 0.0 } else { exact.rate };
        // The solver's residual, 1e-12, over a curvature of a few hundredths.
        assert_close!(found.rdc.rate, expected, 0.0, 1e-9, "gamma {gamma}");
        let nothing = gamma * 3f64.ln();
        let free_energy = if expected > 0.0 { nothing + exact.objective(gamma) } else { nothing };
        assert_close!(found.free_energy(), free_energy, 0.0, 1e-13, "gamma {gamma}");
    }
    assert_close!(solve(&system, at(0.0, 1.377_501)).rdc.rate, 0.0946, rtol = 0.0, atol = 0.5e-4);
    let found = transitions(&system, 1.3, 1.38);
    let [jump] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(jump.order, Order::First);
    assert_close!(jump.multipliers.gamma(), onset.multiplier, rtol = 0.0, atol = 1e-10);
}

#[test]
fn labels_that_say_nothing_are_never_learnt_and_certain_ones_at_once() {
    let nothing = bottleneck_onset(&joint(2, &[0.1, 0.3, 0.15, 0.45])).expect("an onset");
    assert_eq!((nothing.gamma, nothing.is_first_order(), nothing.starts), (f64::INFINITY, false, 0));
    // Y = f(X): every posterior that is uniform within its class has the ratio one.
    let certain = bottleneck_onset(&joint(3, &[0.2, 0.0, 0.3, 0.0, 0.0, 0.5])).expect("an onset");
    assert_close!(certain.gamma, 1.0, rtol = 1e-13, atol = 0.0);
    // One start for each input and each label, two along the direction of the threshold, and 32 more.
    assert_eq!(certain.starts, 3 + 2 + 2 + 32);
}

#[test]
fn groups_that_labels_tell_apart_for_certain_are_learnt_by_a_jump() {
    // Certain labels, of any number of inputs and classes; and two groups within which labels are noisy, which have
    // p(group) in common. F(0, gamma) = min(1, gamma) H(Y) for the first; H(group) is learnt at once by the last.
    let cases: [(usize, &[f64], f64); 4] = [
        (2, &[0.5, 0.0, 0.0, 0.5], 0.5),
        (3, &[0.2, 0.0, 0.3, 0.0, 0.0, 0.5], 0.5),
        (3, &[0.2, 0.0, 0.0, 0.0, 0.3, 0.0, 0.0, 0.0, 0.5], 0.2),
        (4, &[0.2, 0.1, 0.0, 0.05, 0.25, 0.0, 0.0, 0.0, 0.15, 0.0, 0.0, 0.25], 0.6),
    ];
    for (n_x, entries, group) in cases {
        let source = joint(n_x, entries);
        let onset = bottleneck_onset(&source).expect("an onset");
        assert_close!(onset.gamma, 1.0, rtol = 1e-12, atol = 0.0);
        assert_close!(onset.local_threshold, 1.0, rtol = 1e-12, atol = 0.0);
        assert!(onset.is_first_order(), "{onset:?}");
        // The system itself jumps there.
        let system = DiscreteSystem::bottleneck(&source, n_x).expect("a system");
        let [below, above] = [0.99, 1.01].map(|gamma| solve(&system, at(0.0, gamma)).rdc.rate);
        let learnt = -group * group.ln() - (1.0 - group) * (1.0 - group).ln();
        assert!(below < 1e-12 && above > learnt - 1e-9, "{below} {above}");
    }
    // The group that is only nearly told apart is learnt before the threshold, or at it, as any other.
    let nearly = bottleneck_onset(&joint(2, &[0.499, 0.001, 0.001, 0.499])).expect("an onset");
    assert!(nearly.gamma > 1.0 && !nearly.is_first_order());
}

#[test]
fn an_onset_without_symmetry_jumps_however_little() {
    // Minima of the ratio over the one number of a posterior of two inputs, by Newton's method with 40 digits.
    let cases: [(&[f64], f64, f64, f64); 2] = [
        (&[0.3, 0.1, 0.15, 0.45], 4.041_099_346_113_941, 4.125, 0.6),
        (
            &[
                0.22630293172433436,
                0.1429825993177,
                0.1321154405507423,
                0.20105775992843058,
                0.14662155569060029,
                0.1509197127881925,
            ],
            359.906_022_522_720_95,
            359.906_106_943_348,
            0.501_995_276_212_674_2,
        ),
    ];
    for (entries, onset, threshold, posterior) in cases {
        let found = bottleneck_onset(&joint(2, entries)).expect("an onset");
        assert_close!(found.gamma, onset, rtol = 1e-13, atol = 0.0);
        assert_close!(found.local_threshold, threshold, rtol = 1e-12, atol = 0.0);
        let letter = found.posterior.expect("of first order").probabilities()[0];
        // A minimum found to rounding is known to its square root.
        assert_close!(letter, posterior, rtol = 0.0, atol = 1e-6);
    }
}

#[test]
fn below_the_onset_nothing_is_better_and_above_it_something_is() {
    let strategy = (2..5usize, 2..5usize)
        .prop_flat_map(|(n_x, n_y)| (Just(n_x), probabilities(n_x), labels(n_x, n_y, LabelKind::Noisy)));
    let (mut first_order, mut hidden, mut drawn) = (0, 0, 0);
    for_draws(tier::cases(32, 400), &strategy, |draw, (n_x, source, labels)| {
        let n_y = labels.len() / n_x;
        let entries: Vec<f64> = labels.iter().enumerate().map(|(i, label)| source[i / n_y] * label).collect();
        let source = joint(n_x, &entries);
        let onset = bottleneck_onset(&source).expect("an onset");
        assert!(onset.gamma >= 1.0 - 1e-12 && onset.gamma <= onset.local_threshold, "draw {draw}: {onset:?}");
        if onset.gamma > 1e3 {
            return;
        }
        drawn += 1;
        first_order += u32::from(onset.is_first_order());
        let system = DiscreteSystem::bottleneck(&source, n_x + 1).expect("a system");
        let gain = |gamma: f64| {
            let nothing = gamma * carnot_info::entropy(&source.marginal_y());
            nothing - solve(&system, at(0.0, gamma)).free_energy()
        };
        // Rounding of F of about gamma H(Y).
        let rounding = 1e-13 * onset.gamma;
        assert!(gain(onset.gamma * 0.99) <= rounding, "draw {draw}: {onset:?}");
        // A letter that only rare inputs can have gains less than shows: at most its weight, min p / r, times 1 % of KL(r || p).
        let p = source.marginal_x();
        let shows = onset.posterior.as_ref().is_none_or(|posterior| {
            let pairs =
                || posterior.probabilities().into_iter().zip(p.probabilities()).filter(|(r, _)| **r > 0.0);
            let weight = pairs().map(|(r, p)| p / r).fold(1.0, f64::min);
            weight * 0.01 * pairs().map(|(r, p)| r * (r / p).ln()).sum::<f64>() > rounding
        });
        hidden += u32::from(!shows);
        assert!(!shows || gain(onset.gamma * 1.01) > 0.0, "draw {draw}: {onset:?}");
        // The letter's posterior has the onset as its ratio, by hand.
        if let Some(posterior) = &onset.posterior {
            let r = posterior.probabilities().to_vec();
            let divergence = |r: &[f64], p: &Distribution| -> f64 {
                let pairs = r.iter().zip(p.probabilities()).filter(|(r, _)| **r > 0.0);
                pairs.map(|(r, p)| r * (r / p).ln()).sum()
            };
            let conditional = source.conditional_y_given_x();
            let pushed: Vec<f64> =
                (0..n_y).map(|y| (0..n_x).map(|x| r[x] * conditional.table()[(x, y)]).sum()).collect();
            let of_labels = divergence(&pushed, &source.marginal_y());
            let ratio = divergence(&r, &source.marginal_x()) / of_labels;
            // These divergences are sums of terms of order one that cancel down to the smaller of them.
            assert_close!(ratio, onset.gamma, 1e-9 + 1e-15 / of_labels, 0.0, "draw {draw}");
        }
    });
    println!("of {drawn} onsets {first_order} are of first order, {hidden} too weak to show");
    assert!(first_order > 0 && 4 * hidden < drawn);
}

#[test]
fn two_noisy_classes_part_continuously_and_three_by_a_jump() {
    for (from, to) in [(1.3, 1.7), (1.7, 1.3)] {
        let binary = transitions(&bottleneck_of(2, &label_noise::joint(2, 0.1), 2), from, to);
        assert_eq!((binary.len(), binary[0].order), (1, Order::Second), "{binary:?}");
        assert_close!(binary[0].multipliers.gamma(), 1.5625, rtol = 0.0, atol = 1e-12);
        let ternary = transitions(&bottleneck_of(3, &label_noise::joint(3, 0.1), 4), from, to);
        assert_eq!((ternary.len(), ternary[0].order), (1, Order::First), "{ternary:?}");
        assert_close!(ternary[0].multipliers.gamma(), 1.375_500_585_7, rtol = 0.0, atol = TEN_DIGITS);
        let jump = ternary[0].jump();
        assert_close!(jump.rate.abs(), 0.068_083_395_1, rtol = 0.0, atol = 1e-9);
        assert_close!(jump.classification.abs(), 0.049_497_176_4, rtol = 0.0, atol = 1e-9);
    }
}

#[test]
fn followed_branches_overshoot_the_jump_on_either_side() {
    // No letter to spare: with one, the other phase could begin with any share, and nothing would be metastable.
    let system = bottleneck_of(3, &label_noise::joint(3, 0.1), 3);
    let onset = label_noise::onset(3, 0.1).multiplier;
    let local = label_noise::local_threshold(3, 0.1);
    let sweep = |gammas: &[f64], start: DiscreteState| -> Vec<f64> {
        let mut state = start;
        let follow = |&gamma: &f64| {
            let found = system.branch(at(0.0, gamma), &state).expect("a branch");
            state = found.state.clone();
            found.rdc.rate
        };
        gammas.iter().map(follow).collect()
    };
    // Coarse steps, and fine ones around the onset, below which the learnt branch soon ends.
    let coarse = (0..=60).map(|k| 1.3 + 0.2 * f64::from(k) / 60.0);
    let fine = (-10..=10).map(|k| onset + 1e-4 * (f64::from(k) + 0.5));
    let mut up: Vec<f64> = coarse.chain(fine).collect();
    up.sort_by(f64::total_cmp);
    let down: Vec<f64> = up.iter().rev().copied().collect();
    let rising = sweep(&up, solve(&system, at(0.0, 1.3)).state);
    let mut falling = sweep(&down, solve(&system, at(0.0, 1.5)).state);
    falling.reverse();
    let mut metastable = [0, 0];
    for ((&gamma, rising), falling) in up.iter().zip(rising).zip(falling) {
        let global = solve(&system, at(0.0, gamma)).rdc.rate;
        let exact = label_noise::point(3, 0.1, gamma).rate;
        assert_close!(global, exact, 0.0, 1e-9, "gamma {gamma}");
        // Nothing encoded is a local minimum up to the local threshold.
        assert_eq!(rising > 1e-6, gamma > local, "gamma {gamma}: {rising}");
        // The learnt branch ends at its fold, below the onset.
        assert!(gamma < onset || falling > 1e-2, "gamma {gamma}: {falling}");
        metastable[0] += u32::from(gamma > onset && rising < 1e-6);
        metastable[1] += u32::from(gamma < onset && falling > 1e-2);
    }
    assert!(metastable[0] > 0 && metastable[1] > 0, "{metastable:?}");
}

#[test]
fn two_noisy_classes_respond_as_their_closed_form_down_to_the_onset() {
    // Along the channels of correlation delta, stationary at gamma = artanh(delta) / (s artanh(s delta)), C falls by
    // s artanh(s delta) for each delta.
    for flip in [0.1, 0.3] {
        let s = label_noise::label_correlation(2, flip);
        let system = bottleneck_of(2, &label_noise::joint(2, flip), 2);
        for delta in [0.5_f64, 0.1, 0.03, 0.01] {
            let force = s * (s * delta).atanh();
            let gamma = delta.atanh() / force;
            let by_delta =
                (1.0 / (1.0 - delta * delta) - gamma * s * s / (1.0 - (s * delta).powi(2))) / force;
            let response = system.response(&solve(&system, at(0.0, gamma))).expect("a response");
            // The response goes as one over delta^2, as the softest mode's eigenvalue does, (1 - s^2) delta^2 to leading
            // order: rounding of the gradient by ten units moves delta by as many over the eigenvalue.
            let rtol = 20.0 * f64::EPSILON / ((1.0 - s * s) * delta.powi(3));
            assert_close!(response.classification_gamma, -force / by_delta, rtol, 0.0, "{flip} {delta}");
        }
    }
}
