//! Ranges and ticks.

use super::tick_text::{linear_texts, log_texts};
use super::{Axis, Scale};

/// The largest part of a logarithmic axis that may lie beyond its first or last text.
const MOST_BARE: f64 = 0.25;

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
        let inside = |value: &f64| self.position(*value).filter(|_| self.is_inside(*value));
        let major: Vec<f64> = major.into_iter().filter(|value| self.is_inside(*value)).collect();
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

    /// Whole powers of ten where they do, else more and more digits between them, else equal steps; the minor ticks
    /// are the digits without text.
    fn log_ticks(&self, most: usize) -> (Vec<f64>, Vec<f64>) {
        let (first, last) = (self.low.floor() as i32, self.high.ceil() as i32);
        let digits = |digits: &[f64]| -> Vec<f64> {
            (first..=last)
                .flat_map(|power| digits.iter().map(move |digit| digit * 10f64.powi(power)))
                .filter(|value| self.is_inside(*value))
                .collect()
        };
        let every = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
        let decades = digits(&[1.0]);
        if decades.len() > most {
            return (self.strided_decades(first, last, decades.len().div_ceil(most) as i32), decades);
        }
        let mut candidates: Vec<Vec<f64>> = [
            [1.0].as_slice(),
            &[1.0, 2.0, 5.0],
            &[1.0, 3.0],
            &every,
            &[1.0, 2.0, 3.0, 5.0],
            &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
            &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0],
            &[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0],
        ]
        .map(digits)
        .into();
        // One more than asked for, where that saves a bare end.
        for most in [most, most + 1] {
            candidates.push(linear_ticks(10f64.powf(self.low), 10f64.powf(self.high), most));
        }
        candidates.retain(|ticks| (3..=most.max(3) + 1).contains(&ticks.len()));
        let minor = if self.high - self.low < 5.0 { digits(&every) } else { Vec::new() };
        (self.least_bare(candidates), minor)
    }

    /// Every `stride`-th power of ten, counted from 10^0, so that the labels do not depend on where the data begin;
    /// counted from another power where that leaves an end bare.
    fn strided_decades(&self, first: i32, last: i32, stride: i32) -> Vec<f64> {
        let counted_from = |start: i32| -> Vec<f64> {
            let powers = (first..=last).filter(|power| (power - start).rem_euclid(stride) == 0);
            powers.map(|power| 10f64.powi(power)).filter(|value| self.is_inside(*value)).collect()
        };
        self.least_bare((0..stride).map(counted_from).collect())
    }

    /// The first of the candidates that leaves at most [`MOST_BARE`] of the axis without text at either end; where
    /// none does, the one that leaves least.
    fn least_bare(&self, candidates: Vec<Vec<f64>>) -> Vec<f64> {
        let excess = |ticks: &[f64]| (self.bare(ticks) - MOST_BARE).max(0.0);
        // Of equals the first one counts.
        candidates.into_iter().min_by(|a, b| excess(a).total_cmp(&excess(b))).unwrap_or_default()
    }

    /// The larger of the parts of the axis before the first and behind the last of the ticks.
    fn bare(&self, ticks: &[f64]) -> f64 {
        let positions = || ticks.iter().filter_map(|tick| self.position(*tick));
        let (low, high) = positions().fold((1.0f64, 0.0f64), |(low, high), p| (low.min(p), high.max(p)));
        low.max(1.0 - high)
    }

    fn is_inside(&self, value: f64) -> bool {
        self.position(value).is_some_and(|p| (-1e-9..=1.0 + 1e-9).contains(&p))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis, values: &[f64]) -> Vec<String> {
        let ticks = Mapping::new(axis, values.iter().copied()).ticks(6);
        ticks.major.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn log_axes_over_less_than_a_decade_are_labelled_one_two_five() {
        assert_eq!(texts(&Axis::log("λ"), &[0.3, 2.0]), ["0.3", "0.5", "1", "2"]);
        assert_eq!(texts(&Axis::log("λ"), &[0.1, 5.0]), ["0.1", "0.2", "0.5", "1", "2", "5"]);
        assert_eq!(texts(&Axis::log("λ"), &[3.1, 6.3]), ["3", "4", "5", "6"]);
        assert_eq!(texts(&Axis::log("λ"), &[3.1, 3.9]), ["3.2", "3.4", "3.6", "3.8"]);
    }

    #[test]
    fn log_axes_are_labelled_to_their_ends() {
        let fixed = |low, high| texts(&Axis::log("λ").range(low, high), &[]);
        assert_eq!(fixed(0.48, 1.9), ["0.5", "0.7", "1", "1.5"]);
        assert_eq!(fixed(0.5, 0.9), ["0.5", "0.6", "0.7", "0.8", "0.9"]);
        assert_eq!(fixed(0.25, 2.0), ["0.3", "0.5", "1", "2"]);
        assert_eq!(fixed(1e-18, 1e-7), ["10⁻¹⁸", "10⁻¹⁶", "10⁻¹⁴", "10⁻¹²", "10⁻¹⁰", "10⁻⁸"]);
        // Ranges of all lengths from a tenth of a decade to 40, beginning anywhere.
        for length in (0..480).map(|k| 0.1 * 1.0125f64.powi(k)) {
            // Within a factor of 2.5 there are too few round numbers to come as near to both ends everywhere: the
            // worst of the ranges below, from 2.5 to 4.5, has its first text, 3, at 0.304.
            let most_bare = if length < 0.41 { 0.31 } else { MOST_BARE };
            for begin in (0..20).map(|k| -3.0 + 0.05 * f64::from(k)) {
                let (low, high) = (10f64.powf(begin), 10f64.powf(begin + length));
                let mapping = Mapping::new(&Axis::log("λ").range(low, high), []);
                let ticks = mapping.ticks(6).major;
                let (first, last) = (ticks[0].0, ticks[ticks.len() - 1].0);
                assert!((3..=7).contains(&ticks.len()), "{low} to {high}: {ticks:?}");
                assert!(first.max(1.0 - last) <= most_bare, "{low} to {high}: {ticks:?}");
            }
        }
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
