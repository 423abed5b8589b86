//! The search for phase transitions along a line of the multiplier plane.

use std::cell::Cell;

use super::one_sided::{Approach, NOISE};
use super::segment::{Segment, respond, solve};
use super::transition::{Search, Transition};
use super::{GeometryError, Phased};
use crate::{At, Rdc, Responsive};

/// An equilibrium on the line.
struct Sample<S: Phased> {
    position: f64,
    at: At<S>,
    phase: S::Phase,
    /// `(dD, dC)` for the whole line's length, by the response.
    slope: [f64; 2],
}

/// All transitions along a segment, in order: where the phase changes, and where D or C jumps without it.
///
/// The line is cut into panels. One whose ends differ in phase, or in D and C by more than their responses explain by
/// the trapezoidal rule, is halved until it is as narrow as the tolerance: what is unexplained shrinks with the third
/// power of the width where F is smooth, and does not where D or C jumps. Equilibria are solved from nothing, so that
/// no metastable branch is followed past its transition.
///
/// # Errors
///
/// The system's own; options out of range; a budget that does not suffice.
pub fn locate<S: Phased<Rdc = Rdc> + Responsive>(
    system: &S,
    segment: &Segment,
    search: &Search,
) -> Result<Vec<Transition<S::Phase>>, GeometryError<S::Error>> {
    search.check()?;
    let line = Line { system, segment, search, solved: Cell::new(0) };
    let samples = (0..=search.resolution)
        .map(|k| line.sample(k as f64 / search.resolution as f64))
        .collect::<Result<Vec<_>, _>>()?;
    let threshold = [0, 1].map(|k| {
        let observable = |sample: &Sample<S>| observables(&sample.at.rdc)[k];
        let variation: f64 =
            samples.windows(2).map(|pair| (observable(&pair[1]) - observable(&pair[0])).abs()).sum();
        let largest = samples.iter().map(|sample| observable(sample).abs()).fold(0.0, f64::max);
        search.jump * variation + NOISE * largest
    });
    let mut brackets = Vec::new();
    for pair in samples.windows(2) {
        line.refine(&pair[0], &pair[1], threshold, &mut brackets)?;
    }
    (0..brackets.len()).map(|number| line.classify(&brackets, number, threshold)).collect()
}

fn observables(rdc: &Rdc) -> [f64; 2] {
    [rdc.distortion, rdc.classification]
}

/// An interval with a transition in it, and the phases at its ends.
struct Bracket<P> {
    ends: [f64; 2],
    phases: [P; 2],
}

struct Line<'a, S> {
    system: &'a S,
    segment: &'a Segment,
    search: &'a Search,
    solved: Cell<usize>,
}

impl<S: Phased<Rdc = Rdc> + Responsive> Line<'_, S> {
    fn sample(&self, position: f64) -> Result<Sample<S>, GeometryError<S::Error>> {
        let budget = self.search.budget;
        if self.solved.get() >= budget {
            return Err(GeometryError::Budget { budget, position });
        }
        self.solved.set(self.solved.get() + 1);
        let at = solve(self.system, self.segment.at(position)?, None)?;
        let slope = respond(self.system, &at)?.along(self.segment.direction());
        Ok(Sample { position, phase: self.system.phase(&at), at, slope })
    }

    /// Halves a panel down to the brackets of its transitions.
    fn refine(
        &self,
        one: &Sample<S>,
        other: &Sample<S>,
        threshold: [f64; 2],
        brackets: &mut Vec<Bracket<S::Phase>>,
    ) -> Result<(), GeometryError<S::Error>> {
        let width = other.position - one.position;
        let (before, after) = (observables(&one.at.rdc), observables(&other.at.rdc));
        let unexplained = |k: usize| {
            let explained = 0.5 * width * (one.slope[k] + other.slope[k]);
            (after[k] - before[k] - explained).abs() > threshold[k]
        };
        if one.phase == other.phase && !unexplained(0) && !unexplained(1) {
            return Ok(());
        }
        let middle = 0.5 * (one.position + other.position);
        // The second condition ends a tolerance below the spacing of numbers.
        if width <= self.search.tolerance || middle <= one.position || middle >= other.position {
            let phases = [one.phase.clone(), other.phase.clone()];
            match brackets.last_mut() {
                // Brackets that touch are one transition: a response that diverges is steep beyond its own.
                Some(last) if last.ends[1] == one.position => {
                    last.ends[1] = other.position;
                    last.phases[1] = other.phase.clone();
                }
                _ => brackets.push(Bracket { ends: [one.position, other.position], phases }),
            }
            return Ok(());
        }
        let between = self.sample(middle)?;
        self.refine(one, &between, threshold, brackets)?;
        self.refine(&between, other, threshold, brackets)
    }

    /// Extrapolates to a bracket from either side and tells the order.
    fn classify(
        &self,
        brackets: &[Bracket<S::Phase>],
        number: usize,
        threshold: [f64; 2],
    ) -> Result<Transition<S::Phase>, GeometryError<S::Error>> {
        let Bracket { ends, phases } = &brackets[number];
        let middle = 0.5 * (ends[0] + ends[1]);
        let half_width = 0.5 * (ends[1] - ends[0]);
        // From outside the bracket, but no farther than half way to the next one or to the line's end.
        let room_before = if number == 0 { middle } else { 0.5 * (middle - brackets[number - 1].ends[1]) };
        let room_after = match brackets.get(number + 1) {
            None => 1.0 - middle,
            Some(next) => 0.5 * (next.ends[0] - middle),
        };
        let approach = |side: f64, room: f64| {
            let farthest = self.search.probe.min(room);
            Approach { system: self.system, segment: self.segment, position: middle, side }
                .limit(farthest, half_width)
        };
        let (before, after) = (approach(-1.0, room_before)?, approach(1.0, room_after)?);
        let limits = [before, after];
        let bracket = [middle, half_width];
        Ok(Transition::between(phases.clone(), self.segment, bracket, limits, threshold)?)
    }
}
