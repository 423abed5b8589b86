//! The order of the predictors, the dense output and the work integrals.

use carnot_process::{
    Coordinate, Curve, Drive, Euler, FixedStep, FromResponse, Heading, Heun, Hold, Options, Predictor,
    PredictorOnly, Process, RungeKutta, Secant,
};
use carnot_surface::{GaussianSystem, System};
use carnot_testkit::assert_close;

use crate::{at, drift, two_dimensional, with_transitions};

/// The curve that a predictor leaves by itself.
fn uncorrected(
    system: &GaussianSystem,
    predictor: impl Predictor + 'static,
    drive: Drive,
    step: f64,
) -> Curve<GaussianSystem> {
    let process = Process::new(Hold::Classification, drive)
        .with_predictor(predictor)
        .with_corrector(PredictorOnly)
        .with_control(FixedStep(step));
    process.run(system.clone(), at(3.0, 3.0)).expect("a curve")
}

/// The slope of a straight line through `(ln step, ln error)`, of the points above the floor of rounding.
fn observed_order(points: &[(f64, f64)]) -> f64 {
    let points: Vec<(f64, f64)> =
        points.iter().filter(|(_, error)| *error > 1e-12).map(|(h, e)| (h.ln(), e.ln())).collect();
    assert!(points.len() >= 3, "too few points above the floor");
    let n = points.len() as f64;
    let (mx, my) = points.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0 / n, y + p.1 / n));
    let covariance: f64 = points.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum();
    covariance / points.iter().map(|p| (p.0 - mx).powi(2)).sum::<f64>()
}

/// Steps that fall by half from `first` over about the decades.
fn steps(first: f64, decades: f64) -> Vec<f64> {
    let halvings = (decades / 2f64.log10()).ceil() as i32;
    (0..=halvings).map(|k| first * 0.5f64.powi(k)).collect()
}

fn order_of(
    system: &GaussianSystem,
    predictor: impl Predictor + Copy + 'static,
    drive: Drive,
    steps: &[f64],
) -> f64 {
    let errors: Vec<(f64, f64)> = steps
        .iter()
        .map(|&step| {
            let curve = uncorrected(system, predictor, drive, step);
            let first = curve.waypoints[0].point.classification;
            (step, (curve.last().expect("a waypoint").point.classification - first).abs())
        })
        .collect();
    observed_order(&errors)
}

#[test]
fn predictors_drift_with_their_order() {
    let system = two_dimensional();
    let arc = Drive::ArcLength { length: 2.0, heading: Heading::Lower(Coordinate::Lambda) };
    for drive in [Drive::LambdaTo(0.5), arc] {
        // Two decades of the step, one of a method whose error falls by four for each.
        assert_close!(order_of(&system, Euler, drive, &steps(0.05, 2.0)), 1.0, rtol = 0.0, atol = 0.2);
        assert_close!(order_of(&system, Heun, drive, &steps(0.1, 2.0)), 2.0, rtol = 0.0, atol = 0.2);
        assert_close!(order_of(&system, RungeKutta, drive, &steps(0.4, 1.0)), 4.0, rtol = 0.0, atol = 0.2);
    }
}

#[test]
fn across_a_transition_every_predictor_is_of_order_one() {
    let system = with_transitions();
    // The worst of several steps about as long: the drift depends on where in its step a transition falls.
    let mut drifts = Vec::new();
    for step in steps(0.1, 1.7) {
        let worst = (0..12).map(|k| 1.0 - 0.04 * f64::from(k)).map(|factor| {
            let process = Process::new(Hold::Classification, Drive::LambdaTo(0.05))
                .with_predictor(RungeKutta)
                .with_corrector(PredictorOnly)
                .with_control(FixedStep(factor * step));
            let curve = process.run(system.clone(), at(20.0, 5.0)).expect("a curve");
            drift(&curve, Hold::Classification)
        });
        drifts.push((step, worst.fold(0.0, f64::max)));
    }
    let order = observed_order(&drifts);
    assert_close!(order, 1.0, rtol = 0.0, atol = 0.3);
    // While the corrector holds C over the same transitions.
    let curve = Process::new(Hold::Classification, Drive::LambdaTo(0.05))
        .with_predictor(RungeKutta)
        .run(&system, at(20.0, 5.0))
        .expect("a curve");
    assert!(drift(&curve, Hold::Classification) < 2e-12);
}

#[test]
fn better_predictors_need_fewer_corrections() {
    let system = two_dimensional();
    let corrections = |process: Process| {
        let process = process.with_control(FixedStep(0.2));
        process.run(&system, at(3.0, 3.0)).expect("a curve").counters.corrections
    };
    let process = Process::new(Hold::Classification, Drive::LambdaTo(0.03));
    let euler = corrections(process.clone());
    let secant = corrections(process.clone().with_predictor(Secant));
    let heun = corrections(process.clone().with_predictor(Heun));
    let runge_kutta = corrections(process.with_predictor(RungeKutta));
    assert!(runge_kutta < heun && heun < euler && secant < euler);
}

#[test]
fn dense_output_is_of_order_four_and_on_the_curve_after_correction() {
    let system = two_dimensional();
    let mut errors = Vec::new();
    for step in steps(0.4, 1.0) {
        let process = Process::new(Hold::Classification, Drive::LambdaTo(0.1)).with_control(FixedStep(step));
        let start = system.equilibrium(at(3.0, 3.0), None).expect("an equilibrium");
        let mut trace = process.trace(&system, start, FromResponse).expect("a trace");
        let curve = trace.collect_curve().expect("a curve");
        let middle = 0.37 * curve.last().expect("a waypoint").arc_length;
        let (index, fraction, [lambda, gamma, time]) = curve.interpolate(middle).expect("on the curve");
        let pair = [&curve.waypoints[index], &curve.waypoints[index + 1]];
        let settled =
            trace.between(pair[0], pair[1], fraction).expect("an equilibrium").expect("on the curve");
        assert_close!(settled.residual, 0.0, rtol = 0.0, atol = 2e-12);
        let found = system.equilibrium(at(lambda, gamma), None).expect("an equilibrium").rdc;
        errors.push((step, (found.classification - curve.waypoints[0].point.classification).abs()));
        assert_eq!(time, 0.0);
    }
    // Where in its step the place falls changes with the step.
    assert!(observed_order(&errors) > 3.0, "{errors:?}");
}

#[test]
fn dense_output_at_an_arc_length_is_of_order_four_and_knows_its_work() {
    let system = two_dimensional();
    let along = |step| {
        let process = Process::new(Hold::Classification, Drive::LambdaTo(1.0)).with_control(FixedStep(step));
        let start = system.equilibrium(at(3.0, 3.0), None).expect("an equilibrium");
        let mut trace = process.trace(&system, start, FromResponse).expect("a trace");
        let curve = trace.collect_curve().expect("a curve");
        (trace, curve)
    };
    // Steps a hundred times shorter: an error that is smaller by as many orders as what is measured needs.
    let (_, reference) = along(1e-3);
    let [mut places, mut works] = [Vec::new(), Vec::new()];
    for step in steps(0.4, 1.0) {
        let (mut trace, curve) = along(step);
        let whole = curve.last().expect("a waypoint").arc_length;
        let (mut place, mut work) = (0.0f64, 0.0f64);
        // Close together, so that the worst place of a step is among them whatever the step.
        for k in 1..200 {
            let (_, _, expected) = reference.interpolate(whole * f64::from(k) / 200.0).expect("on the curve");
            let (index, fraction, found) =
                curve.interpolate(whole * f64::from(k) / 200.0).expect("on the curve");
            place = place.max((found[0] / expected[0]).ln().hypot((found[1] / expected[1]).ln()));
            let pair = [&curve.waypoints[index], &curve.waypoints[index + 1]];
            let settled =
                trace.between(pair[0], pair[1], fraction).expect("an equilibrium").expect("a place");
            // The arc length asked for, to the rounding of the fraction.
            assert_close!(settled.arc_length, whole * f64::from(k) / 200.0, rtol = 1e-13, atol = 1e-13);
            let change = settled.point.free_energy() - curve.waypoints[0].point.free_energy();
            work = work.max((settled.work.total() - change).abs());
        }
        places.push((step, place));
        works.push((step, work));
    }
    assert_close!(observed_order(&places), 4.0, rtol = 0.0, atol = 0.35, "{places:?}");
    assert_close!(observed_order(&works), 4.0, rtol = 0.0, atol = 0.35, "{works:?}");
}

#[test]
fn the_work_is_the_change_of_the_free_energy_to_its_order() {
    let system = two_dimensional();
    for (nodes, order, first) in [(0usize, 4.0, 0.4), (1, 2.0, 0.2), (2, 4.0, 0.4)] {
        let mut errors = Vec::new();
        for step in steps(first, 1.0) {
            let process = Process::new(Hold::Classification, Drive::LambdaTo(0.6))
                .with_control(FixedStep(step))
                .with_options(Options { work_nodes: nodes, ..Options::default() });
            let curve = process.run(&system, at(3.0, 3.0)).expect("a curve");
            let [first, last] = [&curve.waypoints[0], curve.last().expect("a waypoint")];
            let change = last.point.free_energy() - first.point.free_energy();
            errors.push((step, (last.work.total() - change).abs()));
            // The first law, and iso-classification: no heat through C.
            let rate = last.point.rate - first.point.rate;
            assert_close!(
                last.work.rate_change(),
                rate,
                rtol = 0.0,
                atol = 2.0 * errors[errors.len() - 1].1 + 1e-12
            );
            assert!(last.work.size >= last.work.total().abs());
        }
        assert_close!(observed_order(&errors), order, rtol = 0.0, atol = 0.35, "{nodes} nodes");
    }
}
