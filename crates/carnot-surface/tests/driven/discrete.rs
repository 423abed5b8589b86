//! Discrete systems whose joint distributions mix.

use carnot_info::{Channel, Distribution, Joint, classification_loss, expected_cost, rate};
use carnot_surface::{
    At, Certificate, DiscreteError, DiscreteOptions, DiscreteState, DiscreteSystem, Driven, MovingDiscrete,
    MovingGibbs, Multipliers, Rdc, System,
};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::{LabelKind, discrete_problem, labels, log_uniform, probabilities};
use carnot_testkit::tier::cases;
use ndarray::{Array2, array};
use proptest::prelude::*;

use super::{Stencil, at, for_draws, force, solve, try_solve};

/// Two joint distributions on common alphabets and a distortion.
#[derive(Debug, Clone)]
pub(super) struct Ends {
    pub(super) source: Joint,
    pub(super) target: Joint,
    pub(super) distortion: Array2<f64>,
}

impl Ends {
    pub(super) fn moving(&self) -> MovingDiscrete {
        MovingDiscrete::mixture(&self.source, &self.target, self.distortion.view()).expect("a moving system")
    }

    /// A lambda of which something is seen: `strength` in units of the largest distortion.
    fn lambda(&self, strength: f64) -> f64 {
        let largest = self.distortion.iter().copied().filter(|rho| rho.is_finite()).fold(0.0, f64::max);
        if largest > 0.0 { strength / largest } else { strength }
    }
}

/// Alphabets up to 12, 4 and 12 of every kind of labels and distortion, inputs that only one end shows among them.
pub(super) fn ends() -> impl Strategy<Value = Ends> {
    let kinds = [LabelKind::Noisy, LabelKind::Sparse, LabelKind::Certain, LabelKind::Independent];
    (discrete_problem(2..=12, 2..=4, 2..=12), prop::sample::select(kinds.to_vec())).prop_flat_map(
        |(problem, kind)| {
            let (n_x, n_y, n_z) = (problem.n_x, problem.n_y, problem.n_z);
            let table = |n: usize, entries: &[f64]| {
                Array2::from_shape_vec((n_x, n), entries.to_vec()).expect("a shape")
            };
            let source = Joint::from_weights(table(n_y, &problem.joint)).expect("a joint distribution");
            let distortion = table(n_z, &problem.distortion);
            (probabilities(n_x), labels(n_x, n_y, kind)).prop_map(move |(inputs, labels)| {
                let labels = Array2::from_shape_vec((n_x, n_y), labels).expect("a shape");
                let target = Joint::from_parts(
                    &Distribution::from_weights(inputs).expect("a distribution"),
                    &Channel::from_weights(labels).expect("a channel"),
                );
                let [source, target] =
                    [&source, &target.expect("a joint distribution")].map(without_negligible);
                Ends { source, target, distortion: distortion.clone() }
            })
        },
    )
}

/// Without the pairs that near an end of the path count as not occurring, of which the model says nothing.
fn without_negligible(joint: &Joint) -> Joint {
    Joint::from_weights(joint.table().mapv(|p| if p < 1e-18 { 0.0 } else { p }))
        .expect("a joint distribution")
}

fn residual(equilibrium: &At<DiscreteSystem>) -> f64 {
    match equilibrium.certificate {
        Certificate::Bound { residual, .. } | Certificate::Stationary { residual, .. } => residual,
        _ => 0.0,
    }
}

const STEP: f64 = 1e-3;

/// Compares the force with differences along one branch, unless its support changes within the stencil or it ends there.
fn check<M>(
    moving: &M,
    time: f64,
    multipliers: Multipliers,
    solve: impl Fn(f64, Multipliers) -> Option<At<M::System>>,
) -> bool
where
    M: Driven,
    M::System: System<Rdc = Rdc, State = DiscreteState, Error = DiscreteError>,
{
    let (lambda, gamma) = (multipliers.lambda(), multipliers.gamma());
    let Some(centre) = solve(time, multipliers) else { return false };
    let steps = [1.0, 0.5, 0.25].into_iter().flat_map(|part| [part * STEP, -part * STEP]);
    let stencil = steps.flat_map(|h| {
        let (of_lambda, of_gamma) = (at(lambda * (1.0 + h), gamma), at(lambda, gamma * (1.0 + h)));
        [(time, multipliers), (time + h, multipliers), (time, of_lambda), (time, of_gamma)]
    });
    let mut noise = 0.0_f64;
    for (t, at) in stencil {
        match solve(t, at) {
            Some(found) if found.state.support() == centre.state.support() => {
                // A branch beyond the convex range may have come to a saddle.
                let saddle = matches!(moving.force(t, &found), Err(DiscreteError::NotAMinimum { .. }));
                if gamma > 1.0 && saddle {
                    return false;
                }
                // The same equilibrium from another start: how well the solver knows it.
                let again = moving.at(time).expect("a system").equilibrium(multipliers, Some(&found.state));
                let change = |rdc: Rdc| {
                    (rdc.distortion - centre.rdc.distortion).abs()
                        + (rdc.classification - centre.rdc.classification).abs()
                };
                noise = noise.max(again.map_or(0.0, |again| change(again.rdc)));
            }
            _ => return false,
        }
    }
    if gamma > 1.0 && noise > 1e-9 {
        // Another branch is lower: the noise is not one.
        noise = 1e-12;
    }
    let resolve = |t: f64, at: Multipliers| solve(t, at).expect("an equilibrium on the way");
    let scale = centre.rdc.distortion.abs() + centre.rdc.classification.abs() + centre.free_energy().abs();
    let noise = noise + 1e-12 + 8.0 * f64::EPSILON * scale;
    Stencil { moving, time, centre: &centre, resolve: &resolve, step: STEP, noise, rtol: 1e-5 }.check();
    true
}

#[test]
fn the_force_moves_the_global_equilibrium() {
    let strategy = (ends(), 0.05..0.95f64, log_uniform(1.0, 30.0), 0.01..0.99f64);
    for_draws(cases(40, 600), &strategy, |(ends, time, strength, gamma)| {
        let moving = ends.moving();
        check(&moving, time, at(ends.lambda(strength), gamma), |time, at| try_solve(&moving, time, at))
    });
}

#[test]
fn the_force_moves_a_local_branch() {
    let strategy = (ends(), 0.05..0.95f64, log_uniform(1.0, 30.0), log_uniform(1.1, 6.0));
    for_draws(cases(30, 400), &strategy, |(ends, time, strength, gamma)| {
        let moving = ends.moving().with_options(DiscreteOptions::default().with_starts(2, 0));
        let multipliers = at(ends.lambda(strength), gamma);
        let Ok(start) = moving.at(time).expect("a system").equilibrium(multipliers, None) else {
            return false;
        };
        check(&moving, time, multipliers, |time, at| {
            moving.at(time).expect("a system").branch(at, &start.state).ok()
        })
    });
}

/// A marginal that uses every letter and a classifier, some entries of which may be zero.
fn given(n_z: usize, n_y: usize) -> impl Strategy<Value = (Distribution, Channel)> {
    let kinds = prop::sample::select(vec![LabelKind::Noisy, LabelKind::Noisy, LabelKind::Sparse]);
    (prop::collection::vec(0.1..1.0f64, n_z), kinds.prop_flat_map(move |kind| labels(n_z, n_y, kind)))
        .prop_map(move |(weights, said)| {
            let said = Array2::from_shape_vec((n_z, n_y), said).expect("a shape");
            (
                Distribution::from_weights(weights).expect("a distribution"),
                Channel::from_weights(said).expect("a channel"),
            )
        })
}

fn with_given() -> impl Strategy<Value = (Ends, Distribution, Channel)> {
    ends().prop_flat_map(|ends| {
        let (n_z, n_y) = (ends.distortion.ncols(), ends.source.n_y());
        (Just(ends), given(n_z, n_y)).prop_map(|(ends, (marginal, classifier))| (ends, marginal, classifier))
    })
}

#[test]
fn the_force_moves_systems_with_given_tables() {
    let strategy = (with_given(), 0.05..0.95f64, log_uniform(1.0, 30.0), 0.01..0.99f64);
    let mut kinds = [0; 3];
    for_draws(cases(60, 600), &strategy, |((ends, marginal, classifier), time, strength, gamma)| {
        let multipliers = at(ends.lambda(strength), gamma);
        let of_marginal = ends.moving().with_marginal(&marginal);
        let of_classifier = ends.moving().with_classifier(&classifier);
        let of_both =
            MovingGibbs::mixture(&ends.source, &ends.target, &marginal, ends.distortion.view(), &classifier);
        if let Ok(moving) = of_marginal {
            kinds[0] += u32::from(check(&moving, time, multipliers, |t, at| try_solve(&moving, t, at)));
        }
        if let Ok(moving) = of_classifier {
            kinds[1] += u32::from(check(&moving, time, multipliers, |t, at| try_solve(&moving, t, at)));
        }
        if let Ok(moving) = of_both {
            kinds[2] += u32::from(check(&moving, time, multipliers, |t, at| try_solve(&moving, t, at)));
        }
        true
    });
    println!("{kinds:?} with a given marginal, classifier, both");
    assert!(kinds.iter().all(|kept| *kept > 20), "{kinds:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(64, 1000)))]

    #[test]
    fn the_free_energy_is_concave_in_time_and_the_force_its_tangent(
        ends in ends(),
        mut times in prop::array::uniform3(0.001..0.999f64),
        (strength, gamma) in (log_uniform(0.3, 30.0), 0.0..=1.0f64),
    ) {
        times.sort_by(f64::total_cmp);
        let [first, middle, last] = times;
        prop_assume!(first < middle && middle < last);
        let moving = ends.moving();
        let multipliers = at(ends.lambda(strength), gamma);
        let solved = times.map(|time| moving.at(time).expect("a system").equilibrium(multipliers, None));
        // Close to gamma = 1 the solver may say that it cannot.
        prop_assume!(solved.iter().all(Result::is_ok));
        let [left, centre, right] = solved.map(|equilibrium| equilibrium.expect("just checked"));
        let share = (middle - first) / (last - first);
        let chord = (1.0 - share) * left.free_energy() + share * right.free_energy();
        // Gaps of 1e-12 of |F|.
        let rounding = 1e-11 * (1.0 + left.free_energy().abs() + right.free_energy().abs());
        prop_assert!(centre.free_energy() >= chord - rounding);
        // A concave function lies below each of its tangents, whatever the phase.
        if let Ok(force) = moving.force(middle, &centre) {
            for (time, other) in [(first, &left), (last, &right)] {
                let tangent = centre.free_energy() + (time - middle) * force.free_energy;
                prop_assert!(other.free_energy() <= tangent + 1e3 * rounding);
            }
        }
    }

    #[test]
    fn the_force_is_what_a_fixed_model_feels(
        ends in ends(),
        time in 0.01..0.99f64,
        (strength, gamma) in (log_uniform(1.0, 30.0), 0.0..0.99f64),
    ) {
        let moving = ends.moving();
        let multipliers = at(ends.lambda(strength), gamma);
        let equilibrium = solve(&moving, time, multipliers);
        let found = force(&moving, time, &equilibrium);
        let encoder = moving.at(time).expect("a system").encoder(&equilibrium).expect("an encoder");
        let (marginal, classifier) = (equilibrium.state.marginal(), equilibrium.state.classifier());
        // R, D and C of these tables on another joint distribution, by the functionals of `carnot-info`.
        let objective = |joint: &Joint| {
            let inputs = joint.marginal_x();
            let rate = rate(&inputs, &encoder, marginal).expect("a rate");
            let distortion = expected_cost(&inputs, &encoder, ends.distortion.view()).expect("a cost");
            let loss = classification_loss(joint, &encoder, classifier).expect("a loss");
            rate + multipliers.lambda() * distortion + if gamma > 0.0 { gamma * loss } else { 0.0 }
        };
        let [at_source, at_target] = [&ends.source, &ends.target].map(objective);
        let scale = 1.0 + at_source.abs() + at_target.abs();
        // An input that is rare at this time knows its encoder as well as any other: rounding, amplified by the logarithm
        // of small probabilities.
        assert_close!(found.free_energy, at_target - at_source, 0.0, 1e-10 * scale);
        assert_close!(equilibrium.free_energy(), (1.0 - time) * at_source + time * at_target, 0.0, 1e-10 * scale);
    }

    #[test]
    fn equilibria_of_one_time_are_warm_starts_of_another(
        ends in ends(),
        (from, to) in (0.001..0.999f64, 0.001..0.999f64),
        (strength, gamma) in (log_uniform(1.0, 30.0), 0.0..0.99f64),
    ) {
        let moving = ends.moving();
        let multipliers = at(ends.lambda(strength), gamma);
        let start = solve(&moving, from, multipliers);
        let cold = solve(&moving, to, multipliers).free_energy();
        let warm = moving.at(to).expect("a system").equilibrium(multipliers, Some(&start.state)).expect("one");
        // Two certified gaps of 1e-12.
        assert_close!(warm.free_energy(), cold, 4e-12, 4e-12);
        prop_assert!(residual(&warm) <= 1e-12);
    }
}

#[test]
fn a_coin_that_grows_unfair_by_hand() {
    // R(D) = h(p) - h(D): while D = 1 / (1 + e^lambda) is below the rarer outcome F = h(p) - h(D) + lambda D moves by
    // dh/dt, and D stays.
    let coin = |p: f64| Joint::new(array![[1.0 - p], [p]]).expect("a joint distribution");
    let hamming = array![[0.0, 1.0], [1.0, 0.0]];
    let moving = MovingDiscrete::mixture(&coin(0.5), &coin(0.2), hamming.view()).expect("a moving system");
    for time in [0.0, 0.25, 1.0] {
        let p = 0.5 - 0.3 * time;
        let found = force(&moving, time, &solve(&moving, time, at(9.0_f64.ln(), 0.0)));
        // To the solver's residual.
        assert_close!(found.free_energy, -0.3 * ((1.0 - p) / p).ln(), 1e-11, 1e-12);
        assert_close!(found.distortion, 0.0, 0.0, 1e-11);
        // At a small lambda nothing is encoded, and F = lambda p.
        let idle = force(&moving, time, &solve(&moving, time, at(0.1, 0.0)));
        if time > 0.0 {
            assert_close!(idle.distortion, -0.3, 1e-12, 0.0);
            assert_close!(idle.free_energy, -0.03, 1e-12, 0.0);
        }
    }
}

#[test]
fn labels_of_a_noisy_bit_that_grow_noisier_by_hand() {
    // Uniform bit, Hamming distortion, labels flipped with probability alpha(t): with q = 1 / (1 + e^s) the encoder's
    // own noise, F = ln 2 - h(q) + lambda q + gamma h(a), a = alpha + q - 2 alpha q, so that
    // tau = gamma ln((1 - a) / a) (1 - 2 q) alpha'.
    let bit = |alpha: f64| {
        Joint::new(array![[0.5 - 0.5 * alpha, 0.5 * alpha], [0.5 * alpha, 0.5 - 0.5 * alpha]])
            .expect("a joint")
    };
    let hamming = array![[0.0, 1.0], [1.0, 0.0]];
    let moving = MovingDiscrete::mixture(&bit(0.1), &bit(0.3), hamming.view()).expect("a moving system");
    let equilibrium = solve(&moving, 0.0, at(1.0, 1.0));
    // D = q = .0976934798 at alpha = .1, lambda = gamma = 1: the project's table of joint free energies.
    let q = 0.0976934798;
    assert_close!(equilibrium.rdc.distortion, q, 0.0, 1e-10);
    let a = 0.1 + q - 0.2 * q;
    let found = force(&moving, 0.0, &equilibrium);
    // Ten digits of q.
    assert_close!(found.free_energy, ((1.0 - a) / a).ln() * (1.0 - 2.0 * q) * 0.2, 0.0, 1e-9);
}

#[test]
fn what_is_not_a_path_is_refused_by_name() {
    let joint = |n_x: usize, n_y: usize| Joint::from_weights(Array2::ones((n_x, n_y))).expect("a joint");
    let distortion = Array2::zeros((3, 2));
    let refused =
        |source: &Joint, target: &Joint| MovingDiscrete::mixture(source, target, distortion.view()).err();
    let shape = |what, expected, found| Some(DiscreteError::Shape { what, expected, found });
    assert_eq!(refused(&joint(3, 2), &joint(2, 2)), shape("inputs (x) of the target", 3, 2));
    assert_eq!(refused(&joint(3, 2), &joint(3, 4)), shape("labels (y) of the target", 2, 4));
    assert_eq!(refused(&joint(2, 2), &joint(2, 2)), shape("rows (x) of the distortion", 2, 3));
    let moving =
        MovingDiscrete::mixture(&joint(3, 2), &joint(3, 2), distortion.view()).expect("a moving system");
    let small = Channel::new(array![[1.0, 0.0]]).expect("a channel");
    assert_eq!(moving.clone().with_classifier(&small).err(), shape("rows (z) of the classifier", 2, 1));
    let few = Distribution::new(vec![1.0]).expect("a distribution");
    assert_eq!(moving.clone().with_marginal(&few).err(), shape("outcomes (z) of the marginal", 2, 1));
    let equilibrium = solve(&moving, 0.5, at(1.0, 0.5));
    for time in [-1e-9, 1.0 + 1e-9, f64::NAN] {
        assert!(matches!(moving.at(time), Err(DiscreteError::Time { .. })));
        assert!(matches!(moving.force(time, &equilibrium), Err(DiscreteError::Time { .. })));
    }
    let other =
        MovingDiscrete::mixture(&joint(3, 2), &joint(3, 2), Array2::zeros((3, 4)).view()).expect("one");
    let foreign = solve(&other, 0.5, at(1.0, 0.5));
    assert_eq!(moving.force(0.5, &foreign).err(), shape("letters of the state", 2, 4));
}
