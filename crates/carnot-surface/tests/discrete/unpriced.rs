//! The line lambda = 0 of problems that have a distortion: a bottleneck, whose letters have places.

use carnot_info::Joint;
use carnot_surface::geometry::{Order, Search, Segment, locate};
use carnot_surface::{
    DiscreteSystem, Inversion, InversionOptions, Observable, Responsive, Solution, Target, solve_for,
};
use carnot_testkit::assert_close;
use ndarray::{Array2, array};

use crate::{at, joint, solve};

/// A fair bit whose label is wrong in one case of ten, with letters of these distortions. Learning begins at gamma = 1.5625.
fn noisy_bit(distortion: &Array2<f64>) -> DiscreteSystem {
    DiscreteSystem::new(&joint(2, &[0.45, 0.05, 0.05, 0.45]), distortion.view()).expect("a system")
}

fn distortions() -> [Array2<f64>; 3] {
    [
        array![[0.0, 1.0], [1.0, 0.0]],
        array![[1.0, 0.0], [0.0, 1.0]],
        // Two that are of no use beside the others.
        array![[0.9, 0.0, 0.5, 1.0], [0.8, 1.0, 0.5, 0.0]],
    ]
}

#[test]
fn what_is_said_is_said_by_the_letters_that_are_best_for_it() {
    // The encoder is a binary symmetric channel, D how often it errs (ground truth, doubly symmetric binary source).
    let printed = [
        (2.7205062531, 0.01),
        (2.0275266165, 0.05),
        (1.8112805547, 0.1),
        (1.6567113254, 0.2),
        (1.5967609813, 0.3),
    ];
    for distortion in distortions() {
        let system = noisy_bit(&distortion);
        for (gamma, error) in printed {
            let found = solve(&system, at(0.0, gamma));
            assert_eq!(found.state.support().len(), 2);
            // Half a unit of the ten digits of gamma, times dD/dgamma of up to 3.
            assert_close!(found.rdc.distortion, error, rtol = 0.0, atol = 2e-10);
        }
    }
}

#[test]
fn the_distortion_is_the_limit_from_above() {
    let weights = |(x, y): (usize, usize)| if x % 3 == y { 18.0 } else { 1.0 + 0.3 * x as f64 };
    let labels = Joint::from_weights(Array2::from_shape_fn((6, 3), weights)).expect("a joint distribution");
    let distance = Array2::from_shape_fn((6, 6), |(x, z)| (x as f64 - z as f64).powi(2));
    let system = DiscreteSystem::new(&labels, distance.view()).expect("a system");
    for gamma in [1.2, 2.0, 3.0, 8.0] {
        let (limit, near) = (solve(&system, at(0.0, gamma)), solve(&system, at(1e-8, gamma)));
        assert_eq!(limit.state.support(), near.state.support());
        // lambda times dD/dlambda, which is of the order of ten.
        assert_close!(limit.rdc.distortion, near.rdc.distortion, rtol = 0.0, atol = 1e-6);
    }
}

#[test]
fn beside_the_onset_the_minimum_is_found_at_every_little_price() {
    let system = noisy_bit(&distortions()[0]);
    let entropy = |p: f64| -p * p.ln() - (1.0 - p) * (1.0 - p).ln();
    for lambda in [0.0, 1e-13, 1e-11, 1e-10, 1e-9, 1e-8] {
        for k in 0..40 {
            let gamma = 1.5625 + 1e-7 * 1.3f64.powi(k);
            let found = solve(&system, at(lambda, gamma));
            assert!(system.response(&found).is_ok(), "at {lambda:e}, {gamma}");
            // F of the binary symmetric channel that errs as often: it is the best of all (Mrs Gerber's lemma).
            let error = found.rdc.distortion;
            let free_energy =
                2f64.ln() - entropy(error) + lambda * error + gamma * entropy(0.1 + 0.8 * error);
            assert_close!(found.free_energy(), free_energy, rtol = 0.0, atol = 1e-14);
            // It errs less often than by chance: near the onset F falls below that by 1.7 / 2 of the square of the distance.
            assert!(free_energy < gamma * 2f64.ln() + 0.5 * lambda - 0.8 * (gamma - 1.5625).powi(2) + 1e-14);
        }
    }
}

#[test]
fn the_onset_is_located_whatever_the_letters_cost() {
    for distortion in distortions() {
        let line = Segment { from: at(0.0, 1.0), to: at(0.0, 3.0) };
        let transitions = locate(&noisy_bit(&distortion), &line, &Search::default()).expect("a search");
        let [onset] = transitions.as_slice() else { panic!("{transitions:?}") };
        assert_eq!(onset.order, Order::Second);
        assert_close!(onset.multipliers.gamma(), 1.5625, rtol = 0.0, atol = 1e-12);
    }
}

#[test]
fn a_wanted_distortion_is_met_once() {
    let target = Target::AtLambda { lambda: 0.0, observable: Observable::Distortion, value: 0.05 };
    let solved = solve_for(&noisy_bit(&distortions()[0]), target, None, &InversionOptions::default());
    let Inversion::Scanned(found) = solved.expect("a solution").inversion else { panic!("no scan") };
    let [Solution::Point(point)] = found.as_slice() else { panic!("{found:?}") };
    assert_close!(point.multipliers.gamma(), 2.0275266165, rtol = 0.0, atol = 5e-11);
}
