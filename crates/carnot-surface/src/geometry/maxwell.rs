//! The four Maxwell relations, each from its own potential: predicted by the response, and measured.

use super::GeometryError;
use super::constrained::Constrained;
use super::difference::Derivative;
use super::segment::respond;
use crate::{At, Degenerate, Multipliers, Rdc, Response, Responsive};

/// A potential, by its natural variables. The equality of its mixed second derivatives is a Maxwell relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Potential {
    /// `F(lambda, gamma)`, `dF = D dlambda + C dgamma`: `(dD/dgamma)_lambda = (dC/dlambda)_gamma`.
    FreeEnergy,
    /// `R(D, C)`, `dR = -lambda dD - gamma dC`: `(dlambda/dC)_D = (dgamma/dD)_C`.
    Rate,
    /// `F - gamma C` of `(lambda, C)`, `d(F - gamma C) = D dlambda - gamma dC`:
    /// `(dD/dC)_lambda = -(dgamma/dlambda)_C`.
    AtClassification,
    /// `F - lambda D` of `(D, gamma)`, `d(F - lambda D) = C dgamma - lambda dD`:
    /// `(dC/dD)_gamma = -(dlambda/dgamma)_D`.
    AtDistortion,
}

impl Potential {
    /// All four.
    pub const ALL: [Self; 4] = [Self::FreeEnergy, Self::Rate, Self::AtClassification, Self::AtDistortion];
}

/// The two sides of a Maxwell relation, as [`Potential`] writes it, the minus sign included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sides<T = f64> {
    /// The left side.
    pub left: T,
    /// The right side.
    pub right: T,
}

/// Both sides of a relation by the response: `S12` twice from F; the entries of `S^-1` from R; `S12 / S22` and
/// `S12 / S11`, which are minus the slopes of the iso-classification and of the iso-distortion curve, from the others.
/// These are equal whatever the numbers, for the response is symmetric by its type: [`measure_maxwell`] is the test.
///
/// # Errors
///
/// [`Degenerate`] where the response cannot be inverted, for all potentials but F: its relation always holds.
pub fn maxwell_sides(
    response: &Response,
    multipliers: Multipliers,
    potential: Potential,
) -> Result<Sides, Degenerate> {
    if potential == Potential::FreeEnergy {
        return Ok(Sides { left: response.cross, right: response.cross });
    }
    let regular = response.regular(multipliers)?;
    Ok(match potential {
        Potential::Rate => Sides {
            left: regular.d_lambda_d_classification_at_distortion(),
            right: regular.multipliers_along([1.0, 0.0])[1],
        },
        Potential::AtClassification => Sides {
            left: regular.d_distortion_d_classification_at_lambda(),
            right: -regular.iso_classification_slope(),
        },
        Potential::AtDistortion | Potential::FreeEnergy => Sides {
            left: regular.d_classification_d_distortion_at_gamma(),
            right: -1.0 / regular.iso_distortion_slope(),
        },
    })
}

/// A Maxwell relation measured, beside what the response predicts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Whose relation.
    pub potential: Potential,
    /// Both sides by differences of equilibria solved again, the variable held fixed where the relation says so.
    pub measured: Sides<Derivative>,
    /// Both sides by the response.
    pub predicted: Sides,
}

impl Measured {
    /// Left minus right, as measured.
    pub fn residual(&self) -> f64 {
        self.measured.left.value - self.measured.right.value
    }

    /// The error to expect of the residual.
    pub fn error(&self) -> f64 {
        self.measured.left.error + self.measured.right.error
    }

    /// Measured minus predicted, the larger in size of the two sides.
    pub fn off_prediction(&self) -> f64 {
        let left = self.measured.left.value - self.predicted.left;
        let right = self.measured.right.value - self.predicted.right;
        if left.abs() > right.abs() { left } else { right }
    }
}

impl Potential {
    /// Which natural variables are observables.
    fn natural(self) -> [bool; 2] {
        match self {
            Self::FreeEnergy => [false, false],
            Self::Rate => [true, true],
            Self::AtClassification => [false, true],
            Self::AtDistortion => [true, false],
        }
    }

    /// The left side varies gamma or C, the right lambda or D, except where the potential is `F - lambda D`.
    fn varied(self) -> [usize; 2] {
        if self == Self::AtDistortion { [0, 1] } else { [1, 0] }
    }

    /// The sign of the right side.
    fn sign(self) -> f64 {
        match self {
            Self::FreeEnergy | Self::Rate => 1.0,
            Self::AtClassification | Self::AtDistortion => -1.0,
        }
    }
}

/// Measures both sides of a relation at an equilibrium. The system is solved again at each end of six-point stencils
/// that move the multipliers by `step` of their size; variables that the relation holds are held by solving for the
/// multiplier. Warm starts keep to the branch of `at`.
///
/// # Errors
///
/// The system's own; [`Degenerate`] where the response cannot be inverted (for all potentials but F); a `step` that is
/// not between 0 and 1/2; a multiplier that is zero, where there is nothing on the other side; constrained equilibria
/// that are not found.
pub fn measure_maxwell<S: Responsive<Rdc = Rdc>>(
    system: &S,
    at: &At<S>,
    potential: Potential,
    step: f64,
) -> Result<Measured, GeometryError<S::Error>> {
    let predicted = maxwell_sides(&respond(system, at)?, at.multipliers, potential)?;
    let [left, right] =
        potential.varied().map(|by| Constrained { natural: potential.natural(), by, of: 1 - by });
    let (left, mut right) = (left.measure(system, at, step)?, right.measure(system, at, step)?);
    right.value *= potential.sign();
    Ok(Measured { potential, measured: Sides { left, right }, predicted })
}
