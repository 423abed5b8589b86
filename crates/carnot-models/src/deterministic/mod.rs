//! Networks whose objective is an ordinary smooth function: all of the data at once, the noise drawn once, in `f64`.
//!
//! What is true of a surface is true of theirs to the digits of a solver: D and C are the derivatives of F, the response is
//! symmetric, F is concave along a branch of minima. Small networks show the theory at work; the sampled, large ones of
//! [`LearnedSystem`](crate::LearnedSystem) obey it on average.

mod approach;
mod follow;
mod moving;
mod newton;
mod objective;
mod options;
mod saddle;
mod state;
#[cfg(test)]
mod tests;
mod train;
mod written;

use std::sync::{Arc, OnceLock};

use carnot_data::ImageDataset;
use carnot_surface::geometry::Phased;
use carnot_surface::{
    At, Certificate, Equilibrium, Multipliers, Rdc, Response, Responsive, Sidedness, System,
};

use crate::krylov::{Eigenpairs, End, Limits, conjugate_gradients, dot, lowest_eigenvalues, norm};
use crate::random::{Purpose, generator, normals_into};
use crate::system::fits;
use crate::{Architecture, ModelError, Parameters};
use approach::approach;
pub use moving::MovingDeterministic;
use newton::Descended;
pub(crate) use objective::{Curved, Objective};
pub use options::Equilibration;
use saddle::descend_to_minimum;
use state::Known;
pub use state::{Branch, DeterministicState, DeterministicWork};

/// An encoder, decoder and classifier at a minimum of
///
/// ```text
/// F(theta) = R + lambda D + gamma C + (epsilon / 2) |theta|^2
/// ```
///
/// over all of a data set, with samples of z whose noise is fixed.
///
/// The surface's rate is `R + (epsilon / 2) |theta|^2`, all that is minimised besides `lambda D + gamma C`: so F is its free
/// energy, and every relation between F, D, C and their derivatives holds as it stands.
/// [`DeterministicState::ridge`] says how much of the rate is the ridge's. D and C have no part of it.
///
/// A minimum is a local one, and a warm start stays on its branch. A new model starts from parameters drawn from the seed.
#[derive(Debug, Clone)]
pub struct DeterministicSystem {
    architecture: Architecture,
    data: Arc<ImageDataset>,
    rows: Arc<[usize]>,
    weights: Option<Arc<[f64]>>,
    noise: Arc<[f64]>,
    options: Equilibration,
    seed: u64,
}

/// The residual of the linear systems of a response, relative to the gradient: S is right to its square.
const RESPONSE_RTOL: f64 = 1e-10;

impl DeterministicSystem {
    /// The system of a model on a data set.
    ///
    /// # Errors
    ///
    /// [`ModelError::Data`] where the set's pixels or classes do not fit the architecture or there are fewer than two samples;
    /// [`ModelError::Option`] for options outside their ranges.
    pub fn new(
        architecture: Architecture,
        data: ImageDataset,
        options: Equilibration,
        seed: u64,
    ) -> Result<Self, ModelError> {
        options.check()?;
        fits(&architecture, "training", &data)?;
        let mut noise = vec![0.0; options.samples * data.len() * architecture.latent()];
        normals_into(&mut noise, generator(seed, Purpose::TrainingNoise, 0));
        Ok(Self {
            rows: (0..data.len()).collect(),
            architecture,
            data: Arc::new(data),
            weights: None,
            noise: noise.into(),
            options,
            seed,
        })
    }

    /// The networks.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// How minima are looked for.
    pub fn options(&self) -> Equilibration {
        self.options
    }

    /// The lowest eigenvalues of the objective's second derivatives, ridge included, at an equilibrium: all positive at a
    /// minimum, and the lowest goes to zero where the branch ends or splits.
    ///
    /// # Errors
    ///
    /// [`ModelError::State`] for the state of another model, [`ModelError::Curvature`] for a `count` that is zero or more than
    /// there are parameters.
    pub fn lowest_eigenvalues(&self, at: &At<Self>, count: usize) -> Result<Eigenpairs, ModelError> {
        let parameters = self.checked(&at.state)?;
        let mut objective = Objective::new(self)?;
        let mut curved = objective.linearise(parameters, at.multipliers)?;
        let map = |v: &[f64], out: &mut [f64]| curved.multiply(v, out);
        let limits = Limits { rtol: 1e-10, ..Limits::default() };
        Ok(lowest_eigenvalues(map, parameters.len(), count, self.seed, &limits)?)
    }

    /// The parameters of a state, which are as many as this model's.
    fn checked<'a>(&self, state: &'a DeterministicState) -> Result<&'a [f64], ModelError> {
        self.check_length(state.parameters.len())?;
        Ok(state.parameters.values())
    }

    fn check_length(&self, found: usize) -> Result<(), ModelError> {
        let expected = crate::parameters::count(&self.architecture);
        if found == expected {
            Ok(())
        } else {
            Err(ModelError::State { what: "parameters", found, expected })
        }
    }

    fn new_parameters(&self) -> Vec<f64> {
        Parameters::<f64>::initial(&self.architecture, self.seed).values().to_vec()
    }

    /// The norm of the gradient at new parameters, the scale of what is wanted at a minimum.
    fn scale(&self, objective: &mut Objective<'_>, at: Multipliers) -> Result<f64, ModelError> {
        let new = self.new_parameters();
        let mut gradient = vec![0.0; new.len()];
        objective.gradient(&new, at, &mut gradient)?;
        let scale = norm(&gradient);
        if scale.is_finite() {
            Ok(scale)
        } else {
            Err(ModelError::Diverged { step: 0, objective: scale, at })
        }
    }

    /// The equilibrium of a new model.
    fn begin(&self, at: Multipliers) -> Result<At<Self>, ModelError> {
        let mut objective = Objective::new(self)?;
        let mut parameters = self.new_parameters();
        let enough = self.options.tolerance * self.scale(&mut objective, at)?;
        approach(&mut objective, at, &mut parameters, self.options.first_steps, enough)?;
        self.settle(&mut objective, at, parameters, Branch::default())
    }

    /// The minimum that Newton's method comes to from these parameters.
    fn settle(
        &self,
        objective: &mut Objective<'_>,
        at: Multipliers,
        mut parameters: Vec<f64>,
        branch: Branch,
    ) -> Result<At<Self>, ModelError> {
        let Equilibration { tolerance, most_steps, .. } = self.options;
        let scale = self.scale(objective, at)?;
        let wanted = (most_steps, tolerance * scale);
        let found = descend_to_minimum(objective, at, &mut parameters, wanted, self.seed)?;
        let Descended { value, slope, steps, products } = found;
        let relative = if scale > 0.0 { slope / scale } else { slope };
        if relative.is_nan() || relative > tolerance {
            return Err(ModelError::Unequilibrated { relative_gradient: relative, tolerance, steps, at });
        }
        let rdc = Rdc { rate: value.rdc.rate + value.ridge, ..value.rdc };
        let state = DeterministicState {
            at,
            rdc,
            weights: self.weights.clone(),
            ridge: value.ridge,
            slope: relative,
            branch,
            work: DeterministicWork { newton_steps: steps, products },
            known: Arc::new(OnceLock::new()),
            parameters: Arc::new(Parameters::from_values(parameters)),
        };
        let certificate = Certificate::Stationary { residual: relative, starts: 1 };
        Ok(Equilibrium { multipliers: at, rdc, state, certificate })
    }

    /// The response of a state, and how its parameters follow the multipliers: once computed, kept with the state.
    fn known<'a>(&self, state: &'a DeterministicState) -> Result<&'a Known, ModelError> {
        if let Some(known) = state.known.get() {
            return Ok(known);
        }
        let parameters = self.checked(state)?;
        let mut objective = Objective::new(self)?;
        let [of_distortion, of_classification] = objective.gradients_of_losses(parameters)?;
        let mut curved = objective.linearise(parameters, state.at)?;
        let limits =
            Limits { rtol: RESPONSE_RTOL, most_products: 10 * parameters.len(), ..Limits::default() };
        let mut solve = |gradient: &[f64]| {
            let downhill: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
            let map = |v: &[f64], out: &mut [f64]| curved.multiply(v, out);
            let solved = conjugate_gradients(map, &downhill, &limits)?;
            match solved.end {
                End::NegativeCurvature { curvature, .. } => {
                    Err(ModelError::Saddle { curvature, at: state.at })
                }
                _ if solved.residual <= RESPONSE_RTOL.sqrt() => Ok(solved.solution),
                _ => Err(ModelError::Unsolved { residual: solved.residual, at: state.at }),
            }
        };
        let (by_lambda, by_gamma) = (solve(&of_distortion)?, solve(&of_classification)?);
        let crosses = [dot(&of_distortion, &by_gamma), dot(&of_classification, &by_lambda)];
        let response = Response {
            distortion_lambda: dot(&of_distortion, &by_lambda),
            cross: 0.5 * (crosses[0] + crosses[1]),
            classification_gamma: dot(&of_classification, &by_gamma),
            sidedness: Sidedness::TwoSided,
        };
        // The first to find it: it is the same.
        Ok(state.known.get_or_init(|| Known { by_lambda, by_gamma, response }))
    }
}

impl System for DeterministicSystem {
    type Rdc = Rdc;
    type State = DeterministicState;
    type Error = ModelError;

    /// The minimum on the branch of `from`, followed in steps as short as that takes; where the branch ends, one of another
    /// [`Branch`]. Without a start the minimum that Newton's method comes to from new parameters, by way of L-BFGS.
    ///
    /// # Errors
    ///
    /// [`ModelError::Unequilibrated`] where the gradient is not as small as the options want it.
    fn equilibrium(
        &self,
        at: Multipliers,
        from: Option<&DeterministicState>,
    ) -> Result<At<Self>, ModelError> {
        match from.filter(|state| self.checked(state).is_ok()) {
            Some(state) => self.follow(state, at),
            None => self.begin(at),
        }
    }
}

/// The branch of minima: a switch is an event of a process.
impl Phased for DeterministicSystem {
    type Phase = Branch;

    fn phase(&self, at: &At<Self>) -> Branch {
        at.state.branch
    }
}

impl Responsive for DeterministicSystem {
    /// `S = -[grad D, grad C]' A^-1 [grad D, grad C]` with A the second derivatives of F by the parameters, by conjugate
    /// gradients (theory, section 3.4).
    ///
    /// # Errors
    ///
    /// [`ModelError::State`] for the state of another model, [`ModelError::Saddle`] where A is not positive definite,
    /// [`ModelError::Unsolved`] where it is so nearly singular that rounding leaves no solution.
    fn response(&self, at: &At<Self>) -> Result<Response, ModelError> {
        Ok(self.known(&at.state)?.response)
    }
}
