//! Numbers as texts, for the report and for the lines of the command.

/// Whether a number reads best without a power of ten.
fn is_plain(value: f64) -> bool {
    value == 0.0 || (1e-3..1e5).contains(&value.abs())
}

/// The shortest text that reads back as the same number: `0.05`, `1e-9`.
pub(super) fn exact(value: f64) -> String {
    if is_plain(value) { value.to_string() } else { format!("{value:e}") }
}

/// Four significant digits, and all of them before the point; the exact number is in `metrics.json`.
pub(super) fn significant(value: f64) -> String {
    let text = if is_plain(value) && value != 0.0 {
        let decimals = (3 - value.abs().log10().floor() as i32).max(0) as usize;
        format!("{value:.decimals$}")
    } else {
        format!("{value:.3e}")
    };
    // Read back, so that no zeros trail.
    text.parse().map_or(text, exact)
}

#[cfg(test)]
mod tests {
    use super::{exact, significant};

    #[test]
    fn numbers_are_shown_with_four_digits() {
        assert_eq!(significant(0.123_456), "0.1235");
        assert_eq!(significant(20.0), "20");
        assert_eq!(significant(12_345.6), "12346");
        assert_eq!(significant(-1.5e-16), "-1.5e-16");
        assert_eq!(significant(2.592_6e-13), "2.593e-13");
        assert_eq!(significant(100.0), "100");
        assert_eq!(significant(0.0), "0");
        assert_eq!(significant(123_456.0), "1.235e5");
    }

    #[test]
    fn exact_numbers_are_short_and_read_back() {
        for (value, text) in [
            (1e-9, "1e-9"),
            (0.05, "0.05"),
            (0.0, "0"),
            (-2.5e-7, "-2.5e-7"),
            (1e6, "1e6"),
            (0.050_000_001, "0.050000001"),
        ] {
            assert_eq!(exact(value), text);
            assert_eq!(text.parse(), Ok(value));
        }
    }
}
