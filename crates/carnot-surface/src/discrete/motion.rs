//! The force of moving data on a discrete equilibrium.

use ndarray::ArrayView2;

use super::costs::Costs;
use super::evaluation::Evaluation;
use super::letters::{LEAST_LOG, Letters};
use super::problem::{LOG_ZERO, Problem, Task};
use super::response::reaction;
use super::sums::dot;
use super::tendency::Tendency;
use super::{DiscreteError, DiscreteSystem, GibbsSystem};
use crate::{At, Force, Multipliers};

/// A share of an input that is given to a letter which denies one of its labels: from here on it is felt.
const FELT: f64 = 1e-18;

/// The joint distribution `w = p_t(x, y)` at one time and its velocity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Motion<'a> {
    pub(crate) time: f64,
    /// w, of the user's shape `(n_x, n_y)`.
    pub(crate) joint: ArrayView2<'a, f64>,
    /// `dw/dt`.
    pub(crate) velocity: ArrayView2<'a, f64>,
}

impl DiscreteSystem {
    /// The force of moving data on an equilibrium. `self` is the system of a time at which every input and every label of
    /// the path occurs.
    pub(crate) fn force(&self, at: &At<Self>, motion: Motion<'_>) -> Result<Force<f64>, DiscreteError> {
        force(&self.problem, at.multipliers, &at.state, motion)
    }
}

impl GibbsSystem {
    /// As of a [`DiscreteSystem`].
    pub(crate) fn force(&self, at: &At<Self>, motion: Motion<'_>) -> Result<Force<f64>, DiscreteError> {
        force(&self.problem, at.multipliers, &at.state, motion)
    }
}

/// With p and w at time t, `e(z|x)` and `s(x)` of the letters, and `u(x, y) = dw - p(y|x) dp(x)`, so that the fitness
/// `a(x, z)` moves by `A / p(x)`, `A = gamma sum_y u ln c(y|z)`:
///
/// ```text
/// tau             = sum_x [ -dp ln s - sum_z e A ]
/// dD at letters   = sum_x [ dp E_e rho + Cov_e(rho, A) ]
/// dC at letters   = sum_x [ -sum_yz dw e ln c + Cov_e(l_c, A) ]
/// dm' at letters  = sum_x [ dp e + e (A - E_e A) ]
/// dq' at letters  = sum_x [ dw e + p(y|x) e (A - E_e A) ]
/// ```
///
/// The letters follow as they follow a multiplier: `-b_a' H^-1 b_t`, as in the response.
fn force(
    alphabets: &Problem,
    at: Multipliers,
    state: &super::DiscreteState,
    motion: Motion<'_>,
) -> Result<Force<f64>, DiscreteError> {
    state.check_sizes(alphabets)?;
    let letters = &state.letters;
    let problem = &alphabets.with_joint(motion.joint);
    let task = Task { problem, at };
    let mut evaluation = Evaluation::new(problem);
    evaluation.objective(task, letters);
    evaluation.update(problem, letters);
    let flow = Flow::new(problem, motion, letters, &evaluation, at.gamma())?;
    let costs = Costs::new(problem, letters, &evaluation);
    let [by_lambda, by_gamma] = Tendency::of_multipliers(problem, letters, &evaluation, &costs);
    let by_time = flow.tendency(problem, letters, &evaluation);
    let not_a_minimum = |_| DiscreteError::NotAMinimum { lambda: at.lambda(), gamma: at.gamma() };
    let tendencies = [by_lambda, by_gamma, by_time];
    let reaction = reaction(task, letters, &evaluation, &tendencies).map_err(not_a_minimum)?.products;
    let [distortion, classification] = flow.losses(problem, letters, &evaluation, &costs);
    let least_distortion = dot(&flow.inputs, &problem.least_costs);
    Ok(Force {
        free_energy: at.lambda() * least_distortion + flow.objective(&evaluation),
        distortion: least_distortion + distortion - reaction[0][2],
        classification: classification - reaction[1][2],
    })
}

/// The velocities of the data, and what they do to the fitness.
struct Flow {
    /// `dp(x)`.
    inputs: Vec<f64>,
    /// `dw`, shape `(n_y, n_x)`.
    joint: Vec<f64>,
    /// `A`, shape `(n_z, n_x)`; zero where the encoder is.
    fitness: Vec<f64>,
    /// `E_e A`.
    mean_fitness: Vec<f64>,
}

impl Flow {
    fn new(
        problem: &Problem,
        motion: Motion<'_>,
        letters: &Letters,
        evaluation: &Evaluation,
        gamma: f64,
    ) -> Result<Self, DiscreteError> {
        let (n_x, n_y) = (problem.n_x, problem.n_y);
        let joint = problem.gather(motion.velocity);
        let inputs: Vec<f64> = (0..n_x).map(|x| (0..n_y).map(|y| joint[y * n_x + x]).sum()).collect();
        let mut fitness = vec![0.0; n_x * problem.n_z];
        for z in letters.in_use() {
            for y in 0..n_y {
                let log_c = letters.log_classifier[z * n_y + y];
                for x in (0..n_x).filter(|x| evaluation.encoder[z * n_x + x] > 0.0) {
                    let turned = joint[y * n_x + x] - problem.labels[y * n_x + x] * inputs[x];
                    fitness[z * n_x + x] += gamma * turned * log_c;
                }
            }
        }
        let mean_fitness = (0..n_x)
            .map(|x| letters.in_use().map(|z| evaluation.encoder[z * n_x + x] * fitness[z * n_x + x]).sum())
            .collect();
        let flow = Self { inputs, joint, fitness, mean_fitness };
        flow.check_finite(problem, motion.time, letters, evaluation)?;
        Ok(flow)
    }

    /// Refuses inputs and labels that enter where every letter that could stand for them denies them.
    fn check_finite(
        &self,
        problem: &Problem,
        time: f64,
        letters: &Letters,
        evaluation: &Evaluation,
    ) -> Result<(), DiscreteError> {
        let (n_x, n_y) = (problem.n_x, problem.n_y);
        for x in 0..n_x {
            // The logarithm of zero, priced or not.
            if self.inputs[x] != 0.0 && evaluation.log_partition[x] < 1e-3 * LOG_ZERO {
                return Err(DiscreteError::Entering { what: "input", index: problem.places(x, 0).0, time });
            }
            for y in 0..n_y {
                let probability = problem.source[x] * problem.labels[y * n_x + x];
                if probability > 0.0 || self.joint[y * n_x + x] == 0.0 {
                    continue;
                }
                let denied: f64 = letters
                    .in_use()
                    .filter(|z| letters.log_classifier[z * n_y + y] <= LEAST_LOG)
                    .map(|z| evaluation.encoder[z * n_x + x])
                    .sum();
                if denied > FELT {
                    return Err(DiscreteError::Entering {
                        what: "label",
                        index: problem.places(x, y).1,
                        time,
                    });
                }
            }
        }
        Ok(())
    }

    /// `sum_x [ -dp ln s - sum_z e A ]`.
    fn objective(&self, evaluation: &Evaluation) -> f64 {
        let per_input = self.inputs.iter().zip(&evaluation.log_partition).zip(&self.mean_fitness);
        per_input.map(|((dp, log_partition), a)| -dp * log_partition - a).sum()
    }

    /// What D, without its least part, and C gain at fixed letters.
    fn losses(
        &self,
        problem: &Problem,
        letters: &Letters,
        evaluation: &Evaluation,
        costs: &Costs,
    ) -> [f64; 2] {
        let (n_x, n_y) = (problem.n_x, problem.n_y);
        let mut losses = [0.0; 2];
        for z in letters.in_use() {
            for x in 0..n_x {
                let place = z * n_x + x;
                let e = evaluation.encoder[place];
                if e > 0.0 {
                    let said: f64 =
                        (0..n_y).map(|y| self.joint[y * n_x + x] * letters.log_classifier[z * n_y + y]).sum();
                    let turning = costs.centred.each_ref().map(|cost| cost[place] * self.fitness[place]);
                    losses[0] += e * (self.inputs[x] * problem.costs[place] + turning[0]);
                    losses[1] += e * (turning[1] - said);
                }
            }
        }
        losses
    }

    fn tendency(&self, problem: &Problem, letters: &Letters, evaluation: &Evaluation) -> Tendency {
        let (n_x, n_y) = (problem.n_x, problem.n_y);
        let mut tendency = Tendency::zeros(problem);
        for z in letters.in_use() {
            for x in 0..n_x {
                let e = evaluation.encoder[z * n_x + x];
                let turning = e * (self.fitness[z * n_x + x] - self.mean_fitness[x]);
                tendency.marginal[z] -= self.inputs[x] * e + turning;
                for y in 0..n_y {
                    let place = y * n_x + x;
                    tendency.joint[z * n_y + y] -= self.joint[place] * e + problem.labels[place] * turning;
                }
            }
        }
        tendency
    }
}
