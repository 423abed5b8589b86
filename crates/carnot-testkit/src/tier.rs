//! How much a run of the tests is asked to do.

/// The environment variable that names the tier: `extended`, or anything else for the quick one.
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

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn only_the_extended_tier_is_extended() {
        assert_eq!(
            (of(None, 64, 1000), of(Some("quick"), 64, 1000), of(Some("extended"), 64, 1000)),
            (64, 64, 1000)
        );
    }
}
