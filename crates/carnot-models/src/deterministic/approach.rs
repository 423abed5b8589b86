//! The way from a new model to the neighbourhood of a minimum, by argmin's L-BFGS.

use std::cell::RefCell;

use argmin::core::{CostFunction, Error, Executor, Gradient};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use carnot_surface::Multipliers;

use super::objective::Objective;
use crate::ModelError;
use crate::krylov::norm;

/// Pairs of steps and changes of the gradient that are kept.
const MEMORY: usize = 20;

/// Moves the parameters downhill by at most `steps` steps, or until the gradient is below `enough`. A line search that finds
/// nothing lower ends it: what was reached by then is where Newton's method goes on.
pub(super) fn approach(
    objective: &mut Objective<'_>,
    at: Multipliers,
    parameters: &mut Vec<f64>,
    steps: u64,
    enough: f64,
) -> Result<(), ModelError> {
    if steps == 0 {
        return Ok(());
    }
    let start = parameters.clone();
    let seen = RefCell::new(Seen {
        objective,
        at,
        last: Vec::new(),
        gradient: vec![0.0; start.len()],
        total: f64::INFINITY,
        lowest: f64::INFINITY,
        best: parameters,
        error: None,
    });
    let search = MoreThuenteLineSearch::new();
    // argmin refuses tolerances that are negative, and this one is not.
    if let Ok(solver) = LBFGS::new(search, MEMORY).with_tolerance_grad(enough) {
        // Where a line search gives up argmin returns an error, and not what it has found: that is in `seen`.
        let run =
            Executor::new(Problem(&seen), solver).configure(|state| state.param(start).max_iters(steps));
        drop(run.run());
    }
    match seen.into_inner().error {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// What the solver has asked for last, and the lowest of all.
struct Seen<'a, 'b> {
    objective: &'a mut Objective<'b>,
    at: Multipliers,
    last: Vec<f64>,
    gradient: Vec<f64>,
    total: f64,
    lowest: f64,
    best: &'a mut Vec<f64>,
    error: Option<ModelError>,
}

impl Seen<'_, '_> {
    /// Value and gradient are asked for one after the other, and computed at once.
    fn evaluate(&mut self, parameters: &[f64]) {
        if self.last == parameters {
            return;
        }
        self.last.clear();
        self.last.extend_from_slice(parameters);
        match self.objective.gradient(parameters, self.at, &mut self.gradient) {
            Ok(value) if value.total.is_finite() && norm(&self.gradient).is_finite() => {
                self.total = value.total;
                if value.total < self.lowest {
                    self.lowest = value.total;
                    self.best.copy_from_slice(parameters);
                }
            }
            // Too long a step: the line search takes a shorter one.
            Ok(_) => self.total = f64::INFINITY,
            Err(error) => {
                self.total = f64::INFINITY;
                self.error = Some(error);
            }
        }
    }
}

struct Problem<'a, 'b, 'c>(&'a RefCell<Seen<'b, 'c>>);

impl CostFunction for Problem<'_, '_, '_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, parameters: &Vec<f64>) -> Result<f64, Error> {
        let mut seen = self.0.borrow_mut();
        seen.evaluate(parameters);
        Ok(seen.total)
    }
}

impl Gradient for Problem<'_, '_, '_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, parameters: &Vec<f64>) -> Result<Vec<f64>, Error> {
        let mut seen = self.0.borrow_mut();
        seen.evaluate(parameters);
        Ok(seen.gradient.clone())
    }
}
