//! The system whose decoder is free as well: a degenerate surface.

use carnot_info::{Channel, Joint};

use super::partition::{self, Partition};
use super::problem::LARGEST_GAMMA;
use super::{DiscreteError, DiscreteOptions, DiscreteState, DiscreteSystem};
use crate::{At, Certificate, Equilibrium, Multipliers, Rdc, Response, Responsive, Sidedness, System};

/// A discrete system with a free decoder `d(x|z)`, whose distortion is the log-loss `D = E[-ln d(x|z)]`.
///
/// The best decoder is Bayes' rule, so `D = H(X|Z)` and `R + D = H(X)` exactly, and
///
/// ```text
/// R + lambda D + gamma C = lambda H(X) + (1 - lambda) I(X;Z) + gamma H(Y|Z).
/// ```
///
/// - `lambda < 1`: the information bottleneck at `gamma' = gamma / (1 - lambda)`, so
///   `F(lambda, gamma) = lambda H(X) + (1 - lambda) F(0, gamma')`; trivial, and convex, for `lambda + gamma <= 1`.
/// - `lambda >= 1`: the objective is concave in the encoder, so the best encoders are functions of the input. With at
///   least as many letters as inputs that occur each has its own, `F = H(X) + gamma H(Y|X)`; with fewer, the best partition
///   is searched.
///
/// The surface is a curve, `R + D = H`: every response of it is [`Degenerate`](crate::Degenerate). The transition at
/// `lambda = 1` is of first order where inputs have the same `p(y|x)`, or `gamma = 0` ([`Sidedness::Kink`]).
#[derive(Debug, Clone, PartialEq)]
pub struct FreeDecoderSystem {
    joint: Joint,
    source_entropy: f64,
    bottleneck: DiscreteSystem,
    n_letters: usize,
    options: DiscreteOptions,
}

/// The state of an equilibrium with a free decoder: its encoder, and the bottleneck's state where there is one.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FreeDecoderState {
    encoder: Channel,
    bottleneck: Option<DiscreteState>,
}

impl FreeDecoderState {
    /// The encoder `e(z|x)`, shape `(n_x, n_z)`.
    pub fn encoder(&self) -> &Channel {
        &self.encoder
    }
}

impl FreeDecoderSystem {
    /// The system of a joint distribution `p(x, y)` and `n_letters` letters.
    ///
    /// # Errors
    ///
    /// [`DiscreteError::NoLetters`] for none.
    pub fn new(joint: &Joint, n_letters: usize) -> Result<Self, DiscreteError> {
        Ok(Self {
            source_entropy: carnot_info::entropy(&joint.marginal_x()),
            bottleneck: DiscreteSystem::bottleneck(joint, n_letters)?,
            joint: joint.clone(),
            n_letters,
            options: DiscreteOptions::default(),
        })
    }

    /// The same solved with other options.
    #[must_use]
    pub fn with_options(self, options: DiscreteOptions) -> Self {
        Self { bottleneck: self.bottleneck.with_options(options), options, ..self }
    }

    /// The entropy of the source, nats: what R and D sum to.
    pub fn source_entropy(&self) -> f64 {
        self.source_entropy
    }

    /// Refuses the encoder of a system of other sizes.
    fn check(&self, encoder: &Channel) -> Result<(), DiscreteError> {
        let sizes = [
            ("rows (x) of the state's encoder", encoder.n_inputs(), self.joint.n_x()),
            ("columns (z) of the state's encoder", encoder.n_outputs(), self.n_letters),
        ];
        match sizes.into_iter().find(|(_, found, expected)| found != expected) {
            Some((what, found, expected)) => Err(DiscreteError::Shape { what, expected, found }),
            None => Ok(()),
        }
    }

    /// Whether F has a kink at `lambda = 1`. There the objective is `H(X) + gamma H(Y|Z)`, whatever the rate. At gamma = 0
    /// every encoder is as good; beyond, what tells inputs of equal `p(y|x)` apart is as good as what does not.
    fn keeps_by_a_jump(&self, gamma: f64) -> bool {
        let (source, conditional) = (self.joint.marginal_x(), self.joint.conditional_y_given_x());
        let (table, p) = (conditional.table(), source.probabilities());
        let inputs: Vec<usize> = (0..p.len()).filter(|&x| p[x] > 0.0).collect();
        // Rows of the same proportions differ by the rounding of their division.
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 4.0 * f64::EPSILON;
        let same = |a: usize, b: usize| gamma == 0.0 || table.row(a).iter().zip(table.row(b)).all(close);
        let is_first = |&(place, x): &(usize, usize)| !inputs[..place].iter().any(|&other| same(other, x));
        let told = inputs.iter().copied().enumerate().filter(is_first).count();
        inputs.len() > told && self.n_letters > told
    }

    /// The multipliers of the bottleneck that the system is for `lambda < 1`, as far as they are ones.
    fn reduced(at: Multipliers) -> Option<Multipliers> {
        let gamma = at.gamma() / (1.0 - at.lambda());
        if at.lambda() < 1.0 && gamma <= LARGEST_GAMMA { Multipliers::new(0.0, gamma).ok() } else { None }
    }
}

/// An error of the bottleneck, at the multipliers that were asked for.
fn of_the_whole(error: DiscreteError, at: Multipliers) -> DiscreteError {
    error.standing_for(at, 1.0 - at.lambda())
}

impl System for FreeDecoderSystem {
    type Rdc = Rdc;
    type State = FreeDecoderState;
    type Error = DiscreteError;

    fn equilibrium(
        &self,
        at: Multipliers,
        from: Option<&FreeDecoderState>,
    ) -> Result<At<Self>, DiscreteError> {
        if let Some(reduced) = Self::reduced(at) {
            let from = from.and_then(|state| state.bottleneck.as_ref());
            let found =
                self.bottleneck.equilibrium(reduced, from).map_err(|error| of_the_whole(error, at))?;
            let rate = found.rdc.rate;
            let rdc = Rdc { distortion: self.source_entropy - rate, ..found.rdc };
            // F is 1 - lambda times the bottleneck's and a constant, and so is its gap.
            let certificate = match found.certificate {
                Certificate::Bound { gap, residual } => {
                    Certificate::Bound { gap: (1.0 - at.lambda()) * gap, residual }
                }
                other => other,
            };
            let encoder = self.bottleneck.encoder(&found)?;
            let state = FreeDecoderState { encoder, bottleneck: Some(found.state) };
            return Ok(Equilibrium { multipliers: at, rdc, state, certificate });
        }
        let Partition { letters, certificate } =
            partition::best(&self.joint, self.n_letters, at, self.options.starts, self.options.seed);
        let encoder = Channel::deterministic(&letters, self.n_letters)?;
        let source = self.joint.marginal_x();
        let rate = carnot_info::channel_information(&source, &encoder)?;
        let classifier = carnot_info::optimal_classifier(&self.joint, &encoder)?;
        let classification = carnot_info::classification_loss(&self.joint, &encoder, &classifier)?;
        let distortion = (self.source_entropy - rate).max(0.0);
        let rdc = Rdc { rate, distortion, classification };
        let state = FreeDecoderState { encoder, bottleneck: None };
        Ok(Equilibrium { multipliers: at, rdc, state, certificate })
    }
}

impl Responsive for FreeDecoderSystem {
    /// With `g = gamma / (1 - lambda)` and `f''(g)` the bottleneck's own response, `S = f''(g) v v'` with
    /// `v = (g, 1) / sqrt(1 - lambda)`: of rank one. Zero from `lambda = 1` on, where a partition does not move.
    ///
    /// # Errors
    ///
    /// [`DiscreteError::Shape`] or [`DiscreteError::ForeignState`] for the state of another system;
    /// [`DiscreteError::NotAMinimum`] at a saddle, and below `lambda = 1` for a partition.
    fn response(&self, at: &At<Self>) -> Result<Response<f64>, DiscreteError> {
        let (lambda, gamma) = (at.multipliers.lambda(), at.multipliers.gamma());
        self.check(&at.state.encoder)?;
        let Some(reduced) = Self::reduced(at.multipliers) else {
            let sidedness = match lambda > 1.0 {
                true => Sidedness::TwoSided,
                false if self.keeps_by_a_jump(gamma) => Sidedness::Kink,
                false => Sidedness::OneSided,
            };
            return Ok(Response { distortion_lambda: 0.0, cross: 0.0, classification_gamma: 0.0, sidedness });
        };
        let state = at.state.bottleneck.as_ref().ok_or(DiscreteError::NotAMinimum { lambda, gamma })?;
        let inner = Equilibrium {
            multipliers: reduced,
            rdc: Rdc { distortion: 0.0, ..at.rdc },
            state: state.clone(),
            certificate: at.certificate,
        };
        let inner = self.bottleneck.response(&inner).map_err(|error| of_the_whole(error, at.multipliers))?;
        let room = 1.0 - lambda;
        let (second, g) = (inner.classification_gamma, gamma / room);
        // The bottleneck is at the end of its own lambda axis; this system is not.
        let at_an_end = lambda == 0.0 || gamma == 0.0 || g == 1.0;
        Ok(Response {
            distortion_lambda: second * g * g / room,
            cross: second * g / room,
            classification_gamma: second / room,
            sidedness: match inner.sidedness {
                Sidedness::Kink => Sidedness::Kink,
                _ if at_an_end => Sidedness::OneSided,
                _ => Sidedness::TwoSided,
            },
        })
    }
}
