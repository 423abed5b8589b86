//! From an equilibrium to its neighbours, along its branch.

use carnot_surface::{At, Multipliers};

use super::objective::Objective;
use super::{DeterministicState, DeterministicSystem};
use crate::ModelError;
use crate::krylov::norm;

/// How far a minimum may be from where the motion of the parameters foretold it, as a part of the way there.
const MISSED: f64 = 0.25;
/// The same, as a part of the parameters: what a solver leaves of a way that is nothing.
const NOTHING: f64 = 1e-7;

/// What is left of a step that missed, and how much longer the next one is after one that did not.
const SHORTER: f64 = 0.25;
const LONGER: f64 = 2.0;

/// The part of the way below which a branch that is not followed has come to an end.
const SHORTEST: f64 = 1e-3;

impl DeterministicSystem {
    /// The equilibrium at `to` on the branch of a state: by steps that are so short that each minimum is where the motion of
    /// the parameters foretells it. Where even a very short one is not, the branch ends, and what Newton's method comes to
    /// from there is on another one.
    pub(super) fn follow(&self, from: &DeterministicState, to: Multipliers) -> Result<At<Self>, ModelError> {
        let mut objective = Objective::new(self)?;
        if from.weights != self.weights {
            // The data have moved: first the same multipliers.
            let start = from.parameters.values().to_vec();
            let moved = self.settle(&mut objective, from.at, start, from.branch)?;
            return if from.at == to { Ok(moved) } else { self.follow(&moved.state, to) };
        }
        let (mut here, mut done, mut step) = (from.clone(), 0.0, 1.0_f64);
        loop {
            step = step.min(1.0 - done);
            let is_last = done + step >= 1.0;
            let place = if is_last { to } else { between(from.at, to, done + step)? };
            // A saddle does not say where it goes.
            let motion = match self.known(&here) {
                Ok(known) => Some(known),
                Err(ModelError::Saddle { .. }) => None,
                Err(error) => return Err(error),
            };
            let start =
                motion.map_or_else(|| here.parameters.values().to_vec(), |known| here.start(place, known));
            let way = distance(&start, here.parameters.values());
            let found = self.settle(&mut objective, place, start.clone(), here.branch)?;
            let parameters = found.state.parameters.values();
            let missed = distance(parameters, &start);
            let is_near = missed <= MISSED * way || missed <= NOTHING * norm(parameters);
            if is_near && here.is_concave_to(&found.state) {
                if is_last {
                    return Ok(found);
                }
                (here, done) = (found.state, done + step);
                step *= LONGER;
            } else if step <= SHORTEST {
                let start = here.parameters.values().to_vec();
                return self.settle(&mut objective, to, start, here.branch.switched(place));
            } else {
                step *= SHORTER;
            }
        }
    }
}

/// The multipliers a part of the way from one place to another.
fn between(from: Multipliers, to: Multipliers, part: f64) -> Result<Multipliers, ModelError> {
    let lerp = |from: f64, to: f64| from + part * (to - from);
    Ok(Multipliers::new(lerp(from.lambda(), to.lambda()), lerp(from.gamma(), to.gamma()))?)
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}
