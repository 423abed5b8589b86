//! The ends of a mixture, where inputs and labels enter.

use carnot_info::{Channel, Distribution, Joint};
use carnot_surface::{DiscreteError, Driven, MovingDiscrete, MovingGibbs, System};
use carnot_testkit::assert_close;
use ndarray::{Array2, array};

use super::{at, force, solve};

fn joint(table: Array2<f64>) -> Joint {
    Joint::from_weights(table).expect("a joint distribution")
}

/// Squared distance on a line.
fn grid(n: usize) -> Array2<f64> {
    Array2::from_shape_fn((n, n), |(x, z)| (x as f64 - z as f64).powi(2))
}

#[test]
fn inputs_enter_with_the_force_of_the_limit() {
    let source = joint(array![[4.0, 1.0], [1.0, 3.0], [0.0, 0.0], [0.0, 0.0]]);
    let target = joint(array![[0.0, 0.0], [0.0, 0.0], [3.0, 2.0], [1.0, 3.0]]);
    let moving = MovingDiscrete::mixture(&source, &target, grid(4).view()).expect("a moving system");
    for (lambda, gamma) in [(0.5, 0.5), (2.0, 0.9), (2.0, 3.0)] {
        for (end, inside) in [(0.0, 1e-9), (1.0, 1.0 - 1e-9)] {
            let equilibrium = solve(&moving, end, at(lambda, gamma));
            let found = force(&moving, end, &equilibrium);
            // The second derivatives are of order ten, times the distance from the end.
            let system = moving.at(inside).expect("a system");
            let near = if gamma > 1.0 {
                system.branch(at(lambda, gamma), &equilibrium.state)
            } else {
                system.equilibrium(at(lambda, gamma), Some(&equilibrium.state))
            };
            let near = force(&moving, inside, &near.expect("an equilibrium"));
            assert_close!(found.free_energy, near.free_energy, 1e-6, 1e-6);
            assert_close!(found.distortion, near.distortion, 1e-5, 1e-5);
            assert_close!(found.classification, near.classification, 1e-5, 1e-5);
        }
    }
}

#[test]
fn a_gibbs_system_with_fixed_labels_is_affine_in_time() {
    // Only p(x) moves: F = -E ln Z, D and C are expectations over it, from end to end.
    let labels = Channel::new(array![[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]]).expect("a channel");
    let of = |inputs: Vec<f64>| {
        Joint::from_parts(&Distribution::new(inputs).expect("a distribution"), &labels).expect("a joint")
    };
    let marginal = Distribution::new(vec![0.5, 0.3, 0.2]).expect("a distribution");
    let classifier = Channel::new(array![[0.7, 0.3], [0.5, 0.5], [0.1, 0.9]]).expect("a channel");
    let (source, target) = (of(vec![0.6, 0.4, 0.0]), of(vec![0.0, 0.1, 0.9]));
    let moving = MovingGibbs::mixture(&source, &target, &marginal, grid(3).view(), &classifier).expect("one");
    let [first, last] = [0.0, 1.0].map(|time| solve(&moving, time, at(0.7, 2.0)));
    for time in [0.0, 0.4, 1.0] {
        let found = force(&moving, time, &solve(&moving, time, at(0.7, 2.0)));
        // A handful of roundings.
        assert_close!(found.free_energy, last.free_energy() - first.free_energy(), 1e-13, 1e-14);
        assert_close!(found.distortion, last.rdc.distortion - first.rdc.distortion, 1e-13, 1e-14);
        assert_close!(found.classification, last.rdc.classification - first.rdc.classification, 1e-13, 1e-14);
    }
}

#[test]
fn where_labels_enter_the_force_grows_like_a_logarithm() {
    let source = joint(array![[3.0, 0.0], [2.0, 0.0], [0.0, 0.0]]);
    let target = joint(array![[0.0, 0.0], [0.0, 1.0], [0.0, 3.0]]);
    let moving = MovingDiscrete::mixture(&source, &target, grid(3).view()).expect("a moving system");
    let entering = |index, time| Some(DiscreteError::Entering { what: "label", index, time });
    assert_eq!(moving.at(0.0).err(), entering(1, 0.0));
    assert_eq!(moving.at(1.0).err(), entering(0, 1.0));
    let inside = solve(&moving, 0.5, at(2.0, 0.8));
    assert_eq!(moving.force(0.0, &inside).err(), entering(1, 0.0));
    // Where the labels are a twofold mixture without anything encoded, C = h(t): tau = gamma ln((1 - t) / t).
    let idle =
        MovingDiscrete::mixture(&source, &target, Array2::zeros((3, 2)).view()).expect("a moving system");
    for time in [1e-3, 1e-6, 1e-12] {
        let found = force(&idle, time, &solve(&idle, time, at(0.0, 0.8)));
        let log_odds = ((1.0 - time) / time).ln();
        // Rounding of t against one, and of the solver.
        assert_close!(found.free_energy, 0.8 * log_odds, 1e-9, 0.0);
        assert_close!(found.classification, log_odds, 1e-9, 0.0);
    }
}

#[test]
fn labels_that_the_letters_in_use_deny_are_refused() {
    // Each input has its own letter and, at first, its own label; then the labels are exchanged.
    let own = array![[0.0, f64::INFINITY], [f64::INFINITY, 0.0]];
    let (source, target) = (joint(array![[1.0, 0.0], [0.0, 1.0]]), joint(array![[1.0, 1.0], [1.0, 1.0]]));
    let moving = MovingDiscrete::mixture(&source, &target, own.view()).expect("a moving system");
    let equilibrium =
        moving.at(0.0).expect("a system").equilibrium(at(1.0, 0.5), None).expect("an equilibrium");
    let refused = moving.force(0.0, &equilibrium).err();
    assert_eq!(refused, Some(DiscreteError::Entering { what: "label", index: 1, time: 0.0 }));
    // A letter says the other label with probability t / 2: C = h(t / 2).
    for time in [1e-6, 0.5] {
        let found = force(&moving, time, &solve(&moving, time, at(1.0, 0.5)));
        assert_close!(found.classification, 0.5 * ((2.0 - time) / time).ln(), 1e-9, 0.0);
    }
}

#[test]
fn inputs_that_the_letters_in_use_deny_are_refused() {
    let own = array![[0.0, f64::INFINITY], [f64::INFINITY, 0.0]];
    let (source, target) = (joint(array![[1.0], [0.0]]), joint(array![[1.0], [1.0]]));
    let moving = MovingDiscrete::mixture(&source, &target, own.view()).expect("a moving system");
    let equilibrium =
        moving.at(0.0).expect("a system").equilibrium(at(1.0, 0.0), None).expect("an equilibrium");
    let refused = moving.force(0.0, &equilibrium).err();
    assert_eq!(refused, Some(DiscreteError::Entering { what: "input", index: 1, time: 0.0 }));
    // Each input has its own letter: F = R = h(t / 2).
    let found = force(&moving, 0.5, &solve(&moving, 0.5, at(1.0, 0.0)));
    assert_close!(found.free_energy, 0.5 * 3.0_f64.ln(), 1e-12, 0.0);
}

#[test]
fn what_a_given_classifier_denies_at_some_time_it_denies_at_all() {
    // The first letter denies the second label, which the first input has at the end only.
    let said = Channel::new(array![[1.0, 0.0], [0.5, 0.5]]).expect("a channel");
    let (source, target) = (joint(array![[1.0, 0.0], [1.0, 1.0]]), joint(array![[1.0, 1.0], [1.0, 1.0]]));
    let moving = MovingDiscrete::mixture(&source, &target, Array2::zeros((2, 2)).view())
        .and_then(|moving| moving.with_classifier(&said))
        .expect("a moving system");
    // At this gamma a letter of its own would be worth its rate.
    let start = solve(&moving, 0.0, at(1.0, 10.0));
    let near = solve(&moving, 1e-9, at(1.0, 10.0));
    // tau times 1e-9, and the solver's gap.
    assert_close!(start.free_energy(), near.free_energy(), 0.0, 1e-8);
    assert_close!(start.rdc.classification, 2.0_f64.ln(), 1e-12, 0.0);
}

#[test]
fn a_label_that_counts_as_not_occurring_has_not_entered() {
    let (source, target) = (joint(array![[1.0, 0.0], [1.0, 0.0]]), joint(array![[1.0, 1.0], [0.0, 1.0]]));
    let moving =
        MovingDiscrete::mixture(&source, &target, Array2::zeros((2, 2)).view()).expect("a moving system");
    for time in [0.0, 1e-23] {
        let refused = moving.at(time).err();
        assert_eq!(refused, Some(DiscreteError::Entering { what: "label", index: 1, time }));
    }
    let at_last = 1e-20;
    assert!(moving.force(at_last, &solve(&moving, at_last, at(1.0, 0.5))).is_ok());
}
