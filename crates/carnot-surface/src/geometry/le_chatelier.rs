//! Le Chatelier's principle: what is held fixed makes the rest stiffer.

use super::GeometryError;
use super::constrained::Constrained;
use super::difference::Derivative;
use super::segment::respond;
use crate::{At, Observable, Rdc, RegularResponse, Response, Responsive};

/// The response of an observable to its own multiplier, with the other multiplier held and with the other observable
/// held. Concavity of F makes both negative or zero, and the constrained one no larger in size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeChatelier<T = f64> {
    /// The distortion or the classification loss.
    pub observable: Observable,
    /// `(dD/dlambda)_gamma = S11`, or `(dC/dgamma)_lambda = S22`.
    pub free: T,
    /// `(dD/dlambda)_C = S11 - S12^2 / S22`, or `(dC/dgamma)_D = S22 - S12^2 / S11`.
    pub constrained: T,
}

impl LeChatelier {
    /// Whether `free <= constrained <= 0`, up to `tolerance` times the size of `free`.
    pub fn holds(&self, tolerance: f64) -> bool {
        let allowed = tolerance * self.free.abs();
        self.constrained <= allowed && self.constrained >= self.free - allowed
    }
}

impl LeChatelier<Derivative> {
    /// Whether `free <= constrained <= 0`, up to the errors of the differences.
    pub fn holds(&self) -> bool {
        let Self { free, constrained, .. } = self;
        constrained.value <= constrained.error
            && constrained.value >= free.value - free.error - constrained.error
    }
}

/// The principle by the response, for the distortion and for the classification loss.
pub fn le_chatelier(response: &Response, regular: &RegularResponse) -> [LeChatelier; 2] {
    [
        LeChatelier {
            observable: Observable::Distortion,
            free: response.distortion_lambda,
            constrained: regular.d_distortion_d_lambda_at_classification(),
        },
        LeChatelier {
            observable: Observable::Classification,
            free: response.classification_gamma,
            constrained: regular.d_classification_d_gamma_at_distortion(),
        },
    ]
}

/// The principle measured: differences of equilibria solved again, once with the other multiplier held, once with the
/// other observable. `step` is as in [`measure_maxwell`](super::measure_maxwell).
///
/// # Errors
///
/// As of [`measure_maxwell`](super::measure_maxwell).
pub fn measure_le_chatelier<S: Responsive<Rdc = Rdc>>(
    system: &S,
    at: &At<S>,
    step: f64,
) -> Result<[LeChatelier<Derivative>; 2], GeometryError<S::Error>> {
    respond(system, at)?.regular(at.multipliers)?;
    let measure = |which: usize, observable: Observable| -> Result<_, GeometryError<S::Error>> {
        let derivative = |natural| Constrained { natural, by: which, of: which }.measure(system, at, step);
        let mut held = [true; 2];
        held[which] = false;
        Ok(LeChatelier { observable, free: derivative([false; 2])?, constrained: derivative(held)? })
    };
    Ok([measure(0, Observable::Distortion)?, measure(1, Observable::Classification)?])
}
