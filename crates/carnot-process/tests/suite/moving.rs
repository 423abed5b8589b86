//! Processes on moving data.

use carnot_info::Joint;
use carnot_process::{
    Adaptive, Broyden, Constraint, Coordinate, Demand, Drive, FromResponse, Hold, LeastChange, Options,
    Place, Point, Process, ProcessError, Rule, StopReason,
};
use carnot_surface::{
    At, DiscreteError, Driven, Force, GaussianError, GaussianPath, GaussianSystem, JointGaussian,
    MovingDiscrete, MovingGaussian, System,
};
use carnot_testkit::assert_close;
use carnot_testkit::finite_difference::central_each;
use ndarray::{Array1, Array2, array};

use crate::at;

/// Independent dimensions whose variances `v_i` move along straight lines, each read by a target of its own with weight `b_i`.
///
/// With `k_i = lambda / s_d^2 + gamma b_i^2 / s_c^2` dimension i is encoded where `v_i k_i > 1`. An encoded one has
/// `F_i = (1 + ln(v_i k_i)) / 2`, and so `tau_i = v_i' / (2 v_i)`; another one `F_i = v_i k_i / 2` and `tau_i = k_i v_i' / 2`,
/// `D_t = v_i' / (2 s_d^2)`, `C_t = b_i^2 v_i' / (2 s_c^2)`.
#[derive(Debug, Clone)]
pub(crate) struct Moving;

const FROM: [f64; 4] = [2.0, 1.0, 0.2, 0.10];
const TO: [f64; 4] = [1.0, 1.5, 0.4, 0.02];
const READ: [f64; 4] = [0.3, 1.0, 0.5, 1.0];
const DECODER: f64 = 0.5;
const HEAD: f64 = 0.4;

impl Driven for Moving {
    type System = GaussianSystem;

    fn at(&self, time: f64) -> Result<GaussianSystem, GaussianError> {
        let variances = Array1::from_shape_fn(4, |i| (1.0 - time) * FROM[i] + time * TO[i]);
        GaussianSystem::new(
            Array2::from_diag(&variances).view(),
            Array2::from_diag(&Array1::from(READ.to_vec())).view(),
            (Array2::eye(4) * 0.1).view(),
            DECODER,
            HEAD,
        )
    }

    fn force(&self, time: f64, at: &At<GaussianSystem>) -> Result<Force<f64>, GaussianError> {
        let (lambda, gamma) = (at.multipliers.lambda(), at.multipliers.gamma());
        let mut force = Force { free_energy: 0.0, distortion: 0.0, classification: 0.0 };
        for i in 0..4 {
            let (v, growth) = ((1.0 - time) * FROM[i] + time * TO[i], TO[i] - FROM[i]);
            let [by_lambda, by_gamma] = [1.0 / DECODER, READ[i] * READ[i] / HEAD];
            let price = lambda * by_lambda + gamma * by_gamma;
            if v * price > 1.0 {
                force.free_energy += 0.5 * growth / v;
            } else {
                force.free_energy += 0.5 * price * growth;
                force.distortion += 0.5 * by_lambda * growth;
                force.classification += 0.5 * by_gamma * growth;
            }
        }
        Ok(force)
    }
}

fn equilibrium(time: f64, lambda: f64, gamma: f64) -> At<GaussianSystem> {
    Moving.at(time).and_then(|system| system.equilibrium(at(lambda, gamma), None)).expect("an equilibrium")
}

#[test]
fn the_moving_system_of_these_tests_has_the_force_that_it_says() {
    let f = |time: f64| {
        let found = equilibrium(time, 1.2, 0.8);
        [found.free_energy(), found.rdc.distortion, found.rdc.classification]
    };
    let [tau, distortion, classification] = central_each(f, 0.4, 1e-3);
    let force = Moving.force(0.4, &equilibrium(0.4, 1.2, 0.8)).expect("a force");
    // The differences say how wrong they are.
    assert_close!(force.free_energy, tau.value, rtol = 0.0, atol = 10.0 * tau.error);
    assert_close!(force.distortion, distortion.value, rtol = 0.0, atol = 10.0 * distortion.error);
    assert_close!(force.classification, classification.value, rtol = 0.0, atol = 10.0 * classification.error);
    assert!(force.classification.abs() > 0.01);
}

#[test]
fn all_constraints_are_held_while_the_data_move_under_each_rule() {
    let rules = [Hold::Lambda, Hold::Distortion, Hold::Gamma, Hold::Rate];
    for held in [Hold::Classification, Hold::FreeEnergy] {
        for rule in rules {
            let process = Process::new(held, Drive::TimeTo(1.0)).with_rule(rule);
            let curve = process.run_driven(Moving, at(1.2, 0.8), 0.0).expect("a curve");
            let first = curve.waypoints[0].point;
            for waypoint in &curve.waypoints {
                assert_close!(held.value(&waypoint.point), held.value(&first), rtol = 1e-12, atol = 2e-12);
                assert_close!(rule.value(&waypoint.point), rule.value(&first), rtol = 1e-12, atol = 2e-12);
            }
            let last = curve.last().expect("a waypoint").point;
            assert!(
                curve.stop == StopReason::ReachedEnd || rule == Hold::Gamma || rule == Hold::Rate,
                "{held:?} {rule:?}: {}",
                curve.stop
            );
            if curve.stop == StopReason::ReachedEnd {
                assert_eq!(last.time, 1.0);
                // And it is the equilibrium of the data at the end.
                let there = equilibrium(1.0, last.lambda, last.gamma);
                assert_eq!(there.rdc.classification, last.classification);
            }
        }
    }
}

#[test]
fn the_multipliers_can_drive_while_the_data_follow() {
    // C held by the data alone: lambda rises, gamma stays, and the data move.
    let process = Process::new(Hold::Classification, Drive::LambdaTo(1.4)).with_rule(Hold::Gamma);
    let curve = process.run_driven(Moving, at(1.2, 0.8), 0.3).expect("a curve");
    assert_eq!(curve.stop, StopReason::ReachedEnd);
    let [first, last] = [curve.waypoints[0].point, curve.last().expect("a waypoint").point];
    assert_close!(last.classification, first.classification, rtol = 0.0, atol = 2e-12);
    assert!((last.time - 0.3).abs() > 1e-3 && last.gamma == 0.8 && last.lambda == 1.4);
}

#[test]
fn the_least_change_moves_along_the_normal_and_less_than_any_other_rule() {
    let run = |process: Process| {
        let options = Options { work_nodes: 0, ..Options::default() };
        process.with_options(options).run_driven(Moving, at(1.2, 0.8), 0.0).expect("a curve").into_complete()
    };
    let process = Process::new(Hold::Classification, Drive::TimeTo(1.0));
    let least = run(process.clone().with_rule(LeastChange)).expect("the end");
    let lambda_held = run(process.clone().with_rule(Hold::Lambda)).expect("the end");
    for waypoint in &least {
        assert_close!(waypoint.residual, 0.0, rtol = 0.0, atol = 2e-12);
        // Independently of the rule: S by differences of equilibria at fixed t, the multipliers' part of the tangent along
        // (C_lambda, C_gamma) in logarithms.
        let Point { lambda, gamma, time, .. } = waypoint.point;
        let c = |du: f64, dv: f64| equilibrium(time, lambda * du.exp(), gamma * dv.exp()).rdc.classification;
        let h = 1e-5;
        let normal = [(c(h, 0.0) - c(-h, 0.0)) / (2.0 * h), (c(0.0, h) - c(0.0, -h)) / (2.0 * h)];
        let [du, dv, _] = waypoint.direction.expect("a tangent");
        // The axes end three decades below the start: relative corrections of 1e-6; differences are good to 1e-9.
        assert_close!(du * normal[1], dv * normal[0], rtol = 1e-4, atol = 1e-7);
    }
    let moved = |waypoints: &[carnot_process::Waypoint<GaussianSystem>]| -> f64 {
        waypoints
            .windows(2)
            .map(|pair| {
                let du = (pair[1].point.lambda / pair[0].point.lambda).ln();
                du.hypot((pair[1].point.gamma / pair[0].point.gamma).ln())
            })
            .sum()
    };
    assert!(moved(&least) < moved(&lambda_held), "{} against {}", moved(&least), moved(&lambda_held));
    // A longer step is not another curve: the rule is integrated to the order of the predictor.
    let fine =
        run(process.with_rule(LeastChange).with_predictor(carnot_process::RungeKutta)).expect("the end");
    let [a, b] = [&least, &fine].map(|w| w[w.len() - 1].point.lambda);
    assert_close!(a, b, rtol = 2e-2, atol = 0.0);
}

/// Lambda falls as `exp(-t / 2)`: a user's rule of direction, `du_lambda = -dt / 2`.
#[derive(Debug)]
struct Falling;

impl Rule for Falling {
    fn demand(&self, _place: &Place<'_>) -> Demand {
        Demand { residual: 0.0, scale: 0.0, row: [1.0, 0.0, 0.5] }
    }
}

#[test]
fn a_rule_of_the_users_closes_the_system() {
    let process = Process::new(Hold::Classification, Drive::TimeTo(1.0)).with_rule(Falling);
    let curve = process.run_driven(Moving, at(1.2, 0.8), 0.0).expect("a curve");
    assert_eq!(curve.stop, StopReason::ReachedEnd);
    for waypoint in &curve.waypoints {
        assert_close!(waypoint.residual, 0.0, rtol = 0.0, atol = 2e-12);
        // Exact for Euler's method but for the end of the logarithm.
        assert_close!(
            (waypoint.point.lambda / 1.2).ln(),
            -0.5 * waypoint.point.time,
            rtol = 0.0,
            atol = 1e-5
        );
    }
}

#[test]
fn the_work_of_the_data_is_part_of_the_change_of_the_free_energy() {
    let options = Options { work_nodes: 4, ..Options::default() };
    let mut process = Process::new(Hold::Classification, Drive::TimeTo(0.3)).with_rule(Hold::Lambda);
    process = process.with_options(options);
    let curve = process.run_driven(Moving, at(1.2, 0.8), 0.0).expect("a curve");
    let [first, last] = [&curve.waypoints[0], curve.last().expect("a waypoint")];
    let change = last.point.free_energy() - first.point.free_energy();
    assert!(last.work.time.abs() > 0.01 && last.work.lambda == 0.0);
    // Eighth order in steps of a tenth.
    assert_close!(last.work.total(), change, rtol = 0.0, atol = 1e-9);
    assert_close!(last.work.rate_change(), last.point.rate - first.point.rate, rtol = 0.0, atol = 1e-9);
    // Backwards in time it is undone.
    let back = process
        .with_drive(Drive::TimeTo(0.0))
        .run_driven(Moving, last.equilibrium.multipliers, 0.3)
        .expect("a curve");
    let end = back.last().expect("a waypoint");
    assert_close!(end.point.gamma, 0.8, rtol = 1e-9, atol = 0.0);
    assert_close!(end.work.time, -last.work.time, rtol = 0.0, atol = 1e-9);
}

#[test]
fn secants_stand_in_for_the_response_and_the_force() {
    let start = equilibrium(0.0, 1.2, 0.8);
    let process = Process::new(Hold::Classification, Drive::TimeTo(1.0)).with_rule(Hold::Distortion);
    let exact =
        process.trace_driven(Moving, start.clone(), 0.0, FromResponse).expect("a trace").collect_curve();
    let mut trace = process.trace_driven(Moving, start, 0.0, Broyden::new()).expect("a trace");
    let learned = trace.collect_curve().expect("a curve");
    assert_eq!(learned.stop, StopReason::ReachedEnd);
    let [a, b] = [&learned, &exact.expect("a curve")].map(|curve| curve.last().expect("a waypoint").point);
    // Both meet two equations to 1e-12.
    assert_close!(a.lambda, b.lambda, rtol = 1e-9, atol = 0.0);
    assert_close!(a.gamma, b.gamma, rtol = 1e-9, atol = 0.0);
}

#[test]
fn secants_that_may_be_corrected_more_often_need_fewer_equilibria() {
    let joint =
        |weights: [[f64; 2]; 4]| Joint::from_weights(Array2::from(weights.to_vec())).expect("a joint");
    let source = joint([[27.0, 3.0], [16.0, 4.0], [3.0, 7.0], [1.0, 9.0]]);
    let target = joint([[9.0, 1.0], [8.0, 2.0], [6.0, 14.0], [3.0, 27.0]]);
    let distance = Array2::from_shape_fn((4, 4), |(x, z)| (x as f64 - z as f64).powi(2));
    let moving = MovingDiscrete::mixture(&source, &target, distance.view()).expect("moving data");
    let start = moving.at(0.2).and_then(|system| system.equilibrium(at(2.0, 0.8), None)).expect("a start");
    let process = Process::new(Hold::Classification, Drive::TimeTo(0.8)).with_rule(Hold::Rate);
    let patient = Adaptive { wanted_corrections: 8, ..Adaptive::default() };
    let [expected, found] = [
        process.run_driven(&moving, at(2.0, 0.8), 0.2),
        process
            .with_control(patient)
            .trace_driven(&moving, start, 0.2, Broyden::new())
            .and_then(|mut trace| trace.collect_curve()),
    ]
    .map(|curve| curve.expect("a curve"));
    assert_eq!((expected.stop, found.stop), (StopReason::ReachedEnd, StopReason::ReachedEnd));
    // 227 when this was written, and 4029 with three.
    assert!(found.counters.equilibria < 350, "{:?}", found.counters);
    let [expected, found] = [expected, found].map(|curve| curve.last().expect("a waypoint").point);
    // Residuals of 1e-12 and a response of about 1e-2.
    assert_close!(found.gamma, expected.gamma, rtol = 1e-8, atol = 0.0);
    assert_close!(found.lambda, expected.lambda, rtol = 1e-8, atol = 0.0);
}

#[test]
fn a_path_that_ends_is_an_error_that_names_waypoint_and_time() {
    // The last variance is 0.1 - 0.08 t: no covariance from t = 1.25 on.
    let process = Process::new(Hold::Classification, Drive::TimeTo(2.0)).with_rule(Hold::Lambda);
    let error = process.run_driven(Moving, at(1.2, 0.8), 0.0).expect_err("no such data");
    let ProcessError::System { waypoint, time, .. } = error else { panic!("{error}") };
    assert!(waypoint > 1 && time >= 1.25, "waypoint {waypoint}, t {time}");
    // The rule that keeps the data where they are leaves no way in time.
    let process = Process::new(Hold::Classification, Drive::TimeTo(1.0));
    let curve = process.run_driven(Moving, at(1.2, 0.8), 0.0).expect("a curve");
    assert_eq!((curve.stop, curve.waypoints.len()), (StopReason::NotSteerable, 1));
}

#[test]
fn a_curve_too_steep_for_its_drive_is_followed_to_where_it_ends() {
    // At gamma = 0 both D and R are functions of lambda alone: with both held, gamma goes there and the data hardly move.
    let joint = |first: f64, second: f64| {
        let source = array![[first, 0.3], [0.3, second]];
        let (readout, residual) = (array![[1.0, 0.9]], array![[0.1]]);
        let (none, one) = (array![0.0, 0.0], array![0.0]);
        JointGaussian::from_regression(
            none.view(),
            source.view(),
            one.view(),
            readout.view(),
            residual.view(),
        )
    };
    let (from, to) = (joint(2.0, 1.0).expect("moments"), joint(1.0, 2.0).expect("moments"));
    let path = GaussianPath::mixture(&from, &to).expect("a path");
    let moving = MovingGaussian::new(path, 0.5, 0.2).expect("a moving system");
    let process = Process::new(Hold::Distortion, Drive::TimeTo(1.0)).with_rule(Hold::Rate);
    let curve = process.run_driven(&moving, at(5.0, 0.2), 0.0).expect("a curve");
    assert_eq!(curve.stop, StopReason::ReachedZero { multiplier: Coordinate::Gamma });
    let [first, last] = [curve.waypoints[0].point, curve.last().expect("a waypoint").point];
    assert!(last.gamma == 0.0 && last.time > 1e-3);
    // Independently: the equilibrium of these data at gamma = 0 has the R and the D of the start.
    let there = moving.at(last.time).and_then(|system| system.equilibrium(at(last.lambda, 0.0), None));
    let there = there.expect("an equilibrium").rdc;
    assert_close!(there.rate, first.rate, rtol = 0.0, atol = 2e-12);
    assert_close!(there.distortion, first.distortion, rtol = 0.0, atol = 2e-12);
    // It is steep there, and monotone all the same.
    let speeds = curve.waypoints.iter().filter_map(|waypoint| waypoint.direction.map(|unit| unit[2]));
    assert!(speeds.fold(1.0, f64::min) < 1e-7);
    assert!(curve.waypoints.windows(2).all(|pair| pair[0].point.time <= pair[1].point.time));
}

#[test]
fn discrete_data_without_a_label_in_common_start_and_end_inside() {
    let source =
        Joint::from_weights(array![[9.0, 1.0, 0.0, 0.0], [1.0, 9.0, 0.0, 0.0], [4.0, 6.0, 0.0, 0.0]]);
    let target =
        Joint::from_weights(array![[0.0, 0.0, 2.0, 1.0], [0.0, 0.0, 1.0, 8.0], [0.0, 0.0, 7.0, 2.0]]);
    let distance = Array2::from_shape_fn((3, 3), |(x, z)| (x as f64 - z as f64).powi(2));
    let (source, target) = (source.expect("a table"), target.expect("a table"));
    let moving = MovingDiscrete::mixture(&source, &target, distance.view()).expect("a path");
    for (held, rule) in
        [(Hold::Distortion, Hold::Gamma), (Hold::FreeEnergy, Hold::Lambda), (Hold::Rate, Hold::Gamma)]
    {
        let process = Process::new(held, Drive::TimeTo(1.0 - 1e-3)).with_rule(rule);
        // At the very start labels are missing, and the force is infinite.
        let error = process.run_driven(&moving, at(2.0, 0.4), 0.0).expect_err("labels enter");
        assert!(
            matches!(error, ProcessError::System { waypoint: 0, source: DiscreteError::Entering { .. }, .. }),
            "{error}"
        );
        let curve = process.run_driven(&moving, at(2.0, 0.4), 1e-3).expect("a curve");
        assert_eq!(curve.stop, StopReason::ReachedEnd, "{held:?}");
        let (first, last) = (curve.waypoints[0].point, curve.last().expect("a waypoint").point);
        for waypoint in &curve.waypoints {
            assert!((held.value(&waypoint.point) - held.value(&first)).abs() <= 1e-10);
            assert!((rule.value(&waypoint.point) - rule.value(&first)).abs() <= 1e-10);
        }
        // A cold solve of the last data finds the same point.
        let cold =
            moving.at(last.time).and_then(|system| system.equilibrium(at(last.lambda, last.gamma), None));
        let cold = Point::of::<carnot_surface::DiscreteSystem>(&cold.expect("an equilibrium"), last.time);
        assert_close!(held.value(&cold), held.value(&first), rtol = 0.0, atol = 1e-10);
    }
}
