//! Away from saddles.

use carnot_surface::Multipliers;

use super::newton::{Descended, descend};
use super::objective::Objective;
use crate::ModelError;
use crate::krylov::{Limits, add_scaled, lowest_eigenvalues, norm};

/// The part of the wanted gradient that Newton's method goes on to, as long as it gains.
const FLOOR: f64 = 1e-4;

/// How often a saddle is left for what turns out to be another.
const MOST_SADDLES: usize = 5;

/// How far from a saddle its unstable direction is followed before Newton's method goes on, as a part of the parameters.
const ASIDE: f64 = 1e-3;

/// To what the lowest eigenvalue is wanted, relative to the largest: the value is right to the square of it.
const RTOL: f64 = 1e-6;

/// A curvature above minus this part of the largest is rounding.
const ROUNDING: f64 = 1e-12;

/// Descends to where the gradient is as small as `wanted`, or smaller, and nothing curves down. Newton's method goes to a saddle where a symmetry of the
/// start keeps it on the ridge, as two units that do the same; and a branch of minima goes on as one of saddles where it
/// splits.
pub(super) fn descend_to_minimum(
    objective: &mut Objective<'_>,
    at: Multipliers,
    parameters: &mut Vec<f64>,
    (most_steps, wanted): (usize, f64),
    seed: u64,
) -> Result<Descended, ModelError> {
    let floor = FLOOR * wanted;
    let mut found = descend(objective, at, parameters, most_steps, floor)?;
    for _ in 0..MOST_SADDLES {
        // Short of where the gradient vanishes there is nothing to leave.
        if found.slope.is_nan() || found.slope > wanted {
            break;
        }
        let mut curved = objective.linearise(parameters, at)?;
        let (mut products, mut largest) = (0, 0.0_f64);
        let map = |v: &[f64], out: &mut [f64]| {
            products += 1;
            curved.multiply(v, out)?;
            largest = largest.max(norm(out) / norm(v));
            Ok(())
        };
        let limits = Limits { rtol: RTOL, most_products: parameters.len(), ..Limits::default() };
        let lowest = lowest_eigenvalues::<ModelError>(map, parameters.len(), 1, seed, &limits)?;
        found.products += products;
        if lowest.values[0] > -ROUNDING * largest {
            break;
        }
        let aside = ASIDE * norm(parameters).max(1.0);
        let mut gradient = vec![0.0; parameters.len()];
        let sides = [aside, -aside].map(|step| {
            let mut moved = parameters.clone();
            add_scaled(step, &lowest.vectors[0], &mut moved);
            moved
        });
        let mut total = |side: &[f64]| objective.gradient(side, at, &mut gradient).map(|value| value.total);
        let (one, other) = (total(&sides[0])?, total(&sides[1])?);
        let [first, second] = sides;
        *parameters = if other < one { second } else { first };
        let before = (found.steps, found.products);
        found = descend(objective, at, parameters, most_steps, floor)?;
        (found.steps, found.products) = (found.steps + before.0, found.products + before.1);
    }
    Ok(found)
}
