//! What must hold because F is a minimum: concavity, Maxwell's relations, and integrals along lines and around loops.

use carnot_surface::geometry::{
    GeometryError, Phased, Potential, Quadrature, Search, Segment, ShapeReport, Tolerance,
    concavity_of_free_energy, is_one_phase, line_integral, locate, loop_integral, measure_maxwell,
};
use carnot_surface::{At, Multipliers, Observables, Rdc, Response, Responsive, System};

use super::RANGE;
use crate::figure::FigureError;
use crate::figures::exact::{Plane, geometric};

/// Every so many points of the grid, along each multiplier, Maxwell's relations are measured.
const STRIDE: usize = 3;
/// The half-width of their stencils, relative to the multipliers. With the derivatives of order seven about 7! times
/// the derivative, six-point stencils are off by about the sixth power, 1e-12; what rounding leaves is 1e-16 / 1e-2
/// times the condition of the response.
const STEP: f64 = 1e-2;
/// Corners of the loops along each multiplier.
const CORNERS: usize = 4;

/// How a relation came out at a point of the grid.
pub(super) struct Relation {
    pub(super) potential: Potential,
    pub(super) multipliers: Multipliers,
    /// The sides as measured.
    pub(super) sides: [f64; 2],
    /// The geometric mean of the two unmixed second derivatives of the potential, by the response.
    pub(super) scale: f64,
}

impl Relation {
    /// The difference of the sides, relative to the unmixed second derivatives or to the sides, whichever are larger: the
    /// sides alone pass through zero.
    pub(super) fn relative(&self) -> f64 {
        let [left, right] = self.sides;
        (left - right).abs() / left.abs().max(right.abs()).max(self.scale)
    }
}

/// A loop around a rectangle, or a line across it.
pub(super) struct Path {
    pub(super) corners: [Multipliers; 2],
    /// The integral of `D dlambda + C dgamma`, less the change of F, in nats.
    pub(super) residual: f64,
    /// The integral of `|D dlambda| + |C dgamma|`, in nats.
    pub(super) size: f64,
    /// Transitions crossed.
    pub(super) transitions: usize,
}

impl Path {
    pub(super) fn relative(&self) -> f64 {
        self.residual.abs() / self.size
    }
}

/// Everything that was tested.
pub(super) struct Identities {
    pub(super) concavity: ShapeReport,
    /// For some pairs of points the room below the tangent plane, in nats, ascending, and its rank in [0, 1].
    pub(super) room: Vec<(f64, f64)>,
    pub(super) relations: Vec<Relation>,
    /// Points of the grid where no relation was measured because a transition is within the stencil.
    pub(super) at_transitions: usize,
    /// Relations whose sides are zero by the response.
    pub(super) silent: usize,
    /// Relations that were not measured because the response cannot be inverted there.
    pub(super) degenerate: usize,
    pub(super) loops: Vec<Path>,
    /// From corner to corner of each rectangle.
    pub(super) lines: Vec<Path>,
}

impl Identities {
    pub(super) fn of<S: Phased<Rdc = Rdc> + Responsive>(
        system: &S,
        plane: &Plane<S>,
    ) -> Result<Self, FigureError> {
        let concavity = concavity_of_free_energy(&plane.surface_points(), Tolerance::default())
            .map_err(FigureError::unfinished)?;
        let mut identities = Identities {
            concavity,
            room: room(plane),
            relations: Vec::new(),
            at_transitions: 0,
            silent: 0,
            degenerate: 0,
            loops: Vec::new(),
            lines: Vec::new(),
        };
        for row in plane.rows().skip(STRIDE / 2).step_by(STRIDE) {
            for at in row.iter().skip(STRIDE / 2).step_by(STRIDE) {
                identities.measure(system, at)?;
            }
        }
        identities.integrate(system)?;
        Ok(identities)
    }

    /// All four relations at one point.
    fn measure<S: Phased<Rdc = Rdc> + Responsive>(
        &mut self,
        system: &S,
        at: &At<S>,
    ) -> Result<(), FigureError> {
        if !is_one_phase(system, at, STEP).map_err(FigureError::unfinished)? {
            self.at_transitions += 1;
            return Ok(());
        }
        let response = system.response(at).map_err(FigureError::unfinished)?;
        for potential in Potential::ALL {
            match measure_maxwell(system, at, potential, STEP) {
                Ok(measured) => {
                    // Where nothing is encoded nothing responds, and there is only rounding to compare.
                    if measured.predicted.left == 0.0 {
                        self.silent += 1;
                        continue;
                    }
                    let sides = [measured.measured.left.value, measured.measured.right.value];
                    self.relations.push(Relation {
                        potential,
                        multipliers: at.multipliers,
                        sides,
                        scale: scale(&response, potential),
                    });
                }
                Err(GeometryError::Degenerate(_)) => self.degenerate += 1,
                Err(error) => return Err(FigureError::unfinished(error)),
            }
        }
        Ok(())
    }

    /// Around every rectangle with corners on a coarse grid, and across it.
    fn integrate<S: Phased<Rdc = Rdc> + Responsive>(&mut self, system: &S) -> Result<(), FigureError> {
        let places = geometric(RANGE.0, RANGE.1, CORNERS);
        let pairs = || (0..CORNERS).flat_map(|i| (i + 1..CORNERS).map(move |j| (i, j)));
        for (i, j) in pairs() {
            for (k, l) in pairs() {
                let corner = |a: usize, b: usize| {
                    Multipliers::new(places[a], places[b]).map_err(FigureError::unfinished)
                };
                let corners = [corner(i, k)?, corner(j, k)?, corner(j, l)?, corner(i, l)?];
                self.loops.push(around(system, corners)?);
                self.lines.push(across(system, [corners[0], corners[2]])?);
            }
        }
        Ok(())
    }
}

/// The geometric mean of the unmixed second derivatives of a potential by its natural variables: of F they are S11 and S22,
/// of R the diagonal of the inverse, and of the others `det S / S22` and `1 / S22`, `det S / S11` and `1 / S11`.
fn scale(s: &Response, potential: Potential) -> f64 {
    let product = s.distortion_lambda * s.classification_gamma;
    let determinant = product - s.cross * s.cross;
    match potential {
        Potential::FreeEnergy => product.sqrt(),
        Potential::Rate => product.sqrt() / determinant,
        Potential::AtClassification => determinant.sqrt() / s.classification_gamma.abs(),
        Potential::AtDistortion => determinant.sqrt() / s.distortion_lambda.abs(),
    }
}

fn transitions<S: Phased<Rdc = Rdc> + Responsive>(
    system: &S,
    segment: &Segment,
) -> Result<Vec<f64>, FigureError> {
    let found = locate(system, segment, &Search::default()).map_err(FigureError::unfinished)?;
    Ok(found.into_iter().map(|transition| transition.position).collect())
}

fn around<S: Phased<Rdc = Rdc> + Responsive>(
    system: &S,
    corners: [Multipliers; 4],
) -> Result<Path, FigureError> {
    let integral = loop_integral(system, &corners, &Search::default(), &Quadrature::default())
        .map_err(FigureError::unfinished)?;
    let mut crossed = 0;
    for (from, to) in corners.into_iter().zip(corners.into_iter().cycle().skip(1)) {
        crossed += transitions(system, &Segment { from, to })?.len();
    }
    Ok(Path {
        corners: [corners[0], corners[2]],
        residual: integral.value,
        size: integral.size,
        transitions: crossed,
    })
}

fn across<S: Phased<Rdc = Rdc> + Responsive>(
    system: &S,
    corners: [Multipliers; 2],
) -> Result<Path, FigureError> {
    let segment = Segment { from: corners[0], to: corners[1] };
    let breaks = transitions(system, &segment)?;
    let integral =
        line_integral(system, &segment, &breaks, &Quadrature::default()).map_err(FigureError::unfinished)?;
    let free_energy = |at: Multipliers| {
        system.equilibrium(at, None).map(|at| at.free_energy()).map_err(FigureError::unfinished)
    };
    let change = free_energy(corners[1])? - free_energy(corners[0])?;
    Ok(Path { corners, residual: integral.value - change, size: integral.size, transitions: breaks.len() })
}

/// Ranks shown of the room below the tangent planes.
const RANKS: usize = 60;
/// Pairs of points that are compared for them: every so many points of the grid.
const PAIRS_OF: usize = 7;

/// `R_a + lambda_b D_a + gamma_b C_a - F_b` for pairs of points, in order of size.
fn room<S: System<Rdc = Rdc>>(plane: &Plane<S>) -> Vec<(f64, f64)> {
    let some: Vec<&At<S>> = plane.points().iter().step_by(PAIRS_OF).collect();
    let numbers = || 0..some.len();
    let pairs = numbers().flat_map(|a| numbers().map(move |b| (a, b))).filter(|(a, b)| a != b);
    let mut room: Vec<f64> =
        pairs.map(|(a, b)| some[a].rdc.change_since(&some[b].rdc).objective(some[b].multipliers)).collect();
    room.sort_by(f64::total_cmp);
    let last = room.len().saturating_sub(1);
    (0..=RANKS).filter_map(|k| Some((*room.get(k * last / RANKS)?, k as f64 / RANKS as f64))).collect()
}
