//! Curves and traces as data.

use std::convert::Infallible;
use std::fmt::Debug;

use carnot_process::{
    Broyden, Checkpoint, Crossing, Drive, FromResponse, Guess, Hold, Measured, Options, PhaseChange, Process,
    Secant, Tangent, Tolerance, Waypoint,
};
use carnot_surface::{
    At, Certificate, DiscreteSystem, Equilibrium, GaussianBottleneck, Multipliers, Observable, Rdc,
    RdcEstimate, Response, Responsive, SampleKey, Sidedness, Still, System,
};
use ndarray::array;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::discrete::square;
use crate::{at, two_dimensional, with_transitions};

/// Bits of everything that a waypoint says.
fn bits<S: System>(waypoint: &Waypoint<S>) -> Vec<u64> {
    let point = waypoint.point;
    let mut numbers = vec![point.lambda, point.gamma, point.rate, point.distortion, point.classification];
    numbers.extend([
        waypoint.arc_length,
        waypoint.residual,
        waypoint.step,
        waypoint.work.lambda,
        waypoint.work.gamma,
    ]);
    numbers.extend(waypoint.direction.unwrap_or_default());
    numbers.into_iter().map(f64::to_bits).collect()
}

fn resumed_is_the_same<T: Tangent<Still<carnot_surface::GaussianSystem>> + Clone>(tangent: T) {
    let system = with_transitions();
    let start = system.equilibrium(at(20.0, 5.0), None).expect("an equilibrium");
    let process = Process::new(Hold::Classification, Drive::LambdaTo(0.5)).with_predictor(Secant);
    let mut trace = process.trace(system.clone(), start, tangent).expect("a trace");
    let head: Vec<_> = trace.by_ref().take(5).collect::<Result<_, _>>().expect("waypoints");
    assert_eq!(head.len(), 5);
    let checkpoint = trace.checkpoint();
    assert_eq!(bits(checkpoint.waypoint()), bits(&head[4]));
    let rest = trace.collect_curve().expect("a curve");
    let mut again = process.resume(Still(system), checkpoint).expect("a trace");
    let resumed = again.collect_curve().expect("a curve");
    assert!(resumed.waypoints.len() > 3);
    assert_eq!((rest.stop, rest.counters), (resumed.stop, resumed.counters));
    let all = |waypoints: &[Waypoint<_>]| waypoints.iter().map(bits).collect::<Vec<_>>();
    assert_eq!(all(&rest.waypoints), all(&resumed.waypoints));
}

#[test]
fn a_resumed_trace_goes_on_to_the_last_bit() {
    resumed_is_the_same(FromResponse);
    resumed_is_the_same(Broyden::new());
}

/// `F = ln lambda + ln(lambda + gamma)`, with the number of the visit as its state.
#[derive(Debug, Clone)]
struct Plain;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Visit(u64);

impl System for Plain {
    type Rdc = Rdc;
    type State = Visit;
    type Error = Infallible;

    fn equilibrium(&self, at: Multipliers, from: Option<&Visit>) -> Result<At<Self>, Infallible> {
        let (lambda, gamma) = (at.lambda(), at.gamma());
        let classification = 1.0 / (lambda + gamma);
        let rdc = Rdc {
            rate: lambda.ln() + (lambda + gamma).ln() - 2.0,
            distortion: 1.0 / lambda + classification,
            classification,
        };
        let state = Visit(from.map_or(0, |visit| visit.0) + 1);
        let certificate = Certificate::Bound { gap: 1e-13, residual: 1e-14 };
        Ok(Equilibrium { multipliers: at, rdc, state, certificate })
    }
}

impl Responsive for Plain {
    fn response(&self, at: &At<Self>) -> Result<Response<f64>, Infallible> {
        let (lambda, gamma) = (at.multipliers.lambda(), at.multipliers.gamma());
        let both = -1.0 / (lambda + gamma).powi(2);
        Ok(Response {
            distortion_lambda: -1.0 / (lambda * lambda) + both,
            cross: both,
            classification_gamma: both,
            sidedness: Sidedness::TwoSided,
        })
    }
}

#[test]
fn a_process_on_a_system_of_ones_own_goes_on_after_being_read() {
    let start = Plain.equilibrium(at(2.0, 1.0), None).expect("an equilibrium");
    let process = Process::new(Hold::Distortion, Drive::LambdaTo(1.2));
    let text = goes_on_after_being_read(Plain, &process, start, FromResponse);
    // What is not a checkpoint is refused.
    let broken = text.replace("\"lambda\":", "\"lambda\":-");
    assert!(serde_json::from_str::<Checkpoint<Plain, FromResponse>>(&broken).is_err());
}

/// A process that is written down in the middle, read and resumed goes on as if nothing had happened, to the last bit.
fn goes_on_after_being_read<S, T>(system: S, process: &Process, start: At<S>, tangent: T) -> String
where
    S: System<Rdc: Serialize + DeserializeOwned + PartialEq + Debug> + Clone,
    S::State: Serialize + DeserializeOwned + PartialEq + Debug,
    T: Tangent<Still<S>> + Serialize + DeserializeOwned + Clone,
{
    let mut trace = process.trace(system.clone(), start, tangent).expect("a trace");
    assert_eq!(trace.by_ref().take(4).filter(Result::is_ok).count(), 4);
    let text = serde_json::to_string(&trace.checkpoint()).expect("text");
    let read: Checkpoint<S, T> = serde_json::from_str(&text).expect("a checkpoint");
    // Written again it is the same text.
    assert_eq!(serde_json::to_string(&read).expect("text"), text);
    let rest = trace.collect_curve().expect("a curve");
    let resumed = process.resume(Still(system), read).expect("a trace").collect_curve().expect("a curve");
    assert!(resumed.waypoints.len() > 3, "{}", resumed.stop);
    assert_eq!((rest.stop, rest.counters), (resumed.stop, resumed.counters));
    assert_eq!(rest.waypoints.len(), resumed.waypoints.len());
    for (a, b) in rest.waypoints.iter().zip(&resumed.waypoints) {
        assert_eq!(bits(a), bits(b));
        assert_eq!((&a.equilibrium.rdc, &a.equilibrium.state), (&b.equilibrium.rdc, &b.equilibrium.state));
        assert_eq!((a.std_err, a.equilibrium.certificate), (b.std_err, b.equilibrium.certificate));
    }
    text
}

#[test]
fn discrete_processes_go_on_after_being_read() {
    let system = square(12, 8);
    let start = system.equilibrium(at(30.0, 0.9), None).expect("an equilibrium");
    let process = Process::new(Hold::Classification, Drive::GammaTo(0.1)).with_predictor(Secant);
    let text = goes_on_after_being_read(system.clone(), &process, start.clone(), FromResponse);
    goes_on_after_being_read(system, &process, start, Broyden::new());

    // What is no state is refused, and so is what is no checkpoint.
    let refused = |tamper: fn(&mut Value)| {
        let mut json: Value = serde_json::from_str(&text).expect("a value");
        tamper(&mut json);
        let error = serde_json::from_value::<Checkpoint<DiscreteSystem, FromResponse>>(json).err();
        error.expect("not a checkpoint").to_string()
    };
    assert!(
        refused(|json| json["equilibrium"]["state"]["letters"]["marginal"][0] = (-0.5).into())
            .contains("-0.5")
    );
    assert!(
        refused(|json| json["equilibrium"]["state"]["classifier"][2][0] = 2.into()).contains("row 2 sums to")
    );
    assert!(refused(|json| json["equilibrium"]["multipliers"]["lambda"] = (-1).into()).contains("lambda"));
    let longer = refused(|json| {
        let weights = &mut json["equilibrium"]["state"]["letters"]["marginal"];
        weights.as_array_mut().expect("weights").push(0.into());
    });
    assert!(longer.contains("entries of the letters' classifiers"), "{longer}");
}

#[test]
fn gaussian_processes_go_on_after_being_read() {
    let process = Process::new(Hold::Classification, Drive::LambdaTo(0.5));
    let system = with_transitions();
    let start = system.equilibrium(at(20.0, 5.0), None).expect("an equilibrium");
    goes_on_after_being_read(system, &process, start, FromResponse);
    let bottleneck = GaussianBottleneck::new(
        array![[2.0, 0.6], [0.6, 1.0]].view(),
        array![[0.1, 1.0]].view(),
        array![[0.1]].view(),
        0.5,
    )
    .expect("a valid system");
    let start = bottleneck.equilibrium(at(10.0, 4.0), None).expect("an equilibrium");
    goes_on_after_being_read(bottleneck, &process, start, FromResponse);
}

/// [`Plain`] as if it had been measured with four samples, the same at all multipliers.
#[derive(Debug, Clone)]
struct Sampled;

impl System for Sampled {
    type Rdc = RdcEstimate;
    type State = Visit;
    type Error = Infallible;

    fn equilibrium(&self, at: Multipliers, from: Option<&Visit>) -> Result<At<Self>, Infallible> {
        let Equilibrium { multipliers, rdc: Rdc { rate, distortion, classification }, state, certificate } =
            Plain.equilibrium(at, from)?;
        let samples = [-2.0, -1.0, 0.5, 2.5].map(|noise: f64| {
            let factor = 1.0 + 1e-2 * noise;
            [rate * factor, distortion * factor, classification * factor]
        });
        let rdc = RdcEstimate::from_samples(samples.to_vec(), SampleKey(1)).expect("finite samples");
        Ok(Equilibrium { multipliers, rdc, state, certificate })
    }
}

#[test]
fn measured_processes_go_on_after_being_read() {
    let start = Sampled.equilibrium(at(2.0, 1.0), None).expect("an equilibrium");
    let tolerance = Tolerance { standard_errors: 1.0, ..Tolerance::default() };
    let process = Process::new(Hold::Distortion, Drive::LambdaTo(1.2))
        .with_options(Options { tolerance, ..Options::default() });
    let guess = Guess { slopes: [-0.8, -0.4, 0.0], uncertainty: 0.3, scatter: 1e-6 };
    let measured = Measured::new(Observable::Distortion, guess).expect("a guess");
    goes_on_after_being_read(Sampled, &process, start, measured);
}

#[test]
fn a_curve_is_a_table() {
    let system = with_transitions();
    let start = system.equilibrium(at(20.0, 5.0), None).expect("an equilibrium");
    let process = Process::new(Hold::Classification, Drive::LambdaTo(0.2));
    let mut trace = process.trace(system, start, FromResponse).expect("a trace").with_event(PhaseChange);
    let curve = trace.collect_curve().expect("a curve");
    let mut bytes = Vec::new();
    curve.write_csv(&mut bytes).expect("no error of a vector");
    let text = String::from_utf8(bytes).expect("text");
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines.len(), 1 + curve.waypoints.len());
    let column = |name: &str| lines[0].iter().position(|field| *field == name).expect(name);
    for (line, waypoint) in lines[1..].iter().zip(&curve.waypoints) {
        assert_eq!(line.len(), lines[0].len());
        let read = |name: &str| line[column(name)].parse::<f64>().expect("a number");
        assert_eq!(read("lambda"), waypoint.point.lambda);
        assert_eq!(read("classification"), waypoint.point.classification);
        assert_eq!(read("free_energy"), waypoint.point.free_energy());
        assert_eq!(read("work_lambda"), waypoint.work.lambda);
        assert_eq!(read("residual"), waypoint.residual);
        assert_eq!(line[column("std_err")], "");
        assert_eq!(line[column("event")], waypoint.event.map_or("", |event| event.name));
    }
    let json: Value = serde_json::to_value(&curve).expect("a value");
    assert_eq!(json["stop"], "ReachedEnd");
    assert_eq!(json["waypoints"].as_array().map(Vec::len), Some(curve.waypoints.len()));
    assert_eq!(json["waypoints"][1]["point"]["gamma"], curve.waypoints[1].point.gamma);
    assert_eq!(json["counters"]["equilibria"], curve.counters.equilibria);
}

#[test]
fn a_name_with_commas_is_one_field_of_the_table() {
    let system = two_dimensional();
    let start = system.equilibrium(at(3.0, 3.0), None).expect("an equilibrium");
    let process = Process::new(Hold::Classification, Drive::LambdaTo(0.5));
    let name = "half, or \"a bit\" more";
    let event = Crossing::new(name, |point| point.lambda - 1.5);
    let mut trace = process.trace(system, start, FromResponse).expect("a trace").with_event(event);
    let curve = trace.collect_curve().expect("a curve");
    let mut bytes = Vec::new();
    curve.write_csv(&mut bytes).expect("no error of a vector");
    let text = String::from_utf8(bytes).expect("text");
    let line = text.lines().find(|line| line.contains("half")).expect("the event");
    // RFC 4180, section 2: fields with commas are quoted, and quotation marks in them doubled.
    assert!(line.ends_with(",\"half, or \"\"a bit\"\" more\""), "{line}");
}

#[test]
fn dense_output_covers_the_curve_and_nothing_else() {
    let curve = Process::new(Hold::Classification, Drive::LambdaTo(1.0))
        .run(two_dimensional(), at(3.0, 3.0))
        .expect("a curve");
    let length = curve.last().expect("a waypoint").arc_length;
    let (_, _, [lambda, gamma, _]) = curve.interpolate(length).expect("the end");
    let last = curve.last().expect("a waypoint").point;
    assert!((lambda - last.lambda).abs() < 1e-12 && (gamma - last.gamma).abs() < 1e-12);
    assert!(curve.interpolate(length * 1.01).is_none() && curve.interpolate(-0.1).is_none());
}
