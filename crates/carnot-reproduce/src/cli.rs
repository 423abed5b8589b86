//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, value_parser};

use crate::figure::{DataChoice, Tier};

/// Reproduces the figures of the paper and checks their bounds.
#[derive(Debug, Parser)]
#[command(name = "carnot-reproduce", bin_name = "cargo xtask", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compute figures, write them with their numbers, and build the report.
    Reproduce(Reproduce),
}

/// The arguments of `reproduce`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Exit codes: 0 every bound was kept; 1 a bound was missed; \
    2 misuse or bad input; 3 a figure could not finish.")]
pub struct Reproduce {
    /// The figures to compute; none means every one that is available.
    #[arg(value_name = "FIGURE")]
    pub figures: Vec<String>,
    /// The data set of the figures that need one.
    #[arg(long, value_enum, default_value_t = DataChoice::Synthetic)]
    pub data: DataChoice,
    /// The folder with one folder per data set; else $CARNOT_DATA, else the cache directory.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// How much work to put into the numbers.
    #[arg(long, value_enum, default_value_t = Tier::Quick)]
    pub tier: Tier,
    /// How many repetitions with different seeds.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u64).range(1..=1000))]
    pub seeds: u64,
    /// Where to write.
    #[arg(long, value_name = "DIR", default_value = "target/reproduce")]
    pub out: PathBuf,
    /// Keep the figures finished earlier in the output directory by this version with the same
    /// data set, tier and number of seeds, and compute only the others. Without it, every figure
    /// named is computed again.
    #[arg(long)]
    pub resume: bool,
    /// List the figures and stop.
    #[arg(long)]
    pub list: bool,
    /// How many threads to compute on [default: all the machine offers].
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}
