//! One-sided limits at a place of a line, extrapolated from nearby equilibria and their responses.

use super::GeometryError;
use super::segment::{Segment, respond, solve};
use crate::{Multipliers, Observable, Observables, Rdc, Response, Responsive, Sidedness};

/// Rounding and what a polished solver leaves in D and C, relative to their size.
pub(super) const NOISE: f64 = 1e-12;

/// What (R, D, C) and the response tend to on one side of a place, and by how much these change when all distances are
/// doubled: at most their error where the distances are small.
pub(super) struct Limit {
    pub(super) rdc: Rdc,
    pub(super) rdc_error: Rdc,
    pub(super) response: Response,
    /// Of S11, S12 and S22.
    pub(super) response_error: [f64; 3],
    /// The derivatives of (R, D, C) by the position, as the response says.
    pub(super) slope: Rdc,
}

impl Limit {
    /// (R, D, C) a little way along the line.
    pub(super) fn moved(&self, by: f64) -> Rdc {
        Rdc {
            rate: self.rdc.rate + by * self.slope.rate,
            distortion: self.rdc.distortion + by * self.slope.distortion,
            classification: self.rdc.classification + by * self.slope.classification,
        }
    }

    fn error(&self) -> f64 {
        self.rdc_error.distortion + self.rdc_error.classification
    }
}

/// A place on a line, approached from one side.
pub(super) struct Approach<'a, S> {
    pub(super) system: &'a S,
    pub(super) segment: &'a Segment,
    pub(super) position: f64,
    /// -1 from below, +1 from above.
    pub(super) side: f64,
}

struct Probe {
    distance: f64,
    rdc: Rdc,
    response: Response,
    multipliers: Multipliers,
}

impl<S: Responsive<Rdc = Rdc>> Approach<'_, S> {
    /// The limit from distances up to `farthest`, which are shortened as long as that makes the error smaller, but not
    /// below eight times `uncertainty`, that of the place. Without that much room it is that at a distance of
    /// `uncertainty`, not extrapolated, with an error of the change that the response makes up to there.
    pub(super) fn limit(&self, farthest: f64, uncertainty: f64) -> Result<Limit, GeometryError<S::Error>> {
        let shortest = 8.0 * uncertainty;
        if farthest < 4.0 * shortest {
            return self.nearest(uncertainty);
        }
        let mut best = self.extrapolate(farthest)?;
        let mut farthest = farthest / 8.0;
        let floor = NOISE * (best.rdc.distortion.abs() + best.rdc.classification.abs());
        while farthest >= 4.0 * shortest && best.error() > floor {
            let next = self.extrapolate(farthest)?;
            if next.error() >= best.error() {
                break;
            }
            best = next;
            farthest /= 8.0;
        }
        Ok(best)
    }

    fn probe(&self, distance: f64) -> Result<Probe, GeometryError<S::Error>> {
        let at = solve(self.system, self.segment.at(self.position + self.side * distance)?, None)?;
        let response = respond(self.system, &at)?;
        Ok(Probe { distance, rdc: at.rdc, response, multipliers: at.multipliers })
    }

    fn extrapolate(&self, farthest: f64) -> Result<Limit, GeometryError<S::Error>> {
        let [near, middle, far] =
            [self.probe(0.25 * farthest)?, self.probe(0.5 * farthest)?, self.probe(farthest)?];
        let (response, coarse) =
            (ahead(&near.response, &middle.response), ahead(&middle.response, &far.response));
        let here = self.segment.at(self.position)?;
        let (slope, coarse_slope) = (self.along(&response, here), self.along(&coarse, here));
        let rdc = self.reach(&near, slope);
        let rdc_error = sizes(&rdc.change_since(&self.reach(&middle, coarse_slope)), 1.0);
        let response_error = entries(&response, &coarse).map(f64::abs);
        Ok(Limit { rdc, rdc_error, response, response_error, slope })
    }

    fn nearest(&self, distance: f64) -> Result<Limit, GeometryError<S::Error>> {
        let Probe { rdc, response, multipliers, .. } = self.probe(distance)?;
        let slope = self.along(&response, multipliers);
        let rdc_error = sizes(&slope, distance);
        Ok(Limit { rdc, rdc_error, response, response_error: [0.0; 3], slope })
    }

    /// (R, D, C) at the place, from a probe by the trapezoidal rule with the responses at both ends of the gap: an error
    /// of third order in the distance.
    fn reach(&self, from: &Probe, slope_here: Rdc) -> Rdc {
        let slope_there = self.along(&from.response, from.multipliers);
        let reached = |observable| {
            let slopes = slope_there.get(observable) + slope_here.get(observable);
            from.rdc.get(observable) - self.side * from.distance * 0.5 * slopes
        };
        Rdc {
            rate: reached(Observable::Rate),
            distortion: reached(Observable::Distortion),
            classification: reached(Observable::Classification),
        }
    }

    /// The derivatives of (R, D, C) by the position.
    fn along(&self, response: &Response, at: Multipliers) -> Rdc {
        let [distortion, classification] = response.along(self.segment.direction());
        let rate = -at.lambda() * distortion - at.gamma() * classification;
        Rdc { rate, distortion, classification }
    }
}

/// The sizes of all three, times a factor.
fn sizes(rdc: &Rdc, factor: f64) -> Rdc {
    let size = |observable| (factor * rdc.get(observable)).abs();
    Rdc {
        rate: size(Observable::Rate),
        distortion: size(Observable::Distortion),
        classification: size(Observable::Classification),
    }
}

/// The response extrapolated linearly from one distance and from twice that.
fn ahead(near: &Response, far: &Response) -> Response {
    let change = entries(near, far);
    Response {
        distortion_lambda: near.distortion_lambda + change[0],
        cross: near.cross + change[1],
        classification_gamma: near.classification_gamma + change[2],
        sidedness: Sidedness::OneSided,
    }
}

/// The differences `one - other` of S11, S12 and S22.
pub(super) fn entries(one: &Response, other: &Response) -> [f64; 3] {
    [
        one.distortion_lambda - other.distortion_lambda,
        one.cross - other.cross,
        one.classification_gamma - other.classification_gamma,
    ]
}
