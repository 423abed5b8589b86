//! The paper's iso-classification process: lambda is swept, gamma steered so that C stays put.

mod charts;
mod gaussian;
mod learned;
mod report;
mod settings;
mod words;

use carnot_surface::Multipliers;

use crate::data;
use crate::figure::{Context, Figure, FigureError, Metric, Outcome, Tier};

pub(super) const NAME: &str = "iso-classification";
pub(super) const SHOWS: &str = "images: lambda swept, gamma steered so that C stays; against gamma fixed";

/// The figure `iso-classification`.
#[derive(Debug, Clone, Copy)]
pub(super) struct IsoClassification;

/// Where the process begins. At gamma 0.5 the sweep without control drifts visibly; at gamma 8 it hardly would.
const START: (f64, f64) = (2.0, 0.5);

/// Where lambda ends: an eighth of its start.
const LAMBDA_END: f64 = 0.25;

/// How far C may drift from its start while it is held, relative to it.
const HELD_BOUND: f64 = 0.05;

/// How large the standard error of that drift may be: a fifth of it.
const NOISE_BOUND: f64 = 0.01;

/// How far C of the Gaussian system may drift while it is held, in nats.
const EXACT_BOUND: f64 = 1e-9;

/// One point of one process, as it is plotted and written.
#[derive(Debug, Clone, Copy)]
struct Sample {
    multipliers: Multipliers,
    rate: Value,
    /// The distortion without the constant that no model can change.
    distortion: Value,
    /// The classification loss; of the Gaussian system without its constant.
    classification: Value,
    /// `C - C_0`, in nats.
    change: f64,
    /// `C / C_0 - 1`.
    drift: Value,
    /// What is known of a network only.
    network: Option<NetworkSample>,
    /// Corrections of gamma that the waypoint took.
    corrections: usize,
}

/// What is known of a network at a point of its process.
#[derive(Debug, Clone, Copy)]
struct NetworkSample {
    /// Accuracy on the validation set.
    accuracy: Value,
    /// Accuracy on the test set.
    test_accuracy: Value,
    /// `C / C_0 - 1` on the test set, which the process does not steer by.
    test_drift: Value,
    /// Change of the training objective over the averaged steps of the relaxation, in nats.
    plateau: Value,
    /// Gradient steps since the model was new.
    gradient_steps: u64,
}

/// A number with its standard error, where it is not exact.
#[derive(Debug, Clone, Copy)]
struct Value {
    mean: f64,
    std_err: Option<f64>,
}

impl Value {
    fn exact(mean: f64) -> Self {
        Self { mean, std_err: None }
    }

    /// Its absolute value; of a NaN the positive one, which `total_cmp` puts above every number.
    fn size(self) -> Self {
        Self { mean: self.mean.abs(), ..self }
    }

    fn metric(self, name: &'static str, unit: &'static str) -> Metric {
        let metric = Metric::new(name, self.mean, unit);
        match self.std_err {
            Some(std_err) => metric.with_std_err(std_err),
            None => metric,
        }
    }
}

impl From<carnot_info::Estimate> for Value {
    fn from(estimate: carnot_info::Estimate) -> Self {
        Self { mean: estimate.mean(), std_err: Some(estimate.std_err()) }
    }
}

/// The controlled process and the sweep beside it; both begin at the same equilibrium.
#[derive(Debug, Clone)]
struct Pair {
    held: Vec<Sample>,
    free: Vec<Sample>,
}

/// The largest of some numbers by its size; NaN, the largest of all, if there is one or none.
fn largest(values: impl Iterator<Item = Value>) -> Value {
    values.map(Value::size).max_by(|a, b| a.mean.total_cmp(&b.mean)).unwrap_or(Value::exact(f64::NAN))
}

/// How far C drifts from its start, at most.
fn farthest(samples: &[Sample]) -> Value {
    largest(samples.iter().map(|sample| sample.drift))
}

impl Figure for IsoClassification {
    fn name(&self) -> &'static str {
        NAME
    }

    fn shows(&self) -> &'static str {
        SHOWS
    }

    fn run(&self, context: &Context<'_>) -> Result<Outcome, FigureError> {
        let start = Multipliers::new(START.0, START.1).map_err(FigureError::unfinished)?;
        let gaussian = gaussian::run(start)?;
        let parts = data::load(context.options)?;
        let settings = match context.options.tier {
            Tier::Quick => settings::Settings::QUICK,
            Tier::Full => settings::Settings::FULL,
        };
        let seeds: Vec<u64> = (1..=context.options.seeds).collect();
        let learned = seeds
            .iter()
            .map(|&seed| learned::run(start, seed, &parts, &settings, context))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(report::outcome(&gaussian, &learned, seeds, &parts, &settings))
    }
}

#[cfg(test)]
mod tests {
    use carnot_data::synthetic;

    use super::*;
    use crate::figure::{DataChoice, Options, Progress};

    /// The figure on a small scale: few digits, a short training and a wide tolerance.
    fn small(threads: usize) -> Outcome {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let digits = |n, seed| synthetic::digits(n, seed).expect("digits");
            let (training, validation, test) = (digits(1_500, 1), digits(600, 2), digits(300, 3));
            let parts = data::Parts { training, validation, test, name: "digits", digest: "none".into() };
            let options =
                Options { data: DataChoice::Synthetic, data_dir: None, tier: Tier::Quick, seeds: 1, threads };
            let progress = Progress::silent();
            let context = Context { options: &options, progress: &progress };
            let start = Multipliers::new(START.0, START.1).expect("valid");
            let settings = settings::Settings::SMALL;
            let gaussian = gaussian::run(start).expect("the Gaussian side");
            let learned = learned::run(start, 1, &parts, &settings, &context).expect("the learned side");
            report::outcome(&gaussian, &[learned], vec![1], &parts, &settings)
        })
    }

    #[test]
    fn the_figure_runs_end_to_end_and_does_not_depend_on_the_threads() {
        let outcome = small(1);
        assert_eq!(outcome, small(2));
        let metric = |name: &str| {
            outcome
                .metrics
                .iter()
                .find(|metric| metric.name == name)
                .unwrap_or_else(|| panic!("no metric {name}"))
        };
        for name in [
            "lambda_factor",
            "held_c_max_rel_drift",
            "held_c_test_max_rel_drift",
            "free_c_max_rel_drift",
            "distortion_rel_change",
            "accuracy_start",
            "accuracy_end",
            "waypoints",
            "gradient_steps",
            "gaussian_c_max_abs_drift",
        ] {
            assert!(metric(name).value.is_finite(), "{name}");
        }
        assert_eq!(metric("gaussian_c_max_abs_drift").pass(), Some(true));
        assert_eq!(metric("lambda_factor").pass(), Some(true));
        let held = metric("held_c_max_rel_drift").value;
        assert!(held <= settings::Settings::SMALL.tolerance && held < metric("free_c_max_rel_drift").value);
        // Every relaxation counts, the accepted and the rejected, and the free sweep has none of them.
        let steps = |name: &str| metric(name).value;
        assert_eq!(steps("gradient_steps"), 250.0 + 30.0 * (1.0 + steps("relaxations")));
        let csv = outcome.trace.to_csv();
        let ends = |process: &str| csv.lines().rfind(|line| line.starts_with(process)).map(str::to_owned);
        // Both processes go all the way, at the same lambdas.
        for process in ["gaussian,,held", "gaussian,,free", "network,1,held", "network,1,free"] {
            let end = ends(process).unwrap_or_else(|| panic!("no {process} in {csv}"));
            assert_eq!(end.split(',').nth(4), Some("0.25"), "{end}");
        }
    }

    #[test]
    fn the_gaussian_side_holds_what_the_sweep_beside_it_does_not() {
        let run = gaussian::run(Multipliers::new(START.0, START.1).expect("valid")).expect("a run");
        assert!(run.pair.held.iter().all(|sample| sample.change.abs() <= EXACT_BOUND));
        assert!(run.transitions >= 1);
        assert!(farthest(&run.pair.free).mean > 0.25);
        assert!(farthest(&run.pair.held).mean < 1e-9);
    }
}
