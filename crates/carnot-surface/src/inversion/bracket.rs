//! The root of one observable along one multiplier: Newton's method where it works, kept inside a bracket.

use super::oracle::Sample;
use super::{InversionError, InversionOptions};
use crate::Multipliers;

/// The longest step out of an open bracket, in the logarithm of the multiplier: a factor of 16.
const LONGEST_STEP: f64 = 4.0 * std::f64::consts::LN_2;

/// A step this short is Newton's last, or one that rounding or noise keeps from the root.
const SHORT_STEP: f64 = 1e-9;

/// How far outside of a jump its sides are certain, relative to the multiplier: the free energies of the phases differ there
/// by this part of what their losses count, far more than rounding.
const APART: f64 = 1e-6;

/// How much closer to a jump one of its sides is looked for each time, and how close at most.
const CLOSER: f64 = 0.1;
const CLOSEST: f64 = 1e-13;

/// A search for the multiplier at which a residual that only falls, or only rises, is zero.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) options: &'a InversionOptions,
    /// Whether the residual falls when the multiplier rises: D and C do, R does not.
    pub(super) falling: bool,
    /// How close to zero the residual shall be.
    pub(super) aim: f64,
    /// How close is close enough where rounding or the system's own noise prevents `aim`.
    pub(super) accept: f64,
    /// How close an end of a closed bracket is to be taken for the root: one side of a jump may be.
    pub(super) accept_side: f64,
}

/// How a residual comes to zero.
pub(super) enum Crossing<X> {
    /// At one multiplier.
    Point(Sample<X>),
    /// In a jump.
    Jump(Box<Jump<X>>),
    /// Before the multiplier has left zero. The sample is at zero, or next to it where the residual jumps at zero.
    BeforeZero(Sample<X>),
    /// Not at any multiplier allowed. The sample is at the largest.
    BeyondLargest(Sample<X>),
}

/// Two sides of a residual that is zero on neither.
pub(super) struct Jump<X> {
    /// The samples before and after, next to the jump.
    pub(super) sides: [Sample<X>; 2],
    /// The multipliers before and after that are as close as numbers can be.
    pub(super) place: [Multipliers; 2],
}

impl<X> Jump<X> {
    pub(super) fn between(before: Sample<X>, after: Sample<X>) -> Self {
        let place = [&before, &after].map(|side| side.solution.multipliers());
        Self { sides: [before, after], place }
    }
}

/// How far the bracket has come.
struct Progress {
    /// The bracket's width when it was last halved.
    width: f64,
    /// How to choose the next multiplier: by the slope, by the potential, in the middle.
    turn: u8,
    /// How often in a row the same side of the bracket has moved.
    same_side: i32,
}

impl Search<'_> {
    /// The residual in the direction in which it falls: positive below the root, negative above.
    fn excess<X>(&self, sample: &Sample<X>) -> f64 {
        if self.falling { sample.residual } else { -sample.residual }
    }

    /// How far Newton's method moves the multiplier; `None` where the slope is unknown, zero or of the wrong sign.
    fn newton<X>(&self, sample: &Sample<X>) -> Option<f64> {
        let slope = sample.slope.map(|slope| if self.falling { slope } else { -slope })?;
        (slope < 0.0).then(|| -self.excess(sample) / slope)
    }

    /// The crossing, from a first multiplier on: outwards with Newton's steps, doubled as long as they do not shrink,
    /// until the root is between two samples; then [`Search::between`].
    pub(super) fn from<X: Clone, E: std::error::Error>(
        &self,
        start: f64,
        evaluate: &mut impl FnMut(f64) -> Result<Sample<X>, InversionError<E>>,
    ) -> Result<Crossing<X>, InversionError<E>> {
        let InversionOptions { smallest_multiplier: smallest, largest_multiplier: largest, .. } =
            *self.options;
        let mut sample = evaluate(start)?;
        let mut best: Option<Sample<X>> = None;
        let mut last_step = f64::INFINITY;
        let mut short_steps = 0;
        loop {
            let excess = self.excess(&sample);
            let at = sample.multiplier;
            let at_end = if excess > 0.0 { at >= largest } else { at == 0.0 };
            if excess.abs() <= self.aim {
                return Ok(Crossing::Point(sample));
            }
            // What noise keeps from `aim` it can also keep from changing its sign.
            if excess.abs() <= self.accept
                && best.as_ref().is_none_or(|best| excess.abs() < self.excess(best).abs())
            {
                best = Some(sample.clone());
            }
            if let Some(best) = best.take_if(|_| at_end) {
                return Ok(Crossing::Point(best));
            }
            if at_end {
                let beyond = if excess > 0.0 { Crossing::BeyondLargest } else { Crossing::BeforeZero };
                return Ok(beyond(sample));
            }
            let newton = self.newton(&sample).filter(|step| step * excess > 0.0).map(f64::abs);
            let next = if at == 0.0 {
                newton.unwrap_or(1.0).clamp(smallest, largest)
            } else {
                let mut step = newton.map_or(LONGEST_STEP, |step| step / at);
                if step > 0.5 * last_step {
                    step *= 2.0;
                }
                short_steps += i32::from(step < SHORT_STEP);
                last_step = step.clamp(nudge(short_steps), LONGEST_STEP);
                let next = at * last_step.copysign(excess).exp();
                if next < smallest { 0.0 } else { next.min(largest) }
            };
            let neighbour = evaluate(next)?;
            let beyond = self.excess(&neighbour);
            if excess * beyond < 0.0 && beyond.abs() > self.aim {
                let (before, after) = if excess > 0.0 { (sample, neighbour) } else { (neighbour, sample) };
                return self.between(before, after, evaluate);
            }
            sample = neighbour;
        }
    }

    /// The crossing between two samples on either side of it.
    pub(super) fn between<X: Clone, E: std::error::Error>(
        &self,
        mut before: Sample<X>,
        mut after: Sample<X>,
        evaluate: &mut impl FnMut(f64) -> Result<Sample<X>, InversionError<E>>,
    ) -> Result<Crossing<X>, InversionError<E>> {
        let mut progress = Progress { width: width(&before, &after), turn: 0, same_side: 0 };
        while !self.closed(&before, &after) {
            let sample = evaluate(self.candidate(&before, &after, &progress))?;
            let excess = self.excess(&sample);
            if excess.abs() <= self.aim {
                return Ok(Crossing::Point(sample));
            }
            let best = self.excess(&before).min(-self.excess(&after));
            let side = if excess > 0.0 { &mut before } else { &mut after };
            *side = sample;
            let count = progress.same_side;
            progress.same_side = if excess > 0.0 { count.max(0) + 1 } else { count.min(0) - 1 };
            let width = width(&before, &after);
            if width <= 0.5 * progress.width {
                (progress.width, progress.turn) = (width, 0);
            } else if excess.abs() > 0.25 * best {
                progress.turn = (progress.turn + 1) % 3;
            }
        }
        let (excess_before, excess_after) = (self.excess(&before), -self.excess(&after));
        if excess_before.min(excess_after) <= self.accept_side {
            return Ok(Crossing::Point(if excess_before <= excess_after { before } else { after }));
        }
        // What a loss is at a multiplier of exactly zero is not identified: of all models of the same objective the
        // system has given one. The limit from above is what a constraint is compared with.
        if before.multiplier == 0.0 && self.falling {
            return Ok(Crossing::BeforeZero(after));
        }
        let Jump { sides: [before, after], place } = Jump::between(before, after);
        let before = self.outermost(before, -APART, evaluate)?;
        let after = self.outermost(after, APART, evaluate)?;
        Ok(Crossing::Jump(Box::new(Jump { sides: [before, after], place })))
    }

    /// One side of a jump, come to from outside if that leads farther. So close to the jump every mixture of the two sides
    /// is an equilibrium to rounding, and which of them the system found is an accident of what it started from. Where two
    /// starts find two, the side is the closest sample that is as far as the one before it on the way to the jump.
    fn outermost<X: Clone, E: std::error::Error>(
        &self,
        side: Sample<X>,
        apart: f64,
        evaluate: &mut impl FnMut(f64) -> Result<Sample<X>, InversionError<E>>,
    ) -> Result<Sample<X>, InversionError<E>> {
        let outside = |apart: f64| (side.multiplier * (1.0 + apart)).min(self.options.largest_multiplier);
        let direction = self.excess(&side).signum();
        // How much farther the second is, without what a phase goes of itself on this way.
        let farther = |from: &Sample<X>, to: &Sample<X>| {
            let smooth = to.slope.map_or(0.0, |slope| slope * (to.multiplier - from.multiplier));
            direction * (self.excess(to) - self.excess(from)) - 2.0 * smooth.abs()
        };
        let neighbour = evaluate(outside(2.0 * apart))?;
        if farther(&side, &neighbour) <= self.accept {
            return Ok(side);
        }
        // Once more outside, lest a system that extrapolates goes back where it came from.
        let mut last = evaluate(outside(apart))?;
        let again = evaluate(side.multiplier)?;
        let is_mixture = farther(&again, &last) > self.accept && farther(&side, &again).abs() > self.accept;
        let mut found = if farther(&side, &again) > 0.0 { again } else { side.clone() };
        if is_mixture {
            let mut closer = CLOSER * apart;
            while closer.abs() > CLOSEST {
                let sample = evaluate(outside(closer))?;
                if farther(&sample, &last) <= self.accept {
                    found = sample.clone();
                }
                (last, closer) = (sample, CLOSER * closer);
            }
        }
        Ok(found)
    }

    /// Whether no multiplier is left between the two, or none that matters.
    fn closed<X>(&self, before: &Sample<X>, after: &Sample<X>) -> bool {
        let scale = if before.multiplier > 0.0 { after.multiplier } else { self.options.smallest_multiplier };
        after.multiplier - before.multiplier <= 8.0 * f64::EPSILON * scale
    }

    /// The next multiplier to try. Newton's method finds a smooth root, but not a jump: there the tangents of the
    /// potential from either side meet near the kink, and do so quadratically. The middle, every third time that the
    /// bracket was not halved, bounds the number of steps.
    fn candidate<X>(&self, before: &Sample<X>, after: &Sample<X>, progress: &Progress) -> f64 {
        let (low, high) = (before.multiplier, after.multiplier);
        let inside = |multiplier: &f64| low < *multiplier && *multiplier < high;
        let by_slope = || {
            let nearest = if self.excess(before) <= -self.excess(after) { before } else { after };
            let step = self.newton(nearest);
            let newton = step.map(|step| {
                let at = nearest.multiplier;
                if low > 0.0 { at * (step / at).exp() } else { at + step }
            });
            newton.or_else(|| secant(self.excess(before), self.excess(after), low, high))
        };
        let middle = if low > 0.0 { low.sqrt() * high.sqrt() } else { 0.01 * high };
        let choice = match progress.turn {
            0 => by_slope().filter(inside).or(Some(before.meeting(after))),
            1 => Some(before.meeting(after)),
            _ => None,
        };
        let choice = choice.filter(inside).unwrap_or(middle);
        // A step that rounding swallows would try an end again. The shortest step grows when one side moves again and
        // again, so that the other side of a kink is found, however uncertain its place.
        let shortest = nudge(progress.same_side.abs()).min(0.25 * (high - low) / high);
        choice.clamp(low * (1.0 + shortest), high * (1.0 - shortest))
    }
}

/// The shortest relative step, after a number of steps that led to nothing new.
fn nudge(steps: i32) -> f64 {
    2.0 * f64::EPSILON * 4.0_f64.powi(steps.min(24))
}

/// Where the chord through the two ends is zero, in the logarithm of the multiplier.
fn secant(above: f64, below: f64, low: f64, high: f64) -> Option<f64> {
    let share = above / (above - below);
    Some(if low > 0.0 { low * (high / low).powf(share) } else { share * high })
}

/// The width of a bracket, in the logarithm of the multiplier unless it reaches down to zero.
fn width<X>(before: &Sample<X>, after: &Sample<X>) -> f64 {
    if before.multiplier > 0.0 {
        (after.multiplier / before.multiplier).ln()
    } else {
        // Larger than any logarithm when the bracket leaves zero, so that this counts as progress.
        1e200 * after.multiplier
    }
}
