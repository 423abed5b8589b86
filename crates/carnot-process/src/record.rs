//! Curves and checkpoints as data: tables and serde.

use std::io::{self, Write};

use carnot_surface::{Certificate, Multipliers, Rdc, System};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Checkpoint, Coordinates, Counters, Curve, Point, Slopes, Waypoint, Work};

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
            writeln!(to, ",{},{}", row.corrections, row.event.unwrap_or_default())?;
        }
        Ok(())
    }
}

/// The rows, how the process ended, what it cost and its coordinates; not the states.
impl<S: System> Serialize for Curve<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        #[derive(Serialize)]
        struct Table {
            waypoints: Vec<Row>,
            stop: crate::StopReason,
            counters: Counters,
            axes: Coordinates,
        }
        let Self { stop, counters, axes, .. } = *self;
        Table { waypoints: self.rows().collect(), stop, counters, axes }.serialize(serializer)
    }
}

/// A checkpoint of a process on an exact system, as it is written.
#[derive(Serialize, Deserialize)]
struct Saved<X, T> {
    first: [f64; 3],
    start: Point,
    axes: Coordinates,
    level: f64,
    state: X,
    certificate: SavedCertificate,
    point: Point,
    index: usize,
    arc_length: f64,
    residual: f64,
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
    tangent: T,
}

/// The certificates that equilibria of exact systems have.
#[derive(Serialize, Deserialize)]
enum SavedCertificate {
    ClosedForm,
    Bound { gap: f64, residual: f64 },
    Stationary { residual: f64, starts: usize },
}

impl SavedCertificate {
    fn of(certificate: Certificate) -> Option<Self> {
        match certificate {
            Certificate::ClosedForm => Some(Self::ClosedForm),
            Certificate::Bound { gap, residual } => Some(Self::Bound { gap, residual }),
            Certificate::Stationary { residual, starts } => Some(Self::Stationary { residual, starts }),
            _ => None,
        }
    }

    fn into_certificate(self) -> Certificate {
        match self {
            Self::ClosedForm => Certificate::ClosedForm,
            Self::Bound { gap, residual } => Certificate::Bound { gap, residual },
            Self::Stationary { residual, starts } => Certificate::Stationary { residual, starts },
        }
    }
}

/// Written for exact systems whose state can be written. In a format that keeps every bit of a number what is resumed is the
/// same to the last bit; the name of an event at the last waypoint is not kept.
impl<S, T> Serialize for Checkpoint<S, T>
where
    S: System<Rdc = Rdc>,
    S::State: Serialize,
    T: Serialize + Clone,
{
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let now = &self.current;
        let certificate = SavedCertificate::of(now.equilibrium.certificate)
            .ok_or_else(|| serde::ser::Error::custom("the certificate of a relaxed model is not written"))?;
        let saved = Saved {
            first: [self.first.rate, self.first.distortion, self.first.classification],
            start: self.start,
            axes: self.axes,
            level: self.level,
            state: now.equilibrium.state.clone(),
            certificate,
            point: now.point,
            index: now.index,
            arc_length: now.arc_length,
            residual: now.residual,
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
            tangent: self.tangent.clone(),
        };
        saved.serialize(serializer)
    }
}

impl<'de, S, T> Deserialize<'de> for Checkpoint<S, T>
where
    S: System<Rdc = Rdc>,
    S::State: Deserialize<'de>,
    T: Deserialize<'de>,
{
    fn deserialize<Z: Deserializer<'de>>(deserializer: Z) -> Result<Self, Z::Error> {
        let saved = Saved::<S::State, T>::deserialize(deserializer)?;
        let point = saved.point;
        let multipliers = Multipliers::new(point.lambda, point.gamma).map_err(Z::Error::custom)?;
        let [rate, distortion, classification] = saved.first;
        let equilibrium = carnot_surface::Equilibrium {
            multipliers,
            rdc: Rdc { rate: point.rate, distortion: point.distortion, classification: point.classification },
            state: saved.state,
            certificate: saved.certificate.into_certificate(),
        };
        let current = Waypoint {
            index: saved.index,
            equilibrium,
            point,
            arc_length: saved.arc_length,
            residual: saved.residual,
            std_err: None,
            closing_residual: saved.closing_residual,
            step: saved.step,
            corrections: saved.corrections,
            prediction_error: saved.prediction_error,
            slopes: saved.slopes,
            direction: saved.direction,
            arriving: saved.arriving,
            work: saved.work,
            event: None,
        };
        Ok(Self {
            first: Rdc { rate, distortion, classification },
            start: saved.start,
            axes: saved.axes,
            level: saved.level,
            current,
            started: saved.started,
            before: saved.before,
            next_step: saved.next_step,
            counters: saved.counters,
            tangent: saved.tangent,
        })
    }
}
