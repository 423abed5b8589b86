//! The range of multipliers on which a target stays met.

use super::oracle::Sample;
use super::settle::Wanted;
use super::{InversionError, InversionOptions, Solution};

/// An end of a range is found to this, relative to the multiplier.
const RESOLUTION: f64 = 1e-12;
/// Two multipliers this close, relative to them, are not the ends of a plateau: around an extremum or an inflection a
/// residual stays within the tolerance for as much as its square root or cube root.
const NARROW: f64 = 1e-3;
/// The factor between multipliers tried in search of something outside.
const FACTOR: f64 = 16.0;

/// The solution at a root: a plateau, if the target stays met around it and the same losses stay slack.
pub(super) fn plateau<X: Clone, E: std::error::Error>(
    wanted: Wanted,
    options: &InversionOptions,
    root: Sample<X>,
    evaluate: &mut impl FnMut(f64) -> Result<Sample<X>, InversionError<E>>,
) -> Result<Solution<X>, InversionError<E>> {
    if !wanted.is_flat(options, &root) {
        return Ok(root.solution);
    }
    let slack = root.slack.clone();
    let met = |sample: &Sample<X>| {
        wanted.is_met(options, sample) && sample.slack == slack && sample.unmet.is_none()
    };
    let (smallest, largest) = (options.smallest_multiplier, options.largest_multiplier);
    let down = |multiplier: f64| if multiplier > FACTOR * smallest { multiplier / FACTOR } else { 0.0 };
    let up = |multiplier: f64| (FACTOR * multiplier.max(smallest)).min(largest);
    // Where there is no slope, two neighbours tell most roots from plateaus.
    let mut near = false;
    for factor in [1.0 - NARROW, 1.0 + NARROW] {
        near |= met(&evaluate((root.multiplier * factor).clamp(0.0, largest))?);
    }
    if !near {
        return Ok(root.solution);
    }
    let mut reach = |step: &dyn Fn(f64) -> f64, limit: f64| {
        let mut inside = root.clone();
        while inside.multiplier != limit {
            let sample = evaluate(step(inside.multiplier))?;
            if !met(&sample) {
                return edge(options, inside, sample.multiplier, met, evaluate);
            }
            inside = sample;
        }
        Ok(inside)
    };
    let (low, high) = (reach(&down, 0.0)?, reach(&up, largest)?);
    Ok(between(&low, &high).unwrap_or(root.solution))
}

/// The plateau between two samples, if they are two equilibria and far enough apart.
pub(super) fn between<X: Clone>(low: &Sample<X>, high: &Sample<X>) -> Option<Solution<X>> {
    let wide = high.multiplier - low.multiplier > NARROW * high.multiplier;
    match (&low.solution, &high.solution) {
        (Solution::Point(low), Solution::Point(high)) if wide => {
            Some(Solution::Plateau { ends: [low.clone(), high.clone()] })
        }
        _ => None,
    }
}

/// The last sample that is met on the way from `inside` to a multiplier outside.
pub(super) fn edge<X, E: std::error::Error>(
    options: &InversionOptions,
    mut inside: Sample<X>,
    mut outside: f64,
    met: impl Fn(&Sample<X>) -> bool,
    evaluate: &mut impl FnMut(f64) -> Result<Sample<X>, InversionError<E>>,
) -> Result<Sample<X>, InversionError<E>> {
    loop {
        let (low, high) = (outside.min(inside.multiplier), outside.max(inside.multiplier));
        if high <= options.smallest_multiplier || high - low <= RESOLUTION * high {
            return Ok(inside);
        }
        let middle = if low > 0.0 { low.sqrt() * high.sqrt() } else { 0.01 * high };
        let sample = evaluate(middle)?;
        if met(&sample) { inside = sample } else { outside = middle }
    }
}
