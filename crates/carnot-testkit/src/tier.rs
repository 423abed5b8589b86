//! How much a run of the tests is asked to do.
#![allow(clippy::print_stdout, reason = "a test that is skipped says so in its output")]

use std::ffi::OsString;
use std::path::PathBuf;

/// The environment variable that names the tier: `extended`, `real` for tests of real data, or anything else for the quick one.
pub const VARIABLE: &str = "CARNOT_TIER";

/// `quick` cases in `cargo test`, `extended` ones in `cargo xtask verify`, which sets [`VARIABLE`]:
///
/// ```
/// use proptest::prelude::*;
///
/// proptest! {
///     #![proptest_config(ProptestConfig::with_cases(carnot_testkit::tier::cases(64, 1000)))]
/// #   #[test]
/// #   fn x_is_x(x in 0..9) { prop_assert_eq!(x, x); }
/// }
/// ```
pub fn cases(quick: u32, extended: u32) -> u32 {
    of(std::env::var(VARIABLE).ok().as_deref(), quick, extended)
}

fn of(tier: Option<&str>, quick: u32, extended: u32) -> u32 {
    if tier == Some("extended") { extended } else { quick }
}

/// The environment variable that names the folder of data sets.
pub const DATA: &str = "CARNOT_DATA";

/// The folder of data sets in the tier `real` of `cargo xtask verify`; `None`, with a word about it in the output, in others.
/// There [`DATA`] is set: without it that tier is skipped as a whole.
pub fn real_data() -> Option<PathBuf> {
    let folder = folder_of(std::env::var(VARIABLE).ok().as_deref(), std::env::var_os(DATA));
    if folder.is_none() {
        println!("skipped: it needs real data, and is a tier of `cargo xtask verify` where {DATA} is set");
    }
    folder
}

fn folder_of(tier: Option<&str>, folder: Option<OsString>) -> Option<PathBuf> {
    folder.filter(|folder| tier == Some("real") && !folder.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{folder_of, of};

    #[test]
    fn real_data_are_there_in_their_tier_alone() {
        assert_eq!(folder_of(Some("real"), Some("data".into())), Some(PathBuf::from("data")));
        for (tier, folder) in [(Some("real"), None), (Some("real"), Some("")), (None, Some("data"))] {
            assert_eq!(folder_of(tier, folder.map(Into::into)), None);
        }
    }

    #[test]
    fn only_the_extended_tier_is_extended() {
        assert_eq!(
            (of(None, 64, 1000), of(Some("quick"), 64, 1000), of(Some("extended"), 64, 1000)),
            (64, 64, 1000)
        );
    }
}
