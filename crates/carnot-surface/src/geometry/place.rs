//! Where in its bracket a transition is, how well that is known, and of which order it is.

use super::Order;
use super::one_sided::{EntryLimit, Limit, NOISE};
use super::segment::Segment;
use crate::{InvalidMultiplier, Observables, Rdc, Response};

/// A jump of D or C counts if it is this many times as large as its extrapolation is uncertain. Where D is continuous
/// and goes like the power p of the distance, the jump that is left at small distances is `1 / (2^p - 1)` times its
/// uncertainty: 2.4 times for a square root, 3.8 for a cube root.
const CLEAR_JUMP: f64 = 4.0;
/// The same of a jump of the response: one that diverges, with p < 1, is more than twice its uncertainty.
const CLEAR_BEND: f64 = 2.0;
/// What a jump of the response must exceed, relative to its size: what a solver leaves in a response.
const RESPONSE_NOISE: f64 = 1e-8;

/// A bracket of a transition on a line and what is known on either side of it.
pub(super) struct Sides<'a> {
    pub(super) segment: &'a Segment,
    /// The middle of the bracket.
    pub(super) middle: f64,
    /// Half of its width.
    pub(super) half_width: f64,
    /// The largest distance from which the limits come.
    pub(super) reach: f64,
    /// Before and after, at the middle.
    pub(super) limits: [Limit; 2],
}

/// A place relative to the middle of a bracket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) shift: f64,
    /// How far the transition may be from there.
    pub(super) uncertainty: f64,
}

impl Sides<'_> {
    fn jump(&self) -> Rdc {
        self.limits[1].rdc.change_since(&self.limits[0].rdc)
    }

    /// The jump of the slopes of (R, D, C).
    fn bend(&self) -> Rdc {
        self.limits[1].slope.change_since(&self.limits[0].slope)
    }

    /// The derivative of F by the position where D and C are these.
    fn along(&self, rdc: &Rdc) -> f64 {
        let [by_lambda, by_gamma] = self.segment.direction();
        by_lambda * rdc.distortion + by_gamma * rdc.classification
    }

    /// The same without signs, of errors.
    fn size_along(&self, rdc: &Rdc) -> f64 {
        let [by_lambda, by_gamma] = self.segment.direction();
        (by_lambda * rdc.distortion).abs() + (by_gamma * rdc.classification).abs()
    }

    /// What a solver may be wrong by in F.
    fn doubt(&self) -> Result<f64, InvalidMultiplier> {
        Ok(NOISE * self.limits[0].rdc.objective(self.segment.at(self.middle)?).abs())
    }

    /// How far from a transition of second order its phases may change their names: the phase that is not the minimum is
    /// above it by half the jump of `d^2F/ds^2` times the square of the distance, which must exceed the doubt about F.
    fn blur(&self) -> Result<f64, InvalidMultiplier> {
        Ok((2.0 * self.doubt()? / self.along(&self.bend()).abs()).sqrt().min(self.reach))
    }

    /// What the limits leave uncertain of the jump at a place known to `uncertainty`: where the slopes differ, so do the
    /// limits at a place that is off.
    pub(super) fn jump_error(&self, uncertainty: f64) -> Rdc {
        let (bend, [before, after]) = (self.bend(), &self.limits);
        let error = |of: fn(&Rdc) -> f64| {
            of(&before.rdc_error) + of(&after.rdc_error) + uncertainty * of(&bend).abs()
        };
        Rdc {
            rate: error(|rdc| rdc.rate),
            distortion: error(|rdc| rdc.distortion),
            classification: error(|rdc| rdc.classification),
        }
    }

    /// The order by the limits on both sides; a jump of D or C must exceed its `threshold`.
    pub(super) fn order(&self, threshold: [f64; 2]) -> Result<Order, InvalidMultiplier> {
        let (jump, error) = (self.jump(), self.jump_error(self.half_width + self.blur()?));
        let jumps = |jump: f64, error: f64, threshold: f64| jump.abs() > threshold + CLEAR_JUMP * error;
        if jumps(jump.distortion, error.distortion, threshold[0])
            || jumps(jump.classification, error.classification, threshold[1])
        {
            return Ok(Order::First);
        }
        let [before, after] = &self.limits;
        let bends = |k: usize| {
            let of = |s: &Response| [s.distortion_lambda, s.cross, s.classification_gamma][k];
            let (one, other) = (of(&before.response), of(&after.response));
            let uncertain = CLEAR_BEND * (before.response_error[k] + after.response_error[k]);
            (other - one).abs() > uncertain + RESPONSE_NOISE * one.abs().max(other.abs())
        };
        Ok(if (0..3).any(bends) { Order::Second } else { Order::Unresolved })
    }

    /// The place of a transition of first order: where F is continuous. Its jump at the middle is made up for by that of
    /// its slope. A solver that looks for the least of several minima can change over late, by what it misses.
    pub(super) fn crossing(&self) -> Result<Place, InvalidMultiplier> {
        let (jump, at) = (self.jump(), self.segment.at(self.middle)?);
        let slope = self.along(&jump);
        let shift = -jump.objective(at) / slope;
        let uncertainty = (self.jump_error(0.0).objective(at) + self.doubt()?) / slope.abs();
        Ok(if shift.abs() <= self.reach {
            Place { shift, uncertainty: uncertainty.min(self.reach) }
        } else {
            Place { shift: 0.0, uncertainty: self.reach.max(shift.abs().min(1.0)) }
        })
    }

    /// The place of a transition of second order: where the slope of F is continuous. Its jump at the middle is made up for
    /// by the next derivative's.
    pub(super) fn bending(&self) -> Result<Place, InvalidMultiplier> {
        let farthest = self.half_width + self.blur()?;
        let (jump, bend) = (self.jump(), self.bend());
        let shift = -self.along(&jump) / self.along(&bend);
        let [before, after] = &self.limits;
        let of_bend: f64 = (0..3).map(|k| before.response_error[k] + after.response_error[k]).sum();
        let [by_lambda, by_gamma] = self.segment.direction();
        let size = by_lambda.abs().max(by_gamma.abs());
        let error = self.size_along(&self.jump_error(0.0))
            + NOISE * self.size_along(&before.rdc)
            + shift.abs() * size * size * of_bend;
        let uncertainty = error / self.along(&bend).abs();
        Ok(if shift.is_nan() || shift.abs() > farthest {
            Place { shift: 0.0, uncertainty: farthest }
        } else if shift.abs() < 2.0 * uncertainty {
            // Not clearly elsewhere: as of a response that diverges, of which the slopes meet in the bracket or near it.
            Place { shift: 0.0, uncertainty: farthest.min(shift.abs() + uncertainty) }
        } else {
            Place { shift, uncertainty }
        })
    }

    /// The place of a change of phase that hardly shows in F: the bracket. A solver cannot be expected to see what does not
    /// show.
    pub(super) fn name_change(&self) -> Place {
        Place { shift: 0.0, uncertainty: self.half_width.max(self.reach) }
    }

    /// Where what enters reaches its threshold, as seen from the side on which it is absent. A solver can use it late but,
    /// apart from the doubt about F, not early; at a jump, what has not reached its threshold yet is passed over.
    pub(super) fn entrance(
        &self,
        entries: [Option<EntryLimit>; 2],
        order: Order,
    ) -> Result<Option<Place>, InvalidMultiplier> {
        let early = self.half_width + if order == Order::Second { self.blur()? } else { 0.0 };
        let place = |(side, entry): (f64, Option<EntryLimit>)| {
            let EntryLimit { excess, slope, error } = entry?;
            let place = Place { shift: -excess / slope, uncertainty: error / slope.abs() };
            let near = place.shift.abs() <= self.reach && place.uncertainty <= self.reach;
            (near && -side * place.shift <= early).then_some(place)
        };
        let places = [-1.0, 1.0].into_iter().zip(entries).filter_map(place);
        Ok(places.min_by(|one, other| one.uncertainty.total_cmp(&other.uncertainty)))
    }
}
