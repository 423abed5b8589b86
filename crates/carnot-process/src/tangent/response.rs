//! Slopes of a system that knows its response.

use carnot_surface::{Driven, Force, Quantity, Response, Responsive, System};

use super::{Site, Tangent};
use crate::Slopes;

/// The slopes by the system's response and the force of its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FromResponse;

impl<D> Tangent<D> for FromResponse
where
    D: Driven,
    D::System: Responsive,
{
    fn slopes(
        &mut self,
        driven: &D,
        site: &Site<'_, D::System>,
    ) -> Result<Slopes, <D::System as System>::Error> {
        let response = means(&site.system.response(site.equilibrium)?);
        let force = driven.force(site.point.time, site.equilibrium)?;
        let force = Force {
            free_energy: force.free_energy.mean(),
            distortion: force.distortion.mean(),
            classification: force.classification.mean(),
        };
        Ok(Slopes::from_response(&response, &force, site.point, site.axes))
    }
}

fn means<Q: Quantity>(response: &Response<Q>) -> Response<f64> {
    Response {
        distortion_lambda: response.distortion_lambda.mean(),
        cross: response.cross.mean(),
        classification_gamma: response.classification_gamma.mean(),
        sidedness: response.sidedness,
    }
}
