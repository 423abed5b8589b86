//! Axes as data.

/// How numbers are laid along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equally long.
    Linear,
    /// Equal ratios are equally long. Numbers that are not positive are left out.
    Log,
}

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The name of the quantity.
    pub label: String,
    /// Its unit, written behind the label in brackets; empty for a pure number.
    pub unit: String,
    /// Linear or logarithmic.
    pub scale: Scale,
    /// The least and the greatest number shown; `None` takes them from what is drawn.
    pub range: Option<(f64, f64)>,
    /// Whether the numbers decrease to the right (or upwards), as a quantity lowered step by step.
    pub reversed: bool,
    /// The numbers to write at the axis; `None` chooses round ones.
    pub ticks: Option<Vec<f64>>,
}

impl Axis {
    /// A linear axis.
    #[must_use]
    pub fn linear(label: impl Into<String>) -> Self {
        Axis {
            label: label.into(),
            unit: String::new(),
            scale: Scale::Linear,
            range: None,
            reversed: false,
            ticks: None,
        }
    }

    /// A logarithmic axis.
    #[must_use]
    pub fn log(label: impl Into<String>) -> Self {
        Axis { scale: Scale::Log, ..Axis::linear(label) }
    }

    /// The same with a unit.
    #[must_use]
    pub fn unit(self, unit: impl Into<String>) -> Self {
        Axis { unit: unit.into(), ..self }
    }

    /// The same with a fixed range; one that is empty or, on a logarithmic axis, not positive is
    /// replaced by the range of the data.
    #[must_use]
    pub fn range(self, low: f64, high: f64) -> Self {
        Axis { range: Some((low, high)), ..self }
    }

    /// The same running from high to low.
    #[must_use]
    pub fn reversed(self) -> Self {
        Axis { reversed: true, ..self }
    }

    /// The same with ticks at these numbers.
    #[must_use]
    pub fn ticks(self, ticks: impl IntoIterator<Item = f64>) -> Self {
        Axis { ticks: Some(ticks.into_iter().collect()), ..self }
    }
}
