//! A process: what is held, what drives, and by which parts.

use std::sync::Arc;

use carnot_surface::{At, Driven, Multipliers, Responsive, Still, System};

use crate::{
    Adaptive, Checkpoint, Constraint, Corrector, Curve, Drive, Euler, FromResponse, Hold, Newton, Options,
    Predictor, ProcessError, Rule, StepControl, Tangent, Trace,
};

/// A quasi-static process: a function is held, one more rule closes the system, and a drive moves it along the curve that is
/// left.
///
/// `Process::new(Hold::Classification, Drive::LambdaTo(0.25))` is the paper's iso-classification process: lambda is swept,
/// gamma steered so that C stays put (Gao and Chaudhari 2020, section 4). Unless told otherwise it holds the value of its
/// start on data that stay as they are, by [`Euler`], [`Newton`] and [`Adaptive`] steps.
#[derive(Debug, Clone)]
pub struct Process {
    pub(crate) constraint: Arc<dyn Constraint>,
    pub(crate) rule: Arc<dyn Rule>,
    pub(crate) drive: Drive,
    pub(crate) predictor: Arc<dyn Predictor>,
    pub(crate) corrector: Arc<dyn Corrector>,
    pub(crate) control: Arc<dyn StepControl>,
    pub(crate) options: Options,
    pub(crate) level: Option<f64>,
}

impl Process {
    /// A process with the default parts and [`Options`], which suit an exact system.
    pub fn new(held: impl Constraint + 'static, drive: Drive) -> Self {
        Self {
            constraint: Arc::new(held),
            rule: Arc::new(Hold::Time),
            drive,
            predictor: Arc::new(Euler),
            corrector: Arc::new(Newton::default()),
            control: Arc::new(Adaptive::default()),
            options: Options::default(),
            level: None,
        }
    }

    /// The same with another drive.
    #[must_use]
    pub fn with_drive(self, drive: Drive) -> Self {
        Self { drive, ..self }
    }

    /// The same closed by another rule: what moves beside the drive where the data move too. Every [`Constraint`] is one.
    #[must_use]
    pub fn with_rule(self, rule: impl Rule + 'static) -> Self {
        Self { rule: Arc::new(rule), ..self }
    }

    /// The same with another predictor.
    #[must_use]
    pub fn with_predictor(self, predictor: impl Predictor + 'static) -> Self {
        Self { predictor: Arc::new(predictor), ..self }
    }

    /// The same with another corrector.
    #[must_use]
    pub fn with_corrector(self, corrector: impl Corrector + 'static) -> Self {
        Self { corrector: Arc::new(corrector), ..self }
    }

    /// The same with another step control.
    #[must_use]
    pub fn with_control(self, control: impl StepControl + 'static) -> Self {
        Self { control: Arc::new(control), ..self }
    }

    /// The same with other options.
    #[must_use]
    pub fn with_options(self, options: Options) -> Self {
        Self { options, ..self }
    }

    /// The same holding this value instead of that of its start, a finite number; the first step goes there. On a drive to where
    /// the process already is that is all: the equilibrium of this value at the lambda, say, of the start.
    #[must_use]
    pub fn with_level(self, level: f64) -> Self {
        Self { level: Some(level), ..self }
    }

    /// The drive.
    pub fn drive(&self) -> Drive {
        self.drive
    }

    /// The process on a system whose data stay as they are, from the equilibrium `start`, as an iterator of waypoints whose
    /// first is the start.
    ///
    /// # Errors
    ///
    /// [`ProcessError::Option`] for an option outside its range, [`ProcessError::Drive`] for an end that is none, and what is
    /// wrong with the start.
    pub fn trace<S: System + Clone, T: Tangent<Still<S>>>(
        &self,
        system: S,
        start: At<S>,
        tangent: T,
    ) -> Result<Trace<Still<S>, T>, ProcessError<S::Error>> {
        self.trace_driven(Still(system), start, 0.0, tangent)
    }

    /// The process on a system whose data move, from its equilibrium `start` at `time`.
    ///
    /// # Errors
    ///
    /// As [`Process::trace`].
    pub fn trace_driven<D: Driven, T: Tangent<D>>(
        &self,
        driven: D,
        start: At<D::System>,
        time: f64,
        tangent: T,
    ) -> Result<Trace<D, T>, ProcessError<<D::System as System>::Error>> {
        Trace::new(self.clone(), driven, start, time, tangent)
    }

    /// The process from where it was when the checkpoint was made. What follows is the same to the last bit, if the process
    /// and the system are. A trace that had stopped or failed has done so still: [`Trace::steer`] takes it on.
    ///
    /// # Errors
    ///
    /// As [`Process::trace`].
    pub fn resume<D: Driven, T: Tangent<D>>(
        &self,
        driven: D,
        checkpoint: Checkpoint<D::System, T>,
    ) -> Result<Trace<D, T>, ProcessError<<D::System as System>::Error>> {
        Trace::resume(self.clone(), driven, checkpoint)
    }

    /// The whole process on a system that knows its response: starts at the equilibrium of `from` and collects every
    /// waypoint.
    ///
    /// # Errors
    ///
    /// As [`Process::trace`], and the first error of the trace. How the process ended, and where, is in the curve.
    pub fn run<S: Responsive + Clone>(
        &self,
        system: S,
        from: Multipliers,
    ) -> Result<Curve<S>, ProcessError<S::Error>> {
        self.run_driven(Still(system), from, 0.0)
    }

    /// The whole process on moving data, from the equilibrium of `from` at `time`.
    ///
    /// # Errors
    ///
    /// As [`Process::run`].
    pub fn run_driven<D: Driven>(
        &self,
        driven: D,
        from: Multipliers,
        time: f64,
    ) -> Result<Curve<D::System>, ProcessError<<D::System as System>::Error>>
    where
        D::System: Responsive,
    {
        let start = equilibrium(&driven, from, time)?;
        self.trace_driven(driven, start, time, FromResponse)?.collect_curve()
    }
}

/// The equilibrium at which a process begins.
pub(crate) fn equilibrium<D: Driven>(
    driven: &D,
    at: Multipliers,
    time: f64,
) -> Result<At<D::System>, ProcessError<<D::System as System>::Error>> {
    let found = driven.at(time).and_then(|system| system.equilibrium(at, None));
    found.map_err(|source| ProcessError::System { waypoint: 0, at, time, source })
}
