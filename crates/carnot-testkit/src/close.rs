//! Comparison of numbers with both tolerances stated.

/// How far apart two numbers are, and how far apart they may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Closeness {
    /// `|a - b|`.
    pub difference: f64,
    /// `atol + rtol * max(|a|, |b|)`.
    pub allowed: f64,
}

impl Closeness {
    /// Compares `a` with `b`. Equal infinities have difference zero.
    pub fn of(a: f64, b: f64, rtol: f64, atol: f64) -> Self {
        let difference = if a == b { 0.0 } else { (a - b).abs() };
        Self { difference, allowed: atol + rtol * a.abs().max(b.abs()) }
    }

    /// Whether the difference is within what is allowed; never true of a NaN, nor of a finite number and an infinity.
    pub fn holds(&self) -> bool {
        self.difference == 0.0 || (self.difference.is_finite() && self.difference <= self.allowed)
    }
}

/// Asserts `|a - b| <= atol + rtol * max(|a|, |b|)`; both tolerances are required, and the failure prints what was
/// achieved. Unlike `approx::relative_eq!`, no hidden absolute tolerance can make a relative test pass.
///
/// Call it as `assert_close!(a, b, rtol, atol)` or `assert_close!(a, b, rtol = 1e-10, atol = 0.0)`, with an optional
/// format string and arguments for context.
#[macro_export]
macro_rules! assert_close {
    ($a:expr, $b:expr, rtol = $rtol:expr, atol = $atol:expr $(, $($context:tt)+)?) => {
        $crate::assert_close!($a, $b, $rtol, $atol $(, $($context)+)?)
    };
    ($a:expr, $b:expr, $rtol:expr, $atol:expr $(,)?) => {
        $crate::assert_close!($a, $b, $rtol, $atol, "")
    };
    ($a:expr, $b:expr, $rtol:expr, $atol:expr, $($context:tt)+) => {{
        let (a, b, rtol, atol): (f64, f64, f64, f64) = ($a, $b, $rtol, $atol);
        let closeness = $crate::close::Closeness::of(a, b, rtol, atol);
        assert!(
            closeness.holds(),
            "{} = {:e} and {} = {:e} differ by {:e}, allowed {:e} (rtol {:e}, atol {:e}) {}",
            stringify!($a), a, stringify!($b), b, closeness.difference, closeness.allowed, rtol, atol,
            format_args!($($context)+)
        );
    }};
}

#[cfg(test)]
mod tests {
    use super::Closeness;

    #[test]
    fn a_relative_test_is_not_passed_by_a_hidden_absolute_tolerance() {
        // `approx` with its usual epsilon of 1e-9 would call these equal.
        assert!(!Closeness::of(1e-12, 2e-12, 1e-9, 0.0).holds());
        assert!(!Closeness::of(1e-12, 0.0, 1e-9, 1e-13).holds());
    }

    #[test]
    fn non_finite_numbers_are_close_only_to_themselves() {
        assert!(Closeness::of(f64::INFINITY, f64::INFINITY, 0.0, 0.0).holds());
        assert!(!Closeness::of(f64::INFINITY, 1.0, 1.0, 1.0).holds());
        assert!(!Closeness::of(f64::INFINITY, f64::NEG_INFINITY, 1.0, 1.0).holds());
        assert!(!Closeness::of(f64::NAN, f64::NAN, 1.0, 1.0).holds());
    }

    #[test]
    #[should_panic(expected = "differ by")]
    fn the_macro_fails_where_the_numbers_differ() {
        assert_close!(1.0, 1.0 + 1e-6, rtol = 1e-7, atol = 0.0, "at index {}", 3);
    }
}
