//! Letters of a discrete system entering and leaving as lambda grows, where the problem is convex.

use carnot_surface::{At, DiscreteSystem, Multipliers, System};

use crate::figure::FigureError;
use crate::figures::exact::{Example, geometric};

/// gamma, below one: the minimum is global.
pub(super) const GAMMA: f64 = 0.5;
/// The part of lambda that is shown, and points in it.
const RANGE: (f64, f64) = (0.1, 20.0);
const SAMPLES: usize = 161;
/// A change of letters is bracketed to this, relative to lambda.
const BRACKET: f64 = 1e-9;

/// A point on the way.
pub(super) struct Point {
    pub(super) lambda: f64,
    /// What each letter promises; one for a letter in use.
    pub(super) promises: Vec<f64>,
    /// How often each letter is used.
    pub(super) marginal: Vec<f64>,
}

/// A letter that enters or leaves.
pub(super) struct Change {
    pub(super) letter: usize,
    pub(super) enters: bool,
    pub(super) lambda: f64,
    /// What it promises on the side where it is not in use.
    pub(super) promise: f64,
    /// How often it is used on the side where it is: what jumps, if anything does.
    pub(super) weight: f64,
}

/// What is shown of the letters.
pub(super) struct Letters {
    pub(super) words: &'static str,
    pub(super) points: Vec<Point>,
    pub(super) changes: Vec<Change>,
}

impl Letters {
    pub(super) fn of(example: &Example<DiscreteSystem>) -> Result<Self, FigureError> {
        let system = &example.system;
        let mut points = Vec::new();
        let mut changes = Vec::new();
        let mut before: Option<At<DiscreteSystem>> = None;
        for lambda in geometric(RANGE.0, RANGE.1, SAMPLES) {
            let at = solve(system, lambda)?;
            if let Some(before) = &before {
                locate(system, before, &at, &mut changes)?;
            }
            points.push(Point {
                lambda,
                promises: system.promises(&at).map_err(FigureError::unfinished)?,
                marginal: at.state.marginal().probabilities().to_vec(),
            });
            before = Some(at);
        }
        Ok(Letters { words: example.words, points, changes })
    }
}

fn solve(system: &DiscreteSystem, lambda: f64) -> Result<At<DiscreteSystem>, FigureError> {
    let at = Multipliers::new(lambda, GAMMA).map_err(FigureError::unfinished)?;
    system.equilibrium(at, None).map_err(FigureError::unfinished)
}

/// The changes of the letters in use between two equilibria, by halving the distance.
fn locate(
    system: &DiscreteSystem,
    before: &At<DiscreteSystem>,
    after: &At<DiscreteSystem>,
    changes: &mut Vec<Change>,
) -> Result<(), FigureError> {
    let (old, new) = (before.state.support(), after.state.support());
    if old == new {
        return Ok(());
    }
    let (low, high) = (before.multipliers.lambda(), after.multipliers.lambda());
    if high - low > BRACKET * high {
        let middle = solve(system, 0.5 * (low + high))?;
        locate(system, before, &middle, changes)?;
        return locate(system, &middle, after, changes);
    }
    for letter in 0..system.n_letters() {
        let enters = match (old.contains(&letter), new.contains(&letter)) {
            (false, true) => true,
            (true, false) => false,
            _ => continue,
        };
        let (without, with) = if enters { (before, after) } else { (after, before) };
        let promises = system.promises(without).map_err(FigureError::unfinished)?;
        let marginal = with.state.marginal().probabilities();
        changes.push(Change {
            letter,
            enters,
            lambda: 0.5 * (low + high),
            promise: promises.get(letter).copied().unwrap_or(f64::NAN),
            weight: marginal.get(letter).copied().unwrap_or(f64::NAN),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_enters_and_leaves_where_its_promise_is_one() {
        let letters = Letters::of(&crate::figures::exact::discrete().expect("a system")).expect("letters");
        // All but the first one in use enter, and one leaves for a while.
        assert_eq!(letters.changes.iter().filter(|change| change.enters).count(), 6);
        assert_eq!(letters.changes.iter().filter(|change| !change.enters).count(), 1);
        for point in &letters.points {
            for (promise, weight) in point.promises.iter().zip(&point.marginal) {
                // What the solver certifies, a gap of 1e-12.
                assert!(*promise <= 1.0 + 1e-11, "promise {promise} at lambda {}", point.lambda);
                assert!(
                    *weight == 0.0 || (promise - 1.0).abs() <= 1e-11,
                    "promise {promise} of a letter in use"
                );
            }
        }
    }
}
