//! From the crossing of a monotone residual to what it means.

use super::bracket::{Crossing, Search};
use super::error::Halt;
use super::oracle::Sample;
use super::{Extreme, Inversion, InversionOptions, Solution, Unattainable};
use crate::{Observable, Observables, Rdc};

/// Two multipliers this close, relative to them, are not the ends of a plateau: around an extremum or an inflection a
/// residual stays within the tolerance for as much as its square root or cube root.
pub(super) const NARROW: f64 = 1e-3;

/// An observable and its target.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) observable: Observable,
    pub(super) value: f64,
}

impl Wanted {
    pub(super) fn residual(self, rdc: &Rdc) -> f64 {
        rdc.get(self.observable) - self.value
    }

    /// The search for the target: D and C fall when their multiplier rises, R does not. Its aim is a thousandth of the
    /// tolerance: Newton's method gives that for one more step, a plateau can then be told from its neighbourhood, and
    /// what rests on the root is not disturbed by what is left.
    pub(super) fn search(self, options: &InversionOptions) -> Search<'_> {
        let accept = options.allowed(self.value);
        let falling = self.observable != Observable::Rate;
        Search { options, falling, level: 0.0, aim: 1e-3 * accept, accept }
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
    evaluate: &mut impl FnMut(f64) -> Result<Sample<X>, Halt<E>>,
) -> Result<Inversion<X>, Halt<E>> {
    let search = wanted.search(options);
    let (solution, slack) = match search.from(start, evaluate)? {
        Crossing::Point(sample) => {
            let ends = plateau(&search, &sample, evaluate)?;
            (ends.unwrap_or(sample.solution), sample.slack)
        }
        Crossing::Jump(before, after) => {
            let slack = if before.slack.is_empty() { after.slack.clone() } else { before.slack.clone() };
            (coexistence(before, after, same), slack)
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
    before: Sample<X>,
    after: Sample<X>,
    same: impl Fn(&Rdc, &Rdc) -> bool,
) -> Solution<X> {
    let weight = after.residual / (after.residual - before.residual);
    Solution::mix(before.solution, after.solution, weight, same)
}

/// The plateau around a root, if the residual stays within the tolerance when the multiplier changes by a factor of
/// about e.
fn plateau<X: Clone, E: std::error::Error>(
    search: &Search<'_>,
    root: &Sample<X>,
    evaluate: &mut impl FnMut(f64) -> Result<Sample<X>, Halt<E>>,
) -> Result<Option<Solution<X>>, Halt<E>> {
    let steep = |slope: f64| (root.multiplier * slope).abs() > search.accept;
    if root.slope.is_some_and(steep) || !matches!(root.solution, Solution::Point(_)) {
        return Ok(None);
    }
    // The plateau ends where the residual is about to leave the tolerance.
    let edge = 0.9 * search.accept;
    let edges = if search.falling { [edge, -edge] } else { [-edge, edge] };
    let to = |level: f64| Search { level, aim: 0.1 * search.accept, ..*search };
    let start = root.multiplier.max(search.options.smallest_multiplier);
    let low = match to(edges[0]).from(start, evaluate)? {
        Crossing::Jump(_, inside) => inside,
        Crossing::Point(end) | Crossing::BeforeZero(end) | Crossing::BeyondLargest(end) => end,
    };
    let high = match to(edges[1]).from(start, evaluate)? {
        Crossing::Jump(inside, _) => inside,
        Crossing::Point(end) | Crossing::BeforeZero(end) | Crossing::BeyondLargest(end) => end,
    };
    let wide = high.multiplier - low.multiplier > NARROW * high.multiplier;
    let visible = high.multiplier > search.options.smallest_multiplier;
    Ok(match (low.solution, high.solution) {
        (Solution::Point(low), Solution::Point(high)) if wide && visible => {
            Some(Solution::Plateau { ends: [low, high] })
        }
        _ => None,
    })
}
