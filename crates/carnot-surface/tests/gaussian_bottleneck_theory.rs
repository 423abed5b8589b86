//! The theory on random linear-Gaussian systems with free head noise: envelope theorem, concavity, the response against
//! finite differences of the re-solved (D, C), and the solver against one that only majorises and minimises.

use carnot_surface::{
    At, Certificate, GaussianBottleneck, GaussianSystem, Modes, Multipliers, Observables, Rdc, Responsive,
    Sidedness, System,
};
use carnot_testkit::assert_close;
use carnot_testkit::finite_difference::{Derivative, central};
use carnot_testkit::strategies::{log_uniform, positive_definite, signed};
use faer::{Mat, Side};
use ndarray::Array2;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("valid multipliers")
}

fn solve_from(system: &GaussianBottleneck, at: Multipliers, from: Option<&Modes>) -> At<GaussianBottleneck> {
    let equilibrium = system.equilibrium(at, from).expect("an equilibrium");
    let Certificate::Bound { gap, residual } = equilibrium.certificate else { panic!("not a bound") };
    assert!(residual <= 1e-12, "residual {residual:e}");
    // The distances in the bound are logarithms of strengths up to 1e8, of at most eight modes.
    assert!((0.0..=1e-10).contains(&gap), "gap {gap:e}");
    equilibrium
}

fn solve(system: &GaussianBottleneck, at: Multipliers) -> At<GaussianBottleneck> {
    solve_from(system, at, None)
}

/// What a system is made of, for the independent solver.
#[derive(Debug, Clone)]
struct Parts {
    source: Array2<f64>,
    readout: Array2<f64>,
    residual: Array2<f64>,
    decoder: f64,
}

impl Parts {
    fn system(&self) -> GaussianBottleneck {
        GaussianBottleneck::new(self.source.view(), self.readout.view(), self.residual.view(), self.decoder)
            .expect("a valid system")
    }

    /// `Sn + B T B'`.
    fn head_noise(&self, t: &Array2<f64>) -> Mat<f64> {
        let s = &self.residual + &self.readout.dot(t).dot(&self.readout.t());
        Mat::from_fn(s.nrows(), s.ncols(), |i, j| 0.5 * (s[(i, j)] + s[(j, i)]))
    }

    /// F of a posterior covariance by its definition, all constants included.
    fn free_energy(&self, t: &Array2<f64>, at: Multipliers) -> f64 {
        let log_det = |m: &Mat<f64>| -> f64 {
            let factor = m.llt(Side::Lower).expect("positive definite").L().to_owned();
            2.0 * (0..m.nrows()).map(|i| factor[(i, i)].ln()).sum::<f64>()
        };
        let of = |m: &Array2<f64>| Mat::from_fn(m.nrows(), m.ncols(), |i, j| m[(i, j)]);
        let (n, k) = (t.nrows() as f64, self.residual.nrows() as f64);
        let rate = 0.5 * (log_det(&of(&self.source)) - log_det(&of(t)));
        let distortion =
            t.diag().sum() / (2.0 * self.decoder) + 0.5 * n * (std::f64::consts::TAU * self.decoder).ln();
        let classification = 0.5 * (log_det(&self.head_noise(t)) + k * (1.0 + std::f64::consts::TAU.ln()));
        Rdc { rate, distortion, classification }.objective(at)
    }

    /// The lowest F that many steps of the system with fixed head noise find, the noise set to what it should be after
    /// each: `B'B / s_c^2` is replaced by `B' (Sn + B T B')^-1 B`.
    fn majorised(&self, at: Multipliers, steps: usize) -> f64 {
        let mut t = self.source.clone();
        let mut lowest = f64::INFINITY;
        let k = self.residual.nrows();
        for _ in 0..steps {
            let factor = self.head_noise(&t).llt(Side::Lower).expect("positive definite").L().to_owned();
            let mut readout = Mat::from_fn(k, t.nrows(), |i, j| self.readout[(i, j)]);
            factor.solve_lower_triangular_in_place(&mut readout);
            let readout = Array2::from_shape_fn((k, t.nrows()), |place| readout[place]);
            let noise = Array2::eye(k);
            let fixed =
                GaussianSystem::new(self.source.view(), readout.view(), noise.view(), self.decoder, 1.0)
                    .expect("a valid system");
            let equilibrium = fixed.equilibrium(at, None).expect("closed form");
            t = fixed.posterior_covariance(&equilibrium.state).expect("its own state");
            let free_energy = self.free_energy(&t, at);
            // Each step is an exact minimisation: F does not rise, to the rounding of its definition.
            assert!(free_energy <= lowest + 1e-10 * (1.0 + lowest.abs()), "{free_energy} after {lowest}");
            lowest = lowest.min(free_energy);
        }
        lowest
    }
}

/// Systems of dimension 1 to 8 with 1 to 8 targets, condition numbers up to 1e4 and noise over five decades.
fn parts() -> impl Strategy<Value = Parts> {
    (1..9usize, 1..9usize, log_uniform(1e-3, 1e1)).prop_flat_map(|(n, k, noise)| {
        let parts = (
            positive_definite(n, (1e-2, 1e2)),
            signed(n * k),
            positive_definite(k, (0.1 * noise, 10.0 * noise)),
            log_uniform(0.1, 10.0),
        );
        parts.prop_map(move |(source, readout, residual, decoder)| {
            let matrix =
                |rows, columns, values| Array2::from_shape_vec((rows, columns), values).expect("a shape");
            Parts {
                source: matrix(n, n, source),
                readout: matrix(k, n, readout),
                residual: matrix(k, k, residual),
                decoder,
            }
        })
    })
}

fn multipliers() -> impl Strategy<Value = Multipliers> {
    // Where gamma is close to one, rate and classification loss nearly balance and plain steps are slowest.
    let gamma = prop_oneof![log_uniform(1e-2, 1e2), log_uniform(0.9, 1.2)];
    (log_uniform(1e-2, 1e2), gamma).prop_map(|(lambda, gamma)| at(lambda, gamma))
}

/// Half the width of the stencils, relative to the multiplier.
const STEP: f64 = 1e-2;

/// The derivatives of D and C with respect to one multiplier by differences of re-solved equilibria, or `None` where
/// a mode turns on or off within the stencil: F is not smooth there.
fn differences(
    system: &GaussianBottleneck,
    centre: f64,
    place: impl Fn(f64) -> Multipliers,
) -> Option<[Derivative; 2]> {
    let active = |step: f64| solve(system, place(centre * (1.0 + step * STEP))).state.active();
    let all = [-1.0, -0.5, 0.0, 0.5, 1.0].map(active);
    let of =
        |observe: fn(&Rdc) -> f64| central(|x| observe(&solve(system, place(x)).rdc), centre, STEP * centre);
    all.iter().all(|one| *one == all[0]).then(|| [of(|rdc| rdc.distortion), of(|rdc| rdc.classification)])
}

#[test]
fn the_response_is_the_derivative_of_distortion_and_classification_loss() {
    let mut runner = TestRunner::deterministic();
    let strategy = (parts(), multipliers());
    let (mut kept, mut drawn, mut orders) = (0, 0, Vec::new());
    while kept < 100 {
        let (parts, multipliers) = strategy.new_tree(&mut runner).expect("a draw").current();
        drawn += 1;
        let system = parts.system();
        let (lambda, gamma) = (multipliers.lambda(), multipliers.gamma());
        let by_lambda = differences(&system, lambda, |x| at(x, gamma));
        let by_gamma = differences(&system, gamma, |x| at(lambda, x));
        let (Some([d_lambda, c_lambda]), Some([d_gamma, c_gamma])) = (by_lambda, by_gamma) else { continue };
        kept += 1;
        let s = system.response(&solve(&system, multipliers)).expect("a response");
        assert_eq!(s.sidedness, Sidedness::TwoSided);
        // What the differences are worth, with a factor of ten for luck, and the rounding of the formula relative to
        // the diagonal, since an off-diagonal entry may cancel.
        let (s11, s22) = (s.distortion_lambda, s.classification_gamma);
        let mixed = (s11 * s22).sqrt();
        let cases = [
            (s11, d_lambda, s11),
            (s.cross, d_gamma, mixed),
            (s.cross, c_lambda, mixed),
            (s22, c_gamma, s22),
        ];
        for (formula, difference, scale) in cases {
            let atol = 1e-9 * scale.abs() + 10.0 * difference.error;
            assert_close!(formula, difference.value, 0.0, atol, "{multipliers:?}");
            orders.extend(difference.order);
        }
    }
    let left_out = drawn - kept;
    println!("{kept} draws kept, {left_out} left out");
    assert!(left_out > 0 && left_out < kept, "{left_out} of {drawn} draws left out");
    let second = orders.iter().filter(|order| (*order - 2.0).abs() < 0.2).count();
    assert!(
        orders.len() > 100 && second * 20 >= orders.len() * 19,
        "{second} of {} orders near 2",
        orders.len()
    );
}

proptest! {
    #[test]
    fn no_posterior_that_plain_steps_find_is_better(parts in parts(), multipliers in multipliers()) {
        let equilibrium = solve(&parts.system(), multipliers);
        let free_energy = equilibrium.free_energy();
        // What two determinants of condition 1e4 lose to rounding, times their price.
        let rounding = 1e-12 * (1.0 + free_energy.abs() + multipliers.gamma());
        let plain = parts.majorised(multipliers, 60);
        prop_assert!(free_energy <= plain + rounding, "{free_energy} above {plain}");
        // And its own posterior covariance has that free energy by the definition.
        let t = parts.system().posterior_covariance(&equilibrium.state).expect("its own state");
        prop_assert!((parts.free_energy(&t, multipliers) - free_energy).abs() <= rounding);
    }

    #[test]
    fn every_start_ends_in_the_same_equilibrium(
        parts in parts(), multipliers in multipliers(), others in prop::collection::vec((signed(64), multipliers()), 4),
    ) {
        let system = parts.system();
        let cold = solve(&system, multipliers);
        let (scale, n) = (1.0f64.max(cold.free_energy().abs()), system.dimension());
        for (entries, elsewhere) in others {
            // The state of another system at other multipliers: an arbitrary posterior covariance.
            let readout = Array2::from_shape_fn((n, n), |(i, j)| 10.0 * entries[8 * i + j]);
            let identity = Array2::eye(n);
            let other = GaussianBottleneck::new(identity.view(), readout.view(), identity.view(), 1.0).expect("a system");
            let warm = solve_from(&system, multipliers, Some(&solve(&other, elsewhere).state));
            assert_close!(warm.free_energy(), cold.free_energy(), rtol = 0.0, atol = 1e-10 * scale);
            assert_close!(warm.rdc.distortion, cold.rdc.distortion, rtol = 1e-8, atol = 1e-10);
            assert_close!(warm.rdc.classification, cold.rdc.classification, rtol = 1e-8, atol = 1e-10);
        }
        // Its own state is where it stays.
        prop_assert_eq!(solve_from(&system, multipliers, Some(&cold.state)).state.active(), cold.state.active());
    }

    #[test]
    fn the_envelope_theorem_holds_across_transitions(parts in parts(), multipliers in multipliers()) {
        let system = parts.system();
        let (lambda, gamma) = (multipliers.lambda(), multipliers.gamma());
        let here = solve(&system, multipliers);
        for (axis, centre) in [lambda, gamma].into_iter().enumerate() {
            let place = |x: f64| if axis == 0 { at(x, gamma) } else { at(lambda, x) };
            let gradient = |rdc: Rdc| if axis == 0 { rdc.distortion } else { rdc.classification };
            let h = 1e-4 * centre;
            let (above, below) = (solve(&system, place(centre + h)), solve(&system, place(centre - h)));
            let secant = (above.free_energy() - below.free_energy()) / (2.0 * h);
            // F is concave: whatever the stencil straddles, the secant lies between the gradients at its ends.
            let (steep, flat) = (gradient(below.rdc), gradient(above.rdc));
            let size = above.free_energy().abs().max(1.0) + gamma;
            let rounding = 1e-14 * size / h + 1e-11 * steep.abs().max(1.0);
            prop_assert!(flat <= gradient(here.rdc) + rounding && gradient(here.rdc) <= steep + rounding);
            prop_assert!(flat <= secant + rounding && secant <= steep + rounding, "{flat} <= {secant} <= {steep}");
        }
    }

    #[test]
    fn the_free_energy_is_concave(
        parts in parts(), one in multipliers(), other in multipliers(), t in 0.0..1.0f64,
    ) {
        let system = parts.system();
        let mix = |a: f64, b: f64| (1.0 - t) * a + t * b;
        let between = at(mix(one.lambda(), other.lambda()), mix(one.gamma(), other.gamma()));
        let (first, last) = (solve(&system, one), solve(&system, other));
        let scale = 1.0 + one.gamma() + other.gamma() + first.free_energy().abs() + last.free_energy().abs();
        let chord = mix(first.free_energy(), last.free_energy());
        prop_assert!(solve(&system, between).free_energy() >= chord - 1e-13 * scale);
        // The tangent plane lies above: the model of one equilibrium is a candidate at every other multiplier.
        prop_assert!(first.rdc.objective(other) >= last.free_energy() - 1e-13 * scale);
    }

    #[test]
    fn the_response_is_negative_semidefinite_and_stronger_than_with_a_frozen_head(
        parts in parts(), multipliers in multipliers(),
    ) {
        let system = parts.system();
        let equilibrium = solve(&system, multipliers);
        let s = system.response(&equilibrium).expect("a response");
        prop_assert!(s.distortion_lambda <= 0.0 && s.classification_gamma <= 0.0);
        let product = s.distortion_lambda * s.classification_gamma;
        prop_assert!(s.cross * s.cross <= product * (1.0 + 1e-9));
        // A head that may follow lets the encoder move further, in every direction of the multipliers.
        let t = system.posterior_covariance(&equilibrium.state).expect("its own state");
        let k = parts.readout.nrows();
        let factor = parts.head_noise(&t).llt(Side::Lower).expect("positive definite").L().to_owned();
        let mut readout = Mat::from_fn(k, t.nrows(), |i, j| parts.readout[(i, j)]);
        factor.solve_lower_triangular_in_place(&mut readout);
        let readout = Array2::from_shape_fn((k, t.nrows()), |place| readout[place]);
        let frozen = GaussianSystem::new(parts.source.view(), readout.view(), Array2::eye(k).view(), parts.decoder, 1.0)
            .expect("a valid system");
        let there = frozen.equilibrium(multipliers, None).expect("closed form");
        // The same equilibrium, to the rounding of strengths up to 1e7.
        assert_close!(there.rdc.rate, equilibrium.rdc.rate, rtol = 1e-8, atol = 1e-8);
        prop_assume!(there.state.active() == equilibrium.state.active());
        let f = frozen.response(&there).expect("a response");
        let (a, b, c) = (
            f.distortion_lambda - s.distortion_lambda,
            f.cross - s.cross,
            f.classification_gamma - s.classification_gamma,
        );
        let slack = 1e-7;
        prop_assert!(a >= slack * s.distortion_lambda && c >= slack * s.classification_gamma, "{s:?} and {f:?}");
        prop_assert!(b * b <= a * c + slack * product, "{s:?} and {f:?}");
    }
}
