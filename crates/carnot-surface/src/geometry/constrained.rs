//! Derivatives with one variable held, measured: a multiplier or an observable by the other pair's.

use super::GeometryError;
use super::difference::{Derivative, central};
use super::natural::{Found, Variable, equilibrium_at};
use super::segment::{respond, solve};
use crate::{At, Certificate, Degenerate, Multipliers, Rdc, Response, Responsive};

/// A derivative at constant something. There are two conjugate pairs, 0 for (lambda, D) and 1 for (gamma, C); of each
/// one is a natural variable, given, and the other follows.
pub(super) struct Constrained {
    /// Whether the natural variable of each pair is the observable.
    pub(super) natural: [bool; 2],
    /// The pair whose natural variable is varied; that of the other pair is held.
    pub(super) by: usize,
    /// The pair whose other variable is observed.
    pub(super) of: usize,
}

impl Constrained {
    /// The derivative by differences of equilibria solved again, the multipliers moving by up to `step` of their size.
    pub(super) fn measure<S: Responsive<Rdc = Rdc>>(
        &self,
        system: &S,
        at: &At<S>,
        step: f64,
    ) -> Result<Derivative, GeometryError<S::Error>> {
        let multipliers = [at.multipliers.lambda(), at.multipliers.gamma()];
        if !(step > 0.0 && step < 0.5) {
            return Err(GeometryError::Option { name: "step", expected: "between 0 and 1/2", value: step });
        }
        for (name, value) in ["lambda", "gamma"].into_iter().zip(multipliers) {
            if value == 0.0 {
                return Err(GeometryError::Option { name, expected: "positive", value });
            }
        }
        // The stencil's centre, solved as its ends are.
        let centre = solve(system, at.multipliers, Some(&at.state))?;
        let observables = [centre.rdc.distortion, centre.rdc.classification];
        let h = self.stencil(&respond(system, &centre)?, at.multipliers, step)?;
        central(
            |offset| {
                let variables = [0, 1].map(|k| {
                    let moved = if k == self.by { offset } else { 0.0 };
                    if self.natural[k] {
                        Variable::Observable(observables[k] + moved)
                    } else {
                        Variable::Multiplier(multipliers[k] + moved)
                    }
                });
                let Found { at, step } = equilibrium_at(system, variables, &centre)?;
                let multiplier = [at.multipliers.lambda(), at.multipliers.gamma()][self.of];
                if self.natural[self.of] {
                    return Ok((multiplier, step * multiplier));
                }
                // Only the other multiplier can have been solved for, and reaches this observable through S12.
                let other = [at.multipliers.lambda(), at.multipliers.gamma()][1 - self.of];
                let noise = if step > 0.0 { step * (respond(system, &at)?.cross * other).abs() } else { 0.0 };
                let observable = [at.rdc.distortion, at.rdc.classification][self.of];
                Ok((observable, noise + residual(&at.certificate) * observable.abs().max(1.0)))
            },
            h,
        )
    }

    /// How far the variable moves when the multiplier that moves most moves by `step` of its size.
    fn stencil(&self, response: &Response, at: Multipliers, step: f64) -> Result<f64, Degenerate> {
        let multipliers = [at.lambda(), at.gamma()];
        let diagonal = [response.distortion_lambda, response.classification_gamma];
        let (by, other) = (self.by, 1 - self.by);
        Ok(match (self.natural[by], self.natural[other]) {
            (true, true) => {
                let unit = if by == 0 { [1.0, 0.0] } else { [0.0, 1.0] };
                let [lambda, gamma] = response.regular(at)?.multipliers_along(unit);
                step / (lambda / at.lambda()).abs().max((gamma / at.gamma()).abs())
            }
            (true, false) => step * (diagonal[by] * multipliers[by]).abs(),
            (false, true) => {
                // The other multiplier follows, by -S12 / S_other for each unit of this one.
                let follows = (response.cross / diagonal[other] / multipliers[other]).abs();
                step / follows.max(1.0 / multipliers[by])
            }
            (false, false) => step * multipliers[by],
        })
    }
}

/// What the solver leaves in D and C, as its certificate says.
fn residual(certificate: &Certificate) -> f64 {
    match certificate {
        Certificate::Bound { residual, .. } | Certificate::Stationary { residual, .. } => *residual,
        Certificate::ClosedForm | Certificate::Relaxed { .. } => 0.0,
    }
}
