//! Concavity of F and convexity of R, tested on points.

use super::point::{PointError, SurfacePoint, check};
use crate::{Multipliers, Observables, Quantity};

/// How much of a violation is allowed: `absolute + relative * scale + standard_errors * s`, where `scale` is the sum of
/// the sizes of the terms compared, `|R| + lambda |D| + gamma |C|`, whose rounding is in their difference, and `s` is
/// the standard error of the difference, where there is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Relative to the size of the terms.
    pub relative: f64,
    /// In nats.
    pub absolute: f64,
    /// In standard errors of what is compared.
    pub standard_errors: f64,
}

impl Default for Tolerance {
    /// A relative `1e-12`, the residual of a polished solver and ample for the rounding of a closed form, and four
    /// standard errors: one comparison in 30,000 is beyond them by chance.
    fn default() -> Self {
        Self { relative: 1e-12, absolute: 0.0, standard_errors: 4.0 }
    }
}

/// One inequality, and by how much it fails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison<I> {
    /// The numbers of the points compared.
    pub points: I,
    /// By how much the inequality fails, in nats; negative where it holds with room.
    pub violation: f64,
    /// The standard error of `violation`; `None` where it is exact.
    pub std_err: Option<f64>,
    /// What the tolerance allows here, in nats.
    pub allowed: f64,
}

impl<I> Comparison<I> {
    /// Whether the violation is within what is allowed.
    pub fn holds(&self) -> bool {
        self.violation <= self.allowed
    }

    /// The violation in its standard errors; `None` where it is exact.
    pub fn in_standard_errors(&self) -> Option<f64> {
        self.std_err.map(|std_err| self.violation / std_err)
    }

    /// The violation in units of what is allowed.
    fn severity(&self) -> f64 {
        if self.violation <= 0.0 { self.violation } else { self.violation / self.allowed }
    }
}

/// What became of all the inequalities that a shape means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShapeReport<I = (usize, usize)> {
    /// How many inequalities were tested.
    pub compared: usize,
    /// How many fail by more than what is allowed.
    pub violations: usize,
    /// The worst in units of what is allowed, or the one with the least room where none fails at all.
    pub worst: Comparison<I>,
    /// What was allowed.
    pub tolerance: Tolerance,
}

impl<I> ShapeReport<I> {
    /// Whether no inequality fails by more than what is allowed.
    pub fn holds(&self) -> bool {
        self.violations == 0
    }

    /// Of all the comparisons; `None` where there were none.
    pub(super) fn of(comparisons: impl Iterator<Item = Comparison<I>>, tolerance: Tolerance) -> Option<Self> {
        let mut report: Option<Self> = None;
        for comparison in comparisons {
            let failed = usize::from(!comparison.holds());
            match &mut report {
                None => {
                    report = Some(Self { compared: 1, violations: failed, worst: comparison, tolerance });
                }
                Some(report) => {
                    report.compared += 1;
                    report.violations += failed;
                    if comparison.severity() > report.worst.severity() {
                        report.worst = comparison;
                    }
                }
            }
        }
        report
    }
}

/// Whether every tangent plane of F lies above it: for all ordered pairs of points (a, b)
///
/// ```text
/// F(b) <= F(a) + D(a) (lambda_b - lambda_a) + C(a) (gamma_b - gamma_a)
/// ```
///
/// The right side is `R_a + lambda_b D_a + gamma_b C_a`: the model of a, judged at the multipliers of b. In the report
/// `points` is `(a, b)`: where the plane touches, and where it was compared. Estimates are differenced as they are
/// paired. A model that was not relaxed to its equilibrium is found as b.
///
/// # Errors
///
/// Fewer than two points, or one that is not finite.
pub fn concavity_of_free_energy<V: Observables>(
    points: &[SurfacePoint<V>],
    tolerance: Tolerance,
) -> Result<ShapeReport, PointError> {
    report(points, tolerance, |a, b| compare(a, b, b.multipliers, tolerance))
}

/// Whether every tangent plane of R lies below it: for all ordered pairs of points (a, b)
///
/// ```text
/// R(b) >= R(a) - lambda_a (D_b - D_a) - gamma_a (C_b - C_a)
/// ```
///
/// In the report `points` is `(a, b)`: where the plane touches, and where it was compared. Since
/// `F = R + lambda D + gamma C` at each point, this is the inequality of [`concavity_of_free_energy`] with a and b
/// exchanged: the two shapes are one property, seen from either side of the Legendre transform.
///
/// # Errors
///
/// Fewer than two points, or one that is not finite.
pub fn convexity_of_rate<V: Observables>(
    points: &[SurfacePoint<V>],
    tolerance: Tolerance,
) -> Result<ShapeReport, PointError> {
    report(points, tolerance, |a, b| compare(b, a, a.multipliers, tolerance))
}

/// `model` is judged at the multipliers `at`, where `best` is the best there is: how far below it comes.
fn compare<V: Observables>(
    model: &SurfacePoint<V>,
    best: &SurfacePoint<V>,
    at: Multipliers,
    tolerance: Tolerance,
) -> (f64, Option<f64>, f64) {
    let excess = model.rdc.change_since(&best.rdc).objective(at);
    let size = |rdc: &V| {
        let terms = [rdc.distortion().mean() * at.lambda(), rdc.classification().mean() * at.gamma()];
        rdc.rate().mean().abs() + terms[0].abs() + terms[1].abs()
    };
    let scale = size(&model.rdc).max(size(&best.rdc));
    let std_err = excess.std_err();
    let allowed =
        tolerance.absolute + tolerance.relative * scale + tolerance.standard_errors * std_err.unwrap_or(0.0);
    (-excess.mean(), std_err, allowed)
}

fn report<V: Observables>(
    points: &[SurfacePoint<V>],
    tolerance: Tolerance,
    compare: impl Fn(&SurfacePoint<V>, &SurfacePoint<V>) -> (f64, Option<f64>, f64),
) -> Result<ShapeReport, PointError> {
    check(points, 2)?;
    let pairs = (0..points.len()).flat_map(|a| (0..points.len()).map(move |b| (a, b)));
    let comparisons = pairs.filter(|(a, b)| a != b).map(|(a, b)| {
        let (violation, std_err, allowed) = compare(&points[a], &points[b]);
        Comparison { points: (a, b), violation, std_err, allowed }
    });
    ShapeReport::of(comparisons, tolerance).ok_or(PointError::TooFew { needed: 2, found: points.len() })
}
