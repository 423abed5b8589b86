//! Linear-Gaussian systems whose moments move.

use carnot_surface::{
    Driven, GaussianError, GaussianPath, GaussianSystem, JointGaussian, Modes, MovingGaussian,
    MovingGaussianBottleneck, Multipliers, Rdc, System,
};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::{log_uniform, positive_definite, signed};
use carnot_testkit::tier::cases;
use carnot_transport::{GaussianMeasure, gaussian_coupling};
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;

use super::{Stencil, at, for_draws, force, solve};

/// Moments of n + k dimensions with conditions up to 1e4.
pub(super) fn joint(n: usize, k: usize) -> impl Strategy<Value = JointGaussian> {
    (positive_definite(n + k, (1e-2, 1e2)), signed(n + k), log_uniform(1e-2, 1e1)).prop_map(
        move |(covariance, mean, spread)| {
            let covariance = Array2::from_shape_vec((n + k, n + k), covariance).expect("a shape");
            let mean = spread * Array1::from(mean);
            JointGaussian::new(mean.view(), covariance.view(), n).expect("moments")
        },
    )
}

/// Two ends of up to eight dimensions of source and three of target.
pub(super) fn ends() -> impl Strategy<Value = (JointGaussian, JointGaussian)> {
    (1..9usize, 1..4usize).prop_flat_map(|(n, k)| (joint(n, k), joint(n, k)))
}

fn paths() -> impl Strategy<Value = GaussianPath> {
    (ends(), any::<bool>()).prop_map(|((source, target), mixed)| {
        let path = if mixed {
            GaussianPath::mixture(&source, &target)
        } else {
            GaussianPath::geodesic(&source, &target)
        };
        path.expect("a path")
    })
}

pub(super) fn multipliers() -> impl Strategy<Value = Multipliers> {
    (log_uniform(1e-2, 1e2), log_uniform(1e-2, 1e2)).prop_map(|(lambda, gamma)| at(lambda, gamma))
}

fn variance() -> impl Strategy<Value = f64> {
    log_uniform(0.1, 10.0)
}

const STEP: f64 = 4e-3;

/// Whether a transition is near enough to `time` to fall into a stencil there.
fn near_transition<M: Driven>(moving: &M, time: f64, multipliers: Multipliers) -> bool
where
    M::System: System<Rdc = Rdc, State = Modes>,
{
    let (lambda, gamma) = (multipliers.lambda(), multipliers.gamma());
    let strengths = |time: f64, at: Multipliers| solve(moving, time, at).state.strengths().to_vec();
    let centre = strengths(time, multipliers);
    let corners = [
        strengths(time - STEP, multipliers),
        strengths(time + STEP, multipliers),
        strengths(time, at(lambda * (1.0 + STEP), gamma)),
        strengths(time, at(lambda, gamma * (1.0 + STEP))),
    ];
    centre.iter().enumerate().any(|(mode, mu)| {
        let moves = corners.iter().map(|corner| (corner[mode] - mu).abs()).fold(0.0, f64::max);
        (mu - 1.0).abs() < 3.0 * moves
    })
}

fn check<M: Driven>(moving: &M, time: f64, multipliers: Multipliers) -> bool
where
    M::System: System<Rdc = Rdc, State = Modes>,
{
    let keep = !near_transition(moving, time, multipliers);
    if keep {
        assert_force(moving, time, multipliers, STEP);
    }
    keep
}

fn assert_force<M: Driven>(moving: &M, time: f64, multipliers: Multipliers, step: f64)
where
    M::System: System<Rdc = Rdc>,
{
    let centre = solve(moving, time, multipliers);
    let resolve = |time: f64, at: Multipliers| {
        let system = moving.at(time).expect("a system");
        system.equilibrium(at, Some(&centre.state)).expect("an equilibrium")
    };
    // The fixed head is solved in closed form, the free one to a residual of 1e-12, each to the rounding of conditions of
    // up to 1e4.
    Stencil { moving, time, centre: &centre, resolve: &resolve, step, noise: 1e-12, rtol: 1e-9 }.check();
}

#[test]
fn the_force_moves_a_system_with_a_fixed_head() {
    let strategy = (paths(), variance(), variance(), 0.01..0.99f64, multipliers());
    for_draws(cases(60, 1000), &strategy, |(path, decoder, head, time, multipliers)| {
        let moving = MovingGaussian::new(path, decoder, head).expect("a moving system");
        check(&moving, time, multipliers)
    });
}

#[test]
fn the_force_moves_a_system_with_a_free_head() {
    let strategy = (paths(), variance(), 0.01..0.99f64, multipliers());
    for_draws(cases(60, 1000), &strategy, |(path, decoder, time, multipliers)| {
        let moving = MovingGaussianBottleneck::new(path, decoder).expect("a moving system");
        check(&moving, time, multipliers)
    });
}

/// How far F at `middle` is above the chord from `first` to `last`.
fn above_chord<M: Driven>(moving: &M, [first, middle, last]: [f64; 3], multipliers: Multipliers) -> f64
where
    M::System: System<Rdc = Rdc>,
{
    let free_energy = |time: f64| solve(moving, time, multipliers).free_energy();
    let share = (middle - first) / (last - first);
    free_energy(middle) - (1.0 - share) * free_energy(first) - share * free_energy(last)
}

fn times() -> impl Strategy<Value = [f64; 3]> {
    prop::array::uniform3(0.0..=1.0f64).prop_map(|mut times| {
        times.sort_by(f64::total_cmp);
        times
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(64, 1000)))]

    #[test]
    fn the_free_energy_is_concave_along_mixtures(
        (source, target) in ends(),
        times in times(),
        (decoder, head) in (variance(), variance()),
        multipliers in multipliers(),
    ) {
        prop_assume!(times[0] < times[2]);
        let path = GaussianPath::mixture(&source, &target).expect("a path");
        let fixed = MovingGaussian::new(path.clone(), decoder, head).expect("a moving system");
        let free = MovingGaussianBottleneck::new(path, decoder).expect("a moving system");
        let size = |time: f64| solve(&fixed, time, multipliers).free_energy().abs();
        // Rounding of F: its terms times a condition of 1e4.
        let rounding = 1e-11 * times.map(size).into_iter().fold(1.0, f64::max);
        prop_assert!(above_chord(&fixed, times, multipliers) >= -rounding);
        prop_assert!(above_chord(&free, times, multipliers) >= -rounding);
    }

    #[test]
    fn the_mixture_has_the_moments_of_the_mixture(
        (first, second) in (1..5usize).prop_flat_map(|n| {
            let cloud = || prop::collection::vec(signed(n + 1), 1..6);
            (cloud(), cloud())
        }),
        time in 0.0..=1.0f64,
    ) {
        // Weighted second moments of the points themselves.
        let moments = |points: &[(f64, Array1<f64>)]| {
            let dimension = points[0].1.len();
            let mut mean = Array1::<f64>::zeros(dimension);
            points.iter().for_each(|(weight, point)| mean += &(*weight * point));
            let mut covariance = Array2::<f64>::zeros((dimension, dimension));
            for (weight, point) in points {
                let d = point - &mean;
                covariance += &Array2::from_shape_fn((dimension, dimension), |(i, j)| weight * d[i] * d[j]);
            }
            JointGaussian::new(mean.view(), covariance.view(), dimension - 1).expect("moments")
        };
        let cloud = |points: &[Vec<f64>], share: f64| -> Vec<(f64, Array1<f64>)> {
            points.iter().map(|point| (share / points.len() as f64, Array1::from(point.clone()))).collect()
        };
        let (source, target) = (moments(&cloud(&first, 1.0)), moments(&cloud(&second, 1.0)));
        let expected = moments(&[cloud(&first, 1.0 - time), cloud(&second, time)].concat());
        let found = GaussianPath::mixture(&source, &target).expect("a path").at(time).expect("moments");
        // A few roundings of numbers of order one.
        prop_assert!((&found.mean() - &expected.mean()).iter().all(|d| d.abs() <= 1e-14));
        prop_assert!((&found.covariance() - &expected.covariance()).iter().all(|d| d.abs() <= 1e-14));
    }

    #[test]
    fn the_geodesic_has_the_moments_of_the_displacement((source, target) in ends(), time in 0.0..=1.0f64) {
        let path = GaussianPath::geodesic(&source, &target).expect("a path");
        let measure = |end: &JointGaussian| GaussianMeasure::new(end.mean(), end.covariance()).expect("a measure");
        let coupling = gaussian_coupling(&measure(&source), &measure(&target)).expect("a coupling");
        let (found, expected) = (path.at(time).expect("moments"), coupling.interpolate(time).expect("a measure"));
        let scale = source.covariance().diag().sum() + target.covariance().diag().sum();
        prop_assert!((&found.covariance() - &expected.covariance()).iter().all(|d| d.abs() <= 1e-13 * scale));
        prop_assert!((&found.mean() - &expected.mean()).iter().all(|d| d.abs() <= 1e-14));
        let [found, expected] = [path.covariance_velocity(time), Ok(coupling.covariance_velocity(time).expect("a velocity"))]
            .map(|velocity: Result<_, GaussianError>| velocity.expect("a velocity"));
        prop_assert!((&found - &expected).iter().all(|d| d.abs() <= 1e-13 * scale));
    }

    #[test]
    fn equilibria_of_one_time_are_warm_starts_of_another(
        path in paths(),
        (from, to) in (0.0..=1.0f64, 0.0..=1.0f64),
        multipliers in multipliers(),
    ) {
        let moving = MovingGaussianBottleneck::new(path, 0.5).expect("a moving system");
        let start = solve(&moving, from, multipliers);
        let cold = solve(&moving, to, multipliers);
        let warm = moving.at(to).expect("a system").equilibrium(multipliers, Some(&start.state)).expect("one");
        // Both to a residual of 1e-12.
        assert_close!(warm.free_energy(), cold.free_energy(), 1e-12, 1e-12);
        assert_close!(warm.rdc.distortion, cold.rdc.distortion, 1e-9, 1e-10);
    }
}

#[test]
fn along_a_geodesic_the_free_energy_need_not_be_concave() {
    let (mut convex, mut concave) = (0, 0);
    for_draws(100, &(ends(), times(), multipliers()), |((source, target), times, multipliers)| {
        let path = GaussianPath::geodesic(&source, &target).expect("a path");
        let moving = MovingGaussian::new(path, 0.5, 0.5).expect("a moving system");
        let above = above_chord(&moving, times, multipliers);
        convex += u32::from(above < -1e-3);
        concave += u32::from(above > 1e-3);
        true
    });
    assert!(convex > 10 && concave > 10, "{convex} below their chord, {concave} above");
}

#[test]
fn one_dimension_by_hand() {
    // Variance s(t) with the means two apart, the regression b = 1/2 and the noise 1/4 stay: with an active mode
    // T = 1 / (lambda / s_d^2 + gamma b^2 / s_c^2) does not move, nor do D and C, and F = (1 + ln mu) / 2 + const
    // grows by s' / (2 s). The target's mean moves with the source's, b times as far.
    let (lambda, gamma, decoder, head) = (2.0, 3.0, 0.5, 0.8);
    let moments = |mean: f64, variance: f64| {
        JointGaussian::from_regression(
            array![mean].view(),
            array![[variance]].view(),
            array![0.5 * mean].view(),
            array![[0.5]].view(),
            array![[0.25]].view(),
        )
        .expect("moments")
    };
    let path = GaussianPath::mixture(&moments(0.0, 1.0), &moments(2.0, 3.0)).expect("a path");
    let moving = MovingGaussian::new(path, decoder, head).expect("a moving system");
    for time in [0.0, 0.25, 0.5, 1.0] {
        let variance = 1.0 + 2.0 * time + 4.0 * time * (1.0 - time);
        let growth = 2.0 + 4.0 * (1.0 - 2.0 * time);
        let active = solve(&moving, time, at(lambda, gamma));
        let found = force(&moving, time, &active);
        // A handful of roundings of numbers of order one.
        assert_close!(found.free_energy, growth / (2.0 * variance), 1e-14, 1e-15);
        assert_close!(found.distortion, 0.0, 0.0, 1e-14);
        assert_close!(found.classification, 0.0, 0.0, 1e-14);
        // Nothing is encoded: D = s / (2 s_d^2), C = (b^2 s + 1/4) / (2 s_c^2).
        let idle = solve(&moving, time, at(0.01, 0.01));
        let found = force(&moving, time, &idle);
        let (distortion, classification) = (growth / (2.0 * decoder), 0.25 * growth / (2.0 * head));
        assert_close!(found.distortion, distortion, 1e-14, 1e-15);
        assert_close!(found.classification, classification, 1e-14, 1e-14);
        assert_close!(found.free_energy, 0.01 * (distortion + classification), 1e-14, 1e-15);
    }
}

#[test]
fn a_free_head_in_one_dimension_by_hand() {
    // y = x + noise of variance v, of which the source has 1 and the target 1 + 2 t: gamma alone. u = T / s solves
    // -1/u + gamma s / (v + s u) = 0, u = v / (s (gamma - 1)): T = v / (gamma - 1) and
    // F = ln(s (gamma - 1) / v) / 2 + gamma ln(2 pi e gamma v / (gamma - 1)) / 2.
    let (gamma, s) = (5.0, 2.0);
    let moments = |noise: f64| {
        let covariance = array![[s, s], [s, s + noise]];
        JointGaussian::new(array![0.0, 0.0].view(), covariance.view(), 1).expect("moments")
    };
    let path = GaussianPath::mixture(&moments(1.0), &moments(3.0)).expect("a path");
    let moving = MovingGaussianBottleneck::new(path, 0.5).expect("a moving system");
    for time in [0.0, 0.3, 1.0] {
        let (v, growth) = (1.0 + 2.0 * time, 2.0);
        let found = force(&moving, time, &solve(&moving, time, at(0.0, gamma)));
        // To the solver's residual.
        assert_close!(found.free_energy, 0.5 * (gamma - 1.0) * growth / v, 1e-11, 0.0);
        assert_close!(found.classification, 0.5 * growth / v, 1e-11, 0.0);
        // D = T / (2 s_d^2) with s_d^2 = 1/2.
        assert_close!(found.distortion, growth / (gamma - 1.0), 1e-11, 0.0);
    }
}

#[test]
fn what_is_not_a_path_is_refused_by_name() {
    let joint = |n: usize| JointGaussian::new(array![0.0, 0.0, 0.0].view(), Array2::eye(3).view(), n);
    assert_eq!(joint(0), Err(GaussianError::SourceDimension { found: 0, joint: 3 }));
    assert_eq!(joint(3), Err(GaussianError::SourceDimension { found: 3, joint: 3 }));
    let (one, two) = (joint(1).expect("moments"), joint(2).expect("moments"));
    let mismatch = Err(GaussianError::JointDimensions { found: (1, 2), expected: (2, 1) });
    assert_eq!(GaussianPath::mixture(&two, &one), mismatch);
    assert_eq!(GaussianPath::geodesic(&two, &one), mismatch);
    let refused = JointGaussian::new(array![0.0, 0.0].view(), array![[1.0, 2.0], [2.0, 1.0]].view(), 1);
    assert!(matches!(refused, Err(GaussianError::NotPositiveSemidefinite { .. })), "{refused:?}");
    let refused = JointGaussian::new(array![0.0, f64::NAN].view(), Array2::eye(2).view(), 1);
    assert!(
        matches!(refused, Err(GaussianError::NotFinite { matrix: "joint mean", row: 1, .. })),
        "{refused:?}"
    );
    let refused = JointGaussian::from_regression(
        array![0.0].view(),
        array![[1.0]].view(),
        array![0.0].view(),
        array![[1.0, 2.0]].view(),
        array![[1.0]].view(),
    );
    let expected = GaussianError::Shape { matrix: "readout", found: (1, 2), expected: (1, 1) };
    assert_eq!(refused, Err(expected));

    let path = GaussianPath::mixture(&one, &one).expect("a path");
    assert!(matches!(MovingGaussian::new(path.clone(), 0.0, 1.0), Err(GaussianError::NoiseVariance { .. })));
    let moving = MovingGaussian::new(path.clone(), 0.5, 0.5).expect("a moving system");
    let equilibrium = solve(&moving, 0.5, at(1.0, 1.0));
    for time in [-1e-9, 1.0 + 1e-9, f64::NAN] {
        assert!(matches!(moving.at(time), Err(GaussianError::Time { .. })));
        assert!(matches!(moving.force(time, &equilibrium), Err(GaussianError::Time { .. })));
        assert!(matches!(path.at(time), Err(GaussianError::Time { .. })));
        assert!(matches!(path.covariance_velocity(time), Err(GaussianError::Time { .. })));
    }
    let other =
        GaussianSystem::new(Array2::eye(2).view(), Array2::eye(2).view(), Array2::eye(2).view(), 1.0, 1.0);
    let foreign = other.expect("a system").equilibrium(at(1.0, 1.0), None).expect("an equilibrium");
    let refused = moving.force(0.5, &foreign);
    assert_eq!(refused.err(), Some(GaussianError::StateDimension { found: 2, expected: 1 }));
}

#[test]
fn an_end_without_variance_is_refused_there_and_nowhere_else() {
    // All of the source in one place, with its label.
    let place =
        JointGaussian::new(array![1.0, 1.0].view(), Array2::zeros((2, 2)).view(), 1).expect("moments");
    let spread = JointGaussian::new(array![0.0, 0.0].view(), Array2::eye(2).view(), 1).expect("moments");
    for path in [GaussianPath::mixture(&place, &spread), GaussianPath::geodesic(&place, &spread)] {
        let moving = MovingGaussian::new(path.expect("a path"), 0.5, 0.5).expect("a moving system");
        let refused = moving.at(0.0).err();
        assert_eq!(refused, Some(GaussianError::NotPositiveDefinite { matrix: "source covariance" }));
        assert_force(&moving, 0.3, at(2.0, 3.0), 1e-2);
        assert!(force(&moving, 1.0, &solve(&moving, 1.0, at(2.0, 3.0))).free_energy.is_finite());
    }
}
