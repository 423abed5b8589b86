//! Where the search for a minimum begins when the problem is not convex.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::evaluation::Evaluation;
use super::letters::Letters;
use super::problem::{LOG_ZERO, Problem};

/// The letters that belong to an encoder proportional to `exp(log_weights)`, shape `(n_z, n_x)`.
fn letters_of_encoder(
    problem: &Problem,
    evaluation: &mut Evaluation,
    log_weight: impl Fn(usize, usize) -> f64,
) -> Letters {
    let mut letters = Letters::uniform(problem);
    let n_x = problem.n_x;
    for x in 0..n_x {
        let value = |z: usize| {
            let allowed = problem.costs[z * n_x + x].is_finite() && letters.marginal[z] > 0.0;
            if allowed { log_weight(z, x) } else { LOG_ZERO }
        };
        let largest = (0..problem.n_z).map(value).fold(f64::NEG_INFINITY, f64::max);
        let mut sum = 0.0;
        for z in 0..problem.n_z {
            let entry = &mut evaluation.encoder[z * n_x + x];
            *entry = (value(z) - largest).exp();
            sum += *entry;
        }
        for z in 0..problem.n_z {
            evaluation.encoder[z * n_x + x] /= sum;
        }
    }
    evaluation.update_from_encoder(problem, &letters);
    evaluation.write_update(problem, &mut letters);
    letters
}

/// Each input to a letter of its own, as far as there are letters: the cheapest that no other input has taken.
pub(super) fn one_letter_per_input(problem: &Problem, evaluation: &mut Evaluation) -> Letters {
    let n_x = problem.n_x;
    let mut taken = vec![0_usize; problem.n_z];
    let mut chosen = vec![0; n_x];
    for (x, choice) in chosen.iter_mut().enumerate() {
        let cost = |z: usize| problem.costs[z * n_x + x];
        let fewest = (0..problem.n_z).filter(|&z| cost(z).is_finite()).map(|z| taken[z]).min().unwrap_or(0);
        let candidates = (0..problem.n_z).filter(|&z| cost(z).is_finite() && taken[z] == fewest);
        *choice = candidates.min_by(|&a, &b| cost(a).total_cmp(&cost(b))).unwrap_or(0);
        taken[*choice] += 1;
    }
    // Not quite certain, so that a shared letter can still be told from its neighbours.
    letters_of_encoder(problem, evaluation, |z, x| if chosen[x] == z { 0.0 } else { -12.0 })
}

/// Letters of one kind in a random encoder, for each label.
const ALIKE: usize = 2;

/// A random encoder, from nearly flat to nearly deterministic, in part by the costs.
pub(super) fn random(
    problem: &Problem,
    evaluation: &mut Evaluation,
    lambda: f64,
    seed: u64,
    index: usize,
) -> Letters {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(index as u64);
    let sharpness = 10.0_f64.powf(rng.random_range(0.0..1.7));
    let weight_of_costs = if index.is_multiple_of(2) { lambda } else { 0.0 };
    let noise: Vec<f64> = (0..problem.n_z * problem.n_x).map(|_| rng.random_range(-1.0..1.0)).collect();
    // Letters of one kind are told apart by their classifiers alone: a few of them go a long way, and more can enter.
    let mut members = vec![0_usize; problem.n_z];
    let taken: Vec<bool> = problem
        .kinds
        .iter()
        .map(|&kind| {
            members[kind] += 1;
            members[kind] <= ALIKE * problem.n_y
        })
        .collect();
    letters_of_encoder(problem, evaluation, |z, x| {
        let place = z * problem.n_x + x;
        if taken[z] { sharpness * noise[place] - weight_of_costs * problem.costs[place] } else { LOG_ZERO }
    })
}
