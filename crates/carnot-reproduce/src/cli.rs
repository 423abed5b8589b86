//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, value_parser};

use crate::figure::{DataChoice, Tier};

/// Reproduces the figures of the paper and checks their bounds.
#[derive(Debug, Parser)]
#[command(name = "carnot-reproduce", version, propagate_version = true, arg_required_else_help = false)]
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
#[command(
    display_name = "carnot-reproduce",
    override_usage = "cargo xtask reproduce [OPTIONS] [FIGURE]...",
    after_help = "Exit codes: 0 every bound was kept; 1 a bound was missed; \
        2 misuse or bad input; 3 a figure could not finish."
)]
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
    /// Keep the figures made earlier in the same way, and compute only the others.
    ///
    /// Kept are those whose files are all in the output directory, made by the same version of
    /// carnot with the same data set, tier and number of seeds; what the data files hold is not
    /// compared. Without it, every figure named is computed again.
    #[arg(long)]
    pub resume: bool,
    /// List the figures and stop.
    #[arg(long)]
    pub list: bool,
    /// How many threads to compute on [default: $RAYON_NUM_THREADS, else all the machine offers].
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// What is wrong with the arguments, on one line: without the usage and the hint at `--help` that
/// clap prints in further paragraphs.
#[must_use]
pub fn misuse_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let paragraph = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let line = paragraph.collect::<Vec<_>>().join(" ");
    line.strip_prefix("error: ").map_or(line.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    fn error(arguments: &[&str]) -> clap::Error {
        Cli::try_parse_from(std::iter::once(&"carnot-reproduce").chain(arguments)).unwrap_err()
    }

    #[test]
    fn misuse_is_one_line_with_the_possible_values() {
        let line = misuse_line(&error(&["reproduce", "--data", "imagenet"]));
        let expected =
            "invalid value 'imagenet' for '--data <DATA>' [possible values: synthetic, mnist, cifar10]";
        assert_eq!(line, expected);
        let line = misuse_line(&error(&["reproduce", "--seeds", "0"]));
        assert_eq!(line, "invalid value '0' for '--seeds <N>': 0 is not in 1..=1000");
        let line = misuse_line(&error(&[]));
        assert!(line.contains("requires a subcommand") && line.contains("reproduce"), "{line}");
    }

    #[test]
    fn help_shows_how_the_program_is_started() {
        let help = error(&["reproduce", "--help"]);
        assert_eq!(help.kind(), ErrorKind::DisplayHelp);
        let help = help.to_string();
        assert!(help.contains("Usage: cargo xtask reproduce [OPTIONS] [FIGURE]...\n"), "{help}");
        let help = error(&["--help"]).to_string();
        assert!(help.starts_with("Reproduces the figures of the paper and checks their bounds"), "{help}");
        assert!(help.contains("Usage: carnot-reproduce <COMMAND>\n"), "{help}");
        for arguments in [["--version"].as_slice(), &["reproduce", "--version"]] {
            let version = error(arguments);
            assert_eq!(version.kind(), ErrorKind::DisplayVersion);
            assert_eq!(version.to_string(), concat!("carnot-reproduce ", env!("CARGO_PKG_VERSION"), "\n"));
        }
    }
}
