//! An objective of one's own, known by its value and gradient alone: whether it is repeatable, and its curvature by
//! differences.
//!
//! It is a closure `FnMut(&[f64], &mut [f64]) -> Result<f64, E>` that is given parameters, fills in the gradient and returns
//! the value. Random numbers in it must be the same at every call. What the engine computes needs none of this: its
//! products are exact ([`Engine::linearise`](crate::engine::Engine::linearise)).
//!
//! ```
//! use carnot_models::objective::{Differences, check_repeatable};
//!
//! // exp(a b), whose second derivatives at (1, 0) are 0, 1, 1 and 1.
//! let mut objective = |at: &[f64], gradient: &mut [f64]| {
//!     let value = (at[0] * at[1]).exp();
//!     gradient.copy_from_slice(&[at[1] * value, at[0] * value]);
//!     Ok::<f64, std::convert::Infallible>(value)
//! };
//! check_repeatable(&mut objective, &[1.0, 0.0])?;
//! let found = Differences::DEFAULT.hessian_product(&mut objective, &[1.0, 0.0], &[3.0, 4.0])?;
//! assert!((found.product[0] - 4.0).abs() <= found.error && (found.product[1] - 7.0).abs() <= found.error);
//! assert!(found.error < 1e-9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(test)]
mod tests;

/// Why an objective has no curvature to speak of.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectiveError<E> {
    /// The objective could not be evaluated.
    #[error("evaluating the objective")]
    Evaluation(#[source] E),
    /// The value differs between two evaluations at the same parameters.
    #[error("the objective is {first} and then {second} at the same parameters")]
    Value {
        /// The first value.
        first: f64,
        /// The second one.
        second: f64,
    },
    /// The gradient differs between two evaluations at the same parameters.
    #[error("slope {index} of the objective is {first} and then {second} at the same parameters")]
    Gradient {
        /// The first parameter whose slope differs.
        index: usize,
        /// Its first slope.
        first: f64,
        /// Its second one.
        second: f64,
    },
    /// A direction that has another length than the parameters.
    #[error("the direction has {found} numbers, the parameters have {expected}")]
    Direction {
        /// What the direction has.
        found: usize,
        /// What the parameters have.
        expected: usize,
    },
    /// No differences of gradients are finite.
    #[error("the gradient is not finite near the parameters")]
    NotFinite,
    /// An option outside its range.
    #[error("{option} must be {requirement}, not {value}")]
    Option {
        /// Which option.
        option: &'static str,
        /// Its range.
        requirement: &'static str,
        /// What was given.
        value: f64,
    },
}

/// Evaluates an objective twice at the same parameters, and returns its value.
///
/// # Errors
///
/// [`ObjectiveError::Value`] or [`ObjectiveError::Gradient`] where the two differ in a single bit: something random is in it
/// that is not the same at every call, or sums whose order is left to threads. [`ObjectiveError::Evaluation`] where the
/// objective fails.
pub fn check_repeatable<E>(
    mut objective: impl FnMut(&[f64], &mut [f64]) -> Result<f64, E>,
    parameters: &[f64],
) -> Result<f64, ObjectiveError<E>> {
    let mut gradients = [const { Vec::new() }; 2];
    let mut values = [0.0; 2];
    for (value, gradient) in values.iter_mut().zip(&mut gradients) {
        gradient.resize(parameters.len(), 0.0);
        *value = objective(parameters, gradient).map_err(ObjectiveError::Evaluation)?;
    }
    let [first, second] = values;
    if first.to_bits() != second.to_bits() {
        return Err(ObjectiveError::Value { first, second });
    }
    let mut slopes = gradients[0].iter().zip(&gradients[1]).enumerate();
    match slopes.find(|(_, (first, second))| first.to_bits() != second.to_bits()) {
        Some((index, (&first, &second))) => Err(ObjectiveError::Gradient { index, first, second }),
        None => Ok(first),
    }
}

/// How gradients are differenced.
///
/// Central differences `(g(x + t u) - g(x - t u)) / 2t` along the unit direction u, with steps t that are halved from level to
/// level, are extrapolated in `t^2` (Richardson; Ridders, *Advances in Engineering Software* 4, 75 (1982)). Each level
/// disagrees with the one before by what is cut off in the series, less from level to level, and by the noise of the gradient
/// over t, more from level to level. The level is taken at which both together are least; how much noise it has is seen at
/// the two or more levels below it, since single numbers may agree by chance.
///
/// A kink of the objective's slope (a ReLU) within the steps shows in the error, but one that is closer than the last step does
/// not: the product is then the mean of those on its two sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Differences {
    /// The largest step, in units of `1 + |x|`, with the Euclidean length of the parameters. Default 1/64.
    pub step: f64,
    /// Steps, at least 4. Each costs two gradients and keeps three vectors of the parameters' length. Default 10.
    pub levels: usize,
}

/// A product `H v` of second derivatives with a direction, by differences.
#[derive(Debug, Clone, PartialEq)]
pub struct DifferenceProduct {
    /// The product.
    pub product: Vec<f64>,
    /// An estimate of the Euclidean length of its error: how far the extrapolations disagree, and the rounding of the
    /// gradients to the last place.
    pub error: f64,
    /// Gradients evaluated.
    pub gradients: usize,
}

impl Default for Differences {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Differences {
    /// Steps from a sixty-fourth of the parameters' length down, halved nine times.
    pub const DEFAULT: Self = Self { step: 1.0 / 64.0, levels: 10 };

    /// The product with `direction` of an objective's second derivatives at `parameters`. There are fewer levels where the error
    /// comes down to the rounding of the gradients.
    ///
    /// # Errors
    ///
    /// [`ObjectiveError::Evaluation`] where the objective fails, [`ObjectiveError::NotFinite`] where no difference is finite,
    /// [`ObjectiveError::Direction`] for a direction that does not fit, [`ObjectiveError::Option`] for options outside their
    /// range.
    pub fn hessian_product<E>(
        &self,
        mut objective: impl FnMut(&[f64], &mut [f64]) -> Result<f64, E>,
        parameters: &[f64],
        direction: &[f64],
    ) -> Result<DifferenceProduct, ObjectiveError<E>> {
        self.check(parameters, direction)?;
        let (length, n) = (norm(direction), parameters.len());
        if length == 0.0 {
            return Ok(DifferenceProduct { product: vec![0.0; n], error: 0.0, gradients: 0 });
        }
        let mut step = self.step * (1.0 + norm(parameters));
        let (mut moved, mut above) = (vec![0.0; n], vec![0.0; n]);
        let (mut levels, mut gradients) = (Vec::<Level>::new(), 0);
        // The difference of the level before, and what was extrapolated from it and from coarser ones.
        let mut before: Vec<Vec<f64>> = Vec::new();
        for _ in 0..self.levels {
            let mut evaluate = |step: f64, gradient: &mut [f64]| {
                for ((moved, x), v) in moved.iter_mut().zip(parameters).zip(direction) {
                    *moved = x + step / length * v;
                }
                objective(moved.as_slice(), gradient).map_err(ObjectiveError::Evaluation)
            };
            let mut difference = vec![0.0; n];
            evaluate(step, &mut above)?;
            evaluate(-step, &mut difference)?;
            // A unit in the last place of two gradients, over their distance.
            let rounding = f64::EPSILON * norm(&above).max(norm(&difference)) * length / step;
            for (below, above) in difference.iter_mut().zip(&above) {
                *below = (above - *below) * (length / (2.0 * step));
            }
            gradients += 2;
            // Where there is no gradient, a step shorter starts afresh.
            let is_finite = difference.iter().all(|slope| slope.is_finite());
            let row = if is_finite { extrapolate(difference, &before) } else { Vec::new() };
            if is_finite {
                levels.push(Level::new(step, rounding, &row, &before));
                if levels.iter().rev().nth(BELOW).is_some_and(Level::is_rounding) {
                    break;
                }
            }
            (before, step) = (row, 0.5 * step);
        }
        match best(levels) {
            Some((product, error)) if error.is_finite() => {
                Ok(DifferenceProduct { product, error, gradients })
            }
            _ => Err(ObjectiveError::NotFinite),
        }
    }

    fn check<E>(&self, parameters: &[f64], direction: &[f64]) -> Result<(), ObjectiveError<E>> {
        let (found, expected) = (direction.len(), parameters.len());
        if found != expected {
            return Err(ObjectiveError::Direction { found, expected });
        }
        if !(self.step > 0.0 && self.step.is_finite()) {
            let requirement = "finite and positive";
            return Err(ObjectiveError::Option { option: "step", requirement, value: self.step });
        }
        if self.levels < 4 {
            let value = self.levels as f64;
            return Err(ObjectiveError::Option { option: "levels", requirement: "at least 4", value });
        }
        Ok(())
    }
}

/// The difference of a level, then its extrapolations with those of the coarser levels, to one order more at a time.
fn extrapolate(difference: Vec<f64>, before: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut row = vec![difference];
    let mut factor = 1.0;
    for (order, coarser) in before.iter().enumerate() {
        factor *= 4.0;
        let pairs = row[order].iter().zip(coarser);
        row.push(pairs.map(|(fine, coarse)| fine + (fine - coarse) / (factor - 1.0)).collect());
    }
    row
}

/// Levels below one that tell its noise.
const BELOW: usize = 2;

/// What is known of a level once it is extrapolated.
struct Level {
    step: f64,
    value: Vec<f64>,
    /// How far it is from the level before and from one order less, and the rounding of the gradients.
    disagreement: f64,
    rounding: f64,
}

impl Level {
    fn new(step: f64, rounding: f64, row: &[Vec<f64>], before: &[Vec<f64>]) -> Self {
        let value = row.last().cloned().unwrap_or_default();
        let others = row.iter().rev().nth(1).into_iter().chain(before.last());
        // The first level has none to agree with.
        let farthest = others.map(|other| distance(&value, other)).reduce(f64::max).unwrap_or(f64::INFINITY);
        Self { step, value, disagreement: farthest + rounding, rounding }
    }

    fn is_rounding(&self) -> bool {
        self.disagreement <= 4.0 * self.rounding
    }
}

/// The value of the best level and its error. That of a level is how far it disagrees, or what the noise of those below it would
/// be at its own step; so the last two are not among those to choose from.
fn best(levels: Vec<Level>) -> Option<(Vec<f64>, f64)> {
    let (mut noise, mut best) = (0.0f64, None);
    for (below, level) in levels.into_iter().rev().enumerate() {
        let error = level.disagreement.max(noise / level.step);
        noise = noise.max(level.disagreement * level.step);
        if below >= BELOW && best.as_ref().is_none_or(|&(_, least)| error < least) {
            best = Some((level.value, error));
        }
    }
    best
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}
