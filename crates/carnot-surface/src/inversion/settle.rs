//! From the crossing of a monotone residual to what it means.

use super::bracket::{Crossing, Jump, Search};
use super::oracle::Sample;
use super::plateau::plateau;
use super::{Extreme, Inversion, InversionError, InversionOptions, Solution, Unattainable};
use crate::{Observable, Observables, Rdc};

/// An observable and its target.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) observable: Observable,
    pub(super) value: f64,
}

impl Wanted {
    /// Whether a sample is within the tolerance of the target.
    pub(super) fn is_met<X>(self, options: &InversionOptions, sample: &Sample<X>) -> bool {
        sample.residual.abs() <= options.allowed(self.value)
    }

    /// Whether the target may be met on a whole range of multipliers around a sample: a change of the multiplier by a
    /// factor of about e would not lead out of the tolerance, as far as the slope is known.
    pub(super) fn is_flat<X>(self, options: &InversionOptions, sample: &Sample<X>) -> bool {
        let change = |slope: f64| (sample.multiplier * slope).abs();
        sample.slope.is_none_or(|slope| change(slope) <= options.allowed(self.value))
    }

    pub(super) fn residual(self, rdc: &Rdc) -> f64 {
        rdc.get(self.observable) - self.value
    }

    /// The search for the target: D and C fall when their multiplier rises, R does not. Its aim is a thousandth of the
    /// tolerance: Newton's method gives that for one more step, a plateau can then be told from its neighbourhood, and
    /// what rests on the root is not disturbed by what is left.
    pub(super) fn search(self, options: &InversionOptions) -> Search<'_> {
        let accept = options.allowed(self.value);
        let falling = self.observable != Observable::Rate;
        Search { options, falling, aim: 1e-3 * accept, accept, accept_side: accept }
    }

    /// The verdict that no multiplier is large enough, or small enough, given samples at both ends.
    pub(super) fn unattainable<X>(self, one: &Sample<X>, other: &Sample<X>) -> Unattainable {
        let extreme = |sample: &Sample<X>| Extreme {
            value: self.value + sample.residual,
            multipliers: sample.solution.multipliers(),
        };
        let (lowest, highest) = if one.residual <= other.residual { (one, other) } else { (other, one) };
        Unattainable {
            observable: self.observable,
            target: self.value,
            lowest: extreme(lowest),
            highest: extreme(highest),
        }
    }
}

/// Where a residual that is monotone in a multiplier is zero, along the curve that `evaluate` follows, from `start`.
pub(super) fn settle<X: Clone, E: std::error::Error>(
    wanted: Wanted,
    options: &InversionOptions,
    start: f64,
    same: impl Fn(&Rdc, &Rdc) -> bool,
    evaluate: &mut impl FnMut(f64) -> Result<Sample<X>, InversionError<E>>,
) -> Result<Inversion<X>, InversionError<E>> {
    let search = wanted.search(options);
    let crossing = search.from(start, evaluate)?;
    let unmet = match &crossing {
        Crossing::Jump(jump) => jump.sides[0].unmet.or(jump.sides[1].unmet),
        Crossing::Point(end) | Crossing::BeforeZero(end) | Crossing::BeyondLargest(end) => end.unmet,
    };
    if let Some(unmet) = unmet {
        return Ok(Inversion::Unattainable(unmet));
    }
    let (solution, slack) = match crossing {
        Crossing::Point(sample) => {
            let slack = sample.slack.clone();
            (plateau(wanted, options, sample, evaluate)?, slack)
        }
        Crossing::Jump(jump) => {
            let slack = jump.sides.iter().find(|side| !side.slack.is_empty()).map(|side| side.slack.clone());
            (coexistence(*jump, same), slack.unwrap_or_default())
        }
        Crossing::BeforeZero(mut sample) if search.falling => {
            sample.slack.push(wanted.observable);
            (sample.solution, sample.slack)
        }
        Crossing::BeforeZero(sample) => {
            let other = evaluate(options.largest_multiplier)?;
            return Ok(Inversion::Unattainable(wanted.unattainable(&sample, &other)));
        }
        Crossing::BeyondLargest(sample) => {
            let other = evaluate(0.0)?;
            return Ok(Inversion::Unattainable(wanted.unattainable(&sample, &other)));
        }
    };
    Ok(if slack.is_empty() { Inversion::Unique(solution) } else { Inversion::Slack { solution, slack } })
}

/// The lever rule: the mixture of two samples on either side of a jump whose residual is zero.
pub(super) fn coexistence<X>(
    Jump { sides: [before, after], place }: Jump<X>,
    same: impl Fn(&Rdc, &Rdc) -> bool,
) -> Solution<X> {
    let weight = after.residual / (after.residual - before.residual);
    // Where one side has a multiplier of zero, so has the kink: the other side's is what rounding left of it.
    let multipliers = if before.slack.is_empty() { place[1] } else { place[0] };
    Solution::mix(multipliers, before.solution, after.solution, weight, same)
}
