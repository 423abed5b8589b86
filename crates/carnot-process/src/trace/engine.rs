//! Equilibria on the constraint: evaluating a place, and correcting it.

use carnot_surface::{At, Driven, Multipliers, Observables, Quantity, System};

use super::border::Border;
use super::{RdcOf, ScalarOf, Traced};
use crate::coordinates::Position;
use crate::linear::{Vector, dot, norm, orthogonal, scale, solve};
use crate::options::ROUNDING;
use crate::{
    Change, Coordinate, Coordinates, Correction, Counters, Equations, Observation, Place, Point,
    PointGradient, Process, ProcessError, Site, Slopes, Tangent, Waypoint, Work,
};

/// A tangent component below this is rounding: no turn, and no heading, is seen by its sign.
pub(super) const LEVEL: f64 = 1e-12;

/// Corrections after which no corrector is asked any more.
const MOST_CORRECTIONS: usize = 1_000;

/// Everything that it takes to find points of the curve.
pub(crate) struct Engine<D: Driven, T> {
    pub(crate) process: Process,
    pub(crate) driven: D,
    pub(crate) tangent: T,
    pub(crate) axes: Coordinates,
    /// Where the rule began to hold.
    pub(crate) start: Point,
    pub(crate) first: RdcOf<D>,
    /// The value that is held.
    pub(crate) level: f64,
    pub(crate) counters: Counters,
    /// The system at the time at which it was last needed.
    pub(crate) system: D::System,
    pub(crate) system_time: f64,
}

/// The plane on which a step ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plane {
    pub(crate) normal: Vector,
    pub(crate) through: Position,
    /// A coordinate, and between which values of it places are looked at; others give up the step.
    pub(crate) within: Option<(Coordinate, [f64; 2])>,
}

impl Plane {
    pub(crate) fn new(normal: Vector, through: Position) -> Self {
        Self { normal, through, within: None }
    }

    fn allows(&self, place: Position) -> bool {
        self.within.is_none_or(|(k, [one, other])| (one.min(other)..=one.max(other)).contains(&place.get(k)))
    }
}

/// An equilibrium and what the constraint says of it.
pub(crate) struct Evaluated<S: System> {
    pub(crate) equilibrium: At<S>,
    pub(crate) point: Point,
    pub(crate) slopes: Slopes,
    pub(crate) residuals: [f64; 2],
    pub(crate) std_err: Option<f64>,
    pub(crate) allowed: [f64; 2],
    pub(crate) rows: [Vector; 2],
}

/// Where a place is looked for from: its state is the warm start.
pub(crate) struct Near<'a, S: System> {
    pub(crate) equilibrium: &'a At<S>,
    pub(crate) point: &'a Point,
}

/// What became of a place that was to be corrected.
pub(crate) enum Settled<S: System> {
    /// The corrector accepted it, after so many corrections by so much in all.
    Reached { found: Box<Evaluated<S>>, corrections: usize, error: f64 },
    /// It would have to be beyond a border.
    Outside(Border),
    /// The corrector gave up. Where the residual had both signs, the last place of either; and whether the equations did not
    /// determine a correction.
    GivenUp { residual: f64, sides: Option<Box<[Evaluated<S>; 2]>>, is_singular: bool },
}

impl<D: Driven, T: Tangent<D>> Engine<D, T> {
    /// The equilibrium at a position, and what the constraint says of it.
    pub(crate) fn evaluate(
        &mut self,
        position: Position,
        near: &Near<'_, D::System>,
        waypoint: usize,
    ) -> Traced<D, Option<Evaluated<D::System>>> {
        let [lambda, gamma, time] = position.0;
        let Ok(at) = Multipliers::new(lambda, gamma) else { return Ok(None) };
        if !time.is_finite() {
            return Ok(None);
        }
        let failed = |source| ProcessError::System { waypoint, at, time, source };
        if time != self.system_time {
            self.system = self.driven.at(time).map_err(failed)?;
            self.system_time = time;
        }
        let equilibrium = self.system.equilibrium(at, Some(&near.equilibrium.state)).map_err(failed)?;
        self.counters.equilibria += 1;
        let changes = equilibrium.rdc.change_since(&near.equilibrium.rdc);
        let change = |of: ScalarOf<D>| Change { mean: of.mean(), std_err: of.std_err() };
        self.tangent.observe(&Observation {
            step: self.axes.between(Position::of(near.point), position),
            changes: [change(changes.rate()), change(changes.distortion()), change(changes.classification())],
        });
        self.describe(equilibrium, time, waypoint).map(Some)
    }

    /// What the constraint says of an equilibrium.
    pub(crate) fn describe(
        &mut self,
        equilibrium: At<D::System>,
        time: f64,
        waypoint: usize,
    ) -> Traced<D, Evaluated<D::System>> {
        let at = equilibrium.multipliers;
        let point = Point::of::<D::System>(&equilibrium, time);
        let finite = |quantity, value: f64| {
            if value.is_finite() {
                Ok(())
            } else {
                Err(ProcessError::NotFinite { quantity, value, waypoint, at, time })
            }
        };
        finite("rate", point.rate)?;
        finite("distortion", point.distortion)?;
        finite("classification loss", point.classification)?;
        let site = Site { system: &self.system, equilibrium: &equilibrium, point: &point, axes: &self.axes };
        let slopes = self.tangent.slopes(&self.driven, &site).map_err(|source| ProcessError::System {
            waypoint,
            at,
            time,
            source,
        })?;
        let constraint = &self.process.constraint;
        let value = constraint.value(&point);
        finite("held function", value)?;
        let gradient = constraint.gradient(&point);
        let held = slopes.row(&gradient, &point, &self.axes);
        held.into_iter().try_for_each(|slope| finite("slope of the held function", slope))?;
        let held_scale = gradient.scale(&point);
        let held = without_rounding(held, held_scale);
        let place = Place { point: &point, start: &self.start, slopes: &slopes, held, axes: &self.axes };
        let demand = self.process.rule.demand(&place);
        finite("residual of the closing rule", demand.residual)?;
        demand.row.into_iter().try_for_each(|slope| finite("slope of the closing rule", slope))?;
        let std_err = std_err(&equilibrium.rdc.change_since(&self.first), &gradient);
        let tolerance = self.process.options.tolerance;
        Ok(Evaluated {
            residuals: [value - self.level, demand.residual],
            allowed: [
                tolerance.allowed(self.level, held_scale, std_err),
                tolerance.allowed(demand.scale, demand.scale, std_err),
            ],
            rows: [held, without_rounding(demand.row, demand.scale)],
            std_err,
            equilibrium,
            point,
            slopes,
        })
    }

    /// Corrects the place at which a plane is entered until the corrector accepts it.
    pub(crate) fn settle(
        &mut self,
        plane: &Plane,
        near: &Near<'_, D::System>,
        waypoint: usize,
    ) -> Traced<D, Settled<D::System>> {
        let nothing = Settled::GivenUp { residual: f64::INFINITY, sides: None, is_singular: false };
        let time = near.point.time;
        if let Some(border) = self.outside(plane.through, time) {
            return Ok(Settled::Outside(border));
        }
        if !plane.allows(plane.through) {
            return Ok(nothing);
        }
        let Some(mut here) = self.evaluate(plane.through, near, waypoint)? else { return Ok(nothing) };
        let mut sides: [Option<Evaluated<D::System>>; 2] = [None, None];
        let (mut corrections, mut before) = (0, None);
        let corrector = std::sync::Arc::clone(&self.process.corrector);
        loop {
            let equations = Equations {
                residuals: here.residuals,
                allowed: here.allowed,
                rows: here.rows,
                plane: plane.normal,
                before,
                corrections,
            };
            let residual = here.residuals[0];
            let position = Position::of(&here.point);
            let mut correction = match corrector.correct(&equations) {
                Correction::Accept => {
                    let error = norm(self.axes.between(plane.through, position));
                    return Ok(Settled::Reached { found: Box::new(here), corrections, error });
                }
                Correction::GiveUp => {
                    let side = usize::from(residual > 0.0);
                    let [held, rule] = here.rows;
                    let is_singular = solve([held, rule, plane.normal], [0.0; 3]).is_none();
                    sides[side] = Some(here);
                    let [below, above] = sides;
                    let sides = below.zip(above).map(|(below, above)| Box::new([below, above]));
                    return Ok(Settled::GivenUp { residual, sides, is_singular });
                }
                Correction::Move(correction) => correction,
            };
            let side = usize::from(residual > 0.0);
            let exact = here.std_err.is_none() && here.residuals[1].abs() <= here.allowed[1];
            if let (true, Some(opposite)) = (exact, &sides[1 - side]) {
                // Beyond a place where the residual has the other sign, a correction has overshot: a kink is between.
                let way = self.axes.between(position, Position::of(&opposite.point));
                let reach = dot(correction, way) / dot(way, way);
                if !(reach > 0.0 && reach < 1.0) {
                    correction = scale(way, 0.5);
                }
            }
            if corrections >= MOST_CORRECTIONS {
                let Evaluated { point: Point { time, .. }, equilibrium, .. } = here;
                let at = equilibrium.multipliers;
                return Err(ProcessError::Corrector { corrections, waypoint, at, time });
            }
            let next = self.axes.moved(position, correction);
            if !plane.allows(next) {
                return Ok(Settled::GivenUp { residual, sides: None, is_singular: false });
            }
            if let Some(border) = self.outside(next, time) {
                return Ok(Settled::Outside(border));
            }
            self.counters.corrections += 1;
            corrections += 1;
            before = Some(here.residuals);
            let near = Near { equilibrium: &here.equilibrium, point: &here.point };
            let Some(found) = self.evaluate(next, &near, waypoint)? else {
                return Ok(Settled::GivenUp { residual, sides: None, is_singular: false });
            };
            sides[side] = Some(std::mem::replace(&mut here, found));
        }
    }

    /// The direction in which the curve leads on from a place, on the side of `preferred`.
    pub(crate) fn direction(found: &Evaluated<D::System>, preferred: Vector) -> Option<Vector> {
        orthogonal(found.rows, preferred)
    }

    /// The direction in which the curve leaves the place at which the process begins, or is steered. None where the coordinate
    /// that an arc length is to be begun with does not move along the curve: neither direction is the one that was asked for.
    pub(crate) fn departure(&self, found: &Evaluated<D::System>) -> Option<Vector> {
        let preferred = self.preferred(&found.point, None);
        let direction = Self::direction(found, preferred)?;
        let is_by_length = self.process.drive.target().is_none();
        (!is_by_length || dot(direction, preferred) > LEVEL).then_some(direction)
    }

    /// A place as a waypoint. Arc length and work are those of the start until they are known.
    pub(crate) fn waypoint(
        found: Evaluated<D::System>,
        index: usize,
        preferred: Vector,
    ) -> Waypoint<D::System> {
        let direction = Self::direction(&found, preferred);
        Waypoint {
            index,
            equilibrium: found.equilibrium,
            point: found.point,
            arc_length: 0.0,
            residual: found.residuals[0],
            std_err: found.std_err,
            closing_residual: found.residuals[1],
            step: 0.0,
            corrections: 0,
            prediction_error: 0.0,
            slopes: found.slopes,
            direction,
            arriving: direction,
            work: Work::default(),
            event: None,
        }
    }
}

/// A row with nothing in it but the rounding of the terms that its function is made of is zero: a unit step changes nothing.
fn without_rounding(row: Vector, scale: f64) -> Vector {
    if norm(row) <= ROUNDING * scale { [0.0; 3] } else { row }
}

/// A bound of the standard error of a function's change: exact where it depends on one observable.
fn std_err<V: Observables>(change: &V, gradient: &PointGradient) -> Option<f64> {
    let terms = [
        (gradient.rate, change.rate()),
        (gradient.distortion, change.distortion()),
        (gradient.classification, change.classification()),
    ];
    terms.into_iter().try_fold(0.0, |sum, (slope, change)| Some(sum + slope.abs() * change.std_err()?))
}
