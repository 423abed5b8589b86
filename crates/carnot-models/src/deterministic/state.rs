//! The state of a deterministic network at equilibrium.

use std::sync::{Arc, OnceLock};

use carnot_surface::{Multipliers, Observables, Rdc, Response};

use super::written::Written;
use crate::Parameters;
use crate::krylov::add_scaled;

/// By how much of itself a free energy may be above a tangent: what a solver leaves.
const ROUNDING: f64 = 1e-10;

/// A network at a minimum of its objective: cheap to clone, a warm start for its neighbours.
///
/// It is written and read with serde, and so is a process on it. What was read leads to the same bytes as what was written,
/// in a format that keeps every digit of a number (of `serde_json` with its feature `float_roundtrip`).
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub struct DeterministicState {
    pub(super) parameters: Arc<Parameters<f64>>,
    pub(super) at: Multipliers,
    pub(super) rdc: Rdc,
    /// What each input counted.
    pub(super) weights: Option<Arc<[f64]>>,
    pub(super) ridge: f64,
    pub(super) slope: f64,
    pub(super) branch: Branch,
    pub(super) work: DeterministicWork,
    /// The response, once it has been computed.
    pub(super) known: Arc<OnceLock<Known>>,
}

/// The name of a branch of minima: that of the first one, found from new parameters, or one that is new where a branch ended and
/// what was found from there is on another.
///
/// Along a branch the parameters move as the response says, and F is concave (theory, section 3.4). Where neither step is so
/// short that a minimum is where that foretells it, the branch has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Branch(u64);

impl Branch {
    /// The branch that a start on this one, which switched, came to: named by where it did.
    pub(super) fn switched(self, at: Multipliers) -> Self {
        // FNV-1a.
        let words = [self.0, at.lambda().to_bits(), at.gamma().to_bits()];
        let bytes = words.iter().flat_map(|word| word.to_le_bytes());
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Self(bytes.fold(0xcbf2_9ce4_8422_2325, mix))
    }
}

/// What an equilibrium cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct DeterministicWork {
    /// Steps of Newton's method.
    pub newton_steps: usize,
    /// Products with second derivatives.
    pub products: usize,
}

/// The derivatives of the parameters at equilibrium with respect to lambda and gamma, `-A^-1 grad D` and `-A^-1 grad C`, and the
/// response that follows from them.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) by_lambda: Vec<f64>,
    pub(super) by_gamma: Vec<f64>,
    pub(super) response: Response,
}

impl DeterministicState {
    /// The parameters at equilibrium.
    pub fn parameters(&self) -> &Parameters<f64> {
        &self.parameters
    }

    /// `(epsilon / 2) |theta|^2` in nats: the part of the equilibrium's rate that is the ridge's.
    pub fn ridge(&self) -> f64 {
        self.ridge
    }

    /// The norm of the gradient, relative to that of a new model at the same multipliers.
    pub fn relative_gradient(&self) -> f64 {
        self.slope
    }

    /// Which branch of minima this one is on.
    pub fn branch(&self) -> Branch {
        self.branch
    }

    /// What it cost.
    pub fn work(&self) -> DeterministicWork {
        self.work
    }

    /// Whether F can be concave on the way to another minimum: each must be below the other's tangent.
    pub(super) fn is_concave_to(&self, other: &Self) -> bool {
        let is_below = |at: Multipliers, value: &Rdc, tangent: &Rdc| {
            let tangent = tangent.objective(at);
            value.objective(at) <= tangent + ROUNDING * tangent.abs().max(1.0)
        };
        is_below(self.at, &self.rdc, &other.rdc) && is_below(other.at, &other.rdc, &self.rdc)
    }

    /// Where to start from for the equilibrium at `at`: along the motion.
    pub(super) fn start(&self, at: Multipliers, known: &Known) -> Vec<f64> {
        let mut parameters = self.parameters.values().to_vec();
        add_scaled(at.lambda() - self.at.lambda(), &known.by_lambda, &mut parameters);
        add_scaled(at.gamma() - self.at.gamma(), &known.by_gamma, &mut parameters);
        parameters
    }
}
