//! A number of a figure and the bound it has to keep.

use serde::{Deserialize, Serialize};

/// The direction of a [`Bound`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoundOp {
    /// At most.
    #[serde(rename = "<=")]
    Le,
    /// At least.
    #[serde(rename = ">=")]
    Ge,
}

impl BoundOp {
    /// The operator as it is written.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            BoundOp::Le => "<=",
            BoundOp::Ge => ">=",
        }
    }
}

/// A bound on a [`Metric`]: `value op bound`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// The direction.
    pub op: BoundOp,
    /// The number that must not be crossed, in the metric's unit.
    pub value: f64,
}

impl Bound {
    /// `metric <= value`.
    #[must_use]
    pub fn at_most(value: f64) -> Self {
        Bound { op: BoundOp::Le, value }
    }

    /// `metric >= value`.
    #[must_use]
    pub fn at_least(value: f64) -> Self {
        Bound { op: BoundOp::Ge, value }
    }

    /// Whether `value` keeps the bound. A value that is not finite never does, and neither does
    /// any value under a bound that is not finite.
    #[must_use]
    pub fn holds(self, value: f64) -> bool {
        value.is_finite()
            && self.value.is_finite()
            && match self.op {
                BoundOp::Le => value <= self.value,
                BoundOp::Ge => value >= self.value,
            }
    }
}

/// One number of a figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// The key in `metrics.json`, unique within the figure: lower case and underscores.
    pub name: &'static str,
    /// The number.
    pub value: f64,
    /// Its unit, such as `nats`; `1` for a pure number.
    pub unit: &'static str,
    /// The standard error of `value` over seeds or samples, where there is one.
    pub std_err: Option<f64>,
    /// The bound that decides pass or miss, where there is one.
    pub bound: Option<Bound>,
}

impl Metric {
    /// A number without standard error and bound.
    #[must_use]
    pub fn new(name: &'static str, value: f64, unit: &'static str) -> Self {
        Metric { name, value, unit, std_err: None, bound: None }
    }

    /// The same with a standard error.
    #[must_use]
    pub fn with_std_err(self, std_err: f64) -> Self {
        Metric { std_err: Some(std_err), ..self }
    }

    /// The same with a bound.
    #[must_use]
    pub fn with_bound(self, bound: Bound) -> Self {
        Metric { bound: Some(bound), ..self }
    }

    /// Whether the bound is kept: `None` without a bound, and `Some(false)` for a value that is not
    /// finite, with or without one.
    #[must_use]
    pub fn pass(&self) -> Option<bool> {
        if self.value.is_finite() { self.bound.map(|bound| bound.holds(self.value)) } else { Some(false) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_include_their_value_and_never_pass_what_is_not_finite() {
        let metric = |value| Metric::new("drift", value, "1").with_bound(Bound::at_most(0.05));
        assert_eq!(metric(0.05).pass(), Some(true));
        assert_eq!(metric(0.050_000_001).pass(), Some(false));
        assert_eq!(metric(f64::NAN).pass(), Some(false));
        assert_eq!(metric(f64::NEG_INFINITY).pass(), Some(false));
        assert_eq!(Metric::new("accuracy", 0.9, "1").with_bound(Bound::at_least(0.95)).pass(), Some(false));
        assert_eq!(Metric::new("note", 1.0, "1").pass(), None);
        assert_eq!(Metric::new("note", f64::NAN, "1").pass(), Some(false));
    }
}
