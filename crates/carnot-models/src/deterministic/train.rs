//! The same objective by the steps of an optimiser: what is above its minimum on the way.

use carnot_surface::{At, Multipliers, Rdc};

use super::DeterministicSystem;
use super::objective::Objective;
use super::state::Branch;
use crate::engine::{check_finite, move_down};
use crate::optimiser::OptimiserState;
use crate::{ModelError, Optimiser, Parameters};

impl DeterministicSystem {
    /// Trains a new model by `steps` of an optimiser down the gradient of the whole objective, ridge included, at a constant
    /// learning rate. `seen` is given the number of steps done and what the surface would say of the model then (the rate
    /// with the ridge in it): before each step, and after the last.
    ///
    /// What `R + lambda D + gamma C` of these is above the free energy at the same multipliers is what the training dissipates.
    ///
    /// # Errors
    ///
    /// [`ModelError::Option`] for an optimiser's option outside its range; [`ModelError::Diverged`] where the objective is not
    /// finite.
    pub fn train(
        &self,
        at: Multipliers,
        optimiser: Optimiser,
        rate: f64,
        steps: u64,
        mut seen: impl FnMut(u64, Rdc),
    ) -> Result<Parameters<f64>, ModelError> {
        let mut objective = Objective::new(self)?;
        let mut parameters = self.new_parameters();
        let mut gradient = vec![0.0; parameters.len()];
        let mut optimiser = OptimiserState::new(optimiser, parameters.len())?;
        for step in 0..=steps {
            let value = objective.gradient(&parameters, at, &mut gradient)?;
            check_finite(step, value.total, at)?;
            seen(step, Rdc { rate: value.rdc.rate + value.ridge, ..value.rdc });
            if step < steps {
                move_down(&mut parameters, &mut optimiser, &gradient, at, rate)?;
            }
        }
        Ok(Parameters::from_values(parameters))
    }

    /// The minimum that Newton's method comes to from the parameters of a trained model.
    ///
    /// # Errors
    ///
    /// [`ModelError::State`] for the parameters of another model; [`ModelError::Unequilibrated`] where the gradient is not as
    /// small as the options want it.
    pub fn equilibrium_near(
        &self,
        parameters: &Parameters<f64>,
        at: Multipliers,
    ) -> Result<At<Self>, ModelError> {
        self.check_length(parameters.len())?;
        let mut objective = Objective::new(self)?;
        self.settle(&mut objective, at, parameters.values().to_vec(), Branch::default())
    }
}
