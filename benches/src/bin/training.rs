//! Steps of training beside PyTorch, and products of second derivatives beside gradients, in turns; see the README of the
//! benches.
#![allow(clippy::print_stdout, reason = "a side-by-side run speaks by printing")]

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use carnot_data::{ImageDataset, synthetic};
use carnot_models::engine::{Batch, Engine, Scalar};
use carnot_models::{Architecture, Layer, LearnedSystem, Likelihood, Parameters, Relaxation};
use carnot_surface::{Multipliers, System};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Inputs in a batch, and samples of z for each.
const SHAPES: [(usize, usize); 4] = [(64, 1), (128, 1), (512, 1), (64, 8)];

/// Both sides run this many steps in turn; the first few of a turn, which find other caches, are left out.
const STEPS: usize = 15;
const WARM_UP: usize = 5;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let turns: usize = arguments.first().map_or(Ok(8), |turns| turns.parse())?;
    let mut peers = Vec::new();
    // Every further argument is a command that speaks like peers/training.py.
    for command in arguments.get(1..).unwrap_or_default() {
        peers.push(Peer::start(command)?);
    }
    let threads = rayon::current_num_threads();
    let peak = peak(threads);
    println!("{threads} threads; faer's products reach {peak:.0} GFLOP/s in their best moment");
    println!(
        "milliseconds a step: median and minimum of the wall time, median and minimum of the time on processors"
    );
    let digits = synthetic::digits(4_000, 1)?;
    for (inputs, samples) in SHAPES {
        let (mut ours, mut theirs) = (Vec::new(), vec![Vec::new(); peers.len()]);
        for _ in 0..turns {
            ours.extend(steps(&digits, inputs, samples)?);
            for (peer, times) in peers.iter_mut().zip(&mut theirs) {
                times.extend(peer.steps(inputs, samples)?);
            }
        }
        let own = summary(&ours);
        let rate = operations(&architecture()?, inputs, samples) / own[0] * 1e-6;
        println!(
            "{inputs} inputs, {samples} samples, {} steps: {:.0} % of that",
            ours.len(),
            100.0 * rate / peak
        );
        println!("  {:28} {:8.2} {:8.2} {:8.2}", "ours", own[0], own[1], own[2]);
        for (peer, times) in peers.iter().zip(&theirs) {
            let other = summary(times);
            println!("  {:28} {:8.2} {:8.2} {:8.2}", peer.name, other[0], other[1], other[2]);
            let [a, b, c] = std::array::from_fn(|i| other[i] / own[i]);
            println!("  {:28} {a:8.2} {b:8.2} {c:8.2}", "  as many times");
        }
    }
    println!("a gradient, and one product after it with the Hessian and with the Gauss-Newton matrix:");
    for (inputs, samples) in SHAPES {
        products::<f32>("f32", &digits, inputs, samples, turns)?;
        products::<f64>("f64", &digits, inputs, samples, turns)?;
    }
    println!("the most memory that was resident, over all of it, in MiB:");
    println!("  {:28} {:8.0}", "ours", most_resident("self"));
    for peer in &peers {
        println!("  {:28} {:8.0}", peer.name, most_resident(&peer.process.id().to_string()));
    }
    Ok(())
}

/// The most memory that a process has had resident, in MiB, where Linux tells; else NaN.
fn most_resident(process: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kibibytes.map_or(f64::NAN, |kibibytes| kibibytes / 1024.0)
}

/// The fully connected model 784-512-256-16 with its mirrored decoder and a linear classifier.
fn architecture() -> Outcome<Architecture> {
    Ok(Architecture::fully_connected(784, &[512, 256], 16, 10, Likelihood::Gaussian { variance: 0.5 })?)
}

/// Milliseconds of a step by the clock, and on all processors together.
type Times = [f64; 2];

/// The times of some steps of training: batch, noise, gradient and Adam.
fn steps(digits: &ImageDataset, batch_size: usize, samples: usize) -> Outcome<Vec<Times>> {
    let times = Arc::new(Mutex::new(Vec::with_capacity(WARM_UP + STEPS + 8)));
    let clock = Arc::clone(&times);
    let relaxation = Relaxation {
        initial_steps: (WARM_UP + STEPS) as u64,
        steps: 8,
        batch_size,
        samples,
        ..Relaxation::DEFAULT
    };
    let few = digits.select(&[0, 1])?;
    let system =
        LearnedSystem::new(architecture()?, digits.clone(), few, relaxation, 1)?.on_step(move |_| {
            if let Ok(mut times) = clock.lock() {
                times.push((Instant::now(), on_processors()));
            }
        });
    system.equilibrium(Multipliers::new(2.0, 8.0)?, None)?;
    let times = times.lock().map_err(|_| "a panic while timing")?;
    let between = times
        .windows(2)
        .map(|pair| [(pair[1].0 - pair[0].0).as_secs_f64() * 1e3, (pair[1].1 - pair[0].1) * 1e3]);
    Ok(between.skip(WARM_UP - 1).take(STEPS).collect())
}

/// Prints the times of a gradient and of products at the same parameters, in turns, and how many gradients a product costs.
fn products<T: Scalar>(
    name: &str,
    digits: &ImageDataset,
    inputs: usize,
    samples: usize,
    turns: usize,
) -> Outcome<()> {
    let model = architecture()?;
    let parameters = Parameters::<T>::initial(&model, 1);
    let wave = |count: usize| (0..count).map(|i| T::from_f64((1.3 * i as f64).sin())).collect::<Vec<T>>();
    let (noise, direction) = (wave(inputs * samples * model.latent()), wave(parameters.len()));
    let rows: Vec<usize> = (0..inputs).collect();
    let batch = Batch::of_images(digits, &rows, &noise);
    let mut engine = Engine::new(&model, inputs, samples)?;
    let mut times = [const { Vec::new() }; 3];
    for turn in 0..WARM_UP + turns * STEPS {
        let mut clock = [Instant::now(); 4];
        let mut linearised = engine.linearise(parameters.values(), &batch, Multipliers::new(2.0, 8.0)?)?;
        clock[1] = Instant::now();
        linearised.hessian_product(&direction)?;
        clock[2] = Instant::now();
        linearised.gauss_newton_product(&direction)?;
        clock[3] = Instant::now();
        if turn >= WARM_UP {
            for (times, pair) in times.iter_mut().zip(clock.windows(2)) {
                times.push([(pair[1] - pair[0]).as_secs_f64() * 1e3, f64::NAN]);
            }
        }
    }
    let [[gradient, _, _], [hessian, _, _], [gauss_newton, _, _]] = times.map(|times| summary(&times));
    println!(
        "  {inputs} inputs, {samples} samples, {name}: {gradient:.2}, {hessian:.2} ({:.2} times), {gauss_newton:.2} ({:.2} times)",
        hessian / gradient,
        gauss_newton / gradient
    );
    Ok(())
}

/// Seconds that the threads of this process have been running, where Linux tells; else NaN.
fn on_processors() -> f64 {
    let nanoseconds = |task: std::fs::DirEntry| -> Option<f64> {
        let times = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        times.split_whitespace().next()?.parse().ok()
    };
    let tasks = std::fs::read_dir("/proc/self/task");
    tasks.map_or(f64::NAN, |tasks| tasks.flatten().filter_map(nanoseconds).sum::<f64>() * 1e-9)
}

/// Floating-point operations of a step's matrix products: forward, by the weights, and by what a layer is given (not by
/// the pixels).
fn operations(architecture: &Architecture, inputs: usize, samples: usize) -> f64 {
    let products = |layers: &[Layer], times: usize| -> f64 {
        let sizes = layers.iter().filter_map(|layer| match *layer {
            Layer::Linear { inputs, outputs } => Some(2.0 * (inputs * outputs) as f64),
            _ => None,
        });
        sizes.sum::<f64>() * times as f64
    };
    let first = products(&architecture.encoder()[..1], inputs);
    let encoder = products(architecture.encoder(), inputs);
    let rest = products(architecture.decoder(), inputs * samples)
        + products(architecture.classifier(), inputs * samples);
    3.0 * (encoder + rest) - first
}

/// The GFLOP/s of faer's products of the layers' size, one for each thread at a time.
fn peak(threads: usize) -> f64 {
    const SIDES: [usize; 3] = [96, 512, 512];
    let best = Mutex::new(0.0f64);
    rayon::broadcast(|_| {
        let [m, n, k] = SIDES;
        let (a, b) = (Mat::<f32>::full(m, k, 0.5), Mat::<f32>::full(k, n, 0.5));
        let mut c = Mat::<f32>::zeros(m, n);
        for _ in 0..300 {
            let start = Instant::now();
            for _ in 0..4 {
                matmul(c.as_mut(), Accum::Replace, a.as_ref(), b.as_ref(), 1.0, Par::Seq);
            }
            let rate = 4.0 * 2.0 * (m * n * k) as f64 / start.elapsed().as_secs_f64() * 1e-9;
            if let Ok(mut best) = best.lock() {
                *best = best.max(rate);
            }
        }
    });
    threads as f64 * best.into_inner().unwrap_or(f64::NAN)
}

/// Median and minimum by the clock, and the median on processors, whose clock is too coarse for a minimum.
fn summary(times: &[Times]) -> [f64; 3] {
    let of = |kind: usize| {
        let mut times: Vec<f64> = times.iter().map(|times| times[kind]).collect();
        times.sort_by(f64::total_cmp);
        [times.len() / 2, 0].map(|place| times.get(place).copied().unwrap_or(f64::NAN))
    };
    let ([median, least], [on_processors, _]) = (of(0), of(1));
    [median, least, on_processors]
}

/// Another implementation, as a process that is asked for steps and answers with their milliseconds.
struct Peer {
    name: String,
    process: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    fn start(command: &str) -> Outcome<Self> {
        let mut words = command.split_whitespace();
        let mut process = Command::new(words.next().ok_or("an empty command")?)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let ask = process.stdin.take().ok_or("no way to ask")?;
        let mut answers = BufReader::new(process.stdout.take().ok_or("no answers")?);
        let mut name = String::new();
        answers.read_line(&mut name)?;
        Ok(Self { name: name.trim().to_owned(), process, ask, answers })
    }

    fn steps(&mut self, inputs: usize, samples: usize) -> Outcome<Vec<Times>> {
        writeln!(self.ask, "{inputs} {samples} {WARM_UP} {STEPS}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let numbers: Vec<f64> = answer.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        Ok(numbers.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect())
    }
}
