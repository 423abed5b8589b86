//! What a phase transition is: its place, the values on both sides and its order.

use super::GeometryError;
use super::one_sided::{Limit, entries};
use super::segment::Segment;
use crate::{InvalidMultiplier, Multipliers, Observables, Rdc, Response};

/// How to search a line for transitions. Lengths are fractions of the line's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Search {
    /// The number of panels that the line is cut into first. Two transitions that undo each other within one panel,
    /// without a jump, are not seen.
    pub resolution: usize,
    /// Brackets are halved until they are this narrow.
    pub tolerance: f64,
    /// A change of D or C that the responses at both ends of a panel do not explain is followed down if it is larger
    /// than this, relative to the variation of D or C along the line. Smaller jumps are not seen.
    pub jump: f64,
    /// The largest distance from which one-sided limits are extrapolated: less where that is more accurate, near the ends
    /// and between close transitions.
    pub probe: f64,
    /// How many equilibria the search may solve for. It runs out where phases change back and forth, or where what the
    /// solver leaves in D and C looks like a jump.
    pub budget: usize,
}

impl Default for Search {
    /// 64 panels, located to `1e-9`, jumps above `1e-6` of the variation, limits from `1e-4` at most, 20,000
    /// equilibria.
    fn default() -> Self {
        Self { resolution: 64, tolerance: 1e-9, jump: 1e-6, probe: 1e-4, budget: 20_000 }
    }
}

/// The order of a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// (D, C) jumps: F has a kink, and the values on both sides coexist.
    First,
    /// (D, C) is continuous and the response jumps or diverges.
    Second,
    /// Neither jumps by more than the extrapolation leaves uncertain: a change of phase without a trace in the
    /// observables, or one too weak to be told.
    Unresolved,
}

/// A phase transition on a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition<P> {
    /// Its position in the bracket: where F is continuous if it is of first order, where its slope along the line is if of
    /// second, as extrapolated from either side.
    pub position: f64,
    /// Half the width of the bracket.
    pub half_width: f64,
    /// The multipliers there.
    pub multipliers: Multipliers,
    /// The phases before and after, in the line's direction; the same where only the jump tells them apart.
    pub phases: [P; 2],
    /// (R, D, C) before and after, extrapolated to the transition: at one of first order, the coexisting values.
    pub values: [Rdc; 2],
    /// The one-sided responses before and after, extrapolated to the transition.
    pub responses: [Response; 2],
    /// What the extrapolation and the bracket leave uncertain of [`jump`](Self::jump).
    pub jump_error: Rdc,
    /// First or second order.
    pub order: Order,
}

impl<P> Transition<P> {
    /// The jump of (R, D, C), after minus before. At a transition of first order the rate's is the latent heat,
    /// `dR = -lambda dD - gamma dC` at the fixed multipliers, F being continuous.
    pub fn jump(&self) -> Rdc {
        self.values[1].change_since(&self.values[0])
    }

    /// The jumps `[S11, S12, S22]` of the response, after minus before.
    pub fn response_jump(&self) -> [f64; 3] {
        entries(&self.responses[1], &self.responses[0])
    }

    /// The jump of F, which is zero but for the extrapolation's error and that of the position.
    pub fn free_energy_jump(&self) -> f64 {
        self.jump().objective(self.multipliers)
    }
}

impl Search {
    pub(super) fn check<E: std::error::Error + 'static>(&self) -> Result<(), GeometryError<E>> {
        if self.resolution == 0 {
            return Err(GeometryError::Option { name: "resolution", expected: "at least 1", value: 0.0 });
        }
        for (name, value) in [("tolerance", self.tolerance), ("jump", self.jump), ("probe", self.probe)] {
            if !(value > 0.0 && value < 1.0) {
                return Err(GeometryError::Option { name, expected: "between 0 and 1", value });
            }
        }
        Ok(())
    }
}

/// A jump of D or C counts if it is this many times as large as its extrapolation is uncertain. Where D is continuous
/// and goes like the power p of the distance, the jump that is left at small distances is `1 / (2^p - 1)` times its
/// uncertainty: 2.4 times for a square root, 3.8 for a cube root.
const CLEAR_JUMP: f64 = 4.0;
/// The same of a jump of the response: one that diverges, with p < 1, is more than twice its uncertainty.
const CLEAR_BEND: f64 = 2.0;
/// What a jump of the response must exceed, relative to its size: what a solver leaves in a response.
const RESPONSE_NOISE: f64 = 1e-8;

impl Order {
    /// By the limits on both sides; a jump of D or C must exceed its `threshold`.
    fn of(before: &Limit, after: &Limit, jump_error: &Rdc, threshold: [f64; 2]) -> Self {
        let jump = after.rdc.change_since(&before.rdc);
        let jumps = |jump: f64, error: f64, threshold: f64| jump.abs() > threshold + CLEAR_JUMP * error;
        if jumps(jump.distortion, jump_error.distortion, threshold[0])
            || jumps(jump.classification, jump_error.classification, threshold[1])
        {
            return Self::First;
        }
        let bends = |k: usize| {
            let of = |s: &Response| [s.distortion_lambda, s.cross, s.classification_gamma][k];
            let (one, other) = (of(&before.response), of(&after.response));
            let uncertain = CLEAR_BEND * (before.response_error[k] + after.response_error[k]);
            (other - one).abs() > uncertain + RESPONSE_NOISE * one.abs().max(other.abs())
        };
        if (0..3).any(bends) { Self::Second } else { Self::Unresolved }
    }
}

impl<P> Transition<P> {
    /// The transition between two phases somewhere in the bracket `[middle - half_width, middle + half_width]` of a line,
    /// by the limits at its middle.
    pub(super) fn between(
        phases: [P; 2],
        segment: &Segment,
        [middle, half_width]: [f64; 2],
        [before, after]: [Limit; 2],
        threshold: [f64; 2],
    ) -> Result<Self, InvalidMultiplier> {
        // Where the slopes differ, so do the limits at a place that is off.
        let bend = after.slope.change_since(&before.slope);
        let error =
            |of: fn(&Rdc) -> f64| of(&before.rdc_error) + of(&after.rdc_error) + half_width * of(&bend).abs();
        let jump_error = Rdc {
            rate: error(|rdc| rdc.rate),
            distortion: error(|rdc| rdc.distortion),
            classification: error(|rdc| rdc.classification),
        };
        let order = Order::of(&before, &after, &jump_error, threshold);
        let [by_lambda, by_gamma] = segment.direction();
        let along = |rdc: &Rdc| by_lambda * rdc.distortion + by_gamma * rdc.classification;
        let jump = after.rdc.change_since(&before.rdc);
        // Either F is continuous, and its jump is made up for by that of its slope, or that is, and its jump by the
        // next one's.
        let shift = match order {
            Order::First => -jump.objective(segment.at(middle)?) / along(&jump),
            Order::Second => -along(&jump) / along(&bend),
            Order::Unresolved => 0.0,
        };
        let shift = if shift.abs() < half_width { shift } else { 0.0 };
        Ok(Self {
            position: middle + shift,
            half_width,
            multipliers: segment.at(middle + shift)?,
            phases,
            values: [before.moved(shift), after.moved(shift)],
            responses: [before.response, after.response],
            jump_error,
            order,
        })
    }
}
