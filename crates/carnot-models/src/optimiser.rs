//! Optimisers as data, their state, and their step, in place and in one pass.

use crate::ModelError;
use crate::engine::Scalar;
use crate::limits::check_numbers;

/// How parameters move along the gradient.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub enum Method {
    /// Adam (Kingma and Ba, 2015, algorithm 1): with the moments `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2` after
    /// t steps, `parameter -= rate m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon)`.
    Adam {
        /// The decay rates b1 and b2, in [0, 1).
        decay: [f64; 2],
        /// What keeps the denominator from zero: positive in the type that is computed with, too.
        epsilon: f64,
        /// Decoupled decay (AdamW; Loshchilov and Hutter, 2019): before the step, `parameter -= rate weight_decay
        /// parameter`. Zero for Adam.
        weight_decay: f64,
    },
    /// Stochastic gradient descent: `velocity = momentum velocity + g`, `parameter -= rate velocity`.
    Sgd {
        /// In [0, 1).
        momentum: f64,
    },
}

/// A method, and what is done to the gradient before.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Optimiser {
    /// How parameters move.
    pub method: Method,
    /// A gradient whose Euclidean norm over all parameters is larger is scaled to this norm, finite and positive.
    pub clip_norm: Option<f64>,
}

impl Optimiser {
    /// Adam with its usual constants: decay rates 0.9 and 0.999, epsilon 1e-8; no clipping.
    pub const ADAM: Self = Self {
        method: Method::Adam { decay: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.0 },
        clip_norm: None,
    };

    pub(crate) fn has_second_moments(&self) -> bool {
        matches!(self.method, Method::Adam { .. })
    }

    pub(crate) fn check(&self) -> Result<(), ModelError> {
        let fraction = |value: f64| (0.0..1.0).contains(&value);
        let not_negative = |value: f64| value.is_finite() && value >= 0.0;
        let check = |option, requirement, value, holds: bool| {
            if holds { Ok(()) } else { Err(ModelError::Option { option, requirement, value }) }
        };
        match self.method {
            Method::Adam { decay, epsilon, weight_decay } => {
                for value in decay {
                    check("decay", "in [0, 1)", value, fraction(value))?;
                }
                check("epsilon", "finite and positive", epsilon, not_negative(epsilon) && epsilon > 0.0)?;
                check("weight_decay", "finite and not negative", weight_decay, not_negative(weight_decay))?;
            }
            Method::Sgd { momentum } => check("momentum", "in [0, 1)", momentum, fraction(momentum))?,
        }
        let clip = self.clip_norm.unwrap_or(1.0);
        // JSON has no word for infinity: a checkpoint would say that there is no clipping.
        check("clip_norm", "finite and positive", clip, clip.is_finite() && clip > 0.0)
    }

    /// As [`check`](Self::check), and that epsilon is not zero as a number of the type that is computed with: where there has
    /// been no gradient yet, the step is zero over it.
    pub(crate) fn check_in<T: Scalar>(&self) -> Result<(), ModelError> {
        self.check()?;
        if let Method::Adam { decay, epsilon: value, .. } = self.method
            && T::from_f64(value * (1.0 - decay[1]).sqrt()) == T::ZERO
        {
            let (option, requirement) = ("epsilon", "a number of the type that is computed with");
            return Err(ModelError::Option { option, requirement, value });
        }
        Ok(())
    }
}

impl Default for Optimiser {
    /// [`Optimiser::ADAM`].
    fn default() -> Self {
        Self::ADAM
    }
}

/// An optimiser with the moments of the gradient and the number of steps behind them.
#[derive(Debug, Clone, PartialEq)]
pub struct OptimiserState<T> {
    optimiser: Optimiser,
    parameters: usize,
    first: Vec<T>,
    /// Empty for a method without second moments.
    second: Vec<T>,
    steps: u64,
}

impl<T: Scalar> OptimiserState<T> {
    /// An optimiser of so many parameters before its first step.
    ///
    /// # Errors
    ///
    /// [`ModelError::Option`] for a constant outside its range, [`ModelError::Memory`] for more parameters than memory holds.
    pub fn new(optimiser: Optimiser, parameters: usize) -> Result<Self, ModelError> {
        optimiser.check_in::<T>()?;
        check_numbers::<T>("the moments of the gradient", &[[parameters, 2, 1]])?;
        let seconds = if optimiser.has_second_moments() { parameters } else { 0 };
        let (first, second) = (vec![T::ZERO; parameters], vec![T::ZERO; seconds]);
        Ok(Self { optimiser, parameters, first, second, steps: 0 })
    }

    /// An optimiser with these moments of the gradient after so many steps.
    pub(crate) fn resume(optimiser: Optimiser, moments: [Vec<T>; 2], steps: u64) -> Result<Self, ModelError> {
        optimiser.check_in::<T>()?;
        let [first, second] = moments;
        Ok(Self { optimiser, parameters: first.len(), first, second, steps })
    }

    /// The first moments, and the second, of which a method without them has none.
    pub(crate) fn moments(&self) -> [&[T]; 2] {
        [&self.first, &self.second]
    }

    /// The optimiser.
    pub fn optimiser(&self) -> Optimiser {
        self.optimiser
    }

    /// How many parameters it moves.
    pub fn len(&self) -> usize {
        self.parameters
    }

    /// Whether it moves none.
    pub fn is_empty(&self) -> bool {
        self.parameters == 0
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Counts a step and gives its rule with the moments, the gradient being multiplied by `scale`.
    pub(crate) fn begin_step(&mut self, rate: f64, scale: f64) -> (Rule<T>, &mut [T], &mut [T]) {
        self.steps += 1;
        let scalar = T::from_f64;
        let rule = match self.optimiser.method {
            Method::Adam { decay, epsilon, weight_decay } => {
                // The corrections of the moments' bias are folded into the rate and into epsilon.
                let steps = self.steps.min(i32::MAX as u64) as i32;
                let first = 1.0 - decay[0].powi(steps);
                let second = (1.0 - decay[1].powi(steps)).sqrt();
                Rule::Adam {
                    decay: decay.map(scalar),
                    gain: [scalar((1.0 - decay[0]) * scale), scalar((1.0 - decay[1]) * scale * scale)],
                    rate: scalar(rate * second / first),
                    epsilon: scalar(epsilon * second),
                    keep: scalar(1.0 - rate * weight_decay),
                }
            }
            Method::Sgd { momentum } => {
                Rule::Sgd { momentum: scalar(momentum), gain: scalar(scale), rate: scalar(rate) }
            }
        };
        (rule, &mut self.first, &mut self.second)
    }
}

/// The constants of one step.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rule<T> {
    Adam { decay: [T; 2], gain: [T; 2], rate: T, epsilon: T, keep: T },
    Sgd { momentum: T, gain: T, rate: T },
}

impl<T: Scalar> Rule<T> {
    /// Moves some parameters, element by element.
    #[inline(always)]
    pub(crate) fn apply(&self, parameters: &mut [T], gradient: &[T], first: &mut [T], second: &mut [T]) {
        match *self {
            Self::Adam { decay, gain, rate, epsilon, keep } => {
                for (((parameter, &gradient), first), second) in
                    parameters.iter_mut().zip(gradient).zip(first).zip(second)
                {
                    *first = decay[0] * *first + gain[0] * gradient;
                    *second = decay[1] * *second + gain[1] * (gradient * gradient);
                    *parameter = keep * *parameter - rate * *first / (second.square_root() + epsilon);
                }
            }
            Self::Sgd { momentum, gain, rate } => {
                for ((parameter, &gradient), velocity) in parameters.iter_mut().zip(gradient).zip(first) {
                    *velocity = momentum * *velocity + gain * gradient;
                    *parameter -= rate * *velocity;
                }
            }
        }
    }
}
