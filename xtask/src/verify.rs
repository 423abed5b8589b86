//! `cargo xtask verify`: the tests that are too long for `cargo test`, tier after tier, and a table of how they went.

use std::ffi::{OsStr, OsString};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use std::{env, fmt};

use crate::{EXIT_VIOLATION, Failure, cargo, root};

/// The crates whose property tests have an extended tier.
const PROPERTY_CRATES: &[&str] = &[
    "carnot-info",
    "carnot-transport",
    "carnot-surface",
    "carnot-process",
    "carnot-models",
    "carnot-testkit",
];
/// Names the tier to the tests: `carnot_testkit::tier`.
const TIER: &str = "CARNOT_TIER";
/// Read by proptest where a test does not fix its own number of cases.
const CASES: &str = "PROPTEST_CASES";
/// Where real data lie.
const DATA: &str = "CARNOT_DATA";

const DEFAULT_CASES: u32 = 1024;

const HELP: &str = "\
Usage: cargo xtask verify [--cases N]

Runs every tier, then prints a table of them. Exit code 1 if one failed.

Tiers:
  properties  the tests of the libraries with CARNOT_TIER=extended and PROPTEST_CASES=N
  real tests  the tests that need MNIST; skipped unless CARNOT_DATA names the folder with one
              folder per data set
  real data   every figure with MNIST in place of synthetic digits; skipped likewise

Options:
  --cases N   cases of each property test that does not fix its own number [default: 1024]
  --help      print this text

Other cases are drawn with another PROPTEST_RNG_SEED than that of .cargo/config.toml.
";

/// One tier: a cargo command, and the variable without which it is skipped.
struct Tier {
    name: &'static str,
    environment: Vec<(&'static str, String)>,
    arguments: Vec<String>,
    needs: Option<&'static str>,
}

/// How a tier went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed(Duration),
    Failed(Duration),
    /// The variable that is not set.
    Skipped(&'static str),
}

pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, Failure> {
    let Some(cases) = cases(arguments)? else {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    };
    let mut rows = Vec::new();
    for tier in tiers(cases) {
        let outcome = tier.run(|name| env::var_os(name))?;
        rows.push((tier, outcome));
    }
    print!("\n{}", table(&rows));
    let failed = rows.iter().any(|(_, outcome)| matches!(outcome, Outcome::Failed(_)));
    Ok(if failed { ExitCode::from(EXIT_VIOLATION) } else { ExitCode::SUCCESS })
}

/// The number of cases asked for; none where help was.
fn cases(arguments: &[OsString]) -> Result<Option<u32>, Failure> {
    let misuse = |what: String| Failure::Misuse { command: "verify", what };
    let mut cases = DEFAULT_CASES;
    let mut arguments = arguments.iter().map(|argument| argument.to_string_lossy());
    while let Some(argument) = arguments.next() {
        let value = match argument.as_ref() {
            "--help" | "-h" => return Ok(None),
            "--cases" => arguments.next(),
            other => match other.strip_prefix("--cases=") {
                Some(value) => Some(value.to_owned().into()),
                None => return Err(misuse(format!("unexpected argument `{other}`"))),
            },
        };
        let value = value.unwrap_or_default();
        cases = match value.parse() {
            Ok(number) if number > 0 => number,
            _ => return Err(misuse(format!("--cases takes a positive number, found `{value}`"))),
        };
    }
    Ok(Some(cases))
}

fn tiers(cases: u32) -> [Tier; 3] {
    let manifest =
        || ["--manifest-path".to_owned(), root().join("Cargo.toml").to_string_lossy().into_owned()];
    // Everything that fails is worth knowing.
    let mut properties = vec!["test".to_owned(), "--no-fail-fast".to_owned()];
    properties.extend(manifest());
    for name in PROPERTY_CRATES {
        properties.extend(["-p".to_owned(), (*name).to_owned()]);
    }
    let mut tests = vec!["test".to_owned()];
    tests.extend(manifest());
    let mnist = ["-p", "carnot-models", "--test", "mnist", "--", "--nocapture"];
    tests.extend(mnist.map(str::to_owned));
    let mut real = vec!["run".to_owned(), "-p".to_owned(), "carnot-reproduce".to_owned()];
    real.extend(manifest());
    real.extend(["--", "reproduce", "--data", "mnist", "--out"].map(str::to_owned));
    real.push(root().join("target").join("verify").to_string_lossy().into_owned());
    [
        Tier {
            name: "properties",
            environment: vec![(TIER, "extended".to_owned()), (CASES, cases.to_string())],
            arguments: properties,
            needs: None,
        },
        Tier {
            name: "real tests",
            environment: vec![(TIER, "real".to_owned())],
            arguments: tests,
            needs: Some(DATA),
        },
        Tier { name: "real data", environment: Vec::new(), arguments: real, needs: Some(DATA) },
    ]
}

impl Tier {
    /// Runs the tier, unless what it needs is not there.
    fn run(&self, variable: impl Fn(&str) -> Option<OsString>) -> Result<Outcome, Failure> {
        if let Some(needed) = self.needs.filter(|name| variable(name).is_none_or(|value| value.is_empty())) {
            return Ok(Outcome::Skipped(needed));
        }
        println!("== {}: {self}", self.name);
        let mut command = cargo();
        command.args(&self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        timed(command)
    }
}

/// Runs a command to its end.
fn timed(mut command: Command) -> Result<Outcome, Failure> {
    let started = Instant::now();
    let status = command
        .status()
        .map_err(|source| Failure::Program { program: command.get_program().to_owned(), source })?;
    let time = started.elapsed();
    Ok(if status.success() { Outcome::Passed(time) } else { Outcome::Failed(time) })
}

/// The command line, with paths relative to the root of the workspace.
impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.environment {
            write!(f, "{name}={value} ")?;
        }
        f.write_str("cargo")?;
        for argument in &self.arguments {
            let path = std::path::Path::new(OsStr::new(argument));
            write!(f, " {}", path.strip_prefix(root()).unwrap_or(path).display())?;
        }
        Ok(())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed(time) => write!(f, "passed  {:>9.1}", time.as_secs_f64()),
            Self::Failed(time) => write!(f, "FAILED  {:>9.1}", time.as_secs_f64()),
            Self::Skipped(_) => write!(f, "skipped {:>9}", "-"),
        }
    }
}

fn table(rows: &[(Tier, Outcome)]) -> String {
    let mut text = format!("{:<10}  result    seconds  command\n", "tier");
    for (tier, outcome) in rows {
        let command = match outcome {
            Outcome::Skipped(needed) => format!("skipped: {needed} is not set"),
            Outcome::Passed(_) | Outcome::Failed(_) => tier.to_string(),
        };
        text.push_str(&format!("{:<10}  {outcome}  {command}\n", tier.name));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(arguments: &[&str]) -> Result<Option<u32>, Failure> {
        cases(&arguments.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn the_number_of_cases_is_read_or_refused_by_name() {
        assert!(matches!(asked(&[]), Ok(Some(DEFAULT_CASES))));
        assert!(
            matches!(asked(&["--cases", "7"]), Ok(Some(7))) && matches!(asked(&["--cases=8"]), Ok(Some(8)))
        );
        assert!(matches!(asked(&["--help"]), Ok(None)));
        for (arguments, named) in
            [(&["--cases"][..], "``"), (&["--cases", "0"], "`0`"), (&["--fast"], "`--fast`")]
        {
            let failure = asked(arguments).expect_err("this is misuse");
            assert!(failure.to_string().contains(named), "{failure}");
        }
        assert!(HELP.contains(&format!("[default: {DEFAULT_CASES}]")));
    }

    #[test]
    fn the_property_tier_names_every_crate_and_both_variables() {
        let [properties, ..] = tiers(5);
        let line = properties.to_string();
        assert!(line.starts_with("CARNOT_TIER=extended PROPTEST_CASES=5 cargo test "), "{line}");
        assert!(PROPERTY_CRATES.iter().all(|name| line.contains(&format!(" -p {name}"))), "{line}");
    }

    #[test]
    fn real_data_are_skipped_where_the_variable_is_not_set_or_empty() {
        let [_, tests, real] = tiers(5);
        for value in [None, Some(OsString::new())] {
            for tier in [&tests, &real] {
                let outcome = tier.run(|_| value.clone()).expect("nothing is run");
                assert_eq!(outcome, Outcome::Skipped(DATA));
            }
        }
        assert!(table(&[(real, Outcome::Skipped(DATA))]).contains("skipped: CARNOT_DATA is not set"));
    }

    #[test]
    fn a_command_that_fails_is_told_from_one_that_passes_and_from_none() {
        let mut passing = cargo();
        passing.arg("--version");
        assert!(matches!(timed(passing), Ok(Outcome::Passed(_))));
        let mut failing = cargo();
        failing.arg("no-such-subcommand");
        assert!(matches!(timed(failing), Ok(Outcome::Failed(_))));
        assert!(matches!(timed(Command::new("no-such-program")), Err(Failure::Program { .. })));
    }

    #[test]
    fn the_table_has_a_row_for_each_tier() {
        let [properties, _, real] = tiers(5);
        let rows =
            [(properties, Outcome::Failed(Duration::from_millis(1250))), (real, Outcome::Skipped(DATA))];
        let text = table(&rows);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with("properties  FAILED        1.2  CARNOT_TIER=extended"), "{text}");
        assert!(lines[2].starts_with("real data   skipped         -"), "{text}");
    }
}
