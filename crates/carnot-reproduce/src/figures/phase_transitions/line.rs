//! One ray of the plane of multipliers, `(lambda, gamma) = t (lambda_0, gamma_0)`: the system along it, and the
//! transitions on it.

use carnot_surface::geometry::{Order, Phased, Search, Segment, locate};
use carnot_surface::{At, Multipliers, Rdc, Responsive};

use crate::figure::FigureError;

/// A transition is bracketed to this part of the line's length.
const BRACKET: f64 = 1e-12;

/// A ray, and the part of it that is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ray {
    /// `(lambda_0, gamma_0)`.
    pub(super) direction: [f64; 2],
    /// The least and the largest t.
    pub(super) range: (f64, f64),
}

impl Ray {
    pub(super) fn at(&self, t: f64) -> Result<Multipliers, FigureError> {
        let [lambda, gamma] = self.direction;
        Multipliers::new(t * lambda, t * gamma).map_err(FigureError::unfinished)
    }
}

/// What a system shows at one t.
pub(super) struct Sample {
    pub(super) t: f64,
    pub(super) rdc: Rdc,
    /// `-t^2 d^2F/dt^2`, in nats: with t an inverse temperature, the heat capacity.
    pub(super) heat_capacity: f64,
}

/// A transition that was located.
#[derive(Debug, Clone, Copy)]
pub(super) struct Located {
    pub(super) t: f64,
    pub(super) multipliers: Multipliers,
    pub(super) order: Order,
    /// The jumps of R, D and C across it, in nats.
    pub(super) jump: Rdc,
    /// The jump of the heat capacity, in nats.
    pub(super) heat_capacity_jump: f64,
}

/// What a system shows at an equilibrium.
pub(super) fn sample<S: Responsive<Rdc = Rdc>>(
    system: &S,
    t: f64,
    at: &At<S>,
) -> Result<Sample, FigureError> {
    let s = system.response(at).map_err(FigureError::unfinished)?;
    let entries = [s.distortion_lambda, s.cross, s.classification_gamma];
    Ok(Sample { t, rdc: at.rdc, heat_capacity: heat_capacity(entries, at.multipliers) })
}

/// `-(lambda, gamma) S (lambda, gamma)'` of a response with the entries S11, S12 and S22.
fn heat_capacity([s11, s12, s22]: [f64; 3], at: Multipliers) -> f64 {
    let (lambda, gamma) = (at.lambda(), at.gamma());
    -(lambda * lambda * s11 + 2.0 * lambda * gamma * s12 + gamma * gamma * s22)
}

/// All transitions on a ray, in order.
pub(super) fn transitions<S: Phased<Rdc = Rdc> + Responsive>(
    system: &S,
    ray: &Ray,
) -> Result<Vec<Located>, FigureError> {
    let (low, high) = ray.range;
    let segment = Segment { from: ray.at(low)?, to: ray.at(high)? };
    let search = Search { tolerance: BRACKET, ..Search::default() };
    let found = locate(system, &segment, &search).map_err(FigureError::unfinished)?;
    let located = found.into_iter().map(|transition| Located {
        t: low + transition.position * (high - low),
        multipliers: transition.multipliers,
        order: transition.order,
        jump: transition.jump(),
        heat_capacity_jump: heat_capacity(transition.response_jump(), transition.multipliers),
    });
    Ok(located.collect())
}
