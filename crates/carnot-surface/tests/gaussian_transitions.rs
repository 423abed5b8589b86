//! Predicted transitions of linear-Gaussian systems against where modes turn on.

use carnot_surface::{GaussianBottleneck, GaussianError, GaussianSystem, Modes, Multipliers, System};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::{log_uniform, positive_definite, signed};
use ndarray::{Array2, array};
use proptest::prelude::*;

fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("valid multipliers")
}

fn along(base: Multipliers, direction: Multipliers, t: f64) -> Multipliers {
    at(base.lambda() + t * direction.lambda(), base.gamma() + t * direction.gamma())
}

fn modes<S: System<State = Modes>>(system: &S, multipliers: Multipliers) -> Modes {
    system.equilibrium(multipliers, None).expect("an equilibrium").state
}

/// Source, readout and residual covariance of 1 to 6 dimensions and 1 to 6 targets.
fn parts() -> impl Strategy<Value = [Array2<f64>; 3]> {
    (1..7usize, 1..7usize).prop_flat_map(|(n, k)| {
        let parts = (positive_definite(n, (1e-1, 1e1)), signed(n * k), positive_definite(k, (1e-2, 1e1)));
        parts.prop_map(move |(source, readout, residual)| {
            let matrix =
                |rows, columns, values| Array2::from_shape_vec((rows, columns), values).expect("a shape");
            [matrix(n, n, source), matrix(k, n, readout), matrix(k, k, residual)]
        })
    })
}

/// Three independent dimensions, of which the third is not read out.
fn three_dimensions() -> GaussianSystem {
    GaussianSystem::new(
        Array2::from_diag(&array![4.0, 1.0, 0.25]).view(),
        array![[0.5, 0.0, 0.0], [0.0, 2.0, 0.0]].view(),
        Array2::eye(2).view(),
        0.5,
        0.1,
    )
    .expect("a valid system")
}

#[test]
fn independent_dimensions_turn_on_one_by_one() {
    // By hand: mu = (8 lambda + 10 gamma, 2 lambda + 40 gamma, lambda / 2).
    let system = three_dimensions();
    let assert_transitions = |base, direction, expected: &[f64]| {
        let found = system.transitions(base, direction).expect("transitions");
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert_close!(*found, *expected, rtol = 1e-13, atol = 1e-15);
        }
    };
    let (origin, lambda, gamma) = (at(0.0, 0.0), at(1.0, 0.0), at(0.0, 1.0));
    assert_transitions(origin, at(1.0, 1.0), &[1.0 / 42.0, 1.0 / 18.0, 2.0]);
    assert_transitions(origin, lambda, &[0.125, 0.5, 2.0]);
    assert_transitions(origin, gamma, &[0.025, 0.1]);
    // Along gamma from a lambda at which the first is on already, and along lambda from such a gamma.
    assert_transitions(at(0.25, 0.0), gamma, &[0.0125]);
    assert_transitions(at(0.1, 0.0), gamma, &[0.02, 0.02]);
    assert_transitions(at(0.0, 0.05), lambda, &[0.0625, 2.0]);
    assert_transitions(at(3.0, 0.0), gamma, &[]);
    // One that is critical at the base turns on there if the direction reaches it.
    assert_transitions(at(0.125, 0.0), gamma, &[0.0, 0.01875]);
    assert_transitions(at(2.0, 0.0), lambda, &[0.0]);
    assert_transitions(at(2.0, 0.0), gamma, &[]);
    // And nowhere is no direction.
    assert_transitions(at(0.1, 0.0), origin, &[]);
}

#[test]
fn what_overflows_is_an_error_and_what_says_nothing_never_turns_on() {
    let huge =
        GaussianSystem::new(array![[1e300]].view(), array![[0.0]].view(), array![[1.0]].view(), 0.5, 1.0)
            .expect("a valid system");
    let refused = huge.transitions(at(0.0, 0.0), at(1e300, 0.0)).expect_err("an overflow");
    assert_eq!(refused, GaussianError::Eigenvalues { lambda: 1e300, gamma: 0.0 });
    let deaf = GaussianBottleneck::new(array![[1.0]].view(), array![[0.0]].view(), array![[1.0]].view(), 0.5)
        .expect("a valid system");
    assert_eq!(deaf.critical_gammas(), Ok(vec![]));
    assert_eq!(deaf.onset(at(0.0, 1.0)), Ok(f64::INFINITY));
    assert_close!(deaf.onset(at(2.0, 1.0)).expect("an onset"), 0.25, rtol = 1e-15, atol = 0.0);
}

proptest! {
    #[test]
    fn strengths_are_one_at_the_transitions_and_nowhere_else(
        parts in parts(), from in (log_uniform(1e-3, 1e1), log_uniform(1e-3, 1e1)),
        to in (log_uniform(1e-2, 1e1), log_uniform(1e-2, 1e1)), axis in 0..5u8,
    ) {
        let [source, readout, residual] = parts;
        let system = GaussianSystem::new(source.view(), readout.view(), residual.view(), 0.5, 0.7)
            .expect("a valid system");
        let base = if axis == 0 { at(0.0, 0.0) } else { at(from.0, if axis < 3 { 0.0 } else { from.1 }) };
        let direction = at(if axis == 1 { 0.0 } else { to.0 }, if axis == 2 { 0.0 } else { to.1 });
        let found = system.transitions(base, direction).expect("transitions");
        let active = |t: f64| modes(&system, along(base, direction, t)).active();
        // Along gamma alone a mode may creep to a strength that is hardly above one, and reach one where the strongest is
        // so strong that its rounding hides the crossing.
        let strongest = |t: f64| modes(&system, along(base, direction, t)).strengths().last().copied();
        prop_assume!(found.last().and_then(|t| strongest(*t)).is_none_or(|mu| mu < 1e3));
        // Each is where one more is on, apart from those too close to another to be told from it.
        let mut before = active(0.0);
        for (index, t) in found.iter().enumerate() {
            let strengths = modes(&system, along(base, direction, *t)).strengths().to_vec();
            let nearest = strengths.iter().map(|mu| (mu - 1.0).abs()).fold(f64::INFINITY, f64::min);
            // Rounding of the strongest.
            let rounding = 1e-13 * strengths.last().map_or(1.0, |mu| mu.max(1.0));
            prop_assert!(nearest <= rounding, "a strength misses one by {nearest:e} at {t}");
            let alone = found.iter().enumerate().all(|(other, u)| other == index || (u - t).abs() > 1e-6 * t);
            if alone {
                prop_assert_eq!(active(t * (1.0 - 1e-7)), before);
                prop_assert_eq!(active(t * (1.0 + 1e-7)), before + 1);
            }
            before += 1;
        }
        // None is left out: far out as many are on as turned on.
        let far = 1e3 * found.last().copied().unwrap_or(1.0);
        if direction.lambda() > 0.0 && found.last().is_some_and(|last| *last > 0.0) {
            prop_assert_eq!(active(far), system.dimension());
        }
        prop_assert_eq!(active(far), before);
    }

    #[test]
    fn modes_of_the_bottleneck_turn_on_at_the_critical_gammas(parts in parts()) {
        let [source, readout, residual] = parts;
        let system = GaussianBottleneck::new(source.view(), readout.view(), residual.view(), 0.5)
            .expect("a valid system");
        let critical = system.critical_gammas().expect("singular values");
        prop_assert_eq!(critical.len(), readout.nrows().min(readout.ncols()));
        for (index, gamma) in critical.iter().enumerate() {
            let alone = critical.iter().enumerate().all(|(other, g)| other == index || (g - gamma).abs() > 1e-5 * gamma);
            if alone {
                // Beside the transition by more than the rounding of the weakest.
                let step = 1e-6 * (gamma - 1.0);
                prop_assert_eq!(modes(&system, at(0.0, gamma - step)).active(), index);
                prop_assert_eq!(modes(&system, at(0.0, gamma + step)).active(), index + 1);
            }
        }
    }

    #[test]
    fn the_bottleneck_encodes_nothing_up_to_its_onset(
        parts in parts(), direction in (log_uniform(1e-2, 1e1), log_uniform(1e-2, 1e1)),
    ) {
        let [source, readout, residual] = parts;
        let system = GaussianBottleneck::new(source.view(), readout.view(), residual.view(), 0.5)
            .expect("a valid system");
        let direction = at(direction.0, direction.1);
        let onset = system.onset(direction).expect("an onset");
        let there = |t: f64| along(at(0.0, 0.0), direction, t);
        prop_assert_eq!(modes(&system, there(onset * (1.0 - 1e-9))).active(), 0);
        prop_assert!(modes(&system, there(onset * (1.0 + 1e-9))).active() > 0);
        // On the axis lambda = 0 it is the first critical gamma.
        let first = system.critical_gammas().expect("singular values")[0];
        assert_close!(system.onset(at(0.0, 1.0)).expect("an onset"), first, rtol = 1e-12, atol = 0.0);
    }
}
