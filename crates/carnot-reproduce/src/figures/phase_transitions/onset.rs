//! The onset of learning of a bottleneck: continuous with two labels, by a jump with more.

use carnot_info::Joint;
use carnot_surface::{DiscreteSystem, Multipliers, Rdc, System, bottleneck_onset};
use ndarray::Array2;

use crate::figure::FigureError;

/// The numbers of labels that are shown.
const LABELS: [usize; 3] = [2, 3, 5];
/// How often a label is not the one of the input.
pub(super) const NOISE: f64 = 0.1;
/// The part of gamma that is shown, relative to the local threshold, and points in it.
const RANGE: (f64, f64) = (0.97, 1.02);
const SAMPLES: usize = 51;
/// The onset is bracketed to this.
const BRACKET: f64 = 1e-10;
/// Rates above this are learned: above what the solver leaves of nothing, a residual of 1e-12.
const LEARNED: f64 = 1e-9;

/// Rates that jump by more than this jump. Near a continuous onset F differs from that of nothing learned by the square
/// of the distance, which rounding hides within 1e-7; there R grows by a few nats per unit of gamma, to less than 1e-6.
const JUMP: f64 = 1e-4;

/// The onset with one number of labels.
pub(super) struct Onset {
    pub(super) labels: usize,
    /// `ln` of it: the entropy of the labels, in nats.
    pub(super) label_entropy: f64,
    /// Where nothing learned ceases to be a local minimum.
    pub(super) local_threshold: f64,
    /// Where theory puts the onset, from posteriors alone.
    pub(super) predicted: f64,
    pub(super) predicted_first_order: bool,
    /// Where the rate ceases to be zero.
    pub(super) located: f64,
    /// R and C on either side of it.
    pub(super) sides: [Rdc; 2],
    /// Along gamma.
    pub(super) points: Vec<(f64, Rdc)>,
}

impl Onset {
    /// Whether the observables jump: by more than a continuous onset can change them within what its place is uncertain.
    pub(super) fn is_first_order(&self) -> bool {
        self.rate_jump() > JUMP
    }

    /// The jump of R at the onset, in nats.
    pub(super) fn rate_jump(&self) -> f64 {
        self.sides[1].rate - self.sides[0].rate
    }

    /// The jump of `I(Z;Y) = H(Y) - C`, in nats.
    pub(super) fn information_jump(&self) -> f64 {
        self.sides[0].classification - self.sides[1].classification
    }
}

/// As many inputs as labels, all equally likely; the label is the input's but for noise that prefers none of the others.
fn noisy_labels(labels: usize) -> Result<Joint, FigureError> {
    let others = NOISE / (labels - 1) as f64;
    let table = Array2::from_shape_fn((labels, labels), |(x, y)| {
        (if x == y { 1.0 - NOISE } else { others }) / labels as f64
    });
    Joint::new(table).map_err(FigureError::unfinished)
}

pub(super) fn all() -> Result<Vec<Onset>, FigureError> {
    LABELS.into_iter().map(of).collect()
}

fn of(labels: usize) -> Result<Onset, FigureError> {
    let joint = noisy_labels(labels)?;
    let theory = bottleneck_onset(&joint).map_err(FigureError::unfinished)?;
    // A letter for each label, and one that says nothing.
    let system = DiscreteSystem::bottleneck(&joint, labels + 1).map_err(FigureError::unfinished)?;
    let observe = |gamma: f64| -> Result<Rdc, FigureError> {
        let at = Multipliers::new(0.0, gamma).map_err(FigureError::unfinished)?;
        Ok(system.equilibrium(at, None).map_err(FigureError::unfinished)?.rdc)
    };
    let gamma = |part: f64| theory.local_threshold * (RANGE.0 + part * (RANGE.1 - RANGE.0));
    let (located, sides) = bisect(&observe, [gamma(0.0), gamma(1.0)])?;
    let mut points = Vec::new();
    for k in 0..SAMPLES {
        let gamma = gamma(k as f64 / (SAMPLES - 1) as f64);
        points.push((gamma, observe(gamma)?));
    }
    // Both sides of the onset, so that a jump is drawn upright.
    points.extend(sides.map(|rdc| (located, rdc)));
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(Onset {
        labels,
        label_entropy: (labels as f64).ln(),
        local_threshold: theory.local_threshold,
        predicted: theory.gamma,
        predicted_first_order: theory.is_first_order(),
        located,
        sides,
        points,
    })
}

/// Where the rate ceases to be zero, and what is observed at either end of the bracket.
fn bisect(
    observe: &dyn Fn(f64) -> Result<Rdc, FigureError>,
    [mut low, mut high]: [f64; 2],
) -> Result<(f64, [Rdc; 2]), FigureError> {
    let mut sides = [observe(low)?, observe(high)?];
    if sides[0].rate > LEARNED || sides[1].rate <= LEARNED {
        let text = format!("learning does not begin between gamma {low} and {high}");
        return Err(FigureError::unfinished(text));
    }
    while high - low > BRACKET {
        let middle = 0.5 * (low + high);
        let there = observe(middle)?;
        if there.rate > LEARNED {
            (high, sides[1]) = (middle, there);
        } else {
            (low, sides[0]) = (middle, there);
        }
    }
    Ok((0.5 * (low + high), sides))
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;

    #[test]
    fn three_labels_jump_where_and_as_far_as_the_symmetric_channel_says() {
        // beta* = min over q of R(q) / I_Y(q) over the ternary symmetric channel with noise 0.1: 1.3755005857, with a jump
        // to R = 0.0680833951 and I_Y = 0.0494971764, confirmed by alternating minimisation.
        let three = of(3).expect("an onset");
        // The digits given, and the bracket times the slope of R, which is some ten nats.
        assert_close!(three.located, 1.375_500_585_7, rtol = 0.0, atol = 1e-9);
        assert_close!(three.rate_jump(), 0.068_083_395_1, rtol = 0.0, atol = 1e-8);
        assert_close!(three.information_jump(), 0.049_497_176_4, rtol = 0.0, atol = 1e-8);
    }

    #[test]
    fn two_labels_begin_at_the_local_threshold_without_a_jump() {
        let two = of(2).expect("an onset");
        // 1 / (1 - 2 noise)^2.
        assert_close!(two.predicted, 1.5625, rtol = 1e-12, atol = 0.0);
        assert!(!two.predicted_first_order && two.rate_jump() < 1e-5);
    }
}
