//! The search for phase transitions along a line of the multiplier plane.

use std::cell::Cell;

use super::one_sided::{Approach, NOISE};
use super::place::{Place, Sides};
use super::segment::{Segment, respond, solve};
use super::transition::{Order, Search, Transition};
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
/// no metastable branch is followed past its transition. On a line at `lambda = 0` D is left out: F does not depend on it there.
///
/// What has only just entered hardly shows in F, and a solver can use it late. So the place of a transition is not that of
/// the bracket: it is where what enters reaches its threshold, as extrapolated from the side on which it is absent
/// ([`Phased::entry`]), or where F (first order) or its slope (second order) is continuous, from both sides.
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
    // Nothing on a line at lambda = 0 depends on D, and no system need identify it there.
    let threshold = if line.is_without_distortion() { [f64::INFINITY, threshold[1]] } else { threshold };
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
    /// Whether D has no price anywhere on the line.
    fn is_without_distortion(&self) -> bool {
        self.segment.from.lambda() == 0.0 && self.segment.to.lambda() == 0.0
    }

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
        let reach = [room_before, room_after].map(|room| self.search.probe.min(room));
        let (mut known, mut order, mut place) = self.look(middle, half_width, reach, phases, threshold)?;
        let mut position = middle + place.shift;
        if place.shift.abs() > half_width {
            // The phase changed its name late. From the place itself the limits are those of the transition.
            let moved =
                [reach[0] + place.shift, reach[1] - place.shift].map(|room| self.search.probe.min(room));
            let uncertainty = place.uncertainty;
            (known, order, place) = self.look(position, uncertainty, moved, phases, threshold)?;
            position += place.shift;
            place.uncertainty = place.uncertainty.max(uncertainty.min(place.shift.abs()));
        }
        let half_width = place.uncertainty.max(half_width);
        let [before, after] = &known.limits;
        Ok(Transition {
            position,
            half_width,
            multipliers: self.segment.at(position)?,
            phases: phases.clone(),
            values: [before.moved(place.shift), after.moved(place.shift)],
            responses: [before.response, after.response],
            jump_error: known.jump_error(half_width),
            order,
        })
    }

    /// What is seen from distances up to `reach` on either side of the middle of a bracket.
    fn look(
        &self,
        middle: f64,
        half_width: f64,
        reach: [f64; 2],
        phases: &[S::Phase; 2],
        threshold: [f64; 2],
    ) -> Result<(Sides<'_>, Order, Place), GeometryError<S::Error>> {
        let Self { system, segment, .. } = *self;
        let approach = |k: usize| Approach {
            system,
            segment,
            position: middle,
            side: if k == 0 { -1.0 } else { 1.0 },
            phase: &phases[k],
        };
        let limit = |k: usize| approach(k).limit(reach[k], half_width);
        let entry = |k: usize| approach(k).entry(reach[k], half_width);
        let limits = [limit(0)?, limit(1)?];
        let known = Sides { segment, middle, half_width, reach: reach[0].max(reach[1]), limits };
        let order = known.order(threshold)?;
        let place = match (known.entrance([entry(0)?, entry(1)?], order)?, order) {
            (Some(place), _) => place,
            (None, Order::First) => known.crossing()?,
            (None, Order::Second) => known.bending()?,
            (None, Order::Unresolved) => known.name_change(),
        };
        Ok((known, order, place))
    }
}
