//! Curves and checkpoints as data: tables and serde.

use std::borrow::Cow;
use std::io::{self, Write};

use carnot_surface::{Equilibrium, System};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Checkpoint, Coordinates, Counters, Curve, EventMark, Point, Slopes, StopReason, Waypoint, Work};

/// A waypoint without the state of its system: a row of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The number of the waypoint.
    pub index: usize,
    /// The point; R, D and C in nats.
    pub point: Point,
    /// F, in nats.
    pub free_energy: f64,
    /// The length of the curve so far.
    pub arc_length: f64,
    /// The held function's value less what it is held at.
    pub residual: f64,
    /// Its standard error, where it is measured.
    pub std_err: Option<f64>,
    /// The work so far, in nats.
    pub work: Work,
    /// The step that led here.
    pub step: f64,
    /// The corrections that it took.
    pub corrections: usize,
    /// What happened here.
    pub event: Option<&'static str>,
}

impl<S: System> From<&Waypoint<S>> for Row {
    fn from(waypoint: &Waypoint<S>) -> Self {
        Self {
            index: waypoint.index,
            point: waypoint.point,
            free_energy: waypoint.point.free_energy(),
            arc_length: waypoint.arc_length,
            residual: waypoint.residual,
            std_err: waypoint.std_err,
            work: waypoint.work,
            step: waypoint.step,
            corrections: waypoint.corrections,
            event: waypoint.event.map(|event| event.name),
        }
    }
}

const HEADER: &str = "index,lambda,gamma,time,rate,distortion,classification,free_energy,arc_length,residual,std_err,\
    work_lambda,work_gamma,work_time,work_distortion,work_classification,step,corrections,event";

impl<S: System> Curve<S> {
    /// The waypoints as rows.
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        self.waypoints.iter().map(Row::from)
    }

    /// Writes the waypoints as comma-separated values, a header first. Numbers have as many digits as it takes to read the
    /// same ones back.
    ///
    /// # Errors
    ///
    /// The writer's.
    pub fn write_csv(&self, mut to: impl Write) -> io::Result<()> {
        writeln!(to, "{HEADER}")?;
        for row in self.rows() {
            let Point { lambda, gamma, time, rate, distortion, classification } = row.point;
            let numbers = [
                lambda,
                gamma,
                time,
                rate,
                distortion,
                classification,
                row.free_energy,
                row.arc_length,
                row.residual,
            ];
            write!(to, "{}", row.index)?;
            for number in numbers {
                write!(to, ",{number:?}")?;
            }
            match row.std_err {
                Some(std_err) => write!(to, ",{std_err:?}")?,
                None => write!(to, ",")?,
            }
            let Work { lambda, gamma, time, distortion, classification, .. } = row.work;
            for number in [lambda, gamma, time, distortion, classification, row.step] {
                write!(to, ",{number:?}")?;
            }
            writeln!(to, ",{},{}", row.corrections, quoted(row.event.unwrap_or_default()))?;
        }
        Ok(())
    }
}

/// Text as a field: where it has a comma, a quotation mark or a line break it is quoted, and its quotation marks are doubled
/// (RFC 4180).
fn quoted(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

/// The rows, how the process ended, what it cost and its coordinates; not the states.
impl<S: System> Serialize for Curve<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        #[derive(Serialize)]
        struct Table {
            waypoints: Vec<Row>,
            stop: StopReason,
            counters: Counters,
            axes: Coordinates,
        }
        let Self { stop, counters, axes, .. } = *self;
        Table { waypoints: self.rows().collect(), stop, counters, axes }.serialize(serializer)
    }
}

/// A checkpoint as it is written: what its waypoint says twice, once.
#[derive(Serialize, Deserialize)]
struct Saved<V, X, T> {
    first: V,
    start: Point,
    axes: Coordinates,
    level: f64,
    equilibrium: Equilibrium<V, X>,
    time: f64,
    index: usize,
    arc_length: f64,
    residual: f64,
    std_err: Option<f64>,
    closing_residual: f64,
    step: f64,
    corrections: usize,
    prediction_error: f64,
    slopes: Slopes,
    direction: Option<[f64; 3]>,
    arriving: Option<[f64; 3]>,
    work: Work,
    started: bool,
    before: Option<[f64; 3]>,
    next_step: f64,
    counters: Counters,
    event: Option<EventMark>,
    stop: Option<StopReason>,
    failed: bool,
    tangent: T,
}

/// Written for systems whose observables and states can be written, as those of `carnot-surface` can. In a format that keeps
/// every bit of a number what is resumed is the same to the last bit.
impl<S, T> Serialize for Checkpoint<S, T>
where
    S: System,
    S::Rdc: Serialize,
    S::State: Serialize,
    T: Serialize + Clone,
{
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let now = self.current.clone();
        let saved = Saved {
            first: self.first.clone(),
            start: self.start,
            axes: self.axes,
            level: self.level,
            equilibrium: now.equilibrium,
            time: now.point.time,
            index: now.index,
            arc_length: now.arc_length,
            residual: now.residual,
            std_err: now.std_err,
            closing_residual: now.closing_residual,
            step: now.step,
            corrections: now.corrections,
            prediction_error: now.prediction_error,
            slopes: now.slopes,
            direction: now.direction,
            arriving: now.arriving,
            work: now.work,
            started: self.started,
            before: self.before,
            next_step: self.next_step,
            counters: self.counters,
            event: now.event,
            stop: self.stop,
            failed: self.failed,
            tangent: self.tangent.clone(),
        };
        saved.serialize(serializer)
    }
}

impl<'de, S, T> Deserialize<'de> for Checkpoint<S, T>
where
    S: System,
    S::Rdc: Deserialize<'de>,
    S::State: Deserialize<'de>,
    T: Deserialize<'de>,
{
    fn deserialize<Z: Deserializer<'de>>(deserializer: Z) -> Result<Self, Z::Error> {
        let saved = Saved::<S::Rdc, S::State, T>::deserialize(deserializer)?;
        let current = Waypoint {
            index: saved.index,
            point: Point::of::<S>(&saved.equilibrium, saved.time),
            equilibrium: saved.equilibrium,
            arc_length: saved.arc_length,
            residual: saved.residual,
            std_err: saved.std_err,
            closing_residual: saved.closing_residual,
            step: saved.step,
            corrections: saved.corrections,
            prediction_error: saved.prediction_error,
            slopes: saved.slopes,
            direction: saved.direction,
            arriving: saved.arriving,
            work: saved.work,
            event: saved.event,
        };
        Ok(Self {
            first: saved.first,
            start: saved.start,
            axes: saved.axes,
            level: saved.level,
            current,
            started: saved.started,
            before: saved.before,
            next_step: saved.next_step,
            counters: saved.counters,
            stop: saved.stop,
            failed: saved.failed,
            tangent: saved.tangent,
        })
    }
}

/// A number that may be infinite, in formats that have no word for that.
pub(crate) mod maybe_infinite {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<Z: Serializer>(number: &f64, to: Z) -> Result<Z::Ok, Z::Error> {
        Some(*number).filter(|number| number.is_finite()).serialize(to)
    }

    pub(crate) fn deserialize<'de, Z: Deserializer<'de>>(from: Z) -> Result<f64, Z::Error> {
        Ok(Option::deserialize(from)?.unwrap_or(f64::INFINITY))
    }
}
