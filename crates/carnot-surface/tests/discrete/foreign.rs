//! States that belong to another system.

use carnot_info::{Channel, Distribution};
use carnot_surface::{
    DiscreteError, DiscreteSystem, Equilibrium, FreeDecoderSystem, GaussianBottleneck, GaussianSystem,
    GibbsSystem, Rdc, Responsive, System,
};
use ndarray::{Array2, array};

use crate::{at, joint, rate_distortion, solve, table};

#[test]
fn a_question_about_the_state_of_another_system_is_refused() {
    let small = rate_distortion(&[0.5, 0.5], &[0.0, 1.0, 1.0, 0.0]);
    let large = rate_distortion(&[0.5, 0.5], &[0.0, 1.0, 0.5, 1.0, 0.0, 0.5]);
    let foreign = solve(&small, at(1.0, 0.0));
    let expected = DiscreteError::Shape { what: "letters of the state", expected: 3, found: 2 };
    assert_eq!(large.branch(at(1.0, 2.0), &foreign.state).err(), Some(expected.clone()));
    assert_eq!(large.response(&foreign).err(), Some(expected.clone()));
    assert_eq!(large.promises(&foreign).err(), Some(expected.clone()));
    assert_eq!(large.encoder(&foreign).err(), Some(expected));
    let labelled =
        DiscreteSystem::new(&joint(2, &[0.3, 0.2, 0.1, 0.4]), table(2, &[0.0, 1.0, 1.0, 0.0]).view());
    let expected = DiscreteError::Shape { what: "letters times labels of the state", expected: 4, found: 2 };
    assert_eq!(labelled.expect("a system").response(&foreign).err(), Some(expected));
    // Of the right sizes, but one input is allowed none of the letters in use.
    let inf = f64::INFINITY;
    let (first, second) = (
        rate_distortion(&[0.5, 0.5], &[0.0, 9.0, 0.0, 9.0]),
        rate_distortion(&[0.5, 0.5], &[0.0, 9.0, inf, 0.0]),
    );
    let foreign = solve(&first, at(1.0, 0.0));
    assert_eq!(foreign.state.support(), [0]);
    let expected = DiscreteError::ForeignState { x: 1 };
    assert_eq!(second.branch(at(1.0, 0.0), &foreign.state).err(), Some(expected.clone()));
    assert_eq!(second.response(&foreign).err(), Some(expected.clone()));
    assert_eq!(second.promises(&foreign).err(), Some(expected.clone()));
    assert_eq!(second.encoder(&foreign).err(), Some(expected));
    let (gibbs, other) = (gibbs(2), gibbs(3));
    let expected = DiscreteError::Shape { what: "letters of the state", expected: 2, found: 3 };
    assert_eq!(gibbs.response(&solve(&other, at(1.0, 1.0))).err(), Some(expected));
    // A free decoder's, on either side of lambda = 1.
    let source = joint(2, &[0.3, 0.2, 0.1, 0.4]);
    let decoder = |n_letters| FreeDecoderSystem::new(&source, n_letters).expect("a system");
    for lambda in [0.5, 1.5] {
        let what = "columns (z) of the state's encoder";
        let expected = DiscreteError::Shape { what, expected: 2, found: 3 };
        assert_eq!(decoder(2).response(&solve(&decoder(3), at(lambda, 0.3))).err(), Some(expected));
    }
    let partition = solve(&decoder(2), at(1.5, 0.25));
    let below = Equilibrium { multipliers: at(0.5, 0.25), ..partition };
    let expected = DiscreteError::NotAMinimum { lambda: 0.5, gamma: 0.25 };
    assert_eq!(decoder(2).response(&below).err(), Some(expected));
}

/// A Gibbs system with this many letters.
fn gibbs(n_letters: usize) -> GibbsSystem {
    let even = 1.0 / n_letters as f64;
    let marginal = Distribution::new(vec![even; n_letters]).expect("a distribution");
    let distortion = Array2::from_shape_fn((2, n_letters), |(x, z)| (x + z) as f64);
    let classifier = Channel::new(Array2::from_elem((n_letters, 2), 0.5)).expect("a channel");
    GibbsSystem::new(&joint(2, &[0.3, 0.2, 0.1, 0.4]), &marginal, distortion.view(), &classifier)
        .expect("a system")
}

#[test]
fn a_start_that_does_not_fit_is_passed_over_by_every_system() {
    fn assert_passed_over<S: System<Rdc = Rdc>>(system: &S, other: &S)
    where
        S::State: std::fmt::Debug + PartialEq,
    {
        for place in [at(0.5, 0.3), at(1.0, 0.0), at(0.3, 3.0), at(1.5, 0.2)] {
            let foreign = solve(other, place).state;
            let (cold, warm) = (solve(system, place), system.equilibrium(place, Some(&foreign)));
            let warm = warm.expect("an equilibrium");
            assert_eq!((cold.rdc, cold.state), (warm.rdc, warm.state), "{place:?}");
        }
    }
    let inf = f64::INFINITY;
    let source = joint(2, &[0.3, 0.2, 0.1, 0.4]);
    let discrete =
        |entries: &[f64]| DiscreteSystem::new(&source, table(2, entries).view()).expect("a system");
    assert_passed_over(&discrete(&[0.0, 1.0, 1.0, 0.0]), &discrete(&[0.0, 1.0, 0.5, 1.0, 0.0, 0.5]));
    // The right sizes, but no letter for input 1.
    assert_passed_over(&discrete(&[0.0, 9.0, inf, 0.0]), &discrete(&[0.0, 90.0, 0.0, 90.0]));
    assert_passed_over(&gibbs(2), &gibbs(3));
    let decoder = |n_letters| FreeDecoderSystem::new(&source, n_letters).expect("a system");
    assert_passed_over(&decoder(2), &decoder(3));
    let gaussian = |n: usize| {
        let readout = Array2::ones((1, n));
        let (source, noise) = (Array2::eye(n), array![[1.0]]);
        let fixed = GaussianSystem::new(source.view(), readout.view(), noise.view(), 0.5, 0.2);
        let free = GaussianBottleneck::new(source.view(), readout.view(), noise.view(), 0.5);
        (fixed.expect("a system"), free.expect("a system"))
    };
    assert_passed_over(&gaussian(2).0, &gaussian(3).0);
    assert_passed_over(&gaussian(2).1, &gaussian(3).1);
}
