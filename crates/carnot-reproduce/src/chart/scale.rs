//! Ranges, ticks and the texts at the ticks.

use super::{Axis, Scale};

/// An axis with its range decided: maps numbers to [0, 1] and knows its ticks.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    scale: Scale,
    reversed: bool,
    /// The range in the coordinate of the scale: the number itself or its decimal logarithm.
    low: f64,
    high: f64,
    ticks: Option<Vec<f64>>,
}

/// The ticks of an axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ticks {
    /// Position in [0, 1] and text.
    pub(super) major: Vec<(f64, String)>,
    /// Positions of ticks without text.
    pub(super) minor: Vec<f64>,
    /// A factor all texts share, such as `×10⁻⁴`; empty for none.
    pub(super) factor: String,
}

impl Mapping {
    /// The mapping of `axis`, whose drawn numbers are `values`.
    pub(super) fn new(axis: &Axis, values: impl IntoIterator<Item = f64>) -> Self {
        let coordinate = |value: f64| coordinate(axis.scale, value);
        let fixed = axis
            .range
            .and_then(|(low, high)| Some((coordinate(low)?, coordinate(high)?)))
            .filter(|(low, high)| low < high);
        let (low, high) = fixed.unwrap_or_else(|| {
            let (low, high) = values
                .into_iter()
                .filter_map(coordinate)
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
            padded(axis.scale, low, high)
        });
        Mapping { scale: axis.scale, reversed: axis.reversed, low, high, ticks: axis.ticks.clone() }
    }

    /// The position of `value`, 0 at the start of the axis and 1 at its end; outside of [0, 1] for
    /// numbers out of range, `None` for numbers the scale does not have.
    pub(super) fn position(&self, value: f64) -> Option<f64> {
        let position = (coordinate(self.scale, value)? - self.low) / (self.high - self.low);
        // Far outside is as good as just outside, and keeps pixels within the integers.
        let position = position.clamp(-20.0, 21.0);
        Some(if self.reversed { 1.0 - position } else { position })
    }

    /// At most about `most` ticks with text.
    pub(super) fn ticks(&self, most: usize) -> Ticks {
        let most = most.max(2);
        if let Some(chosen) = &self.ticks {
            return self.labelled(chosen.clone(), Vec::new());
        }
        match self.scale {
            Scale::Linear => self.labelled(linear_ticks(self.low, self.high, most), Vec::new()),
            Scale::Log => {
                let (major, minor) = self.log_ticks(most);
                self.labelled(major, minor)
            }
        }
    }

    fn labelled(&self, major: Vec<f64>, minor: Vec<f64>) -> Ticks {
        let inside = |value: &f64| self.position(*value).filter(|p| (-1e-9..=1.0 + 1e-9).contains(p));
        let major: Vec<f64> = major.into_iter().filter(|v| inside(v).is_some()).collect();
        let (texts, factor) = match self.scale {
            Scale::Linear => linear_texts(&major),
            Scale::Log => (log_texts(&major), String::new()),
        };
        Ticks {
            major: major.iter().filter_map(inside).zip(texts).collect(),
            minor: minor.iter().filter_map(inside).collect(),
            factor,
        }
    }

    /// Whole powers of ten where there are enough of them, else 1-2-5, else every digit, else
    /// equal steps; the minor ticks are the digits between.
    fn log_ticks(&self, most: usize) -> (Vec<f64>, Vec<f64>) {
        let (first, last) = (self.low.floor() as i32, self.high.ceil() as i32);
        let digits = |digits: &[f64]| -> Vec<f64> {
            (first..=last)
                .flat_map(|power| digits.iter().map(move |digit| digit * 10f64.powi(power)))
                .filter(|value| self.position(*value).is_some_and(|p| (0.0..=1.0).contains(&p)))
                .collect()
        };
        let every = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
        let decades = digits(&[1.0]);
        if decades.len() > most {
            let stride = decades.len().div_ceil(most) as i32;
            // Counted from 10^0, so that the labels do not depend on where the data begin.
            let major = (first..=last).filter(|power| power.rem_euclid(stride) == 0);
            return (major.map(|power| 10f64.powi(power)).collect(), decades);
        }
        if decades.len() >= 3 {
            let minor = if decades.len() <= 5 { digits(&every) } else { Vec::new() };
            return (decades, minor);
        }
        for candidates in [[1.0, 2.0, 5.0].as_slice(), &every] {
            let major = digits(candidates);
            if (3..=most.max(3)).contains(&major.len()) {
                return (major, digits(&every));
            }
        }
        (linear_ticks(10f64.powf(self.low), 10f64.powf(self.high), most), Vec::new())
    }
}

fn coordinate(scale: Scale, value: f64) -> Option<f64> {
    match scale {
        Scale::Linear => Some(value),
        Scale::Log => (value > 0.0).then(|| value.log10()),
    }
    .filter(|c| c.is_finite())
}

/// A range with room at both ends, also where there are no numbers or only one.
fn padded(scale: Scale, low: f64, high: f64) -> (f64, f64) {
    if low > high {
        return match scale {
            Scale::Linear => (0.0, 1.0),
            Scale::Log => (-1.0, 1.0),
        };
    }
    let width = high - low;
    // A spread at the level of rounding is drawn as a constant, not as noise that fills the panel.
    if width <= 1e-12 * low.abs().max(high.abs()) {
        let room = match scale {
            Scale::Linear if low != 0.0 => 0.1 * low.abs(),
            _ => 0.5,
        };
        return (low - room, high + room);
    }
    (low - 0.05 * width, high + 0.05 * width)
}

/// Multiples of 1, 2, 2.5 or 5 times a power of ten, at most `most` of them.
fn linear_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let rough = (high - low) / most as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0, 20.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| (high / step).floor() - (low / step).ceil() < most as f64)
        .unwrap_or(high - low);
    let (first, last) = ((low / step).ceil(), (high / step).floor());
    if !step.is_finite() || step <= 0.0 || last - first > 1000.0 {
        return Vec::new();
    }
    (0..=(last - first) as i64).map(|k| (first + k as f64) * step).collect()
}

/// Texts of equally spaced ticks, all with the same number of decimals, and their common factor.
fn linear_texts(ticks: &[f64]) -> (Vec<String>, String) {
    let largest = ticks.iter().fold(0.0f64, |m, t| m.max(t.abs()));
    let power =
        if largest > 0.0 && !(1e-2..1e5).contains(&largest) { largest.log10().floor() as i32 } else { 0 };
    let scaled: Vec<f64> = ticks.iter().map(|t| t / 10f64.powi(power)).collect();
    let spacing = scaled.windows(2).map(|w| (w[1] - w[0]).abs()).fold(f64::INFINITY, f64::min);
    let tolerance = if spacing.is_finite() { 1e-3 * spacing } else { 1e-9 };
    let exact = |decimals: i32| {
        let unit = 10f64.powi(decimals);
        scaled.iter().all(|t| ((t * unit).round() / unit - t).abs() <= tolerance)
    };
    let decimals = (0..12).find(|d| exact(*d)).unwrap_or(12) as usize;
    let texts = scaled
        .iter()
        .map(|t| {
            // Adding zero turns -0 into 0.
            let rounded = if t.abs() <= tolerance { 0.0 } else { *t };
            format!("{rounded:.decimals$}").replace('-', "\u{2212}")
        })
        .collect();
    let factor = if power == 0 { String::new() } else { format!("×10{}", superscript(power)) };
    (texts, factor)
}

/// Plain decimals while all of them are short, else powers of ten.
fn log_texts(ticks: &[f64]) -> Vec<String> {
    let plain = ticks.iter().all(|t| (1e-3..1e5).contains(&(t * (1.0 + 1e-12))));
    ticks
        .iter()
        .map(|tick| {
            if plain {
                return format!("{}", (tick * 1e9).round() / 1e9);
            }
            let power = (tick.log10() + 1e-9).floor() as i32;
            let digit = tick / 10f64.powi(power);
            if (digit - 1.0).abs() < 1e-6 {
                format!("10{}", superscript(power))
            } else {
                format!("{}×10{}", (digit * 1e6).round() / 1e6, superscript(power))
            }
        })
        .collect()
}

fn superscript(power: i32) -> String {
    power
        .to_string()
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '4' => '⁴',
            '5' => '⁵',
            '6' => '⁶',
            '7' => '⁷',
            '8' => '⁸',
            '9' => '⁹',
            _ => '⁰',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis, values: &[f64]) -> Vec<String> {
        let ticks = Mapping::new(axis, values.iter().copied()).ticks(6);
        ticks.major.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn log_axes_over_less_than_a_decade_are_labelled_one_two_five() {
        assert_eq!(texts(&Axis::log("λ"), &[0.25, 2.0]), ["0.5", "1", "2"]);
        assert_eq!(texts(&Axis::log("λ"), &[0.1, 5.0]), ["0.1", "0.2", "0.5", "1", "2", "5"]);
        assert_eq!(texts(&Axis::log("λ"), &[3.1, 6.3]), ["3", "4", "5", "6"]);
        assert_eq!(texts(&Axis::log("λ"), &[3.1, 3.9]), ["3.2", "3.4", "3.6", "3.8"]);
    }

    #[test]
    fn long_log_axes_skip_decades() {
        let labels = texts(&Axis::log("drift").range(1e-16, 0.1), &[]);
        assert_eq!(labels, ["10⁻¹⁵", "10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³"]);
    }

    #[test]
    fn linear_ticks_are_round_and_share_their_decimals() {
        assert_eq!(texts(&Axis::linear("R"), &[0.0, 1.0]), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(texts(&Axis::linear("R"), &[-20.0, 25.0]), ["−20", "−10", "0", "10", "20"]);
        let mapping = Mapping::new(&Axis::linear("R"), [1e-4, 5e-4]);
        assert_eq!(mapping.ticks(6).factor, "×10⁻⁴");
    }

    #[test]
    fn ranges_exist_whatever_the_data() {
        for scale in [Axis::linear("x"), Axis::log("x")] {
            for values in [vec![], vec![f64::NAN], vec![0.0], vec![3.0], vec![1e300, 1e-300], vec![-1.0]] {
                let mapping = Mapping::new(&scale, values.iter().copied());
                assert!(mapping.low < mapping.high, "{scale:?} {values:?}");
                assert!(mapping.ticks(6).major.len() <= 12, "{scale:?} {values:?}");
            }
        }
    }

    #[test]
    fn a_reversed_axis_runs_backwards() {
        let mapping = Mapping::new(&Axis::log("λ").range(0.25, 4.0).reversed(), []);
        assert_eq!(mapping.position(4.0), Some(0.0));
        assert_eq!(mapping.position(0.25), Some(1.0));
        assert_eq!(mapping.position(0.0), None);
    }
}
