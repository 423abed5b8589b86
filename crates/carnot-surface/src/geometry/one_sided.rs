//! One-sided limits at a place of a line, extrapolated from nearby equilibria and their responses.

use super::segment::{Segment, respond, solve};
use super::{GeometryError, Phased};
use crate::{At, Multipliers, Observable, Observables, Rdc, Response, Responsive, Sidedness};

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

/// A [`Phased::entry`] at a place, extrapolated from one side.
#[derive(Debug, Clone, Copy)]
pub(super) struct EntryLimit {
    pub(super) excess: f64,
    /// Its derivative by the position.
    pub(super) slope: f64,
    pub(super) error: f64,
}

/// A place on a line, approached from one side.
pub(super) struct Approach<'a, S: Phased> {
    pub(super) system: &'a S,
    pub(super) segment: &'a Segment,
    pub(super) position: f64,
    /// -1 from below, +1 from above.
    pub(super) side: f64,
    /// The phase on that side.
    pub(super) phase: &'a S::Phase,
}

struct Probe {
    distance: f64,
    rdc: Rdc,
    response: Response,
    multipliers: Multipliers,
    /// Whether it is in the phase of its side. Close to a transition a solver can take either.
    belongs: bool,
}

impl<S: Phased<Rdc = Rdc> + Responsive> Approach<'_, S> {
    /// The limit from distances up to `farthest`, which are shortened as long as that makes the error smaller, but not
    /// below eight times `uncertainty`, that of the place. Without that much room it is that at a distance of
    /// `uncertainty`, not extrapolated, with an error of the change that the response makes up to there.
    pub(super) fn limit(&self, farthest: f64, uncertainty: f64) -> Result<Limit, GeometryError<S::Error>> {
        let shortest = 32.0 * uncertainty;
        if farthest < shortest {
            return self.nearest(uncertainty);
        }
        let floor = |best: &Limit| NOISE * (best.rdc.distortion.abs() + best.rdc.classification.abs());
        best(farthest, shortest, Limit::error, floor, |farthest| self.extrapolate(farthest))
    }

    /// The limit of the system's entry, where it has one, from distances as of [`limit`](Self::limit).
    pub(super) fn entry(
        &self,
        farthest: f64,
        uncertainty: f64,
    ) -> Result<Option<EntryLimit>, GeometryError<S::Error>> {
        let shortest = 32.0 * uncertainty;
        if farthest < shortest {
            return Ok(None);
        }
        let error = |limit: &EntryLimit| limit.error;
        let limit = best(farthest, shortest, error, |_| NOISE, |farthest| self.extrapolate_entry(farthest))?;
        Ok(limit.error.is_finite().then_some(limit))
    }

    fn equilibrium(&self, distance: f64) -> Result<At<S>, GeometryError<S::Error>> {
        solve(self.system, self.segment.at(self.position + self.side * distance)?, None)
    }

    fn probe(&self, distance: f64) -> Result<Probe, GeometryError<S::Error>> {
        let at = self.equilibrium(distance)?;
        let response = respond(self.system, &at)?;
        let belongs = self.system.phase(&at) == *self.phase;
        Ok(Probe { distance, rdc: at.rdc, response, multipliers: at.multipliers, belongs })
    }

    fn extrapolate(&self, farthest: f64) -> Result<Limit, GeometryError<S::Error>> {
        let [near, middle, far] =
            [self.probe(0.25 * farthest)?, self.probe(0.5 * farthest)?, self.probe(farthest)?];
        let (response, coarse) =
            (ahead(&near.response, &middle.response), ahead(&middle.response, &far.response));
        let here = self.segment.at(self.position)?;
        let (slope, coarse_slope) = (self.along(&response, here), self.along(&coarse, here));
        let rdc = self.reach(&near, slope);
        let mut rdc_error = sizes(&rdc.change_since(&self.reach(&middle, coarse_slope)), 1.0);
        // An error of the responses that grows towards the place, like the inverse of the distance d, takes both estimates to
        // the same wrong value, off by 5/4 of d times that error; and the change from one probe to the next off by 3/4.
        let (one, other) = (self.unexplained(&near, &middle), self.unexplained(&middle, &far));
        let belong = near.belongs && middle.belongs && far.belongs;
        let add = |error: f64, one: f64, other: f64| {
            if belong { error + 2.0 * one.max(other) } else { f64::INFINITY }
        };
        rdc_error = Rdc {
            rate: add(rdc_error.rate, one.rate, other.rate),
            distortion: add(rdc_error.distortion, one.distortion, other.distortion),
            classification: add(rdc_error.classification, one.classification, other.classification),
        };
        let response_error = entries(&response, &coarse).map(f64::abs);
        Ok(Limit { rdc, rdc_error, response, response_error, slope })
    }

    /// By parabolas through three of four probes: their errors are of third order in the distance.
    fn extrapolate_entry(&self, farthest: f64) -> Result<EntryLimit, GeometryError<S::Error>> {
        let (mut excess, mut uncertainty) = ([0.0; 4], 0.0_f64);
        let unknown = EntryLimit { excess: 0.0, slope: 0.0, error: f64::INFINITY };
        for (excess, share) in excess.iter_mut().zip([0.125, 0.25, 0.5, 1.0]) {
            let at = self.equilibrium(share * farthest)?;
            let entry = self.system.entry(&at).filter(|_| self.system.phase(&at) == *self.phase);
            let Some(entry) = entry else { return Ok(unknown) };
            *excess = entry.excess;
            uncertainty = uncertainty.max(entry.uncertainty);
        }
        // Of values at one, two and four distances: the value at none, and the derivative there in units of the distance.
        let value = |v: &[f64]| (8.0 * v[0] - 6.0 * v[1] + v[2]) / 3.0;
        let slope = |v: &[f64]| -2.0 * v[0] + 2.5 * v[1] - 0.5 * v[2];
        let (here, coarse) = (value(&excess[..3]), value(&excess[1..]));
        // The sizes of the weights of the value add up to five.
        let error = (here - coarse).abs() + 5.0 * uncertainty;
        let distance = self.side * 0.125 * farthest;
        Ok(EntryLimit { excess: here, slope: slope(&excess[..3]) / distance, error })
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

    /// The change of (R, D, C) between two probes that the trapezoidal rule does not explain.
    fn unexplained(&self, near: &Probe, far: &Probe) -> Rdc {
        let step = Probe { distance: far.distance - near.distance, ..*far };
        let arrived = self.reach(&step, self.along(&near.response, near.multipliers));
        sizes(&arrived.change_since(&near.rdc), 1.0)
    }

    /// The derivatives of (R, D, C) by the position.
    fn along(&self, response: &Response, at: Multipliers) -> Rdc {
        let [distortion, classification] = response.along(self.segment.direction());
        let rate = -at.lambda() * distortion - at.gamma() * classification;
        Rdc { rate, distortion, classification }
    }
}

/// The best of the estimates from distances up to `farthest`, an eighth of that and so on, not below `shortest`, as long as
/// the error falls and is above the floor.
fn best<T, E>(
    mut farthest: f64,
    shortest: f64,
    error: impl Fn(&T) -> f64,
    floor: impl Fn(&T) -> f64,
    estimate: impl Fn(f64) -> Result<T, E>,
) -> Result<T, E> {
    let mut best = estimate(farthest)?;
    farthest /= 8.0;
    while farthest >= shortest && error(&best) > floor(&best) {
        let next = estimate(farthest)?;
        if error(&next) >= error(&best) && error(&best).is_finite() {
            break;
        }
        best = next;
        farthest /= 8.0;
    }
    Ok(best)
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
