//! A deterministic network while its data move from one set to another.

use carnot_data::ImageDataset;
use carnot_surface::{At, Driven, Force, Observables};

use super::objective::Objective;
use super::{DeterministicSystem, Equilibration};
use crate::krylov::{add_scaled, dot};
use crate::system::fits;
use crate::{Architecture, ModelError};

/// The family of [`DeterministicSystem`]s over mixtures `(1 - t) source + t target` of two data sets, of equal mass each,
/// whatever their sizes; noise and ridge are the same at every time.
#[derive(Debug, Clone)]
pub struct MovingDeterministic {
    /// On both sets together.
    both: DeterministicSystem,
    /// Samples of the source, which come first.
    n_source: usize,
}

impl MovingDeterministic {
    /// The mixtures of two data sets.
    ///
    /// # Errors
    ///
    /// [`ModelError::Data`] where a set does not fit the architecture or has fewer than two samples; [`ModelError::Option`] for
    /// options outside their ranges.
    pub fn new(
        architecture: Architecture,
        source: &ImageDataset,
        target: &ImageDataset,
        options: Equilibration,
        seed: u64,
    ) -> Result<Self, ModelError> {
        fits(&architecture, "source", source)?;
        fits(&architecture, "target", target)?;
        let both = source.followed_by(target)?;
        let both = DeterministicSystem::new(architecture, both, options, seed)?;
        Ok(Self { both, n_source: source.len() })
    }

    /// What each sample counts if the sets count this much.
    fn weights(&self, source: f64, target: f64) -> Vec<f64> {
        let (n, n_source) = (self.both.data.len(), self.n_source);
        let share =
            |i: usize| if i < n_source { source / n_source as f64 } else { target / (n - n_source) as f64 };
        (0..n).map(share).collect()
    }
}

impl Driven for MovingDeterministic {
    type System = DeterministicSystem;

    /// # Errors
    ///
    /// [`ModelError::Option`] for a time outside `[0, 1]`.
    fn at(&self, time: f64) -> Result<DeterministicSystem, ModelError> {
        if !(0.0..=1.0).contains(&time) {
            return Err(ModelError::Option { option: "time", requirement: "between 0 and 1", value: time });
        }
        let weights = self.weights(1.0 - time, time);
        Ok(DeterministicSystem { weights: Some(weights.into()), ..self.both.clone() })
    }

    /// `tau = (R + lambda D + gamma C) of the target less that of the source`, both of the model at equilibrium; and, with
    /// `b = d/dt grad F` the same difference of gradients, `dD/dt = D_target - D_source - b' A^-1 grad D`, and so for C.
    ///
    /// # Errors
    ///
    /// As [`Responsive::response`](carnot_surface::Responsive::response).
    fn force(&self, time: f64, at: &At<DeterministicSystem>) -> Result<Force<f64>, ModelError> {
        let system = self.at(time)?;
        let motion = system.known(&at.state)?;
        let parameters = at.state.parameters.values();
        let of = |weights: &[f64]| {
            let mut gradient = vec![0.0; parameters.len()];
            let mut objective = Objective::new(&self.both)?.weighted(weights);
            let value = objective.gradient(parameters, at.multipliers, &mut gradient)?;
            Ok::<_, ModelError>((value.rdc, gradient))
        };
        let (source, of_source) = of(&self.weights(1.0, 0.0))?;
        let (target, mut drift) = of(&self.weights(0.0, 1.0))?;
        add_scaled(-1.0, &of_source, &mut drift);
        let change = target.change_since(&source);
        Ok(Force {
            free_energy: change.objective(at.multipliers),
            distortion: change.distortion + dot(&drift, &motion.by_lambda),
            classification: change.classification + dot(&drift, &motion.by_gamma),
        })
    }
}
