//! The table, the metrics and the words.

use super::gaussian::GaussianRun;
use super::learned::{LearnedRun, MODEL, Settings};
use super::{LAMBDA_END, Pair, START, Sample, Value, charts};
use crate::data::Parts;
use crate::figure::{Bound, BoundOp, Cell, DataChoice, Metric, Options, Outcome, Table};

pub(super) fn outcome(
    gaussian: &GaussianRun,
    learned: &[LearnedRun],
    seeds: Vec<u64>,
    parts: &Parts,
    settings: &Settings,
    options: &Options,
) -> Outcome {
    let metrics = metrics(gaussian, learned);
    let finding = finding(&metrics, gaussian);
    Outcome {
        charts: charts::chart(gaussian, learned, settings.tolerance),
        trace: trace(gaussian, learned),
        summary: summary(gaussian, learned, parts, settings, options),
        claim:
            "The paper's iso-classification process trades rate against distortion while the classification \
                loss stays constant (section 4; shown there on MNIST and CIFAR-10)."
                .into(),
        finding,
        metrics,
        seeds,
        data_digest: Some(parts.digest.clone()),
    }
}

/// A number measured once for each seed. Under a bound it is that of the worst seed, with its own standard error; else
/// it is the mean, with the standard error over the seeds, or with a single seed that of the measurement.
fn over_seeds(name: &'static str, unit: &'static str, values: &[Value], bound: Option<Bound>) -> Metric {
    if let Some(bound) = bound {
        // A NaN is worse than anything: `total_cmp` puts it above every number.
        let badness = |value: &&Value| match bound.op {
            BoundOp::Le => value.mean,
            BoundOp::Ge if value.mean.is_nan() => value.mean,
            BoundOp::Ge => -value.mean,
        };
        let worst = values.iter().max_by(|a, b| badness(a).total_cmp(&badness(b)));
        let Value { mean, std_err } = worst.copied().unwrap_or(Value::exact(f64::NAN));
        return Metric::new(name, mean, unit).with_std_err(std_err).with_bound(bound);
    }
    let n = values.len() as f64;
    let mean = values.iter().map(|value| value.mean).sum::<f64>() / n;
    let std_err = match values {
        [single] => single.std_err,
        _ => {
            let squares: f64 = values.iter().map(|value| (value.mean - mean) * (value.mean - mean)).sum();
            (squares / (n - 1.0) / n).sqrt()
        }
    };
    Metric::new(name, mean, unit).with_std_err(std_err)
}

fn metrics(gaussian: &GaussianRun, learned: &[LearnedRun]) -> Vec<Metric> {
    let each = |value: &dyn Fn(&LearnedRun) -> Value| learned.iter().map(value).collect::<Vec<_>>();
    let last = |samples: &[Sample]| samples.last().copied();
    let end = |value: fn(&Sample) -> Value| {
        each(&|run| last(&run.pair.held).map_or(Value::exact(f64::NAN), |sample| value(&sample)))
    };
    let std_err = |run: &LearnedRun| {
        Value::exact(run.pair.held.iter().map(|sample| sample.drift.std_err).fold(0.0, f64::max))
    };
    let distortion = |run: &LearnedRun| match (run.pair.held.first(), run.pair.held.last()) {
        (Some(first), Some(last)) => {
            let change = last.distortion.mean - first.distortion.mean;
            // Unpaired, and so an upper bound: D at either end is measured on the same samples.
            let std_err = last.distortion.std_err.hypot(first.distortion.std_err);
            Value { mean: change.abs(), std_err }.over(first.distortion.mean)
        }
        _ => Value::exact(f64::NAN),
    };
    let exact_drift = gaussian.drift.iter().copied().fold(0.0, f64::max);
    let count = |name, unit, value: &dyn Fn(&LearnedRun) -> f64| {
        let values = each(&|run| Value::exact(value(run)));
        let metric = over_seeds(name, unit, &values, None);
        // A count from one run has no error.
        if values.len() == 1 { Metric::new(name, metric.value, unit) } else { metric }
    };
    let upper = |value| Some(Bound::at_most(value));
    let lower = |value| Some(Bound::at_least(value));
    let held = each(&|run| Pair::farthest(&run.pair.held));
    let free = each(&|run| Pair::farthest(&run.pair.free));
    let accuracy = |index: usize| each(&|run| run.test_accuracy[index]);
    vec![
        over_seeds("held_c_max_rel_drift", "1", &held, upper(0.05)),
        over_seeds("held_c_max_rel_std_err", "1", &each(&std_err), upper(0.01)),
        over_seeds("free_c_max_rel_drift", "1", &free, lower(0.25)),
        over_seeds("distortion_rel_change", "1", &each(&distortion), lower(0.4)),
        over_seeds("accuracy_start", "1", &accuracy(0), None),
        over_seeds("accuracy_end", "1", &accuracy(1), None),
        over_seeds("free_accuracy_end", "1", &accuracy(2), None),
        over_seeds("gamma_end", "1", &end(|sample| Value::exact(sample.multipliers.gamma())), None),
        over_seeds("rate_end", "nats", &end(|sample| sample.rate), None),
        count("waypoints", "1", &|run| run.pair.held.len() as f64),
        count("relaxations", "1", &|run| run.relaxations as f64),
        count("gradient_steps", "1", &|run| {
            last(&run.pair.held).map_or(f64::NAN, |sample| sample.gradient_steps as f64)
        }),
        Metric::new("gaussian_c_max_abs_drift", exact_drift, "nats").with_bound(Bound::at_most(1e-9)),
        Metric::new("gaussian_free_c_max_rel_drift", Pair::farthest(&gaussian.pair.free).mean, "1"),
        Metric::new("gaussian_transitions", gaussian.transitions as f64, "1"),
    ]
}

fn trace(gaussian: &GaussianRun, learned: &[LearnedRun]) -> Table {
    let mut table = Table::new([
        "system",
        "seed",
        "process",
        "waypoint",
        "lambda",
        "gamma",
        "rate",
        "rate_std_err",
        "distortion",
        "distortion_std_err",
        "classification",
        "classification_std_err",
        "c_rel_drift",
        "c_rel_drift_std_err",
        "accuracy",
        "accuracy_std_err",
        "corrections",
        "gradient_steps",
    ]);
    let mut push = |system: &str, seed: Option<u64>, pair: &Pair| {
        for (process, samples) in [("held", &pair.held), ("free", &pair.free)] {
            for (waypoint, sample) in samples.iter().enumerate() {
                let learned = seed.is_some();
                let integer = |n: u64| Cell::Integer(i64::try_from(n).unwrap_or(i64::MAX));
                let error = |value: Value| if learned { Cell::Number(value.std_err) } else { Cell::Empty };
                let accuracy = sample.accuracy;
                table.push([
                    Cell::from(system),
                    seed.map_or(Cell::Empty, integer),
                    Cell::from(process),
                    integer(waypoint as u64),
                    Cell::Number(sample.multipliers.lambda()),
                    Cell::Number(sample.multipliers.gamma()),
                    Cell::Number(sample.rate.mean),
                    error(sample.rate),
                    Cell::Number(sample.distortion.mean),
                    error(sample.distortion),
                    Cell::Number(sample.classification.mean),
                    error(sample.classification),
                    Cell::Number(sample.drift.mean),
                    error(sample.drift),
                    accuracy.map_or(Cell::Empty, |value| Cell::Number(value.mean)),
                    accuracy.map_or(Cell::Empty, error),
                    integer(sample.corrections as u64),
                    if learned { integer(sample.gradient_steps) } else { Cell::Empty },
                ]);
            }
        }
    };
    push("gaussian", None, &gaussian.pair);
    for run in learned {
        push("network", Some(run.seed), &run.pair);
    }
    table
}

fn summary(
    gaussian: &GaussianRun,
    learned: &[LearnedRun],
    parts: &Parts,
    settings: &Settings,
    options: &Options,
) -> Vec<String> {
    let (pixels, [wide, narrow], latent, classes) = MODEL;
    let data = match options.data {
        DataChoice::Synthetic => "synthetic digits",
        DataChoice::Mnist => "MNIST",
        DataChoice::Cifar10 => "CIFAR-10",
    };
    let schedule = settings.relaxation;
    vec![
        format!(
            "Left: a fully connected network ({pixels}-{wide}-{narrow}-{latent}, mirrored decoder, linear classifier \
             of {classes} classes) on {data}. It is equilibrated at lambda {}, gamma {}; then lambda is lowered to \
             {LAMBDA_END}. Blue: gamma is steered so that C stays where it was. At each waypoint the network is \
             relaxed, C is measured, and gamma is corrected along the slopes of C measured so far until \
             |C / C_0 - 1| is at most {}; a step that cannot get there is halved. Vermillion: the same lambdas and as \
             many gradient steps with gamma fixed.",
            START.0, START.1, settings.tolerance
        ),
        format!(
            "R, D and C are in nats per sample, measured on {} validation samples that the network is not trained on, \
             one z drawn for each with the same noise at every waypoint; error bars are standard errors, for C / C_0 \
             those of the paired difference. The decoder is Gaussian of variance 1/2: D without its constant is the \
             squared error. Accuracy in the chart is on the validation samples, in the numbers on {} test samples. \
             Training: {} samples, Adam, batches of {}, {} steps before the start and {} in each relaxation, weights \
             averaged over the second half.{}",
            parts.validation.len(),
            parts.test.len(),
            parts.training.len(),
            schedule.batch_size,
            schedule.initial_steps,
            schedule.steps,
            if learned.len() > 1 {
                " Each seed is a line; a number with a bound is that of the worst seed, any other the mean."
            } else {
                ""
            },
        ),
        format!(
            "Right: the same process on a linear-Gaussian system of eight dimensions and three targets, whose \
             equilibria and response are known in closed form, so that C is held to rounding. On the way the number \
             of encoded modes changes {} times: phase transitions of second order. C is drawn without the constant \
             that no encoder can change.",
            gaussian.transitions
        ),
    ]
}

fn finding(metrics: &[Metric], gaussian: &GaussianRun) -> String {
    let value = |name: &str| {
        metrics.iter().find(|metric| metric.name == name).map_or(f64::NAN, |metric| metric.value)
    };
    format!(
        "While lambda fell by a factor of {}, C stayed within {:.1} % of its start at every waypoint and D changed by \
         {:.0} %; with gamma fixed C drifted by {:.0} %. Test accuracy went from {:.3} to {:.3}, with gamma fixed to \
         {:.3}. On the Gaussian system C was held to {:.0e} nats across {} transitions.",
        START.0 / LAMBDA_END,
        100.0 * value("held_c_max_rel_drift"),
        100.0 * value("distortion_rel_change"),
        100.0 * value("free_c_max_rel_drift"),
        value("accuracy_start"),
        value("accuracy_end"),
        value("free_accuracy_end"),
        value("gaussian_c_max_abs_drift"),
        gaussian.transitions,
    )
}
