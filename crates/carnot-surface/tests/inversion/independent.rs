//! An independent method: the concave dual `F - lambda D* - gamma C*` maximised by argmin's L-BFGS.

use argmin::core::{CostFunction, Error, Executor, Gradient, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use carnot_surface::{At, Multipliers, Rdc, Responsive, System, Target};
use carnot_testkit::assert_close;

use crate::systems::{Phases, plane};
use crate::{at, forward, point};

/// Minus the dual as a function of `(ln lambda, ln gamma)`.
struct Dual<'a, S> {
    system: &'a S,
    distortion: f64,
    classification: f64,
}

impl<S: System<Rdc = Rdc>> Dual<'_, S> {
    fn at(&self, logarithms: &[f64]) -> Result<At<S>, Error> {
        let multipliers = Multipliers::new(logarithms[0].exp(), logarithms[1].exp())?;
        Ok(self.system.equilibrium(multipliers, None)?)
    }
}

impl<S: System<Rdc = Rdc>> CostFunction for Dual<'_, S> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, logarithms: &Vec<f64>) -> Result<f64, Error> {
        let found = self.at(logarithms)?;
        let at = found.multipliers;
        Ok(at.lambda() * self.distortion + at.gamma() * self.classification - found.free_energy())
    }
}

impl<S: System<Rdc = Rdc>> Gradient for Dual<'_, S> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, logarithms: &Vec<f64>) -> Result<Vec<f64>, Error> {
        let found = self.at(logarithms)?;
        let at = found.multipliers;
        Ok(vec![
            at.lambda() * (self.distortion - found.rdc.distortion),
            at.gamma() * (self.classification - found.rdc.classification),
        ])
    }
}

/// The multipliers at which argmin's L-BFGS finds the maximum, from (1, 1).
fn maximum<S: System<Rdc = Rdc>>(system: &S, distortion: f64, classification: f64) -> Multipliers {
    let dual = Dual { system, distortion, classification };
    let search = MoreThuenteLineSearch::new();
    let solver = LBFGS::new(search, 7).with_tolerance_grad(1e-10).expect("a tolerance");
    let solver = solver.with_tolerance_cost(0.0).expect("a tolerance");
    let run = Executor::new(dual, solver).configure(|state| state.param(vec![0.0, 0.0]).max_iters(200));
    let run = run.run().expect("a run");
    let best = run.state().get_best_param().expect("a best").clone();
    at(best[0].exp(), best[1].exp())
}

fn compare<S: Responsive<Rdc = Rdc>>(system: &S, lambda: f64, gamma: f64)
where
    S::State: std::fmt::Debug,
{
    let Rdc { distortion, classification, .. } = forward(system, lambda, gamma).rdc;
    let ours = point(system, Target::DistortionClassification { distortion, classification }).multipliers;
    let theirs = maximum(system, distortion, classification);
    // The dual is known to about 1e-15, so that its maximum is known to about 1e-7 where its curvature is of order one,
    // by their method; ours, which solves for the gradient, is closer to the truth.
    assert_close!(theirs.lambda(), ours.lambda(), rtol = 1e-5, atol = 0.0);
    assert_close!(theirs.gamma(), ours.gamma(), rtol = 1e-5, atol = 0.0);
    assert_close!(ours.lambda(), lambda, rtol = 1e-8, atol = 0.0);
    assert_close!(ours.gamma(), gamma, rtol = 1e-8, atol = 0.0);
}

#[test]
fn argmin_maximises_the_dual_at_the_same_multipliers() {
    for (lambda, gamma) in [(2.0, 0.5), (0.8, 3.0), (12.0, 5.0)] {
        compare(&plane(), lambda, gamma);
    }
    let gibbs = Phases::one(&[[0.4, 0.0, 1.0], [0.2, 0.6, 0.1], [0.3, 1.0, 0.4], [0.1, 0.3, 0.5]]);
    for (lambda, gamma) in [(0.5, 0.7), (3.0, 1.0), (0.2, 4.0)] {
        compare(&gibbs, lambda, gamma);
    }
}
