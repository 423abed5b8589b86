//! What can be wrong with a discrete problem or its solution.

use carnot_info::InfoError;

use crate::Multipliers;

/// Why a discrete system or its equilibrium does not exist.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DiscreteError {
    /// The distortion table has no columns.
    #[error("the representation has no letters: the distortion has no columns")]
    NoLetters,
    /// A table does not fit the others.
    #[error("{what}: expected {expected}, found {found}")]
    Shape {
        /// Which size of which table.
        what: &'static str,
        /// What it should be.
        expected: usize,
        /// What it is.
        found: usize,
    },
    /// An entry of the distortion is NaN or negative; `+inf` forbids a pair.
    #[error(
        "the distortion of input {x} by letter {z} is {value:?}: it must be at least 0, or +inf to forbid the pair"
    )]
    Distortion {
        /// The input.
        x: usize,
        /// The letter.
        z: usize,
        /// The entry.
        value: f64,
    },
    /// Every letter is forbidden to an input.
    #[error("no letter is allowed for input {x}")]
    NothingAllowed {
        /// The input.
        x: usize,
    },
    /// A state belongs to another system: it uses no letter that an input is allowed.
    #[error("the state uses no letter that is allowed for input {x}")]
    ForeignState {
        /// The input.
        x: usize,
    },
    /// What was read as a state says two things of what its letters say.
    #[error("the classifier of the state is not that of its letters")]
    ForeignClassifier,
    /// A table of probabilities is not one.
    #[error("not a probability table")]
    Probabilities(#[from] InfoError),
    /// A time outside the path of the moving data, or NaN.
    #[error("time {time} is outside [0, 1]")]
    Time {
        /// The time.
        time: f64,
    },
    /// At an end of the path something is about to occur that has no place in the system of that end: the force of the data
    /// is infinite there, like the derivative of `-t ln t` at zero.
    #[error(
        "{what} {index} does not occur at time {time}, where the path brings it in: the force is infinite"
    )]
    Entering {
        /// `label`, or `input`.
        what: &'static str,
        /// Which one.
        index: usize,
        /// The end of the path.
        time: f64,
    },
    /// An option outside its range.
    #[error("{option} must be {requirement}, not {value:?}")]
    Option {
        /// Which option.
        option: &'static str,
        /// Its range.
        requirement: &'static str,
        /// What was given.
        value: f64,
    },
    /// A gamma whose products with logarithms of probabilities are beyond all numbers.
    #[error("gamma must be at most {largest:e}, not {gamma:?}")]
    GammaTooLarge {
        /// What was given.
        gamma: f64,
        /// The largest that is solved for.
        largest: f64,
    },
    /// A stationary point is a saddle: there is no response.
    #[error("the state at lambda {lambda:?}, gamma {gamma:?} is not a minimum of the objective")]
    NotAMinimum {
        /// The multiplier of the distortion.
        lambda: f64,
        /// The multiplier of the classification loss.
        gamma: f64,
    },
    /// A derivative of an equilibrium is not a finite number: larger than any, as of distortions of 1e300, or of the state of
    /// another system, whose letters are forbidden here.
    #[error("the response at lambda {lambda:?}, gamma {gamma:?} is not finite")]
    NotFinite {
        /// The multiplier of the distortion.
        lambda: f64,
        /// The multiplier of the classification loss.
        gamma: f64,
    },
    /// The solver stopped short of its tolerance.
    #[error(
        "after {steps} steps at lambda {lambda:?}, gamma {gamma:?} the certified gap of the free energy is {gap:e} nats and the \
         residual of the optimality conditions {residual:e}"
    )]
    NotConverged {
        /// The multiplier of the distortion.
        lambda: f64,
        /// The multiplier of the classification loss.
        gamma: f64,
        /// The steps taken.
        steps: usize,
        /// The certified gap, infinite where there is no certificate.
        gap: f64,
        /// The residual of the optimality conditions.
        residual: f64,
    },
}

impl DiscreteError {
    /// What went wrong in a bottleneck that stands for a system at other multipliers, of which the free energy is `share`
    /// times the bottleneck's and a constant.
    pub(super) fn standing_for(self, at: Multipliers, share: f64) -> Self {
        let (lambda, gamma) = (at.lambda(), at.gamma());
        match self {
            Self::NotConverged { steps, gap, residual, .. } => {
                Self::NotConverged { lambda, gamma, steps, gap: share * gap, residual }
            }
            Self::NotAMinimum { .. } => Self::NotAMinimum { lambda, gamma },
            Self::NotFinite { .. } => Self::NotFinite { lambda, gamma },
            other => other,
        }
    }
}
