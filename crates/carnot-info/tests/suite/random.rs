//! Random distributions, channels and whole problems, from flat to very peaked, with zero cells.

use carnot_info::{Channel, Distribution, Joint};
use carnot_testkit::strategies::{log_uniform, signed};
use ndarray::{Array1, Array2};
use proptest::prelude::*;

/// `n` log-weights that span up to 2 * 1e3 nats, so that probabilities underflow too; in half of the draws some are
/// -inf, never all.
pub(crate) fn log_weights(n: usize) -> impl Strategy<Value = Vec<f64>> {
    let kept = prop::collection::vec(any::<bool>(), n);
    (signed(n), kept, any::<bool>(), log_uniform(1e-3, 1e3), 0..n).prop_map(
        |(directions, kept, cut, scale, certain)| {
            let value = |(i, direction): (usize, f64)| {
                if !cut || kept[i] || i == certain { scale * direction } else { f64::NEG_INFINITY }
            };
            directions.into_iter().enumerate().map(value).collect()
        },
    )
}

/// A distribution over `n` outcomes.
pub(crate) fn distribution(n: usize) -> impl Strategy<Value = Distribution> {
    log_weights(n).prop_map(|weights| Distribution::from_log_weights(weights).unwrap())
}

/// A channel from `inputs` to `outputs`, each row with its own scale.
pub(crate) fn channel(inputs: usize, outputs: usize) -> impl Strategy<Value = Channel> {
    prop::collection::vec(log_weights(outputs), inputs).prop_map(move |rows| {
        let table = Array2::from_shape_vec((inputs, outputs), rows.concat()).unwrap();
        Channel::from_log_weights(table).unwrap()
    })
}

/// A joint distribution of sizes `n_x`, `n_y`; zero rows and columns occur.
pub(crate) fn joint(n_x: usize, n_y: usize) -> impl Strategy<Value = Joint> {
    (log_weights(n_x * n_y), distribution(n_x), channel(n_x, n_y), any::<bool>()).prop_map(
        move |(weights, source, channel, product)| {
            if product {
                return Joint::from_parts(&source, &channel).unwrap();
            }
            let table = Array1::from(weights).mapv(|w: f64| w.min(700.0).exp());
            let shaped = table.into_shape_with_order((n_x, n_y)).unwrap();
            // Weights may all have underflowed; then any joint will do.
            Joint::from_weights(shaped).unwrap_or(Joint::from_parts(&source, &channel).unwrap())
        },
    )
}

/// Everything section 1 of the theory speaks about.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) joint: Joint,
    pub(crate) encoder: Channel,
    pub(crate) marginal: Distribution,
    pub(crate) decoder: Channel,
    pub(crate) classifier: Channel,
}

/// A problem with alphabets of one to eight symbols each.
pub(crate) fn problem() -> impl Strategy<Value = Problem> {
    (1..9usize, 1..9usize, 1..9usize)
        .prop_flat_map(|(x, y, z)| {
            (joint(x, y), channel(x, z), distribution(z), channel(z, x), channel(z, y))
        })
        .prop_map(|(joint, encoder, marginal, decoder, classifier)| Problem {
            joint,
            encoder,
            marginal,
            decoder,
            classifier,
        })
}
