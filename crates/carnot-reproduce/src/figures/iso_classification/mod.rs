//! The paper's iso-classification process: lambda is swept, gamma steered so that C stays put.

mod charts;
mod gaussian;
mod learned;
mod report;

use carnot_surface::Multipliers;

use crate::data;
use crate::figure::{Context, Figure, FigureError, Outcome, Tier};

pub(super) const NAME: &str = "iso-classification";
pub(super) const SHOWS: &str = "images: lambda swept, gamma steered so that C stays; against gamma fixed";

/// The figure `iso-classification`.
#[derive(Debug, Clone, Copy)]
pub(super) struct IsoClassification;

/// Where the process begins. At gamma 0.5 the sweep without control drifts visibly; at gamma 8 it hardly would.
const START: (f64, f64) = (2.0, 0.5);

/// Where lambda ends: an eighth of its start.
const LAMBDA_END: f64 = 0.25;

/// One point of one process, as it is plotted and written.
#[derive(Debug, Clone, Copy)]
struct Sample {
    multipliers: Multipliers,
    rate: Value,
    /// The distortion without the constant that no model can change.
    distortion: Value,
    /// The classification loss; of the Gaussian system without its constant.
    classification: Value,
    /// `C / C_0 - 1`.
    drift: Value,
    accuracy: Option<Value>,
    /// Corrections of gamma that the waypoint took.
    corrections: usize,
    /// Gradient steps since the model was new.
    gradient_steps: u64,
}

/// A number with its standard error, zero where it is exact.
#[derive(Debug, Clone, Copy)]
struct Value {
    mean: f64,
    std_err: f64,
}

impl Value {
    fn exact(mean: f64) -> Self {
        Self { mean, std_err: 0.0 }
    }

    fn over(self, divisor: f64) -> Self {
        Self { mean: self.mean / divisor, std_err: self.std_err / divisor.abs() }
    }
}

impl From<carnot_info::Estimate> for Value {
    fn from(estimate: carnot_info::Estimate) -> Self {
        Self { mean: estimate.mean(), std_err: estimate.std_err() }
    }
}

/// The controlled process and the sweep beside it; both begin at the same equilibrium.
#[derive(Debug, Clone)]
struct Pair {
    held: Vec<Sample>,
    free: Vec<Sample>,
}

impl Pair {
    /// The point of `samples` whose C is farthest from its start.
    fn farthest(samples: &[Sample]) -> Value {
        let farther = |a: &&Sample, b: &&Sample| a.drift.mean.abs().total_cmp(&b.drift.mean.abs());
        let drift = samples.iter().max_by(farther).map_or(Value::exact(f64::NAN), |sample| sample.drift);
        Value { mean: drift.mean.abs(), ..drift }
    }
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
            Tier::Quick => learned::Settings::QUICK,
            Tier::Full => learned::Settings::FULL,
        };
        let seeds: Vec<u64> = (1..=context.options.seeds).collect();
        let learned = seeds
            .iter()
            .map(|&seed| learned::run(start, seed, &parts, &settings, context))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(report::outcome(&gaussian, &learned, seeds, &parts, &settings, context.options))
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
            let (training, validation, test) = (digits(2_000, 1), digits(1_000, 2), digits(500, 3));
            let parts = data::Parts { training, validation, test, digest: "none".into() };
            let options =
                Options { data: DataChoice::Synthetic, data_dir: None, tier: Tier::Quick, seeds: 1, threads };
            let progress = Progress::silent();
            let context = Context { options: &options, progress: &progress };
            let start = Multipliers::new(START.0, START.1).expect("valid");
            let settings = learned::Settings::SMALL;
            let gaussian = gaussian::run(start).expect("the Gaussian side");
            let learned = learned::run(start, 1, &parts, &settings, &context).expect("the learned side");
            report::outcome(&gaussian, &[learned], vec![1], &parts, &settings, &options)
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
            "held_c_max_rel_drift",
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
        assert!(metric("held_c_max_rel_drift").value <= learned::Settings::SMALL.tolerance);
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
        assert!(run.drift.iter().all(|drift| *drift <= 1e-9));
        assert!(run.transitions >= 1);
        assert!(Pair::farthest(&run.pair.free).mean > 0.25);
        assert!(Pair::farthest(&run.pair.held).mean < 1e-9);
    }
}
