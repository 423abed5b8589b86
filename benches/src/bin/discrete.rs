//! The discrete solver beside its peers; see the README of the benches.
#![allow(clippy::print_stdout, reason = "a side-by-side run speaks by printing")]

use std::error::Error;

use carnot_benches::discrete::{
    PEER_GAMMAS, PEER_LAMBDAS, Peer, median_seconds, peers, problem_file, random_problem, system,
};
use carnot_info::Joint;
use carnot_process::{Drive, FromResponse, Hold, Process};
use carnot_reproduce::chart::{Axis, Chart, Colour, Palette, Panel, Series, png};
use carnot_surface::{At, Certificate, DiscreteOptions, DiscreteState, DiscreteSystem, Multipliers, System};
use carnot_testkit::{DiscreteProblem, Stop, plain_alternation};
use ndarray::Array2;

/// The certified gap to which the solver and plain alternation are run, relative to `max(1, |F|)`.
const GAP: f64 = 1e-9;

/// Multipliers at which the bottleneck of the random problem encodes something.
const BOTTLENECK_GAMMAS: [f64; 4] = [3.0, 5.0, 10.0, 30.0];

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] | ["table"] => table(&[]),
        ["table", file] => table(&peers(&std::fs::read_to_string(file)?)?),
        ["curve"] => curve(),
        ["waypoint"] => waypoint(),
        ["scaling"] => scaling().map(|_| ()),
        ["scaling", file] => Ok(std::fs::write(file, png(&chart(&scaling()?).svg(Palette::Light)?, 2.0)?)?),
        ["bottleneck"] => bottleneck(&[]),
        ["bottleneck", file] => bottleneck(&peers(&std::fs::read_to_string(file)?)?),
        ["bottleneck-problem", file] => {
            Ok(std::fs::write(file, problem_file(&random_problem(64, 5), &[0.0], &BOTTLENECK_GAMMAS))?)
        }
        ["problem", file] => {
            Ok(std::fs::write(file, problem_file(&random_problem(64, 5), &PEER_LAMBDAS, &PEER_GAMMAS))?)
        }
        _ => Err("usage: discrete [table [PEERS.jsonl] | curve | waypoint | scaling [FILE.png] | bottleneck [PEERS.jsonl] | problem FILE.json \
                 | bottleneck-problem FILE.json]".into()),
    }
}

fn to_the_gap(problem: &DiscreteProblem) -> Result<DiscreteSystem, Box<dyn Error>> {
    let options = DiscreteOptions::default().with_tolerances(GAP, f64::INFINITY)?;
    Ok(system(problem)?.with_options(options))
}

fn gap(equilibrium: &At<DiscreteSystem>) -> f64 {
    match equilibrium.certificate {
        Certificate::Bound { gap, .. } => gap,
        _ => f64::INFINITY,
    }
}

/// One problem of 64 inputs, 64 letters and 5 labels at nine pairs of multipliers.
fn table(peers: &[Peer]) -> Outcome {
    let problem = random_problem(64, 5);
    let system = to_the_gap(&problem)?;
    println!(
        "lambda gamma |  ours ms     gap | plain ms     gap  updates  times | peers: ms, F above ours, times"
    );
    for lambda in PEER_LAMBDAS {
        for gamma in PEER_GAMMAS {
            let at = Multipliers::new(lambda, gamma)?;
            let equilibrium = system.equilibrium(at, None)?;
            let free_energy = equilibrium.free_energy();
            let ours = median_seconds(51, || drop(system.equilibrium(at, None)));
            let start = problem.diagonal_encoder();
            let stop = Stop { gap: GAP * free_energy.abs().max(1.0), ..Stop::default() };
            let run = || plain_alternation(&problem, lambda, gamma, &start, stop);
            let solution = run();
            let plain = median_seconds(3, || drop(run()));
            print!(
                "{lambda:6} {gamma:5} | {:8.3} {:7.0e} | {:8.1} {:7.0e} {:8} {:6.0} |",
                1e3 * ours,
                gap(&equilibrium),
                1e3 * plain,
                solution.gap(),
                solution.updates,
                plain / ours
            );
            for peer in peers.iter().filter(|peer| peer.lambda == lambda && peer.gamma == gamma) {
                let above = peer.free_energy - free_energy;
                print!(" {} {:.0} {above:.0e} {:.0}", peer.name, 1e3 * peer.seconds, peer.seconds / ours);
            }
            println!();
        }
    }
    Ok(())
}

/// A rate-distortion-classification curve of 100 points, each started from the one before, against cold solves, to the
/// default tolerances and to those of the table.
fn curve() -> Outcome {
    let problem = random_problem(64, 5);
    let lambdas: Vec<f64> = (0..100).map(|i| 20.0 * 0.05_f64.powf(f64::from(i) / 99.0)).collect();
    for tolerance in [1e-12, 1e-9] {
        let options = DiscreteOptions::default().with_tolerances(tolerance, tolerance)?;
        let system = system(&problem)?.with_options(options);
        for gamma in PEER_GAMMAS {
            let points =
                lambdas.iter().map(|&l| Multipliers::new(l, gamma)).collect::<Result<Vec<_>, _>>()?;
            let steps = |state: &DiscreteState| [state.work().newton_steps, state.work().chord_steps];
            let warm = || {
                let (mut from, mut total) = (None, [0; 2]);
                for &at in &points {
                    from = system.equilibrium(at, from.as_ref()).ok().map(|found| found.state);
                    total = plus(total, from.as_ref().map_or([0; 2], steps));
                }
                total
            };
            let cold = || {
                let solve = |&at| system.equilibrium(at, None).map_or([0; 2], |found| steps(&found.state));
                points.iter().map(solve).fold([0; 2], plus)
            };
            let mut seconds = [Vec::new(), Vec::new()];
            // In turns, so that what else the machine does falls on both.
            for _ in 0..9 {
                seconds[0].push(median_seconds(1, || _ = std::hint::black_box(warm())));
                seconds[1].push(median_seconds(1, || _ = std::hint::black_box(cold())));
            }
            let [warm_seconds, cold_seconds] = seconds.map(median);
            let ([warm_newton, warm_chord], [cold_newton, cold_chord]) = (warm(), cold());
            println!(
                "gap {tolerance:e}, gamma {gamma}: 100 points, lambda 20 to 1: warm {:.1} ms, {warm_newton} Newton steps, \
                 {warm_chord} chord steps, cold {:.1} ms, {cold_newton} and {cold_chord}; the curve costs {:.1} cold solves",
                1e3 * warm_seconds,
                1e3 * cold_seconds,
                100.0 * warm_seconds / cold_seconds
            );
        }
    }
    Ok(())
}

fn plus(a: [usize; 2], b: [usize; 2]) -> [usize; 2] {
    [a[0] + b[0], a[1] + b[1]]
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// Waypoints of the default process, with C or with D held while gamma falls to a half, against cold solves of the same
/// points.
fn waypoint() -> Outcome {
    let system = system(&random_problem(64, 5))?;
    println!("lambda gamma held | waypoints equilibria | waypoint ms  cold ms | in cold solves");
    for lambda in PEER_LAMBDAS {
        for gamma in [0.5, 0.9] {
            for held in [Hold::Classification, Hold::Distortion] {
                let start = system.equilibrium(Multipliers::new(lambda, gamma)?, None)?;
                let process = Process::new(held, Drive::GammaTo(0.5 * gamma));
                let run = || process.trace(system.clone(), start.clone(), FromResponse)?.collect_curve();
                let curve = run()?;
                let places: Vec<_> =
                    curve.waypoints.iter().skip(1).map(|waypoint| waypoint.equilibrium.multipliers).collect();
                let mut seconds = [Vec::new(), Vec::new()];
                for _ in 0..21 {
                    seconds[0].push(median_seconds(1, || drop(run())));
                    let cold = || places.iter().for_each(|&at| drop(system.equilibrium(at, None)));
                    seconds[1].push(median_seconds(1, cold));
                }
                let [warm, cold] = seconds.map(|seconds| median(seconds) / places.len() as f64);
                println!(
                    "{lambda:6} {gamma:5} {} | {:9} {:10} | {:11.3} {:8.3} | {:.2}",
                    if held == Hold::Distortion { "   D" } else { "   C" },
                    places.len(),
                    curve.counters.equilibria,
                    1e3 * warm,
                    1e3 * cold,
                    warm / cold
                );
            }
        }
    }
    Ok(())
}

/// The information bottleneck of the same 64 inputs and 5 labels, with as many letters as inputs.
fn bottleneck(peers: &[Peer]) -> Outcome {
    let problem = random_problem(64, 5);
    let joint = Array2::from_shape_vec((problem.n_x, problem.n_y), problem.joint.clone())?;
    let system = DiscreteSystem::bottleneck(&Joint::from_weights(joint)?, problem.n_x)?;
    // The two sweeps and one random start: as many as embo makes.
    let three_starts = system.clone().with_options(DiscreteOptions::default().with_starts(1, 0));
    println!(
        "gamma |  ours ms residual starts letters | three starts ms, F above ours | peers: ms, F above ours"
    );
    for gamma in BOTTLENECK_GAMMAS {
        let at = Multipliers::new(0.0, gamma)?;
        let equilibrium = system.equilibrium(at, None)?;
        let ours = median_seconds(5, || drop(system.equilibrium(at, None)));
        let quick = three_starts.equilibrium(at, None)?;
        let quick_seconds = median_seconds(5, || drop(three_starts.equilibrium(at, None)));
        let Certificate::Stationary { residual, starts } = equilibrium.certificate else { continue };
        print!(
            "{gamma:5} | {:8.1} {residual:8.0e} {starts:6} {:7} | {:8.1} {:8.0e} |",
            1e3 * ours,
            equilibrium.state.support().len(),
            1e3 * quick_seconds,
            quick.free_energy() - equilibrium.free_energy(),
        );
        for peer in peers.iter().filter(|peer| peer.gamma == gamma) {
            let above = peer.free_energy - equilibrium.free_energy();
            print!(" {} {:.0} {above:.0e}", peer.name, 1e3 * peer.seconds);
        }
        println!();
    }
    Ok(())
}

/// What a solve costs at a number of inputs and letters.
struct Cost {
    n: usize,
    seconds: f64,
    update_seconds: f64,
    peak_bytes: u64,
}

/// Time, memory and allocations against the size of the alphabets.
fn scaling() -> Result<Vec<Cost>, Box<dyn Error>> {
    println!("    n | solve ms   gap   Newton | peak MB  allocations | one plain update ms");
    let at = Multipliers::new(5.0, 0.5)?;
    let mut costs = Vec::new();
    for n in [16, 32, 64, 128, 256, 512, 1024] {
        let problem = random_problem(n, 5);
        let system = to_the_gap(&problem)?;
        let equilibrium = system.equilibrium(at, None)?;
        let repetitions = if n <= 128 { 21 } else { 3 };
        let seconds = median_seconds(repetitions, || drop(system.equilibrium(at, None)));
        let memory = allocation_counter::measure(|| drop(system.equilibrium(at, None)));
        let start = problem.diagonal_encoder();
        let stop = |updates| Stop { gap: f64::NEG_INFINITY, updates };
        let plain =
            |count| median_seconds(3, || drop(plain_alternation(&problem, 5.0, 0.5, &start, stop(count))));
        let update_seconds = (plain(11) - plain(1)) / 10.0;
        println!(
            "{n:5} | {:8.2} {:7.0e} {:5} | {:7.1} {:8} | {:8.3}",
            1e3 * seconds,
            gap(&equilibrium),
            equilibrium.state.work().newton_steps,
            memory.bytes_max as f64 / 1e6,
            memory.count_total,
            1e3 * update_seconds
        );
        costs.push(Cost { n, seconds, update_seconds, peak_bytes: memory.bytes_max });
    }
    Ok(costs)
}

fn chart(costs: &[Cost]) -> Chart {
    let line = |of: fn(&Cost) -> f64| -> Vec<(f64, f64)> {
        costs.iter().map(|cost| (cost.n as f64, of(cost))).collect()
    };
    let size = || Axis::log("inputs and letters");
    let time = Panel::new("time", size(), Axis::log("time").unit("ms"))
        .series(Series::line("a solve", Colour::Blue, line(|cost| 1e3 * cost.seconds)))
        .series(Series::line("a plain update", Colour::Orange, line(|cost| 1e3 * cost.update_seconds)));
    let memory = Panel::new("memory", size(), Axis::log("peak").unit("MB")).series(Series::line(
        "a solve",
        Colour::Blue,
        line(|cost| cost.peak_bytes as f64 / 1e6),
    ));
    Chart::new("What a solve of the discrete system costs", 2, vec![time, memory])
}
