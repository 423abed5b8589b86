//! The systems shown.

use carnot_info::Joint;
use carnot_surface::{DiscreteSystem, GaussianSystem};
use ndarray::{Array1, Array2};

use crate::figure::FigureError;

/// A system and what a figure says about it.
pub(in crate::figures) struct Example<S> {
    /// Its name in charts and tables.
    pub(in crate::figures) name: &'static str,
    /// What it is, in words.
    pub(in crate::figures) words: &'static str,
    pub(in crate::figures) system: S,
    /// The parts of D and C that no encoder can change, in nats: left out of what is drawn.
    pub(in crate::figures) constants: [f64; 2],
}

/// What is said of the constants of D and C that are left out of what is drawn.
pub(in crate::figures) fn constants_in_words([distortion, classification]: [f64; 2]) -> String {
    if distortion == 0.0 && classification == 0.0 {
        return "Nothing is left out of its D and C.".to_owned();
    }
    format!(
        "Its D and C are drawn without the constants that no encoder can change, {distortion:.4} and \
         {classification:.4} nats."
    )
}

/// Dimensions of the source, and of the target that is read from it.
const SOURCE: usize = 4;
const TARGET: usize = 2;

/// A linear-Gaussian system whose target reads its weak dimensions more than its strong ones, so that distortion and
/// classification loss compete: the two costs do not commute, and the modes turn as lambda and gamma change.
pub(in crate::figures) fn gaussian() -> Result<Example<GaussianSystem>, FigureError> {
    let words = "a linear-Gaussian system of four dimensions (variances 2, 1, 1/2, 1/4) and two targets that read the \
        weak dimensions more than the strong ones, with a decoder of variance 1/2 and a head of variance 1";
    read_out(words, 0.1, 1.0)
}

/// The same with a sharper head and less noise: C is below one nat where gamma is one or two, and so known to 1e-16.
pub(in crate::figures) fn sharp_gaussian() -> Result<Example<GaussianSystem>, FigureError> {
    let words = "a linear-Gaussian system of four dimensions (variances 2, 1, 1/2, 1/4) and two targets that read the \
        weak dimensions more than the strong ones, with a decoder of variance 1/2 and a head of variance 1/10";
    read_out(words, 0.06, 0.1)
}

/// The source and its readout with this residual variance of the targets and this variance of the head.
fn read_out(words: &'static str, residual: f64, head: f64) -> Result<Example<GaussianSystem>, FigureError> {
    let variances = Array1::from_shape_fn(SOURCE, |i| 2.0 / f64::from(1u32 << i));
    let readout = Array2::from_shape_fn((TARGET, SOURCE), |(k, i)| {
        let phase = (k + 1) as f64 * (i as f64 + 0.5) * std::f64::consts::PI / SOURCE as f64;
        0.5 * phase.cos() * f64::from(1u32 << i)
    });
    let source = Array2::from_diag(&variances);
    let residual = Array2::eye(TARGET) * residual;
    let system = GaussianSystem::new(source.view(), readout.view(), residual.view(), 0.5, head)
        .map_err(FigureError::unfinished)?;
    Ok(Example {
        name: "Gaussian",
        words,
        constants: [system.distortion_constant(), system.classification_constant()],
        system,
    })
}

/// Inputs of the discrete system, which are its letters too.
const INPUTS: usize = 6;

/// A discrete system: a place on a line is told to within a distortion that grows with the square of the distance, and two
/// labels that alternate along the line, the more surely the further right. Neighbours are alike for the distortion and
/// different for the labels, so that the two compete.
pub(in crate::figures) fn discrete() -> Result<Example<DiscreteSystem>, FigureError> {
    Ok(Example {
        name: "discrete",
        words: PLACES,
        constants: [0.0, 0.0],
        system: DiscreteSystem::new(&places()?, distance().view()).map_err(FigureError::unfinished)?,
    })
}

/// The same with the classifier given, that of an input for its letter: the minimum is then global for every gamma, and
/// letters enter continuously.
pub(in crate::figures) fn classified() -> Result<Example<DiscreteSystem>, FigureError> {
    let Example { constants, system, .. } = discrete()?;
    let classifier = places()?.conditional_y_given_x();
    Ok(Example {
        name: "discrete",
        words: CLASSIFIED,
        constants,
        system: system.with_classifier(&classifier).map_err(FigureError::unfinished)?,
    })
}

const PLACES: &str = "a source of six places on a line, the distortion a quarter of the squared distance, with two labels \
    that alternate along the line, the more surely the further right";
const CLASSIFIED: &str = "a source of six places on a line, the distortion a quarter of the squared distance, with two \
    labels that alternate along the line, the more surely the further right, and the classifier of each place given, so \
    that the minimum is global at every γ";

/// `|x - z|^2 / 4`.
fn distance() -> Array2<f64> {
    Array2::from_shape_fn((INPUTS, INPUTS), |(x, z)| (x as f64 - z as f64).powi(2) / 4.0)
}

fn places() -> Result<Joint, FigureError> {
    let weights = Array2::from_shape_fn((INPUTS, 2), |(x, y)| {
        let sign = if x % 2 == 0 { -1.0 } else { 1.0 };
        let odds = sign * (0.6 + 0.5 * x as f64);
        let first = 1.0 / (1.0 + f64::exp(-odds));
        (1.0 + 0.3 * x as f64) * if y == 0 { first } else { 1.0 - first }
    });
    Joint::from_weights(weights).map_err(FigureError::unfinished)
}
