//! Multiplier inversion: the point of the equilibrium surface at wanted values of R, D and C.
//!
//! A system answers "what are R, D and C at these multipliers?". [`solve_for`] answers the question that is asked more
//! often: which multipliers have this distortion, this rate, this classification loss? Theory decides how many answers
//! there can be:
//!
//! | target | along the search | answers |
//! | --- | --- | --- |
//! | (D, C) | maximum of the concave `F - lambda D* - gamma C*` | one |
//! | (R, C), (R, D) | the same after dividing by lambda, by gamma | one |
//! | (lambda, C), (gamma, D) | `C_gamma = S22 <= 0`, `D_lambda = S11 <= 0` | one |
//! | (lambda = 0, R), (gamma = 0, R) | `R_gamma = -gamma S22 >= 0`, `R_lambda = -lambda S11 >= 0` | one |
//! | (lambda, R), (gamma, R) | `R_gamma = -lambda S12 - gamma S22`, of either sign where S12 > 0 | any number |
//! | (lambda, D), (gamma, C) | `D_gamma = C_lambda = S12`, of either sign | any number |
//!
//! "One" is one point (R, D, C) of the surface: it can be [one equilibrium](Solution::Point), phases that
//! [coexist](Solution::Coexistence) inside a first-order jump, or a [plateau](Solution::Plateau), the same equilibrium on
//! a whole segment of multipliers. Of "any number" a scan returns [what it finds](Inversion::Scanned). That (R, C) is
//! safe: with `a = 1 / lambda` and `g = gamma / lambda` the function `a F(1/a, g/a) - a R* - g C*` is the dual of
//! minimising D under constraints on R and C, concave, with the gradient `(R - R*, C - C*)`.
//!
//! # Method
//!
//! In one dimension, Newton's method with the response, in the logarithm of the multiplier, inside a bracket. A jump is
//! found as the kink of F, where the tangents from both sides meet. A bracket that has shrunk to neighbouring numbers
//! with the observable still different on its sides is a first-order jump, to double precision. In two dimensions,
//! Newton's method in both logarithms; where that does not end (a kink, a degenerate response, a multiplier that must
//! be zero), one dimension inside the other: along the curve on which C (or D) is held, the wanted observable is
//! monotone again.
//!
//! What is found is as good as the system's equilibria: theory speaks of global minima, and a system that returns a
//! metastable branch can be given a root, or a jump, that is not one.

mod bracket;
mod curve;
mod error;
mod newton;
mod options;
mod oracle;
mod plateau;
mod scan;
mod settle;
mod solution;
mod target;

pub use error::InversionError;
pub use options::{InversionCounters, InversionOptions};
pub use solution::{Extreme, Inversion, Phase, Solution, Solved, Unattainable};
pub use target::Target;

use crate::{At, Multipliers, Observable, Rdc, Responsive};
use curve::{Constrained, Line, same};
use oracle::Oracle;
use settle::{Wanted, settle};
use target::Axis;

/// The point of the equilibrium surface at `target`.
///
/// The search starts at the equilibrium `from`, with its state as the first warm start, or at multipliers of one. A
/// target that is met is met to within [`InversionOptions::allowed`]; where there is no response (or a singular one)
/// the search goes on without, slower.
///
/// ```
/// use carnot_surface::{GaussianSystem, InversionOptions, Target, solve_for};
/// use ndarray::array;
///
/// // Reverse water-filling of variances 4 and 1: a squared error of 1 has the water level 1/2 and lambda = 1.
/// let system = GaussianSystem::new(
///     array![[4.0, 0.0], [0.0, 1.0]].view(),
///     array![[0.0, 1.0]].view(),
///     array![[0.1]].view(),
///     0.5,
///     1.0,
/// )?;
/// let distortion = 1.0 + system.distortion_constant();
/// let target = Target::AtGamma { gamma: 0.0, observable: carnot_surface::Observable::Distortion, value: distortion };
/// let solved = solve_for(&system, target, None, &InversionOptions::default())?;
/// let point = solved.inversion.into_point().expect("one equilibrium");
/// assert!((point.multipliers.lambda() - 1.0).abs() < 1e-10);
/// assert!((point.rdc.rate - 16_f64.ln() / 2.0).abs() < 1e-10); // 1/2 ln 8 + 1/2 ln 2
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`InversionError`]: a target or option that is not a number in its range, an error of the system with the
/// multipliers where it happened, or a search that used up its equilibria. That a target cannot be met is not an error.
pub fn solve_for<S: Responsive<Rdc = Rdc>>(
    system: &S,
    target: Target,
    from: Option<&At<S>>,
    options: &InversionOptions,
) -> Result<Solved<S::State>, InversionError<S::Error>> {
    target.check()?;
    options.check()?;
    let mut oracle = Oracle::new(system, options, from);
    let start = start::<S>(from, options)?;
    let wanted = |observable, value| Wanted { observable, value };
    let inversion = match target {
        Target::AtLambda { lambda, observable, value } => {
            let line = Line { axis: Axis::Gamma, fixed: lambda, wanted: wanted(observable, value) };
            on_line(line, &mut oracle, start)
        }
        Target::AtGamma { gamma, observable, value } => {
            let line = Line { axis: Axis::Lambda, fixed: gamma, wanted: wanted(observable, value) };
            on_line(line, &mut oracle, start)
        }
        Target::DistortionClassification { distortion, classification } => {
            let wanted = wanted(Observable::Distortion, distortion);
            in_plane(Constrained { axis: Axis::Lambda, held: classification, wanted }, &mut oracle, start)
        }
        Target::RateClassification { rate, classification } => {
            let wanted = wanted(Observable::Rate, rate);
            in_plane(Constrained { axis: Axis::Lambda, held: classification, wanted }, &mut oracle, start)
        }
        Target::RateDistortion { rate, distortion } => {
            let wanted = wanted(Observable::Rate, rate);
            in_plane(Constrained { axis: Axis::Gamma, held: distortion, wanted }, &mut oracle, start)
        }
    }?;
    Ok(Solved { inversion, counters: oracle.counters })
}

/// Where the search starts: at the multipliers of `from`, within the limits, and at one for those that are zero.
fn start<S: Responsive<Rdc = Rdc>>(
    from: Option<&At<S>>,
    options: &InversionOptions,
) -> Result<Multipliers, InversionError<S::Error>> {
    let within = |multiplier: f64| {
        let positive = if multiplier > 0.0 { multiplier } else { 1.0 };
        positive.clamp(options.smallest_multiplier, options.largest_multiplier)
    };
    let [lambda, gamma] = from.map_or([1.0; 2], |from| [from.multipliers.lambda(), from.multipliers.gamma()]);
    Ok(Multipliers::new(within(lambda), within(gamma))?)
}

/// The answer to one wanted observable at one given multiplier.
fn on_line<S: Responsive<Rdc = Rdc>>(
    line: Line,
    oracle: &mut Oracle<'_, S>,
    start: Multipliers,
) -> Result<Inversion<S::State>, InversionError<S::Error>> {
    if !line.is_monotone() {
        return scan::scan(line, oracle);
    }
    let options = oracle.options;
    let evaluate = &mut |multiplier| line.sample(oracle, multiplier);
    settle(line.wanted, options, line.axis.of(start), same(options), evaluate)
}

/// The answer to two wanted observables.
fn in_plane<S: Responsive<Rdc = Rdc>>(
    curve: Constrained,
    oracle: &mut Oracle<'_, S>,
    start: Multipliers,
) -> Result<Inversion<S::State>, InversionError<S::Error>> {
    let options = oracle.options;
    let held = Wanted { observable: curve.axis.other().conjugate(), value: curve.held };
    if let Some(point) = newton::newton(oracle, [curve.wanted, held], start)? {
        return Ok(Inversion::Unique(Solution::Point(point)));
    }
    let mut guess = curve.axis.other().of(start);
    let evaluate = &mut |multiplier| curve.sample(oracle, multiplier, &mut guess);
    match settle(curve.wanted, options, curve.axis.of(start), same(options), evaluate)? {
        Inversion::Unique(Solution::Point(point)) => Ok(Inversion::Unique(curve.across(oracle, point)?)),
        found => Ok(found),
    }
}
