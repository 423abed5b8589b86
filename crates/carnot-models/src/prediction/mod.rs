//! What second derivatives foretell of a sampled network: how its losses change with the multipliers.

mod gradients;
#[cfg(test)]
mod tests;

use carnot_data::ImageDataset;
use carnot_info::Estimate;
use carnot_surface::{Multipliers, Response, Sidedness};

use crate::deterministic::{Curved, Objective};
use crate::krylov::{End, Limits, conjugate_gradients, dot};
use crate::random::{Purpose, generator, normals_into};
use crate::{Architecture, ModelError, Parameters};
use gradients::{mean_gradients, of_evaluation, of_training};

/// How the response of a sampled network is predicted (theory, section 3.4): of the objective of its training set, with A
/// the second derivatives by the parameters,
///
/// ```text
/// S = -[grad D, grad C]' (A + damping)^-1 [grad D, grad C]
/// ```
///
/// by conjugate gradients in `f64`. The gradients are means over the whole training set, A is that of some of its inputs; both with
/// noise of z that is drawn anew, several times, which gives the standard errors.
///
/// What the prediction is wrong by, besides:
///
/// - Damping makes |S| smaller, along a direction of curvature mu by about `damping / mu` of its part. A relaxation of a finite
///   number of steps does the same: there is not the time to go along directions whose curvature is less than about the
///   inverse of the sum of its learning rates.
/// - Where the solution is not complete |S11| and |S22| are smaller too.
/// - A that is drawn from few inputs is noise along many directions; its inverse makes |S| larger on average, and so does the
///   noise of the gradients, by `tr (A + damping)^-1 Cov / N`. Neither is in the standard errors.
/// - An optimiser does not come to a minimum: A need not be positive definite, see [`Curvature`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// Which second derivatives are A. Default [`Curvature::Hessian`].
    pub curvature: Curvature,
    /// Inputs of the training set that A is taken on, other ones in every draw, at least 1; all of it if it has no more.
    /// Default 1,000.
    pub inputs: usize,
    /// Samples of z for each input, at least 1. Default 1.
    pub samples: usize,
    /// Independent draws of inputs and noise, at least 2. Default 4.
    pub draws: usize,
    /// Added to A's diagonal, not negative. Default 1e-2.
    pub damping: f64,
    /// The residual that is enough, relative to the gradient: positive. Default 1e-3.
    pub rtol: f64,
    /// Products with A for each of the two gradients of a draw, at most; at least 1. Default 200.
    pub most_products: usize,
}

/// Which second derivatives a prediction is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Curvature {
    /// All of them. Where a relaxation has not come to a minimum they have directions that curve down, and damping less than that
    /// is an error.
    #[default]
    Hessian,
    /// Those of the losses by what the networks give, the Gauss-Newton matrix, which has no such directions: an approximation,
    /// good where the losses are near their least for every input.
    GaussNewton,
}

impl Prediction {
    /// The defaults.
    pub const DEFAULT: Self = Self {
        curvature: Curvature::Hessian,
        inputs: 1_000,
        samples: 1,
        draws: 4,
        damping: 1e-2,
        rtol: 1e-3,
        most_products: 200,
    };
}

impl Default for Prediction {
    /// [`Prediction::DEFAULT`].
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What was foretold, in nats: means over the draws with standard errors over the draws.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct PredictedResponse {
    /// S of the training set's objective.
    pub response: Response<Estimate>,
    /// The residuals `|g - (A + damping) x| / |g|` of the equations for grad D and grad C: the largest of any draw. They are
    /// more than was wanted where there were not enough products.
    pub residuals: [f64; 2],
    /// Products with A, of all draws.
    pub products: usize,
    /// The derivatives of D and of C on the evaluation set by lambda and by gamma, of every draw.
    evaluation: Vec<[[f64; 2]; 2]>,
}

impl PredictedResponse {
    /// The changes of D and of C on the evaluation set, at the noise of its evaluations, that small changes of lambda and gamma
    /// will bring: what the paired difference of two equilibria's estimates is to be compared with.
    ///
    /// The parameters move as the training set says; so this has no symmetry, unlike the response, and differs from it by
    /// how far the network does not generalise. The standard errors are those of the draws.
    ///
    /// # Errors
    ///
    /// [`ModelError::Estimate`] for changes that are not finite.
    pub fn change(&self, lambda: f64, gamma: f64) -> Result<[Estimate; 2], ModelError> {
        let of = |loss: usize| {
            let changes = self.evaluation.iter().map(|slopes| slopes[loss]);
            let changes: Vec<f64> =
                changes.map(|[by_lambda, by_gamma]| lambda * by_lambda + gamma * by_gamma).collect();
            Estimate::from_samples(&changes)
        };
        Ok([of(0)?, of(1)?])
    }
}

/// A trained model, where it was trained, and what its random numbers are drawn from.
pub(crate) struct Model<'a> {
    pub(crate) architecture: &'a Architecture,
    pub(crate) parameters: &'a Parameters,
    pub(crate) at: Multipliers,
    pub(crate) seed: u64,
}

/// What one draw foretells.
struct Drawn {
    /// S11, S12 and S22.
    response: [f64; 3],
    evaluation: [[f64; 2]; 2],
    residuals: [f64; 2],
    products: usize,
}

impl Prediction {
    fn check(&self) -> Result<(), ModelError> {
        let invalid = |option, requirement, value| Err(ModelError::Option { option, requirement, value });
        for (option, value, least, requirement) in [
            ("inputs", self.inputs, 1, "at least 1"),
            ("samples", self.samples, 1, "at least 1"),
            ("draws", self.draws, 2, "at least 2"),
            ("most_products", self.most_products, 1, "at least 1"),
        ] {
            if value < least {
                return invalid(option, requirement, value as f64);
            }
        }
        if !(self.damping.is_finite() && self.damping >= 0.0) {
            return invalid("damping", "finite and not negative", self.damping);
        }
        if !(self.rtol.is_finite() && self.rtol > 0.0) {
            return invalid("rtol", "finite and positive", self.rtol);
        }
        Ok(())
    }

    /// # Errors
    ///
    /// [`ModelError::Option`] for options outside their ranges, [`ModelError::Memory`] for a batch that does not fit in memory,
    /// [`ModelError::Saddle`] where A, damped, is not positive definite, [`ModelError::Curvature`] where a gradient or a product
    /// is not finite.
    pub(crate) fn predict(
        &self,
        model: &Model<'_>,
        training: &ImageDataset,
        evaluation: &ImageDataset,
    ) -> Result<PredictedResponse, ModelError> {
        self.check()?;
        let parameters: Vec<f64> = model.parameters.values().iter().map(|&value| f64::from(value)).collect();
        let on_evaluation =
            mean_gradients(model.architecture, &parameters, evaluation, of_evaluation(model.seed))?;
        let mut drawn = Vec::with_capacity(self.draws);
        for draw in 0..self.draws {
            let noise = of_training(model.seed, self.samples, draw);
            let gradients = mean_gradients(model.architecture, &parameters, training, noise)?;
            let rows = self.rows(training.len(), model.seed, draw);
            let mut noise = vec![0.0; self.samples * rows.len() * model.architecture.latent()];
            normals_into(&mut noise, generator(model.seed, Purpose::PredictionRows, 2 * draw as u64 + 1));
            let mut objective = Objective::of(model.architecture, training, &rows, &noise)?;
            let curved = objective.linearise(&parameters, model.at)?;
            drawn.push(self.drawn(curved, model.at, &gradients, &on_evaluation)?);
        }
        predicted(&drawn)
    }

    /// The inputs of a draw, without repetition.
    fn rows(&self, n: usize, seed: u64, draw: usize) -> Vec<usize> {
        if self.inputs >= n {
            return (0..n).collect();
        }
        let mut rng = generator(seed, Purpose::PredictionRows, 2 * draw as u64);
        rand::seq::index::sample(&mut rng, n, self.inputs).into_vec()
    }

    /// The response for these second derivatives and gradients of D and C.
    fn drawn(
        &self,
        mut curved: Curved<'_>,
        at: Multipliers,
        gradients: &[Vec<f64>; 2],
        on_evaluation: &[Vec<f64>; 2],
    ) -> Result<Drawn, ModelError> {
        let Self { damping, rtol, most_products, .. } = *self;
        let limits = Limits { rtol, most_products, damping, ..Limits::default() };
        let mut solve = |gradient: &[f64]| {
            let map = |v: &[f64], out: &mut [f64]| match self.curvature {
                Curvature::Hessian => curved.multiply(v, out),
                Curvature::GaussNewton => curved.multiply_gauss_newton(v, out),
            };
            let solved = conjugate_gradients(map, gradient, &limits)?;
            match solved.end {
                End::NegativeCurvature { curvature, .. } => Err(ModelError::Saddle { curvature, at }),
                _ => Ok(solved),
            }
        };
        // Uphill: the parameters move by minus these for each unit of lambda and of gamma.
        let [distortion, classification] = gradients;
        let (by_lambda, by_gamma) = (solve(distortion)?, solve(classification)?);
        let crosses = [dot(distortion, &by_gamma.solution), dot(classification, &by_lambda.solution)];
        let slopes = |loss: &[f64]| [-dot(loss, &by_lambda.solution), -dot(loss, &by_gamma.solution)];
        Ok(Drawn {
            response: [
                -dot(distortion, &by_lambda.solution),
                // Equal but for the residuals.
                -0.5 * (crosses[0] + crosses[1]),
                -dot(classification, &by_gamma.solution),
            ],
            evaluation: [slopes(&on_evaluation[0]), slopes(&on_evaluation[1])],
            residuals: [by_lambda.residual, by_gamma.residual],
            products: by_lambda.products + by_gamma.products,
        })
    }
}

fn predicted(drawn: &[Drawn]) -> Result<PredictedResponse, ModelError> {
    let mean = |entry: usize| {
        let values: Vec<f64> = drawn.iter().map(|drawn| drawn.response[entry]).collect();
        Estimate::from_samples(&values)
    };
    let largest = |equation: usize| drawn.iter().map(|drawn| drawn.residuals[equation]).fold(0.0, f64::max);
    Ok(PredictedResponse {
        response: Response {
            distortion_lambda: mean(0)?,
            cross: mean(1)?,
            classification_gamma: mean(2)?,
            sidedness: Sidedness::TwoSided,
        },
        residuals: [largest(0), largest(1)],
        products: drawn.iter().map(|drawn| drawn.products).sum(),
        evaluation: drawn.iter().map(|drawn| drawn.evaluation).collect(),
    })
}
