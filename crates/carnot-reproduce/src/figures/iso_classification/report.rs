//! The table and the metrics.

use super::gaussian::GaussianRun;
use super::learned::{LearnedRun, distortion_constant};
use super::settings::Settings;
use super::{
    EXACT_BOUND, HELD_BOUND, LAMBDA_END, NOISE_BOUND, NetworkSample, Pair, START, Sample, Value, charts,
    farthest, largest, words,
};
use crate::data::Parts;
use crate::figure::{Bound, BoundOp, Cell, Metric, Outcome, Table};

pub(super) fn outcome(
    gaussian: &GaussianRun,
    learned: &[LearnedRun],
    seeds: Vec<u64>,
    parts: &Parts,
    settings: &Settings,
) -> Outcome {
    let metrics = metrics(gaussian, learned);
    let finding = words::finding(&metrics, gaussian, learned);
    Outcome {
        charts: charts::chart(gaussian, learned, settings.tolerance),
        trace: trace(gaussian, learned),
        summary: words::summary(gaussian, learned, parts, settings),
        claim: words::CLAIM.to_owned(),
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
        // A NaN is worse than anything: `total_cmp` puts a positive one above every number.
        let badness = |value: &&Value| match bound.op {
            _ if value.mean.is_nan() => f64::NAN,
            BoundOp::Le => value.mean,
            BoundOp::Ge => -value.mean,
        };
        let worst = values.iter().max_by(|a, b| badness(a).total_cmp(&badness(b)));
        let worst = worst.copied().unwrap_or(Value::exact(f64::NAN));
        return worst.metric(name, unit).with_bound(bound);
    }
    if let [single] = values {
        return single.metric(name, unit);
    }
    let n = values.len() as f64;
    let mean = values.iter().map(|value| value.mean).sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value.mean - mean) * (value.mean - mean)).sum();
    Metric::new(name, mean, unit).with_std_err((squares / (n - 1.0) / n).sqrt())
}

fn metrics(gaussian: &GaussianRun, learned: &[LearnedRun]) -> Vec<Metric> {
    let each = |value: &dyn Fn(&LearnedRun) -> Value| learned.iter().map(value).collect::<Vec<_>>();
    let nan = Value::exact(f64::NAN);
    let held = |value: &dyn Fn(&Sample) -> Value| each(&|run| largest(run.pair.held.iter().map(value)));
    let of_network = |value: fn(&NetworkSample) -> Value| {
        move |sample: &Sample| sample.network.as_ref().map_or(nan, value)
    };
    let std_err = |sample: &Sample| sample.drift.std_err.map_or(nan, Value::exact);
    let start = |value: &dyn Fn(&Sample) -> Value| each(&|run| run.pair.held.first().map_or(nan, value));
    let end = |value: &dyn Fn(&Sample) -> Value| each(&|run| run.pair.held.last().map_or(nan, value));
    let free_end = |value: &dyn Fn(&Sample) -> Value| each(&|run| run.pair.free.last().map_or(nan, value));
    let test_accuracy = of_network(|network| network.test_accuracy);
    let count = |name, value: &dyn Fn(&LearnedRun) -> f64| {
        over_seeds(name, "1", &each(&|run| Value::exact(value(run))), None)
    };
    let factor = |sample: &Sample| Value::exact(START.0 / sample.multipliers.lambda());
    let exact_drift = largest(gaussian.pair.held.iter().map(|sample| Value::exact(sample.change)));
    let upper = |value| Some(Bound::at_most(value));
    let lower = |value| Some(Bound::at_least(value));
    vec![
        over_seeds("lambda_factor", "1", &end(&factor), lower(START.0 / LAMBDA_END)),
        over_seeds("held_c_max_rel_drift", "1", &held(&|sample| sample.drift), upper(HELD_BOUND)),
        over_seeds("held_c_max_rel_std_err", "1", &held(&std_err), upper(NOISE_BOUND)),
        over_seeds("held_c_test_max_rel_drift", "1", &held(&of_network(|network| network.test_drift)), None),
        over_seeds("free_c_max_rel_drift", "1", &each(&|run| farthest(&run.pair.free)), lower(0.25)),
        over_seeds("distortion_rel_change", "1", &each(&|run| run.distortion_change), lower(0.4)),
        over_seeds("accuracy_start", "1", &start(&test_accuracy), None),
        over_seeds("accuracy_end", "1", &end(&test_accuracy), None),
        over_seeds("free_accuracy_end", "1", &free_end(&test_accuracy), None),
        over_seeds("gamma_end", "1", &end(&|sample| Value::exact(sample.multipliers.gamma())), None),
        over_seeds("rate_end", "nats", &end(&|sample| sample.rate), None),
        over_seeds("start_settling_c_rel_change", "1", &each(&|run| run.settling[0]), None),
        over_seeds("end_settling_c_rel_change", "1", &each(&|run| run.settling[1]), None),
        count("waypoints", &|run| run.pair.held.len() as f64),
        count("relaxations", &|run| run.relaxations as f64),
        count("gradient_steps", &|run| run.gradient_steps as f64),
        exact_drift.metric("gaussian_c_max_abs_drift", "nats").with_bound(Bound::at_most(EXACT_BOUND)),
        Metric::new("distortion_constant", distortion_constant(), "nats"),
        Metric::new("gaussian_distortion_constant", gaussian.constants.0, "nats"),
        Metric::new("gaussian_classification_constant", gaussian.constants.1, "nats"),
        farthest(&gaussian.pair.free).metric("gaussian_free_c_max_rel_drift", "1"),
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
        "rate_nats",
        "rate_std_err",
        // Both without the constant that no model can change, which are metrics: R + lambda D + gamma C needs them.
        "distortion_minus_constant_nats",
        "distortion_std_err",
        "classification_minus_constant_nats",
        "classification_std_err",
        "classification_rel_change",
        "classification_rel_change_std_err",
        "test_classification_rel_change",
        "test_classification_rel_change_std_err",
        "accuracy",
        "accuracy_std_err",
        "test_accuracy",
        "test_accuracy_std_err",
        "plateau_nats",
        "plateau_std_err",
        "corrections",
        "gradient_steps",
        "classification_change_nats",
    ]);
    let integer = |n: u64| Cell::Integer(i64::try_from(n).unwrap_or(i64::MAX));
    let mut push = |system: &str, seed: Option<u64>, pair: &Pair| {
        for (process, samples) in [("held", &pair.held), ("free", &pair.free)] {
            for (waypoint, sample) in samples.iter().enumerate() {
                let mut row =
                    vec![Cell::from(system), seed.map_or(Cell::Empty, integer), Cell::from(process)];
                row.push(integer(waypoint as u64));
                row.push(Cell::Number(sample.multipliers.lambda()));
                row.push(Cell::Number(sample.multipliers.gamma()));
                let mut values = |value: Option<Value>| {
                    row.push(Cell::from(value.map(|value| value.mean)));
                    row.push(Cell::from(value.and_then(|value| value.std_err)));
                };
                let network = sample.network;
                values(Some(sample.rate));
                values(Some(sample.distortion));
                values(Some(sample.classification));
                values(Some(sample.drift));
                values(network.map(|network| network.test_drift));
                values(network.map(|network| network.accuracy));
                values(network.map(|network| network.test_accuracy));
                values(network.map(|network| network.plateau));
                row.push(integer(sample.corrections as u64));
                row.push(network.map_or(Cell::Empty, |network| integer(network.gradient_steps)));
                row.push(Cell::Number(sample.change));
                table.push(row);
            }
        }
    };
    push("gaussian", None, &gaussian.pair);
    for run in learned {
        push("network", Some(run.seed), &run.pair);
    }
    table
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;

    #[test]
    fn the_worst_seed_counts_under_a_bound_and_the_mean_without() {
        let values = [0.1, 0.3, 0.2].map(|mean| Value { mean, std_err: Some(10.0 * mean) });
        let metric = |bound| over_seeds("m", "1", &values, bound);
        let (upper, lower) = (metric(Some(Bound::at_most(0.25))), metric(Some(Bound::at_least(0.05))));
        assert_eq!((upper.value, upper.std_err, upper.pass()), (0.3, Some(3.0), Some(false)));
        assert_eq!((lower.value, lower.std_err, lower.pass()), (0.1, Some(1.0), Some(true)));
        let free = metric(None);
        assert_close!(free.value, 0.2, rtol = 1e-14, atol = 0.0);
        // Three values 0.1 apart have a standard deviation of 0.1.
        assert_close!(free.std_err.expect("an error"), 0.1 / 3f64.sqrt(), rtol = 1e-12, atol = 0.0);
        let single = over_seeds("m", "1", &values[..1], None);
        assert_eq!((single.value, single.std_err), (0.1, Some(1.0)));
    }

    #[test]
    fn a_number_that_is_none_is_the_worst() {
        for nan in [f64::NAN, -f64::NAN] {
            let values = [Value::exact(0.1), Value::exact(nan)];
            for bound in [Bound::at_most(1.0), Bound::at_least(0.0)] {
                assert_eq!(over_seeds("m", "1", &values, Some(bound)).pass(), Some(false));
            }
            assert!(largest(values.into_iter()).mean.is_nan());
        }
    }
}
