//! Integrals along lines of the multiplier plane: of `dF = D dlambda + C dgamma`, which vanishes on loops, and of
//! `dR = -lambda dD - gamma dC`.

use super::locate::locate;
use super::quadrature::{Integral, gauss_legendre, integrate};
use super::segment::{Segment, respond, solve};
use super::transition::Search;
use super::{GeometryError, Phased};
use crate::{Multipliers, Rdc, Responsive, System};

/// How to integrate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quadrature {
    /// Gauss-Legendre nodes in a panel.
    pub nodes: usize,
    /// A panel is halved until its halves agree with it to this, relative to the integral of the terms' size.
    pub tolerance: f64,
    /// How often a panel may be halved. What is left then shows in the error.
    pub depth: u32,
}

impl Default for Quadrature {
    /// Ten nodes, `1e-11`, above what a polished solver leaves in D and C, and twelve halvings.
    fn default() -> Self {
        Self { nodes: 10, tolerance: 1e-11, depth: 12 }
    }
}

/// An integral along a line or loop, in nats.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LineIntegral {
    /// The integral.
    pub value: f64,
    /// The integral of the size of its terms, `|D dlambda| + |C dgamma|` or `|lambda dD| + |gamma dC|`: what `value` is
    /// to be small against on a loop.
    pub size: f64,
    /// An estimate of the error of `value`: what the last halving of the panels changed, and the uncertainty of the
    /// places at which the line was split.
    pub error: f64,
    /// How many equilibria were solved for in the panels.
    pub evaluations: usize,
}

impl LineIntegral {
    /// `|value| / size`, zero for a loop of no size.
    pub fn relative(&self) -> f64 {
        if self.size == 0.0 { 0.0 } else { self.value.abs() / self.size }
    }

    fn add(&mut self, part: Integral) {
        self.value += part.value;
        self.size += part.size;
        self.error += part.error;
        self.evaluations += part.evaluations;
    }
}

/// `F(to) - F(from)` as the integral of `D dlambda + C dgamma` along a segment. It is split at the positions `breaks`,
/// which ascend; without those of its transitions it is right but slow to converge. Equilibria are solved from nothing,
/// so that they do not depend on the way.
///
/// # Errors
///
/// The system's own; breaks outside `[0, 1]` or out of order; no nodes.
pub fn line_integral<S: System<Rdc = Rdc>>(
    system: &S,
    segment: &Segment,
    breaks: &[f64],
    quadrature: &Quadrature,
) -> Result<LineIntegral, GeometryError<S::Error>> {
    let [by_lambda, by_gamma] = segment.direction();
    piecewise(breaks, quadrature, |position| {
        let rdc = solve(system, segment.at(position)?, None)?.rdc;
        let terms = [rdc.distortion * by_lambda, rdc.classification * by_gamma];
        Ok([terms[0] + terms[1], terms[0].abs() + terms[1].abs()])
    })
}

/// `R(to) - R(from)` as the integral of `-lambda dD - gamma dC` along a segment, the observables moving as the response
/// says. It holds where (D, C) does not jump: across a transition of first order the jump of the rate
/// ([`Transition::jump`](super::Transition::jump)) is to be added. `breaks` is as in [`line_integral`].
///
/// # Errors
///
/// As of [`line_integral`].
pub fn rate_change<S: Responsive<Rdc = Rdc>>(
    system: &S,
    segment: &Segment,
    breaks: &[f64],
    quadrature: &Quadrature,
) -> Result<LineIntegral, GeometryError<S::Error>> {
    piecewise(breaks, quadrature, |position| {
        let at = solve(system, segment.at(position)?, None)?;
        let [distortion, classification] = respond(system, &at)?.along(segment.direction());
        let terms = [-at.multipliers.lambda() * distortion, -at.multipliers.gamma() * classification];
        Ok([terms[0] + terms[1], terms[0].abs() + terms[1].abs()])
    })
}

/// The integral of `D dlambda + C dgamma` around the closed polygon of `vertices`, the last joined to the first. It
/// vanishes for global equilibria, whatever transitions the loop crosses; it does not where an equilibrium depends on
/// the way there. Each edge is split at the transitions that [`locate`] finds.
///
/// # Errors
///
/// As of [`line_integral`] and [`locate`]; fewer than two vertices.
pub fn loop_integral<S: Phased<Rdc = Rdc> + Responsive>(
    system: &S,
    vertices: &[Multipliers],
    search: &Search,
    quadrature: &Quadrature,
) -> Result<LineIntegral, GeometryError<S::Error>> {
    if vertices.len() < 2 {
        let value = vertices.len() as f64;
        return Err(GeometryError::Option { name: "vertices", expected: "at least 2", value });
    }
    let mut total = LineIntegral::default();
    for (&from, &to) in vertices.iter().zip(vertices.iter().cycle().skip(1)) {
        let edge = Segment { from, to };
        let transitions = locate(system, &edge, search)?;
        let breaks: Vec<f64> = transitions.iter().map(|transition| transition.position).collect();
        let part = line_integral(system, &edge, &breaks, quadrature)?;
        total.value += part.value;
        total.size += part.size;
        total.error += part.error;
        total.evaluations += part.evaluations;
        for transition in &transitions {
            let [by_lambda, by_gamma] = edge.direction();
            let jump = transition.jump();
            let height = jump.distortion * by_lambda + jump.classification * by_gamma;
            total.error += height.abs() * transition.half_width;
        }
    }
    Ok(total)
}

fn piecewise<E: std::error::Error + 'static>(
    breaks: &[f64],
    quadrature: &Quadrature,
    mut f: impl FnMut(f64) -> Result<[f64; 2], GeometryError<E>>,
) -> Result<LineIntegral, GeometryError<E>> {
    if quadrature.nodes == 0 {
        return Err(GeometryError::Option { name: "nodes", expected: "at least 1", value: 0.0 });
    }
    let rule = gauss_legendre(quadrature.nodes);
    let mut total = LineIntegral::default();
    let mut from = 0.0;
    for &to in breaks.iter().chain(&[1.0]) {
        if !(to >= from && to <= 1.0) {
            let expected = "ascending between 0 and 1";
            return Err(GeometryError::Option { name: "breaks", expected, value: to });
        }
        total.add(integrate(&mut f, [from, to], &rule, quadrature.tolerance, quadrature.depth)?);
        from = to;
    }
    Ok(total)
}
