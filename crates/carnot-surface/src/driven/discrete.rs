//! Discrete systems whose data move along mixtures.

use carnot_info::{Channel, Distribution, Joint};
use ndarray::{Array2, ArrayView2};

use super::mixture::Mixture;
use super::{Driven, Force};
use crate::{At, DiscreteBranch, DiscreteError, DiscreteOptions, DiscreteSystem, GibbsSystem};

/// A [`DiscreteSystem`] whose data move along the mixture `p_t(x, y) = (1 - t) p_0(x, y) + t p_1(x, y)` of two joint
/// distributions on common alphabets, with the distortion table fixed.
///
/// At a fixed model every functional is affine in t, so that F is **concave in t** at fixed multipliers, and
///
/// ```text
/// tau = dF/dt = sum_xy (p_1 - p_0)(x, y) sum_z e(z|x) [ ln e(z|x) / m(z) + lambda rho(x, z) - gamma ln c(y|z) ]
/// ```
///
/// at the equilibrium; `dD/dt` and `dC/dt` follow by implicit differentiation on the letters in use, as the response does.
///
/// # Ends
///
/// Inside `0 < t < 1` the same inputs and labels occur at all times, and a state of one time is a warm start of another. At
/// an end some of them may be missing. Inputs that enter are no trouble, the force is that of the limit from inside. Where
/// labels enter tau and `dC/dt` are infinite, like `-ln t`, and the state has another size: that end is refused with
/// [`DiscreteError::Entering`], and the path starts at `t_0 > 0` (theory, section 4).
///
/// ```
/// use carnot_info::Joint;
/// use carnot_surface::{Driven, MovingDiscrete, Multipliers, System};
/// use ndarray::{Array2, array};
///
/// // The source shows the first two inputs, the target the last two; both have both labels.
/// let source = Joint::from_weights(array![[4.0, 1.0], [1.0, 4.0], [0.0, 0.0], [0.0, 0.0]])?;
/// let target = Joint::from_weights(array![[0.0, 0.0], [0.0, 0.0], [3.0, 2.0], [2.0, 3.0]])?;
/// let distance = Array2::from_shape_fn((4, 4), |(x, z)| (x as f64 - z as f64).powi(2));
/// let moving = MovingDiscrete::mixture(&source, &target, distance.view())?;
///
/// let at = Multipliers::new(2.0, 0.5)?;
/// let start = moving.at(0.25)?.equilibrium(at, None)?;
/// let force = moving.force(0.25, &start)?;
/// // A little later, from there: F has moved by tau, to second order.
/// let next = moving.at(0.2501)?.equilibrium(at, Some(&start.state))?;
/// assert!((next.free_energy() - start.free_energy() - 1e-4 * force.free_energy).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MovingDiscrete {
    mixture: Mixture,
    distortion: Array2<f64>,
    marginal: Option<Distribution>,
    classifier: Option<Channel>,
    options: DiscreteOptions,
}

impl MovingDiscrete {
    /// The systems along the mixture of two joint distributions, with the distortion `rho(x, z)`, shape `(n_x, n_z)`, and the
    /// marginal and the classifier free.
    ///
    /// # Errors
    ///
    /// [`DiscreteError`] names the size or the entry that is wrong.
    pub fn mixture(
        source: &Joint,
        target: &Joint,
        distortion: ArrayView2<'_, f64>,
    ) -> Result<Self, DiscreteError> {
        let mixture = Mixture::new(source, target)?;
        let (marginal, classifier, options) = (None, None, DiscreteOptions::default());
        Self { mixture, distortion: distortion.to_owned(), marginal, classifier, options }.checked()
    }

    /// The same with this marginal given at all times.
    ///
    /// # Errors
    ///
    /// As [`DiscreteSystem::with_marginal`].
    pub fn with_marginal(self, marginal: &Distribution) -> Result<Self, DiscreteError> {
        Self { marginal: Some(marginal.clone()), ..self }.checked()
    }

    /// The same with this classifier given at all times, shape `(n_z, n_y)`. A letter to which it denies a label that an
    /// input has at some time is forbidden to that input at all times, so that F is continuous at the ends too.
    ///
    /// # Errors
    ///
    /// As [`DiscreteSystem::with_classifier`].
    pub fn with_classifier(self, classifier: &Channel) -> Result<Self, DiscreteError> {
        let distortion = self.mixture.forbidding(&self.distortion, classifier);
        Self { distortion, classifier: Some(classifier.clone()), ..self }.checked()
    }

    /// The same solved with other options.
    #[must_use]
    pub fn with_options(self, options: DiscreteOptions) -> Self {
        Self { options, ..self }
    }

    /// The system half way, where everything occurs that ever does, exists.
    fn checked(self) -> Result<Self, DiscreteError> {
        self.system(&self.mixture.half_way()?)?;
        Ok(self)
    }

    fn system(&self, joint: &Joint) -> Result<DiscreteSystem, DiscreteError> {
        let mut system = DiscreteSystem::new(joint, self.distortion.view())?.with_options(self.options);
        if let Some(marginal) = &self.marginal {
            system = system.with_marginal(marginal)?;
        }
        match &self.classifier {
            Some(classifier) => system.with_classifier(classifier),
            None => Ok(system),
        }
    }
}

impl Driven for MovingDiscrete {
    type System = DiscreteSystem;

    /// # Errors
    ///
    /// [`DiscreteError::Time`] unless `0 <= t <= 1`, [`DiscreteError::Entering`] at an end where a label of the path is
    /// missing.
    fn at(&self, time: f64) -> Result<DiscreteSystem, DiscreteError> {
        self.system(&self.mixture.at(time)?)
    }

    /// On a phase transition, where a letter enters, `dD/dt` and `dC/dt` are those of the phase without it.
    ///
    /// # Errors
    ///
    /// As of [`at`](Self::at); also [`DiscreteError::Entering`] at an end where an input or a label enters that every letter
    /// in use denies, [`DiscreteError::Shape`] for the state of another system, [`DiscreteError::NotAMinimum`] at a saddle.
    fn force(&self, time: f64, at: &At<DiscreteSystem>) -> Result<Force<f64>, DiscreteError> {
        let joint = self.mixture.at(time)?;
        let motion = self.mixture.motion(time, &joint);
        self.system(&self.mixture.half_way()?)?.force(at, motion)
    }
}

/// A [`MovingDiscrete`] followed along its branches, as a [`DiscreteBranch`] is: the data carry the system along, over the
/// place where another branch becomes the lower one.
#[derive(Debug, Clone, PartialEq)]
pub struct MovingDiscreteBranch(MovingDiscrete);

impl MovingDiscrete {
    /// The same systems followed along their branches.
    pub fn following(self) -> MovingDiscreteBranch {
        MovingDiscreteBranch(self)
    }
}

impl Driven for MovingDiscreteBranch {
    type System = DiscreteBranch;

    /// # Errors
    ///
    /// As of [`MovingDiscrete`].
    fn at(&self, time: f64) -> Result<DiscreteBranch, DiscreteError> {
        Ok(self.0.at(time)?.following())
    }

    /// # Errors
    ///
    /// As of [`MovingDiscrete`].
    fn force(&self, time: f64, at: &At<DiscreteBranch>) -> Result<Force<f64>, DiscreteError> {
        self.0.force(time, at)
    }
}

/// A [`GibbsSystem`] whose data move along the mixture of two joint distributions, as those of [`MovingDiscrete`] do:
/// everything but the encoder is given and stays.
#[derive(Debug, Clone, PartialEq)]
pub struct MovingGibbs {
    mixture: Mixture,
    marginal: Distribution,
    distortion: Array2<f64>,
    classifier: Channel,
}

impl MovingGibbs {
    /// The systems along the mixture of two joint distributions; the tables as of [`GibbsSystem::new`]. A letter to which the
    /// classifier denies a label that an input has at some time is forbidden to that input at all times.
    ///
    /// # Errors
    ///
    /// As [`GibbsSystem::new`].
    pub fn mixture(
        source: &Joint,
        target: &Joint,
        marginal: &Distribution,
        distortion: ArrayView2<'_, f64>,
        classifier: &Channel,
    ) -> Result<Self, DiscreteError> {
        let mixture = Mixture::new(source, target)?;
        let distortion = mixture.forbidding(&distortion.to_owned(), classifier);
        let (marginal, classifier) = (marginal.clone(), classifier.clone());
        let moving = Self { mixture, marginal, distortion, classifier };
        moving.system(&moving.mixture.half_way()?)?;
        Ok(moving)
    }

    fn system(&self, joint: &Joint) -> Result<GibbsSystem, DiscreteError> {
        GibbsSystem::new(joint, &self.marginal, self.distortion.view(), &self.classifier)
    }
}

impl Driven for MovingGibbs {
    type System = GibbsSystem;

    /// # Errors
    ///
    /// As of [`MovingDiscrete`].
    fn at(&self, time: f64) -> Result<GibbsSystem, DiscreteError> {
        self.system(&self.mixture.at(time)?)
    }

    /// # Errors
    ///
    /// As of [`MovingDiscrete`].
    fn force(&self, time: f64, at: &At<GibbsSystem>) -> Result<Force<f64>, DiscreteError> {
        let joint = self.mixture.at(time)?;
        let motion = self.mixture.motion(time, &joint);
        self.system(&self.mixture.half_way()?)?.force(at, motion)
    }
}
